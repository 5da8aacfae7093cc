//! NTP (RFC 5905) and its mutants.

use super::{off, set, sync};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::ntp::{Config, Ntp},
    problems::{
        clock_sync::{ClockSync, Output, Request},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, Process, ProcessId, Time, What},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// T4 - T3 in place of T3 - T4.
    WrongSign,
    /// The time that a server takes to answer is taken for time on the way.
    IgnoresHold,
    /// The mean of all servers, with the mean of their bounds.
    TrustsAll,
    /// Where most servers agree, whether or not the right ones are among them: half of all are enough.
    HalfIsEnough,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, PartialOrd, Ord)]
enum Message {
    Ask(i64),
    Answer([i64; 3]),
}

/// A server holds every question for a while, so that T2 and T3 differ.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    correction: i64,
    intervals: BTreeMap<ProcessId, (i64, i64)>,
}

impl Process for Mutant {
    type Problem = ClockSync;
    type Config = Bug;
    type Message = Message;
    /// Whose question waits for its answer, with T1 and T2.
    type Timer = (ProcessId, i64, i64);
    type Stable = ();
    const DESCRIPTION: Description = Description::named("ntp-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, correction: 0, intervals: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Sync: Request) {
        self.intervals.clear();
        ctx.broadcast(Message::Ask(ctx.now().0));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask(sent) => {
                let held = Duration::ZERO..=Duration::from_millis(30);
                ctx.set_timer((from, sent, ctx.now().0), held);
            }
            Message::Answer([t1, t2, t3]) => {
                let t4 = ctx.now().0;
                let delay = (t4 - t1) - (t3 - t2);
                let offset = match self.bug {
                    Bug::WrongSign => ((t2 - t1) + (t4 - t3)).div_euclid(2),
                    Bug::IgnoresHold => t2 + (t4 - t1) / 2 - t4,
                    _ => ((t2 - t1) + (t3 - t4)).div_euclid(2),
                };
                let bound = (delay + 1) / 2;
                let reading = Nanoseconds(t4);
                let (against, shown) = (from, Nanoseconds(offset));
                ctx.produce(Output::Measured { against, reading, offset: shown, bound: Nanoseconds(bound) });
                self.intervals.insert(from, (offset - bound, offset + bound));
                if self.intervals.len() + 1 == ctx.group_size() {
                    self.decide(ctx);
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (from, t1, t2): (ProcessId, i64, i64)) {
        ctx.send(from, Message::Answer([t1, t2, ctx.now().0]));
    }
}

impl Mutant {
    fn decide(&mut self, ctx: &mut Context<'_, Self>) {
        let all: Vec<(i64, i64)> = self.intervals.values().copied().collect();
        let servers = all.len() as i64;
        let (low, high) = if self.bug == Bug::TrustsAll {
            let sum = all.iter().fold((0, 0), |sum, interval| (sum.0 + interval.0, sum.1 + interval.1));
            (sum.0 / servers, sum.1 / servers)
        } else {
            let quorum = if self.bug == Bug::HalfIsEnough { all.len() / 2 } else { all.len() / 2 + 1 };
            let covered =
                |point: &i64| all.iter().filter(|(low, high)| low <= point && point <= high).count();
            let mut points: Vec<i64> = all.iter().flat_map(|(low, high)| [*low, *high]).collect();
            points.retain(|point| covered(point) >= quorum);
            if self.bug == Bug::HalfIsEnough {
                // The first such stretch will do.
                points.sort_unstable();
                points.truncate(2);
            }
            let (Some(low), Some(high)) = (points.iter().min(), points.iter().max()) else { return };
            (*low, *high)
        };
        let target = ctx.now().0 + (low + high).div_euclid(2);
        set(ctx, &mut self.correction, target, (high - low + 1) / 2, None);
    }
}

/// The last node asks the others, of which these are off by these milliseconds.
fn ask(servers: u32, wrong: &[(u32, i64)]) -> Trial<ClockSync> {
    off(sync(servers + 1, &[(100, servers)]), wrong)
}

fn config(servers: u32) -> Config {
    let servers = (0..servers).map(ProcessId).collect();
    Config { servers, drift_ppm: 0, slew_ppm: 100_000, ..Config::default() }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for servers in [1, 3, 4] {
        let trial = off(ask(servers, &[]), &[(servers, 60)]);
        trial.survives::<Mutant>(&Bug::None, &["error-bound", "offset-bound", "adjustment"]);
        trial.survives::<Ntp>(&config(servers), Ntp::DESCRIPTION.promises);
        trial.duplicating().survives::<Ntp>(&config(servers), Ntp::DESCRIPTION.promises);
    }
    let lossy = off(ask(3, &[]), &[(3, -60)]).losing(20);
    lossy.survives::<Ntp>(&config(3), &["error-bound", "offset-bound", "monotone", "progress"]);
    for trial in [ask(3, &[(0, 500)]), ask(5, &[(1, -500), (3, -510)]), ask(5, &[(1, 12), (3, 9)])] {
        let servers = trial.setup.names.len() as u32 - 1;
        trial.survives::<Mutant>(&Bug::None, &["error-bound", "adjustment"]);
        trial.survives::<Ntp>(&config(servers), &["error-bound", "monotone", "progress", "adjustment"]);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    ask(1, &[(1, 60)]).kills::<Mutant>(&Bug::WrongSign, "offset-bound", (2, 2));
    ask(1, &[]).kills::<Mutant>(&Bug::IgnoresHold, "offset-bound", (2, 2));
    ask(3, &[(1, 500)]).kills::<Mutant>(&Bug::TrustsAll, "error-bound", (6, 6));
    ask(4, &[(1, -500), (2, -500)]).kills::<Mutant>(&Bug::HalfIsEnough, "error-bound", (8, 8));
}

/// The true offset is within half the delay, whatever the delays there and back, and is off by half their difference.
#[test]
fn the_error_is_half_the_difference_of_the_delays() {
    let trial = off(ask(1, &[]), &[(1, 37)]);
    trial.each_run::<Ntp>(&config(1), &[], |seed, history, _| {
        let mut times: Vec<Time> = Vec::new();
        for step in &history.steps {
            match step.what {
                What::Send { .. } | What::Receive { .. } => times.push(step.time),
                What::Output(Output::Measured { offset, bound, .. }) => {
                    let [sent, came, left, back] = times[..] else { panic!("seed {seed}: {times:?}") };
                    let (there, back) = ((came.0 - sent.0) as i64, (back.0 - left.0) as i64);
                    let wanted = -37_000_000 + (there - back).div_euclid(2);
                    assert_eq!((offset.0, bound.0), (wanted, (there + back + 1) / 2), "seed {seed}");
                }
                _ => {}
            }
        }
    });
}

/// The clock filter: after several polls the bound is that of the quickest answer.
#[test]
fn the_quickest_answer_counts() {
    let trial = off(sync(2, &[0, 1000, 2000, 3000].map(|at| (at, 1))), &[(1, 5)]);
    trial.each_run::<Ntp>(&config(1), &["error-bound"], |seed, history, _| {
        let (mut quickest, mut announced) = (i64::MAX, 0);
        for step in &history.steps {
            match step.what {
                What::Output(Output::Measured { bound, .. }) => quickest = quickest.min(bound.0),
                What::Output(Output::Adjusted { bound, .. }) => {
                    announced += 1;
                    assert!(
                        bound.0 <= quickest + 1,
                        "seed {seed}: {bound} after a measurement of {quickest}"
                    );
                }
                _ => {}
            }
        }
        assert_eq!(announced, 4, "seed {seed}");
    });
}

#[test]
fn half_of_all_servers_are_too_many() {
    let wrong = ask(3, &[(0, -500), (2, -500)]);
    wrong.kills::<Ntp>(&config(3), "error-bound", (6, 6));
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: None };
    let silent = ask(2, &[]).with(0, crash);
    silent.kills::<Ntp>(&config(2), "adjustment", (3, 2));
    silent.survives::<Ntp>(&config(2), &["progress"]);
}
