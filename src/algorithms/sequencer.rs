//! Total order by a fixed sequencer: one process numbers every message, everybody delivers in order of the numbers.
//!
//! Kaashoek and Tanenbaum, "Group communication in the Amoeba distributed operating system" (1991), methods PB and
//! BB; the third variant and the names: Defago, Schiper, Urban, "Total order broadcast and multicast algorithms"
//! (2004), section 4.2.
//!
//! ```text
//! unicast-broadcast            broadcast-broadcast           unicast-unicast-broadcast
//! p --submit--> s              p --data--> everybody         p --ask--> s --grant(7)--> p
//! s --ordered(7)--> everybody  s --order(7)--> everybody     p --ordered(7)--> everybody
//! ```

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant: a member, and one of them the sequencer too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sequencer {
    config: Config,
    /// Who numbers messages.
    sequencer: ProcessId,
    /// At the sequencer: the number given last.
    given: u64,
    /// How many messages this process has broadcast.
    sent: u64,
    /// The number to be delivered next.
    next: u64,
    /// Messages whose number is known, until it is their turn.
    ordered: BTreeMap<u64, Said>,
    /// Messages whose number is not known yet: those that came by `data`, and own ones that wait for a grant.
    unordered: BTreeMap<(ProcessId, u64), String>,
    /// Numbers whose message has not come yet.
    numbers: BTreeMap<(ProcessId, u64), u64>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Said {
    from: ProcessId,
    id: u64,
    body: String,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who numbers messages; the first node unless said otherwise.
    pub sequencer: Option<ProcessId>,
    /// How a message gets its number and finds its way.
    pub variant: Variant,
    /// Whether deliveries show the number: the lab sheet's absolute order does, its consistent order does not.
    pub numbered: bool,
}

/// How a message gets its number and finds its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// To the sequencer, which sends it on to everybody with its number (PB in Amoeba).
    #[default]
    UnicastBroadcast,
    /// To everybody; the sequencer then tells everybody the number (BB in Amoeba).
    BroadcastBroadcast,
    /// The sender asks the sequencer for a number, then sends to everybody with the number.
    UnicastUnicastBroadcast,
}

impl Default for Config {
    fn default() -> Self {
        Self { sequencer: None, variant: Variant::default(), numbered: true }
    }
}

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
    /// To the sequencer: a number for a message, please.
    Ask {
        /// Which of the sender's messages it is for.
        id: u64,
    },
    /// From the sequencer: the number.
    Grant {
        /// The place in the one order.
        number: u64,
        /// Which of the receiver's messages it is for.
        id: u64,
    },
}

impl Process for Sequencer {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "sequencer",
        summary: "One process numbers every message; everybody delivers in order of the numbers.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes, the sequencer least of all",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "total-order"],
        messages: &[
            ("submit", "to the sequencer: number this and send it on (unicast-broadcast)"),
            ("ordered", "to everybody: a message with its number"),
            ("data", "to everybody: a message, its number follows (broadcast-broadcast)"),
            ("order", "to everybody: the number of a message (broadcast-broadcast)"),
            ("ask", "to the sequencer: a number, please (unicast-unicast-broadcast)"),
            ("grant", "from the sequencer: the number (unicast-unicast-broadcast)"),
        ],
        cost: "for each broadcast N messages and 2 delays (unicast-broadcast), 2(N-1) and 2 (broadcast-broadcast), N+1 and 3 (unicast-unicast-broadcast); N-1 and 1 when the sequencer itself sends",
        breaks: &[
            "the sequencer crashes: nothing is delivered any more (validity)",
            "two messages of one sender overtake each other on the way to the sequencer (fifo-order)",
        ],
        source: "Kaashoek, Tanenbaum, Group communication in the Amoeba distributed operating system (1991); Defago, Schiper, Urban, Total order broadcast and multicast algorithms (2004), section 4.2",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            config: config.clone(),
            sequencer: config.sequencer.unwrap_or(ProcessId(0)),
            given: 0,
            sent: 0,
            next: 1,
            ordered: BTreeMap::new(),
            unordered: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Submit { id, body } => self.send_ordered(ctx, Said { from, id, body }),
            Message::Ordered { number, origin, id, body } => {
                self.on_ordered(ctx, number, Said { from: origin, id, body })
            }
            Message::Data { id, body } => self.on_data(ctx, Said { from, id, body }),
            Message::Order { number, origin, id } => self.on_order(ctx, number, origin, id),
            Message::Ask { id } => self.on_ask(ctx, from, id),
            Message::Grant { number, id } => self.on_grant(ctx, number, id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Sequencer {
    /// Upon event ⟨to-broadcast⟩: the sequencer numbers its own messages at once, the others go their way.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let (from, id) = (ctx.me(), self.sent);
        if from == self.sequencer {
            return self.send_ordered(ctx, Said { from, id, body });
        }
        match self.config.variant {
            Variant::UnicastBroadcast => ctx.send(self.sequencer, Message::Submit { id, body }),
            Variant::BroadcastBroadcast => {
                ctx.broadcast(Message::Data { id, body: body.clone() });
                self.on_data(ctx, Said { from, id, body });
            }
            Variant::UnicastUnicastBroadcast => {
                self.unordered.insert((from, id), body);
                ctx.send(self.sequencer, Message::Ask { id });
            }
        }
    }

    /// The sequencer numbers a message and sends it to everybody.
    fn send_ordered(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        self.given += 1;
        let number = self.given;
        let Said { from: origin, id, body } = said.clone();
        ctx.broadcast(Message::Ordered { number, origin, id, body });
        self.on_ordered(ctx, number, said);
    }

    /// A message with its number: deliver from the next number on, as far as there is no gap.
    fn on_ordered(&mut self, ctx: &mut Context<'_, Self>, number: u64, said: Said) {
        if number < self.next {
            return;
        }
        self.ordered.insert(number, said);
        while let Some(Said { from, id, body }) = self.ordered.remove(&self.next) {
            let number = self.config.numbered.then_some(self.next);
            ctx.produce(Output::Deliver(Delivery { number, from, id, body }));
            self.next += 1;
        }
    }

    /// A message without its number: the sequencer gives it one, the others wait for it.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let name = (said.from, said.id);
        if ctx.me() == self.sequencer {
            self.given += 1;
            let (origin, id) = name;
            ctx.broadcast(Message::Order { number: self.given, origin, id });
            self.on_ordered(ctx, self.given, said);
        } else if let Some(number) = self.numbers.remove(&name) {
            self.on_ordered(ctx, number, said);
        } else {
            self.unordered.insert(name, said.body);
        }
    }

    /// The number of a message, which may come before the message.
    fn on_order(&mut self, ctx: &mut Context<'_, Self>, number: u64, from: ProcessId, id: u64) {
        match self.unordered.remove(&(from, id)) {
            Some(body) => self.on_ordered(ctx, number, Said { from, id, body }),
            None => drop(self.numbers.insert((from, id), number)),
        }
    }

    /// Somebody wants a number.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64) {
        self.given += 1;
        ctx.send(from, Message::Grant { number: self.given, id });
    }

    /// The number for an own message: send it to everybody.
    fn on_grant(&mut self, ctx: &mut Context<'_, Self>, number: u64, id: u64) {
        let origin = ctx.me();
        let Some(body) = self.unordered.remove(&(origin, id)) else { return };
        ctx.broadcast(Message::Ordered { number, origin, id, body: body.clone() });
        self.on_ordered(ctx, number, Said { from: origin, id, body });
    }
}
