//! Aggregation: everybody has a value, one process is told what they come to.
//!
//! After the `broadcast, convergecast` of Segall, "Distributed network protocols" (1983), and Tel, "Introduction to
//! distributed algorithms" (2000), chapter 6. The n-th value that a process contributes belongs to round n. The
//! operations are associative and commutative, so that the shape of the tree and the order of arrival do not matter.

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, Verdict, What,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The aggregation problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aggregation {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// This is my value for my next round.
    Contribute(i64),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// What the values of a round come to.
    Result {
        /// The round, counted from 1.
        round: u64,
        /// What was done with the values.
        operation: Operation,
        /// What came of it.
        value: i64,
    },
}

/// What is done with the values of a round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// They are added; beyond 64 bits the sum wraps around.
    #[default]
    Sum,
    /// The smallest counts.
    Min,
    /// The largest counts.
    Max,
    /// They are counted, whatever they are.
    Count,
}

impl Operation {
    /// What one value alone comes to.
    pub fn alone(self, value: i64) -> i64 {
        match self {
            Self::Sum | Self::Min | Self::Max => value,
            Self::Count => 1,
        }
    }

    /// What two results come to together.
    pub fn combine(self, one: i64, other: i64) -> i64 {
        match self {
            Self::Sum | Self::Count => one.wrapping_add(other),
            Self::Min => one.min(other),
            Self::Max => one.max(other),
        }
    }
}

impl Problem for Aggregation {
    const NAME: &'static str = "aggregation";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{contribute: 3}"#,
            about: "This is my value for my next round.",
        },
        Example { node: "bob", request: r#"{contribute: 4}"#, about: "This is my value for my next round." },
        Example {
            node: "carol",
            request: r#"{contribute: 5}"#,
            about: "This is my value for my next round.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "exactly-once",
                "A round's result is told once, and holds everybody's value of that round exactly once.",
                Safety,
                Order,
                exactly_once,
            ),
            property(
                "termination",
                "When everybody has contributed to a round, its result is told.",
                Liveness,
                Nodes,
                termination,
            ),
            property(
                "announcement",
                "What one process is told of a round, every correct process is told.",
                Liveness,
                Nodes,
                announcement,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "completion",
            about: "From a round's last contribution to its result.",
            unit: Unit::Time,
            take: completion,
        }]
    }
}

/// The contributions to one round, by process: the event and the value.
type Contributions = BTreeMap<ProcessId, (u64, i64)>;

/// All rounds that anybody contributed to.
fn rounds(history: &History<'_, Aggregation>) -> BTreeMap<u64, Contributions> {
    let mut counts = vec![0; history.nodes as usize];
    let mut rounds: BTreeMap<u64, Contributions> = BTreeMap::new();
    for step in &history.steps {
        let What::Request(Request::Contribute(value)) = step.what else { continue };
        let round = &mut counts[step.node.index()];
        *round += 1;
        rounds.entry(*round).or_default().insert(step.node, (step.event, *value));
    }
    rounds
}

fn exactly_once(history: &History<'_, Aggregation>) -> Verdict {
    let rounds = rounds(history);
    let mut told: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Result { round, operation, value }) = step.what else { continue };
        let (event, node) = (step.event, step.node);
        if let Some(first) = told.insert((node, *round), event) {
            return Verdict::violated(
                [first, event],
                format!("{node} is told the result of round {round} twice"),
            );
        }
        let none = Contributions::new();
        let values = rounds.get(round).unwrap_or(&none);
        let missing = (0..history.nodes)
            .map(ProcessId)
            .find(|process| values.get(process).is_none_or(|(contributed, _)| *contributed > event));
        if let Some(process) = missing {
            let because =
                format!("{node} is told the result of round {round} before {process} contributes to it");
            return Verdict::violated([event], because);
        }
        let alone = values.values().map(|(_, value)| operation.alone(*value));
        let right = alone.reduce(|one, other| operation.combine(one, other)).unwrap_or_default();
        if right != *value {
            let mut events: Vec<u64> = values.values().map(|(event, _)| *event).collect();
            events.push(event);
            let because =
                format!("{node} is told that round {round} comes to {value}, but it comes to {right}");
            return Verdict::violated(events, because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn termination(history: &History<'_, Aggregation>) -> Verdict {
    let told: BTreeMap<u64, u64> = results(history).map(|(round, event, _)| (round, event)).collect();
    let anybody = history.correct().contains(&true);
    let mut examined = 0;
    for (round, values) in rounds(history) {
        if values.len() < history.nodes as usize || !anybody {
            continue;
        }
        if !told.contains_key(&round) {
            let last = values.values().map(|(event, _)| *event).max();
            let because =
                format!("everybody has contributed to round {round}, but nobody is told its result");
            return Verdict::unmet(history.end, Vec::from_iter(last), because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn announcement(history: &History<'_, Aggregation>) -> Verdict {
    let mut told: BTreeMap<u64, (u64, Vec<ProcessId>)> = BTreeMap::new();
    for (round, event, node) in results(history) {
        told.entry(round).or_insert((event, Vec::new())).1.push(node);
    }
    let correct = history.correct();
    let mut examined = 0;
    for (round, (event, mut nodes)) in told {
        nodes.sort_unstable();
        for node in (0..history.nodes).map(ProcessId).filter(|node| correct[node.index()]) {
            if nodes.binary_search(&node).is_err() {
                let because = format!("{node} is never told the result of round {round}");
                return Verdict::unmet(history.end, [event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// All results: the round, the event, where.
fn results<'a>(history: &'a History<'_, Aggregation>) -> impl Iterator<Item = (u64, u64, ProcessId)> + 'a {
    history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Result { round, .. }) => Some((*round, step.event, step.node)),
        _ => None,
    })
}

/// How long each round takes once everybody has contributed; nanoseconds.
fn completion(history: &History<'_, Aggregation>) -> Vec<u64> {
    let mut rounds = vec![0_u64; history.nodes as usize];
    let mut contributed: BTreeMap<u64, u32> = BTreeMap::new();
    history.delays(|step| match step.what {
        What::Request(Request::Contribute(_)) => {
            let round = &mut rounds[step.node.index()];
            *round += 1;
            let number = contributed.entry(*round).or_default();
            *number += 1;
            ((*number == history.nodes).then_some(*round), None)
        }
        What::Output(Output::Result { round, .. }) => (None, Some(*round)),
        _ => (None, None),
    })
}
