//! What is planned and in force outside the nodes, with times counted from the present.

use super::node::sooner;
use crate::{
    process::{ProcessId, fingerprint},
    world::{Action, Heal, Planned, Setup},
};

/// Everything outside the nodes that the future depends on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Environment {
    /// Nanoseconds since the beginning, as long as something is planned that has no place in `queue` yet.
    now: Option<u64>,
    /// Nanoseconds to the end of the run.
    pub(super) until: Option<i64>,
    /// What comes next, in order, each with the nanoseconds until then.
    pub(super) queue: Vec<(i64, Coming)>,
    /// What keeps messages from arriving.
    pub(super) barriers: Vec<Barrier>,
    /// `drop` events that wait for a message: the planned action, and how many more matching ones there are before it.
    pub(super) drops: Vec<(u32, u64)>,
    /// Nodes that crash after so many more messages.
    pub(super) doomed: Vec<Doomed>,
    /// How many faults may still be added.
    pub(super) faults: u32,
    /// Nodes that crashed by such a fault, and may restart.
    pub(super) fallen: Vec<ProcessId>,
}

/// What is to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Coming {
    /// A node starts late.
    Start(ProcessId),
    /// A crashed node restarts, if it is still the same crash.
    Restart { node: ProcessId, valid: bool },
    /// A paused node goes on, if it is still the same pause.
    Resume { node: ProcessId, valid: bool },
    /// What this planned action changed in the network is over.
    Restore(u32),
    /// The planned action with this number takes place.
    Planned(u32),
}

/// What keeps messages from arriving.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Barrier {
    /// The planned partition or cut with this number.
    Planned(u32),
    /// A partition that was added: the nodes whose bits are set from the others.
    Added(u32),
}

/// A node that crashes in the middle of sending.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Doomed {
    pub(super) node: ProcessId,
    pub(super) remaining: u32,
    /// Nanoseconds from the crash to the restart.
    pub(super) lasts: Option<i64>,
}

impl Environment {
    /// Before anything has happened, everybody who is there at once has booted.
    pub(super) fn first(setup: &Setup, faults: u32) -> Self {
        let until = setup.until.map(|until| nanoseconds(until.0));
        let mut first = Self { now: Some(0), until, faults, ..Self::default() };
        let late = setup.nodes.iter().filter(|(_, particular)| particular.start.0 > 0);
        for (node, particular) in late {
            first.push(nanoseconds(particular.start.0), Coming::Start(*node));
        }
        first.plan(setup, 0);
        first
    }

    pub(super) fn print(&self) -> u128 {
        fingerprint(&("environment", self))
    }

    /// Whether messages arrive and leave without further questions.
    pub(super) fn is_plain(&self) -> bool {
        self.barriers.is_empty() && self.drops.is_empty() && self.doomed.is_empty()
    }

    /// Whether nothing comes from outside.
    pub(super) fn is_quiet(&self) -> bool {
        let added = self.barriers.iter().any(|barrier| matches!(barrier, Barrier::Added(_)));
        self.queue.is_empty() && self.faults == 0 && self.fallen.is_empty() && !added
    }

    /// A node crashes by a fault that is added.
    pub(super) fn fall(&mut self, node: ProcessId) {
        self.fallen.push(node);
        self.fallen.sort_unstable();
        self.fallen.dedup();
    }

    /// The planned action with this number comes next, if there is one.
    pub(super) fn plan(&mut self, setup: &Setup, number: u32) {
        let Some(now) = self.now else { return };
        if let Some(planned) = setup.agenda.get(number as usize) {
            self.push(nanoseconds(planned.at.0.saturating_sub(now)), Coming::Planned(number));
        }
        if number as usize + 1 >= setup.agenda.len() {
            self.now = None;
        }
    }

    /// Something comes after so many nanoseconds. At the same time, starts come first, then what ends.
    pub(super) fn push(&mut self, left: i64, coming: Coming) {
        let rank = |coming: &Coming| match coming {
            Coming::Start(node) => (0, node.0),
            Coming::Restart { .. } | Coming::Resume { .. } | Coming::Restore(_) => (1, 0),
            Coming::Planned(_) => (2, 0),
        };
        let key = (left, rank(&coming));
        let place = self.queue.partition_point(|(left, coming)| (*left, rank(coming)) <= key);
        self.queue.insert(place, (left, coming));
    }

    /// So many nanoseconds pass.
    pub(super) fn pass(&mut self, time: i64) {
        self.now = self.now.map(|now| now + time as u64);
        self.until = self.until.map(|until| until - time);
        self.queue.iter_mut().for_each(|(left, _)| *left = sooner(*left, time));
    }

    /// What comes first, if it comes before the end of the run.
    pub(super) fn next(&self) -> Option<(i64, Coming)> {
        self.queue.first().copied().filter(|(left, _)| self.is_in_time(*left))
    }

    pub(super) fn is_in_time(&self, left: i64) -> bool {
        self.until.is_none_or(|until| left <= until)
    }

    /// A restart or the end of a pause that was to come for a node comes too late.
    pub(super) fn void(&mut self, node: ProcessId) {
        for (_, coming) in &mut self.queue {
            match coming {
                Coming::Restart { node: whose, valid } | Coming::Resume { node: whose, valid } => {
                    *valid &= *whose != node;
                }
                Coming::Start(_) | Coming::Restore(_) | Coming::Planned(_) => {}
            }
        }
    }

    /// Whether nothing passes from one node to another just now.
    pub(super) fn blocks(&self, setup: &Setup, from: ProcessId, to: ProcessId) -> bool {
        let apart = |barrier: &Barrier| match *barrier {
            Barrier::Added(nodes) => (nodes >> from.0 ^ nodes >> to.0) & 1 == 1,
            Barrier::Planned(number) => match &setup.agenda[number as usize].action {
                Action::Partition(groups) => group(groups, from) != group(groups, to),
                Action::Cut(links) => links.matches(from, to),
                Action::Request { .. }
                | Action::Crash { .. }
                | Action::Restart(_)
                | Action::Pause(_)
                | Action::Resume(_)
                | Action::Heal(_)
                | Action::Link(..)
                | Action::Clock(..)
                | Action::Drop { .. } => false,
            },
        };
        from != to && self.barriers.iter().any(apart)
    }

    pub(super) fn heal(&mut self, setup: &Setup, heal: Heal) {
        self.barriers.retain(|barrier| {
            let partition = match *barrier {
                Barrier::Added(_) => true,
                Barrier::Planned(number) => {
                    matches!(setup.agenda[number as usize].action, Action::Partition(_))
                }
            };
            match heal {
                Heal::All => false,
                Heal::Partitions => !partition,
                Heal::Cuts => partition,
                Heal::Links => true,
            }
        });
    }

    /// Whether a `drop` event was waiting for this message, which counts for all that wait.
    pub(super) fn drops(&mut self, setup: &Setup, from: ProcessId, to: ProcessId, kind: &str) -> bool {
        let mut hit = false;
        self.drops.retain_mut(|(number, remaining)| {
            let Planned { action: Action::Drop { links, kind: wanted, .. }, .. } =
                &setup.agenda[*number as usize]
            else {
                return false;
            };
            if links.matches(from, to) && wanted.as_deref().is_none_or(|wanted| wanted == kind) {
                *remaining -= 1;
                hit |= *remaining == 0;
            }
            *remaining > 0
        });
        hit
    }
}

/// The group of a node; 0 where no group names it.
fn group(groups: &[Vec<ProcessId>], node: ProcessId) -> usize {
    groups.iter().position(|group| group.contains(&node)).map_or(0, |place| place + 1)
}

/// As a difference between times.
pub(super) fn nanoseconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
