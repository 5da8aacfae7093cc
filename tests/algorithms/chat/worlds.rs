//! Both chat rooms keep every promise in thousands of random worlds that keep their assumptions.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::planned,
};
use std::time::Duration;
use synod::{
    algorithms::{
        chat::{self, Chat},
        chat_serverless::ChatServerless,
        parts::{
            channel::{self, Channel, Layer},
            heartbeat,
        },
    },
    problems::chat::Request,
    process::{Names, Process, ProcessId, Time},
    world::{Action, Setup, Targets},
};

/// A day in the room: users (node 0 is none) come in under a few names, say things, go, and come back, within so many
/// milliseconds.
fn talk(dice: &mut Dice, setup: &mut Setup, span: u64) -> Vec<Request> {
    let nodes = setup.names.len() as u64;
    let mut requests = Vec::new();
    let mut ask = |at, user: u64, request| {
        let targets = Targets::Node(ProcessId(user as u32));
        setup.agenda.push(planned(at, Action::Request { targets, request: requests.len() as u32 }));
        requests.push(request);
    };
    let names = ["Ali", "Bea", "Cem", "Dan", "Eve"];
    let mut at = 0;
    let mut line = 0;
    for user in 1..nodes {
        ask(dice.below(span / 8), user, Request::Connect(names[dice.below(5) as usize].into()));
    }
    for _ in 0..6 + dice.below(20) {
        at += dice.below(span / 12);
        let user = 1 + dice.below(nodes - 1);
        let request = match dice.below(6) {
            0 => Request::Quit,
            1 => Request::Connect(names[dice.below(5) as usize].into()),
            _ => {
                line += 1;
                Request::Say(format!("line {line}"))
            }
        };
        ask(at, user, request);
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    requests
}

/// A world without its own requests, and a day in it.
fn day(dice: &mut Dice, links: Links) -> (Setup, Vec<Request>) {
    let (mut setup, _) = world(dice, links, |_, _, _| ());
    setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
    let requests = talk(dice, &mut setup, 2_000);
    (setup, requests)
}

/// Counts in how many worlds each promise was put to the test, and asks that it be enough.
fn soak<P: Process>(mut run: impl FnMut(&mut Dice, u64, &[String]) -> Vec<bool>) {
    let promises: Vec<String> = P::DESCRIPTION.promises.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = vec![0_u64; promises.len()];
    for seed in 0..WORLDS {
        let tested = run(&mut Dice::new(seed), seed, &promises);
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    for (promise, count) in promises.iter().zip(exercised) {
        assert!(count > WORLDS / 10, "{promise} was put to the test in {count} worlds only");
    }
}

#[test]
fn a_room_with_a_server_keeps_its_promises() {
    soak::<Chat>(|dice, seed, promises| {
        let process = chat::Config { handshake: Duration::from_secs(60), ..chat::Config::default() };
        if dice.below(3) > 0 {
            return survives::<Chat>(seed, day(dice, Links::Fifo), process, promises);
        }
        let config = channel::Config { layer: Layer::ReliableFifo, process };
        survives::<Channel<Chat>>(seed, day(dice, Links::Bad), config, promises)
    });
}

/// Delays end at 40 ms and signs of life come every 100: whoever is silent for 250 has crashed.
#[test]
fn crashes_are_leaves_when_somebody_listens() {
    let heartbeat =
        heartbeat::Config { period: Duration::from_millis(100), timeout: Duration::from_millis(250) };
    let config = chat::Config { heartbeat: Some(heartbeat), ..chat::Config::default() };
    soak::<Chat>(|dice, seed, promises| {
        let mut setup = Setup::of(Names::Numbered(3 + dice.below(3) as u32));
        setup.network.delay = Duration::from_millis(dice.below(20));
        setup.network.jitter = Duration::from_millis(dice.below(20));
        setup.network.fifo = true;
        setup.until = Some(Time(2_000_000_000));
        let users = setup.names.len() as u64 - 1;
        for _ in 0..1 + dice.below(2) {
            let (at, user) = (dice.below(1_000), Targets::Node(ProcessId(1 + dice.below(users) as u32)));
            let after_sends = (dice.below(3) == 0).then(|| dice.below(3) as u32);
            setup.agenda.push(planned(at, Action::Crash { targets: user, after_sends }));
            if dice.below(3) == 0 {
                setup.agenda.push(planned(at + 20 + dice.below(600), Action::Restart(user)));
            }
        }
        let requests = talk(dice, &mut setup, 1_200);
        survives::<Chat>(seed, (setup, requests), config, promises)
    });
}

#[test]
fn a_room_without_a_server_keeps_its_promises() {
    soak::<ChatServerless>(|dice, seed, promises| {
        let process = Default::default();
        if dice.below(3) > 0 {
            return survives::<ChatServerless>(seed, day(dice, Links::Duplicating), process, promises);
        }
        let config = channel::Config { layer: Layer::Reliable, process };
        survives::<Channel<ChatServerless>>(seed, day(dice, Links::Bad), config, promises)
    });
}
