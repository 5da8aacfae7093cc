//! Total order by a fixed sequencer (Kaashoek, Tanenbaum 1991, methods PB and BB) and its mutants.

use super::{forks, never_forks, said};
use crate::trial::Trial;
use synod::{
    algorithms::flawed::sequencer::{Config, Method, Mistake, SequencerFlawed},
    problems::broadcast::Broadcast,
};

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity", "total-order"];

fn config(mistake: Mistake, method: Method) -> Config {
    Config { mistake, method }
}

/// Two messages of the member in a group of two: the sequencer and the member.
fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 1), (1, 1)])
}

fn busy() -> Trial<Broadcast> {
    said(4, &[(0, 1), (1, 2), (2, 0), (5, 3), (6, 1), (10, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for method in [Method::Pb, Method::Bb] {
        let for_two = ["validity", "self-delivery", "integrity", "total-order"];
        two_in_a_row().survives::<SequencerFlawed>(&config(Mistake::None, method), &for_two);
        busy().survives::<SequencerFlawed>(&config(Mistake::None, method), PROMISES);
        never_forks::<SequencerFlawed>(&busy(), &config(Mistake::None, method));
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let pb = |mistake| config(mistake, Method::Pb);
    let both = said(2, &[(0, 0), (0, 1)]);
    forks::<SequencerFlawed>(&both, &pb(Mistake::NoNumbers), (4, 2));
    forks::<SequencerFlawed>(&both, &pb(Mistake::OwnAtOnce), (2, 0));
    two_in_a_row().kills::<SequencerFlawed>(&pb(Mistake::NoNumbers), "total-order", (4, 4));
    two_in_a_row().kills::<SequencerFlawed>(&pb(Mistake::FirstNumberLost), "validity", (4, 4));
    let three = said(3, &[(0, 1), (1, 2)]);
    three.kills::<SequencerFlawed>(&pb(Mistake::NumberForEachMember), "total-order", (6, 6));
    both.kills::<SequencerFlawed>(&pb(Mistake::OwnAtOnce), "total-order", (3, 2));
    both.kills::<SequencerFlawed>(&config(Mistake::OwnAtOnce, Method::Bb), "total-order", (3, 2));
}

/// Museum 60: what comes with a number is delivered, though the number before is missing.
#[test]
fn without_a_gap_check_the_orders_part() {
    let pb = config(Mistake::NoGapCheck, Method::Pb);
    forks::<SequencerFlawed>(&said(2, &[(0, 0), (0, 1)]), &pb, (4, 2));
    two_in_a_row().kills::<SequencerFlawed>(&pb, "total-order", (4, 4));
}

/// Museum 61: the assumption that the way to the sequencer keeps the order is needed for FIFO order, and enough for it.
#[test]
fn submissions_that_overtake_each_other_break_fifo_order() {
    let none = config(Mistake::None, Method::Pb);
    two_in_a_row().kills::<SequencerFlawed>(&none, "fifo-order", (3, 1));
    two_in_a_row().fifo().survives::<SequencerFlawed>(&none, &["fifo-order", "total-order"]);
}
