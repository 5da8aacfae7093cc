//! The messages that a logical clock stamps: numbered by their sender, and received once however often they come.

use crate::process::ProcessId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one process knows of the messages it sent and received.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Letters {
    /// How many it sent.
    sent: u64,
    /// What it received, sender by sender.
    received: BTreeMap<ProcessId, Received>,
}

/// The numbers of the messages that came from one sender.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
struct Received {
    /// All up to this one.
    all: u64,
    /// And these.
    beyond: BTreeSet<u64>,
}

impl Letters {
    /// The number of the next message that is sent, counted from 1.
    pub fn number(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// Whether this message comes for the first time; it has come then.
    pub fn is_new(&mut self, from: ProcessId, id: u64) -> bool {
        let received = self.received.entry(from).or_default();
        if id <= received.all || !received.beyond.insert(id) {
            return false;
        }
        while received.beyond.remove(&(received.all + 1)) {
            received.all += 1;
        }
        true
    }
}
