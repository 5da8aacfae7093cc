//! Naming: which address belongs to a name.
//!
//! Mockapetris, "Domain names: concepts and facilities", RFC 1034 (1987), for names in zones, servers and caches; Plummer,
//! "An Ethernet address resolution protocol", RFC 826 (1982), for names without structure. A name belongs to one address
//! at a time, that of the last registration; what is registered again moves. An answer from a cache may be old, but no
//! older than whoever gives it said that answers may get.

mod answers;
mod changes;

use crate::process::{
    Counted, Example, History, Measure, Operation, Problem, Property, PropertyKind, Sees, Unit, What,
    duration,
};
use answers::{answered, available, bounded_staleness, responses, truth};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The naming problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {}

/// What the application asks. A process's requests are counted from 1, in all of its lives.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// From now on this name belongs to this address.
    Register {
        /// A name: a word, or a path such as `region1/server1` where there are zones.
        name: String,
        /// Where what is called so can be reached.
        address: String,
    },
    /// From now on this name belongs to no address.
    Unregister(String),
    /// Which address belongs to this name?
    Resolve(String),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// This process knows from the beginning which address belongs to a name.
    Serves {
        /// The name.
        name: String,
        /// Its address.
        address: String,
    },
    /// What this process is told from a cache or a copy may have been so this long before it asked. Said once.
    Lifetime(#[serde(with = "duration")] Duration),
    /// The name belongs to this address now.
    Registered {
        /// Which of this process's requests it was, counted from 1.
        id: u64,
        /// The name.
        name: String,
        /// Its address.
        address: String,
    },
    /// The name belongs to no address now.
    Unregistered {
        /// Which of this process's requests it was, counted from 1.
        id: u64,
        /// The name.
        name: String,
    },
    /// The name belongs to this address.
    Resolved {
        /// Which of this process's requests it was, counted from 1.
        id: u64,
        /// The name.
        name: String,
        /// Its address.
        address: String,
        /// How many processes were asked, one after the other.
        hops: u32,
        /// Whether somebody took the answer from a cache or a copy.
        #[serde(default, skip_serializing_if = "is_false")]
        cached: bool,
    },
    /// The name belongs to no address, or is none: a clear answer.
    NotFound {
        /// Which of this process's requests it was, counted from 1.
        id: u64,
        /// The name.
        name: String,
        /// How many processes were asked, one after the other.
        hops: u32,
        /// Whether somebody took the answer from a cache or a copy.
        #[serde(default, skip_serializing_if = "is_false")]
        cached: bool,
    },
    /// Nobody answered in time: the name may belong to an address or not.
    TimedOut {
        /// Which of this process's requests it was, counted from 1.
        id: u64,
        /// The name.
        name: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Output {
    /// Which of the process's requests this answers, if any.
    pub fn answers(&self) -> Option<u64> {
        match self {
            Self::Serves { .. } | Self::Lifetime(_) => None,
            Self::Registered { id, .. }
            | Self::Unregistered { id, .. }
            | Self::Resolved { id, .. }
            | Self::NotFound { id, .. }
            | Self::TimedOut { id, .. } => Some(*id),
        }
    }
}

impl Problem for Naming {
    const NAME: &'static str = "naming";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: "{register: {name: printer, address: 192.168.1.2}}",
            about: "From now on this name belongs to this address.",
        },
        Example { node: "bob", request: "{resolve: printer}", about: "Which address belongs to this name?" },
        Example {
            node: "alice",
            request: "{unregister: printer}",
            about: "From now on this name belongs to no address.",
        },
        Example {
            node: "carol",
            request: "{resolve: printer}",
            about: "Which address belongs to this name?",
        },
    ];
    const OPERATION: Operation =
        Operation { name: "resolution", plural: "resolutions", counted: Counted::RequestsFor("resolve") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Times};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "answered",
                "Every request of a correct process is answered, if only to say that time ran out.",
                Liveness,
                Nodes,
                answered,
            ),
            property(
                "available",
                "Every request of a correct process is done or answered with an address or a clear no.",
                Liveness,
                Nodes,
                available,
            ),
            property(
                "truth",
                "What is answered was so at some moment between the question and the answer.",
                Safety,
                Times,
                truth,
            ),
            property(
                "bounded-staleness",
                "What is answered from a cache was so no longer before the question than answers may be old.",
                Safety,
                Times,
                bounded_staleness,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "hops",
                about: "How many processes are asked for a name, one after the other.",
                unit: Unit::Count,
                take: hops,
            },
            Measure {
                name: "response",
                about: "From a question to its answer.",
                unit: Unit::Time,
                take: responses,
            },
        ]
    }
}

/// How many were asked for each name.
fn hops(history: &History<'_, Naming>) -> Vec<u64> {
    let hops = |what: &What<'_, Naming>| match what {
        What::Output(Output::Resolved { hops, .. } | Output::NotFound { hops, .. }) => Some(u64::from(*hops)),
        _ => None,
    };
    history.steps.iter().filter_map(|step| hops(&step.what)).collect()
}
