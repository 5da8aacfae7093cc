//! A sequencer that others can take over from: when it crashes, the first who is left becomes the next one.
//!
//! After Kaashoek, "Group communication in distributed computer systems" (1992): resilience by storing a
//! message in several places before anybody delivers it, recovery by asking all who are left what they have stored.
//! With `f` the greatest number below half of all processes, a message is delivered once `f + 1` store it, and a new
//! sequencer asks until it knows the state of `N - f`: one of these is one of those. So failure detection may err:
//! two who both believe to be the sequencer have different epochs, and members obey the later one only. That is
//! Lamport's "The part-time parliament" (1998) with epochs for ballots and numbers for decrees.
//!
//! ```text
//! p --submit--> s --tentative(7)--> everybody --stored(7)--> s --accept(7)--> everybody: deliver
//!
//! s crashes; q is the first of those left:
//! q --new-epoch--> all others --state--> q --start--> all who answered, and `tentative` for what each one lacks
//! ```
//!
//! With `recovery` who crashed may come back (`kept.rs`).

mod kept;
mod takeover;

pub use kept::Kept;

use super::{Config, Message, Said, Sequencer, Timer, deliver};
use crate::{
    algorithms::parts::heartbeat::Heartbeat,
    process::{Context, ProcessId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant, when the sequencer may crash.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Failover {
    numbered: bool,
    /// Whether what must not be forgotten is in stable storage.
    recovers: bool,
    detector: Heartbeat,
    /// How long to wait for somebody else to take over.
    patience: Duration,
    /// The latest epoch that this process has joined.
    epoch: Epoch,
    role: Role,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Those of them that it has not delivered yet.
    pending: BTreeMap<u64, String>,
    /// What is stored under which number, and since which epoch.
    stored: BTreeMap<u64, (Epoch, Said)>,
    /// Up to which number everything may be delivered as soon as it is here.
    accepted: u64,
    /// Up to which number everything was delivered.
    delivered: u64,
    /// With recovery: which message of each sender was delivered last.
    last: BTreeMap<ProcessId, u64>,
}

/// A time in which one process is the sequencer. Later ones are greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Epoch {
    number: u64,
    sequencer: ProcessId,
}

/// What a process is in its epoch.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Role {
    /// It obeys the sequencer, which has begun its work as far as this process knows, or not.
    Member { started: bool },
    /// It wants to be the sequencer and asks what the others have.
    Candidate(Candidate),
    /// It is the sequencer.
    Sequencer(Numbering),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Candidate {
    /// Who has answered, and up to which number each one has delivered.
    states: BTreeMap<ProcessId, u64>,
    /// Of what anybody has stored under a number the latest: what comes after this process's own deliveries.
    found: BTreeMap<u64, (Epoch, Said)>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Numbering {
    /// The number given last.
    given: u64,
    /// What has a number, by sender and the sender's number.
    names: BTreeSet<(ProcessId, u64)>,
    /// With recovery: which message of each sender has a number, and all before it.
    last: BTreeMap<ProcessId, u64>,
    /// With recovery: up to which number each process has delivered, at least.
    progress: BTreeMap<ProcessId, u64>,
    /// Who takes part in this epoch, this process apart.
    members: BTreeSet<ProcessId>,
    /// Who has stored what is not accepted yet.
    acks: BTreeMap<u64, BTreeSet<ProcessId>>,
}

impl Failover {
    /// The first epoch begins without a word: everybody knows its sequencer.
    pub(super) fn boot(ctx: &mut Context<'_, Sequencer>, config: &Config) -> Self {
        let (me, everybody) = (ctx.me(), ctx.group());
        let sequencer = config.sequencer.unwrap_or(ProcessId(0));
        let members = ctx.group().filter(|process| *process != me).collect();
        let role = if me == sequencer {
            Role::Sequencer(Numbering { members, ..Numbering::default() })
        } else {
            Role::Member { started: true }
        };
        Self {
            numbered: config.numbered,
            recovers: config.recovery,
            detector: Heartbeat::start(ctx, config.heartbeat, everybody),
            patience: config.heartbeat.timeout,
            epoch: Epoch { number: 0, sequencer },
            role,
            sent: 0,
            pending: BTreeMap::new(),
            stored: BTreeMap::new(),
            accepted: 0,
            delivered: 0,
            last: BTreeMap::new(),
        }
    }

    /// Messages of a fixed sequencer have no meaning here.
    pub(super) fn on_message(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId, message: Message) {
        let of = |number| Epoch { number, sequencer: from };
        match message {
            Message::Submit { id, body } => self.number(ctx, Said { from, id, body }),
            Message::Tentative { epoch, number, origin, id, body } => {
                self.on_tentative(ctx, of(epoch), number, Said { from: origin, id, body })
            }
            Message::Stored { epoch, number, delivered } => {
                self.on_stored(ctx, from, epoch, number, delivered)
            }
            Message::Accept { epoch, number, forget } => self.on_accept(ctx, of(epoch), number, forget),
            Message::NewEpoch { epoch, delivered } => self.on_new_epoch(ctx, of(epoch), delivered),
            Message::Back => self.on_back(ctx, from),
            Message::State { epoch, delivered, stored } => self.on_state(ctx, from, epoch, delivered, stored),
            Message::Start { epoch, number } => self.on_start(ctx, of(epoch), number),
            Message::Alive => self.on_alive(ctx, from),
            Message::Ordered { .. }
            | Message::Data { .. }
            | Message::Order { .. }
            | Message::Ask { .. }
            | Message::Grant { .. } => {}
        }
    }

    /// Upon a timer of the detector, or when nobody else has taken over.
    pub(super) fn on_timer(&mut self, ctx: &mut Context<'_, Sequencer>, timer: Timer) {
        match timer {
            Timer::Pulse(pulse) => {
                if self.detector.on_pulse(ctx, pulse).is_some() {
                    self.look_for_a_sequencer(ctx);
                }
            }
            Timer::Impatience if self.lacks_a_sequencer(ctx) => self.take_over(ctx),
            Timer::Impatience => {}
        }
    }

    /// Upon event ⟨to-broadcast⟩: submit it now, or when the new epoch begins.
    pub(super) fn on_broadcast(&mut self, ctx: &mut Context<'_, Sequencer>, body: String) {
        self.sent += 1;
        let (from, id) = (ctx.me(), self.sent);
        self.pending.insert(id, body.clone());
        self.keep(ctx);
        match &self.role {
            Role::Sequencer(_) => self.number(ctx, Said { from, id, body }),
            Role::Member { started: true } => ctx.send(self.epoch.sequencer, Message::Submit { id, body }),
            Role::Member { started: false } | Role::Candidate(_) => {}
        }
    }

    /// At the sequencer: a message that has no number yet gets one, and everybody is to store it. Whoever submits to a
    /// process that is not the sequencer, or not yet, will submit again when it learns who is.
    fn number(&mut self, ctx: &mut Context<'_, Sequencer>, said: Said) {
        let Role::Sequencer(numbering) = &mut self.role else { return };
        if !numbering.is_new(self.recovers, &said) {
            return;
        }
        numbering.given += 1;
        let number = numbering.given;
        let tentative = tentative(self.epoch, number, &said);
        self.stored.insert(number, (self.epoch, said));
        self.keep(ctx);
        self.tell_members(ctx, tentative);
        self.accept_all(ctx);
    }

    fn tell_members(&self, ctx: &mut Context<'_, Sequencer>, message: Message) {
        let Role::Sequencer(numbering) = &self.role else { return };
        ctx.multicast(numbering.members.iter().copied(), message);
    }

    /// A member stores a message, whatever it had under this number before, and says so.
    fn on_tentative(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64, said: Said) {
        if epoch != self.epoch {
            return;
        }
        // What is delivered may be forgotten already; it is what it was.
        if !self.recovers || number > self.delivered {
            self.stored.insert(number, (epoch, said));
            self.keep(ctx);
        }
        let delivered = if self.recovers { self.delivered } else { 0 };
        ctx.send(epoch.sequencer, Message::Stored { epoch: epoch.number, number, delivered });
        self.deliver_all(ctx);
    }

    /// At the sequencer: one more has stored a message.
    fn on_stored(
        &mut self,
        ctx: &mut Context<'_, Sequencer>,
        from: ProcessId,
        epoch: u64,
        number: u64,
        delivered: u64,
    ) {
        let Role::Sequencer(numbering) = &mut self.role else { return };
        if epoch != self.epoch.number {
            return;
        }
        numbering.note_progress(from, delivered);
        if number <= self.accepted {
            return;
        }
        numbering.acks.entry(number).or_default().insert(from);
        self.accept_all(ctx);
    }

    /// At the sequencer: what `f` others have stored, and everything before it, is accepted.
    fn accept_all(&mut self, ctx: &mut Context<'_, Sequencer>) {
        let Role::Sequencer(numbering) = &mut self.role else { return };
        let before = self.accepted;
        while self.accepted < numbering.given {
            let next = self.accepted + 1;
            let acks = numbering.acks.get(&next).map_or(0, BTreeSet::len);
            if acks < tolerated(ctx) {
                break;
            }
            numbering.acks.remove(&next);
            self.accepted = next;
        }
        if self.accepted > before {
            let forget = if self.recovers { numbering.delivered_by_all(ctx, self.delivered) } else { 0 };
            let accept = Message::Accept { epoch: self.epoch.number, number: self.accepted, forget };
            self.tell_members(ctx, accept);
            self.forget(forget);
            self.deliver_all(ctx);
        }
    }

    fn on_accept(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64, forget: u64) {
        if epoch == self.epoch {
            self.accepted = self.accepted.max(number);
            self.forget(forget);
            self.deliver_all(ctx);
        }
    }

    /// Delivers what is accepted, without a gap, as the present sequencer has it: what an earlier one left behind may
    /// have got another number since.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Sequencer>) {
        let first = self.delivered + 1;
        while self.delivered < self.accepted {
            let number = self.delivered + 1;
            let Some((epoch, said)) = self.stored.get(&number) else { break };
            if *epoch != self.epoch {
                break;
            }
            self.delivered = number;
            if said.from == ctx.me() {
                self.pending.remove(&said.id);
            }
            if self.recovers {
                self.last.insert(said.from, said.id);
            }
        }
        if self.delivered < first {
            return;
        }
        self.keep(ctx);
        for (number, (_, said)) in self.stored.range(first..=self.delivered) {
            deliver(ctx, self.numbered.then_some(*number), said.clone());
        }
    }
}

/// How many may crash: fewer than half.
fn tolerated(ctx: &Context<'_, Sequencer>) -> usize {
    (ctx.group_size() - 1) / 2
}

fn tentative(epoch: Epoch, number: u64, said: &Said) -> Message {
    let Said { from: origin, id, body } = said.clone();
    Message::Tentative { epoch: epoch.number, number, origin, id, body }
}
