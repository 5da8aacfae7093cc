//! What a node holds until its time has come would go down with it: the director has a copy, which the next life gets.

use super::Node;
use crate::{
    live::{
        Parcel,
        control::Report,
        wire::{Envelope, Refusal},
    },
    process::{ProcessId, Time},
    scenario::Plan,
    world::Action,
};
use std::{collections::BTreeSet, time::Duration};

/// For how long after a node's return a message may come twice: over the network, and as a copy.
const TWICE: Duration = Duration::from_secs(2);

/// Who sent a message, its number, and when it is to arrive.
type Key = (ProcessId, u64, Time);

/// The copies that a node makes, and what it knows of those that it gets.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Whether any are made: the scenario brings crashed nodes back.
    are_made: bool,
    /// Until when messages may come twice.
    until: Option<Time>,
    /// What came over the network.
    direct: BTreeSet<Key>,
    /// What came as a copy.
    again: BTreeSet<Key>,
}

fn key(envelope: &Envelope) -> Option<Key> {
    Some((envelope.from, envelope.message?, envelope.delay?.1))
}

impl Copies {
    /// For a node of this scenario; `returns` when it was there before.
    pub(super) fn new(plan: &Plan, directed: bool, returns: bool) -> Self {
        let brings_back = plan.setup.agenda.iter().any(|planned| match planned.action {
            Action::Crash { .. } => planned.lasts.is_some(),
            Action::Restart(_) => true,
            _ => false,
        });
        let until = returns.then_some(Time::ZERO);
        Self { are_made: directed && brings_back, until, ..Self::default() }
    }

    /// The node begins now.
    pub(super) fn begin(&mut self, now: Time) {
        self.until = self.until.map(|_| now.after(TWICE));
    }

    /// Whether a message that comes over the network has come as a copy already.
    pub(super) fn is_known(&mut self, now: Time, envelope: &Envelope) -> bool {
        let Some(key) = key(envelope).filter(|_| self.until.is_some()) else { return false };
        if self.until.is_some_and(|until| now > until) {
            (self.until, self.direct, self.again) = (None, BTreeSet::new(), BTreeSet::new());
            return false;
        }
        if self.again.remove(&key) {
            return true;
        }
        self.direct.insert(key);
        false
    }

    /// Whether a copy is of a message that has not come.
    fn is_needed(&mut self, envelope: &Envelope) -> bool {
        key(envelope).is_some_and(|key| !self.direct.contains(&key) && self.again.insert(key))
    }
}

impl Node {
    /// Gives the director a copy of what its receiver will hold for a while.
    pub(super) fn copy(&self, parcel: &Parcel) {
        let Some((sent, arrives)) = parcel.delay.filter(|_| self.copies.are_made) else { return };
        let (to, line) = (self.names.name(parcel.to).into_owned(), parcel.line.clone());
        // Names and bodies are text.
        let Ok(line) = String::from_utf8(line) else { return };
        self.report(Report::Held { to, sent: sent.0, arrives: arrives.0, line });
    }

    /// A copy of what this node's former life held, or of what came when nobody listened.
    pub(super) fn hear_again(&mut self, line: &str) -> Result<(), Refusal> {
        let envelope = Envelope::read(line.as_bytes(), &self.names)?;
        if let Some((_, arrives)) = envelope.delay
            && self.copies.is_needed(&envelope)
        {
            self.core.hold(arrives, envelope);
            self.summary.received += 1;
        }
        Ok(())
    }
}
