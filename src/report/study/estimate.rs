//! What many runs say of a number: mean, deviation, and how sure the mean is.

use crate::process::{Time, Unit};
use libm::{atan, cos, round, sin, sqrt};
use serde::Serialize;

/// A number, estimated from several runs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Estimate {
    /// What it is; times are in nanoseconds.
    pub unit: Unit,
    /// How many runs have it.
    pub count: u64,
    /// The mean over these.
    pub mean: f64,
    /// The standard deviation of the runs (with n-1).
    pub deviation: f64,
    /// Half of the mean's 95 % confidence interval, by Student's t; none for a single run.
    pub half: Option<f64>,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Estimate {
    /// From the values of some runs; none without any.
    pub fn of(unit: Unit, values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let first = *values.first()?;
        // Differences to the first value keep what is the same in all of them exact.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let several = values.len() > 1;
        let deviation = if several { sqrt(squares / (count - 1.0)) } else { 0.0 };
        let half = several.then(|| student(values.len() as u64 - 1) * deviation / sqrt(count));
        let (min, max) =
            values.iter().fold((first, first), |(min, max), value| (min.min(*value), max.max(*value)));
        Some(Self { unit, count: values.len() as u64, mean, deviation, half, min, max })
    }

    /// The mean, and how sure it is where that is known: `8.0 ± 0.3`.
    pub fn shown(&self) -> String {
        let mean = shown(self.unit, self.mean);
        self.half.map_or_else(|| mean.clone(), |half| format!("{mean} ± {}", shown(self.unit, half)))
    }
}

/// A number for people: two digits behind the point, a time to the microsecond.
pub(super) fn shown(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Time => Time((round(value / 1_000.0).max(0.0) as u64) * 1_000).to_string(),
        Unit::Count => {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// Above this many degrees of freedom the expansion is exact to nine digits.
const MANY: u64 = 1_000;

/// How many standard errors to either side of the mean hold 95 % of Student's t with so many degrees of freedom.
pub fn student(freedom: u64) -> f64 {
    /// The same of the normal distribution.
    const NORMAL: f64 = 1.959_963_984_540_054;
    if freedom > MANY {
        let (z, v) = (NORMAL, freedom as f64);
        let (z3, z5) = (z * z * z, z * z * z * z * z);
        return z + (z3 + z) / (4.0 * v) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v);
    }
    let (mut low, mut high) = (0.0, 16.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if within(middle, freedom.max(1)) < 0.95 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// How likely Student's t is between -t and t: a finite sum (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
fn within(t: f64, freedom: u64) -> f64 {
    let angle = atan(t / sqrt(freedom as f64));
    let (sine, cosine) = (sin(angle), cos(angle));
    let odd = freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut power = if odd { 3 } else { 2 };
    while power <= freedom.saturating_sub(2) {
        term *= cosine * cosine * (power - 1) as f64 / power as f64;
        sum += term;
        power += 2;
    }
    let total = sine * sum;
    if odd { std::f64::consts::FRAC_2_PI * (angle + total) } else { total }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The printed table of every textbook.
    #[test]
    fn student_has_the_values_of_the_table() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (29, 2.045),
            (30, 2.042),
            (60, 2.000),
            (99, 1.984),
            (120, 1.980),
            (1_000, 1.962),
            (1_001, 1.962),
            (1_000_000, 1.960),
        ];
        for (freedom, wanted) in table {
            assert!((student(freedom) - wanted).abs() < 0.0005, "{freedom}: {}", student(freedom));
        }
        assert!((student(1_000) - student(1_001)).abs() < 1e-5, "the two ways meet");
    }

    #[test]
    fn an_interval_is_as_in_a_worked_example() {
        let estimate = Estimate::of(Unit::Count, &[4.0, 5.0, 6.0, 7.0, 8.0]).expect("there are values");
        assert_eq!((estimate.mean, estimate.min, estimate.max), (6.0, 4.0, 8.0));
        // 2.776 * sqrt(2.5 / 5)
        assert!((estimate.half.expect("several") - 1.9634).abs() < 0.0005, "{estimate:?}");
        assert_eq!(Estimate::of(Unit::Count, &[]), None);
        assert_eq!(Estimate::of(Unit::Count, &[3.0]).and_then(|one| one.half), None);
        let same = Estimate::of(Unit::Count, &[0.1; 7]).expect("there are values");
        assert_eq!((same.mean, same.half), (0.1, Some(0.0)), "what never differs is exact");
    }
}
