//! Unicast: one datagram to one named process, handed up on receipt, with no promise that it arrives.
//!
//! RFC 768, "User Datagram Protocol" (1980); as a channel, the fair-loss link of Cachin, Guerraoui, Rodrigues (2011),
//! section 2.4.2. Over `channel: reliable` it is their perfect link (Algorithms 2.1 and 2.2): every message is
//! acknowledged, sent again until it is, and handed up once.

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Unicast {
    /// How many messages this process has sent to each.
    sent: BTreeMap<ProcessId, u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// One message, whole.
    Data {
        /// Which of the sender's messages to this receiver it is, counted from 1.
        id: u64,
        /// What it says.
        body: String,
    },
}

impl Process for Unicast {
    type Problem = Messaging;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "unicast",
        summary: "Sends a datagram to one named process and hands it up on receipt: the base of everything else.",
        assumes: &["perfect links: nothing is lost, duplicated or made up; order does not matter"],
        promises: &["reliable-delivery", "integrity"],
        messages: &[("data", "what was said, with its number among the sender's messages to this receiver")],
        cost: "1 message and 1 message delay for each send; over channel: reliable 2, and with loss p of data and q of \
               acknowledgements 1/((1-p)(1-q)) times the data",
        breaks: &[
            "one lost message is gone for ever (reliable-delivery)",
            "a link that duplicates: it is handed up twice (integrity)",
            "expecting more: messages overtake each other (fifo-order)",
        ],
        source: "RFC 768, User Datagram Protocol (1980); Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure \
                 Distributed Programming (2011), section 2.4",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("1")];

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self { sent: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let to: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in to {
            self.on_send(ctx, to, body.clone());
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

impl Unicast {
    /// Upon event ⟨Send | q, m⟩. What a process tells itself need not travel.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let sent = self.sent.entry(to).or_default();
        *sent += 1;
        if to == ctx.me() {
            Self::deliver(ctx, to, *sent, body);
        } else {
            ctx.send(to, Message::Data { id: *sent, body });
        }
    }

    /// Trigger ⟨Deliver | p, m⟩.
    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Receive { from, id, body });
    }
}
