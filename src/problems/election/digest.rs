//! A history of requests and leaders, sorted: which elections there were, and what was said in each.

use super::{Election, Output};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeSet;

/// One election.
pub(super) struct Held {
    /// The request that began it.
    pub(super) start: u64,
    /// Who was there when it began and has not crashed since.
    pub(super) there: Vec<bool>,
    /// Who has named a leader since.
    pub(super) said: Vec<bool>,
    /// Who was asked to start.
    pub(super) asked: BTreeSet<ProcessId>,
    /// Who was asked to start before a message of it had arrived.
    pub(super) initiators: BTreeSet<ProcessId>,
    /// When a leader was named in it for the last time.
    pub(super) last: Option<u64>,
}

/// One output.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) event: u64,
    pub(super) node: ProcessId,
    pub(super) output: &'a Output,
    /// Of which election it is; none when none had begun.
    pub(super) election: Option<usize>,
    /// How many elections had begun, and processes crashed and restarted, before it.
    epoch: u64,
    /// How many requests and restarts there had been before it.
    pub(super) asked: u64,
    /// Whether the leader it names was up.
    pub(super) leader_up: bool,
}

/// What outputs must have in common to be about the same leader.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    /// Outputs without a term.
    Epoch(u64),
    /// Outputs with this term.
    Term(u64),
    /// Outputs that name this group of this coordinator.
    Group(ProcessId, u64),
}

impl Told<'_> {
    /// Who leads.
    pub(super) fn leader(&self) -> ProcessId {
        match self.output {
            Output::Leader { leader, .. } => *leader,
            Output::Group { coordinator, .. } => *coordinator,
        }
    }

    /// With which outputs it must agree.
    pub(super) fn key(&self) -> Key {
        match self.output {
            Output::Leader { term: Some(term), .. } => Key::Term(*term),
            Output::Leader { term: None, .. } => Key::Epoch(self.epoch),
            Output::Group { coordinator, number, .. } => Key::Group(*coordinator, *number),
        }
    }
}

/// A history, sorted.
pub(super) struct Digest<'a> {
    /// All elections, in order.
    pub(super) elections: Vec<Held>,
    /// All outputs, in order.
    pub(super) told: Vec<Told<'a>>,
    /// Who is up at the end, whether or not it has crashed before, and is not standing still.
    pub(super) up: Vec<bool>,
    paused: Vec<bool>,
    crashed: Vec<bool>,
    /// Whom a message has reached since the last election began.
    reached: Vec<bool>,
    /// How many must still name a leader; none when no election is under way.
    missing: usize,
    epoch: u64,
    asked: u64,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Election>) -> Self {
        let nobody = || vec![false; history.nodes as usize];
        let (up, paused, crashed, reached) = (nobody(), nobody(), nobody(), nobody());
        let (elections, told) = (Vec::new(), Vec::new());
        let mut digest =
            Self { elections, told, up, paused, crashed, reached, missing: 0, epoch: 0, asked: 0 };
        for step in &history.steps {
            let (event, node) = (step.event, step.node.index());
            match step.what {
                What::Boot => digest.boot(node),
                What::Request(_) => digest.start(event, step.node),
                What::Output(output) => digest.tell(event, step.node, output),
                What::Receive { .. } => digest.reached[node] = true,
                What::Crash => digest.crash(node),
                What::Pause => digest.paused[node] = true,
                What::Resume => digest.paused[node] = false,
                What::Send { .. } | What::Timer => {}
            }
        }
        for (up, paused) in digest.up.iter_mut().zip(&digest.paused) {
            *up &= !paused;
        }
        digest
    }

    fn boot(&mut self, node: usize) {
        self.up[node] = true;
        if self.crashed[node] {
            self.epoch += 1;
            self.asked += 1;
        }
    }

    fn crash(&mut self, node: usize) {
        self.crashed[node] = true;
        self.up[node] = false;
        self.paused[node] = false;
        self.epoch += 1;
        self.excuse(node);
        if let Some(held) = self.elections.last_mut() {
            held.there[node] = false;
        }
    }

    /// This one need not name a leader any more, be it that it has or that it never will.
    fn excuse(&mut self, node: usize) {
        let Some(held) = self.elections.last_mut() else { return };
        if held.there[node] && !held.said[node] && self.missing > 0 {
            self.missing -= 1;
        }
    }

    fn start(&mut self, event: u64, node: ProcessId) {
        if !self.up[node.index()] {
            return;
        }
        self.asked += 1;
        if self.missing == 0 {
            self.epoch += 1;
            self.reached.fill(false);
            self.missing = self.up.iter().filter(|up| **up).count();
            let (there, said) = (self.up.clone(), vec![false; self.up.len()]);
            let (asked, initiators) = (BTreeSet::new(), BTreeSet::new());
            self.elections.push(Held { start: event, there, said, asked, initiators, last: None });
        }
        let Some(held) = self.elections.last_mut() else { return };
        held.asked.insert(node);
        if !self.reached[node.index()] {
            held.initiators.insert(node);
        }
    }

    fn tell(&mut self, event: u64, node: ProcessId, output: &'a Output) {
        self.excuse(node.index());
        let election = self.elections.len().checked_sub(1);
        if let Some(held) = self.elections.last_mut() {
            held.said[node.index()] = true;
            held.last = Some(event);
        }
        let (epoch, asked) = (self.epoch, self.asked);
        let mut told = Told { event, node, output, election, epoch, asked, leader_up: false };
        told.leader_up = self.up.get(told.leader().index()).copied().unwrap_or(false);
        self.told.push(told);
    }
}
