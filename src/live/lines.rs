//! A node's journal as it is written: a trace's lines, with what only this node knows.

use crate::{
    process::{Names, ProcessId, Time},
    trace::{EventKind, Line},
};

/// The parts of a line that are its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) node: Option<ProcessId>,
    pub(super) kind: EventKind,
    pub(super) message: Option<u64>,
    pub(super) to: Option<ProcessId>,
    pub(super) from: Option<ProcessId>,
    pub(super) message_kind: Option<&'a str>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) why: Option<&'a str>,
    pub(super) cause: Option<u64>,
}

impl Entry<'_> {
    /// An event of `kind` at `node`.
    pub(super) fn at(node: ProcessId, kind: EventKind) -> Self {
        Self {
            node: Some(node),
            kind,
            message: None,
            to: None,
            from: None,
            message_kind: None,
            body: None,
            why: None,
            cause: None,
        }
    }
}

/// The lines that a node writes, numbered, with its Lamport clock.
#[derive(Debug)]
pub(super) struct Lines {
    names: Names,
    index: u64,
    lamport: u64,
    /// What was not taken yet.
    out: Vec<u8>,
}

impl Lines {
    /// Goes on after `index` lines, from this reading of the Lamport clock.
    pub(super) fn new(names: Names, index: u64, lamport: u64) -> Self {
        Self { names, index, lamport, out: Vec::new() }
    }

    /// Writes an event that moves the node's Lamport clock past `known`; gives its number.
    pub(super) fn step(&mut self, now: Time, entry: Entry<'_>, known: u64) -> u64 {
        self.lamport = self.lamport.max(known) + 1;
        let lamport = self.lamport;
        self.write(now, entry, Some(lamport))
    }

    /// Writes an event that the process does not notice; gives its number.
    pub(super) fn aside(&mut self, now: Time, entry: Entry<'_>) -> u64 {
        self.write(now, entry, None)
    }

    fn write(&mut self, now: Time, entry: Entry<'_>, lamport: Option<u64>) -> u64 {
        let name = |id: Option<ProcessId>| id.map(|id| self.names.name(id));
        let (node, to, from) = (name(entry.node), name(entry.to), name(entry.from));
        let line = Line {
            index: self.index,
            time: now.0,
            node: node.as_deref(),
            kind: entry.kind,
            message: entry.message,
            to: to.as_deref(),
            from: from.as_deref(),
            message_kind: entry.message_kind,
            body: entry.body,
            why: entry.why,
            cause: entry.cause,
            lamport,
            state: None,
        };
        line.write(&mut self.out);
        self.index += 1;
        self.index - 1
    }

    /// How many lines were written, those of earlier lives included.
    pub(super) fn index(&self) -> u64 {
        self.index
    }

    /// What the Lamport clock shows.
    pub(super) fn lamport(&self) -> u64 {
        self.lamport
    }

    /// The lines that were not taken yet.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}
