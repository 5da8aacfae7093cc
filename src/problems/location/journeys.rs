//! Where objects are, and what reaches them.

use super::{Location, Output, Request};
use crate::process::{History, ProcessId, Time, Verdict, What};
use std::collections::{BTreeMap, BTreeSet};

/// Something sent to an object.
struct Sent<'a> {
    event: u64,
    time: Time,
    object: &'a str,
    body: &'a str,
}

/// Everything that was sent, by sender and number.
fn sent<'a>(history: &History<'a, Location>) -> BTreeMap<(ProcessId, u64), Sent<'a>> {
    let mut counts: BTreeMap<ProcessId, u64> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for step in &history.steps {
        let What::Request(Request::Send { object, body }) = step.what else { continue };
        let count = counts.entry(step.node).or_default();
        *count += 1;
        all.insert((step.node, *count), Sent { event: step.event, time: step.time, object, body });
    }
    all
}

/// Where an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Here, as this event shows.
    At(ProcessId, u64),
    /// On its way to there since this event.
    Between(ProcessId, u64),
}

/// What a history says of the places of objects, one line after the other.
fn journeys<'a>(
    history: &History<'a, Location>,
    mut look: impl FnMut(u64, ProcessId, Option<Place>, &'a Output) -> Option<Verdict>,
) -> Result<BTreeMap<&'a str, Place>, Verdict> {
    let mut places: BTreeMap<&str, Place> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(output) = step.what else { continue };
        let (object, next) = match output {
            Output::Left { object, to } => (object, Place::Between(*to, step.event)),
            Output::Arrived { object, .. } | Output::Delivered { object, .. } => {
                (object, Place::At(step.node, step.event))
            }
        };
        if let Some(verdict) = look(step.event, step.node, places.get(object.as_str()).copied(), output) {
            return Err(verdict);
        }
        places.insert(object, next);
    }
    Ok(places)
}

/// What a correct process sends is delivered, if there is an object to deliver it to in the end.
pub(super) fn reached(history: &History<'_, Location>) -> Verdict {
    let correct = history.correct();
    let places = journeys(history, |_, _, _, _| None).unwrap_or_default();
    let delivered: BTreeSet<(ProcessId, u64)> = history.steps.iter().filter_map(delivery).collect();
    let mut examined = 0;
    for ((from, id), sent) in sent(history) {
        let lost = places.get(sent.object).is_some_and(|place| match place {
            Place::At(node, _) | Place::Between(node, _) => !correct[node.index()],
        });
        if !correct[from.index()] || lost {
            continue;
        }
        if !delivered.contains(&(from, id)) {
            let because = format!("{:?} of {from} never reaches {}", sent.body, sent.object);
            return Verdict::unmet(history.end, [sent.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn delivery(step: &crate::process::Step<'_, Location>) -> Option<(ProcessId, u64)> {
    match step.what {
        What::Output(Output::Delivered { from, id, .. }) => Some((*from, *id)),
        _ => None,
    }
}

/// No creation, no duplication.
pub(super) fn at_most_once(history: &History<'_, Location>) -> Verdict {
    let sent = sent(history);
    let mut first: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Delivered { object, from, id, body, .. }) = step.what else { continue };
        let known = sent.get(&(*from, *id)).filter(|sent| sent.event < step.event);
        if known.is_none_or(|sent| sent.object != object || sent.body != body) {
            let because = format!("{object} is told {body:?} by {from}, who never sent it");
            return Verdict::violated([step.event], because);
        }
        if let Some(earlier) = first.insert((*from, *id), step.event) {
            let because = format!("{object} is told {body:?} by {from} twice");
            return Verdict::violated([earlier, step.event], because);
        }
    }
    Verdict::of(first.len() as u64)
}

/// An object arrives where it was sent, leaves from where it is, and is told there what it is told.
pub(super) fn one_place(history: &History<'_, Location>) -> Verdict {
    let mut examined = 0;
    let judged = journeys(history, |event, node, place, output| {
        let (object, wanted) = match output {
            Output::Arrived { object, .. } => (object, "arrives at"),
            Output::Left { object, .. } => (object, "leaves"),
            Output::Delivered { object, .. } => (object, "is told something at"),
        };
        let arrives = matches!(output, Output::Arrived { .. });
        let (fits, shown) = match place {
            None => (true, event),
            Some(Place::At(at, shown)) => (at == node && !arrives, shown),
            Some(Place::Between(to, shown)) => (to == node && arrives, shown),
        };
        examined += 1;
        let because = || match place {
            Some(Place::Between(to, _)) => format!("{object} {wanted} {node} while it is on its way to {to}"),
            Some(Place::At(at, _)) => format!("{object} {wanted} {node} while it is at {at}"),
            None => String::new(),
        };
        (!fits).then(|| Verdict::violated([shown, event], because()))
    });
    judged.err().unwrap_or_else(|| Verdict::of(examined))
}

/// One hop to where the object began, and one for each of its moves.
pub(super) fn no_detour(history: &History<'_, Location>) -> Verdict {
    let mut moves: BTreeMap<&str, u64> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Output(Output::Arrived { object, .. }) => *moves.entry(object).or_default() += 1,
            What::Output(Output::Delivered { object, hops, .. }) => {
                let moved = moves.get(object.as_str()).copied().unwrap_or_default();
                if u64::from(*hops) > moved + 1 {
                    let because = format!("it takes {hops} hops to {object}, which has moved {moved} times");
                    return Verdict::violated([step.event], because);
                }
                examined += 1;
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

/// How many messages each delivery took.
pub(super) fn hops(history: &History<'_, Location>) -> Vec<u64> {
    let hops = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Delivered { hops, .. }) => Some(u64::from(*hops)),
        _ => None,
    });
    hops.collect()
}

/// How long each delivery took; nanoseconds.
pub(super) fn delays(history: &History<'_, Location>) -> Vec<u64> {
    let sent = sent(history);
    let taken = history.steps.iter().filter_map(|step| {
        let sent = sent.get(&delivery(step)?)?;
        Some(step.time.since(sent.time).as_nanos() as u64)
    });
    taken.collect()
}
