//! Waiting times against queueing theory (row I4): Poisson arrivals, exponential service, c workers.

use crate::{dice::Dice, trial::planned};
use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::worker_pool::{Config, WorkerPool},
    problems::work::{Request, Work},
    process::{Names, Problem, ProcessId, Time},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Setup, Targets},
};

/// The probability that a job has to wait (Erlang 1917), for c workers that are offered `load` workers' work.
fn erlang_c(workers: u32, load: f64) -> f64 {
    let term = |count: u32| (1..=count).map(|factor| load / f64::from(factor)).product::<f64>();
    let free: f64 = (0..workers).map(term).sum();
    let busy = term(workers) * f64::from(workers) / (f64::from(workers) - load);
    busy / (free + busy)
}

/// An exponentially distributed time with this mean in nanoseconds.
fn exponential(dice: &mut Dice, mean: f64) -> u64 {
    let uniform = (dice.below(1 << 40) as f64 + 0.5) / (1_u64 << 40) as f64;
    (-mean * uniform.ln()) as u64
}

/// How long the jobs of one run wait, those aside that come before it has settled.
fn waiting(seed: u64, workers: u32, utilization: f64) -> Vec<u64> {
    const MEAN: f64 = 10_000_000.0;
    const JOBS: u32 = 300;
    const SETTLED: usize = 60;
    let mut dice = Dice::new(seed);
    let mut setup = Setup::of(Names::Numbered(workers + 1));
    setup.network.delay = Duration::ZERO;
    let (mut now, mut requests) = (0, Vec::new());
    for number in 0..JOBS {
        now += exponential(&mut dice, MEAN / (f64::from(workers) * utilization));
        let action = Action::Request { targets: Targets::Node(ProcessId(0)), request: number };
        let mut asked = planned(0, action);
        asked.at = Time(now);
        setup.agenda.push(asked);
        requests.push(Request::Submit { duration: Duration::from_nanos(exponential(&mut dice, MEAN)) });
    }
    let config = Config { backlog: JOBS, patience: Duration::from_secs(60), ..Config::default() };
    let cast = Cast::<WorkerPool> { config, requests, ..Cast::default() };
    let mut simulation = Simulation::new(Arc::new(setup), cast);
    let summary = simulation.run(seed, Level::Full);
    let history = simulation.recording().history(workers as usize + 1, summary.end);
    let measure = Work::measures().into_iter().find(|measure| measure.name == "waiting");
    let values = (measure.expect("it is measured").take)(&history);
    assert_eq!(values.len(), JOBS as usize);
    values[SETTLED..].to_vec()
}

/// The fraction of jobs that wait is Erlang's C, and they wait C/(cμ-λ) on average; within 10 %, which is more than three
/// standard errors of the mean of so many runs.
#[test]
fn jobs_wait_as_erlang_says() {
    for (workers, utilization) in [(1, 0.5), (4, 0.6)] {
        let load = f64::from(workers) * utilization;
        let (mut waited, mut total, mut count) = (0_u64, 0_u64, 0_u64);
        for seed in 0..200 {
            for value in waiting(seed, workers, utilization) {
                waited += u64::from(value > 0);
                total += value;
                count += 1;
            }
        }
        let probability = erlang_c(workers, load);
        let mean = probability * 10_000_000.0 / (f64::from(workers) - load);
        let near = |measured: f64, published: f64, what: &str| {
            let off = (measured / published - 1.0) * 100.0;
            println!(
                "{workers} workers, {utilization}: {what} {measured:.4}, published {published:.4}, off by {off:.1} %"
            );
            assert!(off.abs() < 10.0, "{workers} workers: {what} {measured}, published {published}");
        };
        near(waited as f64 / count as f64, probability, "probability of waiting");
        near(total as f64 / count as f64, mean, "mean waiting time in ns");
    }
}

/// The catalogue's own number.
#[test]
fn four_workers_at_80_percent() {
    assert!((erlang_c(4, 3.2) - 0.596).abs() < 0.001, "{}", erlang_c(4, 3.2));
}
