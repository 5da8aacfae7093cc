//! 128 bits that stand for a value: the same for equal values, on every machine.

use std::hash::{Hash, Hasher};

/// 128 bits that stand for a value. Two different values share them about as likely as not at all.
pub fn fingerprint(value: &(impl Hash + ?Sized)) -> u128 {
    let mut bytes = Bytes(Vec::with_capacity(128));
    value.hash(&mut bytes);
    let digest = blake3::hash(&bytes.0);
    let (first, _) = digest.as_bytes().split_at(16);
    first.iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// What a value hands to a hasher, in the byte order and widths of one machine for all.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.0.push(number);
    }

    fn write_u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    // The defaults of the signed ones go through these.
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as i64 as u64);
    }

    fn finish(&self) -> u64 {
        unreachable!("a fingerprint is made of the bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_in_every_release() {
        let value = (1_u8, -2_i64, "three", vec![Some(4_usize), None]);
        assert_eq!(fingerprint(&value), PINNED, "{:#x}", fingerprint(&value));
        assert_ne!(fingerprint(&("ab", "c")), fingerprint(&("a", "bc")));
    }

    const PINNED: u128 = 0xa599_d929_6c5c_72c9_9ad7_f0a5_8d25_9fb0;
}
