//! What a run starts from: everything a scenario says about the world, resolved. Made once, run with any seed.

use super::topology::Topology;
use crate::process::{Names, ProcessId, Time};
use std::{collections::BTreeMap, time::Duration};

/// The world of one scenario.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who takes part.
    pub names: Names,
    /// Nodes whose clock or start differs from the ordinary.
    pub nodes: BTreeMap<ProcessId, NodeSetup>,
    /// Who has a link to whom.
    pub topology: Shape,
    /// Whether a message to a non-neighbour is passed on along a shortest path; it is refused otherwise.
    pub routing: bool,
    /// Every directed link.
    pub network: LinkSettings,
    /// Links that differ; later entries win, key by key.
    pub links: Vec<(LinkPattern, LinkPatch)>,
    /// What happens when, in order of time; entries of equal time in the scenario's order.
    pub agenda: Vec<Planned>,
    /// When the run ends even if something is left to do.
    pub until: Option<Time>,
    /// How many events may happen before the run is cut short.
    pub event_limit: u64,
}

/// How many events a run may have unless its scenario says otherwise.
pub const EVENT_LIMIT: u64 = 100_000_000;

impl Setup {
    /// A world of `names`: everybody linked to everybody, no delay, nothing planned.
    pub fn of(names: Names) -> Self {
        Self {
            names,
            nodes: BTreeMap::new(),
            topology: Shape::Complete,
            routing: false,
            network: LinkSettings::default(),
            links: Vec::new(),
            agenda: Vec::new(),
            until: None,
            event_limit: EVENT_LIMIT,
        }
    }

    /// How many links there are between two different nodes, under this seed.
    pub fn links_between(&self, seed: u64) -> u64 {
        let nodes = self.names.len() as u64;
        if self.topology == Shape::Complete {
            return nodes * nodes.saturating_sub(1) / 2;
        }
        let topology = Topology::new(&self.topology, nodes as u32, seed, false);
        let ends: usize = self.names.ids().map(|id| topology.neighbours(id).len()).sum();
        ends as u64 / 2
    }

    /// Whether messages from one node to another arrive in the order of their sending, by the links' settings.
    pub fn is_fifo(&self, from: ProcessId, to: ProcessId) -> bool {
        let settings = self.links.iter().rev().filter(|(pattern, _)| pattern.matches(from, to));
        settings.filter_map(|(_, patch)| patch.fifo).next().unwrap_or(self.network.fifo)
    }

    /// Whether some link has a rate at some time.
    pub(crate) fn has_rates(&self) -> bool {
        let planned = self.agenda.iter().filter_map(|planned| match &planned.action {
            Action::Link(_, patch) => Some(patch),
            _ => None,
        });
        let mut patches = self.links.iter().map(|(_, patch)| patch).chain(planned);
        self.network.rate.is_some() || patches.any(|patch| patch.rate.is_some())
    }
}

/// What is particular about one node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeSetup {
    /// How its clock differs from true time when the run begins, in nanoseconds.
    pub clock_offset: i64,
    /// How much its clock gains, in parts per billion; negative when it loses.
    pub clock_drift: i64,
    /// When it boots.
    pub start: Time,
}

/// The shape of the network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Everybody has a link to everybody.
    Complete,
    /// Each to the next, the last to the first.
    Ring,
    /// Each to the next.
    Line,
    /// The first to everybody else.
    Star,
    /// Node i to its `children` children, heap order.
    Tree {
        /// How many children a node has.
        children: u32,
    },
    /// Rows and columns as near to a square as the number of nodes allows; the last row may be short.
    Grid,
    /// A grid whose rows and columns close to rings; needs rows and columns without a rest.
    Torus,
    /// Nodes are neighbours when their places differ in one binary digit; needs a power of two.
    Hypercube,
    /// Drawn from the seed among graphs in which each node has `degree` neighbours.
    RandomRegular {
        /// How many neighbours each node has.
        degree: u32,
    },
    /// Each pair is linked with a probability (Erdos and Renyi 1959).
    ErdosRenyi {
        /// The probability.
        probability: Probability,
    },
    /// A ring in which each node knows its `neighbours` nearest, rewired with a probability (Watts and Strogatz 1998).
    SmallWorld {
        /// How many near neighbours each node has; even.
        neighbours: u32,
        /// The probability that a link is rewired.
        rewire: Probability,
    },
    /// Nodes join one by one with `links` links to nodes in proportion to their degree (Barabasi and Albert 1999).
    ScaleFree {
        /// How many links a new node brings.
        links: u32,
    },
    /// Exactly these links, both ways.
    Edges(Vec<(ProcessId, ProcessId)>),
}

/// A probability as a fraction of 2^32, exact for comparing with 32 random bits: 2^32 is certain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Probability(u64);

impl Probability {
    /// Never.
    pub const ZERO: Self = Self(0);
    /// Always.
    pub const ONE: Self = Self(1 << 32);

    /// `parts` in a billion; more than a billion is taken as certain.
    pub fn parts_per_billion(parts: u64) -> Self {
        Self(((u128::from(parts.min(1_000_000_000)) << 32) / 1_000_000_000) as u64)
    }

    /// As a fraction of 1.
    pub fn fraction(self) -> f64 {
        self.0 as f64 / 4_294_967_296.0
    }

    /// Whether 32 random bits mean that it happens.
    #[inline]
    pub fn happens(self, bits: u32) -> bool {
        u64::from(bits) < self.0
    }
}

/// How a link treats messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkSettings {
    /// The time a message travels; see [`Distribution`] for how `jitter` varies it.
    pub delay: Duration,
    /// How much the delay varies.
    pub jitter: Duration,
    /// How it varies.
    pub distribution: Distribution,
    /// How likely a message is lost.
    pub loss: Probability,
    /// How likely a message arrives twice, the copy with a delay of its own.
    pub duplicate: Probability,
    /// How likely a message skips the delay and overtakes what is under way (netem's `reorder`).
    pub reorder: Probability,
    /// How likely a message is damaged; the receiver notices and discards it.
    pub corrupt: Probability,
    /// How many bits a second the link carries; unlimited when absent. A message's size is that of its JSON.
    pub rate: Option<u64>,
    /// How many messages the link holds, the one it is busy with included; only with `rate`. More are dropped.
    pub limit: Option<u32>,
    /// Whether messages arrive in the order in which they were sent.
    pub fifo: bool,
}

/// How `jitter` varies `delay`. A delay is never below zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Distribution {
    /// Anything from `delay - jitter` to `delay + jitter`, equally likely.
    #[default]
    Uniform,
    /// Mean `delay`, standard deviation `jitter`.
    Normal,
    /// `delay` plus an exponential time of mean `jitter`.
    Exponential,
    /// `delay` plus a Pareto time (shape 3, heavy tail) of mean `jitter`.
    Pareto,
    /// `delay` plus a log-normal time (sigma 1) of mean `jitter`.
    Lognormal,
}

/// Which directed links an entry means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkPattern {
    /// From any of these to any other of these.
    Between(Vec<ProcessId>),
    /// From one to another; an absent end means everybody.
    Directed {
        /// The sender.
        from: Option<ProcessId>,
        /// The receiver.
        to: Option<ProcessId>,
    },
}

impl LinkPattern {
    /// Whether some link from `node` is meant.
    pub fn begins_at(&self, node: ProcessId) -> bool {
        match self {
            Self::Between(nodes) => nodes.contains(&node),
            Self::Directed { from, to: _ } => from.is_none_or(|from| from == node),
        }
    }

    /// Whether the link from `from` to `to` is meant.
    pub fn matches(&self, from: ProcessId, to: ProcessId) -> bool {
        match self {
            Self::Between(nodes) => nodes.contains(&from) && nodes.contains(&to),
            Self::Directed { from: only_from, to: only_to } => {
                only_from.is_none_or(|only| only == from) && only_to.is_none_or(|only| only == to)
            }
        }
    }
}

/// The settings that an entry changes; the others stay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of LinkSettings")]
pub struct LinkPatch {
    pub delay: Option<Duration>,
    pub jitter: Option<Duration>,
    pub distribution: Option<Distribution>,
    pub loss: Option<Probability>,
    pub duplicate: Option<Probability>,
    pub reorder: Option<Probability>,
    pub corrupt: Option<Probability>,
    pub rate: Option<u64>,
    pub limit: Option<u32>,
    pub fifo: Option<bool>,
}

impl LinkPatch {
    /// Changes `settings`.
    pub fn apply(&self, settings: &mut LinkSettings) {
        let LinkPatch { delay, jitter, distribution, loss, duplicate, reorder, corrupt, rate, limit, fifo } =
            self;
        settings.delay = delay.unwrap_or(settings.delay);
        settings.jitter = jitter.unwrap_or(settings.jitter);
        settings.distribution = distribution.unwrap_or(settings.distribution);
        settings.loss = loss.unwrap_or(settings.loss);
        settings.duplicate = duplicate.unwrap_or(settings.duplicate);
        settings.reorder = reorder.unwrap_or(settings.reorder);
        settings.corrupt = corrupt.unwrap_or(settings.corrupt);
        settings.rate = rate.or(settings.rate);
        settings.limit = limit.or(settings.limit);
        settings.fifo = fifo.unwrap_or(settings.fifo);
    }
}

/// Something that a scenario plans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// When.
    pub at: Time,
    /// What.
    pub action: Action,
    /// How long it lasts, for actions that can be undone.
    pub lasts: Option<Duration>,
    /// Whether it is fine when it touches nothing; a fault that touches nothing fails the run otherwise.
    pub may_miss: bool,
    /// Which entry of the scenario's `events` this is, counted from 0.
    pub entry: u32,
}

/// What can be planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nodes are asked for something: the scenario's request with this number.
    Request {
        /// Who is asked.
        targets: Targets,
        /// What for: its place in the list of requests.
        request: u32,
    },
    /// Nodes lose their state and their timers, and hear nothing until they restart.
    Crash {
        /// Which nodes.
        targets: Targets,
        /// Crash only once this many more messages have left, in the middle of a broadcast if need be.
        after_sends: Option<u32>,
    },
    /// Crashed nodes boot with what they saved.
    Restart(Targets),
    /// Nodes stand still: their messages and timers wait.
    Pause(Targets),
    /// They go on.
    Resume(Targets),
    /// Nothing passes between nodes of different groups; nodes that no group names form one more group.
    Partition(Vec<Vec<ProcessId>>),
    /// What separated nodes ends.
    Heal(Heal),
    /// Nothing passes on these directed links.
    Cut(LinkPattern),
    /// These directed links behave differently.
    Link(LinkPattern, LinkPatch),
    /// The clocks of nodes change.
    Clock(Targets, ClockChange),
    /// One message is lost.
    Drop {
        /// The links that are watched.
        links: LinkPattern,
        /// Only messages of this kind count.
        kind: Option<String>,
        /// Which of the matching messages, counted from 1 when the action takes place.
        nth: u64,
    },
}

impl Action {
    /// Whether it concerns nodes that are drawn from the seed.
    pub(crate) fn is_drawn(&self) -> bool {
        match self {
            Self::Request { targets, .. }
            | Self::Crash { targets, .. }
            | Self::Restart(targets)
            | Self::Pause(targets)
            | Self::Resume(targets)
            | Self::Clock(targets, _) => matches!(targets, Targets::Any(_)),
            Self::Partition(_) | Self::Heal(_) | Self::Cut(_) | Self::Link(..) | Self::Drop { .. } => false,
        }
    }

    /// The action's key in a scenario.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::Crash { .. } => "crash",
            Self::Restart(_) => "restart",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Partition(_) => "partition",
            Self::Heal(_) => "heal",
            Self::Cut(_) => "cut",
            Self::Link(..) => "link",
            Self::Clock(..) => "clock",
            Self::Drop { .. } => "drop",
        }
    }
}

/// What heals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heal {
    /// Every partition, cut and changed link.
    All,
    /// Every partition.
    Partitions,
    /// Every cut.
    Cuts,
    /// Every changed link.
    Links,
}

/// How a clock changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockChange {
    /// It jumps by this many nanoseconds, back when negative.
    Step(i64),
    /// It gains this many parts per billion from now on; loses when negative.
    Drift(i64),
    /// It stands still; with `lasts`, until then.
    Freeze,
}

/// Whom an action concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Targets {
    /// This node.
    Node(ProcessId),
    /// So many of the nodes that the action can apply to, drawn from the seed.
    Any(Quantity),
}

/// How many of the group's `n` nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantity {
    /// One.
    One,
    /// As many as a majority can do without: `(n - 1) / 2`.
    Minority,
    /// The smallest majority: `n / 2 + 1`.
    Majority,
    /// All of them.
    All,
}

impl Quantity {
    /// How many of a group of `n`.
    pub fn of(self, n: usize) -> usize {
        match self {
            Self::One => 1.min(n),
            Self::Minority => n.saturating_sub(1) / 2,
            Self::Majority => (n / 2 + 1).min(n),
            Self::All => n,
        }
    }
}
