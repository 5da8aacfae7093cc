//! What a step asked for is done, in order; what a planned action means for processes is carried out.

use super::{
    DELIVERY, ENDING, Entry, FIRST_ENDING, HOP, Route, Simulation, TIMER, bodies::Label, key, timers::Running,
};
use crate::{
    process::{Effect, Process, ProcessId, Time, TimerRange, kind_of},
    trace::{EventKind, NO_VALUE, NONE, Record},
    world::{Consequence, Transit},
};
use serde::Serialize;

/// How many bytes a message has as JSON: what a link with a rate carries.
fn size_of_json(message: &impl Serialize) -> u32 {
    struct Counter(u64);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // What JSON cannot express weighs what could be written of it; traces report it.
    let _written = serde_json::to_writer(&mut counter, message);
    u32::try_from(counter.0).unwrap_or(u32::MAX)
}

/// A second copy of a message that the network made.
struct Copied {
    at: Time,
    hop: ProcessId,
    to: ProcessId,
    message: u64,
    event: u64,
}

impl<P: Process> Simulation<P> {
    /// Does what the step of `node` asked for. A crash in the middle of sending leaves the rest undone.
    pub(super) fn apply(&mut self, node: ProcessId) {
        let mut list = std::mem::take(&mut self.effects.list);
        let targets = std::mem::take(&mut self.effects.targets);
        for effect in list.drain(..) {
            let goes_on = match effect {
                Effect::Send { to, message } => self.transmit(node, std::iter::once(to), message),
                Effect::Multicast { targets: range, message } => {
                    let receivers = &targets[range.start as usize..range.end as usize];
                    self.transmit(node, receivers.iter().copied(), message)
                }
                Effect::Broadcast { message } => {
                    let others = self.world.names().ids().filter(move |other| *other != node);
                    self.transmit(node, others, message)
                }
                Effect::SetTimer { timer, range } => self.set_timer(node, timer, range),
                Effect::CancelTimer { timer } => {
                    self.timers.cancel(node, &timer);
                    true
                }
                Effect::Save { stable } => self.save(node, stable),
                Effect::Produce { output } => {
                    if self.recording.is_full() {
                        let value = self.recording.output(output);
                        self.note_at(node, EventKind::Output, self.cause, value);
                    }
                    true
                }
                Effect::Chose { options, chosen } => {
                    if self.recording.is_full() {
                        let value = self.recording.choice(options, chosen);
                        self.note_at(node, EventKind::Choice, self.cause, value);
                    }
                    true
                }
            };
            if !goes_on {
                break;
            }
        }
        self.effects.list = list;
        self.effects.targets = targets;
        self.effects.clear();
        if !self.consequences.is_empty() {
            self.carry_out();
        }
    }

    /// Sends one message to each receiver. Gives false when the sender crashed on the way.
    #[inline]
    fn transmit(
        &mut self,
        from: ProcessId,
        to: impl Iterator<Item = ProcessId>,
        message: P::Message,
    ) -> bool {
        let size = if self.world.weighs() { size_of_json(&message) } else { 0 };
        let counting = self.recording.is_counting();
        let kind = if counting || self.world.watches_kinds() { kind_of(&message) } else { "" };
        let full = self.recording.is_full();
        let value = if full { self.recording.message(&message) } else { NO_VALUE };
        let first_event = if full { self.recording.len() as u64 } else { NONE };
        let (first_sequence, first_message) = (self.sequence, self.next_message);
        let slot = self.bodies.insert(message, from);
        if full || size > 0 {
            self.bodies.label(slot, Label { first_sequence, first_message, first_event, value, size });
        }
        let mut copies = Vec::new();
        let mut crashed = false;
        for to in to {
            if full {
                let send = Record::at(self.now, from, EventKind::Send, self.cause);
                self.recording.push_at_node(Record { message: self.next_message, peer: to, value, ..send });
            }
            let transit = self.world.send(self.now, from, to, size, kind);
            self.schedule(slot, to, transit);
            if let Some(at) = transit.copy {
                let (message, event) =
                    (self.next_message, first_event.wrapping_add(self.sequence - first_sequence));
                copies.push(Copied { at, hop: transit.hop, to, message, event });
            }
            self.sequence += 1;
            self.next_message += 1;
            if self.world.sent(self.now, from, &mut self.consequences) {
                crashed = true;
                break;
            }
        }
        let sent = self.next_message - first_message;
        if counting {
            self.recording.counts.add(kind, sent);
        }
        for copied in copies {
            self.duplicate(slot, &copied);
        }
        self.bodies.expect(slot, sent as u32);
        !crashed
    }

    /// Puts a delivery into the queue.
    #[inline]
    fn schedule(&mut self, slot: u32, to: ProcessId, transit: Transit) {
        let what = if transit.hop == to { DELIVERY | slot } else { self.route(slot, to) };
        let key = key(self.sequence, transit.lost);
        self.queue.push(Entry { time: transit.at.0, key, to: transit.hop.0, what });
    }

    fn route(&mut self, body: u32, to: ProcessId) -> u32 {
        let previous = self.bodies.from(body);
        self.routes.push(Route { body, sequence: self.sequence, to, previous });
        HOP | (self.routes.len() as u32 - 1)
    }

    /// The network delivers a message a second time: a body of its own with the number of the original.
    fn duplicate(&mut self, original: u32, copied: &Copied) {
        let slot = self.bodies.copy(original);
        if self.recording.is_full() {
            let label = Label {
                first_sequence: self.sequence,
                first_message: copied.message,
                first_event: copied.event,
                ..self.bodies.label_of(original)
            };
            self.bodies.label(slot, label);
            let from = self.bodies.from(slot);
            let record = Record::at(self.now, from, EventKind::Duplicate, copied.event);
            let (message, peer) = (copied.message, copied.to);
            self.recording.push(Record { message, peer, value: label.value, ..record });
        }
        self.schedule(slot, copied.to, Transit { at: copied.at, hop: copied.hop, lost: None, copy: None });
        self.bodies.expect(slot, 1);
        self.sequence += 1;
    }

    fn set_timer(&mut self, node: ProcessId, timer: P::Timer, range: TimerRange) -> bool {
        let length = self.world.timer_length(node, range);
        let deadline = self.world.shows(node, self.now).after(length);
        let event = if self.recording.is_full() {
            let value = self.recording.timer(&timer, length);
            self.note_at(node, EventKind::TimerSet, self.cause, value)
        } else {
            NONE
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let slot = self.timers.set(Running { timer, node, deadline, sequence, event });
        let at = self.world.reaches(node, deadline, self.now);
        if at < Time::NEVER {
            self.queue.push(Entry { time: at.0, key: key(sequence, None), to: node.0, what: TIMER | slot });
        }
        true
    }

    fn save(&mut self, node: ProcessId, stable: P::Stable) -> bool {
        if self.recording.is_full() {
            let value = self.recording.saved(&stable);
            self.note_at(node, EventKind::Save, self.cause, value);
        }
        self.stable[node.index()] = stable;
        true
    }

    /// Carries out what the world's changes mean for the processes.
    pub(super) fn carry_out(&mut self) {
        let mut consequences = std::mem::take(&mut self.consequences);
        for consequence in consequences.drain(..) {
            match consequence {
                Consequence::Asked { node, request } => self.ask(node, request),
                Consequence::Restarted(node) => self.boot(node, EventKind::Restart),
                Consequence::Crashed(node) => {
                    self.note_outside(node, EventKind::Crash);
                    self.processes[node.index()] = None;
                    self.timers.forget(node);
                    self.release_backlog(node);
                }
                Consequence::Paused(node) => {
                    self.note_outside(node, EventKind::Pause);
                }
                Consequence::Resumed(node) => {
                    self.note_outside(node, EventKind::Resume);
                    self.release_backlog(node);
                }
                Consequence::ClockChanged(node) => self.reschedule_timers(node),
                Consequence::NetworkChanged(planned) => self.note_network(planned, false),
                Consequence::NetworkRestored(planned) => self.note_network(planned, true),
                Consequence::Later { at, ending } => {
                    let place = self.endings.len() as u32;
                    self.endings.push(ending);
                    let key = key(FIRST_ENDING + u64::from(place), None);
                    self.queue.push(Entry { time: at.0, key, to: 0, what: ENDING | place });
                }
            }
        }
        // Carrying out may itself have had consequences: a node that crashes in the middle of booting.
        if self.consequences.is_empty() {
            self.consequences = consequences;
        } else {
            self.carry_out();
        }
    }

    /// What waited for a node reaches it now, in the order in which it came.
    fn release_backlog(&mut self, node: ProcessId) {
        for entry in self.backlog.remove(&node).unwrap_or_default() {
            self.queue.push(Entry { time: self.now.0, ..entry });
        }
    }

    /// A clock changed: its node's timers run out at other times.
    fn reschedule_timers(&mut self, node: ProcessId) {
        self.note_clock(node);
        for (slot, running) in self.timers.of(node) {
            running.sequence = self.sequence;
            self.sequence += 1;
            let at = self.world.reaches(node, running.deadline, self.now);
            if at < Time::NEVER {
                let key = key(running.sequence, None);
                self.queue.push(Entry { time: at.0, key, to: node.0, what: TIMER | slot });
            }
        }
    }
}
