//! Published message counts of broadcasts that survive crashes, exactly: catalogue rows B2, B3, O7, and F1 under them.

use super::said;
use crate::trial::{SIZES, Trial};
use std::time::Duration;
use synod::{
    algorithms::{
        parts::heartbeat,
        reliable_broadcast::{self, ReliableBroadcast},
        sequencer::{self, Sequencer},
        uniform_broadcast::{self, UniformBroadcast},
    },
    problems::broadcast::Broadcast,
    process::{Process, ProcessId},
    world::{Action, Targets},
};

const BROADCASTS: u64 = 3;

/// Three broadcasts of `sender`, far enough apart that none meets another.
fn three(nodes: u32, sender: u32) -> Trial<Broadcast> {
    said(nodes, &[1, 101, 201].map(|at| (at, sender)))
}

/// How many messages of these kinds a trial costs.
fn cost<P: Process<Problem = Broadcast>>(trial: &Trial<Broadcast>, config: P::Config, kinds: &[&str]) -> u64 {
    let (counts, _) = trial.run::<P>(config, 7);
    counts.sent.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, number)| number).sum()
}

/// Heartbeats that take no crash for another.
fn patient() -> heartbeat::Config {
    heartbeat::Config { period: Duration::from_millis(100), timeout: Duration::from_millis(250) }
}

fn crash(after_sends: Option<u32>) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends }
}

#[test]
fn eager_reliable_broadcast_costs_n_minus_1_squared_and_with_relay_back_n_times_n_minus_1() {
    for n in SIZES {
        let (others, all) = (u64::from(n - 1), u64::from(n));
        for (relay_back, each) in [(false, others * others), (true, all * others)] {
            let config = reliable_broadcast::Config { relay_back, ..Default::default() };
            let (counts, outputs) = three(n, n - 1).run::<ReliableBroadcast>(config, 7);
            assert_eq!(counts.total(), BROADCASTS * each, "n={n}");
            assert_eq!(outputs.len() as u64, BROADCASTS * all, "everybody delivers everything");
        }
    }
}

#[test]
fn lazy_reliable_broadcast_costs_n_minus_1_and_as_much_for_each_survivor_and_message_of_a_suspect() {
    let config = reliable_broadcast::Config {
        mode: reliable_broadcast::Mode::Lazy,
        heartbeat: patient(),
        ..Default::default()
    };
    for n in SIZES {
        let others = u64::from(n - 1);
        let trial = three(n, 0).until(250);
        assert_eq!(cost::<ReliableBroadcast>(&trial, config, &["data"]), BROADCASTS * others, "n={n}");
        let trial = three(n, 0).with(250, crash(None)).until(600);
        let wanted = BROADCASTS * (others + others * others);
        assert_eq!(cost::<ReliableBroadcast>(&trial, config, &["data"]), wanted, "n={n}");
    }
}

#[test]
fn uniform_broadcast_costs_n_times_n_minus_1() {
    for n in SIZES {
        let wanted = BROADCASTS * u64::from(n) * u64::from(n - 1);
        let majority = uniform_broadcast::Config::default();
        assert_eq!(cost::<UniformBroadcast>(&three(n, n - 1), majority, &["data"]), wanted, "n={n}");
        let mode = uniform_broadcast::Mode::AllAck;
        let all = uniform_broadcast::Config { mode, heartbeat: patient() };
        assert_eq!(cost::<UniformBroadcast>(&three(n, n - 1).until(300), all, &["data"]), wanted, "n={n}");
    }
}

const ORDERING: &[&str] = &["submit", "tentative", "stored", "accept"];
const TAKING_OVER: &[&str] = &["new-epoch", "state", "start"];

fn failover() -> sequencer::Config {
    sequencer::Config { failover: true, heartbeat: patient(), ..Default::default() }
}

#[test]
fn a_sequencer_with_failover_costs_3n_minus_2_and_3_times_n_minus_1_when_it_sends_itself() {
    for n in SIZES {
        let others = u64::from(n - 1);
        for (sender, each) in [(n - 1, 3 * others + 1), (0, 3 * others)] {
            let trial = three(n, sender).until(300);
            assert_eq!(cost::<Sequencer>(&trial, failover(), ORDERING), BROADCASTS * each, "n={n}");
            assert_eq!(cost::<Sequencer>(&trial, failover(), TAKING_OVER), 0, "n={n}");
        }
    }
}

/// One crash: everybody else but the new sequencer is asked, answers and is told.
#[test]
fn taking_over_costs_3_times_n_minus_2() {
    for n in SIZES {
        let trial = three(n, n - 1).with(300, crash(None)).until(700);
        let wanted = 3 * u64::from(n - 2);
        assert_eq!(cost::<Sequencer>(&trial, failover(), TAKING_OVER), wanted, "n={n}");
        assert_eq!(
            cost::<Sequencer>(&trial, failover(), ORDERING),
            BROADCASTS * u64::from(3 * n - 2),
            "n={n}"
        );
    }
}

/// And a message that was stored only by the new sequencer costs what a message of its own costs.
#[test]
fn what_the_others_have_missed_costs_3_messages_for_each_of_them() {
    for n in SIZES.into_iter().filter(|n| *n > 2) {
        // The first heartbeat has left by then; so has the one copy for the second process.
        let trial = said(n, &[(10, 0)]).with(5, crash(Some(1))).until(450);
        let wanted = 1 + 1 + 3 * u64::from(n - 2);
        assert_eq!(cost::<Sequencer>(&trial, failover(), TAKING_OVER), 3 * u64::from(n - 2), "n={n}");
        assert_eq!(cost::<Sequencer>(&trial, failover(), ORDERING), wanted, "n={n}");
    }
}

#[test]
fn heartbeats_cost_n_times_n_minus_1_in_each_period() {
    for n in SIZES {
        // At 0, 100, 200 and 300 ms.
        let config =
            uniform_broadcast::Config { mode: uniform_broadcast::Mode::AllAck, heartbeat: patient() };
        let trial = said(n, &[]).until(350);
        let wanted = 4 * u64::from(n) * u64::from(n - 1);
        assert_eq!(cost::<UniformBroadcast>(&trial, config, &["alive"]), wanted, "n={n}");
    }
}
