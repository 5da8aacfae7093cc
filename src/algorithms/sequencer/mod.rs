//! Total order by a sequencer: one process numbers every message, everybody delivers in order of the numbers.
//!
//! Kaashoek and Tanenbaum, "Group communication in the Amoeba distributed operating system" (1991), methods PB and
//! BB; the third variant and the names: Defago, Schiper, Urban, "Total order broadcast and multicast algorithms"
//! (2004), section 4.2.
//!
//! ```text
//! unicast-broadcast            broadcast-broadcast           unicast-unicast-broadcast
//! p --submit--> s              p --data--> everybody         p --ask--> s --grant(7)--> p
//! s --ordered(7)--> everybody  s --order(7)--> everybody     p --ordered(7)--> everybody
//! ```
//!
//! With `failover` another process takes over when the sequencer crashes; with `recovery`, too, who crashed comes back.

mod failover;
mod fixed;

use super::parts::heartbeat::{self, Alive, Pulse};
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use failover::Failover;
pub use failover::Kept;
use fixed::Fixed;
use serde::{Deserialize, Serialize};

/// One participant: a member, and one of them the sequencer too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Sequencer {
    /// The sequencer is who it is.
    Fixed(Fixed),
    /// Another process takes over when the sequencer crashes.
    Failover(Box<Failover>),
}

/// A message, its sender and its number among the sender's messages.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Said {
    from: ProcessId,
    id: u64,
    body: String,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who numbers messages; the first node unless said otherwise.
    pub sequencer: Option<ProcessId>,
    /// How a message gets its number and finds its way.
    pub variant: Variant,
    /// Whether deliveries show the number: the lab sheet's absolute order does, its consistent order does not.
    pub numbered: bool,
    /// Whether another process takes over when the sequencer crashes. Messages then go by `unicast-broadcast`, and
    /// agreement is uniform: nobody delivers what `f` others have not stored, where `f` is how many may crash.
    pub failover: bool,
    /// With failover: whether who crashed may come back, because it keeps in stable storage what it must not forget. Any
    /// number of processes may crash then, as long as more than half of all are up for a while. Links must be FIFO.
    pub recovery: bool,
    /// With failover: how crashes are detected.
    pub heartbeat: heartbeat::Config,
}

/// How a message gets its number and finds its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// To the sequencer, which sends it on to everybody with its number (PB in Amoeba).
    #[default]
    UnicastBroadcast,
    /// To everybody; the sequencer then tells everybody the number (BB in Amoeba).
    BroadcastBroadcast,
    /// The sender asks the sequencer for a number, then sends to everybody with the number.
    UnicastUnicastBroadcast,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sequencer: None,
            variant: Variant::default(),
            numbered: true,
            failover: false,
            recovery: false,
            heartbeat: heartbeat::Config::default(),
        }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the sequencer: number this and send it on.
    Submit {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: a message with its number.
    Ordered {
        /// Its place in the one order.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: a message, its number follows.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: the number of a message.
    Order {
        /// Its place in the one order.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
    },
    /// To the sequencer: a number for a message, please.
    Ask {
        /// Which of the sender's messages it is for.
        id: u64,
    },
    /// From the sequencer: the number.
    Grant {
        /// The place in the one order.
        number: u64,
        /// Which of the receiver's messages it is for.
        id: u64,
    },
    /// With failover, from the sequencer to everybody: store this under this number, and say so.
    Tentative {
        /// The sequencer's epoch.
        epoch: u64,
        /// The place in the one order that the message is to have.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To the sequencer: the message of this number is stored.
    Stored {
        /// The sequencer's epoch.
        epoch: u64,
        /// The place in the one order.
        number: u64,
        /// With recovery: up to which number the sender has delivered.
        #[serde(default, skip_serializing_if = "is_zero")]
        delivered: u64,
    },
    /// From the sequencer to everybody: enough have stored all messages up to this one, deliver them.
    Accept {
        /// The sequencer's epoch.
        epoch: u64,
        /// The place in the one order.
        number: u64,
        /// With recovery: up to which number everybody has delivered, so that nobody will ask for it any more.
        #[serde(default, skip_serializing_if = "is_zero")]
        forget: u64,
    },
    /// The sender wants to be sequencer of this epoch, and obeys no sequencer of an earlier one any more.
    NewEpoch {
        /// The new epoch.
        epoch: u64,
        /// Up to which number the sender has delivered: it wants to know of what comes after.
        delivered: u64,
    },
    /// To the new sequencer: its sender obeys no sequencer of an earlier epoch any more, and has this.
    State {
        /// The new epoch.
        epoch: u64,
        /// Up to which number the sender has delivered.
        delivered: u64,
        /// What it has stored of what the new sequencer has not delivered.
        stored: Vec<Entry>,
    },
    /// From the new sequencer: the epoch begins; submit again what was not delivered.
    Start {
        /// The new epoch.
        epoch: u64,
        /// Up to which number everything may be delivered.
        number: u64,
    },
    /// With failover: a sign of life.
    Alive,
    /// With recovery, to everybody: the sender crashed and is back.
    Back,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Alive> for Message {
    fn from(Alive: Alive) -> Self {
        Self::Alive
    }
}

/// A message that a member has stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Under which number.
    pub number: u64,
    /// In which epoch.
    pub epoch: u64,
    /// By word of which sequencer.
    pub sequencer: ProcessId,
    /// Who said it.
    pub origin: ProcessId,
    /// Which of the origin's messages it is.
    pub id: u64,
    /// What was said.
    pub body: String,
}

/// The timers; only with failover.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// One of the failure detector's.
    Pulse(Pulse),
    /// The sequencer is suspected, and whoever should take over has not done so.
    Impatience,
}

impl From<Pulse> for Timer {
    fn from(pulse: Pulse) -> Self {
        Self::Pulse(pulse)
    }
}

impl Process for Sequencer {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// Nothing without recovery.
    type Stable = Option<Kept>;

    const DESCRIPTION: Description = Description {
        name: "sequencer",
        summary: "One process numbers every message; everybody delivers in order of the numbers.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes, the sequencer least of all",
            "with failover: fewer than half of all processes crash, and stay down; a wrong suspicion costs messages and time only",
            "with recovery: FIFO links, and in the end more than half of all processes up; all may crash and come back",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "total-order"],
        messages: &[
            ("submit", "to the sequencer: number this and send it on (unicast-broadcast)"),
            ("ordered", "to everybody: a message with its number"),
            ("data", "to everybody: a message, its number follows (broadcast-broadcast)"),
            ("order", "to everybody: the number of a message (broadcast-broadcast)"),
            ("ask", "to the sequencer: a number, please (unicast-unicast-broadcast)"),
            ("grant", "from the sequencer: the number (unicast-unicast-broadcast)"),
            ("tentative", "to everybody: store this message under this number (failover)"),
            ("stored", "to the sequencer: it is stored (failover)"),
            (
                "accept",
                "to everybody: enough have stored everything up to this number, deliver it (failover)",
            ),
            ("new-epoch", "from a process that wants to take over, to everybody else (failover)"),
            ("state", "to that process: what is stored here (failover)"),
            ("start", "from that process: the new epoch begins (failover)"),
            ("alive", "a sign of life, to everybody, once in a period (failover)"),
            ("back", "to everybody: its sender crashed and is back (recovery)"),
        ],
        cost: "for each broadcast N messages and 2 delays (unicast-broadcast), 2(N-1) and 2 (broadcast-broadcast), N+1 and 3 (unicast-unicast-broadcast); N-1 and 1 when the sequencer itself sends; with failover 3N-2 and 4, or 3(N-1) and 3 when the sequencer sends, and for a new sequencer 3(N-2) and what its members have missed",
        breaks: &[
            "the sequencer crashes: nothing is delivered any more (validity)",
            "with failover and without recovery: half of all processes crash, or one forgets what it stored and comes back (validity)",
            "two messages of one sender overtake each other on the way to the sequencer (fifo-order)",
        ],
        source: "Kaashoek, Tanenbaum, Group communication in the Amoeba distributed operating system (1991); Defago, Schiper, Urban, Total order broadcast and multicast algorithms (2004), section 4.2; failover: Kaashoek, Group communication in distributed computer systems (1992); Lamport, The part-time parliament (1998)",
    };
    const FORMULAS: &'static [Formula] = &[
        Formula::between("N-1", "N").with(&[("failover", "false"), ("variant", "unicast-broadcast")]),
        Formula::between("N-1", "2(N-1)").with(&[("failover", "false"), ("variant", "broadcast-broadcast")]),
        Formula::between("N-1", "N+1")
            .with(&[("failover", "false"), ("variant", "unicast-unicast-broadcast")]),
    ];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, kept: Option<Kept>) -> Self {
        match kept {
            Some(kept) => Self::Failover(Box::new(Failover::come_back(ctx, config, kept))),
            None if config.failover || config.recovery => {
                Self::Failover(Box::new(Failover::boot(ctx, config)))
            }
            None => Self::Fixed(Fixed::boot(config)),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match (self, request) {
            (Self::Fixed(fixed), Request::Broadcast(body)) => fixed.on_broadcast(ctx, body),
            (Self::Failover(failover), Request::Broadcast(body)) => failover.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match self {
            Self::Fixed(fixed) => fixed.on_message(ctx, from, message),
            Self::Failover(failover) => failover.on_message(ctx, from, message),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match self {
            Self::Fixed(_) => {}
            Self::Failover(failover) => failover.on_timer(ctx, timer),
        }
    }
}

/// Hands a message to the application, with its number if the configuration wants it shown.
fn deliver(ctx: &mut Context<'_, Sequencer>, number: Option<u64>, said: Said) {
    let Said { from, id, body } = said;
    ctx.produce(Output::Deliver(Delivery { number, from, id, body }));
}
