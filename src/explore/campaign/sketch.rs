//! How many different things were seen, in little memory: the k smallest of their hashes (Bar-Yossef, Jayram, Kumar,
//! Sivakumar, Trevisan 2002; Beyer, Haas, Reinwald, Sismanis, Gemulla 2007).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// How many hashes are kept; below that the number is exact.
const KEPT: usize = 1024;

/// The smallest hashes of everything that was seen. Two sketches together are that of both.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    /// In order.
    smallest: Vec<u64>,
}

impl Sketch {
    /// Something with this hash was seen.
    pub fn insert(&mut self, hash: u64) {
        if self.smallest.len() == KEPT && self.smallest.last().is_some_and(|last| *last <= hash) {
            return;
        }
        if let Err(place) = self.smallest.binary_search(&hash) {
            self.smallest.insert(place, hash);
            self.smallest.truncate(KEPT);
        }
    }

    /// What another one has seen was seen.
    pub fn merge(&mut self, other: &Self) {
        other.smallest.iter().for_each(|hash| self.insert(*hash));
    }

    /// Whether [`Sketch::count`] is a number and not an estimate.
    pub fn is_exact(&self) -> bool {
        self.smallest.len() < KEPT
    }

    /// How many different things were seen; off by some 3% where it is an estimate.
    pub fn count(&self) -> u64 {
        match self.smallest.last() {
            Some(last) if !self.is_exact() => {
                (((KEPT as u128 - 1) << 64) / (u128::from(*last) + 1)).min(u128::from(u64::MAX)) as u64
            }
            _ => self.smallest.len() as u64,
        }
    }
}

/// As a list of hexadecimal numbers: 64 bits are more than every reader of JSON keeps.
impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.smallest.iter().map(|hash| format!("{hash:016x}")))
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sketch = Self::default();
        for text in Vec::<String>::deserialize(deserializer)? {
            let hash = u64::from_str_radix(&text, 16);
            sketch.insert(hash.map_err(|_| D::Error::custom(format!("`{text}` is no hash")))?);
        }
        Ok(sketch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::campaign::split_mix;

    fn of(numbers: impl Iterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::default();
        numbers.for_each(|number| sketch.insert(split_mix(7, number)));
        sketch
    }

    #[test]
    fn few_are_counted_and_many_are_estimated() {
        let few = of((0..5000).map(|number| number % 800));
        assert!(few.is_exact() && few.count() == 800);
        let many = of((0..200_000).map(|number| number % 50_000));
        assert!(!many.is_exact() && (45_000..55_000).contains(&many.count()), "{}", many.count());
    }

    #[test]
    fn parts_together_are_the_whole() {
        let whole = of(0..9000);
        let mut first = of(0..6000);
        let second = of(3000..9000);
        let mut other = second.clone();
        other.merge(&first);
        first.merge(&second);
        assert_eq!((&first, &other), (&whole, &whole));
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), whole);
    }
}
