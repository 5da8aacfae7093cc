//! The messaging problem.

mod alternating_bit;
mod causal;
mod channel;
mod counts;
mod datagrams;
mod statistics;
mod windows;
mod worlds;

use crate::trial::Trial;
use synod::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Process, ProcessId},
    world::{LinkPatch, LinkPattern},
};

/// At these milliseconds these nodes send something to these nodes; all bodies differ.
fn sent(nodes: u32, sent: &[(u64, u32, &[u32])]) -> Trial<Messaging> {
    let asked = sent.iter().zip(0..).map(|(&(at, node, to), place)| {
        let to = to.iter().copied().map(ProcessId).collect();
        (at, node, Request::Send { to, body: format!("m{place}") })
    });
    Trial::of(nodes, asked)
}

/// So many messages from the first to the second of two nodes, all offered at once.
fn offered(count: usize) -> Trial<Messaging> {
    sent(2, &vec![(0, 0, &[1][..]); count])
}

/// The receivers and the body of a request, each receiver once.
fn taken_apart(request: Request, group_size: usize) -> (Vec<ProcessId>, String) {
    let to = request.receivers(group_size).collect();
    let Request::Send { body, .. } = request;
    (to, body)
}

/// Hands a message to the application.
fn deliver<P: Process<Problem = Messaging>>(
    ctx: &mut Context<'_, P>,
    from: ProcessId,
    id: u64,
    body: impl Into<String>,
) {
    ctx.produce(Output::Receive { from, id, body: body.into() });
}

/// The link from one node to another.
fn link(from: u32, to: u32) -> LinkPattern {
    LinkPattern::Directed { from: Some(ProcessId(from)), to: Some(ProcessId(to)) }
}

/// The same world, but this link takes exactly so many milliseconds.
fn taking(mut trial: Trial<Messaging>, from: u32, to: u32, millis: u64) -> Trial<Messaging> {
    let delay = std::time::Duration::from_millis(millis);
    let patch =
        LinkPatch { delay: Some(delay), jitter: Some(std::time::Duration::ZERO), ..LinkPatch::default() };
    trial.setup.links.push((link(from, to), patch));
    trial
}
