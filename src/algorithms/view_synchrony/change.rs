//! A change of view: who starts it, the flush, the new view.

use super::{Message, Quorum, Said, ViewSynchrony};
use crate::{
    problems::view_synchrony::Output,
    process::{Context, ProcessId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Which flush it is. Of two with one number the one of the higher coordinator counts, for it took over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Proposal {
    pub(super) view: u64,
    pub(super) coordinator: ProcessId,
}

/// A flush, as its coordinator has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Flush {
    view: u64,
    /// Who has to answer.
    participants: BTreeSet<ProcessId>,
    /// Who wants to be in.
    members: BTreeSet<ProcessId>,
    /// Who has answered.
    answered: BTreeSet<ProcessId>,
    /// For each view that somebody comes from, what anybody who comes from it got in it.
    fill: BTreeMap<u64, BTreeSet<Said>>,
}

/// What a participant hands in.
pub(super) struct Answer {
    /// The number of its present view; 0 when it is in none.
    pub(super) present: u64,
    pub(super) wanted: bool,
    pub(super) unstable: Vec<Said>,
}

impl ViewSynchrony {
    /// Whether a change is due that this process has to make: it is the coordinator, somebody is suspected or wants in or
    /// out, and no change is under way that can still come to an end.
    pub(super) fn consider(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.is_in() {
            return;
        }
        if !self.has_quorum() {
            return self.block(ctx);
        }
        if !self.is_flushing() {
            self.unblock(ctx);
        }
        // Who has begun a change ends it, also if it wants to leave meanwhile; everybody else waits for it.
        let another = self.promised.coordinator;
        let elsewhere = self.is_flushing() && another != ctx.me() && !self.suspects(another);
        if elsewhere || self.flush.is_none() && self.coordinator() != Some(ctx.me()) {
            return;
        }
        let complete =
            |flush: &Flush| !flush.participants.iter().any(|participant| self.suspects(*participant));
        if self.flush.as_ref().is_some_and(complete) {
            return;
        }
        let lost = self.members.iter().any(|member| self.suspects(*member));
        let out = self.members.intersection(&self.leaving).next().is_some();
        if lost || out || self.joiners().next().is_some() || self.is_flushing() {
            self.start(ctx);
        }
    }

    /// FLUSH: to all members and joiners that are not suspected, with a number above all that were heard of.
    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        let view = self.view.max(self.promised.view).saturating_add(1);
        let alive = self.members.iter().filter(|member| !self.suspects(**member));
        let participants: BTreeSet<ProcessId> = alive.copied().chain(self.joiners()).collect();
        self.promised = Proposal { view, coordinator: ctx.me() };
        self.block(ctx);
        let me = ctx.me();
        ctx.multicast(participants.iter().copied().filter(|process| *process != me), Message::Flush { view });
        let (answered, fill) = (BTreeSet::new(), BTreeMap::new());
        let members = BTreeSet::new();
        self.flush = Some(Flush { view, participants, members, answered, fill });
        let answer = self.answer();
        self.on_flush_ok(ctx, me, view, answer);
    }

    /// Upon FLUSH: stop sending and delivering, hand in what came in the present view. A coordinator gives way.
    pub(super) fn on_flush(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, view: u64) {
        let proposal = Proposal { view, coordinator: from };
        if view <= self.view || proposal < self.promised {
            let view = self.view.max(self.promised.view);
            return ctx.send(from, Message::Outdated { view });
        }
        self.promised = proposal;
        self.flush = None;
        self.block(ctx);
        let Answer { present, wanted, unstable } = self.answer();
        ctx.send(from, Message::FlushOk { view, present, wanted, unstable });
    }

    /// Somebody has answered a higher number: start anew above it.
    pub(super) fn on_outdated(&mut self, ctx: &mut Context<'_, Self>, view: u64) {
        if self.flush.as_ref().is_some_and(|flush| flush.view <= view) {
            self.promised.view = view;
            self.start(ctx);
        }
    }

    /// Upon FLUSH-OK: once all have answered, VIEW with what anybody has, for those who want to be in.
    pub(super) fn on_flush_ok(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        view: u64,
        answer: Answer,
    ) {
        let Some(flush) = self.flush.as_mut().filter(|flush| flush.view == view) else { return };
        if !flush.participants.contains(&from) {
            return;
        }
        flush.answered.insert(from);
        if answer.wanted {
            flush.members.insert(from);
            self.leaving.remove(&from);
        } else {
            self.joining.remove(&from);
        }
        if !answer.unstable.is_empty() {
            flush.fill.entry(answer.present).or_default().extend(answer.unstable);
        }
        if flush.answered != flush.participants {
            return;
        }
        let Some(Flush { participants, members, fill, .. }) = self.flush.take() else { return };
        let fill: BTreeMap<u64, Vec<Said>> =
            fill.into_iter().map(|(present, all)| (present, all.into_iter().collect())).collect();
        let me = ctx.me();
        let others = participants.iter().copied().filter(|process| *process != me);
        ctx.multicast(others, Message::View { view, members: members.clone(), fill: fill.clone() });
        self.install(ctx, view, members, fill);
    }

    /// Upon VIEW: only if it is the end of the flush that was answered last.
    pub(super) fn on_view(
        &mut self,
        ctx: &mut Context<'_, Self>,
        coordinator: ProcessId,
        view: u64,
        members: BTreeSet<ProcessId>,
        fill: BTreeMap<u64, Vec<Said>>,
    ) {
        if self.promised == (Proposal { view, coordinator }) && view > self.view {
            self.install(ctx, view, members, fill);
        }
    }

    /// Deliver what is missing in the old view; then the new view; then what came early, and what waited.
    fn install(
        &mut self,
        ctx: &mut Context<'_, Self>,
        view: u64,
        members: BTreeSet<ProcessId>,
        mut fill: BTreeMap<u64, Vec<Said>>,
    ) {
        let was_in = self.is_in();
        if was_in {
            for Said { from, id, body } in fill.remove(&self.view).unwrap_or_default() {
                self.deliver(ctx, from, id, body);
            }
        }
        self.joining.retain(|process| !members.contains(process));
        self.leaving.retain(|process| members.contains(process));
        self.log.clear();
        self.unsure.clear();
        self.early = self.early.split_off(&view);
        self.view = view;
        if !members.contains(&ctx.me()) {
            return self.go_out(ctx, was_in);
        }
        ctx.produce(Output::View { id: view, members: members.clone() });
        self.members = members;
        for ((from, id), body) in self.early.remove(&view).unwrap_or_default() {
            self.deliver(ctx, from, id, body);
        }
        self.unblock(ctx);
        if !self.wanted {
            return self.leave(ctx);
        }
        self.consider(ctx);
    }

    /// The new view is without this process. If it has changed its mind meanwhile, it asks again.
    fn go_out(&mut self, ctx: &mut Context<'_, Self>, was_in: bool) {
        self.members.clear();
        self.blocked = false;
        if was_in {
            ctx.produce(Output::Left { view: self.view });
        }
        if self.wanted {
            ctx.broadcast(Message::Join);
        }
    }

    /// What this process got in its present view.
    fn answer(&self) -> Answer {
        let all = self.log.iter().chain(&self.unsure);
        let said = |((from, id), body): (&(ProcessId, u64), &String)| Said {
            from: *from,
            id: *id,
            body: body.clone(),
        };
        let present = if self.is_in() { self.view } else { 0 };
        Answer { present, wanted: self.wanted, unstable: all.map(said).collect() }
    }

    /// The lowest member that is there. Who asked to leave or join may be out already, and is taken only if there is
    /// nobody else.
    fn coordinator(&self) -> Option<ProcessId> {
        let there = || self.members.iter().copied().filter(|member| !self.suspects(*member));
        let settled = |member: &ProcessId| !self.leaving.contains(member) && !self.joining.contains(member);
        there().find(settled).or_else(|| there().next())
    }

    /// Those who want in and are not suspected.
    fn joiners(&self) -> impl Iterator<Item = ProcessId> {
        self.joining.difference(&self.members).copied().filter(|process| !self.suspects(*process))
    }

    /// Whether more than half of the view are there, and more than half of those who want to stay.
    fn has_quorum(&self) -> bool {
        let majority = |all: &mut dyn Iterator<Item = &ProcessId>| {
            let (alive, lost): (Vec<&ProcessId>, Vec<&ProcessId>) =
                all.partition(|process| !self.suspects(**process));
            alive.len() > lost.len() || lost.is_empty()
        };
        self.quorum == Quorum::None
            || majority(&mut self.members.iter()) && majority(&mut self.members.difference(&self.leaving))
    }

    fn block(&mut self, ctx: &mut Context<'_, Self>) {
        if self.is_in() && !self.blocked {
            self.blocked = true;
            ctx.produce(Output::Blocked);
        }
    }

    fn unblock(&mut self, ctx: &mut Context<'_, Self>) {
        self.blocked = false;
        for ((_, id), body) in std::mem::take(&mut self.queue) {
            self.send(ctx, id, body);
        }
    }
}
