//! Causal broadcast with vector clocks: nothing is delivered before what it may answer.
//!
//! Birman, Schiper, Stephenson, "Lightweight causal and atomic group multicast" (1991), section 5.1 (CBCAST).
//!
//! ```text
//! p  --m1[1,0,0]--> q, and slowly to r
//! q  delivers m1, then  --m2[1,1,0]--> r: held back, for r has delivered [0,0,0]
//! r  gets m1, delivers m1, looks again: m2 has its turn
//! ```

use super::parts::{
    causal::{Causal, Stamp},
    own_copy::OwnCopy,
};
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CausalBroadcast {
    config: OwnCopy,
    causal: Causal<String>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// VT(m): how many messages of each process the sender had delivered, and how many it had sent, this one
        /// included.
        stamp: Stamp,
        /// What was said.
        body: String,
    },
}

impl Process for CausalBroadcast {
    type Problem = Broadcast;
    type Config = OwnCopy;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "causal-broadcast",
        summary: "Delivers no message before one that it may answer; messages that know nothing of each other in any order.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "a closed group: everybody gets every message, and nobody crashes",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order"],
        messages: &[(
            "data",
            "what was said, with a vector of how many messages of each process the sender knew",
        )],
        cost: "N-1 messages for each broadcast, a vector of N numbers in each; waits only for what a message builds on",
        breaks: &[
            "one lost message: everything that builds on it is held back for ever (validity)",
            "expecting more: two messages sent at once are delivered in different orders (total-order)",
        ],
        source: "Birman, Schiper, Stephenson, Lightweight causal and atomic group multicast (1991), section 5.1",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N-1")];

    fn boot(ctx: &mut Context<'_, Self>, config: &OwnCopy, (): ()) -> Self {
        Self { config: *config, causal: Causal::new(ctx.group_size()) }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { stamp, body } => self.on_data(ctx, from, stamp, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl CausalBroadcast {
    /// Step 1: before sending m, increment VT(p)[p] and timestamp m.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        let me = ctx.me();
        let stamp = self.causal.stamp(me);
        let id = stamp[me.index()];
        ctx.broadcast(Message::Data { stamp, body: body.clone() });
        if self.config.echo {
            Self::deliver(ctx, me, id, body);
        }
    }

    /// Step 2 and 3: deliver what has its turn; each delivery may give another message its turn.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: Stamp, body: String) {
        self.causal.receive(from, stamp, body);
        while let Some((from, stamp, body)) = self.causal.take_turn() {
            Self::deliver(ctx, from, stamp[from.index()], body);
        }
    }

    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }
}
