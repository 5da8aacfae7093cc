//! A clock that can be corrected: the hardware clock and a correction, which comes at once or little by little.
//!
//! A clock that is ahead must not be set back, or the same time comes twice; it runs slower until it is right again
//! (Cristian, "Probabilistic clock synchronization", 1989, section 4: amortization).

use crate::{
    problems::{
        clock_sync::{ClockSync, Output},
        nanoseconds::Nanoseconds,
    },
    process::{Context, LocalTime, Process, ProcessId},
};
use std::time::Duration;

/// One process's corrected clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct AdjustedClock {
    /// What is added to the hardware clock once nothing is under way.
    correction: Nanoseconds,
    under_way: Option<Slew>,
}

/// A correction that comes little by little.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Slew {
    began: LocalTime,
    lasts: Duration,
    by: Nanoseconds,
    aim: Aim,
}

/// What a correction is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Aim {
    /// By how much the clock may be wrong if it were corrected at once.
    pub bound: Nanoseconds,
    /// The server by whose clock it is set.
    pub against: Option<ProcessId>,
    /// The round that agreed on it.
    pub round: Option<u64>,
    /// By how many millionths clocks may gain or lose.
    pub drift_ppm: u32,
}

/// How a correction comes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Manner {
    /// At once, also backwards.
    Step,
    /// Little by little, by so many millionths.
    Slew(u32),
}

/// By how much two clocks may come apart while one of them counts `elapsed`: twice the drift, and what rounding to
/// whole nanoseconds adds. Nothing when there is no drift.
pub fn drifted(elapsed: i128, drift_ppm: u32) -> i128 {
    if drift_ppm == 0 {
        return 0;
    }
    (elapsed.max(0) * 2 * i128::from(drift_ppm)) / 1_000_000 + 4
}

/// The error of a reading that is taken to be half a round trip old: half the round trip less the shortest delay.
pub fn reading_error(round_trip: i128, delay_min: Duration, drift_ppm: u32) -> i128 {
    let half = (round_trip.max(0) + 1) / 2;
    (half - Nanoseconds::from(delay_min).wide()).max(0) + drifted(round_trip, drift_ppm)
}

impl AdjustedClock {
    /// What it shows.
    pub fn reading(&self, now: LocalTime) -> Nanoseconds {
        let missing = self.under_way.as_ref().map_or(0, |slew| slew.missing(now));
        Nanoseconds::of(self.target(now).wide() - missing)
    }

    /// What it would show if the correction that is under way were through.
    pub fn target(&self, now: LocalTime) -> Nanoseconds {
        Nanoseconds::of(i128::from(now.0) + self.correction.wide())
    }

    /// Begins to move the target to `target`; `timer` will say when to [`AdjustedClock::finish`].
    pub fn aim_at<P: Process<Problem = ClockSync>>(
        &mut self,
        ctx: &mut Context<'_, P>,
        timer: P::Timer,
        target: i128,
        aim: Aim,
        manner: Manner,
    ) {
        let (now, before) = (ctx.now(), self.reading(ctx.now()));
        self.correction = Nanoseconds::of(target - i128::from(now.0));
        let by = Nanoseconds::of(self.target(now).wide() - before.wide());
        let lasts = match manner {
            Manner::Step => Duration::ZERO,
            Manner::Slew(ppm) => slewing_takes(by, ppm),
        };
        self.under_way = Some(Slew { began: now, lasts, by, aim });
        ctx.produce(Output::Correcting { by, reading: before });
        if lasts.is_zero() {
            ctx.cancel_timer(timer);
            self.finish(ctx);
        } else {
            ctx.set_timer(timer, lasts);
        }
    }

    /// The correction is through.
    pub fn finish<P: Process<Problem = ClockSync>>(&mut self, ctx: &mut Context<'_, P>) {
        let Some(Slew { began, by, aim, .. }) = self.under_way.take() else { return };
        let Aim { bound, against, round, drift_ppm } = aim;
        let elapsed = i128::from(ctx.now().since(began));
        let late = if elapsed == 0 { 0 } else { drifted(elapsed, drift_ppm) };
        let bound = Nanoseconds::of(bound.wide() + late);
        ctx.produce(Output::Adjusted { by, reading: self.reading(ctx.now()), bound, against, round });
    }
}

impl Slew {
    /// What of the correction is still to come.
    fn missing(&self, now: LocalTime) -> i128 {
        let lasts = Nanoseconds::from(self.lasts).wide().max(1);
        let left = (lasts - i128::from(now.since(self.began))).clamp(0, lasts);
        self.by.wide() * left / lasts
    }
}

/// How long a correction takes when the clock gains or loses so many millionths: never so many that it would stand still.
fn slewing_takes(by: Nanoseconds, ppm: u32) -> Duration {
    let ppm = i128::from(ppm.clamp(1, 900_000));
    let takes = (by.wide().abs() * 1_000_000 + ppm - 1) / ppm;
    Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_clock_that_is_slewed_never_runs_backwards(
            correction in -10_000_000_000_i64..10_000_000_000,
            by in -10_000_000_000_i64..10_000_000_000,
            ppm in 0_u32..2_000_000,
            first in 0_u64..20_000_000_000,
            later in 0_u64..1_000_000_000,
        ) {
            let lasts = slewing_takes(Nanoseconds(by), ppm);
            let aim = Aim { bound: Nanoseconds(0), against: None, round: None, drift_ppm: 0 };
            let slew = Slew { began: LocalTime(0), lasts, by: Nanoseconds(by), aim };
            let clock = AdjustedClock { correction: Nanoseconds(correction), under_way: Some(slew) };
            let at = |nanos: u64| LocalTime(nanos as i64);
            prop_assert!(clock.reading(at(first)) <= clock.reading(at(first + later)));
            prop_assert!(clock.reading(at(first)) <= clock.reading(at(first + 1)));
            prop_assert_eq!(clock.reading(LocalTime(0)).0, if lasts.is_zero() { correction } else { correction - by });
            let end = LocalTime(0).after(lasts);
            prop_assert_eq!(clock.reading(end), clock.target(end));
        }
    }
}
