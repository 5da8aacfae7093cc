//! Total order by a fixed sequencer (Kaashoek, Tanenbaum 1991, methods PB and BB) and its mutants.

use super::{deliver, forks, never_forks, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What comes with a number is delivered, whatever came before.
    NoGapCheck,
    /// The sequencer counts up for each member instead of for each message.
    NumberForEachMember,
    /// A sender delivers its own message before it has a number.
    OwnAtOnce,
    /// The sequencer relays without a number, and members deliver as it comes (the lab sheet's servers).
    NoNumbers,
    /// The sequencer numbers from 0, members wait for 1.
    FirstNumberLost,
}

/// Submit and relay (PB), or spread and number (BB).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Method {
    #[default]
    Pb,
    Bb,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    method: Method,
}

/// Sender, number among the sender's messages, what was said.
type Said = (ProcessId, u64, String);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Req(u64, String),
    Seqd(u64, Said),
    Data(u64, String),
    Ord(u64, ProcessId, u64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    method: Method,
    given: u64,
    sent: u64,
    next: u64,
    data: BTreeMap<(ProcessId, u64), String>,
    order: BTreeMap<u64, (ProcessId, u64)>,
}

const SEQUENCER: ProcessId = ProcessId(0);

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("sequencer-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let Config { bug, method } = *config;
        let (data, order) = (BTreeMap::new(), BTreeMap::new());
        Self { bug, method, given: 0, sent: 0, next: 1, data, order }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        if self.bug == Bug::OwnAtOnce {
            deliver(ctx, me, id, body.clone());
        }
        if me == SEQUENCER {
            return self.relay(ctx, (me, id, body));
        }
        match self.method {
            Method::Pb => ctx.send(SEQUENCER, Message::Req(id, body)),
            Method::Bb => {
                self.data.insert((me, id), body.clone());
                ctx.broadcast(Message::Data(id, body));
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Req(id, body) => self.relay(ctx, (from, id, body)),
            Message::Seqd(number, said) => self.take(ctx, number, said),
            Message::Data(id, body) if ctx.me() == SEQUENCER => self.number(ctx, (from, id, body)),
            Message::Data(id, body) => {
                self.data.insert((from, id), body);
                self.deliver_all(ctx);
            }
            Message::Ord(number, origin, id) => {
                self.order.insert(number, (origin, id));
                self.deliver_all(ctx);
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn next_number(&mut self) -> u64 {
        self.given += 1;
        if self.bug == Bug::FirstNumberLost { self.given - 1 } else { self.given }
    }

    /// At the sequencer (PB, and its own messages): number it and send it to everybody.
    fn relay(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let mut number = self.next_number();
        let others: Vec<ProcessId> = ctx.group().filter(|to| *to != SEQUENCER).collect();
        for to in others {
            ctx.send(to, Message::Seqd(number, said.clone()));
            if self.bug == Bug::NumberForEachMember {
                number = self.next_number();
            }
        }
        self.take(ctx, number, said);
    }

    /// At the sequencer (BB): tell everybody its number.
    fn number(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let number = self.next_number();
        ctx.broadcast(Message::Ord(number, said.0, said.1));
        self.take(ctx, number, said);
    }

    fn take(&mut self, ctx: &mut Context<'_, Self>, number: u64, (from, id, body): Said) {
        if self.bug == Bug::NoNumbers {
            return deliver(ctx, from, id, body);
        }
        self.data.insert((from, id), body);
        self.order.insert(number, (from, id));
        self.deliver_all(ctx);
    }

    /// Delivers as far as there is neither a gap nor a number without its message.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some((number, name)) = self.order.first_key_value() {
            let (number, name) = (*number, *name);
            let gap =
                matches!(self.bug, Bug::None | Bug::OwnAtOnce | Bug::FirstNumberLost) && number != self.next;
            if gap || !self.data.contains_key(&name) {
                return;
            }
            self.order.remove(&number);
            self.next = number + 1;
            let body = self.data.remove(&name).expect("it is there");
            if self.bug != Bug::OwnAtOnce || name.0 != ctx.me() {
                deliver(ctx, name.0, name.1, body);
            }
        }
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity", "total-order"];

fn config(bug: Bug, method: Method) -> Config {
    Config { bug, method }
}

/// Two messages of the member in a group of two: the sequencer and the member.
fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 1), (1, 1)])
}

fn busy() -> Trial<Broadcast> {
    said(4, &[(0, 1), (1, 2), (2, 0), (5, 3), (6, 1), (10, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for method in [Method::Pb, Method::Bb] {
        let for_two = ["validity", "self-delivery", "integrity", "total-order"];
        two_in_a_row().survives::<Mutant>(&config(Bug::None, method), &for_two);
        busy().survives::<Mutant>(&config(Bug::None, method), PROMISES);
        never_forks::<Mutant>(&busy(), &config(Bug::None, method));
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let pb = |bug| config(bug, Method::Pb);
    let both = said(2, &[(0, 0), (0, 1)]);
    forks::<Mutant>(&both, &pb(Bug::NoNumbers), (4, 2));
    forks::<Mutant>(&both, &pb(Bug::OwnAtOnce), (2, 0));
    two_in_a_row().kills::<Mutant>(&pb(Bug::NoNumbers), "total-order", (4, 4));
    two_in_a_row().kills::<Mutant>(&pb(Bug::FirstNumberLost), "validity", (4, 4));
    let three = said(3, &[(0, 1), (1, 2)]);
    three.kills::<Mutant>(&pb(Bug::NumberForEachMember), "total-order", (6, 6));
    both.kills::<Mutant>(&pb(Bug::OwnAtOnce), "total-order", (3, 2));
    both.kills::<Mutant>(&config(Bug::OwnAtOnce, Method::Bb), "total-order", (3, 2));
}

/// Museum 60: what comes with a number is delivered, though the number before is missing.
#[test]
fn without_a_gap_check_the_orders_part() {
    let pb = config(Bug::NoGapCheck, Method::Pb);
    forks::<Mutant>(&said(2, &[(0, 0), (0, 1)]), &pb, (4, 2));
    two_in_a_row().kills::<Mutant>(&pb, "total-order", (4, 4));
}

/// Museum 61: the assumption that the way to the sequencer keeps the order is needed for FIFO order, and enough for it.
#[test]
fn submissions_that_overtake_each_other_break_fifo_order() {
    let none = config(Bug::None, Method::Pb);
    two_in_a_row().kills::<Mutant>(&none, "fifo-order", (3, 1));
    two_in_a_row().fifo().survives::<Mutant>(&none, &["fifo-order", "total-order"]);
}
