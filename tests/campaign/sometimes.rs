//! What ought to happen in some run is looked for in every run, and what never happened is named.

use super::plan;
use synod::{
    explore::campaign::{Campaign, Identity, Report, Settings, Share, Standing, Tally, Worker},
    registry::{Options, Registry},
    scenario::Plan,
};

/// A lock whose holder may crash, and what to look for.
const LOCK: &str = "
version: 1
name: a lock and a crash
algorithm: lamport-mutex
nodes: 3
network: {delay: 10ms, jitter: 9ms, order: fifo}
events:
  - {at: 0ms, node: n1, request: {enter: 20ms}}
  - {at: 1ms, node: n2, request: {enter: 20ms}}
until: 1s
check: [mutual-exclusion]
fuzz: {vary: [order, delay, crash], faults: 1}
sometimes:
  somebody gets in: {output: enter}
  n2 gets in: {output: enter, node: n2}
  n2 gets in and out: {outputs: {n2: [enter, exit]}, mutual-exclusion: holds}
  n1 gets in when it was out: {output: enter, node: n1, after: exit}
  the holder crashes: {event: crash, after: enter}
  n3 crashes: {event: crash, node: n3}
  n3 crashes inside: {event: crash, node: n3, after: enter}
  it takes a thousand messages: {messages: {total: \">= 1000\"}}
  a message is doubled: {event: duplicate}
  it is violated: {mutual-exclusion: violated}
";

/// What cannot happen there: n3 asks for nothing, n1 only once, and only nodes crash.
const NEVER: [&str; 5] = [
    "n1 gets in when it was out",
    "n3 crashes inside",
    "it takes a thousand messages",
    "a message is doubled",
    "it is violated",
];

fn report(registry: &Registry, plan: &Plan, runs: u64) -> Report {
    let subject = registry.subject(plan).expect("the algorithm is known");
    let campaign = Campaign::new(&subject, Settings::of(plan)).expect("it fits");
    campaign.run(&subject, runs).expect("it runs")
}

#[test]
fn what_never_happens_is_named_and_everything_else_does_happen() {
    let registry = Registry::standard();
    let report = report(&registry, &plan(&registry, LOCK), 400);
    assert_eq!(report.unmet().collect::<Vec<_>>(), NEVER);
    let met: Vec<(&str, u64)> = report.sometimes().filter(|(_, runs)| *runs > 0).collect();
    assert_eq!(met.len(), 5);
    let of = |name: &str| met.iter().find(|(known, _)| *known == name).map_or(0, |(_, runs)| *runs);
    // Whoever gets in and out got in, and there are runs in which it crashed or waited for somebody who did.
    assert!(
        of("n2 gets in and out") < of("n2 gets in") && of("n2 gets in") < of("somebody gets in"),
        "{met:?}"
    );
    assert!(of("the holder crashes") < 400, "{met:?}");
    assert_eq!(report.standing(), Standing::Unexpected);
    assert_eq!(report.value()["coverage"]["unmet"], serde_json::json!(NEVER));
    assert_eq!(report.value()["ok"], false);
}

#[test]
fn a_campaign_that_shows_all_it_ought_to_is_in_order() {
    let registry = Registry::standard();
    let mut plan = plan(&registry, LOCK);
    plan.sometimes.retain(|claim| !NEVER.contains(&claim.name.as_str()));
    let report = report(&registry, &plan, 400);
    assert_eq!((report.unmet().count(), report.standing()), (0, Standing::AsExpected));
}

#[test]
fn a_share_alone_leaves_open_what_the_whole_decides() {
    let registry = Registry::standard();
    let plan = plan(&registry, LOCK);
    let subject = registry.subject(&plan).expect("the algorithm is known");
    let campaign = Campaign::new(&subject, Settings::of(&plan)).expect("it fits");
    let mut worker = Worker::new(&campaign, &subject).expect("it fits");
    let whole = report(&registry, &plan, 300);
    let mut shares = (0..3).map(|index| {
        let mut tally = Tally::new(plan.checks.len());
        tally.merge(&worker.block((index..300).step_by(3)));
        let share = Share { of: vec![index], count: 3 };
        Report::new(Identity::of(&campaign, &subject), share, Some(300), tally, Vec::new())
    });
    let mut merged = shares.next().expect("there are three");
    assert_eq!(merged.standing(), Standing::Undecided);
    for share in shares {
        assert!(share.sometimes().any(|(_, runs)| runs == 0));
        merged.merge(&share).expect("they belong together");
    }
    assert_eq!(merged.value().to_string(), whole.value().to_string());
    assert_eq!(merged.standing(), Standing::Unexpected);
}

#[test]
fn a_run_says_what_it_met_and_fails_for_nothing_else() {
    let registry = Registry::standard();
    let plan = plan(&registry, LOCK);
    let outcome = registry.run(&plan, &Options::default()).expect("it runs");
    let met = |name: &str| outcome.sometimes.iter().any(|(claim, met)| claim == name && *met);
    assert_eq!(outcome.sometimes.len(), plan.sometimes.len());
    assert!(met("n2 gets in and out") && met("somebody gets in"));
    assert!(!met("the holder crashes") && !met("n3 crashes"), "nobody crashes in the scenario's own run");
    assert_eq!(outcome.standing(), synod::registry::Standing::Passed);
}

#[test]
fn a_failure_is_about_its_property_alone() {
    let registry = Registry::standard();
    let text = LOCK.replace("order: fifo", "order: any");
    let report = report(&registry, &plan(&registry, &text), 400);
    let found = report.failures.first().expect("links that overtake break it");
    assert!(found.scenario.get("sometimes").is_none());
    assert_eq!(
        report.sometimes().last().map(|(name, runs)| (name, runs > 0)),
        Some(("it is violated", true))
    );
}

#[test]
fn what_was_put_to_the_test_in_no_run_is_named() {
    let registry = Registry::standard();
    let text = "
version: 1
algorithm: lamport-mutex
nodes: 3
network: {order: fifo}
events:
  - {at: 0ms, node: n1, request: {enter: 1ms}}
check: [mutual-exclusion, happened-before-fairness]
";
    let report = report(&registry, &plan(&registry, text), 40);
    let vacuous: Vec<&str> = report.vacuous().collect();
    assert_eq!(vacuous, ["happened-before-fairness"]);
    assert_eq!(report.value()["coverage"]["vacuous"], serde_json::json!(vacuous));
}
