//! A file as a mailbox: writers append lines, readers follow its end.
//!
//! Interprocess communication through a file, as in `tail -f`; mailboxes in Sinha, "Distributed operating systems"
//! (1997), section 3.4. A line ends with a line feed; what has none yet is no line. The process that holds the file says
//! what is written to it and where: that is for whoever judges the run, nobody else hears of it. Each time that the file
//! is emptied it begins a new generation, counted from 0.

mod bytes;
mod file;
mod lines;

use crate::process::{Example, Measure, Problem, Property, PropertyKind, Sees, Unit};
pub use bytes::Bytes;
use lines::{delivery, intact, whole_lines, written};
use serde::{Deserialize, Serialize};

/// The mailbox problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mailbox {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Write this line; it gets its line feed.
    Write(String),
    /// Read what has come since the last time.
    Poll,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// A writer's line is in the file.
    Written {
        /// Which of the writer's lines, counted from 1 over all its lives.
        line: u64,
    },
    /// A reader has read a line, here without its line feed.
    Line(Bytes),
    /// A reader begins anew, for the file was emptied.
    Rotated {
        /// The file's generation.
        generation: u64,
    },
    /// The file holds more.
    Stored {
        /// Where it begins; what was there before is gone.
        at: u64,
        /// What.
        bytes: Bytes,
    },
    /// The file is empty.
    Truncated,
}

impl Problem for Mailbox {
    const NAME: &'static str = "mailbox";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "bob",
            request: r#"{write: "hello, carol"}"#,
            about: "Write this line; it gets its line feed.",
        },
        Example { node: "carol", request: "poll", about: "Read what has come since the last time." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "whole-lines",
                "What a reader has read is at all times a beginning of the file's complete lines, in their order.",
                Safety,
                Order,
                whole_lines,
            ),
            property(
                "intact",
                "Every line that is read is one that was written, whole and alone.",
                Safety,
                Nodes,
                intact,
            ),
            property(
                "delivery",
                "A line that is complete when a correct reader polls is read by it.",
                Liveness,
                Order,
                delivery,
            ),
            property("written", "Every line of a correct writer is confirmed.", Liveness, Nodes, written),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "delay",
            about: "From the completion of a line in the file to its reading.",
            unit: Unit::Time,
            take: lines::delays,
        }]
    }
}
