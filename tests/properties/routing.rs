//! The routing problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::routing::{Output, Request, Routing, Way, Why},
    process::{End, ProcessId, What},
};

type Line = lines::Line<Routing>;

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Routing>();
}

fn link(node: u32, to: u32, cost: Option<u32>) -> Line {
    Line::Told(node, Output::Link { to: ProcessId(to), cost })
}

/// `node` goes to `to` by `next`, which costs so much.
fn route(node: u32, to: u32, next: u32, cost: u32) -> Line {
    let way = Some(Way { next: ProcessId(next), cost });
    Line::Told(node, Output::Route { to: ProcessId(to), way })
}

fn lost(node: u32, to: u32) -> Line {
    Line::Told(node, Output::Route { to: ProcessId(to), way: None })
}

fn sends(node: u32, to: u32, ttl: Option<u32>) -> Line {
    Line::Asked(node, Request::Send { to: ProcessId(to), body: "m".into(), ttl })
}

fn gets(node: u32, from: u32, id: u64, hops: u32) -> Line {
    Line::Told(node, Output::Receive { from: ProcessId(from), id, body: "m".into(), hops })
}

fn drops(node: u32, from: u32, id: u64, why: Why) -> Line {
    Line::Told(node, Output::Dropped { from: ProcessId(from), id, why })
}

/// Both ends of a link with a cost of 1 believe it up.
fn linked(one: u32, other: u32) -> [Line; 2] {
    [link(one, other, Some(1)), link(other, one, Some(1))]
}

/// Two processes, a link, a route each way: events 0 to 3.
fn pair() -> Vec<Line> {
    let mut lines = Vec::from(linked(0, 1));
    lines.extend([route(0, 1, 1, 1), route(1, 0, 0, 1)]);
    lines
}

#[test]
fn shortest_paths_are_those_over_the_links_that_both_ends_believe_up() {
    holds(2, quiescent("shortest-paths", 2, &pair()));
    let and = |lines: Vec<Line>| pair().into_iter().chain(lines).collect::<Vec<Line>>();
    // A route that is missing, of the wrong cost, over the wrong neighbour, to nowhere.
    violated(&[1], quiescent("shortest-paths", 2, &pair()[..3]));
    undecided(verdict("shortest-paths", 2, End::CutShort, &pair()[..3]));
    violated(&[1], verdict("shortest-paths", 2, End::Deadline, &pair()[..3]));
    violated(&[4], quiescent("shortest-paths", 2, &and(vec![route(0, 1, 1, 2)])));
    violated(&[4], quiescent("shortest-paths", 3, &and(vec![route(0, 1, 2, 1)])));
    violated(&[4], quiescent("shortest-paths", 3, &and(vec![route(0, 2, 1, 2)])));
    // One end says that the link is down: both routes must go.
    violated(&[3], quiescent("shortest-paths", 2, &and(vec![link(1, 0, None)])));
    violated(&[2], quiescent("shortest-paths", 2, &and(vec![link(1, 0, None), lost(1, 0)])));
    holds(2, quiescent("shortest-paths", 2, &and(vec![link(1, 0, None), lost(1, 0), lost(0, 1)])));
    // Whoever crashes has no links, and what it told is forgotten.
    violated(&[2], quiescent("shortest-paths", 2, &and(vec![crash(1)])));
    holds(1, quiescent("shortest-paths", 2, &and(vec![crash(1), lost(0, 1)])));
    violated(&[2], quiescent("shortest-paths", 2, &and(vec![Line::Other(1, What::Pause)])));
    holds(
        2,
        quiescent("shortest-paths", 2, &and(vec![Line::Other(1, What::Pause), Line::Other(1, What::Resume)])),
    );
    vacuous(quiescent::<Routing>("shortest-paths", 2, &[]));
}

#[test]
fn shortest_paths_add_up_costs() {
    let mut lines = Vec::from(linked(0, 1));
    lines.extend(linked(1, 2));
    lines.extend([link(0, 2, Some(5)), link(2, 0, Some(5))]);
    lines.extend([route(0, 1, 1, 1), route(1, 0, 0, 1), route(1, 2, 2, 1), route(2, 1, 1, 1)]);
    lines.extend([route(0, 2, 1, 2), route(2, 0, 1, 2)]);
    holds(6, quiescent("shortest-paths", 3, &lines));
    lines.push(route(0, 2, 2, 5));
    violated(&[12], quiescent("shortest-paths", 3, &lines));
    lines.push(route(0, 2, 2, 2));
    violated(&[13], quiescent("shortest-paths", 3, &lines));
}

#[test]
fn loops_are_found_in_the_end_and_at_any_time() {
    let circle = [route(0, 2, 1, 2), route(1, 2, 0, 3)];
    violated(&[0, 1], quiescent("loop-free", 3, &circle));
    violated(&[0, 1], quiescent("never-loops", 3, &circle));
    undecided(verdict("loop-free", 3, End::CutShort, &circle));
    violated(&[0, 1], verdict("never-loops", 3, End::CutShort, &circle));
    let repaired = [route(0, 2, 1, 2), route(1, 2, 0, 3), route(1, 2, 2, 1)];
    holds(2, quiescent("loop-free", 3, &repaired));
    violated(&[0, 1], quiescent("never-loops", 3, &repaired));
    // The way into the circle is no part of it.
    violated(&[0, 1], quiescent("loop-free", 4, &[route(1, 2, 3, 2), route(3, 2, 1, 2), route(0, 2, 1, 3)]));
    // Routes to different processes do not make one, nor does a route of somebody who has crashed.
    holds(2, quiescent("never-loops", 4, &[route(0, 2, 1, 2), route(1, 3, 0, 2)]));
    holds(1, quiescent("loop-free", 3, &[route(0, 2, 1, 2), route(1, 2, 0, 3), crash(1)]));
    vacuous(quiescent("loop-free", 3, &[lost(0, 2)]));
}

#[test]
fn delivery_is_owed_when_nothing_changes_any_more() {
    let and = |lines: Vec<Line>| pair().into_iter().chain(lines).collect::<Vec<Line>>();
    holds(1, quiescent("delivery", 2, &and(vec![sends(0, 1, None), gets(1, 0, 1, 1)])));
    violated(&[4], quiescent("delivery", 2, &and(vec![sends(0, 1, None)])));
    undecided(verdict("delivery", 2, End::CutShort, &and(vec![sends(0, 1, None)])));
    violated(&[4], quiescent("delivery", 2, &and(vec![sends(0, 1, None), drops(0, 0, 1, Why::Ttl)])));
    // Its own time to live is too short; routes change later; there is no route; the receiver is down.
    vacuous(quiescent("delivery", 2, &and(vec![sends(0, 1, Some(0)), drops(0, 0, 1, Why::Ttl)])));
    violated(&[4], quiescent("delivery", 2, &and(vec![sends(0, 1, Some(9))])));
    vacuous(quiescent("delivery", 2, &and(vec![sends(0, 1, None), route(1, 0, 0, 1)])));
    vacuous(quiescent("delivery", 3, &and(vec![sends(0, 2, None)])));
    vacuous(quiescent("delivery", 2, &and(vec![crash(1), sends(0, 1, None)])));
    // What arrives counts, whatever changes.
    holds(1, quiescent("delivery", 2, &and(vec![sends(0, 1, None), gets(1, 0, 1, 1), lost(0, 1)])));
    violated(&[4], quiescent("delivery", 2, &and(vec![sends(0, 0, None)])));
}

#[test]
fn integrity_asks_that_it_was_sent_to_the_receiver_and_comes_once() {
    holds(1, quiescent("integrity", 2, &[sends(0, 1, None), gets(1, 0, 1, 1)]));
    violated(&[0, 1], quiescent("integrity", 3, &[sends(0, 1, None), gets(2, 0, 1, 1)]));
    violated(&[1, 2], quiescent("integrity", 2, &[sends(0, 1, None), gets(1, 0, 1, 1), gets(1, 0, 1, 1)]));
    violated(&[0], quiescent("integrity", 2, &[gets(1, 0, 1, 1), sends(0, 1, None)]));
    violated(&[1], quiescent("integrity", 2, &[sends(0, 1, None), gets(1, 0, 2, 1)]));
    let other = Line::Asked(0, Request::Limited("other".into()));
    violated(&[0, 1], quiescent("integrity", 2, &[other, gets(1, 0, 1, 1)]));
    let around = Line::Asked(0, Request::Directed { at: ProcessId(1), body: "m".into() });
    holds(2, quiescent("integrity", 3, &[around, gets(1, 0, 1, 1), gets(2, 0, 1, 2)]));
}

#[test]
fn scope_counts_links() {
    holds(1, quiescent("scope", 2, &[sends(0, 1, Some(2)), gets(1, 0, 1, 2)]));
    violated(&[1], quiescent("scope", 2, &[sends(0, 1, Some(2)), gets(1, 0, 1, 3)]));
    let limited = || Line::Asked(0, Request::Limited("m".into()));
    holds(2, quiescent("scope", 3, &[limited(), gets(1, 0, 1, 1), gets(2, 0, 1, 1)]));
    violated(&[1], quiescent("scope", 3, &[limited(), gets(2, 0, 1, 2)]));
    vacuous(quiescent("scope", 2, &[sends(0, 1, None), gets(1, 0, 1, 9)]));
}
