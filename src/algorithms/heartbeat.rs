//! Heartbeats: everybody tells everybody that it is alive, again and again; who falls silent is suspected.
//!
//! Chandra, Toueg, "Unreliable failure detectors for reliable distributed systems" (1996), section 9; Cachin,
//! Guerraoui, Rodrigues, "Introduction to Reliable and Secure Distributed Programming" (2011), Algorithms 2.5 (perfect)
//! and 2.7 (eventually perfect), with heartbeats that are sent unasked.
//!
//! ```text
//! q   *--------*--------*----X              a heartbeat takes d; q is suspected a timeout after its last one came:
//!      \        \        \                  from d + timeout - period to d + timeout after its crash
//! p     +--------+--------+-----------!     +: the timeout begins anew   !: suspect
//! ```
//!
//! A heartbeat that a newer one has overtaken proves nothing: it may have been sent by somebody who is dead by now.

use super::parts::{
    freshness::{Freshness, Stamp},
    heartbeat::{self as detector, Heartbeat as Detector, Pulse},
};
use crate::{
    problems::failure_detection::{FailureDetection, Opinion, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Heartbeat {
    config: Config,
    detector: Detector,
    freshness: Freshness,
    /// This process's last heartbeat.
    last: Stamp,
}

/// How often to be heard, and how long to wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How long after one heartbeat the next is sent; a millisecond at least.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How long a process may be silent before it is suspected: a period, the longest delay and some more. It doubles
    /// for each process whenever that was suspected for nothing.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// The longest delay of a message; where it is known, it is announced within which time a crash is noticed. It is
    /// not known when it is `0s`.
    #[serde(with = "duration")]
    pub delay_max: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let detector::Config { period, timeout } = detector::Config::default();
        Self { period, timeout, delay_max: Duration::ZERO }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The sender is alive.
    Alive(Stamp),
}

impl Process for Heartbeat {
    type Problem = FailureDetection;
    type Config = Config;
    type Message = Message;
    type Timer = Pulse;
    /// How often this process has started: what it sends now is newer than all that it sent before a crash.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "heartbeat",
        summary: "Everybody tells everybody that it is alive, once in a period; who is silent for a timeout is suspected.",
        assumes: &[
            "perfect (P): a timeout above a period and what the longest delay exceeds the shortest by, and no losses",
            "eventually perfect: delays are bounded from some time on, by whatever time; each error doubles a timeout",
            "clocks that run at about the same pace",
        ],
        promises: &["completeness", "strong-accuracy", "eventual-accuracy", "detection-latency", "answers"],
        messages: &[("alive", "a sign of life, with its number")],
        cost: "N(N-1) messages in a period; a crash is noticed in d + timeout - period to d + timeout, d being the delay of the last heartbeat",
        breaks: &[
            "a heartbeat that is late or lost, while the timeout allows for none (strong-accuracy)",
            "a partition: each side suspects the other for as long as it lasts (strong-accuracy, eventual-accuracy)",
            "a wrong suspicion makes the timeout grow, and the next crash is noticed later (detection-latency)",
        ],
        source: "Chandra, Toueg, Unreliable failure detectors for reliable distributed systems (1996), section 9; Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure Distributed Programming (2011), Algorithms 2.5 and 2.7",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, lives: u64) -> Self {
        let life = lives + 1;
        ctx.save(life);
        let Config { period, timeout, delay_max } = *config;
        if delay_max > Duration::ZERO {
            ctx.produce(Output::Within(timeout.saturating_add(delay_max)));
        }
        let everybody = ctx.group();
        let detector = Detector::listen(ctx, detector::Config { period, timeout }, everybody);
        let last = Stamp { life, number: 0 };
        let mut process = Self { config: *config, detector, freshness: Freshness::default(), last };
        process.beat(ctx);
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Query(process) => self.on_query(ctx, process),
            // Membership is fixed.
            Request::Join(_) | Request::Leave => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Alive(stamp) => self.on_alive(ctx, from, stamp),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        match pulse {
            Pulse::Beat => self.beat(ctx),
            Pulse::Silent(process) => self.on_silence(ctx, process),
        }
    }
}

impl Heartbeat {
    /// Upon the end of a period: everybody is told.
    fn beat(&mut self, ctx: &mut Context<'_, Self>) {
        if ctx.group_size() > 1 {
            self.last.number += 1;
            ctx.broadcast(Message::Alive(self.last));
            ctx.set_timer(Pulse::Beat, self.config.period.max(Duration::from_millis(1)));
        }
    }

    /// Upon a heartbeat: its sender is well, if this is its newest. To have suspected it was an error.
    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: Stamp) {
        if self.freshness.is_news(from, stamp) && self.detector.on_alive(ctx, from) {
            ctx.produce(Output::Restore(from));
        }
    }

    /// Upon event ⟨timeout⟩: nothing newer came in time.
    fn on_silence(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId) {
        if let Some(suspect) = self.detector.on_silence(process) {
            ctx.produce(Output::Suspect(suspect));
        }
    }

    fn on_query(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId) {
        let opinion = match process {
            process if self.detector.suspects(process) => Opinion::Suspected,
            process if process.index() < ctx.group_size() => Opinion::Trusted,
            _ => Opinion::Unknown,
        };
        ctx.produce(Output::Status { process, opinion });
    }
}
