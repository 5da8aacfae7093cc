//! Flooding: whoever hears something new passes it on over all of its links but the one it came by.
//!
//! The ARPANET's way to spread routing updates: McQuillan, Richer, Rosen, "The new routing algorithm for the ARPANET"
//! (1980); Perlman, "Network layer protocols with Byzantine robustness" (1988); with a hop limit as in
//! Gnutella 0.4 (2000). No process knows more than its own links.
//!
//! A hop limit and a memory of what was seen do not go together where messages overtake each other: the copy that
//! comes first may have fewer hops left than one that comes later, which is then taken for known and goes no further.
//!
//! ```text
//!   a ----- b       `a` floods with ttl 2. The copy by way of `b` reaches `c` first, with ttl 1: it goes no further.
//!    \     /        The copy straight from `a` has ttl 2, but `c` knows the message: `d` never hears it.
//!      \ /          With `improve`, `c` passes a copy on again that may go further than all before it.
//!       c ----- d
//! ```

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Flooding {
    config: Config,
    /// How many messages this process has broadcast.
    sent: u64,
    /// What was seen, with the most hops that a copy had left.
    seen: BTreeMap<(ProcessId, u64), Option<u32>>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many links a message may travel; as many as it likes, when left out.
    pub ttl: Option<u32>,
    /// Whether a known message is passed on again when a copy comes that may travel further than all before it.
    pub improve: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { ttl: None, improve: true }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What somebody said, on its way to everybody.
    Flood {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// How many links it may travel, this one included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<u32>,
        /// What was said.
        body: String,
    },
}

impl Process for Flooding {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "flooding",
        summary: "Passes whatever is new on over all links but the one it came by; needs to know nothing but its links.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "the links connect all who do not crash; who crashes stays down",
            "a hop limit, if any, that reaches from every process to every other",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity"],
        messages: &[("flood", "what was said, by whom, and how many links it may still travel")],
        cost: "2m-(N-1) messages for each broadcast over m links, whatever the delays; in time the sender's distance to the farthest. With a hop limit T and equal delays, each process nearer than T sends to all its links but one, the sender to all",
        breaks: &[
            "one lost message on a bridge between two parts (validity)",
            "a crash that cuts the links in two (validity, agreement)",
            "a hop limit without `improve`, and messages that overtake each other (validity)",
        ],
        source: "McQuillan, Richer, Rosen, The new routing algorithm for the ARPANET (1980); Perlman, Network layer protocols with Byzantine robustness (1988)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("2m-(N-1)").with(&[("ttl", "null")])];

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self { config: *config, sent: 0, seen: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_flood(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Flood { origin, id, ttl, body } => self.on_copy(ctx, from, (origin, id), ttl, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Flooding {
    /// Upon event ⟨flood⟩: to all neighbours, with as many hops as the configuration allows.
    fn on_flood(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let (me, id, ttl) = (ctx.me(), self.sent, self.config.ttl);
        self.seen.insert((me, id), ttl);
        Self::deliver(ctx, me, id, body.clone());
        Self::pass_on(ctx, me, Message::Flood { origin: me, id, ttl, body }, ttl);
    }

    /// Upon receipt of a copy: new is delivered and passed on; known is passed on if it may travel further now.
    fn on_copy(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (origin, id): (ProcessId, u64),
        ttl: Option<u32>,
        body: String,
    ) {
        match self.seen.get(&(origin, id)) {
            None => Self::deliver(ctx, origin, id, body.clone()),
            Some(best) if self.config.improve && further(ttl, *best) => {}
            Some(_) => return,
        }
        self.seen.insert((origin, id), ttl);
        let ttl = ttl.map(|ttl| ttl.saturating_sub(1));
        Self::pass_on(ctx, from, Message::Flood { origin, id, ttl, body }, ttl);
    }

    /// To all neighbours but the one it came from, unless no hops are left.
    fn pass_on(ctx: &mut Context<'_, Self>, from: ProcessId, message: Message, ttl: Option<u32>) {
        if ttl != Some(0) {
            let neighbours = ctx.neighbours();
            ctx.multicast(neighbours.iter().filter(|neighbour| *neighbour != from), message);
        }
    }

    fn deliver(ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }
}

/// Whether a copy with `ttl` hops left may travel further than one with `best`; no limit is the furthest.
fn further(ttl: Option<u32>, best: Option<u32>) -> bool {
    match (ttl, best) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(ttl), Some(best)) => ttl > best,
    }
}
