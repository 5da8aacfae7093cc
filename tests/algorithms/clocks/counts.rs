//! Published message counts, exactly: catalogue rows K1 to K8.

use super::{internal, off, send, sync};
use crate::trial::{SIZES, Trial};
use synod::{
    algorithms::{
        berkeley::Berkeley,
        cristian::Cristian,
        hybrid_clock::HybridClock,
        lamport_clock::LamportClock,
        lundelius_lynch::LundeliusLynch,
        matrix_clock::MatrixClock,
        ntp::{self, Ntp},
        vector_clock::{self, VectorClock},
    },
    problems::{
        clock_sync::{ClockSync, Output},
        logical_clock::LogicalClock,
    },
    process::{Process, ProcessId},
};

/// Everybody does something, and sends two messages: no other message is ever sent.
fn no_message_of_its_own<P: Process<Problem = LogicalClock>>(config: &P::Config) {
    for n in SIZES {
        let ask =
            |node| [internal(0, node), send(1, node, (node + 1) % n), send(30, node, (node + n - 1) % n)];
        let trial = Trial::of(n, (0..n).flat_map(ask));
        let (counts, _) = trial.run::<P>(config.clone(), u64::from(n));
        assert_eq!(counts.total(), 2 * u64::from(n), "{config:?}, n={n}");
    }
}

#[test]
fn a_logical_clock_sends_no_message_of_its_own() {
    no_message_of_its_own::<LamportClock>(&Default::default());
    no_message_of_its_own::<VectorClock>(&Default::default());
    let differences = vector_clock::Config { differences: true, ..Default::default() };
    no_message_of_its_own::<VectorClock>(&differences);
    no_message_of_its_own::<MatrixClock>(&Default::default());
    no_message_of_its_own::<HybridClock>(&Default::default());
}

#[test]
fn cristian_costs_two_messages_for_each_client() {
    for n in SIZES {
        let asked: Vec<(u64, u32)> = (1..n).map(|node| (100, node)).collect();
        let trial = off(sync(n, &asked), &[(1, 40)]);
        let (counts, _) = trial.run::<Cristian>(Default::default(), u64::from(n));
        assert_eq!(counts.total(), 2 * u64::from(n - 1), "n={n}");
    }
}

#[test]
fn a_berkeley_round_costs_3_times_n_minus_1() {
    for n in SIZES {
        let rounds = sync(n, &[(100, 0), (1000, 0)]);
        let (counts, _) = off(rounds, &[(1, 40)]).run::<Berkeley>(Default::default(), u64::from(n));
        assert_eq!(counts.total(), 2 * 3 * u64::from(n - 1), "n={n}");
        let (counts, _) = sync(n, &[(100, n - 1)]).run::<Berkeley>(Default::default(), u64::from(n));
        assert_eq!(counts.total(), 3 * u64::from(n - 1) + 1, "n={n}, when a slave asks for it");
    }
}

#[test]
fn ntp_costs_two_messages_for_each_server_and_poll() {
    for n in SIZES {
        let polls = sync(n, &[(100, n - 1), (1000, n - 1), (2000, n - 1)]);
        for servers in [1, n - 1] {
            let config = ntp::Config { servers: (0..servers).map(ProcessId).collect(), ..Default::default() };
            let (counts, _) = polls.run::<Ntp>(config, u64::from(n));
            assert_eq!(counts.total(), 3 * 2 * u64::from(servers), "n={n}, {servers} servers");
        }
    }
}

#[test]
fn averaging_clocks_cost_n_times_n_minus_1() {
    for n in SIZES {
        let rounds = off(sync(n, &[(100, 0), (101, n - 1), (1000, 1)]), &[(1, 40)]);
        let (counts, _) = rounds.run::<LundeliusLynch>(Default::default(), u64::from(n));
        assert_eq!(counts.total(), 2 * u64::from(n) * u64::from(n - 1), "n={n}");
    }
}

/// Who is alone has nobody to ask, and is right.
#[test]
fn one_process_alone_sends_nothing() {
    fn alone<P: Process<Problem = ClockSync>>() {
        let (counts, outputs) = sync(1, &[(100, 0)]).run::<P>(Default::default(), 0);
        assert_eq!(counts.total(), 0);
        let adjusted = outputs.iter().find_map(|(_, output)| match output {
            Output::Adjusted { by, reading, bound, .. } => Some((by.0, reading.0, bound.0)),
            _ => None,
        });
        let Some((by, reading, bound)) = adjusted else { panic!("{}", P::DESCRIPTION.name) };
        assert_eq!((by, reading), (0, 100_000_000), "{}", P::DESCRIPTION.name);
        assert!(bound < 10, "{}: {bound} ns for rounding", P::DESCRIPTION.name);
    }
    alone::<Cristian>();
    alone::<Berkeley>();
    alone::<Ntp>();
    alone::<LundeliusLynch>();
}
