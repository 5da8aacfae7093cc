//! Published message counts, exactly: catalogue rows Q1, B6, B7 (messages in each round), B8 and B9.

use super::{depths, links, said, synchronous, written};
use crate::trial::SIZES;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use synod::{
    algorithms::{
        anti_entropy::{self, AntiEntropy},
        flooding::{self, Flooding},
        gossip::{self, Gossip, Mode},
        rumor::{self, Rumor, Variant},
        tree_multicast::{self, TreeMulticast},
    },
    problems::broadcast::{Broadcast, Output},
    process::{Process, ProcessId},
    simulate::{Cast, Simulation},
    trace::{Counts, Level},
    world::{Probability, Shape},
};

/// How many seeds each exact count is checked with.
const RUNS: u64 = 5;

fn of_kind(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().filter(|(name, _)| *name == kind).map(|(_, number)| number).sum()
}

/// The shapes that a group of this size can have.
fn shapes(nodes: u32) -> Vec<Shape> {
    let mut shapes = vec![
        Shape::Complete,
        Shape::Ring,
        Shape::Line,
        Shape::Star,
        Shape::Tree { children: 2 },
        Shape::Grid,
        Shape::ErdosRenyi { probability: Probability::parts_per_billion(400_000_000) },
    ];
    if nodes >= 8 {
        shapes.push(Shape::ScaleFree { links: 2 });
        shapes.push(Shape::RandomRegular { degree: 4 });
        shapes.push(Shape::SmallWorld { neighbours: 4, rewire: Probability::parts_per_billion(200_000_000) });
    }
    shapes
}

/// A random graph may fall into parts; the formula is that of the sender's.
#[test]
fn a_flood_costs_2m_minus_n_minus_1_in_every_schedule() {
    for nodes in SIZES {
        for shape in shapes(nodes) {
            let mut trial = said(nodes, &[(0, nodes - 1)]);
            trial.setup.topology = shape.clone();
            for seed in 0..RUNS {
                let links = links(&trial.setup, seed);
                let depths = depths(&links, ProcessId(nodes - 1));
                let reached: Vec<usize> = (0..depths.len()).filter(|node| depths[*node].is_some()).collect();
                let ends: usize = reached.iter().map(|node| links[*node].len()).sum();
                for improve in [false, true] {
                    let config = flooding::Config { improve, ..Default::default() };
                    let (counts, outputs) = trial.run::<Flooding>(config, seed);
                    assert_eq!(outputs.len(), reached.len(), "{shape:?} of {nodes}");
                    let wanted = ends - (reached.len() - 1);
                    assert_eq!(counts.total(), wanted as u64, "{shape:?} of {nodes}");
                }
            }
        }
    }
}

#[test]
fn a_flood_of_few_hops_costs_what_the_near_ones_send() {
    for nodes in SIZES {
        for shape in shapes(nodes) {
            let mut trial = synchronous(nodes, 0);
            trial.setup.topology = shape.clone();
            for (ttl, seed) in (0..6_u32).zip(0..) {
                let links = links(&trial.setup, seed);
                let depths = depths(&links, ProcessId(0));
                let near = |node: &usize| depths[*node].is_some_and(|depth| depth < u64::from(ttl));
                let sent = |node: usize| links[node].len() - usize::from(node != 0);
                let wanted: usize = (0..links.len()).filter(near).map(sent).sum();
                let reached = depths.iter().flatten().filter(|depth| **depth <= u64::from(ttl)).count();
                let config = flooding::Config { ttl: Some(ttl), ..Default::default() };
                let (counts, outputs) = trial.run::<Flooding>(config, seed);
                assert_eq!(counts.total(), wanted as u64, "{shape:?} of {nodes}, ttl {ttl}");
                assert_eq!(outputs.len(), reached, "{shape:?} of {nodes}, ttl {ttl}");
            }
        }
    }
}

#[test]
fn a_tree_costs_n_minus_1_whoever_sends() {
    for nodes in SIZES {
        for sender in [0, nodes / 2, nodes - 1] {
            for children in [1, 2, 3, 7] {
                let config = tree_multicast::Config { children: Some(children), ..Default::default() };
                let (counts, outputs) = said(nodes, &[(0, sender)]).run::<TreeMulticast>(config, 1);
                assert_eq!(counts.total(), u64::from(nodes - 1), "{children} children, {nodes} nodes");
                assert_eq!(outputs.len() as u32, nodes);
            }
            for shape in [Shape::Line, Shape::Star, Shape::Tree { children: 3 }] {
                let mut trial = said(nodes, &[(0, sender)]);
                trial.setup.topology = shape;
                let config = tree_multicast::Config { children: None, ..Default::default() };
                let (counts, outputs) = trial.run::<TreeMulticast>(config, 1);
                assert_eq!(counts.total(), u64::from(nodes - 1));
                assert_eq!(outputs.len() as u32, nodes);
            }
        }
    }
}

/// Acknowledgements come back from the leaves; the sender is told when the last one has come.
#[test]
fn a_tree_with_acknowledgements_costs_twice_n_minus_1() {
    for nodes in SIZES {
        for sender in [0, nodes / 2, nodes - 1] {
            let config = tree_multicast::Config { acknowledge: true, ..Default::default() };
            let (counts, outputs) = said(nodes, &[(0, sender)]).run::<TreeMulticast>(config, 1);
            assert_eq!(of_kind(&counts, "data"), u64::from(nodes - 1));
            assert_eq!(counts.total(), 2 * u64::from(nodes - 1));
            assert_eq!(outputs.last(), Some(&(ProcessId(sender), Output::Acknowledged(1))));
        }
    }
}

/// The root's message is with everybody after as many delays as the tree is deep: ⌈log_k(N(k-1)+1)⌉-1.
#[test]
fn a_tree_takes_as_many_delays_as_it_is_deep() {
    for nodes in SIZES {
        for children in [2, 3, 4_u32] {
            let (mut depth, mut level, mut room) = (0, 1, 1);
            while room < nodes {
                level *= children;
                room += level;
                depth += 1;
            }
            let config = tree_multicast::Config { children: Some(children), ..Default::default() };
            let simulation = quiet::<TreeMulticast>(nodes, 0, config, 1).0;
            assert_eq!(simulation, Duration::from_millis(depth), "{children} children, {nodes} nodes");
        }
    }
}

/// When the last event of a synchronous run happens, and how the processes end.
fn quiet<P: Process<Problem = Broadcast>>(
    nodes: u32,
    sender: u32,
    config: P::Config,
    seed: u64,
) -> (Duration, Simulation<P>) {
    let trial = synchronous(nodes, sender);
    let cast = Cast::<P> { config, requests: trial.requests, ..Cast::default() };
    let mut simulation = Simulation::new(Arc::new(trial.setup), cast);
    let summary = simulation.run(seed, Level::Counts);
    (Duration::from_nanos(summary.time.0), simulation)
}

/// In each round one push from everybody who knows; one pull from everybody who does not know that it may stop.
#[test]
fn gossip_costs_one_call_a_round() {
    let rounds = 10;
    for nodes in SIZES {
        for seed in 0..RUNS {
            let config =
                |mode| gossip::Config { mode, period: Duration::from_millis(100), rounds: Some(rounds) };
            let ages = |simulation: &Simulation<Gossip>| -> Vec<u64> {
                let processes = simulation.processes().iter().flatten();
                processes
                    .filter_map(|process| process.age_when_learned(ProcessId(0), 1))
                    .map(u64::from)
                    .collect()
            };
            let all = u64::from(rounds);
            let (_, push) = quiet::<Gossip>(nodes, 0, config(Mode::Push), seed);
            let wanted: u64 = ages(&push).iter().map(|age| all - age).sum();
            assert_eq!(push.recording().counts().total(), wanted);
            let (_, pull) = quiet::<Gossip>(nodes, 0, config(Mode::Pull), seed);
            let ages = ages(&pull);
            assert!(ages.len() as u32 == nodes, "{nodes} nodes, seed {seed}: ten rounds are enough to ask");
            let counts = pull.recording().counts();
            assert_eq!(of_kind(counts, "pull"), ages.iter().map(|age| age + all).sum::<u64>());
            assert_eq!(of_kind(counts, "reply"), u64::from(nodes) - 1, "nothing is told twice");
        }
    }
}

#[test]
fn a_rumor_costs_what_its_reach_says() {
    for nodes in SIZES {
        for k in 1..=5 {
            for seed in 0..RUNS {
                let reach = |simulation: &Simulation<Rumor>| {
                    let processes = simulation.processes().iter().flatten();
                    processes.filter(|process| process.has_heard(ProcessId(0), 1)).count() as u64
                };
                let config = |variant| rumor::Config { variant, k, ..Default::default() };
                let (_, feedback) = quiet::<Rumor>(nodes, 0, config(Variant::Feedback), seed);
                let counts = feedback.recording().counts();
                let contacts = u64::from(k + 1) * reach(&feedback) - 1;
                assert_eq!(of_kind(counts, "rumor"), contacts, "n={nodes} k={k}");
                assert_eq!(of_kind(counts, "feedback"), contacts, "n={nodes} k={k}");
                let (_, blind) = quiet::<Rumor>(nodes, 0, config(Variant::Blind), seed);
                let counts = blind.recording().counts();
                assert_eq!(counts.total(), u64::from(k) * reach(&blind), "n={nodes} k={k}");
            }
        }
    }
}

#[test]
fn an_exchange_costs_two_messages_and_a_third_when_the_called_learns_something() {
    for nodes in SIZES {
        let rounds = 12;
        let config = |mode| anti_entropy::Config {
            mode,
            rounds: Some(rounds),
            period: Duration::from_millis(100),
            ..Default::default()
        };
        // Nothing is written: every exchange costs two messages.
        for mode in [anti_entropy::Mode::Pull, anti_entropy::Mode::PushPull] {
            let (counts, _) = written(nodes, &[]).run::<AntiEntropy>(config(mode), 1);
            let exchanges = u64::from(nodes * rounds);
            assert_eq!(counts.sent, [("digest", exchanges), ("delta", exchanges)]);
        }
        let trial = written(nodes, &[(1, 0, "x", Some("1")), (2, 1, "y", Some("2"))]);
        for seed in 0..RUNS {
            let (counts, outputs) = trial.run::<AntiEntropy>(config(anti_entropy::Mode::Pull), seed);
            assert_eq!(counts.total(), 2 * of_kind(&counts, "digest"));
            assert_eq!(outputs.len() as u32, 2 * nodes, "everybody has both");
            let (counts, _) = trial.run::<AntiEntropy>(config(anti_entropy::Mode::PushPull), seed);
            assert_eq!(of_kind(&counts, "delta"), of_kind(&counts, "digest"));
            let learned: BTreeMap<&str, u64> = counts.sent.iter().copied().collect();
            assert!(learned.get("update").copied().unwrap_or(0) <= 2 * u64::from(nodes - 1) * 3);
        }
    }
}
