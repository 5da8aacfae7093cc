//! The chat problem.

use crate::{
    holds,
    lines::{Line, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::chat::{self, Chat, Output, Request, Why},
    process::End,
};

fn connect(node: u32, alias: &str) -> Line<Chat> {
    Line::Asked(node, Request::Connect(alias.into()))
}

fn say(node: u32, body: &str) -> Line<Chat> {
    Line::Asked(node, Request::Say(body.into()))
}

fn quit(node: u32) -> Line<Chat> {
    Line::Asked(node, Request::Quit)
}

fn welcome(node: u32, alias: &str, members: &[&str]) -> Line<Chat> {
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    Line::Told(node, Output::Welcome { alias: alias.into(), members })
}

fn joined(node: u32, alias: &str) -> Line<Chat> {
    Line::Told(node, Output::Joined(alias.into()))
}

fn left(node: u32, alias: &str) -> Line<Chat> {
    Line::Told(node, Output::Left(alias.into()))
}

fn line(number: u64, from: &str, body: &str) -> chat::Line {
    chat::Line { number, from: from.into(), body: body.into() }
}

fn said(node: u32, number: u64, from: &str, body: &str) -> Line<Chat> {
    Line::Told(node, Output::Said(line(number, from, body)))
}

fn logged(number: u64, from: &str, body: &str) -> Line<Chat> {
    Line::Told(0, Output::Logged(line(number, from, body)))
}

fn refused(node: u32, why: Why) -> Line<Chat> {
    Line::Told(node, Output::Refused(why))
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Chat>();
}

#[test]
fn two_may_have_one_name_only_one_after_the_other() {
    let twice = [welcome(1, "a", &[]), welcome(2, "a", &[])];
    violated(&[0, 1], quiescent("distinct-aliases", 3, &twice));
    holds(2, quiescent("distinct-aliases", 3, &[welcome(1, "a", &[]), welcome(2, "b", &[])]));
    for end in [quit(1), crash(1), refused(1, Why::Timeout)] {
        let after = [welcome(1, "a", &[]), end, welcome(2, "a", &[])];
        holds(2, quiescent("distinct-aliases", 3, &after));
    }
    // To be told off does not put anybody out.
    let still = [welcome(1, "a", &[]), refused(1, Why::Already), welcome(2, "a", &[])];
    violated(&[0, 2], quiescent("distinct-aliases", 3, &still));
}

#[test]
fn names_settle_when_one_of_two_gives_way() {
    let twice = [welcome(1, "a", &[]), welcome(2, "a", &[]), refused(2, Why::Taken)];
    violated(&[0, 1], quiescent("aliases-settle", 3, &twice[..2]));
    undecided(verdict("aliases-settle", 3, End::CutShort, &twice[..2]));
    holds(1, quiescent("aliases-settle", 3, &twice));
}

#[test]
fn what_is_shown_is_a_piece_of_the_log() {
    let log = || vec![welcome(1, "a", &[]), logged(1, "b", "x"), logged(2, "b", "y"), logged(3, "b", "z")];
    let with = |mut more: Vec<Line<Chat>>| {
        let mut lines = log();
        lines.append(&mut more);
        quiescent("contiguous-log", 3, &lines)
    };
    holds(2, with(vec![said(1, 2, "b", "y"), said(1, 3, "b", "z")]));
    violated(&[4, 5], with(vec![said(1, 1, "b", "x"), said(1, 3, "b", "z")]));
    violated(&[4, 5], with(vec![said(1, 2, "b", "y"), said(1, 1, "b", "x")]));
    violated(&[4], with(vec![said(1, 2, "b", "x")]));
    violated(&[4], with(vec![said(1, 4, "b", "w")]));
    // A new stay begins anywhere.
    let again = vec![said(1, 1, "b", "x"), quit(1), welcome(1, "a", &[]), said(1, 3, "b", "z")];
    holds(2, with(again));
    // Without a log there is nothing to compare with.
    vacuous(quiescent("contiguous-log", 2, &[welcome(1, "a", &[]), said(1, 1, "b", "x")]));
}

#[test]
fn everybody_joins_then_talks_then_leaves() {
    let good = [welcome(1, "a", &["b"]), joined(1, "a"), said(1, 1, "b", "x"), left(1, "b"), joined(1, "b")];
    holds(4, quiescent("joined-then-left", 2, &good));
    let twice = [welcome(1, "a", &["b"]), joined(1, "b")];
    violated(&[0, 1], quiescent("joined-then-left", 2, &twice));
    violated(&[1], quiescent("joined-then-left", 2, &[welcome(1, "a", &[]), said(1, 1, "b", "x")]));
    let after = [welcome(1, "a", &["b"]), left(1, "b"), said(1, 1, "b", "x")];
    violated(&[2], quiescent("joined-then-left", 2, &after));
    violated(&[2], quiescent("joined-then-left", 2, &[welcome(1, "a", &["b"]), left(1, "b"), left(1, "b")]));
}

#[test]
fn who_is_not_in_is_shown_nothing() {
    holds(1, quiescent("insiders-only", 2, &[welcome(1, "a", &[]), joined(1, "a")]));
    violated(&[0], quiescent("insiders-only", 2, &[joined(1, "b")]));
    violated(&[2], quiescent("insiders-only", 2, &[welcome(1, "a", &["b"]), quit(1), left(1, "b")]));
}

#[test]
fn the_author_has_said_it_under_this_name() {
    let lines = |from: &'static str, body: &'static str| {
        [welcome(1, "a", &[]), welcome(2, "b", &[]), say(2, "x"), said(1, 1, from, body)]
    };
    holds(1, quiescent("honest-author", 3, &lines("b", "x")));
    violated(&[3], quiescent("honest-author", 3, &lines("a", "x")));
    violated(&[3], quiescent("honest-author", 3, &lines("b", "y")));
    let twice = [welcome(1, "a", &[]), say(1, "x"), said(1, 1, "a", "x"), said(1, 2, "a", "x")];
    violated(&[3], quiescent("honest-author", 2, &twice));
    let outside = [welcome(1, "a", &["b"]), say(2, "x"), said(1, 1, "b", "x")];
    violated(&[2], quiescent("honest-author", 3, &outside));
    let early = [welcome(1, "a", &[]), said(1, 1, "a", "x"), say(1, "x")];
    violated(&[1], quiescent("honest-author", 2, &early));
}

#[test]
fn nobody_sees_an_answer_before_its_question() {
    let both_in =
        || vec![welcome(0, "a", &[]), welcome(1, "b", &[]), welcome(2, "c", &[]), say(0, "question")];
    let with = |mut more: Vec<Line<Chat>>| {
        let mut lines = both_in();
        lines.append(&mut more);
        quiescent("causal-order", 3, &lines)
    };
    let (question, answer) = (|node| said(node, 1, "a", "question"), |node| said(node, 1, "b", "answer"));
    holds(3, with(vec![question(1), say(1, "answer"), question(2), answer(2)]));
    violated(&[6, 7], with(vec![question(1), say(1, "answer"), answer(2), question(2)]));
    // Who answers without having seen the question does not answer it.
    holds(2, with(vec![say(1, "answer"), answer(2), question(2)]));
    // Who missed the question may see the answer.
    holds(2, with(vec![question(1), say(1, "answer"), answer(2)]));
}

#[test]
fn who_knocks_is_answered() {
    holds(1, quiescent("admission", 2, &[connect(1, "a"), welcome(1, "a", &[])]));
    holds(1, quiescent("admission", 2, &[connect(1, "a"), refused(1, Why::Taken)]));
    holds(1, quiescent("admission", 2, &[connect(1, "a"), quit(1)]));
    violated(&[0], quiescent("admission", 2, &[connect(1, "a")]));
    violated(&[0], quiescent("admission", 2, &[connect(1, "a"), refused(1, Why::Already)]));
    undecided(verdict("admission", 2, End::CutShort, &[connect(1, "a")]));
    vacuous(quiescent("admission", 2, &[connect(1, "a"), crash(1)]));
}

#[test]
fn what_is_said_reaches_all_who_stay() {
    let two = |then: Vec<Line<Chat>>| {
        let mut lines =
            vec![welcome(1, "a", &[]), welcome(2, "b", &["a"]), say(1, "x"), said(1, 1, "a", "x")];
        lines.extend(then);
        lines
    };
    violated(&[2], quiescent("delivery", 3, &two(vec![])));
    undecided(verdict("delivery", 3, End::CutShort, &two(vec![])));
    holds(2, quiescent("delivery", 3, &two(vec![said(2, 1, "a", "x")])));
    // Who quits, crashes or comes later is owed nothing, and a crashed author owes nothing.
    holds(1, quiescent("delivery", 3, &two(vec![quit(2)])));
    holds(1, quiescent("delivery", 3, &two(vec![crash(2)])));
    holds(1, quiescent("delivery", 4, &two(vec![quit(2), welcome(3, "c", &["a"])])));
    vacuous(quiescent("delivery", 3, &two(vec![crash(1)])));
    // Who quits afterwards has said it all the same.
    violated(&[2], quiescent("delivery", 3, &two(vec![quit(1)])));
}

#[test]
fn nobody_is_taken_for_present_who_has_gone() {
    let gone = |how: Line<Chat>, then: Vec<Line<Chat>>| {
        let mut lines = vec![welcome(1, "a", &[]), welcome(2, "b", &["a"]), joined(1, "b"), how];
        lines.extend(then);
        lines
    };
    let ends: [fn(u32) -> Line<Chat>; 2] = [quit, crash];
    for how in ends {
        violated(&[3], quiescent("departure", 3, &gone(how(2), vec![])));
        undecided(verdict("departure", 3, End::CutShort, &gone(how(2), vec![])));
        holds(1, quiescent("departure", 3, &gone(how(2), vec![left(1, "b")])));
        vacuous(quiescent("departure", 3, &gone(how(2), vec![quit(1)])));
    }
    vacuous(quiescent("departure", 3, &gone(say(2, "x"), vec![])));
}
