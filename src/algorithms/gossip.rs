//! Gossip: in each round everybody calls one other at random; news is pushed to the called, pulled from it, or both.
//!
//! Push: Frieze, Grimmett, "The shortest-path problem for graphs with random arc-lengths" (1985); Pittel, "On
//! spreading a rumor" (1987). Pull and both: Demers et al., "Epidemic algorithms for replicated database maintenance"
//! (1987), section 1.3; Karp, Schindelhauer, Shenker, Vöcking, "Randomized rumor spreading" (2000), from which the rule
//! that ends it: a rumour carries its age in rounds, and is pushed until it is old.
//!
//! ```text
//! push                       pull                              push-pull
//! a --push(news)--> b        a --pull(what I know)--> b        a --call(news, what I know)--> b
//!                            a <--reply(the rest)---- b        a <--------reply(the rest)---- b
//! ```
//!
//! Rounds are those of each process's own timer. What is learned in a round is told from the next round on, as in the
//! round model, where everybody acts on what it knew when the round began. Nobody can know when to stop asking: a
//! process asks for `rounds` rounds after it started and after it last heard something new.

use super::parts::peers::any_other;
use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Gossip {
    config: Config,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Which round it is, counted from 0 at the start; only rounds in which there was something to do are counted.
    round: u64,
    /// In which round something was learned last; that of the start, when nothing was.
    learned_last: u64,
    /// Whether another round will come.
    awake: bool,
    known: BTreeMap<Name, Rumour>,
    /// Those among `known` that may be young enough to be pushed.
    young: BTreeSet<Name>,
}

/// Whose message it is, and which of its sender's it is, counted from 1.
type Name = (ProcessId, u64);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Rumour {
    body: String,
    /// In which of this process's rounds it was learned.
    learned: u64,
    /// How old it was then, in rounds.
    age: u32,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which way news goes in a call.
    pub mode: Mode,
    /// How long a round is; longer than a call and its answer take.
    #[serde(with = "duration")]
    pub period: Duration,
    /// A rumour is pushed until it is so many rounds old; a process pulls for so many rounds after it started and after
    /// it last heard something new. For ever, when `null`.
    pub rounds: Option<u32>,
}

/// Which way news goes in a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// From the caller to the called.
    Push,
    /// From the called to the caller.
    Pull,
    /// Both ways.
    #[default]
    PushPull,
}

impl Default for Config {
    fn default() -> Self {
        Self { mode: Mode::PushPull, period: Duration::from_millis(100), rounds: Some(20) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What the caller heard lately.
    Push {
        /// The news.
        news: Vec<News>,
    },
    /// Tell me what I do not know.
    Pull {
        /// What the caller knows.
        known: Vec<(ProcessId, u64)>,
    },
    /// Both in one.
    Call {
        /// The news.
        news: Vec<News>,
        /// What the caller knows.
        known: Vec<(ProcessId, u64)>,
    },
    /// What the caller did not know; left out when there is nothing.
    Reply {
        /// The rest.
        news: Vec<News>,
    },
}

/// A rumour on its way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct News {
    /// Who said it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// How many rounds ago.
    pub age: u32,
    /// What was said.
    pub body: String,
}

/// The timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A round begins.
    #[serde(rename = "round")]
    Round,
}

impl Process for Gossip {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "gossip",
        summary: "Everybody calls one other at random in each round; news spreads like an epidemic, whatever is lost or who crashes.",
        assumes: &[
            "everybody can call everybody; messages may be lost, duplicated and overtaken",
            "enough rounds: its promises hold with a probability that grows with `rounds`",
            "who says something does not crash before somebody else has heard it; who crashes stays down",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity"],
        messages: &[
            ("push", "what the caller heard lately (push)"),
            ("pull", "what the caller knows: tell me the rest (pull)"),
            ("call", "both (push-pull)"),
            (
                "reply",
                "what the caller does not know; nothing is sent when there is nothing (pull, push-pull)",
            ),
        ],
        cost: "rounds until all of n know, on average: push log2 n + ln n + 1.1, pull log2 n + log2 ln n + 1.0, push-pull log3 n + log2 ln n + 0.1; one call a round from each who has something to push or to ask, and the replies",
        breaks: &[
            "too few rounds: some never hear it (validity, agreement)",
            "the same choices at everybody: all call the same peer (validity)",
            "a restart: what was heard before is delivered again (integrity)",
        ],
        source: "Demers et al., Epidemic algorithms for replicated database maintenance (1987), section 1.3; Pittel, On spreading a rumor (1987); Karp, Schindelhauer, Shenker, Voecking, Randomized rumor spreading (2000)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let mut gossip = Self {
            config: *config,
            sent: 0,
            round: 0,
            learned_last: 0,
            awake: false,
            known: BTreeMap::new(),
            young: BTreeSet::new(),
        };
        gossip.wake(ctx);
        gossip
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_publish(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Push { news } | Message::Reply { news } => self.on_news(ctx, news),
            Message::Pull { known } => self.on_pull(ctx, from, known),
            Message::Call { news, known } => {
                self.on_pull(ctx, from, known);
                self.on_news(ctx, news);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Round => self.on_round(ctx),
        }
    }
}

impl Gossip {
    /// How many rounds after it was said this process learned of a message, if it did.
    pub fn age_when_learned(&self, from: ProcessId, id: u64) -> Option<u32> {
        self.known.get(&(from, id)).map(|rumour| rumour.age)
    }

    /// Upon event ⟨publish⟩: it is news to this process, too.
    fn on_publish(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        self.learn(ctx, News { from: ctx.me(), id: self.sent, age: 0, body });
    }

    /// Upon a round: call somebody, if there is something to tell or to ask.
    fn on_round(&mut self, ctx: &mut Context<'_, Self>) {
        self.awake = false;
        self.round += 1;
        let (mode, round, rounds) = (self.config.mode, self.round, self.config.rounds);
        let known = &self.known;
        self.young.retain(|name| {
            known.get(name).is_some_and(|rumour| rounds.is_none_or(|rounds| rumour.age_in(round) <= rounds))
        });
        let tells = mode != Mode::Pull && !self.young.is_empty();
        let asks =
            mode != Mode::Push && rounds.is_none_or(|rounds| round - self.learned_last <= u64::from(rounds));
        if !tells && !asks {
            return;
        }
        let Some(peer) = any_other(ctx) else { return };
        let message = match mode {
            Mode::Push => Message::Push { news: self.news() },
            Mode::Pull => Message::Pull { known: self.names() },
            Mode::PushPull => Message::Call { news: self.news(), known: self.names() },
        };
        ctx.send(peer, message);
        self.wake(ctx);
    }

    /// Upon a question: what was known when the round began and is unknown to the caller.
    fn on_pull(&self, ctx: &mut Context<'_, Self>, from: ProcessId, known: Vec<Name>) {
        let known: BTreeSet<Name> = known.into_iter().collect();
        let told = self
            .known
            .iter()
            .filter(|(name, rumour)| !known.contains(name) && (rumour.learned < self.round || !self.awake));
        let news: Vec<News> = told.map(|(name, rumour)| rumour.told(*name, self.round)).collect();
        if !news.is_empty() {
            ctx.send(from, Message::Reply { news });
        }
    }

    /// Upon news: deliver what is new.
    fn on_news(&mut self, ctx: &mut Context<'_, Self>, news: Vec<News>) {
        for told in news {
            if !self.known.contains_key(&(told.from, told.id)) {
                self.learn(ctx, told);
            }
        }
    }

    /// Remembers, delivers, and goes on for some rounds.
    fn learn(&mut self, ctx: &mut Context<'_, Self>, News { from, id, age, body }: News) {
        let rumour = Rumour { body: body.clone(), learned: self.round, age };
        self.known.insert((from, id), rumour);
        self.young.insert((from, id));
        self.learned_last = self.round;
        ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
        self.wake(ctx);
    }

    /// Another round will come, if it is not to come already and there is something to do in it.
    fn wake(&mut self, ctx: &mut Context<'_, Self>) {
        let idle = self.config.mode == Mode::Push && self.young.is_empty();
        if !self.awake && !idle && ctx.group_size() > 1 {
            self.awake = true;
            ctx.set_timer(Timer::Round, self.config.period);
        }
    }

    /// What is known.
    fn names(&self) -> Vec<Name> {
        self.known.keys().copied().collect()
    }

    /// What is young enough to be pushed.
    fn news(&self) -> Vec<News> {
        let rumours = self.young.iter().filter_map(|name| Some((name, self.known.get(name)?)));
        rumours.map(|(name, rumour)| rumour.told(*name, self.round)).collect()
    }
}

impl Rumour {
    /// How old it is in this round.
    fn age_in(&self, round: u64) -> u32 {
        let rounds = u32::try_from(round - self.learned).unwrap_or(u32::MAX);
        self.age.saturating_add(rounds)
    }

    fn told(&self, (from, id): Name, round: u64) -> News {
        News { from, id, age: self.age_in(round), body: self.body.clone() }
    }
}
