//! Vector clocks (Fidge 1988, Mattern 1989), their mutants, and differences without FIFO.

use super::{internal, received, send, stamp};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::vector_clock::{Config, VectorClock},
    problems::logical_clock::{Event, LogicalClock, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A receipt takes the sender's own entry and no other.
    NoMerge,
    /// A receipt is no event of its own.
    NoTickOnReceive,
    /// A receipt takes the message's vector in place of the own one.
    Overwrites,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    vector: Vec<u64>,
    sent: u64,
}

impl Process for Mutant {
    type Problem = LogicalClock;
    type Config = Bug;
    type Message = (u64, Vec<u64>);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("vector-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, vector: vec![0; ctx.group_size()], sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.vector[ctx.me().index()] += 1;
        let vector = self.vector.clone();
        match request {
            Request::Internal(note) => stamp(ctx, Event::Internal(note), Stamp::Vector(vector)),
            Request::Send { to, .. } => {
                self.sent += 1;
                stamp(ctx, Event::Send { to, id: self.sent }, Stamp::Vector(vector.clone()));
                ctx.send(to, (self.sent, vector));
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, theirs): (u64, Vec<u64>)) {
        let own = self.vector[ctx.me().index()];
        for (process, (mine, theirs)) in self.vector.iter_mut().zip(theirs).enumerate() {
            match self.bug {
                Bug::NoMerge if process != from.index() => {}
                Bug::Overwrites => *mine = theirs,
                _ => *mine = (*mine).max(theirs),
            }
        }
        if self.bug == Bug::Overwrites {
            self.vector[ctx.me().index()] = own;
        }
        if self.bug != Bug::NoTickOnReceive {
            self.vector[ctx.me().index()] += 1;
        }
        stamp(ctx, received(from, id), Stamp::Vector(self.vector.clone()));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["clock-condition", "converse", "exact-knowledge"];

fn chat() -> Trial<LogicalClock> {
    Trial::of(
        3,
        [internal(0, 2), send(1, 0, 1), send(9, 1, 2), send(15, 0, 2), send(20, 2, 1), internal(40, 1)],
    )
}

fn chain() -> Trial<LogicalClock> {
    Trial::of(3, [send(0, 0, 1), send(20, 1, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [chat(), chat().fifo(), chat().losing(30)] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<VectorClock>(&Config::default(), PROMISES);
    }
    chat().duplicating().survives::<VectorClock>(&Config::default(), PROMISES);
}

/// The first is number 79 of the catalogue's museum: the sending of the second message goes before its receipt, but
/// their vectors are incomparable.
#[test]
fn every_bug_breaks_its_promise() {
    chain().kills::<Mutant>(&Bug::NoMerge, "clock-condition", (2, 2));
    chain().kills::<Mutant>(&Bug::NoMerge, "exact-knowledge", (2, 2));
    assert_eq!(
        Trial::of(2, [send(0, 0, 1), send(20, 1, 0)]).search::<Mutant>(&Bug::NoMerge, "exact-knowledge"),
        None
    );
    Trial::of(2, [send(0, 0, 1)]).kills::<Mutant>(&Bug::NoTickOnReceive, "clock-condition", (1, 1));
    let twice = Trial::of(3, [send(0, 0, 1), send(20, 2, 1)]);
    twice.kills::<Mutant>(&Bug::Overwrites, "clock-condition", (2, 2));
}

/// The second message after ada's news overtakes the first, and does not repeat it. Two processes are not enough: what
/// one of them can miss the other one knows itself.
#[test]
fn differences_need_fifo() {
    let differences = Config { differences: true, ..Config::default() };
    let three = Trial::of(3, [send(0, 0, 1), send(20, 1, 2), send(21, 1, 2)]);
    three.kills::<VectorClock>(&differences, "exact-knowledge", (3, 2));
    three.clone().fifo().survives::<VectorClock>(&differences, PROMISES);
    chat().fifo().survives::<VectorClock>(&differences, PROMISES);
    let two = Trial::of(2, [send(0, 0, 1), send(1, 0, 1), send(10, 1, 0), send(11, 1, 0), send(12, 0, 1)]);
    assert_eq!(two.search::<VectorClock>(&differences, "exact-knowledge"), None);
    three.losing(30).kills::<VectorClock>(&differences, "exact-knowledge", (3, 2));
}
