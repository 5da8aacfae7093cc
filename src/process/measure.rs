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

/// What an algorithm for a problem is there to do, so that what it costs can be told for each time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Operation {
    /// Its name in tables, such as `entry`.
    pub name: &'static str,
    /// The same for several.
    pub plural: &'static str,
    /// How often it happened in a run.
    pub counted: Counted,
}

/// How operations are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// As many as requests that a process heard.
    Requests,
    /// As many as requests of this name that a process heard.
    RequestsFor(&'static str),
    /// As many as values of this measure.
    Measured(&'static str),
}

impl Operation {
    /// Every request: where a problem has no better idea.
    pub const REQUEST: Self = Self { name: "request", plural: "requests", counted: Counted::Requests };
}
