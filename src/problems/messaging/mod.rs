//! Messaging: one process sends to another, or to some others; what arrives, in which order, and who knows of it.
//!
//! Links after Cachin, Guerraoui, Rodrigues (2011), section 2.4; causal order between two ends after Raynal, Schiper,
//! Toueg (1991); prefixes after Lynch (1996), section 22.1. A message is known by its sender, its receiver, and its
//! number among the sender's messages to that receiver. A request that names several receivers is one message to each
//! of them, sent in the order in which they are named.
//!
//! As in broadcast, a process that restarts is a new process as far as order goes: it has sent nothing yet, what it
//! sends builds on nothing its former self knew, and what it missed it need not make up for, as long as it turns
//! nothing around. `prefix` judges a pair until one of the two is in its second life.

mod digest;
mod order;
mod reach;
mod receivers;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit,
};
use order::{causal_order, fifo_order, prefix};
use reach::{agreement, honest_acknowledgement, integrity, reliable_delivery};
use serde::{Deserialize, Serialize};

/// The messaging problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Messaging {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Tell this to one process, or to each of several.
    Send {
        /// To whom: one name or a list of names.
        #[serde(with = "receivers")]
        to: Vec<ProcessId>,
        /// What.
        body: String,
    },
}

impl Request {
    /// Who is to get it among `group_size` processes: everybody once, in the order in which they are named first.
    pub fn receivers(&self, group_size: usize) -> impl Iterator<Item = ProcessId> + '_ {
        let Self::Send { to, .. } = self;
        let named_first = |place: usize| !to[..place].contains(&to[place]);
        let places =
            (0..to.len()).filter(move |place| to[*place].index() < group_size && named_first(*place));
        places.map(|place| to[place])
    }
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Somebody sent this.
    Receive {
        /// Who.
        from: ProcessId,
        /// Which of the sender's messages to this process it is, counted from 1.
        id: u64,
        /// What.
        body: String,
    },
    /// The sender believes that this message was delivered.
    Acknowledged {
        /// To whom.
        to: ProcessId,
        /// Which of the messages to that process, counted from 1.
        id: u64,
    },
}

impl Problem for Messaging {
    const NAME: &'static str = "messaging";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: "{send: {to: bob, body: hello}}",
            about: "Tell this to one process.",
        },
        Example {
            node: "bob",
            request: "{send: {to: [alice, carol], body: hello}}",
            about: "Tell this to each of several processes.",
        },
    ];
    const OPERATION: Operation =
        Operation { name: "send", plural: "sends", counted: Counted::RequestsFor("send") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "reliable-delivery",
                "What a correct process sends to a correct process is delivered.",
                Liveness,
                Causality,
                reliable_delivery,
            ),
            property(
                "agreement",
                "Of a message to several, what one correct receiver delivers, all correct receivers deliver.",
                Liveness,
                Causality,
                agreement,
            ),
            property(
                "integrity",
                "Every message is delivered at most once, as it was sent, and only if it was sent to that process before.",
                Safety,
                Causality,
                integrity,
            ),
            property(
                "fifo-order",
                "What one process sends to another is delivered in the order in which it was sent.",
                Safety,
                Causality,
                fifo_order,
            ),
            property(
                "causal-order",
                "Of two messages to one process, the one on which the other may build is delivered first.",
                Safety,
                Causality,
                causal_order,
            ),
            property(
                "prefix",
                "What a process has delivered from another is at all times a beginning of what that one has sent it.",
                Safety,
                Order,
                prefix,
            ),
            property(
                "honest-acknowledgement",
                "What its sender believes delivered was delivered.",
                Safety,
                Order,
                honest_acknowledgement,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "delivery",
            about: "From a request to the delivery at its receiver, or at each of them.",
            unit: Unit::Time,
            take: reach::delays,
        }]
    }
}
