//! The Berkeley algorithm (Gusella, Zatti 1989) and its mutants.

use super::{off, set, shown, sync};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::berkeley::{Berkeley, Config},
    problems::clock_sync::{ClockSync, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Slaves are told what time it is, not by how much to move.
    Absolute,
    /// Clocks that are far off count too.
    AllCount,
    /// The coordinator's own clock does not count.
    ForgetsItself,
    /// The coordinator does not move its own clock.
    StaysBehind,
    /// Slaves are told what came out of the round before.
    LastRound,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, PartialOrd, Ord)]
enum Message {
    Poll(u64),
    Time(u64, i64),
    Adjust(u64, i64, i64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    correction: i64,
    round: u64,
    began: i64,
    offers: BTreeMap<ProcessId, (i64, i64)>,
    before: BTreeMap<ProcessId, i64>,
}

const MIN: i64 = 5_000_000;
const GAMMA: i64 = 1_000_000_000;

impl Process for Mutant {
    type Problem = ClockSync;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("berkeley-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.produce(Output::Tolerance(Duration::from_nanos(GAMMA as u64)));
        let (offers, before) = (BTreeMap::new(), BTreeMap::new());
        Self { bug: *bug, correction: 0, round: 0, began: 0, offers, before }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Sync: Request) {
        self.round += 1;
        self.began = ctx.now().0;
        self.offers.clear();
        ctx.broadcast(Message::Poll(self.round));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let mine = shown(ctx.now(), self.correction);
        match message {
            Message::Poll(round) => ctx.send(from, Message::Time(round, mine)),
            Message::Time(round, time) if round == self.round => {
                let round_trip = ctx.now().0 - self.began;
                let error = (round_trip + 1) / 2 - MIN;
                self.offers.insert(from, (time + round_trip / 2 - mine, error));
                if self.offers.len() + 1 == ctx.group_size() {
                    self.end_round(ctx, mine);
                }
            }
            Message::Time(..) => {}
            Message::Adjust(round, by, bound) => {
                let target = if self.bug == Bug::Absolute { by } else { mine + by };
                set(ctx, &mut self.correction, target, bound, Some(round));
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn end_round(&mut self, ctx: &mut Context<'_, Self>, mine: i64) {
        let mut ahead: Vec<i64> = self.offers.values().map(|(ahead, _)| *ahead).collect();
        if self.bug != Bug::ForgetsItself {
            ahead.push(0);
        }
        // Fewer than half are wrong in these worlds, so the middle clock is right.
        ahead.sort_unstable();
        let middle = ahead[ahead.len() / 2];
        let counts = |ahead: &&i64| self.bug == Bug::AllCount || (**ahead - middle).abs() <= GAMMA;
        let counting: Vec<i64> = ahead.iter().filter(counts).copied().collect();
        let average = counting.iter().sum::<i64>().div_euclid(counting.len() as i64);
        for (slave, (ahead, error)) in &self.offers {
            let by = match self.bug {
                Bug::Absolute => mine + average,
                Bug::LastRound => self.before.insert(*slave, average - ahead).unwrap_or(average - ahead),
                _ => average - ahead,
            };
            ctx.send(*slave, Message::Adjust(self.round, by, *error));
        }
        let target = if self.bug == Bug::StaysBehind { mine } else { mine + average };
        set(ctx, &mut self.correction, target, 0, Some(self.round));
    }
}

fn close() -> Trial<ClockSync> {
    off(sync(3, &[(100, 0)]), &[(1, 200), (2, -40)])
}

fn one_far_off() -> Trial<ClockSync> {
    off(sync(4, &[(100, 0)]), &[(1, 30), (2, -40), (3, 60_000)])
}

fn config() -> Config {
    Config { delay_min: Duration::from_millis(5), drift_ppm: 0, ..Config::default() }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    close().survives::<Mutant>(&Bug::None, &["precision", "average", "outliers", "adjustment"]);
    one_far_off().survives::<Mutant>(&Bug::None, &["precision", "outliers", "adjustment"]);
    close().survives::<Berkeley>(&config(), Berkeley::DESCRIPTION.promises);
    close().duplicating().survives::<Berkeley>(&config(), Berkeley::DESCRIPTION.promises);
    let far = ["precision", "outliers", "monotone", "progress", "adjustment"];
    one_far_off().survives::<Berkeley>(&config(), &far);
    close().losing(20).survives::<Berkeley>(&config(), &["precision", "average", "monotone", "progress"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    let two = off(sync(2, &[(100, 0)]), &[(1, 200)]);
    two.kills::<Mutant>(&Bug::Absolute, "precision", (3, 3));
    two.kills::<Mutant>(&Bug::StaysBehind, "precision", (3, 3));
    two.kills::<Mutant>(&Bug::ForgetsItself, "average", (3, 3));
    one_far_off().kills::<Mutant>(&Bug::AllCount, "outliers", (9, 9));
    let twice = off(sync(2, &[(100, 0), (200, 0)]), &[(1, 200)]);
    twice.kills::<Mutant>(&Bug::LastRound, "precision", (6, 6));
    twice.survives::<Mutant>(&Bug::None, &["precision", "average"]);
}

/// The clocks that count are moved to where they would be without the one that does not.
#[test]
fn an_outlier_moves_nobody() {
    let moved = |trial: Trial<ClockSync>| {
        let (_, outputs) =
            trial.run::<Berkeley>(Config { delay_min: Duration::from_millis(10), ..config() }, 1);
        let moved = outputs.into_iter().filter_map(|(node, output)| match output {
            Output::Adjusted { by, .. } => Some((node, by.0)),
            _ => None,
        });
        moved.collect::<BTreeMap<ProcessId, i64>>()
    };
    let exact = |mut trial: Trial<ClockSync>| {
        trial.setup.network.jitter = Duration::ZERO;
        trial
    };
    let without = moved(exact(off(sync(3, &[(100, 0)]), &[(1, 30), (2, -60)])));
    let with = moved(exact(off(sync(4, &[(100, 0)]), &[(1, 30), (2, -60), (3, 60_000)])));
    let wanted: BTreeMap<ProcessId, i64> =
        [(0, -10), (1, -40), (2, 50)].map(|(node, by)| (ProcessId(node), by * 1_000_000)).into();
    assert_eq!(without, wanted);
    assert_eq!(with.into_iter().filter(|(node, _)| node.0 < 3).collect::<BTreeMap<_, _>>(), wanted);
}

/// The coordinator's own clock may be the one that is far off: the largest set of clocks counts.
#[test]
fn a_coordinator_that_is_far_off_follows_the_others() {
    let trial = off(sync(4, &[(100, 0)]), &[(0, 60_000), (1, 30), (2, -40)]);
    trial.survives::<Berkeley>(&config(), &["precision", "outliers", "adjustment"]);
}

#[test]
fn a_coordinator_that_crashed_begins_no_rounds() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: None };
    let trial = off(sync(3, &[(100, 1)]), &[(1, 40)]);
    trial.survives::<Berkeley>(&config(), &["precision", "adjustment"]);
    let crashed = trial.with(0, crash);
    crashed.kills::<Berkeley>(&config(), "adjustment", (1, 0));
    crashed.survives::<Berkeley>(&config(), &["progress"]);
}

#[test]
fn a_shortest_delay_that_is_too_large_breaks_precision() {
    let wrong = Config { delay_min: Duration::from_millis(12), ..config() };
    close().kills::<Berkeley>(&wrong, "precision", (6, 6));
}
