//! The mailbox problem. Node 0 holds the file, node 1 writes, node 2 reads.

use crate::{holds, judge, undecided, vacuous, violated};
use synod::{
    problems::mailbox::{Bytes, Mailbox, Output, Request},
    process::{End, Problem, Verdict, What},
};

/// A line of a history.
#[derive(Clone)]
enum Line {
    Asked(u32, Request),
    Told(u32, Output),
    Crash(u32),
    Boot(u32),
}

use Line::{Asked, Boot, Crash, Told};

fn write(text: &str) -> Line {
    Asked(1, Request::Write(text.into()))
}

fn poll() -> Line {
    Asked(2, Request::Poll)
}

fn stored(at: u64, text: &str) -> Line {
    Told(0, Output::Stored { at, bytes: Bytes::from(text) })
}

fn read(text: &str) -> Line {
    Told(2, Output::Line(Bytes::from(text)))
}

fn truncated() -> Line {
    Told(0, Output::Truncated)
}

fn rotated(generation: u64) -> Line {
    Told(2, Output::Rotated { generation })
}

fn told(lines: &[Line]) -> impl Iterator<Item = (u32, What<'_, Mailbox>)> {
    lines.iter().map(|line| match line {
        Asked(node, request) => (*node, What::Request(request)),
        Told(node, output) => (*node, What::Output(output)),
        Crash(node) => (*node, What::Crash),
        Boot(node) => (*node, What::Boot),
    })
}

fn verdict(property: &str, end: End, lines: &[Line]) -> Verdict {
    judge::<Mailbox>(property, 3, end, told(lines))
}

fn quiescent(property: &str, lines: &[Line]) -> Verdict {
    verdict(property, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Mailbox::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, end, &[]));
        }
    }
}

#[test]
fn readers_read_whole_lines_in_order() {
    let file = [stored(0, "one\ntw"), stored(6, "o\n")];
    holds(2, quiescent("whole-lines", &[file[0].clone(), read("one"), file[1].clone(), read("two")]));
    violated(&[0, 2], quiescent("whole-lines", &[file[0].clone(), file[1].clone(), read("two")]));
    violated(&[2], quiescent("whole-lines", &[file[0].clone(), read("one"), read("tw")]));
    let twice = [file[0].clone(), read("one"), read("one")];
    violated(&[2], quiescent("whole-lines", &twice));
    // Who restarts begins anew, and so does who is told that the file was emptied.
    let restarts = [file[0].clone(), read("one"), Crash(2), Boot(2), read("one")];
    holds(2, quiescent("whole-lines", &restarts));
    let emptied = [file[0].clone(), read("one"), truncated(), stored(0, "new\n"), rotated(1), read("new")];
    holds(2, quiescent("whole-lines", &emptied));
    let unnoticed = [file[0].clone(), read("one"), truncated(), stored(0, "new\n"), read("new")];
    violated(&[4], quiescent("whole-lines", &unnoticed));
}

#[test]
fn lines_are_what_was_written() {
    holds(1, quiescent("intact", &[write("one"), read("one")]));
    violated(&[1], quiescent("intact", &[write("one"), read("on")]));
}

#[test]
fn a_poll_finds_every_line() {
    let file = [stored(0, "one\ntwo\n"), poll(), read("one"), read("two")];
    holds(2, quiescent("delivery", &file));
    violated(&[0, 1], quiescent("delivery", &file[..3]));
    undecided(verdict("delivery", End::CutShort, &file[..2]));
    // What comes after the last poll need not be read, nor what was emptied away before it.
    vacuous(quiescent("delivery", &[poll(), stored(0, "one\n")]));
    vacuous(quiescent("delivery", &[stored(0, "one\n"), truncated(), poll()]));
    vacuous(quiescent("delivery", &[stored(0, "one\n"), poll(), Crash(2)]));
    let renewed = [stored(0, "one\n"), truncated(), stored(0, "new\n"), poll()];
    violated(&[2, 3], quiescent("delivery", &renewed));
    holds(1, quiescent("delivery", &[&renewed[..], &[rotated(1), read("new")]].concat()));
}

#[test]
fn writers_hear_that_their_lines_are_written() {
    let confirmed = [write("one"), Told(1, Output::Written { line: 1 })];
    holds(1, quiescent("written", &confirmed));
    violated(&[0], quiescent("written", &confirmed[..1]));
    undecided(verdict("written", End::CutShort, &confirmed[..1]));
    vacuous(quiescent("written", &[write("one"), Crash(1)]));
}

#[test]
fn delays_are_measured() {
    let lines = [stored(0, "one\n"), poll(), read("one")];
    let history = crate::history::<Mailbox>(3, End::Quiescent, told(&lines));
    let taken: Vec<Vec<u64>> = Mailbox::measures().iter().map(|measure| (measure.take)(&history)).collect();
    assert_eq!(taken, [vec![2]]);
}
