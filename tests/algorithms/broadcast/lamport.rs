//! Total order by Lamport timestamps (Lamport 1978; Tanenbaum and van Steen, section 6.2) and its mutants.

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
    /// The head of the queue is delivered without waiting for anybody.
    NoAckCondition,
    /// Only the sender hears of an acknowledgement.
    AckToSenderOnly,
    /// Of two messages with one timestamp, the one that came first is the older.
    TieByArrival,
    /// A receipt does not move the clock.
    NoClockMerge,
    /// Having heard from one process is as good as having heard from all.
    OneAckSuffices,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Data(u64, u64, String),
    Ack(u64),
}

/// Timestamp, what breaks ties, sender, number among the sender's messages.
type Key = (u64, u64, ProcessId, u64);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    clock: u64,
    sent: u64,
    arrivals: u64,
    queue: BTreeMap<Key, String>,
    last: BTreeMap<ProcessId, u64>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("lamport-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let last = ctx.group().map(|process| (process, 0)).collect();
        Self { bug: *bug, clock: 0, sent: 0, arrivals: 0, queue: BTreeMap::new(), last }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.clock += 1;
        self.sent += 1;
        let (stamp, id) = (self.clock, self.sent);
        self.enqueue(stamp, ctx.me(), id, body.clone());
        ctx.broadcast(Message::Data(stamp, id, body));
        self.deliver_all(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (Message::Data(stamp, ..) | Message::Ack(stamp)) = message;
        let heard = if self.bug == Bug::NoClockMerge { 0 } else { stamp };
        self.clock = self.clock.max(heard) + 1;
        self.last.insert(from, stamp);
        match message {
            Message::Data(_, id, body) => {
                self.enqueue(stamp, from, id, body);
                match self.bug {
                    Bug::AckToSenderOnly => ctx.send(from, Message::Ack(self.clock)),
                    _ => ctx.broadcast(Message::Ack(self.clock)),
                }
            }
            Message::Ack(_) => {}
        }
        self.deliver_all(ctx);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn enqueue(&mut self, stamp: u64, from: ProcessId, id: u64, body: String) {
        self.arrivals += 1;
        let tie = if self.bug == Bug::TieByArrival { self.arrivals } else { u64::from(from.0) };
        self.queue.insert((stamp, tie, from, id), body);
    }

    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some(entry) = self.queue.first_entry() {
            let (stamp, _, from, id) = *entry.key();
            let me = ctx.me();
            let mut others = self.last.iter().filter(|(process, _)| **process != me && **process != from);
            let later = |(process, last): (&ProcessId, &u64)| (*last, *process) > (stamp, from);
            let heard = match self.bug {
                Bug::NoAckCondition => true,
                Bug::OneAckSuffices => others.any(later) || (from != me && self.last.len() == 2),
                _ => others.all(later),
            };
            if !heard {
                return;
            }
            let body = entry.remove();
            deliver(ctx, from, id, body);
        }
    }
}

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order", "total-order"];

/// Two messages that know nothing of each other.
fn at_once(nodes: u32) -> Trial<Broadcast> {
    said(nodes, &[(0, 0), (0, 1)]).fifo()
}

fn busy() -> Trial<Broadcast> {
    said(3, &[(0, 0), (3, 1), (6, 0), (11, 2), (12, 1), (30, 0)]).fifo()
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    busy().survives::<Mutant>(&Bug::None, PROMISES);
    never_forks::<Mutant>(&busy(), &Bug::None);
    for nodes in 2..5 {
        at_once(nodes)
            .survives::<Mutant>(&Bug::None, &["validity", "self-delivery", "integrity", "total-order"]);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    said(3, &[(0, 0)]).fifo().kills::<Mutant>(&Bug::AckToSenderOnly, "validity", (4, 4));
    at_once(2).kills::<Mutant>(&Bug::TieByArrival, "total-order", (4, 4));
    busy().kills::<Mutant>(&Bug::OneAckSuffices, "total-order", (30, 30));
    said(2, &[(0, 1)]).fifo().kills::<Mutant>(&Bug::NoClockMerge, "self-delivery", (2, 2));
}

/// Museum 69: everybody delivers what is oldest as far as it knows.
#[test]
fn without_waiting_for_acknowledgements_the_orders_part() {
    forks::<Mutant>(&at_once(2), &Bug::NoAckCondition, (2, 0));
    at_once(2).kills::<Mutant>(&Bug::NoAckCondition, "total-order", (4, 2));
}

/// Museum 68: an acknowledgement that overtakes older data lets a younger message go first.
#[test]
fn links_that_are_not_fifo_break_total_order() {
    let trial = said(2, &[(0, 0), (5, 1)]);
    forks::<Mutant>(&trial, &Bug::None, (3, 2));
    trial.kills::<Mutant>(&Bug::None, "total-order", (4, 4));
}

/// Nobody crashed, nobody hears: one process that stands still keeps all others from delivering.
#[test]
fn one_silent_process_blocks_everybody() {
    use synod::world::{Action, Targets};
    let trial = at_once(3).with(0, Action::Pause(Targets::Node(ProcessId(2))));
    trial.kills::<Mutant>(&Bug::None, "validity", (8, 8));
}
