//! Stop-and-wait with the alternating bit, with a mistake to choose.
//!
//! Bartlett, Scantlebury, Wilkinson, "A note on reliable full-duplex transmission over half-duplex links" (1969); Lynch,
//! "Distributed Algorithms" (1996), section 22.3.

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The receiver does not look at the bit.
    TakesEverything,
    /// The sender does not look at the bit.
    AnyAcknowledgement,
    /// A repetition is not acknowledged: it was acknowledged once.
    SilentOnRepetitions,
    /// Nothing is sent twice.
    NoTimer,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is done wrong; `none` unless said otherwise.
    pub mistake: Mistake,
    /// How long a sender waits for an acknowledgement before it sends again; less than 1us is taken for 1us.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { mistake: Mistake::None, timeout: Duration::from_millis(100) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, or the same one again.
    Data {
        /// The alternating bit.
        bit: bool,
        /// What it says.
        body: String,
    },
    /// The message with this bit was accepted.
    Ack {
        /// Its bit.
        bit: bool,
    },
}

/// The sending end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Sender {
    bit: bool,
    acknowledged: u64,
    /// The message under way, and those offered since.
    waiting: VecDeque<String>,
}

/// The receiving end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Receiver {
    expected: bool,
    delivered: u64,
}

/// One participant: a sender and a receiver for every other process.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StopAndWaitFlawed {
    config: Config,
    senders: BTreeMap<ProcessId, Sender>,
    receivers: BTreeMap<ProcessId, Receiver>,
}

impl Process for StopAndWaitFlawed {
    type Problem = Messaging;
    type Config = Config;
    type Message = Message;
    type Timer = ProcessId;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "stop-and-wait-flawed",
        summary: "Stop-and-wait with the alternating bit and a mistake to choose: for the museum.",
        assumes: &["FIFO links, which may lose and duplicate, but not everything", "nobody crashes"],
        promises: &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"],
        messages: &[("data", "a message with its bit"), ("ack", "the bit of the message last accepted")],
        cost: "2 messages and 2 message delays for each message, one after the other",
        breaks: &[
            "mistake: takes-everything: a repetition is delivered again (integrity, prefix)",
            "mistake: any-acknowledgement: an old one is taken for that of the message under way (honest-acknowledgement)",
            "mistake: silent-on-repetitions: one lost acknowledgement, and the sender repeats for ever (reliable-delivery)",
            "mistake: no-timer: what is lost is gone (reliable-delivery)",
            "a link that reorders: an old repetition is taken for a new message (prefix, integrity)",
        ],
        source: "Bartlett, Scantlebury, Wilkinson, A note on reliable full-duplex transmission over half-duplex links (1969); Lynch, Distributed Algorithms (1996), section 22.3",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self { config: *config, senders: BTreeMap::new(), receivers: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let receivers: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in receivers {
            let sender = self.senders.entry(to).or_default();
            sender.waiting.push_back(body.clone());
            if sender.waiting.len() == 1 {
                self.transmit(ctx, to);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { bit, body } => self.on_data(ctx, from, bit, body),
            Message::Ack { bit } => self.on_ack(ctx, from, bit),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        self.transmit(ctx, to);
    }
}

impl StopAndWaitFlawed {
    /// Sends the message under way, for the first time or again.
    fn transmit(&self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(sender) = self.senders.get(&to) else { return };
        let Some(body) = sender.waiting.front() else { return };
        ctx.send(to, Message::Data { bit: sender.bit, body: body.clone() });
        if self.config.mistake != Mistake::NoTimer {
            ctx.set_timer(to, self.config.timeout.max(Duration::from_micros(1)));
        }
    }

    /// The receiver accepts what has the bit that it expects, and acknowledges anything.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, bit: bool, body: String) {
        let receiver = self.receivers.entry(from).or_default();
        let fresh = bit == receiver.expected;
        if fresh || self.config.mistake != Mistake::SilentOnRepetitions {
            ctx.send(from, Message::Ack { bit });
        }
        if fresh || self.config.mistake == Mistake::TakesEverything {
            receiver.expected = !bit;
            receiver.delivered += 1;
            ctx.produce(Output::Receive { from, id: receiver.delivered, body });
        }
    }

    /// The sender goes on when the bit is that of the message under way.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, bit: bool) {
        let Some(sender) = self.senders.get_mut(&from) else { return };
        if sender.waiting.is_empty()
            || bit != sender.bit && self.config.mistake != Mistake::AnyAcknowledgement
        {
            return;
        }
        sender.waiting.pop_front();
        sender.bit = !sender.bit;
        sender.acknowledged += 1;
        ctx.produce(Output::Acknowledged { to: from, id: sender.acknowledged });
        ctx.cancel_timer(from);
        self.transmit(ctx, from);
    }
}
