//! Failure detection: heartbeats, suspicion by degrees, SWIM.

mod counts;
mod heartbeat;
mod phi;
mod statistics;
mod swim;
mod worlds;

use crate::trial::Trial;
use std::time::Duration;
use synod::{
    problems::failure_detection::{FailureDetection, Output},
    process::{Process, ProcessId, What},
    world::{Action, LinkPatch, LinkPattern, Targets},
};

/// `nodes` processes, nobody asked for anything, any message under way for up to 20 ms, until this millisecond.
fn quiet(nodes: u32, until: u64) -> Trial<FailureDetection> {
    Trial::of(nodes, []).until(until)
}

/// The same where every message takes as long.
fn steady(nodes: u32, until: u64, delay: u64) -> Trial<FailureDetection> {
    let mut trial = quiet(nodes, until);
    trial.setup.network.delay = Duration::from_millis(delay);
    trial.setup.network.jitter = Duration::ZERO;
    trial
}

fn crash(node: u32) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None }
}

fn restart(node: u32) -> Action {
    Action::Restart(Targets::Node(ProcessId(node)))
}

fn link(from: u32, to: u32) -> LinkPattern {
    LinkPattern::Directed { from: Some(ProcessId(from)), to: Some(ProcessId(to)) }
}

/// One link is as slow as this from now on.
fn slow(from: u32, to: u32, delay: u64) -> Action {
    let delay = Some(Duration::from_millis(delay));
    Action::Link(link(from, to), LinkPatch { delay, jitter: Some(Duration::ZERO), ..LinkPatch::default() })
}

/// One message on a link is lost, counted from now on.
fn lose(from: u32, to: u32, nth: u64) -> Action {
    Action::Drop { links: link(from, to), kind: None, nth }
}

/// When, in milliseconds, who says what, for every seed.
fn told<P: Process<Problem = FailureDetection>>(
    trial: &Trial<FailureDetection>,
    config: &P::Config,
) -> Vec<Vec<(u64, u32, Output)>> {
    let mut all = Vec::new();
    trial.each_run::<P>(config, &[], |_, history, _| {
        let said = history.steps.iter().filter_map(|step| match step.what {
            What::Output(output) => Some((step.time.0 / 1_000_000, step.node.0, *output)),
            _ => None,
        });
        all.push(said.collect());
    });
    all
}
