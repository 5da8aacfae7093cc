//! `why`: the chain of events that led to one of them.

use super::{
    args_looking::{AccountFormat, Why},
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, paint, versioned},
    run::{load, overrides},
    traces::{is_scenario, read},
};
use crate::{
    registry::{Options, Registry},
    report::{Account, Question},
    trace::Trace,
};
use std::env;

/// Tells why an event happened.
pub(super) fn why(registry: &Registry, wanted: &Why, output: &mut Output) -> Result<Exit, Failure> {
    let trace = trace(registry, wanted, output)?;
    let question = Question::parse(&wanted.event, &trace);
    let place = files::name(&wanted.file);
    let question = question.map_err(|error| Failure::Usage(format!("{place}: {error}")))?;
    let account = Account::of(&trace, question, wanted.all);
    if wanted.json || wanted.format == AccountFormat::Json {
        output.line(versioned(&account.value())?)?;
    } else {
        for line in account.lines(None, |text| paint(Tone::Strong, text)) {
            output.line(line)?;
        }
    }
    Ok(Exit::Held)
}

/// The trace that is asked about; a scenario is run first.
fn trace(registry: &Registry, wanted: &Why, output: &Output) -> Result<Trace, Failure> {
    if !is_scenario(&wanted.file) {
        // A seed in the environment is meant for whatever runs.
        let seeded = wanted.changes.seed.is_some() && env::var_os("SYNOD_SEED").is_none();
        if !wanted.changes.overrides.is_empty() || seeded {
            let place = files::name(&wanted.file);
            let sentence =
                format!("{place} is a trace: --set and --seed are for scenarios, which are run first");
            return Err(Failure::Usage(sentence));
        }
        return read(&wanted.file, output);
    }
    let overrides = overrides(&wanted.changes)?;
    let plan = load(registry, &wanted.file, &overrides, wanted.changes.seed)?;
    let outcome = registry.run(&plan, &Options { seed: wanted.changes.seed, ..Options::default() });
    let outcome = outcome.map_err(|error| Failure::Internal(error.to_string()))?;
    outcome.trace().map_err(|error| Failure::Internal(error.to_string()))
}
