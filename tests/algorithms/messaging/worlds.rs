//! Every messaging algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        causal_rst::CausalRst,
        causal_ses::CausalSes,
        flawed::{self, stop_and_wait::StopAndWaitFlawed},
        go_back_n::GoBackN,
        multicast::Multicast,
        parts::{
            channel::{self, Channel, Layer},
            window,
        },
        selective_repeat::SelectiveRepeat,
        stop_and_wait::{self, StopAndWait},
        unicast::Unicast,
    },
    problems::messaging::{Messaging, Request},
    process::{Process, ProcessId, Time},
    world::{Action, Probability, Targets},
};

/// Somebody is told something: mostly one process, now and then several, itself perhaps.
fn send(dice: &mut Dice, nodes: u32, number: u32) -> Request {
    let first = dice.below(nodes.into()) as u32;
    let more = if dice.below(4) == 0 { dice.below(nodes.into()) as u32 } else { 0 };
    let to = (0..=more).map(|next| ProcessId((first + next) % nodes)).collect();
    Request::Send { to, body: format!("m{number}") }
}

/// Most is said to one process, so that it has an order.
fn confide(dice: &mut Dice, nodes: u32, number: u32) -> Request {
    if dice.below(4) == 0 {
        return send(dice, nodes, number);
    }
    Request::Send { to: vec![ProcessId(0)], body: format!("m{number}") }
}

#[test]
fn unicast_keeps_its_promises() {
    soak::<Unicast>(Links::Perfect, ANY_LAYER, &[], |_| (), send);
}

#[test]
fn multicast_keeps_its_promises() {
    soak::<Multicast>(Links::Perfect, ANY_LAYER, &[], |_| (), send);
}

#[test]
fn causal_order_by_known_receivers_keeps_its_promises() {
    soak::<CausalSes>(Links::Duplicating, ANY_LAYER, &[], |_| (), confide);
}

#[test]
fn causal_order_by_matrix_keeps_its_promises() {
    soak::<CausalRst>(Links::Duplicating, ANY_LAYER, &[], |_| (), confide);
}

/// Over links that lose and duplicate in order, and over the channel that makes any link such a one.
fn soak_in_order<P>(worlds: u64, configure: impl Fn(&mut Dice) -> P::Config)
where
    P: Process<Problem = Messaging>,
{
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..worlds {
        let mut dice = Dice::new(seed);
        let process = configure(&mut dice);
        let tested = if dice.below(5) == 0 {
            let config = channel::Config { layer: Layer::ReliableFifo, process };
            survives::<Channel<P>>(seed, world(&mut dice, Links::Bad, confide), config, &promises)
        } else {
            let (mut setup, requests) = world(&mut dice, Links::Fifo, confide);
            let percent = |parts: u64| Probability::parts_per_billion(parts * 10_000_000);
            setup.network.loss = percent(dice.below(40));
            setup.network.duplicate = percent(dice.below(40));
            setup.network.corrupt = percent(dice.below(10));
            survives::<P>(seed, (setup, requests), process, &promises)
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > worlds / 10, "{promise} was put to the test in {count} worlds only");
    }
}

/// Anything from much too impatient to patient.
fn timeout(dice: &mut Dice) -> Duration {
    Duration::from_millis(8 + dice.below(150))
}

#[test]
fn stop_and_wait_keeps_its_promises() {
    soak_in_order::<StopAndWait>(WORLDS, |dice| stop_and_wait::Config { timeout: timeout(dice) });
    soak_in_order::<StopAndWaitFlawed>(200, |dice| flawed::stop_and_wait::Config {
        timeout: timeout(dice),
        ..Default::default()
    });
}

#[test]
fn go_back_n_keeps_its_promises_with_one_number_more_than_its_window() {
    soak_in_order::<GoBackN>(WORLDS, |dice| {
        let window = 1 + dice.below(5) as u32;
        window::Config { window, sequence_space: window + 1, timeout: timeout(dice) }
    });
}

#[test]
fn selective_repeat_keeps_its_promises_with_twice_as_many_numbers_as_its_window() {
    soak_in_order::<SelectiveRepeat>(WORLDS, |dice| {
        let window = 1 + dice.below(5) as u32;
        window::Config { window, sequence_space: 2 * window, timeout: timeout(dice) }
    });
}

/// Somebody crashes for good: all others are served as before, though its senders never rest.
fn soak_with_a_crash<P>(configure: impl Fn(&mut Dice) -> P::Config)
where
    P: Process<Problem = Messaging>,
{
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let config = configure(&mut dice);
        let (mut setup, requests) = world(&mut dice, Links::Fifo, confide);
        setup.network.loss = Probability::parts_per_billion(dice.below(20) * 10_000_000);
        setup.until = Some(Time(4_000_000_000));
        let victim = Targets::Node(ProcessId(1));
        let crash = Action::Crash { targets: victim, after_sends: Some(dice.below(6) as u32) };
        setup.agenda.insert(0, planned(0, crash));
        for (count, tested) in
            exercised.iter_mut().zip(survives::<P>(seed, (setup, requests), config, &promises))
        {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

#[test]
fn windows_serve_those_who_are_left() {
    let patient = |dice: &mut Dice| Duration::from_millis(70 + dice.below(80));
    soak_with_a_crash::<StopAndWait>(|dice| stop_and_wait::Config { timeout: patient(dice) });
    soak_with_a_crash::<GoBackN>(|dice| window::Config {
        timeout: patient(dice),
        ..window::Config::default()
    });
    soak_with_a_crash::<SelectiveRepeat>(|dice| window::Config {
        timeout: patient(dice),
        ..window::Config::default()
    });
}

/// A window and a sequence space of nothing are taken for one; a timeout of nothing does not stop the clock.
#[test]
fn settings_that_make_no_sense_do_no_harm() {
    let nothing = window::Config { window: 0, sequence_space: 0, timeout: Duration::ZERO };
    let mut trial = super::offered(2).fifo();
    trial.setup.network.delay = Duration::from_micros(30);
    trial.setup.network.jitter = Duration::ZERO;
    trial.run::<GoBackN>(nothing, 0);
    trial.run::<SelectiveRepeat>(nothing, 0);
    trial.run::<StopAndWait>(stop_and_wait::Config { timeout: Duration::ZERO }, 0);
}
