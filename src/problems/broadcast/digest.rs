//! A history of broadcasts, sorted: which deliveries are of which message.

use super::{Broadcast, Output, Request};
use crate::process::{Digest as Read, History, ProcessId, Step, Time, Verdict, What};
use std::collections::BTreeMap;

/// No such message, or no such delivery.
pub(super) const NONE: u32 = u32::MAX;

/// A message that was broadcast, or that was delivered though nobody broadcast it.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) sender: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub(super) id: u64,
    /// Which event broadcast it, and its place in the history.
    pub(super) said: Option<(u64, u32)>,
    /// When it was broadcast.
    pub(super) time: Time,
    /// The sender's life in which it was broadcast.
    pub(super) life: u32,
    /// Which of that life's messages it is, counted from 1: its id too, when the sender forgot how many it had sent.
    pub(super) turn: u64,
    /// The one before it in the same life.
    pub(super) previous: u32,
    /// How many deliveries there had been anywhere when it was broadcast.
    pub(super) after: u32,
}

/// One delivery.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    pub(super) event: u64,
    pub(super) time: Time,
    pub(super) at: ProcessId,
    /// The receiver's life: below the number of nodes for the first lives.
    pub(super) life: u32,
    pub(super) message: u32,
    /// Its place in the history.
    pub(super) place: u32,
    /// Whose message it is said to be, and which of his.
    from: ProcessId,
    id: u64,
}

/// A history, sorted.
#[derive(Default)]
pub(super) struct Digest {
    pub(super) nodes: usize,
    pub(super) lives: u32,
    /// What was broadcast, in order; then what was only delivered.
    pub(super) messages: Vec<Message>,
    /// All deliveries, in order.
    pub(super) heard: Vec<Heard>,
    /// Where in `heard` each message is first delivered at each node, message by message.
    first: Vec<u32>,
    /// Each node's present life.
    life: Vec<u32>,
    /// What each node broadcast.
    said_by: Vec<Vec<u32>>,
}

impl Read<Broadcast> for Digest {
    fn read(&mut self, history: &History<'_, Broadcast>) {
        self.nodes = history.nodes as usize;
        self.lives = history.nodes;
        self.messages.clear();
        self.heard.clear();
        self.life.clear();
        self.life.extend(0..history.nodes);
        self.said_by.resize(self.nodes, Vec::new());
        self.said_by.iter_mut().for_each(Vec::clear);
        for (place, step) in (0..).zip(&history.steps) {
            self.note(place, step);
        }
        self.recognize(history);
    }
}

/// What a delivery says.
pub(super) fn body<'a>(history: &History<'a, Broadcast>, heard: &Heard) -> &'a str {
    match history.steps[heard.place as usize].what {
        What::Output(Output::Deliver(delivery)) => &delivery.body,
        _ => unreachable!("a delivery is made of one"),
    }
}

/// What was broadcast in this step of a history.
fn said<'a>(history: &History<'a, Broadcast>, place: u32) -> &'a str {
    match history.steps[place as usize].what {
        What::Request(Request::Broadcast(body)) => body,
        _ => unreachable!("a message is made of a broadcast"),
    }
}

impl Digest {
    fn note(&mut self, place: u32, step: &Step<'_, Broadcast>) {
        let (event, time, node, mine) = (step.event, step.time, step.node, step.node.index());
        match step.what {
            What::Request(Request::Broadcast(_)) => {
                let number = self.messages.len() as u32;
                let life = self.life[mine];
                let last = self.said_by[mine].last().copied();
                let last = last.filter(|last| self.message(*last).life == life);
                self.said_by[mine].push(number);
                self.messages.push(Message {
                    sender: node,
                    id: self.said_by[mine].len() as u64,
                    said: Some((event, place)),
                    time,
                    life,
                    turn: last.map_or(1, |last| self.message(last).turn + 1),
                    previous: last.unwrap_or(NONE),
                    after: self.heard.len() as u32,
                });
            }
            What::Output(Output::Deliver(delivery)) => {
                let (life, from, id) = (self.life[mine], delivery.from, delivery.id);
                self.heard.push(Heard { event, time, at: node, life, message: NONE, place, from, id });
            }
            What::Crash => {
                self.life[mine] = self.lives;
                self.lives += 1;
            }
            What::Output(Output::Late(_) | Output::Precision(_) | Output::Acknowledged(_))
            | What::Boot
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer
            | What::Pause
            | What::Resume => {}
        }
    }

    /// Finds out which message each delivery is of.
    fn recognize(&mut self, history: &History<'_, Broadcast>) {
        self.first.clear();
        self.first.resize(self.messages.len() * self.nodes, NONE);
        let mut unknown: BTreeMap<(ProcessId, u64), u32> = BTreeMap::new();
        for place in 0..self.heard.len() {
            let Heard { at, from, id, .. } = self.heard[place];
            let message = self.meant(history, &self.heard[place]).unwrap_or_else(|| {
                *unknown.entry((from, id)).or_insert_with(|| {
                    let (sender, time, life) = (from, Time::ZERO, NONE);
                    let after = self.heard.len() as u32;
                    let nobody =
                        Message { sender, id, said: None, time, life, turn: 0, previous: NONE, after };
                    self.messages.push(nobody);
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
    fn meant(&self, history: &History<'_, Broadcast>, heard: &Heard) -> Option<u32> {
        let candidates = self.said_by.get(heard.from.index()).map_or(&[][..], Vec::as_slice);
        let place = usize::try_from(heard.id).ok()?.checked_sub(1);
        let numbered = place.and_then(|place| candidates.get(place).copied());
        let (oldest, latest) = (self.message(*candidates.first()?), self.message(*candidates.last()?));
        if oldest.life == latest.life {
            return numbered;
        }
        let body = body(history, heard);
        let fits = |number: &&u32| {
            let message = self.message(**number);
            let says = message
                .said
                .is_some_and(|(event, place)| event < heard.event && said(history, place) == body);
            says && (message.id == heard.id || message.turn == heard.id)
        };
        let fitting = || candidates.iter().filter(fits).copied();
        let fresh = |number: &u32| self.first(*number, heard.at) == NONE;
        fitting().find(fresh).or_else(|| fitting().next()).or(numbered)
    }

    pub(super) fn message(&self, number: u32) -> &Message {
        &self.messages[number as usize]
    }

    /// Where in `heard` a node first delivers a message.
    pub(super) fn first(&self, message: u32, at: ProcessId) -> u32 {
        self.first[message as usize * self.nodes + at.index()]
    }

    /// The deliveries that are a node's first of a message, with their places.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (u32, &Heard)> {
        let all = (0_u32..).zip(&self.heard);
        all.filter(|(place, heard)| self.first(heard.message, heard.at) == *place)
    }

    /// Every broadcast: its number, the message, its event, what it says.
    pub(super) fn broadcasts<'a>(
        &'a self,
        history: &'a History<'_, Broadcast>,
    ) -> impl Iterator<Item = (u32, &'a Message, u64, &'a str)> {
        let all = (0_u32..).zip(&self.messages);
        all.filter_map(|(number, message)| {
            let (event, place) = message.said?;
            Some((number, message, event, said(history, place)))
        })
    }

    /// The event that broadcast a message, and what it says.
    pub(super) fn said<'a>(
        &self,
        history: &History<'a, Broadcast>,
        message: &Message,
    ) -> Option<(u64, &'a str)> {
        message.said.map(|(event, place)| (event, said(history, place)))
    }

    /// Whether a delivery comes after that of a message that goes before it, or need not.
    pub(super) fn comes_after(&self, place: u32, heard: &Heard, earlier: u32) -> bool {
        match self.first(earlier, heard.at) {
            NONE => self.may_miss(heard, earlier),
            first => first < place,
        }
    }

    /// Whether a receiver may do without a message: its own, or any when this is not its first life.
    fn may_miss(&self, heard: &Heard, earlier: u32) -> bool {
        self.message(earlier).sender == heard.at || heard.life as usize >= self.nodes
    }

    /// The verdict on a delivery that comes before, or without, that of a message that goes before it.
    pub(super) fn turned_around(&self, heard: &Heard, earlier: u32, why: &str) -> Verdict {
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
