//! Chord: keys and members on a circle; each member knows some others at distances that double, and half of the way to a
//! key is left after each hop.
//!
//! Stoica, Morris, Liben-Nowell, Karger, Kaashoek, Dabek, Balakrishnan, "Chord: a scalable peer-to-peer lookup protocol for
//! Internet applications" (2003), sections IV.C to IV.E; with successor lists as in section IV.E.3.

mod circle;
mod find;
mod maintain;

use crate::{
    problems::lookup::{Lookup, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use circle::{Circle, Table};
use find::{Pending, Purpose};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Chord {
    config: Config,
    circle: Circle,
    member: bool,
    /// What is known of the others; in a ring that is complete from the beginning nothing, until it is needed.
    table: Option<Table>,
    /// Searches of this process that are under way.
    pending: BTreeMap<u64, Pending>,
    searches: u64,
    /// How many lookups the application has asked for.
    lookups: u64,
    /// Which finger is looked after next.
    next_finger: u32,
    /// The successor has not answered the last question.
    waits: bool,
    /// For how many periods nothing was heard of the predecessor.
    silence: u32,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// m: keys and positions have so many bits, 62 at most; keys are taken modulo 2^m.
    pub bits: u32,
    /// Where on the circle processes are.
    pub placement: Placement,
    /// Whether everybody is a member from the beginning, and all fingers are right; nobody is otherwise.
    pub stable: bool,
    /// r: how many successors a member knows.
    pub successors: u32,
    /// How often a member asks its successor and looks after a finger; longer than a round trip. Never, when it is zero.
    #[serde(with = "duration")]
    pub period: Duration,
    /// With a period: how long after somebody joined, departed or crashed answers are promised to be right again.
    #[serde(with = "duration")]
    pub settle: Duration,
    /// How long to wait for the result of a search.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How often to search before giving up.
    pub attempts: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bits: 32,
            placement: Placement::default(),
            stable: true,
            successors: 4,
            period: Duration::ZERO,
            settle: Duration::from_secs(3),
            timeout: Duration::from_millis(500),
            attempts: 4,
        }
    }
}

/// Where on the circle processes are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Where a hash of their numbers says.
    #[default]
    Hashed,
    /// At equal distances, in order.
    Even,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Whose is this key? Passed on towards it.
    Find {
        /// Who wants to know.
        origin: ProcessId,
        /// Which of the origin's searches it is.
        search: u64,
        /// The key.
        key: u64,
        /// How many messages it took so far.
        hops: u32,
    },
    /// To the origin: this one's.
    Found {
        /// Which of the origin's searches it was.
        search: u64,
        /// The key.
        key: u64,
        /// Whose it is.
        owner: ProcessId,
        /// How many members were asked, the owner included.
        hops: u32,
    },
    /// To the successor: who is before you, and who is after you?
    Stabilize,
    /// These are.
    Neighbours {
        /// Before.
        predecessor: Option<ProcessId>,
        /// After, the nearest first.
        successors: Vec<ProcessId>,
    },
    /// To the successor: the sender might be before you.
    Notify,
    /// To both sides: the sender departs, and these are its neighbours.
    Depart {
        /// Before.
        predecessor: Option<ProcessId>,
        /// After, the nearest first.
        successors: Vec<ProcessId>,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// A period is over.
    Period,
    /// This search takes too long.
    Patience(u64),
}

impl Process for Chord {
    type Problem = Lookup;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "chord",
        summary: "Finds the member that is responsible for a key in O(log N) hops around a circle of members.",
        assumes: &[
            "messages that arrive, within half a period, where members ask each other periodically",
            "fewer than `successors` crashes next to each other within a few periods",
            "where members join, depart or crash: a `period`, and a `settle` that is long enough for it",
        ],
        promises: &["ownership", "answered", "available", "joined"],
        messages: &[
            ("find", "whose is this key? passed on to the closest member before it that is known"),
            ("found", "to who wants to know: this one's"),
            ("stabilize", "to the successor: who is before you, who is after you? once in a period"),
            ("neighbours", "the answer"),
            ("notify", "to the successor: the sender might be before you, once in a period"),
            ("depart", "to both sides: the sender departs"),
        ],
        cost: "a key at distance d takes popcount(d-1)+1 hops in a ring with a member at every position, about (log2 N)/2 with hashed positions; a message for each hop but the last, and one for the answer. To join O((log N)^2) messages for the fingers; 3 messages a period for each member, and a search",
        breaks: &[
            "a crash, and no `period`: fingers and successors that point to it stay (available)",
            "as many crashes next to each other as successors are known: the ring is cut (ownership, available)",
            "a lookup before the ring has settled may find a wrong owner: nothing is promised then",
        ],
        source: "Stoica et al., Chord: a scalable peer-to-peer lookup protocol for Internet applications (2003), section IV",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let circle = Circle::of(config, ctx.group_size());
        let mut process = Self {
            config: *config,
            circle,
            member: false,
            table: None,
            pending: BTreeMap::new(),
            searches: 0,
            lookups: 0,
            next_finger: 1,
            waits: false,
            silence: 0,
        };
        if config.stable {
            process.become_member(ctx);
        }
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Join { via } => self.on_join(ctx, via),
            Request::Leave => self.on_leave(ctx),
            Request::Lookup(key) => self.on_lookup(ctx, key),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Find { origin, search, key, hops } => self.on_find(ctx, origin, search, key, hops),
            Message::Found { search, key, owner, hops } => self.on_found(ctx, search, key, owner, hops),
            Message::Stabilize => self.on_stabilize(ctx, from),
            Message::Neighbours { predecessor, successors } => {
                self.on_neighbours(ctx, from, predecessor, successors);
            }
            Message::Notify => self.on_notify(ctx, from),
            Message::Depart { predecessor, successors } => {
                self.on_depart(ctx, from, predecessor, successors);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Period => self.on_period(ctx),
            Timer::Patience(search) => self.on_patience(ctx, search),
        }
    }
}

impl Chord {
    /// This process is a member from now on, and says so.
    fn become_member(&mut self, ctx: &mut Context<'_, Self>) {
        self.member = true;
        let rests = self.config.period.is_zero();
        let settles = if rests && self.config.stable { Duration::ZERO } else { self.config.settle };
        ctx.produce(Output::Joined { position: self.circle.position(ctx.me()), settles });
        if !rests {
            // Members do not all ask at the same moment.
            ctx.set_timer(Timer::Period, self.config.period / 2..=self.config.period);
        }
    }

    /// What a member knows of the others.
    fn table(&mut self, ctx: &Context<'_, Self>) -> &mut Table {
        let (circle, me, successors) = (self.circle, ctx.me(), self.successors());
        self.table.get_or_insert_with(|| Table::complete(circle, me, successors))
    }

    /// r.
    fn successors(&self) -> usize {
        self.config.successors.max(1) as usize
    }

    /// The join of section IV.E.1: asks a member for the successor, the rest follows from stabilization.
    fn on_join(&mut self, ctx: &mut Context<'_, Self>, via: Option<ProcessId>) {
        let me = ctx.me();
        if self.member {
            let settles = if self.config.period.is_zero() { Duration::ZERO } else { self.config.settle };
            return ctx.produce(Output::Joined { position: self.circle.position(me), settles });
        }
        let Some(via) = via.filter(|via| *via != me && via.index() < ctx.group_size()) else {
            self.table = Some(Table::after(me, self.circle.bits()));
            return self.become_member(ctx);
        };
        // Not its own position: that may still be known as its former self's.
        let key = self.circle.around(self.circle.position(me) + 1);
        self.search(ctx, key, Purpose::Join { via });
    }

    /// A departure (section IV.E.4): both sides are told, so that they need not find out.
    fn on_leave(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.member {
            return;
        }
        self.member = false;
        ctx.cancel_timer(Timer::Period);
        ctx.produce(Output::Left);
        let me = ctx.me();
        let Table { predecessor, successors, .. } = self.table(ctx).clone();
        let mut told: Vec<ProcessId> = predecessor.into_iter().chain(successors.first().copied()).collect();
        told.sort_unstable();
        told.dedup();
        told.retain(|id| *id != me);
        ctx.multicast(told, Message::Depart { predecessor, successors });
    }

    /// The application wants to know whose a key is.
    fn on_lookup(&mut self, ctx: &mut Context<'_, Self>, key: u64) {
        self.lookups += 1;
        let (id, wanted) = (self.lookups, key);
        if !self.member {
            return ctx.produce(Output::Failed { id, key });
        }
        self.search(ctx, self.circle.around(key), Purpose::Lookup { id, key: wanted });
    }
}
