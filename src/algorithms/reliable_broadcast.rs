//! Reliable broadcast: what one correct process delivers, all correct processes deliver, whoever crashes in between.
//!
//! Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related problems" (1994);
//! Cachin, Guerraoui, Rodrigues, "Introduction to Reliable and Secure Distributed Programming" (2011), Algorithms 3.2
//! (lazy) and 3.3 (eager).
//!
//! ```text
//! eager: everybody passes on what is new      lazy: everybody passes on what a suspect has said
//! p --data--> q, r                            p --data--> q      p crashes before r's copy leaves
//! q --data--> r      r --data--> q            q suspects p: q --data(p)--> p, r
//! ```
//!
//! A message is delivered before it is passed on, as in the book: who delivers and crashes at once may be the only one
//! who ever delivers. That is why this broadcast is not uniform.

use super::parts::heartbeat::{self, Alive, Heartbeat, Pulse};
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReliableBroadcast {
    relay_back: bool,
    /// How many messages this process has broadcast.
    sent: u64,
    /// What was delivered, by sender and number.
    delivered: BTreeSet<(ProcessId, u64)>,
    /// Whom this process suspects, and what it must pass on then; only when lazy.
    lazy: Option<Lazy>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Lazy {
    detector: Heartbeat,
    /// What was delivered of each sender (the book's `from`).
    said_by: BTreeMap<ProcessId, Vec<(u64, String)>>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// When messages are passed on.
    pub mode: Mode,
    /// Eager only: whether a message goes back, too, to the process it came from, as the book has it.
    pub relay_back: bool,
    /// Lazy only: how failures are detected.
    pub heartbeat: heartbeat::Config,
}

/// When messages are passed on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Always, at first receipt.
    #[default]
    Eager,
    /// When their sender is suspected to have crashed.
    Lazy,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, from its sender or passed on.
    Data {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// A sign of life; only when lazy.
    Alive,
}

impl From<Alive> for Message {
    fn from(Alive: Alive) -> Self {
        Self::Alive
    }
}

impl Process for ReliableBroadcast {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Pulse;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "reliable-broadcast",
        summary: "Passes messages on, always or when their sender is suspected, so that all correct processes deliver the same.",
        assumes: &[
            "perfect links: nothing is lost between correct processes; duplicates and order do not matter",
            "processes that crash stay down; any number of them may crash",
            "lazy: whoever crashes is suspected in the end; a wrong suspicion costs messages only",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity"],
        messages: &[
            ("data", "what was said, by whom, with its number among that process's messages"),
            ("alive", "a sign of life, to everybody, once in a period (lazy)"),
        ],
        cost: "eager: (N-1)^2 messages for each broadcast, N(N-1) with relay-back; lazy: N-1 without failures, and N-1 for each survivor and each message of a suspected process; 1 message delay",
        breaks: &[
            "expecting more: a process delivers, crashes, and nobody else ever does (uniform-agreement)",
            "lazy: nobody suspects the sender that crashed, or too late (agreement)",
        ],
        source: "Hadzilacos, Toueg, A modular approach to fault-tolerant broadcasts and related problems (1994); Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure Distributed Programming (2011), Algorithms 3.2 and 3.3",
    };
    const FORMULAS: &'static [Formula] = &[
        Formula::exact("(N-1)^2").with(&[("mode", "eager"), ("relay-back", "false")]),
        Formula::exact("N(N-1)").with(&[("mode", "eager"), ("relay-back", "true")]),
        Formula::exact("N-1").with(&[("mode", "lazy")]).apart(&["alive"]),
    ];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let lazy = (config.mode == Mode::Lazy).then(|| {
            let everybody = ctx.group();
            Lazy { detector: Heartbeat::start(ctx, config.heartbeat, everybody), said_by: BTreeMap::new() }
        });
        Self { relay_back: config.relay_back, sent: 0, delivered: BTreeSet::new(), lazy }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { origin, id, body } => self.on_data(ctx, from, origin, id, body),
            Message::Alive => self.on_alive(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(lazy) = &mut self.lazy else { return };
        let Some(suspect) = lazy.detector.on_pulse(ctx, pulse) else { return };
        self.on_suspicion(ctx, suspect);
    }
}

impl ReliableBroadcast {
    /// Upon event ⟨rbBroadcast⟩: the first to receive a message is its sender.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        self.deliver(ctx, me, id, body.clone());
        ctx.broadcast(Message::Data { origin: me, id, body });
    }

    /// Upon event ⟨bebDeliver⟩: the first copy is delivered, and passed on if it must be.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        origin: ProcessId,
        id: u64,
        body: String,
    ) {
        if self.delivered.contains(&(origin, id)) {
            return;
        }
        self.deliver(ctx, origin, id, body.clone());
        let relayed = Message::Data { origin, id, body };
        match &self.lazy {
            Some(lazy) if lazy.detector.suspects(origin) => ctx.broadcast(relayed),
            Some(_) => {}
            None if self.relay_back => ctx.broadcast(relayed),
            None => {
                let me = ctx.me();
                let others = ctx.group().filter(|process| *process != me && *process != from);
                ctx.multicast(others, relayed);
            }
        }
    }

    /// Upon event ⟨crash⟩ of the failure detector: what the suspect has said may have reached nobody else.
    fn on_suspicion(&mut self, ctx: &mut Context<'_, Self>, suspect: ProcessId) {
        let Some(lazy) = &self.lazy else { return };
        for (id, body) in lazy.said_by.get(&suspect).into_iter().flatten() {
            ctx.broadcast(Message::Data { origin: suspect, id: *id, body: body.clone() });
        }
    }

    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(lazy) = &mut self.lazy else { return };
        lazy.detector.on_alive(ctx, from);
    }

    /// Trigger ⟨rbDeliver⟩; when lazy, remember what was said in case its sender crashes.
    fn deliver(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        self.delivered.insert((from, id));
        if let Some(lazy) = &mut self.lazy {
            lazy.said_by.entry(from).or_default().push((id, body.clone()));
        }
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }
}
