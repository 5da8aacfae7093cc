//! Broadcast: what one process says, all shall hear; in which order decides the property.
//!
//! Properties after Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related problems"
//! (1994), sections 3 and 4. A message is known by its sender and its number among the sender's broadcasts. What a
//! process says counts as known to itself: that it gets its own copy is asked by `self-delivery` alone, so that a
//! variant that gives the sender nothing back can be judged by the others. Where there is a copy, it has its place
//! in every order.
//!
//! The orders are those of the literature's crash-stop model, which knows no second life. Here a process that
//! restarts is a new process as far as order goes: it has said nothing yet, what it says builds on nothing its
//! former self knew, and what it missed it need not make up for, as long as it turns nothing around.

use crate::process::{History, Problem, ProcessId, Property, PropertyKind, Verdict, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The broadcast problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broadcast {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Say this to everybody.
    Broadcast(String),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Somebody said this.
    Deliver(Delivery),
}

/// A message that is delivered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its place in the one order that all see, counted from 1, where the algorithm numbers messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Who said it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// What was said.
    pub body: String,
}

impl Problem for Broadcast {
    const NAME: &'static str = "broadcast";
    type Request = Request;
    type Output = Output;

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        let property = |name, about, kind, check| Property { name, about, kind, check };
        vec![
            property(
                "validity",
                "What a correct process broadcasts, every other correct process delivers.",
                Liveness,
                validity,
            ),
            property(
                "self-delivery",
                "A correct process delivers its own broadcasts.",
                Liveness,
                self_delivery,
            ),
            property(
                "agreement",
                "What one correct process delivers, all correct processes but its sender deliver.",
                Liveness,
                agreement,
            ),
            property(
                "uniform-agreement",
                "What any process delivers, even one that crashes, all correct processes but its sender deliver.",
                Liveness,
                uniform_agreement,
            ),
            property(
                "integrity",
                "Every message is delivered at most once, and only if it was broadcast before.",
                Safety,
                integrity,
            ),
            property(
                "fifo-order",
                "The messages of one sender are delivered in the order it broadcast them.",
                Safety,
                fifo_order,
            ),
            property(
                "causal-order",
                "No message is delivered before one that it may answer.",
                Safety,
                causal_order,
            ),
            property(
                "total-order",
                "Any two processes deliver the messages that both deliver in the same order.",
                Safety,
                total_order,
            ),
        ]
    }
}

/// No such message, or no such delivery.
const NONE: u32 = u32::MAX;

/// A message that was broadcast, or that was delivered though nobody broadcast it.
#[derive(Clone, Copy)]
struct Message<'a> {
    sender: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    id: u64,
    /// When it was broadcast, and what it says.
    said: Option<(u64, &'a str)>,
    /// The sender's life in which it was broadcast.
    life: u32,
    /// Which of that life's messages it is, counted from 1: its id too, when the sender forgot how many it had sent.
    turn: u64,
    /// The one before it in the same life.
    previous: u32,
    /// How many deliveries there had been anywhere when it was broadcast.
    after: u32,
}

/// One delivery.
#[derive(Clone, Copy)]
struct Heard<'a> {
    event: u64,
    at: ProcessId,
    /// The receiver's life: below the number of nodes for the first lives.
    life: u32,
    message: u32,
    delivery: &'a Delivery,
}

/// A history, sorted.
struct Digest<'a> {
    nodes: usize,
    lives: u32,
    /// What was broadcast, in order; then what was only delivered.
    messages: Vec<Message<'a>>,
    /// All deliveries, in order.
    heard: Vec<Heard<'a>>,
    /// Where in `heard` each message is first delivered at each node, message by message.
    first: Vec<u32>,
}

impl<'a> Digest<'a> {
    fn of(history: &History<'a, Broadcast>) -> Self {
        let nodes = history.nodes as usize;
        let (messages, heard) = (Vec::new(), Vec::new());
        let mut digest = Self { nodes, lives: history.nodes, messages, heard, first: Vec::new() };
        let mut life: Vec<u32> = (0..history.nodes).collect();
        let mut said_by: Vec<Vec<u32>> = vec![Vec::new(); nodes];
        for step in &history.steps {
            let (event, node, mine) = (step.event, step.node, step.node.index());
            match step.what {
                What::Request(Request::Broadcast(body)) => {
                    let number = digest.messages.len() as u32;
                    let last = said_by[mine].last().copied();
                    let last = last.filter(|last| digest.message(*last).life == life[mine]);
                    said_by[mine].push(number);
                    digest.messages.push(Message {
                        sender: node,
                        id: said_by[mine].len() as u64,
                        said: Some((event, body)),
                        life: life[mine],
                        turn: last.map_or(1, |last| digest.message(last).turn + 1),
                        previous: last.unwrap_or(NONE),
                        after: digest.heard.len() as u32,
                    });
                }
                What::Output(Output::Deliver(delivery)) => {
                    digest.heard.push(Heard { event, at: node, life: life[mine], message: NONE, delivery })
                }
                What::Crash => {
                    life[mine] = digest.lives;
                    digest.lives += 1;
                }
                What::Boot
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Pause
                | What::Resume => {}
            }
        }
        digest.recognize(&said_by);
        digest
    }

    /// Finds out which message each delivery is of.
    fn recognize(&mut self, said_by: &[Vec<u32>]) {
        self.first = vec![NONE; self.messages.len() * self.nodes];
        let mut unknown: BTreeMap<(ProcessId, u64), u32> = BTreeMap::new();
        for place in 0..self.heard.len() {
            let Heard { at, delivery, .. } = self.heard[place];
            let candidates = said_by.get(delivery.from.index()).map_or(&[][..], Vec::as_slice);
            let message = self.meant(candidates, &self.heard[place]).unwrap_or_else(|| {
                *unknown.entry((delivery.from, delivery.id)).or_insert_with(|| {
                    let (sender, id, life) = (delivery.from, delivery.id, NONE);
                    let after = self.heard.len() as u32;
                    self.messages.push(Message {
                        sender,
                        id,
                        said: None,
                        life,
                        turn: 0,
                        previous: NONE,
                        after,
                    });
                    self.first.resize(self.messages.len() * self.nodes, NONE);
                    self.messages.len() as u32 - 1
                })
            });
            self.heard[place].message = message;
            let first = &mut self.first[message as usize * self.nodes + at.index()];
            *first = (*first).min(place as u32);
        }
    }

    /// Which of its sender's messages a delivery is of. A sender that lost its state may count from 1 again, so
    /// that several messages have one number: it is one that says what was heard and is new to the receiver, if any.
    fn meant(&self, candidates: &[u32], heard: &Heard<'_>) -> Option<u32> {
        let Delivery { id, ref body, .. } = *heard.delivery;
        let place = usize::try_from(id).ok()?.checked_sub(1);
        let numbered = place.and_then(|place| candidates.get(place).copied());
        let (oldest, latest) = (self.message(*candidates.first()?), self.message(*candidates.last()?));
        if oldest.life == latest.life {
            return numbered;
        }
        let fits = |number: &&u32| {
            let message = self.message(**number);
            let said = message.said.is_some_and(|(event, said)| event < heard.event && said == body);
            said && (message.id == id || message.turn == id)
        };
        let fitting = || candidates.iter().filter(fits).copied();
        let fresh = |number: &u32| self.first(*number, heard.at) == NONE;
        fitting().find(fresh).or_else(|| fitting().next()).or(numbered)
    }

    fn message(&self, number: u32) -> Message<'a> {
        self.messages[number as usize]
    }

    /// Where in `heard` a node first delivers a message.
    fn first(&self, message: u32, at: ProcessId) -> u32 {
        self.first[message as usize * self.nodes + at.index()]
    }

    /// The deliveries that are a node's first of a message, with their places.
    fn firsts(&self) -> impl Iterator<Item = (u32, &Heard<'a>)> {
        let all = (0_u32..).zip(&self.heard);
        all.filter(|(place, heard)| self.first(heard.message, heard.at) == *place)
    }

    /// Every broadcast: its number, the message, its event, what it says.
    fn broadcasts(&self) -> impl Iterator<Item = (u32, &Message<'a>, u64, &'a str)> {
        let all = (0_u32..).zip(&self.messages);
        all.filter_map(|(number, message)| {
            let (event, body) = message.said?;
            Some((number, message, event, body))
        })
    }

    /// Whether a delivery comes after that of a message that goes before it, or need not.
    fn comes_after(&self, place: u32, heard: &Heard<'_>, earlier: u32) -> bool {
        match self.first(earlier, heard.at) {
            NONE => self.may_miss(heard, earlier),
            first => first < place,
        }
    }

    /// Whether a receiver may do without a message: its own, or any when this is not its first life.
    fn may_miss(&self, heard: &Heard<'_>, earlier: u32) -> bool {
        self.message(earlier).sender == heard.at || heard.life as usize >= self.nodes
    }

    /// The verdict on a delivery that comes before, or without, that of a message that goes before it.
    fn turned_around(&self, heard: &Heard<'_>, earlier: u32, why: &str) -> Verdict {
        let (message, missed) = (self.message(heard.message), self.message(earlier));
        let late = self.heard.get(self.first(earlier, heard.at) as usize);
        let mut events = vec![heard.event];
        events.extend(missed.said.map(|(event, _)| event));
        if self.may_miss(heard, earlier) {
            events.extend(late.map(|late| late.event));
        }
        let word = if late.is_some() { "before" } else { "without" };
        let (at, id, sender) = (heard.at, message.id, message.sender);
        let (missed_id, missed_sender) = (missed.id, missed.sender);
        let because = format!(
            "{at} delivers message {id} of {sender} {word} message {missed_id} of {missed_sender}{why}"
        );
        Verdict::violated(events, because)
    }
}

/// The correct processes but one.
fn others(correct: &[bool], than: ProcessId) -> impl Iterator<Item = ProcessId> + '_ {
    let all = (0..).map(ProcessId).zip(correct);
    all.filter(move |(node, correct)| **correct && *node != than).map(|(node, _)| node)
}

fn validity(history: &History<'_, Broadcast>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for (number, &Message { sender, id, .. }, event, body) in digest.broadcasts() {
        if !correct[sender.index()] {
            continue;
        }
        for node in others(&correct, sender) {
            if digest.first(number, node) == NONE {
                let because = format!("{node} never delivers message {id} of {sender}, {body:?}");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn self_delivery(history: &History<'_, Broadcast>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for (number, &Message { sender, id, .. }, event, body) in digest.broadcasts() {
        if !correct[sender.index()] {
            continue;
        }
        if digest.first(number, sender) == NONE {
            let because = format!("{sender} never delivers its own message {id}, {body:?}");
            return Verdict::unmet(history.end, [event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, false)
}

fn uniform_agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, true)
}

fn agreement_with(history: &History<'_, Broadcast>, uniform: bool) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for (number, message) in (0_u32..).zip(&digest.messages) {
        let firsts = (0..history.nodes).map(|node| digest.first(number, ProcessId(node)));
        let counting =
            firsts.zip(&correct).filter(|(first, correct)| *first != NONE && (uniform || **correct));
        let Some((place, _)) = counting.min() else { continue };
        let Heard { event, at: witness, .. } = digest.heard[place as usize];
        let Message { sender, id, .. } = *message;
        for node in others(&correct, sender).filter(|node| *node != witness) {
            if digest.first(number, node) == NONE {
                let because = format!("{witness} delivers message {id} of {sender}, but {node} never does");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn integrity(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    for (place, heard) in (0_u32..).zip(&digest.heard) {
        let Heard { event, at, message, delivery, .. } = *heard;
        let first = digest.first(message, at);
        let Message { sender, id, said, .. } = digest.message(message);
        if first < place {
            let because = format!("{at} delivers message {id} of {sender} twice");
            return Verdict::violated([digest.heard[first as usize].event, event], because);
        }
        let Some((said_at, body)) = said else {
            let because = format!("{at} delivers message {id} of {sender}, who never broadcast it");
            return Verdict::violated([event], because);
        };
        if said_at > event {
            let because = format!("{at} delivers message {id} of {sender} before it was broadcast");
            return Verdict::violated([event, said_at], because);
        }
        if *body != delivery.body {
            let heard = &delivery.body;
            let because = format!("{at} delivers {heard:?} as message {id} of {sender}, who said {body:?}");
            return Verdict::violated([said_at, event], because);
        }
    }
    Verdict::of(digest.heard.len() as u64)
}

/// FIFO order (section 3.3.2): no m' without the m that the same process broadcast before it.
fn fifo_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        let previous = digest.message(heard.message).previous;
        if previous == NONE {
            continue;
        }
        if !digest.comes_after(place, heard, previous) {
            return digest.turned_around(heard, previous, "");
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Causal precedence as Hadzilacos and Toueg define it (section 3.3.3): a process that broadcasts m' has broadcast
/// or delivered m before. It is found from the history, never taken from the algorithm's own clocks. What goes
/// directly before a message is enough to look at, for what goes before that was looked at when it was delivered.
fn causal_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut fresh: Vec<Vec<u32>> = vec![Vec::new(); digest.lives as usize];
    let mut builds_on: Vec<Vec<u32>> = Vec::with_capacity(digest.messages.len());
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        while builds_on.len() < digest.messages.len() && digest.messages[builds_on.len()].after <= place {
            let Message { life, previous, .. } = digest.messages[builds_on.len()];
            let mut direct = std::mem::take(&mut fresh[life as usize]);
            direct.extend((previous != NONE).then_some(previous));
            builds_on.push(direct);
        }
        for earlier in builds_on.get(heard.message as usize).into_iter().flatten() {
            if !digest.comes_after(place, heard, *earlier) {
                return digest.turned_around(heard, *earlier, ", on which it builds");
            }
            examined += 1;
        }
        let message = digest.message(heard.message);
        if message.said.is_some() && message.sender != heard.at {
            fresh[heard.life as usize].push(heard.message);
        }
    }
    Verdict::of(examined)
}

fn total_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut order: Vec<Vec<(u32, u32)>> = vec![Vec::new(); digest.nodes];
    for (place, heard) in digest.firsts() {
        order[heard.at.index()].push((heard.message, place));
    }
    let mut examined = 0;
    for p in 0..history.nodes {
        for q in (p + 1..history.nodes).map(ProcessId) {
            // What both deliver, in p's order, must be in q's order too.
            let mut before: Option<(u32, u32, u32)> = None;
            for (message, at_p) in &order[p as usize] {
                let at_q = digest.first(*message, q);
                if at_q == NONE {
                    continue;
                }
                if let Some((earlier, earlier_p, earlier_q)) = before {
                    if earlier_q > at_q {
                        let [m1, m2] = [earlier, *message].map(|number| digest.message(number));
                        let (p, m1, s1, m2, s2) = (ProcessId(p), m1.id, m1.sender, m2.id, m2.sender);
                        let because = format!(
                            "{p} delivers message {m1} of {s1} before message {m2} of {s2}, {q} the other way round"
                        );
                        let places = [earlier_p, *at_p, earlier_q, at_q];
                        return Verdict::violated(
                            places.map(|place| digest.heard[place as usize].event),
                            because,
                        );
                    }
                    examined += 1;
                }
                before = Some((*message, *at_p, at_q));
            }
        }
    }
    Verdict::of(examined)
}
