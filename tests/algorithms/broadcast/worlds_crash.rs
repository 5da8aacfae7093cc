//! Broadcasts that survive crashes keep their promises in thousands of random worlds in which processes crash.
//!
//! Links are perfect between correct processes only: what a process sends shortly before it crashes may be lost, as
//! the literature's model has it, and it may crash in the middle of a broadcast.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        flawed::uniform_broadcast::UniformBroadcastFlawed,
        parts::{
            channel::{self, Channel, Layer},
            heartbeat,
        },
        reliable_broadcast::{self, ReliableBroadcast},
        sequencer::{self, Sequencer},
        uniform_broadcast::{self, UniformBroadcast},
    },
    problems::broadcast::{Broadcast, Request},
    process::{Process, ProcessId, Time},
    world::{Action, LinkPattern, Setup, Targets},
};

/// Up to `most` nodes crash for good within 200 ms.
fn crash_some(dice: &mut Dice, setup: &mut Setup, most: u64) {
    let nodes = setup.names.len() as u32;
    let mut alive: Vec<ProcessId> = (0..nodes).map(ProcessId).collect();
    for _ in 0..dice.below(most + 1) {
        let node = alive.remove(dice.below(alive.len() as u64) as usize);
        let (at, targets) = (dice.below(200), Targets::Node(node));
        let outgoing = LinkPattern::Directed { from: Some(node), to: None };
        match dice.below(3) {
            0 => {
                let after_sends = Some(1 + dice.below(2 * u64::from(nodes)) as u32);
                // It is down at last even if it does not send so much any more.
                setup.agenda.push(planned(at, Action::Crash { targets, after_sends }));
                setup.agenda.push(planned(at + 300, Action::Crash { targets, after_sends: None }));
            }
            1 => {
                setup.agenda.push(planned(at, Action::Cut(outgoing)));
                let crash = Action::Crash { targets, after_sends: None };
                setup.agenda.push(planned(at + dice.below(50), crash));
            }
            _ => setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None })),
        }
    }
    setup.agenda.sort_by_key(|planned| planned.at);
}

/// What happens in a world.
struct Hazards {
    /// When it ends, in milliseconds, where heartbeats or a channel's repetitions never do.
    until: Option<u64>,
    /// How many may crash of how many nodes.
    crashes: fn(u64) -> u64,
    /// What links may do.
    links: Links,
}

/// Runs `P` in many worlds in which nodes crash.
fn soak_with_crashes<P: Process<Problem = Broadcast>>(
    worlds: u64,
    hazards: &Hazards,
    promises: &[&str],
    configure: impl Fn(&mut Dice) -> P::Config,
) {
    let promises: Vec<String> = promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..worlds {
        let mut dice = Dice::new(seed);
        let config = configure(&mut dice);
        let say = |_: &mut Dice, _, number| Request::Broadcast(format!("m{number}"));
        let (mut setup, requests) = world(&mut dice, hazards.links, say);
        let most = (hazards.crashes)(setup.names.len() as u64);
        crash_some(&mut dice, &mut setup, most);
        setup.until = hazards.until.map(|at| Time(at * 1_000_000));
        let tested = survives::<P>(seed, (setup, requests), config, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > worlds / 10, "{promise} was put to the test in {count} worlds only");
    }
}

fn heartbeat(period: u64, timeout: u64) -> heartbeat::Config {
    heartbeat::Config { period: Duration::from_millis(period), timeout: Duration::from_millis(timeout) }
}

/// All but one.
const ANY_NUMBER: fn(u64) -> u64 = |nodes| nodes - 1;
/// Fewer than half.
const MINORITY: fn(u64) -> u64 = |nodes| (nodes - 1) / 2;

const RELIABLE: &[&str] = ReliableBroadcast::DESCRIPTION.promises;
const UNIFORM: &[&str] = UniformBroadcast::DESCRIPTION.promises;

#[test]
fn eager_reliable_broadcast_survives_any_number_of_crashes() {
    let hazards = Hazards { until: None, crashes: ANY_NUMBER, links: Links::Duplicating };
    soak_with_crashes::<ReliableBroadcast>(WORLDS, &hazards, RELIABLE, |dice| reliable_broadcast::Config {
        relay_back: dice.below(2) == 0,
        ..Default::default()
    });
}

/// Suspicions are often wrong here: they cost messages only.
#[test]
fn lazy_reliable_broadcast_survives_any_number_of_crashes() {
    let hazards = Hazards { until: Some(1_500), crashes: ANY_NUMBER, links: Links::Duplicating };
    soak_with_crashes::<ReliableBroadcast>(WORLDS, &hazards, RELIABLE, |dice| {
        let mode = reliable_broadcast::Mode::Lazy;
        let heartbeat = heartbeat(150, 200 + dice.below(200));
        reliable_broadcast::Config { mode, heartbeat, ..Default::default() }
    });
}

#[test]
fn uniform_broadcast_by_majority_survives_a_minority_of_crashes() {
    let hazards = Hazards { until: None, crashes: MINORITY, links: Links::Duplicating };
    soak_with_crashes::<UniformBroadcast>(WORLDS, &hazards, UNIFORM, |_| Default::default());
    soak_with_crashes::<UniformBroadcastFlawed>(200, &hazards, UNIFORM, |_| Default::default());
}

/// Whoever stands still does so for less than the timeout, so that nobody is suspected for nothing.
#[test]
fn uniform_broadcast_by_all_survives_any_number_of_crashes() {
    let hazards = Hazards { until: Some(2_500), crashes: ANY_NUMBER, links: Links::Duplicating };
    soak_with_crashes::<UniformBroadcast>(WORLDS, &hazards, UNIFORM, |_| uniform_broadcast::Config {
        mode: uniform_broadcast::Mode::AllAck,
        heartbeat: heartbeat(250, 1_200),
    });
}

/// Sequencers are often suspected for nothing here: that costs messages and time only.
#[test]
fn a_sequencer_with_failover_survives_a_minority_of_crashes() {
    let hazards = Hazards { until: Some(3_000), crashes: MINORITY, links: Links::Duplicating };
    let promises = [Sequencer::DESCRIPTION.promises, &["uniform-agreement"]].concat();
    soak_with_crashes::<Sequencer>(WORLDS, &hazards, &promises, |dice| sequencer::Config {
        failover: true,
        sequencer: (dice.below(2) == 0).then_some(ProcessId(1)),
        heartbeat: heartbeat(150, 150 + dice.below(250)),
        ..Default::default()
    });
}

/// Over bad links, with the channel that they need. Whoever lives repeats what it has to say to the dead for ever.
#[test]
fn over_a_reliable_channel_they_survive_bad_links_too() {
    let hazards = |crashes| Hazards { until: Some(20_000), crashes, links: Links::Bad };
    fn layered<C: Default>(layer: Layer) -> impl Fn(&mut Dice) -> channel::Config<C> {
        move |_| channel::Config { layer, process: C::default() }
    }
    let any_number = hazards(ANY_NUMBER);
    soak_with_crashes::<Channel<ReliableBroadcast>>(200, &any_number, RELIABLE, layered(Layer::Reliable));
    let minority = hazards(MINORITY);
    soak_with_crashes::<Channel<UniformBroadcast>>(200, &minority, UNIFORM, layered(Layer::ReliableFifo));
    let promises = [Sequencer::DESCRIPTION.promises, &["uniform-agreement"]].concat();
    soak_with_crashes::<Channel<Sequencer>>(200, &minority, &promises, |_| channel::Config {
        layer: Layer::Reliable,
        process: sequencer::Config { failover: true, heartbeat: heartbeat(400, 1_000), ..Default::default() },
    });
}
