//! The worker pool, its mutants, and workers that crash.

use super::{crash, jobs, restart};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};
use synod::{
    algorithms::worker_pool::{Config, WorkerPool},
    problems::work::{Output, Request, Work},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A worker is free as soon as it has its task.
    IdleTooEarly,
    /// The queue is looked at only when a job comes.
    DrainedByJobs,
    /// What has come last is done first.
    Stack,
    /// Workers know jobs by their numbers, whoever's they are.
    SameNumber,
    /// What does not fit is rejected, and queued all the same.
    QueuedAnyway,
    /// The client hears that it is done when it is assigned.
    TooSoon,
}

/// A client, and the number of its job.
type Id = (u32, u64);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    submitted: u64,
    queue: VecDeque<(Id, u64)>,
    idle: VecDeque<u32>,
    known: BTreeSet<u64>,
    working: VecDeque<Id>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Job(Id, u64),
    Task(Id, u64),
    Done(Id),
    Reply(u64),
    Reject(u64),
}

/// How many jobs wait at most.
const BACKLOG: usize = 3;

impl Process for Mutant {
    type Problem = Work;
    type Config = Bug;
    type Message = Message;
    type Timer = Id;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("pool-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let idle = (1..ctx.group_size() as u32).collect();
        let (queue, known, working) = (VecDeque::new(), BTreeSet::new(), VecDeque::new());
        Self { bug: *bug, submitted: 0, queue, idle, known, working }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Submit { duration }: Request) {
        self.submitted += 1;
        let id = (ctx.me().0, self.submitted);
        ctx.send(ProcessId(0), Message::Job(id, duration.as_nanos() as u64));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Job(id, nanos) => {
                if self.idle.is_empty() && self.queue.len() >= BACKLOG {
                    ctx.send(ProcessId(id.0), Message::Reject(id.1));
                    if self.bug != Bug::QueuedAnyway {
                        return;
                    }
                }
                ctx.produce(Output::Accepted { client: ProcessId(id.0), job: id.1 });
                self.queue.push_back((id, nanos));
                self.assign(ctx);
            }
            Message::Task(id, nanos) => {
                if self.bug == Bug::SameNumber && !self.known.insert(id.1) {
                    return ctx.send(ProcessId(0), Message::Done(id));
                }
                ctx.produce(Output::Started { client: ProcessId(id.0), job: id.1 });
                ctx.set_timer(id, Duration::from_nanos(nanos));
            }
            Message::Done(id) => {
                if self.bug != Bug::TooSoon {
                    ctx.send(ProcessId(id.0), Message::Reply(id.1));
                }
                if self.bug != Bug::IdleTooEarly {
                    self.idle.push_back(from.0);
                }
                if self.bug != Bug::DrainedByJobs {
                    self.assign(ctx);
                }
            }
            Message::Reply(job) => ctx.produce(Output::Done { job }),
            Message::Reject(job) => ctx.produce(Output::Rejected { job }),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, id: Id) {
        ctx.produce(Output::Executed { client: ProcessId(id.0), job: id.1 });
        ctx.send(ProcessId(0), Message::Done(id));
    }
}

impl Mutant {
    fn assign(&mut self, ctx: &mut Context<'_, Self>) {
        while !self.queue.is_empty()
            && let Some(worker) = self.idle.pop_front()
        {
            let next = if self.bug == Bug::Stack { self.queue.pop_back() } else { self.queue.pop_front() };
            let Some((id, nanos)) = next else { return };
            let (client, worker_id) = (ProcessId(id.0), ProcessId(worker));
            ctx.produce(Output::Assigned { client, job: id.1, worker: worker_id });
            ctx.send(worker_id, Message::Task(id, nanos));
            if self.bug == Bug::TooSoon {
                ctx.send(client, Message::Reply(id.1));
            }
            if self.bug == Bug::IdleTooEarly {
                self.idle.push_back(worker);
            }
        }
    }
}

const PROMISES: &[&str] =
    &["at-most-once", "done-means-executed", "fifo-start", "one-at-a-time", "executed", "answered"];

/// Two workers, and more jobs than they can do at once.
const MANY: &[(u64, u32, u64)] = &[
    (0, 1, 60),
    (5, 2, 60),
    (10, 1, 30),
    (15, 2, 30),
    (20, 1, 30),
    (25, 2, 1),
    (28, 1, 1),
    (30, 2, 1),
    (31, 1, 1),
];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    jobs(3, MANY).survives::<Mutant>(&Bug::None, PROMISES);
    jobs(3, MANY).survives::<WorkerPool>(&Config::default(), PROMISES);
    let small = Config { backlog: 3, ..Config::default() };
    for trial in [jobs(3, MANY), jobs(4, MANY)] {
        trial.survives::<WorkerPool>(&small, PROMISES);
    }
    jobs(3, MANY).survives::<WorkerPool>(&small, &["rejected-means-idle"]);
    jobs(3, MANY).survives::<Mutant>(&Bug::None, &["rejected-means-idle"]);
}

#[test]
fn every_bug_breaks_its_promise() {
    let two = jobs(2, &[(0, 1, 60), (1, 1, 60)]);
    two.kills::<Mutant>(&Bug::IdleTooEarly, "one-at-a-time", (4, 4));
    two.kills::<Mutant>(&Bug::DrainedByJobs, "answered", (5, 5));
    two.kills::<Mutant>(&Bug::DrainedByJobs, "executed", (5, 5));
    jobs(2, &[(0, 1, 60), (1, 1, 60), (2, 1, 60)]).kills::<Mutant>(&Bug::Stack, "fifo-start", (6, 5));
    let same = jobs(3, &[(0, 1, 1), (100, 2, 60), (101, 1, 60), (102, 1, 60)]);
    same.kills::<Mutant>(&Bug::SameNumber, "done-means-executed", (16, 16));
    jobs(3, MANY).kills::<Mutant>(&Bug::QueuedAnyway, "rejected-means-idle", (26, 26));
    two.kills::<Mutant>(&Bug::TooSoon, "done-means-executed", (4, 3));
}

#[test]
fn a_job_outlives_its_worker() {
    let trial = jobs(4, &[(0, 3, 100), (10, 3, 100), (20, 3, 100)]);
    let workers = vec![ProcessId(1), ProcessId(2)];
    let config = Config { workers, patience: Duration::from_millis(100), ..Config::default() };
    for restarts in [None, Some(60), Some(150), Some(1_000)] {
        let mut crashing = trial.clone().with(50, crash(1));
        if let Some(at) = restarts {
            crashing = crashing.with(at, restart(1));
        }
        let promises = ["done-means-executed", "fifo-start", "one-at-a-time", "executed", "answered"];
        crashing.survives::<WorkerPool>(&config, &promises);
        let lost = Config { requeue: false, ..config.clone() };
        crashing.kills::<WorkerPool>(&lost, "executed", (12, 12));
    }
}

#[test]
fn who_is_slow_is_done_for_by_somebody_else() {
    let stop = Action::Pause(Targets::Node(ProcessId(1)));
    let go = Action::Resume(Targets::Node(ProcessId(1)));
    let trial = jobs(4, &[(0, 3, 100)]).with(50, stop).with(5_000, go);
    let config = Config { workers: vec![ProcessId(1), ProcessId(2)], ..Config::default() };
    trial.kills::<WorkerPool>(&config, "at-most-once", (6, 5));
    trial.survives::<WorkerPool>(&config, &["done-means-executed", "answered", "one-at-a-time"]);
}
