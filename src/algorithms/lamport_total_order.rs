//! Total order from Lamport timestamps: deliver the oldest message once everybody has been heard of since.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978); as totally ordered multicast
//! in Tanenbaum and van Steen, "Distributed Systems", section 6.2.

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LamportTotalOrder {
    /// This process's logical clock.
    clock: u64,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Messages that wait for their turn, oldest first: by timestamp, then by sender.
    queue: BTreeMap<(u64, ProcessId), Waiting>,
    /// The timestamp of the last thing heard from each process.
    last: Vec<u64>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Waiting {
    id: u64,
    body: String,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// When it was sent, by the sender's logical clock.
        stamp: u64,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// A message was received: everything that its receiver sends from now on is younger.
    Ack {
        /// When, by its receiver's logical clock.
        stamp: u64,
    },
}

/// No configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Process for LamportTotalOrder {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "lamport-total-order",
        summary: "Delivers all messages in one order everywhere: by logical timestamp, once everybody has acknowledged.",
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
            ("ack", "the receiver's logical time, to everybody"),
        ],
        cost: "N(N-1) messages and 2 message delays for each broadcast: N-1 data and (N-1)^2 acks",
        breaks: &[
            "links that are not FIFO: an ack overtakes older data, and orders differ (total-order)",
            "one silent process: nobody delivers anything any more (validity)",
        ],
        source: "Lamport, Time, clocks, and the ordering of events in a distributed system (1978); Tanenbaum, van Steen, Distributed Systems, section 6.2",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N(N-1)")];

    fn boot(ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        Self { clock: 0, sent: 0, queue: BTreeMap::new(), last: vec![0; ctx.group_size()] }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { stamp, id, body } => self.on_data(ctx, from, stamp, Waiting { id, body }),
            Message::Ack { stamp } => self.on_ack(ctx, from, stamp),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl LamportTotalOrder {
    /// Upon event ⟨to-broadcast⟩: timestamp it, queue it, send it to everybody.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.clock += 1;
        self.sent += 1;
        let (stamp, id) = (self.clock, self.sent);
        self.queue.insert((stamp, ctx.me()), Waiting { id, body: body.clone() });
        ctx.broadcast(Message::Data { stamp, id, body });
        self.deliver_all(ctx);
    }

    /// Upon receipt of data: queue it and acknowledge it to everybody, with a younger timestamp.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64, waiting: Waiting) {
        self.hear(from, stamp);
        self.queue.insert((stamp, from), waiting);
        self.clock += 1;
        ctx.broadcast(Message::Ack { stamp: self.clock });
        self.deliver_all(ctx);
    }

    /// Upon receipt of an acknowledgement: its sender will send nothing older any more.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        self.hear(from, stamp);
        self.deliver_all(ctx);
    }

    /// Rule IR2: the clock is past everything it has heard of.
    fn hear(&mut self, from: ProcessId, stamp: u64) {
        self.clock = self.clock.max(stamp);
        self.last[from.index()] = stamp;
    }

    /// Delivers from the head of the queue while everybody has been heard of since it was sent.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some(entry) = self.queue.first_entry() {
            let (stamp, from) = *entry.key();
            let (me, last) = (ctx.me(), &self.last);
            let mut others = ctx.group().filter(|process| *process != me && *process != from);
            if !others.all(|process| (last[process.index()], process) > (stamp, from)) {
                return;
            }
            let Waiting { id, body } = entry.remove();
            ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
        }
    }
}
