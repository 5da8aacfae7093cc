//! FIFO broadcast (Hadzilacos, Toueg 1994, section 4.2) and its mutants.

use super::said;
use crate::trial::Trial;
use synod::{
    algorithms::flawed::fifo_broadcast::{FifoBroadcastFlawed, Mistake},
    problems::broadcast::Broadcast,
    process::ProcessId,
    world::{Action, LinkPattern},
};

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity", "fifo-order"];

fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 0), (1, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [two_in_a_row(), said(3, &[(0, 0), (1, 1), (2, 0), (9, 1), (10, 2)])] {
        trial.survives::<FifoBroadcastFlawed>(&Mistake::None.into(), PROMISES);
        trial.duplicating().survives::<FifoBroadcastFlawed>(&Mistake::None.into(), PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    two_in_a_row().kills::<FifoBroadcastFlawed>(&Mistake::DropsWhatIsEarly.into(), "validity", (2, 2));
    two_in_a_row().kills::<FifoBroadcastFlawed>(&Mistake::OnePerReceipt.into(), "validity", (2, 2));
    said(3, &[(0, 0), (1, 1)]).kills::<FifoBroadcastFlawed>(&Mistake::OneCounter.into(), "validity", (4, 4));
    said(2, &[(0, 0)]).duplicating().kills::<FifoBroadcastFlawed>(
        &Mistake::NoMemory.into(),
        "integrity",
        (1, 2),
    );
    assert_eq!(two_in_a_row().search::<FifoBroadcastFlawed>(&Mistake::NoMemory.into(), "integrity"), None);
}

/// Museum 45: nothing is late on its own link, and yet an answer comes before its question.
#[test]
fn fifo_order_is_not_causal_order() {
    let chat = said(3, &[(0, 0), (15, 1)]).fifo();
    chat.kills::<FifoBroadcastFlawed>(&Mistake::None.into(), "causal-order", (4, 2));
}

#[test]
fn one_lost_message_blocks_its_sender_for_ever() {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(1)) };
    let trial = two_in_a_row().with(0, Action::Drop { links, kind: None, nth: 1 });
    trial.kills::<FifoBroadcastFlawed>(&Mistake::None.into(), "validity", (2, 1));
    assert_eq!(trial.search::<FifoBroadcastFlawed>(&Mistake::None.into(), "fifo-order"), None);
}

/// Museum 46: two messages, the second overtakes the first.
#[test]
fn without_a_hold_back_buffer_fifo_order_breaks() {
    two_in_a_row().kills::<FifoBroadcastFlawed>(&Mistake::NoHoldBack.into(), "fifo-order", (2, 1));
    two_in_a_row()
        .fifo()
        .survives::<FifoBroadcastFlawed>(&Mistake::NoHoldBack.into(), &["fifo-order", "validity"]);
}
