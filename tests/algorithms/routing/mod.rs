//! The routing problem.

mod counts;
mod distance_vector;
mod link_state;
mod worlds;

use crate::trial::Trial;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use synod::{
    problems::routing::Routing,
    process::ProcessId,
    world::{Shape, World},
};

/// Nothing is asked for; links take exactly 10 ms.
fn quiet(nodes: u32, topology: Shape) -> Trial<Routing> {
    let mut trial = Trial::of(nodes, []);
    trial.setup.topology = topology;
    trial.setup.network.jitter = Duration::ZERO;
    trial
}

/// Links by number.
fn edges(links: &[(u32, u32)]) -> Shape {
    Shape::Edges(links.iter().map(|(one, other)| (ProcessId(*one), ProcessId(*other))).collect())
}

/// How many links a trial's world has, and how many of them the longest shortest path has.
fn measure(trial: &Trial<Routing>) -> (u64, u64) {
    let mut world = World::new(Arc::new(trial.setup.clone()));
    world.reset(0);
    let nodes = trial.setup.names.ids();
    let links: usize = nodes.map(|node| world.neighbours(node).len()).sum();
    let mut diameter = 0;
    for start in trial.setup.names.ids() {
        let (mut seen, mut front, mut steps) = (BTreeSet::from([start]), vec![start], 0);
        loop {
            let next = front.iter().flat_map(|node| world.neighbours(*node).iter());
            front = next.filter(|node| seen.insert(*node)).collect();
            if front.is_empty() {
                break;
            }
            steps += 1;
        }
        diameter = diameter.max(steps);
    }
    (links as u64 / 2, diameter)
}
