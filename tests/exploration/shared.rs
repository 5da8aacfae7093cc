//! Sets of faults are searched side by side, and what comes of it does not depend on by how many.

use std::thread;
use synod::{
    explore::{
        Rules,
        exhaustive::{Exploration, Explored, Finish, Reduction, Settings, explore},
    },
    registry::Registry,
    scenario::{Plan, Vary, load},
};

const BROADCAST: &str = "
version: 1
name: two broadcasts
algorithm: reliable-broadcast
nodes: [ada, bob, cy]
events:
  - {at: 1s, node: ada, request: {broadcast: x}}
check: [agreement, integrity, validity]
sometimes:
  bob crashes when it has it: {event: crash, node: bob, after: {deliver: {body: x}}}
  ada crashes too early: {messages: {total: \"< 6\"}, event: crash, node: ada}
  cy has it twice: {event: duplicate, node: cy}
";

fn plan(registry: &Registry) -> Plan {
    load("shared.yaml", BROADCAST.as_bytes(), &[], None, registry)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn shared(
    registry: &Registry,
    plan: &Plan,
    settings: &Settings,
    enough: impl Fn(&Explored) -> bool + Sync,
    workers: usize,
) -> Explored {
    let subject = registry.subject(plan).expect("the algorithm is known");
    let exploration = Exploration::new(&subject, settings, workers);
    let explored = thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| exploration.work(&registry.subject(plan).expect("it is known"), &enough));
        }
        exploration.lead(&subject, &mut |explored| enough(explored))
    });
    explored.expect("the reduction preserves what is checked")
}

fn same(settings: &Settings, enough: impl Fn(&Explored) -> bool + Sync) -> Explored {
    let registry = Registry::standard();
    let plan = plan(&registry);
    let subject = registry.subject(&plan).expect("the algorithm is known");
    let alone = explore(&subject, settings, &mut |explored| enough(explored)).expect("it can be searched");
    for workers in [1, 3] {
        assert_eq!(shared(&registry, &plan, settings, &enough, workers), alone, "{workers} workers");
    }
    alone
}

fn settings(executions: u64) -> Settings {
    Settings {
        rules: Rules::default(),
        executions,
        faults: 2,
        vary: vec![Vary::Crash, Vary::Duplicate],
        ..Settings::new(Reduction::Sources)
    }
}

#[test]
fn a_whole_search_is_the_same_by_any_number_of_workers() {
    let whole = same(&settings(u64::MAX), |_| false);
    assert_eq!(whole.finish, Finish::All);
    assert!(whole.worlds > 100 && whole.executions > whole.worlds, "{whole:?}");
    assert!(whole.tallies.iter().any(|tally| tally.violated > 0 && tally.first.is_some()));
    let [crash, early, twice] = whole.sometimes[..] else { panic!("three claims") };
    assert!(crash > 0 && early > 0 && twice > 0, "{:?}", whole.sometimes);
}

#[test]
fn a_budget_ends_in_the_same_execution() {
    let whole = same(&settings(u64::MAX), |_| false);
    let made = whole.executions + whole.given_up;
    for executions in [1, 17, made / 3, made - 1, made] {
        let some = same(&settings(executions), |_| false);
        assert_eq!(some.executions + some.given_up, executions);
        assert_eq!(some.finish == Finish::All, executions == made, "{executions} of {made}");
    }
}

#[test]
fn a_search_that_has_seen_enough_has_seen_the_same() {
    for property in 0..3 {
        let enough = same(&settings(u64::MAX), |explored| explored.tallies[property].violated > 0);
        let seen = enough.tallies[property].violated > 0;
        assert_eq!(enough.finish == Finish::Enough, seen);
    }
}
