//! What a scenario says to a search, as it is written: what varies, and an exact order of events.

use super::{shorthand::List, values::Length};
use schemars::JsonSchema;
use serde::Deserialize;

/// What `synod fuzz` varies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {runs: 1000, vary: [order, crash]}"
)]
pub(super) struct Fuzz {
    /// How many runs.
    #[schemars(range(min = 1))]
    pub(super) runs: Option<u64>,
    /// What differs between them.
    pub(super) vary: Option<List<Vary>>,
    /// How many faults a run has at most.
    pub(super) faults: Option<u32>,
}

/// What may differ between runs.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Vary {
    /// The order in which messages arrive.
    Order,
    /// How long messages travel.
    Delay,
    /// Which messages are lost.
    Loss,
    /// Which messages arrive twice.
    Duplicate,
    /// Who crashes when.
    Crash,
    /// Who stands still when.
    Pause,
    /// Who is separated from whom when.
    Partition,
    /// Whose clock is wrong when.
    Clock,
    /// When timers run out: at any moment, instead of only when no message is under way.
    Timer,
}

/// A kind of event that a claim is about, as traces call it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// A node boots for the first time.
    Boot,
    /// A node's application asks for something.
    Request,
    /// A node sends a message.
    Send,
    /// A message arrives.
    Receive,
    /// A message is lost, at its receiver.
    Drop,
    /// A message is under way a second time.
    Duplicate,
    /// A timer runs out.
    Timer,
    /// A node saves what survives a crash.
    Save,
    /// A node loses its state and its timers.
    Crash,
    /// A crashed node boots with what it saved.
    Restart,
    /// A node stands still.
    Pause,
    /// A paused node goes on.
    Resume,
    /// Nodes are separated.
    Partition,
    /// What separated nodes ends.
    Heal,
    /// Links are cut.
    Cut,
    /// Links change.
    Link,
    /// A node's clock changes.
    Clock,
    /// A process makes a choice.
    Choice,
}

impl Happening {
    /// Whether it happens to the network and not at some node.
    pub(super) fn is_everywhere(self) -> bool {
        matches!(self, Self::Partition | Self::Heal | Self::Cut | Self::Link)
    }

    /// As a trace calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Request => "request",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Timer => "timer",
            Self::Save => "save",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Partition => "partition",
            Self::Heal => "heal",
            Self::Cut => "cut",
            Self::Link => "link",
            Self::Clock => "clock",
            Self::Choice => "choice",
        }
    }
}

/// An exact order of events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map such as {steps: [...]}")]
pub(super) struct Schedule {
    /// What comes after the last step; `go-on` when absent.
    pub(super) then: Option<ThenName>,
    /// What happens, one after the other.
    pub(super) steps: Option<List<ScheduleStep>>,
}

/// What comes after the last step of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ThenName {
    /// Whatever is left, in order of time.
    GoOn,
    /// Nothing: the run is cut short.
    Stop,
}

/// One step of a schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {deliver: request, from: n1, to: n2}"
)]
pub(super) struct ScheduleStep {
    /// The next of the planned events takes place: its action, with `node` where it concerns one.
    pub(super) event: Option<String>,
    /// What a planned event began is over: its action, with `node` where it concerns one.
    pub(super) end: Option<String>,
    /// The timer of this node that is due first runs out.
    pub(super) timer: Option<String>,
    /// A message of this kind arrives.
    pub(super) deliver: Option<String>,
    /// A message of this kind is lost.
    pub(super) lose: Option<String>,
    /// A message of this kind is under way a second time.
    pub(super) duplicate: Option<String>,
    /// The node that an event concerns.
    pub(super) node: Option<String>,
    /// Where the message comes from.
    pub(super) from: Option<String>,
    /// Where the message arrives.
    pub(super) to: Option<String>,
    /// Which of those under way, the oldest being 1; 1 when absent.
    #[schemars(range(min = 1))]
    pub(super) nth: Option<u32>,
    /// When; as early as possible when absent.
    pub(super) at: Option<Length>,
    /// What the process chooses in this step.
    pub(super) choose: Option<List<u32>>,
    /// How long the timers run that the process sets in this step, one after the other.
    pub(super) runs: Option<List<Length>>,
}
