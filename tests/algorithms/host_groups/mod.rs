//! The host-groups problem.

mod counts;
mod mutants;
mod worlds;

use crate::trial::Trial;
use synod::{
    problems::host_groups::{HostGroups, Request},
    world::Shape,
};

fn join() -> Request {
    Request::Join("g".into())
}

fn leave() -> Request {
    Request::Leave("g".into())
}

fn multicast(ttl: Option<u32>) -> Request {
    Request::Multicast { group: "g".into(), body: "m".into(), ttl }
}

/// At these milliseconds these nodes, linked like this, are asked for this.
fn asked(
    nodes: u32,
    topology: Shape,
    asked: impl IntoIterator<Item = (u64, u32, Request)>,
) -> Trial<HostGroups> {
    let mut trial = Trial::of(nodes, asked);
    trial.setup.topology = topology;
    trial
}
