//! A small heap with four children to a node: shallow, and its children lie side by side.

use super::Entry;

#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    entries: Vec<Entry>,
}

const CHILDREN: usize = 4;

impl Heap {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// Gives all entries away, in no order, for an empty list to grow in.
    pub(super) fn exchange(&mut self, empty: &mut Vec<Entry>) {
        std::mem::swap(&mut self.entries, empty);
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        let mut place = self.entries.len() - 1;
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.entries[parent].rank() <= entry.rank() {
                break;
            }
            self.entries[place] = self.entries[parent];
            place = parent;
        }
        self.entries[place] = entry;
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let last = self.entries.pop()?;
        let Some(first) = self.entries.first().copied() else { return Some(last) };
        self.sink(last);
        Some(first)
    }

    /// Puts an entry in the first one's place and lets it sink.
    #[inline]
    fn sink(&mut self, entry: Entry) {
        let entries = self.entries.as_mut_slice();
        let mut place = 0;
        loop {
            let first = place * CHILDREN + 1;
            let Some(children) = entries.get(first..entries.len().min(first + CHILDREN)) else { break };
            let mut least = (first, entry.rank());
            for (offset, child) in children.iter().enumerate() {
                if child.rank() < least.1 {
                    least = (first + offset, child.rank());
                }
            }
            if least.1 == entry.rank() {
                break;
            }
            entries[place] = entries[least.0];
            place = least.0;
        }
        entries[place] = entry;
    }
}
