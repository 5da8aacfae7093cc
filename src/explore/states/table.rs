//! Tables of a search: which states were seen, what was worked out already.

use std::hash::{BuildHasherDefault, Hasher};

/// For maps whose keys are fingerprints or small numbers: the same order of work on every machine.
pub(super) type Steady = BuildHasherDefault<Folding>;

/// Folds what it is given by multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Folding(u64);

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let bits = (self.0.rotate_left(23) ^ number).wrapping_mul(ODD);
        self.0 = bits ^ bits >> 32;
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Which steps follow from a node's state and a message: looked up at every transition.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// Key, first step, number of steps. A power of two of places.
    slots: Vec<(u64, u32, u32)>,
    filled: usize,
}

/// No node's state has the highest number.
const VACANT: u64 = u64::MAX;

impl Memo {
    pub(super) fn new() -> Self {
        Self { slots: vec![(VACANT, 0, 0); 64], filled: 0 }
    }

    #[inline]
    pub(super) fn find(&self, node: u32, message: u32) -> Option<(u32, u32)> {
        let key = u64::from(node) << 32 | u64::from(message);
        let mask = self.slots.len() - 1;
        let mut place = self.spread(key);
        loop {
            let (other, first, count) = self.slots[place];
            if other == key {
                return Some((first, count));
            }
            if other == VACANT {
                return None;
            }
            place = (place + 1) & mask;
        }
    }

    pub(super) fn insert(&mut self, node: u32, message: u32, steps: (u32, u32)) {
        if self.filled * 2 >= self.slots.len() {
            let grown = vec![(VACANT, 0, 0); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, grown);
            old.into_iter().filter(|slot| slot.0 != VACANT).for_each(|slot| self.put(slot));
        }
        self.filled += 1;
        self.put((u64::from(node) << 32 | u64::from(message), steps.0, steps.1));
    }

    /// Where a key belongs: the highest bits of the product depend on all of its bits.
    #[inline]
    fn spread(&self, key: u64) -> usize {
        (key.wrapping_mul(ODD) >> (64 - self.slots.len().ilog2())) as usize
    }

    fn put(&mut self, slot: (u64, u32, u32)) {
        let mask = self.slots.len() - 1;
        let mut place = self.spread(slot.0);
        while self.slots[place].0 != VACANT {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }
}

/// Where a state was first come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    /// The state before; [`NOWHERE`] for the first one.
    pub(super) parent: u32,
    /// What happened there.
    pub(super) action: u32,
}

/// Before the first state.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The states that were seen, by their 128-bit hashes, numbered in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Visited {
    /// Open addressing; zero where nothing stands.
    hashes: Vec<[u64; 2]>,
    /// The number of the state whose hash stands there.
    numbers: Vec<u32>,
    origins: Vec<Origin>,
}

impl Visited {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.hashes.capacity() * 16 + self.numbers.capacity() * 4 + self.origins.capacity() * 8
    }

    pub(super) fn origin(&self, number: u32) -> Origin {
        self.origins[number as usize]
    }

    /// The number of a state that was seen.
    pub(super) fn find(&self, hash: u128) -> Option<u32> {
        let hash = halves(hash);
        if self.hashes.is_empty() {
            return None;
        }
        let place = self.place(hash);
        (self.hashes[place] == hash).then(|| self.numbers[place])
    }

    /// Whether it is a state that was not seen before. It has been now.
    #[inline]
    pub(super) fn insert(&mut self, hash: u128, origin: Origin) -> bool {
        let hash = halves(hash);
        // At most three quarters full.
        if (self.origins.len() + 1) * 4 > self.hashes.len() * 3 {
            self.grow();
        }
        let place = self.place(hash);
        if self.hashes[place] == hash {
            return false;
        }
        self.hashes[place] = hash;
        self.numbers[place] = self.origins.len() as u32;
        if self.origins.len() == self.origins.capacity() {
            self.origins.reserve_exact(self.origins.len() / 4 + 64);
        }
        self.origins.push(origin);
        true
    }

    /// Where a hash stands, or would.
    #[inline]
    fn place(&self, hash: [u64; 2]) -> usize {
        let mut place = ((u128::from(hash[1]) * self.hashes.len() as u128) >> 64) as usize;
        while self.hashes[place] != [0, 0] && self.hashes[place] != hash {
            place += 1;
            if place == self.hashes.len() {
                place = 0;
            }
        }
        place
    }

    /// Half as many places again: small steps keep the empty ones few.
    fn grow(&mut self) {
        let places = (self.hashes.len() / 2 * 3).max(64);
        let hashes = std::mem::replace(&mut self.hashes, vec![[0, 0]; places]);
        let numbers = std::mem::replace(&mut self.numbers, vec![0; places]);
        for (hash, number) in hashes.into_iter().zip(numbers).filter(|(hash, _)| *hash != [0, 0]) {
            let place = self.place(hash);
            self.hashes[place] = hash;
            self.numbers[place] = number;
        }
    }
}

/// Zero means a place where nothing stands.
#[inline]
fn halves(hash: u128) -> [u64; 2] {
    [(hash as u64).max(1), (hash >> 64) as u64]
}
