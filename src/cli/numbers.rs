//! The statistics of one run, as `trace stats` and `run --stats` print them.

use crate::{
    process::Operation,
    registry::Registry,
    report::{Cost, Measures, Stats},
    trace::Trace,
};
use serde_json::Value;
use std::fmt;

/// Everything that is counted and measured in a run.
pub(super) struct Numbers {
    stats: Stats,
    measures: Measures,
    /// None where the algorithm is not known here.
    operation: Option<Operation>,
}

impl Numbers {
    /// Those of a trace.
    pub(super) fn of(registry: &Registry, trace: &Trace) -> Self {
        let described = registry.describe(&trace.header.algorithm);
        Self {
            stats: Stats::of(trace),
            // An algorithm that is not known here has messages all the same.
            measures: Measures(registry.measure(trace).and_then(Result::ok).unwrap_or_default()),
            operation: described.map(|described| described.operation),
        }
    }

    /// The same for programs.
    pub(super) fn value(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(&self.stats)?;
        value["measures"] = self.measures.value();
        let cost = |operation| Cost::of(operation, &self.stats, &self.measures).value();
        value["operation"] = self.operation.as_ref().map_or(Value::Null, cost);
        Ok(value)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stats)?;
        if let Some(operation) = &self.operation {
            write!(f, "{}", Cost::of(operation, &self.stats, &self.measures))?;
        }
        write!(f, "{}{}", self.measures, self.stats.timeline)
    }
}
