//! By key: consistent hashing, and the same with bounded loads.
//!
//! Karger et al., "Consistent hashing and random trees" (1997); Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing
//! with bounded loads" (2018): a server that has its bound of the average is passed over, and the next one clockwise
//! takes the job.

use crate::{algorithms::parts::hash_ring::HashRing, problems::load_balancing::Rule, process::ProcessId};
use std::collections::BTreeMap;

/// The ring, and the bound if there is one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Hashing {
    ring: HashRing,
    bound: Option<(u32, u32)>,
}

impl Hashing {
    /// An empty ring. A bound below the average would leave nobody to take a job.
    pub(super) fn of(points: u32, bound: Option<(u32, u32)>) -> Self {
        let bound = bound.map(|(most, of)| (most.max(of.max(1)), of.max(1)));
        Self { ring: HashRing::of([], points), bound }
    }

    pub(super) fn rule(&self) -> Rule {
        match self.bound {
            None => Rule::ConsistentHashing,
            Some((most, of)) => Rule::BoundedHashing { most, of },
        }
    }

    pub(super) fn change(&mut self, before: &[ProcessId], now: &[ProcessId]) {
        for gone in before.iter().filter(|server| !now.contains(server)) {
            self.ring.leave(*gone);
        }
        for new in now.iter().filter(|server| !before.contains(server)) {
            self.ring.join(*new);
        }
    }

    pub(super) fn pick(
        &self,
        serving: &[ProcessId],
        active: &BTreeMap<ProcessId, u64>,
        hash: u64,
    ) -> ProcessId {
        let load = |server: &ProcessId| active.get(server).copied().unwrap_or_default();
        let bound = self.bound.map(|(most, of)| {
            let jobs: u64 = 1 + serving.iter().map(load).sum::<u64>();
            (jobs * u64::from(most)).div_ceil(u64::from(of) * serving.len() as u64)
        });
        let mut clockwise = self.ring.from(hash);
        let free = |server: &ProcessId| bound.is_none_or(|bound| load(server) < bound);
        clockwise.find(free).unwrap_or(serving[0])
    }
}
