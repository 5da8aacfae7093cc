//! A trace that no run of this process produced: judged, and held against what its scenario expects.

use super::{Outcome, Registry, run};
use crate::{
    check::Mismatch,
    explore::claims::{self, Happened, Witness},
    process::{End, ProcessId, Verdict},
    scenario::Plan,
    trace::{Event, EventKind, Footer, Told, Trace},
    world::Fault,
};
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

impl Registry {
    /// Judges a trace of this plan, such as that of a live run, as [`Registry::run`] judges its own. `end` says why the
    /// run was over, `faults` what each of the scenario's faults touched.
    ///
    /// # Errors
    /// When the trace is not one of the plan's algorithm.
    pub fn conclude(
        &self,
        plan: &Plan,
        mut trace: Trace,
        end: End,
        faults: &[Fault],
    ) -> Result<Outcome, Mismatch> {
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
            messages: messages.clone(),
            verdicts: IndexMap::new(),
            digest: trace.digest(),
        });
        let verdicts = self.judge(&trace, &plan.checks).transpose()?.unwrap_or_default();
        let told = Told { lines: trace.lines(), digest: trace.digest() };
        let idle = run::idle_faults(faults);
        let met = claims::met(plan, &Lived { trace: &trace, verdicts: &verdicts, messages: &messages });
        let sometimes = plan.sometimes.iter().map(|claim| claim.name.clone()).zip(met).collect();
        let Trace { header, names, footer, events } = trace;
        let footer = Footer { verdicts, ..footer.unwrap_or_else(|| unreachable!("it was put there")) };
        let steps = events.iter().filter(|event| run::is_step(event.kind)).count() as u64;
        let difference = run::compare(plan, &footer, Some(&outputs));
        Ok(Outcome { header, told, footer, names, steps, difference, idle, sometimes, misstep: None })
    }
}

/// A live run as claims look at it.
struct Lived<'a> {
    trace: &'a Trace,
    verdicts: &'a IndexMap<String, Verdict>,
    messages: &'a IndexMap<String, u64>,
}

impl Witness for Lived<'_> {
    fn verdict(&self, property: &str) -> Option<&Verdict> {
        self.verdicts.get(property)
    }

    fn sent(&self, kind: &str) -> u64 {
        match kind {
            "total" => self.messages.values().sum(),
            _ => self.messages.get(kind).copied().unwrap_or(0),
        }
    }

    fn happened(&self) -> impl Iterator<Item = Happened> {
        let happened = |(number, event): (usize, &Event)| Happened {
            kind: event.kind,
            node: event.node.unwrap_or(ProcessId(0)),
            output: number as u32,
        };
        self.trace.events.iter().enumerate().map(happened)
    }

    fn output(&self, number: u32) -> Value {
        let event = self.trace.events.get(number as usize);
        event.and_then(|event| event.body.clone()).unwrap_or_default()
    }
}
