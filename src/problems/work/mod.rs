//! Work: jobs are submitted, and somebody does them.
//!
//! The dispatcher and its team of workers after Sinha, "Distributed operating systems" (1997), section 8.3 (threads), and
//! Coulouris, Dollimore, Kindberg, "Distributed systems", section 7.4. The jobs of a client are numbered from 1, over all
//! its lives; a job is known by its client and that number. A dispatcher says what it accepts and whom it gives it to, a
//! worker what it begins and ends: that is for whoever judges the run, nobody else hears of it.

mod digest;
mod jobs;

use crate::process::{
    Counted, Example, Measure, Operation, Problem, ProcessId, Property, PropertyKind, Sees, Unit, duration,
};
use jobs::{
    answered, at_most_once, done_means_executed, executed, fifo_start, one_at_a_time, rejected_means_idle,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The problem of getting work done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {}

/// What the application asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Do a job.
    Submit {
        /// How long it takes.
        #[serde(with = "duration")]
        duration: Duration,
    },
}

/// What the application is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// This process's job is done.
    Done {
        /// Which.
        job: u64,
    },
    /// This process's job will not be done: too many wait already.
    Rejected {
        /// Which.
        job: u64,
    },
    /// The dispatcher will see to it that this job is done.
    Accepted {
        /// Whose.
        client: ProcessId,
        /// Which of the client's.
        job: u64,
    },
    /// The dispatcher gives a job to a worker.
    Assigned {
        /// Whose.
        client: ProcessId,
        /// Which of the client's.
        job: u64,
        /// To whom.
        worker: ProcessId,
    },
    /// A worker begins a job.
    Started {
        /// Whose.
        client: ProcessId,
        /// Which of the client's.
        job: u64,
    },
    /// A worker has done a job.
    Executed {
        /// Whose.
        client: ProcessId,
        /// Which of the client's.
        job: u64,
    },
}

impl Problem for Work {
    const NAME: &'static str = "work";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "bob",
            request: "{submit: {duration: 500ms}}",
            about: "Do a job that takes so long.",
        },
        Example { node: "carol", request: "{submit: {duration: 20ms}}", about: "Do another one." },
    ];
    const OPERATION: Operation =
        Operation { name: "job", plural: "jobs", counted: Counted::RequestsFor("submit") };

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property("at-most-once", "No job is executed more than once.", Safety, Nodes, at_most_once),
            property(
                "done-means-executed",
                "A job that its client is told is done was executed, and its client is told so once.",
                Safety,
                Order,
                done_means_executed,
            ),
            property(
                "rejected-means-idle",
                "A job that is rejected is never assigned, started or done.",
                Safety,
                Nodes,
                rejected_means_idle,
            ),
            property(
                "fifo-start",
                "Jobs are assigned for the first time in the order in which they were accepted.",
                Safety,
                Order,
                fifo_start,
            ),
            property(
                "one-at-a-time",
                "A worker begins no job before it has done the one before.",
                Safety,
                Nodes,
                one_at_a_time,
            ),
            property("executed", "Every accepted job is executed.", Liveness, Nodes, executed),
            property(
                "answered",
                "Every job of a correct client is done or rejected, and its client hears of it.",
                Liveness,
                Nodes,
                answered,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "waiting",
                about: "From the acceptance of a job to its assignment to a worker.",
                unit: Unit::Time,
                take: jobs::waiting,
            },
            Measure {
                name: "turnaround",
                about: "From the submission of a job until its client hears that it is done.",
                unit: Unit::Time,
                take: jobs::turnaround,
            },
            Measure {
                name: "queue",
                about: "How many jobs wait already when one is accepted.",
                unit: Unit::Count,
                take: jobs::queue,
            },
        ]
    }
}
