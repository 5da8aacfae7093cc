//! Published message counts, exactly: catalogue rows G6 and R1 to R5.

use super::{bind, call, increment, lookup};
use crate::trial::{SIZES, Trial};
use synod::{
    algorithms::rpc::{Config, Rpc, Semantics},
    problems::rpc::{
        self, Output, Why,
        objects::{Interface, Method},
    },
};

const ANY: [Semantics; 3] = [Semantics::Maybe, Semantics::AtLeastOnce, Semantics::AtMostOnce];

/// The last node binds an object; everybody else looks it up and calls it twice.
fn everybody_calls(n: u32) -> Trial<rpc::Rpc> {
    let clients = 0..n - 1;
    let asked = clients.flat_map(|node| [lookup(100, node), increment(300, node), increment(500, node)]);
    Trial::of(n, std::iter::once(bind(0, n - 1, Interface::Counter)).chain(asked))
}

#[test]
fn every_request_costs_two_messages() {
    for n in SIZES {
        let requests = 1 + 3 * u64::from(n - 1);
        for semantics in ANY {
            let config = Config { semantics, ..Config::default() };
            let (counts, outputs) = everybody_calls(n).run::<Rpc>(config, u64::from(n));
            assert_eq!(counts.total(), 2 * requests, "{semantics:?}, n={n}");
            let answers = outputs.iter().filter(|(_, output)| matches!(output, Output::Answered { .. }));
            assert_eq!(answers.count() as u64, requests, "{semantics:?}, n={n}");
        }
    }
}

#[test]
fn an_acknowledged_reply_costs_one_more() {
    for n in SIZES {
        let requests = 1 + 3 * u64::from(n - 1);
        let config = Config { acknowledge: true, ..Config::default() };
        let (counts, _) = everybody_calls(n).run::<Rpc>(config, u64::from(n));
        assert_eq!(counts.total(), 3 * requests, "n={n}");
        let config = Config { semantics: Semantics::AtLeastOnce, ..config };
        let (counts, _) = everybody_calls(n).run::<Rpc>(config, u64::from(n));
        assert_eq!(counts.total(), 2 * requests, "n={n}: nothing is kept that could be forgotten");
    }
}

#[test]
fn one_process_alone_calls_itself() {
    let trial = Trial::of(1, [bind(0, 0, Interface::Counter), lookup(1, 0), increment(2, 0)]);
    let (counts, outputs) = trial.run::<Rpc>(Config::default(), 0);
    assert_eq!(counts.total(), 6);
    assert!(matches!(outputs.last(), Some((_, Output::Answered { call: 3, .. }))), "{outputs:?}");
}

#[test]
fn what_cannot_be_called_fails() {
    let trial = Trial::of(
        2,
        [
            bind(0, 1, Interface::Counter),
            increment(1, 0),
            lookup(100, 0),
            call(200, 0, Method::Sqrt, "4"),
            call(300, 0, Method::Increment, ""),
        ],
    );
    let (counts, outputs) = trial.run::<Rpc>(Config::default(), 0);
    assert_eq!(counts.total(), 8, "a call without a reference costs nothing");
    let failures: Vec<(u64, Why)> = outputs
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Failed { call, why } => Some((*call, *why)),
            _ => None,
        })
        .collect();
    assert_eq!(failures, [(1, Why::NoReference), (3, Why::NoSuchMethod)]);
}
