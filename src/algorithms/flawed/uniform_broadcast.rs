//! Uniform reliable broadcast, with a mistake to choose.
//!
//! Cachin, Guerraoui, Rodrigues, "Introduction to reliable and secure distributed programming" (2011), algorithms 3.4
//! (all-ack) and 3.5 (majority-ack): everybody passes on what it hears, and nobody delivers before so many have it that
//! it cannot be lost, whoever crashes.

use super::{Suspicion, deliver};
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// Half of all suffice, where more than half are needed.
    HalfSuffices,
    /// A process counts itself when it passes a message on, and once more when it delivers.
    CountsItselfTwice,
    /// Two copies from one process count as two acknowledgements.
    CountsCopies,
    /// A sender delivers its own message at once.
    OwnAtOnce,
    /// It is delivered first, and passed on when that is done.
    DeliversAtFirstReceipt,
    /// Only the sender sends: nobody passes anything on, and only the sender's copy counts.
    NobodyPassesOn,
    /// All-ack: nobody looks again at what waits for a process that is suspected.
    ForgetsWhoWaits,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is done wrong; `none` unless said otherwise.
    pub mistake: Mistake,
    /// All-ack: who takes whom for crashed, and when: `[{who: n2, whom: n1, after: 100ms}]`. Majority-ack when it is
    /// left out.
    pub suspicions: Option<Vec<Suspicion>>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, from its sender or passed on: who sends it has it.
    Data {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
}

/// A message's name: who said it, and which of the sender's messages it is.
type Name = (ProcessId, u64);

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UniformBroadcastFlawed {
    mistake: Mistake,
    /// Whether all who are not suspected must have a message, or a majority.
    all: bool,
    suspected: BTreeSet<ProcessId>,
    sent: u64,
    /// Who has which message.
    acks: BTreeMap<Name, Vec<ProcessId>>,
    bodies: BTreeMap<Name, String>,
    delivered: BTreeSet<Name>,
}

impl Process for UniformBroadcastFlawed {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = ProcessId;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "uniform-broadcast-flawed",
        summary: "Uniform reliable broadcast with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links between correct processes; duplicates and order do not matter",
            "processes that crash stay down; without `suspicions` fewer than half crash",
            "nobody is suspected who has not crashed",
        ],
        promises: &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity"],
        messages: &[("data", "what was said, by whom; also that the process it comes from has it")],
        cost: "N(N-1) messages and 2 message delays for each broadcast",
        breaks: &[
            "mistake: half-suffices: one of two delivers alone and crashes (uniform-agreement)",
            "mistake: counts-itself-twice: the same (uniform-agreement)",
            "mistake: counts-copies: a copy that arrives twice makes a majority (uniform-agreement)",
            "mistake: own-at-once: a sender delivers what nobody else will ever have (uniform-agreement)",
            "mistake: delivers-at-first-receipt: the same, and not the sender only (uniform-agreement)",
            "mistake: nobody-passes-on: a sender crashes in the middle (agreement, uniform-agreement)",
            "mistake: forgets-who-waits: what waits for a crashed process waits for ever (self-delivery)",
        ],
        source: "Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure Distributed Programming (2011), algorithms 3.4 and 3.5",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let me = ctx.me();
        for Suspicion { whom, after, .. } in config.suspicions.iter().flatten().filter(|it| it.who == me) {
            ctx.set_timer(*whom, *after);
        }
        Self {
            mistake: config.mistake,
            all: config.suspicions.is_some(),
            suspected: BTreeSet::new(),
            sent: 0,
            acks: BTreeMap::new(),
            bodies: BTreeMap::new(),
            delivered: BTreeSet::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.sent += 1;
        let me = ctx.me();
        self.on_data(ctx, me, (me, self.sent), body);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { origin, id, body } => self.on_data(ctx, from, (origin, id), body),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, suspect: ProcessId) {
        self.suspected.insert(suspect);
        if self.mistake != Mistake::ForgetsWhoWaits {
            for name in self.bodies.keys().copied().collect::<Vec<_>>() {
                self.deliver_if_enough(ctx, name);
            }
        }
    }
}

impl UniformBroadcastFlawed {
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: Name, body: String) {
        let (me, (origin, id)) = (ctx.me(), name);
        if self.bodies.insert(name, body.clone()).is_none() {
            let at_once = self.mistake == Mistake::OwnAtOnce && origin == me;
            if self.mistake == Mistake::DeliversAtFirstReceipt || at_once {
                self.delivered.insert(name);
                deliver(ctx, origin, id, body.clone());
            }
            if self.mistake != Mistake::NobodyPassesOn || origin == me {
                ctx.broadcast(Message::Data { origin, id, body });
            }
            self.acks.entry(name).or_default().push(me);
        }
        let acks = self.acks.entry(name).or_default();
        let counts = match self.mistake {
            Mistake::CountsCopies => from != me,
            Mistake::CountsItselfTwice => from == me || !acks.contains(&from),
            _ => !acks.contains(&from),
        };
        if counts {
            acks.push(from);
        }
        self.deliver_if_enough(ctx, name);
    }

    fn deliver_if_enough(&mut self, ctx: &mut Context<'_, Self>, name: Name) {
        let (Some(acks), Some(body)) = (self.acks.get(&name), self.bodies.get(&name)) else { return };
        let nodes = ctx.group_size();
        let enough = match self.mistake {
            _ if self.all => ctx.group().all(|each| acks.contains(&each) || self.suspected.contains(&each)),
            Mistake::HalfSuffices => acks.len() >= nodes / 2,
            Mistake::NobodyPassesOn => acks.contains(&name.0),
            _ => acks.len() > nodes / 2,
        };
        if enough && self.delivered.insert(name) {
            deliver(ctx, name.0, name.1, body.clone());
        }
    }
}
