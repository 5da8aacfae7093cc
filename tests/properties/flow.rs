//! The flow problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::flow::{Flow, Item, Output, Request},
    process::{End, ProcessId},
};

type Line = lines::Line<Flow>;

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Flow>();
}

fn item(from: u32, id: u64) -> Item {
    Item { from: ProcessId(from), id, body: "x".into() }
}

fn offer(node: u32) -> Line {
    Line::Asked(node, Request::Offer("x".into()))
}

fn capacity(room: u64) -> Line {
    Line::Told(0, Output::Capacity(room))
}

fn accepted(from: u32, id: u64) -> Line {
    Line::Told(0, Output::Accepted(item(from, id)))
}

fn consumed(from: u32, id: u64) -> Line {
    Line::Told(0, Output::Consumed(item(from, id)))
}

fn shed(from: u32, id: u64) -> Line {
    Line::Told(0, Output::Shed(item(from, id)))
}

fn refused(from: u32, id: u64) -> Line {
    Line::Told(from, Output::Refused(item(from, id)))
}

#[test]
fn bounded_counts_what_waits() {
    holds(2, quiescent("bounded", 2, &[capacity(2), accepted(1, 1), accepted(1, 2)]));
    holds(2, quiescent("bounded", 2, &[capacity(1), accepted(1, 1), consumed(1, 1), accepted(1, 2)]));
    holds(2, quiescent("bounded", 2, &[capacity(1), accepted(1, 1), shed(1, 1), accepted(1, 2)]));
    violated(&[1, 2], quiescent("bounded", 2, &[capacity(1), accepted(1, 1), accepted(1, 2)]));
    violated(&[1], verdict("bounded", 2, End::CutShort, &[capacity(0), accepted(1, 1)]));
    // A crash empties the queue; what never waited makes no room.
    holds(2, quiescent("bounded", 2, &[capacity(1), accepted(1, 1), crash(0), accepted(1, 2)]));
    violated(&[1, 3], quiescent("bounded", 2, &[capacity(1), accepted(1, 1), shed(1, 9), accepted(1, 2)]));
    // Nobody says how much room there is.
    vacuous(quiescent("bounded", 2, &[accepted(1, 1), accepted(1, 2)]));
}

#[test]
fn no_silent_loss_asks_for_an_answer_to_every_offer() {
    holds(
        3,
        quiescent(
            "no-silent-loss",
            2,
            &[offer(1), offer(1), offer(1), consumed(1, 1), shed(1, 2), refused(1, 3)],
        ),
    );
    violated(&[1], quiescent("no-silent-loss", 2, &[offer(1), offer(1), consumed(1, 1), accepted(1, 2)]));
    violated(&[0], verdict("no-silent-loss", 2, End::Deadline, &[offer(1)]));
    undecided(verdict("no-silent-loss", 2, End::CutShort, &[offer(1)]));
    vacuous(quiescent("no-silent-loss", 2, &[offer(1), crash(1)]));
    vacuous(quiescent("no-silent-loss", 2, &[capacity(1), offer(1), crash(0)]));
    violated(&[0], quiescent("no-silent-loss", 3, &[offer(1), crash(2)]));
}

#[test]
fn at_most_once_asks_that_it_was_offered_and_is_gone_once() {
    holds(1, quiescent("at-most-once", 2, &[offer(1), consumed(1, 1)]));
    vacuous(quiescent("at-most-once", 2, &[offer(1), shed(1, 1)]));
    violated(&[1, 2], quiescent("at-most-once", 2, &[offer(1), consumed(1, 1), consumed(1, 1)]));
    violated(&[1, 2], quiescent("at-most-once", 2, &[offer(1), consumed(1, 1), shed(1, 1)]));
    violated(&[1, 2], quiescent("at-most-once", 2, &[offer(1), refused(1, 1), consumed(1, 1)]));
    violated(&[0], quiescent("at-most-once", 2, &[consumed(1, 1), offer(1)]));
    violated(&[1], quiescent("at-most-once", 2, &[offer(1), consumed(1, 2)]));
    let other = Line::Asked(1, Request::Offer("y".into()));
    violated(&[1], quiescent("at-most-once", 2, &[other, consumed(1, 1)]));
}

#[test]
fn fifo_compares_the_items_of_one_producer() {
    holds(1, quiescent("fifo", 3, &[consumed(1, 1), consumed(2, 9), consumed(1, 3)]));
    violated(&[0, 1], quiescent("fifo", 2, &[consumed(1, 2), consumed(1, 1)]));
    vacuous(quiescent("fifo", 3, &[consumed(1, 2), consumed(2, 1)]));
}

#[test]
fn nothing_is_lost_that_nobody_speaks_of() {
    holds(1, quiescent("nothing-lost", 2, &[offer(1), consumed(1, 1)]));
    violated(&[1], quiescent("nothing-lost", 2, &[offer(1), shed(1, 1)]));
    violated(&[1], quiescent("nothing-lost", 2, &[offer(1), refused(1, 1)]));
}
