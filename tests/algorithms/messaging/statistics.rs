//! Published means, within the catalogue's 5 %: what losses cost (rows L1 and L3).

use super::{link, offered, sent};
use crate::trial::Trial;
use std::time::Duration;
use synod::{
    algorithms::{
        go_back_n::GoBackN,
        parts::channel::{self, Channel, Layer},
        parts::window,
        selective_repeat::SelectiveRepeat,
        unicast::Unicast,
    },
    problems::messaging::Messaging,
    process::Process,
    world::{LinkPatch, Probability},
};

const SEEDS: u64 = 250;

fn percent(percent: u64) -> Probability {
    Probability::parts_per_billion(percent * 10_000_000)
}

/// This world over links of exactly 10 ms that lose data and acknowledgements, so many of a hundred.
fn lossy(mut trial: Trial<Messaging>, data: u64, acks: u64) -> Trial<Messaging> {
    trial.setup.network.jitter = Duration::ZERO;
    trial.setup.network.fifo = true;
    for (link, loss) in [(link(0, 1), data), (link(1, 0), acks)] {
        trial.setup.links.push((link, LinkPatch { loss: Some(percent(loss)), ..LinkPatch::default() }));
    }
    trial
}

/// The mean number of data messages over all seeds.
fn data<P: Process<Problem = Messaging>>(trial: &Trial<Messaging>, config: &P::Config) -> f64 {
    let mut total = 0;
    for seed in 0..SEEDS {
        let (counts, _) = trial.run::<P>(config.clone(), seed);
        total += counts.sent.iter().find(|(kind, _)| *kind == "data").map_or(0, |(_, sent)| *sent);
    }
    total as f64 / SEEDS as f64
}

#[track_caller]
fn near(measured: f64, published: f64) {
    let off = (measured - published).abs() / published;
    assert!(off < 0.05, "measured {measured:.3}, published {published:.3}: off by {:.1} %", off * 100.0);
}

/// 1/((1-p)(1-q)) data for each message, when its round trip is over before the next.
#[test]
fn a_reliable_channel_repeats_as_often_as_losses_make_it() {
    let messages = 12_u32;
    let far_apart: Vec<(u64, u32, &[u32])> =
        (0..messages).map(|place| (u64::from(place) * 300_000, 0, &[1][..])).collect();
    let config = channel::Config { layer: Layer::Reliable, process: () };
    for (p, q) in [(10, 0), (20, 10), (30, 30)] {
        let trial = lossy(sent(2, &far_apart), p, q);
        let each = data::<Channel<Unicast>>(&trial, &config) / f64::from(messages);
        near(each, 1.0 / ((1.0 - p as f64 / 100.0) * (1.0 - q as f64 / 100.0)));
    }
}

/// n receivers, each repeated to by itself: n/((1-p)(1-q)) data in all.
#[test]
fn each_receiver_of_a_multicast_is_repeated_to_by_itself() {
    let mut trial = sent(6, &[(0, 0, &[1, 2, 3, 4, 5])]);
    trial.setup.network.loss = percent(20);
    let config = channel::Config { layer: Layer::Reliable, process: () };
    let measured = data::<Channel<synod::algorithms::multicast::Multicast>>(&trial, &config);
    near(measured, 5.0 / (0.8 * 0.8));
}

const MESSAGES: usize = 60;

/// M/(1-p) data, for only what is lost is sent again.
#[test]
fn selective_repeat_repeats_what_is_lost() {
    let config = window::Config { window: 4, sequence_space: 8, ..window::Config::default() };
    for p in [10, 20, 30] {
        let measured = data::<SelectiveRepeat>(&lossy(offered(MESSAGES), p, 0), &config);
        near(measured, MESSAGES as f64 / (1.0 - p as f64 / 100.0));
    }
}

/// M(1+(W-1)p)/(1-p) data, for each loss wastes a window.
#[test]
fn go_back_n_wastes_a_window_for_each_loss() {
    for (window, p) in [(2, 10), (4, 10), (4, 20), (3, 30)] {
        let config = window::Config { window, sequence_space: window + 1, ..window::Config::default() };
        let measured = data::<GoBackN>(&lossy(offered(MESSAGES), p, 0), &config);
        let p = p as f64 / 100.0;
        near(measured, MESSAGES as f64 * (1.0 + f64::from(window - 1) * p) / (1.0 - p));
    }
}
