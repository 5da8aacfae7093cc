//! A bounded sink with credits (Kung, Blackwell, Chapman 1994) and its mutants.

use super::offered;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::bounded_sink::{BoundedSink, Config, Policy},
    problems::flow::{Flow, Item, Output, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A credit comes back when an item comes, not when it is done with.
    CreditOnReceipt,
    /// A producer does not count its credits.
    IgnoresCredits,
    /// What comes when there is no room is thrown away, and nobody says so.
    ShedsInSilence,
    /// The last to come is served first.
    LastInFirstOut,
    /// What is kept back for want of a credit is sent, and kept.
    SendsTwice,
    /// Credits are never given back.
    KeepsCredits,
}

const ROOM: usize = 2;

/// Process 0 is the sink; each producer begins with as many credits as there is room for, divided by the producers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    offered: u64,
    credit: u64,
    backlog: VecDeque<(u64, String)>,
    queue: VecDeque<Item>,
    seen: BTreeMap<ProcessId, u64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Data(u64, String),
    Credit,
}

impl Process for Mutant {
    type Problem = Flow;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("bounded-sink-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        if ctx.me().0 == 0 {
            ctx.produce(Output::Capacity(ROOM as u64));
        }
        let credit = (ROOM / (ctx.group_size() - 1)) as u64;
        let (backlog, queue, seen) = (VecDeque::new(), VecDeque::new(), BTreeMap::new());
        Self { bug: *bug, offered: 0, credit, backlog, queue, seen }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Offer(body): Request) {
        self.offered += 1;
        self.backlog.push_back((self.offered, body));
        self.send_backlog(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (id, body) = match message {
            Message::Data(id, body) => (id, body),
            Message::Credit => {
                self.credit += 1;
                return self.send_backlog(ctx);
            }
        };
        if self.bug == Bug::ShedsInSilence && self.queue.len() >= ROOM - 1 {
            return ctx.send(from, Message::Credit);
        }
        if self.queue.is_empty() {
            ctx.set_timer((), Duration::from_millis(30));
        }
        if self.bug == Bug::CreditOnReceipt {
            ctx.send(from, Message::Credit);
        }
        let item = Item { from, id, body };
        ctx.produce(Output::Accepted(item.clone()));
        self.queue.push_back(item);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        let item =
            if self.bug == Bug::LastInFirstOut { self.queue.pop_back() } else { self.queue.pop_front() };
        let Some(item) = item else { return };
        if !matches!(self.bug, Bug::CreditOnReceipt | Bug::KeepsCredits) {
            ctx.send(item.from, Message::Credit);
        }
        ctx.produce(Output::Consumed(item));
        if !self.queue.is_empty() {
            ctx.set_timer((), Duration::from_millis(30));
        }
    }
}

impl Mutant {
    fn send_backlog(&mut self, ctx: &mut Context<'_, Self>) {
        while self.credit > 0 || self.bug == Bug::IgnoresCredits {
            let next = if self.bug == Bug::SendsTwice && self.offered == 2 {
                self.backlog.front().cloned()
            } else {
                self.backlog.pop_front()
            };
            let Some((id, body)) = next else { break };
            self.credit = self.credit.saturating_sub(1);
            ctx.send(ProcessId(0), Message::Data(id, body));
        }
    }
}

const PROMISES: &[&str] = &["bounded", "no-silent-loss", "at-most-once", "fifo", "nothing-lost"];
const ANY: (u64, u64) = (u64::MAX, u64::MAX);

#[test]
fn without_a_bug_it_keeps_its_promises() {
    offered(2, &[(0, 1), (1, 1), (2, 1), (3, 1)]).survives::<Mutant>(&Bug::None, PROMISES);
    offered(3, &[(0, 1), (1, 2), (2, 1), (3, 2), (4, 1)]).survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let four = offered(2, &[(0, 1), (1, 1), (2, 1), (3, 1)]);
    four.kills::<Mutant>(&Bug::CreditOnReceipt, "bounded", (6, 5));
    four.kills::<Mutant>(&Bug::IgnoresCredits, "bounded", (4, 3));
    four.kills::<Mutant>(&Bug::ShedsInSilence, "no-silent-loss", ANY);
    four.kills::<Mutant>(&Bug::LastInFirstOut, "fifo", ANY);
    four.kills::<Mutant>(&Bug::KeepsCredits, "no-silent-loss", (2, 2));
    offered(2, &[(0, 1), (1, 1)]).survives::<Mutant>(&Bug::None, PROMISES);
    offered(2, &[(0, 1), (0, 1), (100, 1)]).kills::<Mutant>(&Bug::SendsTwice, "at-most-once", ANY);
}

/// Two processes, one message: a credit that is lost is lost for ever.
#[test]
fn a_lost_credit_is_a_standstill() {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(1)) };
    let lost = Action::Drop { links, kind: Some("credit".into()), nth: 1 };
    let two = offered(2, &[(0, 1), (1, 1)]).with(0, lost);
    let config = Config { capacity: 1, ..Config::default() };
    two.kills::<BoundedSink>(&config, "no-silent-loss", (2, 1));
    offered(2, &[(0, 1), (1, 1)]).survives::<BoundedSink>(&config, PROMISES);
}

/// Without a policy the queue grows; with one it does not.
#[test]
fn overload_without_a_policy_is_unbounded() {
    let burst: Vec<(u64, u32)> = (0..8).map(|at| (at, 1)).collect();
    let trial = offered(2, &burst);
    let config = |policy| Config { capacity: 3, policy, ..Config::default() };
    trial.kills::<BoundedSink>(&config(Policy::Unbounded), "bounded", (8, 4));
    for policy in [Policy::DropNewest, Policy::DropOldest, Policy::Reject, Policy::Credits] {
        trial.survives::<BoundedSink>(&config(policy), &PROMISES[..4]);
        let lost = trial.search::<BoundedSink>(&config(policy), "nothing-lost");
        assert_eq!(lost.is_some(), policy != Policy::Credits, "{policy:?}");
    }
}
