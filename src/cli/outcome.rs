//! How the outcome of a run is shown: to people, as JSON, as JUnit XML.

use super::{
    args::Format,
    exit::{Exit, Failure},
    files,
    numbers::Numbers,
    output::{Output, Tone, counted, paint},
};
use crate::{
    process::{Time, Verdict},
    registry::{Idle, Outcome, Standing},
    report::{self, Compared, Comparison, Selection, TextOptions},
    scenario::{Plan, Remark},
    trace::EventKind,
};
use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A scenario that was run.
pub(super) struct Ran {
    pub(super) file: String,
    pub(super) plan: Plan,
    pub(super) outcome: Outcome,
    /// How a second run differed.
    pub(super) diverged: Option<String>,
    /// A second run did not differ.
    pub(super) verified: bool,
    /// What it cost, when runs are compared.
    pub(super) compared: Option<Compared>,
    /// What was counted and measured in it, when that was asked for.
    pub(super) numbers: Option<Numbers>,
    /// The file its trace was written to.
    pub(super) trace: Option<String>,
    /// The file its page was written to.
    pub(super) report: Option<String>,
    /// The command that runs it again, the seed apart.
    pub(super) again: String,
}

impl Ran {
    pub(super) fn exit(&self) -> Exit {
        match self.outcome.standing() {
            _ if self.diverged.is_some() => Exit::Diverged,
            Standing::Passed => Exit::Held,
            Standing::Undecided => Exit::Undecided,
            Standing::Failed => Exit::Violated,
        }
    }

    /// The command that runs it again, with its seed.
    pub(super) fn again(&self) -> String {
        format!("{} --seed {}", self.again, self.outcome.header.seed)
    }
}

/// How many requests and outputs are shown before a run's verdicts when nobody asked for events.
const STORY: usize = 40;

/// The results of a batch.
pub(super) struct Results {
    format: Format,
    several: bool,
    /// The width of the longest file name.
    width: usize,
    /// The runs that passed, side by side instead of one after the other.
    comparison: Option<Comparison>,
    values: Vec<Value>,
    junit: Report,
    exit: Exit,
    passed: u32,
    failed: u32,
}

impl Results {
    pub(super) fn new(format: Format, files: &[PathBuf], compare: bool) -> Self {
        Self {
            format,
            several: files.len() > 1,
            width: files.iter().map(|file| files::name(file).chars().count()).max().unwrap_or(0),
            comparison: compare.then(Comparison::default),
            values: Vec::new(),
            junit: Report::new("synod"),
            exit: Exit::Held,
            passed: 0,
            failed: 0,
        }
    }

    /// Shows one result, or keeps it for the end.
    pub(super) fn add(&mut self, ran: &Ran, view: bool, output: &mut Output) -> Result<(), Failure> {
        self.exit = self.exit.worse(ran.exit());
        match ran.exit() {
            Exit::Held => self.passed += 1,
            _ => self.failed += 1,
        }
        match (&mut self.comparison, &ran.compared) {
            (Some(comparison), Some(compared)) if self.format == Format::Human => {
                comparison.0.push(compared.clone());
                if ran.exit() == Exit::Held {
                    return Ok(());
                }
            }
            _ => {}
        }
        match self.format {
            Format::Human if self.several && !view && ran.numbers.is_none() && ran.exit() == Exit::Held => {
                let (word, width) = (paint(Tone::Good, "PASS"), self.width);
                output.line(format!("{word}  {:width$}  {}", ran.file, totals(&ran.outcome)))
            }
            Format::Human => print(ran, view, self.several, output),
            Format::Json => {
                self.values.push(value(ran));
                Ok(())
            }
            Format::Jsonl => output.line(value(ran).to_string()),
            Format::Junit => {
                self.junit.add_test_suite(suite(ran));
                Ok(())
            }
        }
    }

    /// Counts a scenario that could not be run.
    pub(super) fn add_broken(
        &mut self,
        file: &str,
        failure: &Failure,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.exit = self.exit.worse(failure.exit());
        self.failed += 1;
        let error = failure.to_string();
        let exit = failure.exit() as u8;
        let value = json!({ "v": 1, "file": file, "ok": false, "exit": exit, "error": error });
        match self.format {
            Format::Human => {
                output.flush()?;
                output.complain(failure);
            }
            Format::Json => self.values.push(value),
            Format::Jsonl => output.line(value.to_string())?,
            Format::Junit => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(error);
                let mut suite = TestSuite::new(file);
                suite.add_test_case(TestCase::new("scenario", status));
                self.junit.add_test_suite(suite);
            }
        }
        Ok(())
    }

    /// Shows what is left to show, and says what came of all of them.
    pub(super) fn finish(self, output: &mut Output) -> Result<Exit, Failure> {
        if let Some(comparison) = self.comparison.filter(|comparison| !comparison.0.is_empty()) {
            output.line(comparison.to_string().trim_matches('\n'))?;
        }
        match self.format {
            Format::Human if self.several => {
                let word =
                    if self.failed == 0 { paint(Tone::Good, "PASS") } else { paint(Tone::Bad, "FAIL") };
                output.line(format!("{word}  {} passed, {} failed", self.passed, self.failed))?;
            }
            Format::Human | Format::Jsonl => {}
            Format::Json => {
                let ok = self.exit == Exit::Held;
                let all = json!({ "v": 1, "ok": ok, "exit": self.exit as u8, "runs": self.values });
                output.line(all.to_string())?;
            }
            Format::Junit => {
                let text = self.junit.to_string().map_err(|error| Failure::Internal(error.to_string()))?;
                output.line(text.trim_end())?;
            }
        }
        Ok(self.exit)
    }
}

fn print(ran: &Ran, view: bool, brief: bool, output: &mut Output) -> Result<(), Failure> {
    let outcome = &ran.outcome;
    let header = &outcome.header;
    let nodes = counted(outcome.names.len() as u64, "node");
    let title = paint(Tone::Strong, &ran.file);
    output.line(format!("{title}  seed {}  {}  {nodes}", header.seed, header.algorithm))?;
    if outcome.told.lines.is_empty() {
        let note = "  (events were not kept: no property was judged)";
        output.line(paint(Tone::Quiet, note))?;
    } else if !brief || view {
        print_story(outcome, view, output)?;
    }
    let width = outcome.footer.verdicts.keys().map(String::len).max().unwrap_or(0);
    for (property, verdict) in &outcome.footer.verdicts {
        let expected =
            ran.plan.expect.verdicts.get(property).is_some_and(|wanted| wanted.name() == verdict.name());
        output.line(format!("  {}", verdict_line(property, width, verdict, expected)))?;
    }
    for idle in &outcome.idle {
        let word = if idle.allowed { paint(Tone::Quiet, "idle") } else { paint(Tone::Bad, "idle") };
        output.line(format!("  {word}       {}", idle_sentence(idle)))?;
    }
    for unmet in unmet(outcome) {
        output.line(format!("  {}      {unmet}", paint(Tone::Bad, "unmet")))?;
    }
    // What is undecided of a property stands in the property's own line.
    for undecided in outcome.difference.undecided.iter().filter(|remark| remark.property.is_none()) {
        output.line(format!("  {}  {undecided}", paint(Tone::Doubtful, "undecided")))?;
    }
    for (claim, met) in &outcome.sometimes {
        // One run need not show it.
        let word = if *met { paint(Tone::Good, "met    ") } else { paint(Tone::Quiet, "not met") };
        output.line(format!("  {word}    sometimes: {claim}"))?;
    }
    if let Some(difference) = &ran.diverged {
        output.line(format!("  {}   a second run differs: {difference}", paint(Tone::Bad, "diverged")))?;
    }
    let word = match ran.exit() {
        Exit::Held => paint(Tone::Good, "PASS"),
        Exit::Undecided => paint(Tone::Doubtful, "UNDECIDED"),
        _ => paint(Tone::Bad, "FAIL"),
    };
    let verified = if ran.verified { ", the same twice" } else { "" };
    output.line(format!("  {word}  {}{verified}", totals(outcome)))?;
    if let Some(path) = &ran.trace {
        output.line(format!("  trace: {path}"))?;
    }
    if let Some(path) = &ran.report {
        output.line(format!("  report: {path}"))?;
    }
    if let Some(numbers) = &ran.numbers {
        output.line(format!("\n{}", numbers.to_string().trim_end()))?;
    }
    if ran.exit() != Exit::Held {
        output.line(format!("  again: {}", ran.again()))?;
        output.line(format!("  look:  {} --view", ran.again()))?;
    }
    Ok(())
}

/// The events of a run: all of them, or what was asked and what came of it when that is short.
fn print_story(outcome: &Outcome, view: bool, output: &mut Output) -> Result<(), Failure> {
    let trace = outcome.trace().map_err(|error| Failure::Internal(error.to_string()))?;
    let kinds = if view {
        Vec::new()
    } else {
        use EventKind::{
            Clock, Crash, Cut, Drop, Heal, Link, Output, Partition, Pause, Request, Restart, Resume,
        };
        vec![Request, Output, Drop, Crash, Restart, Pause, Resume, Partition, Heal, Cut, Link, Clock]
    };
    let options =
        TextOptions { selection: Selection { kinds, ..Selection::default() }, ..TextOptions::default() };
    let lines = options.selection.events(&trace).len();
    if lines == 0 {
        return Ok(());
    }
    if !view && lines > STORY {
        return output.line(paint(
            Tone::Quiet,
            &format!("  ({lines} requests, outputs and faults; --view shows them)"),
        ));
    }
    report::listing(&trace, output.writer(), &options).map_err(Failure::io("standard output"))?;
    Ok(())
}

fn verdict_line(property: &str, width: usize, verdict: &Verdict, expected: bool) -> String {
    let as_expected =
        if expected && !matches!(verdict, Verdict::Holds { .. }) { "as expected: " } else { "" };
    let (tone, word, grounds) = match verdict {
        Verdict::Holds { examined } => (Tone::Good, "holds    ", format!("{examined} examined")),
        Verdict::Vacuous => (Tone::Doubtful, "vacuous  ", "nothing in this run exercised it".to_owned()),
        Verdict::Violated { events, because } => {
            let events = events.iter().map(|event| format!("#{event}")).collect::<Vec<_>>().join(", ");
            let tone = if expected { Tone::Doubtful } else { Tone::Bad };
            (tone, "violated ", format!("{because} ({events})"))
        }
        Verdict::Undecided { because } => (Tone::Doubtful, "undecided", because.clone()),
    };
    format!("{}  {property:width$}  {as_expected}{grounds}", paint(tone, word))
}

fn totals(outcome: &Outcome) -> String {
    let messages: u64 = outcome.footer.messages.values().sum();
    let time = Time(outcome.footer.t);
    match outcome.footer.events {
        0 => format!("{}, {}, {time}", counted(outcome.steps, "step"), counted(messages, "message")),
        events => format!("{}, {}, {time}", counted(events, "event"), counted(messages, "message")),
    }
}

fn idle_sentence(idle: &Idle) -> String {
    let Idle { entry, at, kind, allowed } = idle;
    let entry = entry + 1;
    let remedy = if *allowed { "" } else { "; move it, or say `may-miss: true`" };
    format!("event {entry} of the scenario, a {kind} at {at}, touched no message, timer or state{remedy}")
}

/// Unmet expectations beyond violated properties, which have their own line.
fn unmet(outcome: &Outcome) -> impl Iterator<Item = &Remark> {
    let verdict_on = |remark: &Remark| outcome.footer.verdicts.get(remark.property.as_deref()?);
    let violated = move |remark: &Remark| matches!(verdict_on(remark), Some(Verdict::Violated { .. }));
    outcome.difference.unmet.iter().filter(move |remark| !violated(remark))
}

/// Why a run did not pass, beyond violated properties.
pub(super) fn grounds(ran: &Ran) -> Vec<String> {
    let idle = ran.outcome.idle.iter().filter(|idle| !idle.allowed).map(idle_sentence);
    let differs = ran.diverged.iter().map(|difference| format!("a second run differs: {difference}"));
    unmet(&ran.outcome).map(ToString::to_string).chain(idle).chain(differs).collect()
}

fn sentences(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| remark.sentence.as_str()).collect()
}

/// A result as JSON, version 1.
fn value(ran: &Ran) -> Value {
    let outcome = &ran.outcome;
    let idle = outcome.idle.iter().filter(|idle| !idle.allowed).map(idle_sentence);
    let mut value = json!({
        "v": 1,
        "file": ran.file,
        "ok": ran.exit() == Exit::Held,
        "exit": ran.exit() as u8,
        "seed": outcome.header.seed,
        "algorithm": outcome.header.algorithm,
        "nodes": outcome.names.len(),
        "events": outcome.footer.events,
        "time": outcome.footer.t,
        "ended": outcome.footer.ended,
        "messages": outcome.footer.messages,
        "verdicts": outcome.footer.verdicts,
        "unmet": sentences(&outcome.difference.unmet),
        "undecided": sentences(&outcome.difference.undecided),
        "idle": idle.collect::<Vec<_>>(),
        "diverged": ran.diverged,
        "digest": outcome.footer.digest,
        "trace": ran.trace,
        "again": ran.again(),
    });
    if !outcome.sometimes.is_empty() {
        value["sometimes"] = json!(outcome.sometimes.iter().cloned().collect::<IndexMap<_, _>>());
    }
    if let Some(path) = &ran.report {
        value["report"] = path.as_str().into();
    }
    if let Some(compared) = &ran.compared {
        value["compared"] = compared.value();
    }
    if let Some(numbers) = &ran.numbers {
        // Numbers and names are always JSON.
        value["stats"] = numbers.value().unwrap_or(Value::Null);
    }
    value
}

/// A result as a JUnit suite: a case for each property, one for the expectations, one for the faults.
fn suite(ran: &Ran) -> TestSuite {
    let outcome = &ran.outcome;
    let mut suite = TestSuite::new(ran.file.clone());
    let mut case = |name: &str, failures: Vec<String>| {
        let status = if failures.is_empty() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(failures.join("; ")).set_description(format!("again: {}", ran.again()));
            status
        };
        suite.add_test_case(TestCase::new(name, status));
    };
    let told = || outcome.difference.unmet.iter().chain(&outcome.difference.undecided);
    let about = |property: Option<&str>| -> Vec<String> {
        let meant = told().filter(|remark| remark.property.as_deref() == property);
        meant.map(ToString::to_string).collect()
    };
    for property in outcome.footer.verdicts.keys() {
        case(property, about(Some(property)));
    }
    let mut rest = about(None);
    rest.extend(ran.diverged.iter().map(|difference| format!("a second run differs: {difference}")));
    case("expectations", rest);
    case("faults", outcome.idle.iter().filter(|idle| !idle.allowed).map(idle_sentence).collect());
    suite
}
