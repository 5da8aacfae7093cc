//! The event loop: earliest event first. It owns the queue and the processes; what becomes of messages it asks
//! the world, what is kept it hands to the recording.

mod apply;
mod bodies;
mod notes;
mod queue;
mod timers;

pub use queue::{Entry, Queue};

use crate::{
    process::{Context, Effects, End, Input, Process, ProcessId, Request, Time, step},
    trace::{EventKind, Level, NO_VALUE, NONE, Record, Recording},
    world::{Arrival, Consequence, Ending, Fault, Reason, Setup, World},
};
use apply::Copied;
use bodies::Bodies;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use timers::Timers;

/// What the processes of a run start from.
#[derive(Clone, Debug)]
pub struct Cast<P: Process> {
    /// The configuration of every process.
    pub config: P::Config,
    /// Of processes that have their own, instead.
    pub configs: BTreeMap<ProcessId, P::Config>,
    /// What the planned actions ask for.
    pub requests: Vec<Request<P>>,
}

impl<P: Process> Default for Cast<P> {
    fn default() -> Self {
        Self { config: P::Config::default(), configs: BTreeMap::new(), requests: Vec::new() }
    }
}

/// How a run went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Why it was over.
    pub end: End,
    /// When the last event happened.
    pub time: Time,
    /// How many messages, timers, requests and boots were handled.
    pub steps: u64,
}

/// A simulation that can be run again and again with different seeds. Its memory is kept from run to run.
pub struct Simulation<P: Process> {
    cast: Cast<P>,
    world: World,
    queue: Queue,
    processes: Vec<Option<P>>,
    stable: Vec<P::Stable>,
    bodies: Bodies<P::Message>,
    timers: Timers<P::Timer>,
    effects: Effects<P>,
    consequences: Vec<Consequence>,
    endings: Vec<Ending>,
    /// Messages under way over several links.
    routes: Vec<Route>,
    /// What waits for a node that stands still.
    backlog: BTreeMap<ProcessId, Vec<Entry>>,
    /// What need not wait any longer, in the order in which it came.
    released: VecDeque<Entry>,
    recording: Recording<P>,
    /// The number of the event that the current step began with.
    cause: u64,
    now: Time,
    sequence: u64,
    next_message: u64,
    next_planned: u32,
    steps: u64,
}

/// A message under way over several links.
#[derive(Clone, Copy, Debug)]
struct Route {
    body: u32,
    sequence: u64,
    to: ProcessId,
    /// Where it comes from just now.
    previous: ProcessId,
}

/// What a queue entry's `what` means: three bits of tag above a place.
const DELIVERY: u32 = 0;
const HOP: u32 = 1 << 29;
const TIMER: u32 = 2 << 29;
const PLANNED: u32 = 3 << 29;
const ENDING: u32 = 4 << 29;
const BOOT: u32 = 5 << 29;
const ASK: u32 = 6 << 29;
const TAG: u32 = 7 << 29;

/// Where the sequence numbers of an instant's entries begin: late starters come first, then what ends, then what is
/// planned, then messages and timers.
const FIRST_ENDING: u64 = 1 << 32;
const FIRST_PLANNED: u64 = 1 << 33;
const FIRST_MESSAGE: u64 = 1 << 34;

/// A queue entry's key: its sequence number above four bits that say why the message does not arrive.
const fn key(sequence: u64, lost: Option<Reason>) -> u64 {
    sequence << 4 | if let Some(reason) = lost { reason as u64 } else { 0 }
}

impl<P: Process> Simulation<P> {
    /// A simulation of this world with these processes.
    pub fn new(setup: Arc<Setup>, cast: Cast<P>) -> Self {
        Self {
            cast,
            world: World::new(setup),
            queue: Queue::new(),
            processes: Vec::new(),
            stable: Vec::new(),
            bodies: Bodies::new(),
            timers: Timers::new(),
            effects: Effects::new(),
            consequences: Vec::new(),
            endings: Vec::new(),
            routes: Vec::new(),
            backlog: BTreeMap::new(),
            released: VecDeque::new(),
            recording: Recording::new(),
            cause: NONE,
            now: Time::ZERO,
            sequence: 0,
            next_message: 0,
            next_planned: 0,
            steps: 0,
        }
    }

    /// Runs from the beginning with this seed, keeping as much as `level` says.
    pub fn run(&mut self, seed: u64, level: Level) -> Summary {
        self.reset(seed, level);
        self.boot_all();
        let setup = self.world.setup().clone();
        let (until, limit) = (setup.until.unwrap_or(Time::NEVER), setup.event_limit);
        let end = loop {
            let Some(entry) = self.queue.pop() else { break End::Quiescent };
            if entry.what & TAG == TIMER && !self.timers.is_current(entry.what & !TAG, entry.key >> 4) {
                continue;
            }
            if entry.time > until.0 {
                break End::Deadline;
            }
            if self.steps >= limit {
                break End::CutShort;
            }
            self.read_ahead();
            self.now = Time(entry.time);
            self.steps += 1;
            self.dispatch(entry);
        };
        Summary { end, time: self.now, steps: self.steps }
    }

    /// Reads, once for a whole bucket of the queue, where its deliveries' messages are: with many messages pending
    /// each of them is far from the processor, and many reads at once take hardly longer than one.
    #[inline]
    fn read_ahead(&mut self) {
        let fresh = self.queue.take_fresh();
        if !fresh.is_empty() {
            let deliveries = fresh.iter().filter(|entry| entry.what & TAG == DELIVERY);
            let looked = |seen: u32, entry: &Entry| {
                seen ^ self.bodies.from(entry.what).0 ^ u32::from(self.processes[entry.to as usize].is_some())
            };
            std::hint::black_box(deliveries.fold(0, looked));
        }
    }

    /// What was kept of the last run.
    pub fn recording(&self) -> &Recording<P> {
        &self.recording
    }

    /// The faults of the last run, with what each touched.
    pub fn faults(&self) -> &[Fault] {
        self.world.faults()
    }

    /// The processes as they stand; none for a node that is down or has not started.
    pub fn processes(&self) -> &[Option<P>] {
        &self.processes
    }

    fn reset(&mut self, seed: u64, level: Level) {
        let setup = self.world.setup().clone();
        let nodes = setup.names.len();
        self.world.reset(seed);
        self.queue.clear();
        self.processes.clear();
        self.processes.resize(nodes, None);
        self.stable.clear();
        self.stable.resize(nodes, P::Stable::default());
        self.bodies.clear();
        self.timers.clear();
        self.effects.clear();
        self.consequences.clear();
        self.endings.clear();
        self.routes.clear();
        self.backlog.clear();
        self.released.clear();
        self.recording.reset(level, nodes);
        self.cause = NONE;
        self.now = Time::ZERO;
        self.next_message = 0;
        self.next_planned = 0;
        self.steps = 0;
        self.sequence = FIRST_MESSAGE;
    }

    /// Boots everybody who is there from the beginning; the others have their time.
    fn boot_all(&mut self) {
        let setup = self.world.setup().clone();
        for (node, particular) in &setup.nodes {
            if particular.start > Time::ZERO {
                let key = key(u64::from(node.0), None);
                self.queue.push(Entry { time: particular.start.0, key, to: node.0, what: BOOT });
            }
        }
        for node in setup.names.ids() {
            if setup.nodes.get(&node).is_none_or(|particular| particular.start == Time::ZERO) {
                self.boot(node, EventKind::Boot);
            }
        }
        self.plan_next();
    }

    /// Puts the next planned action into the queue: one at a time, so that the queue stays small.
    fn plan_next(&mut self) {
        if let Some(planned) = self.world.setup().agenda.get(self.next_planned as usize) {
            let sequence = FIRST_PLANNED + u64::from(self.next_planned);
            let what = PLANNED | self.next_planned;
            self.queue.push(Entry {
                time: planned.at.0.max(self.now.0),
                key: key(sequence, None),
                to: 0,
                what,
            });
            self.next_planned += 1;
        }
    }

    #[inline(always)]
    fn dispatch(&mut self, entry: Entry) {
        let place = entry.what & !TAG;
        match entry.what & TAG {
            DELIVERY => self.deliver(entry, place),
            TIMER => self.expire(entry, place),
            HOP => self.hop(entry, place),
            PLANNED => {
                self.plan_next();
                let timers = &self.timers;
                self.world.enact(self.now, place, &|node| timers.any(node), &mut self.consequences);
                self.carry_out();
                self.release();
            }
            ENDING => {
                let ending = self.endings[place as usize];
                self.world.end(self.now, ending, &mut self.consequences);
                self.carry_out();
                self.release();
            }
            BOOT => self.boot(ProcessId(entry.to), EventKind::Boot),
            ASK => self.ask(ProcessId(entry.to), place),
            _ => unreachable!("an entry has one of these tags"),
        }
    }

    /// What waited is handled now, before anything else that happens at this time.
    fn release(&mut self) {
        while let Some(entry) = self.released.pop_front() {
            let place = entry.what & !TAG;
            match entry.what & TAG {
                TIMER if !self.timers.is_current(place, entry.key >> 4) => {}
                // It had come already: a barrier that is up by now comes too late.
                DELIVERY => self.arrive(entry, place, ProcessId(entry.to), entry.key >> 4),
                HOP => {
                    self.routes[place as usize].previous = ProcessId(entry.to);
                    self.hop(entry, place);
                }
                _ => self.dispatch(entry),
            }
        }
    }

    /// A process starts: for the first time, or from what it saved.
    fn boot(&mut self, node: ProcessId, kind: EventKind) {
        self.world.boot(node);
        self.cause = self.note_at(node, kind, NONE, NO_VALUE);
        let config = self.cast.configs.get(&node).unwrap_or(&self.cast.config);
        let stable = self.stable[node.index()].clone();
        let (scene, mut chooser) = self.world.stage(node, self.now);
        let mut ctx = Context::new(scene, &mut self.effects, &mut chooser);
        self.processes[node.index()] = Some(P::boot(&mut ctx, config, stable));
        self.finish_step(node);
    }

    /// Runs one step of a process that is up.
    #[inline]
    fn step(&mut self, node: ProcessId, input: Input<P>) {
        self.world.handle(node);
        let Some(process) = &mut self.processes[node.index()] else { return };
        let (scene, mut chooser) = self.world.stage(node, self.now);
        let mut ctx = Context::new(scene, &mut self.effects, &mut chooser);
        step(process, &mut ctx, input);
        self.finish_step(node);
    }

    #[inline]
    fn finish_step(&mut self, node: ProcessId) {
        if self.recording.is_full()
            && let Some(process) = &self.processes[node.index()]
        {
            self.recording.state(self.cause, process);
        }
        if !self.effects.list.is_empty() {
            self.apply(node);
        }
    }

    #[inline(always)]
    fn deliver(&mut self, entry: Entry, slot: u32) {
        let from = self.bodies.from(slot);
        self.arrive(entry, slot, from, entry.key >> 4);
    }

    /// A message comes from the neighbour `previous` to its receiver, or would have.
    #[inline(always)]
    fn arrive(&mut self, entry: Entry, slot: u32, previous: ProcessId, sequence: u64) {
        let to = ProcessId(entry.to);
        let lost = Reason::numbered(entry.key & 15);
        let arrival = lost.map_or_else(|| self.world.arrive(previous, to), Arrival::Dropped);
        match arrival {
            Arrival::Accepted => {
                if self.recording.is_full() {
                    self.note_arrival(slot, sequence, to, EventKind::Receive, None);
                }
                let from = self.bodies.from(slot);
                let message = self.bodies.take(slot);
                self.step(to, Input::Message { from, message });
            }
            Arrival::Waits => self.backlog.entry(to).or_default().push(entry),
            Arrival::Dropped(reason) => {
                if self.recording.is_full() {
                    self.note_arrival(slot, sequence, to, EventKind::Drop, Some(reason));
                }
                self.bodies.release(slot);
            }
        }
    }

    /// A message under way over several links comes to a node: its receiver, or one that passes it on.
    fn hop(&mut self, entry: Entry, place: u32) {
        let route = self.routes[place as usize];
        let at = ProcessId(entry.to);
        if at == route.to || entry.key & 15 != 0 {
            return self.arrive(entry, route.body, route.previous, route.sequence);
        }
        match self.world.arrive(route.previous, at) {
            Arrival::Accepted => {
                let size = self.bodies.label_of(route.body).size;
                let origin = self.bodies.from(route.body);
                let transit = self.world.pass_on(self.now, origin, at, route.to, size);
                self.routes[place as usize].previous = at;
                // A number of its own: on the next link it comes after what was passed on before it.
                let key = key(self.sequence, transit.lost);
                self.sequence += 1;
                self.queue.push(Entry { time: transit.at.0, key, to: transit.hop.0, what: entry.what });
                if let Some(again) = transit.copy {
                    let label = self.bodies.label_of(route.body);
                    let place = route.sequence - label.first_sequence;
                    let (message, event) =
                        (label.first_message + place, label.first_event.wrapping_add(place));
                    let copied =
                        Copied { at: again, previous: at, hop: transit.hop, to: route.to, message, event };
                    self.duplicate(route.body, &copied);
                }
            }
            Arrival::Waits => self.backlog.entry(at).or_default().push(entry),
            Arrival::Dropped(reason) => {
                if self.recording.is_full() {
                    self.note_arrival(route.body, route.sequence, at, EventKind::Drop, Some(reason));
                }
                self.bodies.release(route.body);
            }
        }
    }

    fn expire(&mut self, entry: Entry, slot: u32) {
        let node = ProcessId(entry.to);
        if self.world.reach(node) == Arrival::Waits {
            self.backlog.entry(node).or_default().push(entry);
            return;
        }
        let Some(running) = self.timers.expire(slot) else { return };
        if self.recording.is_full() {
            let value = self.recording.records[running.event as usize].value;
            self.cause = self.note_at(node, EventKind::Timer, running.event, value);
        }
        self.step(node, Input::Timer(running.timer));
    }

    /// A node is asked for something.
    fn ask(&mut self, node: ProcessId, request: u32) {
        let arrival = self.world.reach(node);
        if arrival == Arrival::Waits {
            let key = key(self.sequence, None);
            self.sequence += 1;
            let entry = Entry { time: self.now.0, key, to: node.0, what: ASK | request };
            self.backlog.entry(node).or_default().push(entry);
            return;
        }
        let asked = self.cast.requests[request as usize].clone();
        let unheard = if let Arrival::Dropped(reason) = arrival { Some(reason.name()) } else { None };
        if self.recording.is_full() {
            let value = self.recording.request(asked.clone());
            let record =
                Record { value, why: unheard, ..Record::at(self.now, node, EventKind::Request, NONE) };
            self.cause = match unheard {
                None => self.recording.push_at_node(record),
                Some(_) => self.recording.push(record),
            };
        }
        if unheard.is_none() {
            self.step(node, Input::Request(asked));
        }
    }
}
