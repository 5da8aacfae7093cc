//! Perfect links from fair-loss links (Cachin, Guerraoui, Rodrigues 2011, Algorithms 2.1 and 2.2) and their mutants.

use super::{deliver, link, offered, sent, taken_apart};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::{
        parts::channel::{self, Channel, Layer},
        unicast::Unicast,
    },
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId, What},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A repetition is not acknowledged.
    NoAckForRepetitions,
    /// Nothing is remembered of what came.
    NoMemory,
    /// There are two numbers only.
    NumbersComeAgain,
    /// An acknowledgement is not waited for.
    NoTimer,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    bug: Bug,
    sent: BTreeMap<ProcessId, u64>,
    out: BTreeMap<(ProcessId, u64), String>,
    seen: BTreeSet<(ProcessId, u64)>,
}

const PATIENCE: Duration = Duration::from_millis(30);

impl Process for Mutant {
    type Problem = Messaging;
    type Config = Bug;
    type Message = (u64, Option<String>);
    type Timer = (ProcessId, u64);
    type Stable = ();
    const DESCRIPTION: Description = Description::named("channel-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, ..Self::default() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (to, body) = taken_apart(request, ctx.group_size());
        for to in to {
            let id = self.sent.entry(to).or_default();
            *id += 1;
            let id = if self.bug == Bug::NumbersComeAgain { 1 + (*id - 1) % 2 } else { *id };
            self.out.insert((to, id), body.clone());
            self.on_timer(ctx, (to, id));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: (u64, Option<String>)) {
        match message {
            (id, Some(body)) => {
                let fresh = self.seen.insert((from, id));
                if fresh || self.bug != Bug::NoAckForRepetitions {
                    ctx.send(from, (id, None));
                }
                if fresh || self.bug == Bug::NoMemory {
                    deliver(ctx, from, id, body);
                }
            }
            (id, None) => {
                if self.out.remove(&(from, id)).is_some() {
                    ctx.cancel_timer((from, id));
                    ctx.produce(Output::Acknowledged { to: from, id });
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (to, id): (ProcessId, u64)) {
        let Some(body) = self.out.get(&(to, id)) else { return };
        ctx.send(to, (id, Some(body.clone())));
        if self.bug != Bug::NoTimer {
            ctx.set_timer((to, id), PATIENCE);
        }
    }
}

const PROMISES: &[&str] = &["reliable-delivery", "integrity"];

fn reliable() -> channel::Config<()> {
    channel::Config { layer: Layer::Reliable, process: () }
}

fn bad() -> Trial<Messaging> {
    sent(3, &[(0, 0, &[1]), (1, 0, &[1, 2]), (2, 2, &[0, 1]), (40, 1, &[0]), (300, 0, &[1])])
        .duplicating()
        .losing(30)
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    bad().survives::<Mutant>(&Bug::None, PROMISES);
    bad().survives::<Mutant>(&Bug::None, &["honest-acknowledgement"]);
    bad().survives::<Channel<Unicast>>(&reliable(), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    offered(1).losing(30).kills::<Mutant>(&Bug::NoTimer, "reliable-delivery", (1, 0));
    offered(1).duplicating().kills::<Mutant>(&Bug::NoMemory, "integrity", (3, 2));
    sent(2, &[(0, 0, &[1]), (50, 0, &[1]), (100, 0, &[1])]).kills::<Mutant>(
        &Bug::NumbersComeAgain,
        "reliable-delivery",
        (6, 6),
    );
}

/// One acknowledgement is lost, and the sender never rests; it is all delivered, so no property of messaging minds.
#[test]
fn a_repetition_must_be_acknowledged() {
    let lost = Action::Drop { links: link(1, 0), kind: None, nth: 1 };
    let trial = sent(2, &[(1, 0, &[1])]).with(0, lost).until(1_000);
    assert_eq!(trial.run::<Mutant>(Bug::None, 0).0.total(), 4);
    assert!(trial.run::<Mutant>(Bug::NoAckForRepetitions, 0).0.total() > 30, "it is sent again and again");
    trial.survives::<Mutant>(&Bug::NoAckForRepetitions, PROMISES);
}

/// Two data are enough: the acknowledgement of the first is lost, and so is what the receiver remembers.
#[test]
fn a_receiver_that_restarts_delivers_again() {
    let node = Targets::Node(ProcessId(1));
    let crash = Action::Crash { targets: node, after_sends: None };
    let lost = Action::Drop { links: link(1, 0), kind: None, nth: 1 };
    let trial = sent(2, &[(1, 0, &[1])]).with(0, lost).with(100, crash).with(110, Action::Restart(node));
    trial.kills::<Channel<Unicast>>(&reliable(), "integrity", (4, 2));
}

/// 200 ms, then twice as long each time, and never more than 5 s.
#[test]
fn retransmissions_back_off_up_to_a_limit() {
    let trial = sent(2, &[(1, 0, &[1])]).with(0, Action::Cut(link(0, 1))).until(30_000);
    let mut times = Vec::new();
    trial.each_run::<Channel<Unicast>>(&reliable(), &[], |_, history, _| {
        let sends = history.steps.iter().filter(|step| matches!(step.what, What::Send { .. }));
        times = sends.map(|step| step.time.0 / 1_000_000 - 1).collect();
    });
    assert_eq!(times, [0, 200, 600, 1_400, 3_000, 6_200, 11_200, 16_200, 21_200, 26_200]);
}

/// After an acknowledgement it is as impatient as in the beginning.
#[test]
fn an_acknowledgement_ends_the_back_off() {
    let mut trial =
        sent(2, &[(1, 0, &[1]), (5_000, 0, &[1])]).with(6_000, Action::Cut(link(0, 1))).until(8_000);
    let cut = trial.setup.agenda.pop().expect("the cut is the last");
    trial = trial.with(0, cut.action.clone()).with(4_000, Action::Heal(synod::world::Heal::Cuts));
    trial = trial.with(4_999, cut.action);
    let mut times = Vec::new();
    trial.each_run::<Channel<Unicast>>(&reliable(), &[], |_, history, _| {
        let sends = history.steps.iter().filter(|step| step.node == ProcessId(0));
        let sends = sends.filter(|step| matches!(step.what, What::Send { .. }));
        times = sends.map(|step| step.time.0 / 1_000_000).collect();
    });
    assert_eq!(times, [1, 201, 601, 1_401, 3_001, 5_000, 6_201, 6_201]);
}
