//! Published means, within the catalogue's 5 %: row E4.

use super::{all_start, shuffled};
use crate::dice::Dice;
use synod::algorithms::{lcr::Lcr, parts::ring::Order};

/// In a random ring n*H(n) messages carry ids: 29.29 for ten processes.
#[test]
fn a_random_ring_costs_lcr_n_times_the_harmonic_number() {
    let mut dice = Dice::new(9);
    for n in [5, 10, 20] {
        let (mut total, rounds) = (0, 400);
        for seed in 0..rounds {
            let config = Order { order: shuffled(&mut dice, n) };
            total += all_start(n).run::<Lcr>(config, seed).0.total() - u64::from(n);
        }
        let published = f64::from(n) * (1..=n).map(|k| 1.0 / f64::from(k)).sum::<f64>();
        let measured = total as f64 / rounds as f64;
        let off = (measured - published).abs() / published;
        assert!(off < 0.05, "n = {n}: measured {measured:.2}, published {published:.2}");
    }
}
