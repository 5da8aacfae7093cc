//! What a node is told while it runs, and what it tells: lines of JSON between the director and its nodes, or what
//! somebody types at a prompt.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, net::SocketAddr};

/// What a node is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// The run began, or begins, when the wall clock shows `epoch`; the others are there.
    Begin {
        /// Nanoseconds since 1970; a string because it has 64 bits.
        epoch: String,
        /// Where the other nodes listen.
        peers: BTreeMap<String, SocketAddr>,
        /// Whether the node was there before and crashed.
        again: bool,
    },
    /// A node listens at another address from now on.
    Peer {
        /// Which.
        node: String,
        /// Where.
        address: SocketAddr,
    },
    /// A message that the node's former life held until its time had come, or that came while nobody listened: an
    /// envelope.
    Held(String),
    /// The application asks for this.
    Ask(Value),
    /// Somebody says this: it becomes the problem's request, or the answer to a guest who waits for one.
    Say(String),
    /// Somebody says this to one node.
    Send {
        /// To whom.
        to: String,
        /// What.
        text: String,
    },
    /// Show something.
    Show(Matter),
    /// Something goes wrong from now on.
    Fault(Fault),
    /// Say how things stand, in answer to the question with this number.
    Status(u64),
    /// Say goodbye and stop.
    Quit,
}

/// What can be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// Who is there.
    Who,
    /// What the clocks say.
    Clock,
    /// What was sent and received.
    Stats,
    /// Where the journal is.
    Trace,
}

/// What somebody makes go wrong at a node while it runs. It happens between the node and the network: what does not come
/// in never was there for the process, so the journal still says everything that did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The process is killed.
    Crash,
    /// Nothing happens for so many milliseconds; then what came meanwhile.
    Pause(u64),
    /// What goes to a node takes so many milliseconds longer.
    Delay {
        /// Which.
        to: String,
        /// How much longer.
        milliseconds: u64,
    },
    /// Nothing goes to a node and nothing comes from it.
    Drop(String),
    /// These nodes are on one side and the others are on another, this one where it belongs.
    Partition(Vec<String>),
    /// Everything works again.
    Heal,
}

/// What a node tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// It listens here.
    Ready(SocketAddr),
    /// The process told its application this.
    Output(Value),
    /// A message has left that its receiver holds until its time has come: should that be killed, its next life is to get it.
    Held {
        /// To whom it went.
        to: String,
        /// When it was sent, in nanoseconds since the run began.
        sent: u64,
        /// When it is to arrive.
        arrives: u64,
        /// The envelope.
        line: String,
    },
    /// How things stand.
    Status(Status),
    /// Something to be read: a line, not yet escaped.
    Shown(String),
    /// Something that came in, or was typed, was refused: a sentence.
    Refused(String),
    /// It stops.
    Bye(Summary),
}

/// How things stand with a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Which question this answers.
    pub round: u64,
    /// Whether it would do nothing more by itself.
    pub idle: bool,
    /// How many messages it has handed to the network in this life.
    pub sent: u64,
    /// How many it has taken from there.
    pub received: u64,
}

/// What came of a node's life.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Which node.
    pub node: String,
    /// How many lives it has had, this one included.
    pub lives: u32,
    /// When it stopped, in nanoseconds since the run began.
    pub time: u64,
    /// How many messages it has handed to the network in this life.
    pub sent: u64,
    /// How many it has taken from there.
    pub received: u64,
    /// How many it could not hand over: their receiver was not known or did not read.
    pub unsent: u64,
    /// How many lines and datagrams were refused, by reason.
    pub refused: BTreeMap<String, u64>,
}
