//! The load balancing problem.

use crate::{history, holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    problems::load_balancing::{JobId, LoadBalancing, Output, Patience, Request, Rule, Why},
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
enum Line {
    Said(u32, Request),
    Told(u32, Output),
    Other(u32, What<'static, LoadBalancing>),
}

/// `node` is asked for a job.
fn asked(node: u32) -> Line {
    Line::Said(node, Request::Job { size: Duration::from_millis(1), key: None })
}

fn about(node: u32, key: &str) -> Line {
    Line::Said(node, Request::Job { size: Duration::from_millis(1), key: Some(key.into()) })
}

/// Job `number` of node 0.
fn job(number: u64) -> JobId {
    JobId { from: ProcessId(0), number }
}

fn serving(rule: Rule, servers: &[u32]) -> Line {
    Line::Told(0, Output::Serving { rule, servers: servers.iter().copied().map(ProcessId).collect() })
}

fn assigned(number: u64, server: u32) -> Line {
    Line::Told(0, Output::Assigned { job: job(number), server: ProcessId(server) })
}

fn moved(node: u32, number: u64, to: u32) -> Line {
    Line::Told(node, Output::Moved { job: job(number), to: ProcessId(to) })
}

fn started(node: u32, number: u64) -> Line {
    Line::Told(node, Output::Started { job: job(number) })
}

fn executed(node: u32, number: u64) -> Line {
    Line::Told(node, Output::Executed { job: job(number) })
}

fn done(number: u64) -> Line {
    Line::Told(0, Output::Done { job: job(number) })
}

fn refused(node: u32) -> Line {
    Line::Told(node, Output::Refused { why: Why::NoForks })
}

fn sharing(node: u32, threshold: u32, patience: Option<u64>) -> Line {
    let patience = patience.map(|nanos| Patience(Duration::from_nanos(nanos)));
    Line::Told(node, Output::Sharing { threshold, patience })
}

fn crash(node: u32) -> Line {
    Line::Other(node, What::Crash)
}

fn lines(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, LoadBalancing>)> {
    lines.iter().map(|line| match line {
        Line::Said(node, request) => (*node, What::Request(request)),
        Line::Told(node, output) => (*node, What::Output(output)),
        Line::Other(node, what) => (*node, what.clone()),
    })
}

/// The verdict on a history of four processes; a line's event is its place, and so is its time in nanoseconds.
fn verdict(property: &str, end: End, told: &[Line]) -> Verdict {
    judge::<LoadBalancing>(property, 4, end, lines(told))
}

fn quiescent(property: &str, told: &[Line]) -> Verdict {
    verdict(property, End::Quiescent, told)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in LoadBalancing::properties() {
        vacuous(verdict(property.name, End::Quiescent, &[]));
        vacuous(verdict(property.name, End::CutShort, &[]));
    }
}

#[test]
fn completion_asks_for_every_job_that_was_not_refused() {
    let all = [asked(0), asked(0), started(1, 1), executed(1, 1), started(2, 2), executed(2, 2)];
    holds(2, quiescent("completion", &all));
    violated(&[1], quiescent("completion", &all[..5]));
    violated(&[1], verdict("completion", End::Deadline, &all[..5]));
    undecided(verdict("completion", End::CutShort, &all[..5]));
    vacuous(quiescent("completion", &[asked(0), refused(0)]));
    // A refused request has no number: the next job is the first.
    holds(1, quiescent("completion", &[asked(0), refused(0), asked(0), started(1, 1), executed(1, 1)]));
    // Who crashes is owed nothing.
    vacuous(quiescent("completion", &[asked(0), crash(0)]));
    violated(&[0], quiescent("completion", &[asked(0), crash(1)]));
}

#[test]
fn a_fork_is_all_of_its_jobs() {
    let fork = |children, depth| Request::Fork { size: Duration::ZERO, children, depth };
    assert_eq!(fork(2, 2).jobs(), Some(7));
    assert_eq!(fork(1, 4).jobs(), Some(5));
    assert_eq!(fork(0, u32::MAX).jobs(), Some(1));
    assert_eq!(fork(10, 10).jobs(), None);
    assert_eq!(Request::Drain(ProcessId(1)).jobs(), Some(0));
    let pair = [Line::Said(0, fork(1, 1)), started(0, 1), executed(0, 1), started(1, 2), executed(1, 2)];
    holds(2, quiescent("completion", &pair));
    violated(&[0], quiescent("completion", &pair[..3]));
}

#[test]
fn exactly_once_allows_for_crashes_and_for_nothing_else() {
    let twice = |between: Line| {
        [asked(0), assigned(1, 1), started(1, 1), executed(1, 1), between, started(2, 1), executed(2, 1)]
    };
    violated(&[2, 5], quiescent("exactly-once", &twice(asked(0))));
    violated(&[2, 5], quiescent("exactly-once", &twice(crash(3))));
    holds(1, quiescent("exactly-once", &twice(crash(1))));
    vacuous(quiescent("exactly-once", &[asked(0), started(1, 1)]));
    violated(&[1], quiescent("exactly-once", &[asked(0), executed(1, 1)]));
    violated(&[1], quiescent("exactly-once", &[asked(0), started(1, 2)]));
}

#[test]
fn answers_come_once_and_after_the_end() {
    let all = [asked(0), started(1, 1), executed(1, 1), done(1)];
    for property in ["answered", "honest-answer"] {
        holds(1, quiescent(property, &all));
    }
    violated(&[0], quiescent("answered", &all[..3]));
    undecided(verdict("answered", End::CutShort, &all[..3]));
    vacuous(quiescent("honest-answer", &all[..3]));
    violated(&[2], quiescent("honest-answer", &[asked(0), started(1, 1), done(1), executed(1, 1)]));
    let again = [asked(0), started(1, 1), executed(1, 1), done(1), done(1)];
    violated(&[3, 4], quiescent("honest-answer", &again));
}

#[test]
fn only_servers_get_jobs() {
    let told = [serving(Rule::Random, &[1, 2]), asked(0), assigned(1, 2), asked(0), assigned(2, 3)];
    holds(1, quiescent("serving-only", &told[..3]));
    violated(&[0, 4], quiescent("serving-only", &told));
    vacuous(quiescent("serving-only", &told[1..]));
}

#[test]
fn turns_are_taken_in_turns() {
    let turns = |rule: Rule, servers: &[u32]| -> Vec<Line> {
        let given = (1..).zip(servers).flat_map(|(number, server)| [asked(0), assigned(number, *server)]);
        [serving(rule, &[1, 2, 3])].into_iter().chain(given).collect()
    };
    holds(4, quiescent("balanced", &turns(Rule::RoundRobin, &[2, 3, 1, 2])));
    violated(&[0, 4], quiescent("balanced", &turns(Rule::RoundRobin, &[2, 2])));
    vacuous(quiescent("balanced", &turns(Rule::Random, &[2, 2])));
    let weights = || Rule::Weighted(vec![5, 1, 1]);
    holds(7, quiescent("balanced", &turns(weights(), &[1, 1, 2, 1, 3, 1, 1])));
    violated(&[0, 8], quiescent("balanced", &turns(weights(), &[1, 1, 1, 1, 1, 2, 3])));
    holds(3, quiescent("balanced", &turns(Rule::LeastConnections, &[2, 1, 3])));
    violated(&[0, 4], quiescent("balanced", &turns(Rule::LeastConnections, &[2, 2])));
    // Of two different servers the fuller one cannot be the fullest of all.
    violated(&[0, 4], quiescent("balanced", &turns(Rule::Choices(2), &[2, 2])));
    holds(2, quiescent("balanced", &turns(Rule::Choices(1), &[2, 2])));
    let bound = || Rule::BoundedHashing { most: 1, of: 1 };
    holds(3, quiescent("balanced", &turns(bound(), &[2, 1, 3])));
    violated(&[0, 4], quiescent("balanced", &turns(bound(), &[2, 2])));
}

#[test]
fn a_job_that_is_done_or_lost_counts_no_more() {
    let rule = || serving(Rule::LeastConnections, &[1, 2]);
    holds(2, quiescent("balanced", &[rule(), asked(0), assigned(1, 2), done(1), asked(0), assigned(2, 2)]));
    let lost = Line::Told(0, Output::Lost { server: ProcessId(2) });
    holds(2, quiescent("balanced", &[rule(), asked(0), assigned(1, 2), lost, assigned(1, 2)]));
}

#[test]
fn keys_move_to_new_servers_only() {
    let on = |servers: &[u32]| serving(Rule::ConsistentHashing, servers);
    let told = |changes: Line, then: u32| {
        [on(&[1, 2]), about(0, "k"), assigned(1, 1), changes, about(0, "k"), assigned(2, then)]
    };
    holds(1, quiescent("moves-only-to-new", &told(on(&[1, 2, 3]), 3)));
    holds(1, quiescent("moves-only-to-new", &told(on(&[1, 2, 3]), 1)));
    violated(&[2, 5], quiescent("moves-only-to-new", &told(on(&[1, 2, 3]), 2)));
    // Its server has left.
    holds(1, quiescent("moves-only-to-new", &told(on(&[2, 3]), 2)));
    vacuous(quiescent("moves-only-to-new", &told(on(&[1, 2, 3]), 2)[..3]));
}

#[test]
fn a_job_moves_once() {
    let told = [asked(0), moved(0, 1, 1), moved(1, 1, 2)];
    holds(1, quiescent("at-most-one-transfer", &told[..2]));
    violated(&[1, 2], quiescent("at-most-one-transfer", &told));
}

#[test]
fn nobody_takes_more_than_announced() {
    let two = |most| [sharing(1, most, None), asked(0), asked(0), moved(0, 1, 1), moved(0, 2, 1)];
    holds(2, quiescent("no-overload", &two(2)));
    violated(&[3, 4], quiescent("no-overload", &two(1)));
    let told = [sharing(1, 1, None), asked(0), asked(0), moved(0, 1, 1), executed(1, 1), moved(0, 2, 1)];
    holds(2, quiescent("no-overload", &told));
    vacuous(quiescent("no-overload", &two(1)[1..]));
}

#[test]
fn nobody_idles_while_a_job_waits() {
    let told = |patience| {
        [sharing(0, 1, patience), asked(0), asked(0), started(0, 1), executed(0, 1), started(0, 2)]
    };
    holds(2, quiescent("no-idling", &told(Some(3))));
    violated(&[0, 5], quiescent("no-idling", &told(Some(2))));
    vacuous(quiescent("no-idling", &told(None)));
}

#[test]
fn measures_are_taken_server_by_server() {
    let rule = serving(Rule::RoundRobin, &[1, 2]);
    let told =
        [rule, about(0, "k"), assigned(1, 1), started(1, 1), executed(1, 1), about(0, "k"), assigned(2, 2)];
    let history = history::<LoadBalancing>(4, End::Quiescent, lines(&told));
    let taken = |name: &str| {
        let measure = LoadBalancing::measures().into_iter().find(|measure| measure.name == name);
        (measure.expect("it is a measure of the problem").take)(&history)
    };
    assert_eq!(taken("waiting"), [2]);
    assert_eq!(taken("response"), [3]);
    assert_eq!(taken("load"), [1, 0]);
    assert_eq!(taken("busy"), [1, 0]);
    assert_eq!(taken("imbalance"), [1]);
    assert_eq!(taken("moved-keys"), [1]);
}
