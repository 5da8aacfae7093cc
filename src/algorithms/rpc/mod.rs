//! Remote procedure calls: maybe, at least once, or at most once.
//!
//! Birrell and Nelson, "Implementing remote procedure calls" (1984), sections 2 (binding) and 3 (calls and duplicates);
//! the three semantics after Coulouris, Dollimore, Kindberg, "Distributed systems", section 5.3.1.
//!
//! ```text
//! client  --call(id)--------->x     no answer: call(id) again     --call(id)-->           <--return(id)--
//! server                                                          new: execute, keep the reply
//!                                                                 known: send the reply again
//! ```

mod config;
mod offer;
mod reply_history;

pub use config::{Config, Durable, Semantics};
pub use offer::{Offer, Operation};
pub use reply_history::ReplyHistory;

use crate::{
    problems::rpc::{self, Answer, Output, Reference, Request, Why, objects::Interface},
    process::{Context, Description, Process, ProcessId},
};
use reply_history::{Arrival, Known};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant: a client, a server, and if it is the one that all know, the registry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rpc {
    config: Config,
    /// Which life this is, counted from 1.
    life: u64,
    /// How many requests there were, in all lives.
    asked: u64,
    pending: BTreeMap<u64, Pending>,
    /// What was found under which name.
    references: BTreeMap<String, Reference>,
    offer: Offer,
    history: ReplyHistory<Reply>,
    /// What is being executed, in order of arrival.
    running: BTreeMap<u64, Running>,
    arrived: u64,
}

/// A call without an answer so far.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Pending {
    to: ProcessId,
    name: String,
    operation: Operation,
    /// How often it was sent.
    sent: u32,
    patience: Duration,
}

/// A call that is being executed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Running {
    client: ProcessId,
    id: u64,
    operation: Operation,
}

/// The longest that a client waits between two attempts.
const PATIENCE_MAX: Duration = Duration::from_secs(5);

/// The result of a call, or why there is none.
type Reply = Result<Answer, Why>;

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Execute this for me.
    Call {
        /// Which of the client's requests it is.
        id: u64,
        /// Which life of the client.
        life: u64,
        /// The client waits for no request with a lower number.
        lowest: u64,
        /// What.
        operation: Operation,
    },
    /// This came of it.
    Return {
        /// Of which request.
        id: u64,
        /// The result.
        reply: Reply,
    },
    /// The reply has arrived and need not be kept.
    Acknowledge {
        /// Which life of the client.
        life: u64,
        /// The client waits for no request with a lower number.
        lowest: u64,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// This call has had no answer for too long.
    Patience(u64),
    /// This execution is through.
    Executed(u64),
}

/// What a process writes to stable storage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    life: u64,
    asked: u64,
    offer: Offer,
    history: ReplyHistory<Reply>,
}

impl Process for Rpc {
    type Problem = rpc::Rpc;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// A number is never used twice, and what of the server is durable.
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "rpc",
        summary: "Calls methods of remote objects that a registry knows by name: maybe, at least once, at most once.",
        assumes: &[
            "links that may lose, double and turn around messages; `attempts: 0` where calls must get through (exactly-once)",
            "servers that forget their objects when they crash, or save them with the replies (`durable: replies`)",
            "a registry at the same node for everybody",
        ],
        promises: &[
            "at-most-once",
            "at-least-once",
            "matching",
            "last-of-many",
            "registry",
            "answered",
            "exactly-once",
        ],
        messages: &[
            ("call", "what is to be executed: by the registry, or by an object's server"),
            ("return", "the result: an answer, an exception, or why there is none"),
            ("acknowledge", "the reply has arrived, with `acknowledge`"),
        ],
        cost: "2 messages for each request, 3 with `acknowledge`; with loss p each way 1/(1-p)^2 calls are sent for one \
               answer, and without a reply history 1/(1-p) executed",
        breaks: &[
            "`at-least-once` and a return that is lost or late: a counter counts one call twice (at-most-once)",
            "`maybe` and a message that arrives twice: it is executed twice (at-most-once)",
            "`durable: objects` and a server that crashes between two attempts: it does not know the second (at-most-once)",
            "a `window` that is too small for calls that overtake each other (at-most-once)",
            "a loss with `maybe`, or more losses than `attempts` (exactly-once)",
        ],
        source: "Birrell, Nelson, Implementing remote procedure calls (1984), sections 2 and 3",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let Stable { life, asked, offer, mut history } = stable;
        history.forget_unfinished();
        let booted = Self {
            config: *config,
            life: life + 1,
            asked,
            pending: BTreeMap::new(),
            references: BTreeMap::new(),
            offer,
            history,
            running: BTreeMap::new(),
            arrived: 0,
        };
        booted.save(ctx);
        booted
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        let registry = self.config.registry.unwrap_or(ProcessId(0));
        let (to, name, operation) = match request {
            Request::Bind { name, object } => {
                (registry, name.clone(), Operation::Bind { name, reference: self.export(ctx, object) })
            }
            Request::Rebind { name, object } => {
                (registry, name.clone(), Operation::Rebind { name, reference: self.export(ctx, object) })
            }
            Request::Unbind { name } => (registry, name.clone(), Operation::Unbind { name }),
            Request::Lookup { name } => (registry, name.clone(), Operation::Lookup { name }),
            Request::Call { name, method, argument } => {
                let Some(reference) = self.references.get(&name).copied() else {
                    self.save(ctx);
                    return ctx.produce(Output::Failed { call: self.asked, why: Why::NoReference });
                };
                (reference.server, name, Operation::Invoke { reference, method, argument })
            }
        };
        self.save(ctx);
        let patience = self.config.timeout;
        self.pending.insert(self.asked, Pending { to, name, operation, sent: 0, patience });
        self.transmit(ctx, self.asked);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Call { id, life, lowest, operation } => {
                if self.hear(ctx, from, life, lowest) {
                    self.on_call(ctx, Running { client: from, id, operation });
                }
            }
            Message::Return { id, reply } => self.on_return(ctx, from, id, reply),
            Message::Acknowledge { life, lowest } => {
                self.hear(ctx, from, life, lowest);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience(id) => self.on_patience(ctx, id),
            Timer::Executed(number) => {
                if let Some(call) = self.running.remove(&number) {
                    self.execute(ctx, call);
                }
            }
        }
    }
}

impl Rpc {
    fn export(&mut self, ctx: &Context<'_, Self>, object: Interface) -> Reference {
        self.offer.export(ctx.me(), self.life, object)
    }

    /// The client's stub: the call leaves, again if need be.
    fn transmit(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let lowest = self.lowest();
        let Some(pending) = self.pending.get_mut(&id) else { return };
        pending.sent += 1;
        let operation = pending.operation.clone();
        ctx.send(pending.to, Message::Call { id, life: self.life, lowest, operation });
        ctx.set_timer(Timer::Patience(id), pending.patience);
        pending.patience = pending.patience.saturating_mul(self.config.backoff.max(1)).min(PATIENCE_MAX);
    }

    /// No request with a lower number is open.
    fn lowest(&self) -> u64 {
        self.pending.first_key_value().map_or(self.asked + 1, |(id, _)| *id)
    }

    fn on_patience(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some(pending) = self.pending.get(&id) else { return };
        let attempts = match self.config.semantics {
            Semantics::Maybe => 1,
            Semantics::AtLeastOnce | Semantics::AtMostOnce => self.config.attempts,
        };
        if attempts == 0 || pending.sent < attempts {
            return self.transmit(ctx, id);
        }
        self.pending.remove(&id);
        ctx.produce(Output::Failed { call: id, why: Why::Timeout });
    }

    /// The first return ends the call; one that nobody waits for means nothing.
    fn on_return(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, reply: Reply) {
        if self.pending.get(&id).is_none_or(|pending| pending.to != from) {
            return;
        }
        let Some(pending) = self.pending.remove(&id) else { return };
        ctx.cancel_timer(Timer::Patience(id));
        if self.config.acknowledge && self.config.semantics == Semantics::AtMostOnce {
            ctx.send(from, Message::Acknowledge { life: self.life, lowest: self.lowest() });
        }
        match reply {
            Ok(answer) => {
                if let Answer::Found(reference) = answer {
                    self.references.insert(pending.name, reference);
                }
                ctx.produce(Output::Answered { call: id, answer });
            }
            Err(why) => {
                if why == Why::StaleReference {
                    self.references.remove(&pending.name);
                }
                ctx.produce(Output::Failed { call: id, why });
            }
        }
    }

    /// Takes note of a client's life: a new one makes orphans of what is executed for the old one, and what an old one
    /// sent is not heard any more.
    fn hear(&mut self, ctx: &mut Context<'_, Self>, client: ProcessId, life: u64, lowest: u64) -> bool {
        match self.history.hear(client, life, lowest) {
            Arrival::Present => true,
            Arrival::Outdated => false,
            Arrival::NewLife => {
                self.running.retain(|number, call| {
                    let orphan = call.client == client;
                    if orphan {
                        ctx.cancel_timer(Timer::Executed(*number));
                    }
                    !orphan
                });
                true
            }
        }
    }

    /// The server's skeleton: a call that is known is not executed again.
    fn on_call(&mut self, ctx: &mut Context<'_, Self>, call: Running) {
        if self.config.semantics == Semantics::AtMostOnce {
            if self.history.is_over(call.client, call.id) {
                return;
            }
            match self.history.known(call.client, call.id) {
                Known::New => self.history.keep(call.client, call.id, None, self.config.window),
                Known::InProgress => return,
                Known::Replied(reply) => {
                    return ctx.send(call.client, Message::Return { id: call.id, reply });
                }
            }
        }
        if self.config.work.is_zero() {
            return self.execute(ctx, call);
        }
        self.arrived += 1;
        ctx.set_timer(Timer::Executed(self.arrived), self.config.work);
        self.running.insert(self.arrived, call);
    }

    /// The effect and the reply are saved at once, before anybody hears of them.
    fn execute(&mut self, ctx: &mut Context<'_, Self>, Running { client, id, operation }: Running) {
        let reply = self.offer.execute(client, self.life, &operation);
        if self.config.semantics == Semantics::AtMostOnce {
            self.history.keep(client, id, Some(reply.clone()), self.config.window);
        }
        if self.config.durable != Durable::Nothing {
            self.save(ctx);
        }
        if let Ok(answer) = &reply {
            ctx.produce(Output::Executed { client, call: id, answer: answer.clone() });
        }
        ctx.send(client, Message::Return { id, reply });
    }

    fn save(&self, ctx: &mut Context<'_, Self>) {
        let (offer, history) = match self.config.durable {
            Durable::Nothing => Default::default(),
            Durable::Objects => (self.offer.clone(), ReplyHistory::default()),
            Durable::Replies => (self.offer.clone(), self.history.clone()),
        };
        ctx.save(Stable { life: self.life, asked: self.asked, offer, history });
    }
}
