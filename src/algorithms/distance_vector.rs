//! Distance-vector routing: everybody tells its neighbours how far it is to everywhere, and believes theirs.
//!
//! Bellman, "On a routing problem" (1958); Hedrick, "Routing Information Protocol", RFC 1058 (1988), section 2. A vector
//! replaces the one before it, so that what it leaves out cannot be reached by its sender.
//!
//! ```text
//! c --[c 0]--> b                    b: c costs 0 + 1, by c
//! b --[b 0, c 1]--> a               a: c costs 1 + 1, by b
//! b loses its link to c, and hears  a --[a 0, b 1, c 2]--> b: c costs 2 + 1, by a. They count to infinity.
//! ```

use super::parts::forwarding::{self, Costs, Forwarding, Packet, Routes, tell_changes};
use crate::{
    problems::routing::{Output, Request, Routing, Way},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DistanceVector {
    config: Config,
    /// The last vector of each neighbour that is heard of: to where, at what cost.
    vectors: BTreeMap<ProcessId, BTreeMap<ProcessId, u32>>,
    /// The ways that follow from them.
    routes: Routes,
    forwarding: Forwarding,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// When vectors are sent.
    pub updates: Updates,
    /// How long after one vector the next is sent.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How long a neighbour may be silent before the link to it counts as down.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// What costs as much as this cannot be reached.
    pub infinity: u32,
    /// What a neighbour is told of ways that lead through it.
    pub horizon: Horizon,
    /// What links cost, as a list of `[n1, n2, 5]`; 1 unless named.
    pub costs: Costs,
    /// How messages are passed on.
    pub forwarding: forwarding::Config,
}

/// When vectors are sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Updates {
    /// Once in a period, to every neighbour.
    Periodic,
    /// At the beginning and when something has changed. Silent neighbours are not noticed; it comes to rest.
    Triggered,
    /// Both.
    #[default]
    Both,
}

/// What a neighbour is told of ways that lead through it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Horizon {
    /// What everybody is told.
    None,
    /// Nothing.
    #[default]
    SplitHorizon,
    /// That they are infinitely long.
    PoisonReverse,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            updates: Updates::default(),
            period: Duration::from_millis(100),
            timeout: Duration::from_millis(350),
            infinity: 16,
            horizon: Horizon::default(),
            costs: Costs::default(),
            forwarding: forwarding::Config::default(),
        }
    }
}

/// The shortest period.
const SHORTEST: Duration = Duration::from_millis(1);

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To a neighbour: where the sender can go, and at what cost.
    Vector(Vec<(ProcessId, u32)>),
    /// To the next process on the way: somebody's message.
    Packet(Packet),
}

impl From<Packet> for Message {
    fn from(packet: Packet) -> Self {
        Self::Packet(packet)
    }
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The next vector is due.
    Update,
    /// Nothing was heard of this neighbour for too long.
    Silent(ProcessId),
}

impl Process for DistanceVector {
    type Problem = Routing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many messages the application has sent.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "distance-vector",
        summary: "Everybody tells its neighbours how far it is to everywhere, and takes the neighbour that makes it shortest.",
        assumes: &[
            "links between neighbours that work both ways or not at all",
            "vectors are seldom lost or overtaken, so that the next period repairs it; packets are not lost or duplicated",
            "no path costs as much as infinity",
        ],
        promises: &["shortest-paths", "loop-free", "delivery", "integrity", "scope"],
        messages: &[
            ("vector", "to a neighbour: where the sender can go, and at what cost"),
            ("packet", "to the next process on the way: somebody's message"),
        ],
        cost: "2m vectors in a period over m links; routes are found within as many periods as the longest shortest path has links, and lost in up to infinity-2",
        breaks: &[
            "a link fails, and routes go round in a circle until they have counted to infinity (never-loops); a split horizon helps between two processes, not among three",
            "a link works one way only: its sender goes on using it (shortest-paths, delivery)",
            "a path is as long as infinity: its end cannot be reached (shortest-paths)",
        ],
        source: "Bellman, On a routing problem (1958); Hedrick, Routing Information Protocol, RFC 1058 (1988), section 2",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, sent: u64) -> Self {
        let process = Self {
            config: config.clone(),
            vectors: BTreeMap::new(),
            routes: Routes::new(),
            forwarding: Forwarding::new(config.forwarding, sent),
        };
        process.send_vectors(ctx);
        if process.is_periodic() {
            process.wait(ctx);
        }
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        ctx.save(self.forwarding.sent + 1);
        self.forwarding.on_request(ctx, &self.routes, request);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Vector(vector) => self.on_vector(ctx, from, vector),
            Message::Packet(packet) => self.forwarding.on_packet(ctx, &self.routes, packet),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Update => self.on_update(ctx),
            Timer::Silent(neighbour) => self.on_silent(ctx, neighbour),
        }
    }
}

impl DistanceVector {
    /// RFC 1058, section 3.3: every period the whole table goes to every neighbour.
    fn on_update(&mut self, ctx: &mut Context<'_, Self>) {
        self.send_vectors(ctx);
        self.wait(ctx);
    }

    /// A period is never zero: time would stand still.
    fn wait(&self, ctx: &mut Context<'_, Self>) {
        ctx.set_timer(Timer::Update, self.config.period.max(SHORTEST));
    }

    /// A neighbour's vector: the link to it is up, and ways are chosen anew.
    fn on_vector(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, vector: Vec<(ProcessId, u32)>) {
        if !ctx.neighbours().contains(from) {
            return;
        }
        let fresh = self.vectors.insert(from, vector.into_iter().collect()).is_none();
        if fresh {
            let cost = self.config.costs.of(ctx.me(), from);
            ctx.produce(Output::Link { to: from, cost: Some(cost) });
        }
        if self.is_periodic() {
            ctx.set_timer(Timer::Silent(from), self.config.timeout);
        }
        let changed = self.choose_ways(ctx);
        if fresh && !changed && self.is_triggered() {
            self.send_vector(ctx, from);
        }
    }

    /// RFC 1058, section 2.1: nothing was heard of a neighbour for too long. Its vector is forgotten.
    fn on_silent(&mut self, ctx: &mut Context<'_, Self>, neighbour: ProcessId) {
        if self.vectors.remove(&neighbour).is_some() {
            ctx.produce(Output::Link { to: neighbour, cost: None });
            self.choose_ways(ctx);
        }
    }

    /// Bellman's equation (RFC 1058, section 2): the way to d costs the least, over all neighbours n, of what n says
    /// and the link to n. Of ways that cost the same the present one stays. Gives whether anything has changed; then the
    /// neighbours are told (section 2.2.2).
    fn choose_ways(&mut self, ctx: &mut Context<'_, Self>) -> bool {
        let me = ctx.me();
        let mut routes = Routes::new();
        for (neighbour, vector) in &self.vectors {
            let link = self.config.costs.of(me, *neighbour);
            for (to, rest) in vector {
                let way = Way { next: *neighbour, cost: rest.saturating_add(link) };
                if *to == me || way.cost >= self.config.infinity {
                    continue;
                }
                let stays = self.routes.get(to).is_some_and(|present| present.next == way.next);
                let best = routes.entry(*to).or_insert(way);
                if way.cost < best.cost || way.cost == best.cost && stays {
                    *best = way;
                }
            }
        }
        let changed = routes != self.routes;
        if changed {
            tell_changes(ctx, &self.routes, &routes);
            self.routes = routes;
            if self.is_triggered() {
                self.send_vectors(ctx);
            }
        }
        changed
    }

    fn send_vectors(&self, ctx: &mut Context<'_, Self>) {
        for neighbour in ctx.neighbours().iter() {
            self.send_vector(ctx, neighbour);
        }
    }

    /// RFC 1058, section 2.2.1: what is said of ways that lead through the neighbour itself depends on the horizon.
    fn send_vector(&self, ctx: &mut Context<'_, Self>, neighbour: ProcessId) {
        let mut vector = vec![(ctx.me(), 0)];
        for (to, way) in &self.routes {
            match self.config.horizon {
                Horizon::SplitHorizon if way.next == neighbour => {}
                Horizon::PoisonReverse if way.next == neighbour => vector.push((*to, self.config.infinity)),
                Horizon::None | Horizon::SplitHorizon | Horizon::PoisonReverse => {
                    vector.push((*to, way.cost))
                }
            }
        }
        ctx.send(neighbour, Message::Vector(vector));
    }

    fn is_periodic(&self) -> bool {
        matches!(self.config.updates, Updates::Periodic | Updates::Both)
    }

    fn is_triggered(&self) -> bool {
        matches!(self.config.updates, Updates::Triggered | Updates::Both)
    }
}
