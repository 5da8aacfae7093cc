//! Every detector keeps every promise in thousands of random worlds that keep its assumptions.

use super::{crash, restart};
use crate::{
    dice::Dice,
    soak::{WORLDS, survives},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        heartbeat::{self, Heartbeat},
        parts::accrual::Estimate,
        phi_accrual::{self, PhiAccrual},
        swim::{self, Order, Swim},
    },
    problems::failure_detection::{FailureDetection, Request},
    process::{Names, Process, ProcessId},
    world::{Action, LinkPatch, LinkPattern, NodeSetup, Probability, Setup, Targets},
};

/// Two to five nodes, links of any delay that differs by so many milliseconds at most, clocks that gain or lose one in a
/// hundred at most; in the first so many milliseconds anybody may crash, come back, and be asked for something.
struct World {
    setup: Setup,
    requests: Vec<Request>,
    nodes: u32,
    delay_max: u64,
}

fn world(dice: &mut Dice, delay_limit: u64, troubled: u64, until: u64, members: bool) -> World {
    let nodes = 2 + dice.below(4) as u32;
    let mut setup = Setup::of(Names::Numbered(nodes));
    let jitter = dice.below(delay_limit / 2);
    let delay = jitter + dice.below(delay_limit / 2);
    setup.network.delay = Duration::from_millis(delay);
    setup.network.jitter = Duration::from_millis(jitter);
    setup.network.fifo = dice.below(4) == 0;
    setup.until = Some(synod::process::Time(until * 1_000_000));
    let anybody = |dice: &mut Dice| dice.below(nodes.into()) as u32;
    for _ in 0..dice.below(3) {
        let (who, at) = (anybody(dice), 1 + dice.below(troubled));
        setup.agenda.push(planned(at, crash(who)));
        if dice.below(4) == 0 {
            setup.agenda.push(planned(at + 1 + dice.below(troubled), restart(who)));
        }
    }
    let mut requests = Vec::new();
    for place in 0..dice.below(5) {
        let whom = ProcessId(anybody(dice));
        requests.push(match dice.below(4) {
            0 if members => Request::Join(whom),
            1 if members => Request::Leave,
            _ => Request::Query(whom),
        });
        let targets = Targets::Node(ProcessId(anybody(dice)));
        setup
            .agenda
            .push(planned(1 + dice.below(troubled), Action::Request { targets, request: place as u32 }));
    }
    if dice.below(3) == 0 {
        let clock_drift = dice.below(20_000_000) as i64 - 10_000_000;
        setup.nodes.insert(ProcessId(anybody(dice)), NodeSetup { clock_drift, ..NodeSetup::default() });
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    World { setup, requests, nodes, delay_max: delay + jitter }
}

/// Links that lose, repeat and reorder messages until a time.
fn bad_until(dice: &mut Dice, setup: &mut Setup, at: u64, loss: u64) {
    let percent = |parts: u64| Probability::parts_per_billion(parts * 10_000_000);
    setup.network.loss = percent(dice.below(loss));
    setup.network.duplicate = percent(dice.below(30));
    setup.network.reorder = percent(dice.below(30));
    let everywhere = LinkPattern::Directed { from: None, to: None };
    let loss = Some(Probability::ZERO);
    let good = LinkPatch { loss, duplicate: loss, reorder: loss, ..LinkPatch::default() };
    setup.agenda.push(planned(at, Action::Link(everywhere, good)));
    setup.agenda.sort_by_key(|planned| planned.at);
}

/// No world violates any of these, and each is put to the test in one of ten.
fn keeps<P: Process<Problem = FailureDetection>>(
    promises: &[&str],
    make: impl Fn(&mut Dice) -> (World, P::Config),
) {
    let promises: Vec<String> = promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let (World { setup, requests, .. }, config) = make(&mut Dice::new(seed));
        let tested = survives::<P>(seed, (setup, requests), config, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn heartbeats_are_perfect_where_delays_are_known() {
    let promises = Heartbeat::DESCRIPTION.promises;
    keeps::<Heartbeat>(promises, |dice| {
        let world = world(dice, 60, 300, 1_200, false);
        let (period, delay_max) = (20 + dice.below(60), world.delay_max + 10);
        let timeout = (period + delay_max) * 103 / 100 + dice.below(50);
        let config = heartbeat::Config { period: ms(period), timeout: ms(timeout), delay_max: ms(delay_max) };
        (world, config)
    });
}

#[test]
fn heartbeats_are_right_in_the_end_where_nothing_is_known() {
    keeps::<Heartbeat>(&["completeness", "eventual-accuracy"], |dice| {
        let mut world = world(dice, 60, 300, 2_000, false);
        bad_until(dice, &mut world.setup, 700, 50);
        let config = heartbeat::Config {
            period: ms(40 + dice.below(60)),
            timeout: ms(20 + dice.below(100)),
            delay_max: ms(0),
        };
        (world, config)
    });
}

/// A world and a detector that knows its intervals.
fn degrees(dice: &mut Dice, estimate: Estimate) -> (World, phi_accrual::Config) {
    let world = world(dice, 60, 300, 1_500, false);
    let config = phi_accrual::Config {
        period: ms(40 + dice.below(60)),
        check: ms(25 + dice.below(25)),
        threshold: if estimate == Estimate::Normal { 8_000 } else { 2_000 },
        estimate,
        window: 1 + dice.below(50) as usize,
        first_interval: ms(160),
        // Half of what delays may differ by, and a little for clocks.
        deviation_min: ms(35),
    };
    (world, config)
}

#[test]
fn suspicion_by_degrees_is_right_while_intervals_are_as_before() {
    let promises = ["completeness", "strong-accuracy", "eventual-accuracy", "answers"];
    keeps::<PhiAccrual>(&promises, |dice| degrees(dice, Estimate::Normal));
    // A single short interval makes the exponential estimate hasty, until there are more.
    keeps::<PhiAccrual>(&["completeness", "answers"], |dice| degrees(dice, Estimate::Exponential));
}

fn members(dice: &mut Dice, world: &World) -> swim::Config {
    let founders = (0..world.nodes).map(ProcessId).filter(|id| id.0 == 0 || dice.below(4) > 0).collect();
    swim::Config {
        period: ms(100),
        ping_timeout: ms(30),
        helpers: dice.below(4) as u32,
        suspicion: ms(150 + dice.below(300)),
        probe: if dice.below(3) == 0 { Order::Random } else { Order::RoundRobin },
        members: (dice.below(2) == 0).then_some(founders),
        rejoin: dice.below(2) == 0,
        ..swim::Config::default()
    }
}

#[test]
fn swim_is_never_wrong_where_nothing_is_lost() {
    keeps::<Swim>(Swim::DESCRIPTION.promises, |dice| {
        let world = world(dice, 10, 500, 3_500, true);
        let config = members(dice, &world);
        (world, config)
    });
}

#[test]
fn swim_buries_nobody_alive_where_something_is_lost() {
    let promises = ["completeness", "eventual-accuracy", "incarnations", "dead-is-final", "death-accuracy"];
    keeps::<Swim>(&promises, |dice| {
        let mut world = world(dice, 10, 400, 4_500, false);
        bad_until(dice, &mut world.setup, 1_500, 20);
        let config = swim::Config { suspicion: ms(1_500), ..members(dice, &world) };
        (world, swim::Config { members: None, ..config })
    });
}
