//! Receiver-initiated load sharing: who has too little to do looks for somebody who has too much.
//!
//! Livny, Melman, "Load balancing in homogeneous broadcast distributed systems" (1982); Eager, Lazowska, Zahorjan, "A
//! comparison of receiver-initiated and sender-initiated adaptive load sharing" (1986), section 2. Who finds nobody
//! tries again after a while: work that comes in later at somebody else makes no noise.
//!
//! ```text
//! a: a job is executed, and fewer than `threshold` are left
//! a --poll--> c      c --none--> a         c has no more than `threshold`
//! a --poll--> b      b --task(job)--> a    b has more: the one that came last and has not begun
//! ```

use super::parts::station::{Finished, Station, Task};
use crate::{
    problems::load_balancing::{JobId, LoadBalancing, Output, Patience, Request, Why},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReceiverInitiated {
    config: Config,
    station: Station,
    /// How many jobs this process was asked for, in this life and before.
    asked: u64,
    /// The jobs that others passed on; they stay here.
    foreign: BTreeSet<JobId>,
    /// The search for work that is going on.
    round: Option<Round>,
    /// How many polls were sent: an answer to an old one does not end the next.
    polls: u64,
}

/// A search for somebody who has too much.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Round {
    /// Who was asked; the last one has not answered.
    tried: BTreeSet<ProcessId>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// T: with fewer jobs a process looks for more, with more it gives some away.
    pub threshold: u32,
    /// Lp: how many others are asked in a row.
    pub probes: u32,
    /// After how long to look again when nobody had too much; `0s` is never.
    #[serde(with = "duration")]
    pub retry: Duration,
    /// How long to wait for an answer; the longest round trip and some more.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How long a job may wait while somebody idles, as `no-idling` judges: a retry, and a round trip for each probe.
    pub patience: Option<Patience>,
    /// How many times as fast as a server of speed 1 this node is.
    pub speed: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threshold: 1,
            probes: 3,
            retry: Duration::from_millis(50),
            timeout: Duration::from_secs(1),
            patience: None,
            speed: 1,
        }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Have you too much to do?
    Poll {
        /// Which of the sender's polls this is.
        id: u64,
    },
    /// No.
    None {
        /// To which poll.
        id: u64,
    },
    /// Yes: execute this.
    Task {
        /// To which poll.
        id: u64,
        /// What.
        task: Task,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The job in work is executed.
    Finished,
    /// Time to look for work again.
    Retry,
    /// Whoever was asked last has not answered.
    Silence,
}

impl From<Finished> for Timer {
    fn from(Finished: Finished) -> Self {
        Self::Finished
    }
}

impl Process for ReceiverInitiated {
    type Problem = LoadBalancing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many jobs this process was asked for: two jobs must not have the same number.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "receiver-initiated",
        summary: "Who has too little to do asks some others at random, and gets a job from the first who has too much.",
        assumes: &[
            "perfect links: nothing is lost or delivered twice; order does not matter",
            "nobody who has jobs crashes; who has none may",
            "answers within `timeout` (no-overload)",
            "`probes` for everybody else, and a `patience` of one retry and that many round trips (no-idling)",
        ],
        promises: &["completion", "exactly-once", "at-most-one-transfer", "no-overload", "no-idling"],
        messages: &[("poll", "have you too much to do?"), ("none", "no"), ("task", "yes: execute this")],
        cost: "2 messages for each poll in vain and 2 for each job that moves; an idle process polls `probes` others every `retry`",
        breaks: &[
            "a crash of whoever a job was passed on to: it is lost (completion)",
            "no `retry`: who finds no work once sleeps although there is work later (no-idling)",
            "little to do anywhere: the polls are wasted",
        ],
        source: "Livny, Melman (1982); Eager, Lazowska, Zahorjan, A comparison of receiver-initiated and sender-initiated adaptive load sharing (1986), section 2",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, asked: u64) -> Self {
        let config = Config { threshold: config.threshold.max(1), ..*config };
        ctx.produce(Output::Sharing { threshold: config.threshold, patience: config.patience });
        let process = Self {
            config,
            station: Station::of(config.speed),
            asked,
            foreign: BTreeSet::new(),
            round: None,
            polls: 0,
        };
        process.sleep(ctx);
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Job { size, key: _ } => self.on_arrival(ctx, size),
            Request::Fork { .. } => ctx.produce(Output::Refused { why: Why::NoForks }),
            Request::Drain(_) | Request::Add(_) => ctx.produce(Output::Refused { why: Why::NoDispatcher }),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Poll { id } => self.on_poll(ctx, from, id),
            Message::None { id } => self.on_none(ctx, id),
            Message::Task { id, task } => self.on_task(ctx, id, task),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Finished => self.on_departure(ctx),
            Timer::Retry => self.look_for_work(ctx),
            Timer::Silence => self.poll(ctx),
        }
    }
}

impl ReceiverInitiated {
    /// Every job is executed where it comes in, unless somebody asks for it.
    fn on_arrival(&mut self, ctx: &mut Context<'_, Self>, size: Duration) {
        self.asked += 1;
        ctx.save(self.asked);
        let job = JobId { from: ctx.me(), number: self.asked };
        self.station.accept(ctx, Task { job, size });
    }

    /// A job is executed; with too few left, this process looks for another.
    fn on_departure(&mut self, ctx: &mut Context<'_, Self>) {
        self.station.finish(ctx);
        self.look_for_work(ctx);
    }

    fn look_for_work(&mut self, ctx: &mut Context<'_, Self>) {
        if self.round.is_none() && self.wants_more() {
            self.round = Some(Round::default());
            self.poll(ctx);
        }
    }

    fn wants_more(&self) -> bool {
        self.station.jobs() < self.config.threshold as usize
    }

    /// Asks somebody else at random; after `probes` times in vain it waits for a while.
    fn poll(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let wants_more = self.wants_more();
        let Some(round) = &mut self.round else { return };
        let others: Vec<ProcessId> =
            ctx.group().filter(|id| *id != me && !round.tried.contains(id)).collect();
        if others.is_empty() || round.tried.len() >= self.config.probes as usize || !wants_more {
            self.round = None;
            return self.sleep(ctx);
        }
        let chosen = others[ctx.choose(others.len() as u32) as usize];
        round.tried.insert(chosen);
        self.polls += 1;
        ctx.send(chosen, Message::Poll { id: self.polls });
        ctx.set_timer(Timer::Silence, self.config.timeout);
    }

    fn sleep(&self, ctx: &mut Context<'_, Self>) {
        // Alone in the world there is nobody to ask.
        if self.wants_more() && !self.config.retry.is_zero() && ctx.group_size() > 1 {
            ctx.set_timer(Timer::Retry, self.config.retry);
        }
    }

    /// Gives away one job, the last that came in and has not begun, if there are too many.
    fn on_poll(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64) {
        let too_many = self.station.jobs() > self.config.threshold as usize;
        let foreign = &self.foreign;
        let newest = || self.station.give_away(|task| !foreign.contains(&task.job));
        let Some(task) = too_many.then(newest).flatten() else {
            return ctx.send(from, Message::None { id });
        };
        ctx.produce(Output::Moved { job: task.job, to: from });
        ctx.send(from, Message::Task { id, task });
    }

    fn on_none(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        if self.round.is_some() && id == self.polls {
            ctx.cancel_timer(Timer::Silence);
            self.poll(ctx);
        }
    }

    /// There is work. It is taken even if it comes late: nobody else has it any more.
    fn on_task(&mut self, ctx: &mut Context<'_, Self>, id: u64, task: Task) {
        self.foreign.insert(task.job);
        self.station.accept(ctx, task);
        if self.round.is_some() && id == self.polls {
            ctx.cancel_timer(Timer::Silence);
            self.round = None;
            self.sleep(ctx);
        }
    }
}
