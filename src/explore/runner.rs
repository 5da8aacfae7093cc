//! Runs of one scenario under strategies, one after the other, each judged.

use super::{
    claims::{self, Seen},
    pool::{Pool, Rules},
    strategy::{Follow, Misstep, Strategy, Timed},
};
use crate::{
    check::Jury,
    process::{Actors, End, Verdict},
    scenario::{Catalogue, Misfit, Plan, Schedule, ScheduleStep, Then},
    simulate::{Engine, Summary},
    trace::{Event, Level, Recording},
    world::{Fault, Setup},
};
use std::sync::Arc;

/// What is searched: a scenario, and how its algorithm's processes and properties are made.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The scenario.
    pub plan: &'a Plan,
    /// Makes the processes of a scenario of this algorithm.
    pub actors: fn(&Plan) -> Result<Box<dyn Actors>, Misfit>,
    /// Makes the judges of the properties with these names.
    pub jury: fn(&[String]) -> Box<dyn Jury>,
    /// For reading changed scenarios again.
    pub catalogue: &'a dyn Catalogue,
}

/// How a run went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Why it was over, when, and after how many steps.
    pub summary: Summary,
    /// Whether its strategy ended it.
    pub stopped: bool,
}

/// A property that a run violated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Its place among the properties that are judged.
    pub property: usize,
    /// The events of the run that show it.
    pub events: Vec<u64>,
    /// What happened.
    pub because: String,
}

/// Runs one scenario again and again. Its memory is kept from run to run.
pub struct Runner {
    engine: Engine<dyn Actors, Pool>,
    jury: Box<dyn Jury>,
    setup: Arc<Setup>,
    rules: Rules,
    /// Whether the scenario says what a search ought to reach: that may be any event.
    has_claims: bool,
}

impl Runner {
    /// For the scenario of `subject`, with the properties that it checks.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn new(subject: &Subject<'_>, rules: Rules) -> Result<Self, Misfit> {
        let setup = Arc::new(subject.plan.setup.clone());
        let pool = Pool::new(setup.clone(), rules, Box::new(Timed::new(0, 0)));
        let engine = Engine::new(setup.clone(), (subject.actors)(subject.plan)?, pool);
        let has_claims = !subject.plan.sometimes.is_empty();
        Ok(Self { engine, jury: (subject.jury)(&subject.plan.checks), setup, rules, has_claims })
    }

    /// The world that runs take place in.
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }

    /// Plans other actions from the next run on. Everything else about `setup` is as it was.
    pub fn plan(&mut self, setup: Arc<Setup>) {
        self.engine.plan(setup.clone());
        self.engine.pending_mut().plan(setup.clone());
        self.setup = setup;
    }

    /// Runs once: `seed` answers delays, losses and the like, `strategy` what happens next.
    pub fn run(&mut self, seed: u64, strategy: Box<dyn Strategy>, level: Level) -> Ended {
        self.exchange(strategy);
        self.again(seed, level)
    }

    /// Another strategy from the next run on; gives the one so far.
    pub fn exchange(&mut self, strategy: Box<dyn Strategy>) -> Box<dyn Strategy> {
        self.engine.pending_mut().follow(strategy, self.rules)
    }

    /// Runs once more with the strategy of the last run, which may have been changed.
    pub fn again(&mut self, seed: u64, level: Level) -> Ended {
        let mut summary = self.engine.run(seed, level);
        let stopped = self.engine.pending_mut().strategy().stopped();
        if stopped {
            summary.end = End::CutShort;
        }
        Ended { summary, stopped }
    }

    /// The strategy of the last run.
    pub fn strategy(&mut self) -> &mut dyn Strategy {
        self.engine.pending_mut().strategy()
    }

    /// The same run once more, written down as a schedule that says all.
    pub fn write_down(&mut self, seed: u64) -> (Ended, Schedule) {
        self.engine.pending_mut().write_log(true);
        let ended = self.again(seed, Level::Full);
        let steps: Vec<ScheduleStep> = self.engine.pending().log().to_vec();
        self.engine.pending_mut().write_log(false);
        let then = if ended.stopped { Then::Stop } else { Then::GoOn };
        (ended, Schedule { steps, then })
    }

    /// Follows a schedule; gives the first step that did not fit. With `lenient` such steps are passed over, the run
    /// ends there otherwise.
    pub fn follow(
        &mut self,
        seed: u64,
        schedule: &Arc<Schedule>,
        lenient: bool,
        level: Level,
    ) -> (Ended, Option<Misstep>) {
        let follow = Follow::new(schedule.clone(), self.setup.clone(), lenient);
        let ended = self.run(seed, Box::new(follow), level);
        (ended, self.strategy().misstep().cloned())
    }

    /// One verdict for each property that the scenario checks, on the last run, which was recorded.
    pub fn verdicts(&self, end: End) -> Vec<Verdict> {
        self.jury.judge(self.engine.recording(), self.engine.actors(), &self.setup.names, end)
    }

    /// For each of the scenario's claims, whether the last run, which has these verdicts, met it.
    pub fn met(&self, plan: &Plan, verdicts: &[Verdict]) -> Vec<bool> {
        let (recording, actors) = (self.recording(), self.actors());
        claims::met(plan, &Seen { recording, actors, plan, verdicts })
    }

    /// The properties that the last run violated.
    pub fn violations(&self, end: End) -> Vec<Violation> {
        let verdicts = self.verdicts(end).into_iter().enumerate();
        let violated = |(property, verdict)| match verdict {
            Verdict::Violated { events, because } => Some(Violation { property, events, because }),
            Verdict::Holds { .. } | Verdict::Vacuous | Verdict::Undecided { .. } => None,
        };
        verdicts.filter_map(violated).collect()
    }

    /// The properties that are judged.
    pub fn jury(&self) -> &dyn Jury {
        &*self.jury
    }

    /// How much of a run must be kept for it to be judged.
    pub fn level(&self) -> Level {
        if self.has_claims || self.jury.looks_at_messages() { Level::Judged } else { Level::Brief }
    }

    /// What was kept of the last run.
    pub fn recording(&self) -> &Recording {
        self.engine.recording()
    }

    /// What was kept of the last run, event by event.
    pub fn events(&self) -> Vec<Event> {
        let names = &self.setup.names;
        let told = self.recording().told(self.actors(), names);
        let lines = told.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        names.scope(|| lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// The processes as the last run left them.
    pub fn actors(&self) -> &dyn Actors {
        self.engine.actors()
    }

    /// The faults of the last run, with what each touched.
    pub fn faults(&self) -> &[Fault] {
        self.engine.faults()
    }

    /// Whether a process looked at its clock in the last run.
    pub fn clock_read(&self) -> bool {
        self.engine.world().clock_read()
    }
}
