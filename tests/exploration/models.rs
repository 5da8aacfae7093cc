//! Two models whose reachable states can be counted by hand or by anybody: what exploration is held against.
//!
//! ```text
//! pingpong k   client --ping 0..k--> server     All pings leave at once; each is answered. A ping is under way,
//!              client <--pong 0..k-- server     or its pong is, or it has been answered: 3^k states.
//!
//! flood n      node 0 --news--> all others      Who hears the news for the first time tells all others, the one
//!              a      --news--> all others      it comes from too. Everybody counts how often it has been told.
//! ```
//!
//! Messages overtake each other; none is lost, none is duplicated. Everything starts at boot, so the first state
//! has the first messages under way already.

use serde::{Deserialize, Serialize};
use std::fmt;
use synod::process::{Context, Description, Example, Measure, Never, Problem, Process, ProcessId, Property};

/// A model of a certain size, and what a complete search without reduction must count in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Model {
    /// Which of the two.
    pub(crate) kind: Kind,
    /// How many pings, or how many nodes.
    pub(crate) size: u32,
    /// How many different states can be reached, the first one included.
    pub(crate) states: u64,
    /// How many deliveries lead from one of these states to another, and one for the first state.
    pub(crate) transitions: u64,
}

/// What happens in a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// [`PingPong`] among two nodes.
    PingPong,
    /// [`Flood`] among [`Model::size`] nodes.
    Flood,
}

/// The models in the order in which they grow.
pub(crate) const MODELS: [Model; 5] = [
    Model { kind: Kind::PingPong, size: 6, states: 729, transitions: 2_917 },
    Model { kind: Kind::PingPong, size: 10, states: 59_049, transitions: 393_661 },
    Model { kind: Kind::PingPong, size: 12, states: 531_441, transitions: 4_251_529 },
    Model { kind: Kind::Flood, size: 4, states: 2_535, transitions: 13_207 },
    Model { kind: Kind::Flood, size: 5, states: 755_401, transitions: 7_033_961 },
];

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::PingPong => "pingpong",
            Kind::Flood => "flood",
        };
        write!(f, "{name} {}", self.size)
    }
}

/// A problem that asks for nothing: only states are counted.
#[derive(Debug)]
pub(crate) enum Counting {}

impl Problem for Counting {
    const NAME: &'static str = "counting";
    type Request = Never;
    type Output = Never;
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// One of two: node 0 sends all pings at once, node 1 answers each.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum PingPong {
    /// Knows which of its pings have been answered, one bit each.
    Client { answered: u32 },
    /// Has nothing to remember.
    Server,
}

/// How many pings there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Pings {
    /// At most 32.
    pub(crate) pings: u32,
}

impl Default for Pings {
    fn default() -> Self {
        Self { pings: 6 }
    }
}

/// What the two tell each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ball {
    /// Are you there? With its number.
    Ping(u32),
    /// I am, and this is the ping's number.
    Pong(u32),
}

impl Process for PingPong {
    type Problem = Counting;
    type Config = Pings;
    type Message = Ball;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("pingpong");

    fn boot(ctx: &mut Context<'_, Self>, config: &Pings, (): ()) -> Self {
        if ctx.me() != ProcessId(0) {
            return Self::Server;
        }
        for number in 0..config.pings {
            ctx.send(ProcessId(1), Ball::Ping(number));
        }
        Self::Client { answered: 0 }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Ball) {
        match (self, message) {
            (Self::Server, Ball::Ping(number)) => ctx.send(from, Ball::Pong(number)),
            (Self::Client { answered }, Ball::Pong(number)) => *answered |= 1 << number,
            (Self::Server, Ball::Pong(_)) | (Self::Client { .. }, Ball::Ping(_)) => {
                panic!("only the client pings and only the server answers")
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// One of many: tells the news to all others once, and counts how often it is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Flood {
    heard: u32,
}

/// What goes round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Have you heard?
    News,
}

impl Process for Flood {
    type Problem = Counting;
    type Config = ();
    type Message = Word;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("flood");

    fn boot(ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        if ctx.me() == ProcessId(0) {
            ctx.broadcast(Word::News);
        }
        Self::deaf()
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Word) {
        match message {
            Word::News => self.on_news(ctx),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Flood {
    /// Nothing was told yet.
    pub(crate) fn deaf() -> Self {
        Self { heard: 0 }
    }

    /// It is told once more; gives whether that is the first time.
    pub(crate) fn hears_first(&mut self) -> bool {
        self.heard += 1;
        self.heard == 1
    }

    /// Node 0 has told everybody already; the others do so when they are told for the first time.
    fn on_news(&mut self, ctx: &mut Context<'_, Self>) {
        if self.hears_first() && ctx.me() != ProcessId(0) {
            ctx.broadcast(Word::News);
        }
    }
}
