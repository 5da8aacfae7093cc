//! FIFO broadcast (Hadzilacos, Toueg 1994, section 4.2) and its mutants.

use super::{deliver, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Whatever comes is delivered.
    NoHoldBack,
    /// One counter for the whole group instead of one for each sender.
    OneCounter,
    /// What comes too early is dropped.
    DropsWhatIsEarly,
    /// A receipt delivers one message at most.
    OnePerReceipt,
    /// What was delivered already is delivered again.
    NoMemory,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    sent: u64,
    next: BTreeMap<ProcessId, u64>,
    buffer: BTreeMap<(ProcessId, u64), String>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = (u64, String);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("fifo-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, sent: 0, next: BTreeMap::new(), buffer: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        ctx.broadcast((self.sent, body.clone()));
        deliver(ctx, ctx.me(), self.sent, body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, body): (u64, String)) {
        let counter = if self.bug == Bug::OneCounter { ProcessId(0) } else { from };
        let next = self.next.entry(counter).or_insert(1);
        match self.bug {
            Bug::NoHoldBack => return deliver(ctx, from, id, body),
            Bug::NoMemory if id < *next => return deliver(ctx, from, id, body),
            _ if id < *next => return,
            Bug::DropsWhatIsEarly if id > *next => return,
            _ => drop(self.buffer.insert((from, id), body)),
        }
        while let Some(body) = self.buffer.remove(&(from, *next)) {
            deliver(ctx, from, *next, body);
            *next += 1;
            if self.bug == Bug::OnePerReceipt {
                break;
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity", "fifo-order"];

fn two_in_a_row() -> Trial<Broadcast> {
    said(2, &[(0, 0), (1, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [two_in_a_row(), said(3, &[(0, 0), (1, 1), (2, 0), (9, 1), (10, 2)])] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.duplicating().survives::<Mutant>(&Bug::None, PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    two_in_a_row().kills::<Mutant>(&Bug::DropsWhatIsEarly, "validity", (2, 2));
    two_in_a_row().kills::<Mutant>(&Bug::OnePerReceipt, "validity", (2, 2));
    said(3, &[(0, 0), (1, 1)]).kills::<Mutant>(&Bug::OneCounter, "validity", (4, 4));
    said(2, &[(0, 0)]).duplicating().kills::<Mutant>(&Bug::NoMemory, "integrity", (1, 2));
    assert_eq!(two_in_a_row().search::<Mutant>(&Bug::NoMemory, "integrity"), None);
}

/// Museum 45: nothing is late on its own link, and yet an answer comes before its question.
#[test]
fn fifo_order_is_not_causal_order() {
    let chat = said(3, &[(0, 0), (15, 1)]).fifo();
    chat.kills::<Mutant>(&Bug::None, "causal-order", (4, 2));
}

#[test]
fn one_lost_message_blocks_its_sender_for_ever() {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(1)) };
    let trial = two_in_a_row().with(0, Action::Drop { links, kind: None, nth: 1 });
    trial.kills::<Mutant>(&Bug::None, "validity", (2, 1));
    assert_eq!(trial.search::<Mutant>(&Bug::None, "fifo-order"), None);
}

/// Museum 46: two messages, the second overtakes the first.
#[test]
fn without_a_hold_back_buffer_fifo_order_breaks() {
    two_in_a_row().kills::<Mutant>(&Bug::NoHoldBack, "fifo-order", (2, 1));
    two_in_a_row().fifo().survives::<Mutant>(&Bug::NoHoldBack, &["fifo-order", "validity"]);
}
