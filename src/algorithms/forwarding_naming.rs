//! An object that moves leaves a pointer behind: what is sent to it follows the chain of pointers.
//!
//! Fowler, "The complexity of using forwarding addresses for decentralized object finding" (1986), sections 2 and 3;
//! Shapiro, Dickman, Plainfosse, "SSP chains" (1992).
//!
//! ```text
//! a moved object:  p --invoke--> a --invoke--> b --invoke--> c        then:  p --invoke--> c
//!                  p, a, b <--locate(c)-------------------- c
//! ```

use super::parts::homes::{Homes, Packet};
use crate::{
    problems::location::{Location, Output, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ForwardingNaming {
    config: Config,
    stable: Stable,
    /// What came before its object.
    early: BTreeMap<String, Vec<(Packet, Vec<ProcessId>)>>,
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How many messages this process has sent.
    sent: u64,
    /// What is known of objects; those of which nothing is known are where they began.
    known: BTreeMap<String, Known>,
}

/// What a process knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Known {
    /// How often it had moved, when this was so.
    moves: u64,
    /// Where it was, or was going to.
    place: ProcessId,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Where each object is in the beginning; at the first node unless said otherwise.
    pub homes: Homes,
    /// Who learns where an object is, once a message has reached it.
    pub shorten: Shorten,
}

/// Who learns where an object is, once a message has reached it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shorten {
    /// Nobody: every message takes the whole chain.
    Nobody,
    /// Who sent the message.
    Sender,
    /// Everybody on its way.
    #[default]
    Path,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The object itself.
    Object {
        /// Which.
        object: String,
        /// How often it has moved.
        moves: u64,
    },
    /// For an object, along its pointers.
    Invoke {
        /// What is sent.
        packet: Packet,
        /// How often the object had moved when it went where this goes.
        moves: u64,
        /// Who has passed it on, the sender first.
        path: Vec<ProcessId>,
    },
    /// The object is at the sender's.
    Locate {
        /// Which.
        object: String,
        /// How often it had moved.
        moves: u64,
    },
}

impl Process for ForwardingNaming {
    type Problem = Location;
    type Config = Config;
    type Message = Message;
    type Timer = crate::process::Never;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "forwarding-naming",
        summary: "An object that moves leaves a pointer behind; what is sent to it follows the pointers.",
        assumes: &[
            "perfect links: nothing is lost or duplicated; order does not matter",
            "nobody crashes where the object has been; who restarts has its pointers again",
        ],
        promises: &["reached", "at-most-once", "one-place", "no-detour"],
        messages: &[
            ("object", "the object itself, to where it moves"),
            ("invoke", "for the object: to where it was last, and on along the pointers"),
            ("locate", "back along the way: the object is here"),
        ],
        cost: "no message for a move but the object itself; h+1 messages to reach an object that has moved h times, then as many to shorten the path, then 1",
        breaks: &[
            "a process crashes where the object has been: the chain is cut, though the object is there (reached)",
            "a message is lost: nothing is sent twice (reached)",
            "a message is duplicated: it is delivered twice (at-most-once)",
        ],
        source: "Fowler, The complexity of using forwarding addresses for decentralized object finding (1986), sections 2 and 3",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        Self { config: config.clone(), stable, early: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Move { object, to } => self.on_move(ctx, object, to),
            Request::Send { object, body } => self.on_send(ctx, object, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Object { object, moves } => self.on_object(ctx, object, moves),
            Message::Invoke { packet, moves, path } => self.on_invoke(ctx, packet, moves, path),
            Message::Locate { object, moves } => self.on_locate(ctx, from, object, moves),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {}
    }
}

impl ForwardingNaming {
    /// What is known of an object: at least where it began.
    fn known(&self, object: &str) -> Known {
        let began = || Known { moves: 0, place: self.config.homes.of(object) };
        self.stable.known.get(object).copied().unwrap_or_else(began)
    }

    /// An object that is here leaves, and a pointer stays.
    fn on_move(&mut self, ctx: &mut Context<'_, Self>, object: String, to: ProcessId) {
        let Known { moves, place } = self.known(&object);
        if place != ctx.me() || to == place || to.index() >= ctx.group_size() {
            return;
        }
        let moves = moves + 1;
        self.stable.known.insert(object.clone(), Known { moves, place: to });
        ctx.save(self.stable.clone());
        ctx.produce(Output::Left { object: object.clone(), to });
        ctx.send(to, Message::Object { object, moves });
    }

    /// An object arrives. Where it has been before, it takes the place of the pointer that it left.
    fn on_object(&mut self, ctx: &mut Context<'_, Self>, object: String, moves: u64) {
        self.stable.known.insert(object.clone(), Known { moves, place: ctx.me() });
        ctx.save(self.stable.clone());
        ctx.produce(Output::Arrived { object: object.clone(), moves });
        for (packet, path) in self.early.remove(&object).unwrap_or_default() {
            self.deliver(ctx, packet, path, moves);
        }
    }

    /// To where the object was last.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, object: String, body: String) {
        self.stable.sent += 1;
        ctx.save(self.stable.clone());
        let packet = Packet { object, from: ctx.me(), id: self.stable.sent, body, hops: 0 };
        self.on_invoke(ctx, packet, 0, Vec::new());
    }

    /// The object is here; or it is on its way, and this was faster; or it has gone on, and so does this.
    fn on_invoke(
        &mut self,
        ctx: &mut Context<'_, Self>,
        packet: Packet,
        expected: u64,
        mut path: Vec<ProcessId>,
    ) {
        let Known { moves, place } = self.known(&packet.object);
        if moves < expected {
            return self.early.entry(packet.object.clone()).or_default().push((packet, path));
        }
        if place == ctx.me() {
            return self.deliver(ctx, packet, path, moves);
        }
        path.push(ctx.me());
        let packet = Packet { hops: packet.hops.saturating_add(1), ..packet };
        ctx.send(place, Message::Invoke { packet, moves, path });
    }

    /// The object is told, and those on the way learn where it is.
    fn deliver(&self, ctx: &mut Context<'_, Self>, packet: Packet, path: Vec<ProcessId>, moves: u64) {
        let Packet { object, from, id, body, hops } = packet;
        ctx.produce(Output::Delivered { object: object.clone(), from, id, body, hops });
        let mut told = match self.config.shorten {
            Shorten::Nobody => Vec::new(),
            Shorten::Sender => path.into_iter().take(1).collect(),
            Shorten::Path => path,
        };
        told.sort_unstable();
        told.dedup();
        told.retain(|process| *process != ctx.me());
        ctx.multicast(told, Message::Locate { object, moves });
    }

    /// A pointer to where the object was later than this process knows.
    fn on_locate(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, object: String, moves: u64) {
        if moves > self.known(&object).moves {
            self.stable.known.insert(object, Known { moves, place: from });
            ctx.save(self.stable.clone());
        }
    }
}
