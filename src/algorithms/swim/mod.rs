//! SWIM: everybody probes one other member in a period, and what it finds out spreads with the probes.
//!
//! Das, Gupta, Motivala, "SWIM: Scalable weakly-consistent infection-style process group membership protocol" (2002):
//! section 3 (detection), 4.1 (dissemination), 4.2 (suspicion), 4.3 (round robin); Dadgar, Phillips, Currey, "Lifeguard"
//! (2018), section IV, for telling a suspect of its suspicion.
//!
//! ```text
//!   p --ping--> q   no answer in time       q refutes:  q hears "q is suspected, incarnation 3"
//!   p --ping-request(q)--> r, s                         q says  "q is alive, incarnation 4"
//!         r --ping--> q --ack--> r --ack--> p
//!   no answer until the period ends: q is suspected, and dead if it does not refute that in time
//! ```
//!
//! A death is final for one life of a member. Whoever crashed or left comes back with a new life, which it saves; and
//! so does whoever hears that it is dead.

mod joining;
mod members;
mod news;

pub use members::{Health, News};

use super::parts::peers::{any_place, shuffle, some_of};
use crate::{
    problems::failure_detection::{FailureDetection, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use members::Members;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Swim {
    config: Config,
    stable: Stable,
    inside: bool,
    members: Members,
    /// Whom to probe in this round, the last one first.
    round: Vec<ProcessId>,
    /// The probe that was not answered yet, and whom it is for.
    open: Option<(Probe, ProcessId)>,
    probes: u64,
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How often this process has started or joined.
    pub life: u64,
    /// How it is a member.
    pub membership: Membership,
}

/// How somebody is a member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// From the beginning, if at all.
    #[default]
    Founded,
    /// By way of another member.
    Joined(ProcessId),
    /// No longer.
    Left,
}

/// How to probe, and how to spread.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// T', the protocol period: `ping-timeout` and an indirect round trip at least.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How long to wait for the answer to a ping before others are asked to try.
    #[serde(with = "duration")]
    pub ping_timeout: Duration,
    /// k, how many others are asked to try.
    pub helpers: u32,
    /// How long a suspect has to refute its suspicion.
    #[serde(with = "duration")]
    pub suspicion: Duration,
    /// λ: every member passes on a piece of news λ log2(N+1) times.
    pub spread: u32,
    /// How many pieces of news a message carries.
    pub news_max: usize,
    /// In what order members are probed.
    pub probe: Order,
    /// Who is a member to begin with; everybody unless said otherwise.
    pub members: Option<Vec<ProcessId>>,
    /// Whether a member that hears that it is dead begins a new life; it is outside otherwise.
    pub rejoin: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            ping_timeout: Duration::from_millis(300),
            helpers: 3,
            suspicion: Duration::from_secs(5),
            spread: 3,
            news_max: 8,
            probe: Order::default(),
            members: None,
            rejoin: true,
        }
    }
}

/// In what order members are probed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Everybody once, in an order that is shuffled for every round (section 4.3).
    #[default]
    RoundRobin,
    /// Anybody (section 3.1).
    Random,
}

/// Which probe this is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// Who wants to know.
    pub by: ProcessId,
    /// In which of its lives.
    pub life: u64,
    /// Which of its probes in this life.
    pub number: u64,
}

/// What participants send each other, all with some news.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are explained with their types and variants")]
pub enum Message {
    /// Are you alive?
    Ping { probe: Probe, news: Vec<News> },
    /// `of` is alive; from itself, or passed on to who wants to know.
    Ack { probe: Probe, of: ProcessId, news: Vec<News> },
    /// Ping `target` for me.
    PingRequest { probe: Probe, target: ProcessId, news: Vec<News> },
    /// I am no member any longer.
    Farewell { news: Vec<News> },
    /// Make me a member, in this life of mine.
    Join { life: u64 },
    /// You are a member; this is everybody.
    Welcome { news: Vec<News> },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// A period ends, and the next begins.
    Period,
    /// The ping was not answered in time.
    Ping,
    /// The suspect has not refuted its suspicion.
    Suspicion(ProcessId),
    /// Nobody has welcomed this process.
    Join,
}

impl Process for Swim {
    type Problem = FailureDetection;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "swim",
        summary: "Everybody probes one member in a period, directly and through others; what it finds out spreads with the probes.",
        assumes: &[
            "a `ping-timeout` above a round trip, and a `period` above that and an indirect round trip",
            "never wrong: of the direct and the indirect ways to a member, one in each period loses nothing",
            "wrong, but nobody dies of it: a suspect hears of it and is heard within `suspicion`",
            "somebody to probe, for as long as anything is to spread",
        ],
        promises: &[
            "completeness",
            "strong-accuracy",
            "eventual-accuracy",
            "answers",
            "incarnations",
            "dead-is-final",
            "death-accuracy",
        ],
        messages: &[
            ("ping", "are you alive?"),
            ("ack", "who is alive, and whose probe it answers"),
            ("ping-request", "ping somebody for me, who does not answer me"),
            ("farewell", "the sender has left"),
            ("join", "make me a member"),
            ("welcome", "everybody who is a member"),
        ],
        cost: "2N messages in a period without failures, 1+2k for the probe of a dead member; it is probed first after e/(e-1) periods on average (random), by each within 2N-1 (round robin); news takes O(log N) periods",
        breaks: &[
            "`helpers: 0` and a lost ping: a member is suspected for nothing (strong-accuracy)",
            "a partition that lasts longer than `suspicion`: each side buries the other, and never probes it again (eventual-accuracy, death-accuracy)",
        ],
        source: "Das, Gupta, Motivala, SWIM: Scalable weakly-consistent infection-style process group membership protocol (2002)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let me = ctx.me();
        let stable = Stable { life: stable.life + 1, ..stable };
        ctx.save(stable.clone());
        let mut members = match (stable.membership, &config.members) {
            (Membership::Founded, Some(founders)) => {
                Members::of(founders.iter().copied().filter(|id| id.index() < ctx.group_size()))
            }
            (Membership::Founded, None) => Members::of(ctx.group()),
            (Membership::Joined(_) | Membership::Left, _) => Members::default(),
        };
        let founder = members.get(me).is_some();
        let is = if stable.membership == Membership::Left { Health::Left } else { Health::Alive };
        let own = News { is, life: stable.life, ..News::initial(me) };
        members.set(own);
        if own.life > 1 && own.is_active() {
            ctx.produce(own.output());
        }
        let (config, round) = (config.clone(), Vec::new());
        let mut process = Self { config, stable, inside: false, members, round, open: None, probes: 0 };
        match process.stable.membership {
            Membership::Founded if founder => process.begin(ctx),
            Membership::Joined(contact) => {
                ctx.produce(Output::Outside);
                process.ask_to_join(ctx, contact);
            }
            Membership::Founded | Membership::Left => ctx.produce(Output::Outside),
        }
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Query(process) => {
                let opinion = self.members.opinion(process);
                ctx.produce(Output::Status { process, opinion });
            }
            Request::Join(contact) => self.on_join_request(ctx, contact),
            Request::Leave => self.on_leave(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ping { probe, news } => self.on_ping(ctx, from, probe, news),
            Message::Ack { probe, of, news } => self.on_ack(ctx, from, probe, of, news),
            Message::PingRequest { probe, target, news } => self.on_ping_request(ctx, probe, target, news),
            Message::Farewell { news } => self.learn_all(ctx, news),
            Message::Join { life } => self.on_join(ctx, from, life),
            Message::Welcome { news } => self.on_welcome(ctx, from, news),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Period => self.on_period(ctx),
            Timer::Ping => self.on_ping_timeout(ctx),
            Timer::Suspicion(process) => self.on_suspicion_timeout(ctx, process),
            Timer::Join => self.on_join_timeout(ctx),
        }
    }
}

/// Nothing is done more often than this, lest a configuration of zero stop the time.
const SHORTEST: Duration = Duration::from_millis(1);

/// Section 3: failure detection.
impl Swim {
    /// A member from now on: the first period begins.
    fn begin(&mut self, ctx: &mut Context<'_, Self>) {
        self.inside = true;
        self.on_period(ctx);
    }

    /// A period is over: whoever has not answered is suspected. The next member is probed.
    fn on_period(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.inside {
            return;
        }
        if let Some((_, silent)) = self.open.take() {
            self.suspect(ctx, silent);
        }
        if ctx.group_size() > 1 {
            ctx.set_timer(Timer::Period, self.config.period.max(SHORTEST));
        }
        let Some(target) = self.next(ctx) else { return };
        self.probes += 1;
        let probe = Probe { by: ctx.me(), life: self.stable.life, number: self.probes };
        self.open = Some((probe, target));
        let news = self.news_for(ctx, target);
        ctx.send(target, Message::Ping { probe, news });
        ctx.set_timer(Timer::Ping, self.config.ping_timeout);
    }

    /// Whom to probe.
    fn next(&mut self, ctx: &mut Context<'_, Self>) -> Option<ProcessId> {
        let active = self.members.active_but(ctx.me());
        if active.is_empty() {
            return None;
        }
        match self.config.probe {
            Order::Random => any_place(ctx, active.len()).map(|place| active[place]),
            Order::RoundRobin => {
                self.round.retain(|process| active.contains(process));
                if self.round.is_empty() {
                    self.round = active;
                    shuffle(ctx, &mut self.round);
                }
                self.round.pop()
            }
        }
    }

    /// The ping was not answered in time: k others are asked to try.
    fn on_ping_timeout(&mut self, ctx: &mut Context<'_, Self>) {
        let Some((probe, target)) = self.open else { return };
        let mut helpers = self.members.active_but(ctx.me());
        helpers.retain(|process| *process != target);
        for helper in some_of(ctx, helpers, self.config.helpers) {
            let news = self.news_for(ctx, helper);
            ctx.send(helper, Message::PingRequest { probe, target, news });
        }
    }

    fn on_ping_request(
        &mut self,
        ctx: &mut Context<'_, Self>,
        probe: Probe,
        target: ProcessId,
        news: Vec<News>,
    ) {
        self.learn_all(ctx, news);
        if self.inside && target.index() < ctx.group_size() {
            let news = self.news_for(ctx, target);
            ctx.send(target, Message::Ping { probe, news });
        }
    }

    /// Who left says so again to whoever has not heard of it.
    fn on_ping(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, probe: Probe, news: Vec<News>) {
        let me = ctx.me();
        self.learn_all(ctx, news);
        if self.inside {
            let news = self.news_for(ctx, from);
            ctx.send(from, Message::Ack { probe, of: me, news });
        } else if let Some(own) = self.members.get(me).filter(|own| !own.is_active()) {
            ctx.send(from, Message::Farewell { news: vec![*own] });
        }
    }

    /// The answer is for this process, or for who asked it to try.
    fn on_ack(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        probe: Probe,
        of: ProcessId,
        news: Vec<News>,
    ) {
        self.learn_all(ctx, news);
        if self.open == Some((probe, of)) {
            self.open = None;
            ctx.cancel_timer(Timer::Ping);
        } else if self.inside && probe.by != ctx.me() && from == of && probe.by.index() < ctx.group_size() {
            let news = self.news_for(ctx, probe.by);
            ctx.send(probe.by, Message::Ack { probe, of, news });
        }
    }
}
