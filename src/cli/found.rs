//! What a search found, shown: to people, as JSON, as JUnit XML, as failure files.

use super::{
    args::Format,
    exit::{Exit, Failure},
    explored::{junit, undecided},
    output::{Output, Tone, counted, paint},
    program,
    run::quoted,
};
use crate::{
    explore::{
        self,
        campaign::{Found, Report, Standing, Verdicts},
    },
    registry::Registry,
    scenario::{Expected, reload},
};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::{
    fs,
    io::{Write, stderr},
    path::{Path, PathBuf},
};

/// A failure that was written to a file.
pub(super) struct Written {
    run: u64,
    property: String,
    pub(super) file: PathBuf,
    /// The comment at the file's beginning.
    story: Vec<String>,
}

/// The lines of a story that are shown.
const STORY: usize = 16;

pub(super) fn exit(report: &Report) -> Exit {
    match report.standing() {
        Standing::AsExpected => Exit::Held,
        Standing::Undecided => Exit::Undecided,
        Standing::Unexpected => Exit::Violated,
    }
}

/// Writes a file for every failure that differs from the others.
pub(super) fn write(registry: &Registry, report: &Report, folder: &Path) -> Result<Vec<Written>, Failure> {
    let mut written: Vec<Written> = Vec::new();
    for found in report.different() {
        fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
        let number = written.iter().filter(|other| other.property == found.property).count() + 1;
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let file = folder.join(format!("{}-{}{number}.yaml", plain(&report.campaign.name), found.property));
        let text = text(registry, found, &file)?;
        let place = file.display().to_string();
        fs::write(&file, &text).map_err(Failure::io(place))?;
        let comment = text.lines().map_while(|line| line.strip_prefix("# "));
        let story = comment.skip(1).filter(|line| line.starts_with("  ")).map(str::to_owned).collect();
        written.push(Written { run: found.run, property: found.property.clone(), file, story });
    }
    Ok(written)
}

/// A name as part of a file's.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect::<String>();
    let words: Vec<&str> = letters.split_whitespace().collect();
    words.join("_").to_lowercase()
}

/// The file of a failure.
fn text(registry: &Registry, found: &Found, file: &Path) -> Result<String, Failure> {
    let unread = |message: &str| Failure::Internal(format!("a failure cannot be read again: {message}"));
    let plan = reload("failure", &found.scenario, registry).map_err(|error| unread(&error.to_string()))?;
    let subject = registry.subject(&plan).ok_or_else(|| unread("its algorithm is unknown"))?;
    let mut scenario = found.scenario.clone();
    if let Some(map) = scenario.as_object_mut() {
        map.shift_remove("schedule");
    }
    let failure = explore::Failure {
        scenario,
        schedule: plan.schedule.clone().unwrap_or_default(),
        property: found.property.clone(),
        because: found.because.clone(),
    };
    failure.text(&subject, &file.display().to_string()).map_err(|misfit| unread(&misfit.message))
}

/// Says on standard error which files were written.
pub(super) fn mention(written: &[Written]) {
    for written in written {
        // Nothing can be said where stderr is closed.
        let _said = writeln!(stderr(), "wrote {}", written.file.display());
    }
}

/// Shows a report. `name` is what the scenario's file is called.
pub(super) fn show(
    report: &Report,
    name: &str,
    written: &[Written],
    format: Format,
    output: &mut Output,
) -> Result<(), Failure> {
    match format {
        Format::Human => people(report, name, written, output),
        Format::Json | Format::Jsonl => output.line(report.value().to_string()),
        Format::Junit => junit(suite(report), output),
    }
}

fn people(report: &Report, name: &str, written: &[Written], output: &mut Output) -> Result<(), Failure> {
    let campaign = &report.campaign;
    output.line(format!("{}  seed {}  {}", paint(Tone::Strong, name), campaign.seed, campaign.algorithm))?;
    let width = campaign.properties.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for ((property, expected), verdicts) in campaign.properties.iter().zip(&report.tally.verdicts) {
        let (tone, word) = word(*expected, verdicts);
        let counts = counts(verdicts, report.tally.runs);
        output.line(format!("  {}  {property:width$}  {counts}", paint(tone, &format!("{word:9}"))))?;
    }
    for found in report.different() {
        let Found { property, because, run, size, .. } = found;
        let size = counted(*size, "step");
        output.line(format!("\n{} in {size} (run {run}): {because}", paint(Tone::Strong, property)))?;
        let file = written.iter().find(|written| written.run == *run && written.property == *property);
        if let Some(Written { file, story, .. }) = file {
            for line in story.iter().take(STORY) {
                output.line(line)?;
            }
            if story.len() > STORY {
                output.line(format!("  ... {} more in the file", story.len() - STORY))?;
            }
            let file = quoted(&file.display().to_string());
            output.line(format!("  again: {} run {file} --view", program()))?;
        }
    }
    output.line("")?;
    coverage(report, output)
}

/// A property in a word: what came of it is in order, or not.
fn word(expected: Expected, verdicts: &Verdicts) -> (Tone, &'static str) {
    match (expected, verdicts) {
        (Expected::Violated, Verdicts { violated: 0, .. }) => (Tone::Bad, "not found"),
        (Expected::Violated, _) => (Tone::Good, "found"),
        (_, Verdicts { violated: 1.., .. }) => (Tone::Bad, "violated"),
        (_, Verdicts { holds: 1.., .. }) => (Tone::Good, "held"),
        (_, Verdicts { undecided: 1.., .. }) => (Tone::Doubtful, "undecided"),
        (_, _) => (Tone::Doubtful, "vacuous"),
    }
}

fn counts(verdicts: &Verdicts, runs: u64) -> String {
    let Verdicts { holds, vacuous, undecided, violated, .. } = verdicts;
    let all = [("violated", violated), ("holds", holds), ("undecided", undecided), ("vacuous", vacuous)];
    let some = all.into_iter().filter(|(_, count)| **count > 0);
    let told: Vec<String> = some.map(|(word, count)| format!("{word} in {}", grouped(*count))).collect();
    match told.len() {
        0 => "no runs".into(),
        1 => format!("{} of {}", told[0], counted_grouped(runs, "run")),
        _ => format!("{} of {}", told.join(", "), counted_grouped(runs, "run")),
    }
}

/// What was covered and what was not.
fn coverage(report: &Report, output: &mut Output) -> Result<(), Failure> {
    let tally = &report.tally;
    let orders = tally.orders.count();
    let orders = if tally.orders.is_exact() {
        counted_grouped(orders, "distinct ordering")
    } else {
        format!("about {} distinct orderings", grouped(orders))
    };
    output.line(format!(
        "{}, {orders}, {} steps",
        counted_grouped(tally.runs, "run"),
        grouped(tally.steps)
    ))?;
    if let Some(share) = &report.share {
        let of: Vec<String> = share.of.iter().map(u64::to_string).collect();
        output.line(format!("  share {} of {} (counted from 0)", of.join(", "), share.count))?;
    }
    let told = |[runs, violating]: [u64; 2], what: &str| match violating {
        0 => grouped(runs),
        _ => format!("{} ({} {what})", grouped(runs), grouped(violating)),
    };
    let strategies =
        tally.strategies.iter().map(|(name, counts)| format!("{name} {}", told(*counts, "violating")));
    output.line(format!("  strategies: {}", strategies.collect::<Vec<_>>().join(", ")))?;
    if !tally.faults.is_empty() {
        let faults = tally
            .faults
            .iter()
            .map(|(name, counts)| format!("{name} {}", told(*counts, "touched something")));
        output.line(format!("  faults: {}", faults.collect::<Vec<_>>().join(", ")))?;
    }
    let cut = tally.ends.get("cut-short").copied().unwrap_or(0);
    if cut > 0 {
        let line =
            format!("  {} cut short: they would not have ended by themselves", counted_grouped(cut, "run"));
        output.line(line)?;
    }
    let unsent = report.unsent().collect::<Vec<_>>();
    if !unsent.is_empty() {
        output.line(format!("  never sent: {}", unsent.join(", ")))?;
    }
    let vacuous = report.vacuous().collect::<Vec<_>>();
    if !vacuous.is_empty() {
        let line = format!("  never put to the test: {}", vacuous.join(", "));
        output.line(paint(Tone::Doubtful, &line))?;
    }
    for (claim, met) in report.sometimes() {
        sometimes(claim, met, &counted_grouped(tally.runs, "run"), output)?;
    }
    Ok(())
}

/// Whether something that ought to happen did, and how often.
pub(super) fn sometimes(claim: &str, met: u64, of: &str, output: &mut Output) -> Result<(), Failure> {
    let word = if met > 0 { paint(Tone::Good, "met    ") } else { paint(Tone::Bad, "not met") };
    output.line(format!("  {word}  sometimes: {claim}: in {} of {of}", grouped(met)))
}

pub(super) fn counted_grouped(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A report as a JUnit suite: a case for each property.
fn suite(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(report.campaign.name.clone());
    for ((property, expected), verdicts) in report.campaign.properties.iter().zip(&report.tally.verdicts) {
        let (tone, word) = word(*expected, verdicts);
        let status = if matches!(tone, Tone::Bad) {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let found = report.different().find(|found| found.property == *property);
            let because = found.map_or_else(|| word.to_owned(), |found| found.because.clone());
            status.set_message(because).set_description(counts(verdicts, report.tally.runs));
            status
        } else {
            TestCaseStatus::success()
        };
        suite.add_test_case(TestCase::new(property.clone(), status));
    }
    let of = counted_grouped(report.tally.runs, "run");
    for (claim, met) in report.sometimes() {
        let mut case = sometimes_case(claim, met, &of);
        if met == 0 && !report.is_done() {
            case.status = undecided("not all runs were made");
        }
        suite.add_test_case(case);
    }
    suite
}

/// A case for something that ought to happen in some run.
pub(super) fn sometimes_case(claim: &str, met: u64, of: &str) -> TestCase {
    let status = match met {
        0 => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message("it never happened").set_description(format!("in 0 of {of}"));
            status
        }
        _ => TestCaseStatus::success(),
    };
    TestCase::new(format!("sometimes: {claim}"), status)
}
