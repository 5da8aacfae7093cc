//! Views: their numbers rise, and a number stands for one list.

use super::{Membership, Output, View};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::BTreeMap;

/// Every view told: event, process, view.
fn told<'a>(history: &History<'a, Membership>) -> Vec<(u64, ProcessId, &'a View)> {
    let views = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::View(view)) => Some((step.event, step.node, view)),
        _ => None,
    });
    views.collect()
}

pub(super) fn epochs_monotone(history: &History<'_, Membership>) -> Verdict {
    let mut last: BTreeMap<(ProcessId, &str), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for (event, at, View { group, epoch, .. }) in told(history) {
        if let Some((before, number)) = last.insert((at, group), (event, *epoch)) {
            if number >= *epoch {
                let because = format!("{at} is told of view {epoch} of {group:?} after view {number}");
                return Verdict::violated([before, event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn one_view(history: &History<'_, Membership>) -> Verdict {
    let mut first: BTreeMap<(&str, u64), (u64, &View)> = BTreeMap::new();
    let mut examined = 0;
    for (event, at, view) in told(history) {
        let (before, known) = *first.entry((&view.group, view.epoch)).or_insert((event, view));
        if known != view {
            let (epoch, group) = (view.epoch, &view.group);
            let because =
                format!("view {epoch} of {group:?} has other members at {at} than it was told to have");
            return Verdict::violated([before, event], because);
        }
        examined += u64::from(before != event);
    }
    Verdict::of(examined)
}
