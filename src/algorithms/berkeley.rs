//! The Berkeley algorithm: a coordinator asks everybody for the time, and sends everybody a correction to the average.
//!
//! Gusella and Zatti, "The accuracy of the clock synchronization achieved by TEMPO in Berkeley UNIX 4.3BSD" (1989),
//! section 2; an active time server in Sinha, "Distributed operating systems" (1997), section 6.2. Nobody knows the
//! true time; clocks agree on one of their own.
//!
//! ```text
//! coordinator 3:00  --poll-->  slaves     <--time(3:25)-- a   <--time(2:50)-- b
//!                   the average is 3:05: coordinator +5
//!                   --adjust(-20)--> a    --adjust(+15)--> b
//! ```

use super::parts::adjusted_clock::{AdjustedClock, Aim, Manner, drifted, reading_error};
use crate::{
    problems::{
        clock_sync::{ClockSync, Output, Request, Why},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant: the coordinator, or a slave.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Berkeley {
    config: Config,
    clock: AdjustedClock,
    /// The number of the last round that the coordinator began, in this life or before.
    rounds: u64,
    /// The coordinator's round that is under way.
    round: Option<Round>,
    /// The round whose poll a slave answered last, and when, until the correction comes.
    answered: Option<(u64, LocalTime)>,
    /// The last round that corrected this slave.
    corrected: u64,
}

/// A round, as its coordinator sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Round {
    began: LocalTime,
    /// How far the clock of each slave that answered is ahead, and by how much that may be wrong.
    offers: BTreeMap<ProcessId, (i128, i128)>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A slave asks for a round.
    Wish,
    /// The coordinator asks what time it is.
    Poll {
        /// In which round.
        round: u64,
    },
    /// What the slave's clock shows.
    Time {
        /// In which round it was asked.
        round: u64,
        /// Its time, any correction that is still under way included.
        time: Nanoseconds,
    },
    /// Move your clock.
    Adjust {
        /// In which round.
        round: u64,
        /// By so much: relative, so that it does not matter how long this message takes.
        by: Nanoseconds,
        /// By how much that may be wrong.
        bound: Nanoseconds,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Who has not answered by now is left out of the round.
    Patience,
    /// A slave's wish was not heard.
    Unheard,
    /// The correction is through.
    Corrected,
}

/// Who coordinates, what is known of links and clocks, and how to correct.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The coordinator; the first node unless said otherwise.
    pub coordinator: Option<ProcessId>,
    /// Gamma: clocks that count for the average are no further apart than this.
    #[serde(with = "duration")]
    pub spread_max: Duration,
    /// How long the coordinator waits for answers. A slave waits three times as long for a round it asked for.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// The shortest delay of a message.
    #[serde(with = "duration")]
    pub delay_min: Duration,
    /// Whether clocks are set at once, also backwards; they run faster or slower for a while otherwise.
    pub step: bool,
    /// By how many millionths a clock that is corrected runs faster or slower.
    pub slew_ppm: u32,
    /// By how many millionths clocks may gain or lose.
    pub drift_ppm: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            coordinator: None,
            spread_max: Duration::from_secs(1),
            timeout: Duration::from_millis(200),
            delay_min: Duration::ZERO,
            step: false,
            slew_ppm: 100_000,
            drift_ppm: 100,
        }
    }
}

impl Process for Berkeley {
    type Problem = ClockSync;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// The number of the last round: a former life's answers must not be taken for those of this one's rounds.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "berkeley",
        summary: "Moves all clocks of a group to the average of those that are not too far off; nobody needs the true time.",
        assumes: &[
            "a coordinator that does not crash",
            "delays of at least `delay-min`, and round trips within `timeout` (adjustment)",
            "clocks that gain or lose at most `drift-ppm` and are not set while a round or a correction is under way",
        ],
        promises: &["precision", "average", "outliers", "monotone", "progress", "adjustment"],
        messages: &[
            ("wish", "a slave asks for a round"),
            ("poll", "the coordinator asks what time it is"),
            ("time", "what the slave's clock shows"),
            ("adjust", "by how much the slave is to move its clock"),
        ],
        cost: "3(N-1) messages and 3 message delays for each round, and one more when a slave asks for it",
        breaks: &[
            "a coordinator that crashed: slaves are not corrected any more (adjustment)",
            "a `delay-min` that is too large, where delays there and back differ (precision)",
            "`step`: a clock that is ahead is set back (monotone)",
            "most clocks wrong by the same: the others follow (no property: nobody knows the true time)",
        ],
        source: "Gusella, Zatti, The accuracy of the clock synchronization achieved by TEMPO in Berkeley UNIX 4.3BSD (1989), section 2",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, rounds: u64) -> Self {
        let clock = AdjustedClock::default();
        let process = Self { config: *config, clock, rounds, round: None, answered: None, corrected: 0 };
        if ctx.me() == process.coordinator() {
            ctx.produce(Output::Tolerance(config.spread_max));
        }
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Sync if ctx.me() == self.coordinator() => self.begin_round(ctx),
            Request::Sync => self.wish(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Wish => self.on_wish(ctx),
            Message::Poll { round } => self.on_poll(ctx, from, round),
            Message::Time { round, time } => self.on_time(ctx, from, round, time),
            Message::Adjust { round, by, bound } => self.on_adjust(ctx, from, round, by, bound),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience => self.end_round(ctx),
            Timer::Unheard => ctx.produce(Output::Failed { why: Why::Timeout }),
            Timer::Corrected => self.clock.finish(ctx),
        }
    }
}

impl Berkeley {
    fn coordinator(&self) -> ProcessId {
        self.config.coordinator.unwrap_or(ProcessId(0))
    }

    fn wish(&mut self, ctx: &mut Context<'_, Self>) {
        ctx.send(self.coordinator(), Message::Wish);
        ctx.set_timer(Timer::Unheard, self.config.timeout * 3);
    }

    fn on_wish(&mut self, ctx: &mut Context<'_, Self>) {
        if ctx.me() == self.coordinator() {
            self.begin_round(ctx);
        }
    }

    /// The coordinator asks everybody; a round that is under way already will do.
    fn begin_round(&mut self, ctx: &mut Context<'_, Self>) {
        if self.round.is_some() {
            return;
        }
        self.rounds += 1;
        ctx.save(self.rounds);
        self.round = Some(Round { began: ctx.now(), offers: BTreeMap::new() });
        ctx.broadcast(Message::Poll { round: self.rounds });
        ctx.set_timer(Timer::Patience, self.config.timeout);
        if ctx.group_size() == 1 {
            self.end_round(ctx);
        }
    }

    /// A slave reads its clock.
    fn on_poll(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, round: u64) {
        let latest = self.answered.map_or(self.corrected.saturating_add(1), |(round, _)| round);
        if from != self.coordinator() || round < latest {
            return;
        }
        self.answered = Some((round, ctx.now()));
        ctx.send(from, Message::Time { round, time: self.clock.target(ctx.now()) });
    }

    /// The coordinator estimates how far a slave's clock is ahead of its own.
    fn on_time(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, round: u64, time: Nanoseconds) {
        let Some(current) = &mut self.round else { return };
        if round != self.rounds || current.offers.contains_key(&from) {
            return;
        }
        let round_trip = i128::from(ctx.now().since(current.began)).max(0);
        let error = reading_error(round_trip, self.config.delay_min, self.config.drift_ppm);
        let ahead = time.wide() + round_trip / 2 - self.clock.target(ctx.now()).wide();
        current.offers.insert(from, (ahead, error));
        if current.offers.len() + 1 == ctx.group_size() {
            self.end_round(ctx);
        }
    }

    /// Everybody who answered is told how far it is from the average; the coordinator moves there too.
    fn end_round(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(Round { began, offers }) = self.round.take() else { return };
        ctx.cancel_timer(Timer::Patience);
        if offers.is_empty() && ctx.group_size() > 1 {
            return ctx.produce(Output::Failed { why: Why::Timeout });
        }
        let average = self.average(&offers);
        let since = drifted(i128::from(ctx.now().since(began)), self.config.drift_ppm);
        let round = self.rounds;
        for (slave, (ahead, error)) in offers {
            let (by, bound) = (Nanoseconds::of(average - ahead), Nanoseconds::of(error + since));
            ctx.send(slave, Message::Adjust { round, by, bound });
        }
        self.correct(ctx, round, average, since);
    }

    /// The fault-tolerant average: of the largest set of clocks that are no further apart than gamma. Of sets of one
    /// size that with the coordinator's clock counts, else the one that is furthest behind.
    fn average(&self, offers: &BTreeMap<ProcessId, (i128, i128)>) -> i128 {
        let gamma = Nanoseconds::from(self.config.spread_max).wide();
        let mut ahead: Vec<i128> = offers.values().map(|(ahead, _)| *ahead).chain([0]).collect();
        ahead.sort_unstable();
        let sets = (0..ahead.len()).map(|first| {
            let past = ahead.partition_point(|other| *other <= ahead[first] + gamma);
            &ahead[first..past]
        });
        let best =
            sets.enumerate().max_by_key(|(first, set)| (set.len(), set.contains(&0), ahead.len() - first));
        best.map_or(0, |(_, set)| set.iter().sum::<i128>().div_euclid(set.len() as i128))
    }

    /// A slave moves its clock: once for each round whose poll it answered.
    fn on_adjust(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        round: u64,
        by: Nanoseconds,
        bound: Nanoseconds,
    ) {
        let Some((answered, at)) = self.answered else { return };
        if from != self.coordinator() || answered != round {
            return;
        }
        self.answered = None;
        self.corrected = round;
        ctx.cancel_timer(Timer::Unheard);
        let since = drifted(i128::from(ctx.now().since(at)), self.config.drift_ppm);
        self.correct(ctx, round, by.wide(), bound.wide() + since);
    }

    fn correct(&mut self, ctx: &mut Context<'_, Self>, round: u64, by: i128, error: i128) {
        let Config { step, slew_ppm, drift_ppm, .. } = self.config;
        let manner = if step { Manner::Step } else { Manner::Slew(slew_ppm) };
        let aim = Aim { bound: Nanoseconds::of(error), against: None, round: Some(round), drift_ppm };
        let target = self.clock.target(ctx.now()).wide() + by;
        self.clock.aim_at(ctx, Timer::Corrected, target, aim, manner);
    }
}
