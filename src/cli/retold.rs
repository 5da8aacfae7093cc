//! `replay --as-scenario`: a recorded run becomes a scenario with its schedule.

use super::{
    exit::{Exit, Failure},
    files, live,
    output::{Output, Tone, counted, paint},
    traces,
};
use crate::{
    explore::{Retold, retell},
    process::End,
    registry::{Options, Registry},
    scenario,
    trace::Trace,
};
use std::{fs, path::Path};

/// Writes the run that a trace, or a folder of journals, has recorded.
pub(super) fn as_scenario(
    registry: &Registry,
    source: &Path,
    target: &Path,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let name = files::name(source);
    if traces::is_scenario(source) {
        return Err(Failure::Usage(format!(
            "{name} is a scenario already; --as-scenario makes one of a trace"
        )));
    }
    let trace = if source.is_dir() { live::merged(source)? } else { traces::read(source, output)? };
    let (retold, verdicts) = write(registry, &name, &trace, target, output)?;
    if target.as_os_str() != files::STDIN {
        let (nodes, events, steps) = retold.size;
        let (nodes, events) = (counted(nodes as u64, "node"), counted(events as u64, "event"));
        let steps = counted(steps as u64, "step");
        let (tone, word) = match retold.differences.is_empty() {
            true => (Tone::Good, "identical"),
            false => (Tone::Bad, "different"),
        };
        let word = paint(tone, word);
        output.line(format!("{word}  {}: {nodes}, {events}, {steps}: {verdicts}", target.display()))?;
        for line in retold.differences.iter().chain(&retold.remarks) {
            output.line(format!("  {line}"))?;
        }
    }
    Ok(if retold.differences.is_empty() { Exit::Held } else { Exit::Diverged })
}

/// Makes a scenario of a trace and writes it; gives it, and what becomes of its properties in words. `name` says what was
/// recorded.
pub(super) fn write(
    registry: &Registry,
    name: &str,
    trace: &Trace,
    target: &Path,
    output: &mut Output,
) -> Result<(Retold, String), Failure> {
    let (retold, verdicts) = made(registry, name, trace)?;
    let file = if target.as_os_str() == files::STDIN { "FILE".into() } else { target.display().to_string() };
    let text = retold.text(name, &file);
    if target.as_os_str() == files::STDIN {
        output.bytes(text.as_bytes())?;
    } else {
        fs::write(target, text).map_err(Failure::io(file))?;
    }
    Ok((retold, verdicts))
}

/// Makes a scenario of a trace, and runs it.
fn made(registry: &Registry, name: &str, trace: &Trace) -> Result<(Retold, String), Failure> {
    let refused = |because: &dyn std::fmt::Display| Failure::Usage(format!("{name}: {because}"));
    let plan = scenario::reload(name, &trace.header.scenario, registry).map_err(|mistakes| {
        Failure::Usage(format!("the trace's scenario cannot be run here:\n{mistakes}"))
    })?;
    let subject = registry.subject(&plan).ok_or_else(|| refused(&"its algorithm is unknown here"))?;
    // Of journals, and of a trace that breaks off, nobody says that the nodes had nothing left to do.
    let concluded = match &trace.footer {
        Some(footer) => footer.clone(),
        None => {
            let outcome = registry.conclude(&plan, trace.clone(), End::CutShort, &[]);
            outcome.map_err(|error| refused(&error))?.footer
        }
    };
    let recorded = concluded.verdicts;
    let mut retold = retell(&subject, trace, concluded.ended, &recorded).map_err(|error| refused(&error))?;
    let again = scenario::reload(name, &retold.scenario, registry)
        .map_err(|mistakes| Failure::Internal(format!("what was written cannot be read: {mistakes}")))?;
    let outcome = registry.run(&again, &Options::default());
    let outcome = outcome.map_err(|error| Failure::Internal(error.to_string()))?;
    retold.differences.extend(outcome.misstep.clone());
    for (property, verdict) in &recorded {
        let now = outcome.footer.verdicts.get(property).map_or("not judged", |verdict| verdict.name());
        if now == verdict.name() {
            continue;
        }
        let sentence = format!("{property} was {} when it was recorded, and is {now} here", verdict.name());
        if retold.realigned && retold.differences.is_empty() {
            retold.remarks.push(format!("{sentence}, where all times are those of one clock."));
            retold.scenario["expect"][property] = now.into();
        } else {
            retold.differences.push(sentence);
        }
    }
    let verdicts = outcome.footer.verdicts.iter();
    let verdicts: Vec<String> =
        verdicts.map(|(property, verdict)| format!("{property} {}", verdict.name())).collect();
    Ok((retold, verdicts.join(", ")))
}
