//! Flow: many producers, one consumer that may be slower than all of them together.
//!
//! Many-to-one communication and its overload (Sinha, "Distributed operating systems" (1997), section 3.10; Tanenbaum,
//! Wetherall, "Computer networks" (2011), section 6.2.4, flow control and buffering). An item is known by its producer
//! and its number among the producer's offers. The *sink* is the process that tells how much room it has.

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, Verdict, What,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The flow problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Bring this to the consumer.
    Offer(String),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// At the sink, once: so many items may wait here.
    Capacity(u64),
    /// At the sink: an item waits for its turn.
    Accepted(Item),
    /// At the sink: an item is done with.
    Consumed(Item),
    /// At the sink: an item is thrown away for want of room.
    Shed(Item),
    /// At the producer: an item was not taken.
    Refused(Item),
}

/// An item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its producer.
    pub from: ProcessId,
    /// Which of the producer's offers it is, counted from 1.
    pub id: u64,
    /// What it is.
    pub body: String,
}

impl Problem for Flow {
    const NAME: &'static str = "flow";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "bob", request: r#"{offer: apples}"#, about: "Bring this to the consumer." },
        Example { node: "carol", request: r#"{offer: pears}"#, about: "Bring this to the consumer." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property("bounded", "No more items wait than the sink has room for.", Safety, Nodes, bounded),
            property(
                "no-silent-loss",
                "What a correct producer offers to a correct sink is consumed, or somebody says that it is not.",
                Liveness,
                Nodes,
                no_silent_loss,
            ),
            property(
                "at-most-once",
                "What is consumed was offered before, is consumed once, and nobody says that it is not.",
                Safety,
                Causality,
                at_most_once,
            ),
            property(
                "fifo",
                "The items of one producer are consumed in the order in which it offered them.",
                Safety,
                Nodes,
                fifo,
            ),
            property("nothing-lost", "No item is shed or refused.", Safety, Nodes, nothing_lost),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "passage",
            about: "From the offer of an item to the moment in which it is done with.",
            unit: Unit::Time,
            take: passage,
        }]
    }
}

/// The offers, by producer and number: the event and what was offered.
fn offers<'a>(history: &History<'a, Flow>) -> BTreeMap<(ProcessId, u64), (u64, &'a str)> {
    let mut counts = vec![0; history.nodes as usize];
    let mut offers = BTreeMap::new();
    for step in &history.steps {
        let What::Request(Request::Offer(body)) = step.what else { continue };
        let id = &mut counts[step.node.index()];
        *id += 1;
        offers.insert((step.node, *id), (step.event, body.as_str()));
    }
    offers
}

/// All outputs: the event, where, what.
fn outputs<'a>(history: &History<'a, Flow>) -> impl Iterator<Item = (u64, ProcessId, &'a Output)> {
    history.steps.iter().filter_map(|step| match step.what {
        What::Output(output) => Some((step.event, step.node, output)),
        _ => None,
    })
}

fn bounded(history: &History<'_, Flow>) -> Verdict {
    let nodes = history.nodes as usize;
    let mut room: Vec<Option<u64>> = vec![None; nodes];
    let mut waiting: Vec<BTreeMap<(ProcessId, u64), u64>> = vec![BTreeMap::new(); nodes];
    let mut examined = 0;
    for step in &history.steps {
        let (room, waiting) = (&mut room[step.node.index()], &mut waiting[step.node.index()]);
        match step.what {
            What::Output(Output::Capacity(capacity)) => *room = Some(*capacity),
            What::Output(Output::Accepted(Item { from, id, .. })) => {
                waiting.insert((*from, *id), step.event);
                let Some(room) = *room else { continue };
                if waiting.len() as u64 > room {
                    let because =
                        format!("{} items wait at {}, which has room for {room}", waiting.len(), step.node);
                    return Verdict::violated(Vec::from_iter(waiting.values().copied()), because);
                }
                examined += 1;
            }
            What::Output(Output::Consumed(Item { from, id, .. }) | Output::Shed(Item { from, id, .. })) => {
                waiting.remove(&(*from, *id));
            }
            What::Crash => waiting.clear(),
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn no_silent_loss(history: &History<'_, Flow>) -> Verdict {
    let correct = history.correct();
    let mut sinks = outputs(history).filter(|(_, _, output)| matches!(output, Output::Capacity(_)));
    if sinks.any(|(_, sink, _)| !correct[sink.index()]) {
        return Verdict::Vacuous;
    }
    let mut settled = BTreeMap::new();
    for (event, _, output) in outputs(history) {
        match output {
            Output::Consumed(item) | Output::Shed(item) | Output::Refused(item) => {
                settled.insert((item.from, item.id), event);
            }
            Output::Capacity(_) | Output::Accepted(_) => {}
        }
    }
    let mut examined = 0;
    for ((from, id), (event, body)) in offers(history) {
        if !correct[from.index()] {
            continue;
        }
        if !settled.contains_key(&(from, id)) {
            let because = format!("nothing is ever heard of item {id} of {from}, {body:?}");
            return Verdict::unmet(history.end, [event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn at_most_once(history: &History<'_, Flow>) -> Verdict {
    let offers = offers(history);
    let mut gone: BTreeMap<(ProcessId, u64), (u64, bool)> = BTreeMap::new();
    let mut examined = 0;
    for (event, node, output) in outputs(history) {
        let (item, consumed) = match output {
            Output::Consumed(item) => (item, true),
            Output::Shed(item) | Output::Refused(item) => (item, false),
            Output::Capacity(_) | Output::Accepted(_) => continue,
        };
        let Item { from, id, body } = item;
        let offered = offers.get(&(*from, *id)).filter(|(offered, said)| *offered < event && *said == body);
        if offered.is_none() {
            let because = format!("{node} speaks of {body:?} as item {id} of {from}, who never offered that");
            return Verdict::violated([event], because);
        }
        if let Some((first, before)) = gone.insert((*from, *id), (event, consumed))
            && (consumed || before)
        {
            let because = if consumed && before {
                format!("item {id} of {from} is consumed twice")
            } else {
                format!("item {id} of {from} is consumed, and somebody says that it is not")
            };
            return Verdict::violated([first, event], because);
        }
        examined += u64::from(consumed);
    }
    Verdict::of(examined)
}

fn fifo(history: &History<'_, Flow>) -> Verdict {
    let mut last: BTreeMap<(ProcessId, ProcessId), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for (event, node, output) in outputs(history) {
        let Output::Consumed(Item { from, id, .. }) = output else { continue };
        let Some((before, earlier)) = last.insert((node, *from), (*id, event)) else { continue };
        if *id < before {
            let because = format!("item {before} of {from} is consumed before item {id}");
            return Verdict::violated([earlier, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn nothing_lost(history: &History<'_, Flow>) -> Verdict {
    for (event, node, output) in outputs(history) {
        if let Output::Shed(item) | Output::Refused(item) = output {
            let Item { from, id, .. } = item;
            return Verdict::violated([event], format!("{node} says that item {id} of {from} is lost"));
        }
    }
    Verdict::of(offers(history).len() as u64)
}

/// How long each consumed item takes; nanoseconds.
fn passage(history: &History<'_, Flow>) -> Vec<u64> {
    let mut offered = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(Request::Offer(_)) => {
            let number = &mut offered[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Consumed(Item { from, id, .. })) => (None, Some((*from, *id))),
        _ => (None, None),
    })
}
