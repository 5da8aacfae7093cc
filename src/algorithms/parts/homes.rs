//! Objects that move from process to process: where each begins, and what is sent to them.

use crate::process::ProcessId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where each object begins, known to everybody.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Homes(pub BTreeMap<String, ProcessId>);

impl Homes {
    /// Where an object begins: the first node unless said otherwise.
    pub fn of(&self, object: &str) -> ProcessId {
        self.0.get(object).copied().unwrap_or(ProcessId(0))
    }
}

/// Something sent to an object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// The object.
    pub object: String,
    /// Who sent it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// What is said.
    pub body: String,
    /// How many messages it took so far.
    pub hops: u32,
}
