//! How evenly a dispatcher hands out jobs, by the rule that it announced; and what each server had to do.

use super::{
    JobId, LoadBalancing, Output, Rule,
    digest::Digest,
    once::{name, nanoseconds},
};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::{BTreeMap, BTreeSet};

/// What a dispatcher has announced, and what it has done since.
#[derive(Clone, Debug, Default)]
struct Service<'a> {
    /// The announcement in force.
    announced: Option<(u64, &'a Rule, &'a [ProcessId])>,
    /// How many jobs each server has got since.
    count: BTreeMap<ProcessId, u64>,
    /// How many in all.
    total: u64,
    /// Since which event each server serves without a break.
    since: BTreeMap<ProcessId, u64>,
    /// Where the unfinished jobs are.
    holder: BTreeMap<JobId, ProcessId>,
    /// How many unfinished jobs each server has.
    active: BTreeMap<ProcessId, u64>,
}

impl<'a> Service<'a> {
    fn announce(&mut self, event: u64, rule: &'a Rule, servers: &'a [ProcessId]) {
        self.announced = Some((event, rule, servers));
        self.count = servers.iter().map(|server| (*server, 0)).collect();
        self.total = 0;
        let before = std::mem::take(&mut self.since);
        let since = |server: &ProcessId| (*server, before.get(server).copied().unwrap_or(event));
        self.since = servers.iter().map(since).collect();
    }

    fn active(&self, server: ProcessId) -> u64 {
        self.active.get(&server).copied().unwrap_or_default()
    }

    /// A job is nobody's any more.
    fn release(&mut self, job: JobId) {
        if let Some(active) = self.holder.remove(&job).and_then(|holder| self.active.get_mut(&holder)) {
            *active -= 1;
        }
    }

    /// What this server has is nobody's any more.
    fn lose(&mut self, server: ProcessId) {
        self.holder.retain(|_, holder| *holder != server);
        self.active.remove(&server);
    }

    /// A job is this server's.
    fn assign(&mut self, job: JobId, server: ProcessId) {
        self.release(job);
        self.holder.insert(job, server);
        *self.active.entry(server).or_default() += 1;
        *self.count.entry(server).or_default() += 1;
        self.total += 1;
    }

    /// What is wrong with the assignment that was made last, of a job that was nobody's before it.
    fn wrong(&self, rule: &Rule, servers: &[ProcessId], server: ProcessId) -> Option<String> {
        let count = |server: &ProcessId| self.count.get(server).copied().unwrap_or_default();
        match rule {
            Rule::RoundRobin => {
                let least = servers.iter().map(count).min()?;
                let most = count(&server);
                let uneven = || format!("{server} gets its turn {most} while somebody has had {least}");
                (most > least + 1).then(uneven)
            }
            Rule::Weighted(weights) => {
                let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
                let total = i128::from(self.total);
                servers.iter().zip(weights).find_map(|(server, weight)| {
                    let off = i128::from(count(server)) * whole - total * i128::from(*weight);
                    let uneven = || {
                        format!("of {total} jobs {server} has {}, one or more off its share", count(server))
                    };
                    (off.abs() >= whole).then(uneven)
                })
            }
            Rule::LeastConnections => {
                let least = servers.iter().min_by_key(|server| self.active(**server))?;
                let (had, has) = (self.active(server) - 1, self.active(*least));
                let other = || format!("{server} has {had} unfinished jobs, {least} has {has}");
                (had > has && *least != server).then(other)
            }
            Rule::BoundedHashing { most, of } => {
                let jobs: u64 = servers.iter().map(|server| self.active(*server)).sum();
                let share = u64::from(*of).max(1) * servers.len() as u64;
                let bound = (jobs * u64::from(*most)).div_ceil(share);
                let full =
                    || format!("{server} has {} unfinished jobs, more than {bound}", self.active(server));
                (self.active(server) > bound).then(full)
            }
            // The least of so many different servers is no fuller than all of these but itself.
            Rule::Choices(count) => {
                let had = self.active(server) - 1;
                let others = servers.iter().filter(|other| **other != server && self.active(**other) >= had);
                let (fuller, wanted) = (others.count(), servers.len().min(*count as usize).saturating_sub(1));
                let fullest =
                    || format!("{server} has {had} unfinished jobs, and only {fuller} others have as many");
                (fuller < wanted).then(fullest)
            }
            Rule::Random | Rule::Probes(_) | Rule::ConsistentHashing => None,
        }
    }

    fn judged(rule: &Rule) -> bool {
        !matches!(rule, Rule::Random | Rule::Probes(_) | Rule::ConsistentHashing)
    }
}

/// Shows every assignment after an announcement to `look`, with what its dispatcher has done so far, the assignment
/// included. Ends at the first verdict.
fn each_assignment<'a>(
    history: &History<'a, LoadBalancing>,
    mut look: impl FnMut(u64, &Service<'a>, JobId, ProcessId) -> Option<Verdict>,
) -> Option<Verdict> {
    let mut services: BTreeMap<ProcessId, Service<'a>> = BTreeMap::new();
    for step in &history.steps {
        let service = services.entry(step.node).or_default();
        match &step.what {
            What::Boot => *service = Service::default(),
            What::Output(Output::Serving { rule, servers }) => service.announce(step.event, rule, servers),
            What::Output(Output::Assigned { job, server }) if service.announced.is_some() => {
                service.assign(*job, *server);
                if let Some(verdict) = look(step.event, service, *job, *server) {
                    return Some(verdict);
                }
            }
            What::Output(Output::Done { job }) => service.release(*job),
            What::Output(Output::Lost { server }) => service.lose(*server),
            What::Output(
                Output::Sharing { .. }
                | Output::Assigned { .. }
                | Output::Moved { .. }
                | Output::Started { .. }
                | Output::Executed { .. }
                | Output::Refused { .. },
            )
            | What::Request(_)
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer
            | What::Crash
            | What::Pause
            | What::Resume => {}
        }
    }
    None
}

/// Only who serves gets jobs.
pub(super) fn serving_only(history: &History<'_, LoadBalancing>) -> Verdict {
    let mut examined = 0;
    let wrong = each_assignment(history, |event, service, job, server| {
        let (announced, _, servers) = service.announced?;
        examined += 1;
        let because = || format!("{} is assigned to {server}, who does not serve", name(job));
        (!servers.contains(&server)).then(|| Verdict::violated([announced, event], because()))
    });
    wrong.unwrap_or_else(|| Verdict::of(examined))
}

/// The announced rule is kept.
pub(super) fn balanced(history: &History<'_, LoadBalancing>) -> Verdict {
    let mut examined = 0;
    let wrong = each_assignment(history, |event, service, _, server| {
        let (announced, rule, servers) = service.announced?;
        examined += u64::from(Service::judged(rule));
        let because = service.wrong(rule, servers, server)?;
        Some(Verdict::violated([announced, event], because))
    });
    wrong.unwrap_or_else(|| Verdict::of(examined))
}

/// Monotonicity (Karger et al. 1997, section 4): keys move to new servers or from those that left.
pub(super) fn moves_only_to_new(history: &History<'_, LoadBalancing>) -> Verdict {
    let digest = Digest::of(history);
    let mut last: BTreeMap<&str, (u64, ProcessId)> = BTreeMap::new();
    let mut examined = 0;
    let wrong = each_assignment(history, |event, service, job, server| {
        let key = digest.jobs.get(&job)?.key?;
        let Some((_, Rule::ConsistentHashing, _)) = service.announced else { return None };
        let (before, former) = last.insert(key, (event, server))?;
        examined += 1;
        let stayed = |server| service.since.get(&server).is_some_and(|since| *since < before);
        let because =
            || format!("key {key} moves from {former} to {server}, and both have served all the time");
        let moved = server != former && stayed(server) && stayed(former);
        moved.then(|| Verdict::violated([before, event], because()))
    });
    wrong.unwrap_or_else(|| Verdict::of(examined))
}

/// For each job whose key was seen before, whether it goes elsewhere.
pub(super) fn moved_keys(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let digest = Digest::of(history);
    let mut last: BTreeMap<&str, ProcessId> = BTreeMap::new();
    let mut moved = Vec::new();
    each_assignment(history, |_, _, job, server| {
        let key = digest.jobs.get(&job)?.key?;
        let former = last.insert(key, server)?;
        moved.push(u64::from(former != server));
        None
    });
    moved
}

/// Who executes jobs: all who were announced as servers, or everybody where nobody was.
fn servers(history: &History<'_, LoadBalancing>) -> BTreeSet<ProcessId> {
    let announced: BTreeSet<ProcessId> = history
        .steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Output(Output::Serving { servers, .. }) => Some(servers.iter().copied()),
            _ => None,
        })
        .flatten()
        .collect();
    if announced.is_empty() { (0..history.nodes).map(ProcessId).collect() } else { announced }
}

/// How many jobs each server executed.
pub(super) fn load(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let mut load: BTreeMap<ProcessId, u64> = servers(history).into_iter().map(|server| (server, 0)).collect();
    for (_, server) in Digest::of(history).jobs.values().flat_map(|job| &job.executed) {
        *load.entry(*server).or_default() += 1;
    }
    load.into_values().collect()
}

/// The difference between the largest and the least load.
pub(super) fn imbalance(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let load = load(history);
    let spread = load.iter().max().zip(load.iter().min()).map(|(most, least)| most - least);
    spread.into_iter().collect()
}

/// For how long each server was at work; nanoseconds.
pub(super) fn busy(history: &History<'_, LoadBalancing>) -> Vec<u64> {
    let mut busy: BTreeMap<ProcessId, u64> = servers(history).into_iter().map(|server| (server, 0)).collect();
    for job in Digest::of(history).jobs.values() {
        for (ended, server) in &job.executed {
            let began = job.started.iter().rev().find(|(event, node)| event < ended && node == server);
            let time = began.and_then(|(began, _)| nanoseconds(history, *began, *ended));
            *busy.entry(*server).or_default() += time.unwrap_or_default();
        }
    }
    busy.into_values().collect()
}
