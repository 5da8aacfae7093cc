//! Clock synchronization as in the Network Time Protocol: ask several servers, keep the answers that were quickest, and
//! believe what most servers agree on.
//!
//! Mills, "Internet time synchronization: the network time protocol" (1991), and RFC 5905 (2010), sections 8 to 11;
//! the intersection: Marzullo and Owicki, "Maintaining the time in a distributed system" (1983).
//!
//! ```text
//! client  T1 --request(T1)-->         <--reply(T1,T2,T3)-- T4   offset = ((T2 - T1) + (T3 - T4)) / 2
//! server               T2 ... T3                                delay  =  (T4 - T1) - (T3 - T2)
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
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant: a server, or a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ntp {
    config: Config,
    servers: BTreeSet<ProcessId>,
    clock: AdjustedClock,
    /// The clock filter of each server: its last samples, oldest first.
    filters: BTreeMap<ProcessId, Vec<Sample>>,
    poll: Option<Poll>,
}

/// What one answer says of the hardware clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Sample {
    /// How far the server's clock is ahead of the hardware clock.
    offset: i128,
    /// By how much that may be wrong: half the delay, and drift.
    bound: i128,
    /// T4.
    at: LocalTime,
}

/// A question to all servers that is open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Poll {
    /// T1.
    sent: LocalTime,
    /// Who has not answered yet.
    waiting: BTreeSet<ProcessId>,
}

/// How many samples a clock filter keeps.
const STAGES: usize = 8;

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What time is it?
    Request {
        /// T1, when it was sent.
        sent: Nanoseconds,
    },
    /// It is this late.
    Reply {
        /// T1, by which the client knows its question again.
        sent: Nanoseconds,
        /// T2, when the question came.
        received: Nanoseconds,
        /// T3, when the answer left.
        replied: Nanoseconds,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Who has not answered by now does not count in this poll.
    Patience,
    /// The correction is through.
    Corrected,
}

/// Whom to ask, and how to correct.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The time servers; the first node unless said otherwise.
    pub servers: Vec<ProcessId>,
    /// How long to wait for answers.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// A clock that is off by this much or more is set at once, also backwards; by less, it runs faster or slower.
    #[serde(with = "duration")]
    pub step_from: Duration,
    /// By how many millionths a clock that is corrected runs faster or slower.
    pub slew_ppm: u32,
    /// By how many millionths clocks may gain or lose.
    pub drift_ppm: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_millis(200),
            step_from: Duration::from_millis(128),
            slew_ppm: 500,
            drift_ppm: 15,
        }
    }
}

impl Process for Ntp {
    type Problem = ClockSync;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "ntp",
        summary: "Corrects a clock by several time servers': by the quickest answers, and by what most servers agree on.",
        assumes: &[
            "more than half of all servers have a clock that is right (error-bound; offset-bound: all of them)",
            "of these more than half answer within `timeout` (adjustment)",
            "clocks that gain or lose at most `drift-ppm` and are not set while a correction is under way",
            "a clock that is off by less than `step-from`, as far as can be measured, or behind (monotone)",
        ],
        promises: &["error-bound", "offset-bound", "monotone", "progress", "adjustment"],
        messages: &[
            ("request", "what time is it?"),
            ("reply", "when that question came, and when this answer left"),
        ],
        cost: "2 messages for each server and poll; wrong by half the difference of the delays there and back",
        breaks: &[
            "half of all servers or more are wrong in the same way (error-bound)",
            "half of all servers or more are silent: no majority (adjustment)",
            "a clock that is far ahead: it is set back (monotone)",
        ],
        source: "Mills, Internet time synchronization: the network time protocol (1991); RFC 5905 (2010); Marzullo, Owicki (1983)",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let mut servers: BTreeSet<ProcessId> = config.servers.iter().copied().collect();
        if servers.is_empty() {
            servers.insert(ProcessId(0));
        }
        let clock = AdjustedClock::default();
        Self { config: config.clone(), servers, clock, filters: BTreeMap::new(), poll: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Sync => self.on_sync(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { sent } => self.on_question(ctx, from, sent),
            Message::Reply { sent, received, replied } => self.on_reply(ctx, from, [sent, received, replied]),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience => self.decide(ctx),
            Timer::Corrected => self.clock.finish(ctx),
        }
    }
}

impl Ntp {
    /// Poll: every server is asked; a poll that is under way will do. A server is right by definition.
    fn on_sync(&mut self, ctx: &mut Context<'_, Self>) {
        if self.servers.contains(&ctx.me()) {
            let aim = Aim { bound: Nanoseconds(0), against: Some(ctx.me()), round: None, drift_ppm: 0 };
            let target = i128::from(ctx.now().0);
            return self.clock.aim_at(ctx, Timer::Corrected, target, aim, Manner::Step);
        }
        if self.poll.is_none() {
            self.poll = Some(Poll { sent: ctx.now(), waiting: self.servers.clone() });
            ctx.multicast(self.servers.iter().copied(), Message::Request { sent: ctx.now().into() });
            ctx.set_timer(Timer::Patience, self.config.timeout);
        }
    }

    /// A server reads its clock; it answers at once, so T2 and T3 are one.
    fn on_question(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, sent: Nanoseconds) {
        if self.servers.contains(&ctx.me()) {
            let now = ctx.now().into();
            ctx.send(from, Message::Reply { sent, received: now, replied: now });
        }
    }

    /// On-wire protocol (RFC 5905, section 8): T4 is now, and T1 tells whether this answers the question that is open.
    fn on_reply(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        [sent, received, replied]: [Nanoseconds; 3],
    ) {
        let Some(poll) = &mut self.poll else { return };
        if sent != poll.sent.into() || !poll.waiting.remove(&from) {
            return;
        }
        let done = poll.waiting.is_empty();
        let [t1, t2, t3] = [sent, received, replied].map(Nanoseconds::wide);
        let t4 = i128::from(ctx.now().0);
        let (offset, delay) = (((t2 - t1) + (t3 - t4)).div_euclid(2), ((t4 - t1) - (t3 - t2)).max(0));
        let bound = (delay + 1) / 2 + drifted(t4 - t1, self.config.drift_ppm);
        let [offset_shown, bound_shown] = [offset, bound].map(Nanoseconds::of);
        let reading = ctx.now().into();
        ctx.produce(Output::Measured { against: from, reading, offset: offset_shown, bound: bound_shown });
        self.filter(from, Sample { offset, bound, at: ctx.now() });
        if done {
            self.decide(ctx);
        }
    }

    /// Clock filter (section 10): the last eight samples. One that the new one contradicts is of a clock that was set.
    fn filter(&mut self, server: ProcessId, sample: Sample) {
        let drift_ppm = self.config.drift_ppm;
        let samples = self.filters.entry(server).or_default();
        samples.retain(|old| {
            let apart = (old.offset - sample.offset).abs();
            apart <= old.bound_at(sample.at, drift_ppm) + sample.bound
        });
        if samples.len() == STAGES {
            samples.remove(0);
        }
        samples.push(sample);
    }

    /// Selection (section 11): of each server the sample with the smallest bound, and of these what most agree on.
    fn decide(&mut self, ctx: &mut Context<'_, Self>) {
        if self.poll.take().is_none() {
            return;
        }
        ctx.cancel_timer(Timer::Patience);
        let (now, drift_ppm) = (ctx.now(), self.config.drift_ppm);
        let best = |samples: &Vec<Sample>| {
            let bounds = samples.iter().map(|sample| (sample.bound_at(now, drift_ppm), sample.offset));
            bounds.min().map(|(bound, offset)| (offset - bound, offset + bound))
        };
        let intervals: Vec<(i128, i128)> = self.filters.values().filter_map(best).collect();
        match intersection(&intervals, self.servers.len() / 2 + 1) {
            Some((low, high)) => self.correct(ctx, low, high),
            None if intervals.is_empty() => ctx.produce(Output::Failed { why: Why::Timeout }),
            None => ctx.produce(Output::Failed { why: Why::NoMajority }),
        }
    }

    /// Clock discipline (section 12, without its loop): small offsets are slewed, large ones stepped.
    fn correct(&mut self, ctx: &mut Context<'_, Self>, low: i128, high: i128) {
        let now = i128::from(ctx.now().0);
        let target = now + (low + high).div_euclid(2);
        let off = (target - self.clock.reading(ctx.now()).wide()).abs();
        let manner = if off < Nanoseconds::from(self.config.step_from).wide() {
            Manner::Slew(self.config.slew_ppm)
        } else {
            Manner::Step
        };
        let only = self.servers.first().copied().filter(|_| self.servers.len() == 1);
        let bound = Nanoseconds::of((high - low + 1) / 2);
        let aim = Aim { bound, against: only, round: None, drift_ppm: self.config.drift_ppm };
        self.clock.aim_at(ctx, Timer::Corrected, target, aim, manner);
    }
}

impl Sample {
    /// By how much it may be wrong by now: the hardware clock has drifted since.
    fn bound_at(&self, now: LocalTime, drift_ppm: u32) -> i128 {
        match i128::from(now.since(self.at)) {
            0 => self.bound,
            age => self.bound + drifted(age, drift_ppm),
        }
    }
}

/// From the first to the last point that at least `quorum` intervals have in common. If so many are right, it contains
/// the truth: that is one of these points. (The densest points alone might be those of a smaller, wrong crowd.)
fn intersection(intervals: &[(i128, i128)], quorum: usize) -> Option<(i128, i128)> {
    let starts = intervals.iter().map(|(low, _)| (*low, false));
    let mut ends: Vec<(i128, bool)> = starts.chain(intervals.iter().map(|(_, high)| (*high, true))).collect();
    ends.sort_unstable();
    let (mut open, mut first, mut last) = (0, None, None);
    for (point, closes) in ends {
        if closes {
            if open == quorum {
                last = Some(point);
            }
            open -= 1;
        } else {
            open += 1;
            if open == quorum && first.is_none() {
                first = Some(point);
            }
        }
    }
    first.zip(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Zero is the truth; each server that is right has it within its bounds.
        #[test]
        fn when_most_are_right_the_intersection_contains_the_truth(
            right in prop::collection::vec((0_i128..50, 0_i128..50), 1..6),
            wrong in prop::collection::vec((-60_i128..60, 0_i128..50), 0..5),
        ) {
            let wrong = wrong.into_iter().take(right.len() - 1).map(|(low, wide)| (low, low + wide));
            let intervals: Vec<_> = right.iter().map(|(low, high)| (-low, *high)).chain(wrong).collect();
            let found = intersection(&intervals, intervals.len() / 2 + 1);
            prop_assert!(found.is_some_and(|(low, high)| low <= 0 && 0 <= high), "{:?}", found);
        }
    }

    #[test]
    fn the_intersection_is_what_most_have_in_common() {
        assert_eq!(intersection(&[(0, 10), (4, 20), (30, 40)], 2), Some((4, 10)));
        assert_eq!(intersection(&[(0, 10), (10, 20)], 2), Some((10, 10)));
        assert_eq!(intersection(&[(0, 10), (11, 20)], 2), None);
        assert_eq!(intersection(&[(0, 30), (1, 5), (20, 25)], 2), Some((1, 25)));
        assert_eq!(intersection(&[], 1), None);
    }
}
