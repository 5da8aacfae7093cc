//! A failure becomes smaller: the scenario first, then the order of events, then the values, as long as the same property
//! is violated (Zeller and Hildebrandt 2002, delta debugging). The same failure becomes the same one, wherever.

mod edits;
mod steps;

use super::{
    Failure, Rules, Runner, Subject,
    strategy::{Strategy, Walk},
};
use crate::{
    process::PropertyKind,
    scenario::{Plan, Schedule, ScheduleStep, Then, reload},
    trace::Level,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many runs shrinking makes unless told otherwise.
pub const TRIES: u64 = 4_000;

/// How many random walks look for a shorter way to the same failure.
const WALKS: u64 = 400;

/// Makes a failure smaller, with at most `tries` runs. The result fails in the same property; it is `failure` itself
/// where that cannot be repeated.
pub fn shrink(subject: &Subject<'_>, failure: Failure, tries: u64) -> Failure {
    let limit = 1000.max(20 * failure.size() as u64);
    // However long the search for something much smaller takes, there must be time to leave out what is idle in the end.
    let kept = tries / 8;
    let property = failure.property.clone();
    let mut shrinker = Shrinker { subject: *subject, property, left: tries - kept, limit };
    let Some(mut smallest) = shrinker.attempt(&failure.scenario, &failure.schedule) else { return failure };
    loop {
        let before = weight(&smallest);
        shrinker.shrink_scenario(&mut smallest);
        shrinker.shrink_schedule(&mut smallest);
        shrinker.walk(&mut smallest);
        if shrinker.left == 0 || weight(&smallest) >= before {
            break;
        }
    }
    let is_smallest = shrinker.left > 0;
    shrinker.left += kept;
    if !is_smallest {
        shrinker.leave_out_events(&mut smallest);
        shrinker.shrink_schedule(&mut smallest);
    }
    shrinker.shrink_values(&mut smallest);
    smallest
}

/// What makes one failure smaller than another: steps first, then how much there is to read.
fn weight(failure: &Failure) -> (usize, usize) {
    let timed = failure.schedule.steps.iter().filter(|step| step.at.is_some()).count();
    (failure.schedule.steps.len(), failure.scenario.to_string().len() + 20 * timed)
}

struct Shrinker<'a> {
    subject: Subject<'a>,
    property: String,
    /// How many more runs may be made.
    left: u64,
    /// How many events a run may have: without its `until`, say, it may have no end.
    limit: u64,
}

/// A scenario made ready to be run again and again.
struct Stage {
    runner: Runner,
    seed: u64,
    kind: PropertyKind,
    scenario: Value,
}

impl Shrinker<'_> {
    /// A scenario in which only the property is judged; nothing when it is none.
    fn stage(&self, scenario: &Value) -> Option<Stage> {
        let mut scenario = scenario.clone();
        let map = scenario.as_object_mut()?;
        map.insert("check".into(), json!([self.property]));
        for key in ["expect", "sometimes", "schedule", "fuzz", "live"] {
            map.remove(key);
        }
        let mut plan: Plan = reload("failure", &scenario, self.subject.catalogue).ok()?;
        plan.setup.event_limit = plan.setup.event_limit.min(self.limit);
        let subject = Subject { plan: &plan, ..self.subject };
        let runner = Runner::new(&subject, Rules { timers_any_time: true }).ok()?;
        let kind = *runner.jury().kinds().first()?;
        Some(Stage { runner, seed: plan.seed, kind, scenario })
    }

    /// Runs a scenario in an order, as far as the order fits; the failure when there is one, with what really happened.
    fn attempt(&mut self, scenario: &Value, schedule: &Schedule) -> Option<Failure> {
        let mut stage = self.stage(scenario)?;
        let schedule = self.follow(&mut stage, schedule)?;
        let (schedule, because) = self.cut(&mut stage, schedule)?;
        Some(Failure { scenario: stage.scenario, schedule, property: self.property.clone(), because })
    }

    /// Follows an order as far as it fits: the steps that did, if the property is violated.
    fn follow(&mut self, stage: &mut Stage, schedule: &Schedule) -> Option<Schedule> {
        self.left = self.left.checked_sub(1)?;
        let schedule = Arc::new(schedule.clone());
        let (ended, misstep) = stage.runner.follow(stage.seed, &schedule, true, stage.runner.level());
        if stage.runner.violations(ended.summary.end).is_empty() {
            return None;
        }
        if misstep.is_none() {
            return Some((*schedule).clone());
        }
        let fitting = stage.runner.strategy().fitting()?.to_vec();
        let steps = fitting.into_iter().map(|place| schedule.steps[place].clone()).collect();
        Some(Schedule { steps, then: schedule.then })
    }

    /// Leaves out what comes after the violation; gives what happened in words, too.
    fn cut(&mut self, stage: &mut Stage, schedule: Schedule) -> Option<(Schedule, String)> {
        let mut schedule = schedule;
        if stage.kind == PropertyKind::Safety {
            if schedule.then == Then::GoOn {
                // What happened after the schedule becomes part of it, so that it can be left out again.
                let follow = Arc::new(schedule.clone());
                stage.runner.follow(stage.seed, &follow, true, Level::Nothing);
                let (_, whole) = stage.runner.write_down(stage.seed);
                let steps = whole.steps.into_iter().enumerate().map(|(place, step)| ScheduleStep {
                    at: schedule.steps.get(place).and_then(|known| known.at),
                    ..step
                });
                schedule = Schedule { steps: steps.collect(), then: Then::Stop };
            }
            let (mut low, mut high) = (0, schedule.steps.len());
            while low < high {
                let middle = (low + high) / 2;
                let steps = schedule.steps[..middle].to_vec();
                match self.follow(stage, &Schedule { steps, then: Then::Stop }) {
                    Some(_) => high = middle,
                    None => low = middle + 1,
                }
            }
            schedule.steps.truncate(high);
        }
        let follow = Arc::new(schedule.clone());
        let (ended, _) = stage.runner.follow(stage.seed, &follow, true, stage.runner.level());
        let violation = stage.runner.violations(ended.summary.end).into_iter().next()?;
        Some((schedule, violation.because))
    }

    /// Keeps a smaller failure.
    fn take(&mut self, smallest: &mut Failure, scenario: &Value, schedule: &Schedule) -> bool {
        match self.attempt(scenario, schedule) {
            Some(found) if weight(&found) < weight(smallest) => {
                *smallest = found;
                true
            }
            _ => false,
        }
    }

    /// Looks for a shorter way to the same failure, where one may be found by chance.
    fn walk(&mut self, smallest: &mut Failure) {
        let Some(mut stage) = self.stage(&smallest.scenario) else { return };
        if stage.kind != PropertyKind::Safety {
            return;
        }
        for walk in 0..WALKS {
            // What a walk finds takes more runs to look at.
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            let strategy: Box<dyn Strategy> = Box::new(Walk::new(walk, 0));
            let ended = stage.runner.run(stage.seed, strategy, stage.runner.level());
            if stage.runner.violations(ended.summary.end).is_empty() {
                continue;
            }
            let (_, mut schedule) = stage.runner.write_down(stage.seed);
            schedule.steps.iter_mut().for_each(|step| step.at = None);
            let scenario = smallest.scenario.clone();
            self.take(smallest, &scenario, &schedule);
        }
    }
}
