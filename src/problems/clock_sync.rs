//! Clock synchronization: make clocks show the true time, or at least all the same.
//!
//! Cristian, "Probabilistic clock synchronization" (1989), for external synchronization, against a clock that is right;
//! Gusella and Zatti, "The accuracy of the clock synchronization achieved by TEMPO in Berkeley UNIX 4.3BSD" (1989), for
//! internal, within a group. A process cannot set its hardware clock; it keeps a correction, and its *corrected clock*
//! shows the sum of both. True time is the run's own, which begins at 0: a clock without offset and drift shows it.

use super::nanoseconds::Nanoseconds;
use crate::process::{History, Problem, ProcessId, Property, PropertyKind, Verdict, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        let property = |name, about, kind, check| Property { name, about, kind, check };
        vec![
            property(
                "error-bound",
                "A clock that was corrected against a server shows true time, give or take the bound it announces.",
                Safety,
                error_bound,
            ),
            property(
                "offset-bound",
                "The offset that is measured against a server is the hardware clock's true one, give or take its bound.",
                Safety,
                offset_bound,
            ),
            property(
                "precision",
                "Two clocks that were corrected in one round differ by no more than the sum of their bounds.",
                Safety,
                precision,
            ),
            property("monotone", "A corrected clock never runs backwards.", Safety, monotone),
            property(
                "progress",
                "Every request of a correct process leads to a correction or to a failure.",
                Liveness,
                progress,
            ),
            property(
                "adjustment",
                "Every request of a correct process leads to a correction.",
                Liveness,
                adjustment,
            ),
        ]
    }
}

fn error_bound(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Adjusted { reading, bound, round: None, .. }) = step.what else { continue };
        let error = Nanoseconds::of(reading.wide() - i128::from(step.time.0));
        if error.wide().abs() > bound.wide() {
            let (node, time) = (step.node, step.time);
            let because = format!(
                "{node}'s clock shows {reading} at {time}: it is wrong by {error}, not by {bound} at most"
            );
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn offset_bound(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Measured { against, reading, offset, bound }) = step.what else { continue };
        let offset_true = Nanoseconds::of(i128::from(step.time.0) - reading.wide());
        if (offset.wide() - offset_true.wide()).abs() > bound.wide() {
            let node = step.node;
            let because = format!(
                "{node} measures {offset} against {against}, give or take {bound}, but is off by {offset_true}"
            );
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// A correction in a round: how far its clock may be ahead of true time, and its event. Comparing clocks with true
/// time makes clocks comparable that were corrected at different times.
#[derive(Clone, Copy)]
struct End {
    ahead: i128,
    event: u64,
    node: ProcessId,
}

fn precision(history: &History<'_, ClockSync>) -> Verdict {
    // For every round: how many were corrected, the largest lower end, the smallest upper end. Two clocks are too far
    // apart exactly when the lower end of one is above the upper end of the other.
    let mut rounds: BTreeMap<u64, (u64, End, End)> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Adjusted { reading, bound, round: Some(round), .. }) = step.what else {
            continue;
        };
        let ahead = reading.wide() - i128::from(step.time.0);
        let (event, node) = (step.event, step.node);
        let low = End { ahead: ahead - bound.wide(), event, node };
        let high = End { ahead: ahead + bound.wide(), event, node };
        let (count, lowest, highest) = rounds.entry(*round).or_insert((0, low, high));
        *count += 1;
        if low.ahead > lowest.ahead {
            *lowest = low;
        }
        if high.ahead < highest.ahead {
            *highest = high;
        }
        if lowest.ahead > highest.ahead {
            let beyond = Nanoseconds::of(lowest.ahead - highest.ahead);
            let (fast, slow) = (lowest.node, highest.node);
            let because = format!(
                "after round {round} {fast}'s clock is {beyond} further ahead of {slow}'s than bounds allow"
            );
            return Verdict::violated([lowest.event, highest.event], because);
        }
    }
    Verdict::of(rounds.values().filter(|(count, ..)| *count > 1).count() as u64)
}

fn monotone(history: &History<'_, ClockSync>) -> Verdict {
    let mut last: Vec<Option<(Nanoseconds, u64)>> = vec![None; history.nodes as usize];
    let mut examined = 0;
    for step in &history.steps {
        let last = &mut last[step.node.index()];
        match step.what {
            What::Output(Output::Correcting { reading, .. } | Output::Adjusted { reading, .. }) => {
                if let Some((before, event)) = last.replace((*reading, step.event)) {
                    if *reading < before {
                        let node = step.node;
                        let because = format!("{node}'s clock shows {before}, and {reading} after that");
                        return Verdict::violated([event, step.event], because);
                    }
                    examined += 1;
                }
            }
            // Who restarts has forgotten its correction, and begins anew.
            What::Crash => *last = None,
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn progress(history: &History<'_, ClockSync>) -> Verdict {
    answered(history, "to anything", |output| {
        matches!(output, Output::Adjusted { .. } | Output::Failed { .. })
    })
}

fn adjustment(history: &History<'_, ClockSync>) -> Verdict {
    answered(history, "to a correction", |output| matches!(output, Output::Adjusted { .. }))
}

/// Every request of a correct process has such an output after it; one output may answer several requests.
fn answered(history: &History<'_, ClockSync>, to_what: &str, answers: fn(&Output) -> bool) -> Verdict {
    let correct = history.correct();
    let mut open: Vec<Vec<u64>> = vec![Vec::new(); history.nodes as usize];
    let mut examined = 0;
    for step in history.steps.iter().filter(|step| correct[step.node.index()]) {
        let open = &mut open[step.node.index()];
        match step.what {
            What::Request(Request::Sync) => open.push(step.event),
            What::Output(output) if answers(output) => {
                examined += open.len() as u64;
                open.clear();
            }
            _ => {}
        }
    }
    let first = open.iter().zip(0..).filter_map(|(open, node)| Some((*open.first()?, ProcessId(node)))).min();
    if let Some((event, node)) = first {
        return Verdict::unmet(history.end, [event], format!("{node}'s request never leads {to_what}"));
    }
    Verdict::of(examined)
}
