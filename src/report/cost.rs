//! What each operation of a run cost.

use super::{Measures, Stats, measures::ratio, table::table};
use crate::process::{Counted, Operation};
use serde_json::{Value, json};
use std::fmt;

/// Messages and bytes for each operation of a problem: each entry, each broadcast, each election.
#[derive(Clone, Copy, Debug)]
pub struct Cost<'a> {
    operation: &'a Operation,
    times: u64,
    messages: u64,
    bytes: u64,
}

impl Stats {
    /// How often `operation` happened.
    pub fn operations(&self, operation: &Operation, measures: &Measures) -> u64 {
        match operation.counted {
            Counted::Requests => self.requests.values().sum(),
            Counted::RequestsFor(name) => self.requests.get(name).copied().unwrap_or(0),
            Counted::Measured(name) => measures.0.get(name).map_or(0, |samples| samples.values.len() as u64),
        }
    }
}

impl<'a> Cost<'a> {
    /// That of a run.
    pub fn of(operation: &'a Operation, stats: &Stats, measures: &Measures) -> Self {
        let times = stats.operations(operation, measures);
        Self { operation, times, messages: stats.messages.sent, bytes: stats.messages.bytes }
    }

    /// The same for programs.
    pub fn value(&self) -> Value {
        let Self { operation, times, messages, bytes } = self;
        json!({ "name": operation.name, "count": times, "messages": messages, "bytes": bytes })
    }
}

impl fmt::Display for Cost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.times == 0 {
            return Ok(());
        }
        let name = self.operation.plural.to_owned();
        let each = [ratio(self.messages, self.times), ratio(self.bytes, self.times)];
        let row = [name, self.times.to_string()].into_iter().chain(each).collect();
        table(&["operations", "number", "messages for each", "bytes for each"], vec![row], f)
    }
}
