//! What a run hands to its recording.

use super::{Engine, Pending};
use crate::{
    process::{Actors, ProcessId},
    trace::{EventKind, NOBODY, NONE, Record},
    world::{Action, Reason},
};
use serde_json::json;

impl<A: Actors + ?Sized, Q: Pending> Engine<A, Q> {
    /// Keeps an event at a node; gives its number, or none when events are not kept.
    pub(super) fn note_at(&mut self, node: ProcessId, kind: EventKind, cause: u64, value: u32) -> u64 {
        if !self.recording.is_full() {
            return NONE;
        }
        self.recording.push_at_node(Record { value, ..Record::at(self.now, node, kind, cause) })
    }

    /// Keeps what happens to a node from outside: its process does not notice.
    pub(super) fn note_outside(&mut self, node: ProcessId, kind: EventKind) {
        if self.recording.is_full() {
            self.recording.push(Record::at(self.now, node, kind, NONE));
        }
    }

    /// Keeps what a changed clock shows.
    pub(super) fn note_clock(&mut self, node: ProcessId) {
        if self.recording.is_full() {
            let value = self.recording.detail(json!({ "shows": self.world.shows(node, self.now).0 }));
            self.recording.push(Record { value, ..Record::at(self.now, node, EventKind::Clock, NONE) });
        }
    }

    /// Keeps a change of the network, or its end.
    pub(super) fn note_network(&mut self, planned: u32, restored: bool) {
        if !self.recording.is_full() {
            return;
        }
        let setup = self.world.setup().clone();
        let action = &setup.agenda[planned as usize].action;
        let (kind, detail) = match action {
            _ if restored => {
                (EventKind::Heal, setup.names.scope(|| json!({ action.name(): action.particulars() })))
            }
            Action::Partition(_) => (EventKind::Partition, setup.names.scope(|| action.particulars())),
            Action::Cut(_) => (EventKind::Cut, setup.names.scope(|| action.particulars())),
            Action::Link(..) => (EventKind::Link, setup.names.scope(|| action.particulars())),
            _ => (EventKind::Heal, setup.names.scope(|| action.particulars())),
        };
        let value = self.recording.detail(detail);
        self.recording.push(Record { value, ..Record::at(self.now, NOBODY, kind, NONE) });
    }

    /// Keeps the arrival of a message, or that it did not arrive.
    pub(super) fn note_arrival(
        &mut self,
        slot: u32,
        sequence: u64,
        to: ProcessId,
        kind: EventKind,
        why: Option<Reason>,
    ) {
        let label = self.labels.of(slot);
        let place = sequence - label.first_sequence;
        let record = Record {
            message: label.first_message + place,
            peer: self.actors.sender(slot),
            value: label.value,
            why: why.map(Reason::name),
            ..Record::at(self.now, to, kind, label.first_event + place)
        };
        match kind {
            EventKind::Receive => self.cause = self.recording.push_at_node(record),
            _ => drop(self.recording.push(record)),
        }
    }
}
