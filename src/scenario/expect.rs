//! What a scenario expects, held against what came of the run.

use super::{Bound, Expect, Expected};
use crate::process::{Names, ProcessId, Verdict};
use indexmap::IndexMap;
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// What came of a run.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// The verdict on each property that was checked; empty when events were not kept.
    pub verdicts: &'a IndexMap<String, Verdict>,
    /// How many messages were sent, by kind.
    pub messages: &'a IndexMap<String, u64>,
    /// What the nodes named in `expect.outputs` told their applications; none when events were not kept.
    pub outputs: Option<&'a BTreeMap<ProcessId, Vec<Value>>>,
}

/// Where a run differs from what was expected.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// Expectations that were not met, one sentence each.
    pub unmet: Vec<Remark>,
    /// Properties that could not be decided, though a decision was expected.
    pub undecided: Vec<Remark>,
}

/// One way in which a run differs from what was expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// The property it is about; none when it is about the run as a whole.
    pub property: Option<String>,
    /// What differs, in one sentence.
    pub sentence: String,
}

impl Remark {
    /// About the run as a whole.
    pub fn on_run(sentence: String) -> Self {
        Self { property: None, sentence }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Expect {
    /// Where a run differs from this.
    pub fn compare(&self, names: &Names, results: Results<'_>) -> Difference {
        let mut difference = Difference::default();
        for (property, verdict) in results.verdicts {
            self.compare_verdict(property, verdict, &mut difference);
        }
        for (kind, bound) in &self.messages {
            difference.unmet.extend(compare_count(kind, bound, results.messages).map(Remark::on_run));
        }
        if let Some(produced) = results.outputs {
            for (node, wanted) in &self.outputs {
                let produced = produced.get(node).map_or(&[][..], Vec::as_slice);
                let compared = compare_outputs(&names.name(*node), wanted, produced);
                difference.unmet.extend(compared.map(Remark::on_run));
            }
        }
        difference
    }

    fn compare_verdict(&self, property: &str, verdict: &Verdict, difference: &mut Difference) {
        let expected = self.verdicts.get(property).copied().unwrap_or(Expected::NotViolated);
        let (wanted, met) = (expected.name(), expected.is_met_by(verdict));
        if met {
            return;
        }
        let (list, sentence) = match verdict {
            Verdict::Undecided { because } => {
                (&mut difference.undecided, format!("{property} is undecided: {because}"))
            }
            Verdict::Violated { because, .. } => {
                (&mut difference.unmet, format!("{property} is violated: {because}"))
            }
            Verdict::Holds { .. } => {
                (&mut difference.unmet, format!("{property} holds, but {wanted} was expected"))
            }
            Verdict::Vacuous => (
                &mut difference.unmet,
                format!("{property} is vacuous: nothing in this run exercised it, but {wanted} was expected"),
            ),
        };
        list.push(Remark { property: Some(property.to_owned()), sentence });
    }
}

fn compare_count(kind: &str, bound: &Bound, sent: &IndexMap<String, u64>) -> Option<String> {
    let count = match kind {
        "total" => sent.values().sum(),
        _ => sent.get(kind).copied().unwrap_or(0),
    };
    let what =
        if kind == "total" { "messages in total".to_owned() } else { format!("messages of kind {kind}") };
    (!bound.allows(count)).then(|| format!("{count} {what} were sent, but {bound} were expected"))
}

fn compare_outputs(node: &str, wanted: &[Value], produced: &[Value]) -> Option<String> {
    for (place, (wanted, produced)) in wanted.iter().zip(produced).enumerate() {
        if !includes(produced, wanted) {
            let place = place + 1;
            return Some(format!("output {place} of {node} is {produced}, but {wanted} was expected"));
        }
    }
    match (produced.get(wanted.len()), wanted.get(produced.len())) {
        (Some(extra), _) => {
            Some(format!("{node} produced {extra} beyond the {} outputs expected", wanted.len()))
        }
        (None, Some(missing)) => {
            Some(format!("{node} produced {} outputs, {missing} is missing", produced.len()))
        }
        (None, None) => None,
    }
}

/// Whether a value has everything that is wanted of it; maps may have more.
pub(crate) fn includes(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| includes(value, wanted)))
        }
        _ => value == wanted,
    }
}
