//! SWIM (Das, Gupta, Motivala 2002) in brief, and its mutants.

use super::{crash, lose, restart, slow, steady};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::swim::{self, Health, News},
    problems::failure_detection::{FailureDetection, Output},
    process::{Context, Description, Process, ProcessId, Request},
    world::{Action, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// k = 0: nobody is asked to try.
    NoHelp,
    /// Who is asked to try does not pass on the answer.
    NotRelayed,
    /// Any answer is one to the probe that is open.
    AnyAnswer,
    /// Suspected overrides alive, whatever the incarnations.
    OldSuspicions,
    /// A refutation has the incarnation of the suspicion.
    NoIncarnations,
    /// Whoever is told that somebody is suspected raises that one's incarnation.
    RaisesOthers,
    /// Somebody who is dead is suspected, or alive, when others think so.
    DeadRise,
}

const PERIOD: Duration = Duration::from_millis(1_000);
const SUSPICION: Duration = Duration::from_millis(4_500);

/// How somebody is, and in which incarnation.
type View = (Health, u64);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Message {
    what: What,
    /// Whose probe this is about, and its number.
    probe: (ProcessId, u64),
    /// Who is to be probed, or was.
    target: ProcessId,
    /// All that the sender knows.
    views: BTreeMap<ProcessId, View>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum What {
    Ping,
    Ack,
    Request,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Timer {
    Period,
    Ping,
    Suspicion(ProcessId),
}

/// It probes its successors in turn, and says all that it knows in every message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    views: BTreeMap<ProcessId, View>,
    probes: u64,
    open: Option<ProcessId>,
}

impl Process for Mutant {
    type Problem = FailureDetection;
    type Config = Bug;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("swim-mutant");

    /// Periods begin one after the other, so that what happens in one shows before the next one's first message.
    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.set_timer(Timer::Period, Duration::from_millis(1 + 1_100 * u64::from(ctx.me().0)));
        ctx.produce(Output::Within(Duration::from_millis(2_500)));
        let views = ctx.group().map(|process| (process, (Health::Alive, 0))).collect();
        Self { bug: *bug, views, probes: 0, open: None }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request<Self>) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message { what, probe, target, views } = message;
        for (process, view) in views {
            self.learn(ctx, process, view);
        }
        let me = ctx.me();
        match what {
            What::Ping => self.send(ctx, from, What::Ack, probe, me),
            What::Request => self.send(ctx, target, What::Ping, probe, target),
            What::Ack if probe.0 != me => {
                if self.bug != Bug::NotRelayed {
                    self.send(ctx, probe.0, What::Ack, probe, target);
                }
            }
            What::Ack => {
                if self.bug == Bug::AnyAnswer || probe.1 == self.probes {
                    self.open = None;
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Period => self.on_period(ctx),
            Timer::Ping => self.on_ping_timeout(ctx),
            Timer::Suspicion(process) => {
                let (health, incarnation) = self.views[&process];
                if health == Health::Suspected {
                    self.learn(ctx, process, (Health::Dead, incarnation));
                }
            }
        }
    }
}

impl Mutant {
    fn send(
        &self,
        ctx: &mut Context<'_, Self>,
        to: ProcessId,
        what: What,
        probe: (ProcessId, u64),
        target: ProcessId,
    ) {
        ctx.send(to, Message { what, probe, target, views: self.views.clone() });
    }

    fn on_period(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(silent) = self.open.take()
            && let (Health::Alive, incarnation) = self.views[&silent]
        {
            self.learn(ctx, silent, (Health::Suspected, incarnation));
        }
        ctx.set_timer(Timer::Period, PERIOD);
        let (me, n) = (ctx.me().0, ctx.group_size() as u64);
        let target = ProcessId((u64::from(me) + 1 + self.probes % (n - 1)) as u32 % n as u32);
        self.probes += 1;
        if self.views[&target].0 != Health::Dead {
            self.open = Some(target);
            self.send(ctx, target, What::Ping, (ctx.me(), self.probes), target);
            ctx.set_timer(Timer::Ping, Duration::from_millis(300));
        }
    }

    fn on_ping_timeout(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(target) = self.open.filter(|_| self.bug != Bug::NoHelp) else { return };
        let me = ctx.me();
        for helper in ctx.group().filter(|helper| *helper != me && *helper != target) {
            self.send(ctx, helper, What::Request, (me, self.probes), target);
        }
    }

    fn learn(&mut self, ctx: &mut Context<'_, Self>, process: ProcessId, (health, incarnation): View) {
        let (known, old) = self.views[&process];
        let overrides = match (health, known) {
            (Health::Dead, Health::Dead) => false,
            (_, Health::Dead) => self.bug == Bug::DeadRise,
            (Health::Dead, _) => true,
            (Health::Suspected, Health::Alive) => incarnation >= old || self.bug == Bug::OldSuspicions,
            (Health::Alive | Health::Suspected | Health::Left, _) => incarnation > old,
        };
        if !overrides || process == ctx.me() && health != Health::Suspected {
            return;
        }
        let view = if process == ctx.me() {
            (Health::Alive, if self.bug == Bug::NoIncarnations { incarnation } else { incarnation + 1 })
        } else if self.bug == Bug::RaisesOthers && health == Health::Suspected {
            (Health::Alive, incarnation + 1)
        } else {
            (health, incarnation)
        };
        if self.views.insert(process, view) != Some(view) {
            ctx.produce(News { process, is: view.0, life: 1, incarnation: view.1 }.output());
        }
        if view.0 == Health::Suspected {
            ctx.set_timer(Timer::Suspicion(process), SUSPICION);
        }
    }
}

const PROMISES: &[&str] =
    &["strong-accuracy", "eventual-accuracy", "completeness", "dead-is-final", "incarnations"];

fn real(helpers: u32) -> swim::Config {
    swim::Config { helpers, suspicion: SUSPICION, ..swim::Config::default() }
}

/// The first message that the first sends to the second is lost.
fn one_lost(nodes: u32) -> Trial<FailureDetection> {
    steady(nodes, 8_000, 10).with(0, lose(0, 1, 1))
}

/// Nothing reaches the second for so many milliseconds.
fn deaf(nodes: u32, lasts: u64) -> Trial<FailureDetection> {
    let all = LinkPattern::Directed { from: None, to: Some(ProcessId(1)) };
    let heal = Action::Heal(synod::world::Heal::All);
    steady(nodes, 15_000, 10).with(500, Action::Cut(all)).with(500 + lasts, heal)
}

fn crashed() -> Trial<FailureDetection> {
    steady(4, 15_000, 10).with(2_500, crash(2))
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    crashed().survives::<Mutant>(&Bug::None, PROMISES);
    crashed().survives::<swim::Swim>(&real(3), PROMISES);
    one_lost(3).survives::<Mutant>(&Bug::None, &["strong-accuracy"]);
    let refuted = ["eventual-accuracy", "death-accuracy", "incarnations"];
    deaf(3, 3_000).survives::<Mutant>(&Bug::None, &refuted);
    deaf(3, 3_000).survives::<swim::Swim>(&real(1), &refuted);
}

/// Museum 87: nobody is asked to try, and one message is lost.
#[test]
fn without_help_one_lost_ping_makes_a_suspect() {
    one_lost(2).kills::<Mutant>(&Bug::NoHelp, "strong-accuracy", (1, 0));
    // Among two there is nobody to ask.
    one_lost(2).kills::<Mutant>(&Bug::None, "strong-accuracy", (1, 0));
    one_lost(3).kills::<Mutant>(&Bug::NoHelp, "strong-accuracy", (1, 0));
}

#[test]
fn an_answer_that_is_not_passed_on_is_none() {
    one_lost(3).kills::<Mutant>(&Bug::NotRelayed, "strong-accuracy", (4, 3));
}

#[test]
fn every_bug_breaks_its_promise() {
    deaf(3, 3_000).kills::<Mutant>(&Bug::OldSuspicions, "incarnations", (60, 60));
    deaf(3, 3_000).kills::<Mutant>(&Bug::RaisesOthers, "incarnations", (60, 60));
    crashed().with(12_000, restart(2)).kills::<Mutant>(&Bug::DeadRise, "dead-is-final", (120, 120));
}

/// A refutation that is no newer than the suspicion loses to it.
#[test]
fn without_incarnations_a_suspect_dies() {
    deaf(3, 3_000).kills::<Mutant>(&Bug::NoIncarnations, "death-accuracy", (80, 80));
}

/// The answer to an earlier probe comes when its sender is dead.
#[test]
fn a_late_answer_is_none_to_this_probe() {
    // The answer to the ping at 1 ms is under way until 2.5 s; the next but one ping is at 2 s.
    let trial =
        steady(2, 6_000, 10).with(5, slow(1, 0, 2_490)).with(20, slow(1, 0, 10)).with(1_600, crash(1));
    let noticed = |bug| super::told::<Mutant>(&trial, &bug)[0].iter().map(|(at, ..)| *at).max();
    assert!(
        noticed(Bug::None) < noticed(Bug::AnyAnswer),
        "{:?} {:?}",
        noticed(Bug::None),
        noticed(Bug::AnyAnswer)
    );
}

/// A life that is over stays over; a restart begins the next, if it saved how many there were.
#[test]
fn who_comes_back_begins_a_new_life() {
    let trial = steady(3, 25_000, 10).with(2_500, crash(2)).with(15_000, restart(2));
    trial.survives::<swim::Swim>(&real(1), &["dead-is-final", "incarnations", "strong-accuracy"]);
    for said in super::told::<swim::Swim>(&trial, &real(1)).into_iter().take(20) {
        let back = Output::Alive { process: ProcessId(2), life: 2, incarnation: 0 };
        assert_eq!(said.iter().filter(|(_, _, output)| *output == back).count(), 3, "itself and both others");
    }
}

/// Statements form a semilattice: whatever the order in which they come, and however often, the same one wins.
#[test]
fn of_any_two_different_statements_one_overrides_the_other() {
    let mut all = Vec::new();
    for life in 1..3 {
        for incarnation in 0..3 {
            for is in [Health::Alive, Health::Suspected, Health::Dead, Health::Left] {
                all.push(News { process: ProcessId(0), is, life, incarnation });
            }
        }
    }
    for one in &all {
        assert!(!one.overrides(one));
        for other in &all {
            let over =
                matches!((one.is, other.is), (Health::Dead, Health::Dead) | (Health::Left, Health::Left));
            let same = one == other || over && one.life == other.life;
            assert_eq!(u8::from(one.overrides(other)) + u8::from(other.overrides(one)), u8::from(!same));
            for third in &all {
                assert!(!(one.overrides(other) && other.overrides(third)) || one.overrides(third));
            }
        }
    }
}
