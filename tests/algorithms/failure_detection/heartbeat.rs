//! Heartbeats (Chandra, Toueg 1996, section 9; Cachin, Guerraoui, Rodrigues 2011, algorithms 2.5, 2.7), and mutants.

use super::{crash, lose, quiet, restart, slow, steady};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::heartbeat,
    problems::failure_detection::{FailureDetection, Output},
    process::{Context, Description, Process, ProcessId, Request},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A wrong suspicion teaches nothing.
    NeverGrows,
    /// A heartbeat that was overtaken counts as much as the newest.
    CountsOldOnes,
    /// Nobody is left out.
    SuspectsItself,
    /// Once suspected, always suspected.
    NeverRestores,
    /// A restart begins to count anew, without having saved how many lives there were.
    ForgetsItsLives,
}

const PERIOD: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    newest: BTreeMap<ProcessId, (u64, u64)>,
    timeouts: BTreeMap<ProcessId, Duration>,
    suspected: Vec<ProcessId>,
    last: (u64, u64),
}

impl Process for Mutant {
    type Problem = FailureDetection;
    type Config = Bug;
    type Message = (u64, u64);
    type Timer = Option<ProcessId>;
    type Stable = u64;
    const DESCRIPTION: Description = Description::named("heartbeat-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, lives: u64) -> Self {
        if *bug != Bug::ForgetsItsLives {
            ctx.save(lives + 1);
        }
        ctx.produce(Output::Within(TIMEOUT + Duration::from_millis(20)));
        let me = ctx.me();
        let watched: Vec<ProcessId> =
            ctx.group().filter(|id| *id != me || *bug == Bug::SuspectsItself).collect();
        for process in &watched {
            ctx.set_timer(Some(*process), TIMEOUT);
        }
        let timeouts = watched.into_iter().map(|process| (process, TIMEOUT)).collect();
        let last = (lives + 1, 0);
        let mut mutant = Self { bug: *bug, newest: BTreeMap::new(), timeouts, suspected: Vec::new(), last };
        mutant.on_timer(ctx, None);
        mutant
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request<Self>) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: (u64, u64)) {
        let newest = self.newest.entry(from).or_default();
        if stamp <= *newest && self.bug != Bug::CountsOldOnes {
            return;
        }
        *newest = stamp.max(*newest);
        if self.suspected.contains(&from) {
            if self.bug == Bug::NeverRestores {
                return;
            }
            self.suspected.retain(|suspect| *suspect != from);
            ctx.produce(Output::Restore(from));
            if self.bug != Bug::NeverGrows {
                self.timeouts.entry(from).and_modify(|timeout| *timeout *= 2);
            }
        }
        ctx.set_timer(Some(from), self.timeouts[&from]);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, silent: Option<ProcessId>) {
        if let Some(silent) = silent {
            self.suspected.push(silent);
            return ctx.produce(Output::Suspect(silent));
        }
        self.last.1 += 1;
        ctx.broadcast(self.last);
        ctx.set_timer(None, PERIOD);
    }
}

const PERFECT: &[&str] = &["completeness", "strong-accuracy", "eventual-accuracy", "detection-latency"];

/// Of two, one crashes: there is no pair of correct processes.
const PERFECT_OF_TWO: &[&str] = &["completeness", "strong-accuracy", "detection-latency"];

fn crashes_once() -> Trial<FailureDetection> {
    quiet(3, 800).with(330, crash(2))
}

/// Again and again two heartbeats in a row are slow; the last time is just before the end.
fn slow_at_times() -> Trial<FailureDetection> {
    let spells = (0..=4_000).step_by(400).map(|at| at + 90);
    spells.fold(steady(2, 4_280, 10), |trial, at| {
        trial.with(at, slow(0, 1, 200)).with(at + 120, slow(0, 1, 10))
    })
}

/// One heartbeat comes after its sender's crash, when a newer one has come long since.
fn one_is_overtaken() -> Trial<FailureDetection> {
    steady(2, 900, 10).with(190, slow(0, 1, 260)).with(210, slow(0, 1, 10)).with(320, crash(0))
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    crashes_once().survives::<Mutant>(&Bug::None, PERFECT);
    crashes_once().with(600, restart(2)).survives::<Mutant>(&Bug::None, &["strong-accuracy"]);
    slow_at_times().survives::<Mutant>(&Bug::None, &["eventual-accuracy"]);
}

#[test]
fn so_does_the_real_one() {
    let delay_max = Duration::from_millis(20);
    let config = heartbeat::Config { period: PERIOD, timeout: TIMEOUT, delay_max };
    crashes_once().survives::<heartbeat::Heartbeat>(&config, PERFECT);
    slow_at_times().survives::<heartbeat::Heartbeat>(&config, &["eventual-accuracy"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    crashes_once().kills::<Mutant>(&Bug::SuspectsItself, "strong-accuracy", (18, 18));
    let loses_two = quiet(2, 800).with(90, lose(0, 1, 1)).with(90, lose(0, 1, 2));
    loses_two.survives::<Mutant>(&Bug::None, &["eventual-accuracy"]);
    loses_two.kills::<Mutant>(&Bug::NeverRestores, "eventual-accuracy", (18, 16));
    slow_at_times().kills::<Mutant>(&Bug::NeverGrows, "eventual-accuracy", (100, 100));
}

/// A restarted process that counts from 1 again is not heard, for all it sends is old.
#[test]
fn who_forgets_its_lives_is_not_heard_again() {
    // Nobody who crashed is correct: that it is suspected for ever shows as a suspicion that is never taken back.
    let trial = quiet(2, 1_500).with(750, crash(1)).with(1_000, restart(1));
    let mut restored = [0, 0];
    for (place, bug) in [Bug::None, Bug::ForgetsItsLives].into_iter().enumerate() {
        for said in super::told::<Mutant>(&trial, &bug) {
            restored[place] +=
                said.iter().filter(|(_, _, output)| matches!(output, Output::Restore(_))).count();
        }
    }
    assert_eq!(restored, [300, 0]);
}

/// The catalogue's stale heartbeat: it keeps the dead alive for longer than was announced.
#[test]
fn an_old_heartbeat_keeps_the_dead_alive() {
    one_is_overtaken().survives::<Mutant>(&Bug::None, PERFECT_OF_TWO);
    one_is_overtaken().kills::<Mutant>(&Bug::CountsOldOnes, "detection-latency", (16, 8));
}
