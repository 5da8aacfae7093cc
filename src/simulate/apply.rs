//! What a step asked for is done, in order; what a planned action means for processes is carried out.

use super::{
    DELIVERY, ENDING, Engine, Entry, FIRST_ENDING, HOP, Occasion, Pending, Route, Running, TIMER, key,
    labels::Label,
};
use crate::{
    process::{Actors, Deed, ProcessId, Time, TimerRange},
    trace::{EventKind, NONE, Record},
    world::{Consequence, Transit},
};

/// To whom a message goes.
#[derive(Clone, Copy)]
enum Receivers {
    One(ProcessId),
    /// The targets at these places.
    Listed(u32, u32),
    Others,
}

/// A message that goes out.
#[derive(Clone, Copy)]
struct Body {
    slot: u32,
    /// Its place among the kept messages.
    value: u32,
    /// Its kind, if it is `expected`.
    kind: &'static str,
    /// Whether those to whom it goes expect it already.
    expected: bool,
}

/// A second copy of a message that the network made.
pub(super) struct Copied {
    pub(super) at: Time,
    /// Whose link made it.
    pub(super) previous: ProcessId,
    pub(super) hop: ProcessId,
    pub(super) to: ProcessId,
    pub(super) message: u64,
    pub(super) event: u64,
}

impl<A: Actors + ?Sized, Q: Pending> Engine<A, Q> {
    /// Does what the step of `node` asked for, if it `acts` at all. A crash in the middle of sending leaves the rest
    /// undone.
    #[inline]
    pub(super) fn apply(&mut self, node: ProcessId, acts: bool) {
        if self.recording.has_states()
            && let Some(state) = self.actors.state(node)
        {
            self.recording.states.push((self.cause, state));
        }
        if !acts {
            return;
        }
        if self.recording.is_brief() && !self.world.has_doomed() {
            return self.apply_at_once(node);
        }
        while let Some(deed) = self.actors.deed() {
            if !self.act(node, &deed, false) {
                break;
            }
        }
        self.actors.forget_deeds();
        if !self.consequences.is_empty() {
            self.carry_out();
        }
    }

    /// Where nobody crashes on the way, all that a step asked for is done, and can be taken from the process at once:
    /// calls that are found out while the program runs are what a search spends much of its time on.
    fn apply_at_once(&mut self, node: ProcessId) {
        let mut deeds = std::mem::take(&mut self.deeds);
        self.actors.deeds(&mut deeds);
        for deed in &deeds {
            self.act(node, deed, true);
        }
        deeds.clear();
        self.deeds = deeds;
    }

    /// Does one thing; gives false when the process crashed on the way. Its messages are `expected` or still to be.
    #[inline(always)]
    fn act(&mut self, node: ProcessId, deed: &Deed, expected: bool) -> bool {
        match *deed {
            Deed::Send { to, slot, value, kind } => {
                self.transmit(node, Receivers::One(to), Body { slot, value, kind, expected })
            }
            Deed::Multicast { first, last, slot, value, kind } => {
                self.transmit(node, Receivers::Listed(first, last), Body { slot, value, kind, expected })
            }
            Deed::Broadcast { slot, value, kind } => {
                self.transmit(node, Receivers::Others, Body { slot, value, kind, expected })
            }
            Deed::SetTimer { slot, range, value } => self.set_timer(node, slot, range, value),
            Deed::CancelTimer { slot } => self.cancel_timer(slot),
            Deed::Save { value } => {
                self.note_at(node, EventKind::Save, self.cause, value);
                true
            }
            Deed::Produce { value } => {
                self.pending.note_output();
                self.note_at(node, EventKind::Output, self.cause, value);
                true
            }
            Deed::Chose { options, chosen } => {
                self.pending.note_choice(options, chosen);
                self.note_choice(node, options, chosen);
                true
            }
        }
    }

    /// Sends one message to each receiver. Gives false when the sender crashed on the way.
    #[inline]
    fn transmit(&mut self, from: ProcessId, receivers: Receivers, body: Body) -> bool {
        let Body { slot, value, expected, .. } = body;
        let size = if self.world.weighs() { self.actors.size(slot) } else { 0 };
        let counting = self.recording.is_counting();
        let kind = match () {
            () if expected => body.kind,
            () if counting || self.world.watches_kinds() => self.actors.kind(slot),
            () => "",
        };
        let (full, brief) = (self.recording.is_full(), self.recording.is_brief());
        let first_event = if full { self.recording.len() as u64 } else { NONE };
        let (first_sequence, first_message) = (self.sequence, self.next_message);
        if full || brief || size > 0 {
            self.labels.put(slot, Label { first_sequence, first_message, first_event, value, size, from });
        }
        let places = match receivers {
            Receivers::One(_) => 0..1,
            Receivers::Listed(first, last) => first..last,
            Receivers::Others => 0..self.world.names().len() as u32,
        };
        let mut crashed = false;
        for place in places {
            let to = match receivers {
                Receivers::One(to) => to,
                Receivers::Listed(..) => self.actors.target(place),
                Receivers::Others if place == from.0 => continue,
                Receivers::Others => ProcessId(place),
            };
            if full {
                let send = Record::at(self.now, from, EventKind::Send, self.cause);
                self.recording.push_at_node(Record { message: self.next_message, peer: to, value, ..send });
            } else if brief {
                self.recording.brief.send(from);
            }
            let transit = self.world.send(self.now, from, to, size, kind);
            self.schedule(slot, from, to, transit);
            if let Some(at) = transit.copy {
                let (message, event) =
                    (self.next_message, first_event.wrapping_add(self.sequence - first_sequence));
                self.copies.push(Copied { at, previous: from, hop: transit.hop, to, message, event });
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
        if !self.copies.is_empty() {
            self.duplicate_all(slot);
        }
        if !expected {
            self.actors.expect(slot, sent as u32);
        }
        !crashed
    }

    fn duplicate_all(&mut self, slot: u32) {
        let mut copies = std::mem::take(&mut self.copies);
        for copied in copies.drain(..) {
            self.duplicate(slot, &copied);
        }
        self.copies = copies;
    }

    /// Puts a delivery into the queue.
    #[inline]
    fn schedule(&mut self, slot: u32, from: ProcessId, to: ProcessId, transit: Transit) {
        let what = match transit.hop {
            hop if hop == to => DELIVERY | slot,
            _ => self.route(slot, to, from),
        };
        let key = key(self.sequence, transit.lost);
        self.push_message(slot, from, Entry { time: transit.at.0, key, to: transit.hop.0, what });
    }

    /// Puts a delivery, or a hop, of the message at `slot` into what is pending.
    #[inline]
    pub(super) fn push_message(&mut self, slot: u32, from: ProcessId, entry: Entry) {
        let actors = &self.actors;
        self.pending.push_delivery(entry, from, &|| actors.kind(slot));
    }

    /// The network makes a second copy of a pending delivery.
    pub(super) fn double(&mut self, entry: Entry) {
        let Occasion::Delivery(slot) = entry.occasion() else { return };
        let label = self.labels.of(slot);
        let place = (entry.key >> 4) - label.first_sequence;
        let (message, event) = (label.first_message + place, label.first_event.wrapping_add(place));
        let (hop, previous) = (ProcessId(entry.to), self.actors.sender(slot));
        let at = self.now.max(Time(entry.time));
        self.duplicate(slot, &Copied { at, previous, hop, to: hop, message, event });
    }

    fn route(&mut self, body: u32, to: ProcessId, previous: ProcessId) -> u32 {
        self.routes.push(Route { body, sequence: self.sequence, to, previous });
        HOP | (self.routes.len() as u32 - 1)
    }

    /// The network delivers a message a second time: a body of its own with the number of the original.
    pub(super) fn duplicate(&mut self, original: u32, copied: &Copied) {
        let slot = self.actors.copy(original);
        let from = self.actors.sender(slot);
        let label = Label {
            first_sequence: self.sequence,
            first_message: copied.message,
            first_event: copied.event,
            from,
            ..self.labels.of(original)
        };
        let (full, brief) = (self.recording.is_full(), self.recording.is_brief());
        if full || brief || label.size > 0 {
            self.labels.put(slot, label);
        }
        if brief {
            self.recording.brief.pass();
        }
        if full {
            let record = Record::at(self.now, from, EventKind::Duplicate, copied.event);
            let (message, peer) = (copied.message, copied.to);
            self.recording.push(Record { message, peer, value: label.value, ..record });
        }
        let direct = copied.hop == copied.to && copied.previous == from;
        let what = if direct { DELIVERY | slot } else { self.route(slot, copied.to, copied.previous) };
        let key = key(self.sequence, None);
        self.push_message(slot, copied.previous, Entry { time: copied.at.0, key, to: copied.hop.0, what });
        self.actors.expect(slot, 1);
        self.sequence += 1;
    }

    fn set_timer(&mut self, node: ProcessId, slot: u32, range: TimerRange, value: u32) -> bool {
        let length = self.world.timer_length(node, range);
        let deadline = self.world.shows(node, self.now).after(length);
        let event = self.note_timer_set(node, length, value);
        let sequence = self.sequence;
        self.sequence += 1;
        if self.timers.len() <= slot as usize {
            self.timers.resize(slot as usize + 1, Running::default());
        }
        self.timers[slot as usize] = Running { deadline, sequence, event };
        self.pending.cancel_timer(slot);
        self.push_timer(node, slot);
        true
    }

    fn cancel_timer(&mut self, slot: u32) -> bool {
        self.timers[slot as usize].sequence = 0;
        self.pending.cancel_timer(slot);
        true
    }

    fn push_timer(&mut self, node: ProcessId, slot: u32) {
        let running = self.timers[slot as usize];
        let at = self.world.reaches(node, running.deadline, self.now);
        if at < Time::NEVER {
            let key = key(running.sequence, None);
            self.pending.push(Entry { time: at.0, key, to: node.0, what: TIMER | slot });
        }
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
                    for place in 0..self.actors.timers(node).len() {
                        let slot = self.actors.timers(node)[place];
                        self.cancel_timer(slot);
                    }
                    self.actors.crash(node);
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
                    let entry = Entry { time: at.0, key, to: 0, what: ENDING | place };
                    self.pending.push_ending(entry, ending);
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

    /// What waited for a node is to reach it now.
    fn release_backlog(&mut self, node: ProcessId) {
        self.released.extend(self.backlog.remove(&node).unwrap_or_default());
    }

    /// A clock changed: its node's timers run out at other times.
    fn reschedule_timers(&mut self, node: ProcessId) {
        self.note_clock(node);
        let mut slots = self.actors.timers(node).to_vec();
        // Of those that run out at one time the one that was set first still comes first.
        slots.sort_unstable_by_key(|slot| self.timers[*slot as usize].sequence);
        for slot in slots {
            self.timers[slot as usize].sequence = self.sequence;
            self.sequence += 1;
            self.pending.cancel_timer(slot);
            self.push_timer(node, slot);
        }
    }
}
