//! Uniform reliable broadcast (Cachin, Guerraoui, Rodrigues 2011, Algorithms 3.4 and 3.5) and its mutants.

use super::{deliver, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::uniform_broadcast::{self, UniformBroadcast},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Half of all suffice, where more than half are needed.
    HalfSuffices,
    /// A process counts itself when it passes a message on, and once more when it delivers.
    CountsItselfTwice,
    /// Two copies from one process count as two acknowledgements.
    CountsCopies,
    /// A sender delivers its own message at once.
    OwnAtOnce,
    /// It is delivered first, and passed on when that is done.
    DeliversAtFirstReceipt,
    /// Only the sender sends: nobody passes anything on, and only the sender's copy counts.
    NobodyPassesOn,
    /// All-ack: nobody looks again at what waits for a process that is suspected.
    ForgetsWhoWaits,
}

/// With a detector (who suspects whom after how many milliseconds) it is all-ack, without one majority-ack.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    suspicions: Option<Vec<(u32, u32, u64)>>,
}

/// Sender, number among the sender's messages, what was said.
type Said = (ProcessId, u64, String);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    all: bool,
    suspected: BTreeSet<ProcessId>,
    sent: u64,
    acks: BTreeMap<(ProcessId, u64), Vec<ProcessId>>,
    bodies: BTreeMap<(ProcessId, u64), String>,
    delivered: BTreeSet<(ProcessId, u64)>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Said;
    type Timer = ProcessId;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("uniform-mutant");

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let me = ctx.me();
        let mine = config.suspicions.iter().flatten().filter(|(who, ..)| ProcessId(*who) == me);
        for (_, whom, after) in mine {
            ctx.set_timer(ProcessId(*whom), Duration::from_millis(*after));
        }
        Self {
            bug: config.bug,
            all: config.suspicions.is_some(),
            suspected: BTreeSet::new(),
            sent: 0,
            acks: BTreeMap::new(),
            bodies: BTreeMap::new(),
            delivered: BTreeSet::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        let me = ctx.me();
        self.on_message(ctx, me, (me, self.sent, body));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (origin, id, body): Said) {
        let (me, name) = (ctx.me(), (origin, id));
        if self.bodies.insert(name, body.clone()).is_none() {
            let at_once = self.bug == Bug::OwnAtOnce && origin == me;
            if self.bug == Bug::DeliversAtFirstReceipt || at_once {
                self.delivered.insert(name);
                deliver(ctx, origin, id, body.clone());
            }
            if self.bug != Bug::NobodyPassesOn || origin == me {
                ctx.broadcast((origin, id, body));
            }
            self.acks.entry(name).or_default().push(me);
        }
        let acks = self.acks.entry(name).or_default();
        let counts = match self.bug {
            Bug::CountsCopies => from != me,
            Bug::CountsItselfTwice => from == me || !acks.contains(&from),
            _ => !acks.contains(&from),
        };
        if counts {
            acks.push(from);
        }
        self.try_to_deliver(ctx, name);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, suspect: ProcessId) {
        self.suspected.insert(suspect);
        if self.bug != Bug::ForgetsWhoWaits {
            for name in self.bodies.keys().copied().collect::<Vec<_>>() {
                self.try_to_deliver(ctx, name);
            }
        }
    }
}

impl Mutant {
    fn try_to_deliver(&mut self, ctx: &mut Context<'_, Self>, name: (ProcessId, u64)) {
        let (acks, n) = (&self.acks[&name], ctx.group_size());
        let enough = match self.bug {
            _ if self.all => ctx.group().all(|each| acks.contains(&each) || self.suspected.contains(&each)),
            Bug::HalfSuffices => acks.len() >= n / 2,
            Bug::NobodyPassesOn => acks.contains(&name.0),
            _ => acks.len() > n / 2,
        };
        if enough && self.delivered.insert(name) {
            deliver(ctx, name.0, name.1, self.bodies[&name].clone());
        }
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity"];

fn majority(bug: Bug) -> Config {
    Config { bug, suspicions: None }
}

fn all(bug: Bug, suspicions: &[(u32, u32, u64)]) -> Config {
    Config { bug, suspicions: Some(suspicions.to_vec()) }
}

fn crash(node: u32, after_sends: Option<u32>) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends }
}

/// Whatever this node sends is lost from now on: it will crash, and links are perfect between correct nodes only.
fn mute(node: u32) -> Action {
    Action::Cut(LinkPattern::Directed { from: Some(ProcessId(node)), to: None })
}

fn two_senders() -> Trial<Broadcast> {
    said(4, &[(1, 0), (5, 1), (10, 0), (40, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [two_senders(), two_senders().duplicating()] {
        trial.survives::<Mutant>(&majority(Bug::None), PROMISES);
        trial.survives::<Mutant>(&all(Bug::None, &[]), PROMISES);
    }
    let detector = [(1, 0, 100), (2, 0, 100), (3, 0, 100)];
    for sends in 1..6 {
        for trial in [
            two_senders().with(0, crash(0, Some(sends))),
            two_senders().with(0, mute(0)).with(20, crash(0, None)),
        ] {
            let trial = trial.with(90, crash(0, None));
            trial.survives::<Mutant>(&majority(Bug::None), PROMISES);
            trial.survives::<Mutant>(&all(Bug::None, &detector), PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    // A sender that nobody hears delivers, and crashes.
    let unheard = |nodes| said(nodes, &[(1, 0)]).with(0, mute(0)).with(30, crash(0, None));
    let break_it = |bug, nodes| {
        unheard(nodes).kills::<Mutant>(&majority(bug), "uniform-agreement", (u64::from(nodes) - 1, 0));
        assert_eq!(unheard(nodes).search::<Mutant>(&majority(Bug::None), "uniform-agreement"), None);
    };
    break_it(Bug::CountsItselfTwice, 2);
    break_it(Bug::OwnAtOnce, 2);
    break_it(Bug::DeliversAtFirstReceipt, 2);
    // The sender crashes when only one other process has its message.
    let half = said(3, &[(1, 0)]).with(0, crash(0, Some(1)));
    half.kills::<Mutant>(&majority(Bug::NobodyPassesOn), "uniform-agreement", (1, 1));
    half.kills::<Mutant>(&majority(Bug::NobodyPassesOn), "agreement", (1, 1));
    // The third of five counts the first one's copies; both crash, and what they passed on is lost.
    let copies = said(5, &[(1, 0)]).duplicating().with(0, mute(1)).with(0, crash(0, Some(1)));
    copies.with(60, crash(1, None)).kills::<Mutant>(
        &majority(Bug::CountsCopies),
        "uniform-agreement",
        (5, 2),
    );
    let waits = said(2, &[(1, 0)]).with(0, crash(1, None));
    waits.kills::<Mutant>(&all(Bug::ForgetsWhoWaits, &[(0, 1, 50)]), "self-delivery", (1, 0));
    waits.survives::<Mutant>(&all(Bug::None, &[(0, 1, 50)]), &["self-delivery"]);
}

/// Museum 44: with N/2 for a threshold one of two delivers alone.
#[test]
fn half_is_no_majority() {
    let trial = said(2, &[(1, 0)]).with(0, mute(0)).with(30, crash(0, None));
    trial.kills::<Mutant>(&majority(Bug::HalfSuffices), "uniform-agreement", (1, 0));
    assert_eq!(trial.search::<Mutant>(&majority(Bug::None), "uniform-agreement"), None);
}

/// Without a majority nothing is delivered, for ever; with a perfect detector it is.
#[test]
fn a_majority_that_crashes_blocks_majority_ack_only() {
    let trial = said(2, &[(1, 0)]).with(0, crash(1, None));
    trial.kills::<Mutant>(&majority(Bug::None), "self-delivery", (1, 0));
    trial.kills::<UniformBroadcast>(&Default::default(), "self-delivery", (1, 0));
    trial.survives::<Mutant>(&all(Bug::None, &[(0, 1, 50)]), &["self-delivery"]);
}

/// One of two is suspected for nothing; the other believes that it is alone, delivers and crashes.
#[test]
fn all_ack_with_a_wrong_suspicion_is_not_uniform() {
    let trial = said(2, &[(60, 0)]).with(0, mute(0)).with(100, crash(0, None));
    trial.kills::<Mutant>(&all(Bug::None, &[(0, 1, 50)]), "uniform-agreement", (1, 0));
    let mode = uniform_broadcast::Mode::AllAck;
    let config = uniform_broadcast::Config { mode, ..Default::default() };
    let partition = Action::Partition(vec![vec![ProcessId(0)], vec![ProcessId(1)]]);
    let trial = said(2, &[(60, 0)]).with(50, partition).with(400, crash(0, None)).until(800);
    assert!(trial.search::<UniformBroadcast>(&config, "uniform-agreement").is_some());
    assert_eq!(trial.search::<UniformBroadcast>(&config, "agreement"), None);
}
