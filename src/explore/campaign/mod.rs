//! Campaigns: many runs of one scenario under many strategies and faults, each of them a function of the scenario, a seed
//! and its number. Which of them ran where and together with which others makes no difference to what is reported.

mod course;
mod faults;
mod fingerprint;
mod report;
mod sketch;
mod tally;
mod worker;

pub(super) use faults::event;

pub use course::{Course, Tactic};
pub use fingerprint::Fingerprint;
pub use report::{Found, Identity, Mismatch, Report, Share, Standing};
pub use sketch::Sketch;
pub use tally::{Candidate, Tally, Verdicts};
pub use worker::Worker;

use super::{Rules, Runner, Subject, strategy::Timed};
use crate::{
    process::{End, ProcessId},
    scenario::{Misfit, Plan, Schedule, Vary},
    trace::{EventKind, Level, Record},
    world::{Setup, finish},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a campaign is to do, beyond its scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// Which strategies its runs have.
    pub strategy: Choice,
    /// What differs between runs.
    pub vary: Vec<Vary>,
    /// How many faults a run has at most.
    pub faults: u32,
    /// Whether faults come in the first half of a run only and everything is made whole after it, so that what is to
    /// happen in the end must.
    pub chaos: bool,
    /// Whether failures are made smaller.
    pub shrink: bool,
}

/// The strategies that a campaign's runs have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// All of them in turn.
    Auto,
    /// The earliest event first, as `synod run` does it.
    Timed,
    /// Whatever can happen next is equally likely.
    Walk,
    /// Random priorities with a few changes, with depths 2 to 4 in turn.
    Pct,
    /// The order of time, but for a few events that are put off.
    DelayBounded,
}

/// How many faults a run has at most unless it is said.
const FAULTS: u32 = 3;
/// How many events the run that shows what is usual may have.
const USUAL: u64 = 1_000_000;

impl Settings {
    /// What a scenario says itself.
    pub fn of(plan: &Plan) -> Self {
        let fuzz = plan.fuzz.clone().unwrap_or_default();
        Self {
            strategy: Choice::Auto,
            vary: fuzz.vary.unwrap_or_else(|| vec![Vary::Order, Vary::Delay, Vary::Timer]),
            faults: fuzz.faults.unwrap_or(FAULTS),
            chaos: false,
            shrink: true,
        }
    }
}

/// Many runs of one scenario.
#[derive(Clone, Debug)]
pub struct Campaign {
    settings: Settings,
    seed: u64,
    setup: Arc<Setup>,
    rules: Rules,
    tactics: Vec<Tactic>,
    kinds: Vec<Vary>,
    /// How many entries the scenario's `events` have.
    entries: u32,
    /// An order from which the search goes on.
    schedule: Option<Arc<Schedule>>,
    usual: Usual,
}

/// What is usual in this scenario, as its own run in order of time shows it.
#[derive(Clone, Debug, Default)]
struct Usual {
    /// How many steps it has.
    steps: u64,
    /// When it ends, in nanoseconds.
    end: u64,
    /// When something happens, in nanoseconds.
    moments: Vec<u64>,
    /// The link of each message.
    messages: Vec<(ProcessId, ProcessId)>,
}

impl Campaign {
    /// A campaign for the scenario of `subject`. Its seed is the scenario's.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn new(subject: &Subject<'_>, settings: Settings) -> Result<Self, Misfit> {
        let plan = subject.plan;
        let usual = Usual::of(subject)?;
        let mut setup = plan.setup.clone();
        // An order in which somebody speaks for ever and is never answered has no end.
        setup.event_limit = setup.event_limit.min(1000.max(usual.steps.saturating_mul(20)));
        let rules = Rules { timers_any_time: settings.vary.contains(&Vary::Timer) };
        let entries = plan.resolved["events"].as_array().map_or(0, Vec::len) as u32;
        let schedule = plan.schedule.clone().map(Arc::new);
        let tactics = course::tactics(&settings, schedule.is_some());
        let kinds = faults::kinds(&settings, plan.setup.names.len(), &usual);
        let seed = plan.seed;
        Ok(Self { settings, seed, setup: Arc::new(setup), rules, tactics, kinds, entries, schedule, usual })
    }

    /// What it was asked to do.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All of it here and now: the first `runs` runs.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn run(&self, subject: &Subject<'_>, runs: u64) -> Result<Report, Misfit> {
        let mut worker = Worker::new(self, subject)?;
        let tally = worker.block(0..runs);
        let found = tally.candidates().map(|(property, candidate)| worker.found(property, candidate));
        let found: Vec<Found> = found.collect::<Result<_, _>>()?;
        Ok(Report::new(Identity::of(self, subject), Share::whole(), Some(runs), tally, found))
    }
}

impl Usual {
    fn of(subject: &Subject<'_>) -> Result<Self, Misfit> {
        let mut runner = Runner::new(subject, Rules::default())?;
        let mut setup = subject.plan.setup.clone();
        setup.event_limit = setup.event_limit.min(USUAL);
        runner.plan(Arc::new(setup));
        let ended = runner.run(subject.plan.seed, Box::new(Timed::new(0, 0)), Level::Full);
        let records = &runner.recording().records;
        // What a node tells itself does not travel.
        let travels = |record: &&Record| record.kind == EventKind::Send && record.node != record.peer;
        let sent = records.iter().filter(travels);
        let until = subject.plan.setup.until.filter(|_| ended.summary.end != End::Quiescent);
        Ok(Self {
            steps: ended.summary.steps,
            end: until.unwrap_or(ended.summary.time).0,
            moments: records.iter().map(|record| record.time.0).collect(),
            messages: sent.map(|record| (record.node, record.peer)).collect(),
        })
    }
}

/// The seed of a campaign's run with this number (Steele, Lea, Flood 2014: SplitMix64).
pub(super) fn split_mix(seed: u64, number: u64) -> u64 {
    finish(seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)), 0)
}
