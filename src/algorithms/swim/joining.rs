//! Joining, with a new life each time, and leaving.

use super::{Health, Membership, Message, News, SHORTEST, Stable, Swim, Timer, members::Members};
use crate::{
    algorithms::parts::peers::some_of,
    problems::failure_detection::Output,
    process::{Context, ProcessId},
};

impl Swim {
    /// Begins a new life, and says so.
    pub(super) fn new_life(&mut self, ctx: &mut Context<'_, Self>, membership: Membership) {
        self.stable = Stable { life: self.stable.life + 1, membership };
        ctx.save(self.stable.clone());
        let own = News { life: self.stable.life, ..News::initial(ctx.me()) };
        self.members.set(own);
        ctx.produce(own.output());
    }

    /// Upon a request to join; by way of itself a process founds a group of its own.
    pub(super) fn on_join_request(&mut self, ctx: &mut Context<'_, Self>, contact: ProcessId) {
        if self.inside || contact.index() >= ctx.group_size() {
            return;
        }
        self.members = Members::default();
        self.new_life(ctx, Membership::Joined(contact));
        self.ask_to_join(ctx, contact);
    }

    pub(super) fn ask_to_join(&mut self, ctx: &mut Context<'_, Self>, contact: ProcessId) {
        if contact == ctx.me() {
            ctx.produce(Output::Joined);
            return self.begin(ctx);
        }
        ctx.send(contact, Message::Join { life: self.stable.life });
        ctx.set_timer(Timer::Join, self.config.period.max(SHORTEST));
    }

    pub(super) fn on_join_timeout(&mut self, ctx: &mut Context<'_, Self>) {
        if let Membership::Joined(contact) = self.stable.membership
            && !self.inside
        {
            self.ask_to_join(ctx, contact);
        }
    }

    /// A member tells the newcomer who else is one; all others hear of it as news.
    pub(super) fn on_join(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, life: u64) {
        if self.inside {
            self.learn(ctx, News { life, ..News::initial(from) });
            ctx.send(from, Message::Welcome { news: self.members.all() });
        }
    }

    pub(super) fn on_welcome(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, news: Vec<News>) {
        if self.inside || self.stable.membership != Membership::Joined(from) {
            return;
        }
        ctx.cancel_timer(Timer::Join);
        ctx.produce(Output::Joined);
        self.begin(ctx);
        self.learn_all(ctx, news);
    }

    /// As many as would be asked for help, and one more, hear of it first.
    pub(super) fn on_leave(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(own) = self.members.get(ctx.me()).copied().filter(|_| self.inside) else { return };
        let own = News { is: Health::Left, ..own };
        self.members.set(own);
        let others = self.members.active_but(ctx.me());
        for other in some_of(ctx, others, self.config.helpers.saturating_add(1)) {
            ctx.send(other, Message::Farewell { news: vec![own] });
        }
        self.stop(ctx);
    }

    pub(super) fn stop(&mut self, ctx: &mut Context<'_, Self>) {
        self.stable.membership = Membership::Left;
        ctx.save(self.stable.clone());
        (self.inside, self.open) = (false, None);
        ctx.cancel_timer(Timer::Period);
        ctx.cancel_timer(Timer::Ping);
        ctx.produce(Output::Outside);
    }
}
