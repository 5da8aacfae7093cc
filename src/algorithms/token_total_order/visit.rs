//! The token: what its holder does, how it is passed on, where it rests and how it is woken.

use super::{Message, Ring, Said, Timer, Token, TokenTotalOrder};
use crate::process::{Context, ProcessId};
use std::time::Duration;

/// How many messages one process asks for at one visit.
const ASKED_AT_ONCE: usize = 100;

impl TokenTotalOrder {
    /// Upon receipt of the token. A copy is of no use; but its sender may wait to hear that the token rests.
    pub(super) fn on_token(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, token: Token) {
        if token.ring != self.ring || token.gone.contains(&ctx.me()) {
            return;
        }
        if token.visit > self.visit {
            return self.hold(ctx, token);
        }
        if let Some(holder) = self.resting {
            ctx.send(from, Message::Rest { ring: self.ring, visit: self.visit, holder });
        }
    }

    /// What a process does with the token: send again what is asked for, send its own, ask for what it misses, note what
    /// it has, and pass the token on.
    pub(super) fn hold(&mut self, ctx: &mut Context<'_, Self>, mut token: Token) {
        self.gone.clone_from(&token.gone);
        (self.resting, self.passed, self.gathering) = (None, None, None);
        self.note_nothing(ctx, &mut token);
        loop {
            self.visit = token.visit;
            let worked = self.send_again(ctx, &mut token) | self.send_own(ctx, &mut token);
            self.highest = self.highest.max(token.highest);
            self.ask_for_missing(&mut token);
            self.note_received(ctx, &mut token);
            let open =
                !token.missing.is_empty() || token.received < token.highest || !self.pending.is_empty();
            token.idle = if worked || open { 0 } else { token.idle.saturating_add(1) };
            token.visit = token.visit.saturating_add(1);
            let members = ctx.group_size().saturating_sub(token.gone.len()) as u64;
            match self.next(ctx) {
                _ if token.idle >= 2 * members => return self.rest(ctx, token),
                Some(next) => return self.pass(ctx, next, token),
                // Alone: the next visit is here, unless it would change nothing.
                None if token.idle == 0 && !worked => return self.rest(ctx, token),
                None => {}
            }
        }
    }

    /// Learns which numbers stand for nothing. When the token is back where it began, all have learned it.
    fn note_nothing(&mut self, ctx: &mut Context<'_, Self>, token: &mut Token) {
        if token.visit > 1 && token.ring.leader == ctx.me() {
            token.nothing.clear();
        }
        let delivered = self.delivered;
        let fresh = token.nothing.iter().filter(|number| **number > delivered);
        self.store.extend(fresh.map(|number| (*number, None)));
        self.deliver_all(ctx, 0);
    }

    /// Sends what others miss, as far as it is here.
    fn send_again(&self, ctx: &mut Context<'_, Self>, token: &mut Token) -> bool {
        let before = token.missing.len();
        token.missing.retain(|number| {
            let Some(Some(said)) = self.store.get(number) else { return true };
            ctx.broadcast(said.clone().with(token.ring, *number));
            false
        });
        token.missing.len() < before
    }

    /// Numbers own messages, as many as the window allows, and sends them. As long as nobody misses anything, what all
    /// have received keeps up with what was sent.
    fn send_own(&mut self, ctx: &mut Context<'_, Self>, token: &mut Token) -> bool {
        let count = self.pending.len().min(self.config.window.max(1) as usize);
        for (id, body) in self.pending.drain(..count) {
            if token.received == token.highest {
                token.received = token.received.saturating_add(1);
            }
            token.highest = token.highest.saturating_add(1);
            let said = Said { origin: ctx.me(), id, body };
            ctx.broadcast(said.clone().with(token.ring, token.highest));
            self.store.insert(token.highest, Some(said));
        }
        self.deliver_all(ctx, 0);
        count > 0
    }

    /// Puts the numbers on the token that have not come.
    fn ask_for_missing(&self, token: &mut Token) {
        let after = self.received.saturating_add(1);
        let missing = (after..=token.highest).filter(|number| !self.store.contains_key(number));
        token.missing.extend(missing.take(ASKED_AT_ONCE));
    }

    /// Lowers what all have received to what this process has, or raises it again if it was this process that lowered
    /// it. What it was on two visits in a row, all have received: those who missed something had the token in between.
    fn note_received(&mut self, ctx: &mut Context<'_, Self>, token: &mut Token) {
        let me = ctx.me();
        if self.received < token.received || token.lowered_by.is_none_or(|lowered_by| lowered_by == me) {
            token.received = self.received;
            token.lowered_by = (token.received < token.highest).then_some(me);
        }
        let received_by_all = self.received_by_all.min(token.received);
        self.received_by_all = token.received;
        self.deliver_all(ctx, received_by_all);
        self.store.retain(|number, _| *number > received_by_all);
    }

    /// The next in the ring; nobody when all others are gone.
    fn next(&self, ctx: &Context<'_, Self>) -> Option<ProcessId> {
        let behind = ctx.group().skip(ctx.me().index() + 1);
        let all = behind.chain(ctx.group().take(ctx.me().index()));
        all.into_iter().find(|process| !self.gone.contains(process))
    }

    fn pass(&mut self, ctx: &mut Context<'_, Self>, next: ProcessId, token: Token) {
        ctx.send(next, Message::Token(token.clone()));
        self.passed = Some((next, token));
        ctx.set_timer(Timer::Resend, self.config.resend);
        self.expect_token(ctx);
    }

    /// The token stays here, and all are told where it is.
    fn rest(&mut self, ctx: &mut Context<'_, Self>, token: Token) {
        let (ring, visit, holder) = (token.ring, self.visit, ctx.me());
        self.token = Some(token);
        self.resting = Some(holder);
        ctx.cancel_timer(Timer::Resend);
        ctx.cancel_timer(Timer::TokenLoss);
        ctx.broadcast(Message::Rest { ring, visit, holder });
    }

    /// Upon hearing that the token rests: nobody need wait for it, unless there is something to say.
    pub(super) fn on_rest(&mut self, ctx: &mut Context<'_, Self>, ring: Ring, visit: u64, holder: ProcessId) {
        if ring != self.ring || visit < self.visit || self.token.is_some() || self.gathering.is_some() {
            return;
        }
        (self.visit, self.resting, self.passed) = (visit, Some(holder), None);
        ctx.cancel_timer(Timer::Resend);
        ctx.cancel_timer(Timer::TokenLoss);
        if !self.pending.is_empty() {
            self.wake(ctx);
        }
    }

    /// Asks for the token where it rests. While it goes around it comes without being asked.
    pub(super) fn wake(&self, ctx: &mut Context<'_, Self>) {
        let Some(holder) = self.resting else { return };
        ctx.send(holder, Message::Wake { ring: self.ring, visit: self.visit });
        ctx.set_timer(Timer::Resend, self.config.resend);
        self.expect_token(ctx);
    }

    /// Upon being asked for the token: off it goes, if it has not gone already.
    pub(super) fn on_wake(&mut self, ctx: &mut Context<'_, Self>, ring: Ring, visit: u64) {
        if ring != self.ring || visit != self.visit {
            return;
        }
        let Some(token) = self.token.take() else { return };
        self.hold(ctx, Token { idle: 0, ..token });
    }

    /// Upon timeout: send again what has had no effect: a gathering, a token, a call for it.
    pub(super) fn on_resend(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(gathering) = &self.gathering {
            gathering.call(ctx, self.ring, &self.gone);
        } else if let Some((next, token)) = &self.passed {
            ctx.send(*next, Message::Token(token.clone()));
        } else if let Some(holder) = self.resting.filter(|_| !self.pending.is_empty()) {
            ctx.send(holder, Message::Wake { ring: self.ring, visit: self.visit });
        } else {
            return;
        }
        ctx.set_timer(Timer::Resend, self.config.resend);
    }

    /// From now on the token is missed when it does not come.
    pub(super) fn expect_token(&self, ctx: &mut Context<'_, Self>) {
        self.expect_token_after(ctx, Duration::ZERO);
    }

    /// After this time the token is missed when it does not come; the sooner, the lower this process's id.
    pub(super) fn expect_token_after(&self, ctx: &mut Context<'_, Self>, delay: Duration) {
        let rank = self.config.resend.saturating_mul(ctx.me().0);
        let patience = self.config.token_loss.saturating_add(rank).saturating_add(delay);
        ctx.set_timer(Timer::TokenLoss, patience);
    }
}

impl Said {
    fn with(self, ring: Ring, number: u64) -> Message {
        let Self { origin, id, body } = self;
        Message::Data { ring, number, origin, id, body }
    }
}
