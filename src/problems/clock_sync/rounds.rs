//! What a round must achieve: that clocks agree, on an average that no wrong clock can spoil.

use super::{ClockSync, Output};
use crate::{
    problems::nanoseconds::Nanoseconds,
    process::{History, ProcessId, Verdict, What},
};
use std::collections::BTreeMap;

/// A correction in a round: how far its clock may be ahead of true time, and its event. Comparing clocks with true
/// time makes clocks comparable that were corrected at different times.
#[derive(Clone, Copy)]
struct End {
    ahead: i128,
    event: u64,
    node: ProcessId,
}

pub(super) fn precision(history: &History<'_, ClockSync>) -> Verdict {
    // For every round: how many were corrected, the largest lower end, the smallest upper end. Two clocks are too far
    // apart exactly when the lower end of one is above the upper end of the other.
    let mut rounds: BTreeMap<u64, (u64, End, End)> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Adjusted { reading, bound, round: Some(round), .. }) = step.what else {
            continue;
        };
        let ahead = reading.wide() - i128::from(step.time.0);
        let (event, node) = (step.event, step.node);
        let low = End { ahead: ahead - bound.wide(), event, node };
        let high = End { ahead: ahead + bound.wide(), event, node };
        let (count, lowest, highest) = rounds.entry(*round).or_insert((0, low, high));
        *count += 1;
        if low.ahead > lowest.ahead {
            *lowest = low;
        }
        if high.ahead < highest.ahead {
            *highest = high;
        }
        if lowest.ahead > highest.ahead {
            let beyond = Nanoseconds::of(lowest.ahead - highest.ahead);
            let (fast, slow) = (lowest.node, highest.node);
            let because = format!(
                "after round {round} {fast}'s clock is {beyond} further ahead of {slow}'s than bounds allow"
            );
            return Verdict::violated([lowest.event, highest.event], because);
        }
    }
    Verdict::of(rounds.values().filter(|(count, ..)| *count > 1).count() as u64)
}

/// One clock that a round corrects.
struct Moved {
    event: u64,
    node: ProcessId,
    /// How far it was ahead of true time before.
    before: i128,
    by: i128,
    bound: i128,
}

/// The rounds that corrected everybody, none of them in the middle of another correction, with the tolerance.
fn whole_rounds(history: &History<'_, ClockSync>) -> Vec<(i128, Vec<Moved>)> {
    let nodes = history.nodes as usize;
    let mut tolerance: Option<i128> = None;
    let mut rounds: BTreeMap<u64, Vec<Moved>> = BTreeMap::new();
    // How many corrections have begun since the last one was through.
    let mut begun = vec![0_u32; nodes];
    for step in &history.steps {
        let begun = &mut begun[step.node.index()];
        match step.what {
            What::Output(Output::Tolerance(spread)) => tolerance = Some(Nanoseconds::from(*spread).wide()),
            What::Output(Output::Correcting { .. }) => *begun += 1,
            What::Output(Output::Adjusted { by, reading, bound, round: Some(round), .. }) => {
                let before = reading.wide() - i128::from(step.time.0) - by.wide();
                let (event, node, by, bound) = (step.event, step.node, by.wide(), bound.wide());
                if *begun == 1 {
                    rounds.entry(*round).or_default().push(Moved { event, node, before, by, bound });
                }
                *begun = 0;
            }
            What::Crash => *begun = 0,
            _ => {}
        }
    }
    let Some(tolerance) = tolerance else { return Vec::new() };
    let whole = rounds.into_values().filter(|moved| moved.len() == nodes);
    let sorted = whole.map(|mut moved| {
        moved.sort_by_key(|moved| moved.before);
        // Estimates are wrong by up to their bounds, so clocks count as close only if no estimate can say otherwise.
        (tolerance - 2 * largest_bound(&moved), moved)
    });
    sorted.collect()
}

fn largest_bound(moved: &[Moved]) -> i128 {
    moved.iter().map(|moved| moved.bound).max().unwrap_or(0)
}

pub(super) fn average(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for (tolerance, moved) in whole_rounds(history) {
        let (Some(first), Some(last)) = (moved.first(), moved.last()) else { continue };
        if last.before - first.before > tolerance {
            continue;
        }
        let sum: i128 = moved.iter().map(|moved| moved.by).sum();
        // Every part is rounded to whole nanoseconds.
        let allowed = moved.iter().map(|moved| moved.bound + 1).sum::<i128>();
        if sum.abs() > allowed {
            let events: Vec<u64> = moved.iter().map(|moved| moved.event).collect();
            let sum = Nanoseconds::of(sum);
            return Verdict::violated(events, format!("the corrections of a round add up to {sum}"));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn outliers(history: &History<'_, ClockSync>) -> Verdict {
    let mut examined = 0;
    for (tolerance, moved) in whole_rounds(history) {
        let (most, error) = (moved.len() / 2 + 1, largest_bound(&moved));
        for (place, clock) in moved.iter().enumerate() {
            let mut sets =
                (place.saturating_sub(most - 1)..=place).filter_map(|from| moved.get(from..from + most));
            if !sets.any(|set| set[most - 1].before - set[0].before <= tolerance) {
                continue;
            }
            if clock.by.abs() > 2 * tolerance + 6 * error + 1 {
                let (node, by) = (clock.node, Nanoseconds::of(clock.by));
                let because = format!("{node}'s clock is near most others, and yet it is moved by {by}");
                return Verdict::violated([clock.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}
