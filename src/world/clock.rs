//! Nodes' own clocks: offset, drift, steps and standing still.

use super::NodeSetup;
use crate::process::{LocalTime, Time};

/// One node's clock: a straight line over true time, replaced by another at each change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    /// When the line begins.
    since: Time,
    /// What it shows then.
    shown: LocalTime,
    /// How much it gains, in parts per billion.
    drift: i64,
    frozen: bool,
}

const BILLION: i128 = 1_000_000_000;

impl Clock {
    /// The clock of a node when the run begins.
    pub(crate) fn new(setup: &NodeSetup) -> Self {
        Self {
            since: Time::ZERO,
            shown: LocalTime(setup.clock_offset),
            drift: setup.clock_drift,
            frozen: false,
        }
    }

    /// What it shows.
    pub(crate) fn shows(&self, now: Time) -> LocalTime {
        if self.frozen {
            return self.shown;
        }
        let passed = i128::from(now.0) - i128::from(self.since.0);
        let gained = (passed * i128::from(self.drift)).div_euclid(BILLION);
        LocalTime(clamp(i128::from(self.shown.0) + passed + gained))
    }

    /// The first time, not before `now`, at which it shows `reading` or more; never when it stands still before.
    pub(crate) fn reaches(&self, reading: LocalTime, now: Time) -> Time {
        let missing = i128::from(reading.0) - i128::from(self.shows(now).0);
        if missing <= 0 {
            return now;
        }
        if self.frozen {
            return Time::NEVER;
        }
        // The line's own arithmetic rounds down, so the quotient may be short by one step.
        let total = i128::from(reading.0) - i128::from(self.shown.0);
        let rate = BILLION + i128::from(self.drift);
        let guess = (total * BILLION + rate - 1).div_euclid(rate);
        let at = i128::from(self.since.0) + guess;
        let at = Time(u64::try_from(at).unwrap_or(u64::MAX)).max(now);
        if self.shows(at) < reading { Time(at.0.saturating_add(1)) } else { at }
    }

    /// Jumps by so many nanoseconds.
    pub(crate) fn step(&mut self, by: i64, now: Time) {
        let shown = LocalTime(self.shows(now).0.saturating_add(by));
        *self = Self { since: now, shown, ..*self };
    }

    /// Gains so much from now on; gives how much it gained before.
    pub(crate) fn set_drift(&mut self, drift: i64, now: Time) -> i64 {
        let old = self.drift;
        *self = Self { since: now, shown: self.shows(now), drift, ..*self };
        old
    }

    /// Stands still, or goes on from where it stood.
    pub(crate) fn set_frozen(&mut self, frozen: bool, now: Time) {
        *self = Self { since: now, shown: self.shows(now), frozen, ..*self };
    }
}

fn clamp(wide: i128) -> i64 {
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_clock_reaches_a_reading_exactly_when_it_shows_it(
            offset in -10_000_000_000_i64..10_000_000_000,
            drift in -500_000_000_i64..500_000_000,
            now in 0_u64..100_000_000_000,
            ahead in 0_i64..100_000_000_000,
        ) {
            let clock = Clock::new(&NodeSetup { clock_offset: offset, clock_drift: drift, start: Time::ZERO });
            let reading = LocalTime(clock.shows(Time(now)).0 + ahead);
            let at = clock.reaches(reading, Time(now));
            prop_assert!(clock.shows(at) >= reading);
            prop_assert!(at == Time(now) || clock.shows(Time(at.0 - 1)) < reading);
        }
    }

    #[test]
    fn a_frozen_clock_never_gets_there_until_it_goes_on() {
        let mut clock = Clock::new(&NodeSetup::default());
        clock.set_frozen(true, Time(100));
        assert_eq!(clock.shows(Time(500)), LocalTime(100));
        assert_eq!(clock.reaches(LocalTime(101), Time(500)), Time::NEVER);
        clock.set_frozen(false, Time(600));
        assert_eq!(clock.reaches(LocalTime(101), Time(600)), Time(601));
        clock.step(-50, Time(601));
        assert_eq!(clock.shows(Time(601)), LocalTime(51));
    }
}
