//! A history of requests and leaders, sorted: which elections there were, and what was said in each.

use super::{Election, Output};
use crate::process::{History, ProcessId, What};
use std::collections::{BTreeMap, BTreeSet};

/// One election.
pub(super) struct Held {
    /// The request that began it.
    pub(super) start: u64,
    /// Who was there when it began and has not crashed since.
    pub(super) there: Vec<bool>,
    /// How often each has named a leader since; where there are terms, in which term last.
    pub(super) said: Vec<u64>,
    /// When a leader was named in it for the last time.
    pub(super) last: Option<u64>,
}

impl Held {
    /// Whether all who are there have named a leader, and equally often: that is what it looks like when nothing is
    /// under way any more.
    fn is_over(&self) -> bool {
        let mut said = self.said.iter().zip(&self.there).filter(|(_, there)| **there).map(|(said, _)| *said);
        let first = said.next();
        first != Some(0) && said.all(|said| Some(said) == first)
    }
}

/// Who stands for a term.
#[derive(Default)]
pub(super) struct Candidates {
    /// Who was asked to start when it had named the leader of the term before.
    pub(super) asked: BTreeSet<ProcessId>,
    /// Whom no message had reached since: they must have become initiators.
    pub(super) initiators: BTreeSet<ProcessId>,
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
    /// Who stands for which term.
    pub(super) candidates: BTreeMap<u64, Candidates>,
    /// Who is up at the end, whether or not it has crashed before, and is not standing still.
    pub(super) up: Vec<bool>,
    nodes: Vec<Node>,
    epoch: u64,
    asked: u64,
}

/// What is known of a process.
#[derive(Clone, Copy, Default)]
struct Node {
    paused: bool,
    crashed: bool,
    /// Whether a message has reached it since it named a leader last.
    reached: bool,
    /// In which term that was.
    term: u64,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Election>) -> Self {
        let count = history.nodes as usize;
        let (up, nodes) = (vec![false; count], vec![Node::default(); count]);
        let (elections, told, candidates) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut digest = Self { elections, told, candidates, up, nodes, epoch: 0, asked: 0 };
        for step in &history.steps {
            let (event, node) = (step.event, step.node.index());
            match step.what {
                What::Boot => digest.boot(node),
                What::Request(_) => digest.start(event, step.node),
                What::Output(output) => digest.tell(event, step.node, output),
                What::Receive { .. } => digest.nodes[node].reached = true,
                What::Crash => digest.crash(node),
                What::Pause => digest.nodes[node].paused = true,
                What::Resume => digest.nodes[node].paused = false,
                What::Send { .. } | What::Timer => {}
            }
        }
        for (up, node) in digest.up.iter_mut().zip(&digest.nodes) {
            *up &= !node.paused;
        }
        digest
    }

    fn boot(&mut self, node: usize) {
        self.up[node] = true;
        if self.nodes[node].crashed {
            self.epoch += 1;
            self.asked += 1;
        }
    }

    fn crash(&mut self, node: usize) {
        self.nodes[node] = Node { crashed: true, ..Node::default() };
        self.up[node] = false;
        self.epoch += 1;
        if let Some(held) = self.elections.last_mut() {
            held.there[node] = false;
        }
    }

    fn start(&mut self, event: u64, id: ProcessId) {
        if !self.up[id.index()] {
            return;
        }
        self.asked += 1;
        if self.elections.last().is_none_or(Held::is_over) {
            self.epoch += 1;
            let (there, said) = (self.up.clone(), vec![0; self.up.len()]);
            self.elections.push(Held { start: event, there, said, last: None });
        }
        let node = self.nodes[id.index()];
        let candidates = self.candidates.entry(node.term.saturating_add(1)).or_default();
        candidates.asked.insert(id);
        if !node.reached {
            candidates.initiators.insert(id);
        }
    }

    fn tell(&mut self, event: u64, id: ProcessId, output: &'a Output) {
        let node = &mut self.nodes[id.index()];
        node.reached = false;
        if let Output::Leader { term: Some(term), .. } = output {
            node.term = *term;
        }
        let election = self.elections.len().checked_sub(1);
        if let Some(held) = self.elections.last_mut() {
            let said = &mut held.said[id.index()];
            *said = if node.term > 0 { node.term } else { *said + 1 };
            held.last = Some(event);
        }
        let (epoch, asked) = (self.epoch, self.asked);
        let mut told = Told { event, node: id, output, election, epoch, asked, leader_up: false };
        told.leader_up = self.up.get(told.leader().index()).copied().unwrap_or(false);
        self.told.push(told);
    }
}
