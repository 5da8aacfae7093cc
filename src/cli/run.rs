//! `run` and `check`: scenarios are read, run and judged.

use super::{
    args::{Check, Format, Keep, Run, Sources},
    batch,
    exit::{Exit, Failure},
    files,
    outcome::{self, Ran},
    output::{Output, Tone, paint},
};
use crate::{
    process::parse_duration,
    registry::{Options, Outcome, Registry},
    scenario::{self, Mistake, Mistakes, Override, Plan},
    trace::{Level, first_differing_line},
};
use miette::{GraphicalReportHandler, GraphicalTheme, ThemeCharacters, ThemeStyles};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Runs scenarios.
pub(super) fn run(registry: &Registry, wanted: &Run, output: &mut Output) -> Result<Exit, Failure> {
    let files = files::scenarios(&wanted.sources.files)?;
    let mut overrides = overrides(&wanted.sources)?;
    if let Some(until) = &wanted.until {
        parse_duration(until).map_err(|error| Failure::Usage(format!("--until: {error}")))?;
        overrides.push(parse_override(&format!("until={until}"))?);
    }
    let several = files.len() > 1;
    if several && let Some(folder) = &wanted.trace {
        fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
    }
    let work = |file: &PathBuf| run_one(registry, wanted, &overrides, file, several);
    let format = wanted.reporting.format();
    let mut results = outcome::Results::new(format, several);
    let mut exit = Exit::Held;
    batch::in_order(&files, wanted.reporting.jobs, wanted.reporting.progress, work, |result| match result {
        Ok(ran) => {
            exit = exit.worse(ran.exit());
            results.add(&ran, wanted.view, output)
        }
        Err(failure) if several && !matches!(failure, Failure::ClosedPipe) => {
            output.flush()?;
            output.complain(&failure);
            exit = exit.worse(failure.exit());
            results.add_broken(&failure);
            Ok(())
        }
        Err(failure) => Err(failure),
    })?;
    results.finish(output)?;
    Ok(exit)
}

fn run_one(
    registry: &Registry,
    wanted: &Run,
    overrides: &[Override],
    file: &Path,
    several: bool,
) -> Result<Ran, Failure> {
    let plan = load(registry, file, overrides, wanted.sources.seed)?;
    let level = match wanted.record {
        Keep::Off => Level::Nothing,
        Keep::Counts => Level::Counts,
        Keep::Full if wanted.state => Level::States,
        Keep::Full => Level::Full,
    };
    let options = Options { seed: wanted.sources.seed, level };
    let simulate = || registry.run(&plan, &options).map_err(|error| Failure::Internal(error.to_string()));
    let outcome = simulate()?;
    let mut diverged = None;
    if wanted.verify_determinism {
        let again = simulate()?;
        diverged = first_differing_line(&outcome.told.lines, &again.told.lines)
            .map(|difference| difference.to_string());
    }
    if let Some(path) = &wanted.trace {
        let path = if several { path.join(trace_name(file)) } else { path.clone() };
        write_trace(&outcome, &path)?;
    }
    let verified = wanted.verify_determinism && diverged.is_none();
    Ok(Ran {
        file: files::name(file),
        plan,
        outcome,
        diverged,
        verified,
        again: repeat_command(wanted, file),
    })
}

/// The command that repeats a run, all that matters spelled out.
fn repeat_command(wanted: &Run, file: &Path) -> String {
    let mut command = format!("synod run {}", quoted(&file.display().to_string()));
    for text in &wanted.sources.overrides {
        command.push_str(&format!(" --set {}", quoted(text)));
    }
    if let Some(until) = &wanted.until {
        command.push_str(&format!(" --until {}", quoted(until)));
    }
    command
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:%,@+".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// A scenario's path with its folders in the name, so that traces of a batch do not overwrite each other.
fn trace_name(file: &Path) -> String {
    let parts = file.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let name = parts.collect::<Vec<_>>().join("-");
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(&name);
    format!("{stem}.jsonl")
}

fn write_trace(outcome: &Outcome, path: &Path) -> Result<(), Failure> {
    let place = || path.display().to_string();
    if path.as_os_str() == files::STDIN {
        let mut bytes = Vec::new();
        outcome.write_trace(&mut bytes).map_err(Failure::io("standard output"))?;
        return std::io::stdout().write_all(&bytes).map_err(Failure::io("standard output"));
    }
    let file = fs::File::create(path).map_err(Failure::io(place()))?;
    let mut file = std::io::BufWriter::new(file);
    outcome.write_trace(&mut file).map_err(Failure::io(place()))?;
    file.flush().map_err(Failure::io(place()))
}

/// Reads a scenario; its mistakes become a report with excerpts.
pub(super) fn load(
    registry: &Registry,
    file: &Path,
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Plan, Failure> {
    let text = files::read(file)?;
    scenario::load(&files::name(file), &text, overrides, seed, registry)
        .map_err(|mistakes| Failure::Report(rendered(&mistakes)))
}

/// Mistakes with excerpts, coloured where stderr takes colour.
fn rendered(mistakes: &Mistakes) -> String {
    let styles = ThemeStyles::ansi();
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    for mistake in mistakes.iter() {
        if handler.render_report(&mut text, mistake).is_err() {
            return mistakes.to_string();
        }
    }
    text
}

fn overrides(sources: &Sources) -> Result<Vec<Override>, Failure> {
    sources.overrides.iter().map(|text| parse_override(text)).collect()
}

fn parse_override(text: &str) -> Result<Override, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("--set {text}: {error}")))
}

/// Reads scenarios and says what is wrong with them.
pub(super) fn check(registry: &Registry, wanted: &Check, output: &mut Output) -> Result<Exit, Failure> {
    let files = files::scenarios(&wanted.sources.files)?;
    let overrides = overrides(&wanted.sources)?;
    let format = wanted.reporting.format();
    let work = |file: &PathBuf| (file.clone(), check_one(registry, file, &overrides, wanted.sources.seed));
    let mut exit = Exit::Held;
    let mut all = Vec::new();
    batch::in_order(&files, wanted.reporting.jobs, wanted.reporting.progress, work, |(file, result)| {
        let name = files::name(&file);
        match result {
            Ok(plan) if wanted.resolved => print_resolved(&plan, format, output)?,
            Ok(plan) if format == Format::Human => {
                let (nodes, events) = (plan.setup.names.len(), plan.setup.agenda.len());
                let good = paint(Tone::Good, "ok");
                output.line(format!("{good}  {name}  {}, {nodes} nodes, {events} events", plan.algorithm))?;
            }
            Ok(_) => all.push(json!({ "file": name, "ok": true, "mistakes": [] })),
            Err(Checked::Mistakes(mistakes)) => {
                exit = exit.worse(Exit::Usage);
                if format == Format::Human {
                    output.flush()?;
                    output.complain(&Failure::Report(rendered(&mistakes)));
                } else {
                    all.push(json!({ "file": name, "ok": false, "mistakes": told(&mistakes) }));
                }
            }
            Err(Checked::Failure(failure)) => return Err(failure),
        }
        Ok(())
    })?;
    if !wanted.resolved && format != Format::Human {
        outcome::print_values(format, &all, files.len() > 1, output)?;
    }
    Ok(exit)
}

/// Mistakes as JSON.
fn told(mistakes: &Mistakes) -> Vec<Value> {
    let one = |mistake: &Mistake| {
        let Mistake { message, help, line, column, .. } = mistake;
        json!({ "message": message, "help": help, "line": line, "column": column })
    };
    mistakes.iter().map(one).collect()
}

enum Checked {
    Mistakes(Mistakes),
    Failure(Failure),
}

fn check_one(
    registry: &Registry,
    file: &Path,
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Plan, Checked> {
    let text = files::read(file).map_err(Checked::Failure)?;
    scenario::load(&files::name(file), &text, overrides, seed, registry).map_err(Checked::Mistakes)
}

fn print_resolved(plan: &Plan, format: Format, output: &mut Output) -> Result<(), Failure> {
    let text = match format {
        Format::Human => serde_yaml::to_string(&plan.resolved).map_err(|error| error.to_string()),
        _ => serde_json::to_string(&plan.resolved).map_err(|error| error.to_string()),
    };
    output.line(text.map_err(Failure::Internal)?.trim_end())
}
