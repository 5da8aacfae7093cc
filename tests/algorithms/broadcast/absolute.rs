//! Absolute order by synchronized clocks (Sinha, section 3.10.3): its bound on time, what breaks it, and its mutants.

use super::{deliver, said};
use crate::trial::{SEEDS, Trial};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::absolute_order::{self, AbsoluteOrder},
    problems::broadcast::{Broadcast, Output, Request},
    process::{Context, Description, Process, ProcessId, Verdict, What},
    world::{Action, ClockChange, NodeSetup, Targets},
};

const MILLISECOND: i64 = 1_000_000;
const WINDOW: i64 = 20 * MILLISECOND;
const DELAY_MAX: i64 = 20 * MILLISECOND;
const PRECISION: i64 = 4 * MILLISECOND;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A window is closed when it is over, without a thought to what is under way.
    ForgetsMargin,
    /// Of equal timestamps, the one that came first is the older.
    NoTieBreak,
    /// The time of arrival counts, not that of sending.
    ArrivalTime,
    /// A window's messages are delivered as they came.
    Unsorted,
    /// What was sent at the end of a window belongs to the next one, too.
    BoundaryTwice,
}

/// Timestamp, sender, the sender's count, what was said.
type Said = (i64, ProcessId, u64, String);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    last: i64,
    sent: u64,
    arrivals: u64,
    /// k: the window that closes next.
    k: i64,
    /// By what they are sorted by: two numbers.
    queue: BTreeMap<(i64, u64), Said>,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = (i64, u64, String);
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("absolute-order-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.produce(Output::Precision(Duration::from_nanos(PRECISION as u64)));
        Self { bug: *bug, last: i64::MIN, sent: 0, arrivals: 0, k: i64::MIN, queue: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        self.last = ctx.now().0.max(self.last.saturating_add(1));
        ctx.broadcast((self.last, self.sent, body.clone()));
        self.enqueue(ctx, (self.last, ctx.me(), self.sent, body));
    }

    fn on_message(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (stamp, id, body): (i64, u64, String),
    ) {
        let stamp = if self.bug == Bug::ArrivalTime { ctx.now().0 } else { stamp };
        self.enqueue(ctx, (stamp, from, id, body));
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        self.k = (ctx.now().0 - self.margin()).div_euclid(WINDOW);
        let end = self.k * WINDOW;
        let mut due: Vec<((i64, u64), Said)> = self
            .queue
            .iter()
            .filter(|(_, said)| said.0 < end)
            .map(|(key, said)| (*key, said.clone()))
            .collect();
        if self.bug == Bug::BoundaryTwice {
            due.extend(
                self.queue.iter().filter(|(_, said)| said.0 == end).map(|(k, said)| (*k, said.clone())),
            );
        }
        if self.bug == Bug::Unsorted {
            due.sort_by_key(|((_, arrival), _)| *arrival);
        }
        for (key, (stamp, from, id, body)) in due {
            deliver(ctx, from, id, body);
            if stamp < end {
                self.queue.remove(&key);
            }
        }
        self.wait(ctx);
    }
}

impl Mutant {
    fn margin(&self) -> i64 {
        if self.bug == Bug::ForgetsMargin { 0 } else { DELAY_MAX + PRECISION }
    }

    fn enqueue(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let (stamp, from, id, _) = said;
        if stamp.div_euclid(WINDOW) < self.k {
            return;
        }
        self.arrivals += 1;
        let second = match self.bug {
            Bug::NoTieBreak | Bug::Unsorted => self.arrivals,
            _ => u64::from(from.0) << 32 | id,
        };
        self.queue.insert((stamp, second), said);
        self.wait(ctx);
    }

    fn wait(&self, ctx: &mut Context<'_, Self>) {
        let Some(stamp) = self.queue.values().map(|said| said.0).min() else { return };
        let closes = (stamp.div_euclid(WINDOW) + 1) * WINDOW + self.margin();
        ctx.set_timer((), Duration::from_nanos((closes - ctx.now().0).max(0) as u64));
    }
}

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "integrity", "fifo-order", "total-order", "absolute-order"];

/// The same limits for the algorithm itself.
fn limits() -> absolute_order::Config {
    let nanos = |nanos: i64| Duration::from_nanos(nanos as u64);
    absolute_order::Config { window: nanos(WINDOW), delay_max: nanos(DELAY_MAX), precision: nanos(PRECISION) }
}

/// The same with a clock that is so many milliseconds ahead.
fn ahead(mut trial: Trial<Broadcast>, node: u32, milliseconds: i64) -> Trial<Broadcast> {
    let clock_offset = milliseconds * MILLISECOND;
    trial.setup.nodes.insert(ProcessId(node), NodeSetup { clock_offset, ..NodeSetup::default() });
    trial
}

/// Clocks as far apart as they may be.
fn busy() -> Trial<Broadcast> {
    let trial = said(3, &[(0, 0), (7, 1), (9, 2), (14, 0), (20, 1), (22, 2), (30, 0), (40, 1), (41, 2)]);
    ahead(ahead(trial, 0, 4), 2, 2)
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    busy().survives::<Mutant>(&Bug::None, PROMISES);
    busy().survives::<AbsoluteOrder>(&limits(), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    busy().kills::<Mutant>(&Bug::ForgetsMargin, "validity", (18, 18));
    said(2, &[(5, 0), (5, 1)]).kills::<Mutant>(&Bug::NoTieBreak, "total-order", (2, 2));
    said(2, &[(5, 0), (6, 1)]).kills::<Mutant>(&Bug::ArrivalTime, "total-order", (2, 2));
    said(2, &[(5, 0), (14, 1)]).kills::<Mutant>(&Bug::ArrivalTime, "absolute-order", (2, 2));
    said(2, &[(5, 0), (6, 1)]).kills::<Mutant>(&Bug::Unsorted, "total-order", (2, 2));
    said(2, &[(5, 0), (20, 0)]).kills::<Mutant>(&Bug::BoundaryTwice, "integrity", (2, 2));
}

/// In how many of all runs a promise is broken.
fn broken<P: Process<Problem = Broadcast>>(
    trial: &Trial<Broadcast>,
    config: &P::Config,
    promise: &str,
) -> u64 {
    let mut broken = 0;
    trial.each_run::<P>(config, &[promise], |_, _, verdicts| {
        broken += u64::from(matches!(verdicts, [Verdict::Violated { .. }]));
    });
    broken
}

/// Museum 58: whenever one delay exceeds what was counted on, the message is late: the receiver says so and does not
/// deliver it out of order. The same for who forgets the margin.
#[test]
fn one_message_that_is_under_way_for_too_long_is_late() {
    let mut slow = said(2, &[(0, 0), (5, 1)]);
    slow.setup.network.delay = Duration::from_millis(60);
    assert_eq!(broken::<AbsoluteOrder>(&slow, &limits(), "validity"), SEEDS);
    assert_eq!(broken::<AbsoluteOrder>(&slow, &limits(), "total-order"), 0);
    slow.kills::<AbsoluteOrder>(&limits(), "validity", (2, 2));
    let (_, outputs) = slow.run::<AbsoluteOrder>(limits(), 1);
    let late = outputs.iter().filter(|(_, output)| matches!(output, Output::Late(_))).count();
    assert_eq!(late, 2, "each is told of the other's message");
    assert_eq!(broken::<Mutant>(&busy(), &Bug::ForgetsMargin, "validity"), SEEDS);
}

/// Museum 59: everybody has the same order, and it is not that of sending.
#[test]
fn a_clock_that_is_off_by_more_than_the_precision_breaks_absolute_order() {
    let off = |by| ahead(said(2, &[(0, 1), (8, 0)]), 1, by);
    off(12).kills::<AbsoluteOrder>(&limits(), "absolute-order", (2, 2));
    assert_eq!(broken::<AbsoluteOrder>(&off(12), &limits(), "total-order"), 0);
    off(4).survives::<AbsoluteOrder>(&limits(), &["absolute-order", "total-order", "validity"]);
}

/// Whoever is set back has its messages stamped for windows that are closed; they stay in the order it sent them.
#[test]
fn a_clock_that_is_set_back_makes_messages_late() {
    let back = Action::Clock(Targets::Node(ProcessId(0)), ClockChange::Step(-500 * MILLISECOND));
    let trial = said(2, &[(600, 0), (710, 0)]).with(700, back);
    trial.kills::<AbsoluteOrder>(&limits(), "validity", (2, 2));
    assert_eq!(broken::<AbsoluteOrder>(&trial, &limits(), "integrity"), 0);
    // By less than has passed since its last message, less than a window, and before anything else was sent: no harm.
    let back = Action::Clock(Targets::Node(ProcessId(0)), ClockChange::Step(-2 * MILLISECOND));
    let trial = said(2, &[(600, 0), (701, 0)]).with(700, back);
    trial.survives::<AbsoluteOrder>(&limits(), &["validity", "fifo-order", "total-order", "absolute-order"]);
}

/// Two messages in one moment have two times: the sender's order is kept.
#[test]
fn timestamps_of_one_sender_grow() {
    let trial = said(2, &[(5, 0), (5, 0), (5, 1), (5, 0)]);
    let promises = ["validity", "self-delivery", "integrity", "fifo-order", "total-order"];
    trial.survives::<AbsoluteOrder>(&limits(), &promises);
}

/// Limits that make no sense are taken as they are: windows of no width, no delay, or more than a clock can show.
#[test]
fn odd_limits_do_no_harm() {
    let (none, most) = (Duration::ZERO, Duration::MAX);
    for (window, delay_max, precision) in [(none, none, none), (most, none, none), (none, most, most)] {
        let config = absolute_order::Config { window, delay_max, precision };
        let trial = busy().until(1_000);
        assert_eq!(broken::<AbsoluteOrder>(&trial, &config, "total-order"), 0);
    }
}

/// From the timestamp to the delivery it takes more than the longest delay and the precision, by the receiver's clock, and
/// no more than a window and the precision in addition, by any clock.
#[test]
fn every_message_is_delivered_within_its_bound() {
    let offsets = [4 * MILLISECOND, 0, 2 * MILLISECOND];
    let mut seen = 0;
    busy().each_run::<AbsoluteOrder>(&limits(), &[], |seed, history, _| {
        let mut said: BTreeMap<(ProcessId, u64), i64> = BTreeMap::new();
        let mut counts = [0; 3];
        for step in &history.steps {
            let now = i64::try_from(step.time.0).expect("runs are short");
            match step.what {
                What::Request(_) => {
                    counts[step.node.index()] += 1;
                    said.insert((step.node, counts[step.node.index()]), now);
                }
                What::Output(Output::Deliver(delivery)) => {
                    let sent = said[&(delivery.from, delivery.id)];
                    let stamp = sent + offsets[delivery.from.index()];
                    let by_clock = now + offsets[step.node.index()] - stamp;
                    let margin = DELAY_MAX + PRECISION;
                    assert!(by_clock > margin && by_clock <= WINDOW + margin, "seed {seed}: {by_clock}");
                    let truly = now - sent;
                    assert!(
                        truly > DELAY_MAX && truly <= WINDOW + margin + PRECISION,
                        "seed {seed}: {truly}"
                    );
                    seen += 1;
                }
                _ => {}
            }
        }
    });
    assert_eq!(seen, SEEDS * 27);
}
