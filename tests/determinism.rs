//! Same scenario, same seed, same bytes: run twice, in four threads, in either build profile, replayed, read back.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};
use synod::{
    check::{Typed, judge},
    problems::{
        broadcast::{Broadcast, Delivery, Output, Request},
        mutual_exclusion::MutualExclusion,
    },
    process::{Context, Description, Never, Problem, Process, ProcessId},
    registry::{Options, Outcome, Registry},
    scenario::{self, Plan},
    trace::{Level, first_difference, first_differing_line},
};

/// Every scenario below `scenarios/`, in order.
fn scenarios() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("scenarios")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 20, "the scenarios are there");
    files
}

/// The file's name as it is written on every machine.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn load(registry: &Registry, path: &Path) -> Plan {
    let text = fs::read(path).expect("a scenario can be read");
    scenario::load(&shown(path), &text, &[], None, registry).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn run(path: &Path, level: Level) -> Outcome {
    let registry = Registry::standard();
    let plan = load(&registry, path);
    registry
        .run(&plan, &Options { seed: None, level })
        .unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// The whole trace: header, events, last line.
fn bytes(outcome: &Outcome) -> Vec<u8> {
    let mut bytes = Vec::new();
    outcome.write_trace(&mut bytes).expect("a vector takes whatever is written to it");
    bytes
}

fn assert_alike(path: &Path, first: &Outcome, second: &Outcome) {
    if let Some(difference) = first_differing_line(&first.told.lines, &second.told.lines) {
        panic!("{}: {difference}", shown(path));
    }
    assert_eq!(first.footer.digest, second.footer.digest, "{}", shown(path));
    assert!(bytes(first) == bytes(second), "{}: header or last line differ", shown(path));
}

#[test]
fn a_scenario_run_twice_gives_the_same_bytes() {
    for path in scenarios() {
        for level in [Level::Full, Level::States] {
            assert_alike(&path, &run(&path, level), &run(&path, level));
        }
    }
}

#[test]
fn scenarios_run_in_four_threads_give_the_same_bytes() {
    let paths = scenarios();
    let all = || paths.iter().map(|path| run(path, Level::Full)).collect::<Vec<Outcome>>();
    let alone = all();
    let together: Vec<Vec<Outcome>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(all)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    for outcomes in together {
        for ((path, first), second) in paths.iter().zip(&alone).zip(&outcomes) {
            assert_alike(path, first, second);
        }
    }
}

/// The table holds every build profile, machine and release to the same bytes. A change in it is a change that every
/// trace ever recorded will notice.
#[test]
fn every_scenario_has_the_digest_it_always_had() {
    let line = |path: &PathBuf| format!("{}: {}", shown(path), run(path, Level::Full).footer.digest);
    let table: Vec<String> = scenarios().iter().map(line).collect();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("digests", table.join("\n")));
}

#[test]
fn a_trace_read_back_gives_the_same_verdicts() {
    let registry = Registry::standard();
    for path in scenarios() {
        let plan = load(&registry, &path);
        match registry.describe(&plan.algorithm).expect("the plan was made from it").problem {
            Broadcast::NAME => assert_judged_alike::<Broadcast>(&path),
            MutualExclusion::NAME => assert_judged_alike::<MutualExclusion>(&path),
            other => panic!("{}: say here which type the problem `{other}` has", shown(&path)),
        }
    }
}

fn assert_judged_alike<Pr: Problem>(path: &Path) {
    let outcome = run(path, Level::Full);
    let trace = outcome.trace().unwrap_or_else(|error| panic!("{}: {error}", shown(path)));
    let wanted: Vec<String> = outcome.footer.verdicts.keys().cloned().collect();
    assert!(!wanted.is_empty(), "{}: something is checked", shown(path));
    let typed = Typed::<Pr>::of(&trace).unwrap_or_else(|error| panic!("{}: {error}", shown(path)));
    let history = typed.history(&trace).unwrap_or_else(|error| panic!("{}: {error}", shown(path)));
    assert_eq!(judge(&history, &trace.names, &wanted), outcome.footer.verdicts, "{}", shown(path));
    assert_eq!(trace.footer, Some(outcome.footer), "{}", shown(path));
}

/// The header alone is enough to run a scenario again.
#[test]
fn a_replay_is_identical() {
    let registry = Registry::standard();
    for path in scenarios() {
        for level in [Level::Full, Level::States] {
            let outcome = run(&path, level);
            let trace = outcome.trace().unwrap_or_else(|error| panic!("{}: {error}", shown(&path)));
            let plan = scenario::reload(&shown(&path), &trace.header.scenario, &registry)
                .unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let seed = trace.header.seed.parse().expect("a seed is a number");
            let again = registry.run(&plan, &Options { seed: Some(seed), level });
            let again = again.unwrap_or_else(|error| panic!("{}: {error}", shown(&path)));
            assert_alike(&path, &outcome, &again);
            let again = again.trace().unwrap_or_else(|error| panic!("{}: {error}", shown(&path)));
            assert_eq!(first_difference(&trace, &again), None, "{}", shown(&path));
        }
    }
}

/// Other seeds than the scenario's own are as good, where there is anything left to chance.
#[test]
fn another_seed_is_another_run_of_the_same_scenario() {
    let registry = Registry::standard();
    let path = Path::new("scenarios/broadcast/causal_over_a_lossy_network.yaml");
    let plan = load(&registry, path);
    let with =
        |seed| registry.run(&plan, &Options { seed: Some(seed), level: Level::Full }).expect("it runs");
    assert_ne!(with(1).footer.digest, with(2).footer.digest);
    assert_alike(path, &with(2), &with(2));
}

/// How many messages all processes of all runs have received: what no process may know.
static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// A process that cheats: it remembers something from run to run.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Cheat;

impl Process for Cheat {
    type Problem = Broadcast;
    type Config = ();
    type Message = String;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description { promises: &["integrity"], ..Description::named("cheat") };

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        ctx.broadcast(body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, body: String) {
        let id = RECEIVED.fetch_add(1, Ordering::SeqCst);
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

#[test]
fn a_process_that_remembers_other_runs_is_caught() {
    let registry = Registry::empty().with::<Cheat>();
    let text = "version: 1\nname: a cheat\nalgorithm: cheat\nnodes: 2\nnetwork: {delay: 10ms}\n\
                events:\n  - {at: 0ms, node: n1, request: {broadcast: hello}}\n";
    let plan = scenario::load("cheat.yaml", text.as_bytes(), &[], None, &registry)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let run = || registry.run(&plan, &Options::default()).expect("it runs");
    let (first, second) = (run(), run());
    let difference = first_differing_line(&first.told.lines, &second.told.lines).expect("they differ");
    // Two boots, a request, its sending, a receipt: the output is the sixth event.
    assert_eq!(difference.to_string(), "event 5 at n2: body.deliver.id is 0 in the first, 1 in the second");
    let (first, second) = (first.trace().expect("a trace"), second.trace().expect("a trace"));
    assert_eq!(first_difference(&first, &second), Some(difference));
}
