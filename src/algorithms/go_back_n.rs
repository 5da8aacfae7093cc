//! Go-back-N: a window of messages under way; a gap makes the receiver discard what follows and the sender go back.
//!
//! Stenning, "A data transfer protocol", Computer Networks 1 (1976); Tanenbaum, "Computer Networks", section 3.4.2
//! (protocol 5).
//!
//! ```text
//! p --D0 D1 D2 D3--> q     D1 is lost: q delivers 0, discards 2 and 3, says A0 each time
//! p takes A0, sends D4; timeout: back to 1, D1 D2 D3 D4 again
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
pub struct GoBackN {
    config: Config,
    senders: BTreeMap<ProcessId, Sender>,
    /// Of each sender, how many messages were delivered: the place of the one expected.
    delivered: BTreeMap<ProcessId, u64>,
}

/// The sending end of one conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Sender {
    /// How many messages were acknowledged: the place of the oldest under way.
    base: u64,
    /// The place of the next to be sent for the first time.
    next: u64,
    /// The messages from `base` on.
    pending: VecDeque<String>,
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
    /// Everything up to this number was delivered.
    Ack {
        /// The number last delivered.
        sequence: u32,
    },
}

/// Patience with this receiver is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Go back.
    Resend(ProcessId),
}

impl Process for GoBackN {
    type Problem = Messaging;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "go-back-n",
        summary: "A window of messages under way, acknowledged up to a point; after a timeout all of it is sent again.",
        assumes: &[
            "FIFO links, which may lose and duplicate, but not everything",
            "a window of at most one less than there are sequence numbers",
            "nobody forgets its place: no process crashes and comes back",
        ],
        promises: &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"],
        messages: &[("data", "a message with its sequence number"), ("ack", "the number last delivered")],
        cost: "2 messages for each message; with loss p of data (1+(W-1)p)/(1-p) times the data, for each loss wastes a window",
        breaks: &[
            "a window as large as the sequence space: an old acknowledgement is taken for a new one (honest-acknowledgement)",
            "a link that reorders by more than the sequence space allows (prefix)",
        ],
        source: "Stenning, A data transfer protocol, Computer Networks 1 (1976); Tanenbaum, Computer Networks, section 3.4.2",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self { config: *config, senders: BTreeMap::new(), delivered: BTreeMap::new() }
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
            Timer::Resend(to) => self.on_timeout(ctx, to),
        }
    }
}

impl GoBackN {
    /// Upon event offer(x): it waits until the window has room. What a process tells itself need not travel.
    fn on_offer(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        if to == ctx.me() {
            let own = self.delivered.entry(to).or_default();
            *own += 1;
            ctx.produce(Output::Receive { from: to, id: *own, body });
            ctx.produce(Output::Acknowledged { to, id: *own });
            return;
        }
        self.senders.entry(to).or_default().pending.push_back(body);
        self.fill_window(ctx, to);
    }

    /// Sends for the first time what the window has room for. The timer runs for the oldest message under way.
    fn fill_window(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(sender) = self.senders.get_mut(&to) else { return };
        if sender.base == sender.next && !sender.pending.is_empty() {
            ctx.set_timer(Timer::Resend(to), self.config.timeout());
        }
        while sender.next < sender.base + self.config.window() {
            let Some(body) = sender.pending.get((sender.next - sender.base) as usize) else { return };
            ctx.send(to, Message::Data { sequence: self.config.number(sender.next), body: body.clone() });
            sender.next += 1;
        }
    }

    /// Upon timeout: go back to the oldest message under way and send all of them again.
    fn on_timeout(&self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(sender) = self.senders.get(&to) else { return };
        for (place, body) in (sender.base..sender.next).zip(&sender.pending) {
            ctx.send(to, Message::Data { sequence: self.config.number(place), body: body.clone() });
        }
        ctx.set_timer(Timer::Resend(to), self.config.timeout());
    }

    /// Upon D{s, x}: deliver what is expected, discard everything else; acknowledge what was delivered last.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, sequence: u32, body: String) {
        let delivered = self.delivered.entry(from).or_default();
        if sequence == self.config.number(*delivered) {
            *delivered += 1;
            ctx.produce(Output::Receive { from, id: *delivered, body });
        }
        let Some(last) = delivered.checked_sub(1) else { return };
        ctx.send(from, Message::Ack { sequence: self.config.number(last) });
    }

    /// Upon A{s}: everything under way up to s was delivered; the window moves.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, sequence: u32) {
        let Some(sender) = self.senders.get_mut(&from) else { return };
        let Some(last) = self.config.place(sequence, sender.base..sender.next) else { return };
        for id in sender.base + 1..=last + 1 {
            sender.pending.pop_front();
            ctx.produce(Output::Acknowledged { to: from, id });
        }
        sender.base = last + 1;
        if sender.base == sender.next {
            ctx.cancel_timer(Timer::Resend(from));
        } else {
            ctx.set_timer(Timer::Resend(from), self.config.timeout());
        }
        self.fill_window(ctx, from);
    }
}
