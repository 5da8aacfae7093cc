//! `shrink`: a failure file becomes smaller.

use super::{
    args,
    exit::{Exit, Failure},
    files,
    output::{Output, counted},
    run,
};
use crate::{
    explore,
    process::Verdict,
    registry::{Options, Registry},
    scenario::Plan,
};
use std::fs;

/// Makes a failure file smaller.
pub(super) fn shrink(
    registry: &Registry,
    wanted: &args::Shrink,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let plan = run::load(registry, &wanted.file, &[], None)?;
    let name = files::name(&wanted.file);
    let found = failure(registry, &plan, &name)?;
    let subject =
        registry.subject(&plan).ok_or_else(|| Failure::Internal("the plan has no subject".into()))?;
    let before = found.size();
    let smallest = explore::shrink(&subject, found, wanted.tries);
    let target = wanted.output.as_deref().map_or_else(|| name.clone(), |path| path.display().to_string());
    let text = smallest.text(&subject, &target).map_err(|misfit| {
        Failure::Internal(format!("what was found cannot be read again: {}", misfit.message))
    })?;
    match &wanted.output {
        Some(path) => {
            fs::write(path, text).map_err(Failure::io(path.display().to_string()))?;
            let (size, property) = (counted(smallest.size() as u64, "step"), &smallest.property);
            output.line(format!("{target}  {property} violated in {size}, {before} before"))?;
        }
        None => output.bytes(text.as_bytes())?,
    }
    Ok(Exit::Held)
}

/// The failure that a scenario shows when it is run.
fn failure(registry: &Registry, plan: &Plan, name: &str) -> Result<explore::Failure, Failure> {
    let outcome =
        registry.run(plan, &Options::default()).map_err(|error| Failure::Internal(error.to_string()))?;
    let violated = outcome.footer.verdicts.iter().find_map(|(property, verdict)| match verdict {
        Verdict::Violated { because, .. } => Some((property.clone(), because.clone())),
        Verdict::Holds { .. } | Verdict::Vacuous | Verdict::Undecided { .. } => None,
    });
    let Some((property, because)) = violated else {
        let sentence =
            format!("{name}: no property is violated in this scenario; `fuzz {name}` looks for failures");
        return Err(Failure::Usage(sentence));
    };
    let mut scenario = plan.resolved.clone();
    let schedule = plan.schedule.clone().unwrap_or_default();
    if let Some(map) = scenario.as_object_mut() {
        map.remove("schedule");
    }
    Ok(explore::Failure { scenario, schedule, property, because })
}
