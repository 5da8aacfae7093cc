//! Stop-and-wait with the alternating bit: one message under way, one bit to tell it from the one before.
//!
//! Bartlett, Scantlebury, Wilkinson, "A note on reliable full-duplex transmission over half-duplex links" (1969); Lynch,
//! "Distributed Algorithms" (1996), section 22.3.
//!
//! ```text
//! p --D0--> q  delivers, expects 1     p --D1--> x  lost
//! q --A0--> p  takes the next          timeout: p --D1--> q  delivers, expects 0
//! ```

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// One participant: a sender and a receiver for every other process.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StopAndWait {
    config: Config,
    senders: BTreeMap<ProcessId, Sender>,
    receivers: BTreeMap<ProcessId, Receiver>,
}

/// The sending end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Sender {
    /// The bit of the message under way.
    bit: u8,
    /// How many messages were acknowledged.
    acknowledged: u64,
    /// The message under way, and those offered since.
    pending: VecDeque<String>,
}

/// The receiving end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Receiver {
    /// The bit of the next message.
    expected: u8,
    /// How many messages were delivered.
    delivered: u64,
}

/// The settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a sender waits for an acknowledgement before it sends again; less than 1us is taken for 1us.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { timeout: Duration::from_millis(100) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, or the same one again.
    Data {
        /// The alternating bit, 0 or 1.
        bit: u8,
        /// What it says.
        body: String,
    },
    /// The message with this bit was accepted.
    Ack {
        /// Its bit.
        bit: u8,
    },
}

/// Patience with this receiver is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Send again.
    Resend(ProcessId),
}

impl Process for StopAndWait {
    type Problem = Messaging;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "stop-and-wait",
        summary: "The alternating bit: one message under way, sent again until it is acknowledged; one bit keeps them apart.",
        assumes: &[
            "FIFO links, which may lose and duplicate, but not everything",
            "nobody forgets its bit: no process crashes and comes back",
        ],
        promises: &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"],
        messages: &[("data", "a message with its bit"), ("ack", "the bit of the message last accepted")],
        cost: "2 messages and 2 message delays for each message, one after the other",
        breaks: &[
            "a link that reorders: an old repetition is taken for a new message (prefix, integrity)",
            "a receiver that restarts has forgotten its bit: it acknowledges what it never had (honest-acknowledgement)",
        ],
        source: "Bartlett, Scantlebury, Wilkinson, A note on reliable full-duplex transmission over half-duplex links (1969); \
                 Lynch, Distributed Algorithms (1996), section 22.3",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self { config: *config, senders: BTreeMap::new(), receivers: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let to: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in to {
            self.on_offer(ctx, to, body.clone());
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { bit, body } => self.on_data(ctx, from, bit, body),
            Message::Ack { bit } => self.on_ack(ctx, from, bit),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Resend(to) => self.transmit(ctx, to),
        }
    }
}

impl StopAndWait {
    /// Upon event offer(x): it is sent at once when nothing is under way. What a process tells itself need not travel.
    fn on_offer(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        if to == ctx.me() {
            let own = self.receivers.entry(to).or_default();
            own.delivered += 1;
            ctx.produce(Output::Receive { from: to, id: own.delivered, body });
            ctx.produce(Output::Acknowledged { to, id: own.delivered });
            return;
        }
        let sender = self.senders.entry(to).or_default();
        sender.pending.push_back(body);
        if sender.pending.len() == 1 {
            self.transmit(ctx, to);
        }
    }

    /// Sends the message under way, for the first time or again.
    fn transmit(&self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(sender) = self.senders.get(&to) else { return };
        let Some(body) = sender.pending.front() else { return };
        ctx.send(to, Message::Data { bit: sender.bit, body: body.clone() });
        ctx.set_timer(Timer::Resend(to), self.config.timeout.max(Duration::from_micros(1)));
    }

    /// Upon D{b, x}: what has the expected bit is new; the bit last accepted is acknowledged in any case.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, bit: u8, body: String) {
        let receiver = self.receivers.entry(from).or_default();
        if bit == receiver.expected {
            receiver.expected = 1 - bit;
            receiver.delivered += 1;
            ctx.produce(Output::Receive { from, id: receiver.delivered, body });
        }
        ctx.send(from, Message::Ack { bit: 1 - receiver.expected });
    }

    /// Upon A{b}: what is under way was accepted, unless the bit is that of the message before it.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, bit: u8) {
        let Some(sender) = self.senders.get_mut(&from) else { return };
        if bit != sender.bit || sender.pending.pop_front().is_none() {
            return;
        }
        sender.bit = 1 - bit;
        sender.acknowledged += 1;
        ctx.produce(Output::Acknowledged { to: from, id: sender.acknowledged });
        ctx.cancel_timer(Timer::Resend(from));
        self.transmit(ctx, from);
    }
}
