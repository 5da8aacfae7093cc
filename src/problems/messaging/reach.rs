//! What reaches whom, and what its sender knows of it.

use super::{
    Messaging,
    digest::{Digest, NONE},
};
use crate::process::{History, Verdict};

/// Reliable delivery (PL1): both ends are correct, so it arrives.
pub(super) fn reliable_delivery(history: &History<'_, Messaging>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for message in &digest.messages {
        let (from, to) = message.pair;
        if !correct[from.index()] || !correct[to.index()] {
            continue;
        }
        if message.first == NONE {
            let (id, body) = (message.id, message.body);
            let because = format!("{to} never delivers message {id} of {from}, {body:?}");
            return Verdict::unmet(history.end, [message.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// All or nothing: what one correct receiver of a request delivers, the others deliver.
pub(super) fn agreement(history: &History<'_, Messaging>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for copies in digest.messages.chunk_by(|one, next| one.event == next.event) {
        let bound = || copies.iter().filter(|copy| correct[copy.pair.1.index()]);
        let Some(witness) = bound().min_by_key(|copy| copy.first) else { continue };
        let Some(heard) = digest.heard.get(witness.first as usize) else { continue };
        let (from, at) = witness.pair;
        for copy in bound().filter(|copy| copy.pair != witness.pair) {
            if copy.first == NONE {
                let (body, without) = (witness.body, copy.pair.1);
                let because = format!("{at} delivers {body:?} of {from}, but {without} never does");
                return Verdict::unmet(history.end, [heard.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// No creation, no duplication (PL2, PL3), and nothing is changed on the way.
pub(super) fn integrity(history: &History<'_, Messaging>) -> Verdict {
    let digest = Digest::of(history);
    for (place, heard) in (0_u32..).zip(&digest.heard) {
        let (event, id, (from, at)) = (heard.event, heard.id, heard.pair);
        let Some(message) = digest.messages.get(heard.message as usize) else {
            let because = format!("{at} delivers message {id} of {from}, who never sent it");
            return Verdict::violated([event], because);
        };
        if message.event > event {
            let because = format!("{at} delivers message {id} of {from} before it was sent");
            return Verdict::violated([event, message.event], because);
        }
        if message.first < place {
            let because = format!("{at} delivers message {id} of {from} twice");
            return Verdict::violated([digest.heard[message.first as usize].event, event], because);
        }
        if message.body != heard.body {
            let (body, heard) = (message.body, heard.body);
            let because = format!("{at} delivers {heard:?} as message {id} of {from}, who sent {body:?}");
            return Verdict::violated([message.event, event], because);
        }
    }
    Verdict::of(digest.heard.len() as u64)
}

/// The second half of a window's safety: no sender is ahead of its receiver.
pub(super) fn honest_acknowledgement(history: &History<'_, Messaging>) -> Verdict {
    let digest = Digest::of(history);
    for belief in &digest.beliefs {
        if !digest.is_true(belief) {
            let ((from, to), id) = (belief.pair, belief.id);
            let because = format!("{from} believes that {to} has its message {id}, which it does not");
            return Verdict::violated([belief.event], because);
        }
    }
    Verdict::of(digest.beliefs.len() as u64)
}

/// How long each message takes; nanoseconds.
pub(super) fn delays(history: &History<'_, Messaging>) -> Vec<u64> {
    let digest = Digest::of(history);
    let between = |sent, heard| history.between(sent, heard).map(|delay| delay.as_nanos() as u64);
    digest.firsts().filter_map(|(_, heard, message)| between(message.event, heard.event)).collect()
}
