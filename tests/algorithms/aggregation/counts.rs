//! Published message counts, exactly: catalogue row G4.

use super::contributed;
use crate::trial::SIZES;
use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::convergecast::{Config, Convergecast},
    problems::aggregation::{Operation, Output},
    process::ProcessId,
    simulate::{Cast, Simulation},
    trace::Level,
    world::Shape,
};

/// How high a tree of `nodes` is in which every node has `arity` children, as far as there are any.
fn height(nodes: u32, arity: u32) -> u64 {
    let (mut place, mut height) = (nodes - 1, 0);
    while place > 0 {
        place = (place - 1) / arity;
        height += 1;
    }
    height
}

#[test]
fn a_round_costs_n_minus_1_and_as_many_delays_as_the_tree_is_high() {
    for (n, arity) in SIZES.into_iter().flat_map(|n| [1, 2, 3, 7].map(|arity| (n, arity))) {
        for (root, announce) in [(0, false), (n - 1, false), (1, true)] {
            let values: Vec<(u64, u32, i64)> = (0..n).map(|node| (0, node, i64::from(node))).collect();
            let mut trial = contributed(n, &values);
            trial.setup.network.jitter = Duration::ZERO;
            let root = Some(ProcessId(root));
            let config = Config { root, operation: Operation::Sum, arity, announce };
            let cast = Cast::<Convergecast> { config, requests: trial.requests.clone(), ..Cast::default() };
            let mut simulation = Simulation::new(Arc::new(trial.setup.clone()), cast);
            let time = simulation.run(0, Level::Full).time;
            let (ways, told) = if announce { (2, u64::from(n)) } else { (1, 1) };
            assert_eq!(time.0, ways * height(n, arity) * 10_000_000, "n={n}, arity {arity}");
            let recording = simulation.recording();
            assert_eq!(recording.counts().total(), ways * u64::from(n - 1), "n={n}, arity {arity}");
            let right = Output::Result {
                round: 1,
                operation: Operation::Sum,
                value: i64::from(n) * i64::from(n - 1) / 2,
            };
            assert!(recording.outputs().all(|(_, output)| *output == right), "n={n}, arity {arity}");
            assert_eq!(recording.outputs().count() as u64, told);
        }
    }
}

/// The tree is the one that `topology: {tree: ...}` has: nothing is refused for want of a link.
#[test]
fn it_needs_no_links_but_those_of_the_tree() {
    for (n, children) in SIZES.into_iter().flat_map(|n| [1, 2, 5].map(|children| (n, children))) {
        let values: Vec<(u64, u32, i64)> = (0..n).map(|node| (u64::from(node), node, 1)).collect();
        let mut trial = contributed(n, &values);
        trial.setup.topology = Shape::Tree { children };
        let config = Config { operation: Operation::Count, arity: children, ..Config::default() };
        let (counts, outputs) = trial.run::<Convergecast>(config, 7);
        assert_eq!(counts.total(), u64::from(n - 1));
        let value = i64::from(n);
        let result = Output::Result { round: 1, operation: Operation::Count, value };
        assert_eq!(outputs, [(ProcessId(0), result)]);
    }
}

#[test]
fn one_process_alone_knows_its_result_at_once() {
    let config = Config { root: Some(ProcessId(3)), arity: 0, announce: true, ..Config::default() };
    let (counts, outputs) = contributed(1, &[(0, 0, 5), (1, 0, -6)]).run::<Convergecast>(config, 0);
    assert_eq!((counts.total(), outputs.len()), (0, 2));
}
