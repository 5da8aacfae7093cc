//! Link-state routing: everybody tells everybody what links it has; each then works out the shortest paths for itself.
//!
//! McQuillan, Richer, Rosen, "The new routing algorithm for the ARPANET" (1980); Perlman, "Fault-tolerant broadcast of
//! routing information" (1983); Moy, "OSPF version 2", RFC 2328 (1998), sections 9.5, 13 and 16.1.
//!
//! ```text
//! b <--hello-- c                      b: the link to c is up
//! b --lsa{b, 4, [a 1, c 1]}--> a, c   newer than b's third: kept, and passed on to all but b
//! c restarts, and says c, 1           a --lsa{c, 7}--> c: that is old; c goes on with 8
//! ```

use super::parts::forwarding::{self, Costs, Forwarding, Packet, Routes, tell_changes};
use crate::{
    problems::routing::{Output, Request, Routing, Way},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LinkState {
    config: Config,
    /// The links that are up, with their costs.
    links: BTreeMap<ProcessId, u32>,
    /// What is known of everybody's links, the own ones included.
    advertised: BTreeMap<ProcessId, Advertisement>,
    /// The ways that follow from it.
    routes: Routes,
    forwarding: Forwarding,
}

/// What one process has told of its links.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Advertisement {
    /// Whose links they are.
    pub origin: ProcessId,
    /// Which of the origin's advertisements it is: higher is newer.
    pub sequence: u64,
    /// The links, with their costs, in order of the ids.
    pub links: Vec<(ProcessId, u32)>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How links are found to be up and down.
    pub discovery: Discovery,
    /// How long after one hello the next is sent.
    #[serde(with = "duration")]
    pub hello: Duration,
    /// How long a neighbour may be silent before the link to it counts as down.
    #[serde(with = "duration")]
    pub dead: Duration,
    /// How long after one advertisement the next is sent, though nothing has changed: repairs losses.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// Where the numbers of advertisements go on after a restart.
    pub sequence: Sequence,
    /// Whether a link is used only when both ends say that it is up.
    pub two_way: bool,
    /// What links cost, as a list of `[n1, n2, 5]`; 1 unless named.
    pub costs: Costs,
    /// How messages are passed on.
    pub forwarding: forwarding::Config,
}

/// How links are found to be up and down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discovery {
    /// Neighbours say hello; who is silent for too long is gone.
    #[default]
    Hello,
    /// All links are up, always. Each process advertises once, and it comes to rest.
    Given,
}

/// Where the numbers of advertisements go on after a restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sequence {
    /// At 1; when the own last one comes back from a neighbour, above it.
    #[default]
    Learned,
    /// Above the last one, which is saved each time.
    Saved,
    /// At 1, whatever comes back: the defect.
    Forgotten,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            discovery: Discovery::default(),
            hello: Duration::from_millis(100),
            dead: Duration::from_millis(350),
            refresh: Duration::from_secs(2),
            sequence: Sequence::default(),
            two_way: true,
            costs: Costs::default(),
            forwarding: forwarding::Config::default(),
        }
    }
}

/// The shortest period: with none time would stand still.
const SHORTEST: Duration = Duration::from_millis(1);

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To a neighbour: the sender is there.
    Hello,
    /// To a neighbour: what some process has told of its links.
    Lsa(Advertisement),
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
    /// The next hello is due.
    Hello,
    /// Nothing was heard of this neighbour for too long.
    Dead(ProcessId),
    /// The next advertisement is due, though nothing has changed.
    Refresh,
}

/// What survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How many messages the application has sent.
    pub sent: u64,
    /// The number of the last advertisement; 0 when it is not saved.
    pub sequence: u64,
}

impl Process for LinkState {
    type Problem = Routing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "link-state",
        summary: "Everybody tells everybody what links it has, by flooding; each works out the shortest paths for itself.",
        assumes: &[
            "links between neighbours that seldom lose a hello or an advertisement, whose order and duplicates do not matter",
            "packets are not lost or duplicated on links that are up",
            "numbers of advertisements that never go back, or are learned again after a restart",
        ],
        promises: &["shortest-paths", "loop-free", "delivery", "integrity", "scope"],
        messages: &[
            ("hello", "to a neighbour: the sender is there"),
            ("lsa", "to a neighbour: what some process has told of its links"),
            ("packet", "to the next process on the way: somebody's message"),
        ],
        cost: "2m-N+1 messages for each advertisement over m links, 2m hellos in a period; routes are found as soon as the advertisements are there",
        breaks: &[
            "a restarted process that begins with number 1 again is taken for old news (shortest-paths)",
            "without the two-way check, a link that one end believes up is used by everybody (shortest-paths)",
            "while an advertisement is on its way, routes of different ages may form a circle (never-loops)",
        ],
        source: "McQuillan, Richer, Rosen, The new routing algorithm for the ARPANET (1980); Perlman, Fault-tolerant broadcast of routing information (1983); RFC 2328 (1998), sections 9.5, 13, 16.1",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let me = ctx.me();
        let own = Advertisement { origin: me, sequence: stable.sequence, links: Vec::new() };
        let mut process = Self {
            config: config.clone(),
            links: BTreeMap::new(),
            advertised: BTreeMap::from([(me, own)]),
            routes: Routes::new(),
            forwarding: Forwarding::new(config.forwarding, stable.sent),
        };
        match config.discovery {
            Discovery::Given => {
                for neighbour in ctx.neighbours().iter() {
                    process.tell_up(ctx, neighbour);
                }
            }
            Discovery::Hello => {
                process.on_hello_due(ctx);
                ctx.set_timer(Timer::Refresh, config.refresh.max(SHORTEST));
            }
        }
        process.advertise(ctx);
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.save(ctx, self.forwarding.sent + 1);
        self.forwarding.on_request(ctx, &self.routes, request);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Hello => self.on_hello(ctx, from),
            Message::Lsa(advertisement) => self.on_lsa(ctx, from, advertisement),
            Message::Packet(packet) => self.forwarding.on_packet(ctx, &self.routes, packet),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Hello => self.on_hello_due(ctx),
            Timer::Dead(neighbour) => self.on_dead(ctx, neighbour),
            Timer::Refresh => self.on_refresh(ctx),
        }
    }
}

impl LinkState {
    /// RFC 2328, section 9.5: hellos go to all neighbours, again and again.
    fn on_hello_due(&mut self, ctx: &mut Context<'_, Self>) {
        ctx.multicast(ctx.neighbours().iter(), Message::Hello);
        ctx.set_timer(Timer::Hello, self.config.hello.max(SHORTEST));
    }

    /// Section 10.5: a neighbour is there. A new one is told all that is known.
    fn on_hello(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if !ctx.neighbours().contains(from) || self.config.discovery == Discovery::Given {
            return;
        }
        ctx.set_timer(Timer::Dead(from), self.config.dead);
        if self.links.contains_key(&from) {
            return;
        }
        self.tell_up(ctx, from);
        let me = ctx.me();
        for advertisement in self.advertised.values().filter(|known| known.origin != me) {
            ctx.send(from, Message::Lsa(advertisement.clone()));
        }
        self.advertise(ctx);
    }

    /// Section 10.3: a neighbour was silent for too long.
    fn on_dead(&mut self, ctx: &mut Context<'_, Self>, neighbour: ProcessId) {
        if self.links.remove(&neighbour).is_some() {
            ctx.produce(Output::Link { to: neighbour, cost: None });
            self.advertise(ctx);
        }
    }

    /// Section 12.4: nothing has changed, but somebody may have missed it.
    fn on_refresh(&mut self, ctx: &mut Context<'_, Self>) {
        self.advertise(ctx);
        ctx.set_timer(Timer::Refresh, self.config.refresh.max(SHORTEST));
    }

    /// Section 13: what is newer is kept and passed on; to what is older the answer is what is newer.
    fn on_lsa(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, advertisement: Advertisement) {
        let Advertisement { origin, sequence, .. } = advertisement;
        let known = self.advertised.get(&origin);
        let known_sequence = known.map_or(0, |known| known.sequence);
        if origin == ctx.me() {
            return self.on_own_lsa(ctx, sequence, known_sequence);
        }
        if sequence > known_sequence {
            self.advertised.insert(origin, advertisement.clone());
            let others = ctx.neighbours().iter().filter(move |neighbour| *neighbour != from);
            ctx.multicast(others, Message::Lsa(advertisement));
            self.choose_ways(ctx);
        } else if let Some(known) = known
            && sequence < known_sequence
        {
            ctx.send(from, Message::Lsa(known.clone()));
        }
    }

    /// Section 13.4: an advertisement of a former life that is newer than the own one. The numbers go on above it.
    fn on_own_lsa(&mut self, ctx: &mut Context<'_, Self>, sequence: u64, known: u64) {
        if sequence <= known || self.config.sequence == Sequence::Forgotten {
            return;
        }
        if let Some(own) = self.advertised.get_mut(&ctx.me()) {
            own.sequence = sequence;
        }
        self.advertise(ctx);
    }

    /// Section 12.4: everybody is told of the own links.
    fn advertise(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let last = self.advertised.get(&me).map_or(0, |own| own.sequence);
        let links = self.links.iter().map(|(to, cost)| (*to, *cost)).collect();
        let own = Advertisement { origin: me, sequence: last.saturating_add(1), links };
        self.advertised.insert(me, own.clone());
        if self.config.sequence == Sequence::Saved {
            self.save(ctx, self.forwarding.sent);
        }
        ctx.multicast(ctx.neighbours().iter(), Message::Lsa(own));
        self.choose_ways(ctx);
    }

    fn save(&self, ctx: &mut Context<'_, Self>, sent: u64) {
        let own = self.advertised.get(&ctx.me()).filter(|_| self.config.sequence == Sequence::Saved);
        ctx.save(Stable { sent, sequence: own.map_or(0, |own| own.sequence) });
    }

    fn tell_up(&mut self, ctx: &mut Context<'_, Self>, neighbour: ProcessId) {
        let cost = self.config.costs.of(ctx.me(), neighbour);
        self.links.insert(neighbour, cost);
        ctx.produce(Output::Link { to: neighbour, cost: Some(cost) });
    }

    /// Section 16.1: Dijkstra's algorithm over all links that are known. Of ways that cost the same the one that is
    /// found first counts, and processes are looked at in order of their ids.
    fn choose_ways(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let mut routes = Routes::new();
        let mut candidates = BTreeSet::from([(0, me, me)]);
        let mut done = BTreeSet::new();
        while let Some((cost, at, next)) = candidates.pop_first() {
            if !done.insert(at) {
                continue;
            }
            if at != me {
                routes.insert(at, Way { next, cost });
            }
            for (to, link) in self.advertised.get(&at).map_or(&[][..], |known| &known.links) {
                if !done.contains(to) && (!self.config.two_way || self.says(*to, at)) {
                    let next = if at == me { *to } else { next };
                    candidates.insert((cost.saturating_add(*link), *to, next));
                }
            }
        }
        tell_changes(ctx, &self.routes, &routes);
        self.routes = routes;
    }

    /// Whether a process has told of a link to another; links are told in order.
    fn says(&self, process: ProcessId, other: ProcessId) -> bool {
        let known = self.advertised.get(&process);
        known.is_some_and(|known| known.links.binary_search_by_key(&other, |(to, _)| *to).is_ok())
    }
}
