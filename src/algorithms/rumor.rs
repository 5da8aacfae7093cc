//! Rumour mongering: who hears something new tells others at random, and loses interest when they know it already.
//!
//! Demers et al., "Epidemic algorithms for replicated database maintenance" (1987), section 1.4, push; after the
//! epidemics of Kermack and McKendrick (1927): susceptible, infective, removed. It stops by itself and costs few
//! messages, but it does not reach everybody: a residue never hears it. That is why Demers et al. back it up with
//! anti-entropy.
//!
//! ```text
//! a --rumor--> b        once in every cycle, as long as `a` is infective
//! a <-feedback- b       "I knew that already": `a` counts it, and is removed when it has counted k
//! ```

use super::parts::peers::any_other;
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rumor {
    config: Config,
    /// How many messages this process has broadcast.
    sent: u64,
    /// What was heard; who is susceptible to a rumour does not know of it.
    rumors: BTreeMap<Name, State>,
    /// Whether another cycle will come.
    awake: bool,
}

/// Whose message it is, and which of its sender's it is, counted from 1.
type Name = (ProcessId, u64);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    /// Eager to tell it.
    Infective(Interest),
    /// Not interested any more.
    Removed,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Interest {
    body: String,
    /// How many contacts counted against the rumour.
    count: u32,
    /// Who was told in the last cycle and has not answered.
    told: Option<ProcessId>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which contacts count against the rumour.
    pub variant: Variant,
    /// What a contact that counts does.
    pub interest: Loss,
    /// How easily interest is lost: after so many contacts that count, or with one chance in so many at each.
    pub k: u32,
    /// How long a cycle is; longer than a message and its answer take.
    #[serde(with = "duration")]
    pub period: Duration,
}

/// Which contacts count against the rumour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Those with a process that knew the rumour already, or that does not answer within the cycle.
    #[default]
    Feedback,
    /// All; nobody answers.
    Blind,
}

/// How interest is lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// After k contacts that count.
    #[default]
    Counter,
    /// With probability 1/k at each contact that counts.
    Coin,
}

impl Default for Config {
    fn default() -> Self {
        let (variant, interest) = (Variant::default(), Loss::default());
        Self { variant, interest, k: 2, period: Duration::from_millis(100) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Have you heard?
    Rumor {
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// The answer.
    Feedback {
        /// Who said what the answer is about.
        origin: ProcessId,
        /// Which of the origin's messages it was.
        id: u64,
        /// Whether it was known already.
        known: bool,
    },
}

/// The timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A cycle begins.
    #[serde(rename = "cycle")]
    Cycle,
}

impl Process for Rumor {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "rumor",
        summary: "Tells others at random until they know it already: stops by itself, but a few never hear it.",
        assumes: &[
            "everybody can call everybody; messages may be lost, duplicated and overtaken",
            "nobody needs to hear everything: some are left out even when nothing fails",
            "who crashes stays down",
        ],
        promises: &["self-delivery", "integrity"],
        messages: &[
            ("rumor", "have you heard?"),
            ("feedback", "whether it was known already (variant feedback)"),
        ],
        cost: "with a counter and I processes reached, (k+1)I-1 rumors and as many answers (feedback), kI rumors (blind); a fraction s of all is left out, s = e^(-(k+1)(1-s)) (feedback), s = e^(-k(1-s)) (blind): 20%, 6%, 2%, 0.7% for k = 1, 2, 3, 4 with feedback",
        breaks: &[
            "relying on it alone: the residue never hears the rumour (validity, agreement)",
            "a restart: what was heard before is delivered again (integrity)",
        ],
        source: "Demers et al., Epidemic algorithms for replicated database maintenance (1987), section 1.4",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let config = Config { k: config.k.max(1), ..*config };
        Self { config, sent: 0, rumors: BTreeMap::new(), awake: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_publish(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Rumor { origin, id, body } => self.on_rumor(ctx, from, (origin, id), body),
            Message::Feedback { origin, id, known } => self.on_feedback(ctx, from, (origin, id), known),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Cycle => self.on_cycle(ctx),
        }
    }
}

impl Rumor {
    /// Whether this process has heard of a message.
    pub fn has_heard(&self, from: ProcessId, id: u64) -> bool {
        self.rumors.contains_key(&(from, id))
    }

    /// Upon event ⟨publish⟩: the first to be infected.
    fn on_publish(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        self.infect(ctx, (ctx.me(), self.sent), body);
    }

    /// Susceptible becomes infective: delivers, and tells others from the next cycle on.
    fn infect(&mut self, ctx: &mut Context<'_, Self>, (from, id): Name, body: String) {
        let interest = Interest { body: body.clone(), count: 0, told: None };
        self.rumors.insert((from, id), State::Infective(interest));
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
        self.wake(ctx);
    }

    /// Upon a cycle: tell each rumour to somebody. Who has not answered by now might as well have known it.
    fn on_cycle(&mut self, ctx: &mut Context<'_, Self>) {
        self.awake = false;
        let config = self.config;
        for (&(origin, id), state) in &mut self.rumors {
            let State::Infective(interest) = state else { continue };
            if interest.told.take().is_some() && interest.counts(ctx, config) {
                *state = State::Removed;
                continue;
            }
            let Some(peer) = any_other(ctx) else {
                *state = State::Removed;
                continue;
            };
            ctx.send(peer, Message::Rumor { origin, id, body: interest.body.clone() });
            match config.variant {
                Variant::Feedback => interest.told = Some(peer),
                Variant::Blind if interest.counts(ctx, config) => *state = State::Removed,
                Variant::Blind => {}
            }
        }
        self.wake(ctx);
    }

    /// Upon a rumour: new or not, its teller wants to know.
    fn on_rumor(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: Name, body: String) {
        let known = self.rumors.contains_key(&name);
        if !known {
            self.infect(ctx, name, body);
        }
        if self.config.variant == Variant::Feedback {
            ctx.send(from, Message::Feedback { origin: name.0, id: name.1, known });
        }
    }

    /// Upon an answer: one who knew it already counts.
    fn on_feedback(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: Name, known: bool) {
        let config = self.config;
        let Some(state) = self.rumors.get_mut(&name) else { return };
        let State::Infective(interest) = state else { return };
        if interest.told != Some(from) {
            return;
        }
        interest.told = None;
        if known && interest.counts(ctx, config) {
            *state = State::Removed;
        }
    }

    /// Another cycle will come while there is something to tell.
    fn wake(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.awake && self.rumors.values().any(|state| matches!(state, State::Infective(_))) {
            self.awake = true;
            ctx.set_timer(Timer::Cycle, self.config.period);
        }
    }
}

impl Interest {
    /// A contact counts against the rumour: gives whether interest is lost.
    fn counts(&mut self, ctx: &mut Context<'_, Rumor>, config: Config) -> bool {
        self.count += 1;
        match config.interest {
            Loss::Counter => self.count >= config.k,
            Loss::Coin => ctx.choose(config.k) == 0,
        }
    }
}
