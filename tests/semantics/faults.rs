//! Faults must be real: one that touched nothing is reported, and fails the run unless it may.

use super::{
    probe::{Ask, Probe},
    stage::{A, B, C, Stage, crash, link, ms, pause},
};
use synod::{
    process::{End, Time},
    registry::{Options, Outcome, Registry, Standing},
    scenario::load,
    trace::EventKind,
    world::Action,
};

/// Runs a scenario of two nodes in which n1 broadcasts at 10 ms over links of 10 ms, with these events and ending.
fn outcome(events: &[&str], rest: &str) -> Outcome {
    let events: String = events.iter().map(|event| format!("  - {event}\n")).collect();
    let text = format!(
        "version: 1\nalgorithm: best-effort-broadcast\nnodes: 2\nnetwork: {{delay: 10ms}}\nevents:\n  \
         - {{at: 10ms, node: n1, request: {{broadcast: x}}}}\n{events}{rest}\n"
    );
    let registry = Registry::standard().with::<Probe>();
    let plan = load("inline.yaml", text.as_bytes(), &[], None, &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    registry.run(&plan, &Options::default()).expect("the plan is this registry's")
}

/// The kinds of the faults that touched nothing, and the run in one word.
fn idle(event: &str) -> (Vec<&'static str>, Standing) {
    let outcome = outcome(&[event], "check: [integrity]");
    (outcome.idle.iter().map(|idle| idle.kind).collect(), outcome.standing())
}

#[test]
fn a_fault_that_touches_nothing_fails_the_run() {
    for (kind, event) in [
        ("partition", "{at: 30ms, partition: [[n1], [n2]]}"),
        ("partition", "{at: 11ms, partition: [[n1], [n2]], for: 5ms}"),
        ("cut", "{at: 0s, cut: {from: n2, to: n1}}"),
        ("link", "{at: 15ms, link: {from: n1, to: n2, delay: 1s}}"),
        ("drop", "{at: 0s, drop: {from: n1, to: n2, nth: 2}}"),
        ("crash", "{at: 0s, crash: n1, for: 5ms}"),
        ("crash", "{at: 0s, crash: n2, after-sends: 1}"),
        ("pause", "{at: 11ms, pause: n2, for: 5ms}"),
        ("clock", "{at: 30ms, clock: {node: n1, step: 1s}}"),
    ] {
        assert_eq!(idle(event), (vec![kind], Standing::Failed), "{event}");
    }
}

#[test]
fn a_fault_that_touches_something_is_real() {
    for event in [
        "{at: 15ms, cut: {from: n1, to: n2}, for: 10ms}",
        "{at: 0s, drop: {from: n1, to: n2}}",
        "{at: 30ms, crash: n1}",
        "{at: 15ms, crash: n2}",
        "{at: 15ms, pause: n2, for: 10ms}",
        "{at: 0s, pause: n1, for: 11ms}",
        "{at: 0s, clock: {node: n1, step: 1s}}",
        "{at: 0s, link: {from: n1, to: n2, delay: 1s}}",
    ] {
        assert_eq!(idle(event), (vec![], Standing::Passed), "{event}");
    }
}

#[test]
fn a_fault_that_may_miss_is_reported_and_fails_nothing() {
    let outcome = outcome(&["{at: 30ms, partition: [[n1], [n2]], may-miss: true}"], "check: [integrity]");
    let idle: Vec<(u32, &str, bool)> =
        outcome.idle.iter().map(|idle| (idle.entry, &*idle.at, idle.allowed)).collect();
    assert_eq!(idle, [(1, "30ms", true)]);
    assert_eq!(outcome.standing(), Standing::Passed);
}

#[test]
fn one_real_repetition_does_not_excuse_the_idle_ones() {
    let outcome =
        outcome(&["{at: 15ms, cut: {from: n1, to: n2}, for: 10ms, every: 50ms, times: 2}"], "check: []");
    let at: Vec<&str> = outcome.idle.iter().map(|idle| &*idle.at).collect();
    assert_eq!(at, ["65ms"]);
}

#[test]
fn a_property_that_was_never_exercised_is_vacuous_and_does_not_hold() {
    let vacuous = |expect: &str| {
        let rest = format!("check: [validity]\nexpect: {{{expect}}}");
        outcome(&["{at: 0s, crash: {any: all}}"], &rest)
    };
    assert_eq!(vacuous("validity: vacuous").standing(), Standing::Passed);
    let outcome = vacuous("validity: holds");
    assert_eq!(outcome.footer.verdicts["validity"].name(), "vacuous");
    assert_eq!(outcome.standing(), Standing::Failed);
}

#[test]
fn a_fault_is_charged_for_each_thing_it_touches() {
    let run = Stage::of(3)
        .during(5, 30, crash(B))
        .during(50, 30, pause(B))
        .ask(1, B, Ask::Save(1))
        .ask(6, A, Ask::Broadcast)
        .ask(7, B, Ask::Save(2))
        .ask(51, C, Ask::Broadcast)
        .run();
    assert_eq!(run.touched(), [("crash", 3), ("pause", 1)], "a state, a message, a request; a message");
}

#[test]
fn a_run_ends_when_nothing_is_left_or_at_its_deadline() {
    let stage = |until| {
        let mut stage = Stage::of(2).ask(0, A, Ask::Send(B, 1)).ask(5, A, Ask::Send(B, 1));
        stage.setup.until = until;
        stage.run()
    };
    assert_eq!((stage(None).summary.end, stage(None).heard(B).len()), (End::Quiescent, 2));
    let deadline = stage(Some(Time::ZERO.after(ms(10))));
    assert_eq!((deadline.summary.end, deadline.heard(B).len()), (End::Deadline, 1), "the last moment counts");
}

#[test]
fn whatever_separates_nodes_is_in_the_trace_with_its_end() {
    let run = Stage::of(2)
        .during(1, 2, Action::Partition(vec![vec![A], vec![B]]))
        .during(4, 2, Action::Cut(link(A, B)))
        .run();
    let kinds: Vec<(u64, EventKind)> =
        run.events[4..].iter().map(|event| (event.time / 1_000_000, event.kind)).collect();
    assert_eq!(
        kinds,
        [(1, EventKind::Partition), (3, EventKind::Heal), (4, EventKind::Cut), (6, EventKind::Heal)]
    );
}
