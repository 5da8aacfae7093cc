//! Views: their members, their order, their overlap.

use super::{
    ViewSynchrony,
    digest::{Digest, Name},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// VS1.
pub(super) fn same_view_same_members(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut first: BTreeMap<u64, (u64, &BTreeSet<ProcessId>)> = BTreeMap::new();
    let mut examined = 0;
    for stay in &digest.stays {
        let (id, members) = stay.view;
        let (event, known) = *first.entry(id).or_insert((stay.begin, members));
        if known != members {
            let because = format!("view {id} has other members at {} than it had before", stay.at);
            return Verdict::violated([event, stay.begin], because);
        }
        examined += u64::from(event != stay.begin);
    }
    Verdict::of(examined)
}

/// VS2.
pub(super) fn self_inclusion(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    if let Some(stay) = digest.stays.iter().find(|stay| !stay.view.1.contains(&stay.at)) {
        let because = format!("{} is told of view {}, of which it is no member", stay.at, stay.view.0);
        return Verdict::violated([stay.begin], because);
    }
    Verdict::of(digest.stays.len() as u64)
}

/// VS5.
pub(super) fn view_order(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut last: BTreeMap<ProcessId, (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for stay in &digest.stays {
        let before = last.insert(stay.at, (stay.view.0, stay.begin));
        let Some((number, event)) = before else { continue };
        let crashed = digest.crashed.get(&stay.at).is_some_and(|crash| event < *crash && *crash < stay.begin);
        if number >= stay.view.0 && !crashed {
            let because = format!("{} is told of view {} after view {number}", stay.at, stay.view.0);
            return Verdict::violated([event, stay.begin], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// VS6: all views that anybody is told of, in order of their numbers, overlap in a majority; so no two groups go on
/// side by side. Who asked to leave is not counted.
pub(super) fn primary(history: &History<'_, ViewSynchrony>) -> Verdict {
    let digest = Digest::of(history);
    let mut views: BTreeMap<Name<'_>, u64> = BTreeMap::new();
    for stay in &digest.stays {
        views.entry(stay.view).or_insert(stay.begin);
    }
    let mut examined = 0;
    for ((before, first), (after, second)) in views.iter().zip(views.iter().skip(1)) {
        // Who asked to leave and was not out yet when the first of the two views began.
        let left = |process: &ProcessId| {
            let (wishes, outs) = (&digest.wishes[process.index()], &digest.left[process.index()]);
            let mut leaves =
                wishes.iter().filter(|(said, wish)| !wish && said < second).map(|(said, _)| said);
            leaves.any(|said| !outs.iter().any(|out| said < out && out < first))
        };
        let stayers: Vec<&ProcessId> = before.1.iter().filter(|process| !left(process)).collect();
        let common = stayers.iter().filter(|process| after.1.contains(process)).count();
        if before.0 == after.0 || common * 2 <= stayers.len() && !stayers.is_empty() {
            let because = format!(
                "only {common} of the {} in view {} who did not want to leave are in view {}",
                stayers.len(),
                before.0,
                after.0
            );
            return Verdict::violated([*first, *second], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// In the end there is one view: of all who want in and are correct, and at all of them.
pub(super) fn progress(history: &History<'_, ViewSynchrony>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let was_in: BTreeSet<ProcessId> = digest.stays.iter().map(|stay| stay.at).collect();
    let wanted: BTreeSet<ProcessId> = (0..history.nodes)
        .map(ProcessId)
        .filter(|process| correct[process.index()])
        .filter(|process| digest.wish(*process, u64::MAX).unwrap_or_else(|| was_in.contains(process)))
        .collect();
    for process in &wanted {
        let stay = digest.now[process.index()].map(|stay| &digest.stays[stay]);
        let (begin, members) = stay.map_or((None, None), |stay| (Some(stay.begin), Some(stay.view.1)));
        if members != Some(&wanted) {
            let list = |set: &BTreeSet<ProcessId>| {
                set.iter().map(ToString::to_string).collect::<Vec<String>>().join(", ")
            };
            let has =
                members.map_or_else(|| "no view".into(), |members| format!("a view of {}", list(members)));
            let because = format!("{process} ends with {has}; {} want to be in", list(&wanted));
            return Verdict::unmet(history.end, begin.into_iter().collect::<Vec<u64>>(), because);
        }
    }
    Verdict::of(wanted.len() as u64)
}
