//! Multicast to a named subset: the sender names the receivers, each of them gets a message of its own.
//!
//! Sinha, "Distributed Operating Systems" (1997), section 3.10.2: one-to-many communication by repeated unicast, and
//! limited broadcast, to a subset of the nodes and not the entire network. The subset is the one named when the message
//! is sent.

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Multicast {
    /// How many messages this process has sent to each.
    sent: BTreeMap<ProcessId, u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The copy for one receiver.
    Data {
        /// Which of the sender's messages to this receiver it is, counted from 1.
        id: u64,
        /// What it says.
        body: String,
    },
}

impl Process for Multicast {
    type Problem = Messaging;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "multicast",
        summary: "Sends to the processes that the sender names, one message to each: limited broadcast to a subset.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "senders do not crash while they send",
        ],
        promises: &["reliable-delivery", "agreement", "integrity"],
        messages: &[("data", "what was said, with its number among the sender's messages to this receiver")],
        cost: "one message for each receiver but the sender itself, 1 message delay",
        breaks: &[
            "a sender that crashes in the middle of sending: some of the subset get it, some never do (agreement)",
            "a lossy link: one of the subset misses it (reliable-delivery, agreement)",
        ],
        source: "Sinha, Distributed Operating Systems (1997), section 3.10.2, group communication",
    };

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self { sent: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.on_multicast(ctx, request);
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

impl Multicast {
    /// Upon a message to a subset: one unicast after the other, in the order in which the receivers are named.
    fn on_multicast(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let subset: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in subset {
            let sent = self.sent.entry(to).or_default();
            *sent += 1;
            let (id, body) = (*sent, body.clone());
            if to == ctx.me() {
                Self::deliver(ctx, to, id, body);
            } else {
                ctx.send(to, Message::Data { id, body });
            }
        }
    }

    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Receive { from, id, body });
    }
}
