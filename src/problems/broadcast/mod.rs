//! Broadcast: what one process says, all shall hear; in which order decides the property.
//!
//! Properties after Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related problems"
//! (1994), sections 3 and 4. A message is known by its sender and its number among the sender's broadcasts. What a
//! process says counts as known to itself: that it gets its own copy is asked by `self-delivery` alone, so that a
//! variant that gives the sender nothing back can be judged by the others. Where there is a copy, it has its place
//! in every order.
//!
//! The orders are those of the literature's crash-stop model, which knows no second life. Here a process that
//! restarts is a new process as far as order goes: it has said nothing yet, what it says builds on nothing its
//! former self knew, and what it missed it need not make up for, as long as it turns nothing around.

mod digest;
mod order;
mod reach;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit, duration,
};
use order::{absolute_order, causal_order, fifo_order, total_order};
use reach::{acknowledgement, agreement, integrity, self_delivery, uniform_agreement, validity};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The broadcast problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broadcast {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Say this to everybody.
    Broadcast(String),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Somebody said this.
    Deliver(Delivery),
    /// Somebody said this, but it came when its place in the order had gone by: it is not delivered.
    Late(Delivery),
    /// By how much the clocks by which messages are ordered may differ: said once, by algorithms that order by time.
    Precision(#[serde(with = "duration")] Duration),
    /// Everybody has delivered this process's message of this number.
    Acknowledged(u64),
}

/// A message that is delivered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its place in the one order that all see, counted from 1, where the algorithm numbers messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Who said it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// What was said.
    pub body: String,
}

impl Problem for Broadcast {
    const NAME: &'static str = "broadcast";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{broadcast: "hello, everybody"}"#,
            about: "Say this to everybody.",
        },
        Example { node: "bob", request: r#"{broadcast: "hello, alice"}"#, about: "Say this to everybody." },
    ];
    const OPERATION: Operation =
        Operation { name: "broadcast", plural: "broadcasts", counted: Counted::RequestsFor("broadcast") };

    fn properties() -> Vec<Property<Self>> {
        reaching().into_iter().chain(ordering()).collect()
    }

    fn looks_at_messages(_property: &str) -> bool {
        false
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "delivery",
            about: "From a broadcast to its delivery at another process.",
            unit: Unit::Time,
            take: reach::delays,
        }]
    }
}

/// What reaches whom.
fn reaching() -> Vec<Property<Broadcast>> {
    use PropertyKind::{Liveness, Safety};
    use Sees::{Causality, Nodes, Order};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "validity",
            "What a correct process broadcasts, every other correct process delivers.",
            Liveness,
            Causality,
            validity,
        ),
        property(
            "self-delivery",
            "A correct process delivers its own broadcasts.",
            Liveness,
            Nodes,
            self_delivery,
        ),
        property(
            "agreement",
            "What one correct process delivers, all correct processes but its sender deliver.",
            Liveness,
            Causality,
            agreement,
        ),
        property(
            "uniform-agreement",
            "What any process delivers, even one that crashes, all correct processes but its sender deliver.",
            Liveness,
            Causality,
            uniform_agreement,
        ),
        property(
            "integrity",
            "Every message is delivered at most once, and only if it was broadcast before.",
            Safety,
            Causality,
            integrity,
        ),
        property(
            "acknowledgement",
            "When a process is told that everybody has its message, all who do not crash have delivered it.",
            Safety,
            Order,
            acknowledgement,
        ),
    ]
}

/// In which order.
fn ordering() -> Vec<Property<Broadcast>> {
    use PropertyKind::Safety;
    use Sees::{Causality, Times};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "fifo-order",
            "The messages of one sender are delivered in the order it broadcast them.",
            Safety,
            Causality,
            fifo_order,
        ),
        property(
            "causal-order",
            "No message is delivered before one that it may answer.",
            Safety,
            Causality,
            causal_order,
        ),
        property(
            "total-order",
            "Any two processes deliver the messages that both deliver in the same order.",
            Safety,
            Causality,
            total_order,
        ),
        property(
            "absolute-order",
            "Of two messages that were broadcast further apart than the clocks' precision, nobody delivers the later \
                 one first.",
            Safety,
            Times,
            absolute_order,
        ),
    ]
}
