//! One time for a run whose nodes began to count at different moments.
//!
//! Nobody receives what was not sent yet: where a journal says otherwise, its node's clock is behind. The least that makes
//! every message arrive no earlier than it was sent is what each node is taken to be behind.

use crate::{
    process::ProcessId,
    trace::{Event, EventKind, Trace},
    world::Reason,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// How far each node's clock is behind the run's, in nanoseconds; none where the journals contradict each other.
pub(super) fn behind(trace: &Trace) -> Vec<u64> {
    let nodes = trace.names.len();
    let mut sent: BTreeMap<u64, (ProcessId, u64)> = BTreeMap::new();
    // How much more the one is behind than the other, at least.
    let mut more: BTreeMap<(ProcessId, ProcessId), i128> = BTreeMap::new();
    for event in &trace.events {
        let (Some(message), Some(node)) = (event.message, clock_of(event, trace)) else { continue };
        if event.kind == EventKind::Send {
            sent.insert(message, (node, event.time));
        }
        let Some((from, at)) = sent.get(&message).copied().filter(|(from, _)| *from != node) else {
            continue;
        };
        let least = i128::from(at) - i128::from(event.time);
        let known = more.entry((from, node)).or_insert(least);
        *known = least.max(*known);
    }
    let mut behind = vec![0_i128; nodes];
    for _ in 0..=nodes {
        let mut changed = false;
        for ((from, to), least) in &more {
            let wanted = behind[from.index()] + least;
            if wanted > behind[to.index()] {
                behind[to.index()] = wanted;
                changed = true;
            }
        }
        if !changed {
            return behind.into_iter().map(|behind| u64::try_from(behind).unwrap_or(0)).collect();
        }
    }
    vec![0; nodes]
}

/// By whose clock an event's time is; nobody's for what happens to the network as a whole.
fn clock_of(event: &Event, trace: &Trace) -> Option<ProcessId> {
    if event.kind != EventKind::Drop {
        return event.node;
    }
    let at = event.body.as_ref().and_then(|body| body.get("at")).and_then(Value::as_str);
    match at {
        Some(name) => trace.names.find(name),
        None if is_lost_by_sender(event) => event.from,
        None => event.node,
    }
}

fn is_lost_by_sender(event: &Event) -> bool {
    let why = event.why.as_deref();
    [Reason::Loss, Reason::Corrupt, Reason::NoLink, Reason::QueueFull, Reason::Dropped]
        .iter()
        .any(|reason| Some(reason.name()) == why)
}

/// Whether a node passed somebody else's message on.
pub(super) fn passed_on(event: &Event) -> bool {
    event.kind == EventKind::Note && event.body.as_ref().is_some_and(|body| body.get("passes-on").is_some())
}

/// The time of the run at which events happened: never earlier than what their node did before.
pub(super) struct Times<'a> {
    trace: &'a Trace,
    behind: Vec<u64>,
    last: Vec<u64>,
}

impl<'a> Times<'a> {
    pub(super) fn new(trace: &'a Trace, behind: &[u64]) -> Self {
        Self { trace, behind: behind.to_vec(), last: vec![0; behind.len()] }
    }

    /// In nanoseconds.
    pub(super) fn of(&mut self, event: &Event) -> u64 {
        let Some(node) = clock_of(event, self.trace) else { return event.time };
        let last = &mut self.last[node.index()];
        *last = event.time.saturating_add(self.behind[node.index()]).max(*last);
        *last
    }
}
