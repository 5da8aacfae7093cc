//! In which order it is delivered: FIFO, causal, total, absolute.

use super::{
    Broadcast, Output,
    digest::{Digest, Message, NONE},
};
use crate::process::{History, ProcessId, Time, Verdict, What, format_duration};
use std::time::Duration;

/// FIFO order (section 3.3.2): no m' without the m that the same process broadcast before it.
pub(super) fn fifo_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest: &Digest = history.digest();
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
    let digest: &Digest = history.digest();
    let precedence: &Precedence = history.digest();
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        let message = digest.message(heard.message);
        if message.after > place {
            // What is delivered before it is broadcast is for integrity to judge.
            continue;
        }
        let previous = (message.previous != NONE).then_some(message.previous);
        for earlier in precedence.direct(heard.message).iter().copied().chain(previous) {
            if !digest.comes_after(place, heard, earlier) {
                return digest.turned_around(heard, earlier, ", on which it builds");
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// What its sender had delivered, in the same life, between its broadcast before and that of each message.
#[derive(Default)]
struct Precedence {
    /// What each life delivered of others' messages, as far as they were broadcast, in order.
    delivered: Vec<Vec<u32>>,
    /// Of each message, the life that broadcast it and from where to where in what it delivered.
    ranges: Vec<(u32, u32, u32)>,
    /// Where the next range of each life begins.
    begins: Vec<u32>,
}

impl Precedence {
    fn direct(&self, message: u32) -> &[u32] {
        let Some((life, first, last)) = self.ranges.get(message as usize) else { return &[] };
        &self.delivered[*life as usize][*first as usize..*last as usize]
    }
}

impl crate::process::Digest<Broadcast> for Precedence {
    fn read(&mut self, history: &History<'_, Broadcast>) {
        let digest: &Digest = history.digest();
        self.ranges.clear();
        self.begins.clear();
        self.begins.resize(digest.lives as usize, 0);
        self.delivered.resize(digest.lives as usize, Vec::new());
        self.delivered.iter_mut().for_each(Vec::clear);
        for (place, heard) in digest.firsts() {
            while let Some(message) = digest.messages.get(self.ranges.len())
                && message.after <= place
            {
                let life = message.life as usize;
                let last = self.delivered[life].len() as u32;
                self.ranges.push((message.life, self.begins[life], last));
                self.begins[life] = last;
            }
            let message = digest.message(heard.message);
            if message.said.is_some() && message.sender != heard.at {
                self.delivered[heard.life as usize].push(heard.message);
            }
        }
    }
}

pub(super) fn total_order(history: &History<'_, Broadcast>) -> Verdict {
    let digest: &Digest = history.digest();
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
    let digest: &Digest = history.digest();
    // Of what each process has delivered so far, when the first was sent, and the one that was sent last.
    let mut delivered: Vec<Option<(Time, Time, u32)>> = vec![None; digest.lives as usize];
    let mut examined = 0;
    for (place, heard) in digest.firsts() {
        let Message { time, said: Some(_), .. } = *digest.message(heard.message) else { continue };
        let delivered = &mut delivered[heard.life as usize];
        let Some((earliest, latest, latest_place)) = delivered else {
            *delivered = Some((time, time, place));
            continue;
        };
        if time.after(precision) < *latest {
            return turned_around(digest, *latest_place, place, latest.since(time));
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
fn turned_around(digest: &Digest, first: u32, second: u32, apart: Duration) -> Verdict {
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
