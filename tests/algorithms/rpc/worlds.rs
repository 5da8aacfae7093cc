//! Remote procedure calls keep their promises in thousands of random worlds.

use super::{NAME, crash, restart};
use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::rpc::{Config, Durable, Rpc, Semantics},
    problems::rpc::{
        Request,
        objects::{Interface, Method},
    },
    process::{Process, ProcessId},
    world::{Action, Setup, Targets},
};

fn any_request(dice: &mut Dice) -> Request {
    let name = NAME.to_owned();
    let object = [Interface::Counter, Interface::SquareRoot, Interface::Echo][dice.below(3) as usize];
    match dice.below(12) {
        0 => Request::Bind { name, object },
        1 => Request::Rebind { name, object },
        2 => Request::Unbind { name },
        3 => Request::Lookup { name },
        other => {
            let method = [Method::Increment, Method::Sqrt, Method::Echo][other as usize % 3];
            Request::Call { name, method, argument: (dice.below(20) as i64 - 5).to_string() }
        }
    }
}

/// A world in which an object is bound, looked up by everybody, and called, and all of that again and again.
fn busy(dice: &mut Dice, links: Links) -> (Setup, Vec<Request>) {
    let (mut setup, mut requests) = world(dice, links, |dice, _, _| any_request(dice));
    let nodes = setup.names.len() as u64;
    let mut ask = |at: u64, node: u64, request: Request| {
        let targets = Targets::Node(ProcessId(node as u32));
        setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
        requests.push(request);
    };
    let object = [Interface::Counter, Interface::SquareRoot, Interface::Echo][dice.below(3) as usize];
    ask(0, dice.below(nodes), Request::Bind { name: NAME.into(), object });
    for node in 0..nodes {
        ask(1_000 + dice.below(50), node, Request::Lookup { name: NAME.into() });
    }
    for _ in 0..dice.below(10) {
        let request = any_request(dice);
        ask(2_000 + dice.below(200), dice.below(nodes), request);
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    (setup, requests)
}

fn any_config(dice: &mut Dice, semantics: Semantics) -> Config {
    let work = if dice.below(2) == 0 { 0 } else { dice.below(60) };
    Config {
        semantics,
        timeout: Duration::from_millis(20 + dice.below(150)),
        backoff: 1 + dice.below(2) as u32,
        attempts: 0,
        work: Duration::from_millis(work),
        acknowledge: dice.below(2) == 0,
        ..Config::default()
    }
}

/// Runs it in many worlds; each promise must have been put to the test in a tenth of them.
fn keeps(promises: &[&str], worlds: u64, make: impl Fn(&mut Dice) -> ((Setup, Vec<Request>), Config)) {
    let promises: Vec<String> = promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0; promises.len()];
    for seed in 0..worlds {
        let (world, config) = make(&mut Dice::new(seed));
        for (count, tested) in exercised.iter_mut().zip(survives::<Rpc>(seed, world, config, &promises)) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > worlds / 10, "{promise} was put to the test in {count} worlds only");
    }
}

fn promises_without(missing: &[&str]) -> Vec<&'static str> {
    let promises = Rpc::DESCRIPTION.promises.iter().copied();
    promises.filter(|promise| !missing.contains(promise)).collect()
}

#[test]
fn at_most_once_over_bad_links() {
    let promises = promises_without(&["last-of-many"]);
    keeps(&promises, WORLDS, |dice| (busy(dice, Links::Bad), any_config(dice, Semantics::AtMostOnce)));
}

#[test]
fn at_least_once_over_bad_links() {
    let promises = promises_without(&["last-of-many", "at-most-once", "exactly-once"]);
    keeps(&promises, WORLDS, |dice| (busy(dice, Links::Bad), any_config(dice, Semantics::AtLeastOnce)));
}

#[test]
fn maybe_over_links_that_double_nothing() {
    let promises = promises_without(&["last-of-many", "exactly-once"]);
    keeps(&promises, WORLDS, |dice| {
        let (mut setup, requests) = busy(dice, Links::Bad);
        setup.network.duplicate = synod::world::Probability::parts_per_billion(0);
        ((setup, requests), any_config(dice, Semantics::Maybe))
    });
}

/// Servers that forget everything, behind a registry that stays up; or servers and a registry that save it all.
#[test]
fn at_most_once_across_crashes() {
    let promises = promises_without(&["exactly-once"]);
    keeps(&promises, WORLDS, |dice| {
        let (mut setup, requests) = busy(dice, Links::Bad);
        let durable = [Durable::Nothing, Durable::Replies][dice.below(2) as usize];
        let nodes = setup.names.len() as u64;
        for _ in 0..1 + dice.below(3) {
            let mut node = dice.below(nodes) as u32;
            if durable == Durable::Nothing {
                node = 1 + node % (nodes as u32 - 1);
            }
            let at = [0, 1_000, 2_000][dice.below(3) as usize] + dice.below(300);
            setup.agenda.push(planned(at, crash(node)));
            setup.agenda.push(planned(at + 1 + dice.below(100), restart(node)));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        ((setup, requests), Config { durable, ..any_config(dice, Semantics::AtMostOnce) })
    });
}
