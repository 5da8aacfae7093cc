//! Convergecast keeps its promises in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use synod::{
    algorithms::{
        convergecast::{Config, Convergecast},
        parts::channel::{self, Channel, Layer},
    },
    problems::aggregation::{Operation, Request},
    process::ProcessId,
    world::{Action, Setup, Targets},
};

/// A random world in which everybody contributes once or twice, and some three times.
fn contributing(dice: &mut Dice, links: Links) -> (Setup, Vec<Request>) {
    let (mut setup, _) = world(dice, links, |_, _, _| Request::Contribute(0));
    setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
    let rounds = 1 + dice.below(2);
    let mut requests = Vec::new();
    for node in 0..setup.names.len() as u32 {
        for _ in 0..rounds + u64::from(dice.below(4) == 0) {
            let (targets, request) = (Targets::Node(ProcessId(node)), requests.len() as u32);
            requests.push(Request::Contribute(dice.below(2_000) as i64 - 1_000));
            setup.agenda.push(planned(dice.below(60), Action::Request { targets, request }));
        }
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    (setup, requests)
}

#[test]
fn convergecast_keeps_its_promises() {
    let promises = ["exactly-once", "termination", "announcement"].map(str::to_owned);
    let mut exercised = [0_u64; 3];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let operation = [Operation::Sum, Operation::Min, Operation::Max, Operation::Count];
        let operation = operation[dice.below(4) as usize];
        let root = (dice.below(2) == 0).then_some(ProcessId(1));
        let announce = dice.below(2) == 0;
        let process = Config { root, operation, arity: dice.below(4) as u32, announce };
        let asked = if announce { &promises[..] } else { &promises[..2] };
        let tested = if dice.below(2) == 0 {
            survives::<Convergecast>(seed, contributing(&mut dice, Links::Duplicating), process, asked)
        } else {
            let config = channel::Config { layer: Layer::Reliable, process };
            survives::<Channel<Convergecast>>(seed, contributing(&mut dice, Links::Bad), config, asked)
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    assert_eq!(exercised[..2], [WORLDS; 2]);
    assert!(exercised[2] > WORLDS / 3, "{exercised:?}");
}
