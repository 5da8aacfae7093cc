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
    /// Open addressing: the highest 32 bits of a hash, which say where it stands, and the number of its state; all bits
    /// are set where nothing stands. Eight of them come from memory at once.
    slots: Vec<u64>,
    /// Of each state, by its number: those looked for most came last and stand together.
    hashes: Vec<[u64; 2]>,
    origins: Vec<Origin>,
}

/// No state has the highest number.
const EMPTY: u64 = u64::MAX;

impl Visited {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * 8 + self.hashes.capacity() * 16 + self.origins.capacity() * 8
    }

    pub(super) fn origin(&self, number: u32) -> Origin {
        self.origins[number as usize]
    }

    /// The number of a state that was seen.
    pub(super) fn find(&self, hash: [u64; 2]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let slot = self.slots[self.place(hash)];
        (slot != EMPTY).then_some(slot as u32)
    }

    /// Looks at where these stand, or would: what must come from memory for them comes together.
    #[inline]
    pub(super) fn touch(&self, hashes: impl Iterator<Item = [u64; 2]>) {
        if !self.slots.is_empty() {
            let slot = |hash: [u64; 2]| self.slots[first_place(hash[1], self.slots.len())];
            std::hint::black_box(hashes.fold(0, |sum, hash| sum ^ slot(hash)));
        }
    }

    /// Whether it is a state that was not seen before. It has been now.
    #[inline]
    pub(super) fn insert(&mut self, hash: [u64; 2], origin: impl FnOnce() -> Origin) -> bool {
        // At most two thirds full.
        if (self.origins.len() + 1) * 3 > self.slots.len() * 2 {
            self.grow();
        }
        let place = self.place(hash);
        if self.slots[place] != EMPTY {
            return false;
        }
        self.slots[place] = hash[1] >> 32 << 32 | self.origins.len() as u64;
        if self.origins.len() == self.origins.capacity() {
            self.origins.reserve_exact(self.origins.len() / 4 + 64);
            self.hashes.reserve_exact(self.origins.len() / 4 + 64);
        }
        self.hashes.push(hash);
        self.origins.push(origin());
        true
    }

    /// Where a hash stands, or would.
    #[inline]
    fn place(&self, hash: [u64; 2]) -> usize {
        let mut place = first_place(hash[1], self.slots.len());
        loop {
            let slot = self.slots[place];
            // Two whose highest bits are the same are hardly ever two.
            if slot == EMPTY
                || (slot ^ hash[1]) >> 32 == 0 && self.hashes.get(slot as u32 as usize) == Some(&hash)
            {
                return place;
            }
            place += 1;
            if place == self.slots.len() {
                place = 0;
            }
        }
    }

    /// Half as many places again: small steps keep the empty ones few.
    fn grow(&mut self) {
        let places = (self.slots.len() / 2 * 3).max(64);
        let slots = std::mem::replace(&mut self.slots, vec![EMPTY; places]);
        for slot in slots.into_iter().filter(|slot| *slot != EMPTY) {
            let mut place = first_place(slot, places);
            while self.slots[place] != EMPTY {
                place += 1;
                if place == places {
                    place = 0;
                }
            }
            self.slots[place] = slot;
        }
    }
}

/// Where a hash stands among so many if nothing is in its way, by its highest 32 bits.
#[inline]
fn first_place(high: u64, places: usize) -> usize {
    (((high >> 32) * places as u64) >> 32) as usize
}

/// A hash in two parts, which need no even address.
#[inline]
pub(super) fn halves(hash: u128) -> [u64; 2] {
    [hash as u64, (hash >> 64) as u64]
}

/// The hash that [`halves`] divided.
#[inline]
pub(super) fn whole(hash: [u64; 2]) -> u128 {
    u128::from(hash[1]) << 64 | u128::from(hash[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart_by_every_bit_of_their_hashes() {
        let mut visited = Visited::default();
        let origin = |number: u32| Origin { parent: number, action: !number };
        // The same highest bits, at the end of the table: they stand in each other's way, and go round.
        let hashes: Vec<[u64; 2]> =
            (0..500).map(|number| [number % 25, (!0 << 32) | (number / 25)]).collect();
        for (number, hash) in (0..).zip(&hashes) {
            assert_eq!(visited.find(*hash), None);
            assert!(visited.insert(*hash, || origin(number)));
            assert!(!visited.insert(*hash, || unreachable!("it is known")));
        }
        for (number, hash) in (0..).zip(&hashes) {
            assert_eq!(visited.find(*hash), Some(number));
            assert_eq!(visited.origin(number), origin(number));
        }
        assert_eq!(visited.len(), hashes.len());
    }
}
