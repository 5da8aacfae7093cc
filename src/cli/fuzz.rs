//! `fuzz`: a search for what breaks a scenario.

use super::{
    args::{Format, Fuzz, Strategy},
    campaign::{self, Effort},
    exit::{Exit, Failure},
    files,
    found::{self, counted_grouped},
    interrupt,
    output::Output,
    page,
    run::{load, overrides},
};
use crate::{
    explore::campaign::{Campaign, Choice, Identity, Report, Settings},
    registry::Registry,
    scenario::{Plan, Vary},
};
use std::env;

/// How many runs there are unless it is said.
const RUNS: u64 = 1000;

/// Searches, writes a file for each failure, and reports.
pub(super) fn fuzz(registry: &Registry, wanted: &Fuzz, output: &mut Output) -> Result<Exit, Failure> {
    page::must_be_a_file(wanted.report.as_deref())?;
    let shard = wanted.shard.as_deref().map(shard).transpose()?.unwrap_or((0, 1));
    let overrides = overrides(&wanted.changes)?;
    let plan = load(registry, &wanted.file, &overrides, wanted.changes.seed)?;
    let settings = settings(wanted, &plan)?;
    let runs = wanted.runs.or_else(|| match wanted.time {
        Some(_) => None,
        None => Some(plan.fuzz.as_ref().and_then(|fuzz| fuzz.runs).unwrap_or(RUNS)),
    });
    let unfit = || Failure::Internal("the plan does not fit its algorithm".into());
    let subject = registry.subject(&plan).ok_or_else(unfit)?;
    let campaign = Campaign::new(&subject, settings).map_err(|_| unfit())?;
    let identity = Identity::of(&campaign, &subject);
    let effort = Effort {
        runs,
        time: wanted.time,
        shard,
        jobs: wanted.reporting.jobs,
        progress: wanted.reporting.progress,
        corpus: wanted.corpus.as_deref(),
    };
    interrupt::watch();
    let (share, tally) = campaign::search(registry, &plan, &campaign, &identity, &effort)?;
    let failures = campaign::look_closer(registry, &plan, &campaign, &tally, effort.jobs)?;
    let report = Report::new(identity, share, runs, tally, failures);
    let name = files::name(&wanted.file);
    let written = found::write(registry, &report, &wanted.out)?;
    found::show(&report, &name, &written, wanted.reporting.format(), output)?;
    if wanted.reporting.format() != Format::Human {
        found::mention(&written);
    }
    if let Some(path) = &wanted.report {
        page::of_failures(registry, &written, path, output)?;
    }
    if interrupt::pressed() {
        tell_interrupted(&report, wanted.corpus.is_some(), output);
        return Ok(Exit::Interrupted);
    }
    Ok(found::exit(&report))
}

/// Says how far it came and how to go on.
fn tell_interrupted(report: &Report, is_kept: bool, output: &Output) {
    let how = match is_kept {
        true => "the same command goes on from there",
        false => "with --corpus DIR the same command would go on from there",
    };
    output.warn(&format!("interrupted after {}; {how}", counted_grouped(report.tally.runs, "run")));
}

/// What the scenario says, and the command line instead.
fn settings(wanted: &Fuzz, plan: &Plan) -> Result<Settings, Failure> {
    let mut settings = Settings::of(plan);
    settings.strategy = match wanted.strategy {
        Strategy::Auto => Choice::Auto,
        Strategy::Timed => Choice::Timed,
        Strategy::Walk => Choice::Walk,
        Strategy::Pct => Choice::Pct,
        Strategy::DelayBounded => Choice::DelayBounded,
    };
    if !wanted.vary.is_empty() {
        settings.vary = wanted.vary.clone();
    }
    settings.vary.sort_unstable();
    settings.vary.dedup();
    settings.faults = wanted.faults.unwrap_or(settings.faults);
    settings.chaos = wanted.chaos;
    settings.shrink = !wanted.no_shrink;
    let timed = matches!(settings.strategy, Choice::Auto | Choice::Timed);
    if !timed && !settings.vary.contains(&Vary::Order) {
        let sentence =
            "--strategy changes the order of events, which `fuzz.vary` leaves out; add `order` to it";
        return Err(Failure::Usage(sentence.into()));
    }
    Ok(settings)
}

/// Which share, counted from 0, of how many.
fn shard(text: &str) -> Result<(u64, u64), Failure> {
    let (index, count) = if text == "env" { from_environment()? } else { written(text)? };
    if index > count {
        let sentence = format!("--shard {text}: shares of {count} are counted from 1 to {count}");
        return Err(Failure::Usage(sentence));
    }
    // Run k belongs to share k modulo n: the n-th and the 0th are the same.
    Ok((index % count, count))
}

fn written(text: &str) -> Result<(u64, u64), Failure> {
    let parts =
        text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    let parts = parts.filter(|(_, count)| *count > 0);
    parts.ok_or_else(|| {
        Failure::Usage(format!("--shard {text}: write 1/4 to 4/4 for the shares of four, or env"))
    })
}

/// What a job array of Slurm or an indexed job of Kubernetes says of itself.
fn from_environment() -> Result<(u64, u64), Failure> {
    let number = |name: &str| -> Result<Option<u64>, Failure> {
        let Some(text) = env::var_os(name) else { return Ok(None) };
        let text = text.to_string_lossy();
        let wrong = |_| Failure::Usage(format!("--shard env: {name} is `{text}`, which is no number"));
        text.parse().map(Some).map_err(wrong)
    };
    if let (Some(id), Some(count)) = (number("SLURM_ARRAY_TASK_ID")?, number("SLURM_ARRAY_TASK_COUNT")?) {
        let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let last = number("SLURM_ARRAY_TASK_MAX")?.unwrap_or(first + step * count.saturating_sub(1));
        if count == 0 || last < first || last - first != step * (count - 1) || !(first..=last).contains(&id) {
            let sentence = "--shard env: the array is a list with gaps, in which no task can tell its place; \
                            write --array=1-N, or say --shard I/N";
            return Err(Failure::Usage(sentence.into()));
        }
        return Ok(((id - first) / step, count));
    }
    let lacking = match (number("JOB_COMPLETION_INDEX")?, number("SYNOD_SHARDS")?) {
        (Some(index), Some(count)) if index < count => return Ok((index, count)),
        (Some(_), Some(_)) => {
            "JOB_COMPLETION_INDEX is not below SYNOD_SHARDS, the job's number of completions"
        }
        (Some(_), None) => "set SYNOD_SHARDS to the job's number of completions; Kubernetes does not tell it",
        (None, _) => {
            "neither SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT nor JOB_COMPLETION_INDEX are set"
        }
    };
    Err(Failure::Usage(format!("--shard env: {lacking}")))
}
