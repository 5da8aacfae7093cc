//! Which event is asked about: by its number, by what it is, or by the violation that it shows.

use crate::process::Verdict;
use crate::report::plain;
use crate::trace::{Event, EventKind, Trace};
use std::collections::BTreeSet;
use thiserror::Error;

/// One or more events of a trace to account for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// Why did this happen?
    Event(u64),
    /// Why was this property violated?
    Violation {
        /// The property.
        property: String,
        /// What happened, in one sentence.
        because: String,
        /// The events that show it.
        events: Vec<u64>,
    },
}

/// There is no such event; says which there are.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct UnknownEvent(String);

/// How an event is named on the command line.
const SYNTAX: &str =
    "write an event's number, `violation`, or KIND[:NAME][@NODE][#N], such as output:enter@bob";

impl Question {
    /// The question that `text` asks of `trace`: `16`, `violation`, `violation:agreement`, `output:enter@bob`, `drop#2`.
    ///
    /// # Errors
    /// When the trace has no such event.
    pub fn parse(text: &str, trace: &Trace) -> Result<Self, UnknownEvent> {
        let text = text.trim();
        if let Ok(number) = text.strip_prefix('#').unwrap_or(text).parse() {
            return numbered(number, trace);
        }
        match text.split_once(':') {
            Some(("violation", property)) => violation(Some(property), trace),
            None if text == "violation" => violation(None, trace),
            _ => described(text, trace),
        }
    }

    /// The events that it is about, in order.
    pub fn events(&self) -> &[u64] {
        match self {
            Self::Event(event) => std::slice::from_ref(event),
            Self::Violation { events, .. } => events,
        }
    }

    /// The violated property.
    pub fn property(&self) -> Option<&str> {
        match self {
            Self::Event(_) => None,
            Self::Violation { property, .. } => Some(property),
        }
    }

    /// How it was violated.
    pub fn because(&self) -> Option<&str> {
        match self {
            Self::Event(_) => None,
            Self::Violation { because, .. } => Some(because),
        }
    }
}

fn numbered(number: u64, trace: &Trace) -> Result<Question, UnknownEvent> {
    if trace.events.iter().any(|event| event.index == number) {
        return Ok(Question::Event(number));
    }
    let (Some(first), Some(last)) = (trace.events.first(), trace.events.last()) else {
        return Err(UnknownEvent("the trace has no events".into()));
    };
    Err(UnknownEvent(format!(
        "there is no event {number}; the trace has events {} to {}",
        first.index, last.index
    )))
}

fn violation(wanted: Option<&str>, trace: &Trace) -> Result<Question, UnknownEvent> {
    let Some(footer) = &trace.footer else {
        return Err(UnknownEvent("the trace breaks off before its verdicts".into()));
    };
    let verdicts = || {
        let told =
            footer.verdicts.iter().map(|(name, verdict)| format!("{} {}", plain(name), verdict.name()));
        told.collect::<Vec<_>>().join(", ")
    };
    let shown = |verdict: &Verdict| match verdict {
        Verdict::Violated { events, because } if !events.is_empty() => {
            Some((events.clone(), because.clone()))
        }
        _ => None,
    };
    let violated = footer.verdicts.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
    let violated = violated.filter_map(|(name, verdict)| Some((name, shown(verdict)?)));
    // Of several violations the one that shows first.
    let first = violated.min_by_key(|(_, (events, _))| events.last().copied());
    let Some((property, (events, because))) = first else {
        let what =
            wanted.map_or_else(|| "no property is".into(), |wanted| format!("`{}` is not", plain(wanted)));
        let sentence = format!("{what} violated by events of this trace; its verdicts: {}", verdicts());
        return Err(UnknownEvent(sentence));
    };
    Ok(Question::Violation { property: property.clone(), because, events })
}

/// `KIND[:NAME][@NODE][#N]`.
fn described(text: &str, trace: &Trace) -> Result<Question, UnknownEvent> {
    let (rest, number) = match text.rsplit_once('#') {
        Some((rest, number)) => {
            let number = number.parse().ok().filter(|number| *number > 0);
            let wrong = || UnknownEvent(format!("`{text}`: behind # stands a number from 1 on; {SYNTAX}"));
            (rest, number.ok_or_else(wrong)?)
        }
        None => (text, 1_usize),
    };
    let (rest, node) = match rest.rsplit_once('@') {
        Some((rest, node)) => (rest, Some(node)),
        None => (rest, None),
    };
    let (kind, name) = match rest.split_once(':') {
        Some((kind, name)) => (kind, Some(name)),
        None => (rest, None),
    };
    let kind = EventKind::parse(kind).ok_or_else(|| {
        let hint = nearest(kind, EventKind::ALL.into_iter().map(EventKind::name));
        UnknownEvent(format!("`{kind}` is no kind of event{hint}; {SYNTAX}"))
    })?;
    let node = node.map(|node| {
        let all = || trace.names.ids().take(20).map(|id| plain(&trace.names.name(id))).collect::<Vec<_>>();
        let unknown = || UnknownEvent(format!("unknown node `{node}`; the trace has {}", all().join(", ")));
        trace.names.find(node).ok_or_else(unknown)
    });
    let node = node.transpose()?;
    let alike: Vec<&Event> = trace.events.iter().filter(|event| event.kind == kind).collect();
    let named = |event: &&&Event| {
        name.is_none_or(|name| named_as(event) == Some(name)) && (node.is_none() || event.node == node)
    };
    let found: Vec<&&Event> = alike.iter().filter(named).collect();
    match found.get(number - 1) {
        Some(event) => Ok(Question::Event(event.index)),
        None if !found.is_empty() => {
            let numbers: Vec<String> = found.iter().take(20).map(|event| event.index.to_string()).collect();
            let sentence = format!("`{text}`: there are only {}: events {}", found.len(), numbers.join(" "));
            Err(UnknownEvent(sentence))
        }
        None => Err(none(text, kind, &alike, name, trace)),
    }
}

/// Nothing fits: says what there is instead.
fn none(text: &str, kind: EventKind, alike: &[&Event], name: Option<&str>, trace: &Trace) -> UnknownEvent {
    let kind = kind.name();
    if alike.is_empty() {
        return UnknownEvent(format!("`{text}`: the trace has no `{kind}` at all"));
    }
    let names: BTreeSet<&str> = alike.iter().filter_map(|event| named_as(event)).collect();
    if let Some(name) = name.filter(|name| !names.contains(name)) {
        let hint = nearest(name, names.iter().copied());
        let all: Vec<String> = names.iter().take(20).map(|name| plain(name)).collect();
        let there = if all.is_empty() { "without names".into() } else { all.join(", ") };
        return UnknownEvent(format!("`{text}`: no `{kind}` is called `{name}`{hint}; there is {there}"));
    }
    let at: BTreeSet<String> = alike
        .iter()
        .filter(|event| name.is_none_or(|name| named_as(event) == Some(name)))
        .filter_map(|event| event.node.map(|node| plain(&trace.names.name(node))))
        .collect();
    let at: Vec<String> = at.into_iter().take(20).collect();
    UnknownEvent(format!("`{text}`: not at this node; at {}", at.join(", ")))
}

/// What an event is called: a message's kind, a request's or output's variant, a timer.
fn named_as(event: &Event) -> Option<&str> {
    if let Some(kind) = event.message_kind.as_deref() {
        return Some(kind);
    }
    let body = event.body.as_ref()?;
    let body = if event.kind == EventKind::TimerSet { body.get("timer").unwrap_or(body) } else { body };
    body.as_str().or_else(|| body.as_object()?.keys().next().map(String::as_str))
}

fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> String {
    let close = all.map(|other| (strsim::damerau_levenshtein(name, other), other)).min();
    let close = close.filter(|(distance, _)| *distance <= 2);
    close.map_or_else(String::new, |(_, other)| format!("; did you mean `{}`?", plain(other)))
}
