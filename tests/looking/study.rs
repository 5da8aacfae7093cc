//! Many runs: formulas, means, and the same table from any number of jobs.

use std::process::{Command, Output};
use synod::{
    process::{Formula, Operation},
    registry::{Options, Registry, Standing},
    report::{Came, Cost, Measures, Point, Sample, Size, Stats, Study, evaluate},
    scenario,
};

#[test]
fn every_formula_can_be_computed_and_its_least_is_not_above_its_most() {
    let registry = Registry::standard();
    let mut formulas = 0;
    for description in registry.descriptions() {
        let described = registry.describe(description.name).expect("it is listed");
        for formula in described.formulas {
            for nodes in 2..=64 {
                for links in [nodes - 1, nodes, nodes * (nodes - 1) / 2] {
                    let value = |text| {
                        let value = evaluate(text, Size { nodes, links });
                        value.unwrap_or_else(|error| panic!("{}: {error}", description.name))
                    };
                    let (least, most) = (value(formula.least), value(formula.most));
                    assert!(0.0 <= least && least <= most, "{}: {formula:?} for {nodes}", description.name);
                }
            }
            for (key, _) in formula.with {
                assert!(described.config.get(key).is_some(), "{}: no setting `{key}`", description.name);
            }
            let kinds: Vec<&str> = description.messages.iter().map(|(kind, _)| *kind).collect();
            assert!(formula.apart.iter().all(|kind| kinds.contains(kind)), "{}: {kinds:?}", description.name);
            formulas += 1;
        }
    }
    assert!(formulas >= 20, "there are formulas");
}

/// A scenario in which everybody does what the algorithm is for, one after the other or all at once.
fn workload(problem: &str, algorithm: &str, config: &str, nodes: u64, at_once: bool) -> String {
    let request = match problem {
        "broadcast" => "{broadcast: x}",
        "mutual-exclusion" => "{enter: 10ms}",
        "messaging" => "{send: {to: n1, body: x}}",
        "work" => "{submit: {duration: 10ms}}",
        _ => "start",
    };
    let ring = ["lcr", "chang-roberts", "peterson", "hirschberg-sinclair"].contains(&algorithm);
    let topology = if ring { "ring" } else { "complete" };
    let last = if problem == "election" { 1 } else { nodes };
    let first = if problem == "messaging" { 2 } else { 1 };
    let event = |node: u64| {
        let at = if at_once { 0 } else { node };
        format!("  - {{at: {at}s, node: n{node}, request: {request}}}\n")
    };
    let events: String = (first..=last.max(first)).map(event).collect();
    format!(
        "version: 1\nalgorithm: {{name: {algorithm}, config: {{{config}}}}}\nnodes: {nodes}\ntopology: {topology}\n\
         network: {{delay: 10ms, jitter: 2ms, order: fifo}}\nuntil: 20s\nevents:\n{events}"
    )
}

fn sample(registry: &Registry, text: &str, formula: &Formula) -> (Sample, Operation) {
    let plan = scenario::load("test.yaml", text.as_bytes(), &[], None, registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    let outcome = registry.run(&plan, &Options::default()).expect("the algorithm is known");
    assert_ne!(outcome.standing(), Standing::Failed, "{text}\n{:?}", outcome.difference);
    let trace = outcome.trace().expect("a trace can be read");
    let measures = Measures(registry.measure(&trace).expect("it is known").expect("it is its own"));
    let operation = registry.describe(&plan.algorithm).expect("it is known").operation;
    let size = Size { nodes: plan.setup.names.len() as u64, links: plan.setup.links_between(plan.seed) };
    let run = (plan.seed, Came::Passed, String::new());
    (Sample::of(run, &Stats::of(&trace), &measures, &operation, Some((formula, size))), operation)
}

/// What is published is what is measured, for every algorithm that has a formula and for several sizes.
#[test]
fn algorithms_cost_what_is_published() {
    let registry = Registry::standard();
    let names: Vec<&str> = registry.descriptions().map(|description| description.name).collect();
    let mut wrong = Vec::new();
    for name in names {
        let described = registry.describe(name).expect("it is listed");
        for formula in described.formulas {
            let set: Vec<String> =
                formula.with.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            for (nodes, at_once) in [(3, false), (3, true), (4, false), (7, true), (8, false)] {
                let text = workload(described.problem, name, &set.join(", "), nodes, at_once);
                let (sample, operation) = sample(&registry, &text, formula);
                let Some((least, most)) = sample.published else { panic!("{name}: {formula:?}") };
                let Some(each) = sample.each else { panic!("{name} with {nodes}: no {}", operation.name) };
                if each < least - 1e-6 || each > most + 1e-6 {
                    wrong.push(format!(
                        "{name} with {nodes}, at once {at_once}: {each}, not {least} to {most}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("run").args(arguments).env_remove("SYNOD_SEED");
    command.output().expect("synod can be started")
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    for format in ["human", "json", "jsonl"] {
        let table = |jobs: &str| {
            let file = "scenarios/compare/mutual_exclusion/maekawa.yaml";
            let done = run(&[
                file,
                "--set",
                "nodes=4,7",
                "--set",
                "network.jitter=5ms,20ms",
                "--runs",
                "4",
                "--format",
                format,
                "-j",
                jobs,
            ]);
            String::from_utf8(done.stdout).expect("it is text")
        };
        let one = table("1");
        assert!(one.lines().count() >= 1 && one.contains("maekawa") || format == "human", "{one}");
        assert_eq!(one, table("3"), "{format}");
    }
}

#[test]
fn a_table_for_plots_has_a_line_for_each_combination_and_a_cell_for_each_column() {
    let file = "scenarios/compare/mutual_exclusion/ricart_agrawala.yaml";
    let done =
        run(&[file, "--set", "nodes=4,6,8", "--set", "network.jitter=0ms,5ms", "--runs", "3", "--csv", "-"]);
    let csv = String::from_utf8(done.stdout).expect("it is text");
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 7, "{csv}");
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{csv}");
    assert_eq!(lines[0][..5], ["scenario", "nodes", "network.jitter", "algorithm", "processes"], "{csv}");
    let cell = |line: usize, name: &str| {
        let column =
            lines[0].iter().position(|head| *head == name).unwrap_or_else(|| panic!("{name}: {csv}"));
        lines[line][column]
    };
    for (line, wanted) in (1..7).zip(["6", "6", "10", "10", "14", "14"]) {
        assert_eq!(cell(line, "messages for each entry mean"), wanted, "{csv}");
        assert_eq!(cell(line, "published least"), wanted, "{csv}");
        assert_eq!((cell(line, "published"), cell(line, "agreeing")), ("2(N-1)", "3"), "{csv}");
    }
}

#[test]
fn a_run_that_fails_is_named_with_its_seed() {
    let file = "scenarios/messaging/a_datagram_each_way.yaml";
    let lossy = run(&[file, "--set", "network.loss=0%,60%", "--runs", "3"]);
    let text = String::from_utf8(lossy.stdout).expect("it is text");
    assert_eq!(lossy.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("again: synod run {file} --set network.loss=60% --seed ")), "{text}");
}

#[test]
fn what_is_for_one_run_is_refused_for_many() {
    for flag in
        [&["--view"][..], &["--trace", "x.jsonl"], &["--compare"], &["--format", "junit"], &["--stats"]]
    {
        let arguments = [&["scenarios/messaging/a_datagram_each_way.yaml", "--runs", "2"][..], flag].concat();
        let done = run(&arguments);
        assert_eq!(done.status.code(), Some(2), "{flag:?}");
        let said = String::from_utf8(done.stderr).expect("it is text");
        assert!(said.contains("is for single runs"), "{flag:?}: {said}");
    }
}

#[test]
fn operations_are_counted_as_their_problem_says() {
    let registry = Registry::standard();
    for (scenario, name, number) in [
        ("mutual_exclusion/central_mutex_at_work", "entry", "waiting"),
        ("election/bully_at_work", "election", "election"),
    ] {
        let trace = crate::runs::trace(&registry, scenario);
        let (stats, measures) = (
            Stats::of(&trace),
            Measures(registry.measure(&trace).expect("it is known").expect("it is its own")),
        );
        let operation = registry.describe(&trace.header.algorithm).expect("it is known").operation;
        let cost = Cost::of(&operation, &stats, &measures).value();
        assert_eq!(cost["name"], name);
        assert_eq!(cost["count"], measures.0[number].values.len() as u64);
        assert_eq!(cost["messages"], stats.messages.sent);
        assert_eq!(stats.timeline.sent.iter().sum::<u64>(), stats.messages.sent, "no message is outside");
    }
}

#[test]
fn a_difference_to_the_formula_is_said() {
    let registry = Registry::standard();
    let wrong = Formula::exact("3(N-1)");
    let text = workload("mutual-exclusion", "ricart-agrawala", "", 4, false);
    let (one, operation) = sample(&registry, &text, &wrong);
    let point = Point {
        scenario: "wrong".into(),
        settings: Vec::new(),
        algorithm: "ricart-agrawala".into(),
        nodes: 4,
        operation,
        formula: Some(wrong),
        samples: vec![one],
    };
    let study = Study { keys: Vec::new(), points: vec![point] }.to_string();
    assert!(
        study.contains("published: 3(N-1) = 9 messages for each entry; it differs in 1 of 1 runs"),
        "{study}"
    );
}
