//! A small map in a sorted vector: a fraction of the code of a B-tree, which counts where every algorithm has its own.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// Keys with their values, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct Sorted<K, V>(Vec<(K, V)>);

impl<K: Ord + Copy, V> Sorted<K, V> {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: K) -> Result<usize, usize> {
        // What comes last is looked for most: numbers grow.
        match self.0.last() {
            Some((last, _)) if *last < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(known, _)| known.cmp(&key)),
        }
    }

    /// The value of a key.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.find(key).ok()?;
        Some(&mut self.0[place].1)
    }

    /// The value of a key; `fresh` where there is none yet.
    pub fn get_or_insert_with(&mut self, key: K, fresh: impl FnOnce() -> V) -> &mut V {
        let place = match self.find(key) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (key, fresh()));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Puts a value in; gives whether there was none for this key.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        match self.find(key) {
            Ok(place) => {
                self.0[place].1 = value;
                false
            }
            Err(place) => {
                self.0.insert(place, (key, value));
                true
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.find(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// The lowest key.
    pub fn first(&self) -> Option<K> {
        self.0.first().map(|(key, _)| *key)
    }

    /// Forgets all keys below this one.
    pub fn forget_below(&mut self, key: K) {
        let place = self.find(key).unwrap_or_else(|place| place);
        self.0.drain(..place);
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, (K, V)> {
        self.0.drain(..)
    }

    /// All keys with their values, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }
}

impl<K: Ord + Copy, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash, V: Hash> Hash for Sorted<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Sorted<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, value))).finish()
    }
}
