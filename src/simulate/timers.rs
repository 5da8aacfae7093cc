//! Running timers: at most one of each name at each node.

use crate::process::{LocalTime, ProcessId};

/// A timer that runs.
#[derive(Clone, Debug)]
pub(crate) struct Running<T> {
    pub(crate) timer: T,
    pub(crate) node: ProcessId,
    /// What the node's clock shows when it runs out.
    pub(crate) deadline: LocalTime,
    /// The sequence number of its queue entry: an entry with another one is out of date.
    pub(crate) sequence: u64,
    /// The event of its setting, where events are kept.
    pub(crate) event: u64,
}

/// All timers of a run; places are used again.
#[derive(Clone, Debug)]
pub(crate) struct Timers<T> {
    slots: Vec<Option<Running<T>>>,
    free: Vec<u32>,
    /// The places of each node's timers, in order of their names.
    of_node: Vec<Vec<u32>>,
}

impl<T: Ord> Timers<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), of_node: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.of_node.iter_mut().for_each(Vec::clear);
    }

    /// Whether a node has timers running.
    pub(crate) fn any(&self, node: ProcessId) -> bool {
        self.of_node.get(node.index()).is_some_and(|slots| !slots.is_empty())
    }

    /// Sets a timer, instead of one of the same name; gives its place.
    pub(crate) fn set(&mut self, running: Running<T>) -> u32 {
        let node = running.node.index();
        if self.of_node.len() <= node {
            self.of_node.resize(node + 1, Vec::new());
        }
        match self.place(running.node, &running.timer) {
            Ok(place) => {
                let slot = self.of_node[node][place];
                self.slots[slot as usize] = Some(running);
                slot
            }
            Err(place) => {
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.slots[slot as usize] = Some(running);
                        slot
                    }
                    None => {
                        self.slots.push(Some(running));
                        self.slots.len() as u32 - 1
                    }
                };
                self.of_node[node].insert(place, slot);
                slot
            }
        }
    }

    /// Stops a timer, if it runs.
    pub(crate) fn cancel(&mut self, node: ProcessId, timer: &T) {
        if let Ok(place) = self.place(node, timer) {
            let slot = self.of_node[node.index()].remove(place);
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// Whether the queue entry with this sequence number still means the timer at `slot`.
    pub(crate) fn is_current(&self, slot: u32, sequence: u64) -> bool {
        self.slots
            .get(slot as usize)
            .and_then(Option::as_ref)
            .is_some_and(|running| running.sequence == sequence)
    }

    /// Takes out a timer that runs out.
    pub(crate) fn expire(&mut self, slot: u32) -> Option<Running<T>> {
        let running = self.slots[slot as usize].take()?;
        self.of_node[running.node.index()].retain(|other| *other != slot);
        self.free.push(slot);
        Some(running)
    }

    /// Forgets all timers of a node.
    pub(crate) fn forget(&mut self, node: ProcessId) {
        let Some(slots) = self.of_node.get_mut(node.index()) else { return };
        for slot in slots.drain(..) {
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// The timers of a node, to be given new sequence numbers.
    pub(crate) fn of(&mut self, node: ProcessId) -> impl Iterator<Item = (u32, &mut Running<T>)> {
        let slots = self.of_node.get(node.index()).map_or(&[][..], Vec::as_slice);
        let mut wanted = slots.to_vec();
        wanted.sort_unstable();
        let all = self.slots.iter_mut().enumerate();
        all.filter_map(move |(slot, running)| {
            let slot = slot as u32;
            wanted.binary_search(&slot).ok()?;
            running.as_mut().map(|running| (slot, running))
        })
    }

    fn place(&self, node: ProcessId, timer: &T) -> Result<usize, usize> {
        let Some(slots) = self.of_node.get(node.index()) else { return Err(0) };
        slots.binary_search_by(|slot| match &self.slots[*slot as usize] {
            Some(running) => running.timer.cmp(timer),
            None => unreachable!("a node's list holds running timers only"),
        })
    }
}
