//! The message queue problem. Node 0 is the broker, node 1 produces, nodes 2 and 3 consume.

use crate::{holds, judge, undecided, vacuous, violated};
use synod::{
    problems::queue::{Output, Queue, Request},
    process::{End, Problem, ProcessId, Verdict, What},
};

/// A line of a history.
#[derive(Clone)]
enum Line {
    Asked(u32, Request),
    Told(u32, Output),
    Crash(u32),
}

use Line::{Asked, Crash, Told};

const PRODUCER: ProcessId = ProcessId(1);

fn produce(body: &str) -> Line {
    Asked(1, Request::Produce(body.into()))
}

fn consume(node: u32) -> Line {
    Asked(node, Request::Consume)
}

fn capacity(capacity: u32) -> Line {
    Told(0, Output::Capacity(capacity))
}

fn stored(item: u64) -> Line {
    Told(0, Output::Stored { producer: PRODUCER, item })
}

fn handed(item: u64, consumer: u32) -> Line {
    Told(0, Output::Handed { producer: PRODUCER, item, consumer: ProcessId(consumer) })
}

fn accepted(item: u64) -> Line {
    Told(1, Output::Accepted { item })
}

fn consumed(node: u32, item: u64, body: &str) -> Line {
    Told(node, Output::Consumed { producer: PRODUCER, item, body: body.into() })
}

fn told(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, Queue>)> {
    lines.iter().map(|line| match line {
        Asked(node, request) => (*node, What::Request(request)),
        Told(node, output) => (*node, What::Output(output)),
        Crash(node) => (*node, What::Crash),
    })
}

fn verdict(property: &str, end: End, lines: &[Line]) -> Verdict {
    judge::<Queue>(property, 4, end, told(lines))
}

fn quiescent(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Queue::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, end, &[]));
        }
    }
}

#[test]
fn a_broker_holds_no_more_than_it_can() {
    holds(2, quiescent("bounded", &[capacity(1), stored(1), handed(1, 2), stored(2)]));
    violated(&[1, 2], quiescent("bounded", &[capacity(1), stored(1), stored(2)]));
    holds(2, quiescent("bounded", &[capacity(1), stored(1), Crash(0), stored(2)]));
    vacuous(quiescent("bounded", &[stored(1), stored(2)]));
}

#[test]
fn first_in_first_out() {
    holds(2, quiescent("fifo", &[stored(1), stored(2), handed(1, 2), handed(2, 2)]));
    violated(&[0, 2], quiescent("fifo", &[stored(1), stored(2), handed(2, 2)]));
    // One that has just come goes past none that waits.
    holds(1, quiescent("fifo", &[handed(1, 2)]));
    violated(&[0, 1], quiescent("fifo", &[stored(1), handed(2, 2)]));
    // What is given away again has had its turn.
    holds(2, quiescent("fifo", &[stored(1), handed(1, 2), stored(2), handed(1, 3), handed(2, 3)]));
}

#[test]
fn what_is_consumed_was_produced_and_given() {
    let fine = [produce("a"), handed(1, 2), consumed(2, 1, "a")];
    holds(1, quiescent("integrity", &fine));
    violated(&[1], quiescent("integrity", &[handed(1, 2), consumed(2, 1, "a")]));
    violated(&[0, 2], quiescent("integrity", &[produce("a"), handed(1, 2), consumed(2, 1, "b")]));
    violated(&[2], quiescent("integrity", &[produce("a"), handed(1, 3), consumed(2, 1, "a")]));
}

#[test]
fn nothing_is_consumed_twice() {
    holds(2, quiescent("at-most-once", &[consumed(2, 1, "a"), consumed(2, 2, "a")]));
    violated(&[0, 1], quiescent("at-most-once", &[consumed(2, 1, "a"), consumed(3, 1, "a")]));
}

#[test]
fn nobody_waits_beside_an_item() {
    let consumes = [produce("a"), accepted(1), consume(2), consumed(2, 1, "a")];
    holds(1, quiescent("delivery", &consumes));
    violated(&[1, 2], quiescent("delivery", &consumes[..3]));
    undecided(verdict("delivery", End::CutShort, &consumes[..3]));
    // Nobody waits; or who has waited is gone.
    vacuous(quiescent("delivery", &consumes[..2]));
    vacuous(quiescent("delivery", &[produce("a"), accepted(1), consume(2), Crash(2)]));
}

#[test]
fn nobody_waits_beside_a_free_place() {
    holds(1, quiescent("admission", &[capacity(1), produce("a"), stored(1), accepted(1)]));
    violated(&[1], quiescent("admission", &[capacity(1), produce("a")]));
    undecided(verdict("admission", End::CutShort, &[capacity(1), produce("a")]));
    let full = [capacity(1), produce("a"), stored(1), accepted(1), produce("b")];
    holds(1, quiescent("admission", &full));
    violated(&[4], quiescent("admission", &[&full[..], &[handed(1, 2)]].concat()));
    vacuous(quiescent("admission", &[capacity(1), produce("a"), Crash(1)]));
}

#[test]
fn items_are_measured() {
    let lines = [produce("a"), stored(1), stored(2), handed(1, 2), consumed(2, 1, "a"), stored(3)];
    let history = crate::history::<Queue>(4, End::Quiescent, told(&lines));
    let taken: Vec<Vec<u64>> = Queue::measures().iter().map(|measure| (measure.take)(&history)).collect();
    assert_eq!(taken, [vec![4], vec![1, 2, 2]]);
}
