//! The bare loops: a queue, ChaCha8, a counter or a flag for each node.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{cmp::Reverse, collections::BinaryHeap};
use synod::{
    process::Names,
    simulate::{Entry, Queue},
    world::{Setup, Shape, World},
};

/// What a bare loop needs of a queue.
pub(crate) trait Line {
    fn create() -> Self;
    fn put(&mut self, entry: Entry);
    fn take(&mut self) -> Option<Entry>;
}

impl Line for Queue {
    fn create() -> Self {
        Self::new()
    }

    #[inline]
    fn put(&mut self, entry: Entry) {
        self.push(entry);
    }

    #[inline]
    fn take(&mut self) -> Option<Entry> {
        self.pop()
    }
}

/// The standard library's heap.
pub(crate) struct Heap(BinaryHeap<Reverse<(u64, u64, u32, u32)>>);

impl Line for Heap {
    fn create() -> Self {
        Self(BinaryHeap::new())
    }

    #[inline]
    fn put(&mut self, entry: Entry) {
        self.0.push(Reverse((entry.time, entry.key, entry.to, entry.what)));
    }

    #[inline]
    fn take(&mut self) -> Option<Entry> {
        self.0.pop().map(|Reverse((time, key, to, what))| Entry { time, key, to, what })
    }
}

/// A queue with a clock, a sequence and a delay from 1 to 10 ms.
struct Loop<Q> {
    queue: Q,
    random: ChaCha8Rng,
    now: u64,
    sequence: u64,
}

impl<Q: Line> Loop<Q> {
    fn new(seed: u64) -> Self {
        Self { queue: Q::create(), random: ChaCha8Rng::seed_from_u64(seed), now: 0, sequence: 0 }
    }

    #[inline]
    fn send(&mut self, to: u32, what: u32) {
        let span = ((u128::from(self.random.next_u64()) * 9_000_001) >> 64) as u64;
        let time = self.now + 1_000_000 + span;
        self.queue.put(Entry { time, key: self.sequence, to, what });
        self.sequence += 1;
    }

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        let entry = self.queue.take()?;
        self.now = entry.time;
        Some(entry)
    }
}

pub(crate) const PINGS: u32 = 1_000_000;

pub(crate) fn ping_pong<Q: Line>() -> u64 {
    let mut line = Loop::<Q>::new(1);
    let mut counts = [0_u64; 2];
    line.send(1, 1);
    while let Some(Entry { to, what, .. }) = line.next() {
        counts[to as usize] += 1;
        if what < PINGS {
            line.send(1 - to, what + 1);
        }
    }
    counts.iter().sum()
}

pub(crate) const SPEAKERS: u32 = 100;
pub(crate) const MESSAGES: u32 = 100;

pub(crate) fn broadcast<Q: Line>() -> u64 {
    let mut line = Loop::<Q>::new(1);
    let mut counts = [0_u64; SPEAKERS as usize];
    for from in 0..SPEAKERS {
        for message in 0..MESSAGES {
            for to in (0..SPEAKERS).filter(|to| *to != from) {
                line.send(to, message);
            }
        }
    }
    while let Some(entry) = line.next() {
        counts[entry.to as usize] += 1;
    }
    counts.iter().sum()
}

pub(crate) const DEGREE: u32 = 8;

/// The neighbours of each node of a random regular graph, one after the other.
fn graph(nodes: u32) -> Vec<u32> {
    let mut setup = Setup::of(Names::Numbered(nodes));
    setup.topology = Shape::RandomRegular { degree: DEGREE };
    let mut world = World::new(setup.into());
    world.reset(1);
    let ids = world.names().ids();
    ids.flat_map(|id| world.neighbours(id).iter().map(|id| id.0).collect::<Vec<_>>()).collect()
}

pub(crate) fn flood<Q: Line>(nodes: u32) -> super::Work {
    let mut built: Option<Vec<u32>> = None;
    Box::new(move || {
        let graph = built.get_or_insert_with(|| graph(nodes));
        let mut line = Loop::<Q>::new(1);
        let mut seen = vec![false; nodes as usize];
        seen[0] = true;
        let mut deliveries = 0;
        for to in &graph[..DEGREE as usize] {
            line.send(*to, 0);
        }
        while let Some(Entry { to: me, what: from, .. }) = line.next() {
            deliveries += 1;
            if !seen[me as usize] {
                seen[me as usize] = true;
                let start = me as usize * DEGREE as usize;
                for to in graph[start..start + DEGREE as usize].iter().filter(|to| **to != from) {
                    line.send(*to, me);
                }
            }
        }
        deliveries
    })
}

pub(crate) const RUNS: u64 = 100_000;
const ROUNDS: u32 = 5;

/// Three nodes broadcast five messages each: the first at once, the others upon the first, third, fifth and seventh
/// message they hear.
pub(crate) fn small<Q: Line>() -> u64 {
    let mut deliveries = 0;
    for seed in 0..RUNS {
        let mut line = Loop::<Q>::new(seed);
        let mut heard = [0_u32; 3];
        for from in 0..3 {
            for to in (0..3).filter(|to| *to != from) {
                line.send(to, 0);
            }
        }
        while let Some(Entry { to: me, what: message, .. }) = line.next() {
            deliveries += 1;
            heard[me as usize] += 1;
            if speaks(heard[me as usize]) {
                for to in (0..3).filter(|to| *to != me) {
                    line.send(to, message + 1);
                }
            }
        }
    }
    assert_eq!(deliveries, RUNS * 30);
    RUNS
}

/// Whether a node broadcasts upon hearing its n-th message.
pub(crate) fn speaks(heard: u32) -> bool {
    heard % 2 == 1 && heard < 2 * ROUNDS - 1
}
