//! The circle of positions, and what a member knows of it: its predecessor, its successors and its fingers.

use super::{Config, Placement};
use crate::process::ProcessId;

/// The positions of all processes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Circle {
    bits: u32,
    placement: Placement,
    size: u32,
}

impl Circle {
    pub(super) fn of(config: &Config, size: usize) -> Self {
        Self { bits: config.bits.clamp(1, 62), placement: config.placement, size: size.max(1) as u32 }
    }

    /// m: positions have so many bits, and there are as many fingers.
    pub(super) fn bits(self) -> u32 {
        self.bits
    }

    /// A number as a position.
    pub(super) fn around(self, key: u64) -> u64 {
        key & ((1 << self.bits) - 1)
    }

    /// Where a process is.
    pub(super) fn position(self, id: ProcessId) -> u64 {
        match self.placement {
            Placement::Hashed => mixed(u64::from(id.0)) >> (64 - self.bits),
            Placement::Even => ((u128::from(id.0) << self.bits) / u128::from(self.size)) as u64,
        }
    }

    /// How far it is from one position to another, going up.
    pub(super) fn distance(self, from: u64, to: u64) -> u64 {
        self.around(to.wrapping_sub(from))
    }

    /// Whether a position is after the first and up to the second; the whole circle when they are the same.
    pub(super) fn within(self, after: u64, up_to: u64, position: u64) -> bool {
        after == up_to || {
            let distance = self.distance(after, position);
            distance > 0 && distance <= self.distance(after, up_to)
        }
    }

    /// Whether a process is after the first and before the second; anywhere else when they are the same.
    pub(super) fn between(self, after: u64, before: u64, id: ProcessId) -> bool {
        let position = self.position(id);
        position != before && position != after && self.within(after, before, position)
    }
}

/// A number that looks random and is another for each id (SplitMix64, Steele, Lea, Flood 2014).
fn mixed(id: u64) -> u64 {
    let mut mixed = id.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// What a member knows of the others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Table {
    pub(super) predecessor: Option<ProcessId>,
    /// The next members, the nearest first; never empty.
    pub(super) successors: Vec<ProcessId>,
    /// finger\[i\]: the first member at 2^i from here or after it, as far as is known.
    pub(super) fingers: Vec<Option<ProcessId>>,
}

impl Table {
    /// That of a member whose successor is this one.
    pub(super) fn after(successor: ProcessId, bits: u32) -> Self {
        Self { predecessor: None, successors: vec![successor], fingers: vec![None; bits as usize] }
    }

    /// That of a member of a circle in which everybody is a member.
    pub(super) fn complete(circle: Circle, me: ProcessId, successors: usize) -> Self {
        let mut table = Self::after(me, circle.bits);
        let start = circle.position(me);
        let mut nearest: Vec<(u64, ProcessId)> = Vec::new();
        let mut farthest = (0, None);
        // For each i, who is nearest among those at a distance of 2^i or more, but less than 2^(i+1).
        let mut classes: Vec<Option<(u64, ProcessId)>> = vec![None; circle.bits as usize];
        for id in (0..circle.size).map(ProcessId).filter(|id| *id != me) {
            let distance = circle.distance(start, circle.position(id));
            let Some(class) = distance.checked_ilog2() else { continue };
            let known = &mut classes[class as usize];
            if known.is_none_or(|known| (distance, id) < known) {
                *known = Some((distance, id));
            }
            if distance > farthest.0 {
                farthest = (distance, Some(id));
            }
            if nearest.len() < successors || nearest.last().is_some_and(|last| (distance, id) < *last) {
                let place = nearest.partition_point(|known| *known < (distance, id));
                nearest.insert(place, (distance, id));
                nearest.truncate(successors);
            }
        }
        let mut next = None;
        for (finger, class) in table.fingers.iter_mut().zip(&classes).rev() {
            next = class.map(|(_, id)| id).or(next);
            *finger = next;
        }
        table.predecessor = farthest.1;
        if !nearest.is_empty() {
            table.successors = nearest.into_iter().map(|(_, id)| id).collect();
        }
        table
    }

    pub(super) fn successor(&self) -> ProcessId {
        self.successors[0]
    }

    /// The last member before a key that is known here; the successor, if no other is.
    pub(super) fn closest_preceding(&self, circle: Circle, me: ProcessId, key: u64) -> ProcessId {
        let start = circle.position(me);
        let known = self.fingers.iter().rev().flatten().chain(&self.successors).copied();
        let before = known.filter(|id| circle.between(start, key, *id));
        let closest = before.max_by_key(|id| circle.distance(start, circle.position(*id)));
        closest.unwrap_or_else(|| self.successor())
    }

    /// Takes this one for the successor, and these for those after it.
    pub(super) fn follow(&mut self, me: ProcessId, next: impl IntoIterator<Item = ProcessId>, length: usize) {
        let mut list: Vec<ProcessId> = Vec::new();
        for id in next.into_iter().take_while(|id| *id != me) {
            if !list.contains(&id) && list.len() < length {
                list.push(id);
            }
        }
        if list.is_empty() {
            list.push(me);
        }
        self.successors = list;
    }

    /// Somebody is no longer there.
    pub(super) fn forget(&mut self, me: ProcessId, gone: ProcessId) {
        self.fingers.iter_mut().filter(|finger| **finger == Some(gone)).for_each(|finger| *finger = None);
        self.successors.retain(|id| *id != gone);
        if self.predecessor == Some(gone) {
            self.predecessor = None;
        }
        if self.successors.is_empty() {
            let next = self.fingers.iter().flatten().next().copied();
            self.successors.push(next.or(self.predecessor).unwrap_or(me));
        }
    }
}
