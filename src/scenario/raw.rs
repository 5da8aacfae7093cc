//! A scenario as it is written. Every field may be absent: what is required is asked for once everything is read.

pub(super) use super::raw_search::{Fuzz, Schedule, ScheduleStep, ThenName};
use super::{
    live::Live,
    shorthand::{Claim, Expect, List, Nodes, Short},
    values::{Chance, Drift, Length, Offset, Rate, Seed},
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// One experiment with a distributed algorithm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map of keys such as `version: 1`")]
pub(super) struct Scenario {
    /// The version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub(super) version: Option<u64>,
    /// What the experiment is called; the file's name when absent.
    pub(super) name: Option<String>,
    /// What it shows, and what to look for in the trace.
    pub(super) about: Option<String>,
    /// Where randomness comes from; `--seed` wins. 0 when absent.
    pub(super) seed: Option<Seed>,
    /// What the nodes run: a name from `synod list`, or `{name: ..., config: {...}}`.
    pub(super) algorithm: Option<Short<AlgorithmMap>>,
    /// The layer under the algorithm.
    pub(super) channel: Option<ChannelName>,
    /// Who takes part: a number (n1 to nN), a list of names, or a map from names to settings.
    pub(super) nodes: Option<Nodes>,
    /// Who has a link to whom; everybody to everybody when absent.
    pub(super) topology: Option<Short<Shapes>>,
    /// Whether a message to a node without a link is passed on or refused.
    pub(super) routing: Option<Routing>,
    /// How every link behaves.
    pub(super) network: Option<Network>,
    /// Links that behave differently; the last match wins, key by key.
    pub(super) links: Option<List<Link>>,
    /// What happens when: each entry has `at` and exactly one action.
    pub(super) events: Option<List<Event>>,
    /// When the run ends, in the simulation's time; it also ends when nothing is left to do.
    pub(super) until: Option<Length>,
    /// How many events the run may have before it is cut short.
    #[schemars(range(min = 1))]
    pub(super) events_limit: Option<u64>,
    /// Which properties are judged; those the algorithm promises when absent.
    pub(super) check: Option<List<String>>,
    /// What should come of the run; every checked property holds when absent.
    pub(super) expect: Option<Expect>,
    /// What ought to happen in some run of a search, by a name of your own.
    pub(super) sometimes: Option<IndexMap<String, Option<Claim>>>,
    /// What `synod fuzz` varies.
    pub(super) fuzz: Option<Fuzz>,
    /// What `synod live` needs.
    pub(super) live: Option<Live>,
    /// An exact order of events, as `synod fuzz` and `synod explore` write it.
    pub(super) schedule: Option<Schedule>,
}

/// An algorithm and its configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map: {name: ..., config: {...}}")]
pub(super) struct AlgorithmMap {
    /// A name from `synod list`.
    pub(super) name: Option<String>,
    /// The algorithm's own settings; `synod describe NAME` lists them.
    pub(super) config: Option<Value>,
}

/// The layer under the algorithm.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChannelName {
    /// Messages as the network treats them.
    Raw,
    /// In the order in which they were sent.
    Fifo,
    /// Repeated until they arrive, and delivered once.
    Reliable,
    /// Both.
    ReliableFifo,
}

/// What becomes of a message to a node without a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Routing {
    /// It is refused.
    None,
    /// It is passed on along a shortest path.
    ShortestPath,
}

/// What is particular about a node.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map such as {start: 300ms}")]
pub(super) struct Node {
    /// The algorithm's settings for this node alone.
    pub(super) config: Option<Value>,
    /// How its clock differs from true time.
    pub(super) clock: Option<NodeClock>,
    /// When it boots.
    pub(super) start: Option<Length>,
    /// Where it listens in a live run: host and port.
    pub(super) address: Option<String>,
}

/// How a node's clock differs from true time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {offset: 150ms, drift: 100ppm}"
)]
pub(super) struct NodeClock {
    /// What it shows when the run begins.
    pub(super) offset: Option<Offset>,
    /// How much it gains; negative when it loses.
    pub(super) drift: Option<Drift>,
}

/// A topology that needs to know more than its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map with one key such as {edges: [[a, b]]}"
)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct Shapes {
    /// Each node has so many children, in heap order.
    pub(super) tree: Option<Tree>,
    /// Drawn from the seed: each node has `degree` neighbours.
    pub(super) random_regular: Option<RandomRegular>,
    /// Drawn from the seed: each pair is linked with probability `p`.
    pub(super) erdos_renyi: Option<ErdosRenyi>,
    /// Drawn from the seed: a ring of near neighbours, some links rewired.
    pub(super) small_world: Option<SmallWorld>,
    /// Drawn from the seed: newcomers prefer nodes with many links.
    pub(super) scale_free: Option<ScaleFree>,
    /// Exactly these links, both ways.
    pub(super) edges: Option<List<List<String>>>,
}

/// A tree.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {children: 3}")]
pub(super) struct Tree {
    /// How many children a node has; 2 when absent.
    pub(super) children: Option<u32>,
}

/// A random graph in which all nodes have the same number of neighbours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {degree: 4}")]
pub(super) struct RandomRegular {
    /// How many neighbours each node has.
    pub(super) degree: Option<u32>,
}

/// A random graph.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {p: 0.1}")]
pub(super) struct ErdosRenyi {
    /// How likely two nodes are linked.
    pub(super) p: Option<Chance>,
}

/// A ring with shortcuts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {neighbours: 4, rewire: 10%}")]
pub(super) struct SmallWorld {
    /// How many near neighbours each node has; even.
    pub(super) neighbours: Option<u32>,
    /// How likely a link is rewired.
    pub(super) rewire: Option<Chance>,
}

/// A graph with hubs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {links: 2}")]
pub(super) struct ScaleFree {
    /// How many links a new node brings.
    pub(super) links: Option<u32>,
}

/// How the delay varies.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DistributionName {
    /// Anything from `delay - jitter` to `delay + jitter`.
    Uniform,
    /// Mean `delay`, standard deviation `jitter`.
    Normal,
    /// `delay` plus an exponential time of mean `jitter`.
    Exponential,
    /// `delay` plus a heavy-tailed time of mean `jitter`.
    Pareto,
    /// `delay` plus a log-normal time of mean `jitter`.
    Lognormal,
}

/// The order in which a link's messages arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// As their delays have it.
    Any,
    /// As they were sent.
    Fifo,
}

/// A struct with the settings of a link, and fields of its own.
macro_rules! link_settings {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        $(#[$outer])*
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub(super) struct $name {
            $($(#[$inner])* pub(super) $field: Option<$type>,)*
            /// How long a message travels.
            pub(super) delay: Option<Length>,
            /// How much the delay varies.
            pub(super) jitter: Option<Length>,
            /// How the delay varies; uniform when absent.
            pub(super) distribution: Option<DistributionName>,
            /// How likely a message is lost.
            pub(super) loss: Option<Chance>,
            /// How likely a message arrives twice.
            pub(super) duplicate: Option<Chance>,
            /// How likely a message skips the delay and overtakes others.
            pub(super) reorder: Option<Chance>,
            /// How likely a message is damaged, which the receiver notices.
            pub(super) corrupt: Option<Chance>,
            /// How much the link carries; any amount when absent.
            pub(super) rate: Option<Rate>,
            /// How many messages may wait for the link; needs `rate`.
            pub(super) limit: Option<u32>,
            /// Whether messages arrive in the order in which they were sent.
            pub(super) order: Option<Order>,
        }

        impl $name {
            /// The settings, whatever else there is.
            pub(super) fn settings(&self) -> Settings {
                Settings {
                    delay: self.delay, jitter: self.jitter, distribution: self.distribution, loss: self.loss,
                    duplicate: self.duplicate, reorder: self.reorder, corrupt: self.corrupt, rate: self.rate,
                    limit: self.limit, order: self.order,
                }
            }
        }
    };
}

/// The settings of a link, wherever they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) delay: Option<Length>,
    pub(super) jitter: Option<Length>,
    pub(super) distribution: Option<DistributionName>,
    pub(super) loss: Option<Chance>,
    pub(super) duplicate: Option<Chance>,
    pub(super) reorder: Option<Chance>,
    pub(super) corrupt: Option<Chance>,
    pub(super) rate: Option<Rate>,
    pub(super) limit: Option<u32>,
    pub(super) order: Option<Order>,
}

link_settings! {
    /// How every link behaves.
    #[serde(expecting = "a map such as {delay: 10ms, loss: 1%}")]
    Network {}
}

link_settings! {
    /// How some links behave, and which.
    #[serde(expecting = "a map such as {between: [a, b], delay: 200ms} or {from: a, to: b, loss: 30%}")]
    Link {
        /// The sender; everybody when absent.
        from: String,
        /// The receiver; everybody when absent.
        to: String,
        /// All links among these nodes, both ways.
        between: List<String>,
    }
}

/// Links, one way or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map: {from: a, to: b} or {between: [a, b]}"
)]
pub(super) struct Cut {
    /// The sender; everybody when absent.
    pub(super) from: Option<String>,
    /// The receiver; everybody when absent.
    pub(super) to: Option<String>,
    /// All links among these nodes, both ways.
    pub(super) between: Option<List<String>>,
}

/// The message that is lost.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {from: a, to: b, kind: token, nth: 1}"
)]
pub(super) struct Drop {
    /// The sender; everybody when absent.
    pub(super) from: Option<String>,
    /// The receiver; everybody when absent.
    pub(super) to: Option<String>,
    /// All links among these nodes, both ways.
    pub(super) between: Option<List<String>>,
    /// Only messages of this kind count.
    pub(super) kind: Option<String>,
    /// Which of them, counted from 1; the first when absent.
    #[schemars(range(min = 1))]
    pub(super) nth: Option<u64>,
}

/// Nodes drawn from the seed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {any: one | minority | majority | all}")]
pub(super) struct AnyOf {
    /// How many.
    pub(super) any: Option<QuantityName>,
}

/// How many of the nodes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum QuantityName {
    /// One.
    One,
    /// As many as a majority can do without.
    Minority,
    /// More than half.
    Majority,
    /// All.
    All,
}

/// What heals.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HealName {
    /// Every partition, cut and changed link.
    All,
    /// Every partition.
    Partitions,
    /// Every cut.
    Cuts,
    /// Every changed link.
    Links,
}

/// How a clock changes: exactly one of `step`, `drift` and `freeze`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map such as {node: a, step: 250ms}")]
pub(super) struct ClockEvent {
    /// Whose clock.
    pub(super) node: Option<Short<AnyOf>>,
    /// It jumps by this much.
    pub(super) step: Option<Offset>,
    /// It gains this much from now on.
    pub(super) drift: Option<Drift>,
    /// It stands still.
    pub(super) freeze: Option<bool>,
}

/// Something that happens: `at`, and exactly one action.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map such as {at: 1s, crash: n1}")]
#[schemars(extend("required" = ["at"]))]
pub(super) struct Event {
    /// When, in the simulation's time.
    pub(super) at: Option<Length>,
    /// Who is asked; with `request`.
    pub(super) node: Option<Short<AnyOf>>,
    /// Action: a node's application asks for something.
    pub(super) request: Option<Value>,
    /// Action: a node loses its state and its timers.
    pub(super) crash: Option<Short<AnyOf>>,
    /// Action: a crashed node boots with what it saved.
    pub(super) restart: Option<Short<AnyOf>>,
    /// Action: a node stands still.
    pub(super) pause: Option<Short<AnyOf>>,
    /// Action: a paused node goes on.
    pub(super) resume: Option<Short<AnyOf>>,
    /// Action: nothing passes between these groups of nodes; nodes that no group names form one more.
    pub(super) partition: Option<List<List<String>>>,
    /// Action: what separated nodes ends.
    pub(super) heal: Option<HealName>,
    /// Action: nothing passes on these links.
    pub(super) cut: Option<Cut>,
    /// Action: these links behave differently.
    pub(super) link: Option<Link>,
    /// Action: a node's clock changes.
    pub(super) clock: Option<ClockEvent>,
    /// Action: one message is lost.
    pub(super) drop: Option<Drop>,
    /// How long it lasts; with `crash`, `pause`, `partition`, `cut`, `link` and `clock`.
    #[serde(rename = "for")]
    pub(super) lasts: Option<Length>,
    /// How often it happens again; with `times`, or until the end of the run.
    pub(super) every: Option<Length>,
    /// How many times it happens.
    #[schemars(range(min = 1))]
    pub(super) times: Option<u64>,
    /// With `crash`: only once this many more messages have left.
    pub(super) after_sends: Option<u32>,
    /// Whether it is fine when it touches nothing; a fault that touches nothing fails the run otherwise.
    pub(super) may_miss: Option<bool>,
    /// A remark for whoever reads the trace.
    pub(super) note: Option<String>,
}
