//! What is owed: an answer to those who ask, a message to those who belong.

use super::{
    Membership, Output, Request,
    digest::{Digest, is_closed},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Nothing is refused in silence, and nobody who wants in or out waits for ever.
pub(super) fn answered(history: &History<'_, Membership>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let is_correct = |process: ProcessId| correct.get(process.index()) == Some(&true);
    let mut refused: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    // When each process was last told that it is in a group, and that it is out.
    let mut last_in: BTreeMap<(ProcessId, &str), u64> = BTreeMap::new();
    let mut last_out: BTreeMap<(ProcessId, &str), u64> = BTreeMap::new();
    for (event, at, output) in &digest.told {
        match output {
            Output::View(view) if view.members.contains(at) => {
                last_in.insert((*at, &view.group), *event);
            }
            Output::Left { group, .. } => {
                last_out.insert((*at, group), *event);
            }
            Output::Rejected(refusal) if refusal.who == *at => {
                refused.insert((*at, refusal.request), *event);
            }
            Output::View(_) | Output::Rejected(_) | Output::Deliver { .. } => {}
        }
    }
    let mut examined = 0;
    for (event, at, output) in &digest.told {
        let Output::Rejected(refusal) = output else { continue };
        if refusal.who == *at || !is_correct(refusal.who) {
            continue;
        }
        let told = refused.get(&(refusal.who, refusal.request));
        if told.is_none_or(|told| told < event) {
            let (who, request) = (refusal.who, refusal.request);
            let because = format!("{at} refuses request {request} of {who}, who is never told");
            return Verdict::unmet(history.end, [*event], because);
        }
        examined += 1;
    }
    for ((who, number), asked) in digest.asked.iter().filter(|((who, _), _)| is_correct(*who)) {
        let told = |group: &'_ str, kinds: &[&BTreeMap<(ProcessId, &str), u64>]| {
            kinds.iter().any(|kind| kind.get(&(*who, group)).is_some_and(|told| *told > asked.event))
        };
        let settled = match asked.request {
            Request::Create { group, .. } | Request::Join(group) => told(group, &[&last_in, &last_out]),
            Request::Leave(group) => {
                let back = told(group, &[&last_in]) && wants_back(&digest, *who, group);
                back || told(group, &[&last_out])
            }
            Request::Send { .. } | Request::Expel { .. } | Request::Delete(_) => continue,
        };
        if !settled && !refused.contains_key(&(*who, *number)) {
            return Verdict::unmet(
                history.end,
                [asked.event],
                format!("request {number} of {who} is never answered"),
            );
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Whether a process that asked to leave asked to join, too, before or after: one may have overtaken the other, and then
/// the view with it may overtake the view without it.
fn wants_back(digest: &Digest<'_>, who: ProcessId, group: &str) -> bool {
    let mut asked = digest.asked.range((who, 0)..=(who, u64::MAX));
    asked.any(|(_, asked)| matches!(asked.request, Request::Join(back) if back == group))
}

/// A legal message to a group whose last view all its members knew when it was sent, and its sender too if it ever was
/// a member, reaches all of them.
pub(super) fn delivery(history: &History<'_, Membership>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut knew: BTreeMap<(&str, ProcessId), u64> = BTreeMap::new();
    let mut heard: BTreeSet<(ProcessId, ProcessId, u64)> = BTreeSet::new();
    for (event, at, output) in &digest.told {
        match output {
            Output::View(view) => {
                knew.insert((&view.group, *at), *event);
            }
            Output::Deliver { from, id, .. } => {
                heard.insert((*at, *from, *id));
            }
            Output::Left { group, .. } => {
                knew.insert((group, *at), *event);
            }
            Output::Rejected(_) => {}
        }
    }
    let mut examined = 0;
    for ((from, id), asked) in &digest.asked {
        let Request::Send { group, .. } = asked.request else { continue };
        let last = digest.views.get(group.as_str()).and_then(|views| views.last_key_value());
        let Some((_, told)) = last else { continue };
        let members = &told.view.members;
        let legal = !is_closed(told.view) || members.contains(from);
        let told_last = |at: &ProcessId| knew.get(&(group.as_str(), *at)).copied();
        let knows = |at: &ProcessId| told_last(at).is_some_and(|told| told < asked.event);
        let sender_knows = told_last(from).is_none_or(|told| told < asked.event);
        let is_correct = |process: &ProcessId| correct.get(process.index()) == Some(&true);
        if !legal || !sender_knows || !members.iter().all(knows) || !is_correct(from) {
            continue;
        }
        for member in members.iter().filter(|member| is_correct(member)) {
            if !heard.contains(&(*member, *from, *id)) {
                let because = format!("{member} never delivers message {id} of {from}");
                return Verdict::unmet(history.end, [asked.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}
