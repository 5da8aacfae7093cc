//! Which nodes run, stand still or are down.

use crate::process::ProcessId;
use std::collections::BTreeMap;

/// How a node stands: one byte, read at every delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Status(u8);

impl Status {
    const STARTED: u8 = 1;
    const UP: u8 = 2;
    const PAUSED: u8 = 4;
    const HANDLED: u8 = 8;

    /// Whether it runs, or would if it were not paused.
    #[inline]
    pub(crate) fn is_up(self) -> bool {
        self.0 & Self::UP != 0
    }

    /// Whether it runs and does not stand still.
    #[inline]
    pub(crate) fn is_running(self) -> bool {
        self.0 & (Self::UP | Self::PAUSED) == Self::UP
    }

    pub(crate) fn is_paused(self) -> bool {
        self.0 & Self::PAUSED != 0
    }

    pub(crate) fn is_started(self) -> bool {
        self.0 & Self::STARTED != 0
    }

    /// Whether it crashed and did not restart.
    pub(crate) fn is_down(self) -> bool {
        self.is_started() && !self.is_up()
    }

    /// Whether it has handled anything since it booted: a crash would lose that.
    pub(crate) fn has_handled(self) -> bool {
        self.0 & Self::HANDLED != 0
    }
}

/// The state of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    status: Vec<Status>,
    /// What few nodes have: lives lost, faults that wait to touch something.
    special: BTreeMap<ProcessId, Special>,
}

#[derive(Clone, Debug, Default)]
struct Special {
    /// How many times it crashed.
    life: u32,
    down: Option<u32>,
    paused: Option<u32>,
    clock: Vec<u32>,
}

impl Nodes {
    pub(crate) fn reset(&mut self, nodes: usize) {
        self.status.clear();
        self.status.resize(nodes, Status::default());
        self.special.clear();
    }

    #[inline]
    pub(crate) fn status(&self, node: ProcessId) -> Status {
        self.status[node.index()]
    }

    /// How many times a node crashed.
    pub(crate) fn life(&self, node: ProcessId) -> u32 {
        self.special.get(&node).map_or(0, |special| special.life)
    }

    pub(crate) fn boot(&mut self, node: ProcessId) {
        self.status[node.index()] = Status(Status::STARTED | Status::UP);
        if let Some(special) = self.special.get_mut(&node) {
            special.down = None;
        }
    }

    /// Gives the number of the crash.
    pub(crate) fn crash(&mut self, node: ProcessId, fault: u32) -> u32 {
        self.status[node.index()] = Status(Status::STARTED);
        let special = self.special.entry(node).or_default();
        special.life += 1;
        special.down = Some(fault);
        special.paused = None;
        special.life
    }

    pub(crate) fn pause(&mut self, node: ProcessId, fault: u32) {
        self.status[node.index()].0 |= Status::PAUSED;
        self.special.entry(node).or_default().paused = Some(fault);
    }

    pub(crate) fn resume(&mut self, node: ProcessId) {
        self.status[node.index()].0 &= !Status::PAUSED;
    }

    /// A node handles something.
    #[inline]
    pub(crate) fn handle(&mut self, node: ProcessId) {
        self.status[node.index()].0 |= Status::HANDLED;
    }

    /// The crash that keeps a node down, or the pause that keeps it waiting.
    pub(crate) fn fault_of(&self, node: ProcessId) -> Option<u32> {
        let special = self.special.get(&node)?;
        if self.status(node).is_paused() { special.paused } else { special.down }
    }

    /// A clock change waits for the node to do something by its changed clock.
    pub(crate) fn watch_clock(&mut self, node: ProcessId, fault: u32) {
        self.special.entry(node).or_default().clock.push(fault);
    }

    /// The clock changes that the node is the first time affected by.
    pub(crate) fn clock_faults(&mut self, node: ProcessId) -> Vec<u32> {
        self.special.get_mut(&node).map(|special| std::mem::take(&mut special.clock)).unwrap_or_default()
    }
}
