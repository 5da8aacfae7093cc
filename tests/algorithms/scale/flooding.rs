//! Flooding and its mutants.

use super::{deliver, links, said, synchronous};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::flooding::{Config, Flooding},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::Shape,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A message goes back to where it came from, too.
    BackToSender,
    /// Nothing is remembered, only the hop limit ends it.
    NoMemory,
    /// The last hop is left out.
    OneHopShort,
    /// What is known is known, however far this copy might have travelled.
    FirstCopyOnly,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
struct Settings {
    bug: Bug,
    ttl: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    settings: Settings,
    sent: u64,
    seen: BTreeMap<(ProcessId, u64), u32>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Settings;
    type Message = (ProcessId, u64, u32, String);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("flooding-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, settings: &Settings, (): ()) -> Self {
        Self { settings: *settings, sent: 0, seen: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        let me = ctx.me();
        self.on_message(ctx, me, (me, self.sent, self.settings.ttl + 1, body));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Self::Message) {
        let (origin, id, ttl, body) = message;
        let bug = self.settings.bug;
        let seen = self.seen.get(&(origin, id)).copied();
        if bug != Bug::NoMemory && seen.is_some_and(|best| bug == Bug::FirstCopyOnly || best >= ttl) {
            return;
        }
        if seen.is_none() || bug == Bug::NoMemory {
            deliver(ctx, origin, id, body.clone());
        }
        self.seen.insert((origin, id), ttl);
        let last = if bug == Bug::OneHopShort { 2 } else { 1 };
        if ttl > last {
            let neighbours = ctx.neighbours();
            let targets = neighbours.iter().filter(|to| *to != from || bug == Bug::BackToSender);
            ctx.multicast(targets, (origin, id, ttl - 1, body));
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity"];

fn mutant(bug: Bug, ttl: u32) -> Settings {
    Settings { bug, ttl }
}

/// The graph of museum row 72: a triangle of 0, 1 and 2, and 3 behind 2; the sender is two hops from 3.
fn triangle_with_a_tail() -> Trial<Broadcast> {
    let mut trial = said(4, &[(0, 0)]);
    let edge = |a, b| (ProcessId(a), ProcessId(b));
    trial.setup.topology = Shape::Edges(vec![edge(0, 1), edge(0, 2), edge(1, 2), edge(2, 3)]);
    // So jittery that two hops may take less time than one.
    trial.setup.network.delay = Duration::from_millis(1);
    trial.setup.network.jitter = Duration::from_millis(20);
    trial
}

fn line(nodes: u32) -> Trial<Broadcast> {
    let mut trial = said(nodes, &[(0, 0)]);
    trial.setup.topology = Shape::Line;
    trial
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [triangle_with_a_tail(), said(4, &[(0, 0), (1, 2), (2, 0)])] {
        trial.survives::<Mutant>(&mutant(Bug::None, 2), PROMISES);
        trial.clone().duplicating().survives::<Mutant>(&mutant(Bug::None, 2), PROMISES);
        trial.survives::<Flooding>(&Config { ttl: Some(2), improve: true }, PROMISES);
        trial.survives::<Flooding>(&Config { ttl: None, improve: false }, PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    line(3).kills::<Mutant>(&mutant(Bug::OneHopShort, 2), "validity", (1, 1));
    line(3).survives::<Mutant>(&mutant(Bug::None, 2), PROMISES);
    // Three in a triangle: the second copy is delivered again.
    said(3, &[(0, 0)]).kills::<Mutant>(&mutant(Bug::NoMemory, 2), "integrity", (4, 3));
}

/// 2m messages instead of 2m-(N-1): nothing is violated, but the count is.
#[test]
fn passing_it_back_costs_2m() {
    for shape in [Shape::Ring, Shape::Complete, Shape::Grid, Shape::Line] {
        let mut trial = synchronous(8, 3);
        trial.setup.topology = shape;
        let ends: usize = links(&trial.setup, 1).iter().map(Vec::len).sum();
        let cost = |bug| trial.run::<Mutant>(mutant(bug, 8), 1).0.total();
        assert_eq!(cost(Bug::None), ends as u64 - 7);
        assert_eq!(cost(Bug::BackToSender), ends as u64);
    }
}

#[test]
fn museum_72_a_hop_limit_and_a_memory_lose_a_node() {
    let trial = triangle_with_a_tail();
    trial.kills::<Mutant>(&mutant(Bug::FirstCopyOnly, 2), "validity", (3, 3));
    trial.kills::<Flooding>(&Config { ttl: Some(2), improve: false }, "validity", (3, 3));
    trial.survives::<Flooding>(&Config { ttl: Some(2), improve: true }, PROMISES);
}
