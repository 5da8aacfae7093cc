//! What is kept of a run that is only judged: what was asked and answered and who was up, and what happened before what
//! as one number.

use super::EventKind;
use crate::process::{ProcessId, Time};

/// Something that was asked or answered, or that somebody started, crashed, stood still or went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    pub(crate) time: Time,
    /// Its number among all events of the run, those that are not kept included.
    pub(crate) event: u64,
    pub(crate) node: ProcessId,
    /// What was asked or answered, by its place.
    pub(crate) value: u32,
    pub(crate) kind: EventKind,
}

/// The brief record of one run.
///
/// Each node has a chain of hashes over what happened to it. A message carries its sender's chain, a timer that of its
/// setting, so that a node's last hash stands for everything that happened before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brief {
    pub(crate) notes: Vec<Note>,
    /// How many events there were.
    events: u64,
    chains: Vec<u64>,
    /// What each message carries, by its number.
    sent: Vec<u64>,
}

impl Brief {
    /// Starts a run of so many nodes. Memory is kept from run to run.
    pub(super) fn reset(&mut self, nodes: usize) {
        self.notes.clear();
        self.events = 0;
        self.chains.clear();
        self.chains.extend((0..nodes as u64).map(|node| mix(SEED, node)));
        self.sent.clear();
    }

    /// How many events there were.
    pub(super) fn len(&self) -> usize {
        self.events as usize
    }

    /// Something happened that is not kept.
    #[inline]
    pub(crate) fn pass(&mut self) {
        self.events += 1;
    }

    /// Something happened that is kept: [`Brief::pass`] or [`Brief::learn`] follows.
    #[inline]
    pub(crate) fn note(&mut self, time: Time, node: ProcessId, kind: EventKind, value: u32) {
        self.notes.push(Note { time, event: self.events, node, value, kind });
    }

    /// Something happened at a node from which it learned this; gives what others can learn from it.
    #[inline]
    pub(crate) fn learn(&mut self, node: ProcessId, kind: EventKind, learned: u64) -> u64 {
        self.events += 1;
        let chain = &mut self.chains[node.index()];
        *chain = mix(mix(*chain, kind as u64), learned);
        *chain
    }

    /// A message left, that with the next number.
    #[inline]
    pub(crate) fn send(&mut self, from: ProcessId) {
        let carried = self.learn(from, EventKind::Send, 0);
        self.sent.push(carried);
    }

    /// The message with this number arrived.
    #[inline]
    pub(crate) fn receive(&mut self, to: ProcessId, message: u64) {
        let carried = self.sent[message as usize];
        self.learn(to, EventKind::Receive, carried);
    }

    /// What happened before what.
    pub(crate) fn order(&self) -> u64 {
        together(&self.chains)
    }
}

/// Where chains begin.
pub(crate) const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Several chains become one number.
pub(crate) fn together(chains: &[u64]) -> u64 {
    chains.iter().fold(SEED, |sum, chain| mix(sum, *chain))
}

/// Two numbers become one: the halves of a product of 128 bits.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0xa076_1d64_78bd_642f) * u128::from(b ^ 0xe703_7ed1_a0b4_28db);
    (product >> 64) as u64 ^ product as u64
}
