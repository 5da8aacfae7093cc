//! What happened before what: an event before the next one of its node, a cause before its effect.

use crate::trace::{Event, EventKind, Trace};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The order of a trace's events.
pub(super) struct Past<'a> {
    events: &'a [Event],
    places: BTreeMap<u64, usize>,
    /// Of each event the one before it at its node.
    earlier: Vec<Option<u64>>,
    /// Of each event where its chain of causes begins.
    roots: Vec<u64>,
    /// Of each message that was dropped the fault that did it: the last of its kind before.
    faults: BTreeMap<u64, u64>,
}

impl<'a> Past<'a> {
    pub(super) fn of(trace: &'a Trace) -> Self {
        let places: BTreeMap<u64, usize> =
            trace.events.iter().enumerate().map(|(place, event)| (event.index, place)).collect();
        let (mut last, mut crashed) = (BTreeMap::new(), BTreeMap::new());
        let (mut parted, mut cut) = (None, None);
        let mut earlier = Vec::with_capacity(trace.events.len());
        let mut roots: Vec<u64> = Vec::with_capacity(trace.events.len());
        let mut faults = BTreeMap::new();
        for event in &trace.events {
            // What becomes of a message is seen by no node.
            let node = event.node.filter(|_| !matches!(event.kind, EventKind::Drop | EventKind::Duplicate));
            earlier.push(node.and_then(|node| last.insert(node, event.index)));
            let known = event.cause.and_then(|cause| roots.get(*places.get(&cause)?).copied());
            roots.push(known.unwrap_or(event.index));
            match event.kind {
                EventKind::Partition => parted = Some(event.index),
                EventKind::Cut => cut = Some(event.index),
                EventKind::Crash => {
                    crashed.insert(event.node, event.index);
                }
                EventKind::Drop => {
                    let fault = match event.why.as_deref() {
                        Some("partition") => parted,
                        Some("cut") => cut,
                        Some("down") => crashed.get(&event.node).copied(),
                        _ => None,
                    };
                    faults.extend(fault.map(|fault| (event.index, fault)));
                }
                _ => {}
            }
        }
        Self { events: &trace.events, places, earlier, roots, faults }
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

    /// The fault that made the network drop a message.
    fn fault(&self, event: &Event) -> Option<u64> {
        self.faults.get(&event.index).copied()
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
            // A cause comes first; a trace that says otherwise was not written by us.
            if !self.places.contains_key(&cause) || cause >= chain[chain.len() - 1] {
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

    /// What the application last asked of the node of an output, unless that has had an answer of its own: who answers
    /// late because others had to leave first was asked all the same.
    fn wanted(&self, event: u64) -> Option<u64> {
        let output = self.event(event).filter(|event| event.kind == EventKind::Output)?;
        let before = &self.events[..self.places[&event]];
        let mine = |other: &&Event| other.node == output.node && other.why.is_none();
        let asked = before.iter().filter(mine).rfind(|other| other.kind == EventKind::Request)?;
        let answers = |other: &&Event| {
            other.kind == EventKind::Output && self.roots[self.places[&other.index]] == asked.index
        };
        let answered = before[self.places[&asked.index]..].iter().filter(mine).any(|other| answers(&other));
        (!answered).then_some(asked.index)
    }

    /// The chains of everything else that a node heard before `event` and that has the same root.
    fn joined(&self, event: u64, root: u64) -> BTreeSet<u64> {
        let Some(node) = self.event(event).and_then(|event| event.node) else { return BTreeSet::new() };
        if self.event(root).is_none_or(|root| root.kind != EventKind::Request) {
            return BTreeSet::new();
        }
        let (from, to) = (self.places[&root], self.places[&event]);
        let from = from.min(to);
        let heard = self.events[from..to]
            .iter()
            .filter(|other| other.kind == EventKind::Receive && other.node == Some(node));
        let same = heard.filter(|other| self.roots[self.places[&other.index]] == root);
        same.flat_map(|other| self.causes(other.index)).collect()
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
