//! Parts of a run that a search tells apart, keeps, and puts back in another run.

use super::Troupe;
use crate::process::{Process, ProcessId, fingerprint};

/// A part of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The state of a process that is up.
    Process(ProcessId),
    /// What a process saved last.
    Stable(ProcessId),
    /// The message at this place.
    Message(u32),
    /// The name of the timer at this place.
    Timer(u32),
    /// The output at this place among the kept ones.
    Output(u32),
}

/// A part that was kept, by its place among the kept ones of its sort, and where it belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// The state of a process.
    Process(ProcessId, u32),
    /// What a process saved.
    Stable(ProcessId, u32),
    /// A message from this sender.
    Message(ProcessId, u32),
    /// A timer of this process.
    Timer(ProcessId, u32),
}

/// The processes of a run, as far as a search needs to come back to a state.
pub trait Interned {
    /// What stands for a part: the same for equal ones, in every run and on every machine.
    fn fingerprint(&self, part: Part) -> u128;
    /// Keeps a part beyond this run; gives its place among those of its sort.
    fn store(&mut self, part: Part) -> u32;
    /// Puts a kept part into the present run. Gives the place of a message or timer.
    fn recall(&mut self, stored: Stored) -> u32;
}

/// What was kept.
pub(super) struct Depot<P: Process> {
    processes: Vec<P>,
    saved: Vec<P::Stable>,
    messages: Vec<P::Message>,
    timers: Vec<P::Timer>,
}

impl<P: Process> Depot<P> {
    pub(super) const fn new() -> Self {
        Self { processes: Vec::new(), saved: Vec::new(), messages: Vec::new(), timers: Vec::new() }
    }
}

impl<P: Process> Troupe<P> {
    fn process(&self, node: ProcessId) -> &P {
        let process = self.processes[node.index()].as_ref();
        process.unwrap_or_else(|| unreachable!("only a process that is up has a state"))
    }
}

impl<P: Process> Interned for Troupe<P> {
    fn fingerprint(&self, part: Part) -> u128 {
        match part {
            Part::Process(node) => fingerprint(self.process(node)),
            Part::Stable(node) => fingerprint(&self.stable[node.index()]),
            Part::Message(slot) => fingerprint(self.bodies.message(slot)),
            Part::Timer(slot) => fingerprint(self.timers.timer(slot)),
            Part::Output(place) => fingerprint(&self.kept.exchange.outputs[place as usize]),
        }
    }

    fn store(&mut self, part: Part) -> u32 {
        match part {
            Part::Process(node) => put(&mut self.depot.processes, self.processes[node.index()].clone()),
            Part::Stable(node) => put(&mut self.depot.saved, Some(self.stable[node.index()].clone())),
            Part::Message(slot) => put(&mut self.depot.messages, Some(self.bodies.message(slot).clone())),
            Part::Timer(slot) => put(&mut self.depot.timers, Some(self.timers.timer(slot).clone())),
            Part::Output(_) => unreachable!("outputs are told apart, and not put back"),
        }
    }

    fn recall(&mut self, stored: Stored) -> u32 {
        match stored {
            Stored::Process(node, place) => {
                self.processes[node.index()] = Some(self.depot.processes[place as usize].clone());
                0
            }
            Stored::Stable(node, place) => {
                self.stable[node.index()] = self.depot.saved[place as usize].clone();
                0
            }
            Stored::Message(from, place) => {
                let slot = self.bodies.insert(self.depot.messages[place as usize].clone(), from);
                self.bodies.expect(slot, 1);
                slot
            }
            Stored::Timer(node, place) => self.timers.set(node, self.depot.timers[place as usize].clone()),
        }
    }
}

fn put<T>(list: &mut Vec<T>, value: Option<T>) -> u32 {
    list.extend(value);
    list.len() as u32 - 1
}
