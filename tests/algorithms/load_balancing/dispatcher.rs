//! The policies of a dispatcher, transcribed once more, and their mutants.

use super::{about, jobs};
use crate::{dice::Dice, trial::Trial};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::load_balancer::{self, LoadBalancer},
    problems::load_balancing::{JobId, LoadBalancing, Output, Request, Rule},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Round robin counts on before and after it picks.
    SkipsTurns,
    /// Round robin counts modulo those who serve, but looks up in the list of all.
    OldList,
    /// The weighted server pays its own weight instead of that of all.
    PaysItsOwnWeight,
    /// The weighted server has all of its turns at once.
    Bursts,
    /// A job that ends is subtracted twice.
    CountsTheEndTwice,
    /// A job that ends is not subtracted.
    CountsAllJobs,
    /// Of two choices it takes the fuller.
    TakesTheFuller,
    /// A key belongs to the server at the remainder of a division.
    Remainder,
    /// A key past the last point of the ring belongs to nobody.
    NoWrap,
    /// Points with equal hashes are one point, which goes with either server.
    PointsCollide,
    /// A server that is drained gets jobs.
    IgnoresDrain,
    /// A server executes what comes twice.
    NoMemory,
    /// A job is reported done when it is sent off.
    AnswersAtOnce,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum By {
    #[default]
    Turns,
    Weight,
    Least,
    Two,
    Key,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Mutant {
    by: By,
    bug: Bug,
    all: Vec<ProcessId>,
    drained: BTreeSet<ProcessId>,
    next: usize,
    saved: Vec<i64>,
    active: Vec<i64>,
    ring: BTreeMap<(u64, u32), ProcessId>,
    asked: u64,
    open: BTreeMap<u64, ProcessId>,
    known: BTreeSet<u64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Task(u64, u64),
    Done(u64),
}

const WEIGHTS: [i64; 3] = [5, 1, 1];
const POINTS: u64 = 4;

fn mixed(number: u64) -> u64 {
    Dice::new(number).below(u64::MAX)
}

impl Mutant {
    fn serving(&self) -> Vec<ProcessId> {
        self.all.iter().filter(|server| !self.drained.contains(server)).copied().collect()
    }

    /// Where a server's points are; two of them for each hash when hashes are coarse.
    fn points(&self, server: ProcessId) -> Vec<(u64, u32)> {
        let at = |point| mixed(u64::from(server.0) * 1_000 + point);
        (0..POINTS)
            .map(|point| match self.bug {
                Bug::PointsCollide => (at(point) % 24, 0),
                _ => (at(point), server.0),
            })
            .collect()
    }

    fn announce(&self, ctx: &mut Context<'_, Self>) {
        let rule = match self.by {
            By::Turns => Rule::RoundRobin,
            By::Weight => Rule::Weighted(WEIGHTS.map(|weight| weight as u32).to_vec()),
            By::Least => Rule::LeastConnections,
            By::Two => Rule::Choices(2),
            By::Key => Rule::ConsistentHashing,
        };
        ctx.produce(Output::Serving { rule, servers: self.serving() });
    }

    fn pick(&mut self, ctx: &mut Context<'_, Self>, key: u64) -> Option<ProcessId> {
        let serving = self.serving();
        let list = if self.bug == Bug::IgnoresDrain { &self.all } else { &serving };
        let count = list.len();
        match self.by {
            By::Turns => {
                self.next += usize::from(self.bug == Bug::SkipsTurns);
                let list = if self.bug == Bug::OldList { &self.all } else { list };
                let server = list[self.next % count];
                self.next += 1;
                Some(server)
            }
            By::Weight if self.bug == Bug::Bursts => {
                let turn = self.next as i64 % 7;
                self.next += 1;
                Some(list[(0..3).find(|place| WEIGHTS[..=*place].iter().sum::<i64>() > turn)?])
            }
            By::Weight => {
                for (saved, weight) in self.saved.iter_mut().zip(WEIGHTS) {
                    *saved += weight;
                }
                let place = (0..3).rev().max_by_key(|place| self.saved[*place])?;
                let whole: i64 = WEIGHTS.iter().sum();
                self.saved[place] -= if self.bug == Bug::PaysItsOwnWeight { WEIGHTS[place] } else { whole };
                Some(list[place])
            }
            By::Least => list.iter().min_by_key(|server| self.active[server.index()]).copied(),
            By::Two => {
                let one = ctx.choose(count as u32) as usize;
                let two = (one + 1 + ctx.choose(count as u32 - 1) as usize) % count;
                let load = |place: &usize| self.active[list[*place].index()];
                let pair = [one, two].into_iter();
                let takes_fuller = self.bug == Bug::TakesTheFuller;
                (if takes_fuller { pair.max_by_key(load) } else { pair.min_by_key(load) })
                    .map(|place| list[place])
            }
            By::Key if self.bug == Bug::Remainder => Some(list[key as usize % count]),
            By::Key => {
                let key = if self.bug == Bug::PointsCollide { key % 24 } else { key };
                let after = self.ring.range((key, 0)..).next();
                let first = if self.bug == Bug::NoWrap { None } else { self.ring.iter().next() };
                after.or(first).map(|(_, server)| *server)
            }
        }
    }
}

impl Process for Mutant {
    type Problem = LoadBalancing;
    type Config = (By, Bug);
    type Message = Message;
    type Timer = u64;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("dispatcher-mutant");

    fn boot(ctx: &mut Context<'_, Self>, (by, bug): &(By, Bug), (): ()) -> Self {
        let all: Vec<ProcessId> = ctx.group().skip(1).collect();
        let (saved, active) = (vec![0; all.len()], vec![0; all.len() + 1]);
        let mut mutant = Self { by: *by, bug: *bug, all, saved, active, ..Self::default() };
        for server in mutant.all.clone() {
            mutant.ring.extend(mutant.points(server).into_iter().map(|point| (point, server)));
        }
        if ctx.me() == ProcessId(0) {
            mutant.announce(ctx);
        }
        mutant
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Job { size, key } => {
                self.asked += 1;
                let job = JobId { from: ctx.me(), number: self.asked };
                let key = key
                    .map_or(self.asked, |key| key.bytes().fold(7, |key, byte| mixed(key + u64::from(byte))));
                let Some(server) = self.pick(ctx, key) else { return };
                self.active[server.index()] += 1;
                self.open.insert(self.asked, server);
                ctx.produce(Output::Assigned { job, server });
                ctx.send(server, Message::Task(self.asked, size.as_millis() as u64));
                if self.bug == Bug::AnswersAtOnce {
                    ctx.produce(Output::Done { job });
                }
            }
            Request::Drain(server) => {
                self.drained.insert(server);
                for point in self.points(server) {
                    self.ring.remove(&point);
                }
                self.announce(ctx);
            }
            Request::Add(server) => {
                self.drained.remove(&server);
                self.ring.extend(self.points(server).into_iter().map(|point| (point, server)));
                self.announce(ctx);
            }
            Request::Fork { .. } => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let dispatcher = ProcessId(0);
        match message {
            Message::Task(number, millis) => {
                if self.known.insert(number) || self.bug == Bug::NoMemory {
                    ctx.produce(Output::Started { job: JobId { from: dispatcher, number } });
                    ctx.set_timer(number, Duration::from_millis(millis));
                }
            }
            Message::Done(number) => {
                let Some(server) = self.open.remove(&number) else { return };
                self.active[server.index()] -= match self.bug {
                    Bug::CountsTheEndTwice => 2,
                    Bug::CountsAllJobs => 0,
                    _ => 1,
                };
                if self.bug != Bug::AnswersAtOnce {
                    ctx.produce(Output::Done { job: JobId { from: dispatcher, number } });
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, number: u64) {
        ctx.produce(Output::Executed { job: JobId { from: ProcessId(0), number } });
        ctx.send(ProcessId(0), Message::Done(number));
    }
}

const PROMISES: &[&str] = &["completion", "exactly-once", "answered", "honest-answer", "serving-only"];

/// Jobs for the first of four, and one of the others leaves for a while.
fn service(keys: bool) -> Trial<LoadBalancing> {
    let at = |at: u64| (at * 9, 0, about(format!("k{}", at % 8), 10 + at % 4 * 12));
    let change = |at, request| (at, 0, request);
    let leaves = if keys {
        vec![change(80, Request::Drain(ProcessId(2))), change(160, Request::Add(ProcessId(2)))]
    } else {
        vec![]
    };
    Trial::of(4, (0..28).map(at).chain(leaves))
}

#[test]
fn without_a_bug_every_policy_keeps_its_promises() {
    for by in [By::Turns, By::Weight, By::Least, By::Two, By::Key] {
        let changes = by == By::Key || by == By::Turns;
        let own = if by == By::Key { "moves-only-to-new" } else { "balanced" };
        let promises: Vec<&str> = PROMISES.iter().copied().chain([own]).collect();
        service(changes).survives::<Mutant>(&(by, Bug::None), &promises);
        service(changes).duplicating().survives::<Mutant>(&(by, Bug::None), &promises);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let all = [
        (By::Weight, Bug::PaysItsOwnWeight, "balanced", (30, 30)),
        (By::Weight, Bug::Bursts, "balanced", (30, 30)),
        (By::Least, Bug::CountsTheEndTwice, "balanced", (30, 30)),
        (By::Least, Bug::CountsAllJobs, "balanced", (30, 30)),
        (By::Two, Bug::TakesTheFuller, "balanced", (10, 10)),
        (By::Turns, Bug::AnswersAtOnce, "honest-answer", (1, 0)),
    ];
    for (by, bug, property, sizes) in all {
        service(false).kills::<Mutant>(&(by, bug), property, sizes);
    }
    // Of three servers every second one is everyone in the end, of two it is one.
    jobs(3, (0..4).map(|at| (at, 0, 5))).kills::<Mutant>(&(By::Turns, Bug::SkipsTurns), "balanced", (2, 2));
    let changes = [
        (By::Turns, Bug::OldList, "serving-only", (40, 40)),
        (By::Turns, Bug::IgnoresDrain, "serving-only", (40, 40)),
        (By::Key, Bug::NoWrap, "completion", (60, 60)),
        (By::Key, Bug::PointsCollide, "moves-only-to-new", (60, 60)),
    ];
    for (by, bug, property, sizes) in changes {
        service(true).kills::<Mutant>(&(by, bug), property, sizes);
    }
    service(false).duplicating().kills::<Mutant>(&(By::Turns, Bug::NoMemory), "exactly-once", (3, 3));
}

/// Museum 128: by the remainder of a division, a new server moves nearly every key, also between old servers.
#[test]
fn remainders_move_keys_between_old_servers() {
    service(true).kills::<Mutant>(&(By::Key, Bug::Remainder), "moves-only-to-new", (40, 40));
    let keys = |at| (0..4).map(move |key| (at, 0, about(format!("k{key}"), 0)));
    let few = keys(0).chain([(40, 0, Request::Drain(ProcessId(3)))]).chain(keys(60));
    Trial::of(4, few).kills::<Mutant>(&(By::Key, Bug::Remainder), "moves-only-to-new", (16, 16));
}

/// A server that crashes for good takes its jobs with it, unless somebody listens for it.
#[test]
fn without_heartbeats_the_jobs_of_a_crashed_server_are_lost() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None };
    let trial = jobs(3, (0..4).map(|at| (at, 0, 30))).with(25, crash).until(1_000);
    trial.kills::<LoadBalancer>(&load_balancer::Config::default(), "completion", (9, 9));
    let config =
        load_balancer::Config { heartbeat: Some(Default::default()), ..load_balancer::Config::default() };
    trial.survives::<LoadBalancer>(&config, &["completion", "exactly-once", "answered"]);
}

/// A server that is only slow executes what others were given instead.
#[test]
fn a_wrong_suspicion_executes_jobs_twice() {
    let server = Targets::Node(ProcessId(1));
    let trial = jobs(3, (0..2).map(|at| (at, 0, 30)))
        .with(25, Action::Pause(server))
        .with(600, Action::Resume(server))
        .until(1_000);
    let config =
        load_balancer::Config { heartbeat: Some(Default::default()), ..load_balancer::Config::default() };
    trial.kills::<LoadBalancer>(&config, "exactly-once", (100, 100));
    trial.survives::<LoadBalancer>(&config, &["completion", "answered", "honest-answer"]);
}
