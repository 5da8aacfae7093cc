//! Searches: find_successor of section IV.D, passed on from member to member.

use super::{Chord, Message, Table, Timer};
use crate::{
    problems::lookup::Output,
    process::{Context, ProcessId},
};

/// A search of this process that is under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Pending {
    key: u64,
    purpose: Purpose,
    /// How often it may still be begun.
    left: u32,
    /// Who was asked first.
    first: Option<ProcessId>,
}

/// What a search is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Purpose {
    /// The application wants to know.
    Lookup { id: u64, key: u64 },
    /// This process looks for its successor, by way of a member.
    Join { via: ProcessId },
    /// This process looks after a finger, or after all of them, one after the other.
    Finger { place: u32, all: bool },
}

impl Chord {
    /// Begins a search.
    pub(super) fn search(&mut self, ctx: &mut Context<'_, Self>, key: u64, purpose: Purpose) {
        self.searches += 1;
        let left = match purpose {
            Purpose::Lookup { .. } | Purpose::Join { .. } => self.config.attempts.max(1),
            Purpose::Finger { .. } => 1,
        };
        self.pending.insert(self.searches, Pending { key, purpose, left, first: None });
        self.begin(ctx, self.searches);
    }

    /// The first step of a search, or the first again.
    fn begin(&mut self, ctx: &mut Context<'_, Self>, search: u64) {
        let Some(Pending { key, purpose, .. }) = self.pending.get(&search).cloned() else { return };
        let me = ctx.me();
        let first = match purpose {
            Purpose::Join { via } => Err(via),
            Purpose::Lookup { .. } | Purpose::Finger { .. } => self.step(ctx, key),
        };
        match first {
            Ok((owner, hops)) => self.on_found(ctx, search, key, owner, hops),
            Err(next) => {
                ctx.send(next, Message::Find { origin: me, search, key, hops: 1 });
                ctx.set_timer(Timer::Patience(search), self.config.timeout);
                if let Some(pending) = self.pending.get_mut(&search) {
                    pending.left = pending.left.saturating_sub(1);
                    pending.first = Some(next);
                }
            }
        }
    }

    /// What this member says of a key: whose it is, with how many more hops, or who knows more.
    fn step(&mut self, ctx: &Context<'_, Self>, key: u64) -> Result<(ProcessId, u32), ProcessId> {
        let (circle, me) = (self.circle, ctx.me());
        let table = self.table(ctx);
        let (here, successor) = (circle.position(me), table.successor());
        if table.predecessor.is_some_and(|before| circle.within(circle.position(before), here, key)) {
            return Ok((me, 0));
        }
        if successor == me || circle.within(here, circle.position(successor), key) {
            return Ok((successor, u32::from(successor != me)));
        }
        Err(table.closest_preceding(circle, me, key))
    }

    /// Upon a search of somebody: answered, or passed on. Who has departed passes it on to its last successor.
    pub(super) fn on_find(
        &mut self,
        ctx: &mut Context<'_, Self>,
        origin: ProcessId,
        search: u64,
        key: u64,
        hops: u32,
    ) {
        let key = self.circle.around(key);
        if !self.member {
            let next = self.table.as_ref().map(Table::successor).filter(|next| *next != ctx.me());
            let Some(next) = next else { return };
            return ctx.send(next, Message::Find { origin, search, key, hops: hops.saturating_add(1) });
        }
        match self.step(ctx, key) {
            Ok((owner, more)) => {
                ctx.send(origin, Message::Found { search, key, owner, hops: hops.saturating_add(more) });
            }
            Err(next) => {
                ctx.send(next, Message::Find { origin, search, key, hops: hops.saturating_add(1) });
            }
        }
    }

    /// Upon the result of a search.
    pub(super) fn on_found(
        &mut self,
        ctx: &mut Context<'_, Self>,
        search: u64,
        key: u64,
        owner: ProcessId,
        hops: u32,
    ) {
        let known = self.pending.get(&search).is_some_and(|pending| pending.key == key);
        if !known || owner.index() >= ctx.group_size() {
            return;
        }
        let Some(Pending { purpose, .. }) = self.pending.remove(&search) else { return };
        ctx.cancel_timer(Timer::Patience(search));
        match purpose {
            Purpose::Lookup { id, key } => ctx.produce(Output::Found { id, key, owner, hops }),
            Purpose::Join { .. } => self.on_successor(ctx, owner),
            Purpose::Finger { place, all } => self.on_finger(ctx, place, owner, all),
        }
    }

    /// A search takes too long: whoever was asked first is suspected, and it begins again.
    pub(super) fn on_patience(&mut self, ctx: &mut Context<'_, Self>, search: u64) {
        let Some(Pending { purpose, left, first, .. }) = self.pending.get(&search).cloned() else { return };
        if let (Some(first), Some(table)) = (first, &mut self.table) {
            table
                .fingers
                .iter_mut()
                .filter(|finger| **finger == Some(first))
                .for_each(|finger| *finger = None);
        }
        if left > 0 {
            return self.begin(ctx, search);
        }
        self.pending.remove(&search);
        match purpose {
            Purpose::Lookup { id, key } => ctx.produce(Output::Failed { id, key }),
            Purpose::Finger { place, all } => self.on_no_finger(ctx, place, all),
            Purpose::Join { .. } => {}
        }
    }
}
