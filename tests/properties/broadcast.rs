//! The broadcast problem.

use crate::{history, holds, judge, undecided, vacuous, violated};
use std::time::Duration;
use synod::{
    check::measure,
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{End, Problem, ProcessId, Samples, Unit, Verdict, What},
};

/// A line of a history.
enum Line {
    Said(u32, Request),
    Heard(u32, Output),
    Other(u32, What<'static, Broadcast>),
}

/// `node` broadcasts `body`.
fn said(node: u32, body: &str) -> Line {
    Line::Said(node, Request::Broadcast(body.into()))
}

/// `node` delivers message `id` of `from`, whose body is `body`.
fn heard_as(node: u32, from: u32, id: u64, body: &str) -> Line {
    Line::Heard(
        node,
        Output::Deliver(Delivery { number: None, from: ProcessId(from), id, body: body.into() }),
    )
}

/// `node` delivers message `id` of `from`; bodies are all alike unless a test says otherwise.
fn heard(node: u32, from: u32, id: u64) -> Line {
    heard_as(node, from, id, "m")
}

fn crash(node: u32) -> Line {
    Line::Other(node, What::Crash)
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

/// The verdict on a history of `nodes` processes; a line's event is its place.
fn verdict(property: &str, nodes: u32, end: End, lines: &[Line]) -> Verdict {
    judge::<Broadcast>(property, nodes, end, lines.iter().map(told))
}

fn told(line: &Line) -> (u32, What<'_, Broadcast>) {
    match line {
        Line::Said(node, request) => (*node, What::Request(request)),
        Line::Heard(node, output) => (*node, What::Output(output)),
        Line::Other(node, what) => (*node, what.clone()),
    }
}

fn quiescent(property: &str, nodes: u32, lines: &[Line]) -> Verdict {
    verdict(property, nodes, End::Quiescent, lines)
}

#[test]
fn a_history_without_anything_says_nothing() {
    for property in Broadcast::properties() {
        for end in [End::Quiescent, End::Deadline, End::CutShort] {
            vacuous(verdict(property.name, 0, end, &[]));
            vacuous(verdict(property.name, 3, end, &[]));
        }
    }
}

#[test]
fn validity_asks_that_every_other_correct_process_delivers() {
    let all = [said(0, "m"), heard(1, 0, 1), heard(2, 0, 1)];
    holds(2, quiescent("validity", 3, &all));
    violated(&[0], quiescent("validity", 3, &all[..2]));
    violated(&[0], verdict("validity", 3, End::Deadline, &all[..2]));
    undecided(verdict("validity", 3, End::CutShort, &all[..2]));
    // The sender's own copy is not asked for, nor does it count.
    violated(&[0], quiescent("validity", 2, &[said(0, "m"), heard(0, 0, 1)]));
    // Nobody is there to hear.
    vacuous(quiescent("validity", 1, &[said(0, "m")]));
}

#[test]
fn validity_asks_nothing_of_those_who_crash_or_stand_still() {
    vacuous(quiescent("validity", 2, &[said(0, "m"), crash(0)]));
    vacuous(quiescent("validity", 2, &[said(0, "m"), crash(1)]));
    vacuous(quiescent("validity", 2, &[said(0, "m"), crash(1), boot(1)]));
    vacuous(quiescent("validity", 2, &[said(0, "m"), pause(1)]));
    vacuous(quiescent("validity", 2, &[pause(0), said(0, "m")]));
    violated(&[1], quiescent("validity", 2, &[pause(1), said(0, "m"), resume(1)]));
    holds(1, quiescent("validity", 3, &[crash(2), said(0, "m"), heard(1, 0, 1)]));
}

#[test]
fn self_delivery_asks_for_the_own_copy_only() {
    holds(1, quiescent("self-delivery", 2, &[said(0, "m"), heard(0, 0, 1)]));
    violated(&[0], quiescent("self-delivery", 2, &[said(0, "m"), heard(1, 0, 1)]));
    undecided(verdict("self-delivery", 2, End::CutShort, &[said(0, "m")]));
    vacuous(quiescent("self-delivery", 2, &[said(0, "m"), crash(0)]));
}

#[test]
fn agreement_asks_that_all_hear_what_one_hears() {
    let all = [said(0, "m"), heard(1, 0, 1), heard(2, 0, 1)];
    holds(1, quiescent("agreement", 3, &all));
    violated(&[1], quiescent("agreement", 3, &all[..2]));
    undecided(verdict("agreement", 3, End::CutShort, &all[..2]));
    vacuous(quiescent("agreement", 3, &all[..1]));
    // With the sender's own copy as witness there are two more to ask; its own copy is never owed.
    holds(2, quiescent("agreement", 3, &[said(0, "m"), heard(0, 0, 1), heard(1, 0, 1), heard(2, 0, 1)]));
    // So there are when others are faster.
    holds(2, quiescent("agreement", 3, &[said(0, "m"), heard(1, 0, 1), heard(2, 0, 1), heard(0, 0, 1)]));
    // The earliest delivery is the one that shows it.
    violated(&[1], quiescent("agreement", 4, &[said(3, "m"), heard(2, 3, 1), heard(0, 3, 1)]));
    // It holds of what nobody broadcast, too.
    violated(&[0], quiescent("agreement", 3, &[heard(1, 0, 7)]));
}

#[test]
fn agreement_binds_correct_processes_uniform_agreement_all() {
    let witness_crashes = [said(0, "m"), heard(1, 0, 1), crash(1)];
    vacuous(quiescent("agreement", 3, &witness_crashes));
    violated(&[1], quiescent("uniform-agreement", 3, &witness_crashes));
    undecided(verdict("uniform-agreement", 3, End::CutShort, &witness_crashes));
    let sender_crashes = [said(0, "m"), heard(0, 0, 1), crash(0)];
    vacuous(quiescent("agreement", 3, &sender_crashes));
    violated(&[1], quiescent("uniform-agreement", 3, &sender_crashes));
    holds(1, quiescent("uniform-agreement", 3, &[said(0, "m"), heard(1, 0, 1), heard(2, 0, 1), crash(1)]));
    holds(1, quiescent("uniform-agreement", 3, &[said(0, "m"), heard(2, 0, 1), heard(1, 0, 1), crash(1)]));
    vacuous(quiescent("uniform-agreement", 3, &[said(0, "m")]));
    // A witness that stands still is none; one that goes on is.
    vacuous(quiescent("agreement", 3, &[said(0, "m"), heard(1, 0, 1), pause(1)]));
    violated(&[1], quiescent("agreement", 3, &[said(0, "m"), heard(1, 0, 1), pause(1), resume(1)]));
}

#[test]
fn integrity_counts_every_delivery_once() {
    holds(2, quiescent("integrity", 3, &[said(0, "m"), heard(1, 0, 1), heard(0, 0, 1)]));
    vacuous(quiescent("integrity", 3, &[said(0, "m")]));
    violated(&[1, 2], quiescent("integrity", 2, &[said(0, "m"), heard(1, 0, 1), heard(1, 0, 1)]));
    violated(
        &[1, 4],
        quiescent("integrity", 2, &[said(0, "m"), heard(1, 0, 1), crash(1), boot(1), heard(1, 0, 1)]),
    );
}

#[test]
fn integrity_asks_that_it_was_said_so_and_before() {
    violated(&[1], quiescent("integrity", 2, &[said(0, "m"), heard(1, 0, 2)]));
    violated(&[1], quiescent("integrity", 2, &[said(0, "m"), heard(1, 0, 0)]));
    violated(&[1], quiescent("integrity", 2, &[said(0, "m"), heard(0, 1, 1)]));
    violated(&[0], quiescent("integrity", 2, &[heard(0, 9, 1)]));
    violated(&[0], quiescent("integrity", 2, &[heard(0, 1, u64::MAX)]));
    violated(&[0, 1], quiescent("integrity", 2, &[heard(1, 0, 1), said(0, "m")]));
    violated(&[0, 1], quiescent("integrity", 2, &[said(0, "yes"), heard_as(1, 0, 1, "no")]));
    // Cut short or not: what has happened has happened.
    violated(&[0], verdict("integrity", 2, End::CutShort, &[heard(1, 0, 1)]));
}

/// A sender that lost its count begins with 1 again: the names repeat, the messages do not.
#[test]
fn a_number_that_is_used_again_after_a_crash_is_another_message() {
    let forgot = [
        said(0, "old"),
        heard_as(1, 0, 1, "old"),
        crash(0),
        boot(0),
        said(0, "new"),
        heard_as(1, 0, 1, "new"),
        heard_as(2, 0, 1, "new"),
        heard_as(2, 0, 1, "old"),
    ];
    holds(4, quiescent("integrity", 3, &forgot));
    holds(2, quiescent("uniform-agreement", 3, &forgot));
    violated(&[1, 5, 6, 7], quiescent("total-order", 3, &forgot));
    let alike = [said(0, "m"), heard(1, 0, 1), crash(0), boot(0), said(0, "m"), heard(1, 0, 1)];
    holds(2, quiescent("integrity", 2, &alike));
    let thrice =
        [said(0, "m"), heard(1, 0, 1), crash(0), boot(0), said(0, "m"), heard(1, 0, 1), heard(1, 0, 1)];
    violated(&[1, 6], quiescent("integrity", 2, &thrice));
    let made_up = [said(0, "old"), crash(0), boot(0), said(0, "new"), heard_as(1, 0, 1, "neither")];
    violated(&[0, 4], quiescent("integrity", 2, &made_up));
}

/// A sender that saved its count goes on with it.
#[test]
fn a_number_that_goes_on_after_a_crash_is_known_too() {
    let saved = [
        said(0, "old"),
        crash(0),
        boot(0),
        said(0, "new"),
        heard_as(1, 0, 2, "new"),
        heard_as(1, 0, 1, "old"),
    ];
    holds(2, quiescent("integrity", 2, &saved));
    vacuous(quiescent("fifo-order", 2, &saved));
}

#[test]
fn fifo_order_asks_for_the_message_before() {
    let both = [said(0, "m"), said(0, "m"), heard(1, 0, 1), heard(1, 0, 2)];
    holds(1, quiescent("fifo-order", 2, &both));
    violated(
        &[0, 2],
        quiescent("fifo-order", 2, &[said(0, "m"), said(0, "m"), heard(1, 0, 2), heard(1, 0, 1)]),
    );
    violated(&[0, 2], quiescent("fifo-order", 2, &[said(0, "m"), said(0, "m"), heard(1, 0, 2)]));
    // A gap later on; what it skips is the message shown.
    let gap = [said(0, "m"), said(0, "m"), said(0, "m"), heard(1, 0, 1), heard(1, 0, 3)];
    violated(&[1, 4], quiescent("fifo-order", 2, &gap));
    // Single messages have no order, nor have those of different senders.
    vacuous(quiescent("fifo-order", 3, &[said(0, "m"), said(1, "m"), heard(2, 1, 1), heard(2, 0, 1)]));
    // A second delivery is for integrity to judge.
    holds(
        1,
        quiescent(
            "fifo-order",
            2,
            &[said(0, "m"), said(0, "m"), heard(1, 0, 1), heard(1, 0, 2), heard(1, 0, 1)],
        ),
    );
}

#[test]
fn own_copies_are_not_owed_but_have_their_place() {
    let nothing_back = [said(0, "m"), said(0, "m"), heard(1, 0, 1), heard(1, 0, 2)];
    for property in ["validity", "integrity", "fifo-order", "causal-order"] {
        assert!(matches!(quiescent(property, 2, &nothing_back), Verdict::Holds { .. }), "{property}");
    }
    violated(
        &[0, 2, 3],
        quiescent("fifo-order", 2, &[said(0, "m"), said(0, "m"), heard(0, 0, 2), heard(0, 0, 1)]),
    );
    // An answer to an own message that has not come back yet, and one to a message that never does.
    let answered = [said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(0, 1, 1)];
    holds(1, quiescent("causal-order", 2, &answered));
    let answered_first = [said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(0, 1, 1), heard(0, 0, 1)];
    violated(&[0, 3, 4], quiescent("causal-order", 2, &answered_first));
}

#[test]
fn causal_order_asks_for_what_a_message_builds_on() {
    let chat = [said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(2, 0, 1), heard(2, 1, 1)];
    holds(1, quiescent("causal-order", 3, &chat));
    violated(
        &[0, 3],
        quiescent(
            "causal-order",
            3,
            &[said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(2, 1, 1), heard(2, 0, 1)],
        ),
    );
    violated(
        &[0, 3],
        quiescent("causal-order", 3, &[said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(2, 1, 1)]),
    );
    // Neither knows of the other.
    vacuous(quiescent(
        "causal-order",
        3,
        &[said(0, "m"), said(1, "m"), heard(1, 0, 1), heard(2, 1, 1), heard(2, 0, 1)],
    ));
    // FIFO order is part of it.
    violated(
        &[0, 2],
        quiescent("causal-order", 2, &[said(0, "m"), said(0, "m"), heard(1, 0, 2), heard(1, 0, 1)]),
    );
}

/// The answer to an answer builds on the question, whoever heard it.
#[test]
fn causal_order_reaches_through_others() {
    let start =
        || vec![said(0, "m"), heard(1, 0, 1), said(1, "m"), heard(2, 0, 1), heard(2, 1, 1), said(2, "m")];
    let mut kept = start();
    kept.extend([heard(3, 0, 1), heard(3, 1, 1), heard(3, 2, 1)]);
    // At 2: the answer on the question. At 3: the same, and the last one on both.
    holds(4, quiescent("causal-order", 4, &kept));
    let mut skipped = start();
    skipped.extend([heard(3, 0, 1), heard(3, 2, 1), heard(3, 1, 1)]);
    violated(&[2, 7], quiescent("causal-order", 4, &skipped));
}

#[test]
fn a_restarted_process_need_not_make_up_for_what_it_missed() {
    let missed = || vec![said(0, "m"), crash(1), said(0, "m"), boot(1), said(0, "m")];
    let mut goes_on = missed();
    goes_on.extend([heard(1, 0, 3)]);
    holds(1, quiescent("fifo-order", 2, &goes_on));
    holds(1, quiescent("causal-order", 2, &goes_on));
    let mut turns_around = missed();
    turns_around.extend([heard(1, 0, 3), heard(1, 0, 2)]);
    violated(&[2, 5, 6], quiescent("fifo-order", 2, &turns_around));
    violated(&[2, 5, 6], quiescent("causal-order", 2, &turns_around));
}

#[test]
fn what_a_restarted_process_says_builds_on_its_present_life_only() {
    let lives = [
        said(0, "m"),
        heard(1, 0, 1),
        said(1, "first"),
        crash(1),
        boot(1),
        said(1, "second"),
        heard_as(2, 1, 1, "second"),
    ];
    vacuous(quiescent("fifo-order", 3, &lives));
    vacuous(quiescent("causal-order", 3, &lives));
}

#[test]
fn total_order_compares_what_both_deliver() {
    let two = || vec![said(0, "m"), said(1, "m")];
    let mut alike = two();
    alike.extend([heard(0, 0, 1), heard(0, 1, 1), heard(1, 0, 1), heard(1, 1, 1)]);
    holds(1, quiescent("total-order", 2, &alike));
    let mut differ = two();
    differ.extend([heard(0, 0, 1), heard(0, 1, 1), heard(1, 1, 1), heard(1, 0, 1)]);
    violated(&[2, 3, 4, 5], quiescent("total-order", 2, &differ));
    violated(&[2, 3, 4, 5], verdict("total-order", 2, End::CutShort, &differ));
    // One of them may lack what the other has, and what each has of its own is nobody's business.
    let mut partial = two();
    partial.extend([heard(0, 0, 1), heard(0, 1, 1), heard(1, 1, 1)]);
    vacuous(quiescent("total-order", 2, &partial));
    // What nobody broadcast has its place as well.
    let unknown = [heard(0, 5, 1), heard(0, 5, 2), heard(1, 5, 2), heard(1, 5, 1)];
    violated(&[0, 1, 2, 3], quiescent("total-order", 2, &unknown));
}

#[test]
fn total_order_looks_past_messages_that_only_one_delivers() {
    let lines = [
        said(0, "m"),
        said(0, "m"),
        said(0, "m"),
        heard(1, 0, 1),
        heard(1, 0, 2),
        heard(1, 0, 3),
        heard(2, 0, 3),
        heard(2, 0, 1),
    ];
    violated(&[3, 5, 6, 7], quiescent("total-order", 3, &lines));
    // Three processes, three pairs, two neighbouring messages each.
    let mut all = vec![said(0, "m"), said(0, "m"), said(0, "m")];
    all.extend((0..3).flat_map(|node| (1..4).map(move |id| heard(node, 0, id))));
    holds(6, quiescent("total-order", 3, &all));
}

/// Own copies take no time worth measuring, and what nobody broadcast took none.
#[test]
fn delivery_is_measured_from_the_broadcast_to_each_other_process() {
    let lines =
        [said(0, "m"), heard(0, 0, 1), heard(1, 0, 1), heard(1, 2, 7), heard(2, 0, 1), heard(2, 0, 1)];
    let measured = measure(&history(3, End::Quiescent, lines.iter().map(told)));
    assert_eq!(measured["delivery"], Samples { unit: Unit::Time, values: vec![2, 4] });
}

/// `node` may be off by so many nanoseconds; an event's place is its time.
fn precision(node: u32, nanos: u64) -> Line {
    Line::Heard(node, Output::Precision(Duration::from_nanos(nanos)))
}

/// `node` is told that message `id` of `from` came too late.
fn late(node: u32, from: u32, id: u64) -> Line {
    Line::Heard(node, Output::Late(Delivery { number: None, from: ProcessId(from), id, body: "m".into() }))
}

#[test]
fn absolute_order_asks_for_the_order_of_sending() {
    // Sent at 1 and 3, and clocks that differ by 1 can tell.
    let in_order =
        [precision(0, 1), said(0, "m"), precision(1, 1), said(1, "m"), heard(2, 0, 1), heard(2, 1, 1)];
    holds(1, quiescent("absolute-order", 3, &in_order));
    let turned =
        [precision(0, 1), said(0, "m"), precision(1, 1), said(1, "m"), heard(2, 1, 1), heard(2, 0, 1)];
    violated(&[1, 3, 4, 5], quiescent("absolute-order", 3, &turned));
    violated(&[1, 3, 4, 5], verdict("absolute-order", 3, End::CutShort, &turned));
    // Without the one that was sent first: that it is missing is for validity to say, late or not.
    vacuous(quiescent("absolute-order", 3, &turned[..5]));
    let mut tardy = turned;
    tardy[5] = late(2, 0, 1);
    vacuous(quiescent("absolute-order", 3, &tardy));
    violated(&[1], quiescent("validity", 3, &tardy));
}

#[test]
fn absolute_order_asks_nothing_that_the_clocks_cannot_tell() {
    // Nobody says how good the clocks are.
    let lines = [said(0, "m"), said(1, "m"), heard(2, 1, 1), heard(2, 0, 1)];
    vacuous(quiescent("absolute-order", 3, &lines));
    // Sent at 1 and 3; the worst of the clocks cannot tell, and either order will do.
    for first in [0, 1] {
        let lines = [
            precision(0, 0),
            said(0, "m"),
            precision(1, 2),
            said(1, "m"),
            heard(2, first, 1),
            heard(2, 1 - first, 1),
        ];
        vacuous(quiescent("absolute-order", 3, &lines));
    }
    // Each process for itself, and each of its lives.
    let apart = [precision(0, 0), said(0, "m"), said(1, "m"), heard(1, 1, 1), heard(0, 0, 1)];
    vacuous(quiescent("absolute-order", 2, &apart));
    let lives =
        [precision(0, 0), said(0, "m"), said(1, "m"), heard(2, 1, 1), crash(2), boot(2), heard(2, 0, 1)];
    vacuous(quiescent("absolute-order", 3, &lives));
}

#[test]
fn absolute_order_compares_with_the_latest_of_what_was_delivered() {
    // Sent at 1, 2 and 3; at 6 comes the second, after the third and the first.
    let lines = || vec![precision(0, 0), said(0, "m"), said(1, "m"), said(2, "m")];
    let mut behind_the_latest = lines();
    behind_the_latest.extend([heard(3, 2, 1), heard(3, 1, 1)]);
    violated(&[2, 3, 4, 5], quiescent("absolute-order", 4, &behind_the_latest));
    let mut all = lines();
    all.extend([heard(3, 0, 1), heard(3, 1, 1), heard(3, 2, 1), heard(1, 1, 1), heard(1, 2, 1)]);
    holds(3, quiescent("absolute-order", 4, &all));
    // A second delivery is for integrity to judge, what nobody said has no time, and own copies have their place.
    all.extend([heard(3, 0, 1), heard(3, 3, 1), heard(0, 0, 1), heard(0, 1, 1)]);
    holds(4, quiescent("absolute-order", 4, &all));
    all.extend([heard(2, 2, 1), heard(2, 0, 1)]);
    violated(&[1, 3, 13, 14], quiescent("absolute-order", 4, &all));
}

/// What is late is not delivered: no order, and no integrity, speaks of it.
#[test]
fn late_messages_are_not_delivered() {
    let lines = [precision(0, 0), said(0, "m"), late(1, 0, 1), late(1, 0, 1)];
    for property in ["agreement", "integrity", "fifo-order", "causal-order", "total-order", "absolute-order"]
    {
        vacuous(quiescent(property, 2, &lines));
    }
    violated(&[1], quiescent("validity", 2, &lines));
    let own = [said(0, "m"), late(0, 0, 1)];
    violated(&[0], quiescent("self-delivery", 2, &own));
}

#[test]
fn acknowledgement_asks_that_all_have_delivered_by_then() {
    let told = |node, id| Line::Heard(node, Output::Acknowledged(id));
    holds(1, quiescent("acknowledgement", 2, &[said(0, "m"), heard(1, 0, 1), told(0, 1)]));
    violated(&[1], quiescent("acknowledgement", 2, &[said(0, "m"), told(0, 1), heard(1, 0, 1)]));
    violated(&[2], quiescent("acknowledgement", 3, &[said(0, "m"), heard(1, 0, 1), told(0, 1)]));
    // Who crashes need not have it, and the sender knows it anyway.
    holds(1, quiescent("acknowledgement", 3, &[said(0, "m"), heard(1, 0, 1), crash(2), told(0, 1)]));
    // Of another message, or of none.
    violated(&[2], quiescent("acknowledgement", 2, &[said(0, "m"), heard(1, 0, 1), told(0, 2)]));
    violated(&[2], quiescent("acknowledgement", 2, &[said(0, "m"), heard(1, 0, 1), told(1, 1)]));
    vacuous(quiescent("acknowledgement", 2, &[said(0, "m"), heard(1, 0, 1)]));
}
