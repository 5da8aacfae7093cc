//! The alternating bit (Bartlett, Scantlebury, Wilkinson 1969; Lynch 1996, section 22.3) and its mutants.

use super::{deliver, offered, sent, taken_apart};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::stop_and_wait::{self, StopAndWait},
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The receiver does not look at the bit.
    TakesEverything,
    /// The sender does not look at the bit.
    AnyAck,
    /// A repetition is not acknowledged.
    NoAckForRepetitions,
    /// Nothing is sent twice.
    NoTimer,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    bug: Bug,
    /// The bit, how many were acknowledged, what is not yet.
    out: BTreeMap<ProcessId, (bool, u64, VecDeque<String>)>,
    /// The bit expected, how many were delivered.
    in_: BTreeMap<ProcessId, (bool, u64)>,
}

const TIMEOUT: Duration = Duration::from_millis(18);

impl Process for Mutant {
    type Problem = Messaging;
    type Config = Bug;
    type Message = (bool, Option<String>);
    type Timer = ProcessId;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("alternating-bit-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, ..Self::default() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (to, body) = taken_apart(request, ctx.group_size());
        for to in to {
            let (_, _, waiting) = self.out.entry(to).or_default();
            waiting.push_back(body.clone());
            if waiting.len() == 1 {
                self.on_timer(ctx, to);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: (bool, Option<String>)) {
        match message {
            (bit, Some(body)) => {
                let (expected, count) = self.in_.entry(from).or_default();
                let fresh = bit == *expected;
                if fresh || self.bug != Bug::NoAckForRepetitions {
                    ctx.send(from, (bit, None));
                }
                if fresh || self.bug == Bug::TakesEverything {
                    *expected = !bit;
                    *count += 1;
                    deliver(ctx, from, *count, body);
                }
            }
            (bit, None) => {
                let Some((current, count, waiting)) = self.out.get_mut(&from) else { return };
                if waiting.is_empty() || bit != *current && self.bug != Bug::AnyAck {
                    return;
                }
                waiting.pop_front();
                *current = !*current;
                *count += 1;
                ctx.produce(Output::Acknowledged { to: from, id: *count });
                ctx.cancel_timer(from);
                self.on_timer(ctx, from);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some((bit, _, waiting)) = self.out.get(&to) else { return };
        let Some(body) = waiting.front() else { return };
        ctx.send(to, (*bit, Some(body.clone())));
        if self.bug != Bug::NoTimer {
            ctx.set_timer(to, TIMEOUT);
        }
    }
}

const PROMISES: &[&str] =
    &["reliable-delivery", "integrity", "fifo-order", "prefix", "honest-acknowledgement"];

fn impatient() -> stop_and_wait::Config {
    stop_and_wait::Config { timeout: TIMEOUT }
}

fn bad(trial: Trial<Messaging>) -> Trial<Messaging> {
    trial.fifo().duplicating().losing(30)
}

#[test]
fn without_a_bug_it_keeps_its_promises_and_survives_impatience() {
    for trial in
        [offered(4), sent(3, &[(0, 0, &[1]), (3, 1, &[0]), (5, 0, &[1]), (9, 2, &[0, 1]), (12, 1, &[0])])]
    {
        for trial in [trial.clone().fifo(), bad(trial)] {
            trial.survives::<Mutant>(&Bug::None, PROMISES);
            trial.survives::<StopAndWait>(&impatient(), PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    offered(3).fifo().kills::<Mutant>(&Bug::AnyAck, "honest-acknowledgement", (6, 5));
    let once = offered(1).losing(30);
    once.kills::<Mutant>(&Bug::NoTimer, "reliable-delivery", (1, 0));
    let never_again = once.until(1_000);
    never_again.survives::<Mutant>(&Bug::None, &["reliable-delivery", "integrity"]);
    bad(offered(2)).until(1_000).kills::<Mutant>(&Bug::NoAckForRepetitions, "reliable-delivery", (70, 70));
}

/// Museum 35: nothing is lost and one patience ends too early; the repetition comes when its bit has its turn again.
#[test]
fn a_link_that_reorders_makes_an_old_repetition_new() {
    for property in ["prefix", "integrity"] {
        offered(3).kills::<Mutant>(&Bug::None, property, (6, 4));
        offered(3).kills::<StopAndWait>(&impatient(), property, (6, 4));
    }
    // Two messages are enough, and one is not: the bit must come around.
    offered(2).kills::<StopAndWait>(&impatient(), "integrity", (6, 4));
    assert_eq!(offered(1).search::<StopAndWait>(&impatient(), "integrity"), None);
}

/// Museum 36: one message, delivered twice.
#[test]
fn a_receiver_that_ignores_the_bit_delivers_twice() {
    offered(1).fifo().kills::<Mutant>(&Bug::TakesEverything, "integrity", (4, 2));
    offered(1).fifo().kills::<Mutant>(&Bug::TakesEverything, "prefix", (4, 2));
}
