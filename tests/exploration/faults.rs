//! Faults that a search adds within the budget of the scenario, and what only they can show.

use crate::states::searched;
use synod::{explore::states::Report, registry::Registry};

fn broadcast(algorithm: &str, more: &str) -> Report {
    let text = format!(
        "version: 1\nname: one broadcast\nalgorithm: {algorithm}\nnodes: [ada, bob, cy]\n\
         events:\n  - {{at: 1s, node: ada, request: {{broadcast: x}}}}\n{more}\n"
    );
    let reports = [1, 2].map(|workers| searched(&Registry::standard(), &text, workers).unwrap());
    assert_eq!(format!("{:?}", reports[0]), format!("{:?}", reports[1]));
    let [report, _] = reports;
    report
}

fn verdict<'a>(report: &'a Report, property: &str) -> &'a str {
    report.verdicts.iter().find(|(name, _)| name == property).expect("it is checked").1.name()
}

const CHECK: &str = "check: [agreement, integrity]";

#[test]
fn a_sender_that_crashes_in_the_middle_breaks_agreement() {
    let quiet = broadcast("best-effort-broadcast", CHECK);
    assert!(quiet.complete && verdict(&quiet, "agreement") == "holds", "{quiet:?}");
    let report = broadcast("best-effort-broadcast", &format!("{CHECK}\nfuzz: {{vary: [crash], faults: 1}}"));
    assert_eq!(verdict(&report, "agreement"), "violated");
    let witness = &report.witnesses[0];
    // The crash is planned, the request, and one of the two messages arrives.
    assert_eq!(witness.schedule.steps.len(), 3, "{witness:?}");
    assert_eq!(witness.setup.agenda.len(), 2);
}

#[test]
fn a_broadcast_that_is_passed_on_stands_one_crash() {
    let crash = "fuzz: {vary: [crash], faults: 1}";
    let report = broadcast("reliable-broadcast", &format!("check: [agreement]\n{crash}"));
    assert!(report.complete && report.states > 200, "{report:?}");
    assert_eq!(verdict(&report, "agreement"), "holds");
    // Whoever comes back has forgotten what it has delivered.
    let report = broadcast("reliable-broadcast", &format!("{CHECK}\n{crash}"));
    assert_eq!(verdict(&report, "integrity"), "violated");
}

#[test]
fn a_partition_kills_what_is_under_way() {
    let check = "check: [validity, integrity]";
    let more = format!("{check}\nfuzz: {{vary: [partition], faults: 1}}");
    let report = broadcast("best-effort-broadcast", &more);
    assert_eq!(verdict(&report, "validity"), "violated");
    let report = broadcast("best-effort-broadcast", check);
    assert_eq!(verdict(&report, "validity"), "holds");
}

#[test]
fn what_states_cannot_express_is_refused_with_a_way_out() {
    let refused = |more: &str| {
        let text = format!("version: 1\nname: no\nalgorithm: flooding\nnodes: 3\n{more}\n");
        searched(&Registry::standard(), &text, 1).expect_err("it is refused").to_string()
    };
    let told = refused("network: {loss: 5%}");
    assert!(told.contains("vary: [loss, duplicate]"), "{told}");
    let told = refused("network: {rate: 1mbit}");
    assert!(told.starts_with("`rate`") && told.contains("`walk`"), "{told}");
    let told = refused("events:\n  - {at: 1s, clock: {node: n1, step: 1s}}");
    assert!(told.contains("clock"), "{told}");
}
