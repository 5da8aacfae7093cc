//! What goes into a node: requests, messages, timers, and what had to wait while it stood still.

use super::{
    core::{Core, Held, Running, UNNUMBERED},
    lines::Entry,
    wire::{Envelope, Refusal},
};
use crate::{
    process::Table,
    trace::EventKind,
    world::{Arrival, Reason},
};

impl Core {
    /// The node is asked for the scenario's request with this number, or waits with it while it stands still.
    pub(super) fn ask(&mut self, request: u32) {
        match self.world.reach(self.me) {
            Arrival::Waits => self.backlog.push_back(Held::Ask(request)),
            Arrival::Dropped(reason) => {
                self.put_request(request);
                let body = std::mem::take(&mut self.body);
                let why = Some(reason.name());
                let entry = Entry { body: Some(&body), why, ..Entry::at(self.me, EventKind::Request) };
                self.lines.aside(self.now, entry);
                self.body = body;
            }
            Arrival::Accepted => {
                self.put_request(request);
                let body = std::mem::take(&mut self.body);
                let entry = Entry { body: Some(&body), ..Entry::at(self.me, EventKind::Request) };
                self.cause = self.lines.step(self.now, entry, 0);
                self.body = body;
                self.world.handle(self.me);
                let (scene, mut chooser) = self.world.stage(self.me, self.now);
                self.actors.ask(request, scene, &mut chooser);
                self.apply();
            }
        }
    }

    /// The application asks for something that no scenario planned, as JSON. To be called after [`Core::advance`].
    ///
    /// # Errors
    /// When it is none of the problem's requests.
    pub fn request(&mut self, json: &[u8]) -> serde_json::Result<()> {
        let names = self.world.names().clone();
        names.scope(|| {
            let request = self.actors.add_request(json)?;
            self.ask(request);
            Ok(())
        })
    }

    /// A message arrives. To be called after [`Core::advance`].
    ///
    /// # Errors
    /// When it is nothing that this node can understand: it is as if it had not come.
    pub(super) fn receive(&mut self, envelope: Envelope) -> Result<(), Refusal> {
        if self.dead {
            return Ok(());
        }
        let names = self.world.names().clone();
        names.scope(|| match envelope.to {
            Some(to) if to != self.me => {
                self.pass_on(&envelope, to);
                Ok(())
            }
            Some(_) | None => self.arrive(envelope),
        })
    }

    fn arrive(&mut self, envelope: Envelope) -> Result<(), Refusal> {
        match self.world.arrive(envelope.via, self.me) {
            Arrival::Accepted => self.hear(envelope),
            Arrival::Waits => {
                self.backlog.push_back(Held::Message(envelope));
                Ok(())
            }
            Arrival::Dropped(reason) => {
                // What comes between two lives is written by the second: that nobody was there tells it apart.
                let between = self.life > 0 && !self.booted;
                self.drop_arrival(&envelope, if between { Reason::Down } else { reason });
                Ok(())
            }
        }
    }

    fn hear(&mut self, envelope: Envelope) -> Result<(), Refusal> {
        let mut because = None;
        let readings = envelope.readings();
        let mut readings = readings.into_iter().flatten();
        let slot = readings.find_map(|json| match self.actors.admit(envelope.from, json.as_bytes()) {
            Ok(slot) => Some(slot),
            Err(error) => {
                because.get_or_insert(error);
                None
            }
        });
        let Some(slot) = slot else {
            let because = because.map_or_else(String::new, |error| error.to_string());
            return Err(Refusal::NoSuchMessage(because));
        };
        // A sender that does not count its messages may be somebody's own program.
        let nodes = self.world.names().len() as u64;
        let unnumbered = || UNNUMBERED + self.lines.index() * nodes + u64::from(self.me.0);
        let message = envelope.message.unwrap_or_else(unnumbered);
        let entry = Entry {
            message: Some(message),
            from: Some(envelope.from),
            message_kind: Some(&envelope.kind),
            body: envelope.content.as_deref().map(str::as_bytes),
            ..Entry::at(self.me, EventKind::Receive)
        };
        self.cause = self.lines.step(self.now, entry, envelope.lamport);
        self.heard(slot);
        Ok(())
    }

    /// The process handles the message at `slot`.
    pub(super) fn heard(&mut self, slot: u32) {
        self.world.handle(self.me);
        let (scene, mut chooser) = self.world.stage(self.me, self.now);
        self.actors.hear(slot, scene, &mut chooser);
        self.apply();
    }

    pub(super) fn drop_arrival(&mut self, envelope: &Envelope, reason: Reason) {
        let via = (envelope.via != envelope.from)
            .then(|| serde_json::json!({ "via": self.world.names().name(envelope.via) }).to_string());
        let entry = Entry {
            body: via.as_deref().map(str::as_bytes),
            message: envelope.message,
            from: Some(envelope.from),
            message_kind: Some(&envelope.kind),
            why: Some(reason.name()),
            ..Entry::at(self.me, EventKind::Drop)
        };
        self.lines.aside(self.now, entry);
    }

    /// A timer runs out.
    pub(super) fn expire(&mut self, slot: u32, sequence: u64) {
        if self.running[slot as usize].sequence != sequence {
            return;
        }
        let names = self.world.names().clone();
        names.scope(|| match self.world.reach(self.me) {
            Arrival::Waits => self.backlog.push_back(Held::Timer { slot, sequence }),
            Arrival::Dropped(_) => {}
            Arrival::Accepted => self.expired(slot),
        });
    }

    fn expired(&mut self, slot: u32) {
        let running = self.running[slot as usize];
        self.running[slot as usize].sequence = 0;
        let name = std::mem::take(&mut self.timer_names[slot as usize]);
        let entry =
            Entry { body: Some(&name), cause: Some(running.event), ..Entry::at(self.me, EventKind::Timer) };
        self.cause = self.lines.step(self.now, entry, 0);
        self.world.handle(self.me);
        let (scene, mut chooser) = self.world.stage(self.me, self.now);
        self.actors.expire(slot, scene, &mut chooser);
        self.apply();
    }

    /// The timer that event `set` started runs out now, whatever the clock says; false when it does not run. For a
    /// replay.
    pub(super) fn expire_set_by(&mut self, set: u64) -> bool {
        let runs = |running: &Running| running.sequence != 0 && running.event == set;
        let Some(slot) = self.running.iter().position(runs) else { return false };
        let Running { due, .. } = self.running[slot];
        self.due.remove(&due);
        let names = self.world.names().clone();
        names.scope(|| self.expired(slot as u32));
        true
    }

    /// A request that waited is asked now; false when none waits. For a replay.
    pub(super) fn ask_held(&mut self) -> bool {
        let Some(Held::Ask(request)) = self.backlog.pop_front() else { return false };
        let names = self.world.names().clone();
        names.scope(|| self.ask(request));
        true
    }

    /// What waited is handled, now that the node goes on.
    pub(super) fn release(&mut self) {
        if !std::mem::take(&mut self.resumed) || self.by_hand {
            return;
        }
        for held in std::mem::take(&mut self.backlog) {
            match held {
                // It was understood when it came, or never will be: nobody is there any more to be told.
                Held::Message(envelope) => drop(self.hear(envelope)),
                Held::Timer { slot, sequence } => self.expire(slot, sequence),
                Held::Ask(request) => self.ask(request),
            }
        }
    }

    /// Appends the request at this place as JSON to an empty `body`.
    fn put_request(&mut self, request: u32) {
        self.body.clear();
        // Requests came from JSON.
        let _written = self.actors.put(Table::Requests, request, &mut self.body);
    }
}
