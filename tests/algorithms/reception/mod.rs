//! The reception problem: a receiver with guards (Sinha 1997, section 3.10) and its mutants.

use crate::{
    dice::Dice,
    soak::{Links, WORLDS, survives, world},
    trial::{SIZES, Trial, planned},
};
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::{
        guarded_receiver::GuardedReceiver,
        parts::channel::{self, Channel, Layer},
    },
    problems::reception::{Output, Reception, Request, admits},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, Setup, Targets},
};

fn send(to: u32) -> Request {
    Request::Send { to: ProcessId(to), body: "m".into() }
}

/// One message from one of these; from anybody when there are none.
fn receive(senders: &[u32]) -> Request {
    Request::Receive(senders.iter().copied().map(ProcessId).collect())
}

#[test]
fn a_message_costs_a_message() {
    for n in SIZES {
        let sends = (1..n).map(|node| (u64::from(node), node, send(0)));
        let receives = (1..n).map(|node| (0, 0, receive(&[n - node])));
        let (counts, outputs) =
            Trial::of(n, sends.chain(receives)).fifo().run::<GuardedReceiver>(Default::default(), 3);
        assert_eq!((counts.total(), outputs.len()), (u64::from(n - 1), n as usize - 1));
        for (_, Output::Received { receive, from, .. }) in outputs {
            assert_eq!(u64::from(from.0), u64::from(n) - receive, "each receive has the sender it asked for");
        }
    }
}

/// A random world in which two processes receive what the others, and they themselves, send them.
fn busy(dice: &mut Dice, links: Links) -> (Setup, Vec<Request>) {
    let (mut setup, _) = world(dice, links, |_, _, _| receive(&[]));
    setup.agenda.retain(|planned| !matches!(planned.action, Action::Request { .. }));
    let nodes = setup.names.len() as u64;
    let mut requests = Vec::new();
    for _ in 0..4 + dice.below(16) {
        let (receiver, other) = (dice.below(2) as u32, dice.below(nodes) as u32);
        let (node, request) = match dice.below(6) {
            0 => (receiver, receive(&[other])),
            1 => (receiver, receive(&[other, dice.below(nodes) as u32])),
            2 => (receiver, receive(&[])),
            _ => (other, send(receiver)),
        };
        let (targets, number) = (Targets::Node(ProcessId(node)), requests.len() as u32);
        setup.agenda.push(planned(dice.below(60), Action::Request { targets, request: number }));
        requests.push(request);
    }
    setup.agenda.sort_by_key(|planned| planned.at);
    (setup, requests)
}

#[test]
fn a_guarded_receiver_keeps_its_promises() {
    let promises: Vec<String> = PROMISES.iter().map(|promise| (*promise).to_owned()).collect();
    let mut exercised = [0_u64; 4];
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let tested = if dice.below(2) == 0 {
            let world = busy(&mut dice, Links::Fifo);
            survives::<GuardedReceiver>(seed, world, Default::default(), &promises)
        } else {
            let config = channel::Config { layer: Layer::ReliableFifo, process: Default::default() };
            survives::<Channel<GuardedReceiver>>(seed, busy(&mut dice, Links::Bad), config, &promises)
        };
        for (count, tested) in exercised.iter_mut().zip(tested) {
            *count += u64::from(tested);
        }
    }
    assert!(exercised.iter().all(|count| *count > WORLDS / 3), "{exercised:?}");
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What nobody asks for when it comes is thrown away.
    DropsWhatIsNotAskedFor,
    /// Whatever waits is handed on, whoever sent it.
    IgnoresGuards,
    /// What came last is handed on first.
    LastInFirstOut,
    /// A receive stays open when it has been answered.
    StaysOpen,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    sent: u64,
    asked: u64,
    open: Vec<(u64, Vec<ProcessId>)>,
    waiting: Vec<(ProcessId, u64)>,
}

impl Process for Mutant {
    type Problem = Reception;
    type Config = Bug;
    type Message = u64;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("guarded-receiver-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, sent: 0, asked: 0, open: Vec::new(), waiting: Vec::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Send { to, .. } => {
                self.sent += 1;
                ctx.send(to, self.sent);
            }
            Request::Receive(senders) => {
                self.asked += 1;
                self.open.push((self.asked, senders));
                self.match_all(ctx);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64) {
        self.waiting.push((from, id));
        self.match_all(ctx);
        if self.bug == Bug::DropsWhatIsNotAskedFor {
            self.waiting.clear();
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    /// Each receive in turn takes the first message that it admits.
    fn match_all(&mut self, ctx: &mut Context<'_, Self>) {
        for (receive, senders) in std::mem::take(&mut self.open) {
            let fits =
                |(from, _): &(ProcessId, u64)| self.bug == Bug::IgnoresGuards || admits(&senders, *from);
            let place = match self.bug {
                Bug::LastInFirstOut => self.waiting.iter().rposition(fits),
                _ => self.waiting.iter().position(fits),
            };
            let Some(place) = place else {
                self.open.push((receive, senders));
                continue;
            };
            let (from, id) = self.waiting.remove(place);
            ctx.produce(Output::Received { receive, from, id, body: "m".into() });
            if self.bug == Bug::StaysOpen {
                self.open.push((receive, senders));
            }
        }
    }
}

const PROMISES: &[&str] = &["guarded", "integrity", "fifo", "progress"];

/// 1 sends twice, 2 once; 0 asks for 2 first, then for 1 twice.
fn three() -> Trial<Reception> {
    let sends = [(0, 1, send(0)), (1, 1, send(0)), (2, 2, send(0))];
    let receives = [(50, 0, receive(&[2])), (51, 0, receive(&[1])), (52, 0, receive(&[]))];
    Trial::of(3, sends.into_iter().chain(receives)).fifo()
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    three().survives::<Mutant>(&Bug::None, PROMISES);
    three().survives::<GuardedReceiver>(&Default::default(), PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    three().kills::<Mutant>(&Bug::DropsWhatIsNotAskedFor, "progress", (3, 3));
    three().kills::<Mutant>(&Bug::IgnoresGuards, "guarded", (3, 3));
    three().kills::<Mutant>(&Bug::LastInFirstOut, "fifo", (3, 3));
    let early = [(0, 0, receive(&[1])), (1, 1, send(0)), (2, 1, send(0))];
    Trial::of(2, early).fifo().kills::<Mutant>(&Bug::StaysOpen, "guarded", (2, 2));
}

#[test]
fn a_lost_message_and_links_without_order_break_it() {
    let one = [(0, 0, receive(&[1])), (1, 1, send(0))];
    Trial::of(2, one).losing(50).kills::<GuardedReceiver>(&Default::default(), "progress", (1, 0));
    let two = [(0, 0, receive(&[1])), (0, 0, receive(&[])), (1, 1, send(0)), (2, 1, send(0))];
    Trial::of(2, two).kills::<GuardedReceiver>(&Default::default(), "fifo", (2, 2));
}
