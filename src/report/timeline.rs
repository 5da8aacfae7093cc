//! When things happened: the run in slices of equal length.

use super::stats::nanoseconds;
use crate::process::Time;
use crate::trace::{EventKind, Trace};
use serde::Serialize;
use std::{fmt, time::Duration};

/// Into how many slices a run is cut.
const SLICES: u64 = 60;

/// How much happened in each slice of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Timeline {
    /// How long a slice is; nanoseconds when written.
    #[serde(serialize_with = "nanoseconds")]
    pub slice: Duration,
    /// What the application asked for.
    pub requests: Vec<u64>,
    /// Messages sent.
    pub sent: Vec<u64>,
    /// Messages that arrived, copies included.
    pub received: Vec<u64>,
    /// Messages dropped, copies included.
    pub dropped: Vec<u64>,
    /// What the application was told.
    pub outputs: Vec<u64>,
}

impl Timeline {
    /// Cuts `trace`, which lasts until `end`.
    pub(super) fn of(trace: &Trace, end: Duration) -> Self {
        let end = Time::ZERO.after(end).0;
        let slice = (end + 1).div_ceil(SLICES);
        let slices = (end / slice + 1) as usize;
        let counts = |kind: EventKind| {
            let mut counts = vec![0; slices];
            for event in trace.events.iter().filter(|event| event.kind == kind) {
                counts[(event.time / slice) as usize] += 1;
            }
            counts
        };
        Self {
            slice: Duration::from_nanos(slice),
            requests: counts(EventKind::Request),
            sent: counts(EventKind::Send),
            received: counts(EventKind::Receive),
            dropped: counts(EventKind::Drop),
            outputs: counts(EventKind::Output),
        }
    }
}

/// One line for each kind of thing that happened at all: the higher, the more.
impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sent.len() < 2 {
            return Ok(());
        }
        writeln!(f, "\ntimeline  {} for each character", Time::ZERO.after(self.slice))?;
        let lines = [
            ("requests", &self.requests),
            ("sent", &self.sent),
            ("received", &self.received),
            ("dropped", &self.dropped),
            ("outputs", &self.outputs),
        ];
        for (name, counts) in lines {
            let most = counts.iter().copied().max().unwrap_or(0);
            if most == 0 {
                continue;
            }
            const HEIGHTS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
            let bars: String =
                counts.iter().map(|count| HEIGHTS[(count * 8).div_ceil(most) as usize]).collect();
            writeln!(f, "{name:<8}  {bars}  {most} at most")?;
        }
        Ok(())
    }
}
