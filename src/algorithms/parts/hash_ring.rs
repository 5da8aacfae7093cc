//! Consistent hashing: servers and keys on a ring, each key belongs to the first server at or after it.
//!
//! Karger, Lehman, Leighton, Panigrahy, Levine, Lewin, "Consistent hashing and random trees" (1997), section 4. A server
//! stands at several points, so that its arcs add up to about its share. Points of different servers that have the
//! same hash are two points, lest the removal of one server take another's.

use super::hash::hash_of;
use crate::process::ProcessId;
use std::collections::BTreeSet;

/// The ring.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct HashRing {
    points: BTreeSet<(u64, ProcessId)>,
    /// At how many points each server stands.
    each: u32,
}

impl HashRing {
    /// A ring on which each of these servers stands at so many points, at one at least.
    pub fn of(servers: impl IntoIterator<Item = ProcessId>, each: u32) -> Self {
        let mut ring = Self { points: BTreeSet::new(), each: each.max(1) };
        for server in servers {
            ring.join(server);
        }
        ring
    }

    /// A server takes its places.
    pub fn join(&mut self, server: ProcessId) {
        self.points.extend((0..self.each).map(|point| (place(server, point), server)));
    }

    /// A server leaves; the next ones on the ring take over its arcs.
    pub fn leave(&mut self, server: ProcessId) {
        for point in 0..self.each {
            self.points.remove(&(place(server, point), server));
        }
    }

    /// All points, in order, and whose they are.
    pub fn points(&self) -> impl Iterator<Item = (u64, ProcessId)> + '_ {
        self.points.iter().copied()
    }

    /// Whose key this is: the first point at or after its hash, around the ring.
    pub fn owner(&self, hash: u64) -> Option<ProcessId> {
        self.from(hash).next()
    }

    /// The servers from a hash on, once around the ring; a server comes once for each of its points.
    pub fn from(&self, hash: u64) -> impl Iterator<Item = ProcessId> + '_ {
        let start = (hash, ProcessId(0));
        self.points.range(start..).chain(self.points.range(..start)).map(|(_, server)| *server)
    }
}

fn place(server: ProcessId, point: u32) -> u64 {
    hash_of(&[u64::from(server.0), u64::from(point)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(count: u32) -> impl Iterator<Item = ProcessId> {
        (0..count).map(ProcessId)
    }

    #[test]
    fn a_key_past_the_last_point_belongs_to_the_first() {
        let ring = HashRing::of(servers(4), 3);
        let (last, first) = (ring.points.last().copied(), ring.points.first().copied());
        assert_eq!(ring.owner(last.expect("there are points").0 + 1), first.map(|(_, server)| server));
        assert_eq!(HashRing::default().owner(7), None);
    }

    #[test]
    fn who_leaves_and_comes_back_finds_its_keys() {
        let ring = HashRing::of(servers(5), 8);
        let mut other = ring.clone();
        other.leave(ProcessId(2));
        assert!((0..1_000).all(|key| other.owner(hash_of(&[key])) != Some(ProcessId(2))));
        other.join(ProcessId(2));
        assert_eq!(ring, other);
        assert_eq!(ring.points.len(), 40);
    }
}
