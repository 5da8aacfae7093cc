//! Makes the runs of a campaign, one after the other; several workers share one campaign.

use super::{
    Campaign, Course, Fingerprint, Tactic, Tally,
    course::is_armed,
    faults::event,
    report::Found,
    tally::{Candidate, Counters},
};
use crate::{
    explore::{Ended, Failure, Runner, Subject, TRIES, shrink, strategy::Strategy},
    process::{End, Verdict},
    scenario::{Misfit, Then, reload},
    trace::Level,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Makes runs. Its memory is kept from run to run.
pub struct Worker<'a> {
    campaign: &'a Campaign,
    subject: Subject<'a>,
    runner: Runner,
    fingerprint: Fingerprint,
    counters: Counters,
    properties: Vec<&'static str>,
    /// Strategies of earlier runs, by the places of their tactics.
    strategies: [Option<Box<dyn Strategy>>; Tactic::NAMES.len()],
    /// The place of the last run's tactic.
    last: usize,
}

impl<'a> Worker<'a> {
    /// A worker for `campaign`, which was made for the same subject.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn new(campaign: &'a Campaign, subject: &Subject<'a>) -> Result<Self, Misfit> {
        let mut runner = Runner::new(subject, campaign.rules)?;
        runner.plan(campaign.setup.clone());
        let properties = runner.jury().properties();
        Ok(Self {
            campaign,
            subject: *subject,
            runner,
            fingerprint: Fingerprint::default(),
            counters: Counters::default(),
            properties,
            strategies: Default::default(),
            last: 0,
        })
    }

    /// Makes the runs with these numbers.
    pub fn block(&mut self, runs: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::new(self.properties.len());
        for run in runs {
            self.one(run, &mut tally);
        }
        self.counters.settle(&mut tally);
        tally
    }

    fn one(&mut self, run: u64, tally: &mut Tally) {
        let course = self.campaign.course(run);
        let ended = self.perform(&course);
        let end = judged(&course, ended);
        let candidate = Candidate { steps: ended.summary.steps, run };
        let mut violated = false;
        let judged = self.runner.verdicts(end);
        for (verdict, verdicts) in judged.iter().zip(&mut tally.verdicts) {
            violated |= matches!(verdict, Verdict::Violated { .. });
            verdicts.add(verdict, candidate);
        }
        let met = self.runner.met(self.subject.plan, &judged);
        tally.meet(&met.into_iter().map(u64::from).collect::<Vec<_>>());
        tally.runs += 1;
        tally.steps += ended.summary.steps;
        let recording = self.runner.recording();
        tally.orders.insert(self.fingerprint.of(recording, self.runner.setup().names.len()));
        self.counters.end(ended.summary.end);
        let strategy = &mut self.counters.strategies[course.tactic.place()];
        strategy[0] += 1;
        strategy[1] += u64::from(violated);
        for (kind, _) in &recording.counts().sent {
            self.counters.message(kind);
        }
        for fault in self.runner.faults() {
            self.counters.fault(fault.kind, fault.touched > 0);
        }
    }

    fn perform(&mut self, course: &Course) -> Ended {
        let changed = self.campaign.setup_of(course);
        let setup = changed.as_ref().unwrap_or(&self.campaign.setup);
        if !Arc::ptr_eq(setup, self.runner.setup()) {
            self.runner.plan(setup.clone());
        }
        let place = course.tactic.place();
        let strategy = self.campaign.strategy_of(course, setup, self.strategies[place].take());
        self.strategies[self.last] = Some(self.runner.exchange(strategy));
        self.last = place;
        self.runner.again(course.world, self.runner.level())
    }

    /// Looks at a run in which a property is violated once more, and makes it smaller where that is wanted.
    ///
    /// # Errors
    /// When what was found cannot be read again, which is an error in this crate.
    pub fn found(&mut self, property: usize, candidate: Candidate) -> Result<Found, Misfit> {
        let course = self.campaign.course(candidate.run);
        let ended = self.perform(&course);
        let end = judged(&course, ended);
        let violations = self.runner.violations(end);
        let because = violations.into_iter().find(|violation| violation.property == property);
        let (_, mut schedule) = self.runner.write_down(course.world);
        if ended.summary.end == End::CutShort {
            schedule.then = Then::Stop;
        }
        let mut failure = Failure {
            scenario: self.scenario(&course),
            schedule,
            property: self.properties[property].to_owned(),
            because: because.map_or_else(String::new, |violation| violation.because),
        };
        if self.campaign.settings.shrink {
            failure = shrink(&self.subject, failure, TRIES);
        }
        self.known(failure, candidate)
    }

    /// The scenario of a run, its schedule apart.
    fn scenario(&self, course: &Course) -> Value {
        let names = &self.subject.plan.setup.names;
        let mut scenario = self.subject.plan.resolved.clone();
        if let Some(map) = scenario.as_object_mut() {
            map.remove("schedule");
            map.insert("seed".into(), json!(course.world.to_string()));
            let events = map.entry("events").or_insert_with(|| json!([]));
            if let Some(events) = events.as_array_mut() {
                let (armed, other): (Vec<_>, Vec<_>) =
                    course.faults.iter().partition(|fault| is_armed(fault));
                events.splice(..0, armed.into_iter().map(|fault| event(fault, names)));
                events.extend(other.into_iter().map(|fault| event(fault, names)));
            }
        }
        scenario
    }

    /// A failure with what tells it from others.
    fn known(&mut self, mut failure: Failure, candidate: Candidate) -> Result<Found, Misfit> {
        let names = &self.subject.plan.setup.names;
        let mut scenario = failure.scenario.clone();
        if let Some(map) = scenario.as_object_mut() {
            map.insert("check".into(), json!([failure.property]));
            map.remove("expect");
            map.shift_remove("sometimes");
        }
        let plan = reload("failure", &scenario, self.subject.catalogue)
            .map_err(|mistakes| Misfit { path: Vec::new(), message: mistakes.to_string() })?;
        // Shrinking may have taken nodes away.
        let names = if plan.setup.names == *names { names } else { &plan.setup.names };
        let subject = Subject { plan: &plan, ..self.subject };
        let mut runner = Runner::new(&subject, self.campaign.rules)?;
        let schedule = Arc::new(failure.schedule.clone());
        runner.follow(plan.seed, &schedule, false, Level::Full);
        for idle in runner.faults().iter().filter(|fault| fault.touched == 0) {
            // It is not what this is about any more.
            let event = failure.scenario.get_mut("events").and_then(|list| list.get_mut(idle.entry as usize));
            let event = event.and_then(Value::as_object_mut);
            event.into_iter().for_each(|event| drop(event.insert("may-miss".into(), json!(true))));
        }
        let fingerprint = self.fingerprint.nameless(runner.recording(), runner.actors(), names.len());
        Ok(Found {
            property: failure.property.clone(),
            because: failure.because.clone(),
            run: candidate.run,
            steps: candidate.steps,
            size: failure.size() as u64,
            same_as: None,
            fingerprint: format!("{fingerprint:016x}"),
            scenario: failure.whole(names),
        })
    }
}

/// How a run counts as over. In an order that is not that of time nobody need have had the time to do what was due: what
/// was not done by the deadline is undecided.
fn judged(course: &Course, ended: Ended) -> End {
    match ended.summary.end {
        End::Deadline if course.tactic != Tactic::Timed => End::CutShort,
        end => end,
    }
}
