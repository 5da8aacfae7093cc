//! Hirschberg, Sinclair (1980) and Peterson (1982), and their mutants.

use super::{all_start, elect, next, shuffled, started};
use crate::dice::Dice;
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::{hirschberg_sinclair::HirschbergSinclair, parts::ring::Order, peterson::Peterson},
    problems::election::{Election, Request},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Both probes that come back announce the leader.
    AnnouncesTwice,
    /// Lower candidates pass, too.
    SwallowsNothing,
    /// A probe that has gone far enough is forgotten.
    TurnsNothingBack,
    /// Peterson: the own value is compared, and not that of the one before.
    ComparesItsOwn,
    /// Who gives up loses the message that comes next.
    RelaysTooLate,
    /// Who gives up relays nothing.
    NeverRelays,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Both {
    /// Who, how far it may still go, in which phase; and whether it goes forward.
    Probe(ProcessId, u64, u32, bool),
    Reply(ProcessId, u32, bool),
    Leader(ProcessId),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Probing {
    bug: Bug,
    phase: u32,
    replies: u32,
    done: bool,
}

impl Probing {
    fn send(ctx: &mut Context<'_, Self>, forward: bool, message: Both) {
        let n = ctx.group_size() as u32;
        let step = if forward { 1 } else { n - 1 };
        ctx.send(ProcessId((ctx.me().0 + step) % n), message);
    }

    fn probe(&mut self, ctx: &mut Context<'_, Self>) {
        self.replies = 0;
        for forward in [true, false] {
            Self::send(ctx, forward, Both::Probe(ctx.me(), (1 << self.phase) - 1, self.phase, forward));
        }
    }
}

impl Process for Probing {
    type Problem = Election;
    type Config = Bug;
    type Message = Both;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("hirschberg-sinclair-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, phase: 0, replies: 0, done: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        self.probe(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Both) {
        let me = ctx.me();
        match message {
            Both::Probe(id, ..) if id == me => {
                if !self.done || self.bug == Bug::AnnouncesTwice {
                    self.done = true;
                    elect(ctx, me);
                    Self::send(ctx, true, Both::Leader(me));
                }
            }
            Both::Probe(id, ..) if id < me && self.bug != Bug::SwallowsNothing => {}
            Both::Probe(id, 0, phase, forward) => {
                if self.bug != Bug::TurnsNothingBack {
                    Self::send(ctx, !forward, Both::Reply(id, phase, !forward));
                }
            }
            Both::Probe(id, left, phase, forward) => {
                Self::send(ctx, forward, Both::Probe(id, left - 1, phase, forward));
            }
            Both::Reply(id, phase, _) if id == me => {
                self.replies += u32::from(phase == self.phase);
                if self.replies == 2 {
                    self.phase += 1;
                    self.probe(ctx);
                }
            }
            Both::Reply(id, phase, forward) => Self::send(ctx, forward, Both::Reply(id, phase, forward)),
            Both::Leader(id) => {
                if id != me {
                    elect(ctx, id);
                    Self::send(ctx, true, Both::Leader(id));
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum One {
    First(ProcessId),
    Second(ProcessId),
    Leader(ProcessId),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Passing {
    bug: Bug,
    value: ProcessId,
    before: Option<ProcessId>,
    active: bool,
    deaf: bool,
    found: bool,
}

impl Process for Passing {
    type Problem = Election;
    type Config = Bug;
    type Message = One;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("peterson-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, value: ctx.me(), before: None, active: true, deaf: false, found: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        ctx.send(next(ctx), One::First(self.value));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: One) {
        if std::mem::take(&mut self.deaf) {
            return;
        }
        match message {
            One::Leader(id) => {
                if !self.found {
                    elect(ctx, id);
                    ctx.send(next(ctx), message);
                }
            }
            One::First(_) | One::Second(_) if !self.active => {
                if self.bug != Bug::NeverRelays {
                    ctx.send(next(ctx), message);
                }
            }
            One::First(heard) if heard == self.value => {
                self.found = true;
                elect(ctx, heard);
                ctx.send(next(ctx), One::Leader(heard));
            }
            One::First(heard) => {
                self.before = Some(heard);
                ctx.send(next(ctx), One::Second(heard));
            }
            One::Second(second) => {
                let Some(before) = self.before.take() else { return };
                let goes_on = match self.bug {
                    Bug::ComparesItsOwn => self.value > before.max(second),
                    _ => before > self.value.max(second),
                };
                if goes_on {
                    self.value = before;
                    ctx.send(next(ctx), One::First(before));
                } else {
                    self.active = false;
                    self.deaf = self.bug == Bug::RelaysTooLate;
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] =
    &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"];

#[test]
fn without_a_bug_they_keep_their_promises() {
    for n in [1, 2, 3, 5] {
        all_start(n).survives::<Probing>(&Bug::None, PROMISES_ALONE);
        all_start(n).survives::<HirschbergSinclair>(&Order::default(), PROMISES_ALONE);
        all_start(n).fifo().survives::<Passing>(&Bug::None, PROMISES_ALONE);
        all_start(n).fifo().survives::<Peterson>(&Order::default(), PROMISES_ALONE);
    }
    let mut dice = Dice::new(1);
    for seed in 0..8 {
        let config = Order { order: shuffled(&mut dice, 6) };
        let trial = started(6, &[(seed % 3, (seed % 6) as u32), (400, 2)]);
        trial.survives::<HirschbergSinclair>(&config, PROMISES);
        trial.fifo().survives::<Peterson>(&config, PROMISES);
    }
}

/// What one process by itself can exercise.
const PROMISES_ALONE: &[&str] = &["one-leader", "elected-once", "highest-id", "termination", "stability"];

#[test]
fn every_bug_of_hirschberg_and_sinclair_breaks_its_promise() {
    let two = all_start(2);
    two.kills::<Probing>(&Bug::AnnouncesTwice, "elected-once", (15, 14));
    two.kills::<Probing>(&Bug::SwallowsNothing, "one-leader", (20, 20));
    two.kills::<Probing>(&Bug::SwallowsNothing, "highest-id", (20, 20));
    two.kills::<Probing>(&Bug::TurnsNothingBack, "termination", (4, 4));
}

#[test]
fn every_bug_of_peterson_breaks_its_promise() {
    all_start(3).fifo().kills::<Passing>(&Bug::ComparesItsOwn, "highest-id", (12, 12));
    all_start(2).fifo().kills::<Passing>(&Bug::RelaysTooLate, "termination", (8, 8));
    all_start(2).fifo().kills::<Passing>(&Bug::NeverRelays, "termination", (8, 8));
}

/// Catalogue, breaks of E7: without order of messages no leader is elected.
#[test]
fn peterson_needs_links_that_keep_order() {
    all_start(3).kills::<Passing>(&Bug::None, "termination", (6, 6));
    all_start(3).kills::<Peterson>(&Order::default(), "termination", (6, 6));
    all_start(3).survives::<HirschbergSinclair>(&Order::default(), PROMISES);
}

/// Who ends an election need not have the highest id.
#[test]
fn another_than_the_highest_may_find_out_who_leads() {
    let (_, outputs) = all_start(3).fifo().run::<Peterson>(Order::default(), 1);
    let first = outputs.first().map(|(node, _)| *node);
    assert_ne!(first, Some(ProcessId(2)), "{outputs:?}");
}
