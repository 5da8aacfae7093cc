//! Every way of sharing jobs keeps every promise in thousands of random worlds that keep its assumptions.

use super::{about, job};
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        load_balancer::{self, LoadBalancer, Policy},
        parts::{
            channel::{self, Channel, Layer},
            heartbeat,
        },
        receiver_initiated::{self, ReceiverInitiated},
        sender_initiated::{self, SenderInitiated},
        work_stealing::{self, WorkStealing},
    },
    problems::load_balancing::{Patience, Request},
    process::{Names, Process, ProcessId},
    world::{Action, Distribution, Setup, Targets},
};

const POLICIES: [Policy; 7] = [
    Policy::RoundRobin,
    Policy::Weighted,
    Policy::LeastConnections,
    Policy::Random,
    Policy::TwoChoices,
    Policy::ConsistentHashing,
    Policy::BoundedHashing,
];

fn promises<P: Process>() -> Vec<String> {
    P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect()
}

/// Counts the worlds in which each promise was put to the test.
struct Exercised(Vec<u64>);

impl Exercised {
    fn add(&mut self, tested: Vec<bool>) {
        self.0.resize(tested.len(), 0);
        for (count, tested) in self.0.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }

    #[track_caller]
    fn often(&self, promises: &[String], except: &[&str]) {
        for (promise, count) in promises.iter().zip(&self.0) {
            let enough = *count > WORLDS / 10 || except.contains(&promise.as_str());
            assert!(enough, "{promise} was put to the test in {count} worlds only");
        }
    }
}

/// Jobs with few keys, and now and then a server that leaves or comes.
fn dispatched(dice: &mut Dice, nodes: u32, number: u32) -> Request {
    let server = ProcessId(dice.below(u64::from(nodes) + 1) as u32);
    match dice.below(8) {
        0 if number > 0 => Request::Drain(server),
        1 => Request::Add(server),
        2 => job(dice.below(30)),
        3 => Request::Fork { size: Duration::ZERO, children: 2, depth: 2 },
        _ => about(format!("k{}", dice.below(3)), dice.below(30)),
    }
}

fn config(dice: &mut Dice) -> load_balancer::Config {
    load_balancer::Config {
        policy: POLICIES[dice.below(7) as usize],
        weights: (0..dice.below(6)).map(|_| dice.below(7) as u32).collect(),
        choices: 1 + dice.below(4) as u32,
        probe: dice.below(2) == 0,
        points: dice.below(5) as u32,
        bound: (1 + dice.below(5) as u32, dice.below(4) as u32),
        ..load_balancer::Config::default()
    }
}

/// Most requests go to the dispatcher; in the end every server is added again, lest jobs wait for ever.
fn ask_the_dispatcher(dice: &mut Dice, (setup, requests): &mut (Setup, Vec<Request>)) {
    for planned in &mut setup.agenda {
        if let Action::Request { targets, .. } = &mut planned.action
            && dice.below(8) > 0
        {
            *targets = Targets::Node(ProcessId(0));
        }
    }
    for server in 1..setup.names.len() as u32 {
        let request = requests.len() as u32;
        requests.push(Request::Add(ProcessId(server)));
        let targets = Targets::Node(ProcessId(0));
        setup.agenda.push(planned(90, Action::Request { targets, request }));
    }
    setup.agenda.sort_by_key(|planned| planned.at);
}

#[test]
fn a_dispatcher_keeps_its_promises() {
    let (promises, mut exercised) = (promises::<LoadBalancer>(), Exercised(Vec::new()));
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let process = config(&mut dice);
        let layer = ANY_LAYER.get(dice.below(5) as usize);
        let links = match layer {
            None | Some(Layer::Fifo) => Links::Duplicating,
            Some(_) => Links::Bad,
        };
        let mut asked = world(&mut dice, links, dispatched);
        ask_the_dispatcher(&mut dice, &mut asked);
        exercised.add(match layer {
            None => survives::<LoadBalancer>(seed, asked, process, &promises),
            Some(layer) => {
                let config = channel::Config { layer: *layer, process };
                survives::<Channel<LoadBalancer>>(seed, asked, config, &promises)
            }
        });
    }
    exercised.often(&promises, &["moves-only-to-new"]);
}

/// Links on which a message takes no longer than that, and nobody who stands still or whose clock is off.
fn bounded(setup: &mut Setup, delay_max: u64) {
    setup.nodes.clear();
    setup.agenda.retain(|planned| !matches!(planned.action, Action::Pause(_) | Action::Resume(_)));
    setup.network.distribution = Distribution::Uniform;
    setup.network.delay = Duration::from_millis(delay_max / 2);
    setup.network.jitter = Duration::from_millis(delay_max / 2);
}

#[test]
fn a_dispatcher_outlives_its_servers() {
    let (promises, mut exercised) = (promises::<LoadBalancer>(), Exercised(Vec::new()));
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let mut process = config(&mut dice);
        let mut asked = world(&mut dice, Links::Duplicating, dispatched);
        ask_the_dispatcher(&mut dice, &mut asked);
        let (setup, _) = &mut asked;
        bounded(setup, 20);
        let servers = setup.names.len() as u64 - 1;
        let watched = dice.below(2) == 0;
        if watched {
            let (period, timeout) = (Duration::from_millis(30), Duration::from_millis(55));
            process.heartbeat = Some(heartbeat::Config { period, timeout });
        }
        for _ in 0..dice.below(4) {
            let targets = Targets::Node(ProcessId(1 + dice.below(servers) as u32));
            let at = dice.below(120);
            setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None }));
            let back = at + 1 + dice.below(200);
            setup.agenda.push(planned(back, Action::Restart(targets)));
        }
        if watched && servers > 1 && dice.below(2) == 0 {
            let targets = Targets::Node(ProcessId(1 + dice.below(servers) as u32));
            setup.agenda.push(planned(400, Action::Crash { targets, after_sends: None }));
        }
        setup.agenda.sort_by_key(|planned| planned.at);
        setup.until = Some(synod::process::Time(1_200_000_000));
        exercised.add(survives::<LoadBalancer>(seed, asked, process, &promises));
    }
    exercised.often(&promises, &["moves-only-to-new"]);
}

/// Jobs come in anywhere, and many at once.
fn anywhere(dice: &mut Dice, _: u32, _: u32) -> Request {
    match dice.below(12) {
        0 => Request::Drain(ProcessId(0)),
        1 => Request::Fork { size: Duration::from_millis(5), children: 3, depth: 30 },
        _ => job(dice.below(50)),
    }
}

#[test]
fn senders_keep_their_promises() {
    let configure = |dice: &mut Dice| sender_initiated::Config {
        threshold: dice.below(4) as u32,
        probes: dice.below(5) as u32,
        // Impatience costs messages only.
        timeout: Duration::from_millis(1 + dice.below(100)),
        speed: dice.below(3) as u32,
    };
    let layers = &[Layer::Reliable, Layer::ReliableFifo];
    crate::soak::soak::<SenderInitiated>(Links::Perfect, layers, &[], configure, anywhere);
}

/// So many milliseconds after the last request everything is over.
fn ends(setup: &mut Setup, at: u64) {
    setup.until = Some(synod::process::Time(at * 1_000_000));
}

#[test]
fn receivers_keep_their_promises() {
    let (promises, mut exercised) = (promises::<ReceiverInitiated>(), Exercised(Vec::new()));
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let mut config = receiver_initiated::Config {
            threshold: dice.below(3) as u32,
            probes: dice.below(5) as u32,
            retry: Duration::from_millis(20 + dice.below(40)),
            timeout: Duration::from_secs(10),
            patience: None,
            speed: dice.below(3) as u32,
        };
        let mut asked = world(&mut dice, Links::Perfect, anywhere);
        let (setup, _) = &mut asked;
        ends(setup, 1_000);
        if dice.below(2) == 0 {
            // One has all the work, and the others find it in time.
            bounded(setup, 10);
            config.threshold = 1;
            config.probes = 5;
            config.retry = Duration::from_millis(20);
            let rounds = 2 * 20 * u64::from(setup.names.len() as u32 - 1);
            config.patience = Some(Patience(Duration::from_millis(20 + rounds)));
            for planned in &mut setup.agenda {
                if let Action::Request { targets, .. } = &mut planned.action {
                    *targets = Targets::Node(ProcessId(1));
                }
            }
        }
        exercised.add(survives::<ReceiverInitiated>(seed, asked, config, &promises));
    }
    exercised.often(&promises, &[]);
}

#[test]
fn thieves_keep_their_promises() {
    let (promises, mut exercised) = (promises::<WorkStealing>(), Exercised(Vec::new()));
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let mut config = work_stealing::Config {
            retry: Duration::from_millis(20 + dice.below(40)),
            timeout: Duration::from_secs(10),
            patience: None,
            speed: dice.below(3) as u32,
        };
        let forks = |dice: &mut Dice, _: u32, _: u32| match dice.below(4) {
            0 => {
                let (children, depth) = (dice.below(4) as u32, dice.below(3) as u32);
                Request::Fork { size: Duration::from_millis(dice.below(5)), children, depth }
            }
            1 => Request::Fork { size: Duration::ZERO, children: 10, depth: 10 },
            _ => job(dice.below(40)),
        };
        let mut asked = world(&mut dice, Links::Perfect, forks);
        let (setup, _) = &mut asked;
        ends(setup, 1_000);
        if dice.below(2) == 0 {
            bounded(setup, 10);
            config.retry = Duration::from_millis(20);
            let rounds = 2 * 20 * u64::from(setup.names.len() as u32 - 1);
            config.patience = Some(Patience(Duration::from_millis(20 + rounds)));
            for planned in &mut setup.agenda {
                if let Action::Request { targets, .. } = &mut planned.action {
                    *targets = Targets::Node(ProcessId(1));
                }
            }
        }
        exercised.add(survives::<WorkStealing>(seed, asked, config, &promises));
    }
    exercised.often(&promises, &[]);
}

/// Nobody to share with: everything is executed where it comes in.
#[test]
fn one_alone_does_everything() {
    let alone = || {
        let mut dice = Dice::new(7);
        let mut asked = world(&mut dice, Links::Perfect, |_, _, _| job(5));
        asked.0.names = Names::Numbered(1);
        asked.0.nodes.clear();
        bounded(&mut asked.0, 10);
        for planned in &mut asked.0.agenda {
            if let Action::Request { targets, .. } = &mut planned.action {
                *targets = Targets::Node(ProcessId(0));
            }
        }
        asked
    };
    let wanted = ["completion".to_owned(), "exactly-once".to_owned()];
    for policy in POLICIES {
        let config = load_balancer::Config { policy, probe: true, ..Default::default() };
        assert_eq!(survives::<LoadBalancer>(0, alone(), config, &wanted), [true, true]);
    }
    assert_eq!(survives::<SenderInitiated>(0, alone(), Default::default(), &wanted), [true, true]);
    assert_eq!(survives::<ReceiverInitiated>(0, alone(), Default::default(), &wanted), [true, true]);
    assert_eq!(survives::<WorkStealing>(0, alone(), Default::default(), &wanted), [true, true]);
}
