//! How suspicious a silence is, from the intervals before it: φ = -log10 of the chance that one is longer than this.
//!
//! Hayashibara, Défago, Yared, Katayama, "The φ accrual failure detector" (2004), section 4. All numbers are integers,
//! so that every machine finds the same φ: a real number is written as so many billionths of a thousandth. The tail of
//! the normal distribution is that of Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964): formula
//! 26.2.11, a series, near the mean, and 26.2.14, a continued fraction, far from it. Tests compare it with tables.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// How intervals are taken to be distributed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimate {
    /// Around their mean, as far as their standard deviation says: the paper's.
    #[default]
    Normal,
    /// However long one has lasted, the rest is as long on average.
    Exponential,
}

/// The last intervals, as many as the window holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Intervals {
    size: usize,
    nanoseconds: VecDeque<u64>,
    sum: u128,
    squares: u128,
}

/// More intervals than this would not fit into the sums.
const LARGEST: usize = 10_000;
/// A day, in nanoseconds; a longer interval counts as one.
const DAY: u64 = 86_400_000_000_000;

impl Intervals {
    /// No intervals yet.
    pub fn new(size: usize) -> Self {
        Self { size: size.clamp(1, LARGEST), nanoseconds: VecDeque::new(), sum: 0, squares: 0 }
    }

    /// One more; the oldest is forgotten when there are too many.
    pub fn push(&mut self, interval: Duration) {
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(DAY).min(DAY);
        self.nanoseconds.push_back(interval);
        self.sum += u128::from(interval);
        self.squares += u128::from(interval).pow(2);
        if self.nanoseconds.len() > self.size
            && let Some(oldest) = self.nanoseconds.pop_front()
        {
            self.sum -= u128::from(oldest);
            self.squares -= u128::from(oldest).pow(2);
        }
    }

    /// Mean and standard deviation in nanoseconds; none without an interval.
    pub fn estimate(&self) -> Option<(u64, u64)> {
        let count = self.nanoseconds.len() as u128;
        if count == 0 {
            return None;
        }
        let variance = (count * self.squares).saturating_sub(self.sum.pow(2)) / count.pow(2);
        Some(((self.sum / count) as u64, variance.isqrt() as u64))
    }
}

/// 1, as all real numbers here are written.
const ONE: i128 = 1_000_000_000_000;
const LN_2: i128 = 693_147_180_560;
const LN_10: i128 = 2_302_585_092_994;
/// The logarithm of the square root of 2π, and the inverse of that root.
const LN_ROOT_2_PI: i128 = 918_938_533_205;
const INVERSE_ROOT_2_PI: i128 = 398_942_280_401;
/// So many standard deviations are as good as infinitely many.
const FAR: i128 = 1_000_000 * ONE;

/// φ in thousandths, of a silence of so many nanoseconds.
pub fn phi(estimate: Estimate, silence: u64, mean: u64, deviation: u64) -> u64 {
    let (silence, mean) = (i128::from(silence), i128::from(mean));
    let logarithm = match estimate {
        Estimate::Exponential => silence * ONE / mean.max(1),
        Estimate::Normal => {
            let deviations = (silence - mean) * ONE / i128::from(deviation.max(1));
            tail_logarithm(deviations.clamp(-FAR, FAR))
        }
    };
    let thousandths = (logarithm.max(0) * 1000 + LN_10 / 2) / LN_10;
    u64::try_from(thousandths).unwrap_or(u64::MAX)
}

/// -ln Q(y): Q is the chance that something normal is more than y standard deviations above its mean.
fn tail_logarithm(y: i128) -> i128 {
    if y >= 2 * ONE {
        return y * y / ONE / 2 + LN_ROOT_2_PI + logarithm(fraction(y));
    }
    let tail = if y > -2 * ONE { ONE / 2 - odd_series(y) } else { ONE - exponential(tail_logarithm(-y)) };
    -logarithm(tail)
}

/// 26.2.14: y + 1/(y + 2/(y + 3/(y + ...))).
fn fraction(y: i128) -> i128 {
    (1..=60).rev().fold(y, |below, numerator| y + numerator * ONE * ONE / below)
}

/// 26.2.11: the density at y times y + y³/3 + y⁵/(3·5) + ...
fn odd_series(y: i128) -> i128 {
    let square = y * y / ONE;
    let (mut term, mut sum) = (y, y);
    for odd in (3..100).step_by(2) {
        term = term * square / ONE / odd;
        sum += term;
    }
    let density = exponential(square / 2) * INVERSE_ROOT_2_PI / ONE;
    density * sum / ONE
}

/// e to the power of -x, for x above 0.
fn exponential(x: i128) -> i128 {
    let halvings = x / LN_2;
    if halvings > 60 {
        return 0;
    }
    let rest = x % LN_2;
    let (mut term, mut sum) = (ONE, ONE);
    for place in 1..20 {
        term = -term * rest / ONE / place;
        sum += term;
    }
    sum >> halvings
}

/// The natural logarithm, for x above 0; less than the smallest number counts as that.
fn logarithm(x: i128) -> i128 {
    let mut mantissa = x.max(1);
    let mut doublings = 0;
    while mantissa >= 2 * ONE {
        mantissa /= 2;
        doublings += 1;
    }
    while mantissa < ONE {
        mantissa *= 2;
        doublings -= 1;
    }
    // ln m = 2 artanh((m - 1)/(m + 1)), and the argument is below 1/3.
    let argument = (mantissa - ONE) * ONE / (mantissa + ONE);
    let square = argument * argument / ONE;
    let (mut power, mut sum) = (argument, argument);
    for odd in (3..30).step_by(2) {
        power = power * square / ONE;
        sum += power / odd;
    }
    2 * sum + doublings * LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// φ of the normal distribution with mean 0, at so many tenths of a deviation above 1000 deviations.
    fn normal(tenths: i64) -> u64 {
        let silence = 1_000_000_000 + tenths * 100_000;
        phi(Estimate::Normal, silence as u64, 1_000_000_000, 1_000_000)
    }

    #[test]
    fn the_normal_tail_is_that_of_the_tables() {
        // -log10 Q(y), from Q(y) in Abramowitz and Stegun, tables 26.1 and 26.2.
        let tables = [
            (-30, 1),
            (-10, 75),
            (0, 301),
            (10, 800),
            (19, 1542),
            (20, 1643),
            (30, 2870),
            (60, 9006),
            (100, 23118),
        ];
        for (tenths, thousandths) in tables {
            assert_eq!(normal(tenths), thousandths, "{tenths}");
        }
    }

    #[test]
    fn suspicion_grows_with_silence() {
        for estimate in [Estimate::Normal, Estimate::Exponential] {
            let levels: Vec<u64> = (0..4000)
                .map(|silence| phi(estimate, silence * 1_000_000, 1_000_000_000, 200_000_000))
                .collect();
            assert!(levels.is_sorted(), "{estimate:?}");
            assert!(levels.last() > levels.first());
        }
    }

    #[test]
    fn a_silence_of_one_mean_has_the_published_level() {
        assert_eq!(phi(Estimate::Exponential, 1_000, 1_000, 0), 434);
        assert_eq!(phi(Estimate::Exponential, 10_000, 1_000, 0), 4343);
        assert_eq!(phi(Estimate::Exponential, 0, 0, 0), 0);
    }

    #[test]
    fn nothing_is_too_large_or_too_small() {
        for estimate in [Estimate::Normal, Estimate::Exponential] {
            for (silence, mean, deviation) in
                [(u64::MAX, 0, 0), (u64::MAX, u64::MAX, 0), (0, u64::MAX, 0), (0, 0, u64::MAX)]
            {
                let _level = phi(estimate, silence, mean, deviation);
            }
        }
        assert_eq!(phi(Estimate::Normal, 0, 1_000_000_000, 1), 0);
    }

    #[test]
    fn a_full_window_forgets_the_oldest() {
        let mut intervals = Intervals::new(2);
        assert_eq!(intervals.estimate(), None);
        for milliseconds in [50, 100, 300] {
            intervals.push(Duration::from_millis(milliseconds));
        }
        assert_eq!(intervals.estimate(), Some((200_000_000, 100_000_000)));
        let mut longest = Intervals::new(usize::MAX);
        for _ in 0..LARGEST + 10 {
            longest.push(Duration::MAX);
        }
        assert_eq!(longest.estimate(), Some((DAY, 0)));
    }
}
