//! Published message counts, exactly: catalogue row O11. Signs of life are not counted.

use crate::trial::{SIZES, Trial};
use std::{collections::BTreeSet, time::Duration};
use synod::{
    algorithms::{
        parts::heartbeat,
        view_synchrony::{Config, Quorum, ViewSynchrony},
    },
    problems::view_synchrony::{self, Output, Request},
    process::ProcessId,
    world::{Action, Targets},
};

/// How many messages that are no signs of life this trial costs, and how many views it has.
fn cost(trial: &Trial<view_synchrony::ViewSynchrony>, config: Config) -> (u64, usize) {
    let (counts, outputs) = trial.run::<ViewSynchrony>(config, 1);
    let sent = counts.sent.iter().filter(|(kind, _)| *kind != "alive").map(|(_, sent)| sent).sum();
    (sent, outputs.iter().filter(|(_, output)| matches!(output, Output::View { .. })).count())
}

#[test]
fn a_broadcast_costs_n_minus_1() {
    for n in SIZES {
        let trial = Trial::of(n, [(0, n - 1, Request::Broadcast("m".into()))]);
        assert_eq!(cost(&trial, Config::default()).0, u64::from(n - 1));
    }
}

/// To leave, N-1 to say so and three rounds among all; to join, N-1 to say so and three rounds among all and the joiner.
#[test]
fn a_change_costs_3_rounds_among_those_who_take_part() {
    for n in SIZES {
        let rounds = 3 * u64::from(n - 1);
        let leave = Trial::of(n, [(0, n - 1, Request::Leave)]);
        assert_eq!(cost(&leave, Config::default()), (u64::from(n - 1) + rounds, 2 * n as usize - 1));
        let members = Some((0..n - 1).map(ProcessId).collect::<BTreeSet<ProcessId>>());
        let join = Trial::of(n, [(0, n - 1, Request::Join)]);
        let config = Config { members, ..Config::default() };
        assert_eq!(cost(&join, config), (u64::from(n - 1) + rounds, 2 * n as usize - 1));
    }
}

#[test]
fn a_crash_costs_3_rounds_among_the_survivors() {
    let pulse = heartbeat::Config { period: Duration::from_millis(100), timeout: Duration::from_millis(150) };
    let config = Config { quorum: Quorum::None, heartbeat: Some(pulse), ..Config::default() };
    for n in SIZES {
        for victim in [0, n - 1] {
            let crash = Action::Crash { targets: Targets::Node(ProcessId(victim)), after_sends: None };
            let trial = Trial::of(n, []).with(150, crash).until(400);
            let survivors = n - 1;
            let wanted = (3 * u64::from(survivors - 1), (n + survivors) as usize);
            assert_eq!(cost(&trial, config.clone()), wanted, "n={n}, {victim} crashes");
        }
    }
}
