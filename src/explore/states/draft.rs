//! A state while something happens in it.

use super::{
    environment::{Coming, Environment},
    interner::Step,
    node::Input,
    space::{Space, Words},
    view::View,
};
use crate::process::{ProcessId, fingerprint};

/// A state that can be changed.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) environment: Environment,
    /// What properties have seen that look at the order of events of different nodes.
    pub(super) order: u128,
    pub(super) nodes: Vec<u32>,
    pub(super) messages: Vec<u32>,
    /// What was done since it was a state.
    pub(super) log: Vec<Done>,
}

/// Something that was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    /// A process took the step with this number.
    Step(u32),
    /// This message was sent.
    Sent(u32),
    /// This message was sent, and dropped by an event that waited for it.
    Dropped(u32),
    /// So many nanoseconds passed.
    Passed(i64),
    /// A node crashed in the middle of sending, after so many messages.
    Crashed(ProcessId, u32),
}

/// What tells the messages of one link apart by their places.
const STRIDE: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

impl Draft {
    pub(super) fn of(space: &Space, view: &View<'_>, words: Words<'_>) -> Self {
        let order = match &words[1..space.first_node()] {
            [] => 0,
            parts => parts.iter().rev().fold(0, |order, part| order << 32 | u128::from(*part)),
        };
        Self {
            environment: (*view.environments[words[0] as usize].environment).clone(),
            order,
            nodes: words[space.first_node()..space.first_message()].to_vec(),
            messages: words[space.first_message()..].to_vec(),
            log: Vec::new(),
        }
    }

    /// Appends it to `words`, as a state; gives its hash.
    pub(super) fn put(&self, space: &Space, view: &mut View<'_>, words: &mut Vec<u32>) -> u128 {
        let environment = view.number(&self.environment);
        words.push(environment);
        let mut hash = view.environments[environment as usize].print.wrapping_add(self.order);
        words.extend((1..space.first_node()).map(|part| (self.order >> (32 * (part - 1))) as u32));
        for node in &self.nodes {
            words.push(*node);
            hash = hash.wrapping_add(view.nodes[*node as usize].print);
        }
        for (place, message) in self.messages.iter().enumerate() {
            words.push(*message);
            let letter = view.letters[*message as usize];
            let ahead = |other: &&u32| view.letters[**other as usize].link == letter.link;
            let ahead = if letter.fifo { self.messages[..place].iter().filter(ahead).count() } else { 0 };
            hash = hash.wrapping_add(letter.print.wrapping_mul(STRIDE.wrapping_pow(ahead as u32)));
        }
        hash
    }

    /// A message is under way.
    pub(super) fn send(&mut self, view: &View<'_>, message: u32) {
        let place = place_for(view, &self.messages, message);
        self.messages.insert(place, message);
    }

    /// Time passes.
    pub(super) fn pass(&mut self, view: &mut View<'_>, time: i64) {
        if time <= 0 {
            return;
        }
        self.environment.pass(time);
        for node in &mut self.nodes {
            if view.nodes[*node as usize].timer.is_some() {
                let (step, _) = view.steps_of((*node, Input::Pass(time), None));
                *node = view.steps[step as usize].node;
            }
        }
        self.log.push(Done::Passed(time));
    }

    /// Something happens to a node: all that may come of it.
    pub(super) fn step(self, space: &Space, view: &mut View<'_>, who: ProcessId, input: Input) -> Vec<Self> {
        let node = self.nodes[who.index()];
        let doomed = self.environment.doomed.iter().position(|doomed| doomed.node == who);
        let acts =
            matches!(input, Input::Boot | Input::Hear(_) | Input::Expire | Input::Ask(_) | Input::AskNext);
        let cut = doomed.filter(|_| acts).map(|place| self.environment.doomed[place].remaining);
        let (first, count) = view.steps_of((node, input, cut));
        let mut drafts = vec![self; count as usize];
        for (draft, number) in drafts.iter_mut().zip(first..) {
            let step = view.steps[number as usize];
            draft.take(space, view, who, number);
            if input == Input::Crash {
                draft.environment.void(who);
            }
            let Some(place) = doomed else { continue };
            if !step.crashed {
                draft.environment.doomed[place].remaining -= step.tries;
                continue;
            }
            let doom = draft.environment.doomed.remove(place);
            draft.environment.void(who);
            draft.log.push(Done::Crashed(who, doom.remaining));
            if let Some(lasts) = doom.lasts {
                draft.environment.push(lasts, Coming::Restart { node: who, valid: true });
            }
        }
        drafts
    }

    /// A node has taken the step with this number.
    pub(super) fn take(&mut self, space: &Space, view: &View<'_>, who: ProcessId, number: u32) {
        let step: Step = view.steps[number as usize];
        self.nodes[who.index()] = step.node;
        self.log.push(Done::Step(number));
        if space.orders() && step.shown != 0 {
            self.order = fingerprint(&(self.order, step.shown));
        }
        for place in step.sent() {
            let message = view.sent[place];
            if !self.environment.drops.is_empty() {
                let interner = view.interner();
                let sent = &interner.messages[message as usize];
                if self.environment.drops(&space.setup, sent.from, sent.to, sent.kind) {
                    self.log.push(Done::Dropped(message));
                    continue;
                }
            }
            self.send(view, message);
            self.log.push(Done::Sent(message));
        }
    }
}

/// Where a message goes that is sent now: beside its twin, so that twins are found quickly.
#[inline]
pub(super) fn place_for(view: &View<'_>, messages: &[u32], message: u32) -> usize {
    if view.letters[message as usize].fifo {
        return messages.len();
    }
    messages.iter().position(|other| *other == message).unwrap_or(messages.len())
}
