//! A history of messages between pairs, sorted: which deliveries are of which message.

use super::{Messaging, Output, Request};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::BTreeMap;

/// No such message, or no such delivery.
pub(super) const NONE: u32 = u32::MAX;

/// A sender and a receiver.
pub(super) type Pair = (ProcessId, ProcessId);

/// A message that was sent.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) pair: Pair,
    /// Which of the pair's messages it is, counted from 1.
    pub(super) id: u64,
    /// Which event sent it.
    pub(super) event: u64,
    pub(super) body: &'a str,
    /// The sender's life in which it was sent.
    pub(super) life: u32,
    /// Which of the pair's messages in that life it is, counted from 1: its id too, when the sender forgot how many it
    /// had sent.
    turn: u64,
    /// The pair's message before it in the same life.
    pub(super) previous: u32,
    /// How many deliveries there had been anywhere when it was sent.
    pub(super) after: u32,
    /// Where it is first delivered.
    pub(super) first: u32,
}

/// One delivery.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) event: u64,
    pub(super) pair: Pair,
    /// The receiver's life: below the number of nodes for the first lives.
    pub(super) life: u32,
    /// Of which message; none when nobody sent it.
    pub(super) message: u32,
    /// What the receiver takes it for.
    pub(super) id: u64,
    pub(super) body: &'a str,
}

/// What a sender believes delivered.
#[derive(Clone, Copy)]
pub(super) struct Belief {
    pub(super) event: u64,
    pub(super) pair: Pair,
    pub(super) id: u64,
    /// The sender's life.
    life: u32,
}

/// A history, sorted.
pub(super) struct Digest<'a> {
    pub(super) nodes: u32,
    pub(super) lives: u32,
    /// What was sent, in order; the messages of one request one after the other.
    pub(super) messages: Vec<Message<'a>>,
    /// All deliveries, in order.
    pub(super) heard: Vec<Heard<'a>>,
    /// All acknowledgements, in order.
    pub(super) beliefs: Vec<Belief>,
    sent_by: BTreeMap<Pair, Vec<u32>>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Messaging>) -> Self {
        let (messages, heard, beliefs) = (Vec::new(), Vec::new(), Vec::new());
        let (nodes, lives) = (history.nodes, history.nodes);
        let mut digest = Self { nodes, lives, messages, heard, beliefs, sent_by: BTreeMap::new() };
        let mut life: Vec<u32> = (0..nodes).collect();
        for step in &history.steps {
            let (event, node, lived) = (step.event, step.node, &mut life[step.node.index()]);
            match step.what {
                What::Request(request) => digest.send(event, node, *lived, request),
                What::Output(Output::Receive { from, id, body }) => {
                    let (pair, id) = ((*from, node), *id);
                    digest.heard.push(Heard { event, pair, life: *lived, message: NONE, id, body });
                }
                What::Output(Output::Acknowledged { to, id }) => {
                    digest.beliefs.push(Belief { event, pair: (node, *to), id: *id, life: *lived });
                }
                What::Crash => {
                    *lived = digest.lives;
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
        digest.recognize();
        digest
    }

    fn send(&mut self, event: u64, node: ProcessId, life: u32, request: &'a Request) {
        let Request::Send { body, .. } = request;
        for to in request.receivers(self.nodes as usize) {
            let number = self.messages.len() as u32;
            let sent = self.sent_by.entry((node, to)).or_default();
            let last = sent.last().copied().filter(|last| self.messages[*last as usize].life == life);
            sent.push(number);
            self.messages.push(Message {
                pair: (node, to),
                id: sent.len() as u64,
                event,
                body,
                life,
                turn: last.map_or(1, |last| self.messages[last as usize].turn + 1),
                previous: last.unwrap_or(NONE),
                after: self.heard.len() as u32,
                first: NONE,
            });
        }
    }

    /// Finds out which message each delivery is of.
    fn recognize(&mut self) {
        for place in 0..self.heard.len() {
            let Some(message) = self.meant(&self.heard[place]) else { continue };
            self.heard[place].message = message;
            let first = &mut self.messages[message as usize].first;
            *first = (*first).min(place as u32);
        }
    }

    /// Which of its pair's messages a delivery is of. A sender that lost its state may count from 1 again, so that
    /// several messages have one number: it is one that says what was heard and is new to the receiver, if any.
    fn meant(&self, heard: &Heard<'_>) -> Option<u32> {
        let candidates = self.sent(heard.pair);
        let (oldest, latest) = (self.message(*candidates.first()?), self.message(*candidates.last()?));
        let numbered = candidates.get(usize::try_from(heard.id).ok()?.checked_sub(1)?).copied();
        if oldest.life == latest.life {
            return numbered;
        }
        let fits = |number: &&u32| {
            let message = self.message(**number);
            let said = message.event < heard.event && message.body == heard.body;
            said && (message.id == heard.id || message.turn == heard.id)
        };
        let fitting = || candidates.iter().filter(fits).copied();
        fitting().find(|number| self.message(*number).first == NONE).or_else(|| fitting().next()).or(numbered)
    }

    /// The messages of a pair, in order.
    pub(super) fn sent(&self, pair: Pair) -> &[u32] {
        self.sent_by.get(&pair).map_or(&[], Vec::as_slice)
    }

    pub(super) fn message(&self, number: u32) -> Message<'a> {
        self.messages[number as usize]
    }

    /// The deliveries that are the first of a message, with their places.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (u32, &Heard<'a>, Message<'a>)> {
        let all = (0_u32..).zip(&self.heard);
        all.filter_map(|(place, heard)| {
            let message = self.messages.get(heard.message as usize)?;
            (message.first == place).then_some((place, heard, *message))
        })
    }

    /// Whether a belief is, or may be, of a message that was delivered before.
    pub(super) fn is_true(&self, belief: &Belief) -> bool {
        let sent = self.sent(belief.pair);
        let delivered = |number: &u32| {
            let first = self.message(*number).first;
            self.heard.get(first as usize).is_some_and(|heard| heard.event < belief.event)
        };
        let place = usize::try_from(belief.id).ok().and_then(|id| id.checked_sub(1));
        if place.and_then(|place| sent.get(place)).is_some_and(delivered) {
            return true;
        }
        // A sender that lost its state may have counted from 1 again.
        let meant = |number: &&u32| {
            let message = self.message(**number);
            message.life == belief.life && message.turn == belief.id
        };
        belief.life >= self.nodes && sent.iter().filter(meant).any(delivered)
    }

    /// Whether a delivery comes after that of a message that goes before it, or need not.
    pub(super) fn comes_after(&self, place: u32, heard: &Heard<'_>, earlier: Message<'_>) -> bool {
        match earlier.first {
            NONE => heard.life >= self.nodes,
            first => first < place,
        }
    }

    /// The verdict on a delivery that comes before, or without, that of a message that goes before it.
    pub(super) fn turned_around(&self, heard: &Heard<'_>, earlier: Message<'_>, why: &str) -> Verdict {
        let late = self.heard.get(earlier.first as usize).filter(|_| heard.life >= self.nodes);
        let mut events = vec![earlier.event, heard.event];
        events.extend(late.map(|late| late.event));
        let word = if earlier.first == NONE { "without" } else { "before" };
        let ((from, at), id, other) = (heard.pair, heard.id, earlier.id);
        let source = earlier.pair.0;
        let because = format!("{at} delivers message {id} of {from} {word} message {other} of {source}{why}");
        Verdict::violated(events, because)
    }
}
