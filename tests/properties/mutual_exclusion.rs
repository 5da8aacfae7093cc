//! The problem of mutual exclusion.

use crate::{holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::mutual_exclusion::{MutualExclusion, Output, Request},
    process::{End, Problem, ProcessId, Verdict, What},
};

/// What happens at a node.
type Line = (u32, What<'static, MutualExclusion>);

const WANT: Request = Request::Enter(Duration::from_millis(1));

fn want(node: u32) -> Line {
    (node, What::Request(&WANT))
}

fn stay(node: u32) -> Line {
    (node, What::Request(&Request::EnterUntilExit))
}

fn tell_to_leave(node: u32) -> Line {
    (node, What::Request(&Request::Exit))
}

fn enter(node: u32) -> Line {
    (node, What::Output(&Output::Enter))
}

fn exit(node: u32) -> Line {
    (node, What::Output(&Output::Exit))
}

fn crash(node: u32) -> Line {
    (node, What::Crash)
}

fn send(from: u32, message: u64, to: u32) -> Line {
    (from, What::Send { message, to: ProcessId(to) })
}

fn receive(at: u32, message: u64, from: u32) -> Line {
    (at, What::Receive { message, from: ProcessId(from) })
}

fn verdict(property: &str, nodes: u32, end: End, lines: &[Line]) -> Verdict {
    judge::<MutualExclusion>(property, nodes, end, lines.iter().cloned())
}

fn quiescent(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, 3, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in MutualExclusion::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, 0, end, &[]));
            vacuous(verdict(property.name, 3, end, &[]));
        }
    }
}

#[test]
fn mutual_exclusion_lets_one_in_at_a_time() {
    let one_by_one = [want(0), want(1), enter(0), exit(0), enter(1), exit(1)];
    holds(2, quiescent("mutual-exclusion", &one_by_one));
    violated(
        &[2, 3],
        quiescent("mutual-exclusion", &[want(0), want(1), enter(0), enter(1), exit(0), exit(1)]),
    );
    violated(&[1, 3], verdict("mutual-exclusion", 3, End::CutShort, &[want(0), enter(0), want(1), enter(1)]));
    vacuous(quiescent("mutual-exclusion", &[want(0), want(1)]));
}

#[test]
fn who_crashes_is_no_longer_inside() {
    holds(2, quiescent("mutual-exclusion", &[want(0), enter(0), crash(0), want(1), enter(1)]));
    let second_life = [want(0), enter(0), crash(0), (0, What::Boot), want(0), enter(0), want(1), enter(1)];
    violated(&[5, 7], quiescent("mutual-exclusion", &second_life));
    // Who stands still is.
    violated(
        &[1, 4],
        quiescent("mutual-exclusion", &[want(0), enter(0), (0, What::Pause), want(1), enter(1)]),
    );
}

#[test]
fn well_formedness_asks_for_one_entry_for_each_request() {
    holds(4, quiescent("well-formedness", &[want(0), want(0), enter(0), exit(0), enter(0), exit(0)]));
    holds(1, quiescent("well-formedness", &[stay(0), enter(0)]));
    violated(&[0], quiescent("well-formedness", &[enter(0)]));
    violated(&[3], quiescent("well-formedness", &[want(0), enter(0), exit(0), enter(0)]));
    violated(&[2, 3], quiescent("well-formedness", &[want(0), want(0), enter(0), enter(0)]));
    violated(&[1], quiescent("well-formedness", &[want(0), exit(0)]));
    violated(&[3], quiescent("well-formedness", &[want(0), enter(0), crash(0), exit(0)]));
    violated(&[2], quiescent("well-formedness", &[want(0), crash(0), enter(0)]));
    vacuous(quiescent("well-formedness", &[want(0), tell_to_leave(0)]));
}

#[test]
fn deadlock_freedom_asks_that_somebody_enters() {
    let blocked = [want(0), enter(0), want(1), exit(0)];
    violated(&[2], quiescent("deadlock-freedom", &blocked));
    violated(&[2], verdict("deadlock-freedom", 3, End::Deadline, &blocked));
    undecided(verdict("deadlock-freedom", 3, End::CutShort, &blocked));
    // While somebody is inside nobody is blocked by the algorithm.
    holds(1, quiescent("deadlock-freedom", &blocked[..3]));
    // One that has crashed is not.
    violated(&[2], quiescent("deadlock-freedom", &[want(0), enter(0), want(1), crash(0)]));
    // Nor does one that crashes, or stands still, wait.
    vacuous(quiescent("deadlock-freedom", &[want(0), crash(0)]));
    vacuous(quiescent("deadlock-freedom", &[want(0), (0, What::Pause)]));
    holds(2, quiescent("deadlock-freedom", &[want(0), want(1), enter(1), exit(1), enter(0), exit(0)]));
}

#[test]
fn starvation_freedom_asks_that_everybody_enters() {
    let starved = [want(0), want(1), enter(0), exit(0), want(0), enter(0)];
    violated(&[1], quiescent("starvation-freedom", &starved));
    undecided(verdict("starvation-freedom", 3, End::CutShort, &starved));
    // The second of two requests is one, too.
    violated(&[1], quiescent("starvation-freedom", &[want(0), want(0), enter(0), exit(0)]));
    holds(1, quiescent("starvation-freedom", &[want(0), want(1), enter(0), exit(0), crash(1)]));
    holds(2, quiescent("starvation-freedom", &[want(0), enter(0), exit(0), want(1), enter(1)]));
}

#[test]
fn starvation_freedom_asks_nothing_while_somebody_is_free_to_stay() {
    holds(1, quiescent("starvation-freedom", &[stay(0), enter(0), want(1)]));
    violated(&[3], quiescent("starvation-freedom", &[stay(0), enter(0), tell_to_leave(0), want(1)]));
    violated(&[3], quiescent("starvation-freedom", &[stay(0), tell_to_leave(0), enter(0), want(1)]));
    violated(&[2], quiescent("starvation-freedom", &[want(0), enter(0), want(1)]));
    violated(&[2], quiescent("starvation-freedom", &[stay(0), enter(0), want(1), crash(0)]));
    vacuous(quiescent("starvation-freedom", &[want(0), enter(0), (0, What::Pause), want(1)]));
}

#[test]
fn fairness_follows_messages() {
    // n2 has heard from n1 after n1's request, and yet it goes first.
    let told = [want(0), send(0, 7, 1), receive(1, 7, 0), want(1)];
    let unfair = [&told[..], &[enter(1)]].concat();
    violated(&[0, 3, 4], quiescent("happened-before-fairness", &unfair));
    let fair = [&told[..], &[enter(0), exit(0), enter(1)]].concat();
    holds(1, quiescent("happened-before-fairness", &fair));
    // It had asked before it heard: neither goes first.
    let at_once = [want(0), send(0, 7, 1), want(1), receive(1, 7, 0), enter(1)];
    vacuous(quiescent("happened-before-fairness", &at_once));
    vacuous(quiescent("happened-before-fairness", &told));
}

#[test]
fn fairness_follows_messages_over_third_parties() {
    let chain =
        [want(0), send(0, 1, 2), receive(2, 1, 0), send(2, 2, 1), receive(1, 2, 2), want(1), enter(1)];
    violated(&[0, 5, 6], quiescent("happened-before-fairness", &chain));
    // What was sent before the request tells nothing of it.
    let before =
        [send(0, 1, 2), want(0), receive(2, 1, 0), send(2, 2, 1), receive(1, 2, 2), want(1), enter(1)];
    vacuous(quiescent("happened-before-fairness", &before));
}

/// A channel may hold a message back until the one before it has come.
#[test]
fn a_message_is_heard_after_those_that_were_sent_before_it() {
    let gap = [send(0, 6, 1), want(0), send(0, 7, 1), receive(1, 7, 0), want(1), enter(1)];
    vacuous(quiescent("happened-before-fairness", &gap));
    let closed =
        [send(0, 6, 1), want(0), send(0, 7, 1), receive(1, 7, 0), receive(1, 6, 0), want(1), enter(1)];
    violated(&[1, 5, 6], quiescent("happened-before-fairness", &closed));
    // A second copy tells nothing new.
    let copies =
        [want(0), send(0, 6, 1), send(0, 7, 1), receive(1, 7, 0), receive(1, 7, 0), want(1), enter(1)];
    vacuous(quiescent("happened-before-fairness", &copies));
}

#[test]
fn a_request_that_waits_at_its_own_process_is_made_when_the_one_before_is_over() {
    // n1's second wish is older than n2's, but it is made only when the first is over, and n2 has not heard of that.
    let queued =
        [want(0), want(0), enter(0), send(0, 7, 1), receive(1, 7, 0), want(1), exit(0), enter(1), exit(1)];
    holds(1, quiescent("happened-before-fairness", &queued));
    let farewell = [want(0), want(0), enter(0), exit(0), send(0, 7, 1), receive(1, 7, 0), want(1), enter(1)];
    holds(1, quiescent("happened-before-fairness", &farewell));
    let next_step = (0, What::Timer);
    let lines = [&farewell[..4], &[next_step], &farewell[4..]].concat();
    violated(&[1, 7, 8], quiescent("happened-before-fairness", &lines));
}

#[test]
fn what_a_crashed_process_asked_for_is_forgotten() {
    let crashed = [want(0), send(0, 7, 1), crash(0), receive(1, 7, 0), want(1), enter(1)];
    holds(1, quiescent("happened-before-fairness", &crashed));
}
