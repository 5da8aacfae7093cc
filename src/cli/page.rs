//! Reports as HTML pages: which run is shown, what stands above it, and where it is written.

use super::{
    exit::{Exit, Failure},
    files,
    found::Written,
    outcome::{Ran, grounds},
    output::Output,
    program,
    run::{load, quoted},
};
use crate::{
    registry::{Options, Outcome, Registry},
    report::{self, Heading},
    scenario::Plan,
    trace::{Level, Trace},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A run with more events is shown without the nodes' states, unless they were asked for.
const STATES: u64 = 20_000;

/// A page is a file: standard output has results on it.
pub(super) fn must_be_a_file(path: Option<&Path>) -> Result<(), Failure> {
    if path.is_some_and(|path| path.as_os_str() == files::STDIN) {
        return Err(Failure::Usage(
            "--report takes a file; `trace convert --to html` writes to standard output".into(),
        ));
    }
    Ok(())
}

/// Writes the page of a scenario's run.
pub(super) fn of_run(registry: &Registry, ran: &Ran, seed: Option<u64>, path: &Path) -> Result<(), Failure> {
    let trace = with_states(registry, &ran.plan, seed, &ran.outcome)?;
    let standing = match ran.exit() {
        Exit::Held => "PASS",
        Exit::Undecided => "UNDECIDED",
        _ => "FAIL",
    };
    let heading = Heading {
        title: None,
        command: Some(ran.again()),
        standing: Some(standing.into()),
        remarks: grounds(ran),
    };
    write(&trace, &heading, path)
}

/// The trace of a run, with states where they are affordable: it is run again for them, so that what is said and
/// written of the run itself does not depend on whether somebody wants a page.
pub(super) fn with_states(
    registry: &Registry,
    plan: &Plan,
    seed: Option<u64>,
    outcome: &Outcome,
) -> Result<Trace, Failure> {
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let trace = outcome.trace().map_err(|error| internal(&error))?;
    if outcome.footer.events > STATES || trace.events.iter().any(|event| event.state.is_some()) {
        return Ok(trace);
    }
    let options = Options { seed, level: Level::States };
    let again = registry.run(plan, &options).map_err(|error| internal(&error))?;
    let mut again = again.trace().map_err(|error| internal(&error))?;
    again.footer = trace.footer;
    Ok(again)
}

/// Writes the page of a trace.
pub(super) fn write(trace: &Trace, heading: &Heading, path: &Path) -> Result<(), Failure> {
    let mut page = Vec::new();
    report::html(trace, heading, &mut page).map_err(|error| Failure::Internal(error.to_string()))?;
    fs::write(path, page).map_err(Failure::io(path.display().to_string()))
}

/// Writes a page for every failure that a search wrote to a file; from the second on their names have numbers.
pub(super) fn of_failures(
    registry: &Registry,
    written: &[Written],
    path: &Path,
    output: &Output,
) -> Result<(), Failure> {
    if written.is_empty() {
        output.warn(&format!("no failure was found: {} is not written", path.display()));
    }
    for (place, failure) in written.iter().enumerate() {
        let plan = load(registry, &failure.file, &[], None)?;
        let outcome = registry.run(&plan, &Options::default());
        let outcome = outcome.map_err(|error| Failure::Internal(error.to_string()))?;
        let trace = with_states(registry, &plan, None, &outcome)?;
        let file = quoted(&failure.file.display().to_string());
        let command = Some(format!("{} run {file} --view", program()));
        write(&trace, &Heading { command, ..Heading::default() }, &numbered(path, place + 1))?;
    }
    Ok(())
}

/// `out.html`, `out-2.html`, ...
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}
