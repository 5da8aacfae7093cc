//! A sequencer that others take over from (Kaashoek 1992, with majorities) and its mutants.
//!
//! This transcription is simpler than the algorithm: links are FIFO, everybody reports its whole store, and a new
//! sequencer sends all of it again. Who suspects whom, and when, is part of the configuration.

use super::{deliver, fork, forks, never_forks, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::sequencer::{self, Sequencer},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId, Verdict},
    world::{Action, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// What comes with a number is delivered, though nobody else may have stored it.
    DeliversAtOnce,
    /// A new sequencer goes on from what it has stored itself.
    OwnMaxOnly,
    /// Both: the counterexample of the literature.
    AtOnceFromOwnMax,
    /// Sequencers of earlier epochs are obeyed, too.
    NoFencing,
    /// What is submitted again gets a second number.
    NoDedup,
    /// What was submitted to the sequencer that crashed is not submitted again.
    NoResubmission,
    /// Of what is stored under one number, the earliest counts.
    EarliestCounts,
}

/// Who suspects whom after how many milliseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    suspicions: Vec<(u32, u32, u64)>,
}

/// An epoch and its sequencer; sender, number among the sender's messages, what was said; what is stored.
type Epoch = (u64, ProcessId);
type Said = (ProcessId, u64, String);
type Store = BTreeMap<u64, (Epoch, Said)>;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Submit(u64, String),
    Tentative(u64, u64, Said),
    Ack(u64, u64),
    Accept(u64, u64),
    NewEpoch(u64),
    State(u64, Store),
    Start(u64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    epoch: Epoch,
    sequencing: bool,
    suspected: BTreeSet<ProcessId>,
    sent: u64,
    pending: BTreeMap<u64, String>,
    store: Store,
    states: BTreeMap<ProcessId, Store>,
    acks: BTreeMap<u64, BTreeSet<ProcessId>>,
    accepted: u64,
    delivered: u64,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = ProcessId;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("failover-mutant");

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let me = ctx.me();
        for (_, whom, after) in config.suspicions.iter().filter(|(who, ..)| ProcessId(*who) == me) {
            ctx.set_timer(ProcessId(*whom), Duration::from_millis(*after));
        }
        Self {
            bug: config.bug,
            epoch: (0, ProcessId(0)),
            sequencing: me == ProcessId(0),
            suspected: BTreeSet::new(),
            sent: 0,
            pending: BTreeMap::new(),
            store: BTreeMap::new(),
            states: BTreeMap::new(),
            acks: BTreeMap::new(),
            accepted: 0,
            delivered: 0,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        self.pending.insert(self.sent, body.clone());
        if self.sequencing {
            self.number(ctx, (ctx.me(), self.sent, body));
        } else if self.epoch.1 != ctx.me() {
            ctx.send(self.epoch.1, Message::Submit(self.sent, body));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let obeys = |epoch: u64| (epoch, from) == self.epoch || self.bug == Bug::NoFencing;
        match message {
            Message::Submit(id, body) if self.sequencing => self.number(ctx, (from, id, body)),
            Message::Tentative(epoch, number, said) if obeys(epoch) => {
                self.store.insert(number, ((epoch, from), said));
                ctx.send(from, Message::Ack(epoch, number));
                self.deliver_all(ctx);
            }
            Message::Ack(epoch, number) if self.sequencing && epoch == self.epoch.0 => {
                self.acks.entry(number).or_default().insert(from);
                self.accept_all(ctx);
            }
            Message::Accept(epoch, number) if obeys(epoch) => {
                self.accepted = self.accepted.max(number);
                self.deliver_all(ctx);
            }
            Message::NewEpoch(epoch) if (epoch, from) > self.epoch => {
                self.epoch = (epoch, from);
                self.sequencing &= self.bug == Bug::NoFencing;
                ctx.send(from, Message::State(epoch, self.store.clone()));
            }
            Message::State(epoch, store) if (epoch, ctx.me()) == self.epoch => {
                self.states.insert(from, store);
                self.start(ctx);
            }
            Message::Start(epoch) if obeys(epoch) && self.bug != Bug::NoResubmission => {
                for (id, body) in &self.pending {
                    ctx.send(from, Message::Submit(*id, body.clone()));
                }
            }
            Message::Submit(..)
            | Message::Tentative(..)
            | Message::Ack(..)
            | Message::Accept(..)
            | Message::NewEpoch(_)
            | Message::State(..)
            | Message::Start(_) => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, suspect: ProcessId) {
        self.suspected.insert(suspect);
        let first = ctx.group().find(|process| !self.suspected.contains(process));
        if self.suspected.contains(&self.epoch.1) && first == Some(ctx.me()) {
            self.epoch = (self.epoch.0 + 1, ctx.me());
            self.tell(ctx, Message::NewEpoch(self.epoch.0));
            self.start(ctx);
        }
    }
}

impl Mutant {
    fn has_bug(&self, bugs: &[Bug]) -> bool {
        bugs.contains(&self.bug)
    }

    /// Tells all who are not suspected.
    fn tell(&self, ctx: &mut Context<'_, Self>, message: Message) {
        let me = ctx.me();
        let others = ctx.group().filter(|process| *process != me && !self.suspected.contains(process));
        ctx.multicast(others, message);
    }

    fn number(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let has_number = |(_, known): &(Epoch, Said)| (known.0, known.1) == (said.0, said.1);
        if self.store.values().any(has_number) && self.bug != Bug::NoDedup {
            return;
        }
        let number = self.store.last_key_value().map_or(0, |(number, _)| *number) + 1;
        self.tell(ctx, Message::Tentative(self.epoch.0, number, said.clone()));
        self.store.insert(number, (self.epoch, said));
        self.accept_all(ctx);
    }

    fn accept_all(&mut self, ctx: &mut Context<'_, Self>) {
        let (before, others) = (self.accepted, (ctx.group_size() - 1) / 2);
        let stored = |number: &u64, acks: &BTreeMap<u64, BTreeSet<ProcessId>>| {
            acks.get(number).map_or(0, BTreeSet::len) >= others
        };
        while self.store.contains_key(&(self.accepted + 1)) && stored(&(self.accepted + 1), &self.acks) {
            self.accepted += 1;
        }
        if self.accepted > before {
            self.tell(ctx, Message::Accept(self.epoch.0, self.accepted));
        }
        self.deliver_all(ctx);
    }

    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let at_once = self.has_bug(&[Bug::DeliversAtOnce, Bug::AtOnceFromOwnMax]);
        while let Some((epoch, (from, id, body))) = self.store.get(&(self.delivered + 1)) {
            let accepted = self.delivered < self.accepted && *epoch == self.epoch;
            if !accepted && !at_once && self.bug != Bug::NoFencing
                || self.delivered >= self.accepted && !at_once
            {
                return;
            }
            self.delivered += 1;
            if *from == ctx.me() {
                self.pending.remove(id);
            }
            deliver(ctx, *from, *id, body.clone());
        }
    }

    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        let own_only = self.has_bug(&[Bug::OwnMaxOnly, Bug::AtOnceFromOwnMax]);
        if self.sequencing || self.states.len() < ctx.group_size() / 2 && !own_only {
            return;
        }
        for (number, (epoch, said)) in self.states.values().filter(|_| !own_only).flatten() {
            let earliest = self.bug == Bug::EarliestCounts;
            let known = self.store.get(number).map(|(epoch, _)| *epoch);
            if known.is_none_or(|known| if earliest { *epoch < known } else { *epoch > known }) {
                self.store.insert(*number, (*epoch, said.clone()));
            }
        }
        self.sequencing = true;
        self.acks.clear();
        self.tell(ctx, Message::Start(self.epoch.0));
        let mut known = BTreeSet::new();
        let found: Vec<Said> = std::mem::take(&mut self.store).into_values().map(|(_, said)| said).collect();
        for said in found.into_iter().filter(|said| known.insert((said.0, said.1))) {
            let number = self.store.len() as u64 + 1;
            self.tell(ctx, Message::Tentative(self.epoch.0, number, said.clone()));
            self.store.insert(number, (self.epoch, said));
        }
        self.accept_all(ctx);
        for (id, body) in self.pending.clone() {
            self.number(ctx, (ctx.me(), id, body));
        }
    }
}

const PROMISES: &[&str] =
    &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity", "total-order"];

/// Over FIFO links, at these milliseconds these nodes broadcast something.
fn spoken(nodes: u32, spoken: &[(u64, u32)]) -> Trial<Broadcast> {
    said(nodes, spoken).fifo()
}

/// The first is suspected by all others, after 100 ms and some.
fn config(bug: Bug, nodes: u32) -> Config {
    Config { bug, suspicions: (1..nodes).map(|node| (node, 0, 100 + u64::from(node))).collect() }
}

fn crash(node: u32, after_sends: Option<u32>) -> Action {
    Action::Crash { targets: Targets::Node(ProcessId(node)), after_sends }
}

/// The next message on this link is lost: its sender will crash, and links are perfect between correct nodes only.
fn lose_next(from: u32, to: u32) -> Action {
    let links = LinkPattern::Directed { from: Some(ProcessId(from)), to: Some(ProcessId(to)) };
    Action::Drop { links, kind: None, nth: 1 }
}

fn busy(nodes: u32) -> Trial<Broadcast> {
    spoken(nodes, &[(1, 1), (3, 2), (20, 0), (25, 1), (60, 2), (105, 1), (120, 2), (200, 1), (210, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let promises = ["validity", "uniform-agreement", "integrity", "total-order"];
    for nodes in [3, 5] {
        busy(nodes).survives::<Mutant>(&Config::default(), PROMISES);
        let suspicious = config(Bug::None, nodes);
        for at in [0, 30, 80] {
            busy(nodes).with(at, crash(0, None)).survives::<Mutant>(&suspicious, &promises);
        }
        for sends in [1, 4, 6, 9] {
            let trial = busy(nodes).with(0, crash(0, Some(sends))).with(90, crash(0, None));
            trial.survives::<Mutant>(&suspicious, &promises);
        }
        // Nobody crashed: two sequencers, one of which is obeyed.
        busy(nodes).survives::<Mutant>(&suspicious, &["integrity", "total-order"]);
        never_forks::<Mutant>(&busy(nodes), &suspicious);
    }
}

/// Museum 62: the first message reaches the third process only, which delivers it; the second one takes over without
/// asking and gives its number to another message.
#[test]
fn delivering_at_once_and_going_on_from_the_own_maximum_breaks_the_order() {
    let trial = spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(2))).with(0, lose_next(0, 1));
    forks::<Mutant>(&trial, &config(Bug::AtOnceFromOwnMax, 3), (7, 3));
    // The only copies of a message that the sequencer delivered are lost with it.
    let alone = spoken(3, &[(1, 0)]).with(0, lose_next(0, 1)).with(0, lose_next(0, 2));
    let alone = alone.with(30, crash(0, None));
    alone.kills::<Mutant>(&config(Bug::DeliversAtOnce, 3), "uniform-agreement", (5, 3));
    assert_eq!(alone.search::<Mutant>(&config(Bug::None, 3), "uniform-agreement"), None);
}

#[test]
fn every_bug_breaks_its_promise() {
    // What the first and the third have stored is accepted; the second does not ask the third.
    let missed = || spoken(3, &[(1, 0), (110, 1)]).with(0, lose_next(0, 1)).with(60, crash(0, None));
    forks::<Mutant>(&missed(), &config(Bug::OwnMaxOnly, 3), (9, 6));
    never_forks::<Mutant>(&missed(), &config(Bug::None, 3));
    // The second takes over though the first still works, and both go on.
    let both = spoken(3, &[(100, 0), (112, 1)]);
    forks::<Mutant>(&both, &config(Bug::NoFencing, 3), (14, 10));
    never_forks::<Mutant>(&both, &config(Bug::None, 3));
    // The third's message has a number already when it is submitted again.
    let again = || spoken(3, &[(1, 2)]).with(0, crash(0, Some(2)));
    again().kills::<Mutant>(&config(Bug::NoDedup, 3), "integrity", (16, 14));
    again().survives::<Mutant>(&config(Bug::None, 3), &["integrity", "self-delivery", "validity"]);
    // It never reached the first.
    let unheard = spoken(3, &[(50, 2)]).with(40, crash(0, None));
    unheard.kills::<Mutant>(&config(Bug::NoResubmission, 3), "self-delivery", (5, 4));
    unheard.survives::<Mutant>(&config(Bug::None, 3), &["self-delivery", "validity"]);
}

/// Under one number the last of five has stored the first's message, all others the second's, and delivered it; whoever
/// takes over must know which came later.
#[test]
fn of_two_messages_under_one_number_the_later_one_counts() {
    let suspicions =
        vec![(1, 0, 50), (2, 0, 51), (3, 0, 52), (4, 0, 53), (2, 1, 150), (3, 1, 151), (4, 1, 152)];
    let config = |bug| Config { bug, suspicions: suspicions.clone() };
    // The first's message reaches the last only, the second's all but the last.
    let trial = spoken(5, &[(1, 0), (60, 1)]).with(0, crash(0, Some(4)));
    let trial = (1..4).fold(trial, |trial, node| trial.with(0, lose_next(0, node)));
    let links = LinkPattern::Directed { from: Some(ProcessId(1)), to: Some(ProcessId(4)) };
    let unheard = Action::Drop { links, kind: Some("Tentative".into()), nth: 1 };
    let trial = trial.with(0, unheard).with(130, crash(1, None));
    forks::<Mutant>(&trial, &config(Bug::EarliestCounts), (60, 60));
    never_forks::<Mutant>(&trial, &config(Bug::None));
}

/// The algorithm itself, where the mutants die.
#[test]
fn the_algorithm_survives_what_kills_the_mutants() {
    let mut config = sequencer::Config { failover: true, ..Default::default() };
    config.heartbeat.period = Duration::from_millis(30);
    config.heartbeat.timeout = Duration::from_millis(90);
    let trials = [
        spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(4))).with(0, lose_next(0, 1)),
        spoken(3, &[(1, 0), (110, 1)]).with(0, crash(0, Some(5))),
        spoken(3, &[(1, 2)]).with(0, crash(0, Some(4))),
        spoken(3, &[(50, 2)]).with(40, crash(0, None)),
        busy(3).with(100, crash(0, None)),
    ];
    for trial in trials {
        let trial = trial.with(100, crash(0, None)).until(800);
        let properties = ["uniform-agreement", "integrity", "total-order", "validity", "self-delivery"];
        trial.each_run::<Sequencer>(&config, &properties, |seed, history, verdicts| {
            let kept = |verdict: &Verdict| matches!(verdict, Verdict::Holds { .. } | Verdict::Vacuous);
            assert!(verdicts.iter().all(kept), "seed {seed}: {verdicts:?}");
            assert_eq!(fork(history), None, "seed {seed}: the orders part");
        });
    }
}
