//! What happened, while it happens: small records, and the values they speak of in tables beside them.

use super::{EventKind, brief::Brief};
use crate::process::{ProcessId, Time};
use serde_json::Value;
use std::time::Duration;

/// How much of a run is kept. Chosen once, before the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Level {
    /// Nothing: for measuring and searching.
    #[default]
    Nothing,
    /// How many messages of which kind were sent.
    Counts,
    /// What was asked and answered and who was up, and one number for what happened before what: enough for properties
    /// that look at no messages.
    Brief,
    /// Every event, but of the values only those that properties judge: it cannot be written down.
    Judged,
    /// Every event.
    Full,
    /// Every event, and the node's state after each step.
    States,
}

/// No event, no message, no value: where a record has none.
pub(crate) const NONE: u64 = u64::MAX;
pub(crate) const NO_VALUE: u32 = u32::MAX;
/// Nobody: where a record has no node.
pub(crate) const NOBODY: ProcessId = ProcessId(u32::MAX);

/// One event, small enough to keep millions. What `value` is an index of depends on the kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    pub(crate) time: Time,
    pub(crate) message: u64,
    pub(crate) cause: u64,
    pub(crate) lamport: u64,
    pub(crate) node: ProcessId,
    /// The other end of a message.
    pub(crate) peer: ProcessId,
    pub(crate) value: u32,
    pub(crate) kind: EventKind,
    /// Why a message was dropped or a request not heard.
    pub(crate) why: Option<&'static str>,
}

impl Record {
    /// An event at a node, without a message.
    pub(crate) fn at(time: Time, node: ProcessId, kind: EventKind, cause: u64) -> Self {
        Self { time, message: NONE, cause, lamport: 0, node, peer: NOBODY, value: NO_VALUE, kind, why: None }
    }
}

/// Messages sent so far, by kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Each kind with its number, in order of first appearance.
    pub sent: Vec<(&'static str, u64)>,
}

impl Counts {
    /// Counts messages of one kind.
    #[inline]
    pub(crate) fn add(&mut self, kind: &'static str, number: u64) {
        // Names of variants are constants of the program: the same name is nearly always the same place.
        let same = |known: &&mut (&'static str, u64)| std::ptr::eq(known.0, kind) || known.0 == kind;
        match self.sent.iter_mut().find(same) {
            Some(known) => known.1 += number,
            None => self.sent.push((kind, number)),
        }
    }

    /// All of them together.
    pub fn total(&self) -> u64 {
        self.sent.iter().map(|(_, number)| number).sum()
    }
}

/// The record of one run. Values of the algorithm's types are kept by its [`crate::process::Actors`].
#[derive(Clone, Debug, Default)]
pub struct Recording {
    level: Level,
    pub(crate) records: Vec<Record>,
    /// How long each timer that was set runs, in order.
    pub(crate) lengths: Vec<Duration>,
    pub(crate) choices: Vec<(u32, u32)>,
    /// The state after the step that began with this record, by the record's place.
    pub(crate) states: Vec<(u64, String)>,
    pub(crate) details: Vec<Value>,
    /// Each node's Lamport clock.
    lamport: Vec<u64>,
    pub(crate) counts: Counts,
    pub(crate) brief: Brief,
}

impl Recording {
    /// An empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a run. Memory is kept from run to run.
    pub fn reset(&mut self, level: Level, nodes: usize) {
        self.level = level;
        self.records.clear();
        self.lengths.clear();
        self.choices.clear();
        self.states.clear();
        self.details.clear();
        self.counts.sent.clear();
        self.lamport.clear();
        if level == Level::Brief {
            self.brief.reset(nodes);
        }
        if level >= Level::Judged {
            self.lamport.resize(nodes, 0);
        }
    }

    /// Whether every event is kept.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.level >= Level::Judged
    }

    /// Whether it is kept in brief.
    #[inline]
    pub(crate) fn is_brief(&self) -> bool {
        self.level == Level::Brief
    }

    /// How many messages of which kind were sent.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        if self.is_brief() { self.brief.len() } else { self.records.len() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps an event that happens to the network.
    pub(crate) fn push(&mut self, record: Record) -> u64 {
        self.records.push(record);
        self.records.len() as u64 - 1
    }

    /// Keeps an event that happens at a node, and moves the node's Lamport clock.
    pub(crate) fn push_at_node(&mut self, mut record: Record) -> u64 {
        let known = match record.kind {
            EventKind::Receive => self.records[record.cause as usize].lamport,
            _ => 0,
        };
        let clock = &mut self.lamport[record.node.index()];
        *clock = known.max(*clock) + 1;
        record.lamport = *clock;
        self.push(record)
    }

    /// Whether messages are counted.
    #[inline]
    pub(crate) fn is_counting(&self) -> bool {
        self.level >= Level::Counts
    }

    /// Whether states are kept.
    pub(crate) fn has_states(&self) -> bool {
        self.level == Level::States
    }

    /// Keeps a choice; gives its place.
    pub(crate) fn choice(&mut self, options: u32, chosen: u32) -> u32 {
        keep(&mut self.choices, (options, chosen))
    }

    /// Keeps the particulars of a fault; gives their place.
    pub(crate) fn detail(&mut self, detail: Value) -> u32 {
        keep(&mut self.details, detail)
    }
}

fn keep<T>(table: &mut Vec<T>, value: T) -> u32 {
    table.push(value);
    table.len() as u32 - 1
}
