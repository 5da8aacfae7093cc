//! Many runs: the same scenario under many seeds, or with different settings, as means, tables, charts and CSV.

mod estimate;
mod table;

pub use estimate::{Estimate, student};

use super::{Measures, Size, Stats, evaluate};
use crate::process::{Formula, Operation, Unit};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The numbers of one run.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Its seed.
    pub seed: u64,
    /// What came of it: `passed`, `failed` or `undecided`.
    pub came: Came,
    /// The command that repeats it.
    pub again: String,
    /// What was counted and measured, by name.
    pub quantities: IndexMap<String, (Unit, f64)>,
    /// Messages for each operation, those apart that the formula does not count.
    pub each: Option<f64>,
    /// What the formula says: the least and the most.
    pub published: Option<(f64, f64)>,
}

/// A run in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Came {
    /// As its scenario expects.
    Passed,
    /// Otherwise.
    Failed,
    /// It ended too early to say.
    Undecided,
}

/// All runs with the same settings.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The scenario.
    pub scenario: String,
    /// The values of the keys that differ between points.
    pub settings: Vec<String>,
    /// Who ran.
    pub algorithm: String,
    /// How many processes.
    pub nodes: u64,
    /// What costs are told for.
    pub operation: Operation,
    /// What each is known to cost.
    pub formula: Option<Formula>,
    /// The runs, in order of their seeds.
    pub samples: Vec<Sample>,
}

/// Some points side by side.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Study {
    /// The keys that differ between points.
    pub keys: Vec<String>,
    /// The points.
    pub points: Vec<Point>,
}

impl Sample {
    /// Takes the numbers of a run.
    pub fn of(
        (seed, came, again): (u64, Came, String),
        stats: &Stats,
        measures: &Measures,
        operation: &Operation,
        formula: Option<(&Formula, Size)>,
    ) -> Self {
        let mut quantities = IndexMap::new();
        let mut add = |name: String, unit, value: f64| {
            quantities.insert(name, (unit, value));
        };
        let operations = stats.operations(operation, measures);
        let sent = stats.messages.sent as f64;
        let apart = formula.map_or(&[][..], |(formula, _)| formula.apart);
        let counted = |kind: &&String| !apart.contains(&kind.as_str());
        let own: u64 = stats.kinds.keys().filter(counted).map(|kind| stats.kinds[kind].sent).sum();
        add("messages".into(), Unit::Count, sent);
        for (kind, of_kind) in stats.kinds.iter().filter(|_| stats.kinds.len() > 1) {
            add(format!("messages {kind}"), Unit::Count, of_kind.sent as f64);
        }
        add("bytes".into(), Unit::Count, stats.messages.bytes as f64);
        add("dropped".into(), Unit::Count, stats.messages.dropped as f64);
        add(operation.plural.into(), Unit::Count, operations as f64);
        let each = (operations > 0).then(|| own as f64 / operations as f64);
        if let Some(each) = each {
            add(format!("messages for each {}", operation.name), Unit::Count, each);
        }
        add("time".into(), Unit::Time, stats.duration.as_nanos() as f64);
        for (name, samples) in measures.0.iter().filter(|(_, samples)| !samples.values.is_empty()) {
            let sum: f64 = samples.values.iter().map(|value| *value as f64).sum();
            add(format!("mean {name}"), samples.unit, sum / samples.values.len() as f64);
        }
        let published = formula.and_then(|(formula, size)| {
            Some((evaluate(formula.least, size).ok()?, evaluate(formula.most, size).ok()?))
        });
        Self { seed, came, again, quantities, each, published }
    }

    /// Whether it cost what the formula says; none when there is nothing to compare.
    fn is_as_published(&self) -> Option<bool> {
        let (each, (least, most)) = (self.each?, self.published?);
        // A number of messages divided by one of operations: what it should be to the last digit but a few.
        let slack = 1e-9 * most.max(1.0);
        Some(each >= least - slack && each <= most + slack)
    }
}

impl Point {
    /// How many runs came out so.
    pub fn came(&self, came: Came) -> usize {
        self.samples.iter().filter(|sample| sample.came == came).count()
    }

    /// Every number, estimated from the runs that have it.
    pub fn estimates(&self) -> IndexMap<String, Estimate> {
        let mut values: IndexMap<&str, (Unit, Vec<f64>)> = IndexMap::new();
        for (name, (unit, value)) in self.samples.iter().flat_map(|sample| &sample.quantities) {
            values.entry(name).or_insert_with(|| (*unit, Vec::new())).1.push(*value);
        }
        let estimate = |(name, (unit, values)): (&str, (Unit, Vec<f64>))| {
            Some((name.to_owned(), Estimate::of(unit, &values)?))
        };
        values.into_iter().filter_map(estimate).collect()
    }

    /// In how many runs the cost is as published, and in how many it could be compared.
    fn as_published(&self) -> (usize, usize) {
        let compared = self.samples.iter().filter_map(Sample::is_as_published);
        compared.fold((0, 0), |(so, all), is_so| (so + usize::from(is_so), all + 1))
    }

    /// What the formula says: the least and the most over all runs, whose links may differ.
    fn published(&self) -> Option<(f64, f64)> {
        let published = self.samples.iter().filter_map(|sample| sample.published);
        published.reduce(|(least, most), (lower, higher)| (least.min(lower), most.max(higher)))
    }

    fn value(&self, keys: &[String]) -> Value {
        let (so, compared) = self.as_published();
        let settings: IndexMap<&String, &String> = keys.iter().zip(&self.settings).collect();
        json!({
            "scenario": self.scenario,
            "settings": settings,
            "algorithm": self.algorithm,
            "nodes": self.nodes,
            "seeds": self.samples.iter().map(|sample| sample.seed.to_string()).collect::<Vec<_>>(),
            "passed": self.came(Came::Passed),
            "failed": self.came(Came::Failed),
            "undecided": self.came(Came::Undecided),
            "operation": self.operation.name,
            "quantities": self.estimates(),
            "published": self.formula.map(|formula| json!({
                "least": formula.least,
                "most": formula.most,
                "values": self.published(),
                "runs": compared,
                "as_published": so,
            })),
        })
    }
}

impl Study {
    /// The same for programs; times in nanoseconds.
    pub fn values(&self) -> Vec<Value> {
        self.points.iter().map(|point| point.value(&self.keys)).collect()
    }
}
