//! Lamport's clock (1978), its mutants, and what it cannot do.

use super::{internal, received, send, stamp};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::lamport_clock::LamportClock,
    problems::logical_clock::{Event, LogicalClock, Request, Stamp},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A receipt takes the larger of both times, and no step.
    NoStep,
    /// A receipt takes the message's time plus one, whatever time it is here.
    TurnsBack,
    /// A message leaves with the time of the event before.
    StampsBefore,
    /// Every step is two.
    StepsTwice,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    time: u64,
    sent: u64,
}

impl Process for Mutant {
    type Problem = LogicalClock;
    type Config = Bug;
    type Message = (u64, u64);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("lamport-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, time: 0, sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let before = self.time;
        self.time += if self.bug == Bug::StepsTwice { 2 } else { 1 };
        match request {
            Request::Internal(note) => stamp(ctx, Event::Internal(note), Stamp::Lamport(self.time)),
            Request::Send { to, .. } => {
                self.sent += 1;
                let time = if self.bug == Bug::StampsBefore { before } else { self.time };
                stamp(ctx, Event::Send { to, id: self.sent }, Stamp::Lamport(time));
                ctx.send(to, (self.sent, time));
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, time): (u64, u64)) {
        self.time = match self.bug {
            Bug::NoStep => self.time.max(time),
            Bug::TurnsBack => time + 1,
            Bug::StepsTwice => self.time.max(time) + 2,
            Bug::None | Bug::StampsBefore => self.time.max(time) + 1,
        };
        stamp(ctx, received(from, id), Stamp::Lamport(self.time));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

fn chat() -> Trial<LogicalClock> {
    Trial::of(
        3,
        [internal(0, 1), internal(1, 1), internal(2, 0), send(3, 0, 1), send(8, 1, 2), send(12, 2, 0)],
    )
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [chat(), chat().fifo(), chat().losing(30)] {
        trial.survives::<Mutant>(&Bug::None, &["clock-condition", "longest-chain"]);
        trial.survives::<LamportClock>(&Default::default(), &["clock-condition", "longest-chain"]);
    }
    chat().duplicating().survives::<LamportClock>(&Default::default(), &["clock-condition", "longest-chain"]);
}

/// The first is number 78 of the catalogue's museum.
#[test]
fn every_bug_breaks_its_promise() {
    Trial::of(2, [send(0, 0, 1)]).kills::<Mutant>(&Bug::NoStep, "clock-condition", (1, 1));
    let busy = Trial::of(2, [internal(0, 1), internal(0, 1), send(0, 0, 1)]);
    busy.kills::<Mutant>(&Bug::TurnsBack, "clock-condition", (1, 1));
    let before = Trial::of(2, [internal(0, 0), send(1, 0, 1)]);
    before.kills::<Mutant>(&Bug::StampsBefore, "clock-condition", (0, 0));
    before.kills::<Mutant>(&Bug::StepsTwice, "longest-chain", (0, 0));
    assert_eq!(chat().search::<Mutant>(&Bug::StepsTwice, "clock-condition"), None);
}

/// Two processes that never hear of each other are enough, and no message at all.
#[test]
fn a_smaller_stamp_is_no_cause() {
    let apart = Trial::of(2, [internal(0, 0), internal(1, 1), internal(2, 1)]);
    apart.kills::<LamportClock>(&Default::default(), "converse", (0, 0));
    apart.survives::<LamportClock>(&Default::default(), &["clock-condition"]);
}
