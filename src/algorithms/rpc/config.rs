//! How remote calls behave: the semantics, how patient a client is, what a server saves.

use crate::process::{ProcessId, duration};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often a call may be executed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Semantics {
    /// A call is sent once.
    Maybe,
    /// A call is sent until it is answered, and executed each time that it arrives.
    AtLeastOnce,
    /// A call is sent until it is answered; a server that knows it sends its old reply again.
    #[default]
    AtMostOnce,
}

/// What a server writes to stable storage.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durable {
    /// Nothing: objects die with their server, and references to them are stale then.
    #[default]
    Nothing,
    /// Objects and names, and not which calls they were the result of.
    Objects,
    /// Objects and names, and the replies to calls, all at once.
    Replies,
}

/// The semantics, and who does what.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How often a call may be executed.
    pub semantics: Semantics,
    /// The registry; the first node unless said otherwise.
    pub registry: Option<ProcessId>,
    /// How long to wait for an answer before the call is sent again, or given up.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// By how much more each time.
    pub backoff: u32,
    /// How often to send a call at most, 0 for as often as it takes; `maybe` sends once.
    pub attempts: u32,
    /// How long an execution takes. Several go on at a time.
    #[serde(with = "duration")]
    pub work: Duration,
    /// How many replies a server keeps for each client, 0 for all that the client may still ask for.
    pub window: u32,
    /// Whether a client tells the server that it has a reply; its next call does otherwise.
    pub acknowledge: bool,
    /// What a server writes to stable storage.
    pub durable: Durable,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            semantics: Semantics::AtMostOnce,
            registry: None,
            timeout: Duration::from_millis(300),
            backoff: 2,
            attempts: 4,
            work: Duration::ZERO,
            window: 0,
            acknowledge: false,
            durable: Durable::Nothing,
        }
    }
}
