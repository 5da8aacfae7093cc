//! Averaging clocks: everybody tells everybody the time, and moves to the average. No algorithm can do better.
//!
//! Lundelius and Lynch, "An upper and lower bound for clock synchronization" (1984), section 4; Attiya and Welch,
//! "Distributed computing" (2004), section 6.3.2. Delays are between d - u and d, so that a clock that was sent is
//! taken to be d - u/2 old.
//!
//! ```text
//! p  --time(10)--> everybody     q, whose clock shows 3, takes p's to show 10 + d - u/2
//! q  once all have come: moves by the average of the differences, its own (nothing) included
//! ```

use super::parts::adjusted_clock::{AdjustedClock, Aim, Manner, drifted};
use crate::{
    problems::{
        clock_sync::{ClockSync, Output, Request, Why},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LundeliusLynch {
    config: Config,
    clock: AdjustedClock,
    /// How many rounds this process took part in, in this life and before.
    rounds: u64,
    /// Since when the current round is open here; none while there is no round.
    open: Option<LocalTime>,
    /// DIFF: how far the clock of each process that was heard of in this round is ahead of this one's.
    ahead: BTreeMap<ProcessId, i128>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What the sender's clock shows.
    Time {
        /// In which round.
        round: u64,
        /// Its time, any correction that is still under way included.
        time: Nanoseconds,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Not everybody was heard of in time.
    Patience,
    /// The correction is through.
    Corrected,
}

/// What is known of the links, and how to correct.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// d, the longest delay of a message.
    #[serde(with = "duration")]
    pub delay_max: Duration,
    /// u, by how much delays differ: the shortest is d - u.
    #[serde(with = "duration")]
    pub uncertainty: Duration,
    /// How long to wait for everybody.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Whether the clock is set at once, also backwards; it runs faster or slower for a while otherwise.
    pub step: bool,
    /// By how many millionths a clock that is corrected runs faster or slower.
    pub slew_ppm: u32,
    /// By how many millionths clocks may gain or lose; the paper has none that do.
    pub drift_ppm: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            delay_max: Duration::from_millis(120),
            uncertainty: Duration::from_millis(120),
            timeout: Duration::from_millis(200),
            step: false,
            slew_ppm: 100_000,
            drift_ppm: 0,
        }
    }
}

impl Process for LundeliusLynch {
    type Problem = ClockSync;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// The number of the last round.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "lundelius-lynch",
        summary: "Moves all clocks to their average, with everybody telling everybody the time: as close as is possible.",
        assumes: &[
            "a complete network without losses, on which messages take between `delay-max` - `uncertainty` and `delay-max`",
            "nobody crashes or stands still, and no clock is wrong on purpose",
            "clocks that gain or lose at most `drift-ppm`",
            "no request while a round or a correction is under way anywhere",
        ],
        promises: &["precision", "monotone", "progress", "adjustment"],
        messages: &[("time", "what the sender's clock shows")],
        cost: "N(N-1) messages and 1 message delay for each round; clocks differ by u(1-1/N) at most afterwards",
        breaks: &[
            "a delay outside the bounds (precision)",
            "one lost message, one crashed process: whoever waits for it is not corrected (adjustment)",
        ],
        source: "Lundelius, Lynch, An upper and lower bound for clock synchronization (1984), section 4",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, rounds: u64) -> Self {
        let clock = AdjustedClock::default();
        Self { config: *config, clock, rounds, open: None, ahead: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Sync => {
                if self.open.is_none() {
                    self.begin(ctx, self.rounds.saturating_add(1));
                }
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Time { round, time } => self.on_time(ctx, from, round, time),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience => self.on_patience(ctx),
            Timer::Corrected => self.clock.finish(ctx),
        }
    }
}

impl LundeliusLynch {
    /// Everybody tells everybody the time, once in each round.
    fn begin(&mut self, ctx: &mut Context<'_, Self>, round: u64) {
        self.rounds = round;
        ctx.save(round);
        self.open = Some(ctx.now());
        self.ahead.clear();
        ctx.broadcast(Message::Time { round, time: self.clock.target(ctx.now()) });
        ctx.set_timer(Timer::Patience, self.config.timeout);
        self.end_if_complete(ctx);
    }

    /// DIFF\[q\] := T + d - u/2 - local time. Who hears of a round that it does not know yet joins in.
    fn on_time(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, round: u64, time: Nanoseconds) {
        if round > self.rounds {
            self.begin(ctx, round);
        }
        if round != self.rounds || self.open.is_none() || self.ahead.contains_key(&from) {
            return;
        }
        let Config { delay_max, uncertainty, .. } = self.config;
        let age = Nanoseconds::from(delay_max).wide() - Nanoseconds::from(uncertainty).wide() / 2;
        self.ahead.insert(from, time.wide() + age - self.clock.target(ctx.now()).wide());
        self.end_if_complete(ctx);
    }

    /// Once all have come: move by the average of the differences, the own one (nothing) included.
    fn end_if_complete(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(began) = self.open.take_if(|_| self.ahead.len() + 1 == ctx.group_size()) else { return };
        ctx.cancel_timer(Timer::Patience);
        let Config { uncertainty, step, slew_ppm, drift_ppm, .. } = self.config;
        let (size, sum) = (ctx.group_size() as i128, self.ahead.values().sum::<i128>());
        // Every difference is wrong by u/2 at most, the own one by nothing; the quotients are rounded.
        let error = (Nanoseconds::from(uncertainty).wide() * (size - 1) + 2 * size - 1) / (2 * size);
        let rounding = if size == 1 { 0 } else { 1 };
        let elapsed = i128::from(ctx.now().since(began));
        let bound = Nanoseconds::of(error + rounding + 2 * drifted(elapsed, drift_ppm));
        let aim = Aim { bound, against: None, round: Some(self.rounds), drift_ppm };
        let manner = if step { Manner::Step } else { Manner::Slew(slew_ppm) };
        let target = self.clock.target(ctx.now()).wide() + sum.div_euclid(size);
        self.clock.aim_at(ctx, Timer::Corrected, target, aim, manner);
    }

    fn on_patience(&mut self, ctx: &mut Context<'_, Self>) {
        if self.open.take().is_some() {
            ctx.produce(Output::Failed { why: Why::Timeout });
        }
    }
}
