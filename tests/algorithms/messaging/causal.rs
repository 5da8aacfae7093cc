//! Causal order from one to one and its mutants: Schiper, Eggli, Sandoz (1989) and Raynal, Schiper, Toueg (1991).

use super::{deliver, link, sent, taken_apart};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::{causal_rst::CausalRst, causal_ses::CausalSes},
    problems::messaging::{Messaging, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::Action,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What a message carries counts the message itself.
    AttachesTooLate,
    /// What is sent is not noted down.
    NeverNotes,
    /// What a message carries is not taken over.
    NoMerge,
    /// What a message carries replaces what is known.
    Overwrites,
    /// A delivery does not make it look again at what is held back.
    NoRescan,
    /// A message to oneself goes the way of all messages.
    OwnMessagesTravel,
    /// Equivalent: a delivery is not noted in the matrix.
    NoNoteOfDelivery,
}

const PROMISES: &[&str] = &["reliable-delivery", "integrity", "fifo-order", "causal-order"];

type Vector = Vec<u64>;

fn not_after(vector: &[u64], other: &[u64]) -> bool {
    vector.iter().zip(other).all(|(one, two)| one <= two)
}

fn supremum(vector: &mut [u64], other: &[u64]) {
    for (one, two) in vector.iter_mut().zip(other) {
        *one = (*one).max(*two);
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Ses {
    bug: Bug,
    time: Vector,
    known: BTreeMap<ProcessId, Vector>,
    buffer: Vec<(ProcessId, Carried)>,
    sent: BTreeMap<ProcessId, u64>,
}

/// The message's number and time, what is under way to whom, the body.
type Carried = (u64, Vector, BTreeMap<u32, Vector>, String);

impl Process for Ses {
    type Problem = Messaging;
    type Config = Bug;
    type Message = Carried;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("ses-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let time = vec![0; ctx.group_size()];
        Self { bug: *bug, time, known: BTreeMap::new(), buffer: Vec::new(), sent: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (to, body) = taken_apart(request, ctx.group_size());
        for to in to {
            self.time[ctx.me().index()] += 1;
            if self.bug == Bug::AttachesTooLate {
                self.known.insert(to, self.time.clone());
            }
            let known = self.known.iter().map(|(to, vector)| (to.0, vector.clone())).collect();
            let id = self.sent.entry(to).or_default();
            *id += 1;
            ctx.send(to, (*id, self.time.clone(), known, body.clone()));
            if self.bug != Bug::NeverNotes {
                self.known.insert(to, self.time.clone());
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Carried) {
        let me = ctx.me();
        self.buffer.push((from, message));
        while let Some(place) = self.buffer.iter().position(|(_, (_, _, known, _))| {
            known.get(&me.0).is_none_or(|needed| not_after(needed, &self.time))
        }) {
            let (from, (id, time, known, body)) = self.buffer.remove(place);
            for (to, vector) in known.into_iter().filter(|(to, _)| *to != me.0) {
                let entry = self.known.entry(ProcessId(to)).or_insert_with(|| vec![0; vector.len()]);
                match self.bug {
                    Bug::NoMerge => {}
                    Bug::Overwrites => *entry = vector,
                    _ => supremum(entry, &vector),
                }
            }
            supremum(&mut self.time, &time);
            self.time[me.index()] += 1;
            deliver(ctx, from, id, body);
            if self.bug == Bug::NoRescan {
                break;
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// The message's number, the matrix, the body.
type Sent = (u64, Vec<Vector>, String);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Rst {
    bug: Bug,
    sent: Vec<Vector>,
    delivered: Vector,
    buffer: Vec<(ProcessId, Sent)>,
    numbers: BTreeMap<ProcessId, u64>,
}

impl Process for Rst {
    type Problem = Messaging;
    type Config = Bug;
    type Message = Sent;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("rst-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let nothing = vec![0; ctx.group_size()];
        let sent = vec![nothing.clone(); ctx.group_size()];
        Self { bug: *bug, sent, delivered: nothing, buffer: Vec::new(), numbers: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (to, body) = taken_apart(request, ctx.group_size());
        let me = ctx.me();
        for to in to {
            let id = self.numbers.entry(to).or_default();
            *id += 1;
            if to == me && self.bug != Bug::OwnMessagesTravel {
                deliver(ctx, me, *id, body.clone());
                continue;
            }
            let before = self.sent.clone();
            if self.bug != Bug::NeverNotes {
                self.sent[me.index()][to.index()] += 1;
            }
            let carried = if self.bug == Bug::AttachesTooLate { self.sent.clone() } else { before };
            ctx.send(to, (*id, carried, body.clone()));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Sent) {
        let me = ctx.me().index();
        self.buffer.push((from, message));
        while let Some(place) = self.buffer.iter().position(|(_, (_, sent, _))| {
            sent.iter().zip(&self.delivered).all(|(row, delivered)| row[me] <= *delivered)
        }) {
            let (from, (id, sent, body)) = self.buffer.remove(place);
            self.delivered[from.index()] += 1;
            for (row, told) in self.sent.iter_mut().zip(&sent) {
                match self.bug {
                    Bug::NoMerge => {}
                    Bug::Overwrites => row.clone_from(told),
                    _ => supremum(row, told),
                }
            }
            if self.bug != Bug::NoNoteOfDelivery {
                self.sent[from.index()][me] += 1;
            }
            deliver(ctx, from, id, body);
            if self.bug == Bug::NoRescan {
                break;
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

fn two_in_a_row() -> Trial<Messaging> {
    sent(2, &[(0, 0, &[1]), (1, 0, &[1])])
}

/// Something to 2 and something to 1, who then tells 2.
fn detour() -> Trial<Messaging> {
    sent(3, &[(0, 0, &[2]), (1, 0, &[1]), (12, 1, &[2])])
}

/// Before 1 tells 2, it is told what is older than what it knows.
fn old_news() -> Trial<Messaging> {
    sent(3, &[(0, 0, &[2]), (0, 1, &[2]), (1, 0, &[1]), (14, 1, &[2])])
}

fn busy() -> Trial<Messaging> {
    sent(
        4,
        &[
            (0, 0, &[1, 2]),
            (2, 1, &[2]),
            (8, 2, &[0, 3]),
            (11, 3, &[2, 1]),
            (15, 0, &[2]),
            (19, 1, &[2]),
            (24, 3, &[2]),
        ],
    )
}

fn worlds() -> [Trial<Messaging>; 4] {
    [two_in_a_row(), detour(), old_news(), busy()]
}

/// Both transcriptions and both algorithms survive it.
fn survived(trial: &Trial<Messaging>, properties: &[&str]) {
    trial.survives::<Ses>(&Bug::None, properties);
    trial.survives::<Rst>(&Bug::None, properties);
    trial.survives::<CausalSes>(&(), properties);
    trial.survives::<CausalRst>(&(), properties);
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    for trial in worlds() {
        survived(&trial, &["reliable-delivery", "integrity", "causal-order"]);
    }
    survived(&two_in_a_row(), PROMISES);
    survived(&busy(), PROMISES);
}

/// The algorithms recognize duplicates, as the papers need not.
#[test]
fn duplicates_are_recognized() {
    for trial in worlds() {
        let trial = trial.duplicating();
        trial.survives::<CausalSes>(&(), &["reliable-delivery", "integrity", "causal-order"]);
        trial.survives::<CausalRst>(&(), &["reliable-delivery", "integrity", "causal-order"]);
    }
    two_in_a_row().duplicating().kills::<Ses>(&Bug::None, "integrity", (2, 3));
}

/// Museum 54 and the catalogue's other mutants of Schiper, Eggli and Sandoz.
#[test]
fn every_bug_of_ses_breaks_its_promise() {
    two_in_a_row().kills::<Ses>(&Bug::AttachesTooLate, "reliable-delivery", (2, 2));
    two_in_a_row().kills::<Ses>(&Bug::NeverNotes, "fifo-order", (2, 1));
    two_in_a_row().kills::<Ses>(&Bug::NeverNotes, "causal-order", (2, 1));
    two_in_a_row().kills::<Ses>(&Bug::NoRescan, "reliable-delivery", (2, 2));
    detour().kills::<Ses>(&Bug::NoMerge, "causal-order", (3, 2));
    old_news().kills::<Ses>(&Bug::Overwrites, "causal-order", (4, 3));
}

/// Museum 56 and its like.
#[test]
fn every_bug_of_rst_breaks_its_promise() {
    two_in_a_row().kills::<Rst>(&Bug::AttachesTooLate, "reliable-delivery", (2, 2));
    two_in_a_row().kills::<Rst>(&Bug::NeverNotes, "fifo-order", (2, 1));
    two_in_a_row().kills::<Rst>(&Bug::NoRescan, "reliable-delivery", (2, 2));
    detour().kills::<Rst>(&Bug::NoMerge, "causal-order", (3, 2));
    old_news().kills::<Rst>(&Bug::Overwrites, "causal-order", (4, 3));
}

/// Museum 57: as published, a message to oneself is counted by sending and by delivering it; the next waits for ever.
#[test]
fn a_message_to_oneself_must_not_travel() {
    let alone = sent(1, &[(0, 0, &[0]), (30, 0, &[0])]);
    alone.kills::<Rst>(&Bug::OwnMessagesTravel, "reliable-delivery", (2, 2));
    survived_alone(&alone);
    // It is enough that somebody else knows of it.
    let told = sent(2, &[(0, 0, &[0]), (1, 0, &[1]), (30, 1, &[0])]);
    told.kills::<Rst>(&Bug::OwnMessagesTravel, "reliable-delivery", (3, 3));
    survived_alone(&told);
}

fn survived_alone(trial: &Trial<Messaging>) {
    let properties = &["reliable-delivery", "integrity"];
    trial.survives::<Rst>(&Bug::None, properties);
    trial.survives::<CausalRst>(&(), properties);
    trial.survives::<CausalSes>(&(), properties);
}

#[test]
fn a_note_of_each_delivery_changes_nothing() {
    for trial in worlds() {
        trial.survives::<Rst>(&Bug::NoNoteOfDelivery, &["reliable-delivery", "integrity", "causal-order"]);
    }
}

#[test]
fn one_lost_message_blocks_what_builds_on_it() {
    let lost = Action::Drop { links: link(0, 1), kind: None, nth: 1 };
    let trial = sent(2, &[(1, 0, &[1]), (2, 0, &[1])]).with(0, lost);
    trial.kills::<CausalSes>(&(), "reliable-delivery", (2, 1));
    trial.kills::<CausalRst>(&(), "reliable-delivery", (2, 1));
    assert_eq!(trial.search::<CausalSes>(&(), "causal-order"), None);
    assert_eq!(trial.search::<CausalRst>(&(), "causal-order"), None);
}
