//! Nodes' own clocks: offset, drift, steps and standing still.

use super::{ClockChange, NodeSetup};
use crate::process::{LocalTime, Time};

/// One node's clock: a straight line over true time, replaced by another at each change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    /// When the line begins.
    since: Time,
    /// What it shows then.
    shown: LocalTime,
    /// How much it gains, in parts per billion.
    drift: i64,
    frozen: bool,
    /// How much it gains while no change is in force.
    own_drift: i64,
    /// The changes in force, each with its fault: of drifts the last one counts.
    changes: Vec<(u32, ClockChange)>,
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
            own_drift: setup.clock_drift,
            changes: Vec::new(),
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
        if self.frozen || i128::from(self.drift) <= -BILLION {
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

    /// Changes, until [`Clock::undo`].
    pub(crate) fn change(&mut self, change: ClockChange, fault: u32, now: Time) {
        self.begin_anew(now);
        if let ClockChange::Step(by) = change {
            self.shown = LocalTime(self.shown.0.saturating_add(by));
        }
        self.changes.push((fault, change));
        self.follow_changes();
    }

    /// Ends the change that came with `fault`; others stay in force.
    pub(crate) fn undo(&mut self, fault: u32, now: Time) {
        self.begin_anew(now);
        for (_, change) in self.changes.extract_if(.., |(owner, _)| *owner == fault) {
            if let ClockChange::Step(by) = change {
                self.shown = LocalTime(self.shown.0.saturating_sub(by));
            }
        }
        self.follow_changes();
    }

    /// A new line begins where the old one ends.
    fn begin_anew(&mut self, now: Time) {
        self.shown = self.shows(now);
        self.since = now;
    }

    fn follow_changes(&mut self) {
        let drift = |change: &(u32, ClockChange)| match change.1 {
            ClockChange::Drift(drift) => Some(drift),
            ClockChange::Step(_) | ClockChange::Freeze => None,
        };
        self.drift = self.changes.iter().rev().find_map(drift).unwrap_or(self.own_drift);
        self.frozen = self.changes.iter().any(|(_, change)| *change == ClockChange::Freeze);
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
        clock.change(ClockChange::Freeze, 0, Time(100));
        assert_eq!(clock.shows(Time(500)), LocalTime(100));
        assert_eq!(clock.reaches(LocalTime(101), Time(500)), Time::NEVER);
        clock.undo(0, Time(600));
        assert_eq!(clock.reaches(LocalTime(101), Time(600)), Time(601));
        clock.change(ClockChange::Step(-50), 1, Time(601));
        assert_eq!(clock.shows(Time(601)), LocalTime(51));
    }

    #[test]
    fn a_change_that_ends_leaves_the_others_in_force() {
        let mut clock = Clock::new(&NodeSetup::default());
        clock.change(ClockChange::Drift(1_000_000_000), 0, Time(0));
        clock.change(ClockChange::Drift(0), 1, Time(100));
        assert_eq!(clock.shows(Time(150)), LocalTime(250));
        clock.undo(0, Time(200));
        assert_eq!(clock.shows(Time(250)), LocalTime(350));
        clock.change(ClockChange::Freeze, 2, Time(250));
        clock.change(ClockChange::Freeze, 3, Time(260));
        clock.undo(2, Time(270));
        assert_eq!(clock.shows(Time(300)), LocalTime(350));
        clock.undo(3, Time(300));
        clock.undo(1, Time(300));
        assert_eq!(clock.shows(Time(310)), LocalTime(360));
    }

    #[test]
    fn a_clock_that_runs_backwards_never_gets_ahead() {
        let setup = NodeSetup { clock_drift: -2_000_000_000, ..NodeSetup::default() };
        assert_eq!(Clock::new(&setup).reaches(LocalTime(1), Time(5)), Time::NEVER);
    }
}
