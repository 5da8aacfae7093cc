//! In which order it is delivered: FIFO, causal, total, absolute.

use super::{
    Broadcast, Output,
    digest::{Digest, Message, NONE},
};
use crate::process::{History, ProcessId, Time, Verdict, What, format_duration};
use std::time::Duration;

/// FIFO order (section 3.3.2): no m' without the m that the same process broadcast before it.
pub(super) fn fifo_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        let previous = digest.message(heard.message).previous;
        if previous == NONE {
            continue;
        }
        if !digest.comes_after(place, heard, previous) {
            return digest.turned_around(heard, previous, "");
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Causal precedence as Hadzilacos and Toueg define it (section 3.3.3): a process that broadcasts m' has broadcast
/// or delivered m before. It is found from the history, never taken from the algorithm's own clocks. What goes
/// directly before a message is enough to look at, for what goes before that was looked at when it was delivered.
pub(super) fn causal_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut fresh: Vec<Vec<u32>> = vec![Vec::new(); digest.lives as usize];
    let mut builds_on: Vec<Vec<u32>> = Vec::with_capacity(digest.messages.len());
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        while builds_on.len() < digest.messages.len() && digest.messages[builds_on.len()].after <= place {
            let Message { life, previous, .. } = digest.messages[builds_on.len()];
            let mut direct = std::mem::take(&mut fresh[life as usize]);
            direct.extend((previous != NONE).then_some(previous));
            builds_on.push(direct);
        }
        for earlier in builds_on.get(heard.message as usize).into_iter().flatten() {
            if !digest.comes_after(place, heard, *earlier) {
                return digest.turned_around(heard, *earlier, ", on which it builds");
            }
            examined += 1;
        }
        let message = digest.message(heard.message);
        if message.said.is_some() && message.sender != heard.at {
            fresh[heard.life as usize].push(heard.message);
        }
    }
    Verdict::of(examined)
}

pub(super) fn total_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest = Digest::of(history);
    let mut order: Vec<Vec<(u32, u32)>> = vec![Vec::new(); digest.nodes];
    for (place, heard) in digest.firsts() {
        order[heard.at.index()].push((heard.message, place));
    }
    let mut examined = 0;
    for p in 0..history.nodes {
        for q in (p + 1..history.nodes).map(ProcessId) {
            // What both deliver, in p's order, must be in q's order too.
            let mut before: Option<(u32, u32, u32)> = None;
            for (message, at_p) in &order[p as usize] {
                let at_q = digest.first(*message, q);
                if at_q == NONE {
                    continue;
                }
                if let Some((earlier, earlier_p, earlier_q)) = before {
                    if earlier_q > at_q {
                        let [m1, m2] = [earlier, *message].map(|number| digest.message(number));
                        let (p, m1, s1, m2, s2) = (ProcessId(p), m1.id, m1.sender, m2.id, m2.sender);
                        let because = format!(
                            "{p} delivers message {m1} of {s1} before message {m2} of {s2}, {q} the other way round"
                        );
                        let places = [earlier_p, *at_p, earlier_q, at_q];
                        return Verdict::violated(
                            places.map(|place| digest.heard[place as usize].event),
                            because,
                        );
                    }
                    examined += 1;
                }
                before = Some((*message, *at_p, at_q));
            }
        }
    }
    Verdict::of(examined)
}

/// Absolute order: the order in which messages were really sent, as far as clocks of the announced precision can tell
/// (Sinha, section 3.10.3). What is never delivered is for validity to judge. Counted are the deliveries that come after
/// one of a message that was clearly sent before.
pub(super) fn absolute_order(history: &History<'_, Broadcast>) -> Verdict {
    let announced = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Precision(precision)) => Some(*precision),
        _ => None,
    });
    let Some(precision) = announced.max() else { return Verdict::Vacuous };
    let digest = Digest::of(history);
    // Of what each process has delivered so far, when the first was sent, and the one that was sent last.
    let mut delivered: Vec<Option<(Time, Time, u32)>> = vec![None; digest.lives as usize];
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        let Message { time, said: Some(_), .. } = digest.message(heard.message) else { continue };
        let delivered = &mut delivered[heard.life as usize];
        let Some((earliest, latest, latest_place)) = delivered else {
            *delivered = Some((time, time, place));
            continue;
        };
        if time.after(precision) < *latest {
            return turned_around(&digest, *latest_place, place, latest.since(time));
        }
        examined += u64::from(earliest.after(precision) < time);
        *earliest = time.min(*earliest);
        if time > *latest {
            (*latest, *latest_place) = (time, place);
        }
    }
    Verdict::of(examined)
}

/// The verdict on two deliveries at one process of messages that were sent the other way round.
fn turned_around(digest: &Digest<'_>, first: u32, second: u32, apart: Duration) -> Verdict {
    let [first, second] = [first, second].map(|place| digest.heard[place as usize]);
    let [early, late] = [first, second].map(|heard| digest.message(heard.message));
    let said = [early, late].into_iter().filter_map(|message| Some(message.said?.0));
    let events: Vec<u64> = said.chain([first.event, second.event]).collect();
    let (at, apart) = (first.at, format_duration(apart));
    let because = format!(
        "{at} delivers message {} of {} before message {} of {}, which was broadcast {apart} earlier",
        early.id, early.sender, late.id, late.sender
    );
    Verdict::violated(events, because)
}
