//! The values of a run that a recording speaks of, and their JSON.

use super::{Troupe, kind_of};
use crate::process::{Output, Problem, Process, Request};
use serde::Serialize;
use std::any::Any;

/// No value: where none is kept.
pub(super) const NO_VALUE: u32 = u32::MAX;

/// What was asked and answered in a run, by the places that a recording knows: what properties judge.
pub struct Exchange<Pr: Problem> {
    /// The requests of the scenario, by number.
    pub requests: Vec<Pr::Request>,
    /// The outputs, in order.
    pub outputs: Vec<Pr::Output>,
}

/// The values of a run of `P`, in order of their appearance.
pub struct Kept<P: Process> {
    pub(super) messages: Vec<P::Message>,
    pub(super) timers: Vec<P::Timer>,
    pub(super) saved: Vec<P::Stable>,
    pub(super) exchange: Exchange<P::Problem>,
}

impl<P: Process> Kept<P> {
    /// None yet; `requests` can be asked.
    pub(super) fn new(requests: Vec<Request<P>>) -> Self {
        let exchange = Exchange { requests, outputs: Vec::new() };
        Self { messages: Vec::new(), timers: Vec::new(), saved: Vec::new(), exchange }
    }

    /// What was asked and answered.
    pub fn exchange(&self) -> &Exchange<P::Problem> {
        &self.exchange
    }

    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.timers.clear();
        self.saved.clear();
        self.exchange.outputs.clear();
    }

    pub(super) fn message(&mut self, message: &P::Message) -> u32 {
        keep(&mut self.messages, message.clone())
    }

    pub(super) fn timer(&mut self, timer: &P::Timer) -> u32 {
        keep(&mut self.timers, timer.clone())
    }

    pub(super) fn saved(&mut self, stable: &P::Stable) -> u32 {
        keep(&mut self.saved, stable.clone())
    }

    pub(super) fn output(&mut self, output: Output<P>) -> u32 {
        keep(&mut self.exchange.outputs, output)
    }
}

fn keep<T>(table: &mut Vec<T>, value: T) -> u32 {
    table.push(value);
    table.len() as u32 - 1
}

/// The tables that a recording's values stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    /// Messages, in order of sending.
    Messages,
    /// Requests, in the scenario's order.
    Requests,
    /// Outputs, in order.
    Outputs,
    /// Names of timers, in order of setting.
    Timers,
    /// What was saved, in order.
    Saved,
}

/// The values of a run, their types aside.
pub trait Values {
    /// Appends the JSON of a value.
    ///
    /// # Errors
    /// When JSON cannot express it.
    fn put(&self, table: Table, place: u32, out: &mut Vec<u8>) -> serde_json::Result<()>;
    /// The kind of a kept message.
    fn kind_of_kept(&self, place: u32) -> &'static str;
    /// What was asked and answered: an [`Exchange`] of the algorithm's problem.
    fn exchange(&self) -> &dyn Any;
}

impl<P: Process> Values for Troupe<P> {
    fn put(&self, table: Table, place: u32, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let (kept, place) = (&self.kept, place as usize);
        match table {
            Table::Messages => serde_json::to_writer(out, &kept.messages[place]),
            Table::Requests => serde_json::to_writer(out, &kept.exchange.requests[place]),
            Table::Outputs => serde_json::to_writer(out, &kept.exchange.outputs[place]),
            Table::Timers => serde_json::to_writer(out, &kept.timers[place]),
            Table::Saved => serde_json::to_writer(out, &kept.saved[place]),
        }
    }

    fn kind_of_kept(&self, place: u32) -> &'static str {
        kind_of(&self.kept.messages[place as usize])
    }

    fn exchange(&self) -> &dyn Any {
        &self.kept.exchange
    }
}

/// How many bytes a message has as JSON: what a link with a rate carries.
pub(super) fn size_of_json(message: &impl Serialize) -> u32 {
    // A buffer and not a counter: this way messages are serialized by the same code as for a trace.
    let mut json = Vec::new();
    // What JSON cannot express weighs what could be written of it; traces report it.
    let _written = serde_json::to_writer(&mut json, message);
    u32::try_from(json.len()).unwrap_or(u32::MAX)
}
