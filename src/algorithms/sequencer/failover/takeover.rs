//! How another process becomes the sequencer, and how one that was away takes part again.

use super::{
    super::{Entry, Message, Said, Sequencer, Timer},
    Candidate, Epoch, Failover, Numbering, Role, tentative, tolerated,
};
use crate::process::{Context, ProcessId};
use std::collections::BTreeMap;

impl Failover {
    /// Whether the sequencer is suspected.
    pub(super) fn lacks_a_sequencer(&self, ctx: &Context<'_, Sequencer>) -> bool {
        self.epoch.sequencer != ctx.me() && self.detector.suspects(self.epoch.sequencer)
    }

    /// Upon a suspicion: the first who is not suspected takes over. Should that process not know that it should, or
    /// not live any longer, then anybody does after a while.
    pub(super) fn look_for_a_sequencer(&mut self, ctx: &mut Context<'_, Sequencer>) {
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
    pub(super) fn take_over(&mut self, ctx: &mut Context<'_, Sequencer>) {
        let me = ctx.me();
        self.epoch = Epoch { number: self.epoch.number.saturating_add(1), sequencer: me };
        let found = self.stored.range(self.delivered + 1..).map(|(number, entry)| (*number, entry.clone()));
        self.role = Role::Candidate(Candidate { states: BTreeMap::new(), found: found.collect() });
        self.keep(ctx);
        let others = ctx.group().filter(|process| *process != me && !self.detector.suspects(*process));
        ctx.multicast(others, Message::NewEpoch { epoch: self.epoch.number, delivered: self.delivered });
        self.start_if_enough_answered(ctx);
    }

    /// A later epoch: from now on nothing of earlier ones counts. Tell its sequencer what is stored here.
    pub(super) fn on_new_epoch(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, delivered: u64) {
        if epoch < self.epoch && self.recovers {
            // Its sender was away while this process's epoch began.
            self.on_back(ctx, epoch.sequencer);
        }
        // The answer may have gone down with this process's former self.
        if epoch < self.epoch || epoch == self.epoch && !self.recovers {
            return;
        }
        self.epoch = epoch;
        self.role = Role::Member { started: false };
        self.keep(ctx);
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
    pub(super) fn on_state(
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
        let last = self.last.clone();
        let mut numbering = Numbering { given: self.delivered, names, last, ..Numbering::default() };
        for (_, said) in found.into_values() {
            if numbering.is_new(self.recovers, &said) {
                numbering.given += 1;
                self.stored.insert(numbering.given, (self.epoch, said));
            }
        }
        let delivered = states.values().copied().max().unwrap_or_default();
        self.accepted = self.accepted.max(delivered).min(numbering.given);
        self.role = Role::Sequencer(numbering);
        self.keep(ctx);
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
        numbering.note_progress(member, delivered);
        ctx.send(member, Message::Start { epoch: self.epoch.number, number: self.accepted });
        for (number, (_, said)) in self.stored.range(delivered.saturating_add(1)..) {
            ctx.send(member, tentative(self.epoch, *number, said));
        }
    }

    /// The new epoch begins: submit again what was not delivered yet; the sequencer knows what has a number already.
    pub(super) fn on_start(&mut self, ctx: &mut Context<'_, Sequencer>, epoch: Epoch, number: u64) {
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
    pub(super) fn on_alive(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId) {
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
