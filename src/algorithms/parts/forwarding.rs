//! Passing messages on along routes, whoever found them: directed delivery, limited and directed broadcast.
//!
//! Baker, "Requirements for IP version 4 routers", RFC 1812 (1995), sections 5.2 and 5.3.5; that directed broadcasts are
//! not passed on unless somebody says so: Senie, RFC 2644 (1999).

use crate::{
    problems::routing::{Output, Request, Routing, Way, Why},
    process::{Context, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The ways to all processes that can be reached.
pub type Routes = BTreeMap<ProcessId, Way>;

/// How messages are passed on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Over how many links a message may go, unless its sender says otherwise.
    pub ttl: u32,
    /// Whether directed broadcasts are let out to the neighbours.
    pub directed: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { ttl: 64, directed: false }
    }
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// Who sent it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// For whom it is.
    pub to: Destination,
    /// Over how many more links it may go.
    pub ttl: u32,
    /// Over how many links it has come, this one included.
    pub hops: u32,
    /// What is said.
    pub body: String,
}

/// For whom a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// One process.
    Process(ProcessId),
    /// Whoever gets it from a neighbour; it is never passed on.
    Neighbours,
    /// A process and all its neighbours.
    NeighboursOf(ProcessId),
}

/// A process's part in passing messages on. Its owner's messages have a case for [`Packet`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Forwarding {
    config: Config,
    /// How many messages this process was asked to send: to be saved, for names of messages are never used again.
    pub sent: u64,
}

impl Forwarding {
    /// A process that was asked to send so many messages before it crashed.
    pub fn new(config: Config, sent: u64) -> Self {
        Self { config, sent }
    }

    /// The application wants something sent.
    pub fn on_request<P>(&mut self, ctx: &mut Context<'_, P>, routes: &Routes, request: Request)
    where
        P: Process<Problem = Routing, Message: From<Packet>>,
    {
        self.sent += 1;
        let (to, body, ttl) = match request {
            Request::Send { to, body, ttl } => (Destination::Process(to), body, ttl),
            Request::Limited(body) => (Destination::Neighbours, body, Some(1)),
            Request::Directed { at, body } => (Destination::NeighboursOf(at), body, None),
        };
        let ttl = ttl.unwrap_or(self.config.ttl);
        let packet = Packet { from: ctx.me(), id: self.sent, to, ttl, hops: 0, body };
        match to {
            Destination::Neighbours => let_out(ctx, packet),
            Destination::Process(_) | Destination::NeighboursOf(_) => self.pass_on(ctx, routes, packet),
        }
    }

    /// A message comes from a neighbour.
    pub fn on_packet<P>(&mut self, ctx: &mut Context<'_, P>, routes: &Routes, packet: Packet)
    where
        P: Process<Problem = Routing, Message: From<Packet>>,
    {
        match packet.to {
            Destination::Neighbours => receive(ctx, packet),
            Destination::Process(_) | Destination::NeighboursOf(_) => self.pass_on(ctx, routes, packet),
        }
    }

    /// It is for this process, or goes to the next one on its way.
    fn pass_on<P>(&self, ctx: &mut Context<'_, P>, routes: &Routes, mut packet: Packet)
    where
        P: Process<Problem = Routing, Message: From<Packet>>,
    {
        let (Destination::Process(to) | Destination::NeighboursOf(to)) = packet.to else { return };
        let drop = |why| Output::Dropped { from: packet.from, id: packet.id, why };
        if to == ctx.me() {
            return self.on_arrival(ctx, packet);
        }
        let Some(way) = routes.get(&to) else { return ctx.produce(drop(Why::NoRoute)) };
        if packet.ttl == 0 {
            return ctx.produce(drop(Why::Ttl));
        }
        packet.hops = packet.hops.saturating_add(1);
        packet.ttl -= 1;
        ctx.send(way.next, packet.into());
    }

    /// It is where it was to go; a directed broadcast goes one link further from here.
    fn on_arrival<P>(&self, ctx: &mut Context<'_, P>, packet: Packet)
    where
        P: Process<Problem = Routing, Message: From<Packet>>,
    {
        if let Destination::NeighboursOf(_) = packet.to {
            if !self.config.directed {
                let why = Why::Disabled;
                return ctx.produce(Output::Dropped { from: packet.from, id: packet.id, why });
            }
            let_out(ctx, Packet { to: Destination::Neighbours, ..packet.clone() });
        }
        receive(ctx, packet);
    }
}

/// To all neighbours but the one that said it.
fn let_out<P: Process<Message: From<Packet>>>(ctx: &mut Context<'_, P>, packet: Packet) {
    let from = packet.from;
    let neighbours = ctx.neighbours().iter().filter(move |neighbour| *neighbour != from);
    ctx.multicast(neighbours, Packet { hops: packet.hops.saturating_add(1), ttl: 0, ..packet }.into());
}

fn receive<P: Process<Problem = Routing>>(ctx: &mut Context<'_, P>, packet: Packet) {
    let Packet { from, id, hops, body, .. } = packet;
    ctx.produce(Output::Receive { from, id, body, hops });
}

/// What links cost: 1 unless said otherwise, the same both ways.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Costs(pub Vec<(ProcessId, ProcessId, u32)>);

impl Costs {
    /// What the link between two neighbours costs: at least 1. Of several entries the last counts.
    pub fn of(&self, one: ProcessId, other: ProcessId) -> u32 {
        let named =
            self.0.iter().rev().find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other));
        named.map_or(1, |(_, _, cost)| (*cost).max(1))
    }
}

/// Tells the application of each way that is not what it was.
pub fn tell_changes<P: Process<Problem = Routing>>(
    ctx: &mut Context<'_, P>,
    before: &Routes,
    after: &Routes,
) {
    for to in ctx.group() {
        let way = after.get(&to).copied();
        if before.get(&to).copied() != way {
            ctx.produce(Output::Route { to, way });
        }
    }
}
