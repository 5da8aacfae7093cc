//! What happened before what: an event before the next one of its node, a cause before its effect.

use crate::trace::{Event, EventKind, Trace};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The order of a trace's events.
pub(super) struct Past<'a> {
    events: &'a [Event],
    places: BTreeMap<u64, usize>,
    /// Of each event the one before it at its node.
    earlier: Vec<Option<u64>>,
}

impl<'a> Past<'a> {
    pub(super) fn of(trace: &'a Trace) -> Self {
        let places = trace.events.iter().enumerate().map(|(place, event)| (event.index, place)).collect();
        let mut last = BTreeMap::new();
        let mut earlier = Vec::with_capacity(trace.events.len());
        for event in &trace.events {
            // What becomes of a message is seen by no node.
            let node = event.node.filter(|_| !matches!(event.kind, EventKind::Drop | EventKind::Duplicate));
            earlier.push(node.and_then(|node| last.insert(node, event.index)));
        }
        Self { events: &trace.events, places, earlier }
    }

    pub(super) fn event(&self, index: u64) -> Option<&'a Event> {
        self.events.get(*self.places.get(&index)?)
    }

    /// What `event` follows from at once: its cause, what its node did before, the fault that dropped a message.
    fn reasons(&self, event: u64) -> Vec<u64> {
        let Some(place) = self.places.get(&event) else { return Vec::new() };
        let known = self.events[*place].cause.filter(|cause| self.places.contains_key(cause));
        known.into_iter().chain(self.earlier[*place]).chain(self.fault(&self.events[*place])).collect()
    }

    /// The fault that made the network drop a message: the last one of its kind before it.
    fn fault(&self, event: &Event) -> Option<u64> {
        if event.kind != EventKind::Drop {
            return None;
        }
        let place = *self.places.get(&event.index)?;
        let fits = |other: &&Event| match event.why.as_deref() {
            Some("partition") => other.kind == EventKind::Partition,
            Some("cut") => other.kind == EventKind::Cut,
            Some("down") => other.kind == EventKind::Crash && other.node == event.node,
            _ => false,
        };
        self.events[..place].iter().rev().find(fits).map(|fault| fault.index)
    }

    /// Everything that happened before `event`.
    pub(super) fn before(&self, event: u64) -> BTreeSet<u64> {
        let mut before = BTreeSet::new();
        let mut open = self.reasons(event);
        while let Some(reason) = open.pop() {
            if before.insert(reason) {
                open.extend(self.reasons(reason));
            }
        }
        before
    }

    /// How many events neither led to any of `asked` nor followed from one.
    pub(super) fn concurrent(&self, asked: &BTreeSet<u64>) -> usize {
        let mut related: BTreeSet<u64> = asked.iter().flat_map(|event| self.before(*event)).collect();
        let mut future = asked.clone();
        for event in self.events {
            if self.reasons(event.index).iter().any(|reason| future.contains(reason)) {
                future.insert(event.index);
            }
        }
        related.append(&mut future);
        self.events.len() - related.len()
    }

    /// From `event` back to what nobody caused, the root last.
    fn causes(&self, event: u64) -> Vec<u64> {
        let mut chain = vec![event];
        while let Some(cause) = self.event(chain[chain.len() - 1]).and_then(|event| event.cause) {
            if !self.places.contains_key(&cause) || chain.contains(&cause) {
                break;
            }
            chain.push(cause);
        }
        chain
    }

    /// The chains of causes of the events asked about; with what came of the same roots and reached the same nodes before;
    /// and how each event asked about led to the next, where it did.
    pub(super) fn chain(&self, asked: &BTreeSet<u64>) -> BTreeSet<u64> {
        let mut chain = BTreeSet::new();
        for event in asked {
            let own = self.causes(*event);
            let root = own[own.len() - 1];
            chain.extend(&own);
            chain.extend(self.joined(*event, root));
            chain.extend(self.wanted(*event));
            let faults: Vec<u64> = own.iter().filter_map(|event| self.fault(self.event(*event)?)).collect();
            chain.extend(faults);
        }
        let asked: Vec<u64> = asked.iter().copied().collect();
        for pair in asked.windows(2) {
            chain.extend(self.way(pair[0], pair[1]));
        }
        chain
    }

    /// What its application last asked of the node of an output: who answers late because others had to leave first
    /// was asked all the same.
    fn wanted(&self, event: u64) -> Option<u64> {
        let output = self.event(event).filter(|event| event.kind == EventKind::Output)?;
        let asked = |other: &&Event| {
            other.kind == EventKind::Request && other.node == output.node && other.why.is_none()
        };
        let before = &self.events[..self.places[&event]];
        before.iter().rev().find(asked).map(|request| request.index)
    }

    /// The chains of everything else that a node heard before `event` and that has the same root.
    fn joined(&self, event: u64, root: u64) -> BTreeSet<u64> {
        let Some(node) = self.event(event).and_then(|event| event.node) else { return BTreeSet::new() };
        if !self.event(root).is_some_and(|root| root.kind == EventKind::Request) {
            return BTreeSet::new();
        }
        let (from, to) = (self.places[&root], self.places[&event]);
        let heard = self.events[from..to]
            .iter()
            .filter(|other| other.kind == EventKind::Receive && other.node == Some(node));
        let chains = heard.map(|other| self.causes(other.index));
        chains.filter(|chain| chain[chain.len() - 1] == root).flatten().collect()
    }

    /// The shortest way on which `first` led to `second`; nothing when it did not.
    fn way(&self, first: u64, second: u64) -> Vec<u64> {
        let mut next = BTreeMap::new();
        let mut open = VecDeque::from([second]);
        while let Some(event) = open.pop_front() {
            if event == first {
                break;
            }
            for reason in self.reasons(event) {
                if reason != second && !next.contains_key(&reason) {
                    next.insert(reason, event);
                    open.push_back(reason);
                }
            }
        }
        std::iter::successors(next.get(&first).map(|_| first), |event| next.get(event).copied()).collect()
    }
}
