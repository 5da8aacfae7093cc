//! What is said of members: how it spreads, what it does, and how the member concerned refutes it (section 4).

use super::{Health, News, Swim, Timer};
use crate::{
    algorithms::parts::peers::any_place,
    process::{Context, ProcessId},
};

impl Swim {
    pub(super) fn news_for(&mut self, ctx: &Context<'_, Self>, to: ProcessId) -> Vec<News> {
        let times = self.config.spread.saturating_mul(ctx.group_size().ilog2() + 1);
        self.members.pick(ctx.me(), to, self.config.news_max, times)
    }

    pub(super) fn learn_all(&mut self, ctx: &mut Context<'_, Self>, news: Vec<News>) {
        for news in news {
            if self.inside && news.process.index() < ctx.group_size() {
                self.learn(ctx, news);
            }
        }
    }

    /// Believes what overrides what was known, tells the application, and gives a suspect its time.
    pub(super) fn learn(&mut self, ctx: &mut Context<'_, Self>, news: News) {
        let process = news.process;
        if process == ctx.me() {
            return self.learn_of_oneself(ctx, news);
        }
        let active_before = self.members.get(process).is_some_and(News::is_active);
        if !self.members.merge(news) {
            return;
        }
        ctx.produce(news.output());
        match news.is {
            Health::Suspected => ctx.set_timer(Timer::Suspicion(process), self.config.suspicion),
            Health::Alive | Health::Dead | Health::Left => ctx.cancel_timer(Timer::Suspicion(process)),
        }
        if news.is_active() && !active_before {
            // Section 4.3: a new member is probed at some time in this round.
            let place = any_place(ctx, self.round.len() + 1).unwrap_or(0);
            self.round.insert(place, process);
        }
    }

    /// Only this process itself raises its incarnation, and begins a new life.
    fn learn_of_oneself(&mut self, ctx: &mut Context<'_, Self>, news: News) {
        let Some(own) = self.members.get(news.process).copied() else { return };
        if news.life != own.life || !news.overrides(&own) {
            return;
        }
        match news.is {
            Health::Alive | Health::Left => {}
            Health::Suspected => {
                let own = News { incarnation: news.incarnation.saturating_add(1), ..own };
                self.members.set(own);
                ctx.produce(own.output());
            }
            Health::Dead if self.config.rejoin => self.new_life(ctx, self.stable.membership),
            Health::Dead => {
                self.members.set(news);
                self.stop(ctx);
            }
        }
    }

    pub(super) fn suspect(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId) {
        let known = self.members.get(process).copied();
        if let Some(known) = known.filter(|known| known.is == Health::Alive) {
            self.learn(ctx, News { is: Health::Suspected, ..known });
        }
    }

    pub(super) fn on_suspicion_timeout(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId) {
        let known = self.members.get(process).copied();
        if let Some(known) = known.filter(|known| self.inside && known.is == Health::Suspected) {
            self.learn(ctx, News { is: Health::Dead, ..known });
        }
    }
}
