//! What properties judge: the requests, outputs, messages and crashes of a run, whoever drove it.

use super::{
    Digest, Problem, ProcessId, Time,
    digest::{Correct, Digests},
};
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
    digests: Digests,
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

impl<'a, Pr: Problem> History<'a, Pr> {
    /// What happened to `nodes` processes, and why it was over then.
    pub fn new(nodes: u32, steps: Vec<Step<'a, Pr>>, end: End) -> Self {
        Self { nodes, steps, end, digests: Digests::default() }
    }

    /// The same in the memory of another history.
    pub(crate) fn in_memory(memory: Memory<Pr>, nodes: u32, end: End) -> Self {
        Self { nodes, steps: emptied(memory.steps), end, digests: memory.digests }
    }

    /// Its memory, for another one.
    pub(crate) fn into_memory(self) -> Memory<Pr> {
        Memory { steps: emptied(self.steps), digests: self.digests.emptied() }
    }

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
    pub fn correct(&self) -> &[bool] {
        &self.digest::<Correct>().correct
    }

    /// What several properties look at, worked out by the first of them that asks for it.
    pub fn digest<D: Digest<Pr>>(&self) -> &D {
        self.digests.of(|digest: &mut D| digest.read(self))
    }
}

/// The memory of a history, for the next one.
pub(crate) struct Memory<Pr: Problem> {
    steps: Vec<Step<'static, Pr>>,
    digests: Digests,
}

impl<Pr: Problem> Default for Memory<Pr> {
    fn default() -> Self {
        Self { steps: Vec::new(), digests: Digests::default() }
    }
}

/// An empty list in the memory of another one, whose entries live differently long. That of a list that is collected from
/// one of the same layout is used again.
fn emptied<'a, Pr: Problem>(mut steps: Vec<Step<'_, Pr>>) -> Vec<Step<'a, Pr>> {
    steps.clear();
    steps.into_iter().map(|_| unreachable!("it was emptied")).collect()
}
