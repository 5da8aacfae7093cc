//! `explore`: every order of a scenario's events, as far as a budget goes.

use super::{
    args::{Explore, Search},
    exit::{Exit, Failure},
    explored::{self, Found, Written},
    files,
    found::{grouped, plain},
    interrupt,
    output::Output,
    run::{load, overrides},
    states, step,
};
use crate::{
    explore::{
        self, Rules, Subject, TRIES,
        exhaustive::{Exploration, Explored, Finish, Reduction, Refusal, Settings},
    },
    registry::Registry,
    scenario::{Expected, Plan, Vary},
};
use std::{
    fs,
    io::{Write, stderr},
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

/// How often a line says how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Searches, writes a file for each property that can be violated, and reports.
pub(super) fn explore(registry: &Registry, wanted: &Explore, output: &mut Output) -> Result<Exit, Failure> {
    let overrides = overrides(&wanted.changes)?;
    let mut plan = load(registry, &wanted.file, &overrides, wanted.changes.seed)?;
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
    interrupt::watch();
    let explored = search(registry, &plan, &settings, wanted.jobs)?;
    let mut written = Vec::new();
    for failure in explored.tallies.iter().filter_map(|tally| tally.first.clone()) {
        written.push(write(&subject, failure, wanted)?);
    }
    let interrupted = interrupt::pressed() && explored.finish == Finish::Enough;
    let file = files::name(&wanted.file);
    let found = Found { file, plan, settings, explored, written, interrupted };
    explored::show(&found, wanted.format(), output)?;
    Ok(found.exit())
}

/// Searches on as many threads as there is use for: one for each set of faults at most.
fn search(
    registry: &Registry,
    plan: &Plan,
    settings: &Settings,
    jobs: Option<NonZeroUsize>,
) -> Result<Explored, Failure> {
    let unfit = || Failure::Internal("the plan has no subject".into());
    let subject = registry.subject(plan).ok_or_else(unfit)?;
    let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    // Without faults there is one world, and nothing to share; one thread alone needs nobody who leads.
    let workers = match jobs.unwrap_or_else(available).get() {
        1 => 0,
        _ if settings.faults == 0 => 0,
        many => many,
    };
    let exploration = Exploration::new(&subject, settings, workers);
    let mut teller = Teller { told: Instant::now() };
    let explored = thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let subject = registry.subject(plan);
                let enough = |explored: &Explored| interrupt::pressed() || seen(plan, explored);
                subject.map(|subject| exploration.work(&subject, &enough))
            });
        }
        exploration.lead(&subject, &mut |explored| {
            teller.tell(explored);
            interrupt::pressed() || seen(plan, explored)
        })
    });
    explored.map_err(refused)
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
