//! Vector clocks: a stamp says of every process how many of its events may have caused this one.
//!
//! Fidge, "Timestamps in message-passing systems that preserve the partial ordering" (1988); Mattern, "Virtual time
//! and global states of distributed systems" (1989), section 6. Sending only what changed: Singhal and Kshemkalyani,
//! "An efficient implementation of vector clocks" (1992).
//!
//! ```text
//! p  [1,0,0] --[1,0,0]--> q  [1,1,0]
//! q  [1,2,0] --[1,2,0]--> r  [1,2,1]   with differences: {p: 1, q: 2}
//! ```

use super::parts::letters::Letters;
use crate::{
    problems::logical_clock::{Event, LogicalClock, Output, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct VectorClock {
    config: Config,
    kept: Kept,
}

/// What a process knows; saved at every event when the clock is to survive a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// V: for every process, how many of its events are known here.
    vector: Vec<u64>,
    letters: Letters,
    /// LU, last update: which event here changed each entry of the vector last.
    changed: Vec<u64>,
    /// LS, last sent: which event here was the last sending to each process.
    told: BTreeMap<ProcessId, u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message of the application.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// The stamp of its sending.
        stamp: Vec<u64>,
        /// What it says.
        body: String,
    },
    /// A message of the application, from a sender that sends differences.
    Differences {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// The entries of the stamp that changed since the sender's last message to this receiver.
        changed: Vec<(ProcessId, u64)>,
        /// What it says.
        body: String,
    },
}

/// How the clock is kept and sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether messages carry only what changed since the last one to the same receiver. Needs FIFO links without loss.
    pub differences: bool,
    /// Whether the clock is saved at every event, so that it survives a crash.
    pub durable: bool,
}

impl Process for VectorClock {
    type Problem = LogicalClock;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = Kept;

    const DESCRIPTION: Description = Description {
        name: "vector-clock",
        summary: "Stamps every event with what may have caused it, so that stamps tell cause from coincidence.",
        assumes: &[
            "a closed group",
            "nothing of the network; with `differences`, FIFO links without loss (`channel: reliable-fifo`)",
            "who restarts after a crash has saved its clock (`durable: true`)",
        ],
        promises: &["clock-condition", "converse", "exact-knowledge"],
        messages: &[
            ("data", "a message of the application, with the stamp of its sending"),
            ("differences", "the same with those entries of the stamp that are new to the receiver"),
        ],
        cost: "no message of its own; a vector of N numbers in every message, or the changed ones with their places",
        breaks: &[
            "`differences` over links that are not FIFO: a message overtakes what it builds on (exact-knowledge)",
            "a restart without `durable`: the clock begins again (clock-condition)",
        ],
        source: "Fidge (1988); Mattern, Virtual time and global states of distributed systems (1989); Singhal, Kshemkalyani (1992)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Kept) -> Self {
        let mut kept = stable;
        kept.vector.resize(ctx.group_size(), 0);
        kept.changed.resize(ctx.group_size(), 0);
        Self { config: *config, kept }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Internal(note) => self.on_internal(ctx, note),
            Request::Send { to, body } => self.on_send(ctx, to, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, stamp, body } => {
                self.on_data(ctx, from, id, (0..).map(ProcessId).zip(stamp), body)
            }
            Message::Differences { id, changed, body } => self.on_data(ctx, from, id, changed, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl VectorClock {
    fn on_internal(&mut self, ctx: &mut Context<'_, Self>, note: String) {
        self.tick(ctx);
        self.stamp(ctx, Event::Internal(note));
    }

    /// A message carries the stamp of its sending, or what the receiver cannot know of it yet.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let id = self.kept.letters.number();
        self.tick(ctx);
        let message = if self.config.differences {
            Message::Differences { id, changed: self.differences(ctx.me(), to), body }
        } else {
            Message::Data { id, stamp: self.kept.vector.clone(), body }
        };
        self.stamp(ctx, Event::Send { to, id });
        ctx.send(to, message);
    }

    /// Singhal and Kshemkalyani: the entries k with LS\[to\] < LU\[k\].
    fn differences(&mut self, me: ProcessId, to: ProcessId) -> Vec<(ProcessId, u64)> {
        let Kept { vector, changed, told, .. } = &mut self.kept;
        let told = told.insert(to, vector[me.index()]).unwrap_or(0);
        let entries = (0..).map(ProcessId).zip(vector.iter().zip(changed));
        entries.filter(|(_, (_, changed))| **changed > told).map(|(id, (count, _))| (id, *count)).collect()
    }

    /// Its receipt knows what its sending knew, and what was known here.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        id: u64,
        stamp: impl IntoIterator<Item = (ProcessId, u64)>,
        body: String,
    ) {
        if !self.kept.letters.is_new(from, id) {
            return;
        }
        self.tick(ctx);
        let now = self.kept.vector[ctx.me().index()];
        for (process, theirs) in stamp {
            let Some(mine) = self.kept.vector.get_mut(process.index()) else { continue };
            if theirs > *mine {
                *mine = theirs;
                self.kept.changed[process.index()] = now;
            }
        }
        self.stamp(ctx, Event::Receive { from, id, body });
    }

    /// Every event counts in its own process's entry.
    fn tick(&mut self, ctx: &Context<'_, Self>) {
        let me = ctx.me().index();
        self.kept.vector[me] = self.kept.vector[me].saturating_add(1);
        self.kept.changed[me] = self.kept.vector[me];
    }

    fn stamp(&self, ctx: &mut Context<'_, Self>, event: Event) {
        if self.config.durable {
            ctx.save(self.kept.clone());
        }
        ctx.produce(Output::Stamped { event, stamp: Stamp::Vector(self.kept.vector.clone()) });
    }
}
