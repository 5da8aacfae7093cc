//! A draw belongs to what it is drawn for: what is added elsewhere leaves it as it was.

use super::{
    probe::{Ask, Told},
    stage::{A, B, C, D, Run, Stage, crash, delay, link, ms},
};
use std::collections::BTreeMap;
use synod::{
    process::{Names, ProcessId},
    trace::EventKind,
    world::{Action, Distribution, LinkPatch, Probability, Quantity, Targets},
};

/// Letters on every link among three nodes, the first of them `first`, over a network that draws all there is to draw.
fn stage(names: Names, first: u32) -> Stage {
    let stage = Stage::named(names).network(|network| {
        network.jitter = ms(9);
        network.distribution = Distribution::Lognormal;
        network.loss = Probability::parts_per_billion(200_000_000);
        network.duplicate = Probability::parts_per_billion(200_000_000);
        network.reorder = Probability::parts_per_billion(100_000_000);
    });
    let [a, b, c] = [first, first + 1, first + 2].map(ProcessId);
    let stage = stage.ask(3, a, Ask::TimerBetween(1, ms(50), ms(90))).ask(4, a, Ask::Choose(1_000_000));
    [(a, b), (b, a), (a, c), (c, a), (b, c), (c, b)]
        .into_iter()
        .fold(stage, |stage, (from, to)| stage.ask(1, from, Ask::Send(to, 3)).ask(2, from, Ask::Send(to, 4)))
}

fn numbered(nodes: u32) -> Stage {
    stage(Names::Numbered(nodes), 0)
}

type Fates = BTreeMap<(String, String), Vec<(u64, EventKind)>>;

/// What became when of the messages on each link among A, B and C, and of A's timer, by name.
fn fates(run: &Run, names: &Names) -> Fates {
    let mut fates = Fates::new();
    let name = |id: Option<ProcessId>| id.map(|id| names.name(id).into_owned()).unwrap_or_default();
    for event in &run.events {
        if matches!(event.kind, EventKind::Receive | EventKind::Drop | EventKind::Timer) {
            fates.entry((name(event.from), name(event.node))).or_default().push((event.time, event.kind));
        }
    }
    fates
}

/// Every fate of the one is a fate of the other.
fn assert_kept(before: &Fates, after: &Fates) {
    assert_eq!(before.len(), 7);
    for (link, fates) in before {
        assert_eq!(after.get(link), Some(fates), "{link:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    let names = Names::Numbered(3);
    let run = |seed| fates(&numbered(3).run_with(seed), &names);
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

#[test]
fn a_node_more_leaves_every_other_draw_as_it_was() {
    let before = fates(&numbered(3).run(), &Names::Numbered(3));
    let more = numbered(4).ask(1, D, Ask::Broadcast).ask(2, D, Ask::Broadcast).run();
    let mut after = fates(&more, &Names::Numbered(4));
    after.retain(|(from, _), _| from != "n4");
    assert_kept(&before, &after);
}

#[test]
fn a_node_that_comes_first_leaves_every_other_draw_as_it_was() {
    let list = |names: &[&str]| Names::listed(names.iter().map(|name| (*name).to_owned()).collect());
    let (few, more) = (list(&["ada", "bo", "cy"]), list(&["zoe", "ada", "bo", "cy"]));
    let before = fates(&stage(few.clone(), 0).run(), &few);
    assert_kept(&before, &fates(&stage(more.clone(), 1).run(), &more));
}

#[test]
fn a_fault_elsewhere_leaves_every_other_draw_as_it_was() {
    let before = fates(&numbered(4).run(), &Names::Numbered(4));
    let run = numbered(4)
        .at(0, Action::Link(link(D, A), delay(500)))
        .during(1, 5, crash(D))
        .at(2, Action::Cut(link(A, D)))
        .at(2, Action::Drop { links: link(D, B), kind: None, nth: 1 })
        .run();
    assert_kept(&before, &fates(&run, &Names::Numbered(4)));
}

#[test]
fn a_message_on_another_link_leaves_every_other_draw_as_it_was() {
    let before = fates(&numbered(4).run(), &Names::Numbered(4));
    let run = numbered(4).ask(0, A, Ask::Send(D, 40)).ask(0, D, Ask::Send(D, 3)).run();
    let mut after = fates(&run, &Names::Numbered(4));
    after.retain(|(_, to), _| to != "n4");
    assert_kept(&before, &after);
}

#[test]
fn a_lost_message_leaves_the_delays_of_others_as_they_were() {
    let run = |loss| {
        let stage = Stage::of(2).network(|network| network.jitter = ms(9));
        let patch = LinkPatch { loss: Some(loss), ..LinkPatch::default() };
        let run = stage.link(A, B, patch).ask(0, A, Ask::Send(B, 200)).run();
        let receive = run.events(EventKind::Receive).map(|event| (event.message, event.time));
        receive.collect::<BTreeMap<_, _>>()
    };
    let (all, some) = (run(Probability::ZERO), run(Probability::parts_per_billion(500_000_000)));
    assert!(all.len() == 200 && (60..140).contains(&some.len()));
    assert!(some.iter().all(|(message, time)| all.get(message) == Some(time)));
}

#[test]
fn choices_and_timers_are_each_nodes_own() {
    let run = |stage: Stage| {
        let run =
            stage.ask(5, B, Ask::Choose(1_000_000)).ask(5, B, Ask::TimerBetween(1, ms(1), ms(999))).run();
        run.told(B)
    };
    let others = Stage::of(3).ask(1, A, Ask::Choose(3)).ask(2, C, Ask::TimerBetween(1, ms(1), ms(9)));
    assert_eq!(run(Stage::of(2)), run(others));
    let Told::Chose(chosen) = run(Stage::of(2))[1] else { panic!("B chooses first") };
    assert!(chosen < 1_000_000);
}

/// Who is asked at 10 ms, of those that are drawn.
fn asked(stage: Stage, seed: u64) -> Vec<ProcessId> {
    let run = stage.ask_some(10, Targets::Any(Quantity::Minority), Ask::Save(1)).run_with(seed);
    run.events(EventKind::Request)
        .filter(|event| event.time == 10_000_000)
        .filter_map(|event| event.node)
        .collect()
}

#[test]
fn who_is_drawn_does_not_depend_on_what_else_is_planned() {
    for seed in 0..20 {
        let before = asked(Stage::of(7), seed);
        assert_eq!(before.len(), 3);
        let busy = Stage::of(7).ask(1, A, Ask::Save(1)).at(5, Action::Cut(link(A, B)));
        assert_eq!(asked(busy.ask_some(6, Targets::Any(Quantity::One), Ask::Save(2)), seed), before);
    }
}

#[test]
fn two_draws_at_the_same_time_are_two_draws() {
    let differ = |seed: u64| {
        let stage = Stage::of(7).ask_some(10, Targets::Any(Quantity::Minority), Ask::Save(2));
        let all = asked(stage, seed);
        all[..3] != all[3..]
    };
    assert!((0..20).filter(|seed| differ(*seed)).count() > 15);
}

#[test]
fn a_node_more_joins_those_drawn_or_changes_nothing() {
    for seed in 0..50 {
        let (before, after) = (asked(Stage::of(7), seed), asked(Stage::of(8), seed));
        let new = after.iter().filter(|node| !before.contains(node)).collect::<Vec<_>>();
        assert!(new.is_empty() || new == [&ProcessId(7)], "{before:?} {after:?}");
    }
}
