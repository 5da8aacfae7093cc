//! Work stealing: an idle worker takes the oldest job of another worker, chosen at random.
//!
//! Blumofe, Leiserson, "Scheduling multithreaded computations by work stealing" (1999), section 4; Burton, Sleep,
//! "Executing functional programs on a virtual tree of processors" (1981). A worker takes its own jobs from the bottom
//! of its deque, where a fork leaves its children, and thieves take from the top: there the jobs are oldest and, in a
//! tree of forks, largest. What is stolen is removed before it is sent.
//!
//! ```text
//! thief --steal--> a      a --none--> thief         its deque is empty
//! thief --steal--> b      b --task(job)--> thief    the top of its deque
//! ```

use crate::{
    problems::load_balancing::{JobId, LoadBalancing, Output, Patience, Request, Why},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

/// One worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WorkStealing {
    config: Config,
    /// How many jobs this process was asked for, in this life and before.
    asked: u64,
    working: Option<Task>,
    /// What is ready, oldest first.
    deque: VecDeque<Task>,
    /// Who has been asked in this round; none when no round is going on.
    stealing: Option<BTreeSet<ProcessId>>,
    /// How many questions were sent: an answer to an old one does not end the next.
    steals: u64,
}

/// A job, and the jobs that it forks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub job: JobId,
    /// How long it takes.
    #[serde(with = "duration")]
    pub size: Duration,
    /// How many it forks.
    pub children: u32,
    /// How many levels there are below it.
    pub depth: u32,
    /// Its place in its tree, level by level from 0: its children are `children * place + 1` and so on.
    pub place: u64,
}

impl Task {
    /// The jobs that it forks when it ends.
    fn forks(self) -> impl Iterator<Item = Self> {
        let children = if self.depth == 0 { 0 } else { self.children };
        let root = self.job.number.saturating_sub(self.place);
        (1..=u64::from(children)).map(move |child| {
            let place = u64::from(self.children).saturating_mul(self.place).saturating_add(child);
            let job = JobId { number: root.saturating_add(place), ..self.job };
            Self { job, place, depth: self.depth - 1, ..self }
        })
    }
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// After how long to try again when nobody had anything; `0s` is never.
    #[serde(with = "duration")]
    pub retry: Duration,
    /// How long to wait for an answer; the longest round trip and some more.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How long a job may wait while somebody idles, as `no-idling` judges: a retry, and a round trip for each other.
    pub patience: Option<Patience>,
    /// How many times as fast as a server of speed 1 this node is.
    pub speed: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { retry: Duration::from_millis(50), timeout: Duration::from_secs(1), patience: None, speed: 1 }
    }
}

/// What workers send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Have you anything for me?
    Steal {
        /// Which of the thief's questions this is.
        id: u64,
    },
    /// No.
    None {
        /// To which question.
        id: u64,
    },
    /// This.
    Task {
        /// To which question.
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
    /// Time to try again.
    Retry,
    /// Whoever was asked last has not answered.
    Silence,
}

impl Process for WorkStealing {
    type Problem = LoadBalancing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// How many jobs this process was asked for: two jobs must not have the same number.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "work-stealing",
        summary: "An idle worker asks the others at random, and takes the oldest job of the first who has one to spare.",
        assumes: &[
            "perfect links: nothing is lost or delivered twice; order does not matter",
            "nobody who has jobs crashes; who has none may",
            "answers within `timeout` (no-overload)",
            "a `patience` of one retry and a round trip for each other worker (no-idling)",
        ],
        promises: &["completion", "exactly-once", "no-overload", "no-idling"],
        messages: &[
            ("steal", "have you anything for me?"),
            ("none", "no"),
            ("task", "the oldest job of a deque"),
        ],
        cost: "2 messages for each attempt; work T1 and span T∞ take P workers T1/P + O(T∞), with O(P T∞) steals (expected)",
        breaks: &[
            "a crash of a worker: what it had is lost (completion)",
            "no `retry`: who finds nothing once takes it for the end (no-idling)",
            "jobs that are short against a round trip: a thief takes longer than the owner would",
        ],
        source: "Blumofe, Leiserson, Scheduling multithreaded computations by work stealing (1999), section 4",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, asked: u64) -> Self {
        ctx.produce(Output::Sharing { threshold: 1, patience: config.patience });
        let worker =
            Self { config: *config, asked, working: None, deque: VecDeque::new(), stealing: None, steals: 0 };
        worker.sleep(ctx);
        worker
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Some(jobs) = request.jobs() else {
            return ctx.produce(Output::Refused { why: Why::TooManyJobs });
        };
        match request {
            Request::Job { size, key: _ } => self.on_spawn(ctx, jobs, size, (0, 0)),
            Request::Fork { size, children, depth } => self.on_spawn(ctx, jobs, size, (children, depth)),
            Request::Drain(_) | Request::Add(_) => ctx.produce(Output::Refused { why: Why::NoDispatcher }),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Steal { id } => self.on_steal(ctx, from, id),
            Message::None { id } => self.on_none(ctx, id),
            Message::Task { id, task } => self.on_task(ctx, id, task),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Finished => self.on_finished(ctx),
            Timer::Retry => self.look_for_work(ctx),
            Timer::Silence => self.steal(ctx),
        }
    }
}

impl WorkStealing {
    /// Somebody wants something executed; its parts are numbered in one go.
    fn on_spawn(&mut self, ctx: &mut Context<'_, Self>, jobs: u64, size: Duration, fork: (u32, u32)) {
        let job = JobId { from: ctx.me(), number: self.asked + 1 };
        let (children, depth) = fork;
        self.asked += jobs;
        ctx.save(self.asked);
        self.deque.push_back(Task { job, size, children, depth, place: 0 });
        self.work(ctx);
    }

    /// Takes the newest job, from the bottom of the deque.
    fn work(&mut self, ctx: &mut Context<'_, Self>) {
        if self.working.is_some() {
            return;
        }
        let Some(task) = self.deque.pop_back() else { return self.look_for_work(ctx) };
        ctx.produce(Output::Started { job: task.job });
        ctx.set_timer(Timer::Finished, task.size / self.config.speed.max(1));
        self.working = Some(task);
    }

    fn on_finished(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(task) = self.working.take() else { return };
        ctx.produce(Output::Executed { job: task.job });
        self.deque.extend(task.forks());
        self.work(ctx);
    }

    fn is_idle(&self) -> bool {
        self.working.is_none() && self.deque.is_empty()
    }

    fn look_for_work(&mut self, ctx: &mut Context<'_, Self>) {
        if self.stealing.is_none() && self.is_idle() {
            self.stealing = Some(BTreeSet::new());
            self.steal(ctx);
        }
    }

    /// Asks a worker that was not asked in this round; when all were, it waits for a while.
    fn steal(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let idle = self.is_idle();
        let Some(tried) = &mut self.stealing else { return };
        let victims: Vec<ProcessId> = ctx.group().filter(|id| *id != me && !tried.contains(id)).collect();
        if victims.is_empty() || !idle {
            self.stealing = None;
            return self.sleep(ctx);
        }
        let victim = victims[ctx.choose(victims.len() as u32) as usize];
        tried.insert(victim);
        self.steals += 1;
        ctx.send(victim, Message::Steal { id: self.steals });
        ctx.set_timer(Timer::Silence, self.config.timeout);
    }

    fn sleep(&self, ctx: &mut Context<'_, Self>) {
        // Alone in the world there is nobody to steal from.
        if self.is_idle() && !self.config.retry.is_zero() && ctx.group_size() > 1 {
            ctx.set_timer(Timer::Retry, self.config.retry);
        }
    }

    /// The victim: the oldest job, from the top of the deque, is not its own any more when it leaves.
    fn on_steal(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64) {
        let Some(task) = self.deque.pop_front() else {
            return ctx.send(from, Message::None { id });
        };
        ctx.produce(Output::Moved { job: task.job, to: from });
        ctx.send(from, Message::Task { id, task });
    }

    /// Nothing there: another victim.
    fn on_none(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        if self.stealing.is_some() && id == self.steals {
            ctx.cancel_timer(Timer::Silence);
            self.steal(ctx);
        }
    }

    /// Something is there. It is taken even if it comes late: nobody else has it any more.
    fn on_task(&mut self, ctx: &mut Context<'_, Self>, id: u64, task: Task) {
        if self.stealing.is_some() && id == self.steals {
            ctx.cancel_timer(Timer::Silence);
            self.stealing = None;
        }
        self.deque.push_back(task);
        self.work(ctx);
    }
}
