//! Breadth first, level by level, by as many workers as there are; what is found does not depend on their number.
//!
//! States are dealt out by their hashes to a fixed number of shards. In a round every shard expands some of its
//! states in order and sorts what follows by the shards it belongs to; then every shard takes in what belongs to it,
//! source by source. A worker begins with the same shards each time, and helps others with theirs when
//! it is done.

use super::{
    draft::Draft,
    gate::Gate,
    space::Space,
    table::{NOWHERE, Origin, Steady, Visited},
    view::View,
};
use crate::process::Sees;
use indexmap::IndexSet;
use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// How many shards there are; a power of two.
const SHARDS: usize = 16;

/// How many states a shard expands in one round.
const ROUND: usize = 1024;

/// A search under way.
pub(super) struct Rounds {
    pub(super) space: Space,
    shards: Vec<Shard>,
    gate: Gate,
    /// How many workers there are, and how many have a number.
    workers: usize,
    numbered: AtomicUsize,
    /// Counts the halves of rounds.
    half: AtomicUsize,
    /// In which of them each shard was last worked on.
    taken: [AtomicUsize; SHARDS],
    /// Which states of its level each shard expands in this round: from so many on.
    from: AtomicUsize,
    over: AtomicBool,
    /// Whether steps back are kept.
    keeps_returns: bool,
}

/// The states whose hashes begin alike.
#[derive(Default)]
struct Shard {
    level: RwLock<Level>,
    bins: RwLock<Bins>,
    memory: Mutex<Memory>,
}

/// States of one shard that are equally far from the first.
#[derive(Default)]
struct Level {
    words: Vec<u32>,
    /// Where each ends.
    ends: Vec<u32>,
    hashes: Vec<u128>,
    /// The number of the first.
    first: u32,
}

/// What a shard found in a round.
#[derive(Default)]
struct Bins {
    to: [Vec<Found>; SHARDS],
    /// States in which nothing is left to happen, with what properties have seen.
    terminal: Vec<News>,
}

/// A state that can be reached.
#[derive(Clone, Copy)]
struct Found {
    hash: [u64; 2],
    /// From where: its place in the level of the shard that found it.
    parent: u32,
    action: u32,
}

/// What a shard remembers.
#[derive(Default)]
struct Memory {
    visited: Visited,
    next: Level,
    /// What properties have seen in its states.
    histories: IndexSet<u128, Steady>,
    /// What of that is new in this round.
    news: Vec<News>,
    /// States that a step leads back to, from one as far away or farther.
    returns: IndexSet<u32, Steady>,
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
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            gate: Gate::new(workers),
            workers,
            // The one who leads is the first.
            numbered: AtomicUsize::new(1),
            half: AtomicUsize::new(0),
            taken: [const { AtomicUsize::new(0) }; SHARDS],
            from: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            keeps_returns,
        }
    }

    /// Takes in the first state; gives the news of it.
    pub(super) fn begin(&self, view: &mut View<'_>) -> Vec<News> {
        let mut words = Vec::new();
        let hash = self.space.first(view).put(&self.space, view, &mut words);
        let shard = &self.shards[shard_of(hash)];
        let origin = Origin { parent: NOWHERE, action: 0 };
        let mut memory = lock(&shard.memory);
        memory.visited.insert(hash, origin);
        let state = number(0, shard_of(hash));
        write(&shard.level).push(hash, &words);
        let history = self.history(view, &words);
        memory.histories.insert(history);
        memory.next.first = 1;
        vec![News { history, state }]
    }

    /// Works until the search is over.
    pub(super) fn work(&self) {
        let guard = Fall(&self.gate);
        let who = self.numbered.fetch_add(1, Ordering::AcqRel);
        let mut view = View::new(&self.space.interner);
        while self.gate.wait() && !self.over.load(Ordering::Acquire) {
            self.expand_all(&mut view, who);
            if !self.gate.wait() {
                break;
            }
            // The one who leads deals out the second half.
            if !self.gate.wait() {
                break;
            }
            self.absorb_all(&mut view, who);
            if !self.gate.wait() {
                break;
            }
        }
        std::mem::forget(guard);
    }

    /// One round, by the one who leads.
    pub(super) fn round(&self, view: &mut View<'_>) -> Round {
        self.half.fetch_add(1, Ordering::AcqRel);
        self.gate.wait();
        self.expand_all(view, 0);
        self.gate.wait();
        self.half.fetch_add(1, Ordering::AcqRel);
        self.gate.wait();
        self.absorb_all(view, 0);
        self.gate.wait();
        self.conclude()
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
        let bytes = |shard: &Shard| {
            let memory = lock(&shard.memory);
            // A history with its hash, and a place in an index.
            memory.visited.bytes() + memory.histories.capacity() * 40
        };
        self.shards.iter().map(|shard| bytes(shard) as u64).sum()
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
        let place = lock(&self.shards[shard].memory).visited.find(hash)?;
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

    fn expand_all(&self, view: &mut View<'_>, who: usize) {
        view.refresh();
        self.shards_for(who).for_each(|shard| self.expand(view, shard));
    }

    fn absorb_all(&self, view: &mut View<'_>, who: usize) {
        view.refresh();
        self.shards_for(who).for_each(|shard| self.absorb(view, shard));
    }

    /// The shards that a worker takes in this half of a round: its own, which its processor knows from the last time, then
    /// those that others have not come to, from their end.
    fn shards_for(&self, who: usize) -> impl Iterator<Item = usize> {
        let half = self.half.load(Ordering::Acquire);
        let own = (0..SHARDS).filter(move |shard| shard % self.workers == who);
        let others = (0..SHARDS).rev().filter(move |shard| shard % self.workers != who);
        let free = move |shard: &usize| {
            let taken = &self.taken[*shard];
            taken.load(Ordering::Acquire) != half && taken.swap(half, Ordering::AcqRel) != half
        };
        own.chain(others).filter(free)
    }

    /// A shard looks at what follows its states.
    fn expand(&self, view: &mut View<'_>, shard: usize) {
        let level = read(&self.shards[shard].level);
        let mut bins = write(&self.shards[shard].bins);
        let bins = &mut *bins;
        bins.to.iter_mut().for_each(Vec::clear);
        bins.terminal.clear();
        let from = self.from.load(Ordering::Acquire);
        for place in from..level.ends.len().min(from + ROUND) {
            let words = level.words(place);
            let parent = place as u32;
            let to = &mut bins.to;
            let mut ends = true;
            self.space.expand(view, words, level.hashes[place], &mut |hash, action| {
                let found = Found { hash: [hash as u64, (hash >> 64) as u64], parent, action };
                to[shard_of(hash)].push(found);
                ends = false;
            });
            if ends {
                let state = number(level.first + parent, shard);
                bins.terminal.push(News { history: self.history(view, words), state });
            }
        }
    }

    /// A shard takes in what belongs to it.
    fn absorb(&self, view: &mut View<'_>, shard: usize) {
        let mut memory = lock(&self.shards[shard].memory);
        let Memory { visited, next, histories, news, returns } = &mut *memory;
        for (source, other) in self.shards.iter().enumerate() {
            let bins = read(&other.bins);
            let level = read(&other.level);
            for Found { hash, parent, action } in &bins.to[shard] {
                let hash = u128::from(hash[1]) << 64 | u128::from(hash[0]);
                let from = number(level.first + parent, source);
                if !visited.insert(hash, Origin { parent: from, action: *action }) {
                    if self.keeps_returns {
                        returns.extend(visited.find(hash).filter(|place| *place < next.first));
                    }
                    continue;
                }
                let start = next.words.len();
                self.space.build(view, level.words(*parent as usize), *action, &mut next.words);
                next.close(hash);
                if self.space.sees.is_some() {
                    let history = self.history(view, &next.words[start..]);
                    // Where properties look at causes, no two states have the same history.
                    if self.space.sees >= Some(Sees::Causality) || histories.insert(history) {
                        let state = number(visited.len() as u32 - 1, shard);
                        news.push(News { history, state });
                    }
                }
            }
        }
    }

    /// What the shards found, in order; at the end of a level the next one begins.
    fn conclude(&self) -> Round {
        let mut round = Round::default();
        let from = self.from.load(Ordering::Acquire) + ROUND;
        let mut left = false;
        for shard in &self.shards {
            let bins = read(&shard.bins);
            round.transitions += bins.to.iter().map(|found| found.len() as u64).sum::<u64>();
            round.terminal.extend_from_slice(&bins.terminal);
            round.news.append(&mut lock(&shard.memory).news);
            left |= read(&shard.level).ends.len() > from;
        }
        self.from.store(from, Ordering::Release);
        if left {
            return round;
        }
        round.level_done = true;
        round.done = true;
        self.from.store(0, Ordering::Release);
        for shard in &self.shards {
            let mut memory = lock(&shard.memory);
            let mut level = write(&shard.level);
            let first = memory.visited.len() as u32;
            std::mem::swap(&mut *level, &mut memory.next);
            memory.next.clear(first);
            round.done &= level.ends.is_empty();
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
    hash as usize % SHARDS
}

impl Level {
    fn words(&self, place: usize) -> &[u32] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.words[start as usize..self.ends[place] as usize]
    }

    fn push(&mut self, hash: u128, words: &[u32]) {
        self.words.extend_from_slice(words);
        self.close(hash);
    }

    /// What was appended to the words is a state.
    fn close(&mut self, hash: u128) {
        self.ends.push(u32::try_from(self.words.len()).expect("a level of a shard has less than 2^32 words"));
        self.hashes.push(hash);
    }

    fn clear(&mut self, first: u32) {
        self.words.clear();
        self.ends.clear();
        self.hashes.clear();
        self.first = first;
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
