//! Campaigns: what is found and reported depends on the scenario, the seed and the number of runs, and on nothing else.

mod brief;
#[cfg(feature = "cli")]
mod commands;
mod orders;
mod race;
mod runs;
mod shares;
mod sometimes;

use std::{fs, path::Path};
use synod::{
    registry::Registry,
    scenario::{self, Plan},
};

/// A scenario from its text.
fn plan(registry: &Registry, text: &str) -> Plan {
    let plan = scenario::load("search.yaml", text.as_bytes(), &[], None, registry);
    plan.unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// A scenario of those that come with synod.
fn known(registry: &Registry, name: &str) -> Plan {
    let path = Path::new("scenarios").join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let plan = scenario::load(name, &text, &[], None, registry);
    plan.unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Two of three are inside: each waits for the other's answer no longer than its clock says.
const BULLIES: &str = "
version: 1
name: two bullies
seed: 5
algorithm: {name: bully, config: {answer-within: 20ms}}
nodes: 3
network: {delay: 10ms, jitter: 9ms}
events:
  - {at: 0ms, node: n1, request: start}
check: [one-leader]
fuzz: {vary: [order, delay, crash, partition, loss, duplicate, pause, clock], faults: 2}
";

/// Nothing is to be found here.
const BROADCASTS: &str = "
version: 1
name: broadcasts
algorithm: causal-broadcast
nodes: 3
network: {delay: 10ms, jitter: 9ms}
events:
  - {at: 0ms, node: n1, request: {broadcast: a}}
  - {at: 1ms, node: n2, request: {broadcast: b}}
  - {at: 2ms, node: n3, request: {broadcast: c}}
";
