//! The event queue: earliest first, and among equal times the lowest key.
//!
//! While few events are pending they live in a small heap. When there are more, a timing wheel takes what is far
//! away and hands it back bucket by bucket, each bucket sorted when its time has come; what falls into the bucket
//! that is open goes to the heap. The order is exact, whatever the scale of time.

mod heap;
mod wheel;

use heap::Heap;
use wheel::Wheel;

/// An event in the queue: 24 bytes. No two entries of a queue have the same time and key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// When, in nanoseconds.
    pub time: u64,
    /// Decides among equal times; the lowest comes first.
    pub key: u64,
    /// At which node.
    pub to: u32,
    /// What: the queue does not look at it.
    pub what: u32,
}

impl Entry {
    /// The place in the order as one number.
    #[inline]
    fn rank(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.key)
    }
}

/// How many entries the heap takes before the wheel is used.
const FEW: usize = 64;

/// The simulator's event queue; public for benchmarks and for drivers of one's own.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    heap: Heap,
    /// The open bucket, sorted; the entries before `next` are gone.
    open: Vec<Entry>,
    next: usize,
    /// Whether a bucket was opened just now.
    fresh: bool,
    /// The last time that belongs to the open bucket: what is later goes to the wheel.
    open_until: u64,
    wheel: Wheel,
    /// Whether the wheel and the open bucket are in use; the heap holds everything otherwise.
    spread: bool,
    /// The time of the last entry that was taken out.
    floor: u64,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.heap.len() + (self.open.len() - self.next) + self.wheel.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.floor = 0;
        if self.spread {
            self.open.clear();
            self.next = 0;
            self.wheel.clear();
            self.spread = false;
        }
    }

    /// Puts an entry in.
    ///
    /// # Panics
    /// When its time is before that of the last entry taken out: time does not run backwards.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        assert!(entry.time >= self.floor, "time does not run backwards");
        if self.spread && entry.time > self.open_until {
            self.wheel.push(entry);
        } else if self.spread || self.heap.len() < FEW {
            self.heap.push(entry);
        } else {
            self.spread_out(entry);
        }
    }

    /// The entries that come next, if a bucket was opened since this was last asked: time to read ahead what they
    /// will need.
    #[inline]
    pub(crate) fn take_fresh(&mut self) -> &[Entry] {
        if !self.fresh {
            return &[];
        }
        self.fresh = false;
        &self.open[self.next..]
    }

    /// Takes the first entry out.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry> {
        let mut entry = Entry::default();
        self.pop_into(&mut entry).then_some(entry)
    }

    /// Takes the first entry out and puts it here; gives whether there is one. Entries that are handed from function to
    /// function by value are written and read in pieces of different sizes, for which processors wait.
    #[inline]
    pub(crate) fn pop_into(&mut self, entry: &mut Entry) -> bool {
        // The common case first: the open bucket has the next entry.
        if let Some(first) = self.open.get(self.next)
            && self.heap.is_empty()
        {
            self.next += 1;
            *entry = *first;
        } else if self.spread {
            let Some(first) = self.pop_spread() else { return false };
            *entry = first;
        } else if !self.heap.pop_into(entry) {
            return false;
        }
        self.floor = entry.time;
        true
    }

    #[inline(never)]
    fn pop_spread(&mut self) -> Option<Entry> {
        loop {
            let Some(first) = self.open.get(self.next) else {
                if !self.heap.is_empty() {
                    return self.heap.pop();
                }
                if self.wheel.is_empty() {
                    self.spread = false;
                    return None;
                }
                self.open.clear();
                self.next = 0;
                self.open_until = self.wheel.open(&mut self.open);
                self.fresh = true;
                continue;
            };
            if self.heap.first().is_some_and(|entry| entry.rank() < first.rank()) {
                return self.heap.pop();
            }
            self.next += 1;
            return Some(*first);
        }
    }

    /// The heap is full: whatever is later than now goes to the wheel.
    #[cold]
    fn spread_out(&mut self, entry: Entry) {
        self.spread = true;
        self.open.clear();
        self.next = 0;
        self.open_until = self.floor;
        self.wheel.begin(self.floor);
        self.heap.push(entry);
        // The two change places, so that neither's memory is lost.
        self.heap.exchange(&mut self.open);
        for place in 0..self.open.len() {
            let entry = self.open[place];
            if entry.time > self.open_until {
                self.wheel.push(entry);
            } else {
                self.heap.push(entry);
            }
        }
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{cmp::Reverse, collections::BinaryHeap};

    /// How far ahead a push goes: adversarial distances, from the same instant to the end of time.
    fn distance() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => Just(0),
            4 => 0_u64..300,
            4 => 0_u64..70_000,
            6 => 1_000_000_u64..10_000_000,
            2 => 0_u64..1 << 40,
            1 => any::<u64>(),
            1 => Just(u64::MAX),
        ]
    }

    #[derive(Clone, Debug)]
    enum Act {
        Push(u64),
        Burst(u64, u16),
        Pop(u16),
        Clear,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            8 => distance().prop_map(Act::Push),
            4 => (distance(), 1_u16..1500).prop_map(|(distance, count)| Act::Burst(distance, count)),
            6 => (1_u16..1200).prop_map(Act::Pop),
            1 => Just(Act::Clear),
        ]
    }

    fn run(acts: Vec<Act>) {
        let mut queue = Queue::new();
        let mut model = BinaryHeap::new();
        let (mut now, mut key) = (0_u64, 0_u64);
        let mut push = |queue: &mut Queue, model: &mut BinaryHeap<_>, time: u64| {
            // Keys that do not grow with every push, but differ.
            key += 1;
            let entry = Entry { time, key: key.reverse_bits() ^ key, to: key as u32, what: 0 };
            queue.push(entry);
            model.push(Reverse((entry.time, entry.key, entry.to)));
        };
        for act in acts {
            match act {
                Act::Push(distance) => push(&mut queue, &mut model, now.saturating_add(distance)),
                Act::Burst(distance, count) => {
                    for place in 0..u64::from(count) {
                        let spread = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (distance / 4 + 1);
                        push(
                            &mut queue,
                            &mut model,
                            now.saturating_add(distance).saturating_sub(spread).max(now),
                        );
                    }
                }
                Act::Pop(count) => {
                    for _ in 0..count {
                        let wanted = model.pop().map(|Reverse(entry)| entry);
                        assert_eq!(queue.pop().map(|entry| (entry.time, entry.key, entry.to)), wanted);
                        now = wanted.map_or(now, |(time, _, _)| time);
                    }
                }
                Act::Clear => {
                    queue.clear();
                    model.clear();
                    now = 0;
                }
            }
            assert_eq!(queue.len(), model.len());
        }
        while let Some(Reverse(wanted)) = model.pop() {
            assert_eq!(queue.pop().map(|entry| (entry.time, entry.key, entry.to)), Some(wanted));
        }
        assert_eq!(queue.pop(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_priority_queue(acts in prop::collection::vec(act(), 1..60)) {
            run(acts);
        }
    }

    #[test]
    fn many_entries_of_one_time_come_in_order_of_their_keys() {
        let mut queue = Queue::new();
        for key in (0..200_000).rev() {
            queue.push(Entry { time: 10_000_000, key, to: 0, what: 0 });
        }
        assert!((0..200_000).all(|key| queue.pop().is_some_and(|entry| entry.key == key)));
        assert!(queue.is_empty());
    }

    #[test]
    #[should_panic(expected = "time does not run backwards")]
    fn an_entry_before_the_last_one_taken_out_is_refused() {
        let mut queue = Queue::new();
        queue.push(Entry { time: 10, ..Entry::default() });
        queue.pop();
        queue.push(Entry { time: 9, ..Entry::default() });
    }
}
