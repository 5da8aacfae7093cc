//! Scenarios with an exact schedule: what fits happens, in that order; the first step that does not fit is named.

use std::sync::Arc;
use synod::{
    explore::{self, Rules, Runner, TRIES},
    process::{ProcessId, Verdict},
    registry::{Options, Outcome, Registry},
    scenario::{self, Plan, Schedule},
    trace::Level,
};

const LAMPORT: &str = "
version: 1
algorithm: lamport-mutex
nodes: [n1, n2]
network: {delay: 10ms}
events:
  - {at: 0s, node: n1, request: {enter: 20ms}}
  - {at: 0s, node: n2, request: {enter: 20ms}}
check: [mutual-exclusion]
";

fn load(text: &str) -> Plan {
    let registry = Registry::standard();
    match scenario::load("scheduled.yaml", text.as_bytes(), &[], None, &registry) {
        Ok(plan) => plan,
        Err(mistakes) => panic!("{mistakes}"),
    }
}

fn run(text: &str) -> Outcome {
    Registry::standard().run(&load(text), &Options::default()).expect("the scenario can be run")
}

fn scheduled(base: &str, then: &str, steps: &[&str]) -> String {
    let steps: String = steps.iter().map(|step| format!("    - {{{step}}}\n")).collect();
    format!("{base}schedule:\n  then: {then}\n  steps:\n{steps}")
}

/// The lines of a run, without what follows from the rest.
fn kinds(outcome: &Outcome) -> Vec<String> {
    let trace = outcome.trace().expect("a trace can be read");
    let told = |event: &synod::trace::Event| format!("{} {}", event.kind.name(), event.time / 1_000_000);
    trace.events.iter().map(told).collect()
}

#[test]
fn a_schedule_says_how_long_timers_run() {
    let heartbeats = "\nversion: 1\nalgorithm: heartbeat\nnodes: 2\nuntil: 10s\n";
    let first = run(&scheduled(heartbeats, "stop", &["timer: n1"]));
    let told = run(&scheduled(heartbeats, "stop", &["timer: n1, runs: [77ms]"]));
    let lengths = |outcome: &Outcome| -> Vec<u64> {
        let trace = outcome.trace().expect("a trace can be read");
        let runs = |event: &synod::trace::Event| event.body.as_ref()?.get("runs")?.as_u64();
        trace.events.iter().filter(|event| event.node == Some(ProcessId(0))).filter_map(runs).collect()
    };
    let (mut usual, said) = (lengths(&first), lengths(&told));
    // Those that were set when it booted run as the seed says, and the next one as the schedule does.
    let set = usual.iter().zip(&said).position(|(usual, said)| usual != said).expect("one runs otherwise");
    assert_eq!(said[set], 77_000_000);
    usual[set] = said[set];
    assert_eq!(usual, said);
}

#[test]
fn a_reply_that_overtakes_a_request_lets_both_in() {
    let steps = [
        "event: request, node: n1",
        "event: request, node: n2",
        "deliver: request, from: n2, to: n1",
        "deliver: reply, from: n1, to: n2",
    ];
    let outcome = run(&scheduled(LAMPORT, "stop", &steps));
    assert_eq!(outcome.misstep, None);
    assert!(matches!(outcome.footer.verdicts["mutual-exclusion"], Verdict::Violated { .. }));
}

#[test]
fn what_comes_after_the_last_step_comes_in_order_of_time() {
    let steps = ["event: request, node: n1", "event: request, node: n2"];
    let outcome = run(&scheduled(LAMPORT, "go-on", &steps));
    assert_eq!(outcome.misstep, None);
    assert_eq!(kinds(&outcome), kinds(&run(LAMPORT)));
}

#[test]
fn the_first_step_that_does_not_fit_is_named_with_what_does() {
    let steps = ["event: request, node: n1", "deliver: reply, from: n1, to: n2"];
    let misstep = run(&scheduled(LAMPORT, "stop", &steps)).misstep.expect("a reply before a request");
    assert_eq!(
        misstep,
        "step 2 of the schedule (deliver reply n1 -> n2) does not fit; what can happen there: deliver request n1 -> \
         n2, request n2"
    );
}

#[test]
fn a_link_that_keeps_order_delivers_its_oldest_message_only() {
    let fifo = LAMPORT.replace("delay: 10ms", "delay: 10ms, order: fifo");
    let steps = [
        "event: request, node: n1",
        "event: request, node: n2",
        "deliver: request, from: n2, to: n1",
        "deliver: reply, from: n1, to: n2",
    ];
    let outcome = run(&scheduled(&fifo, "stop", &steps));
    assert!(outcome.misstep.is_some_and(|misstep| misstep.starts_with("step 4 ")));
}

#[test]
fn a_message_can_be_lost_and_doubled() {
    let steps = [
        "event: request, node: n1",
        "duplicate: request, from: n1, to: n2",
        "lose: request, from: n1, to: n2",
        "deliver: request, from: n1, to: n2",
    ];
    let outcome = run(&scheduled(LAMPORT, "stop", &steps));
    assert_eq!(outcome.misstep, None);
    let told: Vec<String> = kinds(&outcome).into_iter().skip(3).take(5).collect();
    assert_eq!(told, ["send 0", "duplicate 0", "drop 10", "receive 10", "send 10"]);
}

#[test]
fn a_step_happens_when_it_says() {
    let steps = ["event: request, node: n1, at: 3ms", "deliver: request, from: n1, to: n2, at: 3.5ms"];
    let outcome = run(&scheduled(LAMPORT, "stop", &steps));
    let trace = outcome.trace().expect("a trace can be read");
    let times: Vec<u64> = trace.events.iter().skip(2).map(|event| event.time).collect();
    assert_eq!(times, [3_000_000, 3_000_000, 3_500_000, 3_500_000]);
}

#[test]
fn mistakes_in_a_schedule_are_told_with_their_place() {
    let registry = Registry::standard();
    let told = |steps: &[&str]| {
        let text = scheduled(LAMPORT, "stop", steps);
        let mistakes =
            scenario::load("x.yaml", text.as_bytes(), &[], None, &registry).expect_err("a mistake");
        mistakes.to_string()
    };
    assert!(told(&["timer: n7"]).contains("x.yaml:13:15: unknown node `n7`"), "{}", told(&["timer: n7"]));
    assert!(told(&["deliver: request, from: n1"]).contains("the key `to` is missing"));
    assert!(told(&["deliver: requst, from: n1, to: n2"]).contains("did you mean `request`"));
    assert!(told(&["timer: n1, event: crash"]).contains("a step says one of"));
    assert!(told(&["at: 1ms"]).contains("a step says one of"));
}

#[test]
fn a_resolved_scenario_keeps_its_schedule() {
    let steps =
        ["event: request, node: n1, at: 3ms", "deliver: request, from: n1, to: n2, nth: 1, choose: [2]"];
    let plan = load(&scheduled(LAMPORT, "stop", &steps));
    let again =
        scenario::reload("again", &plan.resolved, &Registry::standard()).expect("it can be read again");
    assert_eq!(again.schedule, plan.schedule);
    assert_eq!(again.resolved, plan.resolved);
}

/// Of every scenario in which something bad happens: the failure becomes smaller, its file says what happens and repeats
/// it, and nothing more can be left out of its order.
#[test]
fn a_shrunk_failure_fails_in_the_same_way_and_has_no_step_too_many() {
    let registry = Registry::standard();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/mutual_exclusion/");
    for name in
        ["a_reply_overtakes_an_older_request", "a_permission_arrives_twice", "quorums_that_do_not_meet"]
    {
        let text = std::fs::read(format!("{folder}{name}.yaml")).expect("the scenario is there");
        let plan = scenario::load(name, &text, &[], None, &registry).expect("the scenario can be read");
        let failure = explore::Failure {
            scenario: plan.resolved.clone(),
            schedule: Schedule::default(),
            property: "mutual-exclusion".into(),
            because: String::new(),
        };
        let subject = registry.subject(&plan).expect("the algorithm is known");
        let smallest = explore::shrink(&subject, failure, TRIES);
        let file = smallest.text(&subject, "it.yaml").expect("it can be written");
        let again = load(&file);
        let outcome = registry.run(&again, &Options::default()).expect("it can be run");
        assert_eq!((outcome.misstep.as_deref(), outcome.difference.unmet.len()), (None, 0), "{name}: {file}");
        let schedule = again.schedule.clone().expect("it has a schedule");
        let subject = registry.subject(&again).expect("the algorithm is known");
        let mut runner = Runner::new(&subject, Rules::default()).expect("it can be run");
        for place in 0..schedule.steps.len() {
            let mut fewer = schedule.clone();
            fewer.steps.remove(place);
            let (ended, _) = runner.follow(again.seed, &Arc::new(fewer), true, Level::Full);
            let violations = runner.violations(ended.summary.end);
            assert!(violations.is_empty(), "{name}: step {} is not needed: {file}", place + 1);
        }
    }
}
