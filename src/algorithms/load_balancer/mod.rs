//! A dispatcher that hands out jobs to servers by one of seven policies, and hands them out again when a server is gone.
//!
//! The policies are in files of their own, each with its source. What they share is here: a server executes one job
//! at a time in the order of arrival, and reports each when it is done. A server that is suspected (heartbeats are a
//! matter of configuration) or that comes back without memory gets no blame and no jobs: what it had goes to others.
//! Each life of a server has a number, and a task that was meant for a former life is ignored: else a job could be
//! executed by the server that came back and by the one that took over.
//!
//! ```text
//! dispatcher  --task(job, life)--> server  executes it  --done(job)--> dispatcher
//! dispatcher                <--back(life)-- server      it has forgotten all: its jobs are handed out again
//! ```

mod dispatcher;
mod hashing;
mod policy;
mod random;
mod round_robin;
mod weighted;

pub use round_robin::RoundRobin;
pub use weighted::SmoothWeighted;

use super::parts::{
    heartbeat::{self, Alive, Heartbeat, Pulse},
    station::{Finished, Station, Task},
};
use crate::{
    problems::load_balancing::{JobId, LoadBalancing, Output, Request, Why},
    process::{Context, Description, Process, ProcessId},
};
use dispatcher::Dispatcher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant: a server, and the dispatcher if it is this one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LoadBalancer {
    dispatcher: Option<Dispatcher>,
    station: Station,
    /// The jobs that came here in this life, and whether they are executed.
    known: BTreeMap<JobId, bool>,
    life: u32,
    heartbeat: Option<Heartbeat>,
}

/// How a server is picked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// One after the other.
    #[default]
    RoundRobin,
    /// One after the other, each as often as its weight says, and well mixed.
    Weighted,
    /// One with the fewest unfinished jobs.
    LeastConnections,
    /// Any.
    Random,
    /// The least loaded of `choices` random ones.
    TwoChoices,
    /// By the job's key, on a ring of hashes.
    ConsistentHashing,
    /// By the job's key, but nobody gets more than `bound` times the average.
    BoundedHashing,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Who hands out the jobs; the first node unless said otherwise.
    pub dispatcher: Option<ProcessId>,
    /// Who executes them, in their order; everybody but the dispatcher when empty.
    pub servers: Vec<ProcessId>,
    /// How a server is picked.
    pub policy: Policy,
    /// For `weighted`: the weights of `servers`, in their order; 1 for those that are left out or added later.
    pub weights: Vec<u32>,
    /// For `two-choices`: among how many random servers to choose.
    pub choices: u32,
    /// For `two-choices`: whether those are asked how many jobs they have; else the dispatcher's own count will do.
    pub probe: bool,
    /// For hashing: at how many points of the ring each server stands.
    pub points: u32,
    /// For `bounded-hashing`: how many times the average a server may have, as a fraction of at least 1.
    pub bound: (u32, u32),
    /// How many times as fast as a server of speed 1 this node is; best set for each node by itself.
    pub speed: u32,
    /// When to suspect a server; nobody is suspected without.
    pub heartbeat: Option<heartbeat::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dispatcher: None,
            servers: Vec::new(),
            policy: Policy::RoundRobin,
            weights: Vec::new(),
            choices: 2,
            probe: false,
            points: 100,
            bound: (5, 4),
            speed: 1,
            heartbeat: None,
        }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Execute this.
    Task {
        /// What.
        task: Task,
        /// For which life of the server this is meant.
        life: u32,
    },
    /// This job is executed.
    Done {
        /// Which.
        job: JobId,
    },
    /// How many jobs are there?
    Probe {
        /// For which job a server is sought.
        job: JobId,
    },
    /// So many.
    Load {
        /// For which job a server is sought.
        job: JobId,
        /// How many jobs are at the server.
        jobs: u64,
    },
    /// The server has crashed, and knows nothing of what it had to do.
    Back {
        /// Which of its lives this is, the first being 0.
        life: u32,
    },
    /// A sign of life.
    Alive(Alive),
}

impl From<Alive> for Message {
    fn from(alive: Alive) -> Self {
        Self::Alive(alive)
    }
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The job in work is executed.
    Finished,
    /// One of the failure detector's.
    Pulse(Pulse),
}

impl From<Finished> for Timer {
    fn from(Finished: Finished) -> Self {
        Self::Finished
    }
}

impl From<Pulse> for Timer {
    fn from(pulse: Pulse) -> Self {
        Self::Pulse(pulse)
    }
}

/// What survives a crash: numbers that must not come twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// How often the process has booted.
    pub lives: u32,
    /// How many jobs it was asked for.
    pub jobs: u64,
}

impl Process for LoadBalancer {
    type Problem = LoadBalancing;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "load-balancer",
        summary: "A dispatcher hands out jobs to servers: in turns, by weight, to the least loaded, at random, or by key.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "a dispatcher that does not crash",
            "servers that do not crash for good, or `heartbeat` with a timeout that only a crash exceeds",
            "a server that is left in the end",
        ],
        promises: &[
            "completion",
            "exactly-once",
            "answered",
            "honest-answer",
            "serving-only",
            "balanced",
            "moves-only-to-new",
        ],
        messages: &[
            ("task", "execute this"),
            ("done", "it is executed"),
            ("probe", "how many jobs are there?"),
            ("load", "so many"),
            ("back", "the server has crashed and forgotten all"),
            ("alive", "a sign of life"),
        ],
        cost: "2 messages for each job, and 2 more for each server that is probed; a job whose server crashed once more",
        breaks: &[
            "a server that crashes for good, without `heartbeat`: its jobs are never executed (completion)",
            "a server that is suspected and was only slow: its jobs are executed twice (exactly-once)",
            "a lost message without a channel: its job is lost, and with least-connections its server seems busy for ever (completion)",
            "sizes or speeds that differ: round-robin counts jobs, not work",
            "`probe` and many jobs at once: all see the same idle server before anything has reached it",
        ],
        source: "round robin: Silberschatz, Galvin, section 5.3; the other policies: see their files; Eager, Lazowska, Zahorjan (1986)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let life = stable.lives;
        ctx.save(Stable { lives: life + 1, ..stable });
        let head = config.dispatcher.unwrap_or(ProcessId(0));
        let dispatcher = (head == ctx.me()).then(|| Dispatcher::open(ctx, config, stable));
        if life > 0 {
            ctx.send(head, Message::Back { life });
        }
        let heartbeat = config.heartbeat.map(|heartbeat| match &dispatcher {
            Some(dispatcher) => Heartbeat::start(ctx, heartbeat, dispatcher.members()),
            None => Heartbeat::start(ctx, heartbeat, [head]),
        });
        Self { dispatcher, station: Station::of(config.speed), known: BTreeMap::new(), life, heartbeat }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Some(dispatcher) = &mut self.dispatcher else {
            return ctx.produce(Output::Refused { why: Why::NotTheDispatcher });
        };
        match request {
            Request::Job { size, key } => dispatcher.on_job(ctx, size, key),
            Request::Fork { .. } => ctx.produce(Output::Refused { why: Why::NoForks }),
            Request::Drain(server) => dispatcher.on_drain(ctx, server),
            Request::Add(server) => {
                dispatcher.on_add(ctx, server);
                if let Some(heartbeat) = &mut self.heartbeat
                    && server.index() < ctx.group_size()
                {
                    heartbeat.watch(ctx, server);
                }
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Task { task, life } => self.on_task(ctx, from, task, life),
            Message::Done { job } => self.with_dispatcher(|dispatcher| dispatcher.on_done(ctx, job)),
            Message::Probe { job } => {
                ctx.send(from, Message::Load { job, jobs: self.station.jobs() as u64 });
            }
            Message::Load { job, jobs } => {
                self.with_dispatcher(|dispatcher| dispatcher.on_load(ctx, from, job, jobs));
            }
            Message::Back { life } => self.on_back(ctx, from, life),
            Message::Alive(_) => self.on_alive(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Finished => self.on_finished(ctx),
            Timer::Pulse(pulse) => self.on_pulse(ctx, pulse),
        }
    }
}

impl LoadBalancer {
    fn with_dispatcher(&mut self, handler: impl FnOnce(&mut Dispatcher)) {
        if let Some(dispatcher) = &mut self.dispatcher {
            handler(dispatcher);
        }
    }

    /// A server gets a job, in this life and for the first time; what it has executed it reports again.
    fn on_task(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, task: Task, life: u32) {
        if life != self.life {
            return;
        }
        match self.known.get(&task.job) {
            Some(true) => ctx.send(from, Message::Done { job: task.job }),
            Some(false) => {}
            None => {
                self.known.insert(task.job, false);
                self.station.accept(ctx, task);
            }
        }
    }

    /// A server has executed a job, and reports it to whoever was asked for it.
    fn on_finished(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(task) = self.station.finish(ctx) else { return };
        self.known.insert(task.job, true);
        ctx.send(task.job.from, Message::Done { job: task.job });
    }

    /// A server has crashed and is there again, which is a sign of life, too: else it might be suspected now for
    /// having been silent before, and lose the jobs of its new life to others.
    fn on_back(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, life: u32) {
        self.with_dispatcher(|dispatcher| dispatcher.on_back(ctx, from, life));
        self.on_alive(ctx, from);
    }

    /// A server that was suspected was only slow, or is there again.
    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if heartbeat.on_alive(ctx, from) {
            self.with_dispatcher(|dispatcher| dispatcher.on_restored(ctx, from));
        }
    }

    fn on_pulse(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if let Some(suspect) = heartbeat.on_pulse(ctx, pulse) {
            self.with_dispatcher(|dispatcher| dispatcher.on_suspected(ctx, suspect));
        }
    }
}
