//! Routing keeps its promises in thousands of random worlds in which, after a while, nothing changes any more.

use super::edges;
use crate::{
    dice::Dice,
    soak::{WORLDS, survives},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        distance_vector::{self, DistanceVector, Horizon, Updates},
        link_state::{self, LinkState, Sequence},
        parts::forwarding::{self, Costs},
    },
    problems::routing::{Request, Routing},
    process::{Names, Process, ProcessId, Time},
    world::{Action, LinkPatch, LinkPattern, NodeSetup, Probability, Setup, Targets},
};

/// When the last fault begins or ends, and when routes must have settled, in milliseconds.
const FAULTS: u64 = 400;
const SETTLED: u64 = 1_900;

/// Two to six nodes with a random connected network; faults at first, letters afterwards.
fn world(dice: &mut Dice, one_way: bool) -> (Setup, Vec<Request>) {
    let nodes = 2 + dice.below(5);
    let mut setup = Setup::of(Names::Numbered(nodes as u32));
    setup.network.delay = Duration::from_millis(dice.below(15));
    setup.network.jitter = Duration::from_millis(dice.below(15));
    setup.network.fifo = dice.below(2) == 0;
    let mut links: Vec<(u32, u32)> = (1..nodes).map(|node| (dice.below(node) as u32, node as u32)).collect();
    for _ in 0..dice.below(4) {
        let (one, other) = (dice.below(nodes) as u32, dice.below(nodes) as u32);
        if one < other && !links.contains(&(one, other)) {
            links.push((one, other));
        }
    }
    setup.topology = edges(&links);
    for _ in 0..dice.below(4) {
        fault(dice, &mut setup, &links, one_way);
    }
    if dice.below(3) == 0 {
        let clock_drift = dice.below(100_000_000) as i64 - 50_000_000;
        let start = Time(dice.below(FAULTS) * 1_000_000);
        let odd = NodeSetup { clock_drift, start, ..NodeSetup::default() };
        setup.nodes.insert(ProcessId(dice.below(nodes) as u32), odd);
    }
    let mut requests = Vec::new();
    for number in 0..2 + dice.below(6) {
        let at = if number == 0 { SETTLED } else { dice.below(SETTLED) };
        let to = ProcessId(dice.below(nodes) as u32);
        requests.push(match dice.below(6) {
            // What is lost to a fault that nobody notices is owed all the same: no letters before all faults have begun.
            _ if at < FAULTS => Request::Limited(format!("early {number}")),
            0 => Request::Limited("everybody here".into()),
            1 => Request::Directed { at: to, body: "everybody there".into() },
            2 => Request::Send { to, body: "not far".into(), ttl: Some(dice.below(4) as u32) },
            _ => Request::Send { to, body: "you".into(), ttl: None },
        });
        let targets = Targets::Node(ProcessId(dice.below(nodes) as u32));
        setup.agenda.push(planned(at, Action::Request { targets, request: number as u32 }));
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    setup.until = Some(Time((SETTLED + 150) * 1_000_000));
    (setup, requests)
}

/// Something goes wrong, for a while or for good.
fn fault(dice: &mut Dice, setup: &mut Setup, links: &[(u32, u32)], one_way: bool) {
    let (one, other) = links[dice.below(links.len() as u64) as usize];
    let (one, other) = (ProcessId(one), ProcessId(other));
    let lasts = Some(Duration::from_millis(1 + dice.below(FAULTS / 2)));
    let ends = dice.below(2) == 0;
    let node = Targets::Node(one);
    let (action, lasts) = match dice.below(6) {
        0 => (Action::Cut(LinkPattern::Between(vec![one, other])), lasts.filter(|_| ends)),
        1 if one_way => {
            (Action::Cut(LinkPattern::Directed { from: Some(one), to: Some(other) }), lasts.filter(|_| ends))
        }
        1 | 2 => (Action::Crash { targets: node, after_sends: None }, lasts.filter(|_| ends)),
        3 => (Action::Pause(node), lasts.filter(|_| ends)),
        4 => (Action::Partition(vec![vec![one]]), lasts.filter(|_| ends)),
        _ => {
            let loss = Some(Probability::parts_per_billion(300_000_000));
            let everybody = LinkPattern::Directed { from: None, to: None };
            (Action::Link(everybody, LinkPatch { loss, ..LinkPatch::default() }), lasts)
        }
    };
    let mut fault = planned(dice.below(FAULTS / 2), action);
    fault.lasts = lasts;
    setup.agenda.push(fault);
}

/// Every link may have a cost of its own.
fn costs(dice: &mut Dice) -> Costs {
    let cost = |dice: &mut Dice| {
        let (one, other) = (dice.below(6) as u32, dice.below(6) as u32);
        (ProcessId(one), ProcessId(other), dice.below(3) as u32)
    };
    Costs((0..dice.below(6)).map(|_| cost(dice)).collect())
}

fn soak<P: Process<Problem = Routing>>(one_way: bool, configure: impl Fn(&mut Dice) -> P::Config) {
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let config = configure(&mut dice);
        let tested = survives::<P>(seed, world(&mut dice, one_way), config, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 3, "{promise} was put to the test in {count} worlds only");
    }
}

#[test]
fn distance_vector_keeps_its_promises() {
    soak::<DistanceVector>(false, |dice| {
        let updates = if dice.below(2) == 0 { Updates::Periodic } else { Updates::Both };
        let horizon = match dice.below(3) {
            0 => Horizon::None,
            1 => Horizon::SplitHorizon,
            _ => Horizon::PoisonReverse,
        };
        distance_vector::Config {
            updates,
            horizon,
            timeout: Duration::from_millis(260),
            // The longest path has five links of at most 2, and counting to more takes too long here.
            infinity: 11,
            costs: costs(dice),
            forwarding: forwarding::Config { ttl: 6, directed: dice.below(2) == 0 },
            ..distance_vector::Config::default()
        }
    });
}

#[test]
fn link_state_keeps_its_promises() {
    soak::<LinkState>(true, |dice| link_state::Config {
        dead: Duration::from_millis(260),
        refresh: Duration::from_millis(400),
        sequence: if dice.below(2) == 0 { Sequence::Learned } else { Sequence::Saved },
        costs: costs(dice),
        forwarding: forwarding::Config { ttl: 6, directed: dice.below(2) == 0 },
        ..link_state::Config::default()
    });
}
