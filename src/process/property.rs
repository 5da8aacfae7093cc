//! Properties and their verdicts.

use super::{End, History, Problem};
use serde::{Deserialize, Serialize};

/// Something that every history of a problem must satisfy.
pub struct Property<Pr: Problem> {
    /// The name in a scenario's `check:`, such as `total-order`.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub about: &'static str,
    /// Whether something bad never happens or something good does.
    pub kind: PropertyKind,
    /// What of a history its verdict depends on.
    pub sees: Sees,
    /// Judges one history.
    pub check: fn(&History<'_, Pr>) -> Verdict,
}

impl<Pr: Problem> Property<Pr> {
    /// Whether it looks at messages or timers in a history.
    pub fn looks_at_messages(&self) -> bool {
        self.sees > Sees::Nodes && Pr::looks_at_messages(self.name)
    }
}

/// The two kinds of property (Lamport 1977; Alpern and Schneider 1985).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// Something bad never happens: judged at every event.
    Safety,
    /// Something good happens in the end: judged when nothing is left to do, or at the scenario's deadline.
    Liveness,
}

/// What of a history a verdict depends on: whether it holds, in how many instances, or is violated. Why the run was over is
/// always seen; which events show a violation is no part of the verdict here.
///
/// Each value includes those before it. Two histories that agree in what a property sees get the same verdict, so a
/// search that looks at one of many orders knows from this whether it may leave out the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sees {
    /// Of every process by itself, the sequence of its boots, requests, outputs, crashes, pauses and resumes. Not how
    /// the sequences of different processes interleave; no messages, timers or times.
    Nodes,
    /// As well what happened before what: where in its process's sequence each message was sent and received, and each
    /// timer ran out. All orders in which no process's own sequence changes and no message is received before it was
    /// sent get the same verdict.
    ///
    /// It is taken for granted that whoever delivers what another was asked to say, by sender, number and words, has
    /// heard of it, so that "said before" is "happened before". It is not so for a process that makes up what another
    /// is going to say and is right, nor where a number stands for different messages with the same words, as it may
    /// after a restart: there the verdict may depend on the order, too.
    Causality,
    /// As well in which order the boots, requests, outputs, crashes, pauses and resumes of different processes follow each
    /// other: who was inside when somebody else entered. What is sent and received, and timers, may still change places
    /// within what happened before what.
    Order,
    /// When things happened, or anything else.
    Times,
}

/// What became of a property in one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It held in every instance.
    Holds {
        /// How many instances there were.
        examined: u64,
    },
    /// There was no instance to judge: the run says nothing about it.
    Vacuous,
    /// It was violated.
    Violated {
        /// The events that show it, by their place in the trace, in order.
        events: Vec<u64>,
        /// What happened, in one sentence.
        because: String,
    },
    /// The run ended before it could be judged.
    Undecided {
        /// What was still open.
        because: String,
    },
}

impl Verdict {
    /// `Holds` with this many instances, or `Vacuous` when there were none.
    pub fn of(examined: u64) -> Self {
        if examined == 0 { Self::Vacuous } else { Self::Holds { examined } }
    }

    /// Violated, as these events show.
    pub fn violated(events: impl Into<Vec<u64>>, because: impl Into<String>) -> Self {
        let mut events = events.into();
        events.sort_unstable();
        Self::Violated { events, because: because.into() }
    }

    /// An obligation was still open when the run ended: undecided when the run was cut short, else violated.
    pub fn unmet(end: End, events: impl Into<Vec<u64>>, because: impl Into<String>) -> Self {
        match end {
            End::CutShort => Self::Undecided { because: because.into() },
            End::Quiescent | End::Deadline => Self::violated(events, because),
        }
    }

    /// The verdict's name: `holds`, `vacuous`, `violated` or `undecided`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Holds { .. } => "holds",
            Self::Vacuous => "vacuous",
            Self::Violated { .. } => "violated",
            Self::Undecided { .. } => "undecided",
        }
    }
}
