//! Published message counts, exactly: catalogue rows E1 to E5, E7, E8, E9.

use super::{all_start, distances, even, shuffled, started, without};
use crate::{
    dice::Dice,
    trial::{SIZES, Trial},
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
        parts::ring::Order,
        peterson::Peterson,
        ring_election::{self, RingElection},
    },
    problems::election::{Election, Output},
    process::{Process, ProcessId, Time},
    trace::Counts,
    world::Shape,
};

/// How many messages this costs, and that so many processes name this leader in the end.
fn cost<P: Process<Problem = Election>>(
    trial: &Trial<Election>,
    config: P::Config,
    seed: u64,
    (leader, named): (u32, u32),
) -> Counts {
    let (counts, outputs) = trial.run::<P>(config, seed);
    let mut last = std::collections::BTreeMap::new();
    for (node, output) in outputs {
        let (Output::Leader { leader, .. } | Output::Group { coordinator: leader, .. }) = output;
        last.insert(node, leader);
    }
    assert!(last.values().all(|named| *named == ProcessId(leader)), "{leader} is elected, and not {last:?}");
    assert_eq!(last.len(), named as usize, "everybody hears of it");
    counts
}

fn order(order: &[ProcessId]) -> Order {
    Order { order: order.to_vec() }
}

/// When the last message of a run over links of exactly 10 ms arrives, in message delays.
fn delays<P: Process<Problem = Election>>(trial: &Trial<Election>, config: &P::Config) -> u64 {
    let mut last = Time::ZERO;
    even(trial.clone()).each_run::<P>(config, &[], |_, history, _| {
        last = history.steps.last().map_or(Time::ZERO, |step| step.time);
    });
    last.0 / 10_000_000
}

#[test]
fn a_bully_election_costs_the_square_of_those_above_the_initiator() {
    let config = bully::Config::default();
    for n in SIZES {
        for initiator in (0..n - 1).filter(|rank| rank % 7 == 0 || rank + 3 > n) {
            let above = u64::from(n - 1 - initiator);
            let trial = even(without(started(n, &[(1, initiator)]), n - 1));
            let counts = cost::<Bully>(&trial, config, 1, (n - 2, n - 1));
            assert_eq!(counts.total(), above * above + u64::from(n) - 2, "n = {n}, initiator {initiator}");
            let (asked, answered) = (above * (above + 1) / 2, above * (above - 1) / 2);
            let sent = |kind| counts.sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, sent)| *sent);
            assert_eq!((sent("election"), sent("ok")), (asked, answered), "n = {n}, initiator {initiator}");
        }
        // The extremes: the lowest notices, and the next highest.
        let lowest = even(without(started(n, &[(1, 0)]), n - 1));
        let n_squared = u64::from(n) * u64::from(n);
        assert_eq!(cost::<Bully>(&lowest, config, 1, (n - 2, n - 1)).total(), n_squared - u64::from(n) - 1);
        let highest = even(without(started(n, &[(1, n - 2)]), n - 1));
        assert_eq!(cost::<Bully>(&highest, config, 1, (n - 2, n - 1)).total(), u64::from(n) - 1);
    }
}

#[test]
fn each_initiator_of_a_ring_election_costs_two_rounds() {
    let trusting = ring_election::Config { patience: Duration::ZERO, ..Default::default() };
    for n in SIZES {
        for k in [1, 2, n / 2, n].into_iter().filter(|k| *k > 0) {
            let initiators: Vec<(u64, u32)> = (0..k).map(|node| (u64::from(node), node)).collect();
            let trial = started(n, &initiators);
            let (n, k) = (u64::from(n), u64::from(k));
            let counts = cost::<RingElection>(&trial, trusting.clone(), n + k, (n as u32 - 1, n as u32));
            assert_eq!(counts.sent, [("election", n * k), ("coordinator", n * k)], "n = {n}, k = {k}");
            let counts = cost::<RingElection>(&trial, Default::default(), n + k, (n as u32 - 1, n as u32));
            assert_eq!(counts.total(), 4 * n * k, "with acknowledgements, n = {n}, k = {k}");
        }
        let trial = started(n, &[(0, 0)]);
        assert_eq!(delays::<RingElection>(&trial, &trusting), 2 * u64::from(n), "n = {n}");
    }
}

/// One message for the process that is down, to find that out, and never again.
#[test]
fn a_process_that_is_down_costs_the_ring_one_message() {
    for n in SIZES {
        let live = u64::from(n - 1);
        let trial = without(started(n, &[(1, n / 2 - 1)]), n - 1);
        let counts = cost::<RingElection>(&trial, Default::default(), 1, (n - 2, n - 1));
        let sent = |kind| counts.sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, sent)| *sent);
        // A ring of one is a process that tells itself, which nobody has to acknowledge.
        let acks = if live == 1 { 0 } else { 2 * live };
        assert_eq!((sent("election"), sent("coordinator"), sent("ack")), (live + 1, live, acks), "n = {n}");
    }
}

#[test]
fn chang_roberts_costs_two_rounds_and_the_way_to_the_highest() {
    let mut dice = Dice::new(3);
    for n in SIZES {
        for initiator in [0, 1, n / 2, n - 1] {
            let ring = shuffled(&mut dice, n);
            let place = |id: u32| ring.iter().position(|one| one.0 == id).expect("it is in the ring") as u32;
            let far = u64::from((place(n - 1) + n - place(initiator)) % n);
            let trial = started(n, &[(0, initiator)]).fifo();
            let counts = cost::<ChangRoberts>(&trial, order(&ring), n.into(), (n - 1, n));
            let n = u64::from(n);
            assert_eq!(counts.sent, [("election", far + n), ("elected", n)], "{initiator} in {ring:?}");
            assert_eq!(delays::<ChangRoberts>(&trial, &order(&ring)), far + 2 * n);
        }
    }
}

/// The marks of participants save messages, for who takes part already swallows what is lower.
#[test]
fn chang_roberts_costs_no_more_than_lcr() {
    let mut dice = Dice::new(4);
    for n in SIZES {
        for seed in 0..10 {
            let ring = shuffled(&mut dice, n);
            let most: u64 = distances(&ring).iter().sum();
            let counts = cost::<ChangRoberts>(&all_start(n).fifo(), order(&ring), seed, (n - 1, n));
            assert!(counts.total() <= most + u64::from(n), "{ring:?}: {counts:?}");
        }
    }
}

/// In every schedule, and whoever is asked: the sum of the distances to the next higher id, and the announcement.
#[test]
fn lcr_costs_the_distances_to_the_next_higher_in_every_schedule() {
    let mut dice = Dice::new(5);
    for n in SIZES {
        for seed in 0..20 {
            let ring = shuffled(&mut dice, n);
            let election = distances(&ring).iter().sum();
            let some: Vec<(u64, u32)> = (0..n).filter(|_| dice.below(3) == 0).map(|node| (0, node)).collect();
            let trial = if some.is_empty() { all_start(n) } else { started(n, &some) };
            let counts = cost::<Lcr>(&trial, order(&ring), seed, (n - 1, n));
            assert_eq!(counts.sent, [("election", election), ("leader", n.into())], "{ring:?}, {some:?}");
        }
        let upwards: Vec<ProcessId> = (0..n).map(ProcessId).collect();
        let downwards: Vec<ProcessId> = upwards.iter().rev().copied().collect();
        let total = |ring| cost::<Lcr>(&all_start(n), order(ring), 1, (n - 1, n)).total();
        let all = u64::from(n);
        assert_eq!(total(&upwards), 3 * all - 1, "n = {n}");
        assert_eq!(total(&downwards), all * (all + 1) / 2 + all, "n = {n}");
        assert_eq!(delays::<Lcr>(&all_start(n), &order(&downwards)), 2 * all, "n = {n}");
    }
}

/// The logarithm to base 2, rounded up.
fn log2_up(n: u32) -> u64 {
    u64::from(n.next_power_of_two().ilog2())
}

#[test]
fn hirschberg_sinclair_costs_no_more_than_its_bound() {
    let mut dice = Dice::new(6);
    for n in SIZES {
        for seed in 0..20 {
            let ring = shuffled(&mut dice, n);
            let counts = cost::<HirschbergSinclair>(&all_start(n), order(&ring), seed, (n - 1, n));
            let most = 8 * u64::from(n) * (1 + log2_up(n)) + u64::from(n);
            assert!(counts.total() <= most, "{ring:?}: {counts:?}");
            assert!(counts.sent.contains(&("leader", n.into())), "{counts:?}");
        }
    }
}

#[test]
fn peterson_costs_two_rounds_for_each_phase_and_two_more() {
    let mut dice = Dice::new(7);
    for n in SIZES {
        let mut most = 0;
        for seed in 0..20 {
            let ring = shuffled(&mut dice, n);
            let trial = if seed % 2 == 0 { all_start(n) } else { started(n, &[(0, 0)]) };
            let counts = cost::<Peterson>(&trial.fifo(), order(&ring), seed, (n - 1, n));
            let sent = |kind| counts.sent.iter().find(|(name, _)| *name == kind).map_or(0, |(_, sent)| *sent);
            let all = u64::from(n);
            let phases = sent("second") / all;
            assert!(phases <= u64::from(n.ilog2()), "{phases} phases in {ring:?}");
            assert_eq!(counts.total(), 2 * all * phases + 2 * all, "{phases} phases in {ring:?}");
            assert_eq!((sent("first"), sent("leader")), ((phases + 1) * all, all), "{ring:?}");
            most = most.max(phases);
        }
        assert!(most > 0, "n = {n}");
    }
}

#[test]
fn merging_groups_of_one_costs_five_messages_for_each_other() {
    let config = invitation::Config { check: Duration::ZERO, ..Default::default() };
    for n in SIZES {
        for merger in [0, n / 2, n - 1] {
            let counts = cost::<Invitation>(&started(n, &[(0, merger)]), config, 1, (merger, n));
            let others = u64::from(n - 1);
            let kinds = ["are-you-coordinator", "status", "invite", "accept", "ready"];
            assert_eq!(counts.sent, kinds.map(|kind| (kind, others)), "n = {n}, {merger} invites");
        }
    }
}

/// A random connected graph: a tree, and some more links.
pub(super) fn graph(dice: &mut Dice, nodes: u32) -> Vec<(ProcessId, ProcessId)> {
    let mut links = std::collections::BTreeSet::new();
    for node in 1..nodes {
        links.insert((dice.below(node.into()) as u32, node));
    }
    for _ in 0..dice.below(u64::from(nodes)) {
        let (one, other) = (dice.below(nodes.into()) as u32, dice.below(nodes.into()) as u32);
        if one != other {
            links.insert((one.min(other), one.max(other)));
        }
    }
    links.into_iter().map(|(one, other)| (ProcessId(one), ProcessId(other))).collect()
}

#[test]
fn a_wave_costs_two_messages_for_each_link() {
    let mut dice = Dice::new(8);
    for n in SIZES {
        for seed in 0..10 {
            let links = graph(&mut dice, n);
            let m = links.len() as u64;
            let news = 2 * m + 1 - u64::from(n);
            let on_graph = |mut trial: Trial<Election>| {
                trial.setup.topology = Shape::Edges(links.clone());
                trial
            };
            let initiator = dice.below(n.into()) as u32;
            let single = on_graph(started(n, &[(0, initiator)]));
            let counts = cost::<EchoElection>(&single, (), seed, (initiator, n));
            assert_eq!(counts.total(), 2 * m + news, "{links:?}");
            let k = 1 + dice.below(n.into()) as u32;
            let several: Vec<(u64, u32)> = (0..k).map(|node| (0, node)).collect();
            let counts = cost::<EchoElection>(&on_graph(started(n, &several)), (), seed, (k - 1, n));
            let waves = counts.total() - news;
            assert!((2 * m..=2 * m * u64::from(k)).contains(&waves), "{waves} waves of {k} in {links:?}");
        }
        let complete = cost::<EchoElection>(&started(n, &[(0, 0)]), (), 1, (0, n));
        let m = u64::from(n * (n - 1) / 2);
        assert_eq!(complete.total(), 4 * m + 1 - u64::from(n), "n = {n}");
    }
}
