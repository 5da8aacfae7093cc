//! Cristian's clock synchronization: ask a time server, and take its answer to be half a round trip old.
//!
//! Cristian, "Probabilistic clock synchronization" (1989), sections 3 and 4; a passive time server in Sinha,
//! "Distributed operating systems" (1997), section 6.2.
//!
//! ```text
//! client  t0 --ask-------->          <--time(T)-- t1     it is T + (t1 - t0)/2, give or take (t1 - t0)/2 - min
//! server           T: reads its clock
//! ```

use super::parts::adjusted_clock::{AdjustedClock, Aim, Manner, reading_error};
use crate::{
    problems::{
        clock_sync::{ClockSync, Output, Request, Why},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant: the server, or a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Cristian {
    config: Config,
    clock: AdjustedClock,
    /// How many questions were asked, in this life and before.
    asked: u64,
    attempt: Option<Attempt>,
}

/// A question that is open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Attempt {
    id: u64,
    /// t0, by the hardware clock.
    began: LocalTime,
    /// How often it may still be asked.
    left: u32,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What time is it?
    Ask {
        /// Which of the client's questions this is.
        id: u64,
    },
    /// It is this late.
    Time {
        /// To which question.
        id: u64,
        /// T, what the server's clock shows.
        time: Nanoseconds,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// No answer came in time.
    Patience,
    /// The correction is through.
    Corrected,
}

/// Whom to ask, what is known of the links, and how to correct.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The time server; the first node unless said otherwise.
    pub server: Option<ProcessId>,
    /// min, the shortest delay of a message.
    #[serde(with = "duration")]
    pub delay_min: Duration,
    /// The longest round trip whose answer is worth having; after a longer one the question is asked again.
    #[serde(with = "duration")]
    pub round_trip_max: Duration,
    /// How long to wait for an answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How often to ask at most.
    pub attempts: u32,
    /// Whether the clock is set at once, also backwards; it runs faster or slower for a while otherwise.
    pub step: bool,
    /// By how many millionths a clock that is corrected runs faster or slower.
    pub slew_ppm: u32,
    /// By how many millionths clocks may gain or lose.
    pub drift_ppm: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: None,
            delay_min: Duration::ZERO,
            round_trip_max: Duration::from_millis(100),
            timeout: Duration::from_millis(200),
            attempts: 3,
            step: false,
            slew_ppm: 100_000,
            drift_ppm: 100,
        }
    }
}

impl Process for Cristian {
    type Problem = ClockSync;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many questions were asked: an answer to a former life's must not be taken for an answer to this one's.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "cristian",
        summary: "Corrects a clock by a time server's: its answer is taken to be half a round trip old.",
        assumes: &[
            "a server whose clock is right",
            "delays of at least `delay-min`; however they differ there and back, the bound holds",
            "clocks that gain or lose at most `drift-ppm` and are not set while a question or a correction is under way",
            "a round trip within `round-trip-max` in one of `attempts` attempts (adjustment)",
        ],
        promises: &["error-bound", "monotone", "progress", "adjustment"],
        messages: &[("ask", "what time is it?"), ("time", "what the server's clock shows")],
        cost: "2 messages and one round trip for each attempt; wrong by half the difference of the delays there and back",
        breaks: &[
            "a server whose clock is wrong: nobody notices (error-bound)",
            "a server that crashed: nobody is corrected any more (adjustment)",
            "`step`: a clock that is ahead is set back (monotone)",
            "a `delay-min` that is too large, where delays there and back differ (error-bound)",
        ],
        source: "Cristian, Probabilistic clock synchronization (1989), sections 3 and 4",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, asked: u64) -> Self {
        Self { config: *config, clock: AdjustedClock::default(), asked, attempt: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Sync => self.on_sync(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask { id } => self.on_ask(ctx, from, id),
            Message::Time { id, time } => self.on_time(ctx, from, id, time),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience => self.ask_again(ctx, Why::Timeout),
            Timer::Corrected => self.clock.finish(ctx),
        }
    }
}

impl Cristian {
    fn server(&self) -> ProcessId {
        self.config.server.unwrap_or(ProcessId(0))
    }

    /// A client asks; a question that is open already will do. The server is right by definition.
    fn on_sync(&mut self, ctx: &mut Context<'_, Self>) {
        if ctx.me() == self.server() {
            let target = i128::from(ctx.now().0);
            return self.correct(ctx, target, 0);
        }
        if self.attempt.is_none() {
            self.ask(ctx, self.config.attempts.max(1));
        }
    }

    /// t0: the question leaves.
    fn ask(&mut self, ctx: &mut Context<'_, Self>, attempts: u32) {
        self.asked += 1;
        ctx.save(self.asked);
        self.attempt = Some(Attempt { id: self.asked, began: ctx.now(), left: attempts - 1 });
        ctx.send(self.server(), Message::Ask { id: self.asked });
        ctx.set_timer(Timer::Patience, self.config.timeout);
    }

    /// The server reads its clock.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64) {
        if ctx.me() == self.server() {
            ctx.send(from, Message::Time { id, time: ctx.now().into() });
        }
    }

    /// t1: the answer is here, and half a round trip old.
    fn on_time(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, time: Nanoseconds) {
        let Some(attempt) = &self.attempt else { return };
        if from != self.server() || attempt.id != id {
            return;
        }
        let round_trip = i128::from(ctx.now().since(attempt.began)).max(0);
        if round_trip > Nanoseconds::from(self.config.round_trip_max).wide() {
            return self.ask_again(ctx, Why::TooSlow);
        }
        self.attempt = None;
        ctx.cancel_timer(Timer::Patience);
        let error = reading_error(round_trip, self.config.delay_min, self.config.drift_ppm);
        self.correct(ctx, time.wide() + round_trip / 2, error);
    }

    fn ask_again(&mut self, ctx: &mut Context<'_, Self>, why: Why) {
        let Some(attempt) = self.attempt.take() else { return };
        ctx.cancel_timer(Timer::Patience);
        match attempt.left {
            0 => ctx.produce(Output::Failed { why }),
            left => self.ask(ctx, left),
        }
    }

    /// Amortization: the clock is led to the right time, and not set, unless that is asked for.
    fn correct(&mut self, ctx: &mut Context<'_, Self>, target: i128, error: i128) {
        let Config { step, slew_ppm, drift_ppm, .. } = self.config;
        let (bound, against) = (Nanoseconds::of(error), Some(self.server()));
        let manner = if step { Manner::Step } else { Manner::Slew(slew_ppm) };
        let aim = Aim { bound, against, round: None, drift_ppm };
        self.clock.aim_at(ctx, Timer::Corrected, target, aim, manner);
    }
}
