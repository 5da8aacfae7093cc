//! Where two traces part: the first event, its node, the field and both values.

use super::{Event, Trace};
use crate::process::{Names, Time};
use serde_json::Value;
use std::fmt;

/// The first thing in which two traces differ.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// Which field: `time`, `to`, `body.from`, ...; `event` when one trace goes on where the other has ended.
    pub field: String,
    /// What the first trace has, if anything.
    pub first: Option<String>,
    /// What the second trace has, if anything.
    pub second: Option<String>,
}

/// A place in a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// An event.
    Event {
        /// Its index.
        index: u64,
        /// Its node in the first trace, or in the second where the first has none.
        node: Option<String>,
    },
    /// The last line.
    Footer,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Event { index, node: Some(node) } => write!(f, "event {index} at {}: ", harmless(node))?,
            Place::Event { index, node: None } => write!(f, "event {index}: ")?,
            Place::Footer => f.write_str("the last line: ")?,
        }
        match (self.field.as_str(), &self.first, &self.second) {
            ("event", Some(first), None) => write!(f, "{first} in the first, the second has ended"),
            ("event", None, Some(second)) => write!(f, "the first has ended, {second} in the second"),
            (field, first, second) => {
                let [first, second] = [first, second].map(|value| value.as_deref().unwrap_or("absent"));
                write!(f, "{field} is {first} in the first, {second} in the second")
            }
        }
    }
}

/// The first difference between the events of two traces, or, where these are alike, between their last lines.
/// Differences between the headers are no reason for alarm and are told by [`notes`].
pub fn first_difference(a: &Trace, b: &Trace) -> Option<Difference> {
    let same_names = a.names == b.names;
    for (first, second) in a.events.iter().zip(&b.events) {
        if same_names && first == second {
            continue;
        }
        let difference = compare(&a.names.scope(|| value(first)), &b.names.scope(|| value(second)));
        if difference.is_some() {
            return difference;
        }
    }
    let next = a.events.len().min(b.events.len());
    match (a.events.get(next), b.events.get(next)) {
        (None, None) => footers(a, b),
        (first, second) => {
            let [first, second] = [(first, &a.names), (second, &b.names)]
                .map(|(event, names)| event.map(|event| names.scope(|| value(event))));
            Some(ended(first.as_ref(), second.as_ref()))
        }
    }
}

/// The same for what a simulator has in memory: two lists of event lines. Nothing is parsed but the two lines that
/// differ; where these are no events, they are compared as text.
pub fn first_differing_line(a: &[u8], b: &[u8]) -> Option<Difference> {
    let (mut first, mut second) = (a.split_inclusive(is_end), b.split_inclusive(is_end));
    let mut number = 0;
    loop {
        let (left, right) = (first.next(), second.next());
        if left.is_none() && right.is_none() {
            return None;
        }
        if left != right {
            return Some(differing(number, left, right));
        }
        number += 1;
    }
}

/// In what the headers of two traces differ, one sentence each: seed, scenario, algorithm, nodes, tool.
pub fn notes(a: &Trace, b: &Trace) -> Vec<String> {
    let (first, second) = (&a.header, &b.header);
    let mut notes = Vec::new();
    let mut note = |what: &str, first: &str, second: &str| {
        if first != second {
            notes.push(format!("{what} is {first:?} in the first, {second:?} in the second"));
        }
    };
    note("the seed", &first.seed, &second.seed);
    note("the algorithm", &first.algorithm, &second.algorithm);
    note("the tool", &first.tool, &second.tool);
    if a.names != b.names && !same(&a.names, &b.names) {
        notes.push(format!(
            "the nodes are {} in the first, {} in the second",
            list(&a.names),
            list(&b.names)
        ));
    }
    if let Some((path, first, second)) = descend("scenario", Some(&first.scenario), Some(&second.scenario)) {
        let [first, second] =
            [first, second].map(|value| value.map_or("absent".into(), |value| harmless(&value.to_string())));
        notes.push(format!("{path} is {first} in the first, {second} in the second"));
    }
    notes
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

fn differing(number: u64, first: Option<&[u8]>, second: Option<&[u8]>) -> Difference {
    let parsed = [first, second].map(|line| line.and_then(|line| serde_json::from_slice::<Value>(line).ok()));
    let found = match (&parsed, first.is_some() && second.is_some()) {
        ([Some(first), Some(second)], true) => compare(first, second),
        ([first, second], false) if first.is_some() || second.is_some() => {
            Some(ended(first.as_ref(), second.as_ref()))
        }
        _ => None,
    };
    found.unwrap_or_else(|| Difference {
        place: Place::Event { index: number, node: None },
        field: "line".into(),
        first: first.map(|line| format!("{:?}", String::from_utf8_lossy(line))),
        second: second.map(|line| format!("{:?}", String::from_utf8_lossy(line))),
    })
}

/// An event as JSON, with the names in force.
fn value(event: &Event) -> Value {
    serde_json::to_value(event).expect("an event is JSON")
}

/// The first field, in the order of the format, in which two events differ.
fn compare(first: &Value, second: &Value) -> Option<Difference> {
    const KEYS: [(&str, &str); 13] = [
        ("i", "index"),
        ("e", "kind"),
        ("n", "node"),
        ("t", "time"),
        ("m", "message"),
        ("to", "to"),
        ("from", "from"),
        ("type", "type"),
        ("body", "body"),
        ("why", "why"),
        ("cause", "cause"),
        ("lc", "Lamport clock"),
        ("state", "state"),
    ];
    let (key, name) = KEYS.into_iter().find(|(key, _)| first.get(key) != second.get(key))?;
    let (field, left, right) = descend(name, first.get(key), second.get(key))?;
    let [left, right] = [left, right].map(|value| value.map(|value| shown(key, value)));
    Some(Difference { place: place(first, second), field, first: left, second: right })
}

fn place(first: &Value, second: &Value) -> Place {
    let of = |key| first.get(key).or_else(|| second.get(key));
    Place::Event {
        index: of("i").and_then(Value::as_u64).unwrap_or(0),
        node: of("n").and_then(Value::as_str).map(str::to_owned),
    }
}

/// One of two traces has ended.
fn ended(first: Option<&Value>, second: Option<&Value>) -> Difference {
    let goes_on = first.or(second).expect("one of them goes on");
    let kind = |event: &Value| event.get("e").and_then(Value::as_str).unwrap_or("something").to_owned();
    Difference {
        place: place(goes_on, goes_on),
        field: "event".into(),
        first: first.map(kind),
        second: second.map(kind),
    }
}

fn footers(a: &Trace, b: &Trace) -> Option<Difference> {
    let [mut first, mut second] = [a, b]
        .map(|trace| trace.footer.as_ref().map(|footer| serde_json::to_value(footer).expect("it is JSON")));
    for footer in
        [&mut first, &mut second].into_iter().filter_map(Option::as_mut).filter_map(Value::as_object_mut)
    {
        // The digest covers the names' spelling and the spacing of lines, which are no differences.
        footer.remove("digest");
    }
    let (field, left, right) = descend("", first.as_ref(), second.as_ref())?;
    let [left, right] = [left, right].map(|value| value.map(|value| harmless(&value.to_string())));
    let field = if field.is_empty() { "it".into() } else { field };
    Some(Difference { place: Place::Footer, field, first: left, second: right })
}

/// Two values that differ, as deep inside as they are still comparable, and the path to them.
fn descend<'a>(
    path: &str,
    first: Option<&'a Value>,
    second: Option<&'a Value>,
) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
    if first == second {
        return None;
    }
    let inside = match (first, second) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut keys = a.keys().chain(b.keys());
            keys.find(|key| a.get(*key) != b.get(*key)).map(|key| (key.clone(), a.get(key), b.get(key)))
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            let mut places = 0..a.len().max(b.len());
            places
                .find(|place| a.get(*place) != b.get(*place))
                .map(|at| (at.to_string(), a.get(at), b.get(at)))
        }
        _ => None,
    };
    match inside {
        Some((key, a, b)) if path.is_empty() => descend(&harmless(&key), a, b),
        Some((key, a, b)) => descend(&format!("{path}.{}", harmless(&key)), a, b),
        None => Some((path.to_owned(), first, second)),
    }
}

fn shown(key: &str, value: &Value) -> String {
    match (key, value) {
        ("t", Value::Number(nanoseconds)) => {
            nanoseconds.as_u64().map_or(value.to_string(), |t| Time(t).to_string())
        }
        ("e", Value::String(kind)) => kind.clone(),
        // Debug escapes what could control a terminal; JSON leaves some of it.
        (_, Value::String(text)) => format!("{text:?}"),
        _ => harmless(&value.to_string()),
    }
}

fn harmless(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn same(a: &Names, b: &Names) -> bool {
    a.len() == b.len() && a.ids().all(|id| a.name(id) == b.name(id))
}

fn list(names: &Names) -> String {
    let first: Vec<_> = names.ids().take(5).map(|id| harmless(&names.name(id))).collect();
    if names.len() > first.len() {
        format!("{} of {} ...", first.join(" "), names.len())
    } else {
        first.join(" ")
    }
}
