//! A run is a function of its number: its strategy, its faults, what comes of it. What is found can be repeated.

use super::{BROADCASTS, BULLIES, plan};
use std::collections::BTreeSet;
use synod::{
    explore::campaign::{Campaign, Choice, Settings, Tactic, Worker},
    registry::{Options, Registry, Standing},
    scenario::{self, Plan, Vary},
    world::Action,
};

fn campaign(registry: &Registry, plan: &Plan, settings: Settings) -> Campaign {
    let subject = registry.subject(plan).expect("the algorithm is known");
    Campaign::new(&subject, settings).expect("it fits")
}

/// The faults of many runs, by the kind that `vary` has for them.
fn kinds(campaign: &Campaign) -> BTreeSet<Vary> {
    let mut kinds = BTreeSet::new();
    for run in 0..400 {
        let course = campaign.course(run);
        kinds.extend((course.copies > 0).then_some(Vary::Duplicate));
        kinds.extend(course.faults.iter().map(|fault| match fault.action {
            Action::Crash { .. } => Vary::Crash,
            Action::Pause(_) => Vary::Pause,
            Action::Partition(_) => Vary::Partition,
            Action::Clock(..) => Vary::Clock,
            Action::Drop { .. } => Vary::Loss,
            ref other => panic!("no run has a {}", other.name()),
        }));
        assert!(course.faults.len() + course.copies as usize <= campaign.settings().faults as usize);
    }
    kinds
}

#[test]
fn runs_have_the_faults_that_may_vary_and_no_others() {
    let registry = Registry::standard();
    let plan = plan(&registry, BULLIES);
    let all = [Vary::Loss, Vary::Duplicate, Vary::Crash, Vary::Pause, Vary::Partition, Vary::Clock];
    for some in [&all[..], &all[..2], &all[2..3], &all[3..], &[]] {
        let vary = [some, &[Vary::Order]].concat();
        let settings = Settings { vary, faults: 3, ..Settings::of(&plan) };
        assert_eq!(kinds(&campaign(&registry, &plan, settings)), some.iter().copied().collect());
    }
    let none = Settings { faults: 0, ..Settings::of(&plan) };
    assert!(kinds(&campaign(&registry, &plan, none)).is_empty());
}

#[test]
fn some_runs_leave_a_kind_of_fault_out_altogether() {
    let registry = Registry::standard();
    let plan = plan(&registry, BULLIES);
    let campaign = campaign(&registry, &plan, Settings { faults: 8, ..Settings::of(&plan) });
    let crashes = |run: u64| {
        campaign.course(run).faults.iter().any(|fault| matches!(fault.action, Action::Crash { .. }))
    };
    let many: Vec<u64> = (0..200).filter(|run| campaign.course(*run).faults.len() >= 4).collect();
    let without = many.iter().filter(|run| !crashes(**run)).count();
    assert!(many.len() > 40 && without > many.len() / 4, "{without} of {}", many.len());
}

#[test]
fn without_the_order_every_run_is_in_order_of_time() {
    let registry = Registry::standard();
    let plan = plan(&registry, BROADCASTS);
    let settings = Settings { vary: vec![Vary::Delay], ..Settings::of(&plan) };
    let timed = campaign(&registry, &plan, settings);
    assert!((0..50).all(|run| timed.course(run).tactic == Tactic::Timed));
    let all = campaign(&registry, &plan, Settings::of(&plan));
    let tactics: BTreeSet<&str> = (0..50).map(|run| all.course(run).tactic.name()).collect();
    assert_eq!(tactics.into_iter().collect::<Vec<_>>(), ["delay-bounded", "pct", "timed", "walk"]);
}

#[test]
fn delays_vary_only_where_they_may() {
    let registry = Registry::standard();
    let plan = plan(&registry, BROADCASTS);
    let fixed = Settings { vary: vec![Vary::Order], ..Settings::of(&plan) };
    let fixed = campaign(&registry, &plan, fixed);
    assert!((0..50).all(|run| fixed.course(run).world == plan.seed));
    let varied = campaign(&registry, &plan, Settings::of(&plan));
    let worlds: BTreeSet<u64> = (0..50).map(|run| varied.course(run).world).collect();
    assert_eq!(worlds.len(), 50);
}

#[test]
fn every_failure_can_be_repeated() {
    let registry = Registry::standard();
    let plan = plan(&registry, BULLIES);
    let subject = registry.subject(&plan).expect("the algorithm is known");
    for (shrink, runs) in [(true, 200), (false, 400)] {
        for chaos in [false, true] {
            let settings = Settings { shrink, chaos, ..Settings::of(&plan) };
            let campaign = Campaign::new(&subject, settings).expect("it fits");
            let report = campaign.run(&subject, runs).expect("it runs");
            assert!(!report.failures.is_empty());
            for found in &report.failures {
                let again = scenario::reload("again", &found.scenario, &registry);
                let again = again.unwrap_or_else(|mistakes| panic!("run {}: {mistakes}", found.run));
                let outcome = registry.run(&again, &Options::default()).expect("it runs");
                assert_eq!(
                    outcome.standing(),
                    Standing::Passed,
                    "run {}: {:?}",
                    found.run,
                    outcome.difference
                );
            }
        }
    }
}

#[test]
fn chaos_ends_before_the_run_does() {
    let registry = Registry::standard();
    let text =
        format!("{BROADCASTS}until: 1s\nfuzz: {{vary: [delay, crash, partition, pause], faults: 4}}\n");
    let plan = plan(&registry, &text);
    let settings = Settings { chaos: true, ..Settings::of(&plan) };
    let campaign = campaign(&registry, &plan, settings);
    for run in 0..100 {
        let course = campaign.course(run);
        let names: Vec<&str> = course.faults.iter().map(|fault| fault.action.name()).collect();
        assert!(names.is_empty() || names.ends_with(&["heal", "restart", "resume"]), "{names:?}");
        assert!(course.faults.iter().all(|fault| fault.at.0 <= 500_000_000));
    }
}

#[test]
fn a_search_goes_on_from_a_schedule() {
    let registry = Registry::standard();
    let bullies = plan(&registry, BULLIES);
    let subject = registry.subject(&bullies).expect("the algorithm is known");
    let report = campaign(&registry, &bullies, Settings::of(&bullies)).run(&subject, 100).expect("it runs");
    let found = &report.failures[0];
    let again = scenario::reload("again", &found.scenario, &registry).expect("a failure is a scenario");
    assert!(again.schedule.is_some());
    let subject = registry.subject(&again).expect("the algorithm is known");
    // Timers are patient: only whoever knows the way gets there easily.
    let settings = Settings { strategy: Choice::Walk, vary: vec![Vary::Order], ..Settings::of(&again) };
    let campaign = Campaign::new(&subject, settings).expect("it fits");
    let mut worker = Worker::new(&campaign, &subject).expect("it fits");
    let tally = worker.block(0..200);
    let ([onward, near], [walks, far]) = (tally.strategies["onward"], tally.strategies["walk"]);
    assert!(onward == 100 && walks == 100 && near > far, "{near} near a failure, {far} anywhere");
}

#[test]
fn failures_over_a_reliable_channel_can_be_read_again() {
    let registry = Registry::standard();
    let text = format!(
        "{BROADCASTS}channel: reliable\ncheck: [total-order]\nfuzz: {{vary: [order, delay, timer, loss], faults: 2}}\n"
    );
    let plan = plan(&registry, &text);
    let subject = registry.subject(&plan).expect("the algorithm is known");
    let settings = Settings { shrink: false, ..Settings::of(&plan) };
    let report =
        campaign(&registry, &plan, settings).run(&subject, 60).expect("what is found can be read again");
    assert!(report.failures.iter().any(|found| found.scenario.to_string().contains(r#""deliver":"ack""#)));
}
