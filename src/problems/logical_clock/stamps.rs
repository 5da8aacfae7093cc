//! What stamps must say of the order of events, of what is known, and of time.

use super::{
    Event, LogicalClock, Output, Stamp,
    order::{Happened, Order},
};
use crate::process::{History, ProcessId, Step, Verdict, What};

/// The vector in a stamp: a vector clock, or a matrix clock's own row.
fn vector<'a>(happened: &Happened<'a>) -> Option<&'a [u64]> {
    match happened.stamp {
        Stamp::Vector(vector) => Some(vector),
        Stamp::Matrix(rows) => rows.get(happened.node.index()).map(Vec::as_slice),
        Stamp::Lamport(_) | Stamp::Hybrid { .. } => None,
    }
}

/// Whether one stamp is smaller than another of its kind.
fn smaller(a: &Happened<'_>, b: &Happened<'_>) -> bool {
    if let (Some(a), Some(b)) = (vector(a), vector(b)) {
        return a.len() == b.len() && a != b && a.iter().zip(b).all(|(a, b)| a <= b);
    }
    match (a.stamp, b.stamp) {
        (Stamp::Lamport(a), Stamp::Lamport(b)) => a < b,
        (Stamp::Hybrid { wall, count, .. }, Stamp::Hybrid { wall: later, count: more, .. }) => {
            (wall, count) < (later, more)
        }
        _ => false,
    }
}

/// How a sentence calls an event.
fn called(happened: &Happened<'_>) -> String {
    let node = happened.node;
    match happened.what {
        Event::Internal(note) => format!("{node}'s event {note:?}"),
        Event::Send { to, id } => format!("{node}'s sending of message {id} to {to}"),
        Event::Receive { from, id, .. } => format!("{node}'s receipt of message {id} of {from}"),
    }
}

/// Lamport's clock condition: a happened before b, so a's stamp is smaller. It is enough to look at what goes directly
/// before, for "smaller" is transitive; and where it holds, no two events of a process have one stamp, so that stamp
/// and process id order all events in one line that agrees with what happened before what.
pub(super) fn clock_condition(history: &History<'_, LogicalClock>) -> Verdict {
    let order = Order::of(history);
    let mut examined = 0;
    for happened in &order.events {
        for earlier in happened.before().map(|place| &order.events[place]) {
            if !smaller(earlier, happened) {
                let (a, b) = (called(earlier), called(happened));
                let because = format!("{a} goes before {b}, but its stamp is not smaller");
                return Verdict::violated([earlier.event, happened.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// The converse: a's stamp is smaller, so a happened before b. Where the clock condition holds the stamps of one
/// process grow, so that of its events with smaller stamps the last is found by halving, and the others go before it.
pub(super) fn converse(history: &History<'_, LogicalClock>) -> Verdict {
    let order = Order::of(history);
    let mut examined = 0;
    for (place, happened) in order.events.iter().enumerate() {
        for (node, events) in order.of.iter().enumerate() {
            if node == happened.node.index() {
                continue;
            }
            let count = events.partition_point(|earlier| smaller(&order.events[*earlier], happened));
            let Some(last) = count.checked_sub(1).map(|last| events[last]) else { continue };
            if !order.precedes(last, place) {
                // The earliest event that shows it makes the shortest story.
                let known = happened.past[node] as usize;
                let shown = events[known..count].first().copied().unwrap_or(last);
                let earlier = &order.events[shown];
                let (a, b) = (called(earlier), called(happened));
                let because = format!("{a} has a smaller stamp than {b}, but cannot have caused it");
                return Verdict::violated([earlier.event, happened.event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

pub(super) fn longest_chain(history: &History<'_, LogicalClock>) -> Verdict {
    let order = Order::of(history);
    let mut chains: Vec<u64> = Vec::with_capacity(order.events.len());
    let mut examined = 0;
    for happened in &order.events {
        let chain = 1 + happened.before().map(|place| chains[place]).max().unwrap_or(0);
        chains.push(chain);
        let Stamp::Lamport(time) = happened.stamp else { continue };
        if *time != chain {
            let what = called(happened);
            let because = format!("{what} has stamp {time}, but ends a chain of {chain}");
            return Verdict::violated([happened.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// What a stamp says that each process knows, row by row: a vector speaks of its own process only.
fn rows<'a>(happened: &Happened<'a>) -> Vec<(usize, &'a [u64])> {
    match happened.stamp {
        Stamp::Vector(vector) => vec![(happened.node.index(), vector.as_slice())],
        Stamp::Matrix(rows) => rows.iter().map(Vec::as_slice).enumerate().collect(),
        Stamp::Lamport(_) | Stamp::Hybrid { .. } => Vec::new(),
    }
}

pub(super) fn exact_knowledge(history: &History<'_, LogicalClock>) -> Verdict {
    knowledge(history, |claimed, known| claimed == known, "there are")
}

pub(super) fn matrix_guarantee(history: &History<'_, LogicalClock>) -> Verdict {
    let matrices = |step: &Step<'_, LogicalClock>| {
        matches!(step.what, What::Output(Output::Stamped { stamp: Stamp::Matrix(_), .. }))
    };
    if !history.steps.iter().any(matrices) {
        return Verdict::Vacuous;
    }
    knowledge(history, |claimed, known| claimed <= known, "there can be no more than")
}

/// Compares what every stamp says that a process knows with what it knew at its last event in the stamp's past.
fn knowledge(history: &History<'_, LogicalClock>, fits: fn(u64, u64) -> bool, word: &str) -> Verdict {
    let order = Order::of(history);
    let mut examined = 0;
    for (place, happened) in order.events.iter().enumerate() {
        for (who, row) in rows(happened).into_iter().filter(|(who, _)| *who < order.of.len()) {
            let last = order.last_known(place, who);
            for (whose, claimed) in row.iter().enumerate() {
                let known = last.and_then(|last| last.past.get(whose)).copied().unwrap_or(0);
                if !fits(*claimed, known) {
                    let what = called(happened);
                    let (who, whose) = (id(who), id(whose));
                    let because =
                        format!("{what} says that {who} knows {claimed} events of {whose}, {word} {known}");
                    return Verdict::violated([happened.event], because);
                }
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn id(index: usize) -> ProcessId {
    ProcessId(index as u32)
}

pub(super) fn everybody_knows(history: &History<'_, LogicalClock>) -> Verdict {
    let order = Order::of(history);
    let mut latest: Vec<Option<usize>> = vec![None; order.of.len()];
    let (mut place, mut examined) = (0, 0);
    for step in &history.steps {
        match step.what {
            What::Output(Output::Stamped { .. }) => {
                latest[step.node.index()] = Some(place);
                place += 1;
            }
            What::Output(Output::Stable { of, events }) => {
                let knows = |last: &Option<usize>| {
                    last.and_then(|last| order.events[last].past.get(of.index()).copied()).unwrap_or(0)
                };
                if let Some(who) = latest.iter().position(|last| knows(last) < *events) {
                    let (who, known) = (id(who), knows(&latest[who]));
                    let because = format!(
                        "event {events} of {of} is said to be known to everybody, but {who} knows {known}"
                    );
                    return Verdict::violated([step.event], because);
                }
                examined += 1;
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

/// The bounds of Kulkarni et al., theorems 2 and 3 and corollary 1. By how much clocks differ is found from the history:
/// the difference between the clock that was furthest ahead of true time at an event, and that furthest behind.
pub(super) fn hybrid_bounds(history: &History<'_, LogicalClock>) -> Verdict {
    let order = Order::of(history);
    let mut chains: Vec<u64> = Vec::with_capacity(order.events.len());
    let wall_of = |place: usize| match order.events[place].stamp {
        Stamp::Hybrid { wall, .. } => Some(wall),
        _ => None,
    };
    let mut errors: Option<(i128, i128)> = None;
    for (place, happened) in order.events.iter().enumerate() {
        let same = happened.before().filter(|earlier| wall_of(*earlier) == wall_of(place));
        chains.push(same.map(|earlier| chains[earlier] + 1).max().unwrap_or(0));
        if let Stamp::Hybrid { clock, .. } = happened.stamp {
            let error = clock.wide() - i128::from(happened.time.0);
            errors = Some(errors.map_or((error, error), |(low, high)| (low.min(error), high.max(error))));
        }
    }
    let apart = errors.map_or(0, |(low, high)| high - low);
    let mut examined = 0;
    for (happened, chain) in order.events.iter().zip(&chains) {
        let Stamp::Hybrid { wall, count, clock } = happened.stamp else { continue };
        let ahead = wall.wide() - clock.wide();
        let wrong = if ahead < 0 {
            Some(format!("wall time {wall}, before its process's clock, {clock}"))
        } else if ahead > apart {
            Some(format!("wall time {wall}, further after {clock} than clocks differ"))
        } else if count > chain {
            Some(format!("count {count}, but ends a chain of {chain} earlier events of its time"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Verdict::violated([happened.event], format!("{} has {wrong}", called(happened)));
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn precision(history: &History<'_, LogicalClock>) -> Verdict {
    let mut announced = vec![None; history.nodes as usize];
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Output(Output::Precision(precision)) => {
                announced[step.node.index()] = Some(precision.as_nanos())
            }
            What::Output(Output::Stamped { stamp: Stamp::Hybrid { wall, clock, .. }, .. }) => {
                let Some(precision) = announced[step.node.index()] else { continue };
                let node = step.node;
                if wall.wide() - clock.wide() > precision as i128 {
                    let because = format!("{node} stamps with {wall} when its own clock shows {clock}");
                    return Verdict::violated([step.event], because);
                }
                examined += 1;
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

pub(super) fn stability(history: &History<'_, LogicalClock>) -> Verdict {
    let (order, correct) = (Order::of(history), history.correct());
    let mut stable = vec![0; order.of.len()];
    for step in &history.steps {
        if let What::Output(Output::Stable { of, events }) = step.what
            && *of == step.node
        {
            stable[of.index()] = *events;
        }
    }
    let mut examined = 0;
    for happened in order.events.iter().filter(|happened| matches!(happened.what, Event::Internal(_))) {
        let node = happened.node;
        if !correct[node.index()] {
            continue;
        }
        if happened.number() > stable[node.index()] {
            let because = format!("{node} never learns that everybody knows {}", called(happened));
            return Verdict::unmet(history.end, [happened.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}
