//! Who is named leader, by whom, and how often.

use super::{
    Election, Output,
    digest::{Digest, Held, Key, Told},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::BTreeMap;

/// What an output says, for people.
fn said(told: &Told<'_>) -> String {
    let leader = told.leader();
    match told.key() {
        Key::Epoch(_) => format!("{leader}"),
        Key::Term(term) => format!("{leader} in term {term}"),
        Key::Group(_, number) => format!("{leader} of group {number}"),
    }
}

/// At most one leader (EL1): whoever announces itself is the only one to do so.
pub(super) fn one_leader(history: &History<'_, Election>) -> Verdict {
    let digest = Digest::of(history);
    let mut announced: BTreeMap<Key, Told<'_>> = BTreeMap::new();
    let mut examined = 0;
    for told in digest.told.iter().filter(|told| told.leader() == told.node) {
        examined += 1;
        let Some(first) = announced.get(&told.key()).copied() else {
            announced.insert(told.key(), *told);
            continue;
        };
        let (one, other) = (first.node, told.node);
        let because = match told.key() {
            Key::Group(_, number) => format!("{one} announces group {number} twice"),
            Key::Epoch(_) | Key::Term(_) if one == other => continue,
            Key::Term(term) => format!("{one} and {other} both announce themselves leader in term {term}"),
            Key::Epoch(_) => format!("{one} and {other} both announce themselves leader in one election"),
        };
        return Verdict::violated([first.event, told.event], because);
    }
    Verdict::of(examined)
}

/// Each leader is elected once: in a term; without terms, what makes it announce itself again is another request, or a
/// restart.
pub(super) fn elected_once(history: &History<'_, Election>) -> Verdict {
    let digest = Digest::of(history);
    let mut announced: BTreeMap<(ProcessId, Option<u64>), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for told in digest.told.iter().filter(|told| told.leader() == told.node) {
        let Output::Leader { term, .. } = told.output else { continue };
        examined += 1;
        let before = announced.insert((told.node, *term), (told.asked, told.event));
        if let Some((_, event)) = before.filter(|(asked, _)| term.is_some() || *asked == told.asked) {
            let because = format!("{} announces itself leader twice, though nobody asked again", told.node);
            return Verdict::violated([event, told.event], because);
        }
    }
    Verdict::of(examined)
}

/// Agreement (EL2): all name the same leader. One that is down when it is named is old news and no matter.
pub(super) fn agreement(history: &History<'_, Election>) -> Verdict {
    let digest = Digest::of(history);
    let mut named: BTreeMap<Key, Told<'_>> = BTreeMap::new();
    let mut examined = 0;
    for told in &digest.told {
        if matches!(told.output, Output::Leader { .. }) && !told.leader_up {
            continue;
        }
        let Some(first) = named.get(&told.key()) else {
            named.insert(told.key(), *told);
            continue;
        };
        if !agree(first.output, told.output) {
            let because = match told.key() {
                Key::Group(coordinator, number) => {
                    format!(
                        "{} and {} differ on who is in group {number} of {coordinator}",
                        first.node, told.node
                    )
                }
                Key::Epoch(_) | Key::Term(_) => {
                    format!("{} names {}, but {} names {}", first.node, said(first), told.node, said(told))
                }
            };
            return Verdict::violated([first.event, told.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Whether two outputs with the same key say the same.
fn agree(one: &Output, other: &Output) -> bool {
    match (one, other) {
        (Output::Leader { leader, .. }, Output::Leader { leader: second, .. }) => leader == second,
        (Output::Group { members, .. }, Output::Group { members: others, .. }) => members == others,
        (Output::Leader { .. }, Output::Group { .. }) | (Output::Group { .. }, Output::Leader { .. }) => {
            false
        }
    }
}

/// The leader is the highest (EL4) of all that never crash and were there when the election began.
pub(super) fn highest_id(history: &History<'_, Election>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let highest = |held: &Held| {
        (0..history.nodes).rev().map(ProcessId).find(|id| correct[id.index()] && held.there[id.index()])
    };
    let highest: Vec<Option<ProcessId>> = digest.elections.iter().map(highest).collect();
    let mut examined = 0;
    for told in &digest.told {
        let Output::Leader { leader, .. } = told.output else { continue };
        let Some(election) = told.election else { continue };
        examined += 1;
        let Some(higher) = highest[election].filter(|highest| highest > leader) else { continue };
        let because = format!("{} names {leader}, but {higher} is higher and correct", told.node);
        return Verdict::violated([digest.elections[election].start, told.event], because);
    }
    Verdict::of(examined)
}

/// The leader is the highest initiator (EL4), in algorithms with terms: those tell which request is for which election.
pub(super) fn highest_initiator(history: &History<'_, Election>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for told in &digest.told {
        let Output::Leader { leader, term: Some(term) } = told.output else { continue };
        examined += 1;
        let candidates = digest.candidates.get(term);
        if !candidates.is_some_and(|candidates| candidates.asked.contains(leader)) {
            let because = format!("{} names {leader}, which nobody has asked to start", told.node);
            return Verdict::violated([told.event], because);
        }
        let highest = candidates.and_then(|candidates| candidates.initiators.last());
        if let Some(higher) = highest.filter(|highest| *highest > leader) {
            let because = format!("{} names {leader}, but {higher} was asked to start, too", told.node);
            return Verdict::violated([told.event], because);
        }
    }
    Verdict::of(examined)
}
