//! Which of a process's messages is its newest: one that was overtaken says nothing of how its sender is now.

use crate::process::ProcessId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The place of a message among all of its sender's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// How often the sender had started.
    pub life: u64,
    /// How many it had sent in this life, this one included.
    pub number: u64,
}

/// The newest message of every sender.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Freshness {
    newest: BTreeMap<ProcessId, Stamp>,
}

impl Freshness {
    /// Whether a message is newer than all that came from its sender before.
    pub fn is_news(&mut self, from: ProcessId, stamp: Stamp) -> bool {
        let newest = self.newest.entry(from).or_default();
        let news = *newest < stamp;
        *newest = stamp.max(*newest);
        news
    }
}
