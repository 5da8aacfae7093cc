//! Multicast along a tree: each passes a message on to its neighbours in the tree but the one it came from.
//!
//! Dalal, Metcalfe, "Reverse path forwarding of broadcast packets" (1978); the tree as an overlay among
//! hosts: Chu, Rao, Zhang, "A case for end system multicast" (2000). Anybody may send: the tree is shared.
//!
//! The repair: heartbeats run along the tree. Whoever loses its parent attaches itself to its nearest ancestor that is
//! alive, which it knows because the tree is laid out by ids. Where no ancestor is left, the least process takes the
//! root's place. A parent always has the lesser id, so that no repair closes a circle. What was under way when the
//! parent crashed is made up for: each source numbers its messages, and the orphan and its new parent send each other
//! what the other has not delivered.
//!
//! ```text
//!        a               a                      d --attach(delivered)--> a
//!       / \             /|\                     a --delivered----------> d
//!      b   c    ->     / | c    after b         a --data, what d lacks-> d
//!     / \             d  e      crashed         d --data, what a lacks-> a
//!    d   e
//! ```

use super::parts::heartbeat::{self, Alive, Heartbeat, Pulse};
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TreeMulticast {
    /// Whom it gets messages from and passes them on to; with a tree by ids, those of greater id.
    children: BTreeSet<ProcessId>,
    parent: Option<ProcessId>,
    /// Who may take the parent's place, the nearest first.
    substitutes: Vec<ProcessId>,
    /// How many messages this process has broadcast.
    sent: u64,
    /// For each source, the number of its messages that were delivered.
    delivered: Vec<u64>,
    /// Everything that was heard: for those who attach themselves, and what is early until its turn.
    heard: BTreeMap<(ProcessId, u64), String>,
    /// What is not acknowledged yet: to whom it will be, and which neighbours' acknowledgements are awaited.
    pending: BTreeMap<(ProcessId, u64), (ProcessId, BTreeSet<ProcessId>)>,
    acknowledges: bool,
    heartbeat: Option<Heartbeat>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many children each has in the tree by ids, node i those from `children`*i + 1 on; without, the links of the
    /// topology are the tree.
    pub children: Option<u32>,
    /// Whether the tree is repaired when somebody crashes; for a tree by ids only.
    pub repair: bool,
    /// Whether a sender is told when everybody has its message; not together with `repair`.
    pub acknowledge: bool,
    /// When to suspect a neighbour in the tree.
    pub heartbeat: heartbeat::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self { children: Some(2), repair: false, acknowledge: false, heartbeat: heartbeat::Config::default() }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What somebody said.
    Data {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// Everybody on this side of the tree has delivered it.
    Ack {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
    },
    /// Be my parent.
    Attach {
        /// How many messages of each source the orphan has delivered.
        delivered: Vec<u64>,
    },
    /// Answer of the new parent.
    Delivered {
        /// How many messages of each source it has delivered.
        delivered: Vec<u64>,
    },
    /// A sign of life, between neighbours in the tree.
    #[serde(rename = "heartbeat")]
    Heartbeat(Alive),
}

impl From<Alive> for Message {
    fn from(alive: Alive) -> Self {
        Self::Heartbeat(alive)
    }
}

impl Process for TreeMulticast {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Pulse;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "tree-multicast",
        summary: "Passes messages on along a tree, so that no sender has more than a few receivers to serve.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "without `repair` nobody crashes; with it, who crashes stays down, and nobody who is up is silent for longer than the timeout",
            "a topology that is a tree, where `children` is null; where it is a number, links between all",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "acknowledgement", "fifo-order"],
        messages: &[
            ("data", "what was said, by whom, and its number among the source's messages"),
            ("ack", "everybody on this side of the tree has delivered it (acknowledge)"),
            ("attach", "to the nearest ancestor that is alive: be my parent; and what was delivered already"),
            ("delivered", "from the new parent: what it has delivered already"),
            ("heartbeat", "a sign of life, between neighbours in the tree (repair)"),
        ],
        cost: "N-1 messages for each broadcast, 2(N-1) with acknowledgements; no more than `children` + 1 by any process; as many delays as the sender is away from the farthest, twice the tree's depth at most. Repair: 2 heartbeats a period on each edge, and 2 messages for each orphan beside what it missed",
        breaks: &[
            "an inner process crashes and nothing is repaired: its subtree is cut off (validity, agreement)",
            "a topology that is no tree: nothing is delivered twice, but circles cost messages",
        ],
        source: "Dalal, Metcalfe, Reverse path forwarding of broadcast packets (1978); Chu, Rao, Zhang, A case for end system multicast (2000)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let (parent, substitutes, children) = match config.children {
            Some(arity) => place_by_id(ctx.me(), arity.max(1), ctx.group_size() as u32),
            None => (None, Vec::new(), ctx.neighbours().iter().collect()),
        };
        let watched: Vec<ProcessId> = children.iter().copied().chain(parent).collect();
        let repairs = config.repair && config.children.is_some();
        Self {
            children,
            parent,
            substitutes,
            sent: 0,
            delivered: vec![0; ctx.group_size()],
            heard: BTreeMap::new(),
            pending: BTreeMap::new(),
            acknowledges: config.acknowledge && !repairs,
            heartbeat: repairs.then(|| Heartbeat::start(ctx, config.heartbeat, watched)),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_multicast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { origin, id, body } => self.on_data(ctx, from, (origin, id), body),
            Message::Ack { origin, id } => self.on_ack(ctx, from, (origin, id)),
            Message::Attach { delivered } => self.on_attach(ctx, from, &delivered),
            Message::Delivered { delivered } => self.send_missing(ctx, from, &delivered),
            Message::Heartbeat(Alive) => self.on_alive(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Pulse) {
        self.on_pulse(ctx, timer);
    }
}

impl TreeMulticast {
    /// Upon event ⟨multicast⟩: to all neighbours in the tree.
    fn on_multicast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        self.on_data(ctx, ctx.me(), (ctx.me(), self.sent), body);
    }

    /// Upon receipt of a message: what is new goes on to all neighbours in the tree but the one it came from, and is
    /// delivered when its turn among its source's messages has come.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (origin, id): (ProcessId, u64),
        body: String,
    ) {
        if origin.index() >= self.delivered.len() || self.heard.contains_key(&(origin, id)) {
            return;
        }
        self.heard.insert((origin, id), body.clone());
        let suspected = |process: &ProcessId| self.heartbeat.as_ref().is_some_and(|h| h.suspects(*process));
        let neighbours = self.parent.iter().chain(&self.children).copied();
        let targets = neighbours.filter(|neighbour| *neighbour != from && !suspected(neighbour));
        let targets: BTreeSet<ProcessId> = targets.collect();
        ctx.multicast(targets.iter().copied(), Message::Data { origin, id, body });
        if self.acknowledges {
            self.pending.insert((origin, id), (from, targets));
        }
        while let Some(body) = self.heard.get(&(origin, self.delivered[origin.index()] + 1)) {
            self.delivered[origin.index()] += 1;
            let id = self.delivered[origin.index()];
            let delivery = Delivery { number: None, from: origin, id, body: body.clone() };
            ctx.produce(Output::Deliver(delivery));
            self.acknowledge(ctx, (origin, id));
        }
    }

    /// Upon an acknowledgement: one side of the tree less to wait for.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: (ProcessId, u64)) {
        if let Some((_, awaited)) = self.pending.get_mut(&name)
            && awaited.remove(&from)
        {
            self.acknowledge(ctx, name);
        }
    }

    /// The convergecast: delivered here and on all sides but the one it came from, it is acknowledged to that side.
    fn acknowledge(&mut self, ctx: &mut Context<'_, Self>, (origin, id): (ProcessId, u64)) {
        let Some((from, awaited)) = self.pending.get(&(origin, id)) else { return };
        if !awaited.is_empty() || self.delivered[origin.index()] < id {
            return;
        }
        if origin == ctx.me() {
            ctx.produce(Output::Acknowledged(id));
        } else {
            ctx.send(*from, Message::Ack { origin, id });
        }
        self.pending.remove(&(origin, id));
    }

    /// Upon a heartbeat. A child that was suspected for nothing may have missed something: it gets everything again.
    /// Who took itself for the root and hears of one above it was mistaken.
    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if heartbeat.on_alive(ctx, from) && self.children.contains(&from) {
            self.send_missing(ctx, from, &[]);
        }
        if self.parent.is_none() && from < ctx.me() {
            self.attach_to(ctx, from);
        }
    }

    /// Upon a heartbeat's timer: who loses its parent attaches itself to the next that is left.
    fn on_pulse(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        let silent = heartbeat.on_pulse(ctx, pulse);
        if silent.is_none() || silent != self.parent {
            return;
        }
        silent.into_iter().for_each(|parent| heartbeat.forget(ctx, parent));
        self.parent = None;
        if !self.substitutes.is_empty() {
            let next = self.substitutes.remove(0);
            self.attach_to(ctx, next);
        }
    }

    /// Takes another parent, and tells it what is known here.
    fn attach_to(&mut self, ctx: &mut Context<'_, Self>, parent: ProcessId) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        self.parent = Some(parent);
        heartbeat.watch(ctx, parent);
        ctx.send(parent, Message::Attach { delivered: self.delivered.clone() });
    }

    /// Upon an orphan: take it in, tell it what it lacks, and ask for what this process lacks.
    fn on_attach(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, delivered: &[u64]) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if from <= ctx.me() {
            return;
        }
        self.children.insert(from);
        heartbeat.watch(ctx, from);
        heartbeat.on_alive(ctx, from);
        ctx.send(from, Message::Delivered { delivered: self.delivered.clone() });
        self.send_missing(ctx, from, delivered);
    }

    /// Catching up: everything that a neighbour has not delivered.
    fn send_missing(&self, ctx: &mut Context<'_, Self>, to: ProcessId, delivered: &[u64]) {
        for ((origin, id), body) in &self.heard {
            if *id > delivered.get(origin.index()).copied().unwrap_or(0) {
                ctx.send(to, Message::Data { origin: *origin, id: *id, body: body.clone() });
            }
        }
    }
}

/// The place of `me` in the balanced tree of `size` processes by ids: its parent; who may take the parent's place, that
/// is the other ancestors, nearest first, then all others of lesser id; and its children.
fn place_by_id(
    me: ProcessId,
    arity: u32,
    size: u32,
) -> (Option<ProcessId>, Vec<ProcessId>, BTreeSet<ProcessId>) {
    let above = |id: &u32| id.checked_sub(1).map(|id| id / arity);
    let mut ancestors = std::iter::successors(above(&me.0), above).map(ProcessId).collect::<Vec<_>>();
    let others = (0..me.0).map(ProcessId).filter(|id| !ancestors.contains(id)).collect::<Vec<_>>();
    let parent = (!ancestors.is_empty()).then(|| ancestors.remove(0));
    ancestors.extend(others);
    let first = (u64::from(me.0) * u64::from(arity) + 1).min(u64::from(size));
    let end = (first + u64::from(arity)).min(u64::from(size));
    (parent, ancestors, (first as u32..end as u32).map(ProcessId).collect())
}
