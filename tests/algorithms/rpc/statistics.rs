//! Published means, within the catalogue's 5 %: what losses cost (rows G6 and R3 to R5).

use super::{bind, increment, lookup};
use crate::trial::Trial;
use std::time::Duration;
use synod::{
    algorithms::rpc::{Config, Rpc, Semantics},
    problems::rpc::{self, Output, objects::Interface},
    process::ProcessId,
};

const SEEDS: u64 = 250;
const REQUESTS: u64 = 12;

/// The registry binds an object of its own; the other node looks it up and calls it, with long pauses.
fn far_apart() -> Trial<rpc::Rpc> {
    let calls = (1..REQUESTS).map(|number| increment(number * 100_000, 1));
    Trial::of(2, [bind(0, 0, Interface::Counter), lookup(1, 1)].into_iter().chain(calls))
}

/// Of each of the other node's requests: how often it is sent, executed, and answered on average.
fn means(semantics: Semantics, percent: u64) -> [f64; 3] {
    let timeout = Duration::from_millis(100);
    let config = Config { semantics, attempts: 0, timeout, backoff: 1, ..Config::default() };
    let trial = far_apart().losing(percent);
    let [mut sent, mut executed, mut answered] = [0_u64; 3];
    for seed in 0..SEEDS {
        let (counts, outputs) = trial.run::<Rpc>(config, seed);
        // The registry's own request is one that is never lost.
        sent += counts.sent.iter().find(|(kind, _)| *kind == "call").map_or(0, |(_, sent)| *sent) - 1;
        for (node, output) in outputs {
            match output {
                Output::Executed { client: ProcessId(1), .. } => executed += 1,
                Output::Answered { .. } if node == ProcessId(1) => answered += 1,
                Output::Executed { .. } | Output::Answered { .. } | Output::Failed { .. } => {}
            }
        }
    }
    [sent, executed, answered].map(|total| total as f64 / (SEEDS * REQUESTS) as f64)
}

#[track_caller]
fn near(measured: f64, published: f64) {
    let off = (measured - published).abs() / published;
    assert!(off < 0.05, "measured {measured:.3}, published {published:.3}: off by {:.1} %", off * 100.0);
}

/// 1/(1-p)² attempts, 1/(1-p) executions, for sure an answer.
#[test]
fn at_least_once_is_as_often_as_losses_make_it() {
    for percent in [10, 20, 30] {
        let through = 1.0 - percent as f64 / 100.0;
        let [sent, executed, answered] = means(Semantics::AtLeastOnce, percent);
        near(sent, 1.0 / (through * through));
        near(executed, 1.0 / through);
        assert_eq!(answered, 1.0);
    }
}

/// As many attempts, one execution.
#[test]
fn at_most_once_is_once() {
    for percent in [10, 20, 30] {
        let through = 1.0 - percent as f64 / 100.0;
        let [sent, executed, answered] = means(Semantics::AtMostOnce, percent);
        near(sent, 1.0 / (through * through));
        assert_eq!((executed, answered), (1.0, 1.0));
    }
}

/// One attempt, 1-p executions, (1-p)² answers; calls without a reference are not sent, so the lookup is repeated until
/// it is answered by looking at those runs only that have one.
#[test]
fn maybe_is_answered_when_nothing_is_lost() {
    for percent in [10, 20, 30] {
        let through = 1.0 - percent as f64 / 100.0;
        let trial = far_apart().losing(percent);
        let config = Config { semantics: Semantics::Maybe, ..Config::default() };
        let [mut runs, mut executed, mut answered] = [0_u64; 3];
        for seed in 0..2 * SEEDS {
            let (_, outputs) = trial.run::<Rpc>(config, seed);
            let at = |node: u32| outputs.iter().filter(move |(known, _)| known.0 == node);
            let answers =
                at(1).filter(|(_, output)| matches!(output, Output::Answered { .. })).count() as u64;
            if at(1).any(|(_, output)| matches!(output, Output::Answered { call: 1, .. })) {
                let theirs =
                    |output: &Output| matches!(output, Output::Executed { client: ProcessId(1), .. });
                executed += at(0).filter(|(_, output)| theirs(output)).count() as u64 - 1;
                answered += answers - 1;
                runs += REQUESTS - 1;
            }
        }
        near(executed as f64 / runs as f64, through);
        near(answered as f64 / runs as f64, through * through);
    }
}
