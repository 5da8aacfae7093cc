//! A trace as everybody outside the simulator sees it: one header, one event per line, one verdict.

use crate::process::{End, Names, ProcessId, Verdict};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the trace format that this crate writes. It reads this one and all before it.
pub const VERSION: u32 = 1;

/// A whole trace in memory.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The first line.
    pub header: Header,
    /// The nodes' names, as the header lists them.
    pub names: Names,
    /// What happened.
    pub events: Vec<Event>,
    /// The last line; absent from a trace that breaks off.
    pub footer: Option<Footer>,
}

/// The first line: everything `replay` needs to run it again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The format's version.
    pub v: u32,
    /// Always `header`.
    pub kind: String,
    /// Who wrote it, with version.
    pub tool: String,
    /// The seed; a string because it has 64 bits.
    pub seed: String,
    /// The algorithm's name.
    pub algorithm: String,
    /// The nodes' names, in order of their ids; a number means `n1` to `nN`.
    pub nodes: Nodes,
    /// The scenario as it ran, resolved: every default filled in, every `--set` applied.
    pub scenario: Value,
    /// Of a live run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
}

/// What the header of a live run says beside the rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Live {
    /// Whose journal this is; absent from a trace of all nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// When the run began, by the wall clock: nanoseconds since 1970, as a string because it has 64 bits.
    pub epoch: String,
}

/// Names as a header lists them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Nodes {
    /// `n1` to `nN`.
    Count(u32),
    /// As written.
    Names(Vec<String>),
}

impl From<&Names> for Nodes {
    fn from(names: &Names) -> Self {
        match names {
            Names::Numbered(count) => Self::Count(*count),
            Names::Listed(_) => Self::Names(names.ids().map(|id| names.name(id).into_owned()).collect()),
        }
    }
}

impl From<&Nodes> for Names {
    fn from(nodes: &Nodes) -> Self {
        match nodes {
            Nodes::Count(count) => Self::Numbered(*count),
            Nodes::Names(names) => Self::listed(names.clone()),
        }
    }
}

/// One thing that happened. Written and read while the trace's names are in force ([`Names::scope`]).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its place in the trace, counted from 0.
    #[serde(rename = "i")]
    pub index: u64,
    /// When, in nanoseconds since the run began.
    #[serde(rename = "t")]
    pub time: u64,
    /// Where; absent for what happens to the network as a whole.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub node: Option<ProcessId>,
    /// What.
    #[serde(rename = "e")]
    pub kind: EventKind,
    /// The message's number. A duplicate has the number of its original.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
    /// For whom a sent message is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ProcessId>,
    /// Who sent a message that arrives or is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ProcessId>,
    /// The message's kind.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub message_kind: Option<String>,
    /// What was sent, requested, produced, saved, set; for faults their particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Why a message was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// The Lamport clock of an event at a node.
    #[serde(rename = "lc", default, skip_serializing_if = "Option::is_none")]
    pub lamport: Option<u64>,
    /// The node's state after the event, where states were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The kinds of event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the trace format")]
pub enum EventKind {
    Boot,
    Request,
    Output,
    Send,
    Receive,
    Drop,
    Duplicate,
    TimerSet,
    Timer,
    Save,
    Crash,
    Restart,
    Pause,
    Resume,
    Partition,
    Heal,
    Cut,
    Link,
    Clock,
    Choice,
    Note,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Boot,
        Self::Request,
        Self::Output,
        Self::Send,
        Self::Receive,
        Self::Drop,
        Self::Duplicate,
        Self::TimerSet,
        Self::Timer,
        Self::Save,
        Self::Crash,
        Self::Restart,
        Self::Pause,
        Self::Resume,
        Self::Partition,
        Self::Heal,
        Self::Cut,
        Self::Link,
        Self::Clock,
        Self::Choice,
        Self::Note,
    ];

    /// The name as the trace writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Request => "request",
            Self::Output => "output",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::TimerSet => "timer-set",
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
            Self::Note => "note",
        }
    }
}

/// The last line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Footer {
    /// Always `end`.
    pub kind: String,
    /// How many events there were.
    pub events: u64,
    /// When the last one happened, in nanoseconds.
    pub t: u64,
    /// Why the run was over.
    pub ended: End,
    /// Messages sent, by kind.
    pub messages: IndexMap<String, u64>,
    /// What became of the properties that were checked.
    pub verdicts: IndexMap<String, Verdict>,
    /// BLAKE3 over the lines of all events, each with its newline, in hexadecimal.
    pub digest: String,
}
