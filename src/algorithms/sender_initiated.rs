//! Sender-initiated load sharing: who has too much to do looks for somebody who has not.
//!
//! Eager, Lazowska, Zahorjan, "Adaptive load sharing in homogeneous distributed systems" (1986), section 3: the
//! threshold policy. The promise to take a job is kept in mind until the job is there, lest two senders be promised
//! the same place; a job that was passed on once stays where it is, lest jobs wander about when everybody is busy.
//!
//! ```text
//! a: a job comes in, and there are `threshold` already
//! a --probe(job)--> c      c --load(no)--> a        c has as many
//! a --probe(job)--> b      b --load(ok)--> a        b has fewer, and keeps a place free
//! a --task(job)---> b
//! ```

use super::parts::station::{Finished, Station, Task};
use crate::{
    problems::load_balancing::{JobId, LoadBalancing, Output, Request, Why},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SenderInitiated {
    config: Config,
    station: Station,
    /// How many jobs this process was asked for, in this life and before.
    asked: u64,
    /// The jobs for which a place is sought.
    searches: BTreeMap<JobId, Search>,
    /// The jobs that were promised a place here and are under way.
    reserved: BTreeSet<JobId>,
}

/// The search for somebody who takes a job.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Search {
    task: Task,
    /// Who was asked; the last one has not answered.
    tried: Vec<ProcessId>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// T: with so many jobs or more, a process passes on what comes in, and with fewer it takes what others pass on.
    pub threshold: u32,
    /// Lp: how many others are asked at most for one job.
    pub probes: u32,
    /// How long to wait for an answer; the longest round trip and some more.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How many times as fast as a server of speed 1 this node is.
    pub speed: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 1, probes: 3, timeout: Duration::from_secs(1), speed: 1 }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Would you take this job?
    Probe {
        /// Which.
        job: JobId,
    },
    /// The answer.
    Load {
        /// Which job.
        job: JobId,
        /// Whether it is welcome; a place is kept free for it then.
        ok: bool,
    },
    /// Execute this.
    Task(Task),
    /// The job has gone elsewhere; its place is free again.
    Release {
        /// Which.
        job: JobId,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The job in work is executed.
    Finished,
    /// Whoever was asked last to take this job has not answered.
    Silence(JobId),
}

impl From<Finished> for Timer {
    fn from(Finished: Finished) -> Self {
        Self::Finished
    }
}

impl Process for SenderInitiated {
    type Problem = LoadBalancing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many jobs this process was asked for: two jobs must not have the same number.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "sender-initiated",
        summary: "Who has too much to do asks some others at random, and passes the job on to the first who has not.",
        assumes: &[
            "perfect links: nothing is lost or delivered twice; order does not matter",
            "nobody who has jobs crashes; who has none may",
            "answers within `timeout`; a later one costs a message only",
        ],
        promises: &["completion", "exactly-once", "at-most-one-transfer", "no-overload"],
        messages: &[
            ("probe", "would you take this job?"),
            ("load", "whether it is welcome"),
            ("task", "execute this"),
            ("release", "a late yes is not needed any more"),
        ],
        cost: "none below the threshold; else 2 messages for each process that is asked, `probes` at most, and 1 if the job moves",
        breaks: &[
            "a crash of whoever a job was passed on to: it is lost (completion)",
            "everybody is busy: all are asked, nobody takes anything, and asking costs time",
        ],
        source: "Eager, Lazowska, Zahorjan, Adaptive load sharing in homogeneous distributed systems (1986), section 3",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, asked: u64) -> Self {
        let config = Config { threshold: config.threshold.max(1), ..*config };
        ctx.produce(Output::Sharing { threshold: config.threshold, patience: None });
        Self {
            config,
            station: Station::of(config.speed),
            asked,
            searches: BTreeMap::new(),
            reserved: BTreeSet::new(),
        }
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
            Message::Probe { job } => self.on_probe(ctx, from, job),
            Message::Load { job, ok } => self.on_load(ctx, from, job, ok),
            Message::Task(task) => self.on_task(ctx, task),
            Message::Release { job } => {
                self.reserved.remove(&job);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Finished => {
                self.station.finish(ctx);
            }
            Timer::Silence(job) => self.probe(ctx, job),
        }
    }
}

impl SenderInitiated {
    /// Whether there is no room for one more job.
    fn is_full(&self) -> bool {
        self.station.jobs() + self.reserved.len() >= self.config.threshold as usize
    }

    /// The transfer policy: a job that finds too many others here is to be executed elsewhere.
    fn on_arrival(&mut self, ctx: &mut Context<'_, Self>, size: Duration) {
        self.asked += 1;
        ctx.save(self.asked);
        let task = Task { job: JobId { from: ctx.me(), number: self.asked }, size };
        if !self.is_full() {
            return self.station.accept(ctx, task);
        }
        self.searches.insert(task.job, Search { task, tried: Vec::new() });
        self.probe(ctx, task.job);
    }

    /// The location policy: asks somebody else at random; after `probes` times in vain the job stays.
    fn probe(&mut self, ctx: &mut Context<'_, Self>, job: JobId) {
        let me = ctx.me();
        let Some(search) = self.searches.get_mut(&job) else { return };
        let others: Vec<ProcessId> =
            ctx.group().filter(|id| *id != me && !search.tried.contains(id)).collect();
        if others.is_empty() || search.tried.len() >= self.config.probes as usize {
            let task = search.task;
            self.searches.remove(&job);
            return self.station.accept(ctx, task);
        }
        let chosen = others[ctx.choose(others.len() as u32) as usize];
        search.tried.push(chosen);
        ctx.send(chosen, Message::Probe { job });
        ctx.set_timer(Timer::Silence(job), self.config.timeout);
    }

    /// Promises a place if there is one, and keeps it free.
    fn on_probe(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, job: JobId) {
        let ok = !self.is_full();
        if ok {
            self.reserved.insert(job);
        }
        ctx.send(from, Message::Load { job, ok });
    }

    /// Passes the job on, or asks the next one. A late yes will do while there is no other.
    fn on_load(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, job: JobId, ok: bool) {
        let Some(search) = self.searches.get(&job) else {
            if ok {
                ctx.send(from, Message::Release { job });
            }
            return;
        };
        if ok {
            let task = search.task;
            self.searches.remove(&job);
            ctx.cancel_timer(Timer::Silence(job));
            ctx.produce(Output::Moved { job, to: from });
            ctx.send(from, Message::Task(task));
        } else if search.tried.last() == Some(&from) {
            ctx.cancel_timer(Timer::Silence(job));
            self.probe(ctx, job);
        }
    }

    /// A job that was passed on stays here, whatever else there is by now.
    fn on_task(&mut self, ctx: &mut Context<'_, Self>, task: Task) {
        self.reserved.remove(&task.job);
        self.station.accept(ctx, task);
    }
}
