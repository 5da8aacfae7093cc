//! True time of a live run: the wall clock when it begins, the monotonic clock from then on.

use crate::process::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds of the wall clock since 1970.
pub fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(1 << 30);

/// The time of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// How long the run had been going on then, in real nanoseconds.
    offset: u64,
    /// How many of the run's seconds pass in a real one.
    speed: u32,
    /// Where it stands still.
    end: Time,
}

impl Clock {
    /// The clock of a run that began when the wall clock showed `epoch`. At `end` time stands still: what has been sent by
    /// then still arrives, and nothing later happens. All nodes of one machine agree on it; between
    /// machines it is as good as their wall clocks are.
    pub fn new(epoch: u64, speed: u32, end: Time) -> Self {
        let offset = wall_clock().saturating_sub(epoch);
        Self { started: Instant::now(), offset, speed: speed.max(1), end }
    }

    /// How long the run has been going on.
    pub fn now(&self) -> Time {
        let passed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Time(self.offset.saturating_add(passed).saturating_mul(u64::from(self.speed))).min(self.end)
    }

    /// How long it really takes from `now` until the run's time is `at`; for ever past its end.
    pub fn until(&self, now: Time, at: Time) -> Duration {
        if at > self.end {
            return FOREVER;
        }
        // Rounded up: waking a moment early would mean to go round for nothing.
        Duration::from_nanos(at.0.saturating_sub(now.0).div_ceil(u64::from(self.speed)))
    }
}
