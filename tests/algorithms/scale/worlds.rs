//! What spreads over many keeps its promises in thousands of random worlds, with the faults that it claims to survive.

use super::milliseconds;
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        anti_entropy::{self, AntiEntropy, Certificates},
        flooding::{self, Flooding},
        gossip::{self, Gossip, Mode},
        rumor::{self, Loss, Rumor, Variant},
        tree_multicast::{self, TreeMulticast},
    },
    problems::{broadcast::Request, replication},
    process::{Process, ProcessId},
    world::{Action, Distribution, Heal, Setup, Shape, Targets},
};

/// Somebody says something.
fn say(_dice: &mut Dice, _nodes: u32, number: u32) -> Request {
    Request::Broadcast(format!("m{number}"))
}

/// A world, what is asked for in it, and how the processes are configured.
type Made<P> = (Setup, Vec<synod::process::Request<P>>, <P as Process>::Config);

/// Runs `P` in many worlds, each made from its own dice; every promise is put to the test in a tenth of them.
fn wander<P: Process>(make: impl Fn(&mut Dice) -> Made<P>) {
    wander_without::<P>("", make);
}

/// The same, without one of the promises.
fn wander_without<P: Process>(without: &str, make: impl Fn(&mut Dice) -> Made<P>) {
    let promises = P::DESCRIPTION.promises.iter().filter(|promise| **promise != without);
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let (mut setup, requests, config) = make(&mut Dice::new(seed));
        setup.agenda.sort_by_key(|planned| planned.at);
        let tested = survives::<P>(seed, (setup, requests), config, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

/// Any of the nodes.
fn anybody(dice: &mut Dice, setup: &Setup) -> Targets {
    Targets::Node(ProcessId(dice.below(setup.names.len() as u64) as u32))
}

/// Somebody crashes for good, perhaps in the middle of sending.
fn crash_one(dice: &mut Dice, setup: &mut Setup, before: u64) {
    let targets = anybody(dice, setup);
    let after_sends = (dice.below(2) == 0).then(|| 1 + dice.below(4) as u32);
    setup.agenda.push(planned(dice.below(before), Action::Crash { targets, after_sends }));
}

/// Any one crash leaves a ring, a complete graph and a wheel in one part.
#[test]
fn flooding_keeps_its_promises_whoever_crashes() {
    wander::<Flooding>(|dice| {
        let (mut setup, requests) = world(dice, Links::Duplicating, say);
        let nodes = setup.names.len() as u32;
        let shapes = [
            Shape::Ring,
            Shape::Complete,
            Shape::Line,
            Shape::Tree { children: 2 },
            Shape::Star,
            Shape::Grid,
        ];
        setup.topology = shapes[dice.below(6) as usize].clone();
        if matches!(setup.topology, Shape::Ring | Shape::Complete) && dice.below(2) == 0 {
            crash_one(dice, &mut setup, 100);
        }
        let ttl = (dice.below(2) == 0).then(|| nodes + dice.below(3) as u32);
        (setup, requests, flooding::Config { ttl, improve: true })
    });
}

/// As many hops as the farthest is away are enough, however messages overtake each other.
#[test]
fn flooding_reaches_as_far_as_its_hops_allow() {
    wander::<Flooding>(|dice| {
        let (mut setup, requests) = world(dice, Links::Duplicating, say);
        let farthest = setup.names.len() as u32 / 2;
        setup.topology = Shape::Ring;
        (setup, requests, flooding::Config { ttl: Some(farthest), improve: true })
    });
}

#[test]
fn a_tree_keeps_its_promises() {
    soak::<TreeMulticast>(
        Links::Duplicating,
        ANY_LAYER,
        &[],
        |dice| {
            let children = Some(1 + dice.below(4) as u32);
            tree_multicast::Config { children, acknowledge: dice.below(2) == 0, ..Default::default() }
        },
        say,
    );
}

#[test]
fn a_tree_made_of_links_keeps_its_promises() {
    wander::<TreeMulticast>(|dice| {
        let (mut setup, requests) = world(dice, Links::Duplicating, say);
        let shapes = [Shape::Line, Shape::Tree { children: 2 }, Shape::Tree { children: 3 }, Shape::Star];
        setup.topology = shapes[dice.below(4) as usize].clone();
        (setup, requests, tree_multicast::Config { children: None, acknowledge: true, ..Default::default() })
    });
}

/// Up to two crash; somebody may stand still for longer than the timeout and be suspected for nothing.
#[test]
fn a_repaired_tree_keeps_its_promises_whoever_crashes() {
    wander_without::<TreeMulticast>("acknowledgement", |dice| {
        let (mut setup, requests) = world(dice, Links::Duplicating, say);
        setup.network.distribution = Distribution::Uniform;
        for _ in 0..dice.below(3) {
            crash_one(dice, &mut setup, 200);
        }
        setup.until = milliseconds(3_000);
        let mut config = tree_multicast::Config { repair: true, ..Default::default() };
        config.children = Some(1 + dice.below(3) as u32);
        config.heartbeat.period = Duration::from_millis(100);
        config.heartbeat.timeout = Duration::from_millis(250);
        (setup, requests, config)
    });
}

#[test]
fn gossip_keeps_its_promises_over_bad_links_whoever_crashes() {
    wander::<Gossip>(|dice| {
        let (mut setup, requests) = world(dice, Links::Bad, say);
        if dice.below(2) == 0 {
            crash_one(dice, &mut setup, 300);
        }
        let mode = [Mode::Push, Mode::Pull, Mode::PushPull][dice.below(3) as usize];
        let period = Duration::from_millis(20 + dice.below(80));
        (setup, requests, gossip::Config { mode, period, rounds: Some(30) })
    });
}

#[test]
fn a_rumor_keeps_the_few_promises_that_it_makes() {
    wander::<Rumor>(|dice| {
        let (mut setup, requests) = world(dice, Links::Bad, say);
        if dice.below(2) == 0 {
            crash_one(dice, &mut setup, 300);
        }
        let config = rumor::Config {
            variant: if dice.below(2) == 0 { Variant::Feedback } else { Variant::Blind },
            interest: if dice.below(2) == 0 { Loss::Counter } else { Loss::Coin },
            k: 1 + dice.below(4) as u32,
            period: Duration::from_millis(20 + dice.below(80)),
        };
        (setup, requests, config)
    });
}

/// Somebody writes or deletes one of three keys.
fn write(dice: &mut Dice, _nodes: u32, number: u32) -> replication::Request {
    let key = ["x", "y", "z"][dice.below(3) as usize].to_owned();
    if dice.below(3) == 0 {
        replication::Request::Delete { key }
    } else {
        replication::Request::Put { key, value: format!("v{number}") }
    }
}

/// Bad links, crashes with a restart, partitions that end.
#[test]
fn anti_entropy_keeps_its_promises_whatever_happens_for_a_while() {
    wander::<AntiEntropy>(|dice| {
        let (mut setup, requests) = world(dice, Links::Bad, write);
        if dice.below(2) == 0 {
            let (targets, at) = (anybody(dice, &setup), dice.below(200));
            setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None }));
            setup.agenda.push(planned(at + 1 + dice.below(300), Action::Restart(targets)));
        }
        if dice.below(2) == 0 {
            let half = 1 + dice.below(setup.names.len() as u64 - 1) as u32;
            let (one, other) = ((0..half), (half..setup.names.len() as u32));
            let groups = vec![one.map(ProcessId).collect(), other.map(ProcessId).collect()];
            setup.agenda.push(planned(dice.below(100), Action::Partition(groups)));
            setup.agenda.push(planned(100 + dice.below(300), Action::Heal(Heal::Partitions)));
        }
        let config = anti_entropy::Config {
            period: Duration::from_millis(30 + dice.below(70)),
            rounds: Some(25),
            mode: [anti_entropy::Mode::Pull, anti_entropy::Mode::PushPull][dice.below(2) as usize],
            certificates: if dice.below(2) == 0 {
                Certificates::Forever
            } else {
                Certificates::Keep(Duration::from_secs(60))
            },
        };
        (setup, requests, config)
    });
}
