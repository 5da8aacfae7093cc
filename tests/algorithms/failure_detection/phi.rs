//! The φ accrual detector (Hayashibara et al. 2004) with exponential intervals, and its mutants.

use super::{crash, lose, quiet, steady};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::{
        parts::accrual::Estimate,
        phi_accrual::{Config, PhiAccrual},
    },
    problems::failure_detection::{self, FailureDetection, Output},
    process::{Context, Description, LocalTime, Process, ProcessId, Request},
    world::{Action, Heal},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The window takes in the silence that ended a suspicion.
    LearnsOutages,
    /// The window stays empty.
    NeverLearns,
    /// ln instead of log10.
    NaturalLogarithm,
}

/// The bug, and how long a period is in milliseconds.
type Settings = (Bug, u64);

const WINDOW: usize = 5;
const CHECK: Duration = Duration::from_millis(50);
/// Φ in thousandths.
const THRESHOLD: u64 = 2_000;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    settings: Settings,
    /// By process: the window, the last heartbeat, whether it is suspected.
    watched: BTreeMap<ProcessId, (VecDeque<u64>, Option<LocalTime>, bool)>,
}

impl Process for Mutant {
    type Problem = FailureDetection;
    type Config = Settings;
    type Message = ();
    /// Whether it is the one to check.
    type Timer = bool;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("phi-mutant");

    fn boot(ctx: &mut Context<'_, Self>, settings: &Settings, (): ()) -> Self {
        let me = ctx.me();
        let others = ctx.group().filter(|process| *process != me);
        let watched = others.map(|process| (process, (VecDeque::new(), None, false))).collect();
        ctx.set_timer(true, CHECK);
        ctx.set_timer(false, Duration::ZERO);
        Self { settings: *settings, watched }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request<Self>) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (): ()) {
        let (bug, _) = self.settings;
        let Some((window, last, suspected)) = self.watched.get_mut(&from) else { return };
        if let Some(last) = *last
            && (!*suspected || bug == Bug::LearnsOutages)
            && bug != Bug::NeverLearns
        {
            window.push_back(ctx.now().since(last).unsigned_abs() / 1_000);
            if window.len() > WINDOW {
                window.pop_front();
            }
        }
        *last = Some(ctx.now());
        if std::mem::take(suspected) {
            ctx.produce(Output::Restore(from));
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, check: bool) {
        let (bug, period) = self.settings;
        if !check {
            ctx.broadcast(());
            return ctx.set_timer(false, Duration::from_millis(period));
        }
        for (process, (window, last, suspected)) in &mut self.watched {
            let mean =
                if window.is_empty() { 100_000 } else { window.iter().sum::<u64>() / window.len() as u64 };
            let factor = if bug == Bug::NaturalLogarithm { 1_000_000 } else { 434_294 };
            let silence = last.map_or(0, |last| ctx.now().since(last).unsigned_abs() / 1_000);
            if !*suspected && silence * factor / mean.max(1) >= THRESHOLD * 1_000 {
                *suspected = true;
                ctx.produce(Output::Suspect(*process));
            }
        }
        ctx.set_timer(true, CHECK);
    }
}

/// The real one with the same settings.
fn real(period: u64) -> Config {
    Config {
        period: Duration::from_millis(period),
        check: CHECK,
        threshold: THRESHOLD,
        estimate: Estimate::Exponential,
        window: WINDOW,
        first_interval: Duration::from_millis(100),
        ..Config::default()
    }
}

/// A partition for two seconds, and soon after that a crash.
fn outage() -> Trial<FailureDetection> {
    let sides = vec![vec![ProcessId(0)], vec![ProcessId(1)]];
    quiet(2, 4_200)
        .with(1_000, Action::Partition(sides))
        .with(3_000, Action::Heal(Heal::All))
        .with(3_350, crash(1))
}

/// So many heartbeats in a row are lost when the window is full.
fn burst(losses: u64) -> Trial<FailureDetection> {
    (0..losses).fold(quiet(2, 3_000), |trial, nth| trial.with(2_010, lose(1, 0, nth + 1)))
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    outage().survives::<Mutant>(&(Bug::None, 100), &["completeness"]);
    outage().survives::<PhiAccrual>(&real(100), &["completeness"]);
    for (period, losses) in [(100, 2), (200, 2)] {
        let promises = ["strong-accuracy", "eventual-accuracy"];
        burst(losses).survives::<Mutant>(&(Bug::None, period), &promises);
        burst(losses).survives::<PhiAccrual>(&real(period), &promises);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    outage().kills::<Mutant>(&(Bug::LearnsOutages, 100), "completeness", (80, 80));
    burst(2).kills::<Mutant>(&(Bug::NaturalLogarithm, 100), "strong-accuracy", (60, 60));
    burst(2).kills::<Mutant>(&(Bug::NeverLearns, 200), "strong-accuracy", (40, 40));
}

/// A silence of as long as one interval: 1/ln 10; and twice that after two.
#[test]
fn suspicion_is_silence_over_the_mean_by_the_logarithm_of_ten() {
    let mut trial = steady(2, 2_000, 10).with(1_250, crash(1));
    trial.requests = vec![failure_detection::Request::Query(ProcessId(1))];
    for at in [1_310, 1_410, 1_510] {
        let targets = synod::world::Targets::Node(ProcessId(0));
        trial = trial.with(at, Action::Request { targets, request: 0 });
    }
    let (_, outputs) = trial.run::<PhiAccrual>(Config { threshold: 100_000, ..real(100) }, 0);
    let levels = outputs.iter().filter_map(|(_, output)| match output {
        Output::Level { phi, .. } => Some(*phi),
        _ => None,
    });
    assert_eq!(levels.collect::<Vec<_>>(), [434, 869, 1303]);
}

/// The least deviation: without one, steady heartbeats make every delay a crash.
#[test]
fn steady_heartbeats_do_not_make_a_late_one_a_crash() {
    let late = steady(2, 1_500, 10).with(990, super::slow(1, 0, 30)).with(1_010, super::slow(1, 0, 10));
    let careful = Config { check: Duration::from_millis(5), ..Config::default() };
    let hasty = Config { deviation_min: Duration::ZERO, ..careful };
    late.survives::<PhiAccrual>(&careful, &["strong-accuracy"]);
    late.kills::<PhiAccrual>(&hasty, "strong-accuracy", (60, 60));
}
