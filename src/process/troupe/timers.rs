//! Running timers: at most one of each name at each node.

use crate::process::ProcessId;

/// A timer that runs.
#[derive(Clone, Debug)]
struct Running<T> {
    timer: T,
    node: ProcessId,
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

    /// Sets a timer, instead of one of the same name; gives its place.
    pub(crate) fn set(&mut self, owner: ProcessId, timer: T) -> u32 {
        let node = owner.index();
        if self.of_node.len() <= node {
            self.of_node.resize(node + 1, Vec::new());
        }
        match self.place(owner, &timer) {
            Ok(place) => self.of_node[node][place],
            Err(place) => {
                let running = Some(Running { timer, node: owner });
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.slots[slot as usize] = running;
                        slot
                    }
                    None => {
                        self.slots.push(running);
                        self.slots.len() as u32 - 1
                    }
                };
                self.of_node[node].insert(place, slot);
                slot
            }
        }
    }

    /// Stops a timer; gives its place if it ran.
    pub(crate) fn cancel(&mut self, node: ProcessId, timer: &T) -> Option<u32> {
        let place = self.place(node, timer).ok()?;
        let slot = self.of_node[node.index()].remove(place);
        self.slots[slot as usize] = None;
        self.free.push(slot);
        Some(slot)
    }

    /// The name of a timer that runs.
    pub(crate) fn timer(&self, slot: u32) -> &T {
        match &self.slots[slot as usize] {
            Some(running) => &running.timer,
            None => unreachable!("only a timer that runs has a place"),
        }
    }

    /// Takes out a timer that runs out.
    pub(crate) fn expire(&mut self, slot: u32) -> Option<T> {
        let running = self.slots[slot as usize].take()?;
        self.of_node[running.node.index()].retain(|other| *other != slot);
        self.free.push(slot);
        Some(running.timer)
    }

    /// Forgets all timers of a node.
    pub(crate) fn forget(&mut self, node: ProcessId) {
        let Some(slots) = self.of_node.get_mut(node.index()) else { return };
        for slot in slots.drain(..) {
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// The places of a node's timers, in order of their names.
    pub(crate) fn of(&self, node: ProcessId) -> &[u32] {
        self.of_node.get(node.index()).map_or(&[], Vec::as_slice)
    }

    fn place(&self, node: ProcessId, timer: &T) -> Result<usize, usize> {
        let Some(slots) = self.of_node.get(node.index()) else { return Err(0) };
        slots.binary_search_by(|slot| match &self.slots[*slot as usize] {
            Some(running) => running.timer.cmp(timer),
            None => unreachable!("a node's list holds running timers only"),
        })
    }
}
