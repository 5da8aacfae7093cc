//! Replication: every process holds a copy of one table; what is written at one shows at all of them in the end.
//!
//! The problem of Demers et al., "Epidemic algorithms for replicated database maintenance" (1987), section 1: anybody
//! writes at any time without asking anybody, every write has a stamp that no other write has, and of two writes to one
//! key that with the greater stamp wins wherever both are known (Thomas 1979). In the end all copies are alike; until
//! then they may differ. A deletion is a write, too: unless it is remembered, an older value that is still around
//! somewhere brings the key back.

use crate::process::{
    End, Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Time, Unit, Verdict,
    What,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The replication problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replication {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Let this key have this value.
    Put {
        /// The key.
        key: String,
        /// Its value from now on.
        value: String,
    },
    /// Let this key have no value.
    Delete {
        /// The key.
        key: String,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// In this process's copy a key has another value now.
    Changed {
        /// The key.
        key: String,
        /// Its value; none when it is deleted.
        value: Option<String>,
        /// Which write it comes from.
        stamp: Stamp,
    },
}

/// The name of a write, and its place in the order of all writes: by time, then by process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// When it was written, by some clock of the algorithm's.
    pub time: u64,
    /// Where it was written.
    pub by: ProcessId,
}

impl Problem for Replication {
    const NAME: &'static str = "replication";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{put: {key: colour, value: green}}"#,
            about: "Let this key have this value.",
        },
        Example {
            node: "bob",
            request: r#"{put: {key: size, value: large}}"#,
            about: "Let this key have this value.",
        },
        Example { node: "carol", request: r#"{delete: {key: size}}"#, about: "Let this key have no value." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "convergence",
                "In the end every process that is up shows the same value for each key.",
                Liveness,
                Nodes,
                convergence,
            ),
            property(
                "no-creation",
                "A value that is shown was put before, and a deletion asked for, where its stamp says.",
                Safety,
                Causality,
                no_creation,
            ),
            property(
                "monotone",
                "The stamps that a process shows for a key grow: no write gives way to an older one.",
                Safety,
                Nodes,
                monotone,
            ),
            property(
                "no-resurrection",
                "A key that a process has shown as deleted does not come back by a write older than the deletion.",
                Safety,
                Nodes,
                no_resurrection,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "spread",
            about: "From a write to the moment in which another process shows it.",
            unit: Unit::Time,
            take: spread,
        }]
    }
}

/// A change that was shown.
struct Shown<'a> {
    event: u64,
    at: ProcessId,
    key: &'a str,
    value: Option<&'a str>,
    stamp: Stamp,
}

/// All changes, in order.
fn shown<'a>(history: &History<'a, Replication>) -> impl Iterator<Item = Shown<'a>> {
    history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Changed { key, value, stamp }) => {
            Some(Shown { event: step.event, at: step.node, key, value: value.as_deref(), stamp: *stamp })
        }
        _ => None,
    })
}

/// Who is up when the run ends, and not standing still. A crash is no excuse for one that has come back.
fn up(history: &History<'_, Replication>) -> BTreeSet<ProcessId> {
    let (mut up, mut paused) = (BTreeSet::new(), BTreeSet::new());
    for step in &history.steps {
        match step.what {
            What::Boot => drop(up.insert(step.node)),
            What::Crash => {
                up.remove(&step.node);
                paused.remove(&step.node);
            }
            What::Pause => drop(paused.insert(step.node)),
            What::Resume => drop(paused.remove(&step.node)),
            What::Request(_) | What::Output(_) | What::Send { .. } | What::Receive { .. } | What::Timer => {}
        }
    }
    up.retain(|node| !paused.contains(node));
    up
}

fn convergence(history: &History<'_, Replication>) -> Verdict {
    let up = up(history);
    let mut last: BTreeMap<&str, BTreeMap<ProcessId, Shown<'_>>> = BTreeMap::new();
    for shown in shown(history).filter(|shown| up.contains(&shown.at)) {
        last.entry(shown.key).or_default().insert(shown.at, shown);
    }
    let mut examined = 0;
    for (key, copies) in &last {
        let Some(latest) = copies.values().max_by_key(|shown| (shown.stamp, shown.at)) else { continue };
        for node in up.iter().filter(|node| **node != latest.at) {
            let copy = copies.get(node);
            let value = copy.and_then(|copy| copy.value);
            if value != latest.value {
                let events: Vec<u64> =
                    copy.map(|copy| copy.event).into_iter().chain([latest.event]).collect();
                return Verdict::unmet(history.end, events, differ(history.end, key, *node, value, latest));
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

/// How two copies differ, in words.
fn differ(end: End, key: &str, node: ProcessId, value: Option<&str>, latest: &Shown<'_>) -> String {
    let told =
        |value: Option<&str>| value.map_or_else(|| "no value".to_owned(), |value| format!("{value:?}"));
    let ends = if end == End::CutShort { "has so far" } else { "ends with" };
    format!("{node} {ends} {} for key {key:?}, {} with {}", told(value), latest.at, told(latest.value))
}

fn no_creation(history: &History<'_, Replication>) -> Verdict {
    let mut asked: BTreeSet<(ProcessId, &str, Option<&str>)> = BTreeSet::new();
    let mut examined = 0;
    for step in &history.steps {
        match step.what {
            What::Request(Request::Put { key, value }) => drop(asked.insert((step.node, key, Some(value)))),
            What::Request(Request::Delete { key }) => drop(asked.insert((step.node, key, None))),
            What::Output(Output::Changed { key, value, stamp }) => {
                if !asked.contains(&(stamp.by, key, value.as_deref())) {
                    let because = match value {
                        Some(value) => format!("{} shows {value:?} for key {key:?}, never put", step.node),
                        None => format!("{} shows key {key:?} as deleted, which nobody asked for", step.node),
                    };
                    return Verdict::violated([step.event], format!("{because} at {}", stamp.by));
                }
                examined += 1;
            }
            _ => {}
        }
    }
    Verdict::of(examined)
}

fn monotone(history: &History<'_, Replication>) -> Verdict {
    let mut last: BTreeMap<(ProcessId, &str), (u64, Stamp)> = BTreeMap::new();
    let mut examined = 0;
    for Shown { event, at, key, stamp, .. } in shown(history) {
        if let Some((earlier, before)) = last.insert((at, key), (event, stamp)) {
            if stamp <= before {
                let because = format!("{at} shows a write to key {key:?} again, or one older than the last");
                return Verdict::violated([earlier, event], because);
            }
            examined += 1;
        }
    }
    Verdict::of(examined)
}

fn no_resurrection(history: &History<'_, Replication>) -> Verdict {
    let mut deleted: BTreeMap<(ProcessId, &str), (u64, Stamp)> = BTreeMap::new();
    let mut examined = 0;
    for Shown { event, at, key, value, stamp } in shown(history) {
        let Some(value) = value else {
            examined += 1;
            let latest = deleted.entry((at, key)).or_insert((event, stamp));
            if stamp > latest.1 {
                *latest = (event, stamp);
            }
            continue;
        };
        if let Some((deletion, at_stamp)) = deleted.get(&(at, key))
            && stamp < *at_stamp
        {
            let because =
                format!("key {key:?} was deleted at {at} and is back with the older value {value:?}");
            return Verdict::violated([*deletion, event], because);
        }
    }
    Verdict::of(examined)
}

/// How long each write takes to each process that shows it but its first; nanoseconds.
fn spread(history: &History<'_, Replication>) -> Vec<u64> {
    let mut written: BTreeMap<(&str, Stamp), (Time, BTreeSet<ProcessId>)> = BTreeMap::new();
    let mut delays = Vec::new();
    for step in &history.steps {
        let What::Output(Output::Changed { key, stamp, .. }) = step.what else { continue };
        let (time, shown) = written.entry((key, *stamp)).or_insert((step.time, BTreeSet::new()));
        if shown.insert(step.node) && shown.len() > 1 {
            delays.push(step.time.since(*time).as_nanos() as u64);
        }
    }
    delays
}
