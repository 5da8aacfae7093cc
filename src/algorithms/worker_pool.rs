//! A dispatcher with a queue of jobs and a team of workers.
//!
//! Sinha, "Distributed operating systems" (1997), section 8.3 (the dispatcher-workers model); Coulouris, Dollimore,
//! Kindberg, "Distributed systems", section 7.4 (the worker pool architecture).
//!
//! ```text
//! client      --job--->                                  <--reply--
//! dispatcher           idle worker? or wait   --task-->            <--done--   next job for this worker
//! worker                                                executes it
//! ```

use crate::{
    problems::work::{Output, Request, Work},
    process::{Context, Description, Formula, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// One participant: the dispatcher, a worker, or a client; anybody may be a client, too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WorkerPool {
    config: Config,
    life: u64,
    /// How many jobs this process has submitted, in all lives.
    submitted: u64,
    /// The dispatcher's: what waits, in order.
    queue: VecDeque<Job>,
    /// The dispatcher's: who works on what.
    busy: BTreeMap<ProcessId, Job>,
    /// The dispatcher's: who is free, first come first served.
    idle: VecDeque<ProcessId>,
    /// The dispatcher's: the life of each worker that has restarted.
    lives: BTreeMap<ProcessId, u64>,
    /// The dispatcher's: what is accepted and not done.
    open: BTreeSet<(ProcessId, u64)>,
    /// The worker's: what it works on.
    working: Option<Job>,
}

/// A job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Whose.
    pub client: ProcessId,
    /// Which of the client's.
    pub id: u64,
    /// How long it takes.
    #[serde(with = "duration")]
    pub duration: Duration,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A client has a job.
    Job(Job),
    /// A worker in this life is to do it.
    Task {
        /// The job.
        job: Job,
        /// Which life of the worker; a task for an earlier one is void.
        life: u64,
    },
    /// A worker has done it.
    Done(Job),
    /// A client's job is done.
    Reply(u64),
    /// A client's job is not wanted.
    Reject(u64),
    /// A worker has restarted, for this life.
    Ready(u64),
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The worker has done its job.
    Work,
    /// This worker should have done its job by now.
    Overdue(ProcessId),
}

/// Who does what, how many may wait, and what becomes of a dead worker's job.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The dispatcher; the first node unless said otherwise.
    pub dispatcher: Option<ProcessId>,
    /// The workers; everybody but the dispatcher unless said otherwise.
    pub workers: Vec<ProcessId>,
    /// How many jobs may wait.
    pub backlog: u32,
    /// Whether the job of a worker that crashed is given to another; it is lost otherwise.
    pub requeue: bool,
    /// How long a task and its result may be under way: a worker that takes longer than its job and this is taken for dead.
    #[serde(with = "duration")]
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let patience = Duration::from_millis(500);
        Self { dispatcher: None, workers: Vec::new(), backlog: 100, requeue: true, patience }
    }
}

/// What survives a crash: the life, and how many jobs were submitted.
pub type Stable = (u64, u64);

impl Process for WorkerPool {
    type Problem = Work;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "worker-pool",
        summary: "A dispatcher gives jobs to idle workers, in order, and lets the rest wait.",
        assumes: &[
            "perfect links: nothing is lost, doubled or made up; order does not matter",
            "a dispatcher that stays up; and workers, or `requeue` (executed, answered)",
            "tasks and results that arrive within `patience`, and workers that stay up (at-most-once)",
        ],
        promises: &[
            "at-most-once",
            "done-means-executed",
            "rejected-means-idle",
            "fifo-start",
            "one-at-a-time",
            "executed",
            "answered",
        ],
        messages: &[
            ("job", "a client has a job"),
            ("task", "a worker is to do it"),
            ("done", "the worker has done it"),
            ("reply", "the client's job is done"),
            ("reject", "the client's job is not wanted, for too many wait"),
            ("ready", "a worker has restarted"),
        ],
        cost: "4 messages for each job, 2 for one that is rejected; M jobs of unit length at once take M/W units, rounded up",
        breaks: &[
            "a worker that crashes, without `requeue` (executed, answered)",
            "a worker that crashes when it has done its job, or is slow: somebody else does it again (at-most-once)",
            "a dispatcher that crashes: what waits is lost (executed, answered)",
        ],
        source: "Sinha, Distributed operating systems (1997), section 8.3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("2", "4")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (lives, submitted): Stable) -> Self {
        let mut pool = Self {
            config: config.clone(),
            life: lives + 1,
            submitted,
            queue: VecDeque::new(),
            busy: BTreeMap::new(),
            idle: VecDeque::new(),
            lives: BTreeMap::new(),
            open: BTreeSet::new(),
            working: None,
        };
        ctx.save((pool.life, submitted));
        if ctx.me() == pool.dispatcher() {
            pool.idle = pool.workers(ctx).into();
        }
        if pool.life > 1 && pool.workers(ctx).contains(&ctx.me()) {
            ctx.send(pool.dispatcher(), Message::Ready(pool.life));
        }
        pool
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Submit { duration } = request;
        self.submitted += 1;
        ctx.save((self.life, self.submitted));
        let job = Job { client: ctx.me(), id: self.submitted, duration };
        ctx.send(self.dispatcher(), Message::Job(job));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Job(job) => self.on_job(ctx, job),
            Message::Task { job, life } => self.on_task(ctx, job, life),
            Message::Done(job) => self.on_done(ctx, from, job),
            Message::Reply(job) => ctx.produce(Output::Done { job }),
            Message::Reject(job) => ctx.produce(Output::Rejected { job }),
            Message::Ready(life) => self.on_ready(ctx, from, life),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Work => self.on_work(ctx),
            Timer::Overdue(worker) => self.give_up(worker),
        }
        self.assign(ctx);
    }
}

impl WorkerPool {
    fn dispatcher(&self) -> ProcessId {
        self.config.dispatcher.unwrap_or(ProcessId(0))
    }

    /// The workers, each once. Who is alone does everything himself.
    fn workers(&self, ctx: &Context<'_, Self>) -> Vec<ProcessId> {
        let named: BTreeSet<ProcessId> = self.config.workers.iter().copied().collect();
        let named: Vec<ProcessId> = named.into_iter().filter(|id| id.index() < ctx.group_size()).collect();
        if !named.is_empty() {
            return named;
        }
        let others: Vec<ProcessId> = ctx.group().filter(|id| *id != self.dispatcher()).collect();
        if others.is_empty() { vec![self.dispatcher()] } else { others }
    }

    /// The dispatcher: an idle worker gets the job, or it waits, or there is no place for it.
    fn on_job(&mut self, ctx: &mut Context<'_, Self>, job: Job) {
        if ctx.me() != self.dispatcher() {
            return;
        }
        if self.idle.is_empty() && self.queue.len() >= self.config.backlog as usize {
            return ctx.send(job.client, Message::Reject(job.id));
        }
        ctx.produce(Output::Accepted { client: job.client, job: job.id });
        self.open.insert((job.client, job.id));
        self.queue.push_back(job);
        self.assign(ctx);
    }

    /// The dispatcher: as long as somebody is idle and something waits.
    fn assign(&mut self, ctx: &mut Context<'_, Self>) {
        while !self.queue.is_empty()
            && let Some(worker) = self.idle.pop_front()
            && let Some(job) = self.queue.pop_front()
        {
            let life = self.lives.get(&worker).copied().unwrap_or(1);
            ctx.produce(Output::Assigned { client: job.client, job: job.id, worker });
            ctx.send(worker, Message::Task { job, life });
            ctx.set_timer(Timer::Overdue(worker), job.duration.saturating_add(self.config.patience));
            self.busy.insert(worker, job);
        }
    }

    /// The worker: begins, unless it was meant for one that has crashed since.
    fn on_task(&mut self, ctx: &mut Context<'_, Self>, job: Job, life: u64) {
        if life != self.life || self.working.is_some() {
            return;
        }
        ctx.produce(Output::Started { client: job.client, job: job.id });
        self.working = Some(job);
        ctx.set_timer(Timer::Work, job.duration);
    }

    fn on_work(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(job) = self.working.take() else { return };
        ctx.produce(Output::Executed { client: job.client, job: job.id });
        ctx.send(self.dispatcher(), Message::Done(job));
    }

    /// The dispatcher: the first result of a job counts, and the worker is free for the next.
    fn on_done(&mut self, ctx: &mut Context<'_, Self>, worker: ProcessId, job: Job) {
        if self.open.remove(&(job.client, job.id)) {
            self.queue.retain(|waiting| (waiting.client, waiting.id) != (job.client, job.id));
            ctx.send(job.client, Message::Reply(job.id));
        }
        let current = self.busy.get(&worker).is_none_or(|busy| *busy == job);
        if current {
            self.free(ctx, worker);
        }
    }

    /// The dispatcher: a worker has restarted, and what it worked on is void.
    fn on_ready(&mut self, ctx: &mut Context<'_, Self>, worker: ProcessId, life: u64) {
        let known = self.lives.get(&worker).copied().unwrap_or(1);
        if ctx.me() != self.dispatcher() || life <= known {
            return;
        }
        self.lives.insert(worker, life);
        self.give_up(worker);
        self.free(ctx, worker);
    }

    fn free(&mut self, ctx: &mut Context<'_, Self>, worker: ProcessId) {
        self.busy.remove(&worker);
        ctx.cancel_timer(Timer::Overdue(worker));
        if !self.idle.contains(&worker) {
            self.idle.push_back(worker);
        }
        self.assign(ctx);
    }

    /// The dispatcher: the job of a worker that is taken for dead is the next to be assigned, or lost.
    fn give_up(&mut self, worker: ProcessId) {
        let Some(job) = self.busy.remove(&worker) else { return };
        if self.config.requeue && self.open.contains(&(job.client, job.id)) {
            self.queue.push_front(job);
        }
    }
}
