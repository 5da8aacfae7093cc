//! stub
use std::cmp::Reverse;
use std::collections::BinaryHeap;
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Entry {
    pub time: u64,
    pub key: u64,
    pub to: u32,
    pub what: u32,
}
#[allow(missing_docs)]
#[derive(Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
}
#[allow(missing_docs)]
impl Queue {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn push(&mut self, e: Entry) {
        self.heap.push(Reverse(e))
    }
    pub fn pop(&mut self) -> Option<Entry> {
        self.heap.pop().map(|e| e.0)
    }
    pub fn clear(&mut self) {
        self.heap.clear()
    }
}
