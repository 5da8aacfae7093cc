//! Processes and threads: a worker pool, a message queue, a file as a mailbox.

mod counts;
mod mailbox;
mod pool;
mod queue;
mod waiting;
mod worlds;

use crate::trial::Trial;
use std::time::Duration;
use synod::{
    problems::{mailbox::Mailbox, queue::Queue, work::Work},
    process::ProcessId,
    world::{Action, Targets},
};

/// These nodes submit jobs of so many milliseconds, at these milliseconds.
fn jobs(nodes: u32, asked: &[(u64, u32, u64)]) -> Trial<Work> {
    let submit = |millis| synod::problems::work::Request::Submit { duration: Duration::from_millis(millis) };
    Trial::of(nodes, asked.iter().map(|&(at, node, millis)| (at, node, submit(millis))))
}

/// These nodes produce items; all of them differ.
fn produced(asked: &[(u64, u32)]) -> Vec<(u64, u32, synod::problems::queue::Request)> {
    let produce = |place: usize| synod::problems::queue::Request::Produce(format!("item {place}"));
    asked.iter().zip(0..).map(|(&(at, node), place)| (at, node, produce(place))).collect()
}

/// These nodes consume items.
fn consumed(asked: &[(u64, u32)]) -> Vec<(u64, u32, synod::problems::queue::Request)> {
    asked.iter().map(|&(at, node)| (at, node, synod::problems::queue::Request::Consume)).collect()
}

/// Producers and consumers together.
fn traffic(nodes: u32, producers: &[(u64, u32)], consumers: &[(u64, u32)]) -> Trial<Queue> {
    Trial::of(nodes, produced(producers).into_iter().chain(consumed(consumers)))
}

/// These nodes write lines; these poll.
fn lines(nodes: u32, written: &[(u64, u32, &str)], polls: &[(u64, u32)]) -> Trial<Mailbox> {
    use synod::problems::mailbox::Request;
    let written = written.iter().map(|&(at, node, text)| (at, node, Request::Write(text.into())));
    Trial::of(nodes, written.chain(polls.iter().map(|&(at, node)| (at, node, Request::Poll))))
}

fn crash(node: u32) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None }
}

fn restart(node: u32) -> Action {
    Action::Restart(Targets::Node(ProcessId(node)))
}

/// The same on links that take no time.
fn instant<Pr: synod::process::Problem>(mut trial: Trial<Pr>) -> Trial<Pr> {
    trial.setup.network.delay = Duration::ZERO;
    trial.setup.network.jitter = Duration::ZERO;
    trial
}
