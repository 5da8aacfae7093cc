//! The invitation algorithm (Garcia-Molina 1982, section 5) and its mutants.

use super::{all_start, crash, even, started};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use synod::{
    algorithms::invitation::{self, Invitation},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The number of the last group is not saved.
    ForgetsItsCount,
    /// Nobody waits for higher coordinators to invite it first.
    NoHesitation,
    /// Who accepts when the group is complete is let in.
    LetsLatecomersIn,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    phase: Phase,
    group: (ProcessId, u64),
    count: u64,
    up: BTreeSet<ProcessId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    Normal,
    Asking,
    Hesitating,
    Inviting,
    Waiting,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Ask,
    Yes,
    Invite(u64),
    Accept(u64),
    Ready(u64, Vec<ProcessId>),
}

const ROUND_TRIP: Duration = Duration::from_millis(50);

impl Mutant {
    fn found(&mut self, ctx: &mut Context<'_, Self>) {
        self.count += 1;
        if self.bug != Bug::ForgetsItsCount {
            ctx.save(self.count);
        }
        self.group = (ctx.me(), self.count);
    }

    fn settle(&mut self, ctx: &mut Context<'_, Self>, members: Vec<ProcessId>) {
        self.phase = Phase::Normal;
        ctx.cancel_timer(());
        let (coordinator, number) = self.group;
        ctx.produce(Output::Group { coordinator, number, members });
    }

    fn recover(&mut self, ctx: &mut Context<'_, Self>) {
        self.found(ctx);
        self.settle(ctx, vec![ctx.me()]);
    }

    fn reorganize(&mut self, ctx: &mut Context<'_, Self>) {
        let mut members: Vec<ProcessId> = self.up.iter().copied().collect();
        members.push(ctx.me());
        members.sort_unstable();
        ctx.multicast(self.up.iter().copied(), Message::Ready(self.group.1, members.clone()));
        self.settle(ctx, members);
    }
}

/// Without members that come along, and without checks: what merging groups of one needs.
impl Process for Mutant {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = u64;
    const DESCRIPTION: Description = Description::named("invitation-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, count: u64) -> Self {
        let group = (ctx.me(), count);
        let mut mutant = Self { bug: *bug, phase: Phase::Normal, group, count, up: BTreeSet::new() };
        mutant.recover(ctx);
        mutant
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        if self.phase == Phase::Normal && self.group.0 == ctx.me() {
            self.phase = Phase::Asking;
            self.up.clear();
            ctx.broadcast(Message::Ask);
            ctx.set_timer((), ROUND_TRIP);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let free = matches!(self.phase, Phase::Normal | Phase::Asking | Phase::Hesitating);
        match message {
            Message::Ask if free && self.group.0 == ctx.me() => ctx.send(from, Message::Yes),
            Message::Yes if self.phase == Phase::Asking => drop(self.up.insert(from)),
            Message::Invite(number) if free => {
                self.group = (from, number);
                self.phase = Phase::Waiting;
                ctx.send(from, Message::Accept(number));
                ctx.set_timer((), 3 * ROUND_TRIP);
            }
            Message::Accept(number) if self.group == (ctx.me(), number) => {
                let late = self.phase == Phase::Normal && self.bug == Bug::LetsLatecomersIn;
                if self.phase == Phase::Inviting || late {
                    self.up.insert(from);
                }
                if late {
                    self.reorganize(ctx);
                }
            }
            Message::Ready(number, members)
                if self.phase == Phase::Waiting && self.group == (from, number) =>
            {
                self.settle(ctx, members);
            }
            Message::Ask | Message::Yes | Message::Invite(_) | Message::Accept(_) | Message::Ready(..) => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        match self.phase {
            Phase::Normal => {}
            Phase::Asking if self.up.is_empty() => self.phase = Phase::Normal,
            Phase::Asking => {
                self.phase = Phase::Hesitating;
                let higher = ctx.group_size() as u32 - 1 - ctx.me().0;
                let hesitation = if self.bug == Bug::NoHesitation { 0 } else { higher };
                ctx.set_timer((), ROUND_TRIP * hesitation);
            }
            Phase::Hesitating => {
                self.found(ctx);
                self.phase = Phase::Inviting;
                let invited = std::mem::take(&mut self.up);
                ctx.multicast(invited, Message::Invite(self.count));
                ctx.set_timer((), ROUND_TRIP);
            }
            Phase::Inviting => self.reorganize(ctx),
            Phase::Waiting => self.recover(ctx),
        }
    }
}

const PROMISES: &[&str] = &["one-leader", "agreement", "stability"];

/// Only what is asked for happens.
fn config() -> invitation::Config {
    invitation::Config {
        check: Duration::ZERO,
        answer_within: ROUND_TRIP,
        hesitation: ROUND_TRIP,
        ready_within: 3 * ROUND_TRIP,
    }
}

fn comes_back() -> Trial<Election> {
    started(2, &[(100, 1)]).with(10, crash(1)).with(20, Action::Restart(Targets::Node(ProcessId(1))))
}

/// Links that are slower than the coordinator is patient with those it has invited.
fn slow() -> Trial<Election> {
    let mut trial = started(2, &[(0, 1)]);
    trial.setup.network.delay = Duration::from_millis(25);
    trial.setup.network.jitter = Duration::from_millis(20);
    trial
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [all_start(3), started(4, &[(0, 1)]), started(3, &[(0, 0), (30, 2)]), comes_back()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<Invitation>(&config(), PROMISES);
    }
    slow().survives::<Mutant>(&Bug::None, &["one-leader", "agreement"]);
    slow().survives::<Invitation>(&config(), &["one-leader", "agreement"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    comes_back().kills::<Mutant>(&Bug::ForgetsItsCount, "one-leader", (0, 0));
    even(all_start(3)).kills::<Mutant>(&Bug::NoHesitation, "stability", (18, 18));
    slow().kills::<Mutant>(&Bug::LetsLatecomersIn, "agreement", (5, 5));
}

/// The algorithm as it is, without hesitation: nobody ever comes, however often they try.
#[test]
fn without_hesitation_nobody_comes() {
    let config = invitation::Config { hesitation: Duration::ZERO, ..config() };
    even(all_start(3)).kills::<Invitation>(&config, "stability", (18, 18));
}

/// A coordinator that is invited brings its members along; whoever misses it finds out.
#[test]
fn groups_merge_with_all_their_members() {
    let trial = even(started(5, &[(0, 1), (1_000, 4)])).with(0, crash(4));
    let restarted = trial.with(500, Action::Restart(Targets::Node(ProcessId(4))));
    restarted.survives::<Invitation>(&config(), PROMISES);
    let (counts, outputs) = restarted.run::<Invitation>(config(), 1);
    let everybody: Vec<ProcessId> = (0..5).map(ProcessId).collect();
    let joined = outputs
        .iter()
        .filter(|(_, output)| matches!(output, Output::Group { members, .. } if *members == everybody));
    assert_eq!(joined.count(), 5, "{outputs:?}");
    // n2 invites three others; n5, when it is back, n2, and n2 passes that on to three.
    assert!(counts.sent.contains(&("invite", 3 + 1 + 3)), "{counts:?}");
}

/// A member whose coordinator is gone founds a group of its own.
#[test]
fn a_member_whose_coordinator_is_gone_is_on_its_own() {
    let trial = even(started(3, &[(0, 2), (1_000, 0)])).with(500, crash(2));
    let (_, outputs) = trial.run::<Invitation>(config(), 1);
    let alone = Output::Group { coordinator: ProcessId(0), number: 2, members: vec![ProcessId(0)] };
    assert_eq!(outputs.last(), Some(&(ProcessId(0), alone)));
}
