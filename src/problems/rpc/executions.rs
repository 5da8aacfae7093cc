//! How often a request is executed, by whom for whom, and what its caller hears of it.

use super::{
    Request, Rpc, Why,
    digest::{Call, Digest},
    objects,
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn at_most_once(history: &History<'_, Rpc>) -> Verdict {
    let digest = Digest::of(history);
    let mut first: BTreeMap<Call, u64> = BTreeMap::new();
    for execution in &digest.executions {
        if let Some(before) = first.insert(execution.call, execution.event) {
            let ((client, call), server) = (execution.call, execution.server);
            let because = format!("{server} executes call {call} of {client} when it was executed before");
            return Verdict::violated([before, execution.event], because);
        }
    }
    Verdict::of(first.len() as u64)
}

pub(super) fn at_least_once(history: &History<'_, Rpc>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for outcome in digest.outcomes.iter().filter(|outcome| outcome.result.is_ok()) {
        if !digest.executions_of(outcome.call).any(|execution| execution.event < outcome.event) {
            let (client, call) = outcome.call;
            let because = format!("call {call} of {client} has an answer, and nobody has executed it");
            return Verdict::violated([outcome.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn matching(history: &History<'_, Rpc>) -> Verdict {
    let digest = Digest::of(history);
    let mut ended: BTreeMap<Call, u64> = BTreeMap::new();
    let mut examined = 0;
    for outcome in &digest.outcomes {
        let ((client, call), event) = (outcome.call, outcome.event);
        let asked = digest.request(outcome.call).filter(|asked| asked.event < event);
        let Some(asked) = asked else {
            let because = format!("{client} hears of its call {call}, which it never made");
            return Verdict::violated([event], because);
        };
        if let Some(before) = ended.insert(outcome.call, event) {
            return Verdict::violated([before, event], format!("{client} hears twice of its call {call}"));
        }
        let Ok(answer) = outcome.result else { continue };
        let mut executions = digest.executions_of(outcome.call);
        let own = executions.any(|execution| execution.event < event && execution.answer == answer);
        let right = match asked.request {
            Request::Call { method, argument, .. } => objects::always(*method, argument),
            Request::Bind { .. }
            | Request::Rebind { .. }
            | Request::Unbind { .. }
            | Request::Lookup { .. } => None,
        };
        if !own || right.is_some_and(|right| right != *answer) {
            let because = format!("the answer to call {call} of {client} is not that call's result");
            return Verdict::violated([asked.event, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn last_of_many(history: &History<'_, Rpc>) -> Verdict {
    let digest = Digest::of(history);
    let mut latest: BTreeMap<(ProcessId, ProcessId), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for execution in &digest.executions {
        let Some(asked) = digest.request(execution.call) else { continue };
        let ((client, call), server) = (execution.call, execution.server);
        let (life, event) = latest.entry((server, client)).or_insert((asked.life, execution.event));
        if asked.life < *life {
            let because = format!(
                "{server} executes call {call} of {client}, an orphan: its caller has crashed since, and {server} knows"
            );
            return Verdict::violated([*event, execution.event], because);
        }
        examined += u64::from(asked.life > 1);
        (*life, *event) = (asked.life, execution.event);
    }
    Verdict::of(examined)
}

pub(super) fn answered(history: &History<'_, Rpc>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let ends = digest.ends();
    let mut examined = 0;
    for (call, asked) in digest.requests() {
        if !correct[call.0.index()] {
            continue;
        }
        if !ends.contains_key(&call) {
            let (client, number) = call;
            let because = format!("{client} never hears of its call {number}");
            return Verdict::unmet(history.end, [asked.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// What a server cannot serve is not to be executed; a time that is over says nothing of that.
pub(super) fn exactly_once(history: &History<'_, Rpc>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    if !digest.crashes.is_empty() || correct.contains(&false) {
        return Verdict::Vacuous;
    }
    let (ends, mut examined) = (digest.ends(), 0);
    for (call, asked) in digest.requests() {
        let result = ends.get(&call).map(|outcome| outcome.result);
        if let Some(Err(Why::NoReference | Why::NoSuchObject | Why::NoSuchMethod | Why::StaleReference)) =
            result
        {
            continue;
        }
        let (client, number) = call;
        let executions: BTreeSet<u64> = digest.executions_of(call).map(|execution| execution.event).collect();
        if executions.len() > 1 {
            let because = format!("call {number} of {client} is executed {} times", executions.len());
            return Verdict::violated(executions.into_iter().collect::<Vec<_>>(), because);
        }
        if executions.is_empty() || !matches!(result, Some(Ok(_))) {
            let what = if executions.is_empty() { "executed" } else { "answered" };
            let because = format!("call {number} of {client} is never {what}");
            return Verdict::unmet(history.end, [asked.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// How long each answer takes; nanoseconds.
pub(super) fn responses(history: &History<'_, Rpc>) -> Vec<u64> {
    let digest = Digest::of(history);
    let answers = digest.outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let time = |outcome: &super::digest::Outcome<'_>| {
        let asked = digest.request(outcome.call)?;
        Some(history.between(asked.event, outcome.event)?.as_nanos() as u64)
    };
    answers.filter_map(time).collect()
}

/// How often each request is executed.
pub(super) fn repetitions(history: &History<'_, Rpc>) -> Vec<u64> {
    Digest::of(history).repetitions().collect()
}
