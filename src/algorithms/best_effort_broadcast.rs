//! Best-effort broadcast: send to everybody, deliver on receipt, promise nothing if the sender crashes.
//!
//! Cachin, Guerraoui, Rodrigues, "Introduction to Reliable and Secure Distributed Programming" (2011), Algorithm 3.1.

use super::parts::own_copy::OwnCopy;
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BestEffortBroadcast {
    config: OwnCopy,
    /// How many messages this process has broadcast.
    sent: u64,
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

impl Process for BestEffortBroadcast {
    type Problem = Broadcast;
    type Config = OwnCopy;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "best-effort-broadcast",
        summary: "Sends to everybody and delivers on receipt: the base of every broadcast, in no order at all.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up",
            "senders do not crash while they send",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity"],
        messages: &[("data", "what was said, with its number among the sender's messages")],
        cost: "N-1 messages and 1 message delay for each broadcast",
        breaks: &[
            "a sender that crashes in the middle of sending: some deliver, some never do (agreement)",
            "a slow link: an answer is delivered before its question (causal-order)",
        ],
        source: "Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure Distributed Programming (2011), Algorithm 3.1",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N-1")];

    fn boot(_ctx: &mut Context<'_, Self>, config: &OwnCopy, (): ()) -> Self {
        Self { config: *config, sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, body } => Self::deliver(ctx, from, id, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl BestEffortBroadcast {
    /// Upon event ⟨bebBroadcast⟩: send to all, this process included.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        ctx.broadcast(Message::Data { id: self.sent, body: body.clone() });
        if self.config.echo {
            Self::deliver(ctx, ctx.me(), self.sent, body);
        }
    }

    /// Trigger ⟨bebDeliver⟩.
    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }
}
