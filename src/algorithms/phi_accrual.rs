//! The φ accrual detector: not whether somebody is suspected, but how much, by how regular its heartbeats were.
//!
//! Hayashibara, Défago, Yared, Katayama, "The φ accrual failure detector" (2004), sections 3 and 4. The application
//! sets the threshold: at Φ, a suspicion is wrong with a chance of 10^-Φ, if intervals are as they were before.
//!
//! ```text
//! φ                                          *   Φ: suspect
//!                                         *
//!        *        *         *         * *
//!   * * *  * * * *  * * * * *  * * * *
//!         +        +         +                   +: a heartbeat comes; the window takes in its interval
//! ```
//!
//! An interval that ended a suspicion is none of a process at work, and is left out (as in Akka's detector): with it the
//! mean would be so long that the next crash were noticed much too late.

use super::parts::{
    accrual::{Estimate, Intervals, phi},
    freshness::{Freshness, Stamp},
};
use crate::{
    problems::failure_detection::{FailureDetection, Output, Request},
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PhiAccrual {
    config: Config,
    watched: BTreeMap<ProcessId, Watched>,
    freshness: Freshness,
    /// This process's last heartbeat.
    last: Stamp,
}

/// What is known of one process.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Watched {
    intervals: Intervals,
    /// When its last heartbeat came; while there was none, when it began to be watched.
    last: LocalTime,
    heard: bool,
    suspected: bool,
}

/// How often to be heard, and how suspicious to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How long after one heartbeat the next is sent; a millisecond at least.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How often φ is compared with the threshold; every millisecond at most.
    #[serde(with = "duration")]
    pub check: Duration,
    /// Φ, from which on a process is suspected, in thousandths: 1000 is a chance of 1 in 10 to be wrong.
    pub threshold: u64,
    /// How intervals are taken to be distributed.
    pub estimate: Estimate,
    /// How many intervals are remembered; 10000 at most.
    pub window: usize,
    /// How long an interval is thought to be as long as there was none; give or take a quarter of it.
    #[serde(with = "duration")]
    pub first_interval: Duration,
    /// The least standard deviation: without it, intervals that were all alike would make the next one suspicious at
    /// once.
    #[serde(with = "duration")]
    pub deviation_min: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_millis(100),
            check: Duration::from_millis(50),
            threshold: 8_000,
            estimate: Estimate::Normal,
            window: 1_000,
            first_interval: Duration::from_millis(500),
            deviation_min: Duration::from_millis(20),
        }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The sender is alive.
    Alive(Stamp),
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The next heartbeat is due.
    Beat,
    /// It is time to look who is silent.
    Check,
}

impl Process for PhiAccrual {
    type Problem = FailureDetection;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How often this process has started: what it sends now is newer than all that it sent before a crash.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "phi-accrual",
        summary: "Suspects by degrees: how unlikely is such a silence, after the intervals between heartbeats so far?",
        assumes: &[
            "intervals between heartbeats that are in future as they were before, `first-interval` to begin with",
            "never wrong: no losses, and delays that differ by no more than twice `deviation-min`, at a threshold of 8000",
            "clocks that run steadily",
        ],
        promises: &["completeness", "eventual-accuracy", "answers"],
        messages: &[("alive", "a sign of life, with its number")],
        cost: "N(N-1) messages in a period; at a threshold of Φ a crash is noticed after Φ ln 10 mean intervals (exponential) or so many standard deviations after the mean that only one in 10^Φ is longer (normal)",
        breaks: &[
            "losses in bursts: the silence is longer than any before (strong-accuracy)",
            "a partition: each side suspects the other for as long as it lasts (eventual-accuracy)",
            "a `first-interval` that is much too short: everybody is suspected before an interval is seen (eventual-accuracy)",
        ],
        source: "Hayashibara, Défago, Yared, Katayama, The φ accrual failure detector (2004), sections 3 and 4",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, lives: u64) -> Self {
        let life = lives + 1;
        ctx.save(life);
        let (me, now) = (ctx.me(), ctx.now());
        let intervals = Intervals::new(config.window);
        let watched = Watched { intervals, last: now, heard: false, suspected: false };
        let others = ctx.group().filter(|process| *process != me);
        let watched = others.map(|process| (process, watched.clone())).collect();
        let last = Stamp { life, number: 0 };
        let mut process = Self { config: *config, watched, freshness: Freshness::default(), last };
        process.beat(ctx);
        process.check(ctx);
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

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Beat => self.beat(ctx),
            Timer::Check => self.check(ctx),
        }
    }
}

/// Nothing is done more often than this, lest a configuration of zero stop the time.
const SHORTEST: Duration = Duration::from_millis(1);

impl PhiAccrual {
    /// Upon the end of a period: everybody is told.
    fn beat(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.watched.is_empty() {
            self.last.number += 1;
            ctx.broadcast(Message::Alive(self.last));
            ctx.set_timer(Timer::Beat, self.config.period.max(SHORTEST));
        }
    }

    /// Section 4.1: the window takes in the interval, and the silence begins anew.
    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: Stamp) {
        if !self.freshness.is_news(from, stamp) {
            return;
        }
        let now = ctx.now();
        let Some(watched) = self.watched.get_mut(&from) else { return };
        if watched.suspected {
            watched.suspected = false;
            ctx.produce(Output::Restore(from));
        } else if watched.heard {
            let interval = u64::try_from(now.since(watched.last)).unwrap_or(0);
            watched.intervals.push(Duration::from_nanos(interval));
        }
        (watched.last, watched.heard) = (now, true);
    }

    /// Section 3.2: whoever is more suspicious than the threshold is suspected.
    fn check(&mut self, ctx: &mut Context<'_, Self>) {
        if self.watched.is_empty() {
            return;
        }
        let (config, now) = (self.config, ctx.now());
        for (process, watched) in &mut self.watched {
            if !watched.suspected && watched.phi(&config, now) >= config.threshold {
                watched.suspected = true;
                ctx.produce(Output::Suspect(*process));
            }
        }
        ctx.set_timer(Timer::Check, config.check.max(SHORTEST));
    }

    /// Nobody suspects itself, nor a stranger.
    fn on_query(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId) {
        let phi = self.watched.get(&process).map_or(0, |watched| watched.phi(&self.config, ctx.now()));
        ctx.produce(Output::Level { process, phi });
    }
}

impl Watched {
    /// Section 4.2: φ at this time, in thousandths.
    fn phi(&self, config: &Config, now: LocalTime) -> u64 {
        let silence = u64::try_from(now.since(self.last)).unwrap_or(0);
        let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let first = nanoseconds(config.first_interval);
        let (mean, deviation) = self.intervals.estimate().unwrap_or((first, first / 4));
        phi(config.estimate, silence, mean, deviation.max(nanoseconds(config.deviation_min)))
    }
}
