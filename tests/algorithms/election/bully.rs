//! The bully algorithm (Garcia-Molina 1982), its mutants, and what asynchrony does to it.

use super::{crash, elect, even, started, without};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::bully::{self, Bully},
    problems::election::{Election, Request},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Only the next higher process is asked.
    AsksTheNextOnly,
    /// Who answers does not hold an election of its own.
    AnswersOnly,
    /// The coordinator tells everybody, and everybody believes it.
    BelievesAnybody,
    /// An answer does not stop the initiator.
    IgnoresAnswers,
    /// Who has been answered waits for a coordinator for ever.
    WaitsForEver,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    Idle,
    Elect,
    Wait,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Election,
    Ok,
    Coordinator,
}

impl Mutant {
    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        if self.state != State::Idle {
            return;
        }
        let limit = if self.bug == Bug::AsksTheNextOnly { 1 } else { usize::MAX };
        let higher: Vec<ProcessId> = ctx.group().skip(ctx.me().index() + 1).take(limit).collect();
        if higher.is_empty() {
            return self.announce(ctx);
        }
        self.state = State::Elect;
        ctx.multicast(higher, Message::Election);
        ctx.set_timer((), Duration::from_millis(50));
    }

    fn announce(&mut self, ctx: &mut Context<'_, Self>) {
        self.state = State::Idle;
        elect(ctx, ctx.me());
        if self.bug == Bug::BelievesAnybody {
            ctx.broadcast(Message::Coordinator);
        } else {
            ctx.multicast(ctx.group().take(ctx.me().index()), Message::Coordinator);
        }
    }
}

impl Process for Mutant {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("bully-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, state: State::Idle }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        self.start(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Election => {
                ctx.send(from, Message::Ok);
                if self.bug != Bug::AnswersOnly {
                    self.start(ctx);
                }
            }
            Message::Ok if self.bug == Bug::IgnoresAnswers || self.state != State::Elect => {}
            Message::Ok => {
                self.state = State::Wait;
                if self.bug == Bug::WaitsForEver {
                    ctx.cancel_timer(());
                } else {
                    ctx.set_timer((), Duration::from_millis(120));
                }
            }
            Message::Coordinator => {
                self.state = State::Idle;
                ctx.cancel_timer(());
                elect(ctx, from);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        match self.state {
            State::Idle => {}
            State::Elect => self.announce(ctx),
            State::Wait => {
                self.state = State::Idle;
                self.start(ctx);
            }
        }
    }
}

const PROMISES: &[&str] = &["one-leader", "agreement", "highest-id", "termination", "stability"];

fn worlds() -> [Trial<Election>; 3] {
    [started(3, &[(0, 0)]), without(started(4, &[(1, 0)]), 3), started(4, &[(0, 1), (3, 0), (20, 2)])]
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let patient = bully::Config {
        answer_within: Duration::from_millis(50),
        coordinator_within: Duration::from_millis(120),
    };
    for trial in worlds() {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<Bully>(&patient, PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let dead_in_between = without(started(3, &[(1, 0)]), 1);
    dead_in_between.kills::<Mutant>(&Bug::AsksTheNextOnly, "highest-id", (1, 0));
    even(dead_in_between).survives::<Mutant>(&Bug::None, PROMISES);
    started(2, &[(0, 0)]).until(2_000).kills::<Mutant>(&Bug::AnswersOnly, "termination", (40, 40));
    let dead = without(started(3, &[(1, 0)]), 2);
    dead.kills::<Mutant>(&Bug::IgnoresAnswers, "one-leader", (4, 4));
    // n3 answers n1, and crashes before it can tell that it leads; n2 crashes, too.
    let late = even(without(started(4, &[(1, 0)]), 3)).with(15, crash(2)).with(30, crash(1));
    late.kills::<Mutant>(&Bug::WaitsForEver, "termination", (9, 9));
    for trial in [dead, late] {
        trial.survives::<Mutant>(&Bug::None, &["one-leader", "termination"]);
    }
}

/// The old coordinator comes to the new one, and is believed.
#[test]
fn a_coordinator_must_not_be_believed_by_those_above_it() {
    // n2 is slow to answer n1: both announce themselves, and n2 follows n1 in the end.
    let slow = slow_answers(2, &[(0, 0)]);
    slow.kills::<Mutant>(&Bug::BelievesAnybody, "stability", (5, 5));
    slow.survives::<Mutant>(&Bug::None, &["stability"]);
}

/// Links so slow that answers come too late.
fn slow_answers(nodes: u32, asked: &[(u64, u32)]) -> Trial<Election> {
    let mut trial = started(nodes, asked);
    trial.setup.network.delay = Duration::from_millis(60);
    trial.setup.network.jitter = Duration::from_millis(55);
    trial
}

/// Patient enough for links of 5 to 115 ms, or not at all.
fn patience(millis: u64) -> bully::Config {
    bully::Config {
        answer_within: Duration::from_millis(millis),
        coordinator_within: Duration::from_millis(3 * millis),
    }
}

/// Museum 27: the leader is up, and the other one takes it for dead before it could answer.
#[test]
fn museum_27_two_leaders_of_two() {
    let trial = slow_answers(2, &[(0, 0), (2, 1)]);
    trial.kills::<Bully>(&patience(1), "one-leader", (1, 0));
    trial.survives::<Bully>(&patience(250), PROMISES);
}

/// Museum 28: the leader is dead, and two others both take themselves for the next.
#[test]
fn museum_28_two_leaders_of_three() {
    let trial = without(slow_answers(3, &[(1, 0), (2, 1)]), 2);
    trial.kills::<Bully>(&patience(2), "one-leader", (4, 0));
    trial.survives::<Bully>(&patience(250), PROMISES);
}

/// Museum 29: the lower of two leaders has the last word at the third process, and for ever.
#[test]
fn museum_29_disagreement_for_ever() {
    let trial = slow_answers(3, &[(0, 1)]);
    trial.kills::<Bully>(&patience(20), "stability", (5, 5));
    trial.survives::<Bully>(&patience(250), PROMISES);
}

/// Museum 30: the same after the death of the leader.
#[test]
fn museum_30_disagreement_for_ever_after_a_death() {
    let trial = without(slow_answers(4, &[(1, 1)]), 3);
    trial.kills::<Bully>(&patience(20), "stability", (7, 5));
    trial.survives::<Bully>(&patience(250), PROMISES);
}
