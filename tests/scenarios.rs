//! Every file in `scenarios` does what it expects of itself, and its trace is the one in `snapshots/scenarios`.

use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use synod::{
    process::Verdict,
    registry::{Options, Outcome, Registry, Standing},
    report::{TextOptions, text},
    scenario::load,
};

/// A longer trace is kept as its beginning, its end and its digest.
const LONG: usize = 400;
const BEGINNING: usize = 120;
const ENDING: usize = 40;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/scenarios");

fn main() {
    let arguments = Arguments::from_args();
    let names = names(Path::new(SCENARIOS), &["yaml"]);
    assert!(!names.is_empty(), "there are scenarios");
    let mut trials: Vec<Trial> =
        names.iter().cloned().map(|name| Trial::test(name.clone(), move || play(&name))).collect();
    let (all, museum) = (names.clone(), names.clone());
    trials
        .push(Trial::test("every_algorithm_is_shown_whole_and_broken", move || shown_whole_and_broken(&all)));
    trials.push(Trial::test("every_piece_of_the_museum_is_broken_by_its_mistake", move || {
        broken_by_their_mistakes(&museum)
    }));
    trials.push(Trial::test("every_snapshot_belongs_to_a_scenario", move || no_strays(&names)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// The files below `root` that end so, as paths without extension, with `/` between their parts.
fn names(root: &Path, extensions: &[&str]) -> BTreeSet<String> {
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry of a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inner = path.strip_prefix(root).expect("it is below the root");
            let inner = inner.to_str().expect("its name is text").replace('\\', "/");
            let stem = extensions.iter().find_map(|extension| inner.strip_suffix(&format!(".{extension}")));
            names.insert(stem.unwrap_or(&inner).to_owned());
        }
    }
    names
}

/// Runs one scenario, compares it with what it expects, and its trace with its snapshot.
fn play(name: &str) -> Result<(), Failed> {
    let content = fs::read_to_string(format!("{SCENARIOS}/{name}.yaml"))?;
    for key in ["name:", "about:"] {
        if !content.lines().any(|line| line.starts_with(key)) {
            return Err(format!("a scenario says what it is and what it shows: add `{key}`").into());
        }
    }
    let registry = Registry::standard();
    let shown = format!("scenarios/{name}.yaml");
    let plan =
        load(&shown, content.as_bytes(), &[], None, &registry).map_err(|mistakes| mistakes.to_string())?;
    let outcome = registry.run(&plan, &Options::default())?;
    let trace = told(&outcome)?;
    if outcome.standing() != Standing::Passed {
        return Err(format!("{}\n{trace}", unmet(&outcome).join("\n")).into());
    }
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(SNAPSHOTS).join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(file, trace));
    Ok(())
}

/// The trace as text; of a long one its beginning, its end and its digest.
fn told(outcome: &Outcome) -> Result<String, Failed> {
    let trace = outcome.trace()?;
    let mut bytes = Vec::new();
    text(&trace, &mut bytes, &TextOptions::default())?;
    let whole = String::from_utf8(bytes)?;
    if trace.events.len() <= LONG {
        return Ok(whole);
    }
    let lines: Vec<&str> = whole.lines().collect();
    let (first, last) = (&lines[..BEGINNING], &lines[lines.len() - ENDING..]);
    let left_out = format!("... {} lines ...", lines.len() - BEGINNING - ENDING);
    let digest = format!("digest {}", outcome.footer.digest);
    let parts = [first, &[left_out.as_str()], last, &[digest.as_str()]];
    Ok(parts.concat().join("\n"))
}

/// Why a run did not pass.
fn unmet(outcome: &Outcome) -> Vec<String> {
    let idle = outcome.idle.iter().filter(|idle| !idle.allowed);
    let idle =
        idle.map(|idle| format!("events[{}]: the {} at {} touched nothing", idle.entry, idle.kind, idle.at));
    let difference = &outcome.difference;
    let all = difference.unmet.iter().chain(&difference.undecided).map(ToString::to_string);
    all.chain(idle).collect()
}

/// Every algorithm is shown at work, under something that it survives, and with an assumption broken; one that is there
/// for its mistakes is shown without one, and with one.
fn shown_whole_and_broken(names: &BTreeSet<String>) -> Result<(), Failed> {
    let registry = Registry::standard();
    let mut shown: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for name in names {
        let content = fs::read(format!("{SCENARIOS}/{name}.yaml"))?;
        let plan = load(name, &content, &[], None, &registry).map_err(|mistakes| mistakes.to_string())?;
        let outcome = registry.run(&plan, &Options::default())?;
        let violated = |verdict: &Verdict| matches!(verdict, Verdict::Violated { .. });
        let (whole, broken) = shown.entry(plan.algorithm.clone()).or_default();
        *if outcome.footer.verdicts.values().any(violated) { broken } else { whole } += 1;
    }
    let lacks = registry.descriptions().filter_map(|description| {
        let (whole, broken) = shown.get(description.name).copied().unwrap_or_default();
        let name = description.name;
        let needed = if name.ends_with("-flawed") { 1 } else { 2 };
        (whole < needed || broken < 1).then(|| {
            format!("{name}: {whole} scenarios show it whole and {broken} broken; {needed} and 1 are needed")
        })
    });
    let lacks: Vec<String> = lacks.collect();
    if lacks.is_empty() { Ok(()) } else { Err(lacks.join("\n").into()) }
}

/// Every piece of the museum shows a failure and says what a search must vary to find it; a mistake that it names is what
/// makes it fail: without it the same run violates nothing.
fn broken_by_their_mistakes(names: &BTreeSet<String>) -> Result<(), Failed> {
    let registry = Registry::standard();
    let pieces =
        names.iter().filter(|name| name.starts_with("museum/") && !name.starts_with("museum/sound/"));
    let (mut complaints, mut count) = (Vec::new(), 0);
    for name in pieces {
        count += 1;
        let content = fs::read_to_string(format!("{SCENARIOS}/{name}.yaml"))?;
        for said in ["\nfuzz: {runs: ", "\ncheck: [", ": violated}\n"] {
            if !content.contains(said) {
                complaints.push(format!("{name}: `{}` is missing", said.trim()));
            }
        }
        if !content.contains("mistake: ") || content.contains("mistake: none") {
            continue;
        }
        let without = ["algorithm.config.mistake=none".parse()?];
        let plan = load(name, content.as_bytes(), &without, None, &registry)
            .map_err(|mistakes| mistakes.to_string())?;
        let verdicts = registry.run(&plan, &Options::default())?.footer.verdicts;
        let violated =
            verdicts.into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Violated { .. }));
        complaints.extend(violated.map(|(property, _)| format!("{name}: {property} without the mistake")));
    }
    if count < 40 {
        complaints.push(format!("the museum has {count} pieces only"));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

/// A snapshot without a scenario is of no use to anybody.
fn no_strays(scenarios: &BTreeSet<String>) -> Result<(), Failed> {
    let strays: Vec<String> = names(Path::new(SNAPSHOTS), &["snap", "snap.new"])
        .into_iter()
        .filter(|name| !scenarios.contains(name))
        .map(|name| format!("snapshots/scenarios/{name} has no scenario: remove it"))
        .collect();
    if strays.is_empty() { Ok(()) } else { Err(strays.join("\n").into()) }
}
