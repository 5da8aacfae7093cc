//! An exact order of events: what `synod fuzz` and `synod explore` write into a failure file.

use super::{Reader, findings::at, path::Path, raw, values::Length};
use crate::process::{Names, ProcessId, Time, format_duration};
use serde_json::{Map, Value, json};
use std::{fmt, time::Duration};

/// An exact order of events.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// What happens, one after the other.
    pub steps: Vec<ScheduleStep>,
    /// What comes after the last step.
    pub then: Then,
}

/// What comes after the last step of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Then {
    /// Whatever is left, in order of time.
    #[default]
    GoOn,
    /// Nothing: the run is cut short. Enough to show that something bad happened.
    Stop,
}

/// One step of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleStep {
    /// What happens.
    pub what: Move,
    /// When; as early as possible when absent.
    pub at: Option<Time>,
    /// What the process chooses in this step, choice by choice; drawn from the seed beyond that.
    pub choose: Vec<u32>,
    /// How long the timers run that the process sets in this step, timer by timer; drawn from the seed beyond that.
    pub runs: Vec<Duration>,
}

/// What happens in one step of a schedule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Move {
    /// The next of the scenario's planned events takes place.
    Event {
        /// Its action: `request`, `crash`, ...; `start` for a node that boots late.
        action: String,
        /// The node it concerns, where it is one.
        node: Option<ProcessId>,
    },
    /// What a planned event began is over.
    End {
        /// The event's action.
        action: String,
        /// The node it concerns, where it is one.
        node: Option<ProcessId>,
    },
    /// The node's timer that is due first runs out.
    Timer(ProcessId),
    /// A message arrives.
    Deliver(Parcel),
    /// A message is lost.
    Lose(Parcel),
    /// The network makes a second copy of a message that is under way.
    Duplicate(Parcel),
}

/// A message under way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Parcel {
    /// Its kind.
    pub kind: String,
    /// Where it comes from: its sender, or the neighbour that passes it on.
    pub from: ProcessId,
    /// Where it arrives.
    pub to: ProcessId,
    /// Which one of those under way on this link of this kind, the oldest being the first.
    pub nth: u32,
}

impl Schedule {
    /// As a scenario says it.
    pub fn value(&self, names: &Names) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(|step| step.value(names)).collect();
        match self.then {
            Then::GoOn => json!({ "steps": steps }),
            Then::Stop => json!({ "then": "stop", "steps": steps }),
        }
    }
}

impl ScheduleStep {
    /// This, as early as possible.
    pub fn of(what: Move) -> Self {
        Self { what, at: None, choose: Vec::new(), runs: Vec::new() }
    }

    /// As a scenario says it.
    pub fn value(&self, names: &Names) -> Value {
        let mut map = self.what.map(names);
        if let Some(at) = self.at {
            map.insert("at".into(), json!(format_duration(Duration::from_nanos(at.0))));
        }
        if !self.choose.is_empty() {
            map.insert("choose".into(), json!(self.choose));
        }
        if !self.runs.is_empty() {
            let runs: Vec<String> = self.runs.iter().map(|length| format_duration(*length)).collect();
            map.insert("runs".into(), json!(runs));
        }
        Value::Object(map)
    }
}

impl Move {
    fn map(&self, names: &Names) -> Map<String, Value> {
        let name = |id: ProcessId| json!(names.name(id));
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| drop(map.insert(key.into(), value));
        match self {
            Self::Event { action, node } => {
                put("event", json!(action));
                node.iter().for_each(|node| put("node", name(*node)));
            }
            Self::End { action, node } => {
                put("end", json!(action));
                node.iter().for_each(|node| put("node", name(*node)));
            }
            Self::Timer(node) => put("timer", name(*node)),
            Self::Deliver(parcel) | Self::Lose(parcel) | Self::Duplicate(parcel) => {
                let key = match self {
                    Self::Deliver(_) => "deliver",
                    Self::Lose(_) => "lose",
                    _ => "duplicate",
                };
                put(key, json!(parcel.kind));
                put("from", name(parcel.from));
                put("to", name(parcel.to));
                if parcel.nth > 1 {
                    put("nth", json!(parcel.nth));
                }
            }
        }
        map
    }

    /// In a few words.
    pub fn told<'a>(&'a self, names: &'a Names) -> impl fmt::Display + 'a {
        Told { what: self, names }
    }
}

struct Told<'a> {
    what: &'a Move,
    names: &'a Names,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |id: &ProcessId| self.names.name(*id).into_owned();
        let at = |node: &Option<ProcessId>| {
            node.as_ref().map_or_else(String::new, |node| format!(" {}", name(node)))
        };
        match self.what {
            Move::Event { action, node } => write!(f, "{action}{}", at(node)),
            Move::End { action, node } => write!(f, "end of {action}{}", at(node)),
            Move::Timer(node) => write!(f, "timer at {}", name(node)),
            Move::Deliver(parcel) | Move::Lose(parcel) | Move::Duplicate(parcel) => {
                let verb = match self.what {
                    Move::Deliver(_) => "deliver",
                    Move::Lose(_) => "lose",
                    _ => "duplicate",
                };
                let Parcel { kind, from, to, nth } = parcel;
                write!(f, "{verb} {kind} {} -> {}", name(from), name(to))?;
                if *nth > 1 { write!(f, " (number {nth})") } else { Ok(()) }
            }
        }
    }
}

impl Reader<'_> {
    /// An exact order of events.
    pub(super) fn schedule(&mut self, raw: Option<&raw::Schedule>) -> Option<Schedule> {
        let raw = raw?;
        let path = at("schedule").key("steps");
        let mut steps = Vec::new();
        for (place, step) in raw.steps.iter().flat_map(|steps| steps.0.iter().enumerate()) {
            match step {
                Some(step) => steps.extend(self.step(step, &path.index(place))),
                None => drop(self.findings.missing(path.index(place), "this entry is empty")),
            }
        }
        let then = if raw.then == Some(raw::ThenName::Stop) { Then::Stop } else { Then::GoOn };
        Some(Schedule { steps, then })
    }

    fn step(&mut self, step: &raw::ScheduleStep, path: &Path) -> Option<ScheduleStep> {
        let written = [
            ("event", &step.event),
            ("end", &step.end),
            ("timer", &step.timer),
            ("deliver", &step.deliver),
            ("lose", &step.lose),
            ("duplicate", &step.duplicate),
        ];
        let mut written = written.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let (Some((key, word)), None) = (written.next(), written.next()) else {
            let message = "a step says one of `event`, `end`, `timer`, `deliver`, `lose` and `duplicate`";
            self.findings.value(path.clone(), message);
            return None;
        };
        let what = match key {
            "event" | "end" => {
                let node = match &step.node {
                    Some(name) => Some(self.node_at(name, path.key("node"))?),
                    None => None,
                };
                let action = word.clone();
                if key == "event" { Move::Event { action, node } } else { Move::End { action, node } }
            }
            "timer" => Move::Timer(self.node_at(word, path.key("timer"))?),
            _ => {
                self.message_kind(word, super::findings::Place::Value(path.key(key)));
                let parcel = self.parcel(step, word, path)?;
                match key {
                    "deliver" => Move::Deliver(parcel),
                    "lose" => Move::Lose(parcel),
                    _ => Move::Duplicate(parcel),
                }
            }
        };
        let at = step.at.map(|Length(at)| Time::ZERO.after(at));
        let choose = step.choose.iter().flat_map(|list| list.0.iter().flatten().copied()).collect();
        let runs = step.runs.iter().flat_map(|list| list.0.iter().flatten().map(|Length(length)| *length));
        Some(ScheduleStep { what, at, choose, runs: runs.collect() })
    }

    fn parcel(&mut self, step: &raw::ScheduleStep, kind: &str, path: &Path) -> Option<Parcel> {
        let mut end = |name: &Option<String>, key: &str| match name {
            Some(name) => self.node_at(name, path.key(key)),
            None => {
                let message = format!("the key `{key}` is missing");
                if let Some(finding) = self.findings.missing(path.clone(), message) {
                    finding.help("a message is told by its kind, `from` and `to`");
                }
                None
            }
        };
        let (from, to) = (end(&step.from, "from"), end(&step.to, "to"));
        let nth = step.nth.unwrap_or(1);
        if nth == 0 {
            self.findings.value(path.key("nth"), "messages are counted from 1").hint("write 1 or more");
        }
        Some(Parcel { kind: kind.into(), from: from?, to: to?, nth })
    }

    /// The node of this name; reported when there is none.
    fn node_at(&mut self, name: &str, path: Path) -> Option<ProcessId> {
        let names = self.names.clone()?;
        let id = names.find(name);
        if id.is_none() {
            self.unknown_node(path, name);
        }
        id
    }
}
