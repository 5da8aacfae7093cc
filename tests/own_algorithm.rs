//! The example of an algorithm of one's own: its properties hold, a mutant is caught, and every command knows it.

#[path = "../examples/own_algorithm.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is a program of its own; its main is for the command line")]
mod own_algorithm;

use own_algorithm::MajorityVote;
use std::{path::Path, process::Command};
use synod::{
    process::Verdict,
    registry::{Options, Outcome, Registry, Standing},
    scenario::{self, Override},
};

const SCENARIO: &str = "examples/own_algorithm.yaml";

fn run(seed: u64, overrides: &[&str]) -> Outcome {
    let registry = Registry::standard().with::<MajorityVote>();
    let text = std::fs::read(SCENARIO).expect("the scenario lies beside the example");
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().expect("KEY=VALUE")).collect();
    let plan = scenario::load(SCENARIO, &text, &overrides, Some(seed), &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    registry.run(&plan, &Options::default()).expect("it can be run")
}

#[test]
fn both_properties_hold_with_every_seed() {
    for seed in 0..200 {
        let outcome = run(seed, &[]);
        assert_eq!(outcome.standing(), Standing::Passed, "seed {seed}: {:?}", outcome.difference);
    }
}

#[test]
fn a_voter_that_does_not_save_its_vote_is_caught() {
    let outcome = run(1, &["algorithm.config.durable=false"]);
    assert!(matches!(outcome.footer.verdicts["one-outcome"], Verdict::Violated { .. }));
    assert_eq!(outcome.standing(), Standing::Failed);
}

#[test]
fn a_candidate_without_a_majority_never_learns_the_outcome() {
    // Nobody comes back, and one of three is no majority.
    let outcome = run(
        1,
        &[
            r#"events=[{at: 0s, crash: ann}, {at: 0s, crash: bob}, {at: 1s, node: cid, request: stand}]"#,
            "expect={}",
        ],
    );
    assert!(matches!(outcome.footer.verdicts["outcome"], Verdict::Violated { .. }));
    assert_eq!(outcome.footer.verdicts["one-outcome"], Verdict::Vacuous);
}

#[test]
fn every_command_knows_it() {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--example", "own_algorithm"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo can be started").success());
    let folder = Path::new(env!("CARGO_BIN_EXE_synod")).parent().expect("a program lies in a folder");
    let program = folder.join("examples").join(format!("own_algorithm{}", std::env::consts::EXE_SUFFIX));
    let told = |arguments: &[&str], code: i32| {
        let output = Command::new(&program).args(arguments).output().expect("the example can be started");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        String::from_utf8(output.stdout).expect("results are text")
    };
    let listed = told(&["list"], 0);
    let mut lines = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert!(lines.any(|line| line == ["majority-vote", "election", "one-outcome", "outcome"]), "{listed}");
    assert!(told(&["describe", "majority-vote"], 0).contains("one-outcome  No two candidates"));
    assert!(told(&["check", SCENARIO], 0).contains("majority-vote, 3 nodes"));
    assert!(told(&["run", SCENARIO], 0).contains("cid  output    elected ann"));
    let mutant = ["run", SCENARIO, "--set", "algorithm.config.durable=false"];
    let failed = told(&mutant, 1);
    assert!(failed.contains("cid learns: cid is elected; before it was: ann is elected"), "{failed}");
    assert!(failed.contains("again: own_algorithm run "), "{failed}");
}
