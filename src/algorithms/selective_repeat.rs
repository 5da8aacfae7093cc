//! Selective repeat: a window at both ends; every message has its own acknowledgement and its own timeout.
//!
//! Tanenbaum, "Computer Networks", section 3.4.3 (protocol 6); Lynch, "Distributed Algorithms" (1996), section 22.2, for
//! the same with numbers that never come again.
//!
//! ```text
//! p --D0 D1 D2 D3--> q     D1 is lost: q delivers 0, keeps 2 and 3, says A0 A2 A3
//! timeout of 1 alone: D1 again; q delivers 1, 2, 3
//! ```

use super::parts::window::Config;
use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// One participant: a sender and a receiver for every other process.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SelectiveRepeat {
    config: Config,
    senders: BTreeMap<ProcessId, Sender>,
    receivers: BTreeMap<ProcessId, Receiver>,
}

/// The sending end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Sender {
    /// The place of the oldest message that is not acknowledged.
    base: u64,
    /// The place of the next to be sent for the first time.
    next: u64,
    /// The messages from `base` on; nothing is left of one that was acknowledged out of its turn.
    pending: VecDeque<Option<String>>,
}

/// The receiving end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Receiver {
    /// How many messages were delivered: where the window begins.
    delivered: u64,
    /// What came before its turn, by its place.
    early: BTreeMap<u64, String>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, or the same one again.
    Data {
        /// Its place modulo the number of sequence numbers.
        sequence: u32,
        /// What it says.
        body: String,
    },
    /// The message with this number came.
    Ack {
        /// Its number.
        sequence: u32,
    },
}

/// Patience with one message is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Send it again.
    Resend {
        /// To whom.
        to: ProcessId,
        /// Its place.
        place: u64,
    },
}

impl Process for SelectiveRepeat {
    type Problem = Messaging;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "selective-repeat",
        summary: "A window at both ends, each message acknowledged by itself: only what is lost is sent again.",
        assumes: &[
            "FIFO links, which may lose and duplicate, but not everything",
            "a window of at most half as many messages as there are sequence numbers",
            "nobody forgets its place: no process crashes and comes back",
        ],
        promises: &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"],
        messages: &[
            ("data", "a message with its sequence number"),
            ("ack", "the number of a message that came"),
        ],
        cost: "2 messages for each message; with loss p of data 1/(1-p) times the data",
        breaks: &[
            "a window of more than half the sequence space: a repetition is taken for a new message (prefix, integrity)",
            "a link that reorders by more than the sequence space allows (prefix)",
        ],
        source: "Tanenbaum, Computer Networks, section 3.4.3; Lynch, Distributed Algorithms (1996), section 22.2",
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
            Message::Data { sequence, body } => self.on_data(ctx, from, sequence, body),
            Message::Ack { sequence } => self.on_ack(ctx, from, sequence),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Resend { to, place } => self.on_timeout(ctx, to, place),
        }
    }
}

impl SelectiveRepeat {
    /// Upon event offer(x): it waits until the window has room. What a process tells itself need not travel.
    fn on_offer(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        if to == ctx.me() {
            let own = self.receivers.entry(to).or_default();
            own.delivered += 1;
            ctx.produce(Output::Receive { from: to, id: own.delivered, body });
            ctx.produce(Output::Acknowledged { to, id: own.delivered });
            return;
        }
        self.senders.entry(to).or_default().pending.push_back(Some(body));
        self.fill_window(ctx, to);
    }

    /// Sends for the first time what the window has room for, each message with a timer of its own.
    fn fill_window(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(sender) = self.senders.get_mut(&to) else { return };
        while sender.next < sender.base + self.config.window() {
            let Some(Some(body)) = sender.pending.get((sender.next - sender.base) as usize) else { return };
            ctx.send(to, Message::Data { sequence: self.config.number(sender.next), body: body.clone() });
            ctx.set_timer(Timer::Resend { to, place: sender.next }, self.config.timeout());
            sender.next += 1;
        }
    }

    /// Upon the timeout of one message: send that one again.
    fn on_timeout(&self, ctx: &mut Context<'_, Self>, to: ProcessId, place: u64) {
        let Some(sender) = self.senders.get(&to) else { return };
        let Some(ahead) = place.checked_sub(sender.base) else { return };
        let Some(Some(body)) = sender.pending.get(ahead as usize) else { return };
        ctx.send(to, Message::Data { sequence: self.config.number(place), body: body.clone() });
        ctx.set_timer(Timer::Resend { to, place }, self.config.timeout());
    }

    /// Upon D{s, x}: keep what is in the window, deliver what has its turn; acknowledge what is in the window, and what
    /// was delivered a window ago or less.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, sequence: u32, body: String) {
        let receiver = self.receivers.entry(from).or_default();
        let (begin, window) = (receiver.delivered, self.config.window());
        if let Some(place) = self.config.place(sequence, begin..begin + window) {
            receiver.early.entry(place).or_insert(body);
        } else if self.config.place(sequence, begin.saturating_sub(window)..begin).is_none() {
            return;
        }
        while let Some(body) = receiver.early.remove(&receiver.delivered) {
            receiver.delivered += 1;
            ctx.produce(Output::Receive { from, id: receiver.delivered, body });
        }
        // Last, lest a receiver that crashes in between has acknowledged what it did not deliver.
        ctx.send(from, Message::Ack { sequence });
    }

    /// Upon A{s}: that message need not be sent again; the window moves to the oldest that is not acknowledged.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, sequence: u32) {
        let Some(sender) = self.senders.get_mut(&from) else { return };
        let Some(place) = self.config.place(sequence, sender.base..sender.next) else { return };
        sender.pending[(place - sender.base) as usize] = None;
        ctx.cancel_timer(Timer::Resend { to: from, place });
        while sender.base < sender.next && sender.pending.front() == Some(&None) {
            sender.pending.pop_front();
            sender.base += 1;
            ctx.produce(Output::Acknowledged { to: from, id: sender.base });
        }
        self.fill_window(ctx, from);
    }
}
