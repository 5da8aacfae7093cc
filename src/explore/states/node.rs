//! What a search keeps of a node and of a message, and what can happen to a node.

use crate::process::{ProcessId, fingerprint};
use std::hash::{Hash, Hasher};

/// A value that was kept: its place, and what tells it from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) place: u32,
    pub(super) print: u128,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

impl Eq for Kept {}

// Places differ from search to search.
impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

/// A node between two steps: all that its future depends on, and what the checked properties have seen of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Node {
    pub(super) who: ProcessId,
    pub(super) standing: Standing,
    pub(super) stable: Kept,
    /// In the order in which they run out.
    pub(super) timers: Vec<Timer>,
    /// How many lengths of timers it has drawn.
    pub(super) drawn: u32,
    /// Requests that wait until it goes on.
    pub(super) asked: Vec<u32>,
    /// What the checked properties have seen of it.
    pub(super) history: u128,
}

/// How a node stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Standing {
    /// It has not started.
    Absent,
    Up(Kept),
    /// It stands still.
    Paused(Kept),
    Down,
}

/// A timer that runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Timer {
    pub(super) name: Kept,
    /// Nanoseconds until it runs out; [`OVERDUE`] when it could have already.
    pub(super) left: i64,
}

/// Its time is past.
pub(super) const OVERDUE: i64 = -1;

/// So much later.
pub(super) fn sooner(left: i64, passed: i64) -> i64 {
    (left - passed).max(OVERDUE)
}

/// A message under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) from: ProcessId,
    pub(super) to: ProcessId,
    pub(super) body: Kept,
    /// Which sending it comes from, where properties look at that.
    pub(super) stamp: u128,
    pub(super) kind: &'static str,
    /// Whether it keeps its place behind what was sent before on its link.
    pub(super) fifo: bool,
}

impl Message {
    pub(super) fn print(&self) -> u128 {
        fingerprint(&(self.from, self.to, self.body, self.stamp))
    }
}

/// What can happen to a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Input {
    Boot,
    /// The message with this number arrives.
    Hear(u32),
    /// Its first timer runs out.
    Expire,
    /// It is asked for the request with this number.
    Ask(u32),
    /// It is asked for what has waited longest.
    AskNext,
    Crash,
    Pause,
    Resume,
    /// So many nanoseconds pass.
    Pass(i64),
}
