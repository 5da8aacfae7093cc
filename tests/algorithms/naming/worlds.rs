//! Every algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use super::{moved, register, resolve, send, unregister};
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        broadcast_naming::{self, BroadcastNaming},
        chord::{self, Chord, Placement},
        forwarding_naming::{self, ForwardingNaming, Shorten},
        hierarchical_naming::{self, HierarchicalNaming, Resolution, Zone},
        home_naming::{self, HomeNaming},
        parts::homes::Homes,
    },
    problems::{location, lookup, naming::Request},
    process::{Process, ProcessId, Time},
    world::{Action, Probability, Setup, Targets},
};

/// One object, which moves a lot and is sent things.
fn roam(dice: &mut Dice, nodes: u32, number: u32) -> location::Request {
    match dice.below(3) {
        0 => send("o", &format!("m{number}")),
        _ => moved("o", dice.below(nodes.into()) as u32),
    }
}

fn homes(dice: &mut Dice) -> Homes {
    Homes([("o".to_owned(), ProcessId(dice.below(2) as u32))].into())
}

#[test]
fn homes_keep_their_promises() {
    soak::<HomeNaming>(
        Links::Perfect,
        ANY_LAYER,
        &[],
        |dice| home_naming::Config { homes: homes(dice) },
        roam,
    );
}

#[test]
fn pointers_keep_their_promises() {
    let configure = |dice: &mut Dice| {
        let shorten = [Shorten::Nobody, Shorten::Sender, Shorten::Path][dice.below(3) as usize];
        forwarding_naming::Config { homes: homes(dice), shorten }
    };
    soak::<ForwardingNaming>(Links::Perfect, ANY_LAYER, &[], configure, roam);
}

/// Runs many worlds of one kind, and sees that each promise is put to the test.
fn many<P: Process>(
    mut make: impl FnMut(&mut Dice) -> ((Setup, Vec<synod::process::Request<P>>), P::Config),
) {
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let (world, config) = make(&mut Dice::new(seed));
        for (count, tested) in exercised.iter_mut().zip(survives::<P>(seed, world, config, &promises)) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 20, "{promise} was put to the test in {count} worlds only");
    }
}

/// Clocks do not drift, and things are asked for over a longer time.
fn steady<R>(dice: &mut Dice, mut world: (Setup, Vec<R>)) -> (Setup, Vec<R>) {
    let stretch = 1 + dice.below(20);
    world.0.nodes.clear();
    for planned in &mut world.0.agenda {
        if matches!(planned.action, Action::Request { .. }) {
            planned.at = Time(planned.at.0 * stretch);
        }
    }
    world.0.agenda.sort_by_key(|planned| planned.at);
    world
}

const PATIENT: (Duration, u32) = (Duration::from_millis(600), 80);

#[test]
fn asking_everybody_keeps_its_promises_over_bad_links() {
    many::<BroadcastNaming>(|dice| {
        let ttl = Duration::from_millis(dice.below(4) * 2_000);
        let world = world(dice, Links::Bad, |dice, _, number| match dice.below(8) {
            0..=2 => register("p", &format!("a{number}")),
            3 => unregister("p"),
            _ => resolve("p0"),
        });
        let (mut setup, mut requests) = steady(dice, world);
        // Two processes have a name of their own each.
        for planned in &mut setup.agenda {
            if let Action::Request { targets, request } = &mut planned.action {
                let owner = *request % 2;
                match &mut requests[*request as usize] {
                    Request::Register { name, .. } | Request::Unregister(name) => {
                        *name = format!("p{owner}");
                        *targets = Targets::Node(ProcessId(owner));
                    }
                    Request::Resolve(_) => {}
                }
            }
        }
        ((setup, requests), broadcast_naming::Config { ttl, timeout: PATIENT.0, attempts: PATIENT.1 })
    });
}

/// Three zones, served by anybody; copies, caches, crashes of servers that come back, and bad links.
fn zones(dice: &mut Dice, nodes: u32, copied: bool) -> hierarchical_naming::Config {
    let mut zone = |mounts: &[(&str, &str)]| Zone {
        server: Some(ProcessId(dice.below(nodes.into()) as u32)),
        secondaries: if copied { vec![ProcessId(dice.below(nodes.into()) as u32)] } else { Vec::new() },
        records: [("x".to_owned(), "10.0.0.1".to_owned())].into(),
        mounts: mounts.iter().map(|(label, zone)| ((*label).to_owned(), (*zone).to_owned())).collect(),
    };
    let zones = [("root", zone(&[("a", "a")])), ("a", zone(&[("b", "b")])), ("b", zone(&[]))];
    let resolution = [Resolution::Iterative, Resolution::Recursive][dice.below(2) as usize];
    hierarchical_naming::Config {
        resolution,
        zones: zones.map(|(name, zone)| (name.to_owned(), zone)).into(),
        ttl: Duration::from_millis(dice.below(3) * 150),
        negative_ttl: Duration::from_millis(dice.below(2) * 100),
        timeout: PATIENT.0,
        attempts: PATIENT.1,
        refresh: Duration::from_secs(8),
        expire: Duration::from_secs(20),
    }
}

#[test]
fn zones_keep_their_promises_over_bad_links_and_through_restarts() {
    many::<HierarchicalNaming>(|dice| {
        let world = world(dice, Links::Bad, |dice, _, number| {
            let name = ["x", "a/x", "a/b/x", "a/b/y", "a/c/y"][dice.below(5) as usize];
            match dice.below(6) {
                0 => register(name, &format!("a{number}")),
                1 => unregister(name),
                _ => resolve(name),
            }
        });
        let (mut setup, requests) = steady(dice, world);
        // Six messages in a row must get through in one of the attempts.
        setup.network.loss = Probability::parts_per_billion(dice.below(20) * 10_000_000);
        setup.network.corrupt = Probability::parts_per_billion(0);
        let nodes = setup.names.len() as u32;
        if dice.below(3) == 0 {
            let (at, server) = (dice.below(500), Targets::Node(ProcessId(dice.below(nodes.into()) as u32)));
            setup.agenda.push(planned(at, Action::Crash { targets: server, after_sends: None }));
            setup.agenda.push(planned(at + 1 + dice.below(2_000), Action::Restart(server)));
            setup.agenda.sort_by_key(|planned| planned.at);
        }
        let copied = dice.below(4) == 0;
        setup.until = copied.then_some(Time(150_000_000_000));
        let config = zones(dice, nodes, copied);
        ((setup, requests), config)
    });
}

/// A ring whose members join, depart and crash for a second; then it has time to settle, and keys are looked up.
#[test]
fn a_ring_that_settles_finds_every_owner() {
    many::<Chord>(|dice| {
        let nodes = 2 + dice.below(4) as u32;
        let mut setup = Setup::of(synod::process::Names::Numbered(nodes));
        setup.network.delay = Duration::from_millis(20);
        setup.network.jitter = Duration::from_millis(dice.below(20));
        let stable = dice.below(2) == 0;
        let mut asked: Vec<(u64, u32, lookup::Request)> = Vec::new();
        let join = |via: u32| lookup::Request::Join { via: Some(ProcessId(via)) };
        if !stable {
            asked.push((0, 0, join(0)));
            asked.extend((1..nodes).map(|node| (100 + dice.below(900), node, join(0))));
        }
        for node in 1..nodes {
            match dice.below(4) {
                0 => asked.push((1_200 + dice.below(800), node, lookup::Request::Leave)),
                1 => {
                    let targets = Targets::Node(ProcessId(node));
                    let at = 1_200 + dice.below(800);
                    setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None }));
                }
                _ => {}
            }
        }
        asked.extend((0..4).map(|_| {
            (
                12_500 + dice.below(300),
                dice.below(nodes.into()) as u32,
                lookup::Request::Lookup(dice.below(1 << 16)),
            )
        }));
        let mut requests = Vec::new();
        for (at, node, request) in asked {
            let targets = Targets::Node(ProcessId(node));
            setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
            requests.push(request);
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        setup.until = Some(Time(15_000_000_000));
        let placement = [Placement::Hashed, Placement::Even][dice.below(2) as usize];
        let (period, settle) = (Duration::from_millis(700), Duration::from_secs(10));
        let config =
            chord::Config { bits: 16, placement, stable, period, settle, ..chord::Config::default() };
        ((setup, requests), config)
    });
}
