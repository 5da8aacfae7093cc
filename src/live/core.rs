//! One node without any input or output of its own: what happens to it goes in, what it sends and journals comes out.
//!
//! The live node feeds it from sockets, prompt and clock; a replay feeds it what a journal says. Everything that it does
//! follows from the scenario, the seed and what went in at which time: that is why a live run replays exactly.

use super::{
    agenda::Agenda,
    former::Former,
    lines::{Entry, Lines},
    wire::{Envelope, Refusal},
};
use crate::{
    process::{Actors, Keep, LocalTime, ProcessId, Time},
    scenario::Plan,
    trace::EventKind,
    world::{Action, Consequence, Planned, World},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Where the numbers of messages begin that came without one.
pub(super) const UNNUMBERED: u64 = 1 << 52;

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
    /// How many of them a `drop` of the scenario took.
    pub dropped: u32,
    /// How many times it has saved anything.
    pub saves: u64,
}

/// A message that leaves a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// To which neighbour.
    pub to: ProcessId,
    /// The envelope, without the end of the line.
    pub line: Vec<u8>,
    /// When it was sent and when it is to arrive, where the scenario's network delays it.
    pub delay: Option<(Time, Time)>,
}

/// What waits while the node stands still.
#[derive(Debug)]
pub(super) enum Held {
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
    pub(super) backlog: VecDeque<Held>,
    pub(super) own: VecDeque<Own>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) consequences: Vec<Consequence>,
    /// What it boots from, as JSON.
    stable: Option<Vec<u8>>,
    /// What it saved last and nobody took yet.
    pub(super) saved: Option<Vec<u8>>,
    /// How many times it has saved anything, in earlier lives too.
    pub(super) saves: u64,
    /// What the process told its application, as JSON, not taken yet.
    pub(super) outputs: Vec<Vec<u8>>,
    pub(super) next_message: u64,
    pub(super) cause: u64,
    pub(super) now: Time,
    pub(super) body: Vec<u8>,
    requests: u32,
    pub(super) life: u32,
    /// How many of the scenario's drops are spent.
    spent_drops: u32,
    former: Former,
    pub(super) booted: bool,
    /// Whether what earlier lives have seen of the timeline was passed over.
    returned: bool,
    pub(super) dead: bool,
    pub(super) resumed: bool,
    /// What waits is given by hand: a replay.
    pub(super) by_hand: bool,
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
            stable: stable.map(<[u8]>::to_vec),
            saved: None,
            saves: birth.saves,
            outputs: Vec::new(),
            next_message: birth.sent,
            cause: 0,
            now: Time::ZERO,
            body: Vec::new(),
            requests: plan.requests.len() as u32,
            life: birth.life,
            spent_drops: birth.dropped,
            former: Former::default(),
            booted: false,
            returned: birth.life == 0,
            dead: false,
            resumed: false,
            by_hand: false,
        })
    }

    /// What earlier lives drew is drawn: the present one draws what comes after that.
    #[must_use]
    pub(super) fn after(mut self, former: Former) -> Self {
        former.go_on(&mut self.world, self.me);
        self.former = former;
        self
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
        if !self.returned {
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
        if now.since(due.0) > LATE {
            self.play(now);
        }
        self.now = self.now.max(due.0);
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
            if !self.returned {
                self.pass_over(to);
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

    /// Of the timeline up to `to`, what the node's earlier lives have seen is passed over: all up to the crash that ended the
    /// last one. When the timeline has no such crash, somebody else ended it: then the node returns now.
    fn pass_over(&mut self, to: Time) {
        self.returned = true;
        let (mut unheard, mut crashes) = (Vec::new(), 0);
        while let Some(at) = self.agenda.due(&self.world).filter(|at| *at <= to) {
            self.former.relive(&mut self.world, self.me, at);
            let planned = self.world.setup().agenda.get(self.agenda.next() as usize);
            // A crash in the middle of sending happens once; it is over.
            // So is a drop that took its message.
            let drops = &mut self.spent_drops;
            let mut once = |planned: &Planned| match &planned.action {
                _ if planned.at != at => false,
                Action::Crash { after_sends, .. } => after_sends.is_some_and(|sends| sends > 0),
                Action::Drop { links, .. } if *drops > 0 && links.begins_at(self.me) => {
                    *drops -= 1;
                    true
                }
                _ => false,
            };
            if planned.is_some_and(&mut once) {
                self.agenda.skip();
                continue;
            }
            self.agenda.play(&mut self.world, at, &|_| true, &mut unheard);
            crashes += unheard.iter().filter(|what| **what == Consequence::Crashed(self.me)).count();
            unheard.clear();
            self.now = self.now.max(at);
            if crashes == self.life as usize {
                return self.former.relive(&mut self.world, self.me, Time::NEVER);
            }
        }
        self.former.relive(&mut self.world, self.me, Time::NEVER);
        self.now = self.now.max(to);
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
        let body = self.stable.take();
        let entry = Entry { body: body.as_deref(), ..Entry::at(self.me, kind) };
        self.cause = self.lines.step(self.now, entry, 0);
        let (scene, mut chooser) = self.world.stage(self.me, self.now);
        self.actors.boot(scene, &mut chooser);
        self.apply();
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        let coming = self.due.keys().next().map(|(at, ..)| *at);
        if !self.returned {
            return Some(Time::ZERO);
        }
        [coming, self.agenda.due(&self.world)].into_iter().flatten().min()
    }

    /// What is to leave the node, taken out.
    pub fn take_parcels(&mut self) -> Vec<Parcel> {
        std::mem::take(&mut self.parcels)
    }

    /// What was saved last and not taken yet, and how many times anything was saved by then.
    pub fn take_saved(&mut self) -> Option<(Vec<u8>, u64)> {
        Some((self.saved.take()?, self.saves))
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

    /// Whether the process would handle at once what it is asked.
    pub(super) fn runs(&self) -> bool {
        self.booted && !self.dead && self.world.runs(self.me)
    }

    /// Whether the node would do nothing more by itself: no timer runs, nothing waits, the timeline is over.
    pub fn is_idle(&self) -> bool {
        self.dead
            || self.returned
                && self.due.is_empty()
                && self.backlog.is_empty()
                && self.agenda.is_over(&self.world)
    }

    /// Forgets values that were written down.
    pub(super) fn forget(&mut self) {
        self.actors.forget_values(self.requests);
    }
}
