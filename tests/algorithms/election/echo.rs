//! Echo with extinction (Tel 2000, section 7.3) and its mutants.

use super::{counts::graph, crash, started};
use crate::{dice::Dice, trial::Trial};
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::echo_election::EchoElection,
    problems::election::{Election, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::Shape,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A wave that is put out is counted all the same.
    CountsLowerWaves,
    /// What was counted of a wave that is put out is counted for the next.
    KeepsTheCount,
    /// A wave is put out by lower ones, too.
    LastWaveWins,
    /// A wave is not sent back to the parent.
    NeverReturns,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    best: Option<ProcessId>,
    parent: Option<ProcessId>,
    count: usize,
    leader: Option<ProcessId>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Wave(ProcessId),
    Leader(ProcessId),
}

impl Mutant {
    fn adopt(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId, parent: Option<ProcessId>) {
        if self.bug != Bug::KeepsTheCount {
            self.count = 0;
        }
        (self.best, self.parent) = (Some(id), parent);
        self.count += usize::from(parent.is_some());
        ctx.multicast(ctx.neighbours().iter().filter(|to| Some(*to) != parent), Message::Wave(id));
        self.finish(ctx);
    }

    fn finish(&mut self, ctx: &mut Context<'_, Self>) {
        if self.count != ctx.neighbours().len() {
            return;
        }
        match (self.best, self.parent) {
            (Some(id), Some(parent)) if self.bug != Bug::NeverReturns => ctx.send(parent, Message::Wave(id)),
            (Some(id), None) => self.learn(ctx, id),
            _ => {}
        }
    }

    fn learn(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId) {
        if self.leader == Some(id) {
            return;
        }
        self.leader = Some(id);
        ctx.produce(Output::Leader { leader: id, term: Some(1) });
        ctx.multicast(ctx.neighbours().iter(), Message::Leader(id));
    }
}

impl Process for Mutant {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("echo-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, best: None, parent: None, count: 0, leader: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        if self.best.is_none() {
            self.adopt(ctx, ctx.me(), None);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Leader(id) => self.learn(ctx, id),
            Message::Wave(id) if self.best == Some(id) => {
                self.count += 1;
                self.finish(ctx);
            }
            Message::Wave(id) if self.best < Some(id) || self.bug == Bug::LastWaveWins => {
                self.adopt(ctx, id, Some(from));
            }
            Message::Wave(_) if self.bug == Bug::CountsLowerWaves => {
                self.count += 1;
                self.finish(ctx);
            }
            Message::Wave(_) => {}
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] =
    &["one-leader", "elected-once", "agreement", "highest-initiator", "termination", "stability"];

/// A line of three, or of more.
fn line(nodes: u32, asked: &[(u64, u32)]) -> Trial<Election> {
    let mut trial = started(nodes, asked);
    trial.setup.topology = Shape::Line;
    trial
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let mut dice = Dice::new(2);
    let mut trials = vec![line(3, &[(0, 0), (0, 1), (0, 2)]), started(4, &[(0, 0), (5, 3)])];
    for _ in 0..6 {
        let mut trial = started(6, &[(0, 1), (5, 4), (9, 2)]);
        trial.setup.topology = Shape::Edges(graph(&mut dice, 6));
        trials.push(trial);
    }
    for trial in trials {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<EchoElection>(&(), PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let all = line(3, &[(0, 0), (0, 1), (0, 2)]);
    all.kills::<Mutant>(&Bug::CountsLowerWaves, "one-leader", (16, 12));
    // What the middle has counted of n2's wave makes it answer n3 before n4 has been heard of.
    let mut star = started(4, &[(0, 1), (0, 2), (0, 3)]);
    star.setup.topology = Shape::Star;
    star.kills::<Mutant>(&Bug::KeepsTheCount, "highest-initiator", (14, 14));
    star.survives::<Mutant>(&Bug::None, PROMISES);
    line(2, &[(0, 0)]).kills::<Mutant>(&Bug::NeverReturns, "termination", (1, 1));
    line(2, &[(0, 0), (0, 1)]).kills::<Mutant>(&Bug::LastWaveWins, "termination", (7, 7));
}

#[test]
fn a_crash_blocks_the_highest_wave() {
    let crashed = line(4, &[(1, 1)]).with(0, crash(3));
    crashed.kills::<EchoElection>(&(), "termination", (5, 4));
    assert_eq!(crashed.search::<EchoElection>(&(), "one-leader"), None);
}
