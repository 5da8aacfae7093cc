//! What spreads over many: flooding, trees, gossip, rumours, anti-entropy.

mod anti_entropy;
mod counts;
mod flooding;
mod gossip;
mod rumor;
mod statistics;
mod tree;
mod worlds;

use crate::trial::Trial;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use synod::{
    problems::{
        broadcast::{Broadcast, Delivery, Output, Request},
        replication::{self, Replication},
    },
    process::{Context, Process, ProcessId, Time},
    world::{Setup, World},
};

/// At these milliseconds these nodes broadcast something.
fn said(nodes: u32, said: &[(u64, u32)]) -> Trial<Broadcast> {
    let asked = said.iter().zip(0..);
    Trial::of(nodes, asked.map(|(&(at, node), place)| (at, node, Request::Broadcast(format!("m{place}")))))
}

/// One node broadcasts at the beginning; every link takes 1 ms exactly.
fn synchronous(nodes: u32, sender: u32) -> Trial<Broadcast> {
    let mut trial = said(nodes, &[(0, sender)]);
    trial.setup.network.delay = Duration::from_millis(1);
    trial.setup.network.jitter = Duration::ZERO;
    trial
}

/// At these milliseconds these nodes write a key, or delete it where there is no value.
fn written(nodes: u32, written: &[(u64, u32, &str, Option<&str>)]) -> Trial<Replication> {
    let request = |key: &str, value: Option<&str>| match value {
        Some(value) => replication::Request::Put { key: key.into(), value: value.into() },
        None => replication::Request::Delete { key: key.into() },
    };
    Trial::of(nodes, written.iter().map(|(at, node, key, value)| (*at, *node, request(key, *value))))
}

/// Hands a message to the application.
fn deliver<P: Process<Problem = Broadcast>>(
    ctx: &mut Context<'_, P>,
    from: ProcessId,
    id: u64,
    body: impl Into<String>,
) {
    ctx.produce(Output::Deliver(Delivery { number: None, from, id, body: body.into() }));
}

/// This many milliseconds after the beginning.
fn milliseconds(after: u64) -> Option<Time> {
    Some(Time(after * 1_000_000))
}

/// Who has a link to whom under this seed.
fn links(setup: &Setup, seed: u64) -> Vec<Vec<ProcessId>> {
    let mut world = World::new(Arc::new(setup.clone()));
    world.reset(seed);
    setup.names.ids().map(|node| world.neighbours(node).iter().collect()).collect()
}

/// How many links each node is away from `source`; none for those that no path leads to.
fn depths(links: &[Vec<ProcessId>], source: ProcessId) -> Vec<Option<u64>> {
    let mut depths = vec![None; links.len()];
    depths[source.index()] = Some(0);
    let mut next = VecDeque::from([(source, 0)]);
    while let Some((node, depth)) = next.pop_front() {
        for neighbour in &links[node.index()] {
            if depths[neighbour.index()].is_none() {
                depths[neighbour.index()] = Some(depth + 1);
                next.push_back((*neighbour, depth + 1));
            }
        }
    }
    depths
}
