//! Hybrid logical clocks (Kulkarni et al. 2014) and their mutants.

use super::{internal, received, send, stamp};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::hybrid_clock::{Config, HybridClock},
    problems::{
        logical_clock::{Event, LogicalClock, Request, Stamp},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, Never, Process, ProcessId},
    world::NodeSetup,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The count is not reset when time goes on.
    NoReset,
    /// A receipt takes the pair with the larger count, whichever time it has.
    CountFirst,
    /// The count has two bits.
    Overflows,
    /// The physical clock is never looked at again.
    NoPhysicalTime,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    wall: i64,
    count: u64,
    sent: u64,
}

impl Process for Mutant {
    type Problem = LogicalClock;
    type Config = Bug;
    type Message = (u64, i64, u64);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("hybrid-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, wall: i64::MIN, count: 0, sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.advance(ctx, (i64::MIN, 0));
        match request {
            Request::Internal(note) => self.show(ctx, Event::Internal(note)),
            Request::Send { to, .. } => {
                self.sent += 1;
                self.show(ctx, Event::Send { to, id: self.sent });
                ctx.send(to, (self.sent, self.wall, self.count));
            }
        }
    }

    fn on_message(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (id, wall, count): (u64, i64, u64),
    ) {
        if self.bug == Bug::CountFirst && self.count > count {
            self.advance(ctx, (i64::MIN, 0));
        } else {
            self.advance(ctx, (wall, count));
        }
        self.show(ctx, received(from, id));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn advance(&mut self, ctx: &Context<'_, Self>, (wall, count): (i64, u64)) {
        let now = if self.bug == Bug::NoPhysicalTime { self.wall.max(0) } else { ctx.now().0 };
        let latest = self.wall.max(wall).max(now);
        let counts = [(self.wall, self.count), (wall, count)];
        let same = counts.iter().filter(|(known, _)| *known == latest).map(|(_, count)| count + 1).max();
        self.count = match self.bug {
            Bug::NoReset => self.count + 1,
            _ => same.unwrap_or(0),
        };
        if self.bug == Bug::Overflows {
            self.count %= 4;
        }
        self.wall = latest;
    }

    fn show(&self, ctx: &mut Context<'_, Self>, event: Event) {
        let (wall, count, clock) = (Nanoseconds(self.wall), self.count, ctx.now().into());
        stamp(ctx, event, Stamp::Hybrid { wall, count, clock });
    }
}

/// Several events in one millisecond, and clocks that differ by up to 30.
fn chat() -> Trial<LogicalClock> {
    let busy = [internal(5, 1), internal(5, 1), internal(5, 1), internal(5, 1), internal(5, 1)];
    let talk = [send(4, 0, 1), send(5, 1, 2), send(18, 2, 0), internal(60, 1), internal(70, 0)];
    ahead(Trial::of(3, busy.into_iter().chain(talk)), &[(0, 30), (2, -5)])
}

fn ahead(mut trial: Trial<LogicalClock>, by: &[(u32, i64)]) -> Trial<LogicalClock> {
    for (node, milliseconds) in by {
        let odd = NodeSetup { clock_offset: milliseconds * 1_000_000, ..NodeSetup::default() };
        trial.setup.nodes.insert(ProcessId(*node), odd);
    }
    trial
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let config = Config { drift_max: Duration::from_millis(35), ..Config::default() };
    for trial in [chat(), chat().losing(30), chat().fifo()] {
        trial.survives::<Mutant>(&Bug::None, &["clock-condition", "hybrid-bounds"]);
        trial.survives::<HybridClock>(&config, HybridClock::DESCRIPTION.promises);
    }
    chat().duplicating().survives::<HybridClock>(&config, HybridClock::DESCRIPTION.promises);
}

#[test]
fn every_bug_breaks_its_promise() {
    let alone = Trial::of(2, [internal(0, 0), internal(1, 0)]);
    alone.kills::<Mutant>(&Bug::NoReset, "hybrid-bounds", (0, 0));
    alone.kills::<Mutant>(&Bug::NoPhysicalTime, "hybrid-bounds", (0, 0));
    let hurried = Trial::of(2, (0..5).map(|_| internal(0, 0)));
    hurried.kills::<Mutant>(&Bug::Overflows, "clock-condition", (0, 0));
    let busy = ahead(Trial::of(2, [send(0, 0, 1), internal(0, 1), internal(0, 1)]), &[(0, 100)]);
    busy.kills::<Mutant>(&Bug::CountFirst, "clock-condition", (1, 1));
    assert_eq!(busy.search::<Mutant>(&Bug::None, "clock-condition"), None);
}

/// One message from a clock that is far ahead is enough; who refuses it stays near the true time.
#[test]
fn one_clock_far_ahead_drags_all_who_do_not_refuse() {
    let trial = ahead(Trial::of(2, [send(0, 0, 1), internal(40, 1), internal(41, 1)]), &[(0, 60_000)]);
    let config = Config { drift_max: Duration::from_millis(100), ..Config::default() };
    trial.kills::<HybridClock>(&config, "precision", (1, 1));
    let refusing = Config { refuse: true, ..config };
    trial.survives::<HybridClock>(&refusing, HybridClock::DESCRIPTION.promises);
}

/// Stamps are near physical time, and still no more than Lamport's where causes are concerned.
#[test]
fn a_smaller_stamp_is_no_cause() {
    Trial::of(2, [internal(0, 0), internal(1, 1)]).kills::<HybridClock>(
        &Config::default(),
        "converse",
        (0, 0),
    );
}
