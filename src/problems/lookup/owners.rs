//! Who owns which key, and who is told what.

use super::{Lookup, Output, Request};
use crate::process::{End, History, ProcessId, Time, Verdict, What};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One lookup.
struct Asked {
    event: u64,
    time: Time,
    by: ProcessId,
    key: u64,
    /// The state of the group when it was asked: none while it had not settled.
    settled: Option<u64>,
    /// Whether who asks is a member.
    member: bool,
    answer: Option<Answer>,
}

/// What came of it.
struct Answer {
    event: u64,
    time: Time,
    owner: Option<ProcessId>,
    hops: u32,
    /// Whose the key is, if the group is as it was when it was asked.
    right: Option<ProcessId>,
}

/// The group while a history goes by.
#[derive(Default)]
struct Group {
    /// Members by position.
    ring: BTreeSet<(u64, ProcessId)>,
    positions: BTreeMap<ProcessId, u64>,
    /// How often it has changed.
    changes: u64,
    settles: Duration,
    /// When the last change is over.
    settled: Time,
}

impl Group {
    fn join(&mut self, node: ProcessId, position: u64, settles: Duration, now: Time) {
        if self.positions.get(&node) == Some(&position) {
            return;
        }
        self.remove(node, now);
        self.ring.insert((position, node));
        self.positions.insert(node, position);
        self.settles = self.settles.max(settles);
        self.change(now);
    }

    fn remove(&mut self, node: ProcessId, now: Time) {
        if let Some(position) = self.positions.remove(&node) {
            self.ring.remove(&(position, node));
            self.change(now);
        }
    }

    fn change(&mut self, now: Time) {
        self.changes += 1;
        self.settled = now.after(self.settles);
    }

    /// The first member at a key or after it, around the circle.
    fn successor(&self, key: u64) -> Option<ProcessId> {
        let next = self.ring.range((key, ProcessId(0))..).next();
        next.or_else(|| self.ring.first()).map(|(_, node)| *node)
    }
}

/// All lookups, in order.
fn lookups(history: &History<'_, Lookup>) -> Vec<Asked> {
    let mut group = Group::default();
    let mut all: Vec<Asked> = Vec::new();
    let mut open: BTreeMap<ProcessId, Vec<usize>> = BTreeMap::new();
    for step in &history.steps {
        let (event, time, by) = (step.event, step.time, step.node);
        match step.what {
            What::Request(Request::Lookup(key)) => {
                let settled = (group.settled <= time).then_some(group.changes);
                let member = group.positions.contains_key(&by);
                open.entry(by).or_default().push(all.len());
                all.push(Asked { event, time, by, key: *key, settled, member, answer: None });
            }
            What::Output(Output::Joined { position, settles }) => group.join(by, *position, *settles, time),
            What::Output(Output::Left) => group.remove(by, time),
            What::Output(Output::Found { id, .. } | Output::Failed { id, .. }) => {
                let (owner, hops) = match step.what {
                    What::Output(Output::Found { owner, hops, .. }) => (Some(*owner), *hops),
                    _ => (None, 0),
                };
                let places = open.entry(by).or_default();
                let place = usize::try_from(*id)
                    .ok()
                    .and_then(|id| id.checked_sub(1))
                    .and_then(|place| places.get(place));
                let Some(asked) = place.and_then(|place| all.get_mut(*place)) else { continue };
                let same = asked.settled == Some(group.changes);
                let right = if same { group.successor(asked.key) } else { None };
                asked.answer.get_or_insert(Answer { event, time, owner, hops, right });
            }
            What::Crash => {
                group.remove(by, time);
                open.remove(&by);
            }
            _ => {}
        }
    }
    // What is open in the end counts when nothing has changed since.
    for asked in &mut all {
        if asked.answer.is_none() && asked.settled != Some(group.changes) {
            asked.settled = None;
        }
    }
    all
}

/// In a group that has settled, the owner is the key's successor.
pub(super) fn ownership(history: &History<'_, Lookup>) -> Verdict {
    let mut examined = 0;
    for asked in lookups(history) {
        let Some(answer) = &asked.answer else { continue };
        let (Some(owner), Some(right)) = (answer.owner, answer.right) else { continue };
        if owner != right {
            let because =
                format!("{} is told that key {} is {owner}'s, but it is {right}'s", asked.by, asked.key);
            return Verdict::violated([asked.event, answer.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Every lookup of a correct process has an answer.
pub(super) fn answered(history: &History<'_, Lookup>) -> Verdict {
    let correct = history.correct();
    let mut examined = 0;
    for asked in lookups(history).iter().filter(|asked| correct[asked.by.index()]) {
        if asked.answer.is_none() {
            let because =
                format!("{} never learns whose key {} is, nor that nobody knows", asked.by, asked.key);
            return Verdict::unmet(history.end, [asked.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// In a group that has settled, every lookup of a correct member finds an owner.
pub(super) fn available(history: &History<'_, Lookup>) -> Verdict {
    let correct = history.correct();
    let mut examined = 0;
    for asked in lookups(history) {
        if !correct[asked.by.index()] || !asked.member || asked.settled.is_none() {
            continue;
        }
        let (end, events) = match &asked.answer {
            Some(answer) if answer.right.is_none() => continue,
            Some(answer) if answer.owner.is_none() => (End::Quiescent, vec![asked.event, answer.event]),
            Some(_) => {
                examined += 1;
                continue;
            }
            None => (history.end, vec![asked.event]),
        };
        let because = format!("{} cannot find out whose key {} is", asked.by, asked.key);
        return Verdict::unmet(end, events, because);
    }
    Verdict::of(examined)
}

/// Who wants to be a member becomes one.
pub(super) fn joined(history: &History<'_, Lookup>) -> Verdict {
    let correct = history.correct();
    let mut open: BTreeMap<ProcessId, u64> = BTreeMap::new();
    let mut examined = 0;
    for step in history.steps.iter().filter(|step| correct[step.node.index()]) {
        match step.what {
            What::Request(Request::Join { .. }) => drop(open.insert(step.node, step.event)),
            What::Output(Output::Joined { .. }) => examined += u64::from(open.remove(&step.node).is_some()),
            What::Output(Output::Left) => drop(open.remove(&step.node)),
            _ => {}
        }
    }
    let Some((node, event)) = open.first_key_value() else { return Verdict::of(examined) };
    Verdict::unmet(history.end, [*event], format!("{node} never becomes a member"))
}

/// How many members were asked for each key that was found.
pub(super) fn hops(history: &History<'_, Lookup>) -> Vec<u64> {
    let answers = lookups(history).into_iter().filter_map(|asked| asked.answer);
    answers.filter(|answer| answer.owner.is_some()).map(|answer| u64::from(answer.hops)).collect()
}

/// How long each lookup took; nanoseconds.
pub(super) fn responses(history: &History<'_, Lookup>) -> Vec<u64> {
    let taken = lookups(history).into_iter().filter_map(|asked| {
        let answer = asked.answer?;
        Some(answer.time.since(asked.time).as_nanos() as u64)
    });
    taken.collect()
}
