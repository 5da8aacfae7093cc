//! What is said: by whom, to whom, in which order.

use super::{
    Chat, Line, Output,
    digest::{Digest, NONE, Shown},
};
use crate::process::{History, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The lines that users are shown while they are in.
fn lines<'d, 'a>(digest: &'d Digest<'a>) -> impl Iterator<Item = (&'d Shown<'a>, &'a Line)> {
    digest.shown.iter().filter_map(|shown| match shown.output {
        Output::Said(line) => Some((shown, line)),
        Output::Joined(_) | Output::Left(_) | Output::Welcome { .. } => None,
        Output::Refused(_) | Output::Logged(_) => None,
    })
}

/// (ii) What a user is shown is a contiguous factor of the server's log. Without a log there is nothing to compare with.
pub(super) fn contiguous_log(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    if digest.log.is_empty() {
        return Verdict::Vacuous;
    }
    let log: BTreeMap<u64, (u64, &Line)> =
        digest.log.iter().map(|(event, line)| (line.number, (*event, *line))).collect();
    let mut last: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for (shown, line) in lines(&digest).filter(|(shown, _)| shown.stay != NONE) {
        let (user, number) = (shown.user, line.number);
        let entry = log.get(&number).filter(|(event, entry)| *event < shown.event && *entry == line);
        if entry.is_none() {
            let because = format!("{user} is shown a line {number} that the log does not have");
            return Verdict::violated([shown.event], because);
        }
        let previous = last.insert(shown.stay, (number, shown.event));
        if let Some((before, event)) = previous.filter(|(before, _)| number != before + 1) {
            let because = format!("{user} is shown line {number} next after line {before}");
            return Verdict::violated([event, shown.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// (v) The author shown is the name that belongs to the connection on which it came.
pub(super) fn honest_author(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut said: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for saying in &digest.sayings {
        said.entry((digest.author(saying).alias, saying.body)).or_default().push(saying.event);
    }
    let mut heard: BTreeMap<(u32, &str, &str), usize> = BTreeMap::new();
    let mut examined = 0;
    for (shown, line) in lines(&digest) {
        let (from, body) = (line.from.as_str(), line.body.as_str());
        let times = heard.entry((shown.user.0, from, body)).or_default();
        let in_time = said.get(&(from, body)).and_then(|events| events.get(*times));
        if in_time.is_none_or(|event| *event > shown.event) {
            let because = format!("{} is shown {body:?} as said by {from:?}, who did not say it", shown.user);
            return Verdict::violated([shown.event], because);
        }
        *times += 1;
        examined += 1;
    }
    Verdict::of(examined)
}

/// Nobody is shown a line after one whose author had been shown it, or had said it. What an author knew follows from
/// what it was shown.
pub(super) fn causal_order(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let nodes = history.nodes as usize;
    let numbers = recognize(&digest);
    // How many sayings of each user a user knows of, and each saying's author knew of, itself included.
    let mut known: Vec<Vec<u64>> = vec![vec![0; nodes]; nodes];
    let mut knew: Vec<(u64, Vec<u64>)> = Vec::new();
    let mut frontier: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    let mut seen: BTreeSet<(u32, u32)> = BTreeSet::new();
    let mut examined = 0;
    for ((shown, _), number) in lines(&digest).zip(numbers) {
        while let Some(saying) = digest.sayings.get(knew.len()).filter(|saying| saying.event < shown.event) {
            let author = digest.author(saying).user.index();
            known[author][author] += 1;
            knew.push((known[author][author], known[author].clone()));
        }
        let Some((turn, before)) = knew.get(number as usize) else { continue };
        if shown.stay == NONE {
            continue;
        }
        let author = digest.author(&digest.sayings[number as usize]).user.index();
        let frontier = frontier.entry(shown.stay).or_insert_with(|| vec![(0, 0); nodes]);
        let first = seen.insert((shown.stay, number));
        let (reach, event) = frontier[author];
        if first && *turn <= reach {
            let because = format!("{} is shown a line after one that builds on it", shown.user);
            return Verdict::violated([event, shown.event], because);
        }
        for (mark, count) in frontier.iter_mut().zip(before) {
            if *count > mark.0 {
                *mark = (*count, shown.event);
            }
        }
        for (mine, count) in known[shown.user.index()].iter_mut().zip(before) {
            *mine = (*mine).max(*count);
        }
        examined += u64::from(first);
    }
    Verdict::of(examined)
}

/// Which saying each line is of, or [`NONE`]: of several that say the same under one name, the first has the smallest
/// number.
fn recognize(digest: &Digest<'_>) -> Vec<u32> {
    let mut said: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    for (number, saying) in (0..).zip(&digest.sayings) {
        said.entry((digest.author(saying).alias, saying.body)).or_default().push(number);
    }
    let mut told: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for (_, line) in lines(digest) {
        told.entry((&line.from, &line.body)).or_default().insert(line.number);
    }
    let find = |line: &Line| {
        let key = (line.from.as_str(), line.body.as_str());
        let turn = told.get(&key)?.range(..line.number).count();
        said.get(&key)?.get(turn).copied()
    };
    lines(digest).map(|(_, line)| find(line).unwrap_or(NONE)).collect()
}

/// What somebody who is in says is shown to all who are in then and stay.
pub(super) fn delivery(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut heard: BTreeMap<(u32, &str, &str), u64> = BTreeMap::new();
    for (shown, line) in lines(&digest) {
        *heard.entry((shown.stay, line.from.as_str(), line.body.as_str())).or_default() += 1;
    }
    let mut owed: BTreeMap<(u32, &str, &str), u64> = BTreeMap::new();
    let mut examined = 0;
    for saying in &digest.sayings {
        let author = digest.author(saying);
        let put_out = author.end.is_some() && !author.own_will;
        if put_out || !digest.correct[author.user.index()] {
            continue;
        }
        for (place, stay) in digest.lasting().filter(|(_, stay)| stay.begin < saying.event) {
            let key = (place, author.alias, saying.body);
            let owed = owed.entry(key).or_default();
            *owed += 1;
            if heard.get(&key).is_none_or(|heard| heard < owed) {
                let because = format!("{} is never shown {:?} of {:?}", stay.user, saying.body, author.alias);
                return Verdict::unmet(history.end, [saying.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// How long it takes until each line is shown; nanoseconds.
pub(super) fn delays(history: &History<'_, Chat>) -> Vec<u64> {
    let digest = Digest::of(history);
    let delay = |((shown, _), said): ((&Shown<'_>, &Line), u32)| {
        let saying = digest.sayings.get(said as usize)?;
        Some(history.between(saying.event, shown.event)?.as_nanos() as u64)
    };
    lines(&digest).zip(recognize(&digest)).filter_map(delay).collect()
}
