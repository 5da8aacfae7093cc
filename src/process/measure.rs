//! What is measured in a run, beyond counting its messages.

use super::{History, Problem};
use serde::{Deserialize, Serialize};

/// Something that can be measured in every history of a problem, to compare algorithms by.
pub struct Measure<Pr: Problem> {
    /// Its name in tables, such as `waiting`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// Every value that a history has.
    pub take: fn(&History<'_, Pr>) -> Vec<u64>,
}

/// What a number means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// So many.
    Count,
    /// So many nanoseconds.
    Time,
}

/// The values of one measure in one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Samples {
    /// What they are.
    pub unit: Unit,
    /// All of them, in the order of the run.
    pub values: Vec<u64>,
}
