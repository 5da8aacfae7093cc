//! A hash that is the same everywhere: FNV-1a over bytes, then the last steps of SplitMix64 to spread what is alike.
//!
//! Fowler, Noll, Vo (1991); Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), figure 16. FNV
//! alone leaves words that differ in their last letter near each other, which is no good on a ring.

/// Where bytes stand among all 64-bit numbers.
pub fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    spread(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// Where a sequence of numbers stands among all 64-bit numbers.
pub fn hash_of(numbers: &[u64]) -> u64 {
    let fold = |hash: u64, number: &u64| spread(hash ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    spread(numbers.iter().fold(0x9e37_79b9_7f4a_7c15, fold))
}

/// A bijection in which every bit of the argument moves half of the bits of the result.
fn spread(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
