//! Convergecast: values run up a tree, each inner process adds those of its children to its own.
//!
//! Segall, "Distributed network protocols" (1983); Tel, "Introduction to distributed algorithms" (2000), chapter 6.
//!
//! ```text
//! q --up{round 1, 3}--> p      p has 2 of its own: 3 + 4 + 2 = 9
//! r --up{round 1, 4}--> p      p --up{round 1, 9}--> its parent, or p is the root and tells the result
//! ```

use crate::{
    problems::aggregation::{Aggregation, Operation, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Convergecast {
    config: Config,
    /// Who gets what this process has collected; none at the root.
    parent: Option<ProcessId>,
    /// Whose values it waits for.
    children: BTreeSet<ProcessId>,
    /// How often this process has contributed.
    contributed: u64,
    /// Rounds for which something is still missing.
    open: BTreeMap<u64, Round>,
    /// Rounds up to this one are closed, and these later ones.
    closed: u64,
    closed_early: BTreeSet<u64>,
    /// Rounds whose result was announced here, to pass each on once.
    announced: BTreeSet<u64>,
}

/// What has been collected for a round.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Round {
    own: Option<i64>,
    heard: BTreeMap<ProcessId, i64>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who is told the result; the first node unless said otherwise.
    pub root: Option<ProcessId>,
    /// What is done with the values.
    pub operation: Operation,
    /// How many children a process has: the root is followed by its children, they by theirs, in order of the ids,
    /// beginning with the root and going round. It is the shape of `topology: {tree: {children: ...}}`.
    pub arity: u32,
    /// Whether the result goes down the tree to everybody.
    pub announce: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { root: None, operation: Operation::default(), arity: 2, announce: false }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the parent: what the values of the sender and of all below it come to.
    Up {
        /// The round, counted from 1.
        round: u64,
        /// What they come to.
        value: i64,
    },
    /// To the children: the result.
    Down {
        /// The round.
        round: u64,
        /// The result.
        value: i64,
    },
}

impl Process for Convergecast {
    type Problem = Aggregation;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "convergecast",
        summary: "Everybody's values run up a tree and are combined on the way; the root tells what they come to.",
        assumes: &[
            "links from children to parents that lose nothing; order and duplicates do not matter",
            "nobody crashes",
        ],
        promises: &["exactly-once", "termination"],
        messages: &[
            ("up", "to the parent: what the values of the sender and of all below it come to"),
            ("down", "to the children: the result (announce)"),
        ],
        cost: "N-1 messages for each round, in as many delays as the tree is high; with an announcement twice as many of both",
        breaks: &[
            "an inner process crashes: everything below it is lost, and the root waits for ever (termination)",
            "one lost message: the root waits for ever (termination)",
        ],
        source: "Segall, Distributed network protocols (1983); Tel, Introduction to distributed algorithms (2000), chapter 6",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let tree = Tree { root: config.root, arity: config.arity, size: ctx.group_size() };
        let me = ctx.me();
        Self {
            config: config.clone(),
            parent: tree.parent(me),
            children: tree.children(me).collect(),
            contributed: 0,
            open: BTreeMap::new(),
            closed: 0,
            closed_early: BTreeSet::new(),
            announced: BTreeSet::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Contribute(value) => self.on_contribute(ctx, value),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Up { round, value } => self.on_up(ctx, from, round, value),
            Message::Down { round, value } => self.on_down(ctx, from, round, value),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Convergecast {
    /// The application's value for its next round.
    fn on_contribute(&mut self, ctx: &mut Context<'_, Self>, value: i64) {
        self.contributed += 1;
        let round = self.contributed;
        self.open.entry(round).or_default().own = Some(self.config.operation.alone(value));
        self.close_if_complete(ctx, round);
    }

    /// What a child has collected. A second copy changes nothing, nor does one for a round that is closed.
    fn on_up(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, round: u64, value: i64) {
        if !self.children.contains(&from) || round <= self.closed || self.closed_early.contains(&round) {
            return;
        }
        self.open.entry(round).or_default().heard.insert(from, value);
        self.close_if_complete(ctx, round);
    }

    /// When the own value and those of all children are there: on to the parent, or to the application.
    fn close_if_complete(&mut self, ctx: &mut Context<'_, Self>, round: u64) {
        let operation = self.config.operation;
        let Some(Round { own: Some(own), heard }) = self.open.get(&round) else { return };
        if heard.len() < self.children.len() {
            return;
        }
        let value = heard.values().fold(*own, |one, other| operation.combine(one, *other));
        self.open.remove(&round);
        self.closed_early.insert(round);
        while self.closed_early.remove(&(self.closed + 1)) {
            self.closed += 1;
        }
        match self.parent {
            Some(parent) => ctx.send(parent, Message::Up { round, value }),
            None => self.tell(ctx, round, value),
        }
    }

    /// The parent passes the result on.
    fn on_down(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, round: u64, value: i64) {
        if self.parent == Some(from) && self.announced.insert(round) {
            self.tell(ctx, round, value);
        }
    }

    fn tell(&self, ctx: &mut Context<'_, Self>, round: u64, value: i64) {
        ctx.produce(Output::Result { round, operation: self.config.operation, value });
        if self.config.announce {
            ctx.multicast(self.children.iter().copied(), Message::Down { round, value });
        }
    }
}

/// A balanced tree over all ids: place 0 is the root's, the others follow in order of their ids, going round.
struct Tree {
    root: Option<ProcessId>,
    arity: u32,
    size: usize,
}

impl Tree {
    fn place(&self, process: ProcessId) -> usize {
        (process.index() + self.size - self.root_index()) % self.size
    }

    fn at(&self, place: usize) -> ProcessId {
        ProcessId(((place + self.root_index()) % self.size) as u32)
    }

    fn root_index(&self) -> usize {
        self.root.map_or(0, ProcessId::index) % self.size
    }

    fn arity(&self) -> usize {
        self.arity.max(1) as usize
    }

    fn parent(&self, process: ProcessId) -> Option<ProcessId> {
        let before = self.place(process).checked_sub(1)?;
        Some(self.at(before / self.arity()))
    }

    fn children(&self, process: ProcessId) -> impl Iterator<Item = ProcessId> {
        let first = self.place(process).saturating_mul(self.arity()).saturating_add(1);
        let last = first.saturating_add(self.arity()).min(self.size);
        (first..last).map(|place| self.at(place))
    }
}
