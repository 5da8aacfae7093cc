//! What `explore` found, shown: to people, as JSON, as JUnit XML.

use super::{
    args::Format,
    exit::{Exit, Failure},
    explore::expected,
    found::{counted_grouped, grouped, sometimes, sometimes_case},
    output::{Output, Tone, counted, paint},
    program,
    run::quoted,
};
use crate::{
    explore::exhaustive::{Explored, Finish, Reduction, Settings, Tally},
    scenario::{Expected, Plan},
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The lines of a story that are shown.
const STORY: usize = 16;
/// What came of a search.
pub(super) struct Found {
    pub(super) file: String,
    pub(super) plan: Plan,
    pub(super) settings: Settings,
    pub(super) explored: Explored,
    pub(super) written: Vec<Written>,
    /// Somebody did not want to wait for the rest.
    pub(super) interrupted: bool,
}

/// A failure that was written to a file.
pub(super) struct Written {
    pub(super) property: String,
    pub(super) steps: usize,
    pub(super) because: String,
    pub(super) file: PathBuf,
    /// The comment at the file's beginning.
    pub(super) story: Vec<String>,
}

/// A property in a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Holds,
    Vacuous,
    Undecided,
    Violated,
    Found,
    Missing,
}

impl Word {
    /// `whole` when everything was searched, `patient` when no timer ran out while a message was under way.
    fn of(expected: Expected, tally: &Tally, whole: bool, patient: bool) -> Self {
        match (expected, tally) {
            (Expected::Violated, Tally { violated: 1.., .. }) => Self::Found,
            (Expected::Violated, _) if whole && !patient => Self::Missing,
            (Expected::Violated, _) => Self::Undecided,
            (_, Tally { violated: 1.., .. }) => Self::Violated,
            (_, Tally { undecided: 1.., .. }) => Self::Undecided,
            (_, _) if !whole => Self::Undecided,
            (_, Tally { holds: 1.., .. }) => Self::Holds,
            (_, _) => Self::Vacuous,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Vacuous => "vacuous",
            Self::Undecided => "undecided",
            Self::Violated => "violated",
            Self::Found => "found",
            Self::Missing => "not found",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Holds | Self::Found => Tone::Good,
            Self::Vacuous | Self::Undecided => Tone::Doubtful,
            Self::Violated | Self::Missing => Tone::Bad,
        }
    }
}

impl Found {
    fn words(&self) -> impl Iterator<Item = (&String, Word, &Tally)> {
        let whole = self.explored.finish == Finish::All;
        let patient = self.is_patient();
        let all = self.plan.checks.iter().zip(&self.explored.tallies);
        all.map(move |(property, tally)| {
            (property, Word::of(expected(&self.plan, property), tally, whole, patient), tally)
        })
    }

    /// Whether there are timers, and they waited for messages.
    fn is_patient(&self) -> bool {
        self.explored.timers && !self.settings.rules.timers_any_time
    }

    /// What ought to happen in some execution, and whether it did: it is missing only where all were looked at.
    fn sometimes(&self) -> impl Iterator<Item = (&str, Word, u64)> {
        let whole = self.explored.finish == Finish::All && !self.is_patient();
        let all = self.plan.sometimes.iter().zip(&self.explored.sometimes);
        all.map(move |(claim, met)| {
            let word = match met {
                1.. => Word::Found,
                0 if whole => Word::Missing,
                0 => Word::Undecided,
            };
            (claim.name.as_str(), word, *met)
        })
    }

    pub(super) fn exit(&self) -> Exit {
        let mut words: Vec<Word> = self.words().map(|(_, word, _)| word).collect();
        let found = words.contains(&Word::Found);
        words.extend(self.sometimes().map(|(_, word, _)| word));
        match () {
            () if self.interrupted => Exit::Interrupted,
            () if words.contains(&Word::Violated) || words.contains(&Word::Missing) => Exit::Violated,
            // What was to be found is found: the search stopped there.
            () if found && self.explored.finish == Finish::Enough => Exit::Held,
            () if words.contains(&Word::Undecided) => Exit::Undecided,
            () => Exit::Held,
        }
    }

    /// What was covered, in a sentence.
    fn coverage(&self) -> String {
        let explored = &self.explored;
        let whole = match explored.finish {
            Finish::All if self.is_patient() => {
                "all orderings of this scenario checked in which timers wait for messages"
            }
            Finish::All => "all orderings of this scenario checked",
            Finish::Enough if self.interrupted => "not all orderings checked: the search was interrupted",
            Finish::Enough => "not all orderings checked: the search stopped when it had found what it shows",
            Finish::Depth => {
                "not all orderings checked: some executions were cut short at the greatest depth (--depth)"
            }
            Finish::Executions => "not all orderings checked: the budget ended (--executions)",
        };
        let mut told = format!("{whole}: {}", counted_grouped(explored.executions, "execution"));
        if explored.given_up > 0 {
            told.push_str(&format!(" (and {} given up as others show the same)", grouped(explored.given_up)));
        }
        let classes = if explored.classes == 1 { "class" } else { "classes" };
        told.push_str(&format!(", {} happens-before {classes}", grouped(explored.classes)));
        if explored.worlds > 1 {
            told.push_str(&format!(
                ", without faults and with {} sets of them",
                grouped(explored.worlds - 1)
            ));
        }
        told.push_str(&format!(", {}", counted_grouped(explored.steps, "step")));
        told
    }

    /// What the search could see and what it could not.
    fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        match self.settings.reduction {
            Reduction::None => limits.push("every order, without reduction".to_owned()),
            Reduction::Sources => limits.push(
                "orders that differ only in independent steps are checked once, which no property here can tell apart"
                    .to_owned(),
            ),
        }
        if self.is_patient() {
            limits.push(
                "timers ran out only when no message was under way; --vary timer looks at any moment".into(),
            );
        } else if self.explored.timers {
            limits.push("timers ran out at any moment".to_owned());
        }
        let cut = self.explored.cut_short;
        if cut > 0 {
            limits.push(format!(
                "{} cut short at {} steps",
                counted_grouped(cut, "execution"),
                self.settings.depth
            ));
        }
        limits
    }
}

fn people(found: &Found, output: &mut Output) -> Result<(), Failure> {
    let (plan, explored) = (&found.plan, &found.explored);
    output.line(format!("{}  seed {}  {}", paint(Tone::Strong, &found.file), plan.seed, plan.algorithm))?;
    let width = plan.checks.iter().map(String::len).max().unwrap_or(0);
    for (property, word, tally) in found.words() {
        let name = paint(word.tone(), &format!("{:9}", word.name()));
        output.line(format!("  {name}  {property:width$}  {}", counts(tally, explored.executions)))?;
    }
    found.written.iter().try_for_each(|written| tell(written, output))?;
    output.line(format!("\n{}", found.coverage()))?;
    for limit in found.limits() {
        output.line(paint(Tone::Quiet, &format!("  {limit}")))?;
    }
    let executions = counted_grouped(explored.executions, "execution");
    found.sometimes().try_for_each(|(claim, _, met)| sometimes(claim, met, &executions, output))
}

/// Shows what was found.
pub(super) fn show(found: &Found, format: Format, output: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Human => people(found, output),
        Format::Json | Format::Jsonl => output.line(value(found).to_string()),
        Format::Junit => junit(suite(found), output),
    }
}

/// Prints a report that consists of this suite.
pub(super) fn junit(suite: TestSuite, output: &mut Output) -> Result<(), Failure> {
    let mut report = Report::new("synod");
    report.add_test_suite(suite);
    let text = report.to_string().map_err(|error| Failure::Internal(error.to_string()))?;
    output.line(text.trim_end())
}

/// What was found as a JUnit suite: a case for each property, and for each thing that ought to happen.
fn suite(found: &Found) -> TestSuite {
    let executions = found.explored.executions;
    let mut suite = TestSuite::new(found.file.clone());
    for (property, word, tally) in found.words() {
        let written = found.written.iter().find(|written| written.property == *property);
        let counts = counts(tally, executions);
        let status = match word {
            Word::Violated | Word::Missing => {
                let because = written.map_or_else(|| word.name().to_owned(), |one| one.because.clone());
                let again = written.map(|one| format!("; again: {} run {}", program(), path(&one.file)));
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(because).set_description(counts + &again.unwrap_or_default());
                status
            }
            Word::Undecided => undecided(&found.coverage()),
            Word::Holds | Word::Vacuous | Word::Found => TestCaseStatus::success(),
        };
        suite.add_test_case(TestCase::new(property.clone(), status));
    }
    for (claim, word, met) in found.sometimes() {
        let mut case = sometimes_case(claim, met, &counted_grouped(executions, "execution"));
        if word == Word::Undecided {
            case.status = undecided(&found.coverage());
        }
        suite.add_test_case(case);
    }
    suite
}

/// What a program that reads reports should not take for a success.
pub(super) fn undecided(because: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!("undecided: {because}"));
    status
}

/// Tells of a failure and where its file is.
pub(super) fn tell(written: &Written, output: &mut Output) -> Result<(), Failure> {
    let Written { property, steps, because, file, story } = written;
    let size = counted(*steps as u64, "step");
    output.line(format!("\n{} in {size}: {because}", paint(Tone::Strong, property)))?;
    for line in story.iter().take(STORY) {
        output.line(line)?;
    }
    if story.len() > STORY {
        output.line(format!("  ... {} more in the file", story.len() - STORY))?;
    }
    let file = quoted(&file.display().to_string());
    output.line(format!("  again: {} run {file} --view", program()))
}

fn counts(tally: &Tally, executions: u64) -> String {
    let Tally { holds, vacuous, undecided, violated, .. } = tally;
    let all = [("violated", violated), ("holds", holds), ("undecided", undecided), ("vacuous", vacuous)];
    let some = all.into_iter().filter(|(_, count)| **count > 0);
    let told: Vec<String> = some.map(|(word, count)| format!("{word} in {}", grouped(*count))).collect();
    match told.len() {
        0 => "no executions".into(),
        _ => format!("{} of {}", told.join(", "), counted_grouped(executions, "execution")),
    }
}

/// What was found as JSON, version 1.
fn value(found: &Found) -> Value {
    let explored = &found.explored;
    let properties = found.words().map(|(property, word, tally)| {
        let Tally { holds, vacuous, undecided, violated, .. } = tally;
        let counts = json!({
            "verdict": word.name(), "holds": holds, "vacuous": vacuous, "undecided": undecided, "violated": violated,
        });
        (property.clone(), counts)
    });
    let failures = found.written.iter().map(|written| {
        json!({
            "property": written.property,
            "because": written.because,
            "size": written.steps,
            "file": written.file.display().to_string(),
        })
    });
    let finish = match explored.finish {
        Finish::All => "all",
        Finish::Enough if found.interrupted => "interrupted",
        Finish::Enough => "enough",
        Finish::Depth => "depth",
        Finish::Executions => "executions",
    };
    let mut value = json!({
        "v": 1,
        "ok": found.exit() == Exit::Held,
        "exit": found.exit() as u8,
        "file": found.file,
        "algorithm": found.plan.algorithm,
        "seed": found.plan.seed.to_string(),
        "strategy": match found.settings.reduction {
            Reduction::None => "depth-first",
            Reduction::Sources => "reduced",
        },
        "whole": explored.finish == Finish::All,
        "finish": finish,
        "executions": explored.executions,
        "given-up": explored.given_up,
        "cut-short": explored.cut_short,
        "classes": explored.classes,
        "worlds": explored.worlds,
        "steps": explored.steps,
        "longest": explored.longest,
        "properties": properties.collect::<serde_json::Map<_, _>>(),
        "failures": failures.collect::<Vec<_>>(),
    });
    if !found.plan.sometimes.is_empty() {
        let met = found.sometimes().map(|(claim, _, met)| (claim.to_owned(), json!(met)));
        value["sometimes"] = met.collect::<serde_json::Map<_, _>>().into();
    }
    value
}

pub(super) fn path(path: &Path) -> String {
    path.display().to_string()
}
