//! Causal order by vector clocks: what may build on something else waits for it.
//!
//! Birman, Schiper, Stephenson, "Lightweight causal and atomic group multicast" (1991), section 5.1 (CBCAST).

use crate::process::ProcessId;
use smallvec::SmallVec;

/// VT(m), a number for each process: a list that in a small group takes no memory beside its own.
pub type Stamp = SmallVec<[u64; 4]>;

/// What one process has delivered, and what it holds back.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Causal<T> {
    /// VT(p): for each process, how many of its messages have been delivered here; for this one, how many it sent.
    delivered: Stamp,
    /// Messages that came before one they build on, in order of arrival.
    held_back: Vec<(ProcessId, Stamp, T)>,
}

impl<T> Causal<T> {
    /// For a group of this size, in which nothing was sent yet.
    pub fn new(group_size: usize) -> Self {
        Self { delivered: SmallVec::from_elem(0, group_size), held_back: Vec::new() }
    }

    /// VT(p): what has been delivered, and sent.
    pub fn known(&self) -> &[u64] {
        &self.delivered
    }

    /// Step 1: before sending m, increment `VT(p)[p]`; gives VT(m).
    pub fn stamp(&mut self, me: ProcessId) -> Stamp {
        self.delivered[me.index()] += 1;
        self.delivered.clone()
    }

    /// A message arrives. One with a stamp for a group of another size is ignored.
    pub fn receive(&mut self, from: ProcessId, stamp: Stamp, message: T) {
        if stamp.len() == self.delivered.len() {
            self.held_back.push((from, stamp, message));
        }
    }

    /// Steps 2 and 3: a message that has its turn, which may give another its turn; none when all others must wait.
    pub fn take_turn(&mut self) -> Option<(ProcessId, Stamp, T)> {
        if self.held_back.is_empty() {
            return None;
        }
        let Some(place) = self.held_back.iter().position(|(from, stamp, _)| self.has_turn(*from, stamp))
        else {
            let delivered = &self.delivered;
            self.held_back.retain(|(from, stamp, _)| stamp[from.index()] > delivered[from.index()]);
            return None;
        };
        let message = self.held_back.remove(place);
        self.delivered[message.0.index()] += 1;
        Some(message)
    }

    /// Step 2: it is the sender's next message, and everything it builds on has been delivered.
    fn has_turn(&self, from: ProcessId, stamp: &[u64]) -> bool {
        stamp.iter().zip(&self.delivered).enumerate().all(|(process, (needed, delivered))| {
            if process == from.index() { *needed == delivered + 1 } else { needed <= delivered }
        })
    }
}
