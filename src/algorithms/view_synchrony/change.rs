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
    /// Who will be in.
    members: BTreeSet<ProcessId>,
    /// Who has answered.
    answered: BTreeSet<ProcessId>,
    /// For each view that somebody comes from, what anybody who comes from it got in it.
    fill: BTreeMap<u64, BTreeSet<Said>>,
}

impl ViewSynchrony {
    /// Whether a change is due that this process has to make: it is the lowest member that is not suspected, somebody
    /// is suspected or wants in or out, and no change is under way that can still come to an end.
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
        let coordinator = self.members.iter().find(|member| !self.suspects(**member));
        let another = self.promised.coordinator;
        if coordinator != Some(&ctx.me())
            || self.is_flushing() && another != ctx.me() && !self.suspects(another)
        {
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
        let view = self.view.max(self.promised.view) + 1;
        let alive = self.members.iter().filter(|member| !self.suspects(**member));
        let participants: BTreeSet<ProcessId> = alive.copied().chain(self.joiners()).collect();
        let members = participants.difference(&self.leaving).copied().collect();
        self.promised = Proposal { view, coordinator: ctx.me() };
        self.block(ctx);
        let me = ctx.me();
        ctx.multicast(participants.iter().copied().filter(|process| *process != me), Message::Flush { view });
        let (answered, fill) = (BTreeSet::new(), BTreeMap::new());
        self.flush = Some(Flush { view, participants, members, answered, fill });
        let (present, unstable) = self.unstable();
        self.on_flush_ok(ctx, ctx.me(), view, present, unstable);
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
        let (present, unstable) = self.unstable();
        ctx.send(from, Message::FlushOk { view, present, unstable });
    }

    /// Somebody has answered a higher number: start anew above it.
    pub(super) fn on_outdated(&mut self, ctx: &mut Context<'_, Self>, view: u64) {
        if self.flush.as_ref().is_some_and(|flush| flush.view <= view) {
            self.flush = None;
            self.promised.view = view;
            self.consider(ctx);
        }
    }

    /// Upon FLUSH-OK: once all have answered, VIEW with what anybody has.
    pub(super) fn on_flush_ok(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        view: u64,
        present: u64,
        unstable: Vec<Said>,
    ) {
        let Some(flush) = self.flush.as_mut().filter(|flush| flush.view == view) else { return };
        if !flush.participants.contains(&from) {
            return;
        }
        flush.answered.insert(from);
        if !unstable.is_empty() {
            flush.fill.entry(present).or_default().extend(unstable);
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
        if self.is_in() {
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
            return self.go_out(ctx);
        }
        ctx.produce(Output::View { id: view, members: members.clone() });
        self.members = members;
        for ((from, id), body) in self.early.remove(&view).unwrap_or_default() {
            self.deliver(ctx, from, id, body);
        }
        if !self.wanted {
            return self.leave(ctx);
        }
        self.unblock(ctx);
        self.consider(ctx);
    }

    /// The new view is without this process. If it has changed its mind meanwhile, it asks again.
    fn go_out(&mut self, ctx: &mut Context<'_, Self>) {
        self.members.clear();
        self.blocked = false;
        ctx.produce(Output::Left { view: self.view });
        if self.wanted {
            ctx.broadcast(Message::Join);
        }
    }

    /// What this process got in its present view, and the view's number; 0 when it is in none.
    fn unstable(&self) -> (u64, Vec<Said>) {
        let present = if self.is_in() { self.view } else { 0 };
        let all = self.log.iter().chain(&self.unsure);
        let said = |((from, id), body): (&(ProcessId, u64), &String)| Said {
            from: *from,
            id: *id,
            body: body.clone(),
        };
        (present, all.map(said).collect())
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
