//! The flow problem.

mod counts;
mod mutants;
mod worlds;

use crate::trial::Trial;
use synod::problems::flow::{Flow, Request};

/// At these milliseconds these nodes offer something; over links that keep order.
fn offered(nodes: u32, offers: &[(u64, u32)]) -> Trial<Flow> {
    let asked = offers.iter().zip(0..);
    Trial::of(nodes, asked.map(|(&(at, node), place)| (at, node, Request::Offer(format!("m{place}"))))).fifo()
}
