//! Unicast and multicast (catalogue G1, G2, B10) and their mutants.

use super::{deliver, link, sent, taken_apart};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::{multicast::Multicast, unicast::Unicast},
    problems::messaging::{Messaging, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Who sent it is read from the last character of what it says, as in the lab sheet's server.
    SenderFromTheBody,
    /// The buffer takes three characters; the rest is cut off without a word.
    ShortBuffer,
    /// Messages are numbered for all receivers together.
    OneCounter,
    /// The subset is not looked at.
    ToEverybody,
    /// The last of the subset is left out.
    OneTooFew,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    sent: BTreeMap<ProcessId, u64>,
}

impl Process for Mutant {
    type Problem = Messaging;
    type Config = Bug;
    type Message = (u64, String);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("datagram-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, sent: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let (mut to, body) = taken_apart(request, ctx.group_size());
        let me = ctx.me();
        match self.bug {
            Bug::ToEverybody => to = ctx.group().filter(|to| *to != me).collect(),
            Bug::OneTooFew if to.len() > 1 => drop(to.pop()),
            _ => {}
        }
        for to in to {
            let counter = if self.bug == Bug::OneCounter { me } else { to };
            let id = self.sent.entry(counter).or_default();
            *id += 1;
            ctx.send(to, (*id, body.clone()));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, mut body): (u64, String)) {
        if self.bug == Bug::ShortBuffer {
            body.truncate(3);
        }
        let read = || body.chars().last()?.to_digit(10).map(ProcessId);
        let from = if self.bug == Bug::SenderFromTheBody { read().unwrap_or(from) } else { from };
        deliver(ctx, from, id, body);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["reliable-delivery", "integrity"];

/// A client that is known by its last digit to a server that may know better.
fn says(nodes: u32, node: u32, body: &str) -> Trial<Messaging> {
    let request = Request::Send { to: vec![ProcessId(0)], body: body.into() };
    Trial::of(nodes, [(0, node, request)])
}

fn to_some() -> Trial<Messaging> {
    sent(4, &[(0, 0, &[1, 2]), (1, 3, &[2, 1]), (2, 0, &[2])])
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    for trial in [says(2, 1, "hello 1"), to_some()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<Unicast>(&(), PROMISES);
        trial.survives::<Multicast>(&(), PROMISES);
    }
    to_some().survives::<Multicast>(&(), &["agreement"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    says(13, 12, "hello from client 12").kills::<Mutant>(&Bug::SenderFromTheBody, "integrity", (1, 1));
    says(2, 1, "hello").kills::<Mutant>(&Bug::ShortBuffer, "integrity", (1, 1));
    sent(3, &[(0, 0, &[1, 2])]).kills::<Mutant>(&Bug::OneCounter, "integrity", (2, 1));
    sent(3, &[(0, 0, &[1])]).kills::<Mutant>(&Bug::ToEverybody, "integrity", (2, 1));
    sent(3, &[(0, 0, &[1, 2])]).kills::<Mutant>(&Bug::OneTooFew, "reliable-delivery", (1, 1));
    sent(3, &[(0, 0, &[1, 2])]).kills::<Mutant>(&Bug::OneTooFew, "agreement", (1, 1));
}

/// The lab sheet's client: one datagram, and nobody who would notice that it is gone.
#[test]
fn one_lost_datagram_is_gone_for_ever() {
    let lost = Action::Drop { links: link(1, 0), kind: None, nth: 1 };
    let late = sent(2, &[(1, 1, &[0])]);
    late.with(0, lost).kills::<Unicast>(&(), "reliable-delivery", (1, 0));
    says(2, 1, "hello").duplicating().kills::<Unicast>(&(), "integrity", (1, 2));
}

#[test]
fn a_multicaster_that_crashes_in_the_middle_reaches_some() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: Some(1) };
    let trial = sent(3, &[(1, 0, &[1, 2])]).with(0, crash);
    trial.kills::<Multicast>(&(), "agreement", (1, 1));
    assert_eq!(trial.search::<Multicast>(&(), "integrity"), None);
}

/// Each message is in its link's order, and news by a detour is faster.
#[test]
fn unicast_is_neither_fifo_nor_causal() {
    sent(2, &[(0, 0, &[1]), (1, 0, &[1])]).kills::<Unicast>(&(), "fifo-order", (2, 1));
    sent(3, &[(0, 0, &[2, 1]), (15, 1, &[2])]).fifo().kills::<Unicast>(&(), "causal-order", (3, 2));
}
