//! Messages in flight: one body for all receivers of a broadcast.

use crate::process::ProcessId;

/// A message on its way to one or more receivers: what every delivery needs.
#[derive(Clone, Debug)]
struct Body<M> {
    message: Option<M>,
    from: ProcessId,
    /// How many deliveries are still to come.
    remaining: u32,
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

    /// Keeps a message; gives its place.
    #[inline]
    pub(crate) fn insert(&mut self, message: M, from: ProcessId) -> u32 {
        let body = Body { message: Some(message), from, remaining: 0 };
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

    /// Who sent a message.
    #[inline]
    pub(crate) fn from(&self, slot: u32) -> ProcessId {
        self.bodies[slot as usize].from
    }

    /// What a message says.
    pub(crate) fn message(&self, slot: u32) -> &M {
        let message = &self.bodies[slot as usize].message;
        message.as_ref().unwrap_or_else(|| unreachable!("a body keeps its message until the last delivery"))
    }

    /// Another body with the same message; gives its place.
    pub(crate) fn copy(&mut self, slot: u32) -> u32 {
        let Body { message, from, .. } = self.bodies[slot as usize].clone();
        let message =
            message.unwrap_or_else(|| unreachable!("a body keeps its message until the last delivery"));
        self.insert(message, from)
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
