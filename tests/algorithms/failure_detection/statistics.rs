//! Published means and bounds: how long until a crash is noticed, and until everybody knows.

use super::{crash, steady};
use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::swim::{Config, Order, Swim},
    problems::failure_detection::Output,
    process::{ProcessId, Time},
    simulate::{Cast, Simulation},
    trace::Level,
};

fn swim(nodes: u32, periods: u64, config: Config) -> Simulation<Swim> {
    let trial = steady(nodes, 1_000 * periods + 500, 1).with(500, crash(0));
    Simulation::new(Arc::new(trial.setup), Cast { config, ..Cast::default() })
}

/// In which period after the crash each suspects the first: in the one that begins after the suspicion, less one.
fn noticed(simulation: &Simulation<Swim>) -> Vec<u64> {
    let history = simulation.recording().history(10, synod::process::End::Deadline);
    let suspicions = history.steps.iter().filter_map(|step| match step.what {
        synod::process::What::Output(Output::Suspected { process: ProcessId(0), .. }) => Some(step.time),
        _ => None,
    });
    suspicions.map(|time| (time.since(Time::ZERO).as_millis() as u64).div_ceil(1_000) - 1).collect()
}

fn config(probe: Order, spread: u32) -> Config {
    Config { probe, spread, helpers: 1, suspicion: Duration::from_secs(1_000), ..Config::default() }
}

/// Section 3.2: 1/(1 - (1 - 1/(N-1))^(N-1)) periods on average, 1.53 for ten.
#[test]
fn a_crash_is_noticed_as_soon_as_published() {
    let (nodes, seeds) = (10_u32, 600);
    let others = f64::from(nodes - 1);
    let published = 1.0 / (1.0 - (1.0 - 1.0 / others).powi(nodes as i32 - 1));
    let mut simulation = swim(nodes, 11, config(Order::Random, 0));
    let mut sum = 0;
    for seed in 0..seeds {
        simulation.run(seed, Level::Full);
        sum += noticed(&simulation).into_iter().min().expect("somebody probes it within eleven periods");
    }
    let mean = sum as f64 / seeds as f64;
    println!("mean {mean}, published {published}");
    assert!((mean - published).abs() < 0.05 * published, "{mean} periods, and not {published}");
}

/// Section 4.3: everybody probes everybody within two rounds.
#[test]
fn round_robin_leaves_nobody_waiting_for_longer_than_two_rounds() {
    for nodes in [2, 3, 5, 8] {
        let bound = u64::from(2 * nodes - 1);
        let mut simulation = swim(nodes, bound + 2, config(Order::RoundRobin, 0));
        let mut longest = 0;
        for seed in 0..200 {
            simulation.run(seed, Level::Full);
            let noticed = noticed(&simulation);
            assert_eq!(noticed.len(), nodes as usize - 1, "each finds out by itself");
            longest = longest.max(noticed.into_iter().max().unwrap_or(0));
        }
        println!("{nodes} nodes: {longest} of {bound}");
        assert!(longest <= bound, "{nodes} nodes: {longest} periods");
    }
}

/// Section 4.1: news takes O(log N) periods to reach everybody.
#[test]
fn news_spreads_in_logarithmic_time() {
    for nodes in [8_u32, 16, 32, 64] {
        let logarithm = u64::from(nodes.ilog2());
        let mut simulation = swim(nodes, 4 + 2 * logarithm + 6, config(Order::RoundRobin, 3));
        let (mut longest, mut sum) = (0, 0);
        for seed in 0..20 {
            simulation.run(seed, Level::Full);
            let noticed = noticed(&simulation);
            assert_eq!(noticed.len(), nodes as usize - 1, "everybody hears of it");
            let took = noticed.iter().max().unwrap_or(&0) - noticed.iter().min().unwrap_or(&0);
            (longest, sum) = (longest.max(took), sum + took);
        }
        println!("{nodes} nodes: {longest} at most, {} on average", sum as f64 / 20.0);
        assert!(longest <= 2 * logarithm, "{nodes} nodes: {longest} periods");
    }
}
