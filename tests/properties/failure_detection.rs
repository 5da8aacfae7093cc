//! The failure detection problem. A line's time is its place, in nanoseconds.

use crate::{history, holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::failure_detection::{FailureDetection, Opinion, Output, Request},
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
#[derive(Clone, Copy)]
enum Line {
    Told(u32, Output),
    Asked(u32, Request),
    /// Received, from whom.
    Heard(u32, u32),
    Crash(u32),
    Boot(u32),
}

use Line::{Asked, Boot, Crash, Heard, Told};

const P: ProcessId = ProcessId(0);
const Q: ProcessId = ProcessId(1);

const SUSPECT: Output = Output::Suspect(Q);
const RESTORE: Output = Output::Restore(Q);

fn alive(life: u64, incarnation: u64) -> Output {
    Output::Alive { process: Q, life, incarnation }
}

fn suspected(life: u64, incarnation: u64) -> Output {
    Output::Suspected { process: Q, life, incarnation }
}

fn dead(life: u64) -> Output {
    Output::Dead { process: Q, life, incarnation: 0 }
}

fn told(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, FailureDetection>)> {
    lines.iter().map(|line| match line {
        Told(node, output) => (*node, What::Output(output)),
        Asked(node, request) => (*node, What::Request(request)),
        Heard(node, from) => (*node, What::Receive { message: 0, from: ProcessId(*from) }),
        Crash(node) => (*node, What::Crash),
        Boot(node) => (*node, What::Boot),
    })
}

fn verdict(property: &str, end: End, lines: &[Line]) -> Verdict {
    judge::<FailureDetection>(property, 2, end, told(lines))
}

fn late(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, End::Deadline, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in FailureDetection::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, end, &[]));
        }
    }
}

#[test]
fn whoever_stays_down_is_suspected_by_everybody_in_the_end() {
    let name = "completeness";
    holds(1, late(name, &[Crash(1), Told(0, SUSPECT)]));
    holds(1, late(name, &[Told(0, SUSPECT), Crash(1)]));
    holds(1, late(name, &[Crash(1), Told(0, dead(1))]));
    violated(&[0], late(name, &[Crash(1)]));
    violated(&[0], late(name, &[Crash(1), Told(0, SUSPECT), Told(0, RESTORE)]));
    undecided(verdict(name, End::CutShort, &[Crash(1)]));
    // Who is back, or who was no member, need not be suspected; who crashed itself need not suspect.
    vacuous(late(name, &[Crash(1), Boot(1)]));
    vacuous(late(name, &[Told(1, Output::Outside), Crash(1)]));
    vacuous(late(name, &[Crash(1), Crash(0)]));
    vacuous(late(name, &[Told(0, Output::Outside), Crash(1)]));
}

#[test]
fn newcomers_owe_an_opinion_of_those_they_have_heard_of() {
    let name = "completeness";
    let joins = [Told(1, Output::Outside), Told(1, alive(2, 0)), Told(1, Output::Joined)];
    vacuous(late(name, &[&joins[..], &[Crash(1)]].concat()));
    violated(&[4], late(name, &[&joins[..], &[Told(0, alive(2, 0)), Crash(1)]].concat()));
    holds(1, late(name, &[&joins[..], &[Told(0, alive(2, 0)), Crash(1), Told(0, dead(2))]].concat()));
}

#[test]
fn nobody_is_suspected_who_has_not_crashed() {
    let name = "strong-accuracy";
    holds(1, late(name, &[Heard(0, 1), Heard(0, 1)]));
    holds(1, late(name, &[Crash(1), Told(0, SUSPECT)]));
    holds(1, late(name, &[Crash(1), Boot(1), Told(0, SUSPECT)]));
    violated(&[1], late(name, &[Heard(0, 1), Told(0, SUSPECT), Crash(1)]));
    violated(&[0], late(name, &[Told(0, suspected(1, 0))]));
    violated(&[0], late(name, &[Told(1, SUSPECT)]));
    holds(1, late(name, &[Told(1, Output::Outside), Told(0, dead(1))]));
}

#[test]
fn in_the_end_nobody_correct_is_suspected() {
    let name = "eventual-accuracy";
    holds(1, late(name, &[Heard(0, 1), Told(0, SUSPECT), Told(0, RESTORE)]));
    violated(&[1], late(name, &[Heard(0, 1), Told(0, SUSPECT)]));
    violated(&[0], late(name, &[Told(0, suspected(1, 0)), Told(0, dead(1))]));
    undecided(verdict(name, End::CutShort, &[Told(0, SUSPECT)]));
    vacuous(late(name, &[Told(0, SUSPECT), Crash(1)]));
    vacuous(late(name, &[Told(0, SUSPECT), Told(1, Output::Outside)]));
}

#[test]
fn an_announced_latency_is_kept() {
    let (name, within) = ("detection-latency", Told(0, Output::Within(Duration::from_nanos(2))));
    holds(1, late(name, &[within, Crash(1), Heard(0, 0), Told(0, SUSPECT)]));
    violated(&[1, 4], late(name, &[within, Crash(1), Heard(0, 0), Heard(0, 0), Told(0, SUSPECT)]));
    violated(&[1], late(name, &[within, Crash(1), Heard(0, 0), Heard(0, 0), Heard(0, 0)]));
    violated(&[1, 4], late(name, &[within, Crash(1), Heard(0, 0), Heard(0, 0), Boot(1)]));
    vacuous(late(name, &[within, Crash(1), Heard(0, 0), Boot(1), Heard(0, 0), Heard(0, 0)]));
    vacuous(late(name, &[within, Crash(1)]));
    vacuous(late(name, &[Crash(1), Heard(0, 0), Heard(0, 0), Heard(0, 0), Told(0, SUSPECT)]));
}

#[test]
fn queries_are_answered() {
    let name = "answers";
    let asked = Asked(0, Request::Query(Q));
    let status = Told(0, Output::Status { process: Q, opinion: Opinion::Trusted });
    holds(2, late(name, &[asked, asked, status]));
    holds(1, late(name, &[asked, Told(0, Output::Level { process: Q, phi: 3 })]));
    violated(&[1], late(name, &[status, asked]));
    violated(&[0], late(name, &[asked, Told(0, Output::Level { process: P, phi: 3 })]));
    undecided(verdict(name, End::CutShort, &[asked]));
    vacuous(late(name, &[asked, Crash(0)]));
}

#[test]
fn only_its_owner_raises_an_incarnation() {
    let name = "incarnations";
    holds(
        4,
        late(name, &[Told(0, suspected(1, 0)), Told(1, alive(1, 1)), Told(0, alive(1, 1)), Told(0, dead(1))]),
    );
    violated(&[0], late(name, &[Told(0, alive(1, 1)), Told(1, alive(1, 1))]));
    violated(&[0], late(name, &[Told(0, alive(2, 0))]));
    violated(&[0, 1], late(name, &[Told(0, suspected(1, 0)), Told(0, alive(1, 0))]));
    violated(&[0, 1], late(name, &[Told(0, dead(1)), Told(0, suspected(1, 0))]));
    holds(3, late(name, &[Told(0, dead(1)), Told(1, alive(2, 0)), Told(0, alive(2, 0))]));
    holds(2, late(name, &[Told(0, suspected(1, 0)), Crash(0), Boot(0), Told(0, alive(1, 0))]));
    let left = Told(0, Output::Left { process: Q, life: 1 });
    holds(1, late(name, &[Told(1, Output::Outside), left]));
    violated(&[0], late(name, &[left]));
}

#[test]
fn a_life_that_is_over_stays_over() {
    let name = "dead-is-final";
    holds(1, late(name, &[Told(0, dead(1)), Told(0, alive(2, 0))]));
    holds(1, late(name, &[Told(0, dead(1)), Told(1, alive(1, 0))]));
    violated(&[0, 1], late(name, &[Told(0, dead(1)), Told(0, alive(1, 5))]));
    violated(&[0, 1], late(name, &[Told(0, dead(2)), Told(0, suspected(1, 5))]));
}

#[test]
fn nobody_alive_is_buried() {
    let name = "death-accuracy";
    holds(1, late(name, &[Told(0, suspected(1, 0)), Told(0, alive(1, 1))]));
    holds(1, late(name, &[Crash(1), Told(0, dead(1))]));
    violated(&[1], late(name, &[Told(0, suspected(1, 0)), Told(0, dead(1))]));
    vacuous(late(name, &[Told(0, alive(1, 1))]));
}

#[test]
fn what_is_measured_is_how_soon_how_often_and_for_how_long() {
    let lines = [
        Told(0, SUSPECT),
        Heard(0, 1),
        Told(0, RESTORE),
        Crash(1),
        Heard(0, 0),
        Told(0, SUSPECT),
        Told(0, SUSPECT),
    ];
    let history = history::<FailureDetection>(2, End::Deadline, told(&lines));
    let taken =
        FailureDetection::measures().into_iter().map(|measure| (measure.name, (measure.take)(&history)));
    let wanted = [("detection", vec![2]), ("wrong-suspicions", vec![1]), ("mistake", vec![2])];
    assert_eq!(taken.collect::<Vec<_>>(), wanted);
}
