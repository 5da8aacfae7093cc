//! `check`: scenarios are read, and what is wrong with them is told; nothing runs.

use super::{
    args::{Check, Format},
    batch,
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, counted, paint},
    run::{load, overrides},
};
use crate::{
    registry::Registry,
    scenario::{Mistake, Plan},
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Reads scenarios and says what is wrong with them.
pub(super) fn check(registry: &Registry, wanted: &Check, output: &mut Output) -> Result<Exit, Failure> {
    let format = wanted.reporting.format();
    if format == Format::Junit {
        return Err(Failure::Usage("check writes human, json or jsonl; junit is for run".into()));
    }
    let files = files::scenarios(&wanted.sources.files)?;
    let overrides = overrides(&wanted.sources.changes)?;
    let seed = wanted.sources.changes.seed;
    let work = |file: &PathBuf| (files::name(file), load(registry, file, &overrides, seed));
    let width = files.iter().map(|file| files::name(file).chars().count()).max().unwrap_or(0);
    let mut exit = Exit::Held;
    let mut all = Vec::new();
    batch::in_order(&files, wanted.reporting.jobs, wanted.reporting.progress, work, |(file, result)| {
        exit = exit.worse(result.as_ref().map_or_else(Failure::exit, |_| Exit::Held));
        match (format, result) {
            (_, Ok(plan)) if wanted.resolved => print_resolved(&plan, format, output),
            (Format::Human, Ok(plan)) => {
                let nodes = counted(plan.setup.names.len() as u64, "node");
                let events = counted(plan.setup.agenda.len() as u64, "event");
                let good = paint(Tone::Good, "ok");
                output.line(format!("{good}  {file:width$}  {}, {nodes}, {events}", plan.algorithm))
            }
            (Format::Human, Err(failure)) => {
                output.flush()?;
                output.complain(&failure);
                Ok(())
            }
            (_, result) => {
                all.push(value(&file, result));
                Ok(())
            }
        }
    })?;
    match format {
        Format::Human => {}
        Format::Jsonl => all.iter().try_for_each(|value| output.line(value.to_string()))?,
        Format::Json | Format::Junit if wanted.resolved && exit == Exit::Held => {}
        Format::Json | Format::Junit => {
            let ok = exit == Exit::Held;
            output.line(json!({ "v": 1, "ok": ok, "exit": exit as u8, "files": all }).to_string())?;
        }
    }
    Ok(exit)
}

/// What came of one file as JSON.
fn value(file: &str, result: Result<Plan, Failure>) -> Value {
    let one = |mistake: &Mistake| {
        let Mistake { message, hint, help, line, column, .. } = mistake;
        json!({ "message": message, "hint": hint, "help": help, "line": line, "column": column })
    };
    let mistakes: Vec<Value> = match &result {
        Ok(_) => Vec::new(),
        Err(Failure::Mistakes(mistakes)) => mistakes.iter().map(one).collect(),
        Err(failure) => vec![json!({ "message": failure.to_string() })],
    };
    json!({ "v": 1, "file": file, "ok": result.is_ok(), "mistakes": mistakes })
}

/// The scenario with every default filled in: YAML for people, a line of JSON otherwise.
fn print_resolved(plan: &Plan, format: Format, output: &mut Output) -> Result<(), Failure> {
    let text = match format {
        Format::Human => serde_yaml::to_string(&plan.resolved).map_err(|error| error.to_string()),
        _ => serde_json::to_string(&plan.resolved).map_err(|error| error.to_string()),
    };
    output.line(text.map_err(Failure::Internal)?.trim_end())
}
