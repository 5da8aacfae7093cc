//! Total order by Lamport timestamps (Lamport 1978; Tanenbaum and van Steen, section 6.2) and its mutants.

use super::{forks, never_forks, said};
use crate::trial::Trial;
use synod::{
    algorithms::flawed::lamport_total_order::{LamportTotalOrderFlawed, Mistake},
    problems::broadcast::Broadcast,
    process::ProcessId,
};

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order", "total-order"];

/// Two messages that know nothing of each other.
fn at_once(nodes: u32) -> Trial<Broadcast> {
    said(nodes, &[(0, 0), (0, 1)]).fifo()
}

fn busy() -> Trial<Broadcast> {
    said(3, &[(0, 0), (3, 1), (6, 0), (11, 2), (12, 1), (30, 0)]).fifo()
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    busy().survives::<LamportTotalOrderFlawed>(&Mistake::None.into(), PROMISES);
    never_forks::<LamportTotalOrderFlawed>(&busy(), &Mistake::None.into());
    for nodes in 2..5 {
        at_once(nodes).survives::<LamportTotalOrderFlawed>(
            &Mistake::None.into(),
            &["validity", "self-delivery", "integrity", "total-order"],
        );
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    said(3, &[(0, 0)]).fifo().kills::<LamportTotalOrderFlawed>(
        &Mistake::AcknowledgesToSenderOnly.into(),
        "validity",
        (4, 4),
    );
    at_once(2).kills::<LamportTotalOrderFlawed>(&Mistake::TieByArrival.into(), "total-order", (4, 4));
    busy().kills::<LamportTotalOrderFlawed>(&Mistake::OneAcknowledgement.into(), "total-order", (30, 30));
    said(2, &[(0, 1)]).fifo().kills::<LamportTotalOrderFlawed>(
        &Mistake::NoClockMerge.into(),
        "self-delivery",
        (2, 2),
    );
}

/// Museum 69: everybody delivers what is oldest as far as it knows.
#[test]
fn without_waiting_for_acknowledgements_the_orders_part() {
    forks::<LamportTotalOrderFlawed>(&at_once(2), &Mistake::NoAcknowledgements.into(), (2, 0));
    at_once(2).kills::<LamportTotalOrderFlawed>(&Mistake::NoAcknowledgements.into(), "total-order", (4, 2));
}

/// Museum 68: an acknowledgement that overtakes older data lets a younger message go first.
#[test]
fn links_that_are_not_fifo_break_total_order() {
    let trial = said(2, &[(0, 0), (5, 1)]);
    forks::<LamportTotalOrderFlawed>(&trial, &Mistake::None.into(), (3, 2));
    trial.kills::<LamportTotalOrderFlawed>(&Mistake::None.into(), "total-order", (4, 4));
}

/// Nobody crashed, nobody hears: one process that stands still keeps all others from delivering.
#[test]
fn one_silent_process_blocks_everybody() {
    use synod::world::{Action, Targets};
    let trial = at_once(3).with(0, Action::Pause(Targets::Node(ProcessId(2))));
    trial.kills::<LamportTotalOrderFlawed>(&Mistake::None.into(), "validity", (8, 8));
}
