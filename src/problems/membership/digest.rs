//! A history of groups, sorted: which views there were, and who asked for what.

use super::{Membership, Mode, Output, Request, View};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeMap;

/// A view, and the event that first told of it.
pub(super) struct Told<'a> {
    pub(super) view: &'a View,
    pub(super) event: u64,
}

/// Something that was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) event: u64,
    pub(super) request: &'a Request,
}

/// A history, sorted.
pub(super) struct Digest<'a> {
    /// The views of each group by number.
    pub(super) views: BTreeMap<&'a str, BTreeMap<u64, Told<'a>>>,
    /// What each process asked for, by number; who restarts counts anew.
    pub(super) asked: BTreeMap<(ProcessId, u64), Asked<'a>>,
    /// What each process was told, in order.
    pub(super) told: Vec<(u64, ProcessId, &'a Output)>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Membership>) -> Self {
        let mut digest = Self { views: BTreeMap::new(), asked: BTreeMap::new(), told: Vec::new() };
        let mut counts = vec![0; history.nodes as usize];
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match step.what {
                What::Request(request) => {
                    counts[node.index()] += 1;
                    digest.asked.insert((node, counts[node.index()]), Asked { event, request });
                }
                What::Output(output) => {
                    if let Output::View(view) = output {
                        let views = digest.views.entry(&view.group).or_default();
                        views.entry(view.epoch).or_insert(Told { view, event });
                    }
                    digest.told.push((event, node, output));
                }
                What::Crash => counts[node.index()] = 0,
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

    /// One view of a group.
    pub(super) fn view(&self, group: &str, epoch: u64) -> Option<&Told<'a>> {
        self.views.get(group)?.get(&epoch)
    }

    /// The first view of a group after this one that does without a process.
    pub(super) fn without(&self, group: &str, epoch: u64, process: ProcessId) -> Option<&Told<'a>> {
        let later = self.views.get(group)?.range(epoch + 1..);
        later.map(|(_, told)| told).find(|told| !told.view.members.contains(&process))
    }
}

/// Whether a view's group takes messages from members only.
pub(super) fn is_closed(view: &View) -> bool {
    view.mode == Mode::Closed
}
