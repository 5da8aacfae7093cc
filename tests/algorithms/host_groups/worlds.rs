//! Multicast to groups keeps its promises in thousands of random worlds that keep its assumptions.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use synod::{
    algorithms::{
        group_multicast::{Config, GroupMulticast, Mode},
        parts::channel::{self, Channel, Layer},
    },
    problems::host_groups::Request,
    process::ProcessId,
    world::{Action, Setup, Shape, Targets},
};

/// When membership is known everywhere: no message takes longer, nor does a node that stands still.
const SETTLED: u64 = 100_000;

/// Hosts join and leave two groups at random; when all is quiet, somebody sends; then some leave and somebody sends again.
fn changing(dice: &mut Dice, links: Links, mode: Mode) -> (Setup, Vec<Request>) {
    let (mut setup, _) = world(dice, links, |_, _, _| Request::Join(String::new()));
    setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
    let nodes = setup.names.len() as u64;
    if mode == Mode::Tree {
        let link = |node| (ProcessId(dice.below(node) as u32), ProcessId(node as u32));
        setup.topology = Shape::Edges((1..nodes).map(link).collect());
    }
    let mut requests = Vec::new();
    for phase in 0..2 {
        let from = 2 * phase * SETTLED;
        for _ in 0..2 + dice.below(6) {
            let group = if dice.below(3) == 0 { "h" } else { "g" }.to_owned();
            let request = if dice.below(3) == 0 { Request::Leave(group) } else { Request::Join(group) };
            ask(&mut setup, &mut requests, from + dice.below(60), dice.below(nodes), request);
        }
        for _ in 0..1 + dice.below(3) {
            let group = if dice.below(3) == 0 { "h" } else { "g" }.to_owned();
            let ttl = (dice.below(2) == 0).then_some(5);
            let request = Request::Multicast { group, body: format!("m{phase}"), ttl };
            ask(&mut setup, &mut requests, from + SETTLED + dice.below(60), dice.below(nodes), request);
        }
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    (setup, requests)
}

fn ask(setup: &mut Setup, requests: &mut Vec<Request>, at: u64, node: u64, request: Request) {
    let targets = Targets::Node(ProcessId(node as u32));
    setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
    requests.push(request);
}

#[test]
fn group_multicast_keeps_its_promises() {
    let promises = ["members-only", "integrity", "at-most-once", "scope", "delivery"].map(str::to_owned);
    let mut exercised = [0_u64; 5];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let mode = if dice.below(2) == 0 { Mode::Unicast } else { Mode::Tree };
        let process = Config { mode, loopback: dice.below(2) == 0, ..Config::default() };
        let tested = if dice.below(2) == 0 {
            survives::<GroupMulticast>(seed, changing(&mut dice, Links::Perfect, mode), process, &promises)
        } else {
            let config = channel::Config { layer: Layer::Reliable, process };
            survives::<Channel<GroupMulticast>>(
                seed,
                changing(&mut dice, Links::Bad, mode),
                config,
                &promises,
            )
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    assert!(exercised.iter().all(|count| *count > WORLDS / 3), "{exercised:?}");
}
