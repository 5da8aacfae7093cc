//! Who does a job, how often, in which order, and who hears of it.

use super::{
    Work,
    digest::{Act, Digest, Id, Job},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, VecDeque};

pub(super) fn at_most_once(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((client, job), happened) in &digest.jobs {
        if let [first, second, ..] = happened.executed[..] {
            return Verdict::violated([first, second], format!("job {job} of {client} is executed twice"));
        }
        examined += happened.executed.len() as u64;
    }
    Verdict::of(examined)
}

pub(super) fn done_means_executed(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((client, job), happened) in &digest.jobs {
        let heard: Vec<u64> = happened.done.iter().chain(&happened.rejected).copied().collect();
        if heard.len() > 1 {
            return Verdict::violated(heard, format!("{client} hears twice of its job {job}"));
        }
        let [done] = happened.done[..] else { continue };
        if happened.executed.first().is_none_or(|executed| *executed > done) {
            return Verdict::violated([done], format!("job {job} of {client} is done and was not executed"));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn rejected_means_idle(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((client, job), happened) in &digest.jobs {
        let Some(rejected) = happened.rejected.first() else { continue };
        let touched = [&happened.assigned, &happened.started, &happened.executed];
        if let Some(event) = touched.into_iter().flatten().min() {
            let because = format!("job {job} of {client} is rejected, and somebody works on it");
            return Verdict::violated([*rejected, *event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn fifo_start(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut waiting: VecDeque<(Id, u64, ProcessId)> = VecDeque::new();
    let mut examined = 0;
    for (event, node, act) in &digest.acts {
        match act {
            Act::Accept(id) => waiting.push_back((*id, *event, *node)),
            // What waits at a dispatcher dies with it.
            Act::Crash => waiting.retain(|(_, _, dispatcher)| dispatcher != node),
            Act::Assign(id) if digest.jobs.get(id).is_some_and(|job| job.assigned.first() == Some(event)) => {
                match waiting.pop_front() {
                    Some((first, ..)) if first == *id => examined += 1,
                    first => {
                        let (client, job) = id;
                        let because = format!("job {job} of {client} is assigned when it is not its turn");
                        let earlier = first.map(|(_, accepted, _)| accepted);
                        return Verdict::violated(
                            earlier.into_iter().chain([*event]).collect::<Vec<_>>(),
                            because,
                        );
                    }
                }
            }
            Act::Assign(_) | Act::Start(_) | Act::Execute(_) => {}
        }
    }
    Verdict::of(examined)
}

pub(super) fn one_at_a_time(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut busy: BTreeMap<ProcessId, (Id, u64)> = BTreeMap::new();
    let mut examined = 0;
    for (event, worker, act) in &digest.acts {
        match act {
            Act::Start(id) => {
                if let Some(((client, job), before)) = busy.insert(*worker, (*id, *event)) {
                    let because =
                        format!("{worker} begins another job and has not done job {job} of {client}");
                    return Verdict::violated([before, *event], because);
                }
                examined += 1;
            }
            Act::Execute(_) | Act::Crash => drop(busy.remove(worker)),
            Act::Accept(_) | Act::Assign(_) => {}
        }
    }
    Verdict::of(examined)
}

pub(super) fn executed(history: &History<'_, Work>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((client, job), happened) in &digest.jobs {
        let Some(accepted) = happened.accepted else { continue };
        if happened.executed.is_empty() {
            let because = format!("job {job} of {client} is accepted and never executed");
            return Verdict::unmet(history.end, [accepted], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn answered(history: &History<'_, Work>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for ((client, job), happened) in &digest.jobs {
        let Some(submitted) = happened.submitted.filter(|_| correct[client.index()]) else { continue };
        if happened.done.is_empty() && happened.rejected.is_empty() {
            let because = format!("{client} never hears of its job {job}");
            return Verdict::unmet(history.end, [submitted], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// How long it takes from one thing to another, for every job to which both happened; nanoseconds.
fn spans(history: &History<'_, Work>, ends: impl Fn(&Job) -> Option<(u64, u64)>) -> Vec<u64> {
    let digest = Digest::of(history);
    let span = |job: &Job| {
        let (first, second) = ends(job)?;
        Some(history.between(first, second)?.as_nanos() as u64)
    };
    digest.jobs.values().filter_map(span).collect()
}

pub(super) fn waiting(history: &History<'_, Work>) -> Vec<u64> {
    spans(history, |job| Some((job.accepted?, *job.assigned.first()?)))
}

pub(super) fn turnaround(history: &History<'_, Work>) -> Vec<u64> {
    spans(history, |job| Some((job.submitted?, *job.done.first()?)))
}

/// How many jobs wait when one is accepted.
pub(super) fn queue(history: &History<'_, Work>) -> Vec<u64> {
    let digest = Digest::of(history);
    let (mut waiting, mut lengths) = (0_u64, Vec::new());
    for (event, _, act) in &digest.acts {
        match act {
            Act::Accept(_) => {
                lengths.push(waiting);
                waiting += 1;
            }
            Act::Assign(id) => {
                let first = digest.jobs.get(id).is_some_and(|job| job.assigned.first() == Some(event));
                waiting = waiting.saturating_sub(u64::from(first));
            }
            Act::Start(_) | Act::Execute(_) | Act::Crash => {}
        }
    }
    lengths
}
