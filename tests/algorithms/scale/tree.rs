//! Multicast along a tree, its repair, and mutants of both.

use super::{deliver, milliseconds, said, synchronous};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::{
        parts::heartbeat::{self, Alive, Heartbeat, Pulse},
        tree_multicast::{Config, TreeMulticast},
    },
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A message goes back to where it came from, too.
    BackToSender,
    /// An orphan finds a new parent and says nothing of what it has.
    NoCatchUp,
    /// What comes a second time, from a new parent, is delivered again.
    NoMemory,
    /// Orphans stay orphans.
    NoRepair,
}

/// A chain by ids: everybody's child is the next. An orphan goes to its grandparent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    neighbours: BTreeSet<ProcessId>,
    sent: u64,
    heard: BTreeMap<(ProcessId, u64), String>,
    heartbeat: Heartbeat,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Message {
    Data(ProcessId, u64, String),
    /// What the orphan has; whether it wants to be told what the new parent has.
    Attach(Vec<(ProcessId, u64)>, bool),
    Beat(Alive),
}

impl From<Alive> for Message {
    fn from(alive: Alive) -> Self {
        Self::Beat(alive)
    }
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = Message;
    type Timer = Pulse;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("tree-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let (me, last) = (ctx.me().0, ctx.group_size() as u32 - 1);
        let neighbours: BTreeSet<ProcessId> =
            [me.checked_sub(1), (me < last).then_some(me + 1)].into_iter().flatten().map(ProcessId).collect();
        let heartbeat = Heartbeat::start(ctx, heartbeat::Config::default(), neighbours.iter().copied());
        Self { bug: *bug, neighbours, sent: 0, heard: BTreeMap::new(), heartbeat }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        self.on_data(ctx, ctx.me(), (ctx.me(), self.sent), body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data(origin, id, body) => self.on_data(ctx, from, (origin, id), body),
            Message::Attach(has, asks) => self.on_attach(ctx, from, &has, asks),
            Message::Beat(Alive) => drop(self.heartbeat.on_alive(ctx, from)),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(silent) = self.heartbeat.on_pulse(ctx, pulse) else { return };
        if self.bug == Bug::NoRepair {
            return;
        }
        self.neighbours.remove(&silent);
        let Some(grandparent) = silent.0.checked_sub(1).filter(|_| silent < ctx.me()) else { return };
        self.neighbours.insert(ProcessId(grandparent));
        self.heartbeat.watch(ctx, ProcessId(grandparent));
        ctx.send(ProcessId(grandparent), Message::Attach(self.heard.keys().copied().collect(), true));
    }
}

impl Mutant {
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        name: (ProcessId, u64),
        body: String,
    ) {
        let known = self.heard.insert(name, body.clone()).is_some();
        if !known || self.bug == Bug::NoMemory {
            deliver(ctx, name.0, name.1, body.clone());
        }
        if !known {
            let back = self.bug == Bug::BackToSender;
            let targets = self.neighbours.iter().copied().filter(|to| *to != from || back);
            ctx.multicast(targets, Message::Data(name.0, name.1, body));
        }
    }

    fn on_attach(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        has: &[(ProcessId, u64)],
        asks: bool,
    ) {
        self.neighbours.insert(from);
        self.heartbeat.watch(ctx, from);
        if self.bug == Bug::NoCatchUp {
            return;
        }
        for ((origin, id), body) in &self.heard {
            if self.bug == Bug::NoMemory || !has.contains(&(*origin, *id)) {
                ctx.send(from, Message::Data(*origin, *id, body.clone()));
            }
        }
        if asks {
            ctx.send(from, Message::Attach(self.heard.keys().copied().collect(), false));
        }
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity"];

/// A chain of three or four; at both ends somebody speaks while the one in the middle crashes. Heartbeats never rest.
fn a_crash_in_the_middle(nodes: u32) -> Trial<Broadcast> {
    let victim = Targets::Node(ProcessId(1));
    let said = said(nodes, &[(0, 0), (95, 0), (96, nodes - 1), (600, 0)]);
    let mut trial = said.with(100, Action::Crash { targets: victim, after_sends: None });
    trial.setup.until = milliseconds(700);
    trial
}

fn repaired() -> Config {
    Config { children: Some(1), repair: true, ..Default::default() }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for nodes in [3, 4] {
        a_crash_in_the_middle(nodes).survives::<Mutant>(&Bug::None, PROMISES);
        a_crash_in_the_middle(nodes).survives::<TreeMulticast>(&repaired(), PROMISES);
        a_crash_in_the_middle(nodes).duplicating().survives::<TreeMulticast>(&repaired(), PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let few = (100, 100);
    a_crash_in_the_middle(3).kills::<Mutant>(&Bug::NoCatchUp, "validity", few);
    a_crash_in_the_middle(3).kills::<Mutant>(&Bug::NoMemory, "integrity", few);
    a_crash_in_the_middle(3).kills::<Mutant>(&Bug::NoRepair, "validity", few);
}

/// Nothing is violated, but it costs as much again, less what the sender's own copy would.
#[test]
fn passing_it_back_costs_twice_as_much() {
    let cost = |bug| {
        let mut trial = synchronous(6, 2);
        trial.setup.until = milliseconds(40);
        let (counts, _) = trial.run::<Mutant>(bug, 1);
        counts.sent.iter().filter(|(kind, _)| *kind == "data").map(|(_, number)| number).sum::<u64>()
    };
    assert_eq!(cost(Bug::None), 5);
    assert_eq!(cost(Bug::BackToSender), 10);
}

/// The catalogue's counterexample for a tree that nobody repairs: three in a chain, one message.
#[test]
fn one_crash_cuts_off_a_subtree() {
    let victim = Targets::Node(ProcessId(1));
    let trial = said(3, &[(10, 0)]).with(5, Action::Crash { targets: victim, after_sends: None });
    let config = Config { children: Some(1), ..Default::default() };
    trial.kills::<TreeMulticast>(&config, "validity", (1, 0));
    trial.kills::<TreeMulticast>(&config, "agreement", (1, 0));
}

/// Two in a row crash, then the root: whoever is left finds a parent, or is one.
#[test]
fn a_tree_outlives_its_root_and_a_whole_line() {
    let crash = |node| Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends: None };
    let talk = said(6, &[(0, 5), (95, 4), (96, 3), (700, 2), (1900, 5), (1901, 4)]);
    let mut trial = talk.with(100, crash(1)).with(105, crash(3)).with(800, crash(0));
    trial.setup.until = milliseconds(2000);
    for children in 1..=3 {
        let mut config = Config { children: Some(children), ..repaired() };
        config.heartbeat.period = Duration::from_millis(100);
        config.heartbeat.timeout = Duration::from_millis(250);
        trial.survives::<TreeMulticast>(&config, PROMISES);
    }
}

/// Who stands still for longer than the timeout is suspected for nothing; when it goes on, the tree is whole again.
#[test]
fn a_tree_takes_back_who_was_only_asleep() {
    for sleeper in 0..4 {
        let target = Targets::Node(ProcessId(sleeper));
        let talk = said(5, &[(300, 4), (310, 3), (1200, 0), (1201, 1), (1202, 2), (1203, 4)]);
        let mut trial = talk.with(100, Action::Pause(target)).with(700, Action::Resume(target));
        trial.setup.until = milliseconds(1400);
        let mut config = Config { children: Some(2), ..repaired() };
        config.heartbeat.period = Duration::from_millis(100);
        config.heartbeat.timeout = Duration::from_millis(250);
        trial.survives::<TreeMulticast>(&config, PROMISES);
    }
}
