//! What a worker has met lately: most of what a state leads to was met a moment ago, from a state beside it.

use super::level::LANES;

/// How many states it holds, as a power of two: few enough to stay near the processor.
const BITS: u32 = 13;
const MASK: u64 = (1 << BITS) - 1;

/// Holds back what was met already; forgets most.
#[derive(Default)]
pub(super) struct Sieve {
    /// Each hash stands in the place that its last bits say; these bits say when it was met.
    hashes: Vec<[u64; 2]>,
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self { hashes: vec![[0, 0]; 1 << BITS] }
    }

    /// Whether a state was certainly met by now. It has been met now.
    #[inline]
    pub(super) fn holds(&mut self, hash: [u64; 2], now: Moment) -> bool {
        let slot = &mut self.hashes[(hash[1] & MASK) as usize];
        let is_it = slot[0] == hash[0] && (slot[1] ^ hash[1]) & !MASK == 0;
        // Whoever helps another worker comes to its lanes from their end.
        let is_later = (slot[1] & MASK).wrapping_sub(now.number + 1) < now.later;
        *slot = [hash[0], hash[1] & !MASK | now.number];
        is_it & !is_later
    }
}

/// When a lane works: what it meets in a round is taken in in the order of lanes.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Rounds are not told apart that are far apart.
    number: u64,
    /// How many moments of this round are later.
    later: u64,
}

impl Moment {
    pub(super) fn new(round: usize, lane: usize) -> Self {
        Self { number: (round * LANES + lane) as u64 & MASK, later: (LANES - 1 - lane) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_in_later_holds_nothing_back() {
        let mut sieve = Sieve::new();
        let hash = [7, 7 << BITS | 5];
        assert!(!sieve.holds(hash, Moment::new(3, 9)), "it was never met");
        assert!(!sieve.holds(hash, Moment::new(3, 8)), "lane 8 is taken in before lane 9");
        assert!(sieve.holds(hash, Moment::new(3, 8)), "the same lane has met it");
        assert!(sieve.holds(hash, Moment::new(3, 15)), "an earlier lane has met it");
        assert!(sieve.holds(hash, Moment::new(4, 0)), "it was met in an earlier round");
        assert!(!sieve.holds([8, hash[1]], Moment::new(4, 0)), "another one");
        assert!(!sieve.holds(hash, Moment::new(4, 1)), "it made way");
    }

    #[test]
    fn moments_that_look_alike_hold_nothing_back_wrongly() {
        let rounds = (1 << BITS) / LANES;
        let mut sieve = Sieve::new();
        let hash = [7, 7 << BITS];
        assert!(!sieve.holds(hash, Moment::new(2, 4)));
        // It might be from a later lane of this round, as far as one can see.
        assert!(!sieve.holds(hash, Moment::new(2 + rounds, 3)));
        assert!(sieve.holds(hash, Moment::new(2 + rounds, 4)));
    }
}
