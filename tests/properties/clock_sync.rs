//! The clock synchronization problem. A line's time is its place, so a clock that is right shows its line's place.

use crate::{holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::{
        clock_sync::{ClockSync, Output, Request, Why},
        nanoseconds::Nanoseconds,
    },
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
enum Line {
    Told(u32, Output),
    Asked(u32),
    Crash(u32),
}

fn correcting(node: u32, by: i64, reading: i64) -> Line {
    Line::Told(node, Output::Correcting { by: Nanoseconds(by), reading: Nanoseconds(reading) })
}

fn adjusted(node: u32, by: i64, reading: i64, bound: i64, round: Option<u64>) -> Line {
    let [by, reading, bound] = [by, reading, bound].map(Nanoseconds);
    Line::Told(node, Output::Adjusted { by, reading, bound, against: None, round })
}

/// `node` is moved by `by` in round 1, and its clock is then `ahead` at line `at`.
fn moved(node: u32, by: i64, at: i64, ahead: i64) -> [Line; 2] {
    [correcting(node, by, at - 1 + ahead - by), adjusted(node, by, at + ahead, 0, Some(1))]
}

fn measured(node: u32, reading: i64, offset: i64, bound: i64) -> Line {
    let [reading, offset, bound] = [reading, offset, bound].map(Nanoseconds);
    Line::Told(node, Output::Measured { against: ProcessId(0), reading, offset, bound })
}

fn failed(node: u32) -> Line {
    Line::Told(node, Output::Failed { why: Why::Timeout })
}

fn tolerance(nanos: u64) -> Line {
    Line::Told(0, Output::Tolerance(Duration::from_nanos(nanos)))
}

fn verdict(property: &str, nodes: u32, end: End, lines: &[Line]) -> Verdict {
    let told = lines.iter().map(|line| match line {
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Asked(node) => (*node, What::Request(&Request::Sync)),
        Line::Crash(node) => (*node, What::Crash),
    });
    judge::<ClockSync>(property, nodes, end, told)
}

fn quiescent(property: &str, nodes: u32, lines: &[Line]) -> Verdict {
    verdict(property, nodes, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in ClockSync::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, 0, end, &[]));
            vacuous(verdict(property.name, 3, end, &[]));
        }
    }
}

#[test]
fn a_clock_is_no_further_from_true_time_than_it_says() {
    holds(2, quiescent("error-bound", 2, &[adjusted(0, 7, 3, 3, None), adjusted(1, 0, -2, 3, None)]));
    violated(&[0], quiescent("error-bound", 2, &[adjusted(0, 7, 4, 3, None)]));
    violated(&[1], quiescent("error-bound", 2, &[adjusted(0, 7, 0, 0, None), adjusted(1, 0, -2, 2, None)]));
    // What a round agrees on need not be true.
    vacuous(quiescent("error-bound", 2, &[adjusted(0, 7, 4, 3, Some(1))]));
}

#[test]
fn an_offset_is_no_further_from_the_true_one_than_it_says() {
    holds(1, quiescent("offset-bound", 2, &[measured(1, 10, -8, 2)]));
    violated(&[0], quiescent("offset-bound", 2, &[measured(1, 10, -7, 2)]));
}

#[test]
fn clocks_of_one_round_differ_by_their_bounds_at_most() {
    // At 0 and 1, 5 ahead and 9 ahead.
    holds(1, quiescent("precision", 2, &[adjusted(0, 0, 5, 1, Some(1)), adjusted(1, 0, 10, 3, Some(1))]));
    violated(
        &[0, 1],
        quiescent("precision", 2, &[adjusted(0, 0, 5, 1, Some(1)), adjusted(1, 0, 10, 2, Some(1))]),
    );
    // It is the two that are furthest apart that show it.
    let three =
        [adjusted(0, 0, 5, 1, Some(1)), adjusted(2, 0, 7, 1, Some(1)), adjusted(1, 0, 10, 1, Some(1))];
    violated(&[0, 2], quiescent("precision", 3, &three));
    vacuous(quiescent("precision", 2, &[adjusted(0, 0, 5, 1, Some(1)), adjusted(1, 0, 99, 1, Some(2))]));
    vacuous(quiescent("precision", 2, &[adjusted(0, 0, 5, 1, None), adjusted(1, 0, 99, 1, None)]));
}

#[test]
fn corrections_of_a_round_cancel_out() {
    let round = |first: i64, second: i64| {
        let [a, b] = moved(0, first, 2, 0);
        let [c, d] = moved(1, second, 4, 0);
        [tolerance(100), a, b, c, d]
    };
    holds(1, quiescent("average", 2, &round(-20, 20)));
    holds(1, quiescent("average", 2, &round(-20, 21)));
    violated(&[2, 4], quiescent("average", 2, &round(0, 20)));
    // Clocks further apart than the tolerance do not all count; and somebody who was not corrected may have counted.
    vacuous(quiescent("average", 2, &round(0, 101)));
    vacuous(quiescent("average", 3, &round(0, 20)));
    vacuous(quiescent("average", 2, &round(0, 20)[1..]));
}

#[test]
fn most_clocks_are_not_moved_by_the_rest() {
    // Before: 0, 10 and 1000 ahead; all are at 5 then, or all at 336.
    let round = |target: i64| {
        let lines = [0, 10, 1000].iter().zip([2, 4, 6]).zip(0..);
        let all = lines.flat_map(|((before, at), node)| moved(node, target - before, at, target));
        std::iter::once(tolerance(100)).chain(all).collect::<Vec<Line>>()
    };
    holds(2, quiescent("outliers", 3, &round(5)));
    violated(&[2], quiescent("outliers", 3, &round(336)));
    // No two of three are near each other: nothing to say.
    let mut apart = round(336);
    apart[0] = tolerance(5);
    vacuous(quiescent("outliers", 3, &apart));
}

/// A correction that comes while another is under way says nothing of where clocks stood when they were asked.
#[test]
fn interrupted_corrections_are_not_added_up() {
    let [a, b] = moved(0, 0, 3, 0);
    let [c, d] = moved(1, 20, 5, 0);
    vacuous(quiescent("average", 2, &[tolerance(100), correcting(0, 50, 0), a, b, c, d]));
}

#[test]
fn a_corrected_clock_never_runs_backwards() {
    holds(
        1,
        quiescent("monotone", 2, &[correcting(0, 5, 7), adjusted(0, 5, 7, 0, None), correcting(1, 0, 1)]),
    );
    violated(&[0, 1], quiescent("monotone", 2, &[correcting(0, -5, 7), adjusted(0, -5, 2, 0, None)]));
    // Who restarts begins anew.
    vacuous(quiescent("monotone", 2, &[correcting(0, 5, 7), Line::Crash(0), correcting(0, 5, 2)]));
}

#[test]
fn every_request_leads_to_something() {
    let adjusts = [Line::Asked(0), Line::Asked(0), adjusted(0, 0, 0, 9, None)];
    holds(2, quiescent("progress", 2, &adjusts));
    holds(2, quiescent("adjustment", 2, &adjusts));
    let fails = [Line::Asked(0), failed(0), Line::Asked(0), failed(0)];
    holds(2, quiescent("progress", 2, &fails));
    violated(&[0], quiescent("adjustment", 2, &fails));
    undecided(verdict("adjustment", 2, End::CutShort, &fails));
    // Somebody else's correction does not count, nor one that came before.
    violated(&[1], quiescent("progress", 2, &[adjusted(0, 0, 0, 9, None), Line::Asked(0), failed(1)]));
    violated(&[0], verdict("progress", 2, End::Deadline, &[Line::Asked(1)]));
    undecided(verdict("progress", 2, End::CutShort, &[Line::Asked(1)]));
    vacuous(quiescent("progress", 2, &[Line::Asked(0), Line::Crash(0)]));
}
