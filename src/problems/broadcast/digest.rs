//! A history of broadcasts, sorted: which deliveries are of which message.

use super::{Broadcast, Delivery, Output, Request};
use crate::process::{History, ProcessId, Time, Verdict, What};
use std::collections::BTreeMap;

/// No such message, or no such delivery.
pub(super) const NONE: u32 = u32::MAX;

/// A message that was broadcast, or that was delivered though nobody broadcast it.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) sender: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub(super) id: u64,
    /// Which event broadcast it, and what it says.
    pub(super) said: Option<(u64, &'a str)>,
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
pub(super) struct Heard<'a> {
    pub(super) event: u64,
    pub(super) time: Time,
    pub(super) at: ProcessId,
    /// The receiver's life: below the number of nodes for the first lives.
    pub(super) life: u32,
    pub(super) message: u32,
    pub(super) delivery: &'a Delivery,
}

/// A history, sorted.
pub(super) struct Digest<'a> {
    pub(super) nodes: usize,
    pub(super) lives: u32,
    /// What was broadcast, in order; then what was only delivered.
    pub(super) messages: Vec<Message<'a>>,
    /// All deliveries, in order.
    pub(super) heard: Vec<Heard<'a>>,
    /// Where in `heard` each message is first delivered at each node, message by message.
    pub(super) first: Vec<u32>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Broadcast>) -> Self {
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
                        time: step.time,
                        life: life[mine],
                        turn: last.map_or(1, |last| digest.message(last).turn + 1),
                        previous: last.unwrap_or(NONE),
                        after: digest.heard.len() as u32,
                    });
                }
                What::Output(Output::Deliver(delivery)) => digest.heard.push(Heard {
                    event,
                    time: step.time,
                    at: node,
                    life: life[mine],
                    message: NONE,
                    delivery,
                }),
                What::Crash => {
                    life[mine] = digest.lives;
                    digest.lives += 1;
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
                        time: Time::ZERO,
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

    pub(super) fn message(&self, number: u32) -> Message<'a> {
        self.messages[number as usize]
    }

    /// Where in `heard` a node first delivers a message.
    pub(super) fn first(&self, message: u32, at: ProcessId) -> u32 {
        self.first[message as usize * self.nodes + at.index()]
    }

    /// The deliveries that are a node's first of a message, with their places.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (u32, &Heard<'a>)> {
        let all = (0_u32..).zip(&self.heard);
        all.filter(|(place, heard)| self.first(heard.message, heard.at) == *place)
    }

    /// Every broadcast: its number, the message, its event, what it says.
    pub(super) fn broadcasts(&self) -> impl Iterator<Item = (u32, &Message<'a>, u64, &'a str)> {
        let all = (0_u32..).zip(&self.messages);
        all.filter_map(|(number, message)| {
            let (event, body) = message.said?;
            Some((number, message, event, body))
        })
    }

    /// Whether a delivery comes after that of a message that goes before it, or need not.
    pub(super) fn comes_after(&self, place: u32, heard: &Heard<'_>, earlier: u32) -> bool {
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
    pub(super) fn turned_around(&self, heard: &Heard<'_>, earlier: u32, why: &str) -> Verdict {
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
