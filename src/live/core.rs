//! One node without any input or output of its own: what happens to it goes in, what it sends and journals comes out.
//!
//! The live node feeds it from sockets, prompt and clock; a replay feeds it what a journal says. Everything that it does
//! follows from the scenario, the seed and what went in at which time: that is why a live run replays exactly.

use super::{
    agenda::Agenda,
    lines::{Entry, Lines},
    wire::{Envelope, Refusal},
};
use crate::{
    process::{Actors, Keep, LocalTime, ProcessId, Time},
    scenario::Plan,
    trace::EventKind,
    world::{Action, Arrival, Consequence, Reason, World},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Where the numbers of messages begin that came without one.
const UNNUMBERED: u64 = 1 << 52;

/// What a life of a node begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Birth {
    /// How many lives it had before.
    pub life: u32,
    /// How many lines its journal has.
    pub index: u64,
    /// What its Lamport clock showed last.
    pub lamport: u64,
    /// How many messages it has sent.
    pub sent: u64,
}

/// A message that leaves a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// To which neighbour.
    pub to: ProcessId,
    /// The envelope, without the end of the line.
    pub line: Vec<u8>,
}

/// What waits while the node stands still.
#[derive(Debug)]
enum Held {
    Message(Envelope),
    Timer { slot: u32, sequence: u64 },
    Ask(u32),
}

/// A message from the process to itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) slot: u32,
    pub(super) message: u64,
    pub(super) event: u64,
    pub(super) lamport: u64,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    pub(super) deadline: LocalTime,
    /// The sequence number of its entry: an entry with another one is out of date.
    pub(super) sequence: u64,
    /// The event of its setting.
    pub(super) event: u64,
    /// Where it stands among what is due.
    pub(super) due: Due,
}

/// When something is due, and its rank among what is due then: what was caused earlier comes first, as in the simulator.
pub(super) type Due = (Time, Time, u64, u64);

/// What is due at some time.
#[derive(Debug)]
pub(super) enum Coming {
    /// The timer at this place.
    Timer(u32),
    /// A message that the scenario's network has delayed.
    Message(Envelope),
}

/// How late something may be handled and still count as having happened in time. What is later than that was held up by
/// more than a busy machine.
const LATE: Duration = Duration::from_millis(250);

/// One node of a scenario.
pub struct Core {
    pub(super) me: ProcessId,
    pub(super) actors: Box<dyn Actors>,
    pub(super) world: World,
    pub(super) agenda: Agenda,
    pub(super) lines: Lines,
    pub(super) running: Vec<Running>,
    /// The names of the timers, by place, as JSON.
    pub(super) timer_names: Vec<Vec<u8>>,
    pub(super) due: BTreeMap<Due, Coming>,
    pub(super) sequence: u64,
    backlog: VecDeque<Held>,
    pub(super) own: VecDeque<Own>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) consequences: Vec<Consequence>,
    pub(super) saved: Option<Vec<u8>>,
    /// What the process told its application, as JSON, not taken yet.
    pub(super) outputs: Vec<Vec<u8>>,
    pub(super) next_message: u64,
    pub(super) cause: u64,
    pub(super) now: Time,
    pub(super) body: Vec<u8>,
    requests: u32,
    life: u32,
    booted: bool,
    dead: bool,
    resumed: bool,
    /// What waits is given by hand: a replay.
    by_hand: bool,
}

impl Core {
    /// The node `me` of a scenario, run by `actors` with the draws of `seed`. `stable` is what it saved in an earlier
    /// life, as JSON.
    ///
    /// # Errors
    /// When `stable` is nothing that the algorithm saves.
    pub fn new(
        plan: &Plan,
        seed: u64,
        mut actors: Box<dyn Actors>,
        me: ProcessId,
        birth: Birth,
        stable: Option<&[u8]>,
    ) -> serde_json::Result<Self> {
        let names = plan.setup.names.clone();
        let mut world = World::new(Arc::new(plan.setup.clone()));
        world.reset(seed);
        actors.reset(names.len(), Keep::Everything);
        if let Some(stable) = stable {
            names.scope(|| actors.restore(me, stable))?;
        }
        Ok(Self {
            me,
            actors,
            agenda: Agenda::new(&world),
            world,
            lines: Lines::new(names, birth.index, birth.lamport),
            running: Vec::new(),
            timer_names: Vec::new(),
            due: BTreeMap::new(),
            sequence: 0,
            backlog: VecDeque::new(),
            own: VecDeque::new(),
            parcels: Vec::new(),
            consequences: Vec::new(),
            saved: stable.map(<[u8]>::to_vec),
            outputs: Vec::new(),
            next_message: birth.sent,
            cause: 0,
            now: Time::ZERO,
            body: Vec::new(),
            requests: plan.requests.len() as u32,
            life: birth.life,
            booted: false,
            dead: false,
            resumed: false,
            by_hand: false,
        })
    }

    /// What was held back while the node stood still is given again by the caller, as a replay does.
    #[must_use]
    pub(super) fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    /// Lets everything happen that is due by `now`, in order, each at its own time: a process that is woken a little late
    /// still sees the time at which it was to be woken. At one time the scenario's timeline comes first.
    ///
    /// Gives what was refused of the messages that were delayed until now.
    pub fn advance(&mut self, now: Time) -> Vec<(ProcessId, Refusal)> {
        let mut refused = Vec::new();
        if !self.booted && self.life > 0 {
            self.play(now);
        }
        while !self.dead {
            let planned = self.agenda.due(&self.world).filter(|at| *at <= now);
            let due = self.due.first_key_value().map(|(due, _)| *due).filter(|due| due.0 <= now);
            match (planned, due) {
                (Some(at), Some(due)) if due.0 < at => self.come(now, due, &mut refused),
                (Some(at), _) => self.play(at),
                (None, Some(due)) => self.come(now, due, &mut refused),
                (None, None) => break,
            }
        }
        refused
    }

    /// What is due happens.
    fn come(&mut self, now: Time, due: Due, refused: &mut Vec<(ProcessId, Refusal)>) {
        let at = if now.since(due.0) > LATE { now } else { due.0 };
        self.now = self.now.max(at);
        match self.due.remove(&due) {
            Some(Coming::Timer(slot)) => self.expire(slot, self.running[slot as usize].sequence),
            Some(Coming::Message(envelope)) => {
                let via = envelope.via;
                refused.extend(self.receive(envelope).err().map(|refusal| (via, refusal)));
            }
            None => {}
        }
    }

    /// A message is to arrive at a later time.
    pub(super) fn hold(&mut self, at: Time, envelope: Envelope) {
        let sent = envelope.delay.map_or(at, |(sent, _)| sent);
        self.sequence += 1;
        // Of messages that were sent at one time those of earlier nodes come first, in the order of their sending.
        let rank = u64::from(envelope.from.0) << 40 | envelope.message.unwrap_or(0) & ((1 << 40) - 1);
        self.due.insert((at, sent, rank, self.sequence), Coming::Message(envelope));
    }

    /// The time at which something happens that nobody planned: now.
    pub(super) fn arrive_at(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// Plays the scenario's timeline up to `to`.
    pub(super) fn play(&mut self, to: Time) {
        let names = self.world.names().clone();
        names.scope(|| {
            if !self.booted && self.life > 0 {
                self.now = self.now.max(to);
                return self.return_to_life();
            }
            let mut consequences = std::mem::take(&mut self.consequences);
            while let Some(at) = self.agenda.due(&self.world).filter(|at| *at <= to && !self.dead) {
                self.now = self.now.max(at);
                let (me, has_timers) = (self.me, !self.actors.timers(self.me).is_empty());
                let timers = move |node| node != me || has_timers;
                self.agenda.play(&mut self.world, at, &timers, &mut consequences);
                self.carry_out(&mut consequences);
            }
            self.consequences = consequences;
            self.now = self.now.max(to);
            self.release();
        });
    }

    /// A node that was here before: what happened meanwhile happened without it.
    fn return_to_life(&mut self) {
        let mut unheard = Vec::new();
        loop {
            let planned = self.world.setup().agenda.get(self.agenda.next() as usize);
            let spent = planned.is_some_and(|planned| {
                // A crash in the middle of sending happens once; it is over.
                planned.at <= self.now && matches!(planned.action, Action::Crash { after_sends: Some(_), .. })
            });
            if spent {
                self.agenda.skip();
            } else if !self.agenda.play(&mut self.world, self.now, &|_| true, &mut unheard) {
                break;
            }
            unheard.clear();
        }
        self.boot();
    }

    pub(super) fn carry_out(&mut self, consequences: &mut Vec<Consequence>) {
        for consequence in consequences.drain(..) {
            match consequence {
                Consequence::Asked { node, request } if node == self.me => self.ask(request),
                Consequence::Restarted(node) if node == self.me && !self.booted => self.boot(),
                Consequence::Crashed(node) if node == self.me => self.dead = true,
                Consequence::Resumed(node) if node == self.me => self.resumed = true,
                Consequence::ClockChanged(node) if node == self.me => self.reschedule_timers(),
                // What happens to others is theirs, and the network's changes show in what becomes of messages.
                Consequence::Asked { .. }
                | Consequence::Restarted(_)
                | Consequence::Crashed(_)
                | Consequence::Paused(_)
                | Consequence::Resumed(_)
                | Consequence::ClockChanged(_)
                | Consequence::NetworkChanged(_)
                | Consequence::NetworkRestored(_)
                | Consequence::Later { .. } => {}
            }
        }
    }

    fn boot(&mut self) {
        self.world.boot(self.me);
        self.booted = true;
        let kind = if self.life == 0 { EventKind::Boot } else { EventKind::Restart };
        let body = self.saved.take();
        let entry = Entry { body: body.as_deref(), ..Entry::at(self.me, kind) };
        self.cause = self.lines.step(self.now, entry, 0);
        self.saved = None;
        let (scene, mut chooser) = self.world.stage(self.me, self.now);
        self.actors.boot(scene, &mut chooser);
        self.apply();
    }

    /// The node is asked for the scenario's request with this number, or waits with it while it stands still.
    fn ask(&mut self, request: u32) {
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
                self.drop_arrival(&envelope, reason);
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
        let message = envelope.message.unwrap_or(UNNUMBERED + self.lines.index());
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
    fn expire(&mut self, slot: u32, sequence: u64) {
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
    fn release(&mut self) {
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

    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        let coming = self.due.keys().next().map(|(at, ..)| *at);
        if !self.booted && self.life > 0 {
            return Some(Time::ZERO);
        }
        [coming, self.agenda.due(&self.world)].into_iter().flatten().min()
    }

    /// What is to leave the node, taken out.
    pub fn take_parcels(&mut self) -> Vec<Parcel> {
        std::mem::take(&mut self.parcels)
    }

    /// What was saved last and not taken yet.
    pub fn take_saved(&mut self) -> Option<Vec<u8>> {
        self.saved.take()
    }

    /// What the process told its application since this was asked last, as JSON.
    pub fn take_outputs(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outputs)
    }

    /// The journal's lines that were not taken yet.
    pub fn lines(&mut self) -> &mut Vec<u8> {
        self.lines.out()
    }

    /// Whether the scenario has crashed the node: nothing happens here any more.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether the node would do nothing more by itself: no timer runs, nothing waits, the timeline is over.
    pub fn is_idle(&self) -> bool {
        self.dead
            || self.booted
                && self.due.is_empty()
                && self.backlog.is_empty()
                && self.agenda.is_over(&self.world)
    }

    /// Appends the request at this place as JSON to an empty `body`.
    fn put_request(&mut self, request: u32) {
        self.body.clear();
        // Requests came from JSON.
        let _written = self.actors.put(crate::process::Table::Requests, request, &mut self.body);
    }

    /// Forgets values that were written down.
    pub(super) fn forget(&mut self) {
        self.actors.forget_values(self.requests);
    }
}
