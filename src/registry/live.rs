//! A trace that no run of this process produced: judged, and held against what its scenario expects.

use super::{Outcome, Registry, run};
use crate::{
    check::Mismatch,
    process::End,
    scenario::Plan,
    trace::{EventKind, Footer, Told, Trace},
};
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

impl Registry {
    /// Judges a trace of this plan, such as that of a live run, as [`Registry::run`] judges its own. `end` says why the
    /// run was over.
    ///
    /// # Errors
    /// When the trace is not one of the plan's algorithm.
    pub fn conclude(&self, plan: &Plan, mut trace: Trace, end: End) -> Result<Outcome, Mismatch> {
        let mut messages = IndexMap::new();
        let mut outputs: BTreeMap<_, Vec<Value>> =
            plan.expect.outputs.keys().map(|node| (*node, Vec::new())).collect();
        for event in &trace.events {
            match (event.kind, &event.message_kind, event.node) {
                (EventKind::Send, Some(kind), _) => *messages.entry(kind.clone()).or_default() += 1,
                (EventKind::Output, _, Some(node)) => {
                    if let Some(outputs) = outputs.get_mut(&node) {
                        outputs.push(event.body.clone().unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        trace.footer = Some(Footer {
            kind: "end".into(),
            events: trace.events.len() as u64,
            t: trace.events.iter().map(|event| event.time).max().unwrap_or(0),
            ended: end,
            messages,
            verdicts: IndexMap::new(),
            digest: trace.digest(),
        });
        let verdicts = self.judge(&trace, &plan.checks).transpose()?.unwrap_or_default();
        let told = Told { lines: trace.lines(), digest: trace.digest() };
        let Trace { header, names, footer, events } = trace;
        let footer = Footer { verdicts, ..footer.unwrap_or_else(|| unreachable!("it was put there")) };
        let steps = events.iter().filter(|event| run::is_step(event.kind)).count() as u64;
        let difference = run::compare(plan, &footer, Some(&outputs));
        Ok(Outcome {
            header,
            told,
            footer,
            names,
            steps,
            difference,
            idle: Vec::new(),
            sometimes: Vec::new(),
            misstep: None,
        })
    }
}
