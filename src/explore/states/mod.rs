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
mod moves;
mod node;
mod search;
mod space;
mod table;
mod view;

use super::Subject;
use crate::{
    process::Sees,
    scenario::Misfit,
};
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

/// Why a scenario cannot be searched by its states.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// A process looked at its clock.
    #[error(
        "a process looks at its clock, so its states are never the same twice; search it with another strategy, such as `random`"
    )]
    ClockRead,
    /// A process chose among too many alternatives.
    #[error("a process has too many alternatives in one step; search it with another strategy, such as `random`")]
    Alternatives,
    /// The plan does not fit its algorithm.
    #[error("the plan does not fit its algorithm: {0}")]
    Misfit(String),
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.message)
    }
}

/// What a search has found.
#[derive(Clone, PartialEq, Eq, Debug)]
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
}

/// A search through all states of a scenario.
pub struct States {
    rounds: Rounds,
    limits: Limits,
}

impl States {
    /// For the scenario of `subject`, by so many workers.
    ///
    /// # Errors
    /// When the scenario cannot be searched by its states.
    pub fn new(subject: &Subject<'_>, limits: Limits, workers: usize) -> Result<Self, Refusal> {
        let plan = subject.plan;
        let sees: Option<Sees> = (subject.jury)(&plan.checks).sees().into_iter().max();
        let actors = (subject.actors)(plan)?;
        let setup = Arc::new(plan.setup.clone());
        let space = Space::new(setup, actors, sees, Faults::default(), false, plan.seed);
        Ok(Self { rounds: Rounds::new(space, workers), limits })
    }

    /// Works for the one who leads, until the search is over.
    pub fn work(&self) {
        self.rounds.work();
    }

    /// Leads the search, and works for it.
    ///
    /// # Errors
    /// When it turns out that the scenario cannot be searched by its states.
    pub fn lead(&self) -> Result<Report, Refusal> {
        let mut view = View::new(&self.rounds.space.interner);
        let mut report =
            Report { states: 1, transitions: 1, terminal: 0, depth: 0, complete: false, bytes: 0 };
        self.rounds.begin(&mut view);
        while report.depth < self.limits.depth && report.states < self.limits.states {
            let round = self.rounds.round(&mut view);
            report.states = self.rounds.states();
            report.transitions += round.transitions;
            report.terminal += round.terminal.len() as u64;
            report.complete = round.done;
            if round.done {
                break;
            }
            report.depth += u64::from(round.level_done);
            if view.interner().refusal.is_some() {
                break;
            }
        }
        self.rounds.end();
        report.bytes = self.rounds.bytes();
        view.interner().refusal.take().map_or(Ok(report), Err)
    }
}
