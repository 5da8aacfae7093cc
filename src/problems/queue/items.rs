//! What goes in comes out, once and in order, and never too much is held.

use super::{
    Queue,
    digest::{Act, Digest, Id},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, VecDeque};

/// What a broker that is given these acts holds before each of them.
struct Held {
    items: VecDeque<(Id, u64, ProcessId)>,
}

impl Held {
    /// Crashed brokers hold nothing; gives the item at the head if this act is the first handing out of another one
    /// that is not new.
    fn follow(
        &mut self,
        digest: &Digest<'_>,
        (event, node, act): (u64, ProcessId, Act),
    ) -> Result<bool, u64> {
        match act {
            Act::Store(id) => self.items.push_back((id, event, node)),
            Act::Crash => self.items.retain(|(_, _, broker)| *broker != node),
            Act::Hand(id) if digest.is_first(id, event) => {
                let Some((head, stored, _)) = self.items.front().copied() else { return Ok(true) };
                if head != id {
                    return Err(stored);
                }
                self.items.pop_front();
                return Ok(true);
            }
            Act::Hand(_) => {}
        }
        Ok(false)
    }
}

pub(super) fn bounded(history: &History<'_, Queue>) -> Verdict {
    let digest = Digest::of(history);
    let Some(capacity) = digest.capacity else { return Verdict::Vacuous };
    let mut held: BTreeMap<Id, (u64, ProcessId)> = BTreeMap::new();
    let mut examined = 0;
    for (event, node, act) in &digest.acts {
        match act {
            Act::Store(id) => {
                held.insert(*id, (*event, *node));
                if held.len() > capacity as usize {
                    let events: Vec<u64> = held.values().map(|(event, _)| *event).collect();
                    let because = format!("{node} holds {} items, and can hold {capacity}", held.len());
                    return Verdict::violated(events, because);
                }
                examined += 1;
            }
            Act::Hand(id) => drop(held.remove(id)),
            Act::Crash => held.retain(|_, (_, broker)| broker != node),
        }
    }
    Verdict::of(examined)
}

pub(super) fn fifo(history: &History<'_, Queue>) -> Verdict {
    let digest = Digest::of(history);
    let mut held = Held { items: VecDeque::new() };
    let mut examined = 0;
    for act in &digest.acts {
        match held.follow(&digest, *act) {
            Ok(handed) => examined += u64::from(handed),
            Err(stored) => {
                let because = format!("{} gives away an item when another one is first", act.1);
                return Verdict::violated([stored, act.0], because);
            }
        }
    }
    Verdict::of(examined)
}

pub(super) fn integrity(history: &History<'_, Queue>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((producer, number), item) in &digest.items {
        for (event, consumer, body) in &item.consumed {
            let Some((produced, right)) = item.produced.filter(|(produced, _)| produced < event) else {
                let because = format!("{consumer} consumes item {number} of {producer}, who never made it");
                return Verdict::violated([*event], because);
            };
            if right != *body {
                let because = format!("{consumer} consumes {body:?}, and {producer} has made {right:?}");
                return Verdict::violated([produced, *event], because);
            }
            if !item.handed.iter().any(|(handed, to)| handed < event && to == consumer) {
                let because =
                    format!("{consumer} consumes item {number} of {producer}, given to somebody else");
                return Verdict::violated([*event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn at_most_once(history: &History<'_, Queue>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for ((producer, number), item) in &digest.items {
        if let [(first, ..), (second, ..), ..] = item.consumed[..] {
            let because = format!("item {number} of {producer} is consumed twice");
            return Verdict::violated([first, second], because);
        }
        examined += item.consumed.len() as u64;
    }
    Verdict::of(examined)
}

/// Neither lost nor forgotten: not both, an item left over and somebody who waits for one.
pub(super) fn delivery(history: &History<'_, Queue>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let waits = digest.open.iter().filter(|(node, _)| correct[node.index()]);
    let waits = waits.filter_map(|(node, open)| Some((*node, *open.first()?))).next();
    let mut examined = 0;
    for ((producer, number), item) in &digest.items {
        let Some(accepted) = item.accepted else { continue };
        if !item.consumed.is_empty() {
            examined += 1;
            continue;
        }
        if let Some((consumer, asked)) = waits {
            let because = format!("{consumer} waits, and item {number} of {producer} is consumed by nobody");
            return Verdict::unmet(history.end, [asked, accepted], because);
        }
    }
    Verdict::of(examined)
}

pub(super) fn admission(history: &History<'_, Queue>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut held: BTreeMap<Id, ProcessId> = BTreeMap::new();
    for (_, node, act) in &digest.acts {
        match act {
            Act::Store(id) => drop(held.insert(*id, *node)),
            Act::Hand(id) => drop(held.remove(id)),
            Act::Crash => held.retain(|_, broker| broker != node),
        }
    }
    let full = digest.capacity.is_none_or(|capacity| held.len() >= capacity as usize);
    let mut examined = 0;
    for ((producer, number), item) in &digest.items {
        let Some((produced, _)) = item.produced.filter(|_| correct[producer.index()]) else { continue };
        if item.accepted.is_some() {
            examined += 1;
        } else if !full {
            let because = format!("{producer} waits with its item {number}, and the broker has room");
            return Verdict::unmet(history.end, [produced], because);
        }
    }
    Verdict::of(examined)
}

/// How long each item takes to its first consumption; nanoseconds.
pub(super) fn transit(history: &History<'_, Queue>) -> Vec<u64> {
    let digest = Digest::of(history);
    let span = |item: &super::digest::Item<'_>| {
        let (produced, _) = item.produced?;
        let (consumed, ..) = *item.consumed.first()?;
        Some(history.between(produced, consumed)?.as_nanos() as u64)
    };
    digest.items.values().filter_map(span).collect()
}

/// How many items are held each time that one more is.
pub(super) fn length(history: &History<'_, Queue>) -> Vec<u64> {
    let digest = Digest::of(history);
    let (mut held, mut lengths) = (Held { items: VecDeque::new() }, Vec::new());
    for act in &digest.acts {
        if held.follow(&digest, *act).is_err() {
            break;
        }
        if let Act::Store(_) = act.2 {
            lengths.push(held.items.len() as u64);
        }
    }
    lengths
}
