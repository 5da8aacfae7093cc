//! Causal broadcast (Birman, Schiper, Stephenson 1991, section 5.1) and its mutants.

use super::{deliver, forks, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use synod::{
    algorithms::causal_broadcast::CausalBroadcast,
    problems::broadcast::{Broadcast, Output, Request},
    process::{Context, Description, Never, Process, ProcessId, What},
    world::{Action, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Only the sender's own entry is looked at.
    FifoTestOnly,
    /// Every entry but the sender's own is looked at.
    NoFifoTest,
    /// A delivery counts as an event of this process, as in Fidge's clocks.
    TicksOnDelivery,
    /// A delivery does not make it look again at what is held back.
    NoRescan,
    /// The message carries the vector from before it was counted.
    StampsTooEarly,
    /// Equivalent without duplicates: the sender's entry may be one ahead, or behind.
    LooseFifoTest,
    /// Equivalent: a delivery takes over the whole vector.
    MergesAll,
    /// Equivalent: the receiver's own entry is not looked at.
    SkipsItself,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    vector: Vec<u64>,
    buffer: Vec<(ProcessId, Vec<u64>, u64, String)>,
    /// How many messages this process has broadcast: the vector's own entry, unless a bug spoils that.
    sent: u64,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = (u64, Vec<u64>, String);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("causal-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, vector: vec![0; ctx.group_size()], buffer: Vec::new(), sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        let me = ctx.me();
        let before = self.vector.clone();
        self.vector[me.index()] += 1;
        self.sent += 1;
        let stamp = if self.bug == Bug::StampsTooEarly { before } else { self.vector.clone() };
        ctx.broadcast((self.sent, stamp, body.clone()));
        deliver(ctx, me, self.sent, body);
    }

    fn on_message(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (id, stamp, body): (u64, Vec<u64>, String),
    ) {
        if self.bug == Bug::NoRescan && self.has_turn(ctx.me(), from, &stamp) {
            return self.take(ctx, from, &stamp, id, body);
        }
        self.buffer.push((from, stamp, id, body));
        if self.bug == Bug::NoRescan {
            return;
        }
        let me = ctx.me();
        while let Some(place) =
            self.buffer.iter().position(|(from, stamp, ..)| self.has_turn(me, *from, stamp))
        {
            let (from, stamp, id, body) = self.buffer.remove(place);
            self.take(ctx, from, &stamp, id, body);
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn has_turn(&self, me: ProcessId, from: ProcessId, stamp: &[u64]) -> bool {
        stamp.iter().zip(&self.vector).enumerate().all(|(process, (stamped, here))| match self.bug {
            Bug::LooseFifoTest if process == from.index() => *stamped <= here + 1,
            Bug::NoFifoTest if process == from.index() => true,
            _ if process == from.index() => *stamped == here + 1,
            Bug::FifoTestOnly => true,
            Bug::SkipsItself if process == me.index() => true,
            _ => stamped <= here,
        })
    }

    fn take(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: &[u64], id: u64, body: String) {
        match self.bug {
            Bug::MergesAll => {
                for (here, stamped) in self.vector.iter_mut().zip(stamp) {
                    *here = (*here).max(*stamped);
                }
            }
            _ => self.vector[from.index()] += 1,
        }
        if self.bug == Bug::TicksOnDelivery {
            self.vector[ctx.me().index()] += 1;
        }
        deliver(ctx, from, id, body);
    }
}

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order"];

fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 0), (1, 0)])
}

/// A question and, if it was heard in time, an answer.
fn chat() -> Trial<Broadcast> {
    said(3, &[(0, 0), (12, 1)])
}

fn busy() -> Trial<Broadcast> {
    said(3, &[(0, 0), (8, 1), (12, 2), (16, 0), (20, 1), (21, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [chat(), busy()] {
        trial.survives::<Mutant>(&Bug::None, &["validity", "agreement", "integrity", "causal-order"]);
        trial.duplicating().survives::<Mutant>(&Bug::None, &["validity", "integrity", "causal-order"]);
    }
    busy().survives::<Mutant>(&Bug::None, PROMISES);
    two_in_a_row().survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    two_in_a_row().kills::<Mutant>(&Bug::StampsTooEarly, "validity", (2, 2));
    said(2, &[(0, 0), (15, 1)]).kills::<Mutant>(&Bug::TicksOnDelivery, "validity", (2, 2));
}

/// Museum 47: an answer is delivered before its question.
#[test]
fn a_fifo_test_alone_breaks_causal_order() {
    chat().kills::<Mutant>(&Bug::FifoTestOnly, "causal-order", (4, 2));
}

/// Museum 48: a process's second message is delivered before its first.
#[test]
fn a_causal_test_alone_breaks_fifo_order() {
    two_in_a_row().kills::<Mutant>(&Bug::NoFifoTest, "fifo-order", (2, 1));
}

/// Museum 50: what is held back is never looked at again.
#[test]
fn without_a_second_look_at_the_buffer_a_message_is_stuck() {
    two_in_a_row().kills::<Mutant>(&Bug::NoRescan, "validity", (2, 2));
}

/// Museum 53.
#[test]
fn a_loose_fifo_test_dies_of_duplicates_only() {
    for trial in [chat(), busy(), two_in_a_row()] {
        trial
            .survives::<Mutant>(&Bug::LooseFifoTest, &["validity", "agreement", "integrity", "causal-order"]);
    }
    let one = said(2, &[(0, 0)]).duplicating();
    one.kills::<Mutant>(&Bug::LooseFifoTest, "integrity", (1, 2));
    one.survives::<Mutant>(&Bug::None, &["integrity", "validity"]);
}

#[test]
fn merging_all_and_skipping_itself_change_nothing() {
    for bug in [Bug::MergesAll, Bug::SkipsItself] {
        for trial in [chat(), busy(), two_in_a_row()] {
            let promises = ["validity", "self-delivery", "agreement", "integrity", "causal-order"];
            trial.survives::<Mutant>(&bug, &promises);
            trial.duplicating().survives::<Mutant>(&bug, &promises);
        }
    }
}

/// Museum 52: two messages that know nothing of each other, each delivered at home first.
#[test]
fn causal_order_is_not_total_order() {
    forks::<Mutant>(&said(2, &[(0, 0), (0, 1)]), &Bug::None, (2, 0));
    said(2, &[(0, 0), (0, 1)]).kills::<Mutant>(&Bug::None, "total-order", (2, 2));
}

/// What builds on a lost message waits for it for ever.
#[test]
fn one_lost_message_blocks_what_builds_on_it() {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(2)) };
    let lost = Action::Drop { links, kind: None, nth: 1 };
    let trial = said(3, &[(1, 0), (30, 1)]).with(0, lost);
    trial.kills::<Mutant>(&Bug::None, "validity", (4, 4));
    trial.kills::<CausalBroadcast>(&Default::default(), "validity", (4, 4));
    let mut delivered = 0;
    trial.each_run::<CausalBroadcast>(&Default::default(), &[], |_, history, _| {
        let at_2 = history.steps.iter().filter(|step| step.node == ProcessId(2));
        delivered += at_2.filter(|step| matches!(step.what, What::Output(_))).count();
    });
    assert_eq!(delivered, 0, "neither the lost one nor its answer");
}

/// A message waits only for what it builds on: whenever one has arrived and is not delivered, something that went before
/// it has not been delivered either. What goes before is found from the history, not from vectors.
#[test]
fn no_message_waits_for_nothing() {
    let mut waited = 0;
    busy().each_run::<CausalBroadcast>(&Default::default(), &[], |seed, history, _| {
        let mut name_of: BTreeMap<u64, (ProcessId, u64)> = BTreeMap::new();
        let mut past: BTreeMap<(ProcessId, u64), BTreeSet<(ProcessId, u64)>> = BTreeMap::new();
        let mut delivered = vec![BTreeSet::new(); 3];
        let mut waiting: Vec<BTreeSet<(ProcessId, u64)>> = vec![BTreeSet::new(); 3];
        let mut said = [0; 3];
        for (place, step) in history.steps.iter().enumerate() {
            let (node, here) = (step.node, step.node.index());
            match step.what {
                What::Request(_) => {
                    said[here] += 1;
                    past.insert((node, said[here]), delivered[here].clone());
                }
                What::Send { message, .. } => drop(name_of.insert(message, (node, said[here]))),
                What::Receive { message, .. } => drop(waiting[here].insert(name_of[&message])),
                What::Output(Output::Deliver(delivery)) => {
                    delivered[here].insert((delivery.from, delivery.id));
                    waiting[here].remove(&(delivery.from, delivery.id));
                }
                _ => {}
            }
            let goes_on = history.steps.get(place + 1);
            if goes_on.is_some_and(|next| next.node == node && matches!(next.what, What::Output(_))) {
                continue;
            }
            for name in &waiting[here] {
                assert!(!past[name].is_subset(&delivered[here]), "seed {seed}: {name:?} waits at {node:?}");
                waited += 1;
            }
        }
    });
    assert!(waited > 100, "messages had to wait {waited} times only");
}
