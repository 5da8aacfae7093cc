//! Names in zones: each zone has a server that knows its names, and which zones are mounted below it.
//!
//! Mockapetris, "Domain names: concepts and facilities", RFC 1034 (1987), sections 4.3 and 5.3; caching of clear noes:
//! RFC 2308 (1998). With the zone `root` alone it is a central name table.
//!
//! ```text
//! iterative                                      recursive
//! p --ask(region1/server1)--> root               p --ask(region1/server1)--> root --ask(server1)--> region1
//! p <--refer(region1, server1)-- root            p <--answer---------------- root <--answer-------- region1
//! p --ask(server1)--> region1
//! p <--answer-- region1
//! ```

mod cache;
mod resolver;
mod server;

use crate::{
    problems::naming::{Naming, Request},
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use cache::Cache;
use resolver::Open;
use serde::{Deserialize, Serialize};
use server::{Copied, Relay};
use std::{collections::BTreeMap, time::Duration};

/// The zone in which every name begins.
const ROOT: &str = "root";

/// One participant: it asks, and it may serve zones.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HierarchicalNaming {
    config: Config,
    stable: Stable,
    /// The application's requests that are under way, by number.
    open: BTreeMap<u64, Open>,
    cache: Cache,
    /// Zones of other servers of which this process has a copy.
    copies: BTreeMap<String, Copied>,
    /// What was asked on behalf of others.
    relays: BTreeMap<Question, Relay>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who goes from server to server: the process that asks, or the servers among themselves.
    pub resolution: Resolution,
    /// The zones by name. Names begin in the zone `root`; without zones, the first node serves it.
    pub zones: BTreeMap<String, Zone>,
    /// How long an address, or where a zone is served, may be kept; nothing is kept when it is zero.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// How long a clear no may be kept.
    #[serde(with = "duration")]
    pub negative_ttl: Duration,
    /// How long to wait for a server.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How often to ask before giving up; where a zone has secondaries they take turns.
    pub attempts: u32,
    /// How often a secondary copies its zone.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// How old a secondary's copy may get before it is no longer used.
    #[serde(with = "duration")]
    pub expire: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            resolution: Resolution::default(),
            zones: BTreeMap::new(),
            ttl: Duration::ZERO,
            negative_ttl: Duration::ZERO,
            timeout: Duration::from_secs(1),
            attempts: 3,
            refresh: Duration::from_secs(1),
            expire: Duration::from_secs(3),
        }
    }
}

/// Who goes from server to server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// A server says whom to ask next.
    #[default]
    Iterative,
    /// A server asks the next one itself.
    Recursive,
}

/// One zone: a part of the names that one server is responsible for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Zone {
    /// Who serves it; the first node unless said otherwise.
    pub server: Option<ProcessId>,
    /// Who has copies of it.
    pub secondaries: Vec<ProcessId>,
    /// The addresses of its names, from the beginning.
    pub records: BTreeMap<String, String>,
    /// Which zone is mounted at which of its labels.
    pub mounts: BTreeMap<String, String>,
}

impl Zone {
    /// Who serves it.
    fn primary(&self) -> ProcessId {
        self.server.unwrap_or(ProcessId(0))
    }

    /// Whom to ask, the server itself first.
    fn servers(&self) -> Vec<ProcessId> {
        std::iter::once(self.primary()).chain(self.secondaries.iter().copied()).collect()
    }
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How many requests there were: an answer to a former life's must not be taken for an answer to this one's.
    asked: u64,
    /// The zones that this process serves; none before its first life.
    zones: Option<BTreeMap<String, BTreeMap<String, Entry>>>,
}

/// What a zone's server knows of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// Its address, unless it was removed.
    address: Option<String>,
    /// For each process that changed it, the last of its requests that did: an older one comes too late.
    changed: Vec<(ProcessId, u64)>,
}

/// A question to one zone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Question {
    /// For whom it is asked.
    pub origin: ProcessId,
    /// Which of the origin's requests it is for.
    pub id: u64,
    /// The zone.
    pub zone: String,
    /// A name in this zone.
    pub path: String,
    /// What about it.
    pub wanted: Wanted,
}

/// What is wanted of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// To know its address.
    Address,
    /// That it has this address.
    Registration(String),
    /// That it has no address.
    Removal,
}

/// What comes of a question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The name has this address.
    Address(String),
    /// There is no such name.
    NotFound,
    /// The change is made.
    Done,
}

/// An outcome, and what it is worth.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What came of the question.
    pub outcome: Outcome,
    /// Whether it is from a cache or a copy.
    pub cached: bool,
    /// How long it may be kept, counted from the question.
    #[serde(with = "duration")]
    pub left: Duration,
    /// How many servers were asked.
    pub hops: u32,
}

/// Who serves a zone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Referral {
    /// The zone.
    pub zone: String,
    /// Its servers.
    pub servers: Vec<ProcessId>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A question to a server.
    Ask {
        /// The question.
        question: Question,
        /// The how-manieth attempt it is.
        attempt: u32,
    },
    /// Ask somebody else.
    Refer {
        /// The question.
        question: Question,
        /// Whom to ask.
        next: Referral,
        /// For what: the rest of the name.
        rest: String,
    },
    /// This came of it.
    Answer {
        /// The question.
        question: Question,
        /// What came of it.
        finding: Finding,
    },
    /// From a secondary: the zone, please.
    Transfer {
        /// Which.
        zone: String,
        /// When it was asked for, by the secondary's clock.
        at: LocalTime,
    },
    /// The zone as it is.
    Contents {
        /// Which.
        zone: String,
        /// When it was asked for, by the secondary's clock.
        at: LocalTime,
        /// Its names and their addresses.
        records: BTreeMap<String, String>,
    },
}

/// The timers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The server has not answered this request's question.
    Patience(u64),
    /// It is time to copy this zone again.
    Refresh(String),
}

impl Process for HierarchicalNaming {
    type Problem = Naming;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "hierarchical-naming",
        summary: "Finds addresses by walking from zone to zone, each with a server of its own; answers may be cached.",
        assumes: &[
            "of each zone on the way, a server that is up and answers within `timeout` in one of `attempts` attempts (available)",
            "clocks that do not drift and are not set, where something is cached or copied (bounded-staleness)",
            "zones that are not mounted in a circle, and one path to each name that is changed: two are two names (truth)",
        ],
        promises: &["answered", "available", "truth", "bounded-staleness"],
        messages: &[
            ("ask", "a question about a name, to a server of a zone"),
            ("refer", "ask the servers of that zone for the rest of the name (iterative)"),
            ("answer", "the address, or that there is none, or that the change is made"),
            ("transfer", "from a secondary: the zone, please"),
            ("contents", "the whole zone"),
        ],
        cost: "2L messages and 2L delays for a name that L servers have to do with, iterative and recursive; the asking process has 2L of them or 2. 2(L-j) when the way to the zone at depth j is cached, none when the address is",
        breaks: &[
            "a server crashes, and there is no secondary: nothing below it is found, and time runs out (available)",
            "a process's clock is set back: what it has cached does not get old (bounded-staleness)",
        ],
        source: "Mockapetris, Domain names: concepts and facilities, RFC 1034 (1987), sections 4.3 and 5.3",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let mut config = config.clone();
        config.zones.entry(ROOT.into()).or_default();
        let (open, copies, relays) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut process = Self { config, stable, open, cache: Cache::default(), copies, relays };
        process.serve(ctx);
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.stable.asked += 1;
        ctx.save(self.stable.clone());
        match request {
            Request::Register { name, address } => self.on_change(ctx, name, Wanted::Registration(address)),
            Request::Unregister(name) => self.on_change(ctx, name, Wanted::Removal),
            Request::Resolve(name) => self.on_resolve(ctx, name),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask { question, attempt } => self.on_ask(ctx, from, question, attempt),
            Message::Refer { question, next, rest } => self.on_refer(ctx, &question, next, rest),
            Message::Answer { question, finding } => self.on_answer(ctx, &question, finding),
            Message::Transfer { zone, at } => self.on_transfer(ctx, from, zone, at),
            Message::Contents { zone, at, records } => self.on_contents(from, zone, at, records),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience(id) => self.ask_again(ctx, id),
            Timer::Refresh(zone) => self.refresh(ctx, zone),
        }
    }
}

/// A name as a path: its labels with one `/` between them.
fn path_of(name: &str) -> String {
    let labels: Vec<&str> = name.split('/').filter(|label| !label.is_empty()).collect();
    labels.join("/")
}
