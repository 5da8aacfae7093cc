//! Links: order, rate, queues, overrides, loss, damage, doubles.

use super::{
    probe::Ask,
    stage::{A, B, C, D, Run, Stage, delay, link, ms},
};
use synod::{
    trace::EventKind,
    world::{Action, LinkPatch, LinkPattern, Probability},
};

const HALF: u64 = 500_000_000;

/// How often something likely happened in so many messages lies within three standard deviations.
fn plausible(count: usize, of: usize, likely: f64) {
    let (mean, deviation) = (of as f64 * likely, (of as f64 * likely * (1.0 - likely)).sqrt());
    assert!(
        (count as f64 - mean).abs() <= 3.0 * deviation,
        "{count} of {of}, expected {mean} +- {deviation}"
    );
}

#[test]
fn losses_damage_and_doubles_are_as_likely_as_said() {
    let percent = |percent: u64| Probability::parts_per_billion(percent * 10_000_000);
    let run = Stage::of(2)
        .network(|network| {
            network.loss = percent(30);
            network.corrupt = percent(10);
            network.duplicate = percent(20);
        })
        .ask(0, A, Ask::Send(B, 20_000))
        .run();
    let dropped = |why| run.drops().iter().filter(|drop| drop.3 == why).count();
    let (lost, corrupt) = (dropped("loss"), dropped("corrupt"));
    plausible(lost, 20_000, 0.3);
    plausible(corrupt, 20_000 - lost, 0.1);
    let arrived = 20_000 - lost - corrupt;
    plausible(run.events(EventKind::Duplicate).count(), arrived, 0.2);
    assert_eq!(run.heard(B).len(), arrived + run.events(EventKind::Duplicate).count());
}

#[test]
fn certain_is_certain_and_never_is_never() {
    for (likely, wanted) in [(Probability::ZERO, 2_000), (Probability::ONE, 0)] {
        let stage = Stage::of(2).network(|network| network.loss = likely);
        assert_eq!(stage.ask(0, A, Ask::Send(B, 2_000)).run().heard(B).len(), wanted);
    }
}

#[test]
fn a_copy_has_a_delay_of_its_own_and_the_number_of_its_original() {
    let stage = Stage::of(2).network(|network| {
        network.jitter = ms(10);
        network.duplicate = Probability::ONE;
    });
    let run = stage.ask(0, A, Ask::Send(B, 1_000)).run();
    let mut times = vec![Vec::new(); 1_000];
    for event in run.events(EventKind::Receive) {
        times[event.message.expect("a message has a number") as usize].push(event.time);
    }
    assert!(times.iter().all(|times| times.len() == 2));
    assert!(times.iter().filter(|times| times[0] == times[1]).count() < 5, "delays of their own");
}

/// The letters that B heard stand in this order.
fn in_order(run: &Run) -> bool {
    run.heard(B).is_sorted_by_key(|(_, number)| *number)
}

#[test]
fn nothing_overtakes_on_a_fifo_link() {
    let stage = |fifo: bool| {
        let stage = Stage::of(3).network(|network| {
            network.jitter = ms(10);
            network.duplicate = Probability::parts_per_billion(HALF);
            network.loss = Probability::parts_per_billion(HALF);
            network.fifo = fifo;
        });
        (0..100).fold(stage, |stage, step| stage.ask(step, A, Ask::Send(B, 5)).ask(step, C, Ask::Send(A, 1)))
    };
    assert!(in_order(&stage(true).run()));
    assert!(!in_order(&stage(false).run()));
}

#[test]
fn order_is_kept_on_each_link_and_not_between_links() {
    let stage = Stage::of(3).network(|network| network.fifo = true).link(A, B, delay(50));
    let run = stage.ask(0, A, Ask::Send(B, 1)).ask(1, C, Ask::Send(B, 1)).run();
    assert_eq!(run.heard(B), [(C, 1), (A, 1)]);
}

#[test]
fn a_reordered_message_skips_the_delay_even_on_a_fifo_link() {
    for fifo in [false, true] {
        let stage = Stage::of(2).network(|network| network.fifo = fifo);
        let skip = LinkPatch { reorder: Some(Probability::ONE), ..LinkPatch::default() };
        let stage = stage.during(2, 1, Action::Link(link(A, B), skip)).ask(0, A, Ask::Send(B, 1));
        let run = stage.ask(2, A, Ask::Send(B, 1)).ask(4, A, Ask::Send(B, 1)).run();
        assert_eq!(run.heard(B), [(A, 2), (A, 1), (A, 3)]);
        assert_eq!(run.milliseconds(EventKind::Receive, B), [2, 10, 14]);
    }
}

#[test]
fn a_link_with_a_rate_carries_one_message_after_another() {
    // {"Letter":1} is 12 bytes: 12 ms each at 8 kbit a second.
    let stage = Stage::of(2).network(|network| network.rate = Some(8_000));
    let run = stage.ask(0, A, Ask::Send(B, 3)).ask(100, A, Ask::Send(B, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Receive, B), [22, 34, 46, 122]);
}

#[test]
fn each_direction_has_a_rate_of_its_own() {
    let stage = Stage::of(3).network(|network| network.rate = Some(8_000));
    let run = stage.ask(0, A, Ask::Broadcast).ask(0, B, Ask::Send(A, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Receive, A), [22]);
    assert_eq!(run.milliseconds(EventKind::Receive, B), [22]);
    assert_eq!(run.milliseconds(EventKind::Receive, C), [22]);
}

#[test]
fn a_full_queue_drops_what_comes_and_has_room_when_a_message_has_left() {
    let stage = Stage::of(2).network(|network| {
        network.rate = Some(8_000);
        network.limit = Some(2);
    });
    let run = stage.ask(0, A, Ask::Send(B, 3)).ask(11, A, Ask::Send(B, 1)).ask(12, A, Ask::Send(B, 1)).run();
    assert_eq!(run.drops(), [(2, 0, B, "queue-full"), (3, 11, B, "queue-full")]);
    assert_eq!(run.heard(B), [(A, 1), (A, 2), (A, 5)]);
    assert_eq!(run.milliseconds(EventKind::Receive, B), [22, 34, 46]);
}

#[test]
fn the_last_matching_override_wins_key_by_key() {
    let mut stage = Stage::of(4).network(|network| network.loss = Probability::ONE);
    let from_a = LinkPattern::Directed { from: Some(A), to: None };
    let sure = LinkPatch { loss: Some(Probability::ZERO), ..delay(20) };
    stage.setup.links =
        vec![(from_a, sure), (LinkPattern::Between(vec![A, B]), delay(50)), (link(A, B), delay(30))];
    let run = stage.ask(0, A, Ask::Broadcast).ask(0, B, Ask::Send(A, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Receive, B), [30]);
    assert_eq!(run.milliseconds(EventKind::Receive, C), [20]);
    assert_eq!(
        run.drops(),
        [(3, 50, A, "loss")],
        "the way back has the second entry's delay and the base's loss"
    );
}

#[test]
fn a_link_event_changes_what_is_sent_while_it_lasts() {
    let stage = Stage::of(2).during(5, 10, Action::Link(link(A, B), delay(100)));
    let run = [0, 5, 14, 15].into_iter().fold(stage, |stage, at| stage.ask(at, A, Ask::Send(B, 1))).run();
    assert_eq!(run.milliseconds(EventKind::Receive, B), [10, 25, 105, 114]);
    assert_eq!(run.touched(), [("link", 2)]);
}

#[test]
fn every_link_event_in_force_is_on_account() {
    let slow = Action::Link(LinkPattern::Between(vec![A, B]), delay(100));
    let lossy = LinkPatch { loss: Some(Probability::ONE), ..LinkPatch::default() };
    let lossy = Action::Link(link(A, B), lossy);
    let elsewhere = Action::Link(link(C, D), delay(1));
    let run = Stage::of(4).at(0, slow).at(0, lossy).at(0, elsewhere).ask(1, A, Ask::Send(B, 1)).run();
    assert_eq!(run.touched(), [("link", 1), ("link", 1), ("link", 0)]);
    assert_eq!(run.drops(), [(0, 101, B, "loss")]);
}

#[test]
fn a_message_to_oneself_arrives_at_once_whatever_the_network() {
    let stage = Stage::of(2).network(|network| network.loss = Probability::ONE);
    let run = stage.at(0, Action::Partition(vec![vec![A], vec![B]])).ask(5, A, Ask::Send(A, 1)).run();
    assert_eq!(run.milliseconds(EventKind::Receive, A), [5]);
}
