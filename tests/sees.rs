//! What a property sees is all that its verdict depends on: whatever else of a history changes, the verdict stays.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use synod::{
    process::{Sees, Verdict},
    registry::{Options, Registry, Stated},
    scenario::load,
    trace::{Event, EventKind, Trace},
};

#[path = "common/dice.rs"]
mod dice;
use dice::Dice;

/// Longer traces are left out: there are enough short ones.
const LONGEST: usize = 400;

/// Other orders of each trace, for each of the things that can be kept.
const ORDERS: u64 = 2;

/// How often a trace is spoilt, so that properties are violated, too.
const SPOILT: u64 = 2;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

#[test]
fn what_a_property_does_not_see_does_not_change_its_verdict() {
    let registry = Registry::standard();
    let mut wrong = BTreeSet::new();
    for (seed, file) in (0..).zip(scenarios()) {
        let Some(trace) = played(&registry, &file) else { continue };
        let mut dice = Dice::new(seed);
        wrong.extend(other_verdicts(&registry, &trace, &mut dice));
        for _ in 0..SPOILT {
            wrong.extend(other_verdicts(&registry, &spoilt(&registry, &trace, &mut dice), &mut dice));
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every scenario's file, in order.
fn scenarios() -> BTreeSet<PathBuf> {
    let mut folders = vec![PathBuf::from(SCENARIOS)];
    let mut files = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder can be read") {
            let path = entry.expect("an entry of a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.insert(path);
            }
        }
    }
    assert!(!files.is_empty(), "there are scenarios");
    files
}

/// What happens in a scenario, if that is not too much: of each event what a history is made of, and nothing else.
fn played(registry: &Registry, file: &Path) -> Option<Trace> {
    let content = fs::read(file).expect("a scenario can be read");
    let plan = load(&file.display().to_string(), &content, &[], None, registry).expect("it is right");
    let outcome = registry.run(&plan, &Options::default()).expect("it runs");
    if outcome.footer.events > LONGEST as u64 {
        return None;
    }
    let mut trace = outcome.trace().expect("it is a trace");
    trace.events.retain(|event| is_visible(event) || is_private(event));
    Some(in_this_order(&trace, trace.events.clone()))
}

/// The trace with these events instead of its own, as numbers and times go.
fn in_this_order(trace: &Trace, mut events: Vec<Event>) -> Trace {
    for (place, event) in (0..).zip(&mut events) {
        (event.index, event.time) = (place, place);
        (event.cause, event.lamport) = (None, None);
    }
    Trace { events, ..trace.clone() }
}

/// Whether an event is one of those whose order [`Sees::Order`] is about.
fn is_visible(event: &Event) -> bool {
    use EventKind::{Boot, Crash, Output, Pause, Request, Restart, Resume};
    matches!(event.kind, Boot | Crash | Output | Pause | Request | Restart | Resume)
}

/// Whether an event is one of the others that a history holds.
fn is_private(event: &Event) -> bool {
    matches!(event.kind, EventKind::Send | EventKind::Receive | EventKind::Timer)
}

/// The trace, but one thing that a process said is left out or said again later on. What is said again was said before,
/// so that nobody says what he cannot know; but what names an event for others to refer to is not said again.
fn spoilt(registry: &Registry, trace: &Trace, dice: &mut Dice) -> Trace {
    let mut events = trace.events.clone();
    let outputs: Vec<usize> = (0..events.len()).filter(|at| events[*at].kind == EventKind::Output).collect();
    if outputs.is_empty() {
        return trace.clone();
    }
    let at = outputs[dice.below(outputs.len() as u64) as usize];
    let output = events[at].clone();
    let described = registry.describe(&trace.header.algorithm).expect("its algorithm is known");
    if described.problem == "logical-clock" || dice.below(2) == 0 {
        events.remove(at);
    } else {
        let after = at as u64 + 1;
        events.insert((after + dice.below(events.len() as u64 + 1 - after)) as usize, output);
    }
    in_this_order(trace, events)
}

#[test]
fn a_property_that_looks_at_no_messages_does_without_them() {
    let registry = Registry::standard();
    let mut wrong = BTreeSet::new();
    let mut judged = BTreeSet::new();
    for (seed, file) in (0..).zip(scenarios()) {
        let Some(trace) = played(&registry, &file) else { continue };
        let spoilt = spoilt(&registry, &trace, &mut Dice::new(seed));
        let described = registry.describe(&trace.header.algorithm).expect("its algorithm is known");
        let blind = described.properties.iter().filter(|property| !property.looks_at_messages);
        let names: Vec<String> = blind.map(|property| property.name.to_owned()).collect();
        for trace in [trace, spoilt] {
            let silent: Vec<Event> = trace.events.iter().filter(|event| is_visible(event)).cloned().collect();
            let silent = Trace { events: silent, ..trace.clone() };
            let [whole, silent] = [&trace, &silent].map(|trace| registry.judge(trace, &names));
            if whole != silent {
                wrong.insert(format!("{}: {whole:?} becomes {silent:?}", file.display()));
            }
            judged.extend(names.iter().map(|name| format!("{}: {name}", described.problem)));
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        judged.contains("broadcast: causal-order") && judged.contains("mutual-exclusion: mutual-exclusion")
    );
}

/// The properties of a trace's problem that judge it otherwise when it is told in another order which keeps what they
/// see.
fn other_verdicts(registry: &Registry, trace: &Trace, dice: &mut Dice) -> Vec<String> {
    let described = registry.describe(&trace.header.algorithm).expect("its algorithm is known");
    let mut wrong = Vec::new();
    for kept in [Sees::Nodes, Sees::Causality, Sees::Order] {
        let covered: Vec<&Stated> =
            described.properties.iter().filter(|property| property.sees <= kept).collect();
        let names: Vec<String> = covered.iter().map(|property| property.name.to_owned()).collect();
        let judge = |trace: &Trace| {
            let judged = registry.judge(trace, &names).expect("its algorithm is known");
            judged.expect("its requests and outputs are the problem's")
        };
        let before = judge(trace);
        for order in 0..ORDERS {
            let after = judge(&reordered(trace, kept, order, dice));
            for Stated { name, sees, .. } in &covered {
                let (before, after) = (&before[*name], &after[*name]);
                if verdict(before) != verdict(after) {
                    let problem = described.problem;
                    wrong.push(format!(
                        "{problem}: {name} sees {sees:?}, but with {kept:?} kept {:?} {before:?} becomes {after:?}",
                        trace.header.scenario.get("name")
                    ));
                }
            }
        }
    }
    wrong
}

/// What must be the same: the verdict's name, and the number of instances.
fn verdict(verdict: &Verdict) -> (&str, Option<u64>) {
    match verdict {
        Verdict::Holds { examined } => (verdict.name(), Some(*examined)),
        Verdict::Vacuous | Verdict::Violated { .. } | Verdict::Undecided { .. } => (verdict.name(), None),
    }
}

/// The trace in another order that keeps what `kept` sees. In the first such order chance has each process take its
/// turn; in others it ranks them, and who is ranked before others goes on for as long as it can.
fn reordered(trace: &Trace, kept: Sees, order: u64, dice: &mut Dice) -> Trace {
    let mut queues: Vec<Vec<&Event>> = vec![Vec::new(); trace.names.len()];
    for event in trace.events.iter().rev() {
        queues[event.node.expect("it happens at a node").index()].push(event);
    }
    let mut visible = trace.events.iter().filter(|event| is_visible(event)).peekable();
    let mut ranks: Vec<usize> = (0..queues.len()).collect();
    for place in (1..ranks.len()).rev() {
        ranks.swap(place, dice.below(place as u64 + 1) as usize);
    }
    let mut sent = BTreeSet::new();
    let mut events = Vec::new();
    while events.len() < trace.events.len() {
        let may_happen = |node: &usize| {
            let Some(event) = queues[*node].last() else { return false };
            match event.kind {
                EventKind::Receive if kept >= Sees::Causality => sent.contains(&event.message),
                _ if kept >= Sees::Order && is_visible(event) => {
                    visible.clone().next().is_some_and(|next| next.index == event.index)
                }
                _ => true,
            }
        };
        let ready: Vec<usize> = ranks.iter().copied().filter(may_happen).collect();
        let node = if order == 0 { ready[dice.below(ready.len() as u64) as usize] } else { ready[0] };
        let event = queues[node].pop().expect("it may happen");
        if event.kind == EventKind::Send {
            sent.insert(event.message);
        }
        visible.next_if(|next| next.index == event.index);
        events.push(event.clone());
    }
    in_this_order(trace, events)
}
