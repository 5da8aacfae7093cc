//! Shortest paths, for messages to receivers that are no neighbours.

use crate::process::ProcessId;
use petgraph::{Directed, csr::Csr, visit::Bfs};
use std::collections::VecDeque;

/// The paths of one graph. Each sender's distances to everybody are worked out at its first message and kept for
/// its next ones, as far as there is room: what is not kept is worked out again, to the same paths.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    graph: Csr<(), (), Directed, u32>,
    /// Senders with their distances, those used first in front.
    kept: VecDeque<(ProcessId, Vec<u32>)>,
}

/// How many distances are kept at most: 64 MiB.
const ROOM: usize = 1 << 24;

impl Routes {
    pub(crate) fn new(graph: Csr<(), (), Directed, u32>) -> Self {
        Self { graph, kept: VecDeque::new() }
    }

    /// Where a message from `origin` to `to` goes next that has come to `at`. None when there is no path. Of several
    /// shortest paths it is the one that, followed back from the receiver, always takes the first neighbour.
    pub(crate) fn next_hop(&mut self, origin: ProcessId, at: ProcessId, to: ProcessId) -> Option<ProcessId> {
        if !self.kept.iter().any(|(sender, _)| *sender == origin) {
            let distances = self.distances(origin);
            self.kept.truncate((ROOM / distances.len().max(1)).max(4) - 1);
            self.kept.push_front((origin, distances));
        }
        let (_, distances) = self.kept.iter().find(|(sender, _)| *sender == origin)?;
        let mut hop = to;
        loop {
            let here = distances[hop.index()];
            let nearer = |before: &&u32| distances[**before as usize] < here;
            let before = ProcessId(*self.graph.neighbors_slice(hop.0).iter().find(nearer)?);
            if before == at {
                return Some(hop);
            }
            hop = before;
        }
    }

    /// How many links everybody is away from `origin`; as far as can be where there is no path.
    fn distances(&self, origin: ProcessId) -> Vec<u32> {
        let mut distances = vec![u32::MAX; self.graph.node_count()];
        distances[origin.index()] = 0;
        let mut search = Bfs::new(&self.graph, origin.0);
        while let Some(node) = search.next(&self.graph) {
            for next in self.graph.neighbors_slice(node) {
                if distances[*next as usize] == u32::MAX {
                    distances[*next as usize] = distances[node as usize] + 1;
                }
            }
        }
        distances
    }
}
