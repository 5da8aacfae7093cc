//! Whether what ought to happen in some run (`sometimes`) happened in this one.
//!
//! Every claim is about counts, verdicts, or what happens at one node and what this node said before: runs that differ
//! only in how the events of different nodes interleave meet the same ones, so a reduced search sees them all.

use crate::{
    process::{Actors, Names, Table, Verdict},
    scenario::{Claim, Happening, Moment, Plan, Sight, includes},
    trace::{EventKind, Record, Recording},
};
use serde_json::Value;

/// A run that is over: what was recorded of it, and what came of it.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// What happened.
    pub recording: &'a Recording,
    /// What it speaks of.
    pub actors: &'a dyn Actors,
    /// The nodes' names.
    pub names: &'a Names,
    /// One for each property that the scenario checks.
    pub verdicts: &'a [Verdict],
}

/// For each of the scenario's claims, whether this run met it.
pub fn met(plan: &Plan, seen: Seen<'_>) -> Vec<bool> {
    if plan.sometimes.is_empty() {
        return Vec::new();
    }
    seen.names.scope(|| plan.sometimes.iter().map(|claim| seen.meets(claim, &plan.checks)).collect())
}

impl Seen<'_> {
    fn meets(&self, claim: &Claim, checks: &[String]) -> bool {
        let verdict = |name: &String| self.verdicts.get(checks.iter().position(|check| check == name)?);
        let counts = self.recording.counts();
        let sent = |kind: &str| match kind {
            "total" => counts.total(),
            _ => counts.sent.iter().find(|(known, _)| *known == kind).map_or(0, |(_, number)| *number),
        };
        let judged = claim.verdicts.iter();
        judged
            .clone()
            .all(|(name, expected)| verdict(name).is_some_and(|verdict| expected.is_met_by(verdict)))
            && claim.messages.iter().all(|(kind, bound)| bound.allows(sent(kind)))
            && claim.outputs.iter().all(|(node, wanted)| {
                let produced = self.recording.producers().filter(|(producer, _)| producer == node);
                let produced: Vec<u32> = produced.map(|(_, place)| place).collect();
                let pairs = || produced.iter().zip(wanted);
                produced.len() == wanted.len()
                    && pairs().all(|(place, wanted)| includes(&self.output(*place), wanted))
            })
            && claim.moment.as_ref().is_none_or(|moment| self.has(moment))
    }

    /// Whether the run has such a moment.
    fn has(&self, moment: &Moment) -> bool {
        // What each node said last.
        let mut said: Vec<Option<u32>> = vec![None; self.names.len()];
        let said_before = |said: &[Option<u32>], record: &Record| {
            let last = said.get(record.node.index()).copied().flatten();
            moment
                .after
                .as_ref()
                .is_none_or(|after| last.is_some_and(|last| includes(&self.output(last), after)))
        };
        for record in &self.recording.records {
            let here = moment.node.is_none_or(|node| node == record.node);
            let this = match &moment.sight {
                Sight::Event(event) => kind_of(*event) == record.kind,
                Sight::Output(wanted) => {
                    record.kind == EventKind::Output && here && includes(&self.output(record.value), wanted)
                }
            };
            if this && here && said_before(&said, record) {
                return true;
            }
            match record.kind {
                EventKind::Output => said[record.node.index()] = Some(record.value),
                EventKind::Crash => said[record.node.index()] = None,
                _ => {}
            }
        }
        false
    }

    /// An output as JSON; null where JSON cannot express it.
    fn output(&self, place: u32) -> Value {
        let mut json = Vec::new();
        let put = self.actors.put(Table::Outputs, place, &mut json);
        put.and_then(|()| serde_json::from_slice(&json)).unwrap_or(Value::Null)
    }
}

fn kind_of(event: Happening) -> EventKind {
    match event {
        Happening::Boot => EventKind::Boot,
        Happening::Request => EventKind::Request,
        Happening::Send => EventKind::Send,
        Happening::Receive => EventKind::Receive,
        Happening::Drop => EventKind::Drop,
        Happening::Duplicate => EventKind::Duplicate,
        Happening::Timer => EventKind::Timer,
        Happening::Save => EventKind::Save,
        Happening::Crash => EventKind::Crash,
        Happening::Restart => EventKind::Restart,
        Happening::Pause => EventKind::Pause,
        Happening::Resume => EventKind::Resume,
        Happening::Partition => EventKind::Partition,
        Happening::Heal => EventKind::Heal,
        Happening::Cut => EventKind::Cut,
        Happening::Link => EventKind::Link,
        Happening::Clock => EventKind::Clock,
        Happening::Choice => EventKind::Choice,
    }
}
