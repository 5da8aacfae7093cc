//! The failure detector under these broadcasts: heartbeats (Chandra, Toueg 1996) and their mutants.
//!
//! A process of its own watches the others and says whom it suspects, as a broadcast that nobody asked for: `n2 down`
//! and `n2 up`.

use super::deliver;
use crate::{
    dice::Dice,
    trial::{Trial, planned},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::parts::heartbeat::{self, Alive, Heartbeat, Pulse},
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Process, ProcessId, What},
    world::{Action, LinkPatch, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A heartbeat of a suspect changes nothing.
    NeverForgives,
    /// A heartbeat makes up for nothing but what was missed before: the timer runs on from the first.
    IgnoresHeartbeats,
    /// Anything that is received counts as a heartbeat of everybody.
    AnyoneWillDo,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    heartbeat: heartbeat::Config,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Watcher {
    bug: Bug,
    detector: Heartbeat,
    said: u64,
}

impl Process for Watcher {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Alive;
    type Timer = Pulse;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("watcher");

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let everybody = ctx.group();
        Self { bug: config.bug, detector: Heartbeat::start(ctx, config.heartbeat, everybody), said: 0 }
    }

    /// `forget n` or `watch n`.
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        let Some((verb, node)) = body.split_once(' ') else { return };
        let process = ProcessId(node.parse().expect("it is a number"));
        match verb {
            "forget" => self.detector.forget(ctx, process),
            _ => self.detector.watch(ctx, process),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, _alive: Alive) {
        let counted = match self.bug {
            Bug::IgnoresHeartbeats => return,
            Bug::NeverForgives if self.detector.suspects(from) => return,
            Bug::AnyoneWillDo => ctx.group().collect(),
            Bug::None | Bug::NeverForgives => vec![from],
        };
        for process in counted {
            if self.detector.on_alive(ctx, process) {
                self.say(ctx, process, "up");
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        if let Some(suspect) = self.detector.on_pulse(ctx, pulse) {
            assert!(self.detector.suspects(suspect) && self.detector.suspected().contains(&suspect));
            self.say(ctx, suspect, "down");
        }
    }
}

impl Watcher {
    fn say(&mut self, ctx: &mut Context<'_, Self>, whom: ProcessId, what: &str) {
        self.said += 1;
        deliver(ctx, whom, self.said, what);
    }
}

/// When, in milliseconds, who says what about whom.
type Opinion = (u64, u32, u32, String);

/// What was said with each seed.
fn opinions(trial: &Trial<Broadcast>, config: Config) -> Vec<Vec<Opinion>> {
    let mut all = Vec::new();
    trial.each_run::<Watcher>(&config, &[], |_, history, _| {
        let said = history.steps.iter().filter_map(|step| match step.what {
            What::Output(Output::Deliver(Delivery { from, body, .. })) => {
                Some((step.time.0 / 1_000_000, step.node.0, from.0, body.clone()))
            }
            _ => None,
        });
        all.push(said.collect());
    });
    all
}

fn config(period: u64, timeout: u64) -> Config {
    let heartbeat =
        heartbeat::Config { period: Duration::from_millis(period), timeout: Duration::from_millis(timeout) };
    Config { bug: Bug::None, heartbeat }
}

fn quiet(nodes: u32) -> Trial<Broadcast> {
    Trial::of(nodes, [])
}

fn crash(node: u32) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None }
}

/// From one to the other, any delay that `Trial` draws: up to 20 ms.
const LONGEST: u64 = 20;

/// Strong accuracy: with a timeout of a period and the longest delay nobody is suspected for nothing.
#[test]
fn nobody_is_suspected_while_the_timeout_exceeds_a_period_and_the_longest_delay() {
    for timeout in [50 + LONGEST + 1, 200] {
        let opinions = opinions(&quiet(4).until(1_000), config(50, timeout));
        assert!(opinions.iter().all(Vec::is_empty), "{opinions:?}");
    }
    let hasty = opinions(&quiet(4).until(1_000), config(50, 50));
    assert!(hasty.iter().any(|said| !said.is_empty()), "a timeout of a period alone is too short");
}

/// Strong completeness, and how long it takes: a timeout after the last heartbeat, which was sent up to a period before
/// the crash and took up to the longest delay.
#[test]
fn everybody_suspects_whoever_crashes_within_a_timeout_and_the_longest_delay() {
    let (period, timeout) = (50, 100);
    for at in [120, 149, 151, 177] {
        let trial = quiet(4).with(at, crash(2)).until(1_000);
        for said in opinions(&trial, config(period, timeout)) {
            assert_eq!(said.len(), 3, "each of the others once: {said:?}");
            for (when, who, whom, what) in &said {
                assert!(*who != 2 && *whom == 2 && what == "down", "{said:?}");
                let (earliest, latest) = (at + timeout - period, at + timeout + LONGEST);
                assert!((earliest..=latest).contains(when), "crash at {at}: {said:?}");
            }
        }
    }
}

/// Eventual accuracy: each wrong suspicion doubles the timeout, until it is long enough.
#[test]
fn each_wrong_suspicion_makes_the_next_less_likely_until_there_is_none() {
    let slow = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(1)) };
    let delay = LinkPatch { jitter: Some(Duration::from_millis(190)), ..LinkPatch::default() };
    let delay = LinkPatch { delay: Some(Duration::from_millis(200)), ..delay };
    let trial = quiet(2).with(0, Action::Link(slow, delay)).until(6_000);
    let mut errors = 0;
    for said in opinions(&trial, config(40, 50)) {
        let about_the_slow_one = said.iter().filter(|(_, who, ..)| *who == 1);
        let (down, up): (Vec<_>, Vec<_>) = about_the_slow_one.partition(|(_, _, _, what)| what == "down");
        // 50, 100, 200, 400 and 800 ms: the last one exceeds a period and the longest delay, 390 ms. All but the last
        // suspicion must have been taken back by the end.
        assert!(down.len() <= 4 && down.len() - up.len() <= 1, "{said:?}");
        errors += down.len();
    }
    assert!(errors > 500, "the link is slow enough to be mistaken: {errors}");
}

/// A process that stood still is suspected, heard of again and believed.
#[test]
fn a_suspicion_is_taken_back() {
    let (sleep, wake) =
        (Action::Pause(Targets::Node(ProcessId(0))), Action::Resume(Targets::Node(ProcessId(0))));
    let trial = quiet(2).with(100, sleep).with(400, wake).until(1_000);
    for said in opinions(&trial, config(50, 100)) {
        let about_the_sleeper: Vec<&str> =
            said.iter().filter(|(_, who, ..)| *who == 1).map(|(_, _, _, what)| what.as_str()).collect();
        assert_eq!(about_the_sleeper, ["down", "up"], "{said:?}");
    }
}

/// Who is forgotten may be silent; who is watched again may not.
#[test]
fn only_who_is_watched_is_suspected() {
    let asked = |at, what: &str| (at, 0, Request::Broadcast(what.into()));
    let trial = Trial::of(3, [asked(90, "forget 1")]).with(100, crash(1)).until(600);
    for said in opinions(&trial, config(50, 100)) {
        // The last heartbeats of the forgotten one change nothing, and those who forget are not heard any more.
        assert!(said.iter().all(|(_, who, whom, _)| (*who, *whom) != (0, 1)), "{said:?}");
        assert!(said.iter().any(|(_, who, whom, _)| (*who, *whom) == (2, 1)), "{said:?}");
    }
    let trial = Trial::of(3, [asked(90, "forget 1"), asked(300, "watch 1"), asked(310, "watch 0")]);
    for said in opinions(&trial.with(100, crash(1)).until(600), config(50, 100)) {
        let own: Vec<_> = said.iter().filter(|(_, who, ..)| *who == 0).collect();
        assert_eq!(own, [&(400, 0, 1, "down".to_owned())], "{said:?}");
    }
}

#[test]
fn every_bug_breaks_the_detector() {
    let sleepy = quiet(2)
        .with(100, Action::Pause(Targets::Node(ProcessId(0))))
        .with(400, Action::Resume(Targets::Node(ProcessId(0))))
        .until(1_000);
    let forgives = |said: &Vec<Opinion>| said.iter().any(|(_, who, _, what)| *who == 1 && what == "up");
    let never = Config { bug: Bug::NeverForgives, ..config(50, 100) };
    assert!(!opinions(&sleepy, never).iter().any(forgives));
    assert!(opinions(&sleepy, config(50, 100)).iter().all(forgives));
    let deaf = Config { bug: Bug::IgnoresHeartbeats, ..config(50, 100) };
    assert!(opinions(&quiet(2).until(300), deaf).iter().all(|said| said.len() == 2), "all are suspected");
    let any = Config { bug: Bug::AnyoneWillDo, ..config(50, 100) };
    let unnoticed = opinions(&quiet(3).with(100, crash(2)).until(600), any);
    assert!(unnoticed.iter().all(Vec::is_empty), "nobody notices the crash");
}

/// Whatever the configuration says: time goes on.
#[test]
fn a_period_or_a_timeout_of_nothing_stops_nobody() {
    for (period, timeout) in [(0, 0), (0, 100), (50, 0)] {
        let mut trial = quiet(2).until(100);
        trial.setup.event_limit = 20_000;
        let (counts, _) = trial.run::<Watcher>(config(period, timeout), 1);
        assert!((4..=202).contains(&counts.total()), "{counts:?}");
    }
}

/// After any disturbance, in any world whose delays have a bound, those who are left agree on who is.
#[test]
fn in_the_end_exactly_those_who_crashed_are_suspected() {
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.below(4) as u32;
        let mut trial = quiet(nodes).until(8_000);
        let mut crashed = Vec::new();
        for node in 0..nodes - 1 {
            let (at, target) = (dice.below(3_000), Targets::Node(ProcessId(node)));
            match dice.below(3) {
                0 => {
                    trial.setup.agenda.push(planned(at, crash(node)));
                    crashed.push(node);
                }
                1 => {
                    trial.setup.agenda.push(planned(at, Action::Pause(target)));
                    trial.setup.agenda.push(planned(at + dice.below(500), Action::Resume(target)));
                }
                _ => {}
            }
        }
        trial.setup.agenda.sort_by_key(|planned| planned.at);
        let (_, outputs) = trial.run::<Watcher>(config(50, 60), seed);
        for who in (0..nodes).filter(|who| !crashed.contains(who)) {
            for whom in (0..nodes).filter(|whom| *whom != who) {
                let mine = outputs.iter().filter(|(node, _)| *node == ProcessId(who));
                let mut last = mine.filter_map(|(_, output)| match output {
                    Output::Deliver(delivery) if delivery.from == ProcessId(whom) => {
                        Some(delivery.body.as_str())
                    }
                    _ => None,
                });
                let suspected = last.next_back() == Some("down");
                assert_eq!(suspected, crashed.contains(&whom), "world {seed}: {who} about {whom}");
            }
        }
    }
}
