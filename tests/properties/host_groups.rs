//! The host-groups problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::host_groups::{HostGroups, Output, Request},
    process::{End, ProcessId},
};

type Line = lines::Line<HostGroups>;

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<HostGroups>();
}

fn joined(node: u32) -> Line {
    Line::Told(node, Output::Joined("g".into()))
}

fn left(node: u32) -> Line {
    Line::Told(node, Output::Left("g".into()))
}

fn sends(node: u32, group: &str, ttl: Option<u32>) -> Line {
    Line::Asked(node, Request::Multicast { group: group.into(), body: "m".into(), ttl })
}

/// `node` receives message `id` of `from` to "g" over so many links.
fn gets(node: u32, from: u32, id: u64, hops: u32) -> Line {
    let (group, from, body) = ("g".into(), ProcessId(from), "m".into());
    Line::Told(node, Output::Receive { group, from, id, body, hops })
}

#[test]
fn members_only_receive_between_joining_and_leaving() {
    holds(1, quiescent("members-only", 2, &[joined(1), gets(1, 0, 1, 1), left(1)]));
    violated(&[0], quiescent("members-only", 2, &[gets(1, 0, 1, 1), joined(1)]));
    violated(&[2], quiescent("members-only", 2, &[joined(1), left(1), gets(1, 0, 1, 1)]));
    violated(&[2], quiescent("members-only", 2, &[joined(1), crash(1), gets(1, 0, 1, 1)]));
    violated(&[1], quiescent("members-only", 2, &[joined(0), gets(1, 0, 1, 1)]));
    vacuous(quiescent("members-only", 2, &[joined(1)]));
}

#[test]
fn integrity_asks_that_it_was_sent_to_that_group() {
    holds(1, quiescent("integrity", 2, &[sends(0, "g", None), gets(1, 0, 1, 1)]));
    violated(&[0], quiescent("integrity", 2, &[gets(1, 0, 1, 1), sends(0, "g", None)]));
    violated(&[1], quiescent("integrity", 2, &[sends(0, "g", None), gets(1, 0, 2, 1)]));
    violated(&[0, 1], quiescent("integrity", 2, &[sends(0, "h", None), gets(1, 0, 1, 1)]));
}

#[test]
fn at_most_once_is_for_each_receiver() {
    holds(2, quiescent("at-most-once", 3, &[gets(1, 0, 1, 1), gets(2, 0, 1, 1)]));
    violated(&[0, 1], quiescent("at-most-once", 2, &[gets(1, 0, 1, 1), gets(1, 0, 1, 2)]));
}

#[test]
fn scope_counts_links() {
    holds(1, quiescent("scope", 2, &[sends(0, "g", Some(2)), gets(1, 0, 1, 2)]));
    violated(&[0, 1], quiescent("scope", 2, &[sends(0, "g", Some(2)), gets(1, 0, 1, 3)]));
    vacuous(quiescent("scope", 2, &[sends(0, "g", None), gets(1, 0, 1, 3)]));
}

#[test]
fn delivery_is_owed_to_those_who_are_members_and_stay() {
    let kept = [joined(1), joined(2), sends(0, "g", None), gets(1, 0, 1, 1), gets(2, 0, 1, 1)];
    holds(2, quiescent("delivery", 3, &kept));
    violated(&[1, 2], quiescent("delivery", 3, &kept[..4]));
    violated(&[0, 2], verdict("delivery", 3, End::Deadline, &kept[..3]));
    undecided(verdict("delivery", 3, End::CutShort, &kept[..3]));
    // The sender's own copy is not owed, nor anything to those who join later, leave or crash.
    vacuous(quiescent("delivery", 2, &[joined(0), sends(0, "g", None)]));
    vacuous(quiescent("delivery", 2, &[sends(0, "g", None), joined(1)]));
    vacuous(quiescent("delivery", 2, &[joined(1), sends(0, "g", None), left(1)]));
    vacuous(quiescent("delivery", 2, &[joined(1), sends(0, "g", None), left(1), joined(1)]));
    vacuous(quiescent("delivery", 2, &[joined(1), sends(0, "g", None), crash(1)]));
    vacuous(quiescent("delivery", 2, &[joined(1), sends(0, "g", None), crash(0)]));
    vacuous(quiescent("delivery", 2, &[joined(1), sends(0, "h", None)]));
    // Who got it and left afterwards counts.
    holds(1, quiescent("delivery", 2, &[joined(1), sends(0, "g", None), gets(1, 0, 1, 1), left(1)]));
}
