//! The asking side: a request becomes a question, which goes from zone to zone until there is an answer.

use super::{
    Finding, HierarchicalNaming, Message, Outcome, Question, ROOT, Referral, Timer, Wanted, path_of,
};
use crate::{
    problems::naming::Output,
    process::{Context, LocalTime, ProcessId},
};

/// A request that is under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Open {
    /// The name as it was asked for.
    name: String,
    /// What is asked now, and since when.
    question: Question,
    since: LocalTime,
    /// Who may be asked.
    servers: Vec<ProcessId>,
    /// How often they were.
    attempt: u32,
    /// How many servers have referred to another.
    hops: u32,
}

impl HierarchicalNaming {
    /// The application wants an address: it may be known here, or where to go on.
    pub(super) fn on_resolve(&mut self, ctx: &mut Context<'_, Self>, name: String) {
        let (path, now) = (path_of(&name), ctx.now());
        if let Some(finding) = self.cache.finding(ROOT, &path, now) {
            return tell(ctx, self.stable.asked, name, &Wanted::Address, Finding { hops: 0, ..finding });
        }
        let (start, rest) = self.cache.nearest(&path, now).unwrap_or_else(|| (self.root(), path));
        self.open(ctx, name, start, rest, Wanted::Address);
    }

    /// The application wants a name changed: that is for the server of its zone, and for nobody's cache.
    pub(super) fn on_change(&mut self, ctx: &mut Context<'_, Self>, name: String, wanted: Wanted) {
        let path = path_of(&name);
        self.cache.forget(ROOT, &path);
        self.open(ctx, name, self.root(), path, wanted);
    }

    fn root(&self) -> Referral {
        self.referral(ROOT)
    }

    fn open(
        &mut self,
        ctx: &mut Context<'_, Self>,
        name: String,
        start: Referral,
        path: String,
        wanted: Wanted,
    ) {
        let id = self.stable.asked;
        let question = Question { origin: ctx.me(), id, zone: start.zone, path, wanted };
        let open = Open { name, question, since: ctx.now(), servers: start.servers, attempt: 0, hops: 0 };
        self.open.insert(id, open);
        self.ask(ctx, id);
    }

    /// Asks the server whose turn it is. Changes are for the zone's own server only.
    fn ask(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some(open) = self.open.get(&id) else { return };
        let changes = open.question.wanted != Wanted::Address;
        let turn = if changes { 0 } else { open.attempt as usize % open.servers.len().max(1) };
        let Some(server) = open.servers.get(turn) else { return };
        ctx.send(*server, Message::Ask { question: open.question.clone(), attempt: open.attempt });
        ctx.set_timer(Timer::Patience(id), self.config.timeout);
    }

    /// Nobody answered: the next one is asked, or the application is told that time ran out.
    pub(super) fn ask_again(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.attempt += 1;
        if open.attempt < self.config.attempts.max(1) {
            return self.ask(ctx, id);
        }
        let name = std::mem::take(&mut open.name);
        self.open.remove(&id);
        ctx.produce(Output::TimedOut { id, name });
    }

    /// Iterative: a server says who knows more; the name gets shorter each time.
    pub(super) fn on_refer(
        &mut self,
        ctx: &mut Context<'_, Self>,
        question: &Question,
        next: Referral,
        rest: String,
    ) {
        let Some(open) = self.open.get_mut(&question.id) else { return };
        if open.question != *question || rest.len() >= open.question.path.len() || next.servers.is_empty() {
            return;
        }
        let whole = path_of(&open.name);
        if let Some(prefix) = whole.strip_suffix(&rest).and_then(|prefix| prefix.strip_suffix('/'))
            && !self.config.ttl.is_zero()
        {
            self.cache.keep_referral(prefix, &next, open.since.after(self.config.ttl));
        }
        open.question = Question { zone: next.zone, path: rest, ..question.clone() };
        (open.servers, open.since) = (next.servers, ctx.now());
        (open.attempt, open.hops) = (0, open.hops + 1);
        self.ask(ctx, question.id);
    }

    /// There is an answer: for somebody on whose behalf this process asked, or for its own application.
    pub(super) fn on_answer(&mut self, ctx: &mut Context<'_, Self>, question: &Question, finding: Finding) {
        if let Some(relay) = self.relays.remove(question) {
            return self.pass_back(ctx, question, relay, finding);
        }
        if self.open.get(&question.id).is_none_or(|open| open.question != *question) {
            return;
        }
        let Some(Open { name, since, hops, .. }) = self.open.remove(&question.id) else { return };
        ctx.cancel_timer(Timer::Patience(question.id));
        if question.wanted == Wanted::Address {
            // What is kept is kept by the whole name.
            let whole = Question { zone: ROOT.into(), path: path_of(&name), ..question.clone() };
            self.cache.keep(&whole, &finding, since);
        }
        let hops = hops + finding.hops;
        tell(ctx, question.id, name, &question.wanted, Finding { hops, ..finding });
    }
}

/// Tells the application what came of its request.
fn tell(ctx: &mut Context<'_, HierarchicalNaming>, id: u64, name: String, wanted: &Wanted, finding: Finding) {
    let Finding { outcome, cached, hops, .. } = finding;
    ctx.produce(match (outcome, wanted) {
        (Outcome::Done, Wanted::Registration(address)) => {
            Output::Registered { id, name, address: address.clone() }
        }
        (Outcome::Done, Wanted::Removal | Wanted::Address) => Output::Unregistered { id, name },
        (Outcome::Address(address), _) => Output::Resolved { id, name, address, hops, cached },
        (Outcome::NotFound, _) => Output::NotFound { id, name, hops, cached },
    });
}
