//! The problem of mutual exclusion.

mod central;
mod compare;
mod counts;
mod paths;
mod permission;
mod quorums;
mod ring;
mod singhal;
mod sketch;
mod token;
mod worlds;

use crate::trial::{Found, Trial};
use std::time::Duration;
use synod::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::Process,
};

/// At these milliseconds these nodes want to enter, each for so many milliseconds.
fn wants(nodes: u32, stay: u64, wishes: &[(u64, u32)]) -> Trial<MutualExclusion> {
    let enter = Request::Enter(Duration::from_millis(stay));
    Trial::of(nodes, wishes.iter().map(|&(at, node)| (at, node, enter)))
}

/// The smallest violation of `property` that any seed shows in any of these trials.
fn least<P: Process<Problem = MutualExclusion>>(
    trials: &[Trial<MutualExclusion>],
    config: &P::Config,
    property: &str,
) -> Option<Found> {
    trials.iter().filter_map(|trial| trial.search::<P>(config, property)).min()
}

/// No message counts for nothing: the smallest violation has exactly so many messages sent and received.
#[track_caller]
fn needs<P: Process<Problem = MutualExclusion>>(
    trials: &[Trial<MutualExclusion>],
    config: &P::Config,
    property: &str,
    messages: (u64, u64),
) {
    let found = least::<P>(trials, config, property).map(|found| (found.sent, found.received));
    assert_eq!(found, Some(messages), "{config:?}: {property}");
}
