//! What comes of an election: whether all learn of it, whether it lasts, how long it takes.

use super::{
    Election, Output,
    digest::{Digest, Held},
};
use crate::process::{History, ProcessId, Verdict};

/// Termination (EL3): who is there when it begins, and correct, names a leader.
pub(super) fn termination(history: &History<'_, Election>) -> Verdict {
    let (digest, correct) = (Digest::of(history), history.correct());
    let mut examined = 0;
    for held in &digest.elections {
        for (id, correct) in (0..history.nodes).map(ProcessId).zip(correct) {
            if !correct || !held.there[id.index()] {
                continue;
            }
            if held.said[id.index()] == 0 {
                let because = format!("{id} never names a leader");
                return Verdict::unmet(history.end, [held.start], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// Stability (EL5): what all have heard last is the same, and true. Who has never heard of a leader has none.
pub(super) fn stability(history: &History<'_, Election>) -> Verdict {
    let digest = Digest::of(history);
    let mut last = vec![None; history.nodes as usize];
    for told in &digest.told {
        last[told.node.index()] = Some(*told);
    }
    let up = |id: ProcessId| digest.up.get(id.index()).copied().unwrap_or(false);
    let last: Vec<_> = last.into_iter().flatten().filter(|told| up(told.node)).collect();
    let Some(first) = last.first() else { return Verdict::Vacuous };
    for told in &last {
        let (node, leader) = (told.node, told.leader());
        if !up(leader) {
            let because = format!("{node} follows {leader}, who is down");
            return Verdict::unmet(history.end, [told.event], because);
        }
        if group(first.output) != group(told.output) {
            let because = format!("{} follows {}, but {node} follows {leader}", first.node, first.leader());
            return Verdict::unmet(history.end, [first.event, told.event], because);
        }
    }
    Verdict::of(last.len() as u64)
}

/// Whom an output follows, and in which of that one's groups.
fn group(output: &Output) -> (ProcessId, Option<u64>) {
    match output {
        Output::Leader { leader, .. } => (*leader, None),
        Output::Group { coordinator, number, .. } => (*coordinator, Some(*number)),
    }
}

/// How long each election takes; nanoseconds.
pub(super) fn durations(history: &History<'_, Election>) -> Vec<u64> {
    let digest = Digest::of(history);
    let took = |held: &Held| history.between(held.start, held.last?);
    digest.elections.iter().filter_map(took).map(|took| took.as_nanos() as u64).collect()
}
