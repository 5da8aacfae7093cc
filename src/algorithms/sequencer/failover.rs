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

use super::{Config, Entry, Message, Said, Sequencer, Timer, deliver};
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
            detector: Heartbeat::start(ctx, config.heartbeat, everybody),
            patience: config.heartbeat.timeout,
            epoch: Epoch { number: 0, sequencer },
            role,
            sent: 0,
            pending: BTreeMap::new(),
            stored: BTreeMap::new(),
            accepted: 0,
            delivered: 0,
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
            Message::Stored { epoch, number } => self.on_stored(ctx, from, epoch, number),
            Message::Accept { epoch, number } => self.on_accept(ctx, of(epoch), number),
            Message::NewEpoch { epoch, delivered } => self.on_new_epoch(ctx, of(epoch), delivered),
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
        if !numbering.names.insert((said.from, said.id)) {
            return;
        }
        numbering.given += 1;
        let number = numbering.given;
        let tentative = tentative(self.epoch, number, &said);
        ctx.multicast(numbering.members.iter().copied(), tentative);
        self.stored.insert(number, (self.epoch, said));
        self.accept_all(ctx);
    }

    /// A member stores a message, whatever it had under this number before, and says so.
    fn on_tentative(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64, said: Said) {
        if epoch != self.epoch {
            return;
        }
        self.stored.insert(number, (epoch, said));
        ctx.send(epoch.sequencer, Message::Stored { epoch: epoch.number, number });
        self.deliver_all(ctx);
    }

    /// At the sequencer: one more has stored a message.
    fn on_stored(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId, epoch: u64, number: u64) {
        let Role::Sequencer(numbering) = &mut self.role else { return };
        if epoch != self.epoch.number || number <= self.accepted {
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
            let accept = Message::Accept { epoch: self.epoch.number, number: self.accepted };
            ctx.multicast(numbering.members.iter().copied(), accept);
            self.deliver_all(ctx);
        }
    }

    fn on_accept(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64) {
        if epoch == self.epoch {
            self.accepted = self.accepted.max(number);
            self.deliver_all(ctx);
        }
    }

    /// Delivers what is accepted, without a gap, as the present sequencer has it: what an earlier one left behind may
    /// have got another number since.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Sequencer>) {
        while self.delivered < self.accepted {
            let number = self.delivered + 1;
            let Some((epoch, said)) = self.stored.get(&number) else { return };
            if *epoch != self.epoch {
                return;
            }
            self.delivered = number;
            if said.from == ctx.me() {
                self.pending.remove(&said.id);
            }
            deliver(ctx, self.numbered.then_some(number), said.clone());
        }
    }

    /// Whether the sequencer is suspected.
    fn lacks_a_sequencer(&self, ctx: &Context<'_, Sequencer>) -> bool {
        self.epoch.sequencer != ctx.me() && self.detector.suspects(self.epoch.sequencer)
    }

    /// Upon a suspicion: the first who is not suspected takes over. Should that process not know that it should, or
    /// not live any longer, then anybody does after a while.
    fn look_for_a_sequencer(&mut self, ctx: &mut Context<'_, Sequencer>) {
        if !self.lacks_a_sequencer(ctx) {
            return ctx.cancel_timer(Timer::Impatience);
        }
        let first = ctx.group().find(|process| !self.detector.suspects(*process));
        if first == Some(ctx.me()) {
            self.take_over(ctx);
        } else {
            ctx.set_timer(Timer::Impatience, self.patience);
        }
    }

    /// Begins a new epoch: asks all who are not suspected what they have.
    fn take_over(&mut self, ctx: &mut Context<'_, Sequencer>) {
        let me = ctx.me();
        self.epoch = Epoch { number: self.epoch.number.saturating_add(1), sequencer: me };
        let found = self.stored.range(self.delivered + 1..).map(|(number, entry)| (*number, entry.clone()));
        self.role = Role::Candidate(Candidate { states: BTreeMap::new(), found: found.collect() });
        let others = ctx.group().filter(|process| *process != me && !self.detector.suspects(*process));
        ctx.multicast(others, Message::NewEpoch { epoch: self.epoch.number, delivered: self.delivered });
        self.start_if_enough_answered(ctx);
    }

    /// A later epoch: from now on nothing of earlier ones counts. Tell its sequencer what is stored here.
    fn on_new_epoch(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, delivered: u64) {
        if epoch <= self.epoch {
            return;
        }
        self.epoch = epoch;
        self.role = Role::Member { started: false };
        let after = self.stored.range(delivered.saturating_add(1)..);
        let stored = after.map(|(number, (since, said))| Entry {
            number: *number,
            epoch: since.number,
            sequencer: since.sequencer,
            origin: said.from,
            id: said.id,
            body: said.body.clone(),
        });
        let state =
            Message::State { epoch: epoch.number, delivered: self.delivered, stored: stored.collect() };
        ctx.send(epoch.sequencer, state);
        self.look_for_a_sequencer(ctx);
    }

    /// At the candidate: of what is stored under one number the latest counts. One who answers late is let in late.
    fn on_state(
        &mut self,
        ctx: &mut Context<'_, Sequencer>,
        from: ProcessId,
        epoch: u64,
        delivered: u64,
        stored: Vec<Entry>,
    ) {
        if epoch != self.epoch.number {
            return;
        }
        match &mut self.role {
            Role::Member { .. } => {}
            Role::Sequencer(_) => self.let_in(ctx, from, delivered),
            Role::Candidate(candidate) => {
                candidate.states.insert(from, delivered);
                for Entry { number, epoch, sequencer, origin, id, body } in stored {
                    let since = Epoch { number: epoch, sequencer };
                    let known = candidate.found.get(&number);
                    if number > self.delivered && known.is_none_or(|(known, _)| *known < since) {
                        candidate.found.insert(number, (since, Said { from: origin, id, body }));
                    }
                }
                self.start_if_enough_answered(ctx);
            }
        }
    }

    /// The candidate becomes the sequencer once it knows the state of so many that whatever was delivered anywhere is
    /// among it. What it found keeps its order; a number that nobody knows of was never accepted, and is given anew.
    fn start_if_enough_answered(&mut self, ctx: &mut Context<'_, Sequencer>) {
        let Role::Candidate(Candidate { states, found }) = &mut self.role else { return };
        if states.len() + 1 < ctx.group_size() - tolerated(ctx) {
            return;
        }
        let (states, found) = (std::mem::take(states), std::mem::take(found));
        drop(self.stored.split_off(&(self.delivered + 1)));
        let names = self.stored.values().map(|(_, said)| (said.from, said.id)).collect();
        let mut numbering = Numbering { given: self.delivered, names, ..Numbering::default() };
        for (_, said) in found.into_values() {
            if numbering.names.insert((said.from, said.id)) {
                numbering.given += 1;
                self.stored.insert(numbering.given, (self.epoch, said));
            }
        }
        let delivered = states.values().copied().max().unwrap_or_default();
        self.accepted = self.accepted.max(delivered).min(numbering.given);
        self.role = Role::Sequencer(numbering);
        for (member, delivered) in states {
            self.let_in(ctx, member, delivered);
        }
        self.deliver_all(ctx);
        self.accept_all(ctx);
        for (id, body) in self.pending.clone() {
            self.number(ctx, Said { from: ctx.me(), id, body });
        }
    }

    /// At the new sequencer: one more takes part, and gets what it lacks.
    fn let_in(&mut self, ctx: &mut Context<'_, Sequencer>, member: ProcessId, delivered: u64) {
        let Role::Sequencer(numbering) = &mut self.role else { return };
        numbering.members.insert(member);
        ctx.send(member, Message::Start { epoch: self.epoch.number, number: self.accepted });
        for (number, (_, said)) in self.stored.range(delivered.saturating_add(1)..) {
            ctx.send(member, tentative(self.epoch, *number, said));
        }
    }

    /// The new epoch begins: submit again what was not delivered yet; the sequencer knows what has a number already.
    fn on_start(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64) {
        if epoch != self.epoch {
            return;
        }
        self.role = Role::Member { started: true };
        self.accepted = self.accepted.max(number);
        self.deliver_all(ctx);
        for (id, body) in &self.pending {
            ctx.send(epoch.sequencer, Message::Submit { id: *id, body: body.clone() });
        }
    }

    /// A process that was suspected for nothing has not heard of this process's epoch.
    fn on_alive(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId) {
        if !self.detector.on_alive(ctx, from) {
            return;
        }
        let knows_of_it = match &self.role {
            Role::Member { .. } => return,
            Role::Candidate(candidate) => candidate.states.contains_key(&from),
            Role::Sequencer(numbering) => numbering.members.contains(&from),
        };
        if !knows_of_it {
            ctx.send(from, Message::NewEpoch { epoch: self.epoch.number, delivered: self.delivered });
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
