//! Who is in: names, announcements, admission.

use super::{
    Chat, Output,
    digest::{Digest, NONE, Stay},
};
use crate::process::{History, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// (i) Names of those who are in are pairwise distinct.
pub(super) fn distinct_aliases(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut last: BTreeMap<&str, &Stay<'_>> = BTreeMap::new();
    for stay in &digest.stays {
        // Stays are in order of their beginnings: with one that lasts, all that begin later overlap.
        if let Some(before) = last.get(stay.alias).filter(|before| before.covers(stay.begin)) {
            let because = format!("{} and {} are both in as {:?}", before.user, stay.user, stay.alias);
            return Verdict::violated([before.begin, stay.begin], because);
        }
        last.insert(stay.alias, stay);
    }
    Verdict::of(digest.stays.len() as u64)
}

/// Where names are taken without asking anybody, two may have one for a while.
pub(super) fn aliases_settle(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut held: BTreeMap<&str, &Stay<'_>> = BTreeMap::new();
    for (_, stay) in digest.lasting() {
        if let Some(before) = held.insert(stay.alias, stay) {
            let because = format!("{} and {} both stay in as {:?}", before.user, stay.user, stay.alias);
            return Verdict::unmet(history.end, [before.begin, stay.begin], because);
        }
    }
    Verdict::of(held.len() as u64)
}

/// (iii) Somebody's joining is shown before what it says, its leaving afterwards, each once.
pub(super) fn joined_then_left(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut present: BTreeMap<u32, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut examined = 0;
    for shown in digest.shown.iter().filter(|shown| shown.stay != NONE) {
        let known = present.entry(shown.stay).or_insert_with(|| {
            let stay = &digest.stays[shown.stay as usize];
            stay.members.iter().map(|member| (member.as_str(), stay.begin)).collect()
        });
        let user = shown.user;
        match shown.output {
            Output::Joined(alias) => {
                if let Some(before) = known.insert(alias, shown.event) {
                    let because = format!("{user} is told that {alias:?} joins, who was in already");
                    return Verdict::violated([before, shown.event], because);
                }
            }
            Output::Said(line) => {
                if !known.contains_key(line.from.as_str()) {
                    let because = format!("{user} is told what {:?} says, who is not in", line.from);
                    return Verdict::violated([shown.event], because);
                }
            }
            Output::Left(alias) => {
                if known.remove(alias.as_str()).is_none() {
                    let because = format!("{user} is told that {alias:?} leaves, who is not in");
                    return Verdict::violated([shown.event], because);
                }
            }
            Output::Welcome { .. } | Output::Refused(_) | Output::Logged(_) => continue,
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// (iv) Nothing is shown to a user who is not in.
pub(super) fn insiders_only(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    if let Some(shown) = digest.shown.iter().find(|shown| shown.stay == NONE) {
        let because = format!("{} is shown what happens in the room, but is not in", shown.user);
        return Verdict::violated([shown.event], because);
    }
    Verdict::of(digest.shown.len() as u64)
}

/// Nobody waits at the door for ever.
pub(super) fn admission(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for attempt in digest.attempts.iter().filter(|attempt| digest.correct[attempt.user.index()]) {
        if !attempt.settled {
            let because = format!("{} asks to be let in and is never answered", attempt.user);
            return Verdict::unmet(history.end, [attempt.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Those who stay do not take anybody for present who has gone. Where a name found a new holder after a departure that
/// was not shown, `joined-then-left` has something to say.
pub(super) fn departure(history: &History<'_, Chat>) -> Verdict {
    let digest = Digest::of(history);
    let mut last: BTreeMap<&str, &Stay<'_>> = BTreeMap::new();
    for stay in &digest.stays {
        last.insert(stay.alias, stay);
    }
    let mut present: BTreeMap<(u32, &str), bool> = BTreeMap::new();
    for (place, stay) in digest.lasting() {
        present.extend(stay.members.iter().map(|member| ((place, member.as_str()), true)));
    }
    let lasting: BTreeSet<u32> = digest.lasting().map(|(place, _)| place).collect();
    let mut examined = 0;
    for shown in digest.shown.iter().filter(|shown| lasting.contains(&shown.stay)) {
        match shown.output {
            Output::Joined(alias) => drop(present.insert((shown.stay, alias), true)),
            Output::Left(alias) => {
                examined += 1;
                present.insert((shown.stay, alias), false);
            }
            Output::Said(_) | Output::Welcome { .. } | Output::Refused(_) | Output::Logged(_) => {}
        }
    }
    for ((stay, alias), _) in present.into_iter().filter(|(_, present)| *present) {
        let Some((gone, end)) = last.get(alias).and_then(|gone| Some((gone, gone.end?))) else { continue };
        let (user, gone) = (digest.stays[stay as usize].user, gone.user);
        let because = format!("{user} is never told that {alias:?} ({gone}) has left");
        return Verdict::unmet(history.end, [end], because);
    }
    Verdict::of(examined)
}
