//! Logical clocks: give every event a stamp, so that stamps tell what may have caused what.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978); Schwarz and Mattern, "Detecting
//! causal relationships in distributed computations: in search of the holy grail" (1994). What happened before what
//! is found from each process's order of events and from which send belongs to which receipt, never from the stamps.
//! A process that restarts goes on: its new events come after its old ones.

mod order;
mod stamps;

use super::nanoseconds::Nanoseconds;
use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, What, duration,
};
use serde::{Deserialize, Serialize};
use stamps::{
    clock_condition, converse, everybody_knows, exact_knowledge, hybrid_bounds, longest_chain,
    matrix_guarantee, precision, stability,
};
use std::time::Duration;

/// The logical clock problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogicalClock {}

/// What the application does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Something happens here that concerns nobody else: a word for the reader.
    Internal(String),
    /// Tell somebody something.
    Send {
        /// Whom.
        to: ProcessId,
        /// What.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        body: String,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// An event happened, and this is its stamp.
    Stamped {
        /// What happened.
        event: Event,
        /// Its stamp.
        stamp: Stamp,
    },
    /// Everybody knows the first so many events of a process.
    Stable {
        /// Whose events.
        of: ProcessId,
        /// How many.
        events: u64,
    },
    /// By how much clocks are believed to differ: said once, by algorithms that rely on it.
    Precision(#[serde(with = "duration")] Duration),
    /// A message was thrown away, for its stamp is too far ahead; it counts as never received.
    Refused {
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is.
        id: u64,
        /// How far it is ahead of this process's clock.
        ahead: Nanoseconds,
    },
}

/// What happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Something that concerns nobody else.
    Internal(String),
    /// A message left.
    Send {
        /// For whom it is.
        to: ProcessId,
        /// Which of this process's messages it is, counted from 1.
        id: u64,
    },
    /// A message came, for the first time.
    Receive {
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is.
        id: u64,
        /// What it says.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        body: String,
    },
}

/// The stamp of an event, in one of four kinds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Stamp {
    /// A number.
    Lamport(u64),
    /// For every process, how many of its events are known.
    Vector(Vec<u64>),
    /// For every process, the vector that it is known to have. A process's own row is its vector clock.
    Matrix(Vec<Vec<u64>>),
    /// A time near that of the physical clocks, and a number that tells events of one such time apart.
    Hybrid {
        /// The latest physical time known.
        wall: Nanoseconds,
        /// How many events of that time are known to go before.
        count: u64,
        /// What this process's own physical clock shows.
        clock: Nanoseconds,
    },
}

impl Problem for LogicalClock {
    const NAME: &'static str = "logical-clock";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{internal: wakes up}"#,
            about: "Something happens here that concerns nobody else.",
        },
        Example {
            node: "alice",
            request: r#"{send: {to: bob, body: hello}}"#,
            about: "Tell somebody something.",
        },
        Example { node: "bob", request: r#"{send: {to: carol}}"#, about: "Tell somebody something." },
    ];

    fn properties() -> Vec<Property<Self>> {
        of_order().into_iter().chain(of_knowledge()).collect()
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "numbers",
            about: "How many numbers a stamp consists of.",
            unit: Unit::Count,
            take: numbers,
        }]
    }
}

/// What stamps tell of the order of events.
fn of_order() -> Vec<Property<LogicalClock>> {
    use PropertyKind::Safety;
    use Sees::Causality;
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "clock-condition",
            "An event has a smaller stamp than every event that it may have caused.",
            Safety,
            Causality,
            clock_condition,
        ),
        property(
            "converse",
            "An event with a smaller stamp may have caused that with the larger one.",
            Safety,
            Causality,
            converse,
        ),
        property(
            "longest-chain",
            "A Lamport stamp is the length of the longest chain of events that ends with its event.",
            Safety,
            Causality,
            longest_chain,
        ),
    ]
}

/// What they tell of what is known, and of time.
fn of_knowledge() -> Vec<Property<LogicalClock>> {
    use PropertyKind::{Liveness, Safety};
    use Sees::{Causality, Nodes, Order, Times};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "exact-knowledge",
            "A vector counts, for each process, its events that may have caused this one, this one included; a \
             matrix holds everybody's last such vector.",
            Safety,
            Causality,
            exact_knowledge,
        ),
        property(
            "matrix-guarantee",
            "A matrix claims of nobody to know more than that process knew at an event known here.",
            Safety,
            Causality,
            matrix_guarantee,
        ),
        property(
            "everybody-knows",
            "What is announced as stable, everybody knows by then.",
            Safety,
            Order,
            everybody_knows,
        ),
        property(
            "hybrid-bounds",
            "A hybrid stamp's wall time is not before its process's clock, nor further after it than clocks differ; \
             its count is no more than the length of a chain of earlier events of the same wall time.",
            Safety,
            Times,
            hybrid_bounds,
        ),
        property(
            "precision",
            "A hybrid stamp's wall time is no further ahead of its process's clock than clocks are said to differ.",
            Safety,
            Nodes,
            precision,
        ),
        property(
            "stability",
            "Every internal event of a correct process is announced there as known to everybody.",
            Liveness,
            Nodes,
            stability,
        ),
    ]
}

fn numbers(history: &History<'_, LogicalClock>) -> Vec<u64> {
    let stamps = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Stamped { stamp, .. }) => Some(stamp),
        _ => None,
    });
    let size = |stamp: &Stamp| match stamp {
        Stamp::Lamport(_) => 1,
        Stamp::Vector(known) => known.len() as u64,
        Stamp::Matrix(known) => known.iter().map(|row| row.len() as u64).sum(),
        Stamp::Hybrid { .. } => 2,
    };
    stamps.map(size).collect()
}
