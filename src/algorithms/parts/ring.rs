//! Everybody in a ring: who comes after whom, by id or in an order of one's own.

use crate::process::ProcessId;
use serde::{Deserialize, Serialize};

/// The configuration of ring algorithms that have nothing else to configure.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// The nodes in the order of the ring; those that are left out follow in the order of their ids.
    pub order: Vec<ProcessId>,
}

/// A process's place in the ring.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ring {
    /// All others, from the successor around to the predecessor.
    others: Vec<ProcessId>,
    me: ProcessId,
}

impl Ring {
    /// The place of `me` in a ring of `group_size` processes in this order. Names beyond the first mention of a process,
    /// and of processes that do not exist, are passed over.
    pub fn of(me: ProcessId, group_size: usize, order: &[ProcessId]) -> Self {
        let mut placed = vec![false; group_size];
        let everybody = (0..group_size as u32).map(ProcessId);
        let named = order.iter().copied().filter(|id| id.index() < group_size).chain(everybody);
        let mut ring: Vec<ProcessId> =
            named.filter(|id| !std::mem::replace(&mut placed[id.index()], true)).collect();
        let place = ring.iter().position(|id| *id == me).unwrap_or(0);
        ring.rotate_left(place);
        Self { others: ring.split_off(1.min(ring.len())), me }
    }

    /// Who comes next; a process alone is its own successor.
    pub fn successor(&self) -> ProcessId {
        self.others.first().copied().unwrap_or(self.me)
    }

    /// Who comes before.
    pub fn predecessor(&self) -> ProcessId {
        self.others.last().copied().unwrap_or(self.me)
    }

    /// Everybody else, from the successor on.
    pub fn others(&self) -> &[ProcessId] {
        &self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_closed_and_has_everybody_once() {
        let order = [ProcessId(2), ProcessId(0), ProcessId(2), ProcessId(9)];
        let ring = |me| Ring::of(ProcessId(me), 4, &order);
        let successors: Vec<u32> = (0..4).map(|me| ring(me).successor().0).collect();
        assert_eq!(successors, [1, 3, 0, 2]);
        assert!((0..4).all(|me| ring(ring(me).successor().0).predecessor() == ProcessId(me)));
        assert_eq!(Ring::of(ProcessId(0), 1, &order).successor(), ProcessId(0));
    }
}
