//! A message queue: producers put items in, consumers take them out, and it holds so many at most.
//!
//! The bounded buffer of Dijkstra, "Cooperating sequential processes" (1965), section 4.3, with processes instead of
//! semaphores (Hoare, "Communicating sequential processes", 1978, section 5.1). An item is known by its producer and its
//! number among that one's items, counted from 1 over all its lives. The broker says how many items it can hold, which it
//! takes in, and to whom it gives which: that is for whoever judges the run, nobody else hears of it.

mod digest;
mod items;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit,
};
use items::{admission, at_most_once, bounded, delivery, fifo, integrity};
use serde::{Deserialize, Serialize};

/// The message queue problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Queue {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Put this item in; wait for a place if need be.
    Produce(String),
    /// Take an item out; wait for one if need be.
    Consume,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// The producer's item is in, or with a consumer.
    Accepted {
        /// Which of its items.
        item: u64,
    },
    /// A consumer has this item.
    Consumed {
        /// Who made it.
        producer: ProcessId,
        /// Which of the producer's items.
        item: u64,
        /// What it says.
        body: String,
    },
    /// The broker can hold so many items.
    Capacity(u32),
    /// The broker takes an item in.
    Stored {
        /// Who made it.
        producer: ProcessId,
        /// Which of the producer's items.
        item: u64,
    },
    /// The broker gives an item to a consumer: one that it has taken in, or one that has just come.
    Handed {
        /// Who made it.
        producer: ProcessId,
        /// Which of the producer's items.
        item: u64,
        /// To whom.
        consumer: ProcessId,
    },
}

impl Problem for Queue {
    const NAME: &'static str = "message-queue";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "bob",
            request: "{produce: bread}",
            about: "Put this item in; wait for a place if need be.",
        },
        Example { node: "carol", request: "consume", about: "Take an item out; wait for one if need be." },
    ];
    const OPERATION: Operation =
        Operation { name: "item", plural: "items", counted: Counted::RequestsFor("produce") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "bounded",
                "The broker never holds more items than it has said it can hold.",
                Safety,
                Order,
                bounded,
            ),
            property(
                "fifo",
                "Items are given to consumers for the first time in the order in which the broker has taken them.",
                Safety,
                Order,
                fifo,
            ),
            property(
                "integrity",
                "An item that is consumed was produced as it is, and given to that consumer.",
                Safety,
                Order,
                integrity,
            ),
            property("at-most-once", "No item is consumed twice.", Safety, Nodes, at_most_once),
            property(
                "delivery",
                "While a correct consumer waits, no item that was accepted is left over.",
                Liveness,
                Nodes,
                delivery,
            ),
            property(
                "admission",
                "While the broker has room, no correct producer waits.",
                Liveness,
                Order,
                admission,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "transit",
                about: "From the request to produce an item to its consumption.",
                unit: Unit::Time,
                take: items::transit,
            },
            Measure {
                name: "length",
                about: "How many items the broker holds when it takes one in.",
                unit: Unit::Count,
                take: items::length,
            },
        ]
    }
}
