//! The dispatcher: which jobs are unfinished, who serves, and what becomes of the jobs of a server that is gone.

use super::{Config, LoadBalancer, Message, Stable, policy::Picker};
use crate::{
    algorithms::parts::{
        hash::{hash, hash_of},
        station::Task,
    },
    problems::load_balancing::{JobId, Output, Why},
    process::{Context, ProcessId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What the dispatcher knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Dispatcher {
    /// Every server that was named, in order.
    members: Vec<ProcessId>,
    drained: BTreeSet<ProcessId>,
    suspected: BTreeSet<ProcessId>,
    /// The members that are neither drained nor suspected.
    serving: Vec<ProcessId>,
    picker: Picker,
    /// Which life each server is in, when it is not the first.
    lives: BTreeMap<ProcessId, u32>,
    open: BTreeMap<JobId, Open>,
    /// How many unfinished jobs each server has.
    active: BTreeMap<ProcessId, u64>,
    stable: Stable,
}

/// A job that is not done yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    task: Task,
    /// Where its key stands among all hashes.
    hash: u64,
    place: Place,
}

/// Where a job is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Place {
    /// Nobody serves.
    Nowhere,
    /// These were asked for their load, and those that answered have so many jobs.
    Probing(BTreeMap<ProcessId, Option<u64>>),
    /// At this server.
    At(ProcessId),
}

impl Dispatcher {
    /// Begins with the servers that the configuration names.
    pub(super) fn open(ctx: &mut Context<'_, LoadBalancer>, config: &Config, stable: Stable) -> Self {
        let me = ctx.me();
        let mut members: Vec<ProcessId> = Vec::new();
        for server in &config.servers {
            if server.index() < ctx.group_size() && !members.contains(server) {
                members.push(*server);
            }
        }
        if members.is_empty() {
            members.extend(ctx.group().filter(|id| *id != me));
        }
        if members.is_empty() {
            members.push(me);
        }
        let mut dispatcher = Self {
            members,
            drained: BTreeSet::new(),
            suspected: BTreeSet::new(),
            serving: Vec::new(),
            picker: Picker::of(config),
            lives: BTreeMap::new(),
            open: BTreeMap::new(),
            active: BTreeMap::new(),
            stable: Stable { lives: stable.lives + 1, ..stable },
        };
        dispatcher.announce(ctx);
        dispatcher
    }

    pub(super) fn members(&self) -> Vec<ProcessId> {
        self.members.clone()
    }

    /// A job comes in.
    pub(super) fn on_job(
        &mut self,
        ctx: &mut Context<'_, LoadBalancer>,
        size: Duration,
        key: Option<String>,
    ) {
        self.stable.jobs += 1;
        ctx.save(self.stable);
        let number = self.stable.jobs;
        let job = JobId { from: ctx.me(), number };
        // A job without a key is about itself.
        let hash = key.map_or_else(|| hash_of(&[number]), |key| hash(key.as_bytes()));
        self.open.insert(job, Open { task: Task { job, size }, hash, place: Place::Nowhere });
        self.place(ctx, job);
    }

    /// A server is to get no more jobs; it keeps those that it has.
    pub(super) fn on_drain(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId) {
        if !self.members.contains(&server) {
            return ctx.produce(Output::Refused { why: Why::NoSuchServer });
        }
        if self.drained.insert(server) {
            self.change(ctx);
        }
    }

    /// A server is to get jobs, for the first time or again.
    pub(super) fn on_add(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId) {
        if server.index() >= ctx.group_size() {
            return ctx.produce(Output::Refused { why: Why::NoSuchServer });
        }
        let known = self.members.contains(&server);
        if !known {
            self.members.push(server);
        }
        if self.drained.remove(&server) || !known {
            self.change(ctx);
        }
    }

    /// The failure detector suspects a server: others take over its jobs.
    pub(super) fn on_suspected(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId) {
        self.suspected.insert(server);
        self.take_back(ctx, server);
        self.change(ctx);
    }

    /// The failure detector erred, or the server is there again.
    pub(super) fn on_restored(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId) {
        self.suspected.remove(&server);
        self.change(ctx);
    }

    /// A server has forgotten what it had; what was meant for its former lives it ignores.
    pub(super) fn on_back(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId, life: u32) {
        let known = self.lives.entry(server).or_default();
        if life <= *known {
            return;
        }
        *known = life;
        self.take_back(ctx, server);
        self.place_all(ctx);
    }

    /// A job is done, by whomever: a server that was suspected wrongly may report it as well as its successor.
    pub(super) fn on_done(&mut self, ctx: &mut Context<'_, LoadBalancer>, job: JobId) {
        let Some(open) = self.open.remove(&job) else { return };
        if let Place::At(server) = open.place {
            *self.active.entry(server).or_default() -= 1;
        }
        ctx.produce(Output::Done { job });
    }

    /// A server tells its load; with the last answer the job goes to the least loaded.
    pub(super) fn on_load(
        &mut self,
        ctx: &mut Context<'_, LoadBalancer>,
        from: ProcessId,
        job: JobId,
        jobs: u64,
    ) {
        let Some(Open { place: Place::Probing(loads), .. }) = self.open.get_mut(&job) else { return };
        let Some(load) = loads.get_mut(&from) else { return };
        *load = Some(jobs);
        if loads.values().any(Option::is_none) {
            return;
        }
        let least = loads.values().flatten().min().copied();
        // A server may have been drained since it was asked.
        let best: Vec<ProcessId> =
            loads.iter().filter(|(_, load)| **load == least).map(|(server, _)| *server).collect();
        let best = best[ctx.choose(best.len() as u32) as usize];
        if self.serving.contains(&best) { self.assign(ctx, job, best) } else { self.place(ctx, job) }
    }

    /// All jobs of a server are nobody's, and nobody waits for its answers.
    fn take_back(&mut self, ctx: &mut Context<'_, LoadBalancer>, server: ProcessId) {
        for open in self.open.values_mut() {
            let lost = match &open.place {
                Place::Nowhere => false,
                Place::Probing(loads) => loads.contains_key(&server),
                Place::At(holder) => *holder == server,
            };
            if lost {
                open.place = Place::Nowhere;
            }
        }
        if self.active.remove(&server).is_some_and(|active| active > 0) {
            ctx.produce(Output::Lost { server });
        }
    }

    /// Other servers serve from now on.
    fn change(&mut self, ctx: &mut Context<'_, LoadBalancer>) {
        self.announce(ctx);
        self.place_all(ctx);
    }

    fn announce(&mut self, ctx: &mut Context<'_, LoadBalancer>) {
        let serves = |server: &&ProcessId| !self.drained.contains(server) && !self.suspected.contains(server);
        let serving: Vec<ProcessId> = self.members.iter().filter(serves).copied().collect();
        self.picker.change(&self.members, &self.serving, &serving);
        self.serving = serving;
        let (rule, servers) = (self.picker.rule(), self.serving.clone());
        ctx.produce(Output::Serving { rule, servers });
    }

    /// Every job that is nowhere gets a server.
    fn place_all(&mut self, ctx: &mut Context<'_, LoadBalancer>) {
        let nowhere = self.open.iter().filter(|(_, open)| open.place == Place::Nowhere);
        let jobs: Vec<JobId> = nowhere.map(|(job, _)| *job).collect();
        for job in jobs {
            self.place(ctx, job);
        }
    }

    /// A job gets a server, or those that might take it are asked; it waits when nobody serves.
    fn place(&mut self, ctx: &mut Context<'_, LoadBalancer>, job: JobId) {
        let Some(open) = self.open.get_mut(&job) else { return };
        open.place = Place::Nowhere;
        if self.serving.is_empty() {
            return;
        }
        if let Some(candidates) = self.picker.probes(ctx, &self.serving) {
            open.place = Place::Probing(candidates.iter().map(|server| (*server, None)).collect());
            return ctx.multicast(candidates, Message::Probe { job });
        }
        let server = self.picker.pick(ctx, &self.serving, &self.active, open.hash);
        self.assign(ctx, job, server);
    }

    fn assign(&mut self, ctx: &mut Context<'_, LoadBalancer>, job: JobId, server: ProcessId) {
        let Some(open) = self.open.get_mut(&job) else { return };
        open.place = Place::At(server);
        *self.active.entry(server).or_default() += 1;
        let life = self.lives.get(&server).copied().unwrap_or_default();
        ctx.produce(Output::Assigned { job, server });
        ctx.send(server, Message::Task { task: open.task, life });
    }
}
