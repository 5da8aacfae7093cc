//! `run`: scenarios are read, run and judged.

use super::{
    args::{Changes, Keep, Run},
    batch,
    exit::{Exit, Failure},
    files,
    numbers::Numbers,
    outcome::{Ran, Results},
    output::Output,
    page, program, study,
};
use crate::{
    process::parse_duration,
    registry::{Options, Outcome, Registry},
    report::{Compared, Measures, Stats},
    scenario::{self, Mistakes, Override, Plan},
    trace::{Level, first_differing_line},
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Runs scenarios.
pub(super) fn run(registry: &Registry, wanted: &Run, output: &mut Output) -> Result<Exit, Failure> {
    let files = files::scenarios(&wanted.sources.files)?;
    let mut overrides = overrides(&wanted.sources.changes)?;
    if let Some(until) = &wanted.until {
        parse_duration(until).map_err(|error| Failure::Usage(format!("--until: {error}")))?;
        overrides.push(parse_override(&format!("until={until}"))?);
    }
    page::must_be_a_file(wanted.report.as_deref())?;
    if study::is_study(wanted, &overrides) {
        return study::study(registry, wanted, &files, &overrides, output);
    }
    let several = files.len() > 1;
    let piped = wanted.trace.as_deref().is_some_and(|path| path.as_os_str() == files::STDIN);
    match &wanted.trace {
        Some(_) if piped && several => {
            let sentence = "--trace - takes one scenario; several write their traces into a folder";
            return Err(Failure::Usage(sentence.into()));
        }
        Some(_) if piped => *output = Output::on_stderr(),
        Some(folder) if several => {
            fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
        }
        Some(_) | None => {}
    }
    if let Some(folder) = wanted.report.as_ref().filter(|_| several) {
        fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
    }
    let work = |file: &PathBuf| (files::name(file), run_one(registry, wanted, &overrides, file));
    let mut results = Results::new(wanted.reporting.format(), &files, wanted.compare);
    batch::in_order(&files, wanted.reporting.jobs, wanted.reporting.progress, work, |(file, result)| {
        match result {
            Ok(ran) if piped => {
                write_trace(&ran.outcome, &mut io::stdout().lock())
                    .map_err(Failure::io("standard output"))?;
                results.add(&ran, wanted.view, output)
            }
            Ok(ran) => results.add(&ran, wanted.view, output),
            Err(failure) => results.add_broken(&file, &failure, output),
        }
    })?;
    results.finish(output)
}

fn run_one(registry: &Registry, wanted: &Run, overrides: &[Override], file: &Path) -> Result<Ran, Failure> {
    let plan = load(registry, file, overrides, wanted.sources.changes.seed)?;
    let level = match wanted.record {
        Keep::Off => Level::Nothing,
        Keep::Counts => Level::Counts,
        Keep::Full if wanted.state => Level::States,
        Keep::Full => Level::Full,
    };
    let options = Options { seed: wanted.sources.changes.seed, level };
    let simulate = || registry.run(&plan, &options).map_err(|error| Failure::Internal(error.to_string()));
    let outcome = simulate()?;
    let mut diverged = None;
    if wanted.verify_determinism {
        let again = simulate()?;
        diverged = first_differing_line(&outcome.told.lines, &again.told.lines)
            .map(|difference| difference.to_string());
    }
    let mut trace = wanted.trace.clone().filter(|path| path.as_os_str() != files::STDIN);
    if let Some(path) = &mut trace {
        if path.is_dir() {
            path.push(output_name(file, "jsonl"));
        }
        let created =
            fs::File::create(&path).and_then(|file| write_trace(&outcome, &mut io::BufWriter::new(file)));
        created.map_err(Failure::io(path.display().to_string()))?;
    }
    let verified = wanted.verify_determinism && diverged.is_none();
    let compared = wanted.compare.then(|| compared(registry, file, &outcome)).transpose()?;
    let numbers = wanted.stats.then(|| outcome.trace()).transpose();
    let numbers = numbers.map_err(|error| Failure::Internal(error.to_string()))?;
    let numbers = numbers.map(|trace| Numbers::of(registry, &trace));
    let mut ran = Ran {
        file: files::name(file),
        plan,
        outcome,
        diverged,
        verified,
        compared,
        numbers,
        trace: trace.map(|path| path.display().to_string()),
        report: None,
        again: repeat_command(wanted, file),
    };
    if let Some(mut path) = wanted.report.clone() {
        if path.is_dir() {
            path.push(output_name(file, "html"));
        }
        page::of_run(registry, &ran, wanted.sources.changes.seed, &path)?;
        ran.report = Some(path.display().to_string());
    }
    Ok(ran)
}

/// The line of a comparison that is about this run.
fn compared(registry: &Registry, file: &Path, outcome: &Outcome) -> Result<Compared, Failure> {
    let trace = outcome.trace().map_err(|error| Failure::Internal(error.to_string()))?;
    let measured = registry.measure(&trace).transpose();
    let measures = measured.map_err(|error| Failure::Internal(error.to_string()))?.unwrap_or_default();
    let scenario = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    Ok(Compared {
        scenario,
        algorithm: outcome.header.algorithm.clone(),
        stats: Stats::of(&trace),
        measures: Measures(measures),
    })
}

/// The command that repeats a run, all that matters spelled out.
fn repeat_command(wanted: &Run, file: &Path) -> String {
    let mut command = format!("{} run {}", program(), quoted(&file.display().to_string()));
    for text in &wanted.sources.changes.overrides {
        command.push_str(&format!(" --set {}", quoted(text)));
    }
    if let Some(until) = &wanted.until {
        command.push_str(&format!(" --until {}", quoted(until)));
    }
    command
}

/// As a shell takes it for one word.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:%,@+".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// A scenario's path with its folders in the name, so that what a batch writes does not overwrite each other.
fn output_name(file: &Path, extension: &str) -> String {
    let parts = file.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let name = parts.collect::<Vec<_>>().join("-");
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(&name);
    format!("{stem}.{extension}")
}

fn write_trace(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    outcome.write_trace(out)?;
    out.flush()
}

/// Reads a scenario; its mistakes become a report with excerpts.
pub(super) fn load(
    registry: &Registry,
    file: &Path,
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Plan, Failure> {
    load_text(registry, &files::name(file), &files::read(file)?, overrides, seed)
}

/// The same of a scenario that was read.
pub(super) fn load_text(
    registry: &Registry,
    name: &str,
    text: &[u8],
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Plan, Failure> {
    scenario::load(name, text, overrides, seed, registry).map_err(|mistakes| report(mistakes, text))
}

/// What is wrong with a scenario. A trace in its place is a misunderstanding of its own.
fn report(mistakes: Mistakes, text: &[u8]) -> Failure {
    let name = mistakes.name();
    if text.starts_with(b"{\"v\":")
        && text.split(|byte| *byte == b'\n').nth(1).is_some_and(|line| !line.is_empty())
    {
        return Failure::Usage(format!(
            "{name} is a trace, not a scenario; `replay` runs it again, `trace view` shows it"
        ));
    }
    Failure::Mistakes(Box::new(mistakes))
}

pub(super) fn overrides(changes: &Changes) -> Result<Vec<Override>, Failure> {
    changes.overrides.iter().map(|text| parse_override(text)).collect()
}

pub(super) fn parse_override(text: &str) -> Result<Override, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("--set {text}: {error}")))
}
