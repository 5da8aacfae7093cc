//! What a run hands to its recording.

use super::{Engine, Pending};
use crate::{
    process::{Actors, ProcessId},
    trace::{EventKind, NO_VALUE, NOBODY, NONE, Record},
    world::Reason,
};
use serde_json::json;
use std::time::Duration;

impl<A: Actors + ?Sized, Q: Pending> Engine<A, Q> {
    /// Keeps an event at a node; gives its number, or none when events are not kept.
    #[inline]
    pub(super) fn note_at(&mut self, node: ProcessId, kind: EventKind, cause: u64, value: u32) -> u64 {
        if self.recording.is_full() {
            return self.recording.push_at_node(Record { value, ..Record::at(self.now, node, kind, cause) });
        }
        if self.recording.is_brief() {
            let brief = &mut self.recording.brief;
            match kind {
                EventKind::Output => {
                    brief.note(self.now, node, kind, value);
                    brief.pass();
                }
                EventKind::Boot | EventKind::Restart => {
                    brief.note(self.now, node, kind, value);
                    brief.learn(node, kind, 0);
                }
                _ => brief.pass(),
            }
        }
        NONE
    }

    /// Keeps what happens to a node from outside: its process does not notice.
    pub(super) fn note_outside(&mut self, node: ProcessId, kind: EventKind) {
        if self.recording.is_full() {
            self.recording.push(Record::at(self.now, node, kind, NONE));
        } else if self.recording.is_brief() {
            self.recording.brief.note(self.now, node, kind, NO_VALUE);
            self.recording.brief.learn(node, kind, 0);
        }
    }

    /// Keeps what a changed clock shows.
    pub(super) fn note_clock(&mut self, node: ProcessId) {
        if self.recording.is_full() {
            let value = self.recording.detail(json!({ "shows": self.world.shows(node, self.now).0 }));
            self.recording.push(Record { value, ..Record::at(self.now, node, EventKind::Clock, NONE) });
        } else if self.recording.is_brief() {
            self.recording.brief.learn(node, EventKind::Clock, 0);
        }
    }

    /// Keeps the setting of a timer; gives what its running out refers to.
    pub(super) fn note_timer_set(&mut self, node: ProcessId, length: Duration, value: u32) -> u64 {
        if self.recording.is_brief() {
            return self.recording.brief.learn(node, EventKind::TimerSet, 0);
        }
        if self.recording.is_full() {
            self.recording.lengths.push(length);
        }
        self.note_at(node, EventKind::TimerSet, self.cause, value)
    }

    /// Keeps that a timer runs out; `set` is what its setting gave.
    pub(super) fn note_timer(&mut self, node: ProcessId, set: u64) {
        if self.recording.is_full() {
            let value = self.recording.records[set as usize].value;
            self.cause = self.note_at(node, EventKind::Timer, set, value);
        } else if self.recording.is_brief() {
            self.recording.brief.learn(node, EventKind::Timer, set);
        }
    }

    /// Keeps a choice.
    pub(super) fn note_choice(&mut self, node: ProcessId, options: u32, chosen: u32) {
        if self.recording.is_full() {
            let value = self.recording.choice(options, chosen);
            self.note_at(node, EventKind::Choice, self.cause, value);
        } else if self.recording.is_brief() {
            let both = u64::from(options) << 32 | u64::from(chosen);
            self.recording.brief.learn(node, EventKind::Choice, both);
        }
    }

    /// Keeps that a node is asked for something, which it hears unless there is a reason why not.
    pub(super) fn note_request(&mut self, node: ProcessId, request: u32, unheard: Option<Reason>) {
        if self.recording.is_full() {
            let asked = Record::at(self.now, node, EventKind::Request, NONE);
            let record = Record { value: request, why: unheard.map(Reason::name), ..asked };
            self.cause = match unheard {
                None => self.recording.push_at_node(record),
                Some(_) => self.recording.push(record),
            };
        } else if self.recording.is_brief() {
            let brief = &mut self.recording.brief;
            if unheard.is_none() {
                brief.note(self.now, node, EventKind::Request, request);
                brief.learn(node, EventKind::Request, u64::from(request));
            } else {
                brief.pass();
            }
        }
    }

    /// Keeps a change of the network, or its end.
    pub(super) fn note_network(&mut self, planned: u32, restored: bool) {
        if !self.recording.is_full() {
            self.recording.brief.pass();
            return;
        }
        let setup = self.world.setup().clone();
        let (name, detail) = setup.names.scope(|| setup.agenda[planned as usize].action.change(restored));
        let kind = EventKind::parse(name).unwrap_or(EventKind::Heal);
        let value = self.recording.detail(detail);
        self.recording.push(Record { value, ..Record::at(self.now, NOBODY, kind, NONE) });
    }

    /// Keeps the arrival of a message, or why it did not arrive.
    #[inline(always)]
    pub(super) fn note_arrival(&mut self, slot: u32, sequence: u64, to: ProcessId, lost: Option<Reason>) {
        if self.recording.is_full() {
            return self.keep_arrival(slot, sequence, to, lost);
        }
        if !self.recording.is_brief() {
            return;
        }
        if lost.is_some() {
            return self.recording.brief.pass();
        }
        let message = self.labels.message(slot, sequence);
        self.recording.brief.receive(to, message);
    }

    #[inline(never)]
    fn keep_arrival(&mut self, slot: u32, sequence: u64, to: ProcessId, lost: Option<Reason>) {
        let label = self.labels.of(slot);
        let place = sequence - label.first_sequence;
        let kind = if lost.is_some() { EventKind::Drop } else { EventKind::Receive };
        let record = Record {
            message: label.first_message + place,
            peer: self.actors.sender(slot),
            value: label.value,
            why: lost.map(Reason::name),
            ..Record::at(self.now, to, kind, label.first_event + place)
        };
        match lost {
            None => self.cause = self.recording.push_at_node(record),
            Some(_) => drop(self.recording.push(record)),
        }
    }
}
