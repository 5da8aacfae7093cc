//! Completeness: that who crashes is suspected, and how soon.

use super::{
    FailureDetection, Output, Request,
    views::{Views, Word, word},
};
use crate::process::{History, ProcessId, Time, Verdict, What};
use std::{collections::BTreeMap, time::Duration};

pub(super) fn completeness(history: &History<'_, FailureDetection>) -> Verdict {
    let correct = history.correct();
    let mut views = Views::new(history.nodes);
    for step in &history.steps {
        views.note(step);
    }
    let mut examined = 0;
    let ids = || (0..history.nodes).map(ProcessId);
    for crashed in ids() {
        let node = views.nodes[crashed.index()];
        let Some(crash) = node.crash else { continue };
        if node.up || node.outside {
            continue;
        }
        for observer in ids().filter(|id| correct[id.index()] && !views.nodes[id.index()].outside) {
            if views.suspicions.contains_key(&(observer, crashed)) {
                examined += 1;
            } else if views.owed(observer, crashed) {
                let because = format!("{observer} does not suspect {crashed} in the end, which crashed");
                return Verdict::unmet(history.end, [crash], because);
            }
        }
    }
    Verdict::of(examined)
}

/// A crash that somebody has not noticed yet.
#[derive(Clone, Copy)]
struct Unnoticed {
    since: Time,
    event: u64,
    bound: Duration,
}

impl Unnoticed {
    /// Violated if it is too late at this time.
    fn overdue(self, now: Time, (observer, crashed): (ProcessId, ProcessId)) -> Option<String> {
        let Self { since, bound, .. } = self;
        let late = now.since(since) > bound;
        late.then(|| {
            format!("{observer} does not suspect {crashed} within {bound:?} after its crash at {since}")
        })
    }
}

pub(super) fn detection_latency(history: &History<'_, FailureDetection>) -> Verdict {
    let correct = history.correct();
    let mut views = Views::new(history.nodes);
    let mut bounds: BTreeMap<ProcessId, Duration> = BTreeMap::new();
    let mut open: BTreeMap<(ProcessId, ProcessId), Unnoticed> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Output(Output::Within(bound)) if correct[step.node.index()] => {
                bounds.insert(step.node, *bound);
            }
            What::Output(output) => {
                let Some((crashed, Word::Suspected)) = word(output) else { continue };
                let pair = (step.node, crashed);
                if let Some(unnoticed) = open.remove(&pair) {
                    if let Some(because) = unnoticed.overdue(step.time, pair) {
                        return Verdict::violated([unnoticed.event, step.event], because);
                    }
                    examined += 1;
                }
            }
            What::Crash => {
                for (observer, bound) in &bounds {
                    let pair = (*observer, step.node);
                    if *observer != step.node && !views.suspicions.contains_key(&pair) {
                        open.insert(pair, Unnoticed { since: step.time, event: step.event, bound: *bound });
                    }
                }
            }
            What::Boot => {
                let ours = |pair: &(ProcessId, ProcessId)| pair.1 == step.node;
                let late = open.iter().filter(|(pair, _)| ours(pair));
                let mut late =
                    late.filter_map(|(pair, crash)| Some((crash.event, crash.overdue(step.time, *pair)?)));
                if let Some((event, because)) = late.next() {
                    return Verdict::violated([event, step.event], because);
                }
                open.retain(|pair, _| !ours(pair));
            }
            _ => {}
        }
        views.note(step);
    }
    let last = history.steps.last().map_or(Time::ZERO, |step| step.time);
    let mut late = open.iter().filter_map(|(pair, crash)| Some((crash.event, crash.overdue(last, *pair)?)));
    match late.next() {
        Some((event, because)) => Verdict::violated([event], because),
        None => Verdict::of(examined),
    }
}

pub(super) fn detection_times(history: &History<'_, FailureDetection>) -> Vec<u64> {
    let mut views = Views::new(history.nodes);
    let mut crashes: Vec<Time> = vec![Time::ZERO; history.nodes as usize];
    let mut times = Vec::new();
    for step in &history.steps {
        match step.what {
            What::Crash => crashes[step.node.index()] = step.time,
            What::Output(output) => {
                if let Some((process, Word::Suspected)) = word(output)
                    && let Some(node) = views.nodes.get(process.index())
                    && node.crash.is_some()
                    && !node.up
                    && !views.suspicions.contains_key(&(step.node, process))
                {
                    times.push(step.time.0 - crashes[process.index()].0);
                }
            }
            _ => {}
        }
        views.note(step);
    }
    times
}

pub(super) fn answers(history: &History<'_, FailureDetection>) -> Verdict {
    let correct = history.correct();
    let mut open: BTreeMap<(ProcessId, ProcessId), Vec<u64>> = BTreeMap::new();
    let mut examined = 0;
    for step in history.steps.iter().filter(|step| correct[step.node.index()]) {
        match step.what {
            What::Request(Request::Query(process)) => {
                open.entry((step.node, *process)).or_default().push(step.event);
            }
            What::Output(Output::Status { process, .. } | Output::Level { process, .. }) => {
                let answered = open.remove(&(step.node, *process)).unwrap_or_default();
                examined += answered.len() as u64;
            }
            _ => {}
        }
    }
    let first =
        open.iter().filter_map(|((node, process), events)| Some((*events.first()?, node, process))).min();
    match first {
        Some((event, node, process)) => {
            let because = format!("{node} is never told what is thought of {process}");
            Verdict::unmet(history.end, [event], because)
        }
        None => Verdict::of(examined),
    }
}
