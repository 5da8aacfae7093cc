//! Delays have the distributions that `world::Distribution` documents.

use super::{
    probe::Ask,
    stage::{A, B, Stage, ms},
};
use synod::{trace::EventKind, world::Distribution};

const MANY: usize = 20_000;

/// The delays of many messages over a link of 100 ms and jitter 20 ms, in milliseconds, sorted.
fn delays(distribution: Distribution) -> Vec<f64> {
    let stage = Stage::of(2).network(|network| {
        network.delay = ms(100);
        network.jitter = ms(20);
        network.distribution = distribution;
    });
    let run = stage.ask(0, A, Ask::Send(B, MANY as u64)).run();
    let delays: Vec<f64> = run.times(EventKind::Receive, B).iter().map(|time| *time as f64 / 1e6).collect();
    assert_eq!(delays.len(), MANY);
    delays
}

fn mean(delays: &[f64]) -> f64 {
    delays.iter().sum::<f64>() / delays.len() as f64
}

fn deviation(delays: &[f64]) -> f64 {
    let mean = mean(delays);
    (delays.iter().map(|delay| (delay - mean).powi(2)).sum::<f64>() / delays.len() as f64).sqrt()
}

/// The sorted delays have this cumulative distribution: Kolmogorov and Smirnov, at one in a thousand.
fn assert_shape(delays: &[f64], cumulative: impl Fn(f64) -> f64) {
    let count = delays.len() as f64;
    let gap = |(place, delay): (usize, &f64)| {
        let wanted = cumulative(*delay);
        (wanted - place as f64 / count).abs().max((wanted - (place + 1) as f64 / count).abs())
    };
    let worst = delays.iter().enumerate().map(gap).fold(0.0, f64::max);
    assert!(worst < 1.95 / count.sqrt(), "off by {worst}");
}

/// The mean of so many delays of this deviation lies within three of its own deviations.
fn assert_mean(delays: &[f64], wanted: f64, deviation: f64) {
    let found = mean(delays);
    let error = 3.0 * deviation / (delays.len() as f64).sqrt();
    assert!((found - wanted).abs() <= error, "{found} instead of {wanted} +- {error}");
}

/// The standard normal distribution function, as a sum (Marsaglia 2004).
fn normal(x: f64) -> f64 {
    if x.abs() > 7.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut step) = (x, x, 1.0);
    while term.abs() > 1e-15 * sum.abs() && term != 0.0 {
        step += 2.0;
        term *= x * x / step;
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

#[test]
fn uniform_is_anything_between_delay_minus_and_plus_jitter() {
    let delays = delays(Distribution::Uniform);
    assert!(delays[0] >= 80.0 && delays[MANY - 1] <= 120.0);
    assert_mean(&delays, 100.0, 40.0 / 12.0_f64.sqrt());
    assert_shape(&delays, |delay| (delay - 80.0) / 40.0);
}

#[test]
fn normal_has_mean_delay_and_standard_deviation_jitter() {
    let delays = delays(Distribution::Normal);
    assert_mean(&delays, 100.0, 20.0);
    assert!((deviation(&delays) - 20.0).abs() < 0.4);
    assert_shape(&delays, |delay| normal((delay - 100.0) / 20.0));
}

#[test]
fn exponential_is_delay_plus_an_exponential_time_of_mean_jitter() {
    let delays = delays(Distribution::Exponential);
    assert!(delays[0] >= 100.0);
    assert_mean(&delays, 120.0, 20.0);
    assert_shape(&delays, |delay| 1.0 - (-(delay - 100.0) / 20.0).exp());
}

#[test]
fn pareto_is_delay_plus_a_heavy_tail_of_shape_3_and_mean_jitter() {
    let delays = delays(Distribution::Pareto);
    assert!(delays[0] >= 100.0);
    // Scale 40: the mean is 40 / 2, the variance 40^2 * 3 / 4.
    assert_mean(&delays, 120.0, 40.0 * 0.75_f64.sqrt());
    assert_shape(&delays, |delay| 1.0 - (1.0 + (delay - 100.0) / 40.0).powi(-3));
}

#[test]
fn lognormal_is_delay_plus_a_skewed_time_of_sigma_1_and_mean_jitter() {
    let delays = delays(Distribution::Lognormal);
    assert!(delays[0] >= 100.0);
    assert_mean(&delays, 120.0, 20.0 * (1.0_f64.exp() - 1.0).sqrt());
    assert_shape(&delays, |delay| normal(((delay - 100.0).max(1e-9) / 20.0).ln() + 0.5));
}

#[test]
fn a_delay_is_never_below_zero() {
    let stage = Stage::of(2).network(|network| {
        network.delay = ms(1);
        network.jitter = ms(50);
        network.distribution = Distribution::Normal;
    });
    let run = stage.ask(1_000, A, Ask::Send(B, 1_000)).run();
    let times = run.times(EventKind::Receive, B);
    assert_eq!(times.iter().min(), Some(&1_000_000_000));
    assert!(times.iter().filter(|time| **time == 1_000_000_000).count() > 400, "half of them");
}

#[test]
fn consecutive_delays_and_those_of_two_receivers_have_nothing_to_do_with_each_other() {
    let stage = Stage::of(3).network(|network| network.jitter = ms(10));
    let run = (0..4_000).fold(stage, |stage, step| stage.ask(100 * step, A, Ask::Broadcast)).run();
    let delays = |node| -> Vec<f64> {
        let times = run.times(EventKind::Receive, node);
        let delay = |(step, time): (usize, &u64)| *time as f64 / 1e6 - 100.0 * step as f64 - 10.0;
        times.iter().enumerate().map(delay).collect()
    };
    let (b, c) = (delays(B), delays(super::stage::C));
    let correlation = |one: &[f64], other: &[f64]| {
        let products = one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
        products / one.len().min(other.len()) as f64 / (100.0 / 3.0)
    };
    for found in [correlation(&b, &c), correlation(&b, &b[1..]), correlation(&b[16..], &c)] {
        assert!(found.abs() < 3.5 / 4_000_f64.sqrt(), "{found}");
    }
}
