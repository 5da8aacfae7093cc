//! Who is up, who takes part, and who suspects whom: what a history says, step by step.

use super::{FailureDetection, Output};
use crate::process::{ProcessId, Step, What};
use std::collections::{BTreeMap, BTreeSet};

/// What an output says of somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    Trusted,
    Suspected,
    Gone,
}

/// About whom an output says something, and what.
pub(super) fn word(output: &Output) -> Option<(ProcessId, Word)> {
    match output {
        Output::Restore(process) | Output::Alive { process, .. } => Some((*process, Word::Trusted)),
        Output::Suspect(process) | Output::Suspected { process, .. } | Output::Dead { process, .. } => {
            Some((*process, Word::Suspected))
        }
        Output::Left { process, .. } => Some((*process, Word::Gone)),
        Output::Outside
        | Output::Joined
        | Output::Within(_)
        | Output::Status { .. }
        | Output::Level { .. } => None,
    }
}

/// What a history says up to some step.
pub(super) struct Views {
    pub(super) nodes: Vec<Node>,
    /// Who suspects whom, since which event; whoever crashes or goes outside forgets.
    pub(super) suspicions: BTreeMap<(ProcessId, ProcessId), u64>,
    /// Of whom somebody said last that it is well.
    trusted: BTreeSet<(ProcessId, ProcessId)>,
}

/// What it says of one process.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Node {
    pub(super) up: bool,
    pub(super) outside: bool,
    /// Its last crash, by its event.
    pub(super) crash: Option<u64>,
    /// Whether it ever was outside.
    left: bool,
    /// When it booted last.
    booted: u64,
}

impl Views {
    pub(super) fn new(nodes: u32) -> Self {
        let nodes = vec![Node::default(); nodes as usize];
        Self { nodes, suspicions: BTreeMap::new(), trusted: BTreeSet::new() }
    }

    /// One step further.
    pub(super) fn note(&mut self, step: &Step<'_, FailureDetection>) {
        let me = step.node;
        let node = &mut self.nodes[me.index()];
        match step.what {
            What::Boot => (node.up, node.outside, node.booted) = (true, false, step.time.0),
            What::Crash => {
                (node.up, node.crash) = (false, Some(step.event));
                self.forget(me);
            }
            What::Output(Output::Outside) => {
                (node.outside, node.left) = (true, true);
                self.forget(me);
            }
            What::Output(Output::Joined) => node.outside = false,
            What::Output(output) => self.hear(me, output, step.event),
            What::Request(_)
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer
            | What::Pause
            | What::Resume => {}
        }
    }

    fn hear(&mut self, me: ProcessId, output: &Output, event: u64) {
        let Some((process, word)) = word(output) else { return };
        let pair = (me, process);
        match word {
            Word::Suspected => drop(self.suspicions.entry(pair).or_insert(event)),
            Word::Trusted | Word::Gone => drop(self.suspicions.remove(&pair)),
        }
        match word {
            Word::Trusted => self.trusted.insert(pair),
            Word::Suspected | Word::Gone => self.trusted.remove(&pair),
        };
    }

    fn forget(&mut self, me: ProcessId) {
        self.suspicions.retain(|(observer, _), _| *observer != me);
        self.trusted.retain(|(observer, _)| *observer != me);
    }

    /// Whether an observer has to notice that a process is down: where one of them was no member at some time, the
    /// observer may never have heard of it.
    pub(super) fn owed(&self, observer: ProcessId, process: ProcessId) -> bool {
        let strangers = self.nodes[process.index()].left || self.nodes[observer.index()].left;
        !strangers || self.trusted.contains(&(observer, process))
    }

    /// Whether a suspicion would be wrong: the process has been up for as long as its observer, and a member.
    pub(super) fn innocent(&self, observer: ProcessId, process: ProcessId) -> bool {
        let Some(suspect) = self.nodes.get(process.index()) else { return false };
        let later = suspect.booted > self.nodes[observer.index()].booted;
        suspect.up && suspect.crash.is_none() && !suspect.left && !later
    }
}
