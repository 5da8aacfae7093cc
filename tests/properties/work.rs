//! The problem of getting work done. Node 0 is the dispatcher, nodes 1 and 2 work, and submit.

use crate::{holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::work::{Output, Request, Work},
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
#[derive(Clone, Copy)]
enum Line {
    Submit(u32),
    Told(u32, Output),
    Crash(u32),
}

use Line::{Crash, Submit, Told};

/// Jobs are of client 1.
const CLIENT: ProcessId = ProcessId(1);
const REQUEST: Request = Request::Submit { duration: Duration::from_millis(1) };

fn accepted(job: u64) -> Line {
    Told(0, Output::Accepted { client: CLIENT, job })
}

fn assigned(job: u64, worker: u32) -> Line {
    Told(0, Output::Assigned { client: CLIENT, job, worker: ProcessId(worker) })
}

fn started(job: u64, worker: u32) -> Line {
    Told(worker, Output::Started { client: CLIENT, job })
}

fn executed(job: u64, worker: u32) -> Line {
    Told(worker, Output::Executed { client: CLIENT, job })
}

fn done(job: u64) -> Line {
    Told(1, Output::Done { job })
}

fn rejected(job: u64) -> Line {
    Told(1, Output::Rejected { job })
}

fn told(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, Work>)> {
    lines.iter().map(|line| match line {
        Submit(node) => (*node, What::Request(&REQUEST)),
        Told(node, output) => (*node, What::Output(output)),
        Crash(node) => (*node, What::Crash),
    })
}

fn verdict(property: &str, end: End, lines: &[Line]) -> Verdict {
    judge::<Work>(property, 3, end, told(lines))
}

fn quiescent(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Work::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, end, &[]));
        }
    }
}

#[test]
fn no_job_is_done_twice() {
    holds(2, quiescent("at-most-once", &[executed(1, 1), executed(2, 1)]));
    violated(&[0, 1], quiescent("at-most-once", &[executed(1, 1), executed(1, 2)]));
}

#[test]
fn done_is_done() {
    holds(1, quiescent("done-means-executed", &[executed(1, 2), done(1)]));
    violated(&[0], quiescent("done-means-executed", &[done(1), executed(1, 2)]));
    violated(&[1, 2], quiescent("done-means-executed", &[executed(1, 2), done(1), done(1)]));
    violated(&[1, 2], quiescent("done-means-executed", &[executed(1, 2), done(1), rejected(1)]));
}

#[test]
fn rejected_is_left_alone() {
    holds(1, quiescent("rejected-means-idle", &[rejected(1), executed(2, 2)]));
    violated(&[0, 1], quiescent("rejected-means-idle", &[rejected(1), started(1, 2)]));
}

#[test]
fn who_comes_first_starts_first() {
    let accept = [accepted(1), accepted(2)];
    holds(2, quiescent("fifo-start", &[accept[0], accept[1], assigned(1, 1), assigned(2, 2)]));
    violated(&[0, 2], quiescent("fifo-start", &[accept[0], accept[1], assigned(2, 1), assigned(1, 2)]));
    violated(&[0], quiescent("fifo-start", &[assigned(1, 1)]));
    // What is assigned again has had its turn; what waits at a dispatcher dies with it.
    let again = [accept[0], assigned(1, 1), accept[1], assigned(1, 2), assigned(2, 2)];
    holds(2, quiescent("fifo-start", &again));
    holds(1, quiescent("fifo-start", &[accept[0], Crash(0), accept[1], assigned(2, 2)]));
}

#[test]
fn a_worker_has_two_hands_only() {
    holds(2, quiescent("one-at-a-time", &[started(1, 1), executed(1, 1), started(2, 1)]));
    holds(2, quiescent("one-at-a-time", &[started(1, 1), started(2, 2)]));
    holds(2, quiescent("one-at-a-time", &[started(1, 1), Crash(1), started(2, 1)]));
    violated(&[0, 1], quiescent("one-at-a-time", &[started(1, 1), started(2, 1)]));
}

#[test]
fn accepted_jobs_are_executed_and_clients_hear() {
    holds(1, quiescent("executed", &[accepted(1), executed(1, 2)]));
    violated(&[0], quiescent("executed", &[accepted(1), executed(2, 2)]));
    undecided(verdict("executed", End::CutShort, &[accepted(1)]));
    holds(2, quiescent("answered", &[Submit(1), Submit(1), done(1), rejected(2)]));
    violated(&[1], quiescent("answered", &[Submit(1), Submit(1), done(1)]));
    undecided(verdict("answered", End::CutShort, &[Submit(1)]));
    vacuous(quiescent("answered", &[Submit(1), Crash(1)]));
}

#[test]
fn jobs_are_measured() {
    let lines = [Submit(1), accepted(1), accepted(2), assigned(1, 2), executed(1, 2), done(1)];
    let history = crate::history::<Work>(3, End::Quiescent, told(&lines));
    let taken: Vec<Vec<u64>> = Work::measures().iter().map(|measure| (measure.take)(&history)).collect();
    assert_eq!(taken, [vec![2], vec![5], vec![0, 1]]);
}
