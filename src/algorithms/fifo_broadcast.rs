//! FIFO broadcast: each sender's messages are numbered and delivered in that order; early ones are held back.
//!
//! Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related problems" (1994), section 4.2;
//! Birman and Joseph, "Reliable communication in the presence of failures" (1987), FBCAST.

use super::parts::own_copy::OwnCopy;
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FifoBroadcast {
    config: OwnCopy,
    /// How many messages this process has broadcast.
    sent: u64,
    /// For each sender, the number of the message to be delivered next.
    next: Vec<u64>,
    /// Messages that came before their turn.
    held_back: BTreeMap<(ProcessId, u64), String>,
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

impl Process for FifoBroadcast {
    type Problem = Broadcast;
    type Config = OwnCopy;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "fifo-broadcast",
        summary: "Delivers each sender's messages in the order it sent them; different senders' in any order.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "fifo-order"],
        messages: &[("data", "what was said, with its number among the sender's messages")],
        cost: "N-1 messages and 1 message delay for each broadcast; one number in each header",
        breaks: &[
            "one lost message: everything later from that sender is held back for ever (validity)",
            "an answer that overtakes its question on another link (causal-order)",
        ],
        source: "Hadzilacos, Toueg, A modular approach to fault-tolerant broadcasts and related problems (1994), section 4.2",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N-1")];

    fn boot(ctx: &mut Context<'_, Self>, config: &OwnCopy, (): ()) -> Self {
        Self { config: *config, sent: 0, next: vec![1; ctx.group_size()], held_back: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, body } => self.on_data(ctx, from, id, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl FifoBroadcast {
    /// Upon event ⟨F-broadcast⟩: number it and send it to everybody.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        ctx.broadcast(Message::Data { id: self.sent, body: body.clone() });
        if self.config.echo {
            Self::deliver(ctx, ctx.me(), self.sent, body);
        }
    }

    /// Upon receipt: hold it back, then deliver from this sender as long as the next one is there.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        if id < self.next[from.index()] {
            return;
        }
        self.held_back.insert((from, id), body);
        while let Some(body) = self.held_back.remove(&(from, self.next[from.index()])) {
            Self::deliver(ctx, from, self.next[from.index()], body);
            self.next[from.index()] += 1;
        }
    }

    /// Trigger ⟨F-deliver⟩.
    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }
}
