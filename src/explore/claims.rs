//! Whether what ought to happen in some run (`sometimes`) happened in this one.
//!
//! Every claim is about counts, verdicts, or what happens at one node and what this node said before: runs that differ
//! only in how the events of different nodes interleave meet the same ones, so a reduced search sees them all.

use crate::{
    process::{Actors, ProcessId, Table, Verdict},
    scenario::{Claim, Expected, Happening, Moment, Plan, Sight, includes},
    trace::{EventKind, Record, Recording},
};
use serde_json::Value;

/// A run that is over, as claims look at it.
pub trait Witness {
    /// What came of a property that the scenario checks.
    fn verdict(&self, property: &str) -> Option<&Verdict>;

    /// How many messages of a kind were sent; `total` for all of them.
    fn sent(&self, kind: &str) -> u64;

    /// What happened, in order. What happens to the network happens at no node that a claim names.
    fn happened(&self) -> impl Iterator<Item = Happened>;

    /// The output of this number.
    fn output(&self, number: u32) -> Value;
}

/// Something that happened in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Happened {
    /// What.
    pub kind: EventKind,
    /// Where.
    pub node: ProcessId,
    /// Of an output its number.
    pub output: u32,
}

/// A run of the simulator or of a search: what was recorded of it, and what came of it.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// What happened.
    pub recording: &'a Recording,
    /// What it speaks of.
    pub actors: &'a dyn Actors,
    /// Its scenario.
    pub plan: &'a Plan,
    /// One for each property that the scenario checks.
    pub verdicts: &'a [Verdict],
}

/// For each of the scenario's claims, whether this run met it.
pub fn met(plan: &Plan, run: &impl Witness) -> Vec<bool> {
    if plan.sometimes.is_empty() {
        return Vec::new();
    }
    plan.setup.names.scope(|| plan.sometimes.iter().map(|claim| meets(run, claim)).collect())
}

fn meets(run: &impl Witness, claim: &Claim) -> bool {
    let is_met = |(name, expected): (&String, &Expected)| {
        run.verdict(name).is_some_and(|verdict| expected.is_met_by(verdict))
    };
    claim.verdicts.iter().all(is_met)
        && claim.messages.iter().all(|(kind, bound)| bound.allows(run.sent(kind)))
        && claim.outputs.iter().all(|(node, wanted)| {
            let produced = run.happened().filter(|one| one.kind == EventKind::Output && one.node == *node);
            let produced: Vec<u32> = produced.map(|one| one.output).collect();
            let pairs = || produced.iter().zip(wanted);
            produced.len() == wanted.len()
                && pairs().all(|(number, wanted)| includes(&run.output(*number), wanted))
        })
        && claim.moment.as_ref().is_none_or(|moment| has(run, moment))
}

/// Whether the run has such a moment.
fn has(run: &impl Witness, moment: &Moment) -> bool {
    // What each node said last.
    let mut said: Vec<Option<u32>> = Vec::new();
    let said_before = |said: &[Option<u32>], node: ProcessId| {
        let last = said.get(node.index()).copied().flatten();
        let is = |after: &Value| last.is_some_and(|last| includes(&run.output(last), after));
        moment.after.as_ref().is_none_or(is)
    };
    for Happened { kind, node, output } in run.happened() {
        let here = moment.node.is_none_or(|wanted| wanted == node);
        let this = match &moment.sight {
            Sight::Event(event) => kind_of(*event) == kind,
            Sight::Output(wanted) => {
                kind == EventKind::Output && here && includes(&run.output(output), wanted)
            }
        };
        if this && here && said_before(&said, node) {
            return true;
        }
        let last = match kind {
            EventKind::Output => Some(output),
            EventKind::Crash => None,
            _ => continue,
        };
        if said.len() <= node.index() {
            said.resize(node.index() + 1, None);
        }
        said[node.index()] = last;
    }
    false
}

impl Witness for Seen<'_> {
    fn verdict(&self, property: &str) -> Option<&Verdict> {
        self.verdicts.get(self.plan.checks.iter().position(|check| check == property)?)
    }

    fn sent(&self, kind: &str) -> u64 {
        let counts = self.recording.counts();
        match kind {
            "total" => counts.total(),
            _ => counts.sent.iter().find(|(known, _)| *known == kind).map_or(0, |(_, number)| *number),
        }
    }

    fn happened(&self) -> impl Iterator<Item = Happened> {
        let happened =
            |record: &Record| Happened { kind: record.kind, node: record.node, output: record.value };
        self.recording.records.iter().map(happened)
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
