//! Every algorithm keeps every promise in thousands of random worlds that keep its assumptions.

use crate::{dice::Dice, trial::planned};
use std::{sync::Arc, time::Duration};
use synod::{
    algorithms::parts::channel::{self, Channel, Layer},
    check::judge,
    process::{Names, Process, ProcessId, Request, Verdict},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Distribution, NodeSetup, Probability, Setup, Targets},
};

/// How many worlds each algorithm must survive.
pub(crate) const WORLDS: u64 = 2_000;

/// What the links of a world may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Links {
    /// Nothing is lost or duplicated; messages overtake each other.
    Perfect,
    /// They may be delivered twice, too.
    Duplicating,
    /// Nothing is lost, duplicated or overtaken.
    Fifo,
    /// Anything may happen, short of losing everything.
    Bad,
}

/// Every channel layer there is.
pub(crate) const ANY_LAYER: &[Layer] = &[Layer::Fifo, Layer::Reliable, Layer::ReliableFifo];

/// A small world: two to six nodes, some of which stand still for a while or have a clock that is off, and up to ten
/// requests: `ask` makes them from the dice, the number of nodes and the number of requests so far.
pub(crate) fn world<R>(
    dice: &mut Dice,
    links: Links,
    ask: impl Fn(&mut Dice, u32, u32) -> R,
) -> (Setup, Vec<R>) {
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
        requests.push(ask(dice, nodes, number as u32));
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

/// One world must violate nothing; gives for each promise whether it was put to the test.
pub(crate) fn survives<P: Process>(
    seed: u64,
    (setup, requests): (Setup, Vec<Request<P>>),
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
pub(crate) fn soak<P: Process>(
    bears: Links,
    layers: &[Layer],
    without: &[&str],
    configure: impl Fn(&mut Dice) -> P::Config,
    ask: impl Fn(&mut Dice, u32, u32) -> Request<P>,
) {
    soak_in::<P>(WORLDS, bears, layers, without, configure, ask);
}

/// The same in so many worlds.
pub(crate) fn soak_in<P: Process>(
    worlds: u64,
    bears: Links,
    layers: &[Layer],
    without: &[&str],
    configure: impl Fn(&mut Dice) -> P::Config,
    ask: impl Fn(&mut Dice, u32, u32) -> Request<P>,
) {
    let promises = P::DESCRIPTION.promises.iter().filter(|promise| !without.contains(promise));
    let promises: Vec<String> = promises.map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..worlds {
        let mut dice = Dice::new(seed);
        let process = configure(&mut dice);
        let tested = match layers.get(dice.below(layers.len() as u64 + 2) as usize) {
            None => survives::<P>(seed, world(&mut dice, bears, &ask), process, &promises),
            Some(layer) => {
                let links = if *layer == Layer::Fifo { Links::Duplicating } else { Links::Bad };
                let config = channel::Config { layer: *layer, process };
                survives::<Channel<P>>(seed, world(&mut dice, links, &ask), config, &promises)
            }
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > worlds / 10, "{promise} was put to the test in {count} worlds only");
    }
}
