//! Every algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::{
        best_effort_broadcast::BestEffortBroadcast,
        causal_broadcast::CausalBroadcast,
        fifo_broadcast::FifoBroadcast,
        lamport_total_order::LamportTotalOrder,
        parts::{
            channel::{self, Channel, Layer},
            own_copy::OwnCopy,
        },
        sequencer::{self, Sequencer, Variant},
    },
    check::judge,
    problems::broadcast::{Broadcast, Request},
    process::{Names, Process, ProcessId, Time, Verdict},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Distribution, NodeSetup, Planned, Probability, Setup, Targets},
};

#[path = "common/dice.rs"]
mod dice;
use dice::Dice;

/// How many worlds each algorithm must survive.
const WORLDS: u64 = 2_000;

/// What the links of a world may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Links {
    /// Nothing is lost or duplicated; messages overtake each other.
    Perfect,
    /// They may be delivered twice, too.
    Duplicating,
    /// Nothing is lost, duplicated or overtaken.
    Fifo,
    /// Anything may happen, short of losing everything.
    Bad,
}

/// A small world: two to six nodes, some of which stand still for a while or have a clock that is off.
fn world(dice: &mut Dice, links: Links) -> (Setup, Vec<Request>) {
    let nodes = 2 + dice.below(5) as u32;
    let mut setup = Setup::of(Names::Numbered(nodes));
    let percent = |parts: u64| Probability::parts_per_billion(parts * 10_000_000);
    let network = &mut setup.network;
    network.delay = Duration::from_millis(dice.below(20));
    network.jitter = Duration::from_millis(dice.below(40));
    network.distribution = match dice.below(5) {
        0 => Distribution::Normal,
        1 => Distribution::Exponential,
        2 => Distribution::Pareto,
        3 => Distribution::Lognormal,
        _ => Distribution::Uniform,
    };
    network.fifo = links == Links::Fifo || dice.below(5) == 0;
    if matches!(links, Links::Duplicating | Links::Bad) {
        network.duplicate = percent(dice.below(40));
    }
    if links != Links::Fifo && !network.fifo {
        network.reorder = percent(dice.below(40));
    }
    if links == Links::Bad {
        network.loss = percent(dice.below(40));
        network.corrupt = percent(dice.below(10));
    }
    let mut requests = Vec::new();
    for number in 0..1 + dice.below(10) {
        let targets = Targets::Node(ProcessId(dice.below(nodes.into()) as u32));
        requests.push(Request::Broadcast(format!("m{number}")));
        setup.agenda.push(planned(dice.below(60), Action::Request { targets, request: number as u32 }));
    }
    if dice.below(3) == 0 {
        let (sleeper, at) = (Targets::Node(ProcessId(dice.below(nodes.into()) as u32)), dice.below(40));
        setup.agenda.push(planned(at, Action::Pause(sleeper)));
        setup.agenda.push(planned(at + 1 + dice.below(300), Action::Resume(sleeper)));
    }
    if dice.below(3) == 0 {
        let clock_drift = dice.below(200_000_000) as i64 - 100_000_000;
        let odd = NodeSetup { clock_drift, ..NodeSetup::default() };
        setup.nodes.insert(ProcessId(dice.below(nodes.into()) as u32), odd);
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    setup.event_limit = 200_000;
    (setup, requests)
}

fn planned(at: u64, action: Action) -> Planned {
    Planned { at: Time(at * 1_000_000), action, lasts: None, may_miss: true, entry: 0 }
}

/// One world must violate nothing; gives for each promise whether it was put to the test.
fn survives<P: Process<Problem = Broadcast>>(
    seed: u64,
    (setup, requests): (Setup, Vec<Request>),
    config: P::Config,
    promises: &[String],
) -> Vec<bool> {
    let (names, shown) = (setup.names.clone(), format!("{config:?} in {:?}", setup.network));
    let cast = Cast::<P> { config, requests, ..Cast::default() };
    let mut simulation = Simulation::new(Arc::new(setup), cast);
    let summary = simulation.run(seed, Level::Full);
    let history = simulation.recording().history(names.len(), summary.end);
    let verdicts = judge(&history, &names, promises);
    assert_eq!(verdicts.len(), promises.len(), "every promise is a property of the problem");
    let exercised = verdicts.into_iter().map(|(name, verdict)| match verdict {
        Verdict::Holds { .. } => true,
        Verdict::Vacuous => false,
        Verdict::Violated { .. } | Verdict::Undecided { .. } => {
            panic!("world {seed}, {shown}: {name} is {verdict:?}")
        }
    });
    exercised.collect()
}

/// Runs `P` in many worlds: over links that it can bear by itself, and over bad ones with the channel it needs.
fn soak<P: Process<Problem = Broadcast>>(
    bears: Links,
    layers: &[Layer],
    without: &[&str],
    configure: impl Fn(&mut Dice) -> P::Config,
) {
    let promises = P::DESCRIPTION.promises.iter().filter(|promise| !without.contains(promise));
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let process = configure(&mut dice);
        let tested = match layers.get(dice.below(layers.len() as u64 + 2) as usize) {
            None => survives::<P>(seed, world(&mut dice, bears), process, &promises),
            Some(layer) => {
                let links = if *layer == Layer::Fifo { Links::Duplicating } else { Links::Bad };
                let config = channel::Config { layer: *layer, process };
                survives::<Channel<P>>(seed, world(&mut dice, links), config, &promises)
            }
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

const ANY_LAYER: &[Layer] = &[Layer::Fifo, Layer::Reliable, Layer::ReliableFifo];

#[test]
fn best_effort_broadcast_keeps_its_promises() {
    soak::<BestEffortBroadcast>(Links::Perfect, ANY_LAYER, &[], |_| OwnCopy::default());
}

#[test]
fn fifo_broadcast_keeps_its_promises() {
    soak::<FifoBroadcast>(Links::Duplicating, ANY_LAYER, &[], |_| OwnCopy::default());
}

#[test]
fn causal_broadcast_keeps_its_promises() {
    soak::<CausalBroadcast>(Links::Duplicating, ANY_LAYER, &[], |_| OwnCopy::default());
}

#[test]
fn a_sequencer_keeps_its_promises() {
    soak::<Sequencer>(Links::Perfect, ANY_LAYER, &[], |dice| {
        let variant = match dice.below(3) {
            0 => Variant::UnicastBroadcast,
            1 => Variant::BroadcastBroadcast,
            _ => Variant::UnicastUnicastBroadcast,
        };
        let sequencer = (dice.below(2) == 0).then_some(ProcessId(1));
        sequencer::Config { variant, sequencer, numbered: dice.below(2) == 0 }
    });
}

#[test]
fn lamport_total_order_keeps_its_promises() {
    soak::<LamportTotalOrder>(Links::Fifo, &[Layer::Fifo, Layer::ReliableFifo], &[], |_| Default::default());
}

/// What the others hear does not depend on whether the sender hears itself.
#[test]
fn without_own_copies_all_other_promises_are_kept() {
    let silent = |_: &mut Dice| OwnCopy { echo: false };
    let without = &["self-delivery"];
    soak::<FifoBroadcast>(Links::Duplicating, ANY_LAYER, without, silent);
    soak::<CausalBroadcast>(Links::Duplicating, ANY_LAYER, without, silent);
}
