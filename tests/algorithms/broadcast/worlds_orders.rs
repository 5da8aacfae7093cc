//! The orders by agreement, by clocks and by a token keep every promise in thousands of random worlds that keep their
//! assumptions.

use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        abcast::Abcast,
        absolute_order::{self, AbsoluteOrder},
        lamport_total_order::LamportTotalOrder,
        parts::channel::Layer,
        token_total_order::{self, TokenTotalOrder, When},
    },
    problems::broadcast::Request,
    process::{Process, ProcessId},
    world::{Action, Distribution, NodeSetup, Targets},
};

/// Somebody says something.
fn say(_dice: &mut Dice, _nodes: u32, number: u32) -> Request {
    Request::Broadcast(format!("m{number}"))
}

fn promises<P: Process>(more: &[&str]) -> Vec<String> {
    P::DESCRIPTION.promises.iter().chain(more).map(|promise| (*promise).to_owned()).collect()
}

/// Runs `one` with so many dice; each of these promises must be put to the test often.
fn worlds(promises: &[String], mut one: impl FnMut(u64, &mut Dice) -> Vec<bool>) {
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        for (count, tested) in exercised.iter_mut().zip(one(seed, &mut Dice::new(seed))) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

#[test]
fn abcast_keeps_its_promises() {
    soak::<Abcast>(Links::Duplicating, ANY_LAYER, &[], |_| Default::default(), say);
}

/// Total order and causal order together, over links that keep the order of messages.
#[test]
fn total_order_over_fifo_links_is_causal_order_too() {
    let promises = promises::<Abcast>(&["fifo-order", "causal-order"]);
    worlds(&promises, |seed, dice| {
        survives::<Abcast>(seed, world(dice, Links::Fifo, say), Default::default(), &promises)
    });
    assert!(LamportTotalOrder::DESCRIPTION.promises.contains(&"causal-order"));
}

/// Delays within the longest, clocks within the precision, anything else as it comes.
#[test]
fn absolute_order_keeps_its_promises() {
    let promises = promises::<AbsoluteOrder>(&[]);
    let milliseconds = Duration::from_millis;
    worlds(&promises, |seed, dice| {
        let (mut setup, requests) = world(dice, Links::Perfect, say);
        setup.agenda.retain(|planned| matches!(planned.action, Action::Request { .. }));
        setup.nodes.clear();
        let network = &mut setup.network;
        network.distribution = Distribution::Uniform;
        network.reorder = synod::world::Probability::ZERO;
        network.jitter = network.jitter.min(network.delay);
        let (precision, delay_max) = (dice.below(10), network.delay + network.jitter);
        for node in setup.names.ids() {
            let clock_offset = dice.below(precision * 1_000_000 + 1) as i64 - 3_000_000;
            setup.nodes.insert(node, NodeSetup { clock_offset, ..NodeSetup::default() });
        }
        let (window, precision) = (milliseconds(1 + dice.below(30)), milliseconds(precision));
        let config = absolute_order::Config { window, delay_max, precision };
        survives::<AbsoluteOrder>(seed, (setup, requests), config, &promises)
    });
}

/// Patient enough for bad links: nobody is taken for crashed because nothing of it came through.
fn patient(dice: &mut Dice) -> token_total_order::Config {
    let milliseconds = Duration::from_millis;
    token_total_order::Config {
        delivery: if dice.below(2) == 0 { When::Agreed } else { When::Safe },
        window: 1 + dice.below(4) as u32,
        resend: milliseconds(100 + dice.below(150)),
        token_loss: milliseconds(1_000 + dice.below(3_000)),
        gather: milliseconds(12_000),
    }
}

#[test]
fn a_token_keeps_its_promises_whatever_the_links_lose() {
    soak::<TokenTotalOrder>(Links::Bad, &[Layer::Fifo], &[], patient, say);
}

/// Some crash, in the middle of something or when all is quiet: the others form a new ring. Who comes
/// back takes no part.
fn some_crash(delivery: When, more: &[&str]) {
    let promises = promises::<TokenTotalOrder>(more);
    worlds(&promises, |seed, dice| {
        let (mut setup, requests) = world(dice, Links::Bad, say);
        for _ in 0..1 + dice.below(2) {
            let targets = Targets::Node(ProcessId(dice.below(setup.names.len() as u64) as u32));
            let after_sends = (dice.below(2) == 0).then(|| dice.below(8) as u32);
            let latest = if dice.below(3) == 0 { 10_000 } else { 200 };
            let at = dice.below(latest);
            setup.agenda.push(planned(at, Action::Crash { targets, after_sends }));
            if dice.below(3) == 0 {
                setup.agenda.push(planned(at + 1 + dice.below(latest), Action::Restart(targets)));
            }
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        let config = token_total_order::Config { delivery, ..patient(dice) };
        survives::<TokenTotalOrder>(seed, (setup, requests), config, &promises)
    });
}

#[test]
fn a_token_keeps_its_promises_when_some_crash() {
    some_crash(When::Agreed, &[]);
}

/// What is delivered only when all have it binds those who crash, too.
#[test]
fn safe_delivery_is_uniform_agreement() {
    some_crash(When::Safe, &["uniform-agreement"]);
}
