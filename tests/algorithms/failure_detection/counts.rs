//! Published means: exactly so many messages, at every size.

use super::{crash, lose, steady, told};
use crate::trial::SIZES;
use std::time::Duration;
use synod::{
    algorithms::{
        heartbeat::{self, Heartbeat},
        phi_accrual::{self, PhiAccrual},
        swim::{self, Order, Swim},
    },
    problems::failure_detection::Output,
    process::ProcessId,
    trace::Counts,
    world::{Action, LinkPattern},
};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// How many messages of a kind were sent.
fn sent(counts: &Counts, kind: &str) -> u64 {
    counts.sent.iter().filter(|(known, _)| *known == kind).map(|(_, number)| number).sum()
}

#[test]
fn heartbeats_cost_n_times_n_minus_1_in_a_period() {
    for n in SIZES {
        for periods in [1, 3] {
            let config = heartbeat::Config { period: ms(50), timeout: ms(200), delay_max: Duration::ZERO };
            let trial = steady(n, 50 * periods - 1, 10);
            let (counts, outputs) = trial.run::<Heartbeat>(config, 0);
            assert_eq!(counts.total(), u64::from(n * (n - 1)) * periods, "{n} nodes");
            assert!(outputs.is_empty());
            let config = phi_accrual::Config { period: ms(50), ..phi_accrual::Config::default() };
            let (counts, outputs) = trial.run::<PhiAccrual>(config, 0);
            assert_eq!(counts.total(), u64::from(n * (n - 1)) * periods, "{n} nodes");
            assert!(outputs.is_empty());
        }
    }
}

/// From the delay, plus the timeout, less a period, to the delay plus the timeout.
#[test]
fn a_crash_is_noticed_a_timeout_after_the_last_heartbeat() {
    let (period, timeout, delay) = (100, 150, 10);
    let config = heartbeat::Config { period: ms(period), timeout: ms(timeout), delay_max: ms(delay) };
    for at in (201..300).step_by(7) {
        let trial = steady(3, 600, delay).with(at, crash(2));
        let (_, outputs) = trial.run::<Heartbeat>(config, 0);
        assert_eq!(outputs.iter().filter(|(_, output)| *output == Output::Suspect(ProcessId(2))).count(), 2);
        for said in told::<Heartbeat>(&trial, &config).first().into_iter().flatten() {
            if let (when, _, Output::Suspect(_)) = said {
                let latency = when - at;
                assert!(delay + timeout - period < latency && latency <= delay + timeout, "{latency}");
                assert_eq!(latency, 200 + delay + timeout - at, "the last heartbeat left at 200 ms");
            }
        }
    }
}

/// SWIM in which nobody is buried while it is looked at.
fn patient(helpers: u32, probe: Order) -> swim::Config {
    swim::Config { helpers, probe, suspicion: Duration::from_secs(100), ..swim::Config::default() }
}

#[test]
fn swim_costs_2n_messages_in_a_period() {
    for n in SIZES {
        for probe in [Order::RoundRobin, Order::Random] {
            for periods in [1, 3] {
                let (counts, outputs) = steady(n, 1000 * periods - 1, 10).run::<Swim>(patient(3, probe), 0);
                assert_eq!(counts.total(), 2 * u64::from(n) * periods, "{n} nodes");
                assert_eq!(sent(&counts, "ping"), u64::from(n) * periods);
                assert!(outputs.is_empty());
            }
        }
    }
    let (counts, outputs) = steady(1, 5000, 10).run::<Swim>(swim::Config::default(), 0);
    assert!(counts.total() == 0 && outputs.is_empty(), "who is alone has nobody to probe");
}

/// A ping, and k requests that lead to a ping each.
#[test]
fn the_probe_of_a_dead_member_costs_1_and_2k_messages() {
    for n in SIZES.into_iter().filter(|n| *n > 2) {
        for helpers in [0, 1, 3].into_iter().filter(|helpers| helpers + 2 <= n) {
            let mut probed = 0;
            for seed in 0..20 {
                let live = u64::from(n - 1);
                // From 500 ms on one is dead; the periods that begin at 1 s and 2 s are counted.
                let trial = steady(n, 2999, 10).with(500, crash(n - 1));
                let (counts, _) = trial.run::<Swim>(patient(helpers, Order::RoundRobin), seed);
                let helpers = u64::from(helpers);
                let after = counts.total() - 2 * u64::from(n);
                let dead = match helpers {
                    0 => 2 * live * 2 - after,
                    _ => sent(&counts, "ping-request") / helpers,
                };
                assert_eq!(after, 2 * (2 * live - dead) + dead * (1 + 2 * helpers), "{n} nodes");
                assert_eq!(sent(&counts, "ping-request"), helpers * dead);
                probed += dead;
            }
            assert!(probed > 0);
        }
    }
}

/// A ping that is lost, and k requests that lead to a ping and two answers each.
#[test]
fn a_lost_ping_costs_1_and_4k_messages() {
    for n in SIZES.into_iter().filter(|n| *n > 2) {
        for helpers in [1, 3].into_iter().filter(|helpers| helpers + 2 <= n) {
            let anywhere = LinkPattern::Directed { from: Some(ProcessId(0)), to: None };
            let drop = Action::Drop { links: anywhere, kind: Some("ping".into()), nth: 1 };
            let trial = steady(n, 1999, 10).with(500, drop);
            let (counts, outputs) = trial.run::<Swim>(patient(helpers, Order::RoundRobin), 1);
            assert_eq!(counts.total(), 2 * (2 * u64::from(n)) - 2 + 1 + 4 * u64::from(helpers), "{n} nodes");
            assert!(outputs.is_empty(), "nobody is suspected");
        }
    }
}

/// Museum 87: with nobody to ask, one lost ping is enough.
#[test]
fn without_help_a_lost_ping_makes_a_suspect() {
    let trial = steady(2, 2500, 10).with(500, lose(0, 1, 1));
    let (_, outputs) = trial.run::<Swim>(patient(0, Order::RoundRobin), 0);
    let suspected = Output::Suspected { process: ProcessId(1), life: 1, incarnation: 0 };
    assert_eq!(outputs.first(), Some(&(ProcessId(0), suspected)));
}
