//! Everything outside the processes: topology, network, faults, clocks. Whoever drives a run (simulation, search)
//! asks the world what becomes of a message and when, and keeps the queue itself.

mod clock;
mod draws;
mod enact;
mod faults;
mod links;
mod nodes;
mod particulars;
mod routes;
mod setup;
mod topology;

pub use enact::{Consequence, Ending};
pub use faults::Fault;
pub use links::Reason;
pub use setup::{
    Action, ClockChange, Distribution, EVENT_LIMIT, Heal, LinkPatch, LinkPattern, LinkSettings, NodeSetup,
    Planned, Probability, Quantity, Setup, Shape, Targets,
};

use crate::process::{Choices, LocalTime, Names, Neighbours, ProcessId, Scene, Time, TimerRange};
use clock::Clock;
use draws::{Draws, Purpose, link_key};
pub(crate) use draws::{below, finish};
use faults::{Doomed, Faults};
use links::{Links, Parcel};
use nodes::Nodes;
use std::{cell::Cell, sync::Arc, time::Duration};
use topology::Topology;

/// The world of one run.
#[derive(Clone, Debug)]
pub struct World {
    setup: Arc<Setup>,
    seed: u64,
    topology: Topology,
    draws: Draws,
    links: Links,
    faults: Faults,
    nodes: Nodes,
    /// One clock for each node, or none at all while every clock shows true time.
    clocks: Vec<Clock>,
    /// Whether some link has a rate at some time: the size of a message is found out when it is sent.
    weighs: bool,
    /// How many draws each node has made for timers and choices.
    drawn: Vec<[u32; 2]>,
    /// What the next choices are, before any is drawn; the last one comes first.
    answers: Vec<u32>,
    /// How long the next timers run, before any length is drawn; the last one comes first.
    lengths: Vec<Duration>,
    /// Whether a process has looked at its clock.
    clock_read: Cell<bool>,
}

/// What is decided about a step before anything is drawn for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers<'a> {
    /// What the process chooses, in order.
    pub choices: &'a [u32],
    /// How long the timers run that it sets, in order.
    pub lengths: &'a [Duration],
}

impl Answers<'_> {
    /// Whether nothing is decided.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty() && self.lengths.is_empty()
    }
}

/// Answers a node's choices from the seed.
#[derive(Debug)]
pub struct Chooser<'a> {
    draws: &'a mut Draws,
    made: &'a mut u32,
    owner: u64,
    answers: &'a mut Vec<u32>,
}

impl Choices for Chooser<'_> {
    fn choose(&mut self, options: u32) -> u32 {
        if let Some(answer) = self.answers.pop() {
            return answer.min(options - 1);
        }
        let word = self.draws.draw(Purpose::Choice, self.owner, u64::from(*self.made));
        *self.made += 1;
        below(word, u64::from(options)) as u32
    }
}

/// What becomes of a message that a process sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transit {
    /// When it arrives at `hop`, or would have.
    pub at: Time,
    /// Where it goes first: the receiver, or a neighbour that passes it on.
    pub hop: ProcessId,
    /// Why it does not arrive.
    pub lost: Option<Reason>,
    /// When a second copy arrives.
    pub copy: Option<Time>,
}

/// What becomes of a message that arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The node handles it.
    Accepted,
    /// The node stands still: the message waits until it goes on.
    Waits,
    /// It is dropped.
    Dropped(Reason),
}

impl World {
    /// A world in which nothing has happened yet; [`World::reset`] starts a run.
    pub fn new(setup: Arc<Setup>) -> Self {
        let nodes = setup.names.len() as u32;
        let topology = Topology::new(&Shape::Complete, nodes, 0, false);
        let links = Links::new(nodes, &setup.network, &setup.links);
        Self {
            seed: 0,
            topology,
            draws: Draws::new(),
            links,
            faults: Faults::default(),
            nodes: Nodes::default(),
            clocks: Vec::new(),
            weighs: setup.has_rates(),
            drawn: Vec::new(),
            answers: Vec::new(),
            lengths: Vec::new(),
            clock_read: Cell::new(false),
            setup,
        }
    }

    /// Starts a run with this seed. Memory is kept from run to run.
    pub fn reset(&mut self, seed: u64) {
        let count = self.setup.names.len();
        let stale =
            self.drawn.len() != count || (self.seed != seed && Topology::is_random(&self.setup.topology));
        if stale {
            self.topology = Topology::new(&self.setup.topology, count as u32, seed, self.setup.routing);
        } else {
            self.topology.reset();
        }
        self.seed = seed;
        self.draws.reset(seed);
        self.links.reset(&self.topology);
        self.faults.reset();
        self.nodes.reset(count);
        self.drawn.clear();
        self.drawn.resize(count, [0; 2]);
        self.answers.clear();
        self.lengths.clear();
        self.clock_read.set(false);
        self.clocks.clear();
        let skewed = |node: &NodeSetup| node.clock_offset != 0 || node.clock_drift != 0;
        if self.setup.nodes.values().any(skewed) {
            self.clocks = self.ordinary_clocks();
        }
    }

    /// What the run starts from.
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }

    /// Who takes part.
    pub fn names(&self) -> &Names {
        &self.setup.names
    }

    /// Every fault that happened so far, with what it touched.
    pub fn faults(&self) -> &[Fault] {
        &self.faults.account
    }

    /// Whom a node has a link to.
    pub fn neighbours(&self, me: ProcessId) -> Neighbours<'_> {
        self.topology.neighbours(me)
    }

    /// What a node's own clock shows.
    #[inline]
    pub fn shows(&self, node: ProcessId, now: Time) -> LocalTime {
        if self.clocks.is_empty() { LocalTime(now.0 as i64) } else { self.clocks[node.index()].shows(now) }
    }

    /// The first time at which a node's clock shows `reading`; never while it stands still before.
    pub fn reaches(&self, node: ProcessId, reading: LocalTime, now: Time) -> Time {
        if self.clocks.is_empty() {
            return Time(reading.0.max(0) as u64).max(now);
        }
        self.clocks[node.index()].reaches(reading, now)
    }

    fn ordinary_clocks(&self) -> Vec<Clock> {
        let ordinary = NodeSetup::default();
        let setup = |node| self.setup.nodes.get(&node).unwrap_or(&ordinary);
        self.setup.names.ids().map(|node| Clock::new(setup(node))).collect()
    }

    fn clock_mut(&mut self, node: ProcessId) -> &mut Clock {
        if self.clocks.is_empty() {
            self.clocks = self.ordinary_clocks();
        }
        &mut self.clocks[node.index()]
    }

    /// How long a timer runs that `node` sets.
    #[inline]
    pub fn timer_length(&mut self, node: ProcessId, range: TimerRange) -> Duration {
        let spread = range.max.saturating_sub(range.min).as_nanos() as u64;
        let answer = self.lengths.pop();
        if spread == 0 {
            return answer.unwrap_or(range.min);
        }
        let number = self.drawn[node.index()][0];
        self.drawn[node.index()][0] += 1;
        if let Some(length) = answer {
            return length;
        }
        let word = self.draws.draw(Purpose::Timer, self.setup.names.key(node), u64::from(number));
        range.min + Duration::from_nanos(below(word, spread.saturating_add(1)))
    }

    /// The next length that `node` draws for a timer has this number.
    pub(crate) fn count_lengths(&mut self, node: ProcessId, drawn: u32) {
        self.drawn[node.index()][0] = drawn;
    }

    /// The next choice that `node` draws has this number.
    #[cfg(feature = "live")]
    pub(crate) fn count_choices(&mut self, node: ProcessId, made: u32) {
        self.drawn[node.index()][1] = made;
    }

    /// What a node sees of its surroundings, and the draws that answer the choices it leaves open.
    #[inline(always)]
    pub fn stage(&mut self, me: ProcessId, now: Time) -> (Scene<'_>, Chooser<'_>) {
        let now = self.shows(me, now);
        let neighbours = self.topology.neighbours(me);
        let scene = Scene {
            me,
            group_size: self.setup.names.len() as u32,
            neighbours,
            now,
            clock_read: Some(&self.clock_read),
        };
        let chooser = Chooser {
            draws: &mut self.draws,
            made: &mut self.drawn[me.index()][1],
            owner: self.setup.names.key(me),
            answers: &mut self.answers,
        };
        (scene, chooser)
    }

    /// Answers the choices and lengths of timers of the next step, in order, before any is drawn; answers left over are
    /// forgotten.
    pub fn answer(&mut self, answers: Answers<'_>) {
        self.answers.clear();
        self.answers.extend(answers.choices.iter().rev());
        self.lengths.clear();
        self.lengths.extend(answers.lengths.iter().rev());
    }

    /// Whether any process has looked at its clock in this run.
    pub fn clock_read(&self) -> bool {
        self.clock_read.get()
    }

    /// Plans other actions from the next run on. Everything else about `setup` is as it was.
    pub fn plan(&mut self, setup: Arc<Setup>) {
        self.setup = setup;
    }

    /// Whether a message's size matters: some link has a rate, now or later.
    pub fn weighs(&self) -> bool {
        self.weighs
    }

    /// Whether a message's kind matters: a `drop` event is waiting.
    #[inline]
    pub fn watches_kinds(&self) -> bool {
        self.faults.watches_kinds()
    }

    /// A process sends a message of so many bytes; `kind` is looked at while [`World::watches_kinds`].
    #[inline(always)]
    pub fn send(&mut self, now: Time, from: ProcessId, to: ProcessId, size: u32, kind: &str) -> Transit {
        let arrived = Transit { at: now, hop: to, lost: None, copy: None };
        if from == to {
            return arrived;
        }
        let (hop, link) = match self.links.number(from, to, &self.topology) {
            Some(link) => (to, link),
            None => match self.hop(from, from, to) {
                Some(hop) => hop,
                None => return Transit { lost: Some(Reason::NoLink), ..arrived },
            },
        };
        let mut transit = self.cross(now, from, hop, link, size);
        if self.faults.watches_kinds() && self.faults.drops(from, to, kind) {
            transit.lost = Some(Reason::Dropped);
            transit.copy = None;
        }
        transit
    }

    /// A message from `origin` that has come to `at` on its way to `to` is passed on.
    pub fn pass_on(
        &mut self,
        now: Time,
        origin: ProcessId,
        at: ProcessId,
        to: ProcessId,
        size: u32,
    ) -> Transit {
        match self.hop(origin, at, to) {
            Some((hop, link)) => self.cross(now, at, hop, link, size),
            None => Transit { at: now, hop: to, lost: Some(Reason::NoLink), copy: None },
        }
    }

    /// The next neighbour on the way to a receiver that is none, and the link to it; none when nothing is routed.
    fn hop(&mut self, origin: ProcessId, at: ProcessId, to: ProcessId) -> Option<(ProcessId, u32)> {
        let hop = self.topology.next_hop(origin, at, to)?;
        Some((hop, self.links.number(at, hop, &self.topology)?))
    }

    #[inline(always)]
    fn cross(&mut self, now: Time, from: ProcessId, to: ProcessId, link: u32, size: u32) -> Transit {
        let names = &self.setup.names;
        let parcel = Parcel { from, to, key: link_key(names.key(from), names.key(to)), size };
        let crossing = self.links.cross(now, parcel, link, &mut self.topology, &mut self.draws);
        if let Some(course) = crossing.course {
            for fault in self.links.faults_of(course) {
                self.faults.touch(*fault);
            }
        }
        Transit { at: crossing.at, hop: to, lost: crossing.lost, copy: crossing.copy }
    }

    /// A message from the neighbour `from` arrives at `to`, which is its receiver or passes it on.
    #[inline(always)]
    pub fn arrive(&mut self, from: ProcessId, to: ProcessId) -> Arrival {
        if from != to
            && let Some((reason, fault)) = self.faults.barrier(from, to)
        {
            self.faults.touch(fault);
            return Arrival::Dropped(reason);
        }
        if self.nodes.status(to).is_running() { Arrival::Accepted } else { self.hinder(to) }
    }

    /// A request or a timer reaches its own node.
    #[inline]
    pub fn reach(&mut self, node: ProcessId) -> Arrival {
        if self.nodes.status(node).is_running() { Arrival::Accepted } else { self.hinder(node) }
    }

    /// Whether a node would handle what reaches it now.
    pub fn runs(&self, node: ProcessId) -> bool {
        self.nodes.status(node).is_running()
    }

    fn hinder(&mut self, node: ProcessId) -> Arrival {
        if let Some(fault) = self.nodes.fault_of(node) {
            self.faults.touch(fault);
        }
        let status = self.nodes.status(node);
        match () {
            () if status.is_paused() => Arrival::Waits,
            () if status.is_started() => Arrival::Dropped(Reason::Down),
            () => Arrival::Dropped(Reason::NotStarted),
        }
    }

    /// A node handles something: from now on a crash loses a state.
    #[inline(always)]
    pub fn handle(&mut self, node: ProcessId) {
        self.nodes.handle(node);
        if !self.clocks.is_empty() {
            self.touch_clock(node);
        }
    }

    #[inline(never)]
    fn touch_clock(&mut self, node: ProcessId) {
        for fault in self.nodes.clock_faults(node) {
            self.faults.touch(fault);
        }
    }

    /// A node boots for the first time.
    pub fn boot(&mut self, node: ProcessId) {
        self.nodes.boot(node);
    }

    /// Whether somebody is to crash in the middle of sending.
    #[inline]
    pub fn has_doomed(&self) -> bool {
        self.faults.has_doomed()
    }

    /// A message of `node` has left. When it was to crash after this one, it does, and what follows from that is
    /// pushed to `consequences`.
    #[inline]
    pub fn sent(&mut self, now: Time, node: ProcessId, consequences: &mut Vec<Consequence>) -> bool {
        if !self.has_doomed() {
            return false;
        }
        let doomed: Option<Doomed> = self.faults.count_send(node);
        if let Some(doomed) = doomed {
            self.crash_doomed(now, doomed, consequences);
        }
        doomed.is_some()
    }
}
