//! View synchrony keeps every promise in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use std::{collections::BTreeSet, time::Duration};
use synod::{
    algorithms::{
        parts::{
            channel::{self, Channel, Layer},
            heartbeat,
        },
        view_synchrony::{Config, Quorum, ViewSynchrony},
    },
    problems::view_synchrony::Request,
    process::{Names, Process, ProcessId, Time},
    world::{Action, Setup, Targets},
};

/// Anybody says something, or wants in or out, now and then.
fn live(dice: &mut Dice, setup: &mut Setup, span: u64) -> Vec<Request> {
    let nodes = setup.names.len() as u64;
    let requests: Vec<Request> = (0..4 + dice.below(20))
        .map(|number| match dice.below(8) {
            0 => Request::Join,
            1 if dice.below(2) == 0 => Request::Leave,
            _ => Request::Broadcast(format!("m{number}")),
        })
        .collect();
    for request in 0..requests.len() as u32 {
        let targets = Targets::Node(ProcessId(dice.below(nodes) as u32));
        setup.agenda.push(planned(dice.below(span), Action::Request { targets, request }));
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    requests
}

/// The last node is always in the first view, the others mostly.
fn first_view(dice: &mut Dice, nodes: u32) -> Option<BTreeSet<ProcessId>> {
    Some((0..nodes).filter(|node| *node + 1 == nodes || dice.below(4) > 0).map(ProcessId).collect())
}

/// Runs it in many worlds: `run` gives which promises each put to the test.
fn soak(without: &[&str], mut run: impl FnMut(&mut Dice, u64, &[String]) -> Vec<bool>) {
    let promises = ViewSynchrony::DESCRIPTION.promises.iter().filter(|promise| !without.contains(promise));
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let tested = run(&mut Dice::new(seed), seed, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

/// Nobody crashes; links are as bad as the channel can bear. Who leaves last leaves nobody whom a joiner could join.
#[test]
fn joining_and_leaving_keeps_every_promise() {
    soak(&["progress"], |dice, seed, promises| {
        let channel = dice.below(4) == 0;
        let (mut setup, _) = world(dice, if channel { Links::Bad } else { Links::Perfect }, |_, _, _| ());
        setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
        let requests = live(dice, &mut setup, 600);
        let members = first_view(dice, setup.names.len() as u32);
        let process = Config { members, ..Config::default() };
        if channel {
            let config = channel::Config { layer: Layer::Reliable, process };
            return survives::<Channel<ViewSynchrony>>(seed, (setup, requests), config, promises);
        }
        survives::<ViewSynchrony>(seed, (setup, requests), process, promises)
    });
}

/// Delays end at 40 ms and signs of life come every 100: whoever is silent for 250 has crashed. Without a quorum the last
/// node lives and stays in, so that there is a view to join; with one at most one of three or more crashes.
fn with_crashes(quorum: Quorum, without: &[&str]) {
    let pulse = heartbeat::Config { period: Duration::from_millis(100), timeout: Duration::from_millis(250) };
    soak(without, |dice, seed, promises| {
        let nodes = 3 + dice.below(3) as u32;
        let mut setup = Setup::of(Names::Numbered(nodes));
        setup.network.delay = Duration::from_millis(dice.below(20));
        setup.network.jitter = Duration::from_millis(dice.below(20));
        setup.until = Some(Time(2_000_000_000));
        let crashes =
            if quorum == Quorum::None { 1 + dice.below(u64::from(nodes) - 1) } else { dice.below(2) };
        for _ in 0..crashes {
            let victim = Targets::Node(ProcessId(
                dice.below(u64::from(nodes) - u64::from(quorum == Quorum::None)) as u32,
            ));
            let after_sends = (dice.below(2) == 0).then(|| dice.below(4) as u32);
            let crash = Action::Crash { targets: victim, after_sends };
            // Many within the change that an earlier crash brings about.
            let at = if dice.below(2) == 0 { 500 + dice.below(300) } else { dice.below(1_000) };
            setup.agenda.push(planned(at, crash));
        }
        let mut requests = live(dice, &mut setup, 1_000);
        // With a quorum nobody leaves, without one the last node does not.
        for planned in &setup.agenda {
            let Action::Request { targets: Targets::Node(node), request } = planned.action else { continue };
            let request = &mut requests[request as usize];
            if *request == Request::Leave && (quorum == Quorum::Majority || node.0 + 1 == nodes) {
                *request = Request::Join;
            }
        }
        let members = if quorum == Quorum::None { first_view(dice, nodes) } else { None };
        let config = Config { members, quorum, heartbeat: Some(pulse) };
        survives::<ViewSynchrony>(seed, (setup, requests), config, promises)
    });
}

#[test]
fn crashes_of_any_number_are_survived_without_a_quorum() {
    with_crashes(Quorum::None, &["primary"]);
}

#[test]
fn crashes_of_a_minority_are_survived_with_a_quorum() {
    with_crashes(Quorum::Majority, &[]);
}
