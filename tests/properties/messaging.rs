//! The messaging problem.

use crate::{
    holds,
    lines::{self, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::messaging::{Messaging, Output, Request},
    process::{End, Names, ProcessId, What},
    scenario::fit,
};

type Line = lines::Line<Messaging>;

/// `node` sends `body` to each of `to`.
fn sent_as(node: u32, to: &[u32], body: &str) -> Line {
    Line::Asked(node, Request::Send { to: to.iter().copied().map(ProcessId).collect(), body: body.into() })
}

/// `node` sends to each of `to`; bodies are all alike unless a test says otherwise.
fn sent(node: u32, to: &[u32]) -> Line {
    sent_as(node, to, "m")
}

/// `node` delivers message `id` of `from`, whose body is `body`.
fn heard_as(node: u32, from: u32, id: u64, body: &str) -> Line {
    Line::Told(node, Output::Receive { from: ProcessId(from), id, body: body.into() })
}

fn heard(node: u32, from: u32, id: u64) -> Line {
    heard_as(node, from, id, "m")
}

/// `node` believes that `to` has its message `id`.
fn acked(node: u32, to: u32, id: u64) -> Line {
    Line::Told(node, Output::Acknowledged { to: ProcessId(to), id })
}

fn boot(node: u32) -> Line {
    Line::Other(node, What::Boot)
}

fn pause(node: u32) -> Line {
    Line::Other(node, What::Pause)
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Messaging>();
}

#[test]
fn reliable_delivery_asks_that_what_is_sent_arrives() {
    let all = [sent(0, &[1, 2]), sent(0, &[1]), heard(1, 0, 2), heard(2, 0, 1), heard(1, 0, 1)];
    holds(3, quiescent("reliable-delivery", 3, &all));
    violated(&[0], quiescent("reliable-delivery", 3, &all[..4]));
    violated(&[0], verdict("reliable-delivery", 3, End::Deadline, &all[..4]));
    undecided(verdict("reliable-delivery", 3, End::CutShort, &all[..4]));
    // What one tells oneself is a message like any other.
    violated(&[0], quiescent("reliable-delivery", 1, &[sent(0, &[0])]));
    holds(1, quiescent("reliable-delivery", 1, &[sent(0, &[0]), heard(0, 0, 1)]));
    // A receiver that is named twice gets one message; one that does not exist gets none.
    holds(1, quiescent("reliable-delivery", 2, &[sent(0, &[1, 1, 7]), heard(1, 0, 1)]));
}

#[test]
fn reliable_delivery_asks_nothing_of_those_who_crash_or_stand_still() {
    vacuous(quiescent("reliable-delivery", 2, &[sent(0, &[1]), crash(0)]));
    vacuous(quiescent("reliable-delivery", 2, &[sent(0, &[1]), crash(1), boot(1)]));
    vacuous(quiescent("reliable-delivery", 2, &[sent(0, &[1]), pause(1)]));
    violated(&[0], quiescent("reliable-delivery", 3, &[sent(0, &[1]), crash(2)]));
}

#[test]
fn agreement_is_all_or_nothing_among_correct_receivers() {
    let some = [sent(0, &[1, 2, 3]), heard(2, 0, 1), heard(1, 0, 1), heard(3, 0, 1)];
    holds(2, quiescent("agreement", 4, &some));
    violated(&[1], quiescent("agreement", 4, &some[..3]));
    undecided(verdict("agreement", 4, End::CutShort, &some[..3]));
    // Nothing is fine, too, and so is a single receiver.
    vacuous(quiescent("agreement", 4, &some[..1]));
    vacuous(quiescent("agreement", 2, &[sent(0, &[1]), heard(1, 0, 1)]));
    // Who crashes owes nothing and is no witness; the sender may crash.
    vacuous(quiescent("agreement", 3, &[sent(0, &[1, 2]), heard(1, 0, 1), crash(2)]));
    vacuous(quiescent("agreement", 3, &[sent(0, &[1, 2]), heard(1, 0, 1), crash(1)]));
    violated(&[1], quiescent("agreement", 3, &[sent(0, &[1, 2]), heard(1, 0, 1), crash(0)]));
    // Two requests are two messages.
    vacuous(quiescent("agreement", 3, &[sent(0, &[1]), sent(0, &[2]), heard(1, 0, 1)]));
}

#[test]
fn integrity_knows_messages_by_their_pair_and_number() {
    holds(2, quiescent("integrity", 3, &[sent(0, &[1, 2]), heard(1, 0, 1), heard(2, 0, 1)]));
    vacuous(quiescent("integrity", 3, &[sent(0, &[1])]));
    violated(&[1, 2], quiescent("integrity", 2, &[sent(0, &[1]), heard(1, 0, 1), heard(1, 0, 1)]));
    violated(&[1], quiescent("integrity", 2, &[sent(0, &[1]), heard(1, 0, 2)]));
    violated(&[1], quiescent("integrity", 2, &[sent(0, &[1]), heard(1, 0, 0)]));
    violated(&[1], quiescent("integrity", 2, &[sent(0, &[1]), heard(1, 9, 1)]));
    // It was for somebody else; it was not sent yet; it says something else.
    violated(&[1], quiescent("integrity", 3, &[sent(0, &[1]), heard(2, 0, 1)]));
    violated(&[0, 1], quiescent("integrity", 2, &[heard(1, 0, 1), sent(0, &[1])]));
    violated(&[0, 1], quiescent("integrity", 2, &[sent(0, &[1]), heard_as(1, 0, 1, "x")]));
}

#[test]
fn a_sender_that_restarts_may_count_from_one_again() {
    let again = [sent_as(0, &[1], "a"), heard_as(1, 0, 1, "a"), crash(0), boot(0), sent_as(0, &[1], "b")];
    let with = |last| again.iter().map(copy).chain([last]).collect::<Vec<Line>>();
    for id in [1, 2] {
        holds(2, quiescent("integrity", 2, &with(heard_as(1, 0, id, "b"))));
        vacuous(quiescent("fifo-order", 2, &with(heard_as(1, 0, id, "b"))));
    }
    violated(&[1, 5], quiescent("integrity", 2, &with(heard_as(1, 0, 1, "a"))));
}

fn copy(line: &Line) -> Line {
    match line {
        Line::Asked(node, request) => Line::Asked(*node, request.clone()),
        Line::Told(node, output) => Line::Told(*node, output.clone()),
        Line::Other(node, what) => Line::Other(*node, what.clone()),
    }
}

#[test]
fn fifo_order_is_that_of_one_pair() {
    let two = [sent(0, &[1]), sent(0, &[1])];
    let with = |heard: Vec<Line>| two.iter().map(copy).chain(heard).collect::<Vec<Line>>();
    holds(1, quiescent("fifo-order", 2, &with(vec![heard(1, 0, 1), heard(1, 0, 2)])));
    violated(&[0, 2], quiescent("fifo-order", 2, &with(vec![heard(1, 0, 2), heard(1, 0, 1)])));
    violated(&[0, 2], quiescent("fifo-order", 2, &with(vec![heard(1, 0, 2)])));
    vacuous(quiescent("fifo-order", 2, &with(vec![heard(1, 0, 1)])));
    // Another receiver's messages, and another sender's, have orders of their own.
    vacuous(quiescent("fifo-order", 3, &[sent(0, &[1]), sent(0, &[2]), heard(2, 0, 1), heard(1, 0, 1)]));
    vacuous(quiescent("fifo-order", 3, &[sent(0, &[2]), sent(1, &[2]), heard(2, 1, 1), heard(2, 0, 1)]));
    // A receiver that restarts may miss what came before, and turn nothing around.
    let restarted = |heard: Vec<Line>| with([vec![crash(1), boot(1)], heard].into_iter().flatten().collect());
    holds(1, quiescent("fifo-order", 2, &restarted(vec![heard(1, 0, 2)])));
    violated(&[0, 4, 5], quiescent("fifo-order", 2, &restarted(vec![heard(1, 0, 2), heard(1, 0, 1)])));
}

#[test]
fn causal_order_follows_a_detour() {
    let detour = [sent(0, &[2]), sent(0, &[1]), heard(1, 0, 1), sent(1, &[2])];
    let with = |heard: Vec<Line>| detour.iter().map(copy).chain(heard).collect::<Vec<Line>>();
    holds(1, quiescent("causal-order", 3, &with(vec![heard(2, 0, 1), heard(2, 1, 1)])));
    violated(&[0, 4], quiescent("causal-order", 3, &with(vec![heard(2, 1, 1), heard(2, 0, 1)])));
    violated(&[0, 4], quiescent("causal-order", 3, &with(vec![heard(2, 1, 1)])));
    vacuous(quiescent("causal-order", 3, &with(vec![heard(2, 0, 1)])));
    vacuous(quiescent("causal-order", 3, &with(vec![])));
    // Nothing was known of the first when the second was sent.
    let apart = [sent(0, &[2]), sent(0, &[1]), sent(1, &[2]), heard(1, 0, 1), heard(2, 1, 1), heard(2, 0, 1)];
    vacuous(quiescent("causal-order", 3, &apart));
    // FIFO order is a part of it.
    violated(&[0, 2], quiescent("causal-order", 2, &[sent(0, &[1]), sent(0, &[1]), heard(1, 0, 2)]));
}

#[test]
fn causal_order_goes_through_many_hands() {
    let lines = [
        sent(0, &[3]),
        sent(0, &[1]),
        heard(1, 0, 1),
        sent(1, &[2]),
        heard(2, 1, 1),
        sent(2, &[3]),
        heard(3, 2, 1),
    ];
    violated(&[0, 6], quiescent("causal-order", 4, &lines));
    // A message to several is sent to one after the other, in the order in which they are named.
    let in_order = [sent(0, &[2, 1]), heard(1, 0, 1), sent(1, &[2]), heard(2, 1, 1)];
    violated(&[0, 3], quiescent("causal-order", 3, &in_order));
    let the_other_way = [sent(0, &[1, 2]), heard(1, 0, 1), sent(1, &[2]), heard(2, 1, 1)];
    vacuous(quiescent("causal-order", 3, &the_other_way));
    // What a process knew before a crash it has forgotten.
    let forgotten =
        [sent(0, &[2]), sent(0, &[1]), heard(1, 0, 1), crash(1), boot(1), sent(1, &[2]), heard(2, 1, 1)];
    vacuous(quiescent("causal-order", 3, &forgotten));
}

#[test]
fn a_prefix_has_no_gap_no_double_and_no_end_too_many() {
    let three = [sent_as(0, &[1], "a"), sent_as(0, &[1], "b"), sent_as(0, &[1], "c")];
    let with = |heard: Vec<Line>| three.iter().map(copy).chain(heard).collect::<Vec<Line>>();
    let (a, b, c) = (heard_as(1, 0, 1, "a"), heard_as(1, 0, 2, "b"), heard_as(1, 0, 3, "c"));
    holds(2, quiescent("prefix", 2, &with(vec![copy(&a), copy(&b)])));
    holds(3, quiescent("prefix", 2, &with(vec![copy(&a), copy(&b), copy(&c)])));
    violated(&[1, 4], quiescent("prefix", 2, &with(vec![copy(&a), copy(&c)])));
    violated(&[0, 3], quiescent("prefix", 2, &with(vec![b])));
    violated(&[1, 4], quiescent("prefix", 2, &with(vec![copy(&a), copy(&a)])));
    violated(
        &[2, 5],
        quiescent("prefix", 2, &with(vec![copy(&a), heard_as(1, 0, 2, "b"), heard_as(1, 0, 3, "a")])),
    );
    let too_many = vec![a, heard_as(1, 0, 2, "b"), c, heard_as(1, 0, 4, "a")];
    violated(&[6], quiescent("prefix", 2, &with(too_many)));
    // It is judged at every event: what is sent later does not count.
    violated(&[0], quiescent("prefix", 2, &[heard(1, 0, 1), sent(0, &[1])]));
    vacuous(quiescent("prefix", 2, &with(vec![])));
}

#[test]
fn prefix_judges_first_lives_only() {
    let restarted = [sent(0, &[1]), heard(1, 0, 1), crash(1), boot(1), heard(1, 0, 1)];
    holds(1, quiescent("prefix", 2, &restarted));
    let gone = [sent(0, &[1]), crash(0), heard(1, 0, 1), heard(1, 0, 1)];
    violated(&[3], quiescent("prefix", 2, &gone));
}

#[test]
fn an_honest_sender_is_never_ahead_of_its_receiver() {
    let honest = [sent(0, &[1]), heard(1, 0, 1), acked(0, 1, 1)];
    holds(1, quiescent("honest-acknowledgement", 2, &honest));
    vacuous(quiescent("honest-acknowledgement", 2, &honest[..2]));
    violated(&[1], quiescent("honest-acknowledgement", 2, &[sent(0, &[1]), acked(0, 1, 1), heard(1, 0, 1)]));
    violated(&[2], quiescent("honest-acknowledgement", 2, &[sent(0, &[1]), heard(1, 0, 1), acked(0, 1, 2)]));
    violated(&[0], quiescent("honest-acknowledgement", 2, &[acked(0, 1, 0)]));
    violated(&[0], quiescent("honest-acknowledgement", 2, &[acked(0, 7, 1)]));
    violated(
        &[2],
        quiescent("honest-acknowledgement", 3, &[sent(0, &[1, 2]), heard(1, 0, 1), acked(0, 2, 1)]),
    );
    // That a receiver has forgotten since does not make a liar of its sender; the sender may count from 1 again.
    holds(
        1,
        quiescent(
            "honest-acknowledgement",
            2,
            &[sent(0, &[1]), heard(1, 0, 1), crash(1), boot(1), acked(0, 1, 1)],
        ),
    );
    let second = [
        sent_as(0, &[1], "a"),
        crash(0),
        boot(0),
        sent_as(0, &[1], "b"),
        heard_as(1, 0, 1, "b"),
        acked(0, 1, 1),
    ];
    holds(1, quiescent("honest-acknowledgement", 2, &second));
}

/// A scenario names one receiver or several, and is told what is wrong where it is wrong.
#[test]
fn a_request_names_one_or_several() {
    let names = Names::listed(["ada", "bo", "cy"].map(str::to_owned).into());
    let read = |to: serde_json::Value| {
        let request = serde_json::json!({"send": {"to": to, "body": "hi"}});
        names.scope(|| fit::<Request>(&request)).map_err(|misfit| misfit.message)
    };
    let send =
        |to: &[u32]| Request::Send { to: to.iter().copied().map(ProcessId).collect(), body: "hi".into() };
    assert_eq!(read("bo".into()).ok(), Some(send(&[1])));
    assert_eq!(read(serde_json::json!(["cy", "ada"])).ok(), Some(send(&[2, 0])));
    assert_eq!(read("dee".into()).unwrap_err(), "unknown node `dee`");
    assert_eq!(read(serde_json::json!(["bo", "dee"])).unwrap_err(), "unknown node `dee`");
    assert!(read(serde_json::json!(["bo", "bo"])).unwrap_err().contains("`bo` stands here twice"));
    assert!(read(serde_json::json!([])).unwrap_err().contains("nobody is to get this"));
    assert!(
        read(serde_json::json!({"ada": 1}))
            .unwrap_err()
            .contains("expected the name of a node or a list of names")
    );
    for request in [send(&[1]), send(&[2, 0])] {
        let written = names.scope(|| serde_json::to_value(&request).expect("it can be written"));
        assert_eq!(names.scope(|| fit::<Request>(&written)).ok(), Some(request));
    }
}
