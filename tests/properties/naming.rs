//! The naming, location and lookup problems.

use crate::{holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::{
        location::{self, Location},
        lookup::{self, Lookup},
        naming::{Naming, Output, Request},
    },
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
enum Line<Pr: Problem> {
    Asked(u32, Pr::Request),
    Told(u32, Pr::Output),
    Crash(u32),
}

fn verdict<Pr: Problem>(property: &str, end: End, lines: &[Line<Pr>]) -> Verdict {
    let told = lines.iter().map(|line| match line {
        Line::Asked(node, request) => (*node, What::Request(request)),
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Crash(node) => (*node, What::Crash),
    });
    judge::<Pr>(property, 3, end, told)
}

fn quiescent<Pr: Problem>(property: &str, lines: &[Line<Pr>]) -> Verdict {
    verdict(property, End::Quiescent, lines)
}

fn says_nothing<Pr: Problem>() {
    for property in Pr::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict::<Pr>(property.name, end, &[]));
        }
    }
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing::<Naming>();
    says_nothing::<Location>();
    says_nothing::<Lookup>();
}

fn serves(address: &str) -> Line<Naming> {
    Line::Told(0, Output::Serves { name: "x".into(), address: address.into() })
}

fn register(node: u32, address: &str) -> Line<Naming> {
    Line::Asked(node, Request::Register { name: "x".into(), address: address.into() })
}

fn registered(node: u32, id: u64, address: &str) -> Line<Naming> {
    Line::Told(node, Output::Registered { id, name: "x".into(), address: address.into() })
}

fn resolve(node: u32) -> Line<Naming> {
    Line::Asked(node, Request::Resolve("x".into()))
}

fn resolved(node: u32, id: u64, address: &str, cached: bool) -> Line<Naming> {
    Line::Told(node, Output::Resolved { id, name: "x".into(), address: address.into(), hops: 1, cached })
}

fn not_found(node: u32, id: u64) -> Line<Naming> {
    Line::Told(node, Output::NotFound { id, name: "x".into(), hops: 1, cached: false })
}

fn timed_out(node: u32, id: u64) -> Line<Naming> {
    Line::Told(node, Output::TimedOut { id, name: "x".into() })
}

#[test]
fn every_request_is_answered() {
    holds(1, quiescent("answered", &[resolve(1), timed_out(1, 1)]));
    violated(&[0], quiescent("available", &[resolve(1), timed_out(1, 1)]));
    holds(2, quiescent("available", &[resolve(1), resolve(1), not_found(1, 2), not_found(1, 1)]));
    for property in ["answered", "available"] {
        violated(&[0], quiescent(property, &[resolve(1), resolved(2, 1, "a", false)]));
        undecided(verdict(property, End::CutShort, &[resolve(1)]));
        vacuous(quiescent(property, &[resolve(1), Line::Crash(1)]));
    }
}

#[test]
fn an_answer_was_true_between_the_question_and_itself() {
    holds(1, quiescent("truth", &[serves("a"), resolve(1), resolved(1, 1, "a", false)]));
    holds(1, quiescent("truth", &[resolve(1), not_found(1, 1)]));
    violated(&[1, 2], quiescent("truth", &[serves("a"), resolve(1), resolved(1, 1, "b", false)]));
    violated(&[0, 1, 2], quiescent("truth", &[serves("a"), resolve(1), not_found(1, 1)]));
    violated(&[0], quiescent("truth", &[resolved(1, 1, "a", false)]));
}

#[test]
fn a_change_takes_effect_between_its_request_and_its_confirmation() {
    for address in ["a", "b"] {
        let lines = [
            serves("a"),
            register(2, "b"),
            resolve(1),
            registered(2, 1, "b"),
            resolved(1, 1, address, false),
        ];
        holds(1, quiescent("truth", &lines));
        // Nobody knows whether it has taken effect.
        let open = [serves("a"), register(2, "b"), resolve(1), resolved(1, 1, address, false)];
        holds(1, quiescent("truth", &open));
    }
    let lines =
        [serves("a"), register(2, "b"), registered(2, 1, "b"), resolve(1), resolved(1, 1, "a", false)];
    violated(&[2, 3, 4], quiescent("truth", &lines));
}

#[test]
fn a_crash_may_make_names_forgotten() {
    let crash = || [register(2, "a"), registered(2, 1, "a"), Line::Crash(2), resolve(1)];
    let told = |answer| crash().into_iter().chain([answer]).collect::<Vec<_>>();
    holds(1, quiescent("truth", &told(not_found(1, 1))));
    holds(1, quiescent("truth", &told(resolved(1, 1, "a", false))));
}

#[test]
fn a_cached_answer_is_no_older_than_it_may_be() {
    let lines = |lifetime| {
        let lifetime = Line::Told(1, Output::Lifetime(Duration::from_nanos(lifetime)));
        let change = [serves("a"), register(2, "b"), registered(2, 1, "b")];
        [lifetime]
            .into_iter()
            .chain(change)
            .chain([resolve(1), resolved(1, 1, "a", true)])
            .collect::<Vec<_>>()
    };
    // It was so until line 3; it is asked for in line 4.
    holds(1, quiescent("bounded-staleness", &lines(1)));
    violated(&[3, 4, 5], quiescent("bounded-staleness", &lines(0)));
    vacuous(quiescent("truth", &lines(1)));
}

fn send(node: u32) -> Line<Location> {
    Line::Asked(node, location::Request::Send { object: "o".into(), body: "m".into() })
}

fn delivered(node: u32, from: u32, id: u64, hops: u32) -> Line<Location> {
    let (object, body, from) = ("o".into(), "m".into(), ProcessId(from));
    Line::Told(node, location::Output::Delivered { object, from, id, body, hops })
}

fn left(node: u32, to: u32) -> Line<Location> {
    Line::Told(node, location::Output::Left { object: "o".into(), to: ProcessId(to) })
}

fn arrived(node: u32, moves: u64) -> Line<Location> {
    Line::Told(node, location::Output::Arrived { object: "o".into(), moves })
}

#[test]
fn what_is_sent_reaches_the_object_once() {
    holds(1, quiescent("reached", &[send(1), delivered(0, 1, 1, 1)]));
    violated(&[0], quiescent("reached", &[send(1)]));
    undecided(verdict("reached", End::CutShort, &[send(1)]));
    vacuous(quiescent("reached", &[send(1), left(0, 2), Line::Crash(2)]));
    holds(1, quiescent("at-most-once", &[send(1), delivered(0, 1, 1, 1)]));
    violated(&[1, 2], quiescent("at-most-once", &[send(1), delivered(0, 1, 1, 1), delivered(0, 1, 1, 1)]));
    violated(&[1], quiescent("at-most-once", &[send(1), delivered(0, 1, 2, 1)]));
}

#[test]
fn an_object_is_at_one_place() {
    holds(3, quiescent("one-place", &[left(0, 1), arrived(1, 1), delivered(1, 2, 1, 1)]));
    violated(&[0, 1], quiescent("one-place", &[left(0, 1), delivered(0, 2, 1, 1)]));
    violated(&[1, 2], quiescent("one-place", &[left(0, 1), arrived(1, 1), delivered(0, 2, 1, 1)]));
    violated(&[0, 1], quiescent("one-place", &[left(0, 1), arrived(2, 1)]));
}

#[test]
fn a_way_is_no_longer_than_the_object_s_own() {
    holds(1, quiescent("no-detour", &[left(0, 1), arrived(1, 1), delivered(1, 2, 1, 2)]));
    violated(&[2], quiescent("no-detour", &[left(0, 1), arrived(1, 1), delivered(1, 2, 1, 3)]));
}

fn joined(node: u32, settles: u64) -> Line<Lookup> {
    let settles = Duration::from_nanos(settles);
    Line::Told(node, lookup::Output::Joined { position: u64::from(node) * 10, settles })
}

fn look_up(node: u32, key: u64) -> Line<Lookup> {
    Line::Asked(node, lookup::Request::Lookup(key))
}

fn found(node: u32, id: u64, key: u64, owner: u32) -> Line<Lookup> {
    Line::Told(node, lookup::Output::Found { id, key, owner: ProcessId(owner), hops: 1 })
}

fn failed(node: u32, id: u64, key: u64) -> Line<Lookup> {
    Line::Told(node, lookup::Output::Failed { id, key })
}

#[test]
fn a_key_is_its_successor_s() {
    for (key, owner) in [(0, 0), (1, 1), (10, 1), (11, 0)] {
        let ring = |told| [joined(0, 0), joined(1, 0), look_up(0, key), found(0, 1, key, told)];
        holds(1, quiescent("ownership", &ring(owner)));
        violated(&[2, 3], quiescent("ownership", &ring(1 - owner)));
    }
}

#[test]
fn nothing_is_promised_before_the_group_has_settled() {
    let waiting = [joined(0, 0), joined(1, 3), look_up(0, 5), found(0, 1, 5, 0)];
    vacuous(quiescent("ownership", &waiting));
    let changed = [joined(0, 0), joined(1, 0), look_up(0, 5), Line::Crash(1), failed(0, 1, 5)];
    for property in ["ownership", "available"] {
        vacuous(quiescent(property, &changed));
    }
    holds(1, quiescent("answered", &changed));
}

#[test]
fn a_lookup_is_answered_and_a_join_is_granted() {
    let failing = [joined(0, 0), look_up(0, 5), failed(0, 1, 5)];
    violated(&[1, 2], quiescent("available", &failing));
    for property in ["answered", "available"] {
        violated(&[1], quiescent(property, &failing[..2]));
        undecided(verdict(property, End::CutShort, &failing[..2]));
    }
    let join = || Line::Asked(1, lookup::Request::Join { via: None });
    holds(1, quiescent("joined", &[join(), joined(1, 0)]));
    violated(&[0], quiescent("joined", &[join(), joined(0, 0)]));
}
