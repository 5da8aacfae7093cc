//! Accuracy: that who is suspected deserves it, or is no longer suspected in the end.

use super::{
    FailureDetection,
    views::{Views, Word, word},
};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn strong_accuracy(history: &History<'_, FailureDetection>) -> Verdict {
    let mut views = Views::new(history.nodes);
    let mut known = BTreeSet::new();
    for step in &history.steps {
        match step.what {
            What::Receive { from, .. } => drop(known.insert((step.node, from))),
            What::Output(output) => {
                if let Some((process, Word::Suspected)) = word(output) {
                    if views.innocent(step.node, process) {
                        let (node, time) = (step.node, step.time);
                        let because = format!("{node} suspects {process} at {time}, which has not crashed");
                        return Verdict::violated([step.event], because);
                    }
                    known.insert((step.node, process));
                }
            }
            _ => {}
        }
        views.note(step);
    }
    Verdict::of(known.len() as u64)
}

pub(super) fn eventual_accuracy(history: &History<'_, FailureDetection>) -> Verdict {
    let correct = history.correct();
    let mut views = Views::new(history.nodes);
    // Who could have an opinion of whom, because it heard from it.
    let mut known = BTreeSet::new();
    for step in &history.steps {
        if let What::Receive { from, .. } = step.what {
            known.insert((step.node, from));
        }
        views.note(step);
    }
    let counts = |process: ProcessId| {
        let node = views.nodes.get(process.index());
        node.is_some_and(|node| correct[process.index()] && !node.outside)
    };
    let wrong = views
        .suspicions
        .iter()
        .filter(|((observer, process), _)| observer != process && counts(*observer) && counts(*process));
    if let Some(((observer, process), event)) = wrong.min_by_key(|(_, event)| **event) {
        let because = format!("{observer} still suspects {process} in the end, which is well");
        return Verdict::unmet(history.end, [*event], because);
    }
    let pairs = known.iter().filter(|(observer, process)| counts(*observer) && counts(*process));
    Verdict::of(pairs.count() as u64)
}

pub(super) fn wrong_suspicions(history: &History<'_, FailureDetection>) -> Vec<u64> {
    let (begun, _) = errors(history);
    vec![begun]
}

pub(super) fn mistakes(history: &History<'_, FailureDetection>) -> Vec<u64> {
    let (_, lasted) = errors(history);
    lasted
}

/// How many wrong suspicions there were, and how long those lasted that were taken back.
fn errors(history: &History<'_, FailureDetection>) -> (u64, Vec<u64>) {
    let mut views = Views::new(history.nodes);
    let mut open: BTreeMap<(ProcessId, ProcessId), u64> = BTreeMap::new();
    let (mut begun, mut lasted) = (0, Vec::new());
    for step in &history.steps {
        if let What::Output(output) = step.what {
            let Some((process, word)) = word(output) else { continue };
            let pair = (step.node, process);
            if word != Word::Suspected {
                lasted.extend(open.remove(&pair).map(|since| step.time.0 - since));
            } else if views.innocent(step.node, process) && !views.suspicions.contains_key(&pair) {
                begun += 1;
                open.insert(pair, step.time.0);
            }
        }
        views.note(step);
    }
    (begun, lasted)
}
