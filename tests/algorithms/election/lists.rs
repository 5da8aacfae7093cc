//! The ring election with a list (Sinha; Tanenbaum, van Steen), its mutants, and the lab sheet's ring.

use super::{crash, elect, even, next, started};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::ring_election::{self, RingElection},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Never, Process, ProcessId, What},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The last of the list leads, and not the highest.
    PicksTheLast,
    /// Nobody adds itself to the list.
    AddsNobody,
    /// The list is complete when the own id is its last.
    LooksAtTheEnd,
    /// The result is passed on by its initiator, too.
    NeverTakenOff,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Election(Vec<ProcessId>),
    Coordinator(ProcessId, ProcessId),
}

impl Process for Mutant {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("ring-election-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        ctx.send(next(ctx), Message::Election(vec![ctx.me()]));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let me = ctx.me();
        match message {
            Message::Election(mut ids) => {
                let head = if self.bug == Bug::LooksAtTheEnd { ids.last() } else { ids.first() };
                if head == Some(&me) {
                    let leader = if self.bug == Bug::PicksTheLast { ids.last() } else { ids.iter().max() };
                    return ctx.send(next(ctx), Message::Coordinator(leader.copied().unwrap_or(me), me));
                }
                if self.bug != Bug::AddsNobody {
                    ids.push(me);
                }
                ctx.send(next(ctx), Message::Election(ids));
            }
            Message::Coordinator(leader, initiator) => {
                elect(ctx, leader);
                if initiator != me || self.bug == Bug::NeverTakenOff {
                    ctx.send(next(ctx), Message::Coordinator(leader, initiator));
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["one-leader", "agreement", "highest-id", "termination", "stability"];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [started(3, &[(0, 0)]), started(4, &[(0, 1), (3, 0), (20, 1)])] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<RingElection>(&ring_election::Config::default(), PROMISES);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let one = |node| started(3, &[(0, node)]);
    one(1).kills::<Mutant>(&Bug::PicksTheLast, "highest-id", (4, 4));
    one(0).kills::<Mutant>(&Bug::AddsNobody, "highest-id", (4, 4));
    one(0).until(200).kills::<Mutant>(&Bug::LooksAtTheEnd, "termination", (30, 30));
    one(0).until(200).kills::<Mutant>(&Bug::NeverTakenOff, "elected-once", (9, 8));
}

/// Museum 34: the list of a crashed initiator goes round for ever, unless somebody takes it over.
#[test]
fn museum_34_a_list_without_its_initiator_goes_round_for_ever() {
    let orphaned = even(started(3, &[(0, 0)]).with(15, crash(0)));
    let books = ring_election::Config::default();
    for seconds in [1, 2] {
        let trial = orphaned.clone().until(1_000 * seconds);
        let mut sent = 0;
        trial.each_run::<RingElection>(&books, &["termination"], |_, history, verdicts| {
            assert_eq!(verdicts[0].name(), "violated");
            sent = history.steps.iter().filter(|step| matches!(step.what, What::Send { .. })).count() as u64;
        });
        // A message and its acknowledgement in every 10 ms, after the first has been missed.
        assert!(sent > seconds * 120, "{sent} messages in {seconds} s");
    }
    let take_over = ring_election::Config { take_over: true, ..ring_election::Config::default() };
    orphaned.survives::<RingElection>(&take_over, PROMISES);
}

/// Wherever the initiator is when it crashes, and whoever has skipped it.
#[test]
fn a_list_that_is_taken_over_elects_a_leader_whenever_its_initiator_crashes() {
    let config = ring_election::Config {
        take_over: true,
        patience: Duration::from_millis(45),
        ..ring_election::Config::default()
    };
    for at in (1..100).step_by(9) {
        let trial = even(started(4, &[(0, 0)]).with(at, crash(0)));
        trial.survives::<RingElection>(&config, &["termination", "stability", "highest-id"]);
    }
}

/// The lab sheet's listing, as messages: process 4 of 0 to 4 fails, process 2 notices.
#[test]
fn the_lab_sheets_ring_passes_in_the_order_of_the_sheet() {
    let trial = even(started(5, &[(1, 2)]).with(0, crash(4)));
    let config = ring_election::Config::default();
    let mut passes = Vec::new();
    trial.each_run::<RingElection>(&config, PROMISES, |seed, history, verdicts| {
        assert!(verdicts.iter().all(|verdict| verdict.name() == "holds"), "{verdicts:?}");
        if seed > 0 {
            return;
        }
        let mut last = None;
        for step in &history.steps {
            match step.what {
                // Who acknowledges answers its predecessor.
                What::Receive { from, .. } => last = Some(from),
                What::Send { to, .. } if last != Some(to) => passes.push((step.node.0, to.0)),
                _ => {}
            }
        }
    });
    let round = [(2, 3), (3, 4), (3, 0), (0, 1), (1, 2)];
    let second_round = [(2, 3), (3, 0), (0, 1), (1, 2)];
    assert_eq!(passes, [&round[..], &second_round[..]].concat());
    let (_, outputs) = trial.run::<RingElection>(config, 1);
    let leaders: Vec<(u32, &Output)> = outputs.iter().map(|(node, output)| (node.0, output)).collect();
    let third = Output::Leader { leader: ProcessId(3), term: None };
    assert_eq!(leaders, [(3, &third), (0, &third), (1, &third), (2, &third)]);
}
