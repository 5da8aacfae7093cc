//! Failure detection: tell who has crashed, from nothing but silence.
//!
//! Chandra and Toueg, "Unreliable failure detectors for reliable distributed systems" (1996), for completeness and
//! accuracy; Chen, Toueg and Aguilera, "On the quality of service of failure detectors" (2002), for what is measured;
//! Das, Gupta and Motivala, "SWIM: Scalable weakly-consistent infection-style process group membership protocol"
//! (2002), for incarnations. Detectors watch from the beginning; what can be asked for is an opinion, and where
//! membership changes, to join and to leave.
//!
//! A process is *suspected* by another from the output `suspect`, `suspected` or `dead` on, until `restore` or `alive`.
//! A process that is `outside` takes no part: it owes nobody an opinion, and nobody owes it one. A process that boots
//! later than another was down until then.

mod accuracy;
mod detection;
mod membership;
mod views;

use crate::process::{Example, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, duration};
use accuracy::{eventual_accuracy, mistakes, strong_accuracy, wrong_suspicions};
use detection::{answers, completeness, detection_latency, detection_times};
use membership::{dead_is_final, death_accuracy, incarnations};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The failure detection problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureDetection {}

/// What the application asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// What is thought of this process?
    Query(ProcessId),
    /// Become a member, by way of this one.
    Join(ProcessId),
    /// Be a member no longer.
    Leave,
}

/// What the application is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// This process is suspected to have crashed.
    Suspect(ProcessId),
    /// It is suspected no longer.
    Restore(ProcessId),
    /// A member is alive; said of oneself it announces a new life or a new incarnation.
    Alive {
        /// Who.
        process: ProcessId,
        /// How often it has started or joined.
        life: u64,
        /// How often it has refuted a suspicion in this life.
        incarnation: u64,
    },
    /// A member is suspected.
    Suspected {
        /// Who.
        process: ProcessId,
        /// In which life.
        life: u64,
        /// In which incarnation.
        incarnation: u64,
    },
    /// A member is dead: this life of it is over.
    Dead {
        /// Who.
        process: ProcessId,
        /// Which life.
        life: u64,
        /// In which incarnation.
        incarnation: u64,
    },
    /// A member has left by its own will.
    Left {
        /// Who.
        process: ProcessId,
        /// After which life.
        life: u64,
    },
    /// This process takes no part from now on.
    Outside,
    /// This process is a member from now on.
    Joined,
    /// From now on this process suspects whoever crashes within this time: said once after a start.
    Within(#[serde(with = "duration")] Duration),
    /// The answer to a query.
    Status {
        /// About whom.
        process: ProcessId,
        /// What is thought of it.
        opinion: Opinion,
    },
    /// The answer to a query where suspicion has degrees.
    Level {
        /// About whom.
        process: ProcessId,
        /// How suspicious its silence is, in thousandths: 1000 is a chance of 1 in 10 that it is still alive, 2000 of 1
        /// in 100.
        phi: u64,
    },
}

/// What one process thinks of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opinion {
    /// It is alive.
    Trusted,
    /// It has crashed, perhaps.
    Suspected,
    /// It has crashed, for good.
    Dead,
    /// It has left.
    Left,
    /// Nothing: it is no member.
    Unknown,
}

impl Problem for FailureDetection {
    const NAME: &'static str = "failure-detection";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "alice", request: "{query: bob}", about: "Say what is thought of bob." },
        Example { node: "bob", request: "{query: carol}", about: "Say what is thought of carol." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes, Order, Times};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "completeness",
                "A process that crashed and stays down is in the end suspected by every correct process.",
                Liveness,
                Nodes,
                completeness,
            ),
            property(
                "strong-accuracy",
                "Nobody is suspected who has not crashed before.",
                Safety,
                Times,
                strong_accuracy,
            ),
            property(
                "eventual-accuracy",
                "In the end no correct process is suspected by a correct one.",
                Liveness,
                Causality,
                eventual_accuracy,
            ),
            property(
                "detection-latency",
                "Who announces within which time it suspects whoever crashes, does so.",
                Safety,
                Times,
                detection_latency,
            ),
            property("answers", "Every query of a correct process is answered.", Liveness, Nodes, answers),
            property(
                "incarnations",
                "Only a process itself begins a new life or a new incarnation, or leaves; and what others say of it only \
                 ever rises: alive, suspected, alive in the next incarnation, dead, left, alive in the next life.",
                Safety,
                Order,
                incarnations,
            ),
            property(
                "dead-is-final",
                "Who says that a life is over never says otherwise of that life.",
                Safety,
                Nodes,
                dead_is_final,
            ),
            property(
                "death-accuracy",
                "Nobody is declared dead who has not crashed or left before, whoever was suspected.",
                Safety,
                Times,
                death_accuracy,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "detection",
                about: "From a crash to its suspicion, for each process that comes to suspect it.",
                unit: Unit::Time,
                take: detection_times,
            },
            Measure {
                name: "wrong-suspicions",
                about: "How often somebody was suspected who had never crashed.",
                unit: Unit::Count,
                take: wrong_suspicions,
            },
            Measure {
                name: "mistake",
                about: "From such a suspicion until it is taken back.",
                unit: Unit::Time,
                take: mistakes,
            },
        ]
    }
}
