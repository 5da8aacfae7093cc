//! Convergecast (Segall 1983; Tel 2000, section 6.1) and its mutants.

use super::contributed;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use synod::{
    problems::aggregation::{Aggregation, Operation, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What a child sends is added, whether it has come before or not.
    NoDedup,
    /// Whatever comes counts for the round that is open.
    MixesRounds,
    /// One child is enough.
    WaitsForOne,
    /// What has come last counts most.
    OrderMatters,
    /// An inner process passes on what comes without its own value.
    ForgetsItself,
}

/// A line: everybody's child is the next, or a star when `star`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    parent: Option<ProcessId>,
    children: BTreeSet<ProcessId>,
    contributed: u64,
    closed: BTreeSet<u64>,
    open: BTreeMap<u64, (Option<i64>, BTreeSet<ProcessId>, i64)>,
}

impl Process for Mutant {
    type Problem = Aggregation;
    type Config = (Bug, bool);
    type Message = (u64, i64);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("convergecast-mutant");

    fn boot(ctx: &mut Context<'_, Self>, (bug, star): &(Bug, bool), (): ()) -> Self {
        let me = ctx.me().0;
        let parent = me.checked_sub(1).map(|before| ProcessId(if *star { 0 } else { before }));
        let child = |id: &ProcessId| if *star { me == 0 && id.0 > 0 } else { id.0 == me + 1 };
        let children = ctx.group().filter(child).collect();
        Self { bug: *bug, parent, children, contributed: 0, closed: BTreeSet::new(), open: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Contribute(value): Request) {
        self.contributed += 1;
        self.open.entry(self.contributed).or_default().0 = Some(value);
        self.close(ctx, self.contributed);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (round, value): (u64, i64)) {
        let round = match self.bug {
            Bug::MixesRounds => self.closed.len() as u64 + 1,
            _ => round,
        };
        if self.closed.contains(&round) {
            return;
        }
        let (_, heard, sum) = self.open.entry(round).or_default();
        if heard.insert(from) || self.bug == Bug::NoDedup {
            *sum = if self.bug == Bug::OrderMatters { value - *sum } else { *sum + value };
        }
        self.close(ctx, round);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn close(&mut self, ctx: &mut Context<'_, Self>, round: u64) {
        let Some((Some(own), heard, sum)) = self.open.get(&round) else { return };
        let needed =
            if self.bug == Bug::WaitsForOne { 1.min(self.children.len()) } else { self.children.len() };
        if heard.len() < needed {
            return;
        }
        let own =
            if self.bug == Bug::ForgetsItself && self.parent.is_some() && needed > 0 { 0 } else { *own };
        let value = own + sum;
        self.open.remove(&round);
        self.closed.insert(round);
        match self.parent {
            Some(parent) => ctx.send(parent, (round, value)),
            None => ctx.produce(Output::Result { round, operation: Operation::Sum, value }),
        }
    }
}

const PROMISES: &[&str] = &["exactly-once", "termination"];
const LINE: bool = false;
const STAR: bool = true;

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = contributed(3, &[(0, 0, 1), (1, 1, 20), (2, 2, 300), (3, 2, 4), (4, 1, 50), (9, 0, 600)]);
    for shape in [LINE, STAR] {
        trial.survives::<Mutant>(&(Bug::None, shape), PROMISES);
        trial.clone().duplicating().survives::<Mutant>(&(Bug::None, shape), PROMISES);
    }
}

/// Museum 74: a duplicate is counted twice, two processes, one message and its copy.
#[test]
fn a_sum_counts_twice_what_comes_twice() {
    let trial = contributed(2, &[(0, 1, 5), (60, 0, 1)]).duplicating();
    trial.kills::<Mutant>(&(Bug::NoDedup, STAR), "exactly-once", (1, 2));
    trial.survives::<Mutant>(&(Bug::None, STAR), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let two_rounds = contributed(2, &[(0, 1, 5), (1, 1, 60), (2, 0, 1), (100, 0, 2)]);
    two_rounds.kills::<Mutant>(&(Bug::MixesRounds, STAR), "exactly-once", (2, 1));
    two_rounds.survives::<Mutant>(&(Bug::None, STAR), PROMISES);
    let three = contributed(3, &[(0, 0, 1), (0, 1, 20), (0, 2, 300)]);
    three.kills::<Mutant>(&(Bug::WaitsForOne, STAR), "exactly-once", (2, 1));
    three.kills::<Mutant>(&(Bug::OrderMatters, STAR), "exactly-once", (2, 2));
    three.kills::<Mutant>(&(Bug::ForgetsItself, LINE), "exactly-once", (2, 2));
}

/// An inner process that crashes takes everything below it along, even with no message sent.
#[test]
fn a_crash_on_the_way_up_stops_it() {
    let crash = |node| Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None };
    let three = contributed(3, &[(0, 0, 1), (0, 1, 20), (0, 2, 300)]).with(0, crash(1));
    three.kills::<Mutant>(&(Bug::None, LINE), "termination", (1, 0));
    let two = contributed(2, &[(0, 0, 1)]).with(0, crash(1));
    assert_eq!(two.search::<Mutant>(&(Bug::None, LINE), "exactly-once"), None);
}

/// One lost message is enough.
#[test]
fn a_lost_value_stops_it() {
    let two = contributed(2, &[(0, 0, 1), (0, 1, 20)]).losing(50);
    two.kills::<Mutant>(&(Bug::None, LINE), "termination", (1, 0));
}
