//! What readers read: whole lines, all of them, in order, and nothing else.

use super::{
    Mailbox,
    file::{Act, Digest},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Where a reader is.
#[derive(Clone, Copy, Default)]
struct Place {
    generation: u64,
    /// How many of its lines it has read.
    read: usize,
}

pub(super) fn whole_lines(history: &History<'_, Mailbox>) -> Verdict {
    let digest = Digest::of(history);
    let mut places: BTreeMap<ProcessId, Place> = BTreeMap::new();
    let mut examined = 0;
    for (event, reader, act) in &digest.acts {
        let place = places.entry(*reader).or_default();
        match act {
            Act::Boot => *place = Place::default(),
            Act::Rotate(generation) => *place = Place { generation: *generation, read: 0 },
            Act::Poll => {}
            Act::Read(text) => {
                let next = digest.lines(place.generation).get(place.read);
                let Some(next) = next.filter(|next| next.event < *event) else {
                    let text = String::from_utf8_lossy(text);
                    let because =
                        format!("{reader} reads {text:?}, and there is no other whole line in the file");
                    return Verdict::violated([*event], because);
                };
                if next.text != *text {
                    let (text, right) = (String::from_utf8_lossy(text), String::from_utf8_lossy(&next.text));
                    let because = format!("{reader} reads {text:?} where {right:?} has its turn");
                    return Verdict::violated([next.event, *event], because);
                }
                place.read += 1;
                examined += 1;
            }
        }
    }
    Verdict::of(examined)
}

pub(super) fn intact(history: &History<'_, Mailbox>) -> Verdict {
    let digest = Digest::of(history);
    let asked: BTreeSet<&[u8]> = digest.asked.iter().map(|(_, _, text)| text.as_bytes()).collect();
    let mut examined = 0;
    for (event, reader, act) in &digest.acts {
        let Act::Read(text) = act else { continue };
        if !asked.contains(text) {
            let text = String::from_utf8_lossy(text);
            return Verdict::violated([*event], format!("{reader} reads {text:?}, which nobody has written"));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn delivery(history: &History<'_, Mailbox>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut places: BTreeMap<ProcessId, (Place, Option<u64>)> = BTreeMap::new();
    for (event, reader, act) in digest.acts.iter().filter(|(_, reader, _)| correct[reader.index()]) {
        let (place, polled) = places.entry(*reader).or_default();
        match act {
            Act::Boot => *place = Place::default(),
            Act::Rotate(generation) => *place = Place { generation: *generation, read: 0 },
            Act::Poll => *polled = Some(*event),
            Act::Read(_) => place.read += 1,
        }
    }
    let mut examined = 0;
    for (reader, (place, polled)) in places {
        // The last poll finds what is there then, in the file as it is then.
        let Some(polled) = polled else { continue };
        let generation = digest.emptied.iter().take_while(|emptied| **emptied < polled).count() as u64;
        let due = digest.lines(generation).iter().take_while(|line| line.event < polled);
        let read = if place.generation == generation { place.read } else { 0 };
        for (number, line) in due.enumerate() {
            if number >= read && place.generation <= generation {
                let text = String::from_utf8_lossy(&line.text);
                let because = format!("{reader} polls, and never reads {text:?}");
                return Verdict::unmet(history.end, [line.event, polled], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn written(history: &History<'_, Mailbox>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut confirmed: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    for (event, writer, line) in &digest.written {
        confirmed.entry((*writer, *line)).or_insert(*event);
    }
    let (mut numbers, mut examined) = (BTreeMap::<ProcessId, u64>::new(), 0);
    for (asked, writer, text) in &digest.asked {
        let number = numbers.entry(*writer).or_default();
        *number += 1;
        if !correct[writer.index()] {
            continue;
        }
        if confirmed.get(&(*writer, *number)).is_none_or(|event| event < asked) {
            let because = format!("{writer} never hears that {text:?} is written");
            return Verdict::unmet(history.end, [*asked], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// From a line's completion to each reading of it; nanoseconds.
pub(super) fn delays(history: &History<'_, Mailbox>) -> Vec<u64> {
    let digest = Digest::of(history);
    let (mut places, mut delays) = (BTreeMap::<ProcessId, Place>::new(), Vec::new());
    for (event, reader, act) in &digest.acts {
        let place = places.entry(*reader).or_default();
        match act {
            Act::Boot => *place = Place::default(),
            Act::Rotate(generation) => *place = Place { generation: *generation, read: 0 },
            Act::Poll => {}
            Act::Read(_) => {
                let line = digest.lines(place.generation).get(place.read);
                let delay = line.and_then(|line| history.between(line.event, *event));
                delays.extend(delay.map(|delay| delay.as_nanos() as u64));
                place.read += 1;
            }
        }
    }
    delays
}
