//! Groups keep every promise in thousands of random worlds, whichever gate they have.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use std::collections::BTreeSet;
use synod::{
    algorithms::{
        membership::{Config, Gate, Membership},
        parts::channel::{self, Channel, Layer},
    },
    problems::membership::{Mode, Request},
    process::{Process, ProcessId},
    world::{Action, Setup, Targets},
};

/// Two groups are made and used by anybody in any way.
fn use_groups(dice: &mut Dice, setup: &mut Setup) -> Vec<Request> {
    let nodes = setup.names.len() as u64;
    let mut requests = Vec::new();
    let mut at = 0;
    for number in 0..8 + dice.below(24) {
        at += dice.below(150);
        let group: String = if dice.below(3) == 0 { "b".into() } else { "a".into() };
        let mut anybody = || ProcessId(dice.below(nodes) as u32);
        let (node, member, other) = (anybody(), anybody(), anybody());
        let request = match dice.below(16) {
            _ if number < 2 => {
                let mode = if dice.below(2) == 0 { Mode::Open } else { Mode::Closed };
                let allowed = (dice.below(4) == 0).then(|| BTreeSet::from([member, other]));
                Request::Create { group: ["a", "b"][number as usize].into(), mode, allowed }
            }
            0 => Request::Create { group, mode: Mode::Closed, allowed: None },
            1 => Request::Delete(group),
            2 => Request::Leave(group),
            3 => Request::Expel { group, member },
            4..=8 => Request::Join(group),
            _ => Request::Send { group, body: format!("m{number}") },
        };
        let targets = Targets::Node(node);
        setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
        requests.push(request);
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    requests
}

fn soak(gate: Gate, without: &[&str]) {
    let promises = Membership::DESCRIPTION.promises.iter().filter(|promise| !without.contains(promise));
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let channel = dice.below(4) == 0;
        let (mut setup, _) =
            world(&mut dice, if channel { Links::Bad } else { Links::Perfect }, |_, _, _| ());
        setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
        let requests = use_groups(&mut dice, &mut setup);
        let process = Config { server: (dice.below(2) == 0).then_some(ProcessId(1)), gate };
        let tested = if channel {
            let config = channel::Config { layer: Layer::Reliable, process };
            survives::<Channel<Membership>>(seed, (setup, requests), config, &promises)
        } else {
            survives::<Membership>(seed, (setup, requests), process, &promises)
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

#[test]
fn with_the_server_as_the_gate_every_promise_is_kept() {
    soak(Gate::Server, &[]);
}

#[test]
fn with_every_receiver_as_a_gate_all_promises_but_one_are_kept() {
    soak(Gate::Direct, &["closed-group"]);
}
