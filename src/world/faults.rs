//! Faults in force, and the account of what each one touched.

use super::{Heal, LinkPattern, links::Reason};
use crate::process::{ProcessId, Time};

/// One fault that happened.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Which entry of the scenario's `events` it came from.
    pub entry: u32,
    /// Which planned action, in order of time.
    pub planned: u32,
    /// When it happened.
    pub at: Time,
    /// The kind of action: `crash`, `partition`, ...
    pub kind: &'static str,
    /// How many messages, timers or states it touched.
    pub touched: u64,
    /// Whether it is fine when it touches nothing.
    pub may_miss: bool,
}

/// What keeps messages from arriving.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Every fault so far.
    pub(crate) account: Vec<Fault>,
    partitions: Vec<Partition>,
    cuts: Vec<(u32, LinkPattern)>,
    drops: Vec<DropRule>,
    /// Nodes that crash once so many more messages have left.
    doomed: Vec<Doomed>,
}

#[derive(Clone, Debug)]
struct Partition {
    fault: u32,
    /// Everybody's group; 0 for nodes that no group names.
    groups: Vec<u32>,
}

#[derive(Clone, Debug)]
struct DropRule {
    fault: u32,
    links: LinkPattern,
    kind: Option<String>,
    /// How many more matching messages until the one that is dropped.
    remaining: u64,
}

/// A node that crashes in the middle of sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Doomed {
    pub(crate) node: ProcessId,
    pub(crate) remaining: u32,
    pub(crate) fault: u32,
    pub(crate) restart_after: Option<std::time::Duration>,
}

impl Faults {
    pub(crate) fn reset(&mut self) {
        self.account.clear();
        self.partitions.clear();
        self.cuts.clear();
        self.drops.clear();
        self.doomed.clear();
    }

    /// Opens the account of a fault.
    pub(crate) fn open(&mut self, fault: Fault) -> u32 {
        self.account.push(fault);
        self.account.len() as u32 - 1
    }

    /// A fault touched a message, a timer or a state.
    pub(crate) fn touch(&mut self, fault: u32) {
        self.account[fault as usize].touched += 1;
    }

    pub(crate) fn partition(&mut self, fault: u32, nodes: u32, named: &[Vec<ProcessId>]) {
        let mut groups = vec![0; nodes as usize];
        for (number, members) in named.iter().enumerate() {
            for member in members {
                groups[member.index()] = number as u32 + 1;
            }
        }
        self.partitions.push(Partition { fault, groups });
    }

    pub(crate) fn cut(&mut self, fault: u32, links: LinkPattern) {
        self.cuts.push((fault, links));
    }

    pub(crate) fn drop_nth(&mut self, fault: u32, links: LinkPattern, kind: Option<String>, nth: u64) {
        self.drops.push(DropRule { fault, links, kind, remaining: nth });
    }

    pub(crate) fn doom(&mut self, doomed: Doomed) {
        self.doomed.push(doomed);
    }

    /// Ends one partition or cut, by its fault. Gives whether it was in force.
    pub(crate) fn end(&mut self, fault: u32) -> bool {
        let before = self.partitions.len() + self.cuts.len();
        self.partitions.retain(|partition| partition.fault != fault);
        self.cuts.retain(|(owner, _)| *owner != fault);
        self.partitions.len() + self.cuts.len() < before
    }

    /// Ends what `heal` means, changed links apart.
    pub(crate) fn heal(&mut self, heal: Heal) {
        if matches!(heal, Heal::All | Heal::Partitions) {
            self.partitions.clear();
        }
        if matches!(heal, Heal::All | Heal::Cuts) {
            self.cuts.clear();
        }
    }

    /// Why nothing passes from `from` to `to` just now, and thanks to which fault.
    #[inline]
    pub(crate) fn barrier(&self, from: ProcessId, to: ProcessId) -> Option<(Reason, u32)> {
        if self.partitions.is_empty() && self.cuts.is_empty() {
            return None;
        }
        let apart = |partition: &&Partition| partition.groups[from.index()] != partition.groups[to.index()];
        if let Some(partition) = self.partitions.iter().find(apart) {
            return Some((Reason::Partition, partition.fault));
        }
        let cut = self.cuts.iter().find(|(_, links)| links.matches(from, to));
        cut.map(|(fault, _)| (Reason::Cut, *fault))
    }

    /// Whether `drop` events are waiting: only then does a message's kind matter.
    #[inline]
    pub(crate) fn watches_kinds(&self) -> bool {
        !self.drops.is_empty()
    }

    /// Whether a `drop` event was waiting for this message.
    pub(crate) fn drops(&mut self, from: ProcessId, to: ProcessId, kind: &str) -> bool {
        let mut hit = None;
        for rule in &mut self.drops {
            if rule.links.matches(from, to) && rule.kind.as_deref().is_none_or(|wanted| wanted == kind) {
                rule.remaining -= 1;
                if rule.remaining == 0 {
                    hit = hit.or(Some(rule.fault));
                }
            }
        }
        self.drops.retain(|rule| rule.remaining > 0);
        if let Some(fault) = hit {
            self.touch(fault);
        }
        hit.is_some()
    }

    /// Whether any node is to crash in the middle of sending.
    #[inline]
    pub(crate) fn has_doomed(&self) -> bool {
        !self.doomed.is_empty()
    }

    /// A message of `node` has left: gives its doom when it was the last one.
    pub(crate) fn count_send(&mut self, node: ProcessId) -> Option<Doomed> {
        let place = self.doomed.iter().position(|doomed| doomed.node == node)?;
        self.doomed[place].remaining -= 1;
        (self.doomed[place].remaining == 0).then(|| self.doomed.remove(place))
    }
}
