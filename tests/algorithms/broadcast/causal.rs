//! Causal broadcast (Birman, Schiper, Stephenson 1991, section 5.1) and its mutants.

use super::{forks, said};
use crate::trial::Trial;
use std::collections::{BTreeMap, BTreeSet};
use synod::{
    algorithms::{
        causal_broadcast::CausalBroadcast,
        flawed::causal_broadcast::{CausalBroadcastFlawed, Mistake},
    },
    problems::broadcast::{Broadcast, Output},
    process::{ProcessId, What},
    world::{Action, LinkPattern},
};

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
        trial.survives::<CausalBroadcastFlawed>(
            &Mistake::None.into(),
            &["validity", "agreement", "integrity", "causal-order"],
        );
        trial.duplicating().survives::<CausalBroadcastFlawed>(
            &Mistake::None.into(),
            &["validity", "integrity", "causal-order"],
        );
    }
    busy().survives::<CausalBroadcastFlawed>(&Mistake::None.into(), PROMISES);
    two_in_a_row().survives::<CausalBroadcastFlawed>(&Mistake::None.into(), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    two_in_a_row().kills::<CausalBroadcastFlawed>(&Mistake::StampsTooEarly.into(), "validity", (2, 2));
    said(2, &[(0, 0), (15, 1)]).kills::<CausalBroadcastFlawed>(
        &Mistake::TicksOnDelivery.into(),
        "validity",
        (2, 2),
    );
}

/// Museum 47: an answer is delivered before its question.
#[test]
fn a_fifo_test_alone_breaks_causal_order() {
    chat().kills::<CausalBroadcastFlawed>(&Mistake::FifoOnly.into(), "causal-order", (4, 2));
}

/// Museum 48: a process's second message is delivered before its first.
#[test]
fn a_causal_test_alone_breaks_fifo_order() {
    two_in_a_row().kills::<CausalBroadcastFlawed>(&Mistake::CausalOnly.into(), "fifo-order", (2, 1));
}

/// Museum 50: what is held back is never looked at again.
#[test]
fn without_a_second_look_at_the_buffer_a_message_is_stuck() {
    two_in_a_row().kills::<CausalBroadcastFlawed>(&Mistake::NoRescan.into(), "validity", (2, 2));
}

/// Museum 53.
#[test]
fn a_loose_fifo_test_dies_of_duplicates_only() {
    for trial in [chat(), busy(), two_in_a_row()] {
        trial.survives::<CausalBroadcastFlawed>(
            &Mistake::LooseFifoTest.into(),
            &["validity", "agreement", "integrity", "causal-order"],
        );
    }
    let one = said(2, &[(0, 0)]).duplicating();
    one.kills::<CausalBroadcastFlawed>(&Mistake::LooseFifoTest.into(), "integrity", (1, 2));
    one.survives::<CausalBroadcastFlawed>(&Mistake::None.into(), &["integrity", "validity"]);
}

#[test]
fn merging_all_and_skipping_itself_change_nothing() {
    for mistake in [Mistake::MergesAll, Mistake::SkipsItself] {
        for trial in [chat(), busy(), two_in_a_row()] {
            let promises = ["validity", "self-delivery", "agreement", "integrity", "causal-order"];
            trial.survives::<CausalBroadcastFlawed>(&mistake.into(), &promises);
            trial.duplicating().survives::<CausalBroadcastFlawed>(&mistake.into(), &promises);
        }
    }
}

/// Museum 52: two messages that know nothing of each other, each delivered at home first.
#[test]
fn causal_order_is_not_total_order() {
    forks::<CausalBroadcastFlawed>(&said(2, &[(0, 0), (0, 1)]), &Mistake::None.into(), (2, 0));
    said(2, &[(0, 0), (0, 1)]).kills::<CausalBroadcastFlawed>(&Mistake::None.into(), "total-order", (2, 2));
}

/// What builds on a lost message waits for it for ever.
#[test]
fn one_lost_message_blocks_what_builds_on_it() {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(2)) };
    let lost = Action::Drop { links, kind: None, nth: 1 };
    let trial = said(3, &[(1, 0), (30, 1)]).with(0, lost);
    trial.kills::<CausalBroadcastFlawed>(&Mistake::None.into(), "validity", (4, 4));
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
