//! A history of stamped events, sorted: what happened before what.

use super::{Event, LogicalClock, Output, Stamp};
use crate::process::{History, ProcessId, Time, What};
use std::collections::BTreeMap;

/// One event that has a stamp.
pub(super) struct Happened<'a> {
    /// Its place in the trace.
    pub(super) event: u64,
    pub(super) time: Time,
    pub(super) node: ProcessId,
    pub(super) what: &'a Event,
    pub(super) stamp: &'a Stamp,
    /// The event before it at the same process.
    pub(super) previous: Option<usize>,
    /// The sending of what is received here.
    pub(super) cause: Option<usize>,
    /// For every process, how many of its events may have caused this one, this one included.
    pub(super) past: Vec<u64>,
}

impl Happened<'_> {
    /// The events that go directly before it.
    pub(super) fn before(&self) -> impl Iterator<Item = usize> {
        self.previous.into_iter().chain(self.cause)
    }

    /// Which of its process's events it is, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.past[self.node.index()]
    }
}

/// All of them.
pub(super) struct Order<'a> {
    /// In the order of the trace.
    pub(super) events: Vec<Happened<'a>>,
    /// The places of each process's events, in order.
    pub(super) of: Vec<Vec<usize>>,
}

impl<'a> Order<'a> {
    pub(super) fn of(history: &History<'a, LogicalClock>) -> Self {
        let nodes = history.nodes as usize;
        let mut order = Self { events: Vec::new(), of: vec![Vec::new(); nodes] };
        let mut sent: BTreeMap<(ProcessId, u64), usize> = BTreeMap::new();
        for step in &history.steps {
            let What::Output(Output::Stamped { event: what, stamp }) = step.what else { continue };
            let (node, place) = (step.node, order.events.len());
            let cause = match what {
                Event::Receive { from, id, .. } => sent.get(&(*from, *id)).copied(),
                Event::Internal(_) | Event::Send { .. } => None,
            };
            let previous = order.of[node.index()].last().copied();
            let mut past = vec![0; nodes];
            for known in previous.into_iter().chain(cause) {
                for (mine, theirs) in past.iter_mut().zip(&order.events[known].past) {
                    *mine = (*mine).max(*theirs);
                }
            }
            past[node.index()] += 1;
            if let Event::Send { id, .. } = what {
                sent.insert((node, *id), place);
            }
            order.of[node.index()].push(place);
            let (event, time) = (step.event, step.time);
            order.events.push(Happened { event, time, node, what, stamp, previous, cause, past });
        }
        order
    }

    /// Whether one event, by its place, happened before another.
    pub(super) fn precedes(&self, earlier: usize, later: usize) -> bool {
        let known = &self.events[earlier];
        earlier != later && self.events[later].past[known.node.index()] >= known.number()
    }

    /// The last event of `node` that may have caused that at `place`, or is it.
    pub(super) fn last_known(&self, place: usize, node: usize) -> Option<&Happened<'a>> {
        let count = self.events[place].past[node].checked_sub(1)?;
        Some(&self.events[self.of[node][count as usize]])
    }
}
