//! `explore --strategy states`: every state of a scenario once, on several threads.

use super::{
    args::{Explore, Format},
    exit::{Exit, Failure},
    explore::{expected, write},
    explored::{Written, junit, path, tell, undecided},
    files,
    found::{counted_grouped, grouped},
    output::{Output, Tone, paint},
    program,
};
use crate::{
    explore::{
        Subject,
        states::{Limits, Refusal, Report, States},
    },
    process::Verdict,
    scenario::{Expected, Vary},
};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::{num::NonZeroUsize, thread};

/// Searches, writes a file for each property that can be violated, and reports.
pub(super) fn states(wanted: &Explore, subject: &Subject<'_>, output: &mut Output) -> Result<Exit, Failure> {
    let limits = Limits { states: wanted.states, depth: wanted.depth };
    let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = wanted.jobs.unwrap_or_else(available).get();
    let search = States::new(subject, limits, workers).map_err(refused)?;
    let report = thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| search.work());
        }
        search.lead(subject)
    });
    let report = report.map_err(refused)?;
    let mut written = Vec::new();
    for witness in &report.witnesses {
        written.push(write(subject, witness.failure(subject), wanted)?);
    }
    match wanted.format() {
        Format::Human => people(subject, &report, &written, output)?,
        Format::Json | Format::Jsonl => output.line(value(subject, &report, &written).to_string())?,
        Format::Junit => junit(suite(subject, &report, &written), output)?,
    }
    Ok(exit(subject, &report))
}

fn refused(refusal: Refusal) -> Failure {
    Failure::Usage(refusal.to_string())
}

fn exit(subject: &Subject<'_>, report: &Report) -> Exit {
    let mut exit = Exit::Held;
    let mut found = false;
    for (property, verdict) in &report.verdicts {
        let this = match (expected(subject.plan, property), verdict) {
            (Expected::Violated, Verdict::Violated { .. }) => {
                found = true;
                Exit::Held
            }
            (Expected::Violated, _) if report.complete => Exit::Violated,
            (_, Verdict::Violated { .. }) => Exit::Violated,
            (_, Verdict::Undecided { .. }) => Exit::Undecided,
            (_, Verdict::Holds { .. } | Verdict::Vacuous) if report.complete => Exit::Held,
            (_, Verdict::Holds { .. } | Verdict::Vacuous) => Exit::Undecided,
        };
        exit = exit.worse(this);
    }
    if !subject.plan.sometimes.is_empty() {
        // Nobody looked.
        exit = exit.worse(Exit::Undecided);
    }
    // What was to be found is found: the search stopped there.
    if found && exit == Exit::Undecided { Exit::Held } else { exit }
}

fn coverage(report: &Report) -> String {
    let whole = match report.complete {
        true => "all states of this scenario checked",
        false if !report.witnesses.is_empty() => {
            "not all states checked: the search stopped at the first failure"
        }
        false => "not all states checked: the budget ended (--states, --depth)",
    };
    let bytes = report.bytes / report.states.max(1);
    format!(
        "{whole}: {}, {}, {} without a next step, up to {} steps deep, {bytes} bytes a state",
        counted_grouped(report.states, "state"),
        counted_grouped(report.transitions, "transition"),
        grouped(report.terminal),
        grouped(report.depth),
    )
}

fn people(
    subject: &Subject<'_>,
    report: &Report,
    written: &[Written],
    output: &mut Output,
) -> Result<(), Failure> {
    let plan = subject.plan;
    output.line(format!("{}  seed {}  {}", paint(Tone::Strong, &plan.name), plan.seed, plan.algorithm))?;
    let width = plan.checks.iter().map(String::len).max().unwrap_or(0);
    for (property, verdict) in &report.verdicts {
        let is_expected = expected(plan, property) == Expected::Violated;
        let tone = match verdict {
            Verdict::Violated { .. } if is_expected => Tone::Good,
            Verdict::Violated { .. } => Tone::Bad,
            Verdict::Holds { .. } if report.complete => Tone::Good,
            Verdict::Holds { .. } | Verdict::Vacuous | Verdict::Undecided { .. } => Tone::Doubtful,
        };
        let why = match verdict {
            Verdict::Violated { because, .. } | Verdict::Undecided { because } => because.as_str(),
            Verdict::Holds { .. } | Verdict::Vacuous => "",
        };
        let name = paint(tone, &format!("{:9}", verdict.name()));
        output.line(format!("  {name}  {property:width$}  {why}").trim_end())?;
    }
    written.iter().try_for_each(|written| tell(written, output))?;
    output.line(format!("\n{}", coverage(report)))?;
    let varies = plan.fuzz.as_ref().and_then(|fuzz| fuzz.vary.as_deref()).unwrap_or_default();
    let timers = match varies.contains(&Vary::Timer) {
        true => "timers ran out at any moment",
        false => "timers ran out only when no message was under way; --vary timer looks at any moment",
    };
    output.line(paint(Tone::Quiet, &format!("  {timers}")))?;
    if !plan.sometimes.is_empty() {
        let line = "  what `sometimes` asks for is not looked at by this strategy: it has states, not runs";
        output.line(paint(Tone::Doubtful, line))?;
    }
    for vary in &report.left_out {
        let name = json!(vary);
        output.line(paint(
            Tone::Quiet,
            &format!("  {} is not varied by this strategy", name.as_str().unwrap_or("")),
        ))?;
    }
    Ok(())
}

/// What was found as a JUnit suite: a case for each property.
fn suite(subject: &Subject<'_>, report: &Report, written: &[Written]) -> TestSuite {
    let mut suite = TestSuite::new(subject.plan.name.clone());
    for (property, verdict) in &report.verdicts {
        let is_expected = expected(subject.plan, property) == Expected::Violated;
        let failed = |message: &str| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let file = written.iter().find(|written| written.property == *property);
            let again = file.map(|one| format!("; again: {} run {}", program(), path(&one.file)));
            status.set_message(message).set_description(coverage(report) + &again.unwrap_or_default());
            status
        };
        let status = match verdict {
            Verdict::Violated { .. } if is_expected => TestCaseStatus::success(),
            Verdict::Violated { because, .. } => failed(because),
            Verdict::Undecided { because } => undecided(because),
            Verdict::Holds { .. } | Verdict::Vacuous if !report.complete => undecided(&coverage(report)),
            Verdict::Holds { .. } | Verdict::Vacuous if is_expected => failed("not found"),
            Verdict::Holds { .. } | Verdict::Vacuous => TestCaseStatus::success(),
        };
        suite.add_test_case(TestCase::new(property.clone(), status));
    }
    suite
}

/// What was found as JSON, version 1.
fn value(subject: &Subject<'_>, report: &Report, written: &[Written]) -> Value {
    let failures = written.iter().map(|written| {
        json!({
            "property": written.property,
            "because": written.because,
            "size": written.steps,
            "file": path(&written.file),
        })
    });
    let exit = exit(subject, report);
    json!({
        "v": 1,
        "ok": exit == Exit::Held,
        "exit": exit as u8,
        "file": files::name(subject.plan.name.as_ref()),
        "algorithm": subject.plan.algorithm,
        "seed": subject.plan.seed.to_string(),
        "strategy": "states",
        "whole": report.complete,
        "states": report.states,
        "transitions": report.transitions,
        "terminal": report.terminal,
        "depth": report.depth,
        "bytes": report.bytes,
        "properties": report.verdicts.iter().map(|(property, verdict)| {
            (property.clone(), json!({ "verdict": verdict.name() }))
        }).collect::<serde_json::Map<_, _>>(),
        "failures": failures.collect::<Vec<_>>(),
    })
}
