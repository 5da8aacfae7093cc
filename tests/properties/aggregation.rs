//! The aggregation problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::aggregation::{Aggregation, Operation, Output, Request},
    process::End,
};

type Line = lines::Line<Aggregation>;

fn gives(node: u32, value: i64) -> Line {
    Line::Asked(node, Request::Contribute(value))
}

fn result(node: u32, round: u64, operation: Operation, value: i64) -> Line {
    Line::Told(node, Output::Result { round, operation, value })
}

fn sum(node: u32, round: u64, value: i64) -> Line {
    result(node, round, Operation::Sum, value)
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Aggregation>();
}

#[test]
fn exactly_once_works_the_result_out_again() {
    let told = |operation, value| [gives(0, 3), gives(1, -4), result(0, 1, operation, value)];
    holds(1, quiescent("exactly-once", 2, &told(Operation::Sum, -1)));
    holds(1, quiescent("exactly-once", 2, &told(Operation::Min, -4)));
    holds(1, quiescent("exactly-once", 2, &told(Operation::Max, 3)));
    holds(1, quiescent("exactly-once", 2, &told(Operation::Count, 2)));
    violated(&[0, 1, 2], quiescent("exactly-once", 2, &told(Operation::Sum, -5)));
    violated(&[0, 1, 2], verdict("exactly-once", 2, End::CutShort, &told(Operation::Count, 3)));
    let large = [gives(0, i64::MAX), gives(1, 1), sum(0, 1, i64::MIN)];
    holds(1, quiescent("exactly-once", 2, &large));
}

#[test]
fn exactly_once_keeps_rounds_apart() {
    let rounds = [gives(0, 1), gives(0, 10), gives(1, 2), gives(1, 20), sum(0, 2, 30), sum(0, 1, 3)];
    holds(2, quiescent("exactly-once", 2, &rounds));
    let mixed = [gives(0, 1), gives(0, 10), gives(1, 2), gives(1, 20), sum(0, 1, 21)];
    violated(&[0, 2, 4], quiescent("exactly-once", 2, &mixed));
    violated(&[0], quiescent("exactly-once", 1, &[sum(0, 0, 0), gives(0, 1)]));
}

#[test]
fn exactly_once_asks_for_everybody_and_for_one_result() {
    violated(&[1], quiescent("exactly-once", 2, &[gives(0, 1), sum(0, 1, 1), gives(1, 2)]));
    violated(&[1], quiescent("exactly-once", 2, &[gives(0, 1), sum(0, 1, 1)]));
    violated(&[1], quiescent("exactly-once", 1, &[gives(0, 1), sum(0, u64::MAX, 1)]));
    let twice = [gives(0, 1), sum(0, 1, 1), sum(0, 1, 1)];
    violated(&[1, 2], quiescent("exactly-once", 1, &twice));
    vacuous(quiescent("exactly-once", 2, &[gives(0, 1), gives(1, 1)]));
}

#[test]
fn termination_is_owed_when_everybody_has_contributed() {
    let all = [gives(0, 1), gives(1, 2), sum(1, 1, 3)];
    holds(1, quiescent("termination", 2, &all));
    violated(&[1], quiescent("termination", 2, &all[..2]));
    violated(&[1], verdict("termination", 2, End::Deadline, &all[..2]));
    undecided(verdict("termination", 2, End::CutShort, &all[..2]));
    vacuous(quiescent("termination", 2, &all[..1]));
    // Even when somebody crashes, but not when everybody does.
    violated(&[1], quiescent("termination", 2, &[gives(0, 1), gives(1, 2), crash(1)]));
    vacuous(quiescent("termination", 2, &[gives(0, 1), gives(1, 2), crash(1), crash(0)]));
    // The second round is judged by itself.
    violated(&[2], quiescent("termination", 1, &[gives(0, 1), sum(0, 1, 1), gives(0, 2)]));
}

#[test]
fn an_announcement_reaches_every_correct_process() {
    let all = [gives(0, 1), gives(1, 2), sum(0, 1, 3), sum(1, 1, 3)];
    holds(2, quiescent("announcement", 2, &all));
    violated(&[2], quiescent("announcement", 2, &all[..3]));
    undecided(verdict("announcement", 2, End::CutShort, &all[..3]));
    holds(1, quiescent("announcement", 2, &[gives(0, 1), gives(1, 2), sum(0, 1, 3), crash(1)]));
    vacuous(quiescent("announcement", 2, &all[..2]));
}
