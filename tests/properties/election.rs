//! The election problem.

use crate::{history, holds, judge, undecided, vacuous, violated};
use synod::{
    problems::election::{Election, Output, Request},
    process::{End, Names, Problem, ProcessId, Verdict, What},
    scenario::fit,
};

/// A line of a history.
enum Line {
    Start(u32),
    Told(u32, Output),
    Other(u32, What<'static, Election>),
}

fn start(node: u32) -> Line {
    Line::Start(node)
}

/// `node` names `leader`.
fn names(node: u32, leader: u32) -> Line {
    Line::Told(node, Output::Leader { leader: ProcessId(leader), term: None })
}

/// The same in a term.
fn names_in(term: u64, node: u32, leader: u32) -> Line {
    Line::Told(node, Output::Leader { leader: ProcessId(leader), term: Some(term) })
}

/// `node` belongs to this group of `coordinator`.
fn joins(node: u32, coordinator: u32, number: u64, members: &[u32]) -> Line {
    let members = members.iter().copied().map(ProcessId).collect();
    Line::Told(node, Output::Group { coordinator: ProcessId(coordinator), number, members })
}

fn crash(node: u32) -> Line {
    Line::Other(node, What::Crash)
}

fn boot(node: u32) -> Line {
    Line::Other(node, What::Boot)
}

fn pause(node: u32) -> Line {
    Line::Other(node, What::Pause)
}

fn receive(node: u32) -> Line {
    Line::Other(node, What::Receive { message: 0, from: ProcessId(0) })
}

fn told(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, Election>)> {
    lines.iter().map(|line| match line {
        Line::Start(node) => (*node, What::Request(&Request::Start)),
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Other(node, what) => (*node, what.clone()),
    })
}

/// The verdict on a history of `nodes` processes; a line's event is its place.
fn verdict(property: &str, nodes: u32, end: End, lines: &[Line]) -> Verdict {
    judge::<Election>(property, nodes, end, told(lines))
}

fn quiescent(property: &str, nodes: u32, lines: &[Line]) -> Verdict {
    verdict(property, nodes, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Election::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, 0, end, &[]));
            vacuous(verdict(property.name, 3, end, &[]));
        }
    }
}

#[test]
fn one_leader_asks_that_nobody_else_announces_itself() {
    holds(1, quiescent("one-leader", 2, &[start(0), names(1, 1), names(0, 1)]));
    violated(&[1, 2], quiescent("one-leader", 2, &[start(0), names(1, 1), names(0, 0)]));
    // To be elected twice is another matter, and so is to follow somebody who knows nothing of it.
    holds(2, quiescent("one-leader", 2, &[start(0), names(1, 1), names(1, 1)]));
    vacuous(quiescent("one-leader", 2, &[start(0), names(1, 0), names(0, 1)]));
}

#[test]
fn one_leader_is_judged_in_each_election() {
    let two = [start(0), names(1, 1), names(0, 1), start(0), names(0, 0), names(1, 0)];
    holds(2, quiescent("one-leader", 2, &two));
    // As long as somebody has not answered it is the same election.
    let one = [start(0), names(1, 1), start(0), names(0, 0), names(1, 0)];
    violated(&[1, 3], quiescent("one-leader", 2, &one));
    // A crash in the middle changes everything.
    let crashed = [start(0), names(1, 1), crash(1), names(0, 0)];
    holds(2, quiescent("one-leader", 2, &crashed));
    // What says its term belongs to it, whenever it comes.
    holds(2, quiescent("one-leader", 2, &[start(0), names_in(1, 1, 1), names_in(2, 0, 0)]));
    violated(
        &[1, 3],
        quiescent("one-leader", 2, &[start(0), names_in(1, 1, 1), crash(1), names_in(1, 0, 0)]),
    );
}

#[test]
fn one_leader_knows_groups_by_their_number() {
    let all = [joins(0, 0, 1, &[0]), joins(1, 1, 1, &[1]), joins(1, 1, 2, &[0, 1]), joins(0, 1, 2, &[0, 1])];
    holds(3, quiescent("one-leader", 2, &all));
    let again = [joins(0, 0, 1, &[0]), crash(0), boot(0), joins(0, 0, 1, &[0])];
    violated(&[0, 3], quiescent("one-leader", 2, &again));
}

#[test]
fn elected_once_asks_for_a_reason_to_be_elected_again() {
    violated(&[1, 3], quiescent("elected-once", 2, &[start(0), names(1, 1), names(0, 1), names(1, 1)]));
    holds(2, quiescent("elected-once", 2, &[start(0), names(1, 1), start(0), names(1, 1)]));
    holds(2, quiescent("elected-once", 2, &[start(0), names(1, 1), crash(1), boot(1), names(1, 1)]));
    // In a term there is no reason.
    let term = [start(0), names_in(1, 1, 1), start(0), names_in(1, 1, 1)];
    violated(&[1, 3], quiescent("elected-once", 2, &term));
    holds(2, quiescent("elected-once", 2, &[start(0), names_in(1, 1, 1), names_in(2, 1, 1)]));
    vacuous(quiescent("elected-once", 2, &[joins(0, 0, 1, &[0])]));
}

#[test]
fn agreement_asks_for_one_answer() {
    holds(2, quiescent("agreement", 3, &[start(0), names(2, 2), names(0, 2), names(1, 2)]));
    violated(&[1, 3], quiescent("agreement", 3, &[start(0), names(2, 2), names(0, 2), names(1, 1)]));
    vacuous(quiescent("agreement", 3, &[start(0), names(2, 2)]));
    // Another election may have another answer.
    let two = [start(0), names(0, 1), names(1, 1), start(0), names(0, 0), names(1, 0)];
    holds(2, quiescent("agreement", 2, &two));
    // News of one who is down by now are old.
    let old = [start(0), crash(2), names(0, 2), names(1, 1), names(0, 1)];
    holds(1, quiescent("agreement", 3, &old));
}

#[test]
fn agreement_on_groups_is_on_their_members() {
    holds(1, quiescent("agreement", 3, &[joins(0, 2, 1, &[0, 2]), joins(2, 2, 1, &[0, 2])]));
    violated(&[0, 1], quiescent("agreement", 3, &[joins(0, 2, 1, &[0, 2]), joins(2, 2, 1, &[2])]));
    vacuous(quiescent("agreement", 3, &[joins(0, 2, 1, &[0, 2]), joins(2, 2, 2, &[2])]));
}

#[test]
fn highest_id_looks_at_those_who_were_there() {
    holds(2, quiescent("highest-id", 3, &[start(0), names(2, 2), names(0, 2)]));
    violated(&[0, 1], quiescent("highest-id", 3, &[start(0), names(0, 1)]));
    holds(1, quiescent("highest-id", 3, &[crash(2), start(0), names(0, 1)]));
    holds(1, quiescent("highest-id", 3, &[start(0), names(0, 1), crash(2)]));
    // Who comes after the beginning could not be elected.
    holds(1, quiescent("highest-id", 3, &[crash(2), start(0), boot(2), names(0, 1)]));
    vacuous(quiescent("highest-id", 3, &[names(0, 1)]));
    vacuous(quiescent("highest-id", 3, &[start(0), joins(0, 0, 1, &[0])]));
}

#[test]
fn highest_initiator_looks_at_those_who_were_asked() {
    let both = [start(0), start(1), names_in(1, 0, 1), names_in(1, 2, 1)];
    holds(2, quiescent("highest-initiator", 3, &both));
    violated(&[2], quiescent("highest-initiator", 3, &[start(0), start(1), names_in(1, 0, 0)]));
    violated(&[1], quiescent("highest-initiator", 3, &[start(0), names_in(1, 0, 2)]));
    // Whom a message has reached may have come too late, or not.
    for leader in [0, 1] {
        let late = [start(0), receive(1), start(1), names_in(1, 0, leader)];
        holds(1, quiescent("highest-initiator", 3, &late));
    }
    // Who knows the leader of a term stands for the next one.
    let next = [start(0), names_in(1, 0, 0), start(0), names_in(1, 1, 0), names_in(2, 1, 0)];
    holds(3, quiescent("highest-initiator", 2, &next));
    // Without terms nobody can tell.
    vacuous(quiescent("highest-initiator", 3, &[start(0), names(0, 2)]));
}

#[test]
fn termination_asks_everybody_who_was_there() {
    let all = [start(0), names(0, 1), names(1, 1)];
    holds(2, quiescent("termination", 2, &all));
    violated(&[0], quiescent("termination", 2, &all[..2]));
    violated(&[0], verdict("termination", 2, End::Deadline, &all[..2]));
    undecided(verdict("termination", 2, End::CutShort, &all[..2]));
    // What was said before does not count.
    violated(&[3], quiescent("termination", 2, &[start(0), names(0, 1), names(1, 1), start(0), names(0, 1)]));
    // Nothing is asked of who crashes or stands still, and who is asked when it is down is not asked.
    holds(1, quiescent("termination", 2, &[start(0), crash(1), names(0, 0)]));
    holds(1, quiescent("termination", 2, &[start(0), pause(1), names(0, 0)]));
    vacuous(quiescent("termination", 2, &[crash(0), start(0)]));
    holds(1, quiescent("termination", 2, &[crash(1), start(0), boot(1), names(0, 0)]));
}

#[test]
fn stability_asks_for_one_leader_in_the_end() {
    holds(2, quiescent("stability", 2, &[start(0), names(0, 0), names(0, 1), names(1, 1)]));
    violated(&[1, 2], quiescent("stability", 2, &[start(0), names(0, 0), names(1, 1)]));
    undecided(verdict("stability", 2, End::CutShort, &[start(0), names(0, 0), names(1, 1)]));
    violated(&[1], quiescent("stability", 2, &[start(0), names(0, 1), crash(1)]));
    violated(&[1], quiescent("stability", 2, &[start(0), names(0, 1), pause(1)]));
    // Who has come back may lead, and who is down follows nobody.
    holds(1, quiescent("stability", 2, &[crash(1), start(0), boot(1), names(0, 1)]));
    holds(1, quiescent("stability", 2, &[start(0), names(1, 0), names(0, 0), crash(1)]));
    // Terms may differ, groups must not.
    holds(2, quiescent("stability", 2, &[names_in(1, 0, 1), names_in(2, 1, 1)]));
    violated(&[0, 1], quiescent("stability", 2, &[joins(0, 1, 1, &[0, 1]), joins(1, 1, 2, &[1])]));
}

#[test]
fn an_election_takes_from_its_first_request_to_its_last_answer() {
    let measures = Election::measures();
    let [measure] = &measures[..] else { panic!("there is one measure") };
    let lines = [
        names(0, 1),
        start(0),
        start(1),
        names(1, 1),
        names(0, 1),
        start(0),
        names(0, 1),
        names(1, 1),
        names(0, 1),
        start(1),
    ];
    assert_eq!((measure.take)(&history(2, End::Quiescent, told(&lines))), [3, 3]);
    assert_eq!((measure.take)(&history(2, End::Quiescent, [])), [0; 0]);
}

#[test]
fn requests_and_outputs_read_as_they_are_written() {
    let fits = Names::Numbered(2).scope(|| fit::<Request>(&serde_json::json!("start")).is_ok());
    assert!(fits);
    let output = Output::Leader { leader: ProcessId(1), term: None };
    let written = Names::Numbered(2).scope(|| serde_json::to_value(&output).expect("it can be written"));
    assert_eq!(written, serde_json::json!({"leader": {"leader": "n2"}}));
}
