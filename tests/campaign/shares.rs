//! Shares of a campaign, put together in any order, are the whole, byte for byte.

use super::{BROADCASTS, BULLIES, known, plan};
use synod::{
    explore::campaign::{
        Campaign, Found, Identity, Mismatch, Report, Settings, Share, Standing, Tally, Worker,
    },
    registry::Registry,
    scenario::{Expected, Plan},
};

/// Shrinking takes a while: only what is expected is made smaller here.
fn settings(plan: &Plan) -> Settings {
    let shrink = plan.expect.verdicts.values().any(|expected| *expected == Expected::Violated);
    Settings { shrink, ..Settings::of(plan) }
}

/// One share's report, its runs made in blocks of `block`.
fn share(registry: &Registry, plan: &Plan, runs: u64, index: u64, count: u64, block: usize) -> Report {
    let subject = registry.subject(plan).expect("the algorithm is known");
    let campaign = Campaign::new(&subject, settings(plan)).expect("it fits");
    let mut worker = Worker::new(&campaign, &subject).expect("it fits");
    let own: Vec<u64> = (index..runs).step_by(count as usize).collect();
    let mut tally = Tally::new(plan.checks.len());
    // Whoever is done first is merged first.
    for block in own.chunks(block).rev() {
        tally.merge(&worker.block(block.iter().copied()));
    }
    let found = tally.candidates().map(|(property, candidate)| worker.found(property, candidate));
    let found: Vec<Found> = found.collect::<Result<_, _>>().expect("what is found can be read again");
    let share = Share { of: vec![index], count };
    Report::new(Identity::of(&campaign, &subject), share, Some(runs), tally, found)
}

fn whole(registry: &Registry, plan: &Plan, runs: u64) -> Report {
    let subject = registry.subject(plan).expect("the algorithm is known");
    let campaign = Campaign::new(&subject, settings(plan)).expect("it fits");
    campaign.run(&subject, runs).expect("it runs")
}

fn check(plan: &Plan, registry: &Registry, runs: u64) {
    let one = whole(registry, plan, runs).value().to_string();
    for (count, block) in [(1, 7), (2, 16), (3, 256), (5, 1)] {
        let mut shares: Vec<Report> =
            (0..count).map(|index| share(registry, plan, runs, index, count, block)).collect();
        shares.rotate_left(count as usize / 2);
        let mut merged = shares.remove(0);
        for other in &shares {
            // As a file.
            let read: Report =
                serde_json::from_str(&other.value().to_string()).expect("a report can be read");
            merged.merge(&read).expect("they belong together");
        }
        assert_eq!(merged.value().to_string(), one, "{count} shares of {}", plan.name);
    }
}

#[test]
fn shares_of_a_campaign_with_failures_are_the_whole() {
    let registry = Registry::standard();
    check(&plan(&registry, BULLIES), &registry, 120);
}

#[test]
fn shares_of_a_campaign_without_failures_are_the_whole() {
    let registry = Registry::standard();
    check(&plan(&registry, BROADCASTS), &registry, 500);
}

#[test]
fn shares_of_a_campaign_with_an_expected_failure_are_the_whole() {
    let registry = Registry::standard();
    check(&known(&registry, "mutual_exclusion/a_permission_arrives_twice.yaml"), &registry, 60);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let registry = Registry::standard();
    let bullies = plan(&registry, BULLIES);
    let mut first = share(&registry, &bullies, 20, 0, 2, 16);
    let again = first.clone();
    assert_eq!(first.merge(&again), Err(Mismatch::Twice { share: 0, count: 2 }));
    let third = share(&registry, &bullies, 20, 1, 3, 16);
    assert!(matches!(first.merge(&third), Err(Mismatch::Campaign(_))));
    let longer = share(&registry, &bullies, 22, 1, 2, 16);
    assert!(matches!(first.merge(&longer), Err(Mismatch::Campaign(_))));
    let other = share(&registry, &plan(&registry, BROADCASTS), 20, 1, 2, 16);
    assert_eq!(first.merge(&other), Err(Mismatch::Campaign("their scenario")));
    assert_eq!(first, again);
}

#[test]
fn a_campaign_says_what_is_to_be_said_of_it() {
    let registry = Registry::standard();
    assert_eq!(whole(&registry, &plan(&registry, BULLIES), 60).standing(), Standing::Unexpected);
    assert_eq!(whole(&registry, &plan(&registry, BROADCASTS), 60).standing(), Standing::AsExpected);
    let expected = format!("{BULLIES}expect: {{one-leader: violated}}\n");
    assert_eq!(whole(&registry, &plan(&registry, &expected), 60).standing(), Standing::AsExpected);
    let missed = format!("{BROADCASTS}expect: {{validity: violated}}\n");
    assert_eq!(whole(&registry, &plan(&registry, &missed), 60).standing(), Standing::Unexpected);
    let short = format!("{BROADCASTS}events-limit: 4\n");
    let report = whole(&registry, &plan(&registry, &short), 60);
    assert_eq!(report.standing(), Standing::Undecided);
    assert_eq!(report.tally.ends["cut-short"], 60);
}
