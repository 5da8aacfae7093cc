//! An object's home always knows where it is: what is sent to the object goes by its home, until the sender knows better.
//!
//! Perkins, "IP mobility support", RFC 2002 (1996), sections 3 and 4; telling the sender: Perkins, Johnson, "Route
//! optimization in Mobile IP" (1998); the scheme in van Steen and Tanenbaum, "Distributed systems" (2017), section 5.2.
//!
//! ```text
//! move:  old --object--> new --register--> home         first:  p --packet--> home --tunnel--> new
//!                        new <--registered-- home               p <--update-- home
//!                                                       later:  p --packet--------------> new
//! ```
//!
//! What comes to a place that the object has left goes back to its home.

use super::parts::homes::{Homes, Packet};
use crate::{
    problems::location::{Location, Output, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant: objects may be at it, and it is the home of some.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HomeNaming {
    homes: Homes,
    stable: Stable,
    /// Where objects of other homes are, by the last that was heard.
    cache: BTreeMap<String, Binding>,
    /// What came back from where the object was, until it is heard of again.
    waiting: BTreeMap<String, Vec<Packet>>,
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How many messages this process has sent.
    sent: u64,
    /// The objects that are here, and how often they have moved.
    here: BTreeMap<String, u64>,
    /// Where the objects are of which this is the home.
    bindings: BTreeMap<String, Binding>,
}

/// Where an object was when it had moved so often.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// How often it had moved: what is heard of an earlier move comes too late.
    pub moves: u64,
    /// Where it was.
    pub place: ProcessId,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The home of each object, where it is in the beginning; the first node unless said otherwise.
    pub homes: Homes,
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
    /// To the home: the object is here.
    Register {
        /// Which.
        object: String,
        /// How often it has moved.
        moves: u64,
    },
    /// From the home: noted.
    Registered {
        /// Which.
        object: String,
        /// How often it had moved.
        moves: u64,
    },
    /// For an object, to its home or to where it was last.
    Packet {
        /// What is sent.
        packet: Packet,
        /// How often the object had moved when it was there; 0 to its home.
        moves: u64,
    },
    /// For an object, from its home to where it is.
    Tunnel {
        /// What is sent.
        packet: Packet,
        /// How often the object had moved when it was there.
        moves: u64,
    },
    /// From the home to a sender: the object is there.
    Update {
        /// Which.
        object: String,
        /// Where.
        binding: Binding,
    },
    /// To the home: the object is not here any more.
    Return {
        /// What was sent.
        packet: Packet,
        /// How often the object had moved when it was there.
        moves: u64,
    },
}

impl Process for HomeNaming {
    type Problem = Location;
    type Config = Config;
    type Message = Message;
    type Timer = crate::process::Never;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "home-naming",
        summary: "An object's home knows where it is and passes on what is sent to it; senders learn the way.",
        assumes: &[
            "perfect links: nothing is lost or duplicated; order does not matter",
            "homes do not crash",
        ],
        promises: &["reached", "at-most-once", "one-place"],
        messages: &[
            ("object", "the object itself, to where it moves"),
            ("register", "to the home: the object is here, after so many moves"),
            ("registered", "from the home: noted"),
            ("packet", "for the object: to its home, or to where it was last"),
            ("tunnel", "the same, from the home to where the object is"),
            ("update", "from the home to the sender: the object is there"),
            ("return", "to the home: the object is not here any more"),
        ],
        cost: "2 messages for a move, beside the object itself; to reach the object 2 the first time, with an update, then 1; after another move 3 again: there in vain, to its home, and to it",
        breaks: &[
            "the home crashes: the object is there, but nothing reaches it (reached)",
            "a message is lost: nothing is sent twice (reached)",
            "a message is duplicated: it is delivered twice (at-most-once)",
        ],
        source: "Perkins, IP mobility support, RFC 2002 (1996), sections 3 and 4",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        Self { homes: config.homes.clone(), stable, cache: BTreeMap::new(), waiting: BTreeMap::new() }
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
            Message::Register { object, moves } => self.on_register(ctx, from, object, moves),
            Message::Registered { .. } => {}
            Message::Packet { packet, moves } => self.on_packet(ctx, packet, moves),
            Message::Tunnel { packet, moves } => self.on_tunnel(ctx, packet, moves),
            Message::Update { object, binding } => self.on_update(object, binding),
            Message::Return { packet, moves } => self.on_return(ctx, packet, moves),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {}
    }
}

impl HomeNaming {
    fn is_home(&self, ctx: &Context<'_, Self>, object: &str) -> bool {
        self.homes.of(object) == ctx.me()
    }

    /// Where the home believes an object to be: at home, until it is told otherwise.
    fn binding(&self, ctx: &Context<'_, Self>, object: &str) -> Binding {
        self.stable.bindings.get(object).copied().unwrap_or(Binding { moves: 0, place: ctx.me() })
    }

    /// How often an object that is here has moved.
    fn here(&self, ctx: &Context<'_, Self>, object: &str) -> Option<u64> {
        let begins = self.is_home(ctx, object) && !self.stable.bindings.contains_key(object);
        self.stable.here.get(object).copied().or(begins.then_some(0))
    }

    /// An object that is here leaves. Its home is where it was until it is told otherwise.
    fn on_move(&mut self, ctx: &mut Context<'_, Self>, object: String, to: ProcessId) {
        let Some(moves) = self.here(ctx, &object) else { return };
        if to == ctx.me() || to.index() >= ctx.group_size() {
            return;
        }
        self.stable.here.remove(&object);
        if self.is_home(ctx, &object) {
            let binding = self.binding(ctx, &object);
            self.stable.bindings.insert(object.clone(), binding);
        }
        ctx.save(self.stable.clone());
        ctx.produce(Output::Left { object: object.clone(), to });
        ctx.send(to, Message::Object { object, moves: moves + 1 });
    }

    /// An object arrives: its home is told.
    fn on_object(&mut self, ctx: &mut Context<'_, Self>, object: String, moves: u64) {
        self.stable.here.insert(object.clone(), moves);
        self.cache.remove(&object);
        ctx.save(self.stable.clone());
        ctx.produce(Output::Arrived { object: object.clone(), moves });
        let (home, me) = (self.homes.of(&object), ctx.me());
        if home == me {
            self.bind(ctx, object, Binding { moves, place: me });
        } else {
            ctx.send(home, Message::Register { object, moves });
        }
    }

    /// The home notes where the object is, unless it knows of a later move.
    fn on_register(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, object: String, moves: u64) {
        if !self.is_home(ctx, &object) {
            return;
        }
        ctx.send(from, Message::Registered { object: object.clone(), moves });
        self.bind(ctx, object, Binding { moves, place: from });
    }

    fn bind(&mut self, ctx: &mut Context<'_, Self>, object: String, binding: Binding) {
        if binding.moves <= self.binding(ctx, &object).moves {
            return;
        }
        self.stable.bindings.insert(object.clone(), binding);
        ctx.save(self.stable.clone());
        for packet in self.waiting.remove(&object).unwrap_or_default() {
            self.on_packet(ctx, packet, 0);
        }
    }

    /// To where the object is known to be, or to its home.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, object: String, body: String) {
        self.stable.sent += 1;
        ctx.save(self.stable.clone());
        let packet = Packet { object, from: ctx.me(), id: self.stable.sent, body, hops: 0 };
        if self.here(ctx, &packet.object).is_some() || self.is_home(ctx, &packet.object) {
            return self.on_packet(ctx, packet, 0);
        }
        let home = Binding { moves: 0, place: self.homes.of(&packet.object) };
        let Binding { moves, place } = self.cache.get(&packet.object).copied().unwrap_or(home);
        ctx.send(place, Message::Packet { packet: one_more(packet), moves });
    }

    /// The home passes it on to where the object is, and tells the sender. Elsewhere the object has left.
    fn on_packet(&mut self, ctx: &mut Context<'_, Self>, packet: Packet, moves: u64) {
        if self.here(ctx, &packet.object).is_some() || !self.is_home(ctx, &packet.object) {
            return self.on_tunnel(ctx, packet, moves);
        }
        let binding = self.binding(ctx, &packet.object);
        if binding.place == ctx.me() {
            return self.waiting.entry(packet.object.clone()).or_default().push(packet);
        }
        if packet.from != ctx.me() && packet.from != binding.place {
            ctx.send(packet.from, Message::Update { object: packet.object.clone(), binding });
        }
        ctx.send(binding.place, Message::Tunnel { packet: one_more(packet), moves: binding.moves });
    }

    /// The object is here, or it was and its home knows more.
    fn on_tunnel(&mut self, ctx: &mut Context<'_, Self>, packet: Packet, moves: u64) {
        if self.here(ctx, &packet.object).is_none() {
            let home = self.homes.of(&packet.object);
            return ctx.send(home, Message::Return { packet: one_more(packet), moves });
        }
        let Packet { object, from, id, body, hops } = packet;
        ctx.produce(Output::Delivered { object, from, id, body, hops });
    }

    /// The home gets it back. If it knows no better, the object has just left: it waits until the object is heard of.
    fn on_return(&mut self, ctx: &mut Context<'_, Self>, packet: Packet, moves: u64) {
        if !self.is_home(ctx, &packet.object) {
            return;
        }
        if self.binding(ctx, &packet.object).moves <= moves {
            return self.waiting.entry(packet.object.clone()).or_default().push(packet);
        }
        self.on_packet(ctx, packet, 0);
    }

    /// A sender learns where the object is, unless it knows of a later move.
    fn on_update(&mut self, object: String, binding: Binding) {
        let known = self.cache.entry(object).or_insert(binding);
        *known = (*known).max(binding);
    }
}

/// It takes one more message.
fn one_more(packet: Packet) -> Packet {
    Packet { hops: packet.hops.saturating_add(1), ..packet }
}
