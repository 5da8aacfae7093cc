//! A history of views, sorted: who was in which view for how long, and what it delivered there.

use super::{Output, Request, ViewSynchrony};
use crate::process::{History, ProcessId, What};
use std::collections::{BTreeMap, BTreeSet};

/// A view as all can tell it from others: its number, and its members, should two have one number.
pub(super) type Name<'a> = (u64, &'a BTreeSet<ProcessId>);

/// One process in one view.
pub(super) struct Stay<'a> {
    pub(super) at: ProcessId,
    pub(super) view: Name<'a>,
    /// The event that told of it.
    pub(super) begin: u64,
    /// The view that the process went to from here, and when; none when it stayed, left or crashed.
    pub(super) next: Option<(Name<'a>, u64)>,
    /// Whether it ended without a next view.
    pub(super) over: bool,
    /// What was delivered in it, with the first event that did.
    pub(super) delivered: BTreeMap<(ProcessId, u64), u64>,
}

/// One delivery.
pub(super) struct Delivery<'a> {
    pub(super) event: u64,
    pub(super) at: ProcessId,
    /// During which stay, if any.
    pub(super) stay: Option<usize>,
    /// What it says of the view in which it was sent.
    pub(super) view: u64,
    pub(super) from: ProcessId,
    pub(super) id: u64,
    pub(super) body: &'a str,
}

/// A history, sorted. Everything is in order of events.
pub(super) struct Digest<'a> {
    pub(super) stays: Vec<Stay<'a>>,
    pub(super) deliveries: Vec<Delivery<'a>>,
    /// What was broadcast, by sender and number; who restarts counts anew.
    pub(super) broadcasts: BTreeMap<(ProcessId, u64), (u64, &'a str)>,
    /// Where each process is now, if it is in a view.
    pub(super) now: Vec<Option<usize>>,
    /// When each process said whether it wants to be in.
    pub(super) wishes: Vec<Vec<(u64, bool)>>,
    /// When each process was told that it is out.
    pub(super) left: Vec<Vec<u64>>,
    /// When each process crashed last.
    pub(super) crashed: BTreeMap<ProcessId, u64>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, ViewSynchrony>) -> Self {
        let nodes = history.nodes as usize;
        let mut digest = Self {
            stays: Vec::new(),
            deliveries: Vec::new(),
            broadcasts: BTreeMap::new(),
            now: vec![None; nodes],
            wishes: vec![Vec::new(); nodes],
            left: vec![Vec::new(); nodes],
            crashed: BTreeMap::new(),
        };
        let mut counts = vec![0; nodes];
        for step in &history.steps {
            let (event, at, mine) = (step.event, step.node, step.node.index());
            match step.what {
                What::Request(Request::Broadcast(body)) => {
                    counts[mine] += 1;
                    digest.broadcasts.insert((at, counts[mine]), (event, body));
                }
                What::Request(Request::Join) => digest.wishes[mine].push((event, true)),
                What::Request(Request::Leave) => digest.wishes[mine].push((event, false)),
                What::Output(output) => digest.told(event, at, output),
                What::Crash => {
                    counts[mine] = 0;
                    digest.crashed.insert(at, event);
                    digest.end(at);
                }
                What::Boot
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Pause
                | What::Resume => {}
            }
        }
        digest
    }

    /// Whether a process wanted to be in before an event, if it had said so.
    pub(super) fn wish(&self, process: ProcessId, event: u64) -> Option<bool> {
        let wishes = self.wishes.get(process.index())?;
        let before = wishes.partition_point(|(said, _)| *said < event);
        Some(wishes.get(before.checked_sub(1)?)?.1)
    }

    fn told(&mut self, event: u64, at: ProcessId, output: &'a Output) {
        let stay = self.now[at.index()];
        match output {
            Output::View { id, members } => {
                let view = (*id, members);
                if let Some(stay) = stay {
                    self.stays[stay].next = Some((view, event));
                }
                self.now[at.index()] = Some(self.stays.len());
                let (next, over, delivered) = (None, false, BTreeMap::new());
                self.stays.push(Stay { at, view, begin: event, next, over, delivered });
            }
            Output::Deliver { view, from, id, body } => {
                let (view, from, id) = (*view, *from, *id);
                self.deliveries.push(Delivery { event, at, stay, view, from, id, body });
                if let Some(stay) = stay {
                    self.stays[stay].delivered.entry((from, id)).or_insert(event);
                }
            }
            Output::Left { .. } => {
                self.left[at.index()].push(event);
                self.end(at);
            }
            Output::Blocked | Output::Refused => {}
        }
    }

    fn end(&mut self, at: ProcessId) {
        if let Some(stay) = self.now[at.index()].take() {
            self.stays[stay].over = true;
        }
    }
}
