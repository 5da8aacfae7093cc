//! Location: reaching an object that moves from process to process.
//!
//! Perkins, "IP mobility support", RFC 2002 (1996); Fowler, "The complexity of using forwarding addresses for decentralized
//! object finding" (1986); van Steen and Tanenbaum, "Distributed systems", 3rd edition (2017), section 5.2. An object is at
//! one process at a time, or on its way from one to another. Whoever sends it something does not know where it is; what
//! is sent is delivered where the object is then. A process's messages are counted from 1, in all of its lives.

mod journeys;

use crate::process::{Example, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit};
use journeys::{at_most_once, delays, hops, no_detour, one_place, reached};
use serde::{Deserialize, Serialize};

/// The location problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Location {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Of the process where the object is: move it there. It stays when it is elsewhere.
    Move {
        /// The object.
        object: String,
        /// Where it goes.
        to: ProcessId,
    },
    /// Send this to the object, wherever it is.
    Send {
        /// The object.
        object: String,
        /// What.
        body: String,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// The object is no longer here.
    Left {
        /// The object.
        object: String,
        /// Where it goes.
        to: ProcessId,
    },
    /// The object is here now.
    Arrived {
        /// The object.
        object: String,
        /// How often it has moved.
        moves: u64,
    },
    /// The object, which is here, is told this.
    Delivered {
        /// The object.
        object: String,
        /// Who says it.
        from: ProcessId,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What.
        body: String,
        /// How many messages it took to come here.
        hops: u32,
    },
}

impl Problem for Location {
    const NAME: &'static str = "location";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: "{move: {object: printer, to: bob}}",
            about: "Move this object, which is here, to another process.",
        },
        Example {
            node: "carol",
            request: "{send: {object: printer, body: hello}}",
            about: "Send this to the object, wherever it is.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "reached",
                "What a correct process sends to an object is delivered, unless the object was lost with a process.",
                Liveness,
                Order,
                reached,
            ),
            property(
                "at-most-once",
                "What is delivered was sent to that object, and nothing is delivered twice.",
                Safety,
                Causality,
                at_most_once,
            ),
            property(
                "one-place",
                "An object is at one place at a time, and what is sent to it is delivered there.",
                Safety,
                Order,
                one_place,
            ),
            property(
                "no-detour",
                "No message takes more hops than the object has moved, and one.",
                Safety,
                Order,
                no_detour,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "hops",
                about: "How many messages it takes to reach an object.",
                unit: Unit::Count,
                take: hops,
            },
            Measure {
                name: "delivery",
                about: "From sending to an object to the delivery.",
                unit: Unit::Time,
                take: delays,
            },
        ]
    }
}
