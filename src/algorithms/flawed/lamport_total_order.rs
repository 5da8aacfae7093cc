//! Total order by Lamport timestamps, with a mistake to choose.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978); Tanenbaum, van Steen,
//! "Distributed systems", section 6.2: the message with the smallest timestamp is delivered when everybody else has been
//! heard of with a later one, for which everybody acknowledges to everybody.

use super::{Config, deliver};
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The head of the queue is delivered without waiting for anybody.
    NoAcknowledgements,
    /// Having heard from one process is as good as having heard from all.
    OneAcknowledgement,
    /// Only the sender hears of an acknowledgement.
    AcknowledgesToSenderOnly,
    /// Of two messages with one timestamp, the one that came first is the older.
    TieByArrival,
    /// A receipt does not move the clock.
    NoClockMerge,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// When, by the sender's logical clock.
        stamp: u64,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// I have heard it: all that I say from now on is younger.
    Ack {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
}

/// Timestamp, what breaks ties, sender, number among the sender's messages.
type Key = (u64, u64, ProcessId, u64);

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LamportTotalOrderFlawed {
    mistake: Mistake,
    clock: u64,
    sent: u64,
    arrivals: u64,
    queue: BTreeMap<Key, String>,
    /// The timestamp of the last thing heard from each process.
    last: Vec<u64>,
}

impl Process for LamportTotalOrderFlawed {
    type Problem = Broadcast;
    type Config = Config<Mistake>;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "lamport-total-order-flawed",
        summary: "Total order by Lamport timestamps with a mistake to choose: for the museum.",
        assumes: &["perfect FIFO links (`channel: fifo`, or `order: fifo` in the network)", "nobody crashes"],
        promises: &[
            "validity",
            "self-delivery",
            "agreement",
            "integrity",
            "fifo-order",
            "causal-order",
            "total-order",
        ],
        messages: &[
            ("data", "what was said, with the sender's logical time"),
            ("ack", "to everybody: I have heard it, with the sender's logical time"),
        ],
        cost: "N(N-1) messages for each broadcast",
        breaks: &[
            "mistake: no-acknowledgements: everybody delivers what it hears first (total-order)",
            "mistake: one-acknowledgement: an older message of somebody else is under way (total-order)",
            "mistake: acknowledges-to-sender-only: the others wait for ever (validity)",
            "mistake: tie-by-arrival: two messages with one timestamp stand in two orders (total-order)",
            "mistake: no-clock-merge: an acknowledgement looks older than what it acknowledges (self-delivery)",
            "links that are not FIFO: an acknowledgement overtakes older data (total-order)",
        ],
        source: "Lamport, Time, clocks, and the ordering of events in a distributed system (1978); Tanenbaum, van Steen, Distributed systems, section 6.2",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Self::Config, (): ()) -> Self {
        let last = vec![0; ctx.group_size()];
        Self { mistake: config.mistake, clock: 0, sent: 0, arrivals: 0, queue: BTreeMap::new(), last }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.clock = self.clock.saturating_add(1);
        self.sent += 1;
        let (stamp, id) = (self.clock, self.sent);
        self.enqueue(stamp, ctx.me(), id, body.clone());
        ctx.broadcast(Message::Data { stamp, id, body });
        self.deliver_all(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (Message::Data { stamp, .. } | Message::Ack { stamp }) = message;
        let heard = if self.mistake == Mistake::NoClockMerge { 0 } else { stamp };
        self.clock = self.clock.max(heard).saturating_add(1);
        self.last[from.index()] = stamp;
        match message {
            Message::Data { stamp, id, body } => {
                self.enqueue(stamp, from, id, body);
                let ack = Message::Ack { stamp: self.clock };
                if self.mistake == Mistake::AcknowledgesToSenderOnly {
                    ctx.send(from, ack);
                } else {
                    ctx.broadcast(ack);
                }
            }
            Message::Ack { .. } => {}
        }
        self.deliver_all(ctx);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl LamportTotalOrderFlawed {
    fn enqueue(&mut self, stamp: u64, from: ProcessId, id: u64, body: String) {
        self.arrivals += 1;
        let tie = if self.mistake == Mistake::TieByArrival { self.arrivals } else { u64::from(from.0) };
        self.queue.insert((stamp, tie, from, id), body);
    }

    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some(first) = self.queue.first_entry() {
            let (stamp, _, from, id) = *first.key();
            let me = ctx.me();
            let mut others = ctx.group().filter(|process| *process != me && *process != from);
            let later = |process: ProcessId| (self.last[process.index()], process) > (stamp, from);
            let heard = match self.mistake {
                Mistake::NoAcknowledgements => true,
                Mistake::OneAcknowledgement => others.any(later) || from != me && ctx.group_size() == 2,
                _ => others.all(later),
            };
            if !heard {
                return;
            }
            let body = first.remove();
            deliver(ctx, from, id, body);
        }
    }
}
