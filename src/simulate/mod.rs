//! The event loop. It owns what is pending, the processes and the world; what becomes of messages it asks the world,
//! what is kept it hands to the recording. [`Simulation`] takes the earliest event first; the search takes others.

mod apply;
mod labels;
mod notes;
mod pending;
mod queue;

pub use crate::process::Cast;
pub use pending::{Next, Occasion, Pending};
pub use queue::{Entry, Queue};

use crate::{
    process::{Actors, Deed, End, Keep, LocalTime, Process, ProcessId, Time, Troupe},
    trace::{EventKind, Level, NO_VALUE, NONE, Recorded, Recording},
    world::{Arrival, Consequence, Ending, Fault, Reason, Setup, World},
};
use apply::Copied;
use labels::Labels;
use pending::{ASK, BOOT, DELIVERY, ENDING, HOP, PLANNED, TAG, TIMER, key};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

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
pub struct Simulation<P: Process>(Engine<Troupe<P>, Queue>);

impl<P: Process> Simulation<P> {
    /// A simulation of this world with these processes.
    pub fn new(setup: Arc<Setup>, cast: Cast<P>) -> Self {
        Self(Engine::new(setup, Box::new(Troupe::new(cast)), Queue::new()))
    }

    /// Runs from the beginning with this seed, keeping as much as `level` says.
    pub fn run(&mut self, seed: u64, level: Level) -> Summary {
        self.0.run(seed, level)
    }

    /// What was kept of the last run.
    pub fn recording(&self) -> Recorded<'_, P> {
        Recorded::new(&self.0.recording, &self.0.actors)
    }

    /// The faults of the last run, with what each touched.
    pub fn faults(&self) -> &[Fault] {
        self.0.faults()
    }

    /// The processes as they stand; none for a node that is down or has not started.
    pub fn processes(&self) -> &[Option<P>] {
        self.0.actors.processes()
    }
}

/// Runs processes in a world, taking what is pending in the order that `Q` says.
pub struct Engine<A: Actors + ?Sized, Q: Pending> {
    actors: Box<A>,
    world: World,
    pending: Q,
    /// What a step wants done, where it is taken at once.
    deeds: Vec<Deed>,
    /// Second copies of what is being sent.
    copies: Vec<Copied>,
    labels: Labels,
    /// The timers that run, by their places.
    timers: Vec<Running>,
    consequences: Vec<Consequence>,
    endings: Vec<Ending>,
    /// Messages under way over several links.
    routes: Vec<Route>,
    /// What waits for a node that stands still.
    backlog: BTreeMap<ProcessId, Vec<Entry>>,
    /// What need not wait any longer, in the order in which it came.
    released: VecDeque<Entry>,
    recording: Recording,
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

/// A timer that runs.
#[derive(Clone, Copy, Debug, Default)]
struct Running {
    /// What the node's clock shows when it runs out.
    deadline: LocalTime,
    /// The sequence number of its entry: an entry with another one is out of date.
    sequence: u64,
    /// What its setting was kept as: see [`Engine::note_timer_set`].
    event: u64,
}

/// Where the sequence numbers of an instant's entries begin: late starters come first, then what ends, then what is
/// planned, then messages and timers.
const FIRST_ENDING: u64 = 1 << 32;
const FIRST_PLANNED: u64 = 1 << 33;
const FIRST_MESSAGE: u64 = 1 << 34;

impl<A: Actors + ?Sized, Q: Pending> Engine<A, Q> {
    /// An engine for this world with these processes.
    pub fn new(setup: Arc<Setup>, actors: Box<A>, pending: Q) -> Self {
        Self {
            actors,
            world: World::new(setup),
            pending,
            deeds: Vec::new(),
            copies: Vec::new(),
            labels: Labels::default(),
            timers: Vec::new(),
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
        let setup = self.world.setup();
        let (until, limit) = (setup.until.unwrap_or(Time::NEVER), setup.event_limit);
        let mut next = Entry::default();
        let end = loop {
            match self.pending.next(&mut next) {
                Next::Nothing => break End::Quiescent,
                Next::Happens => {}
                Next::Twice => {
                    self.double(next);
                    continue;
                }
            }
            // Each field by itself: see `Queue::pop_into`.
            let Entry { time, key, to, what } = next;
            let entry = Entry { time, key, to, what };
            if entry.what & TAG == TIMER && !self.is_current(entry) {
                continue;
            }
            if entry.time > until.0 {
                break End::Deadline;
            }
            if self.steps >= limit {
                break End::CutShort;
            }
            self.read_ahead();
            self.now = self.now.max(Time(entry.time));
            self.steps += 1;
            let answers = self.pending.answers();
            if !answers.is_empty() {
                self.world.answer(answers);
            }
            self.dispatch(entry);
        };
        Summary { end, time: self.now, steps: self.steps }
    }

    /// Whether a timer's entry still means the timer at its place.
    fn is_current(&self, entry: Entry) -> bool {
        self.timers[(entry.what & !TAG) as usize].sequence == entry.key >> 4
    }

    /// Reads, once for a whole bucket of the queue, where its deliveries' messages are: with many messages pending
    /// each of them is far from the processor, and many reads at once take hardly longer than one.
    #[inline]
    fn read_ahead(&mut self) {
        let fresh = self.pending.take_fresh();
        if !fresh.is_empty() {
            let deliveries = fresh.iter().filter(|entry| entry.what & TAG == DELIVERY);
            let looked = |seen: u32, entry: &Entry| {
                seen ^ self.actors.sender(entry.what).0 ^ u32::from(self.actors.is_up(ProcessId(entry.to)))
            };
            std::hint::black_box(deliveries.fold(0, looked));
        }
    }

    /// What was kept of the last run.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The processes.
    pub fn actors(&self) -> &A {
        &self.actors
    }

    /// The world as it stands.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Plans other actions from the next run on. Everything else about `setup` is as it was.
    pub fn plan(&mut self, setup: Arc<Setup>) {
        self.world.plan(setup);
    }

    /// What is pending.
    pub fn pending(&self) -> &Q {
        &self.pending
    }

    /// What is pending, to be prepared for the next run.
    pub fn pending_mut(&mut self) -> &mut Q {
        &mut self.pending
    }

    /// The faults of the last run, with what each touched.
    pub fn faults(&self) -> &[Fault] {
        self.world.faults()
    }

    fn reset(&mut self, seed: u64, level: Level) {
        let nodes = self.world.names().len();
        self.world.reset(seed);
        self.pending.clear();
        let keep = match level {
            Level::Nothing | Level::Counts => Keep::Nothing,
            Level::Brief | Level::Judged => Keep::Outputs,
            Level::Full | Level::States => Keep::Everything,
        };
        self.actors.reset(nodes, keep);
        self.labels.clear();
        self.timers.clear();
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
        let setup = self.world.setup();
        for (node, particular) in &setup.nodes {
            if particular.start > Time::ZERO {
                let key = key(u64::from(node.0), None);
                self.pending.push(Entry { time: particular.start.0, key, to: node.0, what: BOOT });
            }
        }
        for node in setup.names.ids() {
            let particular = self.world.setup().nodes.get(&node);
            if particular.is_none_or(|particular| particular.start == Time::ZERO) {
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
            self.pending.push(Entry {
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
                if let Some((node, request)) = self.world.asked(place) {
                    self.ask(node, request);
                    return self.release();
                }
                let actors = &self.actors;
                let timers = |node| !actors.timers(node).is_empty();
                self.world.enact(self.now, place, &timers, &mut self.consequences);
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
                TIMER if !self.is_current(entry) => {}
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
        let (scene, mut chooser) = self.world.stage(node, self.now);
        let acts = self.actors.boot(scene, &mut chooser);
        self.apply(node, acts);
    }

    #[inline(always)]
    fn deliver(&mut self, entry: Entry, slot: u32) {
        let labelled = self.recording.is_brief();
        let from = if labelled { self.labels.sender(slot) } else { self.actors.sender(slot) };
        self.arrive(entry, slot, from, entry.key >> 4);
    }

    /// A message comes from the neighbour `previous` to its receiver, or would have.
    #[inline(always)]
    fn arrive(&mut self, entry: Entry, slot: u32, previous: ProcessId, sequence: u64) {
        let to = ProcessId(entry.to);
        let lost = Reason::numbered(entry.key & 15);
        let arrival = match lost {
            None => self.world.arrive(previous, to),
            Some(reason) => Arrival::Dropped(reason),
        };
        match arrival {
            Arrival::Accepted => {
                self.note_arrival(slot, sequence, to, None);
                self.world.handle(to);
                let (scene, mut chooser) = self.world.stage(to, self.now);
                let acts = self.actors.hear(slot, scene, &mut chooser);
                self.apply(to, acts);
            }
            Arrival::Waits => self.backlog.entry(to).or_default().push(entry),
            Arrival::Dropped(reason) => {
                self.note_arrival(slot, sequence, to, Some(reason));
                self.actors.release(slot);
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
                let size = self.labels.of(route.body).size;
                let origin = self.actors.sender(route.body);
                let transit = self.world.pass_on(self.now, origin, at, route.to, size);
                self.routes[place as usize].previous = at;
                // A number of its own: on the next link it comes after what was passed on before it.
                let key = key(self.sequence, transit.lost);
                self.sequence += 1;
                let onward = Entry { time: transit.at.0, key, to: transit.hop.0, what: entry.what };
                self.push_message(route.body, at, onward);
                if let Some(again) = transit.copy {
                    let label = self.labels.of(route.body);
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
                self.note_arrival(route.body, route.sequence, at, Some(reason));
                self.actors.release(route.body);
            }
        }
    }

    fn expire(&mut self, entry: Entry, slot: u32) {
        let node = ProcessId(entry.to);
        if self.world.reach(node) == Arrival::Waits {
            self.backlog.entry(node).or_default().push(entry);
            return;
        }
        self.note_timer(node, self.timers[slot as usize].event);
        self.timers[slot as usize].sequence = 0;
        self.world.handle(node);
        let (scene, mut chooser) = self.world.stage(node, self.now);
        let acts = self.actors.expire(slot, scene, &mut chooser);
        self.apply(node, acts);
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
        let unheard = if let Arrival::Dropped(reason) = arrival { Some(reason) } else { None };
        self.note_request(node, request, unheard);
        if unheard.is_none() {
            self.world.handle(node);
            let (scene, mut chooser) = self.world.stage(node, self.now);
            let acts = self.actors.ask(request, scene, &mut chooser);
            self.apply(node, acts);
        }
    }
}
