//! `explore`: every order of a scenario's events, as far as a budget goes.

use super::{
    args::{Explore, Format, Search},
    exit::{Exit, Failure},
    files,
    found::{counted_grouped, grouped, plain},
    output::{Output, Tone, counted, paint},
    program,
    run::{load, parse_override, quoted},
    states, step,
};
use crate::{
    explore::{
        self, Rules, Subject, TRIES,
        exhaustive::{Explored, Finish, Reduction, Refusal, Settings, Tally},
    },
    registry::Registry,
    scenario::{Expected, Plan, Vary},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Write, stderr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The lines of a story that are shown.
const STORY: usize = 16;
/// How often a line says how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// What came of a search.
struct Found {
    file: String,
    plan: Plan,
    settings: Settings,
    explored: Explored,
    written: Vec<Written>,
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

/// Searches, writes a file for each property that can be violated, and reports.
pub(super) fn explore(registry: &Registry, wanted: &Explore, output: &mut Output) -> Result<Exit, Failure> {
    let overrides =
        wanted.overrides.iter().map(|text| parse_override(text)).collect::<Result<Vec<_>, _>>()?;
    let mut plan = load(registry, &wanted.file, &overrides, wanted.seed)?;
    if !wanted.vary.is_empty() || wanted.faults.is_some() {
        let fuzz = plan.fuzz.get_or_insert_default();
        if !wanted.vary.is_empty() {
            fuzz.vary = Some(wanted.vary.clone());
        }
        fuzz.faults = wanted.faults.or(fuzz.faults);
    }
    let plan = plan;
    let subject = registry.subject(&plan);
    let subject = subject.ok_or_else(|| Failure::Internal("the plan has no subject".into()))?;
    if wanted.step {
        return step::step(registry, &subject, output);
    }
    if wanted.strategy == Search::States {
        return states::states(wanted, &subject, output);
    }
    let settings = settings(wanted, &plan)?;
    let mut teller = Teller { told: Instant::now() };
    let explored = explore::exhaustive::explore(&subject, &settings, &mut |explored| {
        teller.tell(explored);
        seen(&plan, explored)
    });
    let explored = explored.map_err(refused)?;
    let mut written = Vec::new();
    for failure in explored.tallies.iter().filter_map(|tally| tally.first.clone()) {
        written.push(write(&subject, failure, wanted)?);
    }
    let found = Found { file: files::name(&wanted.file), plan, settings, explored, written };
    match wanted.format() {
        Format::Human => people(&found, output)?,
        Format::Json | Format::Jsonl | Format::Junit => output.line(value(&found).to_string())?,
    }
    Ok(found.exit())
}

/// Tells on standard error how far it is.
struct Teller {
    told: Instant,
}

impl Teller {
    fn tell(&mut self, explored: &Explored) {
        if self.told.elapsed() < TOLD_EVERY {
            return;
        }
        self.told = Instant::now();
        let violated = explored.tallies.iter().filter(|tally| tally.violated > 0).count();
        let (executions, classes) = (grouped(explored.executions), grouped(explored.classes));
        // Nothing can be said where stderr is closed.
        let _written = writeln!(
            stderr(),
            "{executions} executions  {classes} happens-before classes  {violated} properties violated"
        );
    }
}

/// What the scenario says, and the command line instead.
fn settings(wanted: &Explore, plan: &Plan) -> Result<Settings, Failure> {
    let fuzz = plan.fuzz.clone().unwrap_or_default();
    let vary = if wanted.vary.is_empty() { fuzz.vary.unwrap_or_default() } else { wanted.vary.clone() };
    if vary.contains(&Vary::Clock) {
        let sentence = "wrong clocks are a matter of times, and explore searches orders: \
                        leave `clock` out with --vary, or search with `synod fuzz`";
        return Err(Failure::Usage(sentence.into()));
    }
    let faulty = vary.iter().any(|vary| !matches!(vary, Vary::Order | Vary::Delay | Vary::Timer));
    let faults = wanted.faults.or(fuzz.faults).unwrap_or(1);
    let reduction = match wanted.strategy {
        Search::Reduced if wanted.no_reduction => Reduction::None,
        Search::Reduced => Reduction::Sources,
        Search::DepthFirst | Search::States => Reduction::None,
    };
    Ok(Settings {
        rules: Rules { timers_any_time: vary.contains(&Vary::Timer) },
        depth: wanted.depth,
        executions: wanted.executions,
        faults: if faulty { faults } else { 0 },
        vary,
        messages_take_time: reduction == Reduction::None,
        ..Settings::new(reduction)
    })
}

/// Why a search is not made, and what to do about it.
fn refused(refusal: Refusal) -> Failure {
    let remedy = match refusal {
        Refusal::Property(_) => {
            "; leave it out of `check`, look at every order with --no-reduction, or search with `synod fuzz`"
        }
        Refusal::ReadsClock(_) => "; look at every order with --no-reduction, or search with `synod fuzz`",
        Refusal::Misfit(message) => return Failure::Internal(message),
    };
    Failure::Usage(format!("{refusal}{remedy}"))
}

/// Whether enough was seen: something that should not be, or all that should.
fn seen(plan: &Plan, explored: &Explored) -> bool {
    let mut wanted = 0;
    let mut missing = 0;
    for (property, tally) in plan.checks.iter().zip(&explored.tallies) {
        match (expected(plan, property), tally.violated) {
            (Expected::Violated, 0) => missing += 1,
            (Expected::Violated, _) => wanted += 1,
            (_, 0) => {}
            (_, _) => return true,
        }
    }
    wanted > 0 && missing == 0
}

pub(super) fn expected(plan: &Plan, property: &str) -> Expected {
    plan.expect.verdicts.get(property).copied().unwrap_or(Expected::NotViolated)
}

/// Makes a failure smaller and writes its file.
pub(super) fn write(
    subject: &Subject<'_>,
    failure: explore::Failure,
    wanted: &Explore,
) -> Result<Written, Failure> {
    let failure = if wanted.no_shrink { failure } else { explore::shrink(subject, failure, TRIES) };
    let folder = &wanted.out;
    fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
    let file = folder.join(format!("{}-{}.yaml", plain(&subject.plan.name), failure.property));
    let place = file.display().to_string();
    let text = failure.text(subject, &place).map_err(|misfit| {
        Failure::Internal(format!("what was found cannot be read again: {}", misfit.message))
    })?;
    fs::write(&file, &text).map_err(Failure::io(place))?;
    let comment = text.lines().map_while(|line| line.strip_prefix("# "));
    let story = comment.skip(1).filter(|line| line.starts_with("  ")).map(str::to_owned).collect();
    let steps = failure.size();
    Ok(Written { property: failure.property, steps, because: failure.because, file, story })
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

    fn exit(&self) -> Exit {
        let words: Vec<Word> = self.words().map(|(_, word, _)| word).collect();
        let found = words.contains(&Word::Found);
        match () {
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
    Ok(())
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
        Finish::Enough => "enough",
        Finish::Depth => "depth",
        Finish::Executions => "executions",
    };
    json!({
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
    })
}

pub(super) fn path(path: &Path) -> String {
    path.display().to_string()
}
