//! FIFO broadcast, with a mistake to choose.
//!
//! Hadzilacos, Toueg, "A modular approach to fault-tolerant broadcasts and related problems" (1994), section 4.2: each
//! sender's messages are numbered, and what comes before its turn is held back.

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
    /// Whatever comes is delivered.
    NoHoldBack,
    /// One counter for the whole group instead of one for each sender.
    OneCounter,
    /// What comes too early is dropped.
    DropsWhatIsEarly,
    /// A receipt delivers one message at most.
    OnePerReceipt,
    /// What was delivered already is delivered again: of use when messages arrive twice.
    NoMemory,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
}

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FifoBroadcastFlawed {
    mistake: Mistake,
    /// How many messages this process has broadcast.
    sent: u64,
    /// For each sender, the number of the message to be delivered next.
    next: BTreeMap<ProcessId, u64>,
    held_back: BTreeMap<(ProcessId, u64), String>,
}

impl Process for FifoBroadcastFlawed {
    type Problem = Broadcast;
    type Config = Config<Mistake>;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "fifo-broadcast-flawed",
        summary: "FIFO broadcast with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "fifo-order"],
        messages: &[("data", "what was said, with its number among the sender's messages")],
        cost: "N-1 messages and 1 message delay for each broadcast",
        breaks: &[
            "mistake: no-hold-back: a sender's second message is delivered before its first (fifo-order)",
            "mistake: one-counter: two senders' first messages are taken for one (validity)",
            "mistake: drops-what-is-early: what overtook another is gone (validity)",
            "mistake: one-per-receipt: the last of those held back waits for a message that never comes (validity)",
            "mistake: no-memory: a message that arrives twice is delivered twice (integrity)",
        ],
        source: "Hadzilacos, Toueg, A modular approach to fault-tolerant broadcasts and related problems (1994), section 4.2",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Self::Config, (): ()) -> Self {
        let (next, held_back) = (BTreeMap::new(), BTreeMap::new());
        Self { mistake: config.mistake, sent: 0, next, held_back }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.sent += 1;
        ctx.broadcast(Message::Data { id: self.sent, body: body.clone() });
        deliver(ctx, ctx.me(), self.sent, body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Data { id, body } = message;
        let counter = if self.mistake == Mistake::OneCounter { ProcessId(0) } else { from };
        let next = self.next.entry(counter).or_insert(1);
        match self.mistake {
            Mistake::NoHoldBack => return deliver(ctx, from, id, body),
            Mistake::NoMemory if id < *next => return deliver(ctx, from, id, body),
            _ if id < *next => return,
            Mistake::DropsWhatIsEarly if id > *next => return,
            _ => drop(self.held_back.insert((from, id), body)),
        }
        while let Some(body) = self.held_back.remove(&(from, *next)) {
            deliver(ctx, from, *next, body);
            *next += 1;
            if self.mistake == Mistake::OnePerReceipt {
                return;
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}
