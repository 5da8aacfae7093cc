//! Total order by a token (Amir et al. 1995, section 4) and its mutants. This token never rests: runs have an end.

use super::{deliver, forks, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::token_total_order::{self, TokenTotalOrder, When},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId, Verdict},
    world::{Action, LinkPattern, Probability, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Who misses the token makes another one like it, and asks nobody.
    SecondToken,
    /// Any token is taken, old ones and copies too.
    AcceptsCopies,
    /// A message gets the highest number that was given, and only then is that raised.
    NumbersTooLate,
    /// Everybody raises what all have received, whoever lowered it.
    RaisesForOthers,
    /// Nobody asks for what is missing.
    NeverAsks,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    safe: bool,
    /// After how many milliseconds without the token process 1 takes it for lost; 0 when never.
    patience: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
struct Token {
    visit: u64,
    seq: u64,
    aru: u64,
    aru_id: Option<u32>,
    rtr: BTreeSet<u64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Token(Token),
    Data(u64, (ProcessId, u64, String)),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    safe: bool,
    patience: u64,
    visit: u64,
    seq: u64,
    sent: u64,
    pending: VecDeque<(u64, String)>,
    store: BTreeMap<u64, (ProcessId, u64, String)>,
    aru: u64,
    previous: u64,
    delivered: u64,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("token-mutant");

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let Config { bug, safe, patience } = *config;
        let (pending, store) = (VecDeque::new(), BTreeMap::new());
        let (visit, seq, sent, aru, previous, delivered) = (0, 0, 0, 0, 0, 0);
        if ctx.me() == ProcessId(0) {
            ctx.send(ProcessId(0), Message::Token(Token { visit: 1, ..Token::default() }));
        }
        Self { bug, safe, patience, visit, seq, sent, pending, store, aru, previous, delivered }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        self.pending.push_back((self.sent, body));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        match message {
            Message::Token(token) if token.visit > self.visit || self.bug == Bug::AcceptsCopies => {
                self.hold(ctx, token);
            }
            Message::Token(_) => {}
            Message::Data(seq, said) => {
                self.seq = self.seq.max(seq);
                self.store.entry(seq).or_insert(said);
                self.deliver_all(ctx, 0);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        let (visit, seq, aru) = (self.visit + 2, self.seq, self.aru);
        self.hold(ctx, Token { visit, seq, aru, ..Token::default() });
    }
}

impl Mutant {
    fn hold(&mut self, ctx: &mut Context<'_, Self>, mut token: Token) {
        self.visit = self.visit.max(token.visit);
        token.rtr.retain(|seq| match self.store.get(seq) {
            Some(said) => {
                ctx.broadcast(Message::Data(*seq, said.clone()));
                false
            }
            None => true,
        });
        for (id, body) in std::mem::take(&mut self.pending) {
            let said = (ctx.me(), id, body);
            let number = if self.bug == Bug::NumbersTooLate { token.seq.max(1) } else { token.seq + 1 };
            if token.aru == token.seq {
                token.aru += 1;
            }
            token.seq += 1;
            ctx.broadcast(Message::Data(number, said.clone()));
            self.store.entry(number).or_insert(said);
        }
        self.seq = self.seq.max(token.seq);
        self.deliver_all(ctx, 0);
        if self.bug != Bug::NeverAsks {
            token.rtr.extend((self.aru + 1..=token.seq).filter(|seq| !self.store.contains_key(seq)));
        }
        let mine = token.aru_id.is_none_or(|id| id == ctx.me().0) || self.bug == Bug::RaisesForOthers;
        if self.aru < token.aru || mine {
            token.aru = self.aru;
            token.aru_id = (token.aru < token.seq).then_some(ctx.me().0);
        }
        let stable = token.aru.min(self.previous);
        self.previous = token.aru;
        self.deliver_all(ctx, stable);
        token.visit += 1;
        let next = ProcessId((ctx.me().0 + 1) % ctx.group_size() as u32);
        ctx.send(next, Message::Token(token));
        if self.patience > 0 && ctx.me() == ProcessId(1) {
            ctx.set_timer((), Duration::from_millis(self.patience));
        }
    }

    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>, stable: u64) {
        while self.store.contains_key(&(self.aru + 1)) {
            self.aru += 1;
        }
        let limit = if self.safe { stable.min(self.aru) } else { self.aru };
        while self.delivered < limit {
            self.delivered += 1;
            let (from, id, body) = self.store[&self.delivered].clone();
            deliver(ctx, from, id, body);
        }
    }
}

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order", "total-order"];

fn config(bug: Bug) -> Config {
    Config { bug, ..Config::default() }
}

fn busy() -> Trial<Broadcast> {
    said(3, &[(0, 1), (3, 0), (10, 2), (11, 1), (30, 0), (31, 0), (50, 2)]).until(300)
}

/// What the algorithm itself does with a token that is missed as soon as that.
fn impatient(token_loss: u64) -> token_total_order::Config {
    let milliseconds = Duration::from_millis;
    token_total_order::Config {
        token_loss: milliseconds(token_loss),
        resend: milliseconds(30),
        gather: milliseconds(3_000),
        ..Default::default()
    }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for safe in [false, true] {
        busy().survives::<Mutant>(&Config { safe, ..Config::default() }, PROMISES);
        busy().duplicating().survives::<Mutant>(&Config { safe, ..Config::default() }, PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    forks::<Mutant>(&busy(), &config(Bug::NumbersTooLate), (12, 10));
    busy().kills::<Mutant>(&config(Bug::NumbersTooLate), "validity", (u64::MAX, u64::MAX));
    busy().losing(20).kills::<Mutant>(&config(Bug::NeverAsks), "validity", (u64::MAX, u64::MAX));
    // Copies of copies: few at first, and not for long.
    let mut copies = busy().until(120);
    copies.setup.network.duplicate = Probability::parts_per_billion(100_000_000);
    forks::<Mutant>(&copies, &config(Bug::AcceptsCopies), (20, 20));
}

/// The catalogue's break: the token is missed though it is not lost, and made again on the same ring. Two processes give
/// the same number. The algorithm itself, as impatient, forms a new ring each time, and nothing happens.
#[test]
fn a_second_token_on_the_same_ring_breaks_total_order() {
    let trial = said(3, &[(15, 0), (30, 2), (35, 0), (36, 1), (50, 2), (60, 1), (61, 0)]).until(400);
    let second = Config { bug: Bug::SecondToken, safe: false, patience: 15 };
    forks::<Mutant>(&trial, &second, (10, 9));
    // Each process delivers the one that came first; the other never finds its place there.
    trial.kills::<Mutant>(&second, "agreement", (u64::MAX, u64::MAX));
    let mut at_rest = trial;
    at_rest.setup.until = None;
    at_rest.survives::<TokenTotalOrder>(&impatient(25), PROMISES);
    at_rest.losing(5).survives::<TokenTotalOrder>(&impatient(60), PROMISES);
}

/// Nobody but its sender ever gets the message: safe delivery waits for ever. Who takes another's word back, that it
/// lacks something, delivers what nobody else has.
#[test]
fn raising_what_another_lowered_delivers_too_early() {
    let mut trial = said(3, &[(0, 0)]).until(300);
    for (to, nth) in [1, 2].into_iter().flat_map(|to| (1..30).map(move |nth| (to, nth))) {
        let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(to)) };
        trial = trial.with(0, Action::Drop { links, kind: Some("Data".into()), nth });
    }
    let safe = |bug| Config { bug, safe: true, patience: 0 };
    trial.kills::<Mutant>(&safe(Bug::RaisesForOthers), "agreement", (u64::MAX, u64::MAX));
    trial.each_run::<Mutant>(&safe(Bug::None), &["agreement"], |seed, _, verdicts| {
        assert_eq!(verdicts, [Verdict::Vacuous], "seed {seed}: nobody delivers anything");
    });
}

/// The data is lost on every way to everybody, then its sender crashes: with agreed delivery it was the only one to
/// deliver it, with safe delivery nobody did.
#[test]
fn only_safe_delivery_binds_those_who_crash() {
    let mut trial = said(3, &[(1, 0), (50, 1), (60, 2)]);
    for to in [1, 2] {
        let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(to)) };
        trial = trial.with(0, Action::Drop { links, kind: Some("data".into()), nth: 1 });
    }
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: Some(3) };
    let trial = trial.with(0, crash);
    let config = |delivery| token_total_order::Config { delivery, ..impatient(300) };
    trial.kills::<TokenTotalOrder>(&config(When::Agreed), "uniform-agreement", (u64::MAX, u64::MAX));
    trial.survives::<TokenTotalOrder>(
        &config(When::Safe),
        &["uniform-agreement", "agreement", "total-order", "validity"],
    );
    trial.survives::<TokenTotalOrder>(&config(When::Agreed), &["agreement", "total-order", "validity"]);
}

/// Timeouts that make no sense cost messages, not promises.
#[test]
fn odd_timeouts_do_no_harm() {
    let none = Duration::ZERO;
    let config = token_total_order::Config {
        window: 0,
        resend: none,
        token_loss: none,
        gather: none,
        ..Default::default()
    };
    let trial = said(3, &[(0, 0), (3, 1), (9, 2)]).until(100);
    trial.each_run::<TokenTotalOrder>(&config, &["integrity"], |seed, _, verdicts| {
        assert!(!matches!(verdicts, [Verdict::Violated { .. }]), "seed {seed}: {verdicts:?}");
    });
}
