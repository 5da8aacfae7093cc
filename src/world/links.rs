//! Directed links: how each treats messages, how many it has carried, what is still on it.

use super::{
    Distribution, LinkPatch, LinkPattern, LinkSettings, Probability,
    draws::{Draws, Purpose, below, finish},
    topology::Topology,
};
use crate::process::{ProcessId, Time};
use indexmap::IndexMap;
use std::{collections::VecDeque, time::Duration};

/// Up to this many nodes, links between everybody have a place each in one table.
const TABLE_NODES: u32 = 1024;

/// All directed links. Their cost follows the messages they carry, never their number.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    nodes: u32,
    /// How many messages each link has carried, by its number, where everybody is linked to everybody.
    carried: Vec<u32>,
    /// The numbers of links that have no place in a table, in order of their first message.
    numbers: IndexMap<(u32, u32), u32>,
    base: Course,
    /// Settings other than the base, and which links have them: found out at a link's first message.
    courses: Vec<Course>,
    course_of: IndexMap<(u32, u32), u32>,
    /// The scenario's own differing links, then those of `link` events in force with the fault they belong to.
    patches: Vec<(Option<u32>, LinkPattern, LinkPatch)>,
    /// What links with an order or a rate remember, by the link's number.
    lanes: Vec<Lane>,
    /// The link used last.
    last: u32,
}

/// Settings made ready for the hot path.
#[derive(Clone, Debug)]
struct Course {
    settings: LinkSettings,
    /// Uniform delays: the shortest and how many there are.
    shortest: u64,
    spread: u64,
    /// Whether delay and loss are all there is.
    plain: bool,
    /// The `link` events that have changed it.
    faults: Vec<u32>,
}

/// What a link with an order or a rate remembers.
#[derive(Clone, Debug, Default)]
struct Lane {
    last_arrival: Time,
    busy_until: Time,
    waiting: VecDeque<Time>,
}

/// What becomes of a message on one link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Crossing {
    /// When it arrives, or would have.
    pub(crate) at: Time,
    /// Why it does not arrive.
    pub(crate) lost: Option<Reason>,
    /// When a second copy arrives.
    pub(crate) copy: Option<Time>,
    /// The settings under which it crossed, where they are not the base: see [`Links::faults_of`].
    pub(crate) course: Option<usize>,
}

/// Why a message is dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Reason {
    /// The link lost it.
    Loss = 1,
    /// It was damaged, and the receiver noticed.
    Corrupt = 2,
    /// There is no link to its receiver, and the scenario does not route.
    NoLink = 3,
    /// Too many messages waited for the link.
    QueueFull = 4,
    /// A `drop` event was waiting for it.
    Dropped = 5,
    /// A partition separated sender and receiver.
    Partition = 6,
    /// The link was cut.
    Cut = 7,
    /// Its receiver was down.
    Down = 8,
    /// Its receiver had not started.
    NotStarted = 9,
}

impl Reason {
    /// The word in a trace's `why`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Corrupt => "corrupt",
            Self::NoLink => "no-link",
            Self::QueueFull => "queue-full",
            Self::Dropped => "dropped",
            Self::Partition => "partition",
            Self::Cut => "cut",
            Self::Down => "down",
            Self::NotStarted => "not-started",
        }
    }

    /// The reason with this number, as it stands in the enumeration.
    #[inline]
    pub(crate) fn numbered(number: u64) -> Option<Self> {
        match number {
            0 => None,
            1 => Some(Self::Loss),
            2 => Some(Self::Corrupt),
            3 => Some(Self::NoLink),
            4 => Some(Self::QueueFull),
            5 => Some(Self::Dropped),
            6 => Some(Self::Partition),
            7 => Some(Self::Cut),
            8 => Some(Self::Down),
            9 => Some(Self::NotStarted),
            _ => None,
        }
    }
}

/// A message at one end of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: ProcessId,
    pub(crate) to: ProcessId,
    /// The link's draw key.
    pub(crate) key: u64,
    /// Bytes.
    pub(crate) size: u32,
}

impl Links {
    pub(crate) fn new(nodes: u32, network: &LinkSettings, links: &[(LinkPattern, LinkPatch)]) -> Self {
        Self {
            nodes,
            carried: Vec::new(),
            numbers: IndexMap::new(),
            base: Course::new(network.clone(), Vec::new()),
            courses: Vec::new(),
            course_of: IndexMap::new(),
            patches: links.iter().map(|(pattern, patch)| (None, pattern.clone(), patch.clone())).collect(),
            lanes: Vec::new(),
            last: 0,
        }
    }

    /// Starts a run: nothing carried, nothing changed.
    pub(crate) fn reset(&mut self, topology: &Topology) {
        let table = match self.nodes {
            nodes if topology.is_complete() && nodes <= TABLE_NODES => nodes as usize * nodes as usize,
            _ => 0,
        };
        self.carried.clear();
        self.carried.resize(table, 0);
        self.numbers.clear();
        self.lanes.clear();
        self.patches.retain(|(fault, _, _)| fault.is_none());
        self.forget_courses();
    }

    /// Changes the links that a `link` event means, until [`Links::unpatch`].
    pub(crate) fn patch(&mut self, fault: u32, pattern: LinkPattern, patch: LinkPatch) {
        self.patches.push((Some(fault), pattern, patch));
        self.forget_courses();
    }

    /// Ends the change that came with `fault`, or every change of `link` events; gives how many there were.
    pub(crate) fn unpatch(&mut self, fault: Option<u32>) -> usize {
        let before = self.patches.len();
        self.patches.retain(|(owner, _, _)| owner.is_none() || fault.is_some() && *owner != fault);
        self.forget_courses();
        before - self.patches.len()
    }

    fn forget_courses(&mut self) {
        self.courses.clear();
        self.course_of.clear();
    }

    /// Sends a message over the link with this number.
    #[inline(always)]
    pub(crate) fn cross(
        &mut self,
        now: Time,
        parcel: Parcel,
        link: u32,
        topology: &mut Topology,
        draws: &mut Draws,
    ) -> Crossing {
        let count = u64::from(self.count(link, topology));
        let link = link as usize;
        let own = |word: u64| finish(word, parcel.key);
        let [first, second] = draws.words(Purpose::Link, count);
        if self.patches.is_empty() && self.base.plain {
            let loss = self.base.settings.loss;
            let lost = loss != Probability::ZERO && loss.happens(own(second) as u32);
            let at = Time(now.0.saturating_add(self.base.shortest + below(own(first), self.base.spread)));
            return Crossing { at, lost: lost.then_some(Reason::Loss), copy: None, course: None };
        }
        let [third, fourth] = draws.words(Purpose::LinkMore, count);
        self.cross_in_full(now, parcel, link, [first, second, third, fourth].map(own))
    }

    /// The general case: every setting, from four random words.
    #[inline(never)]
    fn cross_in_full(&mut self, now: Time, parcel: Parcel, link: usize, words: [u64; 4]) -> Crossing {
        let course_number = self.course(parcel.from, parcel.to);
        let course = course_number.map_or(&self.base, |number| &self.courses[number]);
        let settings = &course.settings;
        let (low, high) = (words[1] as u32, (words[1] >> 32) as u32);
        let (duplicate, reorder) = (words[2] as u32, (words[2] >> 32) as u32);
        let mut lost = settings.loss.happens(low).then_some(Reason::Loss);
        if lost.is_none() && settings.corrupt.happens(high) {
            lost = Some(Reason::Corrupt);
        }
        let overtakes = settings.reorder.happens(reorder);
        let delay = if overtakes { 0 } else { course.delay(words[0]) };
        let copied = lost.is_none() && settings.duplicate.happens(duplicate);
        let copy_delay = copied.then(|| course.delay(words[3]));
        let (fifo, rate, limit) = (settings.fifo, settings.rate, settings.limit);
        if !fifo && rate.is_none() {
            let copy = copy_delay.map(|delay| Time(now.0.saturating_add(delay)));
            return Crossing { at: Time(now.0.saturating_add(delay)), lost, copy, course: course_number };
        }
        if self.lanes.len() <= link {
            self.lanes.resize(link + 1, Lane::default());
        }
        let lane = &mut self.lanes[link];
        let Some(leaves) = lane.transmit(now, rate, limit, parcel.size) else {
            return Crossing { at: now, lost: Some(Reason::QueueFull), copy: None, course: course_number };
        };
        let arrive = |lane: &mut Lane, delay: u64| {
            let at = Time(leaves.0.saturating_add(delay));
            if fifo { lane.in_order(at) } else { at }
        };
        let at = if overtakes { leaves } else { arrive(lane, delay) };
        let copy = copy_delay.map(|delay| arrive(lane, delay));
        Crossing { at, lost, copy, course: course_number }
    }

    /// Which settings a link has: the base when none.
    fn course(&mut self, from: ProcessId, to: ProcessId) -> Option<usize> {
        if self.patches.is_empty() {
            return None;
        }
        if let Some(number) = self.course_of.get(&(from.0, to.0)) {
            return (*number as usize).checked_sub(1);
        }
        let mut settings = self.base.settings.clone();
        let mut changed = false;
        let mut faults = Vec::new();
        for (owner, pattern, patch) in &self.patches {
            if pattern.matches(from, to) {
                patch.apply(&mut settings);
                changed = true;
                faults.extend(owner);
            }
        }
        if changed {
            self.courses.push(Course::new(settings, faults));
        }
        let number = if changed { self.courses.len() } else { 0 };
        self.course_of.insert((from.0, to.0), number as u32);
        number.checked_sub(1)
    }

    /// The `link` events that a message crossed under.
    pub(crate) fn faults_of(&self, course: usize) -> &[u32] {
        &self.courses[course].faults
    }

    /// Counts a message on the link with this number; gives how many there were before.
    #[inline]
    fn count(&mut self, link: u32, topology: &mut Topology) -> u32 {
        if !topology.is_complete() {
            return topology.count(link);
        }
        let counter = &mut self.carried[link as usize];
        *counter += 1;
        *counter - 1
    }

    /// The number of the link from one node to another, if there is one.
    #[inline(always)]
    pub(crate) fn number(&mut self, from: ProcessId, to: ProcessId, topology: &Topology) -> Option<u32> {
        let number = if !topology.is_complete() {
            topology.link(from, to, self.last)?
        } else if self.nodes <= TABLE_NODES {
            from.0 * self.nodes + to.0
        } else {
            self.listed_number(from, to)
        };
        self.last = number;
        Some(number)
    }

    /// The number of a link that has no place in a table.
    #[inline(never)]
    fn listed_number(&mut self, from: ProcessId, to: ProcessId) -> u32 {
        let next = self.carried.len() as u32;
        let number = *self.numbers.entry((from.0, to.0)).or_insert(next);
        if number == next {
            self.carried.push(0);
        }
        number
    }
}

impl Course {
    fn new(settings: LinkSettings, faults: Vec<u32>) -> Self {
        let (delay, jitter) = (nanos(settings.delay), nanos(settings.jitter));
        let shortest = delay.saturating_sub(jitter);
        let longest = delay.saturating_add(jitter);
        let LinkSettings { distribution, duplicate, reorder, corrupt, rate, fifo, .. } = &settings;
        let plain = (*distribution == Distribution::Uniform || jitter == 0)
            && [duplicate, reorder, corrupt].into_iter().all(|likely| *likely == Probability::ZERO)
            && rate.is_none()
            && !fifo;
        Self { shortest, spread: (longest - shortest).saturating_add(1), plain, faults, settings }
    }

    /// A delay in nanoseconds from 64 random bits.
    fn delay(&self, bits: u64) -> u64 {
        let (delay, jitter) = (nanos(self.settings.delay), nanos(self.settings.jitter) as f64);
        // Strictly between 0 and 1, so that logarithms are finite.
        let uniform = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
        let (one, two) = (uniform(bits as u32), uniform((bits >> 32) as u32));
        // Box and Muller 1958.
        let normal = || libm::sqrt(-2.0 * libm::log(one)) * libm::cos(core::f64::consts::TAU * two);
        match self.settings.distribution {
            Distribution::Uniform => self.shortest + below(bits, self.spread),
            Distribution::Normal => saturating(delay as f64 + jitter * normal()),
            Distribution::Exponential => delay.saturating_add(saturating(-jitter * libm::log(one))),
            // Shape 3 and mean 1.5 times the scale, shifted to begin at zero: the mean of what is added is half the scale.
            Distribution::Pareto => {
                delay.saturating_add(saturating(2.0 * jitter * (libm::pow(one, -1.0 / 3.0) - 1.0)))
            }
            // Sigma 1: the mean is exp(mu + 1/2).
            Distribution::Lognormal => delay.saturating_add(saturating(jitter * libm::exp(normal() - 0.5))),
        }
    }
}

impl Lane {
    /// When a message has left the sender; none when too many wait already.
    fn transmit(&mut self, now: Time, rate: Option<u64>, limit: Option<u32>, size: u32) -> Option<Time> {
        let Some(rate) = rate else { return Some(now) };
        while self.waiting.front().is_some_and(|leaves| *leaves <= now) {
            self.waiting.pop_front();
        }
        if limit.is_some_and(|limit| self.waiting.len() >= limit as usize) {
            return None;
        }
        let takes = u128::from(size) * 8 * 1_000_000_000 / u128::from(rate.max(1));
        let start = self.busy_until.max(now);
        self.busy_until = start.after(Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX)));
        self.waiting.push_back(self.busy_until);
        Some(self.busy_until)
    }

    /// Not before what was sent before.
    fn in_order(&mut self, at: Time) -> Time {
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Rounded down to a whole number of nanoseconds, not below zero.
fn saturating(nanoseconds: f64) -> u64 {
    nanoseconds as u64
}
