//! A small heap with four children to a node: shallow, and its children lie side by side. While it holds a handful it is a
//! sorted list, which is faster still.

use super::Entry;

#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    /// The latest first while there are few, else a heap.
    entries: Vec<Entry>,
    many: bool,
}

const CHILDREN: usize = 4;

/// More than so many are a heap.
const HANDFUL: usize = 16;

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
        self.many = false;
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry> {
        if self.many { self.entries.first() } else { self.entries.last() }
    }

    /// Gives all entries away, in no order, for an empty list to grow in.
    pub(super) fn exchange(&mut self, empty: &mut Vec<Entry>) {
        std::mem::swap(&mut self.entries, empty);
        self.many = false;
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        if self.many {
            return self.rise(entry);
        }
        if self.entries.len() == HANDFUL {
            // What is sorted is a heap.
            self.entries.reverse();
            self.many = true;
            return self.rise(entry);
        }
        let rank = entry.rank();
        self.entries.push(entry);
        let mut place = self.entries.len() - 1;
        while place > 0 && self.entries[place - 1].rank() < rank {
            self.entries[place] = self.entries[place - 1];
            place -= 1;
        }
        self.entries[place] = entry;
    }

    /// Puts an entry in the last place and lets it rise.
    fn rise(&mut self, entry: Entry) {
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

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let mut entry = Entry::default();
        self.pop_into(&mut entry).then_some(entry)
    }

    /// Takes the first entry out and puts it here; gives whether there is one.
    #[inline]
    pub(super) fn pop_into(&mut self, entry: &mut Entry) -> bool {
        if self.many {
            return self.pop_many(entry);
        }
        let Some(last) = self.entries.last() else { return false };
        *entry = *last;
        self.entries.truncate(self.entries.len() - 1);
        true
    }

    fn pop_many(&mut self, entry: &mut Entry) -> bool {
        let Some(last) = self.entries.pop() else { return false };
        if let Some(first) = self.entries.first() {
            *entry = *first;
            self.sink(last);
        } else {
            *entry = last;
            self.many = false;
        }
        true
    }

    /// Puts an entry in the first one's place and lets it sink.
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
