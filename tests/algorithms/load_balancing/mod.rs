//! The load balancing problem.

mod counts;
mod dispatcher;
mod sharing;
mod statistics;
mod worlds;

use crate::trial::Trial;
use std::time::Duration;
use synod::problems::load_balancing::{LoadBalancing, Request};

/// A job that takes so many milliseconds.
fn job(millis: u64) -> Request {
    Request::Job { size: Duration::from_millis(millis), key: None }
}

/// A job about this key.
fn about(key: impl Into<String>, millis: u64) -> Request {
    Request::Job { size: Duration::from_millis(millis), key: Some(key.into()) }
}

/// At these milliseconds these nodes are asked for jobs that take so many milliseconds.
fn jobs(nodes: u32, asked: impl IntoIterator<Item = (u64, u32, u64)>) -> Trial<LoadBalancing> {
    Trial::of(nodes, asked.into_iter().map(|(at, node, millis)| (at, node, job(millis))))
}
