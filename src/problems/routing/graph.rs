//! What the processes have told of links and routes up to some event, and the shortest paths over these links.

use super::{Output, Routing, Way};
use crate::process::{ProcessId, Step, What};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

/// Who is up, and what each process has told since it booted last.
pub(super) struct Told {
    pub(super) up: Vec<bool>,
    paused: Vec<bool>,
    /// The links that each process believes up: what they cost, and the event that says so.
    pub(super) links: Vec<BTreeMap<ProcessId, (u32, u64)>>,
    /// Each process's routes: the way, if any, and the event that says so.
    pub(super) routes: Vec<BTreeMap<ProcessId, (Option<Way>, u64)>>,
    /// The last event that changed anything.
    pub(super) last: Option<u64>,
}

impl Told {
    /// Nothing yet.
    pub(super) fn nothing(nodes: u32) -> Self {
        let nodes = nodes as usize;
        Self {
            up: vec![false; nodes],
            paused: vec![false; nodes],
            links: vec![BTreeMap::new(); nodes],
            routes: vec![BTreeMap::new(); nodes],
            last: None,
        }
    }

    /// Takes note of a step. Gives whether it changed anything.
    pub(super) fn note(&mut self, step: &Step<'_, Routing>) -> bool {
        let (node, event) = (step.node.index(), step.event);
        match step.what {
            What::Boot | What::Crash => {
                self.up[node] = matches!(step.what, What::Boot);
                self.paused[node] = false;
                self.links[node].clear();
                self.routes[node].clear();
            }
            What::Pause => self.paused[node] = true,
            What::Resume => self.paused[node] = false,
            What::Output(Output::Link { to, cost: Some(cost) }) => {
                self.links[node].insert(*to, (*cost, event));
            }
            What::Output(Output::Link { to, cost: None }) => drop(self.links[node].remove(to)),
            What::Output(Output::Route { to, way }) => drop(self.routes[node].insert(*to, (*way, event))),
            What::Output(Output::Receive { .. } | Output::Dropped { .. })
            | What::Request(_)
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer => return false,
        }
        self.last = Some(event);
        true
    }

    /// Whether a process takes part.
    pub(super) fn takes_part(&self, process: ProcessId) -> bool {
        let up = self.up.get(process.index()).copied().unwrap_or_default();
        up && !self.paused[process.index()]
    }

    /// What the link from one process to another costs, when both take part and believe it up.
    pub(super) fn link(&self, from: ProcessId, to: ProcessId) -> Option<u32> {
        if !self.takes_part(from) || !self.takes_part(to) || !self.links[to.index()].contains_key(&from) {
            return None;
        }
        self.links[from.index()].get(&to).map(|(cost, _)| *cost)
    }

    /// The way that a process has told to another.
    pub(super) fn way(&self, from: ProcessId, to: ProcessId) -> Option<(Way, u64)> {
        let (way, event) = self.routes.get(from.index())?.get(&to)?;
        way.map(|way| (way, *event))
    }

    /// What the shortest path from each process to `target` costs (Dijkstra, against the direction of the links).
    pub(super) fn distances_to(&self, target: ProcessId) -> Vec<Option<u64>> {
        let mut distances = vec![None; self.up.len()];
        let mut queue = BinaryHeap::from([(Reverse(0_u64), target)]);
        while let Some((Reverse(distance), at)) = queue.pop() {
            let known: &mut Option<u64> = &mut distances[at.index()];
            if known.is_some() {
                continue;
            }
            *known = Some(distance);
            for neighbour in self.links[at.index()].keys() {
                if let Some(cost) = self.link(*neighbour, at) {
                    queue.push((Reverse(distance + u64::from(cost)), *neighbour));
                }
            }
        }
        distances
    }

    /// The circle that somebody gets into who follows routes from one process towards another: its events.
    pub(super) fn circle(&self, from: ProcessId, to: ProcessId) -> Option<Vec<u64>> {
        let mut events = Vec::new();
        let mut places: BTreeMap<ProcessId, usize> = BTreeMap::new();
        let mut at = from;
        while at != to && self.takes_part(at) {
            if let Some(first) = places.insert(at, events.len()) {
                events.drain(..first);
                return Some(events);
            }
            let (way, event) = self.way(at, to)?;
            events.push(event);
            at = way.next;
        }
        None
    }
}
