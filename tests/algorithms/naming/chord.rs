//! Chord: catalogue row N5, exactly on a full ring, and in the mean with hashed positions.

use crate::{dice::Dice, trial::Trial};
use std::time::Duration;
use synod::{
    algorithms::chord::{Chord, Config, Placement},
    problems::lookup::{Lookup, Output, Request},
    process::ProcessId,
};

fn even(bits: u32) -> Config {
    Config { bits, placement: Placement::Even, successors: 1, ..Config::default() }
}

/// Who owns each key that was looked up, and after how many hops it is known, in order of the lookups at one node.
fn found(trial: &Trial<Lookup>, config: Config) -> (u64, Vec<(u64, u32, u32)>) {
    let (counts, outputs) = trial.run::<Chord>(config, 0);
    let found = outputs.into_iter().filter_map(|(_, output)| match output {
        Output::Found { key, owner, hops, .. } => Some((key, owner.0, hops)),
        _ => None,
    });
    (counts.total(), found.collect())
}

#[test]
fn a_distance_of_d_takes_popcount_of_d_less_one_and_one_hops() {
    for bits in 1..=7 {
        let size = 1 << bits;
        for start in [0, 1, size - 1, size / 2] {
            let keys = (1..u64::from(size))
                .map(|distance| (0, start, (u64::from(start) + distance) % u64::from(size)));
            let trial = Trial::of(size, keys.map(|(at, node, key)| (at, node, Request::Lookup(key))));
            let (messages, found) = found(&trial, even(bits));
            assert_eq!(found.len() as u32, size - 1);
            let mut wanted = 0;
            for (key, owner, hops) in found {
                let distance = (key as u32 + size - start) % size;
                assert_eq!(
                    (u64::from(owner), hops),
                    (key, (distance - 1).count_ones() + 1),
                    "distance {distance}"
                );
                // A message for each hop but the last, and one for the answer.
                wanted += if hops > 1 { u64::from(hops) } else { 0 };
            }
            assert_eq!(messages, wanted);
        }
    }
}

/// The catalogue's 5.995 for N = 1024, one's own key included, which takes no hop here.
#[test]
fn the_mean_on_a_full_ring_is_half_the_logarithm_and_one() {
    let trial = Trial::of(1_024, (0..1_024).map(|key| (0, 5, Request::Lookup(key))));
    let (_, found) = found(&trial, even(10));
    let total: u32 = found.iter().map(|(_, _, hops)| hops).sum();
    let mean = f64::from(total) / 1_024.0;
    assert!((mean - 5.995).abs() < 0.01, "{mean}");
}

/// The mean of random keys from random members, and what the property says of the owners.
fn mean(size: u32, lookups: u64) -> f64 {
    let mut dice = Dice::new(7);
    let asked: Vec<(u64, u32, Request)> = (0..lookups)
        .map(|at| (at, dice.below(size.into()) as u32, Request::Lookup(dice.below(1 << 48))))
        .collect();
    let (_, found) = found(&Trial::of(size, asked), Config { bits: 48, ..Config::default() });
    assert_eq!(found.len() as u64, lookups);
    found.iter().map(|(_, _, hops)| f64::from(*hops)).sum::<f64>() / lookups as f64
}

#[test]
fn ten_thousand_members_with_hashed_positions_are_half_a_logarithm_of_hops_away() {
    for (size, lookups) in [(1_000, 1_000), (10_000, 600)] {
        let (mean, wanted) = (mean(size, lookups), f64::from(size).log2() / 2.0);
        println!("{size} members: {mean:.3} hops, published {wanted:.3}");
        // The owner is asked, too: half a hop more, which counts for less the more members there are.
        let allowed = if size < 10_000 { 0.6 } else { wanted / 10.0 };
        assert!((mean - wanted).abs() < allowed, "{size} members: {mean:.3} hops, not {wanted:.3}");
    }
}

/// A member departs, and joins again by way of another: a search for each finger that the successor is not.
#[test]
fn a_join_costs_about_the_square_of_the_logarithm() {
    for bits in [4_u32, 6, 8, 10] {
        let size = 1 << bits;
        let rejoin = |via: u32| Request::Join { via: Some(ProcessId(via)) };
        let trial = Trial::of(size, [(0, 3, Request::Leave), (1_000, 3, rejoin(size - 1))]);
        let config = Config { bits: 32, timeout: Duration::from_secs(100), ..Config::default() };
        let (counts, outputs) = trial.run::<Chord>(config, 0);
        let joined =
            outputs.iter().filter(|(node, output)| node.0 == 3 && matches!(output, Output::Joined { .. }));
        assert_eq!(joined.count(), 2);
        let square = u64::from(bits) * u64::from(bits);
        assert!(counts.total() <= square + 8, "{size} members: {} messages", counts.total());
    }
}
