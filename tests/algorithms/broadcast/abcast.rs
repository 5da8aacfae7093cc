//! Total order by agreed priorities (Birman, Joseph 1987, section 4; Coulouris et al., section 15.4.3) and its mutants.

use super::{deliver, forks, never_forks, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::abcast::Abcast,
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What is final is delivered, whatever stands before it.
    Eager,
    /// Equal numbers are not told apart by their proposers: what came first is first.
    NoTieBreak,
    /// A proposal is above the own ones only, not above what was agreed on.
    IgnoresAgreed,
    /// The sender decides without waiting for the last proposal.
    OneProposalShort,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Data(u64, String),
    Prop(u64, Priority),
    Fin(u64, Priority),
}

/// The place, and who proposed it.
type Priority = (u64, u32);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Entry {
    name: (ProcessId, u64),
    priority: Priority,
    is_final: bool,
    body: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    p: u64,
    f: u64,
    sent: u64,
    /// In order of arrival.
    queue: Vec<Entry>,
    proposals: BTreeMap<u64, Vec<Priority>>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("abcast-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, p: 0, f: 0, sent: 0, queue: Vec::new(), proposals: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        ctx.broadcast(Message::Data(id, body.clone()));
        let own = self.propose(ctx, (me, id), body);
        self.proposals.insert(id, Vec::new());
        self.count(ctx, id, own);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data(id, body) => {
                let proposal = self.propose(ctx, (from, id), body);
                ctx.send(from, Message::Prop(id, proposal));
            }
            Message::Prop(id, proposal) => self.count(ctx, id, proposal),
            Message::Fin(id, priority) => self.settle(ctx, (from, id), priority),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn propose(&mut self, ctx: &Context<'_, Self>, name: (ProcessId, u64), body: String) -> Priority {
        let known = if self.bug == Bug::IgnoresAgreed { self.p } else { self.p.max(self.f) };
        self.p = known + 1;
        let priority = (self.p, if self.bug == Bug::NoTieBreak { 0 } else { ctx.me().0 });
        self.queue.push(Entry { name, priority, is_final: false, body });
        priority
    }

    fn count(&mut self, ctx: &mut Context<'_, Self>, id: u64, proposal: Priority) {
        let Some(proposals) = self.proposals.get_mut(&id) else { return };
        proposals.push(proposal);
        let needed = ctx.group_size() - usize::from(self.bug == Bug::OneProposalShort);
        if proposals.len() < needed {
            return;
        }
        let highest = *proposals.iter().max().expect("there is one");
        self.proposals.remove(&id);
        ctx.broadcast(Message::Fin(id, highest));
        self.settle(ctx, (ctx.me(), id), highest);
    }

    fn settle(&mut self, ctx: &mut Context<'_, Self>, name: (ProcessId, u64), priority: Priority) {
        let Some(entry) = self.queue.iter_mut().find(|entry| entry.name == name) else { return };
        (entry.priority, entry.is_final) = (priority, true);
        self.f = self.f.max(priority.0);
        loop {
            let all = self.queue.iter().enumerate();
            let first = match self.bug {
                Bug::Eager => all.filter(|(_, entry)| entry.is_final).min_by_key(|(_, entry)| entry.priority),
                _ => all.min_by_key(|(_, entry)| entry.priority).filter(|(_, entry)| entry.is_final),
            };
            let Some((place, _)) = first else { return };
            let Entry { name: (from, id), body, .. } = self.queue.remove(place);
            deliver(ctx, from, id, body);
        }
    }
}

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
    busy().survives::<Mutant>(&Bug::None, PROMISES);
    for trial in [busy(), at_once(), two_in_a_row()] {
        trial.survives::<Mutant>(&Bug::None, &["validity", "self-delivery", "integrity", "total-order"]);
        never_forks::<Mutant>(&trial, &Bug::None);
        never_forks::<Abcast>(&trial, &Default::default());
    }
}

/// Museum 63.
#[test]
fn delivering_what_is_final_but_not_first_breaks_total_order() {
    forks::<Mutant>(&at_once(), &Bug::Eager, (6, 4));
    at_once().kills::<Mutant>(&Bug::Eager, "total-order", (6, 6));
}

/// Museum 64.
#[test]
fn equal_priorities_break_total_order() {
    forks::<Mutant>(&at_once(), &Bug::NoTieBreak, (6, 4));
    at_once().kills::<Mutant>(&Bug::NoTieBreak, "total-order", (6, 6));
}

/// What arrives late must go behind what was delivered, whoever proposed that place.
#[test]
fn proposing_below_what_was_agreed_on_breaks_total_order() {
    forks::<Mutant>(&at_once(), &Bug::IgnoresAgreed, (6, 6));
    at_once().kills::<Mutant>(&Bug::IgnoresAgreed, "total-order", (6, 6));
}

/// Museum 66: the decision overtakes the message, and is forgotten before it comes.
#[test]
fn deciding_one_proposal_short_blocks_for_ever() {
    said(2, &[(0, 0)]).kills::<Mutant>(&Bug::OneProposalShort, "validity", (4, 4));
}

/// Without FIFO links the second message of a sender may be decided before the first has arrived; with them it cannot,
/// and the order is causal as well.
#[test]
fn links_that_are_not_fifo_break_fifo_order() {
    two_in_a_row().kills::<Mutant>(&Bug::None, "fifo-order", (4, 3));
    for trial in [two_in_a_row().fifo(), busy().fifo()] {
        trial.survives::<Mutant>(&Bug::None, &["fifo-order", "causal-order", "total-order"]);
        trial.survives::<Abcast>(&Default::default(), &["fifo-order", "causal-order", "total-order"]);
    }
}

/// What it said and did not decide stands first in all queues, and nothing later gets its proposal.
#[test]
fn a_sender_that_crashes_before_it_decides_blocks_everybody() {
    let crash = |targets| Action::Crash { targets, after_sends: Some(2) };
    let trial = said(3, &[(1, 0), (100, 1)]).with(0, crash(Targets::Node(ProcessId(0))));
    trial.kills::<Mutant>(&Bug::None, "validity", (8, 8));
    trial.kills::<Abcast>(&Default::default(), "validity", (8, 8));
}
