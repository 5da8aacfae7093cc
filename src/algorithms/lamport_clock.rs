//! Lamport's logical clock: a number that grows along every chain of causes.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978), rules IR1 and IR2.
//!
//! ```text
//! p  1 --T=2--> q   q's clock shows 5: max(5, 2) + 1 = 6
//! q  7 --T=7--> p   p's clock shows 2: max(2, 7) + 1 = 8
//! ```

use super::parts::letters::Letters;
use crate::{
    problems::logical_clock::{Event, LogicalClock, Output, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LamportClock {
    config: Config,
    kept: Kept,
}

/// What a process knows; saved at every event when the clock is to survive a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// C: the stamp of the last event here.
    time: u64,
    letters: Letters,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message of the application.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// Tm: the stamp of its sending.
        stamp: u64,
        /// What it says.
        body: String,
    },
}

/// How the clock is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the clock is saved at every event, so that it survives a crash.
    pub durable: bool,
}

impl Process for LamportClock {
    type Problem = LogicalClock;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = Kept;

    const DESCRIPTION: Description = Description {
        name: "lamport-clock",
        summary: "Stamps every event with a number that is larger than those of all events that may have caused it.",
        assumes: &[
            "nothing of the network",
            "who restarts after a crash has saved its clock (`durable: true`)",
        ],
        promises: &["clock-condition", "longest-chain"],
        messages: &[("data", "a message of the application, with the stamp of its sending")],
        cost: "no message of its own; one number in every message",
        breaks: &[
            "expecting more: a smaller stamp does not mean that one event may have caused the other (converse)",
            "a restart without `durable`: the clock begins again (clock-condition)",
        ],
        source: "Lamport, Time, clocks, and the ordering of events in a distributed system (1978)",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, stable: Kept) -> Self {
        Self { config: *config, kept: stable }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Internal(note) => self.on_internal(ctx, note),
            Request::Send { to, body } => self.on_send(ctx, to, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, stamp, body } => self.on_data(ctx, from, id, stamp, body),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl LamportClock {
    fn on_internal(&mut self, ctx: &mut Context<'_, Self>, note: String) {
        self.tick(ctx, Event::Internal(note));
    }

    /// Rule IR2 (a): a message carries the stamp of its sending.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let id = self.kept.letters.number();
        self.tick(ctx, Event::Send { to, id });
        ctx.send(to, Message::Data { id, stamp: self.kept.time, body });
    }

    /// Rule IR2 (b): its receipt gets a larger stamp than its sending and than anything before it here.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, stamp: u64, body: String) {
        if !self.kept.letters.is_new(from, id) {
            return;
        }
        self.kept.time = self.kept.time.max(stamp);
        self.tick(ctx, Event::Receive { from, id, body });
    }

    /// Rule IR1: the clock advances between any two events.
    fn tick(&mut self, ctx: &mut Context<'_, Self>, event: Event) {
        self.kept.time = self.kept.time.saturating_add(1);
        if self.config.durable {
            ctx.save(self.kept.clone());
        }
        ctx.produce(Output::Stamped { event, stamp: Stamp::Lamport(self.kept.time) });
    }
}
