//! Published message counts, exactly: catalogue rows X1 to X8 and X10.

use super::wants;
use crate::{
    dice::Dice,
    trial::{SIZES, Trial},
};
use std::collections::BTreeMap;
use synod::{
    algorithms::{
        carvalho_roucairol::CarvalhoRoucairol,
        central_mutex::{self, CentralMutex},
        lamport_mutex::LamportMutex,
        maekawa::{self, Maekawa},
        naimi_trehel::NaimiTrehel,
        parts::quorums::Quorums,
        raymond::{self, Raymond},
        ricart_agrawala::RicartAgrawala,
        suzuki_kasami::SuzukiKasami,
        token_ring::{self, TokenRing},
    },
    problems::mutual_exclusion::{MutualExclusion, Output},
    process::{Process, ProcessId, What},
    trace::Counts,
};

/// So many milliseconds apart two wishes have nothing to do with each other, not even with a ring of 50 between them.
const APART: u64 = 3_000;

/// Runs a trial in which every wish comes true; gives what was sent, and who entered, in order.
fn run<P: Process<Problem = MutualExclusion>>(
    trial: &Trial<MutualExclusion>,
    config: P::Config,
    seed: u64,
) -> (Counts, Vec<u32>) {
    let (counts, outputs) = trial.run::<P>(config, seed);
    let entered: Vec<u32> =
        outputs.iter().filter(|(_, output)| *output == Output::Enter).map(|(node, _)| node.0).collect();
    assert_eq!(entered.len(), trial.requests.len(), "every wish comes true");
    (counts, entered)
}

fn kind(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().filter(|(known, _)| *known == kind).map(|(_, number)| *number).sum()
}

/// Everybody wants to enter at about the same time; some want to again.
fn crowd(nodes: u32) -> Trial<MutualExclusion> {
    let all = (0..nodes).map(|node| (u64::from(node * 7 % nodes) % 25, node));
    let again = (0..nodes.min(5)).map(|node| (30, (node * 3 + 1) % nodes));
    let wishes: Vec<(u64, u32)> = all.chain(again).collect();
    wants(nodes, 3, &wishes)
}

/// So many wishes of nodes that the dice choose, each long after the one before.
fn sequence(nodes: u32, wishes: u64, seed: u64) -> (Trial<MutualExclusion>, Vec<u32>) {
    let mut dice = Dice::new(seed);
    let nodes_in_turn: Vec<u32> = (0..wishes).map(|_| dice.below(nodes.into()) as u32).collect();
    let wishes: Vec<(u64, u32)> = (0..).step_by(APART as usize).zip(nodes_in_turn.iter().copied()).collect();
    (wants(nodes, 1, &wishes), nodes_in_turn)
}

#[test]
fn a_coordinator_costs_3_for_each_entry_of_others() {
    for n in SIZES {
        for coordinator in [0, n - 1] {
            let config = central_mutex::Config { coordinator: Some(ProcessId(coordinator)) };
            let (counts, entered) = run::<CentralMutex>(&crowd(n), config, n.into());
            let others = entered.iter().filter(|node| **node != coordinator).count() as u64;
            assert_eq!(counts.total(), 3 * others, "n={n}");
        }
    }
}

#[test]
fn lamports_queue_costs_3_times_n_minus_1_for_each_entry() {
    for n in SIZES {
        let (counts, entered) = run::<LamportMutex>(&crowd(n).fifo(), Default::default(), n.into());
        assert_eq!(counts.total(), 3 * u64::from(n - 1) * entered.len() as u64, "n={n}");
    }
}

#[test]
fn ricart_and_agrawala_cost_2_times_n_minus_1_for_each_entry() {
    for n in SIZES {
        let (counts, entered) = run::<RicartAgrawala>(&crowd(n), Default::default(), n.into());
        assert_eq!(counts.total(), 2 * u64::from(n - 1) * entered.len() as u64, "n={n}");
    }
}

/// Each permission that changes sides costs a request and a reply; who enters again pays nothing.
#[test]
fn carvalho_and_roucairol_cost_2_for_each_permission_that_moves() {
    for n in SIZES {
        let (trial, order) = sequence(n, 40, n.into());
        let (counts, entered) = run::<CarvalhoRoucairol>(&trial, Default::default(), n.into());
        assert_eq!(entered, order);
        // With whom the permission of each pair is.
        let mut with = BTreeMap::new();
        let mut moves = 0;
        for node in order {
            for other in (0..n).filter(|other| *other != node) {
                let pair = (node.min(other), node.max(other));
                let before = with.insert(pair, node).unwrap_or(pair.0);
                moves += u64::from(before != node);
            }
        }
        assert_eq!(counts.total(), 2 * moves, "n={n}");
        let again = wants(n, 1, &[(0, 0), (APART, n - 1), (2 * APART, n - 1), (3 * APART, n - 1)]);
        let (counts, _) = run::<CarvalhoRoucairol>(&again, Default::default(), 1);
        assert_eq!(
            counts.total(),
            2 * u64::from(n - 1),
            "n={n}: only the first of three entries costs anything"
        );
        let (counts, entered) = run::<CarvalhoRoucairol>(&crowd(n), Default::default(), n.into());
        assert_eq!(kind(&counts, "request"), kind(&counts, "reply"), "n={n}");
        assert!(counts.total() <= 2 * u64::from(n - 1) * entered.len() as u64, "n={n}");
    }
}

#[test]
fn a_quorum_of_k_costs_3_times_k_minus_1_alone_and_never_more_than_5() {
    for n in SIZES.into_iter().chain([7, 13, 31]) {
        for quorums in [Quorums::Plane, Quorums::Grid] {
            let others = |node: &u32| quorums.of(ProcessId(*node), n).len() as u64 - 1;
            let config = maekawa::Config { quorums: quorums.clone() };
            let (trial, order) = sequence(n, 30, n.into());
            let (counts, _) = run::<Maekawa>(&trial, config.clone(), n.into());
            assert_eq!(counts.total(), 3 * order.iter().map(others).sum::<u64>(), "n={n}, {quorums:?}");
            let (counts, entered) = run::<Maekawa>(&crowd(n), config, n.into());
            let least = 3 * entered.iter().map(others).sum::<u64>();
            assert!((least..=least / 3 * 5).contains(&counts.total()), "n={n}, {quorums:?}: {counts:?}");
        }
    }
}

#[test]
fn a_ring_costs_1_for_each_entry_when_all_always_want_to_enter() {
    for n in SIZES {
        let wishes: Vec<(u64, u32)> = (0..3 * n).map(|place| (0, place % n)).collect();
        let trial = wants(n, 2, &wishes).until(u64::from(n) * 3 * 25 + 200);
        trial.each_run::<TokenRing>(&token_ring::Config::default(), &[], |_, history, _| {
            let mut sent = 0;
            let mut at = Vec::new();
            for step in &history.steps {
                match step.what {
                    What::Send { .. } => sent += 1,
                    What::Output(Output::Enter) => at.push(sent),
                    _ => {}
                }
            }
            assert_eq!(at.len() as u32, 3 * n);
            let hops: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(hops.iter().all(|hops| *hops == 1), "n={n}: {hops:?}");
        });
    }
}

/// When nobody wants it the token goes on: as many messages as there was time for hops.
#[test]
fn an_idle_ring_costs_a_message_for_each_hop() {
    for n in SIZES {
        let mut trial = wants(n, 1, &[]).until(1_005);
        trial.setup.network.jitter = std::time::Duration::ZERO;
        let (counts, _) = run::<TokenRing>(&trial, token_ring::Config::default(), 1);
        assert_eq!(counts.total(), 50, "n={n}: 10 ms of rest, 10 ms on the way");
    }
}

#[test]
fn suzuki_and_kasami_cost_n_for_each_entry_without_the_token() {
    for n in SIZES {
        let (trial, order) = sequence(n, 40, n.into());
        let (counts, _) = run::<SuzukiKasami>(&trial, Default::default(), n.into());
        let before = std::iter::once(&0).chain(&order);
        let moved = before.zip(&order).filter(|(holder, node)| holder != node).count() as u64;
        assert_eq!(counts.total(), u64::from(n) * moved, "n={n}");
        // Also when all want it at once: requests and tokens come in the same measure.
        let (counts, entered) = run::<SuzukiKasami>(&crowd(n), Default::default(), n.into());
        assert_eq!(kind(&counts, "request"), u64::from(n - 1) * kind(&counts, "token"), "n={n}");
        assert!(counts.total() <= u64::from(n) * entered.len() as u64, "n={n}");
    }
}

/// How many edges are between two nodes of a tree in which each has so many children.
fn distance(children: u32, mut a: u32, mut b: u32) -> u64 {
    let mut edges = 0;
    while a != b {
        let lower = if a > b { &mut a } else { &mut b };
        *lower = (*lower - 1) / children;
        edges += 1;
    }
    edges
}

#[test]
fn raymond_costs_2_for_each_edge_on_the_way_to_the_token() {
    for n in SIZES {
        for children in [1, 2, 3, n] {
            let holder = n / 2;
            let config = raymond::Config { children, holder: Some(ProcessId(holder)) };
            let (trial, order) = sequence(n, 30, n.into());
            let (counts, _) = run::<Raymond>(&trial, config, n.into());
            let before = std::iter::once(&holder).chain(&order);
            let edges: u64 = before.zip(&order).map(|(from, to)| distance(children, *from, *to)).sum();
            assert_eq!(counts.total(), 2 * edges, "n={n}, {children} children");
        }
    }
}

/// Whatever the tree: in N entries the token and the requests for it go once round it, 4(N-1) messages.
#[test]
fn raymond_costs_4_times_n_minus_1_by_n_for_each_entry_when_all_always_want_to_enter() {
    for n in SIZES {
        for children in [1, 2, n] {
            let rounds = 40;
            let wishes: Vec<(u64, u32)> = (0..rounds * n).map(|place| (0, place % n)).collect();
            let config = raymond::Config { children, holder: None };
            let (counts, entered) = run::<Raymond>(&wants(n, 60, &wishes), config, n.into());
            let (sent, entries, n) = (counts.total() as f64, entered.len() as f64, f64::from(n));
            let wanted = 4.0 * (n - 1.0) / n * entries;
            assert!(
                (sent - wanted).abs() < 0.05 * wanted,
                "n={n}, {children} children: {sent}, not {wanted}"
            );
        }
    }
}

/// H(N-1), the mean over 200 seeds of wishes that come one after the other from nodes chosen at random.
#[test]
fn naimi_and_trehel_cost_the_harmonic_number_of_n_minus_1_on_average() {
    for n in SIZES {
        let (warm_up, measured) = (u64::from(n) * 3 / 2, 40);
        let mut sent = 0;
        for seed in 0..200 {
            let (trial, _) = sequence(n, warm_up + measured, seed);
            let total = run::<NaimiTrehel>(&trial, Default::default(), seed).0.total();
            let (trial, _) = sequence(n, warm_up, seed);
            sent += total - run::<NaimiTrehel>(&trial, Default::default(), seed).0.total();
        }
        let mean = sent as f64 / (200 * measured) as f64;
        let harmonic: f64 = (1..n).map(|k| 1.0 / f64::from(k)).sum();
        assert!((mean - harmonic).abs() < 0.05 * harmonic, "n={n}: {mean}, not {harmonic}");
    }
}
