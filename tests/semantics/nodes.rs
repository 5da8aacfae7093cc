//! Nodes that crash, restart, stand still, start late; and who is drawn.

use super::{
    probe::{Ask, Told},
    stage::{A, B, C, Stage, crash, delay, ms, pause},
};
use synod::{
    process::Time,
    trace::EventKind,
    world::{Action, Quantity, Targets},
};

#[test]
fn a_crash_loses_state_and_timers_but_not_messages_already_sent() {
    let run = Stage::of(2)
        .ask(0, A, Ask::Send(B, 2))
        .ask(1, A, Ask::Timer(1, ms(50)))
        .during(5, 15, crash(A))
        .ask(30, A, Ask::Send(B, 1))
        .run();
    assert_eq!(run.heard(B), [(A, 1), (A, 2), (A, 1)], "both arrive; after the crash A counts from 1 again");
    assert_eq!(run.times(EventKind::Timer, A), [0_u64; 0]);
    assert_eq!(run.told(A), [Told::Booted(0), Told::Booted(0)]);
}

#[test]
fn a_message_to_a_crashed_node_is_lost_when_it_arrives() {
    let run =
        Stage::of(2).ask(0, A, Ask::Send(B, 1)).during(5, 10, crash(B)).ask(6, A, Ask::Send(B, 1)).run();
    assert_eq!(run.drops(), [(0, 10, B, "down")]);
    assert_eq!(run.heard(B), [(A, 2)], "sent while B was down, arrived when it was up again");
}

#[test]
fn a_restart_keeps_what_was_saved_last() {
    let run = Stage::of(2)
        .ask(0, A, Ask::Save(7))
        .ask(1, A, Ask::Save(8))
        .during(2, 1, crash(A))
        .ask(4, A, Ask::Send(B, 1))
        .during(5, 1, crash(A))
        .run();
    assert_eq!(run.told(A), [Told::Booted(0), Told::Booted(8), Told::Booted(8)]);
}

#[test]
fn the_end_of_an_earlier_crash_restarts_nobody() {
    let restart = |at, stage: Stage| stage.at(at, Action::Restart(Targets::Node(A)));
    let stage = Stage::of(1).ask(0, A, Ask::Save(1)).during(1, 100, crash(A));
    let run = restart(10, stage).ask(11, A, Ask::Save(2)).during(20, 200, crash(A)).run();
    assert_eq!(run.milliseconds(EventKind::Restart, A), [10, 220]);
}

#[test]
fn the_end_of_an_earlier_pause_resumes_nobody() {
    let run = Stage::of(2)
        .during(1, 100, pause(A))
        .ask(2, B, Ask::Send(A, 1))
        .at(50, Action::Resume(Targets::Node(A)))
        .during(60, 200, pause(A))
        .ask(61, B, Ask::Send(A, 1))
        .run();
    assert_eq!(run.milliseconds(EventKind::Resume, A), [50, 260]);
    assert_eq!(run.milliseconds(EventKind::Receive, A), [50, 260]);
}

#[test]
fn a_paused_node_handles_what_waited_in_the_order_in_which_it_came() {
    let run = Stage::of(3)
        .link(A, C, delay(40))
        .during(5, 95, pause(C))
        .ask(0, A, Ask::Send(C, 1))
        .ask(0, C, Ask::Timer(1, ms(30)))
        .ask(10, B, Ask::Send(C, 1))
        .ask(25, C, Ask::Save(3))
        .run();
    let at_c = run.events.iter().filter(|event| event.node == Some(C) && event.time == 100_000_000);
    let kinds: Vec<EventKind> =
        at_c.map(|event| event.kind).filter(|kind| *kind != EventKind::Output).collect();
    use EventKind::{Receive, Request, Resume, Save, Timer};
    assert_eq!(kinds, [Resume, Receive, Request, Save, Timer, Receive], "at 20, 25, 30 and 40 ms");
    assert_eq!(run.heard(C), [(B, 1), (A, 1)]);
}

#[test]
fn what_waited_comes_before_what_arrives_as_the_node_goes_on() {
    let run = Stage::of(2)
        .network(|network| network.fifo = true)
        .during(5, 15, pause(B))
        .ask(0, A, Ask::Send(B, 1))
        .ask(10, A, Ask::Send(B, 1))
        .run();
    assert_eq!(run.heard(B), [(A, 1), (A, 2)]);
    assert_eq!(run.milliseconds(EventKind::Receive, B), [20, 20]);
}

#[test]
fn what_waited_dies_with_a_paused_node() {
    let run = Stage::of(2)
        .at(0, pause(B))
        .ask(1, A, Ask::Send(B, 1))
        .ask(2, B, Ask::Save(1))
        .during(50, 10, crash(B))
        .ask(60, A, Ask::Send(B, 1))
        .run();
    assert_eq!(run.drops(), [(0, 50, B, "down")]);
    assert_eq!(run.heard(B), [(A, 2)], "it restarts running");
    assert_eq!(run.told(B)[1], Told::Booted(0), "the request to save came to nothing");
    assert_eq!(run.touched(), [("pause", 2), ("crash", 2)]);
}

#[test]
fn what_lasts_is_over_at_its_end() {
    let run = Stage::of(2)
        .during(0, 10, pause(B))
        .during(10, 10, pause(B))
        .during(30, 10, crash(A))
        .ask(40, A, Ask::Send(B, 1))
        .during(40, 20, crash(A))
        .run();
    assert_eq!(run.milliseconds(EventKind::Resume, B), [10, 20]);
    assert_eq!(run.heard(B), [(A, 1)], "A is up again at 40 ms, hears the request, and crashes again");
    assert_eq!(run.milliseconds(EventKind::Restart, A), [40, 60]);
}

#[test]
fn a_late_node_misses_what_comes_before_it_boots() {
    let stage = Stage::of(2).node(B, |node| node.start = Time::ZERO.after(ms(50)));
    let run = stage.ask(0, A, Ask::Send(B, 1)).ask(40, A, Ask::Send(B, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Boot, B), [50]);
    assert_eq!(run.drops(), [(0, 10, B, "not-started")]);
    assert_eq!(run.heard(B), [(A, 2)], "at 50 ms, right after it booted");
}

#[test]
fn a_request_to_a_crashed_node_is_not_heard() {
    let run = Stage::of(2).at(0, crash(A)).ask(1, A, Ask::Send(B, 1)).run();
    let request = run.events(EventKind::Request).next().expect("it is in the trace");
    assert_eq!(request.why.as_deref(), Some("down"));
    assert_eq!(request.lamport, None, "nothing happened at the node");
    assert_eq!(run.events(EventKind::Send).count(), 0);
    assert_eq!(run.touched(), [("crash", 1)]);
}

#[test]
fn a_crash_after_so_many_sends_cuts_a_broadcast_short() {
    let doom = Action::Crash { targets: Targets::Node(A), after_sends: Some(4) };
    let run = Stage::of(4)
        .during(5, 20, doom)
        .ask(0, A, Ask::Broadcast)
        .ask(6, A, Ask::Broadcast)
        .ask(7, A, Ask::Broadcast)
        .ask(30, A, Ask::Broadcast)
        .run();
    assert_eq!(run.milliseconds(EventKind::Crash, A), [7]);
    assert_eq!(
        run.milliseconds(EventKind::Restart, A),
        [27],
        "it lasts from the crash on, not from the plan on"
    );
    assert_eq!(run.heard(B), [(A, 1), (A, 2), (A, 3), (A, 1)]);
    assert_eq!(run.heard(C), [(A, 1), (A, 2), (A, 1)]);
}

#[test]
fn any_means_as_many_as_it_says_of_those_it_can_apply_to() {
    for (quantity, wanted) in
        [(Quantity::One, 1), (Quantity::Minority, 2), (Quantity::Majority, 3), (Quantity::All, 5)]
    {
        for seed in 0..20 {
            let crash = Action::Crash { targets: Targets::Any(quantity), after_sends: None };
            let stage = Stage::of(5).at(0, crash.clone());
            let run = stage.ask_some(1, Targets::Any(Quantity::All), Ask::Broadcast).run_with(seed);
            assert_eq!(run.events(EventKind::Crash).count(), wanted);
            assert_eq!(run.events(EventKind::Send).count(), (5 - wanted) * 4);
            let twice = Stage::of(5).at(0, crash.clone()).at(1, crash).run_with(seed);
            assert_eq!(twice.events(EventKind::Crash).count(), (2 * wanted).min(5), "nobody crashes twice");
        }
    }
}

#[test]
fn every_node_is_drawn_equally_often() {
    let mut counts = [0_u32; 5];
    for seed in 0..2_000 {
        let run = Stage::of(5).ask_some(3, Targets::Any(Quantity::One), Ask::Save(1)).run_with(seed);
        let asked = run.events(EventKind::Request).next().and_then(|event| event.node);
        counts[asked.expect("somebody was asked").index()] += 1;
    }
    // 400 each, three standard deviations of 18.
    assert!(counts.iter().all(|count| (346..=454).contains(count)), "{counts:?}");
}
