//! Call semantics (Birrell and Nelson 1984; Coulouris, Dollimore, Kindberg 5.3.1), their mutants, and the museum's cases.

use super::{bind, call, crash, increment, lookup, restart};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::rpc::{Config, Durable, Rpc, Semantics},
    problems::rpc::{
        self, Answer, Output, Request,
        objects::{Interface, Method, always},
    },
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// No bug: an execution takes a while.
    Works,
    /// At least once: what arrives is executed.
    NoHistory,
    /// The replies are not saved; the counter is.
    Volatile,
    /// Of each client only the last reply is kept.
    LastOnly,
    /// Replies are kept by number, whoever called.
    NoClient,
    /// Replies are kept for 5 ms.
    ShortMemory,
    /// A call that is being executed is not known yet.
    Concurrent,
    /// Each attempt has a number of its own.
    NewNumber,
    /// Any return answers the oldest call.
    AnyReturn,
    /// It gives up after one attempt and says nothing.
    GivesUp,
    /// An exception is turned into a value.
    Defaults,
}

/// The counter, and the replies by client and number.
type Kept = (u64, BTreeMap<(u32, u64), Answer>);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    asked: u64,
    attempts: u64,
    open: BTreeMap<u64, (Method, String)>,
    kept: Kept,
    working: BTreeMap<(u32, u64), (ProcessId, Message)>,
}

/// A call by its number among the client's attempts, or a return.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Call { number: u64, id: u64, method: Method, argument: String },
    Return { number: u64, id: u64, answer: Answer },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Timer {
    Patience(u64),
    Forget(u32, u64),
    Work(u32, u64),
}

impl Process for Mutant {
    type Problem = rpc::Rpc;
    type Config = Bug;
    type Message = Message;
    type Timer = Timer;
    type Stable = Kept;
    const DESCRIPTION: Description = Description::named("rpc-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, kept: Kept) -> Self {
        let (open, working) = (BTreeMap::new(), BTreeMap::new());
        Self { bug: *bug, asked: 0, attempts: 1000, open, kept, working }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        let Request::Call { method, argument, .. } = request else { return };
        self.open.insert(self.asked, (method, argument));
        self.transmit(ctx, self.asked);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Call { .. } => self.on_call(ctx, from, message),
            Message::Return { number: _, id, answer } => self.on_return(ctx, id, answer),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience(_) if self.bug == Bug::GivesUp => {}
            Timer::Patience(id) if self.open.contains_key(&id) => self.transmit(ctx, id),
            Timer::Patience(_) => {}
            Timer::Forget(client, number) => drop(self.kept.1.remove(&(client, number))),
            Timer::Work(client, number) => {
                if let Some((from, call)) = self.working.remove(&(client, number)) {
                    self.execute(ctx, from, (client, number % 10_000), call);
                }
            }
        }
    }
}

impl Mutant {
    fn transmit(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some((method, argument)) = self.open.get(&id).cloned() else { return };
        self.attempts += 1;
        let number = if self.bug == Bug::NewNumber { self.attempts } else { id };
        ctx.send(ProcessId(0), Message::Call { number, id, method, argument });
        ctx.set_timer(Timer::Patience(id), Duration::from_millis(25));
    }

    fn on_call(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, call: Message) {
        let Message::Call { number, id, .. } = call else { return };
        let key = (if self.bug == Bug::NoClient { 0 } else { from.0 }, number);
        let known = self.kept.1.get(&key).cloned();
        if let Some(answer) = known.filter(|_| self.bug != Bug::NoHistory) {
            return ctx.send(from, Message::Return { number, id, answer });
        }
        match self.bug {
            Bug::Works if self.working.contains_key(&key) => {}
            Bug::Works | Bug::Concurrent => {
                // A place of its own for each execution.
                let place =
                    (key.0, if self.bug == Bug::Works { key.1 } else { key.1 + 10_000 * self.attempts });
                self.attempts += 1;
                self.working.insert(place, (from, call));
                ctx.set_timer(Timer::Work(place.0, place.1), Duration::from_millis(30));
            }
            _ => self.execute(ctx, from, key, call),
        }
    }

    fn execute(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, key: (u32, u64), call: Message) {
        let Message::Call { number, id, method, argument } = call else { return };
        let answer = always(method, &argument).unwrap_or_else(|| {
            self.kept.0 += 1;
            Answer::Returned(self.kept.0.to_string())
        });
        if self.bug == Bug::LastOnly {
            self.kept.1.retain(|(client, _), _| *client != key.0);
        }
        self.kept.1.insert(key, answer.clone());
        let saved = if self.bug == Bug::Volatile { BTreeMap::new() } else { self.kept.1.clone() };
        ctx.save((self.kept.0, saved));
        if self.bug == Bug::ShortMemory {
            ctx.set_timer(Timer::Forget(key.0, key.1), Duration::from_millis(5));
        }
        ctx.produce(Output::Executed { client: to, call: id, answer: answer.clone() });
        ctx.send(to, Message::Return { number, id, answer });
    }

    fn on_return(&mut self, ctx: &mut Context<'_, Self>, mut id: u64, mut answer: Answer) {
        if self.bug == Bug::AnyReturn {
            id = self.open.first_key_value().map_or(0, |(oldest, _)| *oldest);
        }
        if self.open.remove(&id).is_none() {
            return;
        }
        ctx.cancel_timer(Timer::Patience(id));
        if self.bug == Bug::Defaults && matches!(answer, Answer::Raised(_)) {
            answer = Answer::Returned("0".into());
        }
        ctx.produce(Output::Answered { call: id, answer });
    }
}

const SAFE: &[&str] = &["at-most-once", "at-least-once", "matching", "answered"];

fn one_call() -> Trial<rpc::Rpc> {
    Trial::of(2, [increment(0, 1)])
}

/// Two clients, two calls each at once.
fn four_calls() -> Trial<rpc::Rpc> {
    let echo = |at: u64, node: u32| call(at, node, Method::Echo, &node.to_string());
    Trial::of(3, [echo(0, 1), echo(0, 2), echo(1, 1), call(2, 2, Method::Sqrt, "-4")])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for bug in [Bug::None, Bug::Works] {
        for trial in [one_call(), four_calls(), four_calls().duplicating().losing(20)] {
            trial.survives::<Mutant>(&bug, SAFE);
        }
        let crashing =
            one_call().with(15, crash(0)).with(16, restart(0)).with(30, crash(0)).with(31, restart(0));
        crashing.survives::<Mutant>(&bug, &SAFE[..3]);
    }
}

/// Number 82 of the catalogue's museum: the client is impatient, nothing is lost.
#[test]
fn museum_82_at_least_once_executes_twice() {
    one_call().kills::<Mutant>(&Bug::NoHistory, "at-most-once", (4, 2));
    one_call().survives::<Mutant>(&Bug::NoHistory, &["at-least-once", "matching", "answered"]);
    let config =
        Config { semantics: Semantics::AtLeastOnce, timeout: Duration::from_millis(25), ..Config::default() };
    let trial =
        Trial::of(2, [bind(0, 0, Interface::Counter), lookup(1, 0), increment(2, 1), increment(3, 0)]);
    trial.survives::<Rpc>(&config, &["at-least-once", "matching", "answered"]);
    let called = Trial::of(2, [bind(0, 0, Interface::Counter), lookup(50, 1), increment(500, 1)]);
    called.kills::<Rpc>(&config, "at-most-once", (4 + 4, 2 + 4));
    called.survives::<Rpc>(&Config { semantics: Semantics::AtMostOnce, ..config }, SAFE);
}

/// Number 83: the replies die with the server, and the counter does not.
#[test]
fn museum_83_a_volatile_history_executes_twice() {
    let crashing = one_call().with(20, crash(0)).with(21, restart(0));
    crashing.kills::<Mutant>(&Bug::Volatile, "at-most-once", (4, 2));
    crashing.survives::<Mutant>(&Bug::None, &["at-most-once", "at-least-once", "matching", "answered"]);
    // The real one, behind a bind and a lookup: two messages to itself, two and a few.
    let timeout = Duration::from_millis(25);
    let called = Trial::of(2, [bind(0, 0, Interface::Counter), lookup(50, 1), increment(500, 1)]);
    let crashing = called.with(520, crash(0)).with(521, restart(0));
    let objects = Config { durable: Durable::Objects, timeout, attempts: 0, ..Config::default() };
    crashing.kills::<Rpc>(&objects, "at-most-once", (4 + 4, 2 + 4));
    crashing.survives::<Rpc>(&Config { durable: Durable::Replies, ..objects }, SAFE);
    crashing.survives::<Rpc>(&Config { durable: Durable::Nothing, ..objects }, SAFE);
}

#[test]
fn every_bug_breaks_its_promise() {
    let two_at_once = Trial::of(2, [increment(0, 1), increment(1, 1)]);
    // The catalogue's counterexample has 6 and 3: one fewer arrives, one more is sent.
    two_at_once.kills::<Mutant>(&Bug::LastOnly, "at-most-once", (5, 4));
    four_calls().kills::<Mutant>(&Bug::NoClient, "matching", (6, 4));
    one_call().kills::<Mutant>(&Bug::ShortMemory, "at-most-once", (4, 2));
    one_call().kills::<Mutant>(&Bug::Concurrent, "at-most-once", (3, 3));
    one_call().kills::<Mutant>(&Bug::NewNumber, "at-most-once", (4, 2));
    one_call().losing(30).kills::<Mutant>(&Bug::GivesUp, "answered", (1, 0));
    Trial::of(2, [call(0, 1, Method::Sqrt, "-4")]).kills::<Mutant>(&Bug::Defaults, "matching", (2, 2));
    // Concurrent calls swapped, in no more than four messages; or a late return answers the next call.
    let concurrent = Trial::of(2, [call(0, 1, Method::Echo, "a"), call(1, 1, Method::Echo, "b")]);
    concurrent.kills::<Mutant>(&Bug::AnyReturn, "matching", (4, 4));
    let one_by_one = Trial::of(2, [call(0, 1, Method::Echo, "a"), call(60, 1, Method::Echo, "b")]);
    one_by_one.kills::<Mutant>(&Bug::AnyReturn, "matching", (5, 4));
}

/// A window that is too small for calls that overtake each other, behind a bind and a lookup of two messages each.
#[test]
fn a_small_window_executes_twice() {
    let trial = Trial::of(
        2,
        [
            bind(0, 0, Interface::Counter),
            lookup(50, 1),
            increment(500, 1),
            increment(501, 1),
            increment(502, 1),
        ],
    );
    let config = Config { timeout: Duration::from_millis(25), attempts: 0, ..Config::default() };
    trial.kills::<Rpc>(&Config { window: 1, ..config }, "at-most-once", (7 + 4, 4 + 4));
    trial.survives::<Rpc>(&config, SAFE);
    trial.survives::<Rpc>(&Config { window: 3, ..config }, SAFE);
    // Who retries after replies were acknowledged away must not be heard either.
    trial.clone().duplicating().survives::<Rpc>(&Config { acknowledge: true, ..config }, SAFE);
}

/// A server that takes its time is told of by nobody that its client has crashed, until the client is back.
#[test]
fn orphans_are_exterminated() {
    let asked =
        [bind(0, 0, Interface::Counter), lookup(50, 1), increment(500, 1), lookup(540, 1), increment(700, 1)];
    let trial = Trial::of(2, asked).with(520, crash(1)).with(530, restart(1));
    let config =
        Config { work: Duration::from_millis(45), timeout: Duration::from_secs(1), ..Config::default() };
    trial.survives::<Rpc>(&config, &["last-of-many", "at-most-once", "matching"]);
    let mut orphans = 0;
    trial.each_run::<Rpc>(&config, &["last-of-many"], |_, history, _| {
        let executed = history.steps.iter().filter(|step| {
            let own = ProcessId(1);
            matches!(step.what, synod::process::What::Output(Output::Executed { client, .. }) if *client == own)
        });
        orphans += u64::from(executed.count() == 3);
    });
    assert!(orphans > 50, "{orphans} orphans were exterminated");
}
