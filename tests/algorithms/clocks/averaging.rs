//! Averaging clocks (Lundelius, Lynch 1984) and their mutants.

use super::{off, set, shown, sync};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::lundelius_lynch::{Config, LundeliusLynch},
    problems::clock_sync::{ClockSync, Output, Request},
    process::{Context, Description, Never, Process, ProcessId, What},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The mean is that of the others.
    ForgetsItself,
    /// What comes is taken to be fresh, or as old as can be.
    IgnoresDelay,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    correction: i64,
    told: bool,
    ahead: BTreeMap<ProcessId, i64>,
}

/// Delays are 5 to 15 ms.
const LONGEST: i64 = 15_000_000;
const UNCERTAINTY: i64 = 10_000_000;

impl Process for Mutant {
    type Problem = ClockSync;
    type Config = Bug;
    type Message = i64;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("averaging-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, correction: 0, told: false, ahead: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Sync: Request) {
        if !std::mem::replace(&mut self.told, true) {
            ctx.broadcast(ctx.now().0);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, time: i64) {
        self.on_request(ctx, Request::Sync);
        let age = if self.bug == Bug::IgnoresDelay { 0 } else { LONGEST - UNCERTAINTY / 2 };
        self.ahead.insert(from, time + age - ctx.now().0);
        let size = ctx.group_size() as i64;
        if self.ahead.len() as i64 + 1 < size {
            return;
        }
        let parts = if self.bug == Bug::ForgetsItself { size - 1 } else { size };
        let target = shown(ctx.now(), self.correction) + self.ahead.values().sum::<i64>().div_euclid(parts);
        let bound = UNCERTAINTY * (size - 1) / (2 * size) + 1;
        set(ctx, &mut self.correction, target, bound, Some(1));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

fn group(nodes: u32) -> Trial<ClockSync> {
    off(sync(nodes, &[(100, 0)]), &[(1, 40)])
}

fn config() -> Config {
    Config {
        delay_max: Duration::from_nanos(LONGEST as u64),
        uncertainty: Duration::from_nanos(UNCERTAINTY as u64),
        ..Config::default()
    }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for nodes in [2, 3, 5] {
        group(nodes).survives::<Mutant>(&Bug::None, &["precision", "adjustment"]);
        group(nodes).survives::<LundeliusLynch>(&config(), LundeliusLynch::DESCRIPTION.promises);
        group(nodes)
            .duplicating()
            .survives::<LundeliusLynch>(&config(), LundeliusLynch::DESCRIPTION.promises);
    }
    group(3).losing(20).survives::<LundeliusLynch>(&config(), &["monotone", "progress"]);
}

/// The first is number 81 of the catalogue's museum: each of two clocks moves all the way to the other.
#[test]
fn every_bug_breaks_its_promise() {
    group(2).kills::<Mutant>(&Bug::ForgetsItself, "precision", (2, 2));
    group(2).kills::<LundeliusLynch>(
        &Config { uncertainty: Duration::ZERO, ..config() },
        "precision",
        (2, 2),
    );
    // What all ignore alike moves all alike.
    assert_eq!(group(3).search::<Mutant>(&Bug::IgnoresDelay, "precision"), None);
}

/// u(1 - 1/n), and no less would do: some run comes near.
#[test]
fn clocks_differ_by_u_times_1_minus_1_over_n_at_most() {
    for nodes in [2_u32, 3] {
        let mut worst = 0;
        group(nodes).each_run::<LundeliusLynch>(
            &Config { step: true, ..config() },
            &[],
            |seed, history, _| {
                let ahead = history.steps.iter().filter_map(|step| match step.what {
                    What::Output(Output::Adjusted { reading, .. }) => Some(reading.0 - step.time.0 as i64),
                    _ => None,
                });
                let ahead: Vec<i64> = ahead.collect();
                assert_eq!(ahead.len(), nodes as usize, "seed {seed}");
                let apart = ahead.iter().max().unwrap() - ahead.iter().min().unwrap();
                worst = worst.max(apart);
            },
        );
        let bound = UNCERTAINTY * i64::from(nodes - 1) / i64::from(nodes);
        assert!(worst <= bound + 1, "n={nodes}: {worst} is more than {bound}");
        assert!(worst > bound * 8 / 10, "n={nodes}: {worst} is far from {bound}");
    }
}
