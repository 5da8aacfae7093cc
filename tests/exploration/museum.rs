//! Every piece of the museum: found by the reduced search, and the same can be violated with and without reduction.

use std::{collections::BTreeSet, fs, path::Path};
use synod::{
    explore::{
        Rules,
        exhaustive::{Explored, Finish, Reduction, Refusal, Settings, explore},
    },
    registry::Registry,
    scenario::{Expected, Plan, load},
};

const MUSEUM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/museum");

/// How many executions a search has, and how many steps each.
const EXECUTIONS: u64 = 500;
const DEPTH: u64 = 200;

/// At least so many pieces are found within the budget of the reduced search.
const FOUND: usize = 42;
/// So many cannot be searched with reduction: something in them looks at times.
const TIMED: usize = 5;

/// The scenarios of the museum, in order of their names.
fn pieces(registry: &Registry) -> Vec<Plan> {
    let entries = fs::read_dir(Path::new(MUSEUM)).expect("the museum is open");
    let files: BTreeSet<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    let scenarios = files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    let plan = |file: std::path::PathBuf| {
        let text = fs::read(&file).expect("a scenario can be read");
        load(&file.display().to_string(), &text, &[], None, registry).expect("it is right")
    };
    scenarios.map(plan).collect()
}

/// A search that stops when everything that is expected to be violated is.
fn search(registry: &Registry, plan: &Plan, reduction: Reduction) -> Result<Explored, Refusal> {
    let settings = Settings {
        rules: Rules { timers_any_time: true },
        depth: DEPTH,
        executions: EXECUTIONS,
        ..Settings::new(reduction)
    };
    let subject = registry.subject(plan).expect("its algorithm is known");
    explore(&subject, &settings, &mut |explored| is_found(plan, explored))
}

fn is_found(plan: &Plan, explored: &Explored) -> bool {
    let mut all = plan.checks.iter().zip(&explored.tallies);
    all.all(|(name, tally)| tally.violated > 0 || plan.expect.verdicts[name] != Expected::Violated)
}

fn violated(explored: &Explored) -> Vec<bool> {
    explored.tallies.iter().map(|tally| tally.violated > 0).collect()
}

#[test]
fn the_museum_is_found_and_the_reduction_loses_nothing() {
    let registry = Registry::standard();
    let (mut found, mut timed, mut missed) = (0, Vec::new(), Vec::new());
    for plan in pieces(&registry) {
        let Ok(sources) = search(&registry, &plan, Reduction::Sources) else {
            timed.push(plan.name.clone());
            continue;
        };
        if is_found(&plan, &sources) {
            found += 1;
        } else {
            missed.push(plan.name.clone());
        }
        let none = search(&registry, &plan, Reduction::None).expect("nothing is refused");
        if sources.finish == Finish::All {
            let mut both = violated(&sources).into_iter().zip(violated(&none));
            assert!(both.all(|(sources, none)| sources || !none), "{}", plan.name);
        }
        if none.finish == Finish::All {
            assert_eq!(violated(&sources), violated(&none), "{}", plan.name);
        }
    }
    assert!(found >= FOUND, "{found} found, missed: {missed:?}");
    assert!(timed.len() <= TIMED, "{timed:?}");
}
