//! Mutual exclusion by Lamport's queue, with one of the two conditions to enter left out.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978), rule 5: enter when (i) the own
//! request stands before all others in the own queue and (ii) everybody has been heard of since it was made. Each
//! condition looks as if it could do without the other.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One participant.
pub type LamportMutexFlawed = Sketch<Lamport>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// Rule 5 (ii) is left out: who stands first in its own queue enters, though an older request may be under way.
    EntersWithoutAcknowledgements,
    /// Rule 5 (i) is left out: who has heard from everybody enters, though another one stands first in its queue.
    EntersWithoutBeingFirst,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// I want to enter.
    Request {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
    /// I have seen your request.
    Reply {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
    /// I have left.
    Release {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
}

/// Lamport's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lamport {
    mistake: Mistake,
    clock: u64,
    /// The own open or last request.
    own: (u64, ProcessId),
    queue: BTreeSet<(u64, ProcessId)>,
    /// The timestamp of the last thing heard from each process.
    last: Vec<u64>,
}

impl Rules for Lamport {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "lamport-mutex-flawed",
        summary: "Lamport's queue for mutual exclusion with a mistake to choose: for the museum.",
        assumes: &["perfect FIFO links (`channel: fifo`, or `order: fifo` in the network)", "nobody crashes"],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want to enter, with the sender's logical time"),
            ("reply", "to who asked: I have seen it, with the sender's logical time"),
            ("release", "to everybody: I have left"),
        ],
        cost: "3(N-1) messages for each entry",
        breaks: &[
            "mistake: enters-without-acknowledgements: two enter at once (mutual-exclusion)",
            "mistake: enters-without-being-first: the younger request enters beside the older one (mutual-exclusion)",
            "links that are not FIFO: a reply overtakes an older request (mutual-exclusion)",
        ],
        source: "Lamport, Time, clocks, and the ordering of events in a distributed system (1978), rule 5",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        let last = vec![0; ctx.group_size()];
        Self { mistake: *mistake, clock: 0, own: (0, ctx.me()), queue: BTreeSet::new(), last }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.clock = self.clock.saturating_add(1);
        self.own.0 = self.clock;
        self.queue.insert(self.own);
        ctx.broadcast(Message::Request { stamp: self.clock });
        self.enter_if_oldest(ctx, section);
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        let (Message::Request { stamp } | Message::Reply { stamp } | Message::Release { stamp }) = message;
        self.clock = self.clock.max(stamp).saturating_add(1);
        self.last[from.index()] = stamp;
        match message {
            Message::Request { stamp } => {
                self.queue.insert((stamp, from));
                ctx.send(from, Message::Reply { stamp: self.clock });
            }
            Message::Reply { .. } => {}
            Message::Release { .. } => self.queue.retain(|(_, process)| *process != from),
        }
        self.enter_if_oldest(ctx, section);
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.queue.remove(&self.own);
        self.clock = self.clock.saturating_add(1);
        ctx.broadcast(Message::Release { stamp: self.clock });
    }
}

impl Lamport {
    /// Rule 5, or what is left of it.
    fn enter_if_oldest(&self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        let me = ctx.me();
        let first = self.mistake == Mistake::EntersWithoutBeingFirst || self.queue.first() == Some(&self.own);
        let mut others = ctx.group().filter(|process| *process != me);
        let heard = self.mistake == Mistake::EntersWithoutAcknowledgements
            || others.all(|process| (self.last[process.index()], process) > self.own);
        if section.is_waiting() && first && heard {
            section.enter(ctx);
        }
    }
}
