//! Uniform reliable broadcast: what anybody delivers, even if it crashes right after, all correct processes deliver.
//!
//! Cachin, Guerraoui, Rodrigues, "Introduction to Reliable and Secure Distributed Programming" (2011), Algorithms 3.4
//! (all-ack, with a perfect failure detector) and 3.5 (majority-ack, without one). Everybody passes on what is new
//! before it delivers, and each copy tells its receiver that the one who passed it on has the message: its
//! acknowledgement. A message is delivered once enough have it.
//!
//! ```text
//! p --data--> q, r    q --data--> p, r    r --data--> p, q
//! majority-ack: q delivers when it has p's copy and its own; all-ack: when it has r's, too, or suspects r
//! ```

use super::parts::heartbeat::{self, Alive, Heartbeat, Pulse};
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UniformBroadcast {
    /// How many messages this process has broadcast.
    sent: u64,
    /// What was received and not delivered yet, by sender and number.
    pending: BTreeMap<(ProcessId, u64), Pending>,
    delivered: BTreeSet<(ProcessId, u64)>,
    /// Who is suspected to have crashed; only with `all-ack`.
    detector: Option<Heartbeat>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Pending {
    body: String,
    /// Who is known to have the message.
    acknowledged: BTreeSet<ProcessId>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who must have a message before it is delivered.
    pub mode: Mode,
    /// All-ack only: how failures are detected.
    pub heartbeat: heartbeat::Config,
}

/// Who must have a message before it is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// More than half of all processes.
    #[default]
    MajorityAck,
    /// All who are not suspected to have crashed.
    AllAck,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message, from its sender or passed on: its sender has it.
    Data {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// A sign of life; only with `all-ack`.
    Alive,
}

impl From<Alive> for Message {
    fn from(Alive: Alive) -> Self {
        Self::Alive
    }
}

impl Process for UniformBroadcast {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Pulse;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "uniform-broadcast",
        summary: "Delivers a message only once so many have it that it cannot be lost, whoever crashes.",
        assumes: &[
            "perfect links: nothing is lost between correct processes; duplicates and order do not matter",
            "processes that crash stay down",
            "majority-ack: fewer than half of all processes crash",
            "all-ack: any number may crash, but nobody is suspected who has not crashed",
        ],
        promises: &["validity", "self-delivery", "agreement", "uniform-agreement", "integrity"],
        messages: &[
            ("data", "what was said, by whom; also that the process it comes from has it"),
            ("alive", "a sign of life, to everybody, once in a period (all-ack)"),
        ],
        cost: "N(N-1) messages and 2 message delays for each broadcast",
        breaks: &[
            "majority-ack: half of the processes crash, and nothing is delivered any more (validity)",
            "all-ack: a process that is cut off takes all others for crashed, delivers alone and crashes (uniform-agreement)",
        ],
        source: "Cachin, Guerraoui, Rodrigues, Introduction to Reliable and Secure Distributed Programming (2011), Algorithms 3.4 and 3.5",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N(N-1)").apart(&["alive"])];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let everybody = ctx.group();
        let detector =
            (config.mode == Mode::AllAck).then(|| Heartbeat::start(ctx, config.heartbeat, everybody));
        Self { sent: 0, pending: BTreeMap::new(), delivered: BTreeSet::new(), detector }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { origin, id, body } => self.on_data(ctx, from, (origin, id), body),
            Message::Alive => self.on_alive(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(detector) = &mut self.detector else { return };
        if detector.on_pulse(ctx, pulse).is_some() {
            self.deliver_all(ctx);
        }
    }
}

impl UniformBroadcast {
    /// Upon event ⟨urbBroadcast⟩: the sender is the first to have it.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        self.on_data(ctx, me, (me, id), body);
    }

    /// Upon event ⟨bebDeliver⟩: one more has it; what is new is passed on to all before it can be delivered.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        name: (ProcessId, u64),
        body: String,
    ) {
        if self.delivered.contains(&name) {
            return;
        }
        let (me, (origin, id)) = (ctx.me(), name);
        let pending = self.pending.entry(name).or_insert_with(|| {
            ctx.broadcast(Message::Data { origin, id, body: body.clone() });
            Pending { body, acknowledged: BTreeSet::from([me]) }
        });
        pending.acknowledged.insert(from);
        self.try_to_deliver(ctx, name);
    }

    /// Upon event ⟨crash⟩ of the failure detector: what waited for the suspect alone need not wait any more.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let names: Vec<(ProcessId, u64)> = self.pending.keys().copied().collect();
        for name in names {
            self.try_to_deliver(ctx, name);
        }
    }

    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(detector) = &mut self.detector else { return };
        detector.on_alive(ctx, from);
    }

    /// Trigger ⟨urbDeliver⟩ as soon as `candeliver(m)`.
    fn try_to_deliver(&mut self, ctx: &mut Context<'_, Self>, name: (ProcessId, u64)) {
        let Some(pending) = self.pending.get(&name) else { return };
        if !self.enough_have(ctx, &pending.acknowledged) {
            return;
        }
        let Some(Pending { body, .. }) = self.pending.remove(&name) else { return };
        self.delivered.insert(name);
        let (from, id) = name;
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
    }

    /// `candeliver(m)`: a majority has the message, or all who are not suspected.
    fn enough_have(&self, ctx: &Context<'_, Self>, acknowledged: &BTreeSet<ProcessId>) -> bool {
        match &self.detector {
            None => acknowledged.len() * 2 > ctx.group_size(),
            Some(detector) => {
                ctx.group().all(|process| acknowledged.contains(&process) || detector.suspects(process))
            }
        }
    }
}
