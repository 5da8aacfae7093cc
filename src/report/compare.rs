//! Several runs side by side: what each cost and how long it took.

use super::{
    Stats,
    measures::{Measures, ratio, shown},
    plain,
    table::table,
};
use serde_json::{Value, json};
use std::fmt;

/// One run of a comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// What distinguishes it: its scenario.
    pub scenario: String,
    /// Who ran.
    pub algorithm: String,
    /// Its numbers.
    pub stats: Stats,
    /// What was measured.
    pub measures: Measures,
}

/// Runs side by side, a line each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison(pub Vec<Compared>);

impl Compared {
    /// How many requests there were.
    fn requests(&self) -> u64 {
        self.stats.nodes.values().map(|node| node.requests).sum()
    }

    /// The same for programs: per measure how many values, the least, the mean and the greatest; times in
    /// nanoseconds.
    pub fn value(&self) -> Value {
        json!({
            "bytes": self.stats.messages.bytes,
            "requests": self.requests(),
            "measures": self.measures.value(),
        })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut measures: Vec<&str> = Vec::new();
        for name in self.0.iter().flat_map(|run| run.measures.0.keys()) {
            if !measures.contains(&name.as_str()) {
                measures.push(name);
            }
        }
        let mut head =
            vec!["scenario", "algorithm", "requests", "messages", "per request", "bytes", "per message"];
        head.extend(&measures);
        // All columns but the first are set to the right; a name reads better from the left.
        let names = self.0.iter().map(|run| run.algorithm.chars().count());
        let width = names.chain([head[1].len()]).max().unwrap_or(0);
        let algorithm = format!("{:width$}", head[1]);
        head[1] = &algorithm;
        let rows = self.0.iter().map(|run| {
            let sent = run.stats.messages.sent;
            let bytes = run.stats.messages.bytes;
            let counts = [
                run.requests().to_string(),
                sent.to_string(),
                ratio(sent, run.requests()),
                bytes.to_string(),
                ratio(bytes, sent),
            ];
            let measured = measures.iter().map(|name| shown(run.measures.0.get(*name)));
            [plain(&run.scenario), format!("{:width$}", run.algorithm)]
                .into_iter()
                .chain(counts)
                .chain(measured)
                .collect()
        });
        table(&head, rows.collect(), f)
    }
}
