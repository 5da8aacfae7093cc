//! Partitions, cuts and drops: what becomes of messages under way.

use super::{
    probe::Ask,
    stage::{A, B, C, Stage, link, ms, pause},
};
use synod::{
    process::ProcessId,
    trace::EventKind,
    world::{Action, Heal, LinkPatch, LinkPattern},
};

fn apart(groups: &[&[ProcessId]]) -> Action {
    Action::Partition(groups.iter().map(|group| group.to_vec()).collect())
}

/// A letter from A to B every 10 ms from 0 ms on: letter k is sent at 10 (k - 1) ms.
fn letters(mut stage: Stage, count: u64) -> Stage {
    for number in 0..count {
        stage = stage.ask(10 * number, A, Ask::Send(B, 1));
    }
    stage
}

#[test]
fn a_partition_kills_in_flight_messages_when_they_would_arrive() {
    let stage = letters(Stage::of(2).network(|network| network.delay = ms(25)), 5);
    let run = stage.during(26, 20, apart(&[&[A], &[B]])).run();
    assert_eq!(run.drops(), [(1, 35, B, "partition"), (2, 45, B, "partition")]);
    assert_eq!(run.heard(B), [(A, 1), (A, 4), (A, 5)], "the last two left during the partition");
    assert_eq!(run.touched(), [("partition", 2)]);
}

#[test]
fn a_cut_kills_in_flight_messages_when_they_would_arrive_and_one_way_only() {
    let stage = letters(Stage::of(2).network(|network| network.delay = ms(25)), 5);
    let run = stage.ask(15, B, Ask::Send(A, 1)).during(26, 20, Action::Cut(link(A, B))).run();
    assert_eq!(run.drops(), [(1, 35, B, "cut"), (3, 45, B, "cut")]);
    assert_eq!(run.heard(B), [(A, 1), (A, 4), (A, 5)]);
    assert_eq!(run.heard(A), [(B, 1)], "it arrives at 40 ms, in the middle of the cut");
}

#[test]
fn a_partition_spares_those_in_the_same_group_and_unnamed_nodes_form_one() {
    let run = Stage::of(4).at(0, apart(&[&[A, B]])).ask(1, A, Ask::Broadcast).ask(1, C, Ask::Broadcast).run();
    assert_eq!(run.heard(B), [(A, 1)]);
    assert_eq!(run.heard(ProcessId(3)), [(C, 1)]);
    assert_eq!(run.drops().len(), 4);
}

#[test]
fn overlapping_partitions_end_one_by_one() {
    let stage = Stage::of(3).network(|network| network.delay = ms(1));
    let stage = stage.during(10, 20, apart(&[&[A, B], &[C]])).during(20, 20, apart(&[&[A], &[B, C]]));
    let run = (0..5).fold(stage, |stage, step| stage.ask(5 + 10 * step, B, Ask::Broadcast)).run();
    assert_eq!(run.heard(A), [(B, 1), (B, 2), (B, 5)]);
    assert_eq!(run.heard(C), [(B, 1), (B, 4), (B, 5)]);
    let ends = run.events(EventKind::Heal).map(|event| event.time / 1_000_000);
    assert_eq!(ends.collect::<Vec<_>>(), [30, 40]);
}

#[test]
fn healing_ends_what_it_names_and_what_has_healed_does_not_end_again() {
    let run = |heal| {
        let lossy = LinkPatch { loss: Some(synod::world::Probability::ONE), ..LinkPatch::default() };
        let run = Stage::of(4)
            .during(0, 100, apart(&[&[A]]))
            .during(0, 100, Action::Cut(link(B, C)))
            .during(0, 100, Action::Link(link(B, ProcessId(3)), lossy))
            .at(20, Action::Heal(heal))
            .ask(30, B, Ask::Broadcast)
            .run();
        let why: Vec<String> = run.drops().iter().map(|(_, _, _, why)| (*why).to_owned()).collect();
        (why, run.events(EventKind::Heal).count())
    };
    let all = |list: &[&str]| list.iter().map(|why| (*why).to_owned()).collect::<Vec<_>>();
    assert_eq!(run(Heal::All), (vec![], 1));
    assert_eq!(run(Heal::Partitions), (all(&["cut", "loss"]), 3));
    assert_eq!(run(Heal::Cuts), (all(&["partition", "loss"]), 3));
    assert_eq!(run(Heal::Links), (all(&["partition", "cut"]), 3));
}

#[test]
fn at_equal_times_ends_come_before_plans_and_plans_before_messages() {
    let run = letters(Stage::of(2), 3).during(10, 10, apart(&[&[A], &[B]])).run();
    assert_eq!(run.heard(B), [(A, 2), (A, 3)], "arrivals at 10, 20, 30 ms; the partition is [10, 20)");
}

#[test]
fn a_cut_of_all_links_to_a_node_is_no_cut_of_those_from_it() {
    let deaf = LinkPattern::Directed { from: None, to: Some(B) };
    let run = Stage::of(3).at(0, Action::Cut(deaf)).ask(1, A, Ask::Broadcast).ask(1, B, Ask::Broadcast).run();
    assert_eq!(run.heard(B), []);
    assert_eq!(run.heard(A), [(B, 1)]);
    assert_eq!(run.heard(C), [(A, 1), (B, 1)]);
}

#[test]
fn a_drop_takes_the_message_it_counts_to_and_no_other() {
    let drop =
        |kind: Option<&str>, nth| Action::Drop { links: link(A, B), kind: kind.map(str::to_owned), nth };
    let ask = |stage: Stage| {
        let stage = letters(stage, 3).ask(15, A, Ask::Telegram(B)).ask(16, A, Ask::Send(C, 1));
        stage.ask(17, B, Ask::Send(A, 1))
    };
    let run = ask(Stage::of(3).at(5, drop(Some("Letter"), 2))).run();
    assert_eq!(run.heard(B), [(A, 1), (A, 2), (A, 3)], "letter 5 is lost, sent third at 20 ms");
    let run = ask(Stage::of(3).at(5, drop(None, 2))).run();
    assert_eq!(run.heard(B), [(A, 1), (A, 2), (A, 5)], "telegram 3 is lost");
    assert_eq!(run.touched(), [("drop", 1)]);
    assert_eq!(run.drops()[0].3, "dropped");
}

#[test]
fn what_has_come_to_a_paused_node_is_past_a_partition() {
    let run = letters(Stage::of(2), 3).during(5, 30, pause(B)).at(15, apart(&[&[A], &[B]])).run();
    assert_eq!(run.heard(B), [(A, 1)]);
    assert_eq!(run.milliseconds(EventKind::Receive, B), [35]);
    assert_eq!(run.drops(), [(1, 20, B, "partition"), (2, 30, B, "partition")]);
}
