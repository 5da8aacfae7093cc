//! Maintenance: stabilize, notify and fix_fingers of section IV.E, successor lists, departures.

use super::{Chord, Message, Purpose, Table, Timer};
use crate::process::{Context, ProcessId};

/// After so many periods without a word from it, the predecessor is taken for gone.
const PATIENCE: u32 = 3;

impl Chord {
    /// A newcomer has found its successor: it is a member, and looks for its fingers.
    pub(super) fn on_successor(&mut self, ctx: &mut Context<'_, Self>, successor: ProcessId) {
        if self.member {
            return;
        }
        self.table = Some(Table::after(successor, self.circle.bits()));
        self.become_member(ctx);
        if successor != ctx.me() {
            ctx.send(successor, Message::Stabilize);
        }
        self.fix(ctx, 1, true);
    }

    /// Once in a period: is the successor still there, and who has come between? Is the predecessor? Is this finger right?
    pub(super) fn on_period(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.member {
            return;
        }
        ctx.set_timer(Timer::Period, self.config.period);
        let (me, waited) = (ctx.me(), self.waits);
        self.silence = self.silence.saturating_add(1);
        let silent = self.silence >= PATIENCE;
        let table = self.table(ctx);
        if waited {
            let silent = table.successor();
            table.forget(me, silent);
        }
        if silent {
            table.predecessor = None;
        }
        if table.successor() == me
            && let Some(before) = table.predecessor
        {
            table.successors = vec![before];
        }
        let successor = table.successor();
        self.waits = successor != me;
        if self.waits {
            ctx.send(successor, Message::Stabilize);
        }
        let place = self.next_finger;
        self.fix(ctx, place, false);
    }

    /// Who is before this member, and who is after it.
    pub(super) fn on_stabilize(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if !self.member {
            return;
        }
        let Table { predecessor, successors, .. } = self.table(ctx).clone();
        if predecessor == Some(from) {
            self.silence = 0;
        }
        ctx.send(from, Message::Neighbours { predecessor, successors });
    }

    /// The successor answers. Whoever is between is the successor from now on, and is told so.
    pub(super) fn on_neighbours(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        predecessor: Option<ProcessId>,
        successors: Vec<ProcessId>,
    ) {
        let (circle, me, length, size) = (self.circle, ctx.me(), self.successors(), ctx.group_size());
        if !self.member || self.table(ctx).successor() != from {
            return;
        }
        self.waits = false;
        let (start, end) = (circle.position(me), circle.position(from));
        let between = predecessor.filter(|id| id.index() < size && circle.between(start, end, *id));
        let after = successors.into_iter().filter(|id| id.index() < size);
        let table = self.table(ctx);
        table.follow(me, between.into_iter().chain([from]).chain(after), length);
        let successor = table.successor();
        if successor != me {
            ctx.send(successor, Message::Notify);
        }
    }

    /// Somebody might be the predecessor: it is, if it is closer than who was.
    pub(super) fn on_notify(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if !self.member {
            return;
        }
        let (circle, me) = (self.circle, ctx.me());
        let table = self.table(ctx);
        let closer = |before: ProcessId| circle.between(circle.position(before), circle.position(me), from);
        if table.predecessor.is_none_or(closer) {
            table.predecessor = Some(from);
        }
        let heard = table.predecessor == Some(from);
        if table.successor() == me {
            table.successors = vec![from];
        }
        if heard {
            self.silence = 0;
        }
    }

    /// A neighbour departs: its neighbours on the other side take its place.
    pub(super) fn on_depart(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        predecessor: Option<ProcessId>,
        successors: Vec<ProcessId>,
    ) {
        if !self.member {
            return;
        }
        let (me, length) = (ctx.me(), self.successors());
        let table = self.table(ctx);
        let (was_before, was_next) = (table.predecessor == Some(from), table.successor() == from);
        let heir = successors.first().copied().filter(|heir| *heir != from && *heir != me);
        for finger in table.fingers.iter_mut().filter(|finger| **finger == Some(from)) {
            *finger = heir;
        }
        table.forget(me, from);
        if was_before {
            table.predecessor = predecessor.filter(|id| *id != from && *id != me);
        }
        if was_next {
            table.follow(me, successors, length);
            self.waits = false;
        }
    }

    /// Looks after a finger, or after the next that the successor is not.
    pub(super) fn fix(&mut self, ctx: &mut Context<'_, Self>, place: u32, all: bool) {
        let (circle, me) = (self.circle, ctx.me());
        let (here, bits) = (circle.position(me), circle.bits());
        let table = self.table(ctx);
        let (successor, mut place) = (table.successor(), place.max(1));
        table.fingers[0] = Some(successor).filter(|next| *next != me);
        let near =
            |place: u32| circle.within(here, circle.position(successor), circle.around(here + (1 << place)));
        while place < bits && near(place) {
            table.fingers[place as usize] = Some(successor).filter(|next| *next != me);
            place += 1;
        }
        if place >= bits {
            self.next_finger = 1;
            return;
        }
        self.next_finger = place + 1;
        self.search(ctx, circle.around(here + (1 << place)), Purpose::Finger { place, all });
    }

    /// A finger is found, and so are those after it that begin before it.
    pub(super) fn on_finger(&mut self, ctx: &mut Context<'_, Self>, place: u32, found: ProcessId, all: bool) {
        if !self.member {
            return;
        }
        let (circle, me) = (self.circle, ctx.me());
        let (here, bits) = (circle.position(me), circle.bits());
        let table = self.table(ctx);
        let mut next = place;
        let covered = |next: u32| {
            found == me || circle.within(here, circle.position(found), circle.around(here + (1 << next)))
        };
        while next < bits && (next == place || covered(next)) {
            table.fingers[next as usize] = Some(found).filter(|found| *found != me);
            next += 1;
        }
        self.next_finger = if next >= bits { 1 } else { next };
        if all && next < bits {
            self.fix(ctx, next, true);
        }
    }

    /// Nobody can say who a finger is.
    pub(super) fn on_no_finger(&mut self, ctx: &mut Context<'_, Self>, place: u32, all: bool) {
        if !self.member {
            return;
        }
        self.table(ctx).fingers[place as usize] = None;
        if all && place + 1 < self.circle.bits() {
            self.fix(ctx, place + 1, true);
        }
    }
}
