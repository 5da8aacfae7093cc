//! In which order it is delivered: FIFO, causal, as a prefix.

use super::{
    Messaging,
    digest::{Digest, NONE, Pair},
};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::BTreeMap;

/// FIFO order of one pair: no m' without the m that the same process sent there before it.
pub(super) fn fifo_order(history: &History<'_, Messaging>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for (place, heard, message) in digest.firsts() {
        if message.previous == NONE {
            continue;
        }
        let previous = digest.message(message.previous);
        if !digest.comes_after(place, heard, previous) {
            return digest.turned_around(heard, previous, "");
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// What a process knows of: of each life, how many of its messages were sent.
type Known = Vec<u32>;

/// Of one life's messages to one process, in order: which of the life's messages it is, and its number.
#[derive(Default)]
struct Lane {
    messages: Vec<(u32, u32)>,
    /// How many of them were seen to be delivered in their turn.
    settled: usize,
}

/// Causal order between two ends (Raynal, Schiper, Toueg 1991, section 2): if sending m happened before sending m', and
/// both go to q, q delivers m first. What happened before is found from requests and deliveries, never taken from the
/// algorithm's own clocks. What was settled when an earlier message was delivered is not looked at again.
pub(super) fn causal_order(history: &History<'_, Messaging>) -> Verdict {
    let digest = Digest::of(history);
    let mut known: Vec<Known> = vec![Known::new(); digest.lives as usize];
    let mut stamps: Vec<Known> = Vec::with_capacity(digest.messages.len());
    let mut lanes: BTreeMap<(u32, ProcessId), Lane> = BTreeMap::new();
    let mut examined = 0;
    for (place, heard, message) in digest.firsts() {
        while let Some(sent) = digest.messages.get(stamps.len()).filter(|sent| sent.after <= place) {
            let stamp = stamp(&mut known[sent.life as usize], sent.life);
            let lane = lanes.entry((sent.life, sent.pair.1)).or_default();
            lane.messages.push((stamp[sent.life as usize], stamps.len() as u32));
            stamps.push(stamp);
        }
        let Some(stamp) = stamps.get(heard.message as usize) else { continue };
        for (life, count) in (0_u32..).zip(stamp) {
            let Some(lane) = lanes.get_mut(&(life, heard.pair.1)) else { continue };
            while let Some((turn, number)) = lane.messages.get(lane.settled) {
                if turn > count || *number == heard.message {
                    break;
                }
                let earlier = digest.message(*number);
                if !digest.comes_after(place, heard, earlier) {
                    let why = if earlier.pair == message.pair { "" } else { ", on which it builds" };
                    return digest.turned_around(heard, earlier, why);
                }
                lane.settled += 1;
                examined += 1;
            }
        }
        merge(&mut known[heard.life as usize], stamp);
    }
    Verdict::of(examined)
}

/// Counts one more message of a life; gives all that its sender knows of then.
fn stamp(known: &mut Known, life: u32) -> Known {
    let own = life as usize;
    if known.len() <= own {
        known.resize(own + 1, 0);
    }
    known[own] += 1;
    known.clone()
}

fn merge(known: &mut Known, stamp: &Known) {
    if known.len() < stamp.len() {
        known.resize(stamp.len(), 0);
    }
    for (known, stamped) in known.iter_mut().zip(stamp) {
        *known = (*known).max(*stamped);
    }
}

/// What a receiver has delivered from a sender is a beginning of what that one has sent it, at every event; as long as
/// both are in their first lives.
pub(super) fn prefix(history: &History<'_, Messaging>) -> Verdict {
    let digest = Digest::of(history);
    let second_life = second_lives(history);
    let mut delivered: BTreeMap<Pair, usize> = BTreeMap::new();
    let mut examined = 0;
    for heard in &digest.heard {
        let ((from, at), event) = (heard.pair, heard.event);
        let over = |node: ProcessId| second_life.get(node.index()).is_some_and(|begin| *begin < event);
        if over(from) || over(at) {
            continue;
        }
        let count = delivered.entry(heard.pair).or_default();
        let next = digest.sent(heard.pair).get(*count).map(|number| digest.message(*number));
        let Some(next) = next.filter(|next| next.event < event) else {
            let because = format!("{at} delivers more than the {count} messages that {from} has sent it");
            return Verdict::violated([event], because);
        };
        *count += 1;
        if next.body != heard.body || next.id != heard.id {
            let (body, id, right) = (heard.body, heard.id, next.body);
            let because = format!(
                "{at} delivers {body:?} as message {id} of {from} where message {count}, {right:?}, has its turn"
            );
            return Verdict::violated([next.event, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// When each node boots for the second time.
fn second_lives(history: &History<'_, Messaging>) -> Vec<u64> {
    let mut boots = vec![(0, u64::MAX); history.nodes as usize];
    for step in &history.steps {
        if let What::Boot = step.what {
            let (count, second) = &mut boots[step.node.index()];
            *count += 1;
            if *count == 2 {
                *second = step.event;
            }
        }
    }
    boots.into_iter().map(|(_, second)| second).collect()
}
