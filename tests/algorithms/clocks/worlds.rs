//! Every clock keeps every promise in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        berkeley::{self, Berkeley},
        cristian::{self, Cristian},
        hybrid_clock::{self, HybridClock},
        lamport_clock::{self, LamportClock},
        lundelius_lynch::{self, LundeliusLynch},
        matrix_clock::{self, MatrixClock},
        ntp::{self, Ntp},
        parts::channel::Layer,
        vector_clock::{self, VectorClock},
    },
    problems::{
        clock_sync::{self, ClockSync},
        logical_clock::{LogicalClock, Request},
    },
    process::{Names, Process, ProcessId},
    world::{Action, Distribution, NodeSetup, Probability, Setup, Targets},
};

/// Somebody does something, or sends something to somebody, itself perhaps.
fn live(dice: &mut Dice, nodes: u32, number: u32) -> Request {
    match dice.below(4) {
        0 => Request::Internal(format!("e{number}")),
        _ => Request::Send { to: ProcessId(dice.below(nodes.into()) as u32), body: String::new() },
    }
}

#[test]
fn a_lamport_clock_keeps_its_promises() {
    soak::<LamportClock>(Links::Bad, ANY_LAYER, &[], |_| Default::default(), live);
}

#[test]
fn a_vector_clock_keeps_its_promises() {
    soak::<VectorClock>(Links::Bad, ANY_LAYER, &[], |_| Default::default(), live);
}

#[test]
fn differences_keep_the_promises_over_fifo_links() {
    let differences = |_: &mut Dice| vector_clock::Config { differences: true, durable: false };
    soak::<VectorClock>(Links::Fifo, &[Layer::Fifo, Layer::ReliableFifo], &[], differences, live);
}

#[test]
fn a_matrix_clock_keeps_its_promises() {
    soak::<MatrixClock>(Links::Bad, ANY_LAYER, &["everybody-knows"], |_| Default::default(), live);
    // Two processes that do nothing but write to each other know enough of each other for something to be stable.
    let pair = |dice: &mut Dice, nodes: u32, _: u32| {
        let to = ProcessId(dice.below(u64::from(nodes.min(2))) as u32);
        Request::Send { to, body: String::new() }
    };
    let mut stable = 0;
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let (mut setup, requests) = world(&mut dice, Links::Duplicating, pair);
        setup.names = Names::Numbered(2);
        setup.nodes.retain(|node, _| node.0 < 2);
        for planned in &mut setup.agenda {
            if let Action::Request { targets: Targets::Node(id), .. }
            | Action::Pause(Targets::Node(id))
            | Action::Resume(Targets::Node(id)) = &mut planned.action
            {
                id.0 %= 2;
            }
        }
        let promises = ["everybody-knows".to_owned(), "matrix-guarantee".to_owned()];
        stable +=
            u64::from(survives::<MatrixClock>(seed, (setup, requests), Default::default(), &promises)[0]);
    }
    assert!(stable > WORLDS / 4, "something was stable in {stable} worlds only");
}

#[test]
fn a_hybrid_clock_keeps_its_promises() {
    soak::<HybridClock>(Links::Bad, ANY_LAYER, &[], |_| Default::default(), live);
}

/// Whatever crashes goes on with the clock that it saved.
fn outlives_crashes<P: Process<Problem = LogicalClock>>(config: &P::Config) {
    let promises = P::DESCRIPTION.promises.iter().filter(|promise| **promise != "everybody-knows");
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    for seed in 0..WORLDS / 4 {
        let mut dice = Dice::new(seed);
        let (mut setup, requests) = world(&mut dice, Links::Bad, live);
        for _ in 0..3 {
            let targets = Targets::Node(ProcessId(dice.below(setup.names.len() as u64) as u32));
            let at = dice.below(60);
            setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None }));
            setup.agenda.push(planned(at + 1 + dice.below(20), Action::Restart(targets)));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        survives::<P>(seed, (setup, requests), config.clone(), &promises);
    }
}

#[test]
fn durable_clocks_outlive_crashes() {
    outlives_crashes::<LamportClock>(&lamport_clock::Config { durable: true });
    outlives_crashes::<VectorClock>(&vector_clock::Config { durable: true, ..Default::default() });
    outlives_crashes::<MatrixClock>(&matrix_clock::Config { durable: true });
    outlives_crashes::<HybridClock>(&hybrid_clock::Config { durable: true, ..Default::default() });
}

/// By how many millionths clocks in these worlds may gain or lose.
const DRIFT_PPM: u64 = 200;

/// What the servers of a world may do.
struct Wrong {
    /// These may be wrong by anything.
    liars: u32,
    /// These are right.
    right: u32,
}

/// A world for clocks: those of the first nodes are as `servers` says, the others off by up to `off` milliseconds and
/// drifting. With `faults` messages are lost and doubled and nodes stand still. Gives the shortest delay, too.
fn clocks(
    dice: &mut Dice,
    servers: &Wrong,
    off: u64,
    faults: bool,
    asks: impl Fn(&mut Dice, u32) -> u32,
) -> (Setup, Vec<clock_sync::Request>, Duration) {
    let first = servers.liars + servers.right;
    let nodes = (first + 1 + dice.below(4) as u32).max(2);
    let mut setup = Setup::of(Names::Numbered(nodes));
    let network = &mut setup.network;
    network.delay = Duration::from_micros(dice.below(20_000));
    network.jitter = Duration::from_micros(dice.below(10_000));
    network.distribution = match dice.below(4) {
        0 => Distribution::Exponential,
        1 => Distribution::Pareto,
        2 => Distribution::Lognormal,
        _ => Distribution::Uniform,
    };
    let uniform = network.distribution == Distribution::Uniform;
    let delay_min = if uniform { network.delay.saturating_sub(network.jitter) } else { network.delay };
    if faults {
        network.loss = Probability::parts_per_billion(dice.below(30) * 10_000_000);
        network.duplicate = Probability::parts_per_billion(dice.below(30) * 10_000_000);
    }
    for node in (0..nodes).filter(|node| !(servers.liars..first).contains(node)) {
        let around = |dice: &mut Dice, most: u64| dice.below(2 * most + 1) as i64 - most as i64;
        let most = if node < servers.liars { 5_000 } else { off };
        let clock_offset = around(dice, most * 1_000_000);
        let clock_drift = around(dice, DRIFT_PPM * 1_000);
        setup.nodes.insert(ProcessId(node), NodeSetup { clock_offset, clock_drift, ..NodeSetup::default() });
    }
    let count = 1 + dice.below(6);
    for _ in 0..count {
        let targets = Targets::Node(ProcessId(asks(dice, nodes)));
        setup.agenda.push(planned(dice.below(3_000), Action::Request { targets, request: 0 }));
    }
    if faults && dice.below(2) == 0 {
        let (sleeper, at) = (Targets::Node(ProcessId(dice.below(nodes.into()) as u32)), dice.below(3_000));
        setup.agenda.push(planned(at, Action::Pause(sleeper)));
        setup.agenda.push(planned(at + 1 + dice.below(300), Action::Resume(sleeper)));
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    setup.event_limit = 200_000;
    (setup, vec![clock_sync::Request::Sync], delay_min)
}

/// A process, and how to make a world for it; with faults no request need lead to a correction.
fn keeps_its_promises<P: Process<Problem = ClockSync>>(
    without: &[&str],
    make: impl Fn(&mut Dice, bool) -> (Setup, Vec<clock_sync::Request>, P::Config),
) {
    let mut exercised: Vec<(&str, u64)> =
        P::DESCRIPTION.promises.iter().map(|promise| (*promise, 0)).collect();
    exercised.retain(|(promise, _)| !without.contains(promise));
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let faults = dice.below(2) == 0;
        let (setup, requests, config) = make(&mut dice, faults);
        let asked: Vec<usize> =
            (0..exercised.len()).filter(|place| !faults || exercised[*place].0 != "adjustment").collect();
        let promises: Vec<String> = asked.iter().map(|place| exercised[*place].0.to_owned()).collect();
        for (place, tested) in asked.iter().zip(survives::<P>(seed, (setup, requests), config, &promises)) {
            exercised[*place].1 += u64::from(tested);
        }
    }
    for (promise, count) in exercised {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

const PATIENT: Duration = Duration::from_secs(3);

#[test]
fn cristian_keeps_its_promises() {
    keeps_its_promises::<Cristian>(&[], |dice, faults| {
        let server = Wrong { liars: 0, right: 1 };
        let (setup, requests, delay_min) =
            clocks(dice, &server, 500, faults, |dice, nodes| dice.below(nodes.into()) as u32);
        let config = cristian::Config {
            delay_min,
            round_trip_max: PATIENT,
            timeout: if faults { Duration::from_millis(60) } else { PATIENT },
            attempts: 1 + dice.below(5) as u32,
            slew_ppm: 1 + dice.below(600_000) as u32,
            drift_ppm: DRIFT_PPM as u32,
            ..Default::default()
        };
        (setup, requests, config)
    });
}

#[test]
fn berkeley_keeps_its_promises() {
    keeps_its_promises::<Berkeley>(&[], |dice, faults| {
        let coordinator = Wrong { liars: dice.below(2) as u32, right: 0 };
        let (setup, requests, delay_min) =
            clocks(dice, &coordinator, 400, faults, |dice, nodes| dice.below(nodes.into()) as u32);
        let config = berkeley::Config {
            spread_max: Duration::from_millis(300 + dice.below(1_000)),
            delay_min,
            timeout: if faults { Duration::from_millis(60) } else { PATIENT },
            slew_ppm: 1_000 + dice.below(600_000) as u32,
            drift_ppm: DRIFT_PPM as u32,
            ..Default::default()
        };
        (setup, requests, config)
    });
}

#[test]
fn ntp_keeps_its_promises() {
    let make = |liars: u64| {
        move |dice: &mut Dice, faults: bool| {
            let liars = dice.below(liars + 1) as u32;
            let servers = Wrong { liars, right: liars + 1 + dice.below(2) as u32 };
            let count = servers.liars + servers.right;
            let (setup, requests, _) = clocks(dice, &servers, 120, faults, |dice, nodes| {
                if dice.below(4) == 0 { count - 1 } else { count + dice.below((nodes - count).into()) as u32 }
            });
            let config = ntp::Config {
                servers: (0..count).map(ProcessId).collect(),
                timeout: if faults { Duration::from_millis(60) } else { PATIENT },
                step_from: PATIENT,
                slew_ppm: 1 + dice.below(600_000) as u32,
                drift_ppm: DRIFT_PPM as u32,
            };
            (setup, requests, config)
        }
    };
    keeps_its_promises::<Ntp>(&[], make(0));
    keeps_its_promises::<Ntp>(&["offset-bound"], make(2));
}

#[test]
fn averaging_clocks_keep_their_promises() {
    keeps_its_promises::<LundeliusLynch>(&[], |dice, _| {
        let nobody = Wrong { liars: 0, right: 0 };
        let (mut setup, requests, delay_min) =
            clocks(dice, &nobody, 400, false, |dice, nodes| dice.below(nodes.into()) as u32);
        let network = &mut setup.network;
        network.distribution = Distribution::Uniform;
        let delay_max = network.delay + network.jitter;
        let delay_min = delay_min.min(network.delay.saturating_sub(network.jitter));
        network.duplicate = Probability::parts_per_billion(dice.below(30) * 10_000_000);
        // One round: another must not begin before everybody is through with this one.
        setup.agenda.truncate(1);
        let config = lundelius_lynch::Config {
            delay_max,
            uncertainty: delay_max - delay_min,
            timeout: PATIENT,
            slew_ppm: 1 + dice.below(600_000) as u32,
            drift_ppm: DRIFT_PPM as u32,
            ..Default::default()
        };
        (setup, requests, config)
    });
}
