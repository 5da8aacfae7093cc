//! Every algorithm for mutual exclusion keeps every promise in thousands of random worlds that keep its assumptions.

use super::wants;
use crate::{
    dice::Dice,
    soak::{ANY_LAYER, Links, WORLDS, soak, soak_in, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        carvalho_roucairol::CarvalhoRoucairol,
        central_mutex::{self, CentralMutex},
        flawed::{
            carvalho_roucairol::CarvalhoRoucairolFlawed,
            central_mutex::{CentralMutexFlawed, Mistake},
            lamport_mutex::LamportMutexFlawed,
            maekawa::MaekawaFlawed,
            ricart_agrawala::RicartAgrawalaFlawed,
            singhal::SinghalFlawed,
            suzuki_kasami::SuzukiKasamiFlawed,
        },
        lamport_mutex::LamportMutex,
        maekawa::{self, Maekawa},
        naimi_trehel::{self, NaimiTrehel},
        parts::{
            channel::{self, Channel, Layer},
            quorums::Quorums,
        },
        raymond::{self, Raymond},
        ricart_agrawala::RicartAgrawala,
        suzuki_kasami::{self, SuzukiKasami},
        token_ring::{self, TokenRing},
    },
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Process, ProcessId, Time},
    world::{Action, LinkPattern, Targets},
};

/// Somebody wants to enter for a while; now and then somebody is told to leave.
fn want(dice: &mut Dice, _nodes: u32, _number: u32) -> Request {
    match dice.below(8) {
        0 => Request::Exit,
        _ => Request::Enter(Duration::from_millis(dice.below(30))),
    }
}

/// One of the first two nodes: every world has them.
fn somebody(dice: &mut Dice) -> Option<ProcessId> {
    (dice.below(2) == 0).then(|| ProcessId(dice.below(2) as u32))
}

#[test]
fn a_coordinator_keeps_its_promises() {
    let configure = |dice: &mut Dice| central_mutex::Config { coordinator: somebody(dice) };
    soak::<CentralMutex>(Links::Duplicating, ANY_LAYER, &[], configure, want);
}

#[test]
fn lamports_queue_keeps_its_promises() {
    let layers = &[Layer::Fifo, Layer::ReliableFifo];
    soak::<LamportMutex>(Links::Fifo, layers, &[], |_| Default::default(), want);
}

/// Over links that keep order, and over a channel that does; one that acknowledges sends what the process knows nothing of.
#[test]
fn lamports_queue_is_fair() {
    let fairness = ["happened-before-fairness".to_owned()];
    let mut exercised = 0;
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let tested = if dice.below(2) == 0 {
            let world = world(&mut dice, Links::Fifo, want);
            survives::<LamportMutex>(seed, world, Default::default(), &fairness)
        } else {
            let world = world(&mut dice, Links::Duplicating, want);
            let config = channel::Config { layer: Layer::Fifo, process: Default::default() };
            survives::<Channel<LamportMutex>>(seed, world, config, &fairness)
        };
        exercised += u64::from(tested[0]);
    }
    assert!(exercised > WORLDS / 10, "fairness was put to the test in {exercised} worlds only");
}

#[test]
fn ricart_and_agrawala_keep_their_promises() {
    soak::<RicartAgrawala>(Links::Duplicating, ANY_LAYER, &[], |_| Default::default(), want);
}

#[test]
fn carvalho_and_roucairol_keep_their_promises() {
    soak::<CarvalhoRoucairol>(Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
}

#[test]
fn quorums_keep_their_promises() {
    let configure = |dice: &mut Dice| {
        let quorums = if dice.below(2) == 0 { Quorums::Plane } else { Quorums::Grid };
        maekawa::Config { quorums }
    };
    soak::<Maekawa>(Links::Perfect, ANY_LAYER, &[], configure, want);
}

#[test]
fn suzuki_and_kasami_keep_their_promises() {
    let configure = |dice: &mut Dice| suzuki_kasami::Config { holder: somebody(dice) };
    soak::<SuzukiKasami>(Links::Perfect, ANY_LAYER, &[], configure, want);
}

#[test]
fn raymond_keeps_its_promises() {
    let configure = |dice: &mut Dice| {
        let children = 1 + dice.below(4) as u32;
        raymond::Config { children, holder: somebody(dice) }
    };
    soak::<Raymond>(Links::Perfect, ANY_LAYER, &[], configure, want);
}

#[test]
fn naimi_and_trehel_keep_their_promises() {
    let configure = |dice: &mut Dice| naimi_trehel::Config { holder: somebody(dice) };
    soak::<NaimiTrehel>(Links::Perfect, ANY_LAYER, &[], configure, want);
}

/// What the museum shows with mistakes keeps its promises without one.
#[test]
fn flawed_algorithms_keep_their_promises_without_a_mistake() {
    let fifo = &[Layer::Fifo, Layer::ReliableFifo];
    soak_in::<LamportMutexFlawed>(200, Links::Fifo, fifo, &[], |_| Default::default(), want);
    soak_in::<RicartAgrawalaFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
    soak_in::<CarvalhoRoucairolFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
    soak_in::<SinghalFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
    soak_in::<MaekawaFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
    soak_in::<SuzukiKasamiFlawed>(200, Links::Perfect, ANY_LAYER, &[], |_| Default::default(), want);
    soak_in::<CentralMutexFlawed>(200, Links::Duplicating, ANY_LAYER, &[], |_| Default::default(), want);
}

/// A coordinator that saves before it sends lets one in at a time, whenever it crashes. What comes while it is down is
/// lost, so that not everybody has to get in.
#[test]
fn a_coordinator_that_saves_survives_its_crashes() {
    let safety = ["mutual-exclusion".to_owned(), "well-formedness".to_owned()];
    let mut exercised = 0;
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let (mut setup, requests) = world(&mut dice, Links::Perfect, want);
        let (coordinator, at) = (Targets::Node(ProcessId(0)), dice.below(100));
        let after_sends = (dice.below(2) == 0).then(|| 1 + dice.below(4) as u32);
        setup.agenda.push(planned(at, Action::Crash { targets: coordinator, after_sends }));
        setup.agenda.push(planned(at + 1 + dice.below(50), Action::Restart(coordinator)));
        setup.agenda.sort_by_key(|planned| planned.at);
        let tested = survives::<CentralMutexFlawed>(seed, (setup, requests), Mistake::None.into(), &safety);
        exercised += u64::from(tested[0]);
    }
    assert!(exercised > 100, "mutual exclusion was put to the test in {exercised} worlds only");
}

/// Who is alone has nobody to ask.
#[test]
fn a_process_that_is_alone_enters() {
    fn alone<P: Process<Problem = MutualExclusion>>() {
        let trial = wants(1, 5, &[(0, 0), (1, 0), (50, 0)]).until(1_000);
        let (counts, outputs) = trial.run::<P>(P::Config::default(), 1);
        assert_eq!((counts.total(), outputs.len()), (0, 6), "{}", P::DESCRIPTION.name);
    }
    alone::<CentralMutex>();
    alone::<LamportMutex>();
    alone::<RicartAgrawala>();
    alone::<CarvalhoRoucairol>();
    alone::<Maekawa>();
    alone::<TokenRing>();
    alone::<SuzukiKasami>();
    alone::<Raymond>();
    alone::<NaimiTrehel>();
    alone::<LamportMutexFlawed>();
    alone::<RicartAgrawalaFlawed>();
    alone::<CarvalhoRoucairolFlawed>();
    alone::<SinghalFlawed>();
    alone::<MaekawaFlawed>();
    alone::<SuzukiKasamiFlawed>();
}

/// A ring never rests, so that its worlds must end: after a minute of few hops, which is time enough.
#[test]
fn a_ring_keeps_its_promises_even_if_it_loses_its_token() {
    let promises: Vec<String> =
        TokenRing::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let (pause, timeout) = (Duration::from_millis(500), Duration::from_secs(20));
    let mut exercised = 0;
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let holder = somebody(&mut dice);
        let tested = match dice.below(3) {
            0 => {
                let (mut setup, requests) = world(&mut dice, Links::Bad, want);
                setup.until = Some(Time(100_000_000_000));
                let process = token_ring::Config { holder, pause, ..Default::default() };
                let config = channel::Config { layer: Layer::Reliable, process };
                survives::<Channel<TokenRing>>(seed, (setup, requests), config, &promises)
            }
            loses => {
                let (mut setup, requests) = world(&mut dice, Links::Perfect, want);
                setup.until = Some(Time(60_000_000_000));
                let links = LinkPattern::Directed { from: None, to: None };
                if loses == 1 {
                    let nth = 1 + dice.below(8);
                    setup.agenda.insert(0, planned(0, Action::Drop { links, kind: None, nth }));
                } else {
                    // Whoever it is, the one who watches the token included, comes back with what it saved.
                    let targets = Targets::Node(ProcessId(dice.below(2) as u32));
                    let at = dice.below(3_000);
                    setup.agenda.push(planned(at, Action::Crash { targets, after_sends: None }));
                    setup.agenda.push(planned(at + 1 + dice.below(1_000), Action::Restart(targets)));
                    setup.agenda.sort_by_key(|planned| planned.at);
                }
                let config = token_ring::Config { holder, pause, timeout };
                survives::<TokenRing>(seed, (setup, requests), config, &promises)
            }
        };
        exercised += u64::from(tested.into_iter().all(|tested| tested));
    }
    assert!(exercised > WORLDS / 2, "the promises were put to the test in {exercised} worlds only");
}
