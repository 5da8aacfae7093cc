//! Cristian's algorithm (1989), its mutants, and its exact error.

use super::{off, set, shown, sync};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::cristian::{Config, Cristian},
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
    /// The answer is taken to be fresh.
    NoRoundTrip,
    /// The answer is taken to be a whole round trip old.
    WholeRoundTrip,
    /// A clock that is ahead is moved further ahead.
    WrongSign,
    /// A clock that is ahead is set back; it waits until time has caught up otherwise.
    SetsBack,
    /// Any answer will do, also one to an older question.
    NoId,
    /// It waits for ever.
    NoTimeout,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    correction: i64,
    id: u64,
    open: bool,
    began: i64,
    /// Where a clock that is ahead is going, and how wrong it may be there.
    waits: Option<(i64, i64)>,
}

const MIN: i64 = 5_000_000;

impl Process for Mutant {
    type Problem = ClockSync;
    type Config = Bug;
    type Message = (u64, Option<i64>);
    /// Whether the question is asked again; a clock goes on otherwise.
    type Timer = bool;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("cristian-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, correction: 0, id: 0, open: false, began: 0, waits: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Sync: Request) {
        self.id += 1;
        self.open = true;
        self.began = ctx.now().0;
        ctx.send(ProcessId(0), (self.id, None));
        if self.bug != Bug::NoTimeout {
            ctx.set_timer(true, Duration::from_millis(25));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, time): (u64, Option<i64>)) {
        let Some(time) = time else { return ctx.send(from, (id, Some(ctx.now().0))) };
        if !self.open || (id != self.id && self.bug != Bug::NoId) {
            return;
        }
        self.open = false;
        ctx.cancel_timer(true);
        let round_trip = ctx.now().0 - self.began;
        let mut target = match self.bug {
            Bug::NoRoundTrip => time,
            Bug::WholeRoundTrip => time + round_trip,
            _ => time + round_trip / 2,
        };
        let before = shown(ctx.now(), self.correction);
        if self.bug == Bug::WrongSign {
            target = 2 * before - target;
        }
        let bound = ((round_trip + 1) / 2 - MIN).max(0);
        if target >= before || self.bug == Bug::SetsBack {
            return set(ctx, &mut self.correction, target, bound, None);
        }
        let (by, reading) = (Nanoseconds(target - before), Nanoseconds(before));
        ctx.produce(Output::Correcting { by, reading });
        self.waits = Some((target - ctx.now().0, bound));
        ctx.set_timer(false, Duration::from_nanos((before - target) as u64));
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, again: bool) {
        if again {
            return self.on_request(ctx, Request::Sync);
        }
        let Some((correction, bound)) = self.waits.take() else { return };
        let by = Nanoseconds(correction - self.correction);
        self.correction = correction;
        let (reading, bound) = (Nanoseconds(shown(ctx.now(), correction)), Nanoseconds(bound));
        ctx.produce(Output::Adjusted { by, reading, bound, against: None, round: None });
    }
}

/// A clock that is 40 ms ahead, and one that is 40 ms behind.
fn two() -> Trial<ClockSync> {
    off(sync(3, &[(100, 1), (100, 2), (500, 1)]), &[(1, 40), (2, -40)])
}

fn config() -> Config {
    let delay_min = Duration::from_millis(5);
    Config { delay_min, round_trip_max: Duration::from_millis(40), drift_ppm: 0, ..Config::default() }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let promises = Cristian::DESCRIPTION.promises;
    two().survives::<Mutant>(&Bug::None, promises);
    two().survives::<Cristian>(&config(), promises);
    let short = Config { round_trip_max: Duration::from_millis(18), attempts: 40, ..config() };
    two().survives::<Cristian>(&short, promises);
    let faults = two().duplicating().losing(20);
    faults.survives::<Mutant>(&Bug::None, &["error-bound", "monotone"]);
    faults.survives::<Cristian>(&Config { attempts: 40, ..config() }, promises);
}

#[test]
fn every_bug_breaks_its_promise() {
    let one = off(sync(2, &[(100, 1)]), &[(1, 40)]);
    one.kills::<Mutant>(&Bug::NoRoundTrip, "error-bound", (2, 2));
    one.kills::<Mutant>(&Bug::WholeRoundTrip, "error-bound", (2, 2));
    one.kills::<Mutant>(&Bug::WrongSign, "error-bound", (2, 2));
    one.kills::<Mutant>(&Bug::SetsBack, "monotone", (2, 2));
    off(sync(2, &[(100, 1)]), &[(1, -40)]).kills::<Mutant>(&Bug::NoId, "error-bound", (3, 2));
    one.clone().losing(30).kills::<Mutant>(&Bug::NoTimeout, "progress", (1, 0));
    one.survives::<Mutant>(&Bug::None, &["error-bound", "monotone"]);
}

/// Number 80 of the catalogue's museum. The server answers at once, so the error is half the difference of the delays,
/// and no more than half the round trip less the shortest delay.
#[test]
fn the_error_is_half_the_difference_of_the_delays() {
    let trial = off(sync(2, &[(100, 1)]), &[(1, -40)]);
    let mut different = 0;
    trial.each_run::<Cristian>(&Config { step: true, ..config() }, &["error-bound"], |seed, history, _| {
        let mut times: Vec<Time> = Vec::new();
        for step in &history.steps {
            match step.what {
                What::Send { .. } | What::Receive { .. } => times.push(step.time),
                What::Output(Output::Adjusted { reading, bound, .. }) => {
                    let [asked, heard, answered, came] = times[..] else { panic!("seed {seed}: {times:?}") };
                    assert_eq!(heard, answered, "the server answers at once");
                    let (there, back) = ((heard.0 - asked.0) as i64, (came.0 - answered.0) as i64);
                    let error = reading.0 - came.0 as i64;
                    assert_eq!(error, (there - back).div_euclid(2), "seed {seed}");
                    assert_eq!(bound.0, (there + back + 1) / 2 - MIN, "seed {seed}");
                    different += u64::from(error.abs() > 1_000_000);
                }
                _ => {}
            }
        }
    });
    assert!(different > 100, "delays differ");
}

#[test]
fn a_server_that_crashed_is_given_up() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: None };
    let trial = off(sync(2, &[(100, 1)]), &[(1, 40)]).with(0, crash);
    trial.survives::<Cristian>(&config(), &["progress"]);
    trial.kills::<Cristian>(&config(), "adjustment", (3, 0));
}

#[test]
fn a_server_that_is_wrong_is_followed() {
    let trial = off(sync(2, &[(100, 1)]), &[(0, 500)]);
    trial.kills::<Cristian>(&config(), "error-bound", (2, 2));
    trial.survives::<Cristian>(&config(), &["monotone"]);
}
