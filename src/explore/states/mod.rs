//! Every state that a scenario can reach, breadth first, each looked at once.
//!
//! ```text
//! let search = States::new(&subject, limits, workers)?;
//! thread::scope(|scope| {
//!     for _ in 1..workers {
//!         scope.spawn(|| search.work());
//!     }
//!     search.lead(&subject)        // a Report; the same for any number of workers
//! })
//! ```
//!
//! Messages take no time and arrive in any order (on a link that keeps order, in that); time passes only when something
//! planned happens or a timer runs out. A state holds what the checked properties have seen of the run that led to it,
//! as far as their verdicts depend on it: histories that no property can tell apart are looked at once.

mod draft;
mod environment;
mod gate;
mod interner;
mod judge;
mod level;
mod liveness;
mod moves;
mod node;
mod path;
mod refuse;
mod search;
mod sieve;
mod space;
mod table;
mod view;

pub use judge::Witness;
pub use refuse::Refusal;

use super::{Rules, Subject};
use crate::{
    process::{PropertyKind, Verdict},
    scenario::Vary,
};
use judge::Judge;
use liveness::lassos;
use search::Rounds;
use space::Space;
use std::sync::Arc;
use view::View;

/// When a search gives up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many states it looks at; it ends with the round in which there are more.
    pub states: u64,
    /// How many steps it goes.
    pub depth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: u64::MAX, depth: u64::MAX }
    }
}

/// The faults that a search may add.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    /// How many at most.
    pub budget: u32,
    /// Messages may be lost.
    pub loss: bool,
    /// Messages may be under way twice.
    pub duplicate: bool,
    /// Nodes may crash, between steps or while they send, and restart.
    pub crash: bool,
    /// The network may fall apart, and heal.
    pub partition: bool,
}

/// What a search has found.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many different states it looked at.
    pub states: u64,
    /// How many steps lead from one of them to another, and one for the first state.
    pub transitions: u64,
    /// How many states there are in which nothing is left to happen.
    pub terminal: u64,
    /// How many steps the farthest state is away from the first.
    pub depth: u64,
    /// Whether every state was looked at.
    pub complete: bool,
    /// How many bytes all states take that were seen; those to be looked at next apart.
    pub bytes: u64,
    /// What is to be said of each property that was checked.
    pub verdicts: Vec<(String, Verdict)>,
    /// For each violated property the first run that was found, the shortest first.
    pub witnesses: Vec<Witness>,
    /// What the scenario varies and this search does not.
    pub left_out: Vec<Vary>,
}

/// A search through all states of a scenario.
pub struct States {
    rounds: Rounds,
    limits: Limits,
    rules: Rules,
    left_out: Vec<Vary>,
}

impl States {
    /// For the scenario of `subject`, by so many workers.
    ///
    /// # Errors
    /// When the scenario cannot be searched by its states.
    pub fn new(subject: &Subject<'_>, limits: Limits, workers: usize) -> Result<Self, Refusal> {
        let plan = subject.plan;
        let jury = (subject.jury)(&plan.checks);
        refuse::refuse(plan, &*jury)?;
        let fuzz = plan.fuzz.clone().unwrap_or_default();
        let vary = fuzz.vary.unwrap_or_default();
        let faults = Faults::of(&vary, fuzz.faults);
        let rules = Rules { timers_any_time: vary.contains(&Vary::Timer) };
        let left_out = vary.into_iter().filter(|vary| matches!(vary, Vary::Pause | Vary::Clock)).collect();
        let actors = (subject.actors)(plan)?;
        let setup = Arc::new(plan.setup.clone());
        let sees = jury.sees().into_iter().max();
        let space = Space::new(setup, actors, sees, faults, rules.timers_any_time, plan.seed);
        let hopes = jury.kinds().contains(&PropertyKind::Liveness);
        Ok(Self { rounds: Rounds::new(space, workers, hopes), limits, rules, left_out })
    }

    /// Works for the one who leads, until the search is over.
    pub fn work(&self) {
        self.rounds.work();
    }

    /// Leads the search, and works for it.
    ///
    /// # Errors
    /// When it turns out that the scenario cannot be searched by its states.
    pub fn lead(&self, subject: &Subject<'_>) -> Result<Report, Refusal> {
        self.rounds.led(|| {
            Judge::new(subject, self.rules).map_err(Refusal::from).and_then(|judge| self.search(judge))
        })
    }

    fn search(&self, mut judge: Judge) -> Result<Report, Refusal> {
        let rounds = &self.rounds;
        let mut view = View::new(&rounds.space.interner);
        let mut report = Report {
            states: 1,
            transitions: 1,
            terminal: 0,
            depth: 0,
            complete: false,
            bytes: 0,
            verdicts: Vec::new(),
            witnesses: Vec::new(),
            left_out: self.left_out.clone(),
        };
        let first = rounds.begin(&mut view);
        judge.judge(rounds, &mut view, &first, false);
        let depth = self.limits.depth.min(rounds.space.setup.event_limit);
        while report.depth < depth && report.states < self.limits.states && !judge.has_found() {
            let round = rounds.round(&mut view);
            report.states = rounds.states();
            report.transitions += round.transitions;
            report.terminal += round.terminal.len() as u64;
            if let Some(refusal) = view.interner().refusal.take() {
                return Err(refusal);
            }
            judge.judge(rounds, &mut view, &round.news, false);
            judge.judge(rounds, &mut view, &round.terminal, true);
            report.complete = round.done;
            if round.done {
                break;
            }
            report.depth += u64::from(round.level_done);
        }
        report.bytes = rounds.bytes();
        let mut open = None;
        if report.complete && judge.hopes() && !judge.has_found() {
            let (lassos, why) = lassos(rounds, &mut view);
            open = why;
            lassos.iter().for_each(|lasso| judge.judge_lasso(rounds, &mut view, lasso));
        }
        (report.verdicts, report.witnesses) = judge.verdicts(report.complete, open);
        Ok(report)
    }
}

impl Faults {
    fn of(vary: &[Vary], budget: Option<u32>) -> Self {
        let has = |what| vary.contains(&what);
        let faults = Self {
            budget: 0,
            loss: has(Vary::Loss),
            duplicate: has(Vary::Duplicate),
            crash: has(Vary::Crash),
            partition: has(Vary::Partition),
        };
        let any = faults.loss || faults.duplicate || faults.crash || faults.partition;
        Self { budget: if any { budget.unwrap_or(1) } else { 0 }, ..faults }
    }
}
