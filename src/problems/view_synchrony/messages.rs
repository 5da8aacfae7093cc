//! What is delivered, and in which view.

use super::{
    ViewSynchrony,
    digest::{Digest, Name, Stay},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::BTreeMap;

/// VS3: p and q both install v and then v': the same messages were delivered in v.
pub(super) fn virtual_synchrony(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut together: BTreeMap<(Name<'_>, Name<'_>), &Stay<'_>> = BTreeMap::new();
    let mut examined = 0;
    for stay in &digest.stays {
        let Some((next, arrival)) = stay.next else { continue };
        let Some(other) = together.get(&(stay.view, next)).copied() else {
            together.insert((stay.view, next), stay);
            continue;
        };
        let compare = [(stay, other), (other, stay)];
        for (more, less) in compare {
            let extra = more.delivered.iter().find(|(message, _)| !less.delivered.contains_key(message));
            if let Some(((from, id), event)) = extra {
                let because = format!(
                    "{} delivers message {id} of {from} in view {}, {} does not, and both go on to view {}",
                    more.at, stay.view.0, less.at, next.0
                );
                let other_arrival = other.next.map_or(arrival, |(_, event)| event);
                return Verdict::violated([*event, arrival, other_arrival], because);
            }
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// VS4: delivered in the view in which it was sent, which is the one in which its sender delivers it.
pub(super) fn sending_view_delivery(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut first: BTreeMap<(ProcessId, u64, &str), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for delivery in &digest.deliveries {
        let (event, at, from, id) = (delivery.event, delivery.at, delivery.from, delivery.id);
        let now = delivery.stay.map(|stay| digest.stays[stay].view.0);
        if now != Some(delivery.view) {
            let told = delivery.stay.map(|stay| digest.stays[stay].begin);
            let because = format!(
                "{at} delivers message {id} of {from}, sent in view {}, but is not in that view",
                delivery.view
            );
            return Verdict::violated(told.into_iter().chain([event]).collect::<Vec<u64>>(), because);
        }
        let (before, view) = *first.entry((from, id, delivery.body)).or_insert((event, delivery.view));
        if view != delivery.view {
            let because =
                format!("message {id} of {from} is delivered in view {view} and in view {}", delivery.view);
            return Verdict::violated([before, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Nothing is made up, changed or delivered twice.
pub(super) fn integrity(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut first: BTreeMap<(ProcessId, ProcessId, u64, &str), u64> = BTreeMap::new();
    let mut examined = 0;
    for delivery in &digest.deliveries {
        let (event, at, from, id) = (delivery.event, delivery.at, delivery.from, delivery.id);
        let said = digest.broadcasts.get(&(from, id));
        if said.is_none_or(|(said, body)| *said > event || *body != delivery.body) {
            let because =
                format!("{at} delivers {:?} as message {id} of {from}, who did not say so", delivery.body);
            return Verdict::violated([event], because);
        }
        if let Some(before) = first.insert((at, from, id, delivery.body), event) {
            return Verdict::violated([before, event], format!("{at} delivers message {id} of {from} twice"));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Inside a view a broadcast is reliable: its correct sender delivers it, and so do the correct ones who stay in the
/// view with it to the end. Those who go on with it are the business of `virtual-synchrony`.
pub(super) fn delivery(history: &History<'_, ViewSynchrony>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut where_said: BTreeMap<(ProcessId, u64), usize> = BTreeMap::new();
    for delivery in digest.deliveries.iter().filter(|delivery| delivery.at == delivery.from) {
        if let Some(stay) = delivery.stay {
            where_said.entry((delivery.from, delivery.id)).or_insert(stay);
        }
    }
    let mut settled: BTreeMap<Name<'_>, Vec<&Stay<'_>>> = BTreeMap::new();
    for stay in digest.now.iter().flatten().map(|stay| &digest.stays[*stay]) {
        if correct[stay.at.index()] {
            settled.entry(stay.view).or_default().push(stay);
        }
    }
    let mut examined = 0;
    for ((from, id), (event, _)) in &digest.broadcasts {
        if !correct[from.index()] || digest.now[from.index()].is_none() || !was_in(&digest, *from, *event) {
            continue;
        }
        let Some(said) = where_said.get(&(*from, *id)) else {
            return Verdict::unmet(
                history.end,
                [*event],
                format!("{from} never delivers its own message {id}"),
            );
        };
        examined += 1;
        let said = &digest.stays[*said];
        if said.next.is_some() || said.over {
            continue;
        }
        for stay in settled.get(&said.view).into_iter().flatten() {
            if !stay.delivered.contains_key(&(*from, *id)) {
                let because =
                    format!("{} never delivers message {id} of {from}, whose view it shares", stay.at);
                return Verdict::unmet(history.end, [*event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// Whether a process had a view when it asked for something, and did not want to leave then or later.
fn was_in(digest: &Digest<'_>, process: ProcessId, event: u64) -> bool {
    let mut stays = digest.stays.iter().filter(|stay| stay.at == process && stay.begin < event);
    let stayed = digest.wishes[process.index()].iter().all(|(said, wish)| *wish || *said < event);
    stayed && digest.wish(process, event) != Some(false) && stays.next_back().is_some_and(|stay| !stay.over)
}
