//! Clock synchronization: make clocks show the true time, or at least all the same.
//!
//! Cristian, "Probabilistic clock synchronization" (1989), for external synchronization, against a clock that is right;
//! Gusella and Zatti, "The accuracy of the clock synchronization achieved by TEMPO in Berkeley UNIX 4.3BSD" (1989), for
//! internal, within a group. A process cannot set its hardware clock; it keeps a correction, and its *corrected clock*
//! shows the sum of both. True time is the run's own, which begins at 0: a clock without offset and drift shows it.

mod corrections;
mod rounds;

use super::nanoseconds::Nanoseconds;
use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, What, duration,
};
use corrections::{adjustment, error_bound, monotone, offset_bound, progress};
use rounds::{average, outliers, precision};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The clock synchronization problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockSync {}

/// What the application asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Correct the clock.
    Sync,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// A server's clock was compared with this process's hardware clock.
    Measured {
        /// Whose clock.
        against: ProcessId,
        /// What the hardware clock shows.
        reading: Nanoseconds,
        /// How far the server's clock is ahead of it.
        offset: Nanoseconds,
        /// By how much that may be wrong, if the server's clock is right.
        bound: Nanoseconds,
    },
    /// A correction begins: the clock is set at once, or runs faster or slower for a while.
    Correcting {
        /// How far the clock is moved.
        by: Nanoseconds,
        /// What it shows before.
        reading: Nanoseconds,
    },
    /// A correction is through.
    Adjusted {
        /// How far the clock was moved.
        by: Nanoseconds,
        /// What it shows now.
        reading: Nanoseconds,
        /// By how much it may be wrong: from true time, or where there is a round, from what the round agreed on.
        bound: Nanoseconds,
        /// The server by whose clock it was set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        against: Option<ProcessId>,
        /// The round in which a group agreed on a time of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<u64>,
    },
    /// Clocks that are further apart than this are not all right: said once, by who takes the average of clocks.
    Tolerance(#[serde(with = "duration")] Duration),
    /// The clock was not corrected.
    Failed {
        /// Why not.
        why: Why,
    },
}

/// Why a clock was not corrected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Nobody answered in time.
    Timeout,
    /// Every answer took too long to be worth anything.
    TooSlow,
    /// No time is within the bounds of most servers.
    NoMajority,
}

impl Problem for ClockSync {
    const NAME: &'static str = "clock-synchronization";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "alice", request: r#"sync"#, about: "Correct the clock." },
        Example { node: "bob", request: r#"sync"#, about: "Correct the clock." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Times};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "error-bound",
                "A clock that was corrected against a server shows true time, give or take the bound it announces.",
                Safety,
                Times,
                error_bound,
            ),
            property(
                "offset-bound",
                "The offset that is measured against a server is the hardware clock's true one, give or take its bound.",
                Safety,
                Times,
                offset_bound,
            ),
            property(
                "precision",
                "Two clocks that were corrected in one round differ by no more than the sum of their bounds.",
                Safety,
                Times,
                precision,
            ),
            property(
                "average",
                "In a round that corrects everybody, and nobody is outside the tolerance, all corrections add up to nothing.",
                Safety,
                Times,
                average,
            ),
            property(
                "outliers",
                "In a round that corrects everybody, a clock that is within the tolerance of most others is moved by no \
                 more than twice the tolerance, however far off the rest is.",
                Safety,
                Times,
                outliers,
            ),
            property("monotone", "A corrected clock never runs backwards.", Safety, Nodes, monotone),
            property(
                "progress",
                "Every request of a correct process leads to a correction or to a failure.",
                Liveness,
                Nodes,
                progress,
            ),
            property(
                "adjustment",
                "Every request of a correct process leads to a correction.",
                Liveness,
                Nodes,
                adjustment,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "error",
                about: "How far a corrected clock is from true time.",
                unit: Unit::Time,
                take: errors,
            },
            Measure {
                name: "bound",
                about: "How far it may be by its own account.",
                unit: Unit::Time,
                take: bounds,
            },
        ]
    }
}

/// How far each correction leaves a clock from true time.
fn errors(history: &History<'_, ClockSync>) -> Vec<u64> {
    let error = |(time, reading, _): (u64, Nanoseconds, Nanoseconds)| {
        u64::try_from((reading.wide() - i128::from(time)).abs()).unwrap_or(u64::MAX)
    };
    corrected(history).map(error).collect()
}

/// How far each correction may leave a clock from what it was set by.
fn bounds(history: &History<'_, ClockSync>) -> Vec<u64> {
    corrected(history).map(|(_, _, bound)| bound.0.unsigned_abs()).collect()
}

/// Every correction: when it was through, what the clock showed then, and its bound.
fn corrected<'a>(
    history: &'a History<'_, ClockSync>,
) -> impl Iterator<Item = (u64, Nanoseconds, Nanoseconds)> + 'a {
    history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Adjusted { reading, bound, .. }) => Some((step.time.0, *reading, *bound)),
        _ => None,
    })
}
