//! Leader election: somebody suspects that there is no leader, and everybody learns who leads from now on.
//!
//! Garcia-Molina, "Elections in a distributed computing system" (1982), assertions 1 and 2; Lynch, "Distributed
//! Algorithms" (1996), chapter 3; Tel, "Introduction to Distributed Algorithms" (2000), section 7.1.
//!
//! A history falls into *elections*, as far as one can tell from outside: an election begins with a request to start when
//! none is under way, and is under way until everybody who was there when it began has crashed or named a leader, and all
//! of these equally often, or in the same term. What is said after that belongs to it, too, until the next one begins.
//! Where outputs have a term, or name a group, what belongs together is told by that; where they have none, a crash or a
//! restart parts what was said before it from what is said after it, for who has answered before may well have to answer
//! otherwise after.

mod digest;
mod leaders;
mod outcome;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit,
};
use leaders::{agreement, elected_once, highest_id, highest_initiator, one_leader};
use outcome::{stability, termination};
use serde::{Deserialize, Serialize};

/// The election problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Election {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// There seems to be no leader: hold an election.
    Start,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// This is the leader.
    Leader {
        /// Who.
        leader: ProcessId,
        /// In which term, counted from 1, where the algorithm has terms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        term: Option<u64>,
    },
    /// This process belongs to a group, and that group has a coordinator.
    Group {
        /// Who leads it.
        coordinator: ProcessId,
        /// Which of the coordinator's groups it is.
        number: u64,
        /// Who belongs to it, the coordinator included, in order.
        members: Vec<ProcessId>,
    },
}

impl Problem for Election {
    const NAME: &'static str = "election";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "carol", request: "start", about: "There seems to be no leader: hold an election." },
        Example { node: "bob", request: "start", about: "The same, while the other election is under way." },
    ];
    const OPERATION: Operation =
        Operation { name: "election", plural: "elections", counted: Counted::Measured("election") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "one-leader",
                "In one election, or term, at most one process announces itself leader; a group is announced once.",
                Safety,
                Order,
                one_leader,
            ),
            property(
                "elected-once",
                "No process announces itself leader twice in a term; without terms, not unless somebody has asked again, or restarted.",
                Safety,
                Order,
                elected_once,
            ),
            property(
                "agreement",
                "In one election, or term, all who name a leader that is up name the same; in one group, the same members.",
                Safety,
                Order,
                agreement,
            ),
            property(
                "highest-id",
                "The leader has the highest id of all correct processes that were there when the election began.",
                Safety,
                Order,
                highest_id,
            ),
            property(
                "highest-initiator",
                "In a term the leader has the highest id of all that were asked to start before they had heard of the election.",
                Safety,
                Causality,
                highest_initiator,
            ),
            property(
                "termination",
                "In every election each correct process that was there when it began names a leader.",
                Liveness,
                Order,
                termination,
            ),
            property(
                "stability",
                "In the end all that are up have the same leader, and the leader is up.",
                Liveness,
                Nodes,
                stability,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "election",
            about: "From the first request of an election to the last time that a process names its leader.",
            unit: Unit::Time,
            take: outcome::durations,
        }]
    }
}
