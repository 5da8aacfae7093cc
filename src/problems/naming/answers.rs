//! Answers: whether there is one, whether it is true, how old it may be, how long it takes.

use super::{Naming, Output, Request, changes::Changes};
use crate::process::{End, History, ProcessId, Time, Verdict, What};
use std::{collections::BTreeMap, time::Duration};

/// A request.
struct Asked<'a> {
    event: u64,
    time: Time,
    request: &'a Request,
    /// What came of it first.
    answer: Option<&'a Output>,
}

/// All requests, by process and number.
type Requests<'a> = BTreeMap<(ProcessId, u64), Asked<'a>>;

fn requests<'a>(history: &History<'a, Naming>) -> Requests<'a> {
    let mut counts: BTreeMap<ProcessId, u64> = BTreeMap::new();
    let mut requests = Requests::new();
    for step in &history.steps {
        match step.what {
            What::Request(request) => {
                let count = counts.entry(step.node).or_default();
                *count += 1;
                let asked = Asked { event: step.event, time: step.time, request, answer: None };
                requests.insert((step.node, *count), asked);
            }
            What::Output(output) => {
                let Some(id) = output.answers() else { continue };
                if let Some(asked) = requests.get_mut(&(step.node, id)) {
                    asked.answer.get_or_insert(output);
                }
            }
            _ => {}
        }
    }
    requests
}

/// Every request of a correct process has an answer.
pub(super) fn answered(history: &History<'_, Naming>) -> Verdict {
    owed(history, |answer| answer.is_some(), "never gets an answer")
}

/// Every request of a correct process has an answer that says something.
pub(super) fn available(history: &History<'_, Naming>) -> Verdict {
    let told = |answer: Option<&Output>| !matches!(answer, None | Some(Output::TimedOut { .. }));
    owed(history, told, "is never told")
}

fn owed(history: &History<'_, Naming>, enough: impl Fn(Option<&Output>) -> bool, lacks: &str) -> Verdict {
    let correct = history.correct();
    let mut examined = 0;
    for ((node, _), asked) in requests(history) {
        if !correct[node.index()] {
            continue;
        }
        // That time ran out is an answer also in a run that was cut short.
        if !enough(asked.answer) {
            let end = if asked.answer.is_some() { End::Quiescent } else { history.end };
            let because = format!("{node} asks {} and {lacks}", told(asked.request));
            return Verdict::unmet(end, [asked.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// A request in words.
fn told(request: &Request) -> String {
    match request {
        Request::Register { name, address } => format!("to register {name} as {address}"),
        Request::Unregister(name) => format!("to unregister {name}"),
        Request::Resolve(name) => format!("for {name}"),
    }
}

/// What is answered was so between the question and the answer.
pub(super) fn truth(history: &History<'_, Naming>) -> Verdict {
    judge(history, false)
}

/// What is answered from a cache was so not too long ago.
pub(super) fn bounded_staleness(history: &History<'_, Naming>) -> Verdict {
    judge(history, true)
}

fn judge(history: &History<'_, Naming>, from_cache: bool) -> Verdict {
    let (requests, changes) = (requests(history), Changes::of(history));
    let mut lifetimes: BTreeMap<ProcessId, Duration> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        let node = step.node;
        let (id, name, value, cached) = match step.what {
            What::Output(Output::Lifetime(lifetime)) => {
                lifetimes.insert(node, *lifetime);
                continue;
            }
            What::Output(Output::Resolved { id, name, address, cached, .. }) => {
                (*id, name, Some(address.as_str()), *cached)
            }
            What::Output(Output::NotFound { id, name, cached, .. }) => (*id, name, None, *cached),
            _ => continue,
        };
        if cached != from_cache {
            continue;
        }
        let said = value.map_or_else(|| "no address".into(), |address| format!("address {address}"));
        let asked = requests.get(&(node, id)).filter(|asked| asked.time <= step.time);
        if asked.is_some_and(|asked| matches!(asked.request, Request::Unregister(_))) && value.is_none() {
            continue;
        }
        let asked = asked.filter(|asked| matches!(asked.request, Request::Resolve(wanted) if wanted == name));
        let Some(asked) = asked else {
            let because = format!("{node} is told that {name} has {said}, for which it did not ask");
            return Verdict::violated([step.event], because);
        };
        let lifetime = lifetimes.get(&node).filter(|_| cached).copied().unwrap_or_default();
        let start = Time(asked.time.0.saturating_sub(lifetime.as_nanos() as u64));
        if let Err(ended_by) = changes.allow(name, value, start, step.time) {
            let events: Vec<u64> = ended_by.into_iter().chain([asked.event, step.event]).collect();
            let since = if cached { "for longer than answers may be old" } else { "since it asked" };
            let because = match (ended_by, value) {
                (None, Some(_)) => format!("{node} is told that {name} has {said}, which it never had"),
                _ => format!("{node} is told that {name} has {said}, which was not so {since}"),
            };
            return Verdict::violated(events, because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// How long each question takes; nanoseconds.
pub(super) fn responses(history: &History<'_, Naming>) -> Vec<u64> {
    let requests = requests(history);
    let mut taken = Vec::new();
    for step in &history.steps {
        let What::Output(output @ (Output::Resolved { .. } | Output::NotFound { .. })) = step.what else {
            continue;
        };
        let asked = output.answers().and_then(|id| requests.get(&(step.node, id)));
        taken.extend(asked.map(|asked| step.time.since(asked.time).as_nanos() as u64));
    }
    taken
}
