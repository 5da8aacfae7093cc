//! What is true on average: balls and bins, arcs of a ring, and how fast thieves are.

use super::jobs;
use crate::{dice::Dice, trial::Trial};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::{
        load_balancer::{self, LoadBalancer, Policy},
        parts::hash_ring::HashRing,
        work_stealing::{self, WorkStealing},
    },
    problems::load_balancing::{LoadBalancing, Output, Request},
    process::{Choices, Context, Effect, Effects, LocalTime, Neighbours, Process, ProcessId, Scene, What},
};

struct Thrown(Dice);

impl Choices for Thrown {
    fn choose(&mut self, options: u32) -> u32 {
        self.0.below(options.into()) as u32
    }
}

/// The jobs of the fullest of `servers` servers when as many jobs come in and none ends.
fn fullest(servers: u32, policy: Policy, seed: u64) -> u64 {
    let me = ProcessId(0);
    let neighbours = Neighbours::everybody(me, servers + 1);
    let scene = Scene { me, group_size: servers + 1, neighbours, now: LocalTime(0), clock_read: None };
    let (mut effects, mut dice) = (Effects::new(), Thrown(Dice::new(seed)));
    let config = load_balancer::Config { policy, ..Default::default() };
    let mut context = Context::new(scene, &mut effects, &mut dice);
    let mut dispatcher = LoadBalancer::boot(&mut context, &config, Default::default());
    let mut loads = vec![0; servers as usize + 1];
    for _ in 0..servers {
        effects.clear();
        let mut context = Context::new(scene, &mut effects, &mut dice);
        dispatcher.on_request(&mut context, Request::Job { size: Duration::ZERO, key: None });
        for effect in &effects.list {
            if let Effect::Produce { output: Output::Assigned { server, .. } } = effect {
                loads[server.index()] += 1;
            }
        }
    }
    loads.into_iter().max().unwrap_or_default()
}

/// W4: the power of two choices, at 10,000 bins. With one choice a bin's load is nearly Poisson with mean 1, so the fullest
/// has Σ 1 - exp(-10,000 P(load ≥ k)) = 6.67 on average; with two it is 3.05 (catalogue, simulated).
#[test]
fn two_choices_are_far_better_than_one() {
    let mean = |policy, runs: u64| {
        (0..runs).map(|seed| fullest(10_000, policy, seed)).sum::<u64>() as f64 / runs as f64
    };
    // The maximum varies by 0.7 from run to run with one choice, hardly at all with two: three standard errors.
    let one = mean(Policy::Random, 60);
    assert!((one - 6.67).abs() < 0.27, "{one}");
    let two = mean(Policy::TwoChoices, 20);
    assert!((two - 3.05).abs() < 0.15, "{two}");
}

/// Whose arcs are how long, as a share of the ring.
fn shares(ring: &HashRing) -> BTreeMap<ProcessId, f64> {
    let points: Vec<(u64, ProcessId)> = ring.points().collect();
    let mut shares = BTreeMap::new();
    for (place, (point, server)) in points.iter().enumerate() {
        let before = points[(place + points.len() - 1) % points.len()].0;
        // Around the ring: of a single point it is all of it.
        let arc = if points.len() == 1 { 1.0 } else { point.wrapping_sub(before) as f64 / 2_f64.powi(64) };
        *shares.entry(*server).or_insert(0.0) += arc;
    }
    shares
}

const RINGS: u64 = 600;

/// Different servers for every ring.
fn members(dice: &mut Dice, count: usize) -> Vec<ProcessId> {
    (0..count).map(|_| ProcessId(dice.below(u64::from(u32::MAX)) as u32)).collect()
}

/// W5: the share of one of S servers at v points each varies by √((S-1)/(Sv+1)) of itself.
#[test]
fn more_points_even_out_the_arcs() {
    for (servers, points, tolerance) in [(10, 1, 0.05), (10, 10, 0.03), (10, 100, 0.03), (4, 20, 0.05)] {
        let (mut dice, mut squares) = (Dice::new(points.into()), 0.0);
        for _ in 0..RINGS {
            let ring = HashRing::of(members(&mut dice, servers), points);
            let mean = 1.0 / servers as f64;
            squares += shares(&ring).values().map(|share| (share / mean - 1.0).powi(2)).sum::<f64>()
                / servers as f64;
        }
        let varies = (squares / RINGS as f64).sqrt();
        let predicted = ((servers as f64 - 1.0) / (servers as f64 * f64::from(points) + 1.0)).sqrt();
        assert!(
            (varies / predicted - 1.0).abs() < tolerance,
            "{servers} x {points}: {varies}, not {predicted}"
        );
    }
}

/// W5: at one point each, the longest arc is about H_S times the mean.
#[test]
fn one_point_each_makes_a_hot_arc() {
    let mut dice = Dice::new(5);
    let most = |ring: &HashRing| shares(ring).into_values().fold(0.0, f64::max) * 10.0;
    let mean = (0..RINGS).map(|_| most(&HashRing::of(members(&mut dice, 10), 1))).sum::<f64>() / RINGS as f64;
    let harmonic: f64 = (1..=10).map(|k| 1.0 / f64::from(k)).sum();
    assert!((mean / harmonic - 1.0).abs() < 0.05, "{mean}, not {harmonic}");
}

/// W5: a new server takes 1/(S+1) of all keys on average; by the remainder of a division S/(S+1) of them would move.
#[test]
fn a_new_server_takes_its_share() {
    for servers in [3, 10] {
        let (mut dice, mut taken) = (Dice::new(9), 0.0);
        for _ in 0..RINGS {
            let mut ring = HashRing::of(members(&mut dice, servers), 20);
            let before: Vec<Option<ProcessId>> = (0..64).map(|key| ring.owner(key << 58)).collect();
            let new = members(&mut dice, 1)[0];
            ring.join(new);
            for (key, before) in (0_u64..64).zip(before) {
                let after = ring.owner(key << 58);
                assert!(after == before || after == Some(new));
            }
            taken += shares(&ring)[&new];
        }
        let (taken, expected) = (taken / RINGS as f64, 1.0 / (servers as f64 + 1.0));
        assert!((taken / expected - 1.0).abs() < 0.05, "{servers}: {taken}, not {expected}");
        let moves =
            (0..1_000_000_u64).filter(|key| key % servers as u64 != key % (servers as u64 + 1)).count();
        let expected = servers as f64 / (servers as f64 + 1.0);
        assert!((moves as f64 / 1e6 / expected - 1.0).abs() < 0.001);
    }
}

/// In microseconds.
const RETRY: u64 = 500;

/// When the last job ended, in microseconds, and how many jobs moved.
fn ended(trial: &Trial<LoadBalancing>) -> Vec<(u64, u64)> {
    let config =
        work_stealing::Config { retry: Duration::from_micros(RETRY), ..work_stealing::Config::default() };
    let mut runs = Vec::new();
    trial.each_run::<WorkStealing>(&config, &[], |_, history, _| {
        let executed =
            history.steps.iter().filter(|step| matches!(step.what, What::Output(Output::Executed { .. })));
        let moved =
            history.steps.iter().filter(|step| matches!(step.what, What::Output(Output::Moved { .. })));
        let last = executed.map(|step| step.time.0 / 1_000).max().unwrap_or(u64::MAX);
        runs.push((last, moved.count() as u64));
    });
    runs
}

/// W8: on links without delay it is greedy, but for the pause between two rounds of thefts: T ≤ T1/P + T∞.
#[test]
fn thieves_keep_the_bound_of_greedy_schedules() {
    for (workers, children, depth, size) in [(2, 2, 3, 4), (4, 2, 4, 3), (3, 3, 2, 5), (6, 1, 5, 2)] {
        let request = Request::Fork { size: Duration::from_millis(size), children, depth };
        let (jobs, span) = (request.jobs().unwrap_or_default(), u64::from(depth) + 1);
        let mut trial =
            Trial::of(workers, [(0, 0, request)]).until(1 + jobs * size / u64::from(workers) + span * size);
        trial.setup.network.delay = Duration::ZERO;
        trial.setup.network.jitter = Duration::ZERO;
        let runs = ended(&trial);
        let bound = 1_000 * (jobs * size / u64::from(workers) + span * size) + RETRY * span;
        let slowest = runs.iter().map(|(time, _)| *time).max().unwrap_or_default();
        assert!(slowest <= bound, "{workers} workers take {slowest} us, more than {bound}");
        // Thefts that succeed: some for each worker and level.
        let thefts = runs.iter().map(|(_, moved)| *moved).sum::<u64>() as f64 / runs.len() as f64;
        assert!(thefts <= f64::from(workers) * span as f64, "{thefts} thefts by {workers} workers");
    }
}

/// Graham (1966): jobs that wait for nothing, taken one by one by whoever is free, end within 2 - 1/S of the least.
#[test]
fn whoever_is_free_takes_the_next_job() {
    let mut dice = Dice::new(3);
    for workers in [2, 3, 5] {
        let sizes: Vec<u64> = (0..10).map(|_| 1 + dice.below(7)).collect();
        let mut trial = jobs(workers, sizes.iter().map(|size| (0, 0, *size)))
            .until(1 + sizes.iter().sum::<u64>() * 2 / u64::from(workers));
        trial.setup.network.delay = Duration::ZERO;
        trial.setup.network.jitter = Duration::ZERO;
        let (work, longest) = (sizes.iter().sum::<u64>(), sizes.iter().max().copied().unwrap_or_default());
        let (servers, least) = (u64::from(workers), work.div_ceil(u64::from(workers)).max(longest));
        let slowest = ended(&trial).into_iter().map(|(time, _)| time).max().unwrap_or_default();
        assert!(
            slowest <= 1_000 * (2 * servers - 1) * least / servers + RETRY,
            "{slowest} us, at least {least} ms"
        );
    }
}
