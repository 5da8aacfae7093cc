//! Randomness that belongs to what it is drawn for, not to when it is drawn.
//!
//! Every draw is a function of (seed, purpose, whose, number): the delay of the k-th message from a to b does not
//! change when a node, a fault or a log line is added elsewhere. Behind it stands ChaCha8, which gives 128 bits for
//! each (seed, purpose, number); they become the owner's own by a bijection over its key. So one block serves
//! everybody's k-th draws, and no two receivers of a broadcast share one.

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
/// How many refills are kept at hand; a power of two.
const LINES: usize = 64;

/// How many purposes there may be.
const PURPOSES: usize = 8;

/// The draws of one run.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    generator: ChaCha8Rng,
    run: u64,
    tags: Vec<Tag>,
    words: Vec<[u64; 2 * DRAWS as usize]>,
}

/// Which draws a line holds: of which run, for which purpose and from which number on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Tag {
    run: u64,
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

    /// 64 random bits: the draw with this number that `owner` makes for `purpose`.
    #[inline]
    pub(crate) fn draw(&mut self, purpose: Purpose, owner: u64, number: u64) -> u64 {
        finish(self.words(purpose, number)[0], owner)
    }

    /// 128 random bits for everybody's draw with this number: to be made somebody's own with [`finish`].
    #[inline]
    pub(crate) fn words(&mut self, purpose: Purpose, number: u64) -> [u64; 2] {
        // 8 bits of purpose above 54 bits of block number; the low two bits count the blocks of a refill.
        let block = (purpose as u64) << 56 | (number / DRAWS) << 2;
        let line = (number / DRAWS) as usize % (LINES / PURPOSES) * PURPOSES + purpose as usize;
        let wanted = Tag { run: self.run, block };
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

/// Makes a draw its owner's own: a bijection (SplitMix64's finaliser) of the drawn word and the owner's key.
#[inline]
pub(crate) fn finish(word: u64, key: u64) -> u64 {
    let mut bits = word ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// The key of a link, as an owner: two steps of different length through all 64-bit numbers.
#[inline]
pub(crate) fn link_key(from: u64, to: u64) -> u64 {
    from.wrapping_mul(0xd1b5_4a32_d192_ed03).wrapping_add(to)
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
            other.draw(Purpose::Link, owner, owner * 5);
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
        let drawn = [Purpose::Link, Purpose::Timer, Purpose::Pick].map(|purpose| draws.draw(purpose, 1, 17));
        assert_eq!(drawn, PINNED);
    }

    const PINNED: [u64; 3] = [11314059669570863690, 5074988972554374121, 234043858730364836];

    /// Chi-square of sixteen equally likely buckets: 15 degrees of freedom, above 50 once in 100,000 times.
    fn is_even(draws: impl Iterator<Item = u64>) -> bool {
        let mut buckets = [0_u32; 16];
        let mut count = 0;
        for draw in draws {
            buckets[below(draw, 16) as usize] += 1;
            count += 1;
        }
        let expected = f64::from(count) / 16.0;
        buckets.iter().map(|found| (f64::from(*found) - expected).powi(2) / expected).sum::<f64>() < 50.0
    }

    #[test]
    fn draws_are_even_along_every_part_of_their_key() {
        let mut draws = Draws::new();
        draws.reset(1);
        let mut link =
            |from: u64, to: u64, number: u64| draws.draw(Purpose::Link, link_key(from, to), number);
        assert!(is_even((0..50_000).map(|to| link(5, to, 0))), "over receivers");
        assert!(is_even((0..50_000).map(|from| link(from, 5, 0))), "over senders");
        assert!(is_even((0..50_000).map(|number| link(5, 6, number))), "over numbers");
        assert!(is_even((0..50_000).map(|both| link(both, both, 3))), "over pairs");
        // What two receivers of the same message draw has nothing to do with each other.
        assert!(
            is_even((0..50_000).map(|number| link(5, 6, number) ^ link(5, 7, number))),
            "over two receivers"
        );
        assert!(
            is_even((0..50_000).map(|to| link(5, to, 0).wrapping_sub(link(6, to, 0)))),
            "over two senders"
        );
    }
}
