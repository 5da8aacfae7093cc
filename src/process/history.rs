//! What properties judge: the requests, outputs, messages and crashes of a run, whoever drove it.

use super::{Problem, ProcessId, Time};
use std::{collections::BTreeMap, time::Duration};

/// A run as a property sees it.
#[derive(Clone, Debug)]
pub struct History<'a, Pr: Problem> {
    /// How many processes took part; their ids are `0..nodes`.
    pub nodes: u32,
    /// What happened, in order.
    pub steps: Vec<Step<'a, Pr>>,
    /// Why the run is over: decides whether an obligation that is still open is a violation.
    pub end: End,
}

/// One thing that happened at a process.
#[derive(Clone, Debug)]
pub struct Step<'a, Pr: Problem> {
    /// Its place in the trace, to point at.
    pub event: u64,
    /// When, in true time.
    pub time: Time,
    /// Where.
    pub node: ProcessId,
    /// What.
    pub what: What<'a, Pr>,
}

/// The kinds of things that properties ask about.
#[derive(Clone, Debug)]
pub enum What<'a, Pr: Problem> {
    /// The process started, for the first time or after a crash.
    Boot,
    /// The application asked for something.
    Request(&'a Pr::Request),
    /// The process told the application something.
    Output(&'a Pr::Output),
    /// A message left.
    Send {
        /// The message, by number; a duplicate has the number of its original.
        message: u64,
        /// For whom it is.
        to: ProcessId,
    },
    /// A message arrived.
    Receive {
        /// The message, by number.
        message: u64,
        /// Who sent it.
        from: ProcessId,
    },
    /// A timer ran out.
    Timer,
    /// The process crashed.
    Crash,
    /// The process stands still until it resumes.
    Pause,
    /// The process goes on.
    Resume,
}

/// Why a run was over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Nothing was left to do: what has not happened never will.
    Quiescent,
    /// The scenario's `until` was reached: what should have happened by then and has not is a violation.
    Deadline,
    /// A limit on the number of events stopped it: what has not happened is undecided.
    CutShort,
}

impl<Pr: Problem> History<'_, Pr> {
    /// From one event of this history to another; nothing when the second comes first or either is none of its own.
    pub fn between(&self, first: u64, second: u64) -> Option<Duration> {
        let time = |event: u64| {
            let place = self.steps.binary_search_by_key(&event, |step| step.event).ok()?;
            Some(self.steps[place].time)
        };
        let (first, second) = (time(first)?, time(second)?);
        (first <= second).then(|| second.since(first))
    }

    /// How long it takes from one thing to each other with the same key later on; nanoseconds. `key` says what a step
    /// begins, and what it ends.
    pub fn delays<K: Ord>(&self, mut key: impl FnMut(&Step<'_, Pr>) -> (Option<K>, Option<K>)) -> Vec<u64> {
        let mut since: BTreeMap<K, Time> = BTreeMap::new();
        let mut delays = Vec::new();
        for step in &self.steps {
            let (begins, ends) = key(step);
            if let Some(key) = begins {
                since.entry(key).or_insert(step.time);
            }
            let start = ends.and_then(|key| since.get(&key));
            delays.extend(start.map(|start| step.time.0.saturating_sub(start.0)));
        }
        delays
    }

    /// For every process whether it is *correct*: it started and never crashed, and is not standing still at the
    /// end. Only correct processes owe anything (crash-stop model: Cachin, Guerraoui, Rodrigues, section 2.2).
    pub fn correct(&self) -> Vec<bool> {
        let mut booted = vec![false; self.nodes as usize];
        let mut crashed = vec![false; self.nodes as usize];
        let mut paused = vec![false; self.nodes as usize];
        for step in &self.steps {
            let node = step.node.index();
            match step.what {
                What::Boot => booted[node] = true,
                What::Crash => crashed[node] = true,
                What::Pause => paused[node] = true,
                What::Resume => paused[node] = false,
                What::Request(_)
                | What::Output(_)
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer => {}
            }
        }
        (0..self.nodes as usize).map(|node| booted[node] && !crashed[node] && !paused[node]).collect()
    }
}
