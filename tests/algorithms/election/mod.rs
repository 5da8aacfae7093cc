//! The election problem.

mod bully;
mod counts;
mod echo;
mod invitation;
mod lists;
mod logarithmic;
mod rings;
mod statistics;
mod worlds;

use crate::{dice::Dice, trial::Trial};
use std::time::Duration;
use synod::{
    problems::election::{Election, Output, Request},
    process::{Context, Process, ProcessId},
    world::{Action, Targets},
};

/// At these milliseconds these nodes are asked to start.
fn started(nodes: u32, started: &[(u64, u32)]) -> Trial<Election> {
    Trial::of(nodes, started.iter().map(|&(at, node)| (at, node, Request::Start)))
}

/// Everybody is asked at once.
fn all_start(nodes: u32) -> Trial<Election> {
    let all: Vec<(u64, u32)> = (0..nodes).map(|node| (0, node)).collect();
    started(nodes, &all)
}

/// The same world over links of exactly 10 ms.
fn even(mut trial: Trial<Election>) -> Trial<Election> {
    trial.setup.network.delay = Duration::from_millis(10);
    trial.setup.network.jitter = Duration::ZERO;
    trial
}

/// A node is down from the start.
fn without(trial: Trial<Election>, node: u32) -> Trial<Election> {
    trial.with(0, crash(node))
}

fn crash(node: u32) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None }
}

/// The nodes in a random order.
fn shuffled(dice: &mut Dice, nodes: u32) -> Vec<ProcessId> {
    let mut order: Vec<ProcessId> = (0..nodes).map(ProcessId).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, dice.below(last as u64 + 1) as usize);
    }
    order
}

/// For each place of a ring how far it is to the next higher id; all the way round for the highest.
fn distances(order: &[ProcessId]) -> Vec<u64> {
    let n = order.len();
    let distance = |place: usize| {
        let far = (1..n).find(|far| order[(place + far) % n] > order[place]).unwrap_or(n);
        far as u64
    };
    (0..n).map(distance).collect()
}

/// Who comes after a process in a ring by id.
fn next<P: Process>(ctx: &Context<'_, P>) -> ProcessId {
    ProcessId((ctx.me().0 + 1) % ctx.group_size() as u32)
}

/// Tells the application who leads.
fn elect<P: Process<Problem = Election>>(ctx: &mut Context<'_, P>, leader: ProcessId) {
    ctx.produce(Output::Leader { leader, term: None });
}
