//! What a step asked for is done: messages become parcels, timers are set, everything is journalled.

use super::{
    core::{Coming, Core, Own, Parcel, Running},
    lines::Entry,
    wire::{Envelope, write_body, write_envelope},
};
use crate::{
    process::{Deed, ProcessId, Table, Time, TimerRange},
    trace::{EventKind, inside},
    world::{Arrival, Transit},
};

/// To whom a message goes.
#[derive(Clone, Copy)]
enum Receivers {
    One(ProcessId),
    /// The targets at these places.
    Listed(u32, u32),
    Others,
}

impl Core {
    /// Does what the last step asked for, and what the process tells itself thereby. A crash in the middle of sending
    /// leaves the rest undone.
    pub(super) fn apply(&mut self) {
        loop {
            while let Some(deed) = self.actors.deed() {
                self.apply_one(deed);
                if self.is_dead() {
                    break;
                }
            }
            self.actors.forget_deeds();
            self.forget();
            let Some(own) = self.own.pop_front().filter(|_| !self.is_dead()) else { return };
            let kind = self.actors.kind(own.slot);
            let entry = Entry {
                message: Some(own.message),
                from: Some(self.me),
                message_kind: Some(kind),
                cause: Some(own.event),
                ..Entry::at(self.me, EventKind::Receive)
            };
            self.cause = self.lines.step(self.now, entry, own.lamport);
            self.world.handle(self.me);
            let (scene, mut chooser) = self.world.stage(self.me, self.now);
            self.actors.hear(own.slot, scene, &mut chooser);
        }
    }

    fn apply_one(&mut self, deed: Deed) {
        match deed {
            Deed::Send { to, slot, value, kind: _ } => self.transmit(Receivers::One(to), slot, value),
            Deed::Multicast { first, last, slot, value, kind: _ } => {
                self.transmit(Receivers::Listed(first, last), slot, value);
            }
            Deed::Broadcast { slot, value, kind: _ } => self.transmit(Receivers::Others, slot, value),
            Deed::SetTimer { slot, range, value } => self.set_timer(slot, range, value),
            Deed::CancelTimer { slot } => self.stop_timer(slot),
            Deed::Save { value } => {
                self.put(Table::Saved, value);
                self.saved = Some(self.body.clone());
                self.saves += 1;
                self.note_body(EventKind::Save);
            }
            Deed::Produce { value } => {
                self.put(Table::Outputs, value);
                self.outputs.push(self.body.clone());
                self.note_body(EventKind::Output);
            }
            Deed::Chose { options, chosen } => {
                self.body.clear();
                self.body
                    .extend_from_slice(format!("{{\"options\":{options},\"chosen\":{chosen}}}").as_bytes());
                self.note_body(EventKind::Choice);
            }
        }
    }

    /// Puts the JSON of one of the algorithm's values into `body`.
    fn put(&mut self, table: Table, place: u32) {
        self.body.clear();
        if let Err(error) = self.actors.put(table, place, &mut self.body) {
            self.body =
                serde_json::Value::from(format!("not expressible as JSON: {error}")).to_string().into();
        }
    }

    /// Journals what `body` says as a part of this step.
    fn note_body(&mut self, kind: EventKind) -> u64 {
        let body = std::mem::take(&mut self.body);
        let entry = Entry { body: Some(&body), cause: Some(self.cause), ..Entry::at(self.me, kind) };
        let event = self.lines.step(self.now, entry, 0);
        self.body = body;
        event
    }

    /// Sends one message to each receiver.
    fn transmit(&mut self, receivers: Receivers, slot: u32, value: u32) {
        let size = if self.world.weighs() { self.actors.size(slot) } else { 0 };
        let kind = self.actors.kind(slot);
        self.put(Table::Messages, value);
        let json = std::mem::take(&mut self.body);
        let content = inside(&json, Some(kind));
        let mut body = Vec::with_capacity(content.len() + 32);
        write_body(kind, content, &mut body);
        let places = match receivers {
            Receivers::One(_) => 0..1,
            Receivers::Listed(first, last) => first..last,
            Receivers::Others => 0..self.world.names().len() as u32,
        };
        let mut to_self = 0;
        for place in places {
            let to = match receivers {
                Receivers::One(to) => to,
                Receivers::Listed(..) => self.actors.target(place),
                Receivers::Others if place == self.me.0 => continue,
                Receivers::Others => ProcessId(place),
            };
            // Numbers of different nodes are different: each counts in steps of the group's size.
            let message = self.next_message * self.world.names().len() as u64 + u64::from(self.me.0);
            self.next_message += 1;
            let entry = Entry {
                message: Some(message),
                to: Some(to),
                message_kind: Some(kind),
                body: Some(content).filter(|content| !content.is_empty()),
                cause: Some(self.cause),
                ..Entry::at(self.me, EventKind::Send)
            };
            let event = self.lines.step(self.now, entry, 0);
            let lamport = self.lines.lamport();
            let transit = self.world.send(self.now, self.me, to, size, kind);
            if to == self.me {
                to_self += 1;
                self.own.push_back(Own { slot, message, event, lamport });
            } else {
                self.ship(
                    transit,
                    &Shipment {
                        from: self.me,
                        to,
                        message: Some(message),
                        event: Some(event),
                        lamport,
                        kind,
                        body: &body,
                    },
                );
            }
            let mut consequences = std::mem::take(&mut self.consequences);
            let crashed = self.world.sent(self.now, self.me, &mut consequences);
            self.carry_out(&mut consequences);
            self.consequences = consequences;
            if crashed {
                break;
            }
        }
        self.actors.expect(slot, to_self);
        self.body = json;
    }

    /// Hands a message to the network, or says why it does not arrive.
    fn ship(&mut self, transit: Transit, shipment: &Shipment<'_>) {
        let at = shipment.event.is_none();
        let at = at.then(|| serde_json::json!({ "at": self.world.names().name(self.me) }).to_string());
        let told = Entry {
            body: at.as_deref().map(str::as_bytes),
            message: shipment.message,
            from: Some(shipment.from),
            message_kind: Some(shipment.kind),
            cause: shipment.event,
            ..Entry::at(shipment.to, EventKind::Drop)
        };
        if let Some(reason) = transit.lost {
            self.lines.aside(self.now, Entry { why: Some(reason.name()), ..told });
        } else {
            self.pack(transit.at, transit.hop, shipment);
        }
        if let Some(again) = transit.copy {
            let copied = Entry { to: Some(shipment.to), from: None, kind: EventKind::Duplicate, ..told };
            self.lines.aside(self.now, Entry { node: Some(self.me), ..copied });
            self.pack(again, transit.hop, shipment);
        }
    }

    fn pack(&mut self, at: Time, hop: ProcessId, shipment: &Shipment<'_>) {
        let mut line = Vec::with_capacity(shipment.body.len() + 64);
        let route = (shipment.from, Some(shipment.to), self.me);
        let numbers = (shipment.message, shipment.lamport);
        let delay = (at > self.now).then_some((self.now, at));
        write_envelope(self.world.names(), route, numbers, delay, shipment.body, &mut line);
        self.parcels.push(Parcel { to: hop, line, delay });
    }

    /// A message for somebody else is passed on towards its receiver.
    pub(super) fn pass_on(&mut self, envelope: &Envelope, to: ProcessId) {
        // A node that stands still is not even reached; one that comes here passes on what it gets.
        if let Arrival::Dropped(reason) = self.world.arrive(envelope.via, self.me) {
            return self.drop_arrival(envelope, reason);
        }
        let content = envelope.content.as_deref().unwrap_or_default();
        let mut body = Vec::new();
        write_body(&envelope.kind, content.as_bytes(), &mut body);
        let size = if self.world.weighs() { content.len() as u32 } else { 0 };
        let names = self.world.names().clone();
        let told = serde_json::json!({"passes-on": {
            "from": names.name(envelope.from), "via": names.name(envelope.via), "to": names.name(to), "lc": envelope.lamport,
        }});
        let told = told.to_string();
        let entry = Entry {
            message: envelope.message,
            message_kind: Some(&envelope.kind),
            body: Some(told.as_bytes()),
            ..Entry::at(self.me, EventKind::Note)
        };
        self.lines.aside(self.now, entry);
        let transit = self.world.pass_on(self.now, envelope.from, self.me, to, size);
        let shipment = Shipment {
            from: envelope.from,
            to,
            message: envelope.message,
            event: None,
            lamport: envelope.lamport,
            kind: &envelope.kind,
            body: &body,
        };
        self.ship(transit, &shipment);
    }

    fn set_timer(&mut self, slot: u32, range: TimerRange, value: u32) {
        let length = self.world.timer_length(self.me, range);
        let deadline = self.world.shows(self.me, self.now).after(length);
        self.put(Table::Timers, value);
        let name = self.body.clone();
        // What was drawn is counted by the node's next life.
        let drawn = if range.min < range.max { ",\"drawn\":true" } else { "" };
        let runs = format!(",\"runs\":{}{drawn}}}", length.as_nanos());
        self.body.splice(..0, *b"{\"timer\":");
        self.body.extend_from_slice(runs.as_bytes());
        let event = self.note_body(EventKind::TimerSet);
        if self.running.len() <= slot as usize {
            self.running.resize(slot as usize + 1, Running::default());
            self.timer_names.resize(slot as usize + 1, Vec::new());
        }
        self.stop_timer(slot);
        self.timer_names[slot as usize] = name;
        self.start_timer(slot, deadline, event);
    }

    fn start_timer(&mut self, slot: u32, deadline: crate::process::LocalTime, event: u64) {
        self.sequence += 1;
        let at = self.world.reaches(self.me, deadline, self.now);
        let due = (at, self.now, u64::from(self.me.0) << 40, self.sequence);
        self.running[slot as usize] = Running { deadline, sequence: self.sequence, event, due };
        if at < Time::NEVER {
            self.due.insert(due, Coming::Timer(slot));
        }
    }

    fn stop_timer(&mut self, slot: u32) {
        let running = &mut self.running[slot as usize];
        self.due.remove(&running.due);
        running.sequence = 0;
    }

    /// The node's clock changed: its timers run out at other times.
    pub(super) fn reschedule_timers(&mut self) {
        let shows = format!("{{\"shows\":{}}}", self.world.shows(self.me, self.now).0);
        let entry = Entry { body: Some(shows.as_bytes()), ..Entry::at(self.me, EventKind::Clock) };
        self.lines.aside(self.now, entry);
        let mut slots = self.actors.timers(self.me).to_vec();
        // Of those that run out at one time the one that was set first still comes first.
        slots.sort_unstable_by_key(|slot| self.running[*slot as usize].sequence);
        for slot in slots {
            let Running { deadline, event, .. } = self.running[slot as usize];
            self.stop_timer(slot);
            self.start_timer(slot, deadline, event);
        }
    }
}

/// A message as the network gets it.
struct Shipment<'a> {
    from: ProcessId,
    to: ProcessId,
    message: Option<u64>,
    /// The event of its sending, at the node that sent it.
    event: Option<u64>,
    lamport: u64,
    kind: &'a str,
    body: &'a [u8],
}
