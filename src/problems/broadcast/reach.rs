//! What reaches whom: validity, agreement, integrity.

use super::{
    Broadcast, Output,
    digest::{Digest, Heard, Message, NONE, body},
};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::BTreeMap;

/// The correct processes but one.
fn others(correct: &[bool], than: ProcessId) -> impl Iterator<Item = ProcessId> + '_ {
    let all = (0..).map(ProcessId).zip(correct);
    all.filter(move |(node, correct)| **correct && *node != than).map(|(node, _)| node)
}

pub(super) fn validity(history: &History<'_, Broadcast>) -> Verdict {
    let (digest, correct): (&Digest, _) = (history.digest(), history.correct());
    let mut examined = 0;
    for (number, &Message { sender, id, .. }, event, body) in digest.broadcasts(history) {
        if !correct[sender.index()] {
            continue;
        }
        for node in others(correct, sender) {
            if digest.first(number, node) == NONE {
                let because = format!("{node} never delivers message {id} of {sender}, {body:?}");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn self_delivery(history: &History<'_, Broadcast>) -> Verdict {
    let (digest, correct): (&Digest, _) = (history.digest(), history.correct());
    let mut examined = 0;
    for (number, &Message { sender, id, .. }, event, body) in digest.broadcasts(history) {
        if !correct[sender.index()] {
            continue;
        }
        if digest.first(number, sender) == NONE {
            let because = format!("{sender} never delivers its own message {id}, {body:?}");
            return Verdict::unmet(history.end, [event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, false)
}

pub(super) fn uniform_agreement(history: &History<'_, Broadcast>) -> Verdict {
    agreement_with(history, true)
}

fn agreement_with(history: &History<'_, Broadcast>, uniform: bool) -> Verdict {
    let (digest, correct): (&Digest, _) = (history.digest(), history.correct());
    let mut examined = 0;
    for (number, message) in (0_u32..).zip(&digest.messages) {
        let Message { sender, id, .. } = *message;
        let witnesses = (0..history.nodes).map(ProcessId).filter(|node| uniform || correct[node.index()]);
        let firsts =
            || witnesses.clone().map(|node| digest.first(number, node)).filter(|first| *first != NONE);
        let Some(place) = firsts().min() else { continue };
        let Heard { event, at: witness, .. } = digest.heard[place as usize];
        for node in others(correct, sender) {
            if digest.first(number, node) == NONE {
                let because = format!("{witness} delivers message {id} of {sender}, but {node} never does");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
        // Of a witness nothing is asked. Whom to take for it does not depend on who was first: one of whom nothing is
        // asked anyway, if there is one.
        let free = |at: ProcessId| at == sender || !correct[at.index()];
        examined -= u64::from(!firsts().any(|place| free(digest.heard[place as usize].at)));
    }
    Verdict::of(examined)
}

pub(super) fn integrity(history: &History<'_, Broadcast>) -> Verdict {
    let digest: &Digest = history.digest();
    for (place, heard) in (0_u32..).zip(&digest.heard) {
        let Heard { event, at, message, .. } = *heard;
        let first = digest.first(message, at);
        let Message { sender, id, .. } = *digest.message(message);
        if first < place {
            let because = format!("{at} delivers message {id} of {sender} twice");
            return Verdict::violated([digest.heard[first as usize].event, event], because);
        }
        let Some((said_at, said)) = digest.said(history, digest.message(message)) else {
            let because = format!("{at} delivers message {id} of {sender}, who never broadcast it");
            return Verdict::violated([event], because);
        };
        if said_at > event {
            let because = format!("{at} delivers message {id} of {sender} before it was broadcast");
            return Verdict::violated([event, said_at], because);
        }
        let body = body(history, heard);
        if said != body {
            let because = format!("{at} delivers {body:?} as message {id} of {sender}, who said {said:?}");
            return Verdict::violated([said_at, event], because);
        }
    }
    Verdict::of(digest.heard.len() as u64)
}

/// How long each message takes to each process but its sender; nanoseconds.
pub(super) fn delays(history: &History<'_, Broadcast>) -> Vec<u64> {
    let digest: &Digest = history.digest();
    let delay = |heard: &Heard| {
        let message = digest.message(heard.message);
        let counts = message.said.is_some() && message.sender != heard.at;
        counts.then(|| heard.time.0.saturating_sub(message.time.0))
    };
    digest.firsts().filter_map(|(_, heard)| delay(heard)).collect()
}

pub(super) fn acknowledgement(history: &History<'_, Broadcast>) -> Verdict {
    let (digest, correct): (&Digest, _) = (history.digest(), history.correct());
    let numbers: BTreeMap<(ProcessId, u64), u32> = digest
        .broadcasts(history)
        .map(|(number, message, ..)| ((message.sender, message.id), number))
        .collect();
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Acknowledged(id)) = step.what else { continue };
        let Some(number) = numbers.get(&(step.node, *id)) else {
            let because =
                format!("{} is told that everybody has its message {id}, never broadcast", step.node);
            return Verdict::violated([step.event], because);
        };
        for node in others(correct, step.node) {
            let heard = digest.heard.get(digest.first(*number, node) as usize);
            if heard.is_none_or(|heard| heard.event > step.event) {
                let because = format!("{node} has not delivered message {id} of {} by then", step.node);
                return Verdict::violated([step.event], because);
            }
        }
        examined += 1;
    }
    Verdict::of(examined)
}
