//! A set of processes, one bit each: in groups of up to 64 it takes no memory beside its own.

use crate::process::ProcessId;
use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// Some processes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ProcessSet {
    len: usize,
    /// Those below 64.
    first: u64,
    /// The others, 64 to a word; the last word is not 0.
    others: Vec<u64>,
}

const WORD: usize = u64::BITS as usize;

impl ProcessSet {
    /// Nobody.
    pub const fn new() -> Self {
        Self { len: 0, first: 0, others: Vec::new() }
    }

    /// Puts a process in.
    pub fn insert(&mut self, process: ProcessId) {
        let (word, bit) = (process.index() / WORD, 1 << (process.index() % WORD));
        if self.others.len() < word {
            self.others.resize(word, 0);
        }
        let word = if word == 0 { &mut self.first } else { &mut self.others[word - 1] };
        self.len += usize::from(*word & bit == 0);
        *word |= bit;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes everybody out.
    pub fn clear(&mut self) {
        self.len = 0;
        self.first = 0;
        self.others.clear();
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = ProcessId> + '_ {
        let bits = |word: u64| (0..WORD).filter(move |bit| word >> bit & 1 == 1);
        let numbered = std::iter::once(self.first).chain(self.others.iter().copied()).enumerate();
        let places = numbered.flat_map(move |(place, word)| bits(word).map(move |bit| place * WORD + bit));
        places.map(|place| ProcessId(place as u32))
    }
}

/// As any other set of them.
impl Hash for ProcessSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|process| process.hash(state));
    }
}

impl fmt::Debug for ProcessSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::fingerprint;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set_like_any_other(numbers in prop::collection::vec(0_u32..300, 0..40)) {
            let (mut set, mut model) = (ProcessSet::new(), BTreeSet::new());
            for id in numbers.iter().copied().map(ProcessId) {
                set.insert(id);
                model.insert(id);
                prop_assert_eq!(set.len(), model.len());
            }
            prop_assert!(set.iter().eq(model.iter().copied()));
            prop_assert_eq!(format!("{set:?}"), format!("{model:?}"));
            prop_assert_eq!(fingerprint(&set), fingerprint(&model));
            let again = numbers.iter().rev().fold(ProcessSet::new(), |mut again, number| {
                again.insert(ProcessId(*number));
                again
            });
            prop_assert_eq!(&set, &again);
            set.clear();
            prop_assert_eq!(set, ProcessSet::new());
        }
    }
}
