//! Total order by a fixed sequencer, the first process, with a mistake to choose.
//!
//! Kaashoek, Tanenbaum, "Group communication in the Amoeba distributed operating system" (1991), methods PB (to the
//! sequencer, which sends it on with its number) and BB (to everybody; the sequencer tells the number).

use super::deliver;
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// What comes with a number is delivered, whatever is missing before it.
    NoGapCheck,
    /// A lab sheet's servers: the sequencer sends on without a number, and members deliver as it comes.
    NoNumbers,
    /// The sequencer counts up for each member instead of for each message: its loop is not one step.
    NumberForEachMember,
    /// A sender delivers its own message before it has a number.
    OwnAtOnce,
    /// The sequencer numbers from 0, members wait for 1.
    FirstNumberLost,
}

/// How a message gets its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By way of the sequencer.
    #[default]
    Pb,
    /// To everybody, and the number follows.
    Bb,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is done wrong; `none` unless said otherwise.
    pub mistake: Mistake,
    /// `pb` or `bb`.
    pub method: Method,
}

/// A message's name: who said it, and which of the sender's messages it is.
type Name = (ProcessId, u64);

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the sequencer: number this and send it on.
    Submit {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: a message with its number.
    Ordered {
        /// Its place in the one order.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: a message, its number follows.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: the number of a message.
    Order {
        /// Its place in the one order.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is.
        id: u64,
    },
}

/// One participant: a member, and the first of them the sequencer too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SequencerFlawed {
    config: Config,
    /// At the sequencer: the last number given.
    given: u64,
    /// How many messages this process has broadcast.
    sent: u64,
    /// The number of the message to be delivered next.
    next: u64,
    data: BTreeMap<Name, String>,
    order: BTreeMap<u64, Name>,
}

const SEQUENCER: ProcessId = ProcessId(0);

impl Process for SequencerFlawed {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "sequencer-flawed",
        summary: "Total order by a fixed sequencer with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes, the sequencer least of all",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "total-order"],
        messages: &[
            ("submit", "to the sequencer: number this and send it on"),
            ("ordered", "to everybody: a message with its number"),
            ("data", "to everybody: a message, its number follows"),
            ("order", "to everybody: the number of a message"),
        ],
        cost: "N messages for each broadcast (pb), or 2(N-1) (bb); N-1 for the sequencer's own",
        breaks: &[
            "mistake: no-gap-check: whoever gets the second message first delivers it first (total-order)",
            "mistake: no-numbers: the same, and nobody can tell (total-order)",
            "mistake: number-for-each-member: every member has an order of its own (total-order)",
            "mistake: own-at-once: a sender hears itself before everybody else (total-order)",
            "mistake: first-number-lost: everybody waits for a number that was never given (validity)",
        ],
        source: "Kaashoek, Tanenbaum, Group communication in the Amoeba distributed operating system (1991)",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let (data, order) = (BTreeMap::new(), BTreeMap::new());
        Self { config: *config, given: 0, sent: 0, next: 1, data, order }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        if self.config.mistake == Mistake::OwnAtOnce {
            deliver(ctx, me, id, body.clone());
        }
        if me == SEQUENCER {
            return self.send_on(ctx, (me, id), body);
        }
        match self.config.method {
            Method::Pb => ctx.send(SEQUENCER, Message::Submit { id, body }),
            Method::Bb => {
                self.data.insert((me, id), body.clone());
                ctx.broadcast(Message::Data { id, body });
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Submit { id, body } => self.send_on(ctx, (from, id), body),
            Message::Ordered { number, origin, id, body } => self.take(ctx, number, (origin, id), body),
            Message::Data { id, body } if ctx.me() == SEQUENCER => self.number(ctx, (from, id), body),
            Message::Data { id, body } => {
                self.data.insert((from, id), body);
                self.deliver_all(ctx);
            }
            Message::Order { number, origin, id } => {
                self.order.insert(number, (origin, id));
                self.deliver_all(ctx);
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl SequencerFlawed {
    fn next_number(&mut self) -> u64 {
        self.given += 1;
        if self.config.mistake == Mistake::FirstNumberLost { self.given - 1 } else { self.given }
    }

    /// At the sequencer (PB, and its own messages): number it and send it to everybody.
    fn send_on(&mut self, ctx: &mut Context<'_, Self>, (origin, id): Name, body: String) {
        let mut number = self.next_number();
        for to in ctx.group().filter(|to| *to != SEQUENCER) {
            ctx.send(to, Message::Ordered { number, origin, id, body: body.clone() });
            if self.config.mistake == Mistake::NumberForEachMember {
                number = self.next_number();
            }
        }
        self.take(ctx, number, (origin, id), body);
    }

    /// At the sequencer (BB): tell everybody its number.
    fn number(&mut self, ctx: &mut Context<'_, Self>, (origin, id): Name, body: String) {
        let number = self.next_number();
        ctx.broadcast(Message::Order { number, origin, id });
        self.take(ctx, number, (origin, id), body);
    }

    fn take(&mut self, ctx: &mut Context<'_, Self>, number: u64, name: Name, body: String) {
        if self.config.mistake == Mistake::NoNumbers {
            return deliver(ctx, name.0, name.1, body);
        }
        self.data.insert(name, body);
        self.order.insert(number, name);
        self.deliver_all(ctx);
    }

    /// Delivers as far as there is neither a gap nor a number without its message.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let mistake = self.config.mistake;
        let checks = matches!(mistake, Mistake::None | Mistake::OwnAtOnce | Mistake::FirstNumberLost);
        while let Some((number, name)) = self.order.first_key_value() {
            let (number, name) = (*number, *name);
            if checks && number != self.next {
                return;
            }
            let Some(body) = self.data.remove(&name) else { return };
            self.order.remove(&number);
            self.next = number + 1;
            if mistake != Mistake::OwnAtOnce || name.0 != ctx.me() {
                deliver(ctx, name.0, name.1, body);
            }
        }
    }
}
