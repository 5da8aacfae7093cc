//! The aggregation problem.

mod counts;
mod mutants;
mod worlds;

use crate::trial::Trial;
use synod::problems::aggregation::{Aggregation, Request};

/// At these milliseconds these nodes contribute these values.
fn contributed(nodes: u32, values: &[(u64, u32, i64)]) -> Trial<Aggregation> {
    Trial::of(nodes, values.iter().map(|&(at, node, value)| (at, node, Request::Contribute(value))))
}
