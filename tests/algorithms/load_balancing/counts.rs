//! What sharing jobs costs and how even it is: exactly, where the catalogue is exact.

use super::{about, job, jobs};
use crate::trial::{SIZES, Trial};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::{
        load_balancer::{self, LoadBalancer, Policy, SmoothWeighted},
        receiver_initiated::{self, ReceiverInitiated},
        sender_initiated::{self, SenderInitiated},
    },
    problems::load_balancing::{LoadBalancing, Output, Request},
    process::ProcessId,
    trace::Counts,
};

fn of_kind(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().filter(|(name, _)| *name == kind).map(|(_, number)| number).sum()
}

fn policy(policy: Policy) -> load_balancer::Config {
    load_balancer::Config { policy, ..Default::default() }
}

/// How many jobs each server was assigned.
fn loads(outputs: &[(ProcessId, Output)]) -> Vec<u64> {
    let mut loads: BTreeMap<ProcessId, u64> = BTreeMap::new();
    for (_, output) in outputs {
        match output {
            Output::Serving { servers, .. } => {
                for server in servers {
                    loads.entry(*server).or_default();
                }
            }
            Output::Assigned { server, .. } => *loads.entry(*server).or_default() += 1,
            _ => {}
        }
    }
    loads.into_values().collect()
}

/// W1: server k of S gets ⌈(M-k)/S⌉ of M jobs, and every job costs a task and an answer.
#[test]
fn round_robin_is_even() {
    for nodes in SIZES {
        for count in [1, 7, 40] {
            let trial = jobs(nodes, (0..count).map(|at| (at, 0, 5)));
            let (counts, outputs) = trial.run::<LoadBalancer>(policy(Policy::RoundRobin), 1);
            let servers = u64::from(nodes) - 1;
            let expected: Vec<u64> =
                (0..servers).map(|k| count.saturating_sub(k).div_ceil(servers)).collect();
            assert_eq!(loads(&outputs), expected, "{nodes} nodes, {count} jobs");
            assert_eq!((of_kind(&counts, "task"), of_kind(&counts, "done")), (count, count));
            assert_eq!(counts.total(), 2 * count);
        }
    }
}

/// W2: of every W picks from the beginning, w of each server of weight w; nobody is off by a whole job in between.
#[test]
fn smooth_weights_are_exact() {
    let mut turns = SmoothWeighted::of([5, 1, 1]);
    let picks: Vec<usize> = (0..7).map(|_| turns.pick()).collect();
    assert_eq!(picks, [0, 0, 1, 0, 2, 0, 0]);
    for weights in [vec![1], vec![1, 1, 1], vec![5, 1, 1], vec![7, 3, 2, 11], (1..30).collect()] {
        let whole: u32 = weights.iter().sum();
        let mut turns = SmoothWeighted::of(weights.clone());
        for _ in 0..3 {
            let mut picked = vec![0; weights.len()];
            for _ in 0..whole {
                picked[turns.pick()] += 1;
                assert_eq!(turns.saved().iter().sum::<i64>(), 0);
                assert!(turns.saved().iter().all(|saved| saved.abs() < i64::from(whole)));
            }
            assert_eq!(picked, weights);
        }
    }
    let config = load_balancer::Config { weights: vec![5, 1, 1], ..policy(Policy::Weighted) };
    let (_, outputs) = jobs(4, (0..14).map(|at| (at, 0, 5))).run::<LoadBalancer>(config, 1);
    assert_eq!(loads(&outputs), [10, 2, 2]);
}

/// W3: jobs of one size that all stay are spread like round robin.
#[test]
fn least_connections_is_even_while_nothing_ends() {
    for nodes in SIZES {
        let trial = jobs(nodes, (0..40).map(|at| (at, 0, 500)));
        let (counts, outputs) = trial.run::<LoadBalancer>(policy(Policy::LeastConnections), 1);
        let servers = u64::from(nodes) - 1;
        assert_eq!(
            loads(&outputs),
            (0..servers).map(|k| (40 - k.min(40)).div_ceil(servers)).collect::<Vec<_>>()
        );
        assert_eq!(counts.total(), 80);
    }
}

/// W4: a question and an answer for each server that is asked, a task and its answer.
#[test]
fn probing_costs_two_messages_for_each_choice() {
    for nodes in SIZES {
        for choices in [1, 2, 3] {
            let probe = load_balancer::Config { choices, probe: true, ..policy(Policy::TwoChoices) };
            let (counts, _) = jobs(nodes, (0..20).map(|at| (at, 0, 5))).run::<LoadBalancer>(probe, 1);
            let asked = 20 * u64::from(choices.min(nodes - 1));
            assert_eq!((of_kind(&counts, "probe"), of_kind(&counts, "load")), (asked, asked));
            assert_eq!((of_kind(&counts, "task"), of_kind(&counts, "done")), (20, 20));
            let known = load_balancer::Config { choices, ..policy(Policy::TwoChoices) };
            let (counts, _) = jobs(nodes, (0..20).map(|at| (at, 0, 5))).run::<LoadBalancer>(known, 1);
            assert_eq!(counts.total(), 40);
        }
    }
}

/// W5: one more server takes over keys, and from it nobody else gets any.
#[test]
fn a_new_server_takes_keys_and_nobody_else_does() {
    for nodes in SIZES.into_iter().filter(|nodes| *nodes > 2) {
        let new = nodes - 1;
        let keys = 60;
        let all = |at: u64| (0..keys).map(move |key| (at, 0, about(format!("key {key}"), 0)));
        let add = (50, 0, Request::Add(ProcessId(new)));
        let asked: Vec<_> = all(0).chain([add]).chain(all(100)).collect();
        let servers = (1..new).map(ProcessId).collect();
        let config = load_balancer::Config { servers, ..policy(Policy::ConsistentHashing) };
        let (_, outputs) = Trial::<LoadBalancing>::of(nodes, asked).run::<LoadBalancer>(config, 1);
        let assigned: Vec<ProcessId> = outputs
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Assigned { server, .. } => Some(*server),
                _ => None,
            })
            .collect();
        let (before, after) = assigned.split_at(keys);
        assert_eq!(after.len(), keys);
        for (before, after) in before.iter().zip(after) {
            assert!(before == after || *after == ProcessId(new), "{nodes} nodes: {before:?} to {after:?}");
        }
    }
}

/// How many jobs moved.
fn moved(outputs: &[(ProcessId, Output)]) -> u64 {
    outputs.iter().filter(|(_, output)| matches!(output, Output::Moved { .. })).count() as u64
}

/// W6: two messages for each probe, and one for a transfer.
#[test]
fn a_sender_pays_for_probes_and_transfers() {
    for nodes in SIZES {
        let config = |probes| sender_initiated::Config { threshold: 1, probes, ..Default::default() };
        // All others idle: the first probe is a hit.
        let trial = jobs(nodes, [(0, 0, 500), (1, 0, 500)]);
        let (counts, outputs) = trial.run::<SenderInitiated>(config(3), 1);
        assert_eq!((counts.total(), moved(&outputs)), (3, 1), "{nodes} nodes");
        // All busy: every probe is in vain.
        let everybody = (0..nodes).map(|node| (0, node, 500));
        let trial = jobs(nodes, everybody.chain([(1, 0, 500)]));
        let probes = u64::from((nodes - 1).min(3));
        let (counts, outputs) = trial.run::<SenderInitiated>(config(3), 1);
        assert_eq!((of_kind(&counts, "probe"), of_kind(&counts, "load")), (probes, probes));
        assert_eq!((counts.total(), moved(&outputs)), (2 * probes, 0));
        // Anything between.
        for seed in 0..20 {
            let trial = jobs(nodes, (0..30).map(|at| (at * 7, (at % 3) as u32 % nodes, 90)));
            let (counts, outputs) = trial.run::<SenderInitiated>(config(2), seed);
            let (probes, moved) = (of_kind(&counts, "probe"), moved(&outputs));
            assert_eq!((of_kind(&counts, "load"), of_kind(&counts, "task")), (probes, moved));
            assert_eq!(counts.total(), 2 * probes + moved);
            assert!(probes <= 2 * 30);
        }
    }
}

/// W7: two messages for each poll in vain, and two for each job that moves.
#[test]
fn a_receiver_pays_for_polls() {
    for nodes in SIZES {
        for seed in 0..5 {
            let config =
                receiver_initiated::Config { retry: Duration::ZERO, probes: 50, ..Default::default() };
            let first = (0..nodes).map(|node| (0, node, 20));
            let trial = jobs(nodes, first.chain((0..10).map(|_| (0, 0, 300))));
            let (counts, outputs) = trial.run::<ReceiverInitiated>(config, seed);
            let (failed, moved) = (of_kind(&counts, "none"), moved(&outputs));
            assert_eq!((of_kind(&counts, "poll"), of_kind(&counts, "task")), (failed + moved, moved));
            assert_eq!(counts.total(), 2 * failed + 2 * moved);
            assert!(moved >= 1, "{nodes} nodes, seed {seed}: somebody finds something");
        }
    }
}

/// The lab sheet: seven processes on four servers.
#[test]
fn seven_processes_on_four_servers() {
    let trial = Trial::of(5, (0..7).map(|at| (at, 0, job(10))));
    let (_, outputs) = trial.run::<LoadBalancer>(policy(Policy::RoundRobin), 1);
    assert_eq!(loads(&outputs), [2, 2, 2, 1]);
}
