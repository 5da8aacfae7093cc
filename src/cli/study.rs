//! `run --runs`, and `--set` with several values: many runs as one table.

use super::{
    args::{Format, Keep, Run},
    batch,
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, counted, paint},
    program,
    run::{load_text, quoted},
};
use crate::{
    process::{Formula, Operation},
    registry::{Options, Registry, Standing},
    report::{Came, Measures, Point, Sample, Size, Stats, Study},
    scenario::{Channel, Override, Plan},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many failing runs of a point are named.
const NAMED: usize = 3;

/// A point before it was run: a scenario and its settings.
struct Setting {
    file: String,
    text: Arc<Vec<u8>>,
    overrides: Vec<Override>,
    /// The values of the keys that differ.
    values: Vec<String>,
    /// The seed of the first run.
    seed: u64,
    plan: Plan,
}

/// Whether a command asks for more than each scenario once.
pub(super) fn is_study(wanted: &Run, overrides: &[Override]) -> bool {
    let sweeps = overrides.iter().any(|change| change.values().len() > 1);
    wanted.runs.is_some() || wanted.csv.is_some() || sweeps
}

/// Runs every scenario with every combination of settings under every seed.
pub(super) fn study(
    registry: &Registry,
    wanted: &Run,
    files: &[PathBuf],
    overrides: &[Override],
    output: &mut Output,
) -> Result<Exit, Failure> {
    refuse_what_is_for_one_run(wanted)?;
    let runs = wanted.runs.unwrap_or(1);
    let swept = overrides.iter().filter(|change| change.values().len() > 1);
    let mut study = Study { keys: swept.map(|change| change.key.clone()).collect(), points: Vec::new() };
    let settings = settings(registry, wanted, files, overrides, output)?;
    let mut items = Vec::new();
    for setting in &settings {
        items.extend((0..runs).map(|run| (setting, setting.seed.wrapping_add(run))));
        study.points.push(point(registry, setting));
    }
    let mut exit = Exit::Held;
    let mut samples = Vec::with_capacity(items.len());
    let work = |(setting, seed): &(&Setting, u64)| sample(registry, wanted, setting, *seed);
    let progress = wanted.reporting.progress;
    batch::in_order(&items, wanted.reporting.jobs, progress, work, |sample: Result<Sample, Failure>| {
        samples.push(sample?);
        Ok::<(), Failure>(())
    })?;
    let mut samples = samples.into_iter();
    for point in &mut study.points {
        point.samples.extend(samples.by_ref().take(runs as usize));
        for sample in &point.samples {
            exit = exit.worse(match sample.came {
                Came::Passed => Exit::Held,
                Came::Undecided => Exit::Undecided,
                Came::Failed => Exit::Violated,
            });
        }
    }
    write(&study, wanted, exit, output)?;
    Ok(exit)
}

fn refuse_what_is_for_one_run(wanted: &Run) -> Result<(), Failure> {
    let flags = [
        (wanted.trace.is_some(), "--trace"),
        (wanted.view, "--view"),
        (wanted.state, "--state"),
        (wanted.stats, "--stats"),
        (wanted.compare, "--compare"),
        (wanted.verify_determinism, "--verify-determinism"),
        (wanted.record != Keep::Full, "--record"),
        (wanted.reporting.format() == Format::Junit, "--format junit"),
    ];
    match flags.into_iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, flag)) => {
            let sentence =
                format!("{flag} is for single runs, not for --runs, --csv or --set with several values");
            Err(Failure::Usage(sentence))
        }
    }
}

/// Every scenario with every combination of the values of its settings, the last key changing fastest.
fn settings(
    registry: &Registry,
    wanted: &Run,
    files: &[PathBuf],
    overrides: &[Override],
    output: &mut Output,
) -> Result<Vec<Setting>, Failure> {
    let mut combinations: Vec<Vec<Override>> = vec![Vec::new()];
    for change in overrides {
        let with = |before: &Vec<Override>| {
            let before = before.clone();
            change.values().into_iter().map(move |one| [&before[..], &[one]].concat())
        };
        combinations = combinations.iter().flat_map(with).collect();
    }
    let swept: Vec<bool> = overrides.iter().map(|change| change.values().len() > 1).collect();
    let mut settings = Vec::new();
    for path in files {
        let (file, text) = (files::name(path), Arc::new(files::read(path)?));
        for overrides in &combinations {
            let differs = overrides.iter().zip(&swept).filter(|(_, swept)| **swept).map(|(change, _)| change);
            let values: Vec<&Override> = differs.collect();
            let plan = load_text(registry, &file, &text, overrides, wanted.sources.changes.seed);
            let plan = plan.inspect_err(|_| {
                let told: Vec<String> =
                    values.iter().map(|one| format!("{}={}", one.key, one.value)).collect();
                if !told.is_empty() {
                    output.warn(&format!("{file} cannot be run with {}", told.join(" ")));
                }
            })?;
            settings.push(Setting {
                file: file.clone(),
                text: text.clone(),
                values: values.iter().map(|change| change.value.clone()).collect(),
                overrides: overrides.clone(),
                seed: wanted.sources.changes.seed.unwrap_or(plan.seed),
                plan,
            });
        }
    }
    Ok(settings)
}

/// A point without its runs.
fn point(registry: &Registry, setting: &Setting) -> Point {
    let plan = &setting.plan;
    let described = registry.describe(&plan.algorithm);
    Point {
        scenario: Path::new(&setting.file)
            .file_stem()
            .map_or_else(|| setting.file.clone(), |stem| stem.to_string_lossy().into_owned()),
        settings: setting.values.clone(),
        algorithm: plan.algorithm.clone(),
        nodes: plan.setup.names.len() as u64,
        operation: described.map_or(Operation::REQUEST, |described| described.operation),
        formula: formula(registry, plan).copied(),
        samples: Vec::new(),
    }
}

/// What is published of the scenario's algorithm under its configuration. A channel layer has messages of its own.
fn formula<'a>(registry: &'a Registry, plan: &Plan) -> Option<&'a Formula> {
    if !matches!(plan.channel, Channel::Raw | Channel::Fifo) {
        return None;
    }
    let has = |(key, value): &(&str, &str)| {
        let set = plan.config.get(key).map(|set| set.as_str().map_or_else(|| set.to_string(), str::to_owned));
        set.as_deref().unwrap_or("null") == *value
    };
    let formulas = registry.describe(&plan.algorithm)?.formulas;
    formulas.iter().find(|formula| formula.with.iter().all(has))
}

/// Runs a point under one seed and takes its numbers.
fn sample(registry: &Registry, wanted: &Run, setting: &Setting, seed: u64) -> Result<Sample, Failure> {
    let plan = load_text(registry, &setting.file, &setting.text, &setting.overrides, Some(seed))?;
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let outcome = registry.run(&plan, &Options { seed: Some(seed), ..Options::default() });
    let outcome = outcome.map_err(|error| internal(&error))?;
    let trace = outcome.trace().map_err(|error| internal(&error))?;
    let measured = registry.measure(&trace).transpose().map_err(|error| internal(&error))?;
    let (stats, measures) = (Stats::of(&trace), Measures(measured.unwrap_or_default()));
    let came = match outcome.standing() {
        Standing::Passed => Came::Passed,
        Standing::Undecided => Came::Undecided,
        Standing::Failed => Came::Failed,
    };
    let operation = registry.describe(&plan.algorithm).map(|described| described.operation);
    let size = Size { nodes: plan.setup.names.len() as u64, links: plan.setup.links_between(seed) };
    let formula = formula(registry, &plan).map(|formula| (formula, size));
    Ok(Sample::of(
        (seed, came, again(wanted, setting, seed)),
        &stats,
        &measures,
        &operation.unwrap_or(Operation::REQUEST),
        formula,
    ))
}

/// The command that repeats one run.
fn again(wanted: &Run, setting: &Setting, seed: u64) -> String {
    let mut command = format!("{} run {}", program(), quoted(&setting.file));
    for change in setting.overrides.iter().filter(|change| wanted.until.is_none() || change.key != "until") {
        command.push_str(&format!(" --set {}", quoted(&format!("{}={}", change.key, change.value))));
    }
    if let Some(until) = &wanted.until {
        command.push_str(&format!(" --until {}", quoted(until)));
    }
    format!("{command} --seed {seed}")
}

fn write(study: &Study, wanted: &Run, exit: Exit, output: &mut Output) -> Result<(), Failure> {
    if let Some(path) = &wanted.csv {
        let mut bytes = Vec::new();
        study.csv(&mut bytes).map_err(Failure::io("memory"))?;
        if path.as_os_str() == files::STDIN {
            return output.bytes(&bytes);
        }
        fs::write(path, &bytes).map_err(Failure::io(path.display().to_string()))?;
    }
    match wanted.reporting.format() {
        Format::Human => print(study, exit, output),
        Format::Jsonl => study.values().iter().try_for_each(|value| output.line(value.to_string())),
        Format::Json | Format::Junit => {
            let ok = exit == Exit::Held;
            let (keys, points) = (&study.keys, study.values());
            let all = json!({ "v": 1, "ok": ok, "exit": exit as u8, "keys": keys, "confidence": 0.95, "points": points });
            output.line(all.to_string())
        }
    }
}

fn print(study: &Study, exit: Exit, output: &mut Output) -> Result<(), Failure> {
    output.line(study.to_string().trim_matches('\n'))?;
    let mut all = 0;
    for point in &study.points {
        all += point.samples.len();
        let bad = |sample: &&Sample| sample.came != Came::Passed;
        let failing: Vec<&Sample> = point.samples.iter().filter(bad).collect();
        for sample in failing.iter().take(NAMED) {
            output.line(format!("again: {}", sample.again))?;
        }
        if failing.len() > NAMED {
            output.line(format!("       and {} more like it", failing.len() - NAMED))?;
        }
    }
    let failed: usize = study.points.iter().map(|point| point.samples.len() - point.came(Came::Passed)).sum();
    let word = match exit {
        Exit::Held => paint(Tone::Good, "PASS"),
        Exit::Undecided => paint(Tone::Doubtful, "UNDECIDED"),
        _ => paint(Tone::Bad, "FAIL"),
    };
    output.line(format!("{word}  {}, {failed} not as expected", counted(all as u64, "run")))
}
