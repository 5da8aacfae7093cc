//! What is said of members: incarnations that only their owner raises, and deaths that are final and deserved.

use super::{
    FailureDetection, Output,
    views::{Views, Word, word},
};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::{BTreeMap, BTreeSet};

/// A statement in the order in which statements override each other: by life, then alive or suspected by incarnation,
/// dead, left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    life: u64,
    end: End,
    incarnation: u64,
    suspected: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    None,
    Dead,
    Left,
}

/// About whom a statement is, and its rank.
fn statement(output: &Output) -> Option<(ProcessId, Rank)> {
    let rank = |life, end, incarnation, suspected| Rank { life, end, incarnation, suspected };
    match *output {
        Output::Alive { process, life, incarnation } => {
            Some((process, rank(life, End::None, incarnation, false)))
        }
        Output::Suspected { process, life, incarnation } => {
            Some((process, rank(life, End::None, incarnation, true)))
        }
        Output::Dead { process, life, incarnation } => {
            Some((process, rank(life, End::Dead, incarnation, false)))
        }
        Output::Left { process, life } => Some((process, rank(life, End::Left, 0, false))),
        Output::Suspect(_)
        | Output::Restore(_)
        | Output::Outside
        | Output::Joined
        | Output::Within(_)
        | Output::Status { .. }
        | Output::Level { .. } => None,
    }
}

pub(super) fn incarnations(history: &History<'_, FailureDetection>) -> Verdict {
    // What owners said of themselves, and who left.
    let mut announced: BTreeSet<(ProcessId, u64, u64)> = BTreeSet::new();
    let mut left: BTreeSet<ProcessId> = BTreeSet::new();
    let mut last: BTreeMap<(ProcessId, ProcessId), (Rank, u64)> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        let (me, event) = (step.node, step.event);
        if matches!(step.what, What::Crash | What::Output(Output::Outside)) {
            last.retain(|(observer, _), _| *observer != me);
        }
        let What::Output(output) = step.what else { continue };
        if *output == Output::Outside {
            left.insert(me);
        }
        let Some((process, rank)) = statement(output) else { continue };
        if process == me {
            announced.insert((me, rank.life, rank.incarnation));
        }
        let first = (rank.life, rank.incarnation) == (1, 0);
        let known = match rank.end {
            End::Left => left.contains(&process),
            End::None | End::Dead => first || announced.contains(&(process, rank.life, rank.incarnation)),
        };
        if !known {
            let because = format!("{me} says of {process} what {process} never said of itself");
            return Verdict::violated([event], because);
        }
        if let Some((before, earlier)) = last.insert((me, process), (rank, event))
            && rank <= before
        {
            let because = format!("what {me} says of {process} does not override what it said before");
            return Verdict::violated([earlier, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn dead_is_final(history: &History<'_, FailureDetection>) -> Verdict {
    let mut dead: BTreeMap<(ProcessId, ProcessId), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Crash | What::Output(Output::Outside) => {
                dead.retain(|(observer, _), _| *observer != step.node);
            }
            What::Output(Output::Dead { process, life, .. }) => {
                dead.insert((step.node, *process), (*life, step.event));
                examined += 1;
            }
            What::Output(Output::Alive { process, life, .. } | Output::Suspected { process, life, .. }) => {
                let over = dead.get(&(step.node, *process)).filter(|(over, _)| life <= over);
                if let Some((_, event)) = over {
                    let node = step.node;
                    let because = format!("{node} takes back that life {life} of {process} is over");
                    return Verdict::violated([*event, step.event], because);
                }
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

pub(super) fn death_accuracy(history: &History<'_, FailureDetection>) -> Verdict {
    let mut views = Views::new(history.nodes);
    let mut examined = 0;
    for step in &history.steps {
        if let What::Output(output) = step.what {
            if let Output::Dead { process, .. } = output
                && views.innocent(step.node, *process)
            {
                let (node, time) = (step.node, step.time);
                let because = format!("{node} declares {process} dead at {time}, which has not crashed");
                return Verdict::violated([step.event], because);
            }
            examined += u64::from(matches!(word(output), Some((_, Word::Suspected))));
        }
        views.note(step);
    }
    Verdict::of(examined)
}
