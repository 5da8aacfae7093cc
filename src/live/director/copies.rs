//! Copies of messages that their receivers hold until their time has come: who is killed meanwhile gets them again.

use super::Director;
use crate::{
    live::control::Command,
    process::{ProcessId, Time},
};
use std::{collections::BTreeMap, time::Duration};

/// For how long a copy is kept after its message should have arrived: somebody may be restarted a little late.
const KEPT: Duration = Duration::from_secs(5);

/// What nodes hold.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// By the time at which it arrives.
    held: BTreeMap<(Time, u64), (ProcessId, String)>,
    sequence: u64,
    /// When those who came back had crashed, and when they listened again.
    crashed: BTreeMap<ProcessId, Time>,
    listened: BTreeMap<ProcessId, Time>,
    /// What was sent to somebody who did not listen yet, and is told only now.
    late: Vec<(ProcessId, String)>,
}

impl Copies {
    pub(super) fn on_crash(&mut self, node: ProcessId, now: Time) {
        self.crashed.insert(node, now);
        self.listened.remove(&node);
    }

    /// A message is under way.
    pub(super) fn keep(&mut self, to: ProcessId, sent: Time, arrives: Time, line: String) {
        if self.listened.get(&to).is_some_and(|listened| sent <= *listened) {
            self.late.push((to, line.clone()));
        }
        self.sequence += 1;
        self.held.insert((arrives, self.sequence), (to, line));
        while self.held.first_key_value().is_some_and(|((at, _), _)| at.after(KEPT) < sent) {
            self.held.pop_first();
        }
    }

    /// What a node's former life held when it crashed.
    fn of(&self, node: ProcessId) -> Vec<String> {
        let crashed = self.crashed.get(&node).copied().unwrap_or_default();
        let held = self.held.range((crashed, u64::MAX)..);
        held.filter(|(_, (to, _))| *to == node).map(|(_, (_, line))| line.clone()).collect()
    }
}

impl Director<'_, '_> {
    /// A node that came back gets what its former life held.
    pub(super) async fn pass_on_copies(&mut self, node: ProcessId) {
        for line in self.copies.of(node) {
            self.tell(node, &Command::Held(line)).await;
        }
        let now = self.clock.now();
        self.copies.listened.insert(node, now);
    }

    /// What was sent to nodes before they listened, and told only now.
    pub(super) async fn pass_on_late_copies(&mut self) {
        for (node, line) in std::mem::take(&mut self.copies.late) {
            self.tell(node, &Command::Held(line)).await;
        }
    }
}
