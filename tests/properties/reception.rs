//! The reception problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::reception::{Output, Reception, Request},
    process::{End, ProcessId},
};

type Line = lines::Line<Reception>;

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Reception>();
}

fn send(node: u32, to: u32) -> Line {
    Line::Asked(node, Request::Send { to: ProcessId(to), body: "m".into() })
}

fn receive(node: u32, senders: &[u32]) -> Line {
    Line::Asked(node, Request::Receive(senders.iter().copied().map(ProcessId).collect()))
}

/// `node` receives message `id` of `from`, as an answer to this one of its receives.
fn gets(node: u32, receive: u64, from: u32, id: u64) -> Line {
    Line::Told(node, Output::Received { receive, from: ProcessId(from), id, body: "m".into() })
}

#[test]
fn guarded_asks_for_a_receive_that_admits_the_sender() {
    holds(1, quiescent("guarded", 3, &[receive(0, &[2, 1]), gets(0, 1, 1, 1)]));
    holds(1, quiescent("guarded", 3, &[receive(0, &[]), gets(0, 1, 1, 1)]));
    violated(&[0, 1], quiescent("guarded", 3, &[receive(0, &[2]), gets(0, 1, 1, 1)]));
    violated(&[0], quiescent("guarded", 3, &[gets(0, 1, 1, 1), receive(0, &[])]));
    violated(&[1], quiescent("guarded", 3, &[receive(1, &[]), gets(0, 1, 1, 1)]));
    violated(&[1, 2], quiescent("guarded", 3, &[receive(0, &[]), gets(0, 1, 1, 1), gets(0, 1, 1, 2)]));
    vacuous(quiescent("guarded", 3, &[receive(0, &[])]));
}

#[test]
fn integrity_asks_that_it_was_sent_to_the_receiver_and_comes_once() {
    holds(1, quiescent("integrity", 2, &[send(1, 0), gets(0, 1, 1, 1)]));
    violated(&[0], quiescent("integrity", 2, &[gets(0, 1, 1, 1), send(1, 0)]));
    violated(&[1], quiescent("integrity", 3, &[send(1, 2), gets(0, 1, 1, 1)]));
    violated(&[1, 2], quiescent("integrity", 2, &[send(1, 0), gets(0, 1, 1, 1), gets(0, 2, 1, 1)]));
}

#[test]
fn fifo_compares_the_messages_of_one_sender() {
    holds(1, quiescent("fifo", 3, &[gets(0, 1, 1, 1), gets(0, 2, 2, 7), gets(0, 3, 1, 4)]));
    violated(&[0, 1], quiescent("fifo", 2, &[gets(0, 1, 1, 2), gets(0, 2, 1, 1)]));
    vacuous(quiescent("fifo", 3, &[gets(0, 1, 1, 2), gets(0, 2, 2, 1)]));
}

#[test]
fn progress_is_owed_when_there_is_something_to_receive() {
    let all = [send(1, 0), receive(0, &[1]), gets(0, 1, 1, 1)];
    holds(1, quiescent("progress", 2, &all));
    violated(&[0, 1], quiescent("progress", 2, &all[..2]));
    violated(&[0, 1], verdict("progress", 2, End::Deadline, &all[..2]));
    undecided(verdict("progress", 2, End::CutShort, &all[..2]));
    // Nobody has sent what is asked for; or it was for somebody else; or somebody has crashed.
    vacuous(quiescent("progress", 3, &[send(1, 0), receive(0, &[2])]));
    vacuous(quiescent("progress", 3, &[send(1, 2), receive(0, &[])]));
    vacuous(quiescent("progress", 2, &[send(1, 0), receive(0, &[]), crash(1)]));
    vacuous(quiescent("progress", 2, &[send(1, 0), receive(0, &[]), crash(0)]));
    vacuous(quiescent("progress", 2, &[send(1, 0)]));
}
