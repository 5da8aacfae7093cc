//! Breadth first, level by level, by as many workers as there are; what is found does not depend on their number.
//!
//! A level is divided into a fixed number of lanes. In a round every lane looks at what follows some of its states
//! (*expand*) and sorts it by the shards it belongs to, a fixed number too; every shard takes in what belongs to
//! it, lane by lane, and says what was new (*absorb*); every lane builds the states that it was the first to find
//! (*build*). So states stay with the lane that found them, beside those that resemble them, and little more than
//! hashes goes from one worker to another. A worker begins with the same lanes and shards each time, and helps others
//! with theirs when it is done.

use super::{
    draft::Draft,
    gate::Gate,
    level::{LANES, Level, Strip},
    sieve::Moment,
    space::Space,
    table::{NOWHERE, Origin, Steady, Visited, halves, whole},
    view::View,
};
use crate::process::Sees;
use indexmap::IndexSet;
use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// How many shards there are; a power of two.
const SHARDS: usize = LANES;

/// How many states a lane expands in one round.
const ROUND: usize = 4096;

/// Rounds of up to so many states are not worth waking anybody for.
const ALONE: usize = 256;

/// How many places of a table are looked at together, so that their ways from memory overlap.
const BATCH: usize = 32;

/// A search under way.
pub(super) struct Rounds {
    pub(super) space: Space,
    level: RwLock<Level>,
    lanes: Vec<Lane>,
    shards: Vec<Shard>,
    gate: Gate,
    /// How many workers there are, and how many have a number.
    workers: usize,
    numbered: AtomicUsize,
    /// Counts the parts of rounds.
    part: AtomicUsize,
    /// In which of them each lane or shard was last worked on.
    taken: [AtomicUsize; LANES],
    /// How many rounds there were on this level.
    round: AtomicUsize,
    over: AtomicBool,
    /// Whether steps back are kept.
    keeps_returns: bool,
}

/// What one part of each level finds.
#[derive(Default)]
struct Lane {
    bins: RwLock<Bins>,
    built: Mutex<Built>,
}

/// What a lane found in a round.
#[derive(Default)]
struct Bins {
    to: [Bin; SHARDS],
    transitions: u64,
    /// States in which nothing is left to happen, with what properties have seen.
    terminal: Vec<News>,
}

/// States that can be reached, of one shard.
#[derive(Default)]
struct Bin {
    found: Vec<Found>,
    /// How many there are; after them there is room.
    length: usize,
}

/// A state that can be reached.
#[derive(Clone, Copy, Default)]
struct Found {
    hash: [u64; 2],
    /// From where: its place in the level.
    parent: u32,
    action: u32,
}

/// What a lane makes of what was new.
#[derive(Default)]
struct Built {
    next: Strip,
    /// What properties have seen in its states.
    histories: IndexSet<u128, Steady>,
    /// What of that is new in this round.
    news: Vec<News>,
}

/// The states whose hashes begin alike.
#[derive(Default)]
struct Shard {
    memory: Mutex<Memory>,
    fresh: RwLock<[Fresh; LANES]>,
}

/// What a shard remembers.
#[derive(Default)]
struct Memory {
    visited: Visited,
    /// How many states it had when the level began.
    before: u32,
    /// States that a step leads back to, from one as far away or farther.
    returns: IndexSet<u32, Steady>,
}

/// What a lane was the first to find, of one shard.
#[derive(Default)]
struct Fresh {
    /// The number of the first in its shard: the others follow.
    first: u32,
    /// Their places among all that it found.
    places: Vec<u32>,
}

/// A state at which properties have seen something that they had not before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct News {
    pub(super) history: u128,
    pub(super) state: u32,
}

/// What happened in a round.
#[derive(Default)]
pub(super) struct Round {
    pub(super) transitions: u64,
    pub(super) news: Vec<News>,
    pub(super) terminal: Vec<News>,
    /// Whether it was the last one of its level.
    pub(super) level_done: bool,
    /// Whether there is no further level.
    pub(super) done: bool,
}

impl Rounds {
    pub(super) fn new(space: Space, workers: usize, keeps_returns: bool) -> Self {
        Self {
            space,
            level: RwLock::default(),
            lanes: (0..LANES).map(|_| Lane::default()).collect(),
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            gate: Gate::new(workers),
            workers,
            // The one who leads is the first.
            numbered: AtomicUsize::new(1),
            part: AtomicUsize::new(0),
            taken: [const { AtomicUsize::new(0) }; LANES],
            round: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            keeps_returns,
        }
    }

    /// Takes in the first state; gives the news of it.
    pub(super) fn begin(&self, view: &mut View<'_>) -> Vec<News> {
        let mut level = write(&self.level);
        let strip = level.strip(0);
        let hash = self.space.first(view).put(&self.space, view, &mut strip.words);
        let shard = shard_of(hash);
        let mut memory = lock(&self.shards[shard].memory);
        memory.visited.insert(halves(hash), || Origin { parent: NOWHERE, action: 0 });
        memory.before = 1;
        let state = number(0, shard);
        let history = self.history(view, &strip.words);
        strip.close(hash, state);
        level.close();
        lock(&self.lanes[0].built).histories.insert(history);
        vec![News { history, state }]
    }

    /// Works until the search is over.
    pub(super) fn work(&self) {
        let guard = Fall(&self.gate);
        let who = self.numbered.fetch_add(1, Ordering::AcqRel);
        let mut view = View::new(&self.space.interner);
        while self.gate.wait() && !self.over.load(Ordering::Acquire) {
            if !self.parts(&mut view, who, &|| self.gate.wait()) {
                break;
            }
        }
        std::mem::forget(guard);
    }

    /// One round, by the one who leads.
    pub(super) fn round(&self, view: &mut View<'_>) -> Round {
        let length = read(&self.level).len();
        if length <= ALONE {
            self.parts(view, 0, &|| true);
        } else {
            self.gate.wait();
            self.parts(view, 0, &|| self.gate.wait());
        }
        self.part.fetch_add(3, Ordering::AcqRel);
        self.conclude()
    }

    /// A worker's share of a round. It ends where `together` says that the others never come.
    fn parts(&self, view: &mut View<'_>, who: usize, together: &dyn Fn() -> bool) -> bool {
        let part = self.part.load(Ordering::Acquire) + 1;
        view.refresh();
        self.shares(who, part).for_each(|lane| self.expand(view, lane));
        if !together() {
            return false;
        }
        self.shares(who, part + 1).for_each(|shard| self.absorb(shard));
        if !together() {
            return false;
        }
        view.refresh();
        self.shares(who, part + 2).for_each(|lane| self.build(view, lane));
        together()
    }

    /// Calls `lead`, and lets the workers go afterwards, whatever becomes of it.
    pub(super) fn led<T>(&self, lead: impl FnOnce() -> T) -> T {
        let guard = Fall(&self.gate);
        let led = lead();
        self.over.store(true, Ordering::Release);
        self.gate.wait();
        std::mem::forget(guard);
        led
    }

    /// How many states there are.
    pub(super) fn states(&self) -> u64 {
        self.shards.iter().map(|shard| lock(&shard.memory).visited.len() as u64).sum()
    }

    /// How many bytes they take, those apart that are still to be expanded.
    pub(super) fn bytes(&self) -> u64 {
        let visited = self.shards.iter().map(|shard| lock(&shard.memory).visited.bytes());
        // A history with its hash, and a place in an index.
        let histories = self.lanes.iter().map(|lane| lock(&lane.built).histories.capacity() * 40);
        (visited.sum::<usize>() + histories.sum::<usize>()) as u64
    }

    /// What happened from the first state to this one.
    pub(super) fn path(&self, mut state: u32) -> Vec<u32> {
        let mut actions = Vec::new();
        loop {
            let memory = lock(&self.shards[state as usize % SHARDS].memory);
            let Origin { parent, action } = memory.visited.origin(state / SHARDS as u32);
            if parent == NOWHERE {
                break;
            }
            actions.push(action);
            state = parent;
        }
        actions.reverse();
        actions
    }

    /// The states that a step leads back to, in order: every circle goes through one of them.
    pub(super) fn returns(&self) -> Vec<u32> {
        let shards = self.shards.iter().enumerate();
        let all = shards.flat_map(|(shard, state)| {
            let memory = lock(&state.memory);
            memory.returns.iter().map(|place| number(*place, shard)).collect::<Vec<_>>()
        });
        let mut all: Vec<u32> = all.collect();
        all.sort_unstable();
        all
    }

    /// The number of a state that was seen.
    pub(super) fn find(&self, hash: u128) -> Option<u32> {
        let shard = shard_of(hash);
        let place = lock(&self.shards[shard].memory).visited.find(halves(hash))?;
        Some(number(place, shard))
    }

    /// A state and its hash.
    pub(super) fn words(&self, view: &mut View<'_>, state: u32) -> (Vec<u32>, u128) {
        let mut words = Vec::new();
        self.space.first(view).put(&self.space, view, &mut words);
        for action in self.path(state) {
            let mut next = Vec::new();
            self.space.build(view, &words, action, &mut next);
            words = next;
        }
        let hash = Draft::of(&self.space, view, &words).put(&self.space, view, &mut Vec::new());
        (words, hash)
    }

    /// What the checked properties have seen.
    pub(super) fn history(&self, view: &View<'_>, words: &[u32]) -> u128 {
        if self.space.sees.is_none() {
            return 0;
        }
        let nodes = &words[self.space.first_node()..self.space.first_message()];
        let order = words[1..self.space.first_node()].iter();
        let order = order.rev().fold(0, |order: u128, part| order << 32 | u128::from(*part));
        nodes.iter().fold(order, |sum, node| {
            sum.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
                .wrapping_add(view.nodes[*node as usize].history)
        })
    }

    /// The lanes or shards that a worker takes in this part of a round: its own, which its processor knows from the last
    /// time, then those that others have not come to, from their end.
    fn shares(&self, who: usize, part: usize) -> impl Iterator<Item = usize> {
        let is_own = move |share: &usize| share * self.workers / LANES == who;
        let own = (0..LANES).filter(move |share| is_own(share));
        let others = (0..LANES).rev().filter(move |share| !is_own(share));
        let free = move |share: &usize| {
            let taken = &self.taken[*share];
            taken.load(Ordering::Acquire) != part && taken.swap(part, Ordering::AcqRel) != part
        };
        own.chain(others).filter(free)
    }

    /// A lane looks at what follows its states.
    fn expand(&self, view: &mut View<'_>, lane: usize) {
        let level = read(&self.level);
        let mut bins = write(&self.lanes[lane].bins);
        let Bins { to, transitions, terminal } = &mut *bins;
        to.iter_mut().for_each(|bin| bin.length = 0);
        terminal.clear();
        *transitions = 0;
        let round = self.round.load(Ordering::Acquire);
        let border = |lane: usize| level.len() * lane / LANES;
        let from = border(lane) + round * ROUND;
        let now = Moment::new(self.part.load(Ordering::Acquire), lane);
        let mut sieve = std::mem::take(&mut view.sieve);
        for (place, state) in (from as u32..).zip(level.states(from, border(lane + 1).min(from + ROUND))) {
            let mut ways = 0;
            self.space.expand(view, state.words, state.hash, &mut |hash, action| {
                ways += 1;
                let hash = halves(hash);
                // That a step leads back is to be noticed, however often.
                let is_known = sieve.holds(hash, now) & !self.keeps_returns;
                to[hash[0] as usize % SHARDS].put(Found { hash, parent: place, action }, !is_known);
            });
            *transitions += ways;
            if ways == 0 {
                terminal.push(News { history: self.history(view, state.words), state: state.number });
            }
        }
        view.sieve = sieve;
    }

    /// A shard takes in what belongs to it.
    fn absorb(&self, shard: usize) {
        let level = read(&self.level);
        let mut memory = lock(&self.shards[shard].memory);
        let mut fresh = write(&self.shards[shard].fresh);
        let Memory { visited, before, returns } = &mut *memory;
        for (fresh, lane) in fresh.iter_mut().zip(&self.lanes) {
            let bins = read(&lane.bins);
            let Bin { found, length } = &bins.to[shard];
            fresh.first = visited.len() as u32;
            fresh.places.clear();
            for (start, batch) in (0..).step_by(BATCH).zip(found[..*length].chunks(BATCH)) {
                visited.touch(batch.iter().map(|found| found.hash));
                for (place, Found { hash, parent, action }) in (start..).zip(batch) {
                    let origin = || Origin { parent: level.number(*parent as usize), action: *action };
                    if visited.insert(*hash, origin) {
                        fresh.places.push(place);
                    } else if self.keeps_returns {
                        returns.extend(visited.find(*hash).filter(|place| place < before));
                    }
                }
            }
        }
    }

    /// A lane builds the states that it was the first to find.
    fn build(&self, view: &mut View<'_>, lane: usize) {
        let level = read(&self.level);
        let bins = read(&self.lanes[lane].bins);
        let mut built = lock(&self.lanes[lane].built);
        let Built { next, histories, news } = &mut *built;
        for (shard, (bin, memory)) in bins.to.iter().zip(&self.shards).enumerate() {
            let Fresh { first, places } = &read(&memory.fresh)[lane];
            for (place, found) in (*first..).zip(places) {
                let Found { hash, parent, action } = bin.found[*found as usize];
                let start = next.words.len();
                self.space.build(view, level.words(parent as usize), action, &mut next.words);
                let state = number(place, shard);
                next.close(whole(hash), state);
                if self.space.sees.is_some() {
                    let history = self.history(view, &next.words[start..]);
                    // Where properties look at causes, no two states have the same history.
                    if self.space.sees >= Some(Sees::Causality) || histories.insert(history) {
                        news.push(News { history, state });
                    }
                }
            }
        }
    }

    /// What the lanes found, in order; at the end of a level the next one begins.
    fn conclude(&self) -> Round {
        let mut round = Round::default();
        for lane in &self.lanes {
            let bins = read(&lane.bins);
            round.transitions += bins.transitions;
            round.terminal.extend_from_slice(&bins.terminal);
            round.news.append(&mut lock(&lane.built).news);
        }
        let mut level = write(&self.level);
        let rounds = self.round.fetch_add(1, Ordering::AcqRel) + 1;
        if level.len().div_ceil(LANES) > rounds * ROUND {
            return round;
        }
        round.level_done = true;
        self.round.store(0, Ordering::Release);
        for (place, lane) in self.lanes.iter().enumerate() {
            let mut built = lock(&lane.built);
            std::mem::swap(level.strip(place), &mut built.next);
            built.next.clear();
        }
        level.close();
        round.done = level.len() == 0;
        for shard in &self.shards {
            let mut memory = lock(&shard.memory);
            memory.before = memory.visited.len() as u32;
        }
        round
    }
}

/// The number of a state: its place in its shard, and the shard.
fn number(place: u32, shard: usize) -> u32 {
    place * SHARDS as u32 + shard as u32
}

#[inline]
fn shard_of(hash: u128) -> usize {
    halves(hash)[0] as usize % SHARDS
}

impl Bin {
    /// Another one, if it `counts`: which is anybody's guess, so nothing branches on it.
    #[inline]
    fn put(&mut self, found: Found, counts: bool) {
        if self.length == self.found.len() {
            self.found.resize((self.length * 2).max(16), Found::default());
        }
        self.found[self.length] = found;
        self.length += usize::from(counts);
    }
}

/// Breaks the gate when its worker falls.
struct Fall<'a>(&'a Gate);

impl Drop for Fall<'_> {
    fn drop(&mut self) {
        self.0.break_open();
    }
}

// Whoever fell while holding one of these has broken the gate: nobody goes on for long.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(shared: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(shared: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    shared.write().unwrap_or_else(PoisonError::into_inner)
}
