//! The replication problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::replication::{Output, Replication, Request, Stamp},
    process::{End, ProcessId, What},
};

type Line = lines::Line<Replication>;

/// `node` puts a value.
fn put(node: u32, key: &str, value: &str) -> Line {
    Line::Asked(node, Request::Put { key: key.into(), value: value.into() })
}

/// `node` deletes a key.
fn delete(node: u32, key: &str) -> Line {
    Line::Asked(node, Request::Delete { key: key.into() })
}

/// `node` shows what was written at `stamp`; deleted, where there is no value.
fn shown(node: u32, key: &str, value: impl Into<Option<&'static str>>, stamp: (u64, u32)) -> Line {
    let value = value.into().map(str::to_owned);
    let stamp = Stamp { time: stamp.0, by: ProcessId(stamp.1) };
    Line::Told(node, Output::Changed { key: key.into(), value, stamp })
}

fn boot(node: u32) -> Line {
    Line::Other(node, What::Boot)
}

fn pause(node: u32) -> Line {
    Line::Other(node, What::Pause)
}

fn resume(node: u32) -> Line {
    Line::Other(node, What::Resume)
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Replication>();
}

#[test]
fn convergence_asks_that_all_end_with_the_same_value() {
    let all = [put(0, "x", "1"), shown(0, "x", "1", (1, 0)), shown(1, "x", "1", (1, 0))];
    holds(1, quiescent("convergence", 2, &all));
    violated(&[1], quiescent("convergence", 2, &all[..2]));
    violated(&[1], verdict("convergence", 2, End::Deadline, &all[..2]));
    undecided(verdict("convergence", 2, End::CutShort, &all[..2]));
    // Only what is shown last counts, and both that differ are pointed at.
    let differ = [shown(0, "x", "1", (1, 0)), shown(1, "x", "2", (2, 1)), shown(0, "x", "2", (2, 1))];
    holds(1, quiescent("convergence", 2, &differ));
    violated(&[0, 1], quiescent("convergence", 2, &differ[..2]));
    // Each key by itself.
    let keys = [shown(0, "x", "1", (1, 0)), shown(1, "y", "1", (1, 1))];
    violated(&[0], quiescent("convergence", 2, &keys));
}

#[test]
fn convergence_takes_a_deleted_key_for_one_that_was_never_there() {
    holds(1, quiescent("convergence", 2, &[shown(0, "x", None, (1, 0))]));
    let gone = [shown(0, "x", "1", (1, 0)), shown(1, "x", "1", (1, 0)), shown(1, "x", None, (2, 1))];
    violated(&[0, 2], quiescent("convergence", 2, &gone));
}

#[test]
fn convergence_asks_it_of_those_who_are_up_in_the_end() {
    let one = || shown(0, "x", "1", (1, 0));
    vacuous(quiescent("convergence", 2, &[one(), crash(1)]));
    vacuous(quiescent("convergence", 2, &[one(), pause(1)]));
    vacuous(quiescent("convergence", 2, &[one(), crash(0)]));
    // A crash is no excuse for one that has come back: it saved what it showed.
    violated(&[0], quiescent("convergence", 2, &[one(), crash(1), boot(1)]));
    violated(&[0], quiescent("convergence", 2, &[one(), pause(1), resume(1)]));
    violated(&[0], quiescent("convergence", 2, &[one(), pause(1), crash(1), boot(1)]));
    let back = [one(), crash(1), boot(1), shown(1, "x", "1", (1, 0))];
    holds(1, quiescent("convergence", 2, &back));
    let kept = [shown(1, "x", "1", (1, 0)), crash(1), boot(1), one()];
    holds(1, quiescent("convergence", 2, &kept));
}

#[test]
fn no_creation_asks_for_a_write_where_the_stamp_says() {
    holds(1, quiescent("no-creation", 2, &[put(0, "x", "1"), shown(1, "x", "1", (1, 0))]));
    holds(1, quiescent("no-creation", 2, &[delete(0, "x"), shown(1, "x", None, (1, 0))]));
    // Another value, another key, another process, or a write that comes too late.
    violated(&[1], quiescent("no-creation", 2, &[put(0, "x", "1"), shown(1, "x", "2", (1, 0))]));
    violated(&[1], quiescent("no-creation", 2, &[put(0, "x", "1"), shown(1, "y", "1", (1, 0))]));
    violated(&[1], quiescent("no-creation", 2, &[put(0, "x", "1"), shown(1, "x", "1", (1, 1))]));
    violated(&[1], quiescent("no-creation", 2, &[put(0, "x", "1"), shown(1, "x", None, (1, 0))]));
    violated(&[0], quiescent("no-creation", 2, &[shown(1, "x", "1", (1, 0)), put(0, "x", "1")]));
    // It is a matter of safety: that the run was cut short is no excuse.
    violated(&[0], verdict("no-creation", 2, End::CutShort, &[shown(1, "x", "1", (1, 0))]));
}

#[test]
fn monotone_asks_that_stamps_grow_at_each_process() {
    holds(1, quiescent("monotone", 2, &[shown(0, "x", "1", (1, 0)), shown(0, "x", "2", (2, 0))]));
    // Of equal times the greater name wins.
    holds(1, quiescent("monotone", 2, &[shown(0, "x", "1", (1, 0)), shown(0, "x", "2", (1, 1))]));
    violated(&[0, 1], quiescent("monotone", 2, &[shown(0, "x", "1", (1, 1)), shown(0, "x", "2", (1, 0))]));
    violated(&[0, 1], quiescent("monotone", 2, &[shown(0, "x", "1", (1, 0)), shown(0, "x", "1", (1, 0))]));
    violated(&[0, 1], quiescent("monotone", 2, &[shown(0, "x", None, (2, 0)), shown(0, "x", "1", (1, 0))]));
    // Other keys and other processes have nothing to do with it.
    vacuous(quiescent("monotone", 2, &[shown(0, "x", "1", (2, 0)), shown(0, "y", "1", (1, 0))]));
    vacuous(quiescent("monotone", 2, &[shown(0, "x", "1", (2, 0)), shown(1, "x", "1", (1, 0))]));
    // What was saved is not forgotten in a crash.
    let crashed = [shown(0, "x", "1", (2, 0)), crash(0), boot(0), shown(0, "x", "2", (1, 0))];
    violated(&[0, 3], quiescent("monotone", 2, &crashed));
}

#[test]
fn no_resurrection_asks_that_a_deletion_lasts() {
    let deleted = || shown(0, "x", None, (2, 0));
    holds(1, quiescent("no-resurrection", 2, &[shown(0, "x", "1", (1, 0)), deleted()]));
    violated(&[0, 1], quiescent("no-resurrection", 2, &[deleted(), shown(0, "x", "1", (1, 0))]));
    // A newer write may bring it back, and so may an older deletion say nothing.
    holds(1, quiescent("no-resurrection", 2, &[deleted(), shown(0, "x", "3", (3, 1))]));
    let older = [deleted(), shown(0, "x", None, (1, 1)), shown(0, "x", "1", (1, 2))];
    violated(&[0, 2], quiescent("no-resurrection", 2, &older));
    // Who has not heard of the deletion may show the value.
    holds(1, quiescent("no-resurrection", 2, &[deleted(), shown(1, "x", "1", (1, 0))]));
    vacuous(quiescent("no-resurrection", 2, &[shown(0, "x", "1", (1, 0))]));
}
