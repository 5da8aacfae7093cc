//! Nodes' own clocks, and timers that run on them.

use super::{
    probe::{Ask, Told},
    stage::{A, B, Stage, crash, ms, pause},
};
use synod::{
    trace::EventKind,
    world::{Action, ClockChange, Targets},
};

const PERCENT: i64 = 10_000_000;

fn change(change: ClockChange) -> Action {
    Action::Clock(Targets::Node(A), change)
}

/// A timer of 100 ms, set at 0 ms.
fn timer(stage: Stage) -> Stage {
    stage.ask(0, A, Ask::Timer(1, ms(100)))
}

/// When the timer of a clock that changes so at 40 ms runs out, in milliseconds, and what the clock shows then.
fn runs_out(what: ClockChange, lasts: Option<u64>) -> (u64, i64) {
    let stage = timer(Stage::of(1));
    let run = match lasts {
        Some(lasts) => stage.during(40, lasts, change(what)),
        None => stage.at(40, change(what)),
    }
    .run();
    assert_eq!(run.touched(), [("clock", 1)]);
    let Some(Told::RanOut(1, shows)) = run.told(A).pop() else { panic!("the timer runs out") };
    (run.milliseconds(EventKind::Timer, A)[0], shows / 1_000_000)
}

#[test]
fn timers_run_on_the_nodes_own_clock() {
    for (drift, wanted) in [(0, 100), (100 * PERCENT, 50), (-50 * PERCENT, 200)] {
        let run = timer(Stage::of(1).node(A, |node| node.clock_drift = drift)).run();
        assert_eq!(run.milliseconds(EventKind::Timer, A), [wanted]);
        assert_eq!(run.told(A)[1], Told::RanOut(1, 100_000_000), "by its own clock it is always 100 ms");
    }
}

#[test]
fn an_offset_moves_what_a_clock_shows_and_no_timer() {
    for offset in [-3_600_000_000_000_i64, 86_400_000_000_000] {
        let run = timer(Stage::of(2).node(A, |node| node.clock_offset = offset)).run();
        assert_eq!(run.milliseconds(EventKind::Timer, A), [100]);
        assert_eq!(run.told(A)[1], Told::RanOut(1, offset + 100_000_000));
    }
}

#[test]
fn a_clock_that_changes_takes_its_timers_with_it() {
    assert_eq!(runs_out(ClockChange::Step(30_000_000), None), (70, 100));
    assert_eq!(runs_out(ClockChange::Step(5_000_000_000), None), (40, 5_040), "overdue at once");
    assert_eq!(runs_out(ClockChange::Step(-30_000_000), None), (130, 100));
    assert_eq!(runs_out(ClockChange::Drift(100 * PERCENT), None), (70, 100));
    assert_eq!(runs_out(ClockChange::Drift(-50 * PERCENT), None), (160, 100));
    assert_eq!(runs_out(ClockChange::Drift(-50 * PERCENT), Some(40)), (120, 100));
    assert_eq!(runs_out(ClockChange::Freeze, Some(500)), (600, 100));
}

#[test]
fn a_timer_on_a_clock_that_stands_still_for_good_never_runs_out() {
    let run = timer(Stage::of(1)).at(40, change(ClockChange::Freeze)).ask(50, A, Ask::Timer(2, ms(1))).run();
    assert_eq!(run.events(EventKind::Timer).count(), 0);
}

#[test]
fn changes_of_a_clock_end_one_by_one() {
    let run = Stage::of(1)
        .during(0, 100, change(ClockChange::Drift(100 * PERCENT)))
        .during(50, 100, change(ClockChange::Drift(-50 * PERCENT)))
        .ask(0, A, Ask::Timer(1, ms(300)))
        .run();
    // It shows 100 ms at 50 ms, 150 ms at 150 ms, and runs as it should from then on.
    assert_eq!(run.milliseconds(EventKind::Timer, A), [300]);
    let stage = timer(Stage::of(1)).during(10, 100, change(ClockChange::Freeze));
    let run = stage.during(60, 100, change(ClockChange::Freeze)).run();
    assert_eq!(run.milliseconds(EventKind::Timer, A), [250], "it stands still from 10 ms to 160 ms");
}

#[test]
fn a_timer_of_a_paused_node_waits_and_its_clock_does_not() {
    let run = timer(Stage::of(1)).during(50, 200, pause(A)).run();
    assert_eq!(run.milliseconds(EventKind::Timer, A), [250]);
    assert_eq!(run.told(A)[1], Told::RanOut(1, 250_000_000));
}

#[test]
fn a_clock_survives_a_crash() {
    let run = Stage::of(1)
        .at(10, change(ClockChange::Step(1_000_000_000)))
        .ask(5, A, Ask::Save(1))
        .during(20, 10, crash(A))
        .ask(40, A, Ask::Timer(1, ms(10)))
        .run();
    assert_eq!(run.told(A).pop(), Some(Told::RanOut(1, 1_050_000_000)));
}

#[test]
fn a_timer_set_again_starts_anew_and_a_cancelled_one_never_runs_out() {
    let run = timer(Stage::of(1)).ask(60, A, Ask::Timer(1, ms(100))).ask(60, A, Ask::Timer(2, ms(5))).run();
    assert_eq!(run.milliseconds(EventKind::Timer, A), [65, 160]);
    let run = timer(Stage::of(1)).ask(60, A, Ask::SetAndCancel(1, ms(100))).run();
    assert_eq!(run.events(EventKind::Timer).count(), 0);
}

#[test]
fn a_clock_change_touches_when_its_node_looks_at_the_clock() {
    let step = |by| change(ClockChange::Step(by));
    let idle = Stage::of(2).at(10, step(1)).ask(5, A, Ask::Save(1)).ask(20, B, Ask::Save(1)).run();
    assert_eq!(idle.touched(), [("clock", 0)]);
    let both = Stage::of(2).at(10, step(1)).at(11, step(2)).ask(20, A, Ask::Save(1)).run();
    assert_eq!(both.touched(), [("clock", 1), ("clock", 1)]);
    let timer = timer(Stage::of(1)).at(10, step(1)).run();
    assert_eq!(timer.touched(), [("clock", 1)]);
}
