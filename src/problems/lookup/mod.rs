//! Lookup: which member of a group is responsible for a key.
//!
//! Karger et al., "Consistent hashing and random trees" (1997); Stoica et al., "Chord: a scalable peer-to-peer lookup
//! protocol for Internet applications" (2003), section III. Keys and members have positions on a circle; a key belongs to
//! its *successor*, the first member at its position or after it. Members join, depart and crash; after that it may take a
//! while until answers are right again, and each member says how long. A process's lookups are counted from 1 in each of
//! its lives.

mod owners;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit, duration,
};
use owners::{answered, available, hops, joined, ownership, responses};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The lookup problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Become a member.
    Join {
        /// A member that is known; without one, the process is the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        via: Option<ProcessId>,
    },
    /// Be a member no longer.
    Leave,
    /// Whose is this key?
    Lookup(u64),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// This process is a member.
    Joined {
        /// Its position.
        position: u64,
        /// How long it takes, after somebody joined, departed or crashed, until answers are right again.
        #[serde(with = "duration")]
        settles: Duration,
    },
    /// This process is a member no longer.
    Left,
    /// The key belongs to this member.
    Found {
        /// Which of this process's lookups it was, counted from 1.
        id: u64,
        /// The key.
        key: u64,
        /// Whose it is.
        owner: ProcessId,
        /// How many members were asked one after the other, the owner included.
        hops: u32,
    },
    /// No answer came in time, or this process is no member.
    Failed {
        /// Which of this process's lookups it was, counted from 1.
        id: u64,
        /// The key.
        key: u64,
    },
}

impl Problem for Lookup {
    const NAME: &'static str = "lookup";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "bob", request: "{join: {via: alice}}", about: "Become a member; alice is one." },
        Example { node: "alice", request: "{lookup: 42}", about: "Whose is this key?" },
        Example { node: "carol", request: "leave", about: "Be a member no longer." },
    ];
    const OPERATION: Operation =
        Operation { name: "lookup", plural: "lookups", counted: Counted::RequestsFor("lookup") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Times};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "ownership",
                "A key that is looked up when the group has settled, and stays so, is said to belong to its successor.",
                Safety,
                Times,
                ownership,
            ),
            property(
                "answered",
                "Every lookup of a correct process is answered, if only to say that it failed.",
                Liveness,
                Nodes,
                answered,
            ),
            property(
                "available",
                "Every lookup of a member that stays, when the group has settled and stays so, finds an owner.",
                Liveness,
                Times,
                available,
            ),
            property(
                "joined",
                "A correct process that wants to be a member becomes one.",
                Liveness,
                Nodes,
                joined,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "hops",
                about: "How many members are asked for a key, one after the other, its owner included.",
                unit: Unit::Count,
                take: hops,
            },
            Measure {
                name: "response",
                about: "From a lookup to its answer.",
                unit: Unit::Time,
                take: responses,
            },
        ]
    }
}
