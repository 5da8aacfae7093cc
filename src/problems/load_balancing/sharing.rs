//! What those who share their jobs owe each other.

use super::{JobId, LoadBalancing, Output, digest::Digest, once::name};
use crate::process::{History, ProcessId, Time, Verdict, What};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A job that was passed on stays where it is: no thrashing.
pub(super) fn at_most_one_transfer(history: &History<'_, LoadBalancing>) -> Verdict {
    let mut moved: BTreeMap<JobId, u64> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Moved { job, .. }) = &step.what else { continue };
        if let Some(before) = moved.insert(*job, step.event) {
            return Verdict::violated([before, step.event], format!("{} is passed on twice", name(*job)));
        }
    }
    Verdict::of(moved.len() as u64)
}

/// A promise to take a job is kept in mind until the job is executed.
pub(super) fn no_overload(history: &History<'_, LoadBalancing>) -> Verdict {
    let mut threshold: BTreeMap<ProcessId, u32> = BTreeMap::new();
    let mut taken: BTreeMap<ProcessId, BTreeMap<JobId, u64>> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        match &step.what {
            What::Output(Output::Sharing { threshold: most, .. }) => {
                threshold.insert(step.node, *most);
            }
            What::Output(Output::Moved { job, to }) => {
                for jobs in taken.values_mut() {
                    jobs.remove(job);
                }
                let jobs = taken.entry(*to).or_default();
                jobs.insert(*job, step.event);
                let Some(most) = threshold.get(to) else { continue };
                examined += 1;
                if jobs.len() > *most as usize {
                    let events: Vec<u64> = jobs.values().copied().collect();
                    let because =
                        format!("{to} has {} unfinished jobs of others, and takes {most}", jobs.len());
                    return Verdict::violated(events, because);
                }
            }
            What::Output(Output::Executed { job }) => {
                taken.entry(step.node).or_default().remove(job);
            }
            What::Crash => {
                taken.remove(&step.node);
            }
            What::Output(
                Output::Serving { .. }
                | Output::Assigned { .. }
                | Output::Lost { .. }
                | Output::Started { .. }
                | Output::Done { .. }
                | Output::Refused { .. },
            )
            | What::Boot
            | What::Request(_)
            | What::Send { .. }
            | What::Receive { .. }
            | What::Timer
            | What::Pause
            | What::Resume => {}
        }
    }
    Verdict::of(examined)
}

/// One process that has had nothing to do since.
#[derive(Clone, Copy, Debug)]
struct Idle {
    since: Time,
    event: u64,
}

/// Whoever is idle finds the work that waits elsewhere, in time.
pub(super) fn no_idling(history: &History<'_, LoadBalancing>) -> Verdict {
    let digest = Digest::of(history);
    let mut patience: Option<Duration> = None;
    let mut idle: BTreeMap<ProcessId, Idle> = BTreeMap::new();
    let mut waiting: BTreeMap<JobId, Time> = BTreeMap::new();
    let mut gone: BTreeSet<JobId> = BTreeSet::new();
    let numbers: BTreeMap<u64, Vec<JobId>> =
        digest.jobs.iter().fold(BTreeMap::new(), |mut numbers, (id, job)| {
            numbers.entry(job.asked).or_insert_with(Vec::new).push(*id);
            numbers
        });
    let mut examined = 0;
    for step in &history.steps {
        let rests = Idle { since: step.time, event: step.event };
        match &step.what {
            What::Boot | What::Resume => {
                idle.insert(step.node, rests);
            }
            What::Crash | What::Pause => {
                idle.remove(&step.node);
            }
            What::Request(_) => {
                // Of a job that forks only the first part can begin.
                let first = numbers.get(&step.event).and_then(|jobs| jobs.first());
                waiting.extend(first.map(|job| (*job, step.time)));
            }
            What::Output(Output::Sharing { patience: Some(announced), .. }) => patience = Some(announced.0),
            What::Output(Output::Started { job }) => {
                let (Some(asked), true) = (waiting.remove(job), gone.insert(*job)) else {
                    idle.remove(&step.node);
                    continue;
                };
                let Some(patience) = patience else { continue };
                examined += 1;
                let lazy = idle.iter().find(|(node, idle)| {
                    **node != step.node && step.time.since(idle.since.max(asked)) > patience
                });
                if let Some((node, lazy)) = lazy {
                    let because = format!("{} waits for too long while {node} is idle", name(*job));
                    return Verdict::violated([lazy.event, step.event], because);
                }
                idle.remove(&step.node);
            }
            What::Output(Output::Executed { .. }) => {
                idle.insert(step.node, rests);
            }
            What::Output(_) | What::Send { .. } | What::Receive { .. } | What::Timer => {}
        }
    }
    Verdict::of(examined)
}
