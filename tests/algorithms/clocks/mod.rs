//! Logical clocks, and clock synchronization.

mod averaging;
mod berkeley;
mod counts;
mod cristian;
mod hybrid;
mod lamport;
mod matrix;
mod ntp;
mod vector;
mod worlds;

use crate::trial::Trial;
use std::time::Duration;
use synod::{
    problems::{
        clock_sync::{self, ClockSync},
        logical_clock::{Event, LogicalClock, Output, Request, Stamp},
        nanoseconds::Nanoseconds,
    },
    process::{Context, LocalTime, Process, ProcessId},
    world::NodeSetup,
};

/// Something happens at this node, at this millisecond.
fn internal(at: u64, node: u32) -> (u64, u32, Request) {
    (at, node, Request::Internal("it".into()))
}

/// This node sends something to that one.
fn send(at: u64, node: u32, to: u32) -> (u64, u32, Request) {
    (at, node, Request::Send { to: ProcessId(to), body: String::new() })
}

/// Gives an event its stamp.
fn stamp<P: Process<Problem = LogicalClock>>(ctx: &mut Context<'_, P>, event: Event, stamp: Stamp) {
    ctx.produce(Output::Stamped { event, stamp });
}

fn received(from: ProcessId, id: u64) -> Event {
    Event::Receive { from, id, body: String::new() }
}

/// These nodes are asked to correct their clocks at these milliseconds, over links of 5 to 15 ms.
fn sync(nodes: u32, asked: &[(u64, u32)]) -> Trial<ClockSync> {
    let mut trial = Trial::of(nodes, asked.iter().map(|&(at, node)| (at, node, clock_sync::Request::Sync)));
    trial.setup.network.jitter = Duration::from_millis(5);
    trial
}

/// The same with clocks that are ahead by these milliseconds.
fn off(mut trial: Trial<ClockSync>, ahead: &[(u32, i64)]) -> Trial<ClockSync> {
    for (node, milliseconds) in ahead {
        let odd = NodeSetup { clock_offset: milliseconds * 1_000_000, ..NodeSetup::default() };
        trial.setup.nodes.insert(ProcessId(*node), odd);
    }
    trial
}

/// A mutant's clock, which can be set only: what it shows when the hardware clock shows `now`.
fn shown(now: LocalTime, correction: i64) -> i64 {
    now.0 + correction
}

/// Sets a mutant's clock so that it shows `target`.
fn set<P: Process<Problem = ClockSync>>(
    ctx: &mut Context<'_, P>,
    correction: &mut i64,
    target: i64,
    bound: i64,
    round: Option<u64>,
) {
    let before = shown(ctx.now(), *correction);
    let by = Nanoseconds(target - before);
    *correction = target - ctx.now().0;
    ctx.produce(clock_sync::Output::Correcting { by, reading: Nanoseconds(before) });
    let (reading, bound) = (Nanoseconds(target), Nanoseconds(bound));
    ctx.produce(clock_sync::Output::Adjusted { by, reading, bound, against: None, round });
}
