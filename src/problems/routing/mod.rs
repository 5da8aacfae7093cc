//! Routing: every process finds out how to reach every other over links to neighbours, and passes messages on.
//!
//! What must hold of the routes: Tajibnapis, "A correctness proof of a topology information maintenance protocol for a
//! distributed computer network" (1977); Tel, "Introduction to distributed algorithms" (2000), chapter 4. The kinds of
//! broadcast: Mogul, "Broadcasting Internet datagrams", RFC 919 (1984).
//!
//! Processes tell which of their links they believe up; these, both ways, among the processes that are up at the end,
//! are the graph in which paths must be shortest. A process that restarts has told nothing yet. A message is known by
//! its origin and its number among all that the origin was asked to send.

mod delivery;
mod graph;
mod paths;

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, What,
};
use delivery::{delivery, integrity, scope};
use paths::{loop_free, never_loops, shortest_paths};
use serde::{Deserialize, Serialize};

/// The routing problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routing {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Bring this to one process (directed delivery).
    Send {
        /// For whom it is.
        to: ProcessId,
        /// What is said.
        body: String,
        /// Over how many links it may go; as many as the algorithm's configuration says when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<u32>,
    },
    /// Say this to all neighbours, who do not pass it on (limited broadcast).
    Limited(String),
    /// Bring this to a process, which says it to all of its neighbours (directed broadcast).
    Directed {
        /// Whose neighbours shall hear it, as that process itself shall.
        at: ProcessId,
        /// What is said.
        body: String,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// The link to a neighbour has come up, or has gone down.
    Link {
        /// The neighbour.
        to: ProcessId,
        /// What the link costs; absent when it is down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<u32>,
    },
    /// The way to a process has changed.
    Route {
        /// Where it leads.
        to: ProcessId,
        /// The neighbour to go to first, and what the whole way costs; absent when there is no way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<Way>,
    },
    /// A message for this process has come.
    Receive {
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What is said.
        body: String,
        /// Over how many links it came.
        hops: u32,
    },
    /// A message is not passed on.
    Dropped {
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is.
        id: u64,
        /// Why.
        why: Why,
    },
}

/// A way to a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The neighbour to go to first.
    pub next: ProcessId,
    /// What the whole way costs.
    pub cost: u32,
}

/// Why a message is not passed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It has gone over as many links as it may.
    Ttl,
    /// No way to its receiver is known.
    NoRoute,
    /// It is a directed broadcast, and these are not allowed here.
    Disabled,
}

impl Problem for Routing {
    const NAME: &'static str = "routing";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{send: {to: carol, body: hello}}"#,
            about: "Bring this to one process.",
        },
        Example {
            node: "bob",
            request: r#"{limited: hello neighbours}"#,
            about: "Say this to all neighbours, who do not pass it on.",
        },
        Example {
            node: "alice",
            request: r#"{directed: {at: carol, body: hello all of you}}"#,
            about: "Bring this to a process, which says it to all of its neighbours.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "shortest-paths",
                "In the end every route is a shortest path over the links that are up, and there is one wherever there is \
                 a path.",
                Liveness,
                Nodes,
                shortest_paths,
            ),
            property(
                "loop-free",
                "In the end nobody comes back to where he was by following routes.",
                Liveness,
                Nodes,
                loop_free,
            ),
            property(
                "never-loops",
                "At no time does anybody come back to where he was by following routes.",
                Safety,
                Order,
                never_loops,
            ),
            property(
                "delivery",
                "What is sent along a route after the last change of routes and links is received, unless its own time to \
                 live is too short.",
                Liveness,
                Order,
                delivery,
            ),
            property(
                "integrity",
                "What is received was sent to the receiver, and is received once.",
                Safety,
                Causality,
                integrity,
            ),
            property(
                "scope",
                "A limited broadcast is heard by neighbours of its sender only, and nothing goes over more links than it \
                 may.",
                Safety,
                Nodes,
                scope,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "delivery",
                about: "From a request to each delivery of its message.",
                unit: Unit::Time,
                take: delays,
            },
            Measure {
                name: "hops",
                about: "Over how many links a message came.",
                unit: Unit::Count,
                take: hops,
            },
        ]
    }
}

/// How long each message takes; nanoseconds.
fn delays(history: &History<'_, Routing>) -> Vec<u64> {
    let mut sent = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(_) => {
            let number = &mut sent[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Receive { from, id, .. }) => (None, Some((*from, *id))),
        _ => (None, None),
    })
}

fn hops(history: &History<'_, Routing>) -> Vec<u64> {
    let hops = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Receive { hops, .. }) => Some(u64::from(*hops)),
        _ => None,
    });
    hops.collect()
}
