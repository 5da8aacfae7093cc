//! A new ring, when the token is lost: the first who misses it asks everybody what they have, and makes a new token.
//!
//! A new ring has a greater name than any before. Who has answered its leader takes no token and no data of an older
//! one, so the lost token does no harm when it turns up again; and all that was sent before is known to the leader
//! through those who have it. A number whose message nobody has was given by a process that crashed: it stands for
//! nothing, and so does every later message of a crashed process, for it may build on the lost one (section 5 of the
//! paper says the same). Two who gather at the same time do no harm: the greater name wins.

use super::{Message, Ring, Timer, Token, TokenTotalOrder};
use crate::process::{Context, ProcessId};
use std::collections::{BTreeMap, BTreeSet};

/// At the leader of a new ring: who has answered, and what they have.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Gathering {
    joined: BTreeMap<ProcessId, Holding>,
}

/// What a process has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Holding {
    /// It has heard of numbers up to this.
    pub(super) highest: u64,
    /// It has received all messages up to this number.
    pub(super) received: u64,
    /// The messages it could send, with their senders.
    pub(super) stored: BTreeMap<u64, ProcessId>,
    /// The numbers of which it knows that they stand for nothing.
    pub(super) nothing: BTreeSet<u64>,
}

impl Gathering {
    /// Asks those who have not answered yet.
    pub(super) fn call(
        &self,
        ctx: &mut Context<'_, TokenTotalOrder>,
        ring: Ring,
        gone: &BTreeSet<ProcessId>,
    ) {
        let silent = |process: &ProcessId| !self.joined.contains_key(process) && !gone.contains(process);
        let silent: Vec<ProcessId> = ctx.group().filter(silent).collect();
        ctx.multicast(silent, Message::Gather { ring });
    }

    /// The highest number that was given to a message, as far as anybody knows.
    fn highest(&self) -> u64 {
        self.joined.values().map(|holding| holding.highest).max().unwrap_or_default()
    }

    /// The numbers that stand for nothing: those of which that is known, those whose messages nobody has, and after the
    /// first of these the messages of all who did not join.
    fn nothing(&self) -> BTreeSet<u64> {
        let all = || self.joined.values();
        let received = all().map(|holding| holding.received).max().unwrap_or_default();
        let stored: BTreeMap<u64, ProcessId> = all().flat_map(|holding| holding.stored.clone()).collect();
        let mut nothing: BTreeSet<u64> = all().flat_map(|holding| holding.nothing.clone()).collect();
        let mut lost = false;
        for number in received.saturating_add(1)..=self.highest() {
            match stored.get(&number) {
                None if nothing.contains(&number) => {}
                None => {
                    lost = true;
                    nothing.insert(number);
                }
                Some(origin) if lost && !self.joined.contains_key(origin) => {
                    nothing.insert(number);
                }
                Some(_) => {}
            }
        }
        nothing
    }
}

impl TokenTotalOrder {
    /// Upon missing the token for too long: form a new ring.
    pub(super) fn on_token_loss(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        self.leave(Ring { number: self.ring.number.saturating_add(1), leader: me });
        let holding = self.holding();
        let gathering = Gathering { joined: BTreeMap::from([(me, holding)]) };
        gathering.call(ctx, self.ring, &self.gone);
        self.gathering = Some(gathering);
        ctx.set_timer(Timer::Resend, self.config.resend);
        ctx.set_timer(Timer::Gather, self.config.gather);
    }

    /// Upon a call to a new ring: forget the old one, tell the leader what is here. Who was taken for crashed calls in
    /// vain.
    pub(super) fn on_gather(&mut self, ctx: &mut Context<'_, Self>, ring: Ring) {
        let repeated = ring == self.ring && self.visit == 0 && ring.leader != ctx.me();
        if self.gone.contains(&ring.leader) || (ring <= self.ring && !repeated) {
            return;
        }
        self.leave(ring);
        let Holding { highest, received, stored, nothing } = self.holding();
        ctx.send(ring.leader, Message::Join { ring, highest, received, stored, nothing });
        ctx.cancel_timer(Timer::Resend);
        ctx.cancel_timer(Timer::Gather);
        self.expect_token_after(ctx, self.config.gather);
    }

    /// Upon an answer: when all have answered there is nobody to wait for.
    pub(super) fn on_join(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        ring: Ring,
        holding: Holding,
    ) {
        if ring != self.ring {
            return;
        }
        let Some(gathering) = &mut self.gathering else { return };
        gathering.joined.insert(from, holding);
        let all = gathering.joined.keys().chain(&self.gone).collect::<BTreeSet<_>>().len();
        if all >= ctx.group_size() {
            self.on_gathered(ctx);
        }
    }

    /// When all have answered, or the time is up: who is silent is gone, and a new token begins with what all the
    /// others have.
    pub(super) fn on_gathered(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(gathering) = self.gathering.take() else { return };
        ctx.cancel_timer(Timer::Gather);
        let gone = ctx.group().filter(|process| !gathering.joined.contains_key(process)).collect();
        let (highest, nothing) = (gathering.highest(), gathering.nothing());
        // What all have received shows on the way: whoever has less than the leader lowers it.
        let (received, lowered_by) = (self.received, (self.received < highest).then_some(ctx.me()));
        let token = Token { visit: 1, highest, received, lowered_by, nothing, gone, ..Token::new(self.ring) };
        self.hold(ctx, token);
    }

    /// Has nothing to do with the old ring any more: no token, and no word of who received what.
    fn leave(&mut self, ring: Ring) {
        (self.ring, self.visit, self.received_by_all) = (ring, 0, 0);
        (self.token, self.resting, self.passed, self.gathering) = (None, None, None, None);
    }

    fn holding(&self) -> Holding {
        let stored = self.store.iter().filter_map(|(number, said)| Some((*number, said.as_ref()?.origin)));
        let nothing = self.store.iter().filter(|(_, said)| said.is_none()).map(|(number, _)| *number);
        let (highest, received) = (self.highest, self.received);
        Holding { highest, received, stored: stored.collect(), nothing: nothing.collect() }
    }
}
