//! The logical clock problem.

use crate::{holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::{
        logical_clock::{Event, LogicalClock, Output, Stamp},
        nanoseconds::Nanoseconds,
    },
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
enum Line {
    Told(u32, Output),
    Crash(u32),
}

fn internal(node: u32, stamp: Stamp) -> Line {
    Line::Told(node, Output::Stamped { event: Event::Internal("it".into()), stamp })
}

/// `node` sends its message `id`; to whom does not matter.
fn sends(node: u32, id: u64, stamp: Stamp) -> Line {
    Line::Told(node, Output::Stamped { event: Event::Send { to: ProcessId(9), id }, stamp })
}

fn receives(node: u32, from: u32, id: u64, stamp: Stamp) -> Line {
    let event = Event::Receive { from: ProcessId(from), id, body: String::new() };
    Line::Told(node, Output::Stamped { event, stamp })
}

fn stable(node: u32, of: u32, events: u64) -> Line {
    Line::Told(node, Output::Stable { of: ProcessId(of), events })
}

fn lamport(time: u64) -> Stamp {
    Stamp::Lamport(time)
}

fn vector(counts: &[u64]) -> Stamp {
    Stamp::Vector(counts.to_vec())
}

fn matrix(rows: [[u64; 2]; 2]) -> Stamp {
    Stamp::Matrix(rows.map(Vec::from).to_vec())
}

fn hybrid(wall: i64, count: u64, clock: i64) -> Stamp {
    Stamp::Hybrid { wall: Nanoseconds(wall), count, clock: Nanoseconds(clock) }
}

/// The verdict on a history of `nodes` processes; a line's event and time is its place.
fn verdict(property: &str, nodes: u32, end: End, lines: &[Line]) -> Verdict {
    let told = lines.iter().map(|line| match line {
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Crash(node) => (*node, What::Crash),
    });
    judge::<LogicalClock>(property, nodes, end, told)
}

fn quiescent(property: &str, nodes: u32, lines: &[Line]) -> Verdict {
    verdict(property, nodes, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in LogicalClock::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, 0, end, &[]));
            vacuous(verdict(property.name, 3, end, &[]));
        }
    }
}

#[test]
fn the_clock_condition_looks_at_what_goes_directly_before() {
    let good = [sends(0, 1, lamport(1)), internal(1, lamport(1)), receives(1, 0, 1, lamport(2))];
    holds(2, quiescent("clock-condition", 2, &good));
    // A receipt that is not later than its sending, or than what was before it here.
    violated(
        &[0, 1],
        quiescent("clock-condition", 2, &[sends(0, 1, lamport(3)), receives(1, 0, 1, lamport(3))]),
    );
    violated(&[0, 1], quiescent("clock-condition", 1, &[internal(0, lamport(2)), internal(0, lamport(2))]));
    // What is received and was never sent has no cause; nor has another sender's message of the same number.
    vacuous(quiescent("clock-condition", 2, &[receives(1, 0, 1, lamport(1))]));
    vacuous(quiescent("clock-condition", 3, &[sends(2, 1, lamport(5)), receives(1, 0, 1, lamport(1))]));
    // A crash does not end a process's events.
    let again = [internal(0, lamport(2)), Line::Crash(0), internal(0, lamport(1))];
    violated(&[0, 2], quiescent("clock-condition", 1, &again));
}

#[test]
fn stamps_of_every_kind_are_compared_as_their_paper_says() {
    let pair = |a: Stamp, b: Stamp| quiescent("clock-condition", 2, &[internal(0, a), internal(0, b)]);
    holds(1, pair(vector(&[1, 5]), vector(&[2, 5])));
    violated(&[0, 1], pair(vector(&[1, 5]), vector(&[2, 4])));
    violated(&[0, 1], pair(vector(&[1, 5]), vector(&[1, 5])));
    // A matrix is compared by its process's own row.
    holds(1, pair(matrix([[1, 0], [9, 9]]), matrix([[2, 0], [0, 0]])));
    violated(&[0, 1], pair(matrix([[1, 0], [0, 0]]), matrix([[1, 0], [9, 9]])));
    holds(1, pair(hybrid(5, 7, 5), hybrid(6, 0, 6)));
    holds(1, pair(hybrid(5, 7, 5), hybrid(5, 8, 5)));
    violated(&[0, 1], pair(hybrid(5, 7, 5), hybrid(5, 7, 5)));
    violated(&[0, 1], pair(hybrid(6, 0, 5), hybrid(5, 7, 5)));
    violated(&[0, 1], pair(lamport(1), vector(&[2, 0])));
}

#[test]
fn the_converse_asks_that_smaller_stamps_are_causes() {
    let good =
        [sends(0, 1, vector(&[1, 0])), internal(1, vector(&[0, 1])), receives(1, 0, 1, vector(&[1, 2]))];
    holds(1, quiescent("converse", 2, &good));
    violated(
        &[0, 2],
        quiescent(
            "converse",
            2,
            &[internal(0, lamport(1)), internal(1, lamport(1)), internal(1, lamport(2))],
        ),
    );
    // Of several the first shows it.
    let late = [
        sends(0, 1, lamport(1)),
        internal(0, lamport(2)),
        internal(0, lamport(3)),
        receives(1, 0, 1, lamport(7)),
    ];
    violated(&[1, 3], quiescent("converse", 2, &late));
    vacuous(quiescent("converse", 2, &[internal(0, lamport(1)), internal(1, lamport(1))]));
}

#[test]
fn a_lamport_stamp_is_the_length_of_the_longest_chain() {
    let chain = [internal(1, lamport(1)), sends(0, 1, lamport(1)), receives(1, 0, 1, lamport(2))];
    holds(3, quiescent("longest-chain", 2, &chain));
    violated(&[1], quiescent("longest-chain", 2, &[internal(0, lamport(1)), internal(0, lamport(3))]));
    vacuous(quiescent("longest-chain", 2, &[internal(0, vector(&[1, 0]))]));
}

#[test]
fn a_vector_counts_what_is_known() {
    let good =
        [sends(0, 1, vector(&[1, 0])), internal(0, vector(&[2, 0])), receives(1, 0, 1, vector(&[1, 1]))];
    holds(3, quiescent("exact-knowledge", 2, &good));
    violated(
        &[1],
        quiescent("exact-knowledge", 2, &[sends(0, 1, vector(&[1, 0])), receives(1, 0, 1, vector(&[0, 1]))]),
    );
    violated(&[0], quiescent("exact-knowledge", 2, &[internal(0, vector(&[1, 1]))]));
    vacuous(quiescent("exact-knowledge", 2, &[internal(0, lamport(1))]));
}

#[test]
fn a_matrix_claims_no_more_than_is_known() {
    let send = || sends(0, 1, matrix([[1, 0], [0, 0]]));
    let receive = |rows| receives(1, 0, 1, matrix(rows));
    holds(4, quiescent("matrix-guarantee", 2, &[send(), receive([[1, 0], [1, 1]])]));
    // Too little is no lie, but it is not exact.
    holds(4, quiescent("matrix-guarantee", 2, &[send(), receive([[0, 0], [1, 1]])]));
    violated(&[1], quiescent("exact-knowledge", 2, &[send(), receive([[0, 0], [1, 1]])]));
    // The sender cannot know that the message has come.
    violated(&[0], quiescent("matrix-guarantee", 2, &[sends(0, 1, matrix([[1, 0], [1, 0]]))]));
    violated(&[1], quiescent("matrix-guarantee", 2, &[send(), receive([[1, 1], [1, 1]])]));
    vacuous(quiescent("matrix-guarantee", 2, &[internal(0, vector(&[1, 0]))]));
}

#[test]
fn what_is_stable_everybody_knows() {
    let known = [sends(0, 1, lamport(1)), receives(1, 0, 1, lamport(2)), stable(1, 0, 1)];
    holds(1, quiescent("everybody-knows", 2, &known));
    violated(&[1], quiescent("everybody-knows", 2, &[sends(0, 1, lamport(1)), stable(0, 0, 1)]));
    // It must be known by then, not later.
    let early = [sends(0, 1, lamport(1)), stable(0, 0, 1), receives(1, 0, 1, lamport(2))];
    violated(&[1], quiescent("everybody-knows", 2, &early));
    violated(&[2], quiescent("everybody-knows", 3, &known));
}

#[test]
fn stability_asks_for_internal_events_of_correct_processes() {
    let done = [internal(0, lamport(1)), sends(0, 1, lamport(2)), stable(0, 0, 1)];
    holds(1, quiescent("stability", 2, &done));
    violated(&[0], quiescent("stability", 2, &done[..2]));
    violated(&[0], verdict("stability", 2, End::Deadline, &done[..2]));
    undecided(verdict("stability", 2, End::CutShort, &done[..2]));
    // Another process's word does not count, nor that of another process's events.
    violated(&[0], quiescent("stability", 2, &[internal(0, lamport(1)), stable(1, 0, 1), stable(0, 1, 1)]));
    vacuous(quiescent("stability", 2, &[internal(0, lamport(1)), Line::Crash(0)]));
    vacuous(quiescent("stability", 2, &[sends(0, 1, lamport(1))]));
}

/// A line's time is its place, so a clock that shows its line's place is right.
#[test]
fn a_hybrid_stamp_is_near_the_clocks() {
    let good =
        [sends(0, 1, hybrid(5, 0, 5)), receives(1, 0, 1, hybrid(5, 1, 1)), internal(1, hybrid(5, 2, 2))];
    holds(3, quiescent("hybrid-bounds", 2, &good));
    violated(&[0], quiescent("hybrid-bounds", 1, &[internal(0, hybrid(4, 0, 5))]));
    // Nobody's clock is so far ahead.
    violated(
        &[1],
        quiescent("hybrid-bounds", 2, &[internal(0, hybrid(0, 0, 0)), internal(1, hybrid(5, 0, 1))]),
    );
    // A count without a chain.
    violated(
        &[1],
        quiescent("hybrid-bounds", 1, &[internal(0, hybrid(0, 0, 0)), internal(0, hybrid(1, 1, 1))]),
    );
    vacuous(quiescent("hybrid-bounds", 1, &[internal(0, lamport(1))]));
}

#[test]
fn precision_is_what_was_announced() {
    let announced = || Line::Told(0, Output::Precision(Duration::from_nanos(3)));
    holds(1, quiescent("precision", 2, &[announced(), internal(0, hybrid(5, 0, 2))]));
    violated(&[1], quiescent("precision", 2, &[announced(), internal(0, hybrid(6, 0, 2))]));
    vacuous(quiescent("precision", 2, &[announced(), internal(1, hybrid(6, 0, 2))]));
}
