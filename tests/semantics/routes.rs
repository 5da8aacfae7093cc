//! Messages to nodes that are no neighbours: refused, or passed on.

use super::{
    probe::Ask,
    stage::{A, B, C, D, Stage, crash, delay, link, ms, pause},
};
use synod::{
    process::{Names, ProcessId},
    trace::EventKind,
    world::{Action, LinkPatch, Probability, Shape},
};

fn line(nodes: u32) -> Stage {
    Stage::of(nodes).shape(Shape::Line, true)
}

#[test]
fn a_message_to_a_stranger_is_refused_unless_it_is_routed() {
    let run = Stage::of(3).shape(Shape::Line, false).ask(5, A, Ask::Broadcast).run();
    assert_eq!(run.drops(), [(1, 5, C, "no-link")]);
    let run = line(3).ask(5, A, Ask::Broadcast).run();
    assert_eq!(run.milliseconds(EventKind::Receive, C), [25]);
    assert_eq!(run.events(EventKind::Send).count(), 2, "passing on is nobody's message");
}

#[test]
fn there_is_no_way_to_an_island() {
    let run = Stage::of(3).shape(Shape::Edges(vec![(A, B)]), true).ask(0, A, Ask::Send(C, 1)).run();
    assert_eq!(run.drops(), [(0, 0, C, "no-link")]);
}

#[test]
fn each_link_of_a_route_treats_the_message_as_its_own() {
    let run = line(4).link(B, C, delay(100)).link(C, B, delay(7)).ask(0, A, Ask::Send(D, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Receive, D), [120]);
    let lossy = LinkPatch { loss: Some(Probability::ONE), ..LinkPatch::default() };
    let run = line(4).link(B, C, lossy).ask(0, A, Ask::Send(D, 1)).run();
    assert_eq!(run.drops(), [(0, 20, C, "loss")], "it is lost on the second link, on the way to C");
}

#[test]
fn a_route_goes_the_shortest_way_and_of_two_by_the_first_neighbour() {
    let run = Stage::of(6).shape(Shape::Ring, true).at(0, crash(B)).ask(1, A, Ask::Broadcast).run();
    assert_eq!(run.drops(), [(0, 11, B, "down"), (1, 11, B, "down"), (2, 11, B, "down")]);
    assert_eq!(run.heard(ProcessId(4)), [(A, 1)]);
}

#[test]
fn a_paused_relay_keeps_what_it_would_pass_on_in_order() {
    let run =
        line(3).during(5, 45, pause(B)).ask(0, A, Ask::Send(C, 2)).at(20, Action::Cut(link(A, B))).run();
    assert_eq!(run.milliseconds(EventKind::Receive, C), [60, 60], "the cut of the first link comes too late");
    assert_eq!(run.heard(C), [(A, 1), (A, 2)]);
    assert_eq!(run.touched(), [("pause", 2), ("cut", 0)]);
}

#[test]
fn a_relay_that_crashes_loses_what_has_not_come_to_it_yet() {
    let run = line(3).ask(0, A, Ask::Send(C, 1)).ask(8, A, Ask::Send(C, 1)).at(15, crash(B)).run();
    assert_eq!(run.heard(C), [(A, 1)], "the first had been passed on");
    assert_eq!(run.drops(), [(1, 18, B, "down")]);
}

#[test]
fn a_barrier_anywhere_on_the_way_kills_what_comes_to_it() {
    let run = line(3).ask(0, A, Ask::Send(C, 1)).at(15, Action::Cut(link(B, C))).run();
    assert_eq!(run.drops(), [(0, 20, C, "cut")]);
    let run = line(3).ask(0, A, Ask::Send(C, 1)).at(0, Action::Partition(vec![vec![A, C], vec![B]])).run();
    assert_eq!(run.drops(), [(0, 10, B, "partition")], "ends in one group do not help");
}

#[test]
fn a_relay_keeps_the_order_of_a_fifo_link_among_all_whose_messages_it_passes_on() {
    // A's first letter is slow on its way to the relay B; D's letter is there before it and is held up on the last link.
    let shape = Shape::Edges(vec![(A, B), (B, C), (B, D)]);
    let slow = Action::Link(link(B, C), delay(100));
    let stage = Stage::of(4).shape(shape, true).network(|network| network.fifo = true);
    let run = stage
        .link(A, B, delay(30))
        .during(5, 10, slow)
        .ask(0, A, Ask::Send(C, 1))
        .ask(1, D, Ask::Send(C, 1))
        .run();
    assert_eq!(run.heard(C), [(D, 1), (A, 1)]);
    assert_eq!(run.milliseconds(EventKind::Receive, C), [111, 111]);
}

#[test]
fn any_link_of_a_route_may_double_a_message() {
    let twice = || LinkPatch { duplicate: Some(Probability::ONE), ..LinkPatch::default() };
    for (from, to, copies) in [(A, B, 2), (B, C, 2), (C, D, 2)] {
        let run = line(4).link(from, to, twice()).ask(0, A, Ask::Send(D, 1)).run();
        assert_eq!(run.heard(D), vec![(A, 1); copies], "doubled between {from:?} and {to:?}");
        assert_eq!(run.events(EventKind::Receive).filter(|event| event.message == Some(0)).count(), 2);
    }
    let run =
        line(4).network(|network| network.duplicate = Probability::ONE).ask(0, A, Ask::Send(D, 1)).run();
    assert_eq!(run.heard(D).len(), 8);
    let cut = line(4).link(B, C, twice()).at(0, Action::Cut(link(C, D))).ask(1, A, Ask::Send(D, 1)).run();
    assert_eq!(cut.drops().len(), 2);
}

#[test]
fn shapes_are_as_wide_as_they_are_known_to_be() {
    let farthest = |shape: Shape, nodes: u32, from: u32| {
        let stage =
            Stage::named(Names::Numbered(nodes)).shape(shape, true).network(|network| network.delay = ms(1));
        let run = stage.ask(0, ProcessId(from), Ask::Broadcast).run();
        assert_eq!(run.events(EventKind::Receive).count() as u32, nodes - 1);
        run.summary.time.0 / 1_000_000
    };
    assert_eq!(farthest(Shape::Complete, 20, 3), 1);
    assert_eq!(farthest(Shape::Ring, 20, 3), 10);
    assert_eq!(farthest(Shape::Line, 20, 0), 19);
    assert_eq!(farthest(Shape::Star, 20, 3), 2);
    assert_eq!(farthest(Shape::Tree { children: 2 }, 31, 0), 4);
    assert_eq!(farthest(Shape::Tree { children: 3 }, 40, 39), 6);
    assert_eq!(farthest(Shape::Grid, 25, 0), 8);
    assert_eq!(farthest(Shape::Torus, 25, 0), 4);
    assert_eq!(farthest(Shape::Hypercube, 32, 0), 5);
}
