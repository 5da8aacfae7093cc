//! Why something happened: the chain of events that led to it, from its root causes, in words.
//!
//! An event follows from its cause, and a cause from its own, back to what nobody in the trace caused: a request, a start, a
//! fault. What else came of the same root and reached the same node before (the other answers of a majority) belongs to
//! the chain as well. What is concurrent with the event is left out.

mod past;
mod question;
mod words;

pub use question::{Question, UnknownEvent};

use super::{Messages, text::cut};
use crate::process::Time;
use crate::trace::Trace;
use past::Past;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt};

/// The chain that led to an event, or to the events that show a violation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    question: Question,
    steps: Vec<Told>,
    /// How many events happened before those asked about.
    past: usize,
    /// How many are concurrent with all of them.
    concurrent: usize,
    /// Pairs of events asked about neither of which led to the other.
    apart: Vec<(u64, u64)>,
}

/// One step of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Told {
    event: u64,
    time: u64,
    node: Option<String>,
    kind: &'static str,
    sentence: String,
    /// The step that caused it.
    cause: Option<u64>,
    /// Without a cause in the chain: the step before it at the same node.
    after: Option<u64>,
    /// Whether it is asked about.
    asked: bool,
}

/// How many steps are told unless all are wanted; more lose their middle.
const TOLD: usize = 60;
/// How many of them stand before the gap.
const BEGINNING: usize = 10;

impl Account {
    /// Tells why `question` happened in `trace`. With `all`, tells everything that happened before it.
    pub fn of(trace: &Trace, question: Question, all: bool) -> Self {
        let messages = Messages::of(trace);
        let past = Past::of(trace);
        let asked: BTreeSet<u64> = question.events().iter().copied().collect();
        let before: BTreeSet<u64> = asked.iter().flat_map(|event| past.before(*event)).collect();
        let shown = if all { &before | &asked } else { past.chain(&asked) };
        let told = |index: &u64| {
            let event = past.event(*index)?;
            let cause = event.cause.filter(|cause| shown.contains(cause));
            let earlier = shown.range(..index).rev().filter_map(|other| past.event(*other));
            let after = earlier.clone().find(|other| other.node.is_some() && other.node == event.node);
            Some(Told {
                event: *index,
                time: event.time,
                node: event.node.map(|node| trace.names.name(node).into_owned()),
                kind: event.kind.name(),
                sentence: words::sentence(event, &messages, &past, &trace.names),
                cause,
                after: after.map(|event| event.index).filter(|_| cause.is_none()),
                asked: asked.contains(index),
            })
        };
        let list: Vec<u64> = asked.iter().copied().collect();
        let apart = list.windows(2).map(|pair| (pair[0], pair[1]));
        Self {
            steps: shown.iter().filter_map(told).collect(),
            past: before.difference(&asked).count(),
            concurrent: past.concurrent(&asked),
            apart: apart.filter(|(one, other)| !past.before(*other).contains(one)).collect(),
            question,
        }
    }

    /// The same for programs.
    pub fn value(&self) -> Value {
        let step = |step: &Told| {
            json!({
                "event": step.event,
                "time": step.time,
                "node": step.node,
                "kind": step.kind,
                "sentence": step.sentence,
                "cause": step.cause,
                "after": step.after,
                "asked": step.asked,
            })
        };
        json!({
            "events": self.question.events(),
            "property": self.question.property(),
            "because": self.question.because(),
            "chain": self.steps.iter().map(step).collect::<Vec<_>>(),
            "past": self.past,
            "concurrent": self.concurrent,
            "apart": self.apart,
        })
    }

    /// The chain as lines of at most `width` characters; `mark` makes what is asked about stand out.
    pub fn lines(&self, width: Option<usize>, mark: impl Fn(&str) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        if let (Some(property), Some(because)) = (self.question.property(), self.question.because()) {
            lines.push(mark(&format!("{property} is violated: {because}")));
        }
        let number = self.steps.iter().map(|step| step.event.to_string().len() + 1).max().unwrap_or(0);
        let time = self.steps.iter().map(|step| shown(step.time).chars().count()).max().unwrap_or(0);
        let left_out = self.steps.len().saturating_sub(TOLD);
        let mut last = None;
        for (place, step) in self.steps.iter().enumerate() {
            if left_out > 0 && (BEGINNING..BEGINNING + left_out).contains(&place) {
                if place == BEGINNING {
                    lines.push(format!("{:>number$}  {:>time$}  ... {left_out} steps are left out", "", ""));
                }
                last = None;
                continue;
            }
            let event = format!("#{}", step.event);
            let line = format!("{event:>number$}  {:>time$}  {}", shown(step.time), step.linked(last));
            let line = cut(&line, width);
            lines.push(if step.asked { mark(&line) } else { line });
            last = Some(step.event);
        }
        lines.push(String::new());
        lines.extend(self.apart.iter().map(|(one, other)| {
            format!("#{one} and #{other} are concurrent: neither happened before the other")
        }));
        lines.push(self.summary());
        lines
    }

    fn summary(&self) -> String {
        let told = self.steps.iter().filter(|step| !step.asked).count();
        let whom = if self.question.events().len() == 1 { "it" } else { "them" };
        let events = if self.past == 1 { "event" } else { "events" };
        let (past, concurrent) = (self.past, self.concurrent);
        let are = if concurrent == 1 { "is" } else { "are" };
        format!("{told} of the {past} {events} that happened before {whom}; {concurrent} {are} concurrent")
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines(None, str::to_owned).iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Told {
    /// The sentence, with what it follows from unless that is the line above.
    fn linked(&self, last: Option<u64>) -> String {
        match (self.cause, self.after) {
            (Some(cause), _) if Some(cause) == last => format!("so {}", self.sentence),
            (Some(cause), _) => format!("{} (because of #{cause})", self.sentence),
            (None, Some(after)) if Some(after) == last => format!("then {}", self.sentence),
            (None, Some(after)) => format!("{} (after #{after})", self.sentence),
            (None, None) => self.sentence.clone(),
        }
    }
}

fn shown(time: u64) -> String {
    Time(time).to_string()
}
