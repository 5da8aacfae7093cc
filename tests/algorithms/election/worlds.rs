//! Every election algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use super::{counts::graph, shuffled};
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        bully::{self, Bully},
        chang_roberts::ChangRoberts,
        echo_election::EchoElection,
        hirschberg_sinclair::HirschbergSinclair,
        invitation::{self, Invitation},
        lcr::Lcr,
        parts::{
            channel::{self, Channel, Layer},
            ring::Order,
        },
        peterson::Peterson,
        ring_election::{self, RingElection},
    },
    problems::election::{Election, Request},
    process::{Names, Process, ProcessId, Time},
    world::{Action, Heal, LinkPatch, LinkPattern, Planned, Probability, Setup, Shape, Targets},
};

fn start(_dice: &mut Dice, _nodes: u32, _number: u32) -> Request {
    Request::Start
}

/// A ring in any order; half of them by id.
fn order(dice: &mut Dice) -> Vec<ProcessId> {
    if dice.below(2) == 0 { Vec::new() } else { shuffled(dice, 6) }
}

#[test]
fn chang_roberts_keeps_its_promises() {
    let layers = &[Layer::Fifo, Layer::ReliableFifo];
    soak::<ChangRoberts>(Links::Fifo, layers, &[], |dice| Order { order: order(dice) }, start);
}

#[test]
fn lcr_keeps_its_promises() {
    soak::<Lcr>(Links::Duplicating, ANY_LAYER, &[], |dice| Order { order: order(dice) }, start);
}

#[test]
fn hirschberg_sinclair_keeps_its_promises() {
    soak::<HirschbergSinclair>(Links::Perfect, ANY_LAYER, &[], |dice| Order { order: order(dice) }, start);
}

#[test]
fn peterson_keeps_its_promises() {
    let layers = &[Layer::Fifo, Layer::ReliableFifo];
    soak::<Peterson>(Links::Fifo, layers, &[], |dice| Order { order: order(dice) }, start);
}

#[test]
fn a_ring_election_keeps_its_promises() {
    soak::<RingElection>(
        Links::Perfect,
        ANY_LAYER,
        &[],
        |dice| {
            let patience = if dice.below(2) == 0 { Duration::ZERO } else { Duration::from_secs(100) };
            ring_election::Config { order: order(dice), patience, take_over: dice.below(2) == 0 }
        },
        start,
    );
}

/// Many worlds that a test makes up by itself; every promise is put to the test in some of them.
fn soak_in<P: Process<Problem = Election>>(
    mut make: impl FnMut(&mut Dice) -> (Setup, P::Config),
    worlds: u64,
) {
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..worlds {
        let (setup, config) = make(&mut Dice::new(seed));
        let tested = survives::<P>(seed, (setup, vec![Request::Start]), config, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > worlds / 2, "{promise} was put to the test in {count} worlds only");
    }
}

fn node(id: u64) -> Targets {
    Targets::Node(ProcessId(id as u32))
}

fn request(at: u64, id: u64) -> Planned {
    planned(at, Action::Request { targets: node(id), request: 0 })
}

fn crash(at: u64, id: u64, after_sends: Option<u32>) -> Planned {
    planned(at, Action::Crash { targets: node(id), after_sends })
}

/// Two to six nodes on links of at most 20 ms.
fn synchronous(dice: &mut Dice) -> (Setup, u64) {
    let nodes = 2 + dice.below(5);
    let mut setup = Setup::of(Names::Numbered(nodes as u32));
    setup.network.delay = Duration::from_millis(10);
    setup.network.jitter = Duration::from_millis(dice.below(11));
    (setup, nodes)
}

#[test]
fn a_ring_election_skips_those_who_are_down() {
    let make = |dice: &mut Dice| {
        let (mut setup, nodes) = synchronous(dice);
        let survivor = dice.below(nodes);
        for id in (0..nodes).filter(|id| *id != survivor) {
            if dice.below(3) == 0 {
                setup.agenda.push(crash(0, id, None));
                if dice.below(2) == 0 {
                    // It comes back later and says so.
                    setup.agenda.push(planned(2_000 + 1_000 * id, Action::Restart(node(id))));
                    setup.agenda.push(request(2_000 + 1_000 * id + dice.below(50), id));
                }
            }
        }
        setup.agenda.push(request(1, survivor));
        setup.agenda.push(request(9_000, survivor));
        setup.agenda.sort_by_key(|planned| planned.at);
        let patience = Duration::from_millis(45);
        let config = ring_election::Config { order: order(dice), patience, take_over: dice.below(2) == 0 };
        (setup, config)
    };
    soak_in::<RingElection>(make, WORLDS);
}

/// Anybody may crash at any time, in the middle of an announcement, too, and come back when it is quiet.
#[test]
fn a_bully_keeps_its_promises_in_a_synchronous_world() {
    let make = |dice: &mut Dice| {
        let (mut setup, nodes) = synchronous(dice);
        let survivor = dice.below(nodes);
        for id in (0..nodes).filter(|id| *id != survivor) {
            if dice.below(3) == 0 {
                let after_sends = (dice.below(2) == 0).then(|| dice.below(5) as u32);
                setup.agenda.push(crash(dice.below(300), id, after_sends));
                if dice.below(2) == 0 {
                    setup.agenda.push(planned(4_000 + 500 * id, Action::Restart(node(id))));
                }
            }
        }
        for _ in 0..1 + dice.below(4) {
            setup.agenda.push(request(dice.below(300), dice.below(nodes)));
        }
        setup.agenda.push(request(2_000, survivor));
        for again in 0..6 {
            setup.agenda.push(request(8_000 + 500 * again, survivor));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        let answer_within = Duration::from_millis(45);
        (setup, bully::Config { answer_within, coordinator_within: Duration::from_millis(100) })
    };
    soak_in::<Bully>(make, WORLDS);
}

#[test]
fn the_highest_wave_wins_in_any_graph() {
    for layer in [None, Some(Layer::Reliable)] {
        let promises = EchoElection::DESCRIPTION.promises;
        let promises: Vec<String> = promises.iter().map(|promise| (*promise).to_owned()).collect();
        for seed in 0..WORLDS / 2 {
            let mut dice = Dice::new(seed);
            let links = if layer.is_some() { Links::Bad } else { Links::Perfect };
            let (mut setup, requests) = world(&mut dice, links, start);
            setup.topology = Shape::Edges(graph(&mut dice, setup.names.len() as u32));
            let tested = match layer {
                None => survives::<EchoElection>(seed, (setup, requests), (), &promises),
                Some(layer) => {
                    let config = channel::Config { layer, process: () };
                    survives::<Channel<EchoElection>>(seed, (setup, requests), config, &promises)
                }
            };
            assert!(tested.into_iter().all(|tested| tested), "every promise is put to the test");
        }
    }
}

/// Whatever happens for a second: nobody disagrees on a group, and then all become one.
#[test]
fn invitations_keep_their_promises_whatever_happens() {
    let make = |dice: &mut Dice| {
        let nodes = 2 + dice.below(4);
        let mut setup = Setup::of(Names::Numbered(nodes as u32));
        setup.network.delay = Duration::from_millis(10);
        setup.network.jitter = Duration::from_millis(5);
        let percent = |parts: u64| Some(Probability::parts_per_billion(parts * 10_000_000));
        let patch = LinkPatch {
            delay: Some(Duration::from_millis(dice.below(60))),
            jitter: Some(Duration::from_millis(dice.below(60))),
            loss: percent(dice.below(40)),
            duplicate: percent(dice.below(40)),
            ..LinkPatch::default()
        };
        let everywhere = LinkPattern::Directed { from: None, to: None };
        setup.agenda.push(planned(0, Action::Link(everywhere, patch)));
        for _ in 0..dice.below(3) {
            let (id, at) = (dice.below(nodes), dice.below(800));
            setup.agenda.push(crash(at, id, (dice.below(2) == 0).then(|| dice.below(5) as u32)));
        }
        if dice.below(2) == 0 {
            let part = vec![(0..nodes as u32).filter(|_| dice.below(2) == 0).map(ProcessId).collect()];
            setup.agenda.push(planned(dice.below(800), Action::Partition(part)));
        }
        for _ in 0..dice.below(4) {
            setup.agenda.push(request(dice.below(900), dice.below(nodes)));
        }
        for id in 0..nodes {
            setup.agenda.push(planned(900, Action::Restart(node(id))));
        }
        setup.agenda.push(planned(1_000, Action::Heal(Heal::All)));
        setup.agenda.sort_by_key(|planned| planned.at);
        setup.until = Some(Time(6_000_000_000));
        setup.event_limit = 100_000;
        let config = invitation::Config {
            check: Duration::from_millis(500),
            answer_within: Duration::from_millis(40),
            hesitation: Duration::from_millis(40),
            ready_within: Duration::from_millis(120),
        };
        (setup, config)
    };
    soak_in::<Invitation>(make, WORLDS);
}
