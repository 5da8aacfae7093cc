//! Messages in flight: one body for all receivers of a broadcast.

use crate::process::ProcessId;

/// A message on its way to one or more receivers. Receivers are told apart by the sequence numbers of their
/// deliveries, which follow each other without a gap from `first_sequence` on.
#[derive(Clone, Debug)]
pub(crate) struct Body<M> {
    pub(crate) message: Option<M>,
    pub(crate) from: ProcessId,
    /// How many deliveries are still to come.
    pub(crate) remaining: u32,
    pub(crate) first_sequence: u64,
    /// The number of the message with the first sequence number.
    pub(crate) first_message: u64,
    /// The event of its sending, where events are kept.
    pub(crate) first_event: u64,
    /// Its place among the recorded messages.
    pub(crate) value: u32,
    /// Bytes, where they matter.
    pub(crate) size: u32,
}

/// All bodies of a run; places are used again.
#[derive(Clone, Debug)]
pub(crate) struct Bodies<M> {
    bodies: Vec<Body<M>>,
    free: Vec<u32>,
}

impl<M: Clone> Bodies<M> {
    pub(crate) fn new() -> Self {
        Self { bodies: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.bodies.clear();
        self.free.clear();
    }

    /// Keeps a body; gives its place.
    #[inline]
    pub(crate) fn insert(&mut self, body: Body<M>) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.bodies[slot as usize] = body;
                slot
            }
            None => {
                self.bodies.push(body);
                self.bodies.len() as u32 - 1
            }
        }
    }

    #[inline]
    pub(crate) fn body(&self, slot: u32) -> &Body<M> {
        &self.bodies[slot as usize]
    }

    /// Says how many deliveries there will be; forgets a body without any.
    #[inline]
    pub(crate) fn expect(&mut self, slot: u32, deliveries: u32) {
        self.bodies[slot as usize].remaining = deliveries;
        if deliveries == 0 {
            self.bodies[slot as usize].message = None;
            self.free.push(slot);
        }
    }

    /// The message for one delivery: the last one gets the body itself.
    #[inline]
    pub(crate) fn take(&mut self, slot: u32) -> M {
        let body = &mut self.bodies[slot as usize];
        body.remaining -= 1;
        let message = if body.remaining == 0 {
            self.free.push(slot);
            body.message.take()
        } else {
            body.message.clone()
        };
        message.unwrap_or_else(|| unreachable!("a body keeps its message until the last delivery"))
    }

    /// One delivery less: the message was dropped.
    pub(crate) fn release(&mut self, slot: u32) {
        let body = &mut self.bodies[slot as usize];
        body.remaining -= 1;
        if body.remaining == 0 {
            body.message = None;
            self.free.push(slot);
        }
    }
}
