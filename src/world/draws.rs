//! Randomness that belongs to what it is drawn for, not to when it is drawn.
//!
//! Every draw is a function of (seed, purpose, whose, number): the delay of the k-th message from a to b does not
//! change when a node, a fault or a log line is added elsewhere. Behind it stands ChaCha8, one 64-byte block for
//! four draws of one owner; what depends on a receiver as well is finished with a bijection over the receiver's
//! key, so that a broadcast costs one block and no two receivers share a draw.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a draw is for. Draws for different purposes are independent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Delay, loss and damage of a message.
    Link = 1,
    /// Duplication, reordering, and the copy's delay.
    LinkMore = 2,
    /// How long a timer runs.
    Timer = 3,
    /// A choice that a process leaves open.
    Choice = 4,
    /// Which nodes an `{any: ...}` means.
    Pick = 5,
    /// The shape of a random topology.
    Topology = 6,
}

/// How many draws one refill gives: rand_chacha makes four blocks at a time.
const DRAWS: u64 = 16;
/// How many owners' draws are kept at hand; a power of two.
const LINES: usize = 256;

/// The draws of one run.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    generator: ChaCha8Rng,
    run: u64,
    tags: Vec<Tag>,
    words: Vec<[u64; 2 * DRAWS as usize]>,
}

/// Whose draws a line holds, of which purpose, from which number on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Tag {
    run: u64,
    owner: u64,
    block: u64,
}

impl Draws {
    /// Draws that answer nothing yet; [`Draws::reset`] gives them a seed.
    pub(crate) fn new() -> Self {
        Self {
            generator: ChaCha8Rng::from_seed([0; 32]),
            run: 0,
            tags: vec![Tag::default(); LINES],
            words: vec![[0; 2 * DRAWS as usize]; LINES],
        }
    }

    /// Starts a run with this seed.
    pub(crate) fn reset(&mut self, seed: u64) {
        self.generator = ChaCha8Rng::from_seed(key_of(seed));
        self.run += 1;
    }

    /// 128 random bits: the draw with this number that `owner` makes for `purpose`.
    #[inline]
    pub(crate) fn draw(&mut self, purpose: Purpose, owner: u64, number: u64) -> [u64; 2] {
        // 8 bits of purpose above 54 bits of block number; the low two bits count the blocks of a refill.
        let block = (purpose as u64) << 56 | (number / DRAWS) << 2;
        let line = (owner as usize ^ (purpose as usize) << 5) % LINES;
        let wanted = Tag { run: self.run, owner, block };
        if self.tags[line] != wanted {
            self.refill(line, wanted);
        }
        let place = 2 * (number % DRAWS) as usize;
        let words = &self.words[line];
        [words[place], words[place + 1]]
    }

    #[inline(never)]
    fn refill(&mut self, line: usize, wanted: Tag) {
        let mut bytes = [0; 16 * DRAWS as usize];
        self.generator.set_stream(wanted.owner);
        self.generator.set_word_pos(u128::from(wanted.block) * 16);
        self.generator.fill_bytes(&mut bytes);
        for (word, eight) in self.words[line].iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*eight);
        }
        self.tags[line] = wanted;
    }
}

/// A stream of randomness for what is drawn once and as a whole, such as a random topology.
pub(crate) fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::from_seed(key_of(seed));
    generator.set_word_pos(u128::from((purpose as u64) << 56) * 16);
    generator
}

fn key_of(seed: u64) -> [u8; 32] {
    let mut key = *b"........synod: keyed draws, 2026";
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key
}

/// Makes a draw the receiver's own: a bijection (SplitMix64's finaliser) of the drawn word and the receiver's key.
#[inline]
pub(crate) fn finish(word: u64, receiver: u64) -> u64 {
    let mut bits = word ^ receiver.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// A number below `bound`, or 0 when `bound` is 0, from 64 random bits.
#[inline]
pub(crate) fn below(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_nothing_but_its_key() {
        let mut one = Draws::new();
        one.reset(7);
        let wanted = one.draw(Purpose::Link, 3, 40);
        let mut other = Draws::new();
        other.reset(99);
        other.draw(Purpose::Link, 3, 40);
        other.reset(7);
        for owner in 0..1000 {
            other.draw(Purpose::Timer, owner, owner);
            other.draw(Purpose::Link, owner, 17);
        }
        assert_eq!(other.draw(Purpose::Link, 3, 40), wanted);
        assert_ne!(other.draw(Purpose::Link, 3, 41), wanted);
        assert_ne!(other.draw(Purpose::LinkMore, 3, 40), wanted);
        assert_ne!(other.draw(Purpose::Link, 4, 40), wanted);
    }

    #[test]
    fn draws_are_the_same_in_every_release() {
        let mut draws = Draws::new();
        draws.reset(42);
        assert_eq!(draws.draw(Purpose::Link, 1, 0), PINNED);
    }

    const PINNED: [u64; 2] = [6623394751669651038, 11661281505884176021];

    #[test]
    fn receivers_of_one_broadcast_draw_evenly_and_apart() {
        let mut draws = Draws::new();
        draws.reset(1);
        let [word, _] = draws.draw(Purpose::Link, 5, 0);
        let mut buckets = [0_u32; 16];
        for receiver in 0..16_000 {
            buckets[below(finish(word, receiver), 16) as usize] += 1;
        }
        assert!(buckets.iter().all(|count| (850..1150).contains(count)), "{buckets:?}");
    }
}
