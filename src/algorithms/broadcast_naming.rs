//! Names without a server: whoever wants to know asks everybody, and whoever is called so answers.
//!
//! Plummer, "An Ethernet address resolution protocol", RFC 826 (1982); van Steen and Tanenbaum, "Distributed systems",
//! 3rd edition (2017), section 5.2, "Simple solutions".

use crate::{
    problems::naming::{Naming, Output, Request},
    process::{Context, Description, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BroadcastNaming {
    config: Config,
    /// How many requests there were, in this life and before.
    asked: u64,
    /// What is called so here, and its address.
    own: BTreeMap<String, String>,
    /// What others have answered, and until when that may be used.
    cache: BTreeMap<String, (String, LocalTime)>,
    /// What was asked and not answered.
    open: BTreeMap<u64, Open>,
}

/// A question that is open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    name: String,
    since: LocalTime,
    /// How often it may still be asked.
    left: u32,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How long an answer may be kept, counted from the question; nothing is kept when it is zero.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// How long to wait for an answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How often to ask before silence is taken for a no.
    pub attempts: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(10), timeout: Duration::from_secs(1), attempts: 3 }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Who is called so?
    WhoHas {
        /// Which of the sender's requests it is for.
        id: u64,
        /// The name.
        name: String,
    },
    /// I am, and this is my address.
    IHave {
        /// To which request.
        id: u64,
        /// The name.
        name: String,
        /// Its address.
        address: String,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Nobody has answered this request's question in time.
    Patience(u64),
}

impl Process for BroadcastNaming {
    type Problem = Naming;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many requests there were: an answer to a former life's must not be taken for an answer to this one's.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "broadcast-naming",
        summary: "Asks everybody for a name; whoever is called so answers, and silence is a no.",
        assumes: &[
            "no name that two processes are called by at a time",
            "whoever is called so is up, hears one of `attempts` questions and answers within `timeout` (truth)",
            "clocks that do not drift and are not set (bounded-staleness)",
        ],
        promises: &["answered", "available", "truth", "bounded-staleness"],
        messages: &[("who-has", "who is called so? to everybody"), ("i-have", "the address, to who asked")],
        cost: "N messages and 2 delays for a name that is not in the cache, none for one that is; attempts(N-1) for one that nobody has; none for a registration",
        breaks: &[
            "whoever is called so is out of reach: silence is taken for a no (truth)",
            "two processes register one name: whoever answers first is believed (truth)",
        ],
        source: "Plummer, An Ethernet address resolution protocol, RFC 826 (1982)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, asked: u64) -> Self {
        if !config.ttl.is_zero() {
            ctx.produce(Output::Lifetime(config.ttl));
        }
        let (own, cache, open) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { config: *config, asked, own, cache, open }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        ctx.save(self.asked);
        match request {
            Request::Register { name, address } => self.on_register(ctx, name, address),
            Request::Unregister(name) => self.on_unregister(ctx, name),
            Request::Resolve(name) => self.on_resolve(ctx, name),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::WhoHas { id, name } => self.on_who_has(ctx, from, id, name),
            Message::IHave { id, name, address } => self.on_i_have(ctx, id, &name, address),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience(id) => self.ask(ctx, id),
        }
    }
}

impl BroadcastNaming {
    /// A name is taken: nobody needs to be told.
    fn on_register(&mut self, ctx: &mut Context<'_, Self>, name: String, address: String) {
        self.own.insert(name.clone(), address.clone());
        ctx.produce(Output::Registered { id: self.asked, name, address });
    }

    /// A name is given up; only by who has it.
    fn on_unregister(&mut self, ctx: &mut Context<'_, Self>, name: String) {
        let id = self.asked;
        ctx.produce(match self.own.remove(&name) {
            Some(_) => Output::Unregistered { id, name },
            None => Output::NotFound { id, name, hops: 0, cached: false },
        });
    }

    /// Known here, or kept and not too old: there is an answer at once. Everybody is asked otherwise.
    fn on_resolve(&mut self, ctx: &mut Context<'_, Self>, name: String) {
        let (id, now) = (self.asked, ctx.now());
        if let Some(address) = self.own.get(&name).cloned() {
            return ctx.produce(Output::Resolved { id, name, address, hops: 0, cached: false });
        }
        if let Some((address, _)) = self.cache.get(&name).filter(|(_, expires)| *expires > now) {
            let address = address.clone();
            return ctx.produce(Output::Resolved { id, name, address, hops: 0, cached: true });
        }
        self.cache.remove(&name);
        self.open.insert(id, Open { name, since: now, left: self.config.attempts.max(1) });
        self.ask(ctx, id);
    }

    /// Asks everybody, once more if nobody answered; then silence is an answer.
    fn ask(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Some(open) = self.open.get_mut(&id) else { return };
        let name = open.name.clone();
        if open.left == 0 {
            self.open.remove(&id);
            return ctx.produce(Output::NotFound { id, name, hops: 1, cached: false });
        }
        open.left -= 1;
        ctx.broadcast(Message::WhoHas { id, name });
        ctx.set_timer(Timer::Patience(id), self.config.timeout);
    }

    /// Whoever is called so answers; the others keep silent.
    fn on_who_has(&self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, name: String) {
        let Some(address) = self.own.get(&name).cloned() else { return };
        ctx.send(from, Message::IHave { id, name, address });
    }

    /// The first answer counts. What is kept cannot be older than the question.
    fn on_i_have(&mut self, ctx: &mut Context<'_, Self>, id: u64, name: &str, address: String) {
        let Some(open) = self.open.get(&id).filter(|open| open.name == name) else { return };
        let (name, since) = (open.name.clone(), open.since);
        self.open.remove(&id);
        ctx.cancel_timer(Timer::Patience(id));
        if !self.config.ttl.is_zero() {
            self.cache.insert(name.clone(), (address.clone(), since.after(self.config.ttl)));
        }
        ctx.produce(Output::Resolved { id, name, address, hops: 1, cached: false });
    }
}
