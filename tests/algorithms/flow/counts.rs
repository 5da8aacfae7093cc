//! Published message counts, exactly, and the length of a queue, within its error: catalogue row W9.

use super::offered;
use crate::{dice::Dice, trial::SIZES};
use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::bounded_sink::{BoundedSink, Config, Policy},
    problems::flow::{Flow, Output, Request},
    process::{Names, ProcessId, Time},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Setup, Targets},
};

/// How many items each producer offers.
const ITEMS: u64 = 6;

/// Everybody but the sink offers its items, one in a millisecond.
fn busy(nodes: u32) -> crate::trial::Trial<Flow> {
    let offers: Vec<(u64, u32)> = (0..ITEMS).flat_map(|at| (1..nodes).map(move |node| (at, node))).collect();
    offered(nodes, &offers)
}

fn sent(counts: &synod::trace::Counts, kind: &str) -> u64 {
    counts.sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, number)| *number)
}

#[test]
fn a_credit_comes_back_for_every_batch() {
    for (n, batch) in SIZES.into_iter().flat_map(|n| [1, 2, 3, 5].map(|batch| (n, batch))) {
        let producers = u64::from(n - 1);
        let service = Duration::from_millis(1);
        // Room for a batch of each.
        let config = Config { capacity: producers * batch, service, batch, ..Config::default() };
        let (counts, outputs) = busy(n).run::<BoundedSink>(config, u64::from(n));
        assert_eq!(sent(&counts, "data"), producers * ITEMS, "n={n}, batch {batch}");
        assert_eq!(sent(&counts, "credit"), producers * (ITEMS / batch), "n={n}, batch {batch}");
        assert_eq!(sent(&counts, "reject"), 0);
        let consumed = outputs.iter().filter(|(_, output)| matches!(output, Output::Consumed(_)));
        assert_eq!(consumed.count() as u64, producers * ITEMS);
    }
}

/// A batch is never more than a producer's share of the room, so that nobody waits for a credit that cannot come.
#[test]
fn too_little_room_for_a_batch_makes_batches_smaller() {
    for n in SIZES {
        let producers = u64::from(n - 1);
        let config = Config { capacity: 0, service: Duration::ZERO, batch: 100, ..Config::default() };
        let (counts, outputs) = busy(n).run::<BoundedSink>(config, u64::from(n));
        assert_eq!(counts.total(), 2 * producers * ITEMS);
        assert_eq!(outputs[0], (ProcessId(0), Output::Capacity(producers)));
    }
}

#[test]
fn other_policies_cost_one_message_for_each_item_and_one_for_each_refusal() {
    for n in SIZES {
        let items = u64::from(n - 1) * ITEMS;
        for policy in [Policy::DropNewest, Policy::DropOldest, Policy::Unbounded, Policy::Reject] {
            let config = Config { policy, capacity: 2, ..Config::default() };
            let (counts, outputs) = busy(n).run::<BoundedSink>(config, u64::from(n));
            let lost =
                outputs.iter().filter(|(_, output)| matches!(output, Output::Shed(_) | Output::Refused(_)));
            let (lost, refused) = (lost.count() as u64, sent(&counts, "reject"));
            assert_eq!(sent(&counts, "data"), items, "{policy:?}, n={n}");
            assert_eq!(refused, if policy == Policy::Reject { lost } else { 0 });
            assert_eq!(lost > 0, policy != Policy::Unbounded, "{policy:?}, n={n}");
            assert_eq!(counts.total(), items + refused);
        }
    }
}

/// Arrivals at random (exponential times between them) at a sink with a constant service time: what an arrival finds
/// is on average rho + rho^2 / (2 (1 - rho)) items (Pollaczek and Khinchine; arrivals see time averages).
#[test]
fn a_queue_is_as_long_as_pollaczek_and_khinchine_say() {
    const ARRIVALS: u64 = 300;
    const SKIPPED: usize = 30;
    for (rho, tolerance) in [(0.5, 0.05), (0.7, 0.05)] {
        let (mut found, mut seen) = (0_u64, 0_u64);
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let mut setup = Setup::of(Names::Numbered(2));
            let mut at = 0.0;
            for _ in 0..ARRIVALS {
                let uniform = (dice.below(1 << 32) as f64 + 0.5) / 4_294_967_296.0;
                at += -uniform.ln() * 10_000_000.0 / rho;
                let action = Action::Request { targets: Targets::Node(ProcessId(1)), request: 0 };
                setup.agenda.push(Planned {
                    at: Time(at as u64),
                    action,
                    lasts: None,
                    may_miss: true,
                    entry: 0,
                });
            }
            let config =
                Config { policy: Policy::Unbounded, service: Duration::from_millis(10), ..Config::default() };
            let cast =
                Cast::<BoundedSink> { config, requests: vec![Request::Offer("x".into())], ..Cast::default() };
            let mut simulation = Simulation::new(Arc::new(setup), cast);
            simulation.run(seed, Level::Full);
            let (mut waiting, mut arrived) = (0_u64, 0);
            for (_, output) in simulation.recording().outputs() {
                match output {
                    Output::Accepted(_) => {
                        if arrived >= SKIPPED {
                            found += waiting;
                            seen += 1;
                        }
                        arrived += 1;
                        waiting += 1;
                    }
                    Output::Consumed(_) => waiting -= 1,
                    _ => {}
                }
            }
        }
        let (mean, right) = (found as f64 / seen as f64, rho + rho * rho / (2.0 * (1.0 - rho)));
        assert!((mean / right - 1.0).abs() < tolerance, "rho {rho}: {mean}, not {right}");
    }
}
