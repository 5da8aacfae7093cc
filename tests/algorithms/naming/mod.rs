//! The naming, location and lookup problems.

mod chord;
mod counts;
mod hierarchical;
mod moving;

mod ring;
mod who_has;
mod worlds;

use crate::trial::Trial;
use std::time::Duration;
use synod::{
    algorithms::hierarchical_naming::{self, Zone},
    problems::{
        location::{self, Location},
        naming::{Naming, Request},
    },
    process::ProcessId,
};

fn register(name: &str, address: &str) -> Request {
    Request::Register { name: name.into(), address: address.into() }
}

fn unregister(name: &str) -> Request {
    Request::Unregister(name.into())
}

fn resolve(name: &str) -> Request {
    Request::Resolve(name.into())
}

fn moved(object: &str, to: u32) -> location::Request {
    location::Request::Move { object: object.into(), to: ProcessId(to) }
}

fn send(object: &str, body: &str) -> location::Request {
    location::Request::Send { object: object.into(), body: body.into() }
}

/// The zones `z0` (the root) to `z(servers-1)`, one below the other, each served by the node of this number; each has a
/// name `x`.
fn chain(servers: u32) -> hierarchical_naming::Config {
    let name = |place: u32| if place == 0 { "root".to_owned() } else { format!("z{place}") };
    let zone = |place: u32| Zone {
        server: Some(ProcessId(place)),
        records: [("x".to_owned(), format!("10.0.0.{place}"))].into(),
        mounts: if place + 1 < servers { [("a".to_owned(), name(place + 1))].into() } else { [].into() },
        ..Zone::default()
    };
    hierarchical_naming::Config {
        zones: (0..servers).map(|place| (name(place), zone(place))).collect(),
        ..hierarchical_naming::Config::default()
    }
}

/// The name `x` of the zone at this depth.
fn at_depth(depth: u32) -> String {
    format!("{}x", "a/".repeat(depth as usize))
}

/// These requests at these nodes and milliseconds.
fn asked(nodes: u32, asked: impl IntoIterator<Item = (u64, u32, Request)>) -> Trial<Naming> {
    Trial::of(nodes, asked)
}

fn sent(nodes: u32, asked: impl IntoIterator<Item = (u64, u32, location::Request)>) -> Trial<Location> {
    Trial::of(nodes, asked)
}

/// The same over links that take exactly so many milliseconds.
fn exactly<Pr: synod::process::Problem>(mut trial: Trial<Pr>, millis: u64) -> Trial<Pr> {
    trial.setup.network.delay = Duration::from_millis(millis);
    trial.setup.network.jitter = Duration::ZERO;
    trial
}
