//! Total order by agreed priorities (Birman, Joseph 1987, section 4; Coulouris et al., section 15.4.3) and its mutants.

use super::{forks, never_forks, said};
use crate::trial::Trial;
use synod::{
    algorithms::{
        abcast::Abcast,
        flawed::abcast::{AbcastFlawed, Mistake},
    },
    problems::broadcast::Broadcast,
    process::ProcessId,
    world::{Action, Targets},
};

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity", "total-order"];

fn at_once() -> Trial<Broadcast> {
    said(2, &[(0, 0), (0, 1)])
}

fn busy() -> Trial<Broadcast> {
    said(4, &[(0, 1), (1, 2), (2, 0), (5, 3), (6, 1), (10, 2)])
}

fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 0), (1, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    busy().survives::<AbcastFlawed>(&Mistake::None.into(), PROMISES);
    for trial in [busy(), at_once(), two_in_a_row()] {
        trial.survives::<AbcastFlawed>(
            &Mistake::None.into(),
            &["validity", "self-delivery", "integrity", "total-order"],
        );
        never_forks::<AbcastFlawed>(&trial, &Mistake::None.into());
        never_forks::<Abcast>(&trial, &Default::default());
    }
}

/// Museum 63.
#[test]
fn delivering_what_is_final_but_not_first_breaks_total_order() {
    forks::<AbcastFlawed>(&at_once(), &Mistake::NotHead.into(), (6, 4));
    at_once().kills::<AbcastFlawed>(&Mistake::NotHead.into(), "total-order", (6, 6));
}

/// Museum 64.
#[test]
fn equal_priorities_break_total_order() {
    forks::<AbcastFlawed>(&at_once(), &Mistake::NoTieBreak.into(), (6, 4));
    at_once().kills::<AbcastFlawed>(&Mistake::NoTieBreak.into(), "total-order", (6, 6));
}

/// What arrives late must go behind what was delivered, whoever proposed that place.
#[test]
fn proposing_below_what_was_agreed_on_breaks_total_order() {
    forks::<AbcastFlawed>(&at_once(), &Mistake::IgnoresAgreed.into(), (6, 6));
    at_once().kills::<AbcastFlawed>(&Mistake::IgnoresAgreed.into(), "total-order", (6, 6));
}

/// Museum 66: the decision overtakes the message, and is forgotten before it comes.
#[test]
fn deciding_one_proposal_short_blocks_for_ever() {
    said(2, &[(0, 0)]).kills::<AbcastFlawed>(&Mistake::OneProposalShort.into(), "validity", (4, 4));
}

/// Without FIFO links the second message of a sender may be decided before the first has arrived; with them it cannot,
/// and the order is causal as well.
#[test]
fn links_that_are_not_fifo_break_fifo_order() {
    two_in_a_row().kills::<AbcastFlawed>(&Mistake::None.into(), "fifo-order", (4, 3));
    for trial in [two_in_a_row().fifo(), busy().fifo()] {
        trial.survives::<AbcastFlawed>(&Mistake::None.into(), &["fifo-order", "causal-order", "total-order"]);
        trial.survives::<Abcast>(&Default::default(), &["fifo-order", "causal-order", "total-order"]);
    }
}

/// What it said and did not decide stands first in all queues, and nothing later gets its proposal.
#[test]
fn a_sender_that_crashes_before_it_decides_blocks_everybody() {
    let crash = |targets| Action::Crash { targets, after_sends: Some(2) };
    let trial = said(3, &[(1, 0), (100, 1)]).with(0, crash(Targets::Node(ProcessId(0))));
    trial.kills::<AbcastFlawed>(&Mistake::None.into(), "validity", (8, 8));
    trial.kills::<Abcast>(&Default::default(), "validity", (8, 8));
}
