//! What was measured in a run: for each measure how many values there are, the least, the mean, the greatest.

use super::table::table;
use crate::process::{Samples, Time, Unit};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::fmt;

/// The measures of a run, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Measures(pub IndexMap<String, Samples>);

impl Measures {
    /// The same for programs; times in nanoseconds.
    pub fn value(&self) -> Value {
        self.0.iter().map(|(name, samples)| (name.clone(), summary(samples))).collect()
    }
}

impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.0.iter().filter(|(_, samples)| !samples.values.is_empty()).map(|(name, samples)| {
            let Samples { unit, values } = samples;
            let one = |value: Option<&u64>| {
                let values = value.into_iter().copied().collect();
                shown(Some(&Samples { unit: *unit, values }))
            };
            let (min, max) = (one(values.iter().min()), one(values.iter().max()));
            vec![name.clone(), values.len().to_string(), min, shown(Some(samples)), max]
        });
        table(&["measures", "values", "min", "mean", "max"], rows.collect(), f)
    }
}

fn summary(samples: &Samples) -> Value {
    json!({
        "unit": samples.unit,
        "count": samples.values.len(),
        "min": samples.values.iter().min(),
        "mean": mean(&samples.values),
        "max": samples.values.iter().max(),
    })
}

/// The mean, rounded to the nearest; none without values.
fn mean(values: &[u64]) -> Option<u64> {
    let (sum, count) = (values.iter().map(|value| u128::from(*value)).sum::<u128>(), values.len() as u128);
    let rounded = (sum + count / 2).checked_div(count)?;
    u64::try_from(rounded).ok()
}

/// One number for so many of another, to one digit behind the point.
pub(super) fn ratio(number: u64, of: u64) -> String {
    let tenths = (u128::from(number) * 10 + u128::from(of) / 2).checked_div(u128::from(of));
    tenths.map_or_else(|| "-".into(), |tenths| format!("{}.{}", tenths / 10, tenths % 10))
}

/// The mean of a measure: a time to the microsecond, a number to one digit behind the point.
pub(super) fn shown(samples: Option<&Samples>) -> String {
    let Some(Samples { unit, values }) = samples else { return "-".into() };
    match (unit, mean(values)) {
        (Unit::Time, Some(mean)) => Time((mean + 500) / 1_000 * 1_000).to_string(),
        (Unit::Count, Some(_)) => ratio(values.iter().sum(), values.len() as u64),
        (_, None) => "-".into(),
    }
}
