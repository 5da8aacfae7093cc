//! Causal broadcast with vector clocks, with a mistake to choose.
//!
//! Birman, Schiper, Stephenson, "Lightweight causal and atomic group multicast" (1991), section 5.1, step 2: deliver m
//! from p when (i) VT(m)\[p\] = VT\[p\] + 1, it is the sender's next one, and (ii) VT(m)\[k\] ≤ VT\[k\] for all others,
//! all that the sender knew is here. The sender's own entry is the one that textbooks and students lose.

use super::{Config, deliver};
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The receive rule forgets the sender's own entry: only (ii) is asked for.
    CausalOnly,
    /// Only the sender's own entry is looked at: only (i) is asked for.
    FifoOnly,
    /// A delivery does not make it look again at what is held back.
    NoRescan,
    /// A delivery counts as an event of this process, as in Fidge's clocks.
    TicksOnDelivery,
    /// The message carries the vector from before it was counted.
    StampsTooEarly,
    /// (i) is loosened to VT(m)\[p\] ≤ VT\[p\] + 1: of use when messages arrive twice.
    LooseFifoTest,
    /// No mistake, though it looks like one: a delivery takes over the whole vector.
    MergesAll,
    /// No mistake, though it looks like one: the receiver's own entry is not looked at.
    SkipsItself,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// Which of the sender's messages it is: what the vector's own entry says, unless a mistake spoils that.
        id: u64,
        /// VT(m).
        stamp: Vec<u64>,
        /// What was said.
        body: String,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Held {
    from: ProcessId,
    id: u64,
    stamp: Vec<u64>,
    body: String,
}

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CausalBroadcastFlawed {
    mistake: Mistake,
    /// VT.
    vector: Vec<u64>,
    held_back: Vec<Held>,
    /// How many messages this process has broadcast.
    sent: u64,
}

impl Process for CausalBroadcastFlawed {
    type Problem = Broadcast;
    type Config = Config<Mistake>;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "causal-broadcast-flawed",
        summary: "Causal broadcast with vector clocks and a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "a closed group: everybody gets every message, and nobody crashes",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order"],
        messages: &[(
            "data",
            "what was said, with a vector of how many messages of each process the sender knew",
        )],
        cost: "N-1 messages for each broadcast",
        breaks: &[
            "mistake: causal-only: a sender's second message is delivered before its first (fifo-order)",
            "mistake: fifo-only: an answer is delivered before its question (causal-order)",
            "mistake: no-rescan: what was held back once is never delivered (validity)",
            "mistake: ticks-on-delivery: an answer waits for a message that does not exist (validity)",
            "mistake: stamps-too-early: nothing has its turn (validity)",
            "mistake: loose-fifo-test: a message that arrives twice is delivered twice (integrity)",
            "mistake: merges-all, mistake: skips-itself: nothing; they only look wrong",
        ],
        source: "Birman, Schiper, Stephenson, Lightweight causal and atomic group multicast (1991), section 5.1",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Self::Config, (): ()) -> Self {
        let vector = vec![0; ctx.group_size()];
        Self { mistake: config.mistake, vector, held_back: Vec::new(), sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        let me = ctx.me();
        let before = self.vector.clone();
        self.vector[me.index()] += 1;
        self.sent += 1;
        let stamp = if self.mistake == Mistake::StampsTooEarly { before } else { self.vector.clone() };
        ctx.broadcast(Message::Data { id: self.sent, stamp, body: body.clone() });
        deliver(ctx, me, self.sent, body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Data { id, stamp, body } = message;
        let (me, held) = (ctx.me(), Held { from, id, stamp, body });
        if self.mistake == Mistake::NoRescan && self.has_turn(me, &held) {
            return self.take(ctx, held);
        }
        self.held_back.push(held);
        if self.mistake == Mistake::NoRescan {
            return;
        }
        while let Some(place) = self.held_back.iter().position(|held| self.has_turn(me, held)) {
            let held = self.held_back.remove(place);
            self.take(ctx, held);
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl CausalBroadcastFlawed {
    /// Step 2, or what is left of it.
    fn has_turn(&self, me: ProcessId, held: &Held) -> bool {
        let sender = held.from.index();
        held.stamp.iter().zip(&self.vector).enumerate().all(|(process, (stamped, here))| match self.mistake {
            Mistake::LooseFifoTest if process == sender => *stamped <= here + 1,
            Mistake::CausalOnly if process == sender => true,
            _ if process == sender => *stamped == here + 1,
            Mistake::FifoOnly => true,
            Mistake::SkipsItself if process == me.index() => true,
            _ => stamped <= here,
        })
    }

    fn take(&mut self, ctx: &mut Context<'_, Self>, held: Held) {
        if self.mistake == Mistake::MergesAll {
            for (here, stamped) in self.vector.iter_mut().zip(&held.stamp) {
                *here = (*here).max(*stamped);
            }
        } else {
            self.vector[held.from.index()] += 1;
        }
        if self.mistake == Mistake::TicksOnDelivery {
            self.vector[ctx.me().index()] += 1;
        }
        deliver(ctx, held.from, held.id, held.body);
    }
}
