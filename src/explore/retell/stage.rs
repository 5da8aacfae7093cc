//! The scenario of a recorded run: as it was written, with what really happened, and without what the schedule says.

use super::script::{Script, time};
use crate::{
    process::{ProcessId, Verdict},
    scenario::Plan,
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// What a network does by chance: a recorded run says what came of it.
const CHANCES: [&str; 5] = ["loss", "duplicate", "reorder", "corrupt", "limit"];

/// Takes away what a network does by chance; gives what was taken.
pub(super) fn without_chances(settings: &mut Map<String, Value>) -> Vec<String> {
    let mut taken = Vec::new();
    for key in CHANCES {
        let value = settings.shift_remove(key).filter(|value| !value.is_null());
        let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let text = text.filter(|text| !matches!(text.as_str(), "0%" | "0" | "0.0"));
        taken.extend(text.map(|text| format!("{key}: {text}")));
    }
    taken
}

/// The scenario, its schedule apart, and what of the network's chances it leaves out.
pub(super) fn scenario(
    plan: &Plan,
    script: &Script,
    verdicts: &IndexMap<String, Verdict>,
    ordered: bool,
) -> (Value, Vec<String>) {
    let mut scenario = plan.resolved.clone();
    let mut taken = Vec::new();
    let Some(map) = scenario.as_object_mut() else { return (scenario, taken) };
    for key in ["schedule", "live"] {
        map.shift_remove(key);
    }
    if let Some(network) = map.get_mut("network").and_then(Value::as_object_mut) {
        taken.extend(without_chances(network));
        unordered(network, ordered);
    }
    if let Some(links) = map.get_mut("links").and_then(Value::as_array_mut) {
        for link in links.iter_mut().filter_map(Value::as_object_mut) {
            taken.extend(without_chances(link));
            unordered(link, ordered);
        }
        links.retain(|link| {
            let ends = |key: &String| ["between", "from", "to"].contains(&key.as_str());
            link.as_object().is_none_or(|link| !link.keys().all(ends))
        });
    }
    let entries: Vec<Value> = script.acts.iter().filter_map(|act| act.entry.clone()).collect();
    map.insert("events".into(), entries.into());
    if let Some(nodes) = nodes(plan, script, map.get("nodes")) {
        map.insert("nodes".into(), nodes);
    }
    // Live nodes go on after it when nobody told them to stop, and nodes of which nothing is known start after everything.
    if plan.setup.until.is_some_and(|until| script.last() > until.0) || !script.absent.is_empty() {
        map.shift_remove("until");
    }
    let expected = verdicts.iter().map(|(property, verdict)| (property.clone(), json!(verdict.name())));
    map.insert("expect".into(), Value::Object(expected.collect()));
    (scenario, taken)
}

/// Where messages overtook each other on a link, it does not keep their order.
fn unordered(settings: &mut Map<String, Value>, ordered: bool) {
    if !ordered {
        settings.shift_remove("order");
    }
}

/// The nodes with when they boot and what their clocks show, where the recorded run has it otherwise; nothing where all is
/// as it was.
fn nodes(plan: &Plan, script: &Script, written: Option<&Value>) -> Option<Value> {
    let names = &plan.setup.names;
    let start = |node: ProcessId| plan.setup.nodes.get(&node).map_or(0, |setup| setup.start.0);
    let begins = |node: ProcessId| match script.starts.get(&node) {
        Some(at) => *at,
        None if script.absent.contains(&node) => script.last().saturating_add(1_000_000_000),
        None => 0,
    };
    let is_other = |node: &ProcessId| begins(*node) != start(*node) || script.behind[node.index()] > 0;
    if !names.ids().any(|node| is_other(&node)) {
        return None;
    }
    let mut map = Map::new();
    for node in names.ids() {
        let name = names.name(node).into_owned();
        let known =
            written.and_then(|written| written.get(&name)).filter(|_| written.is_some_and(Value::is_object));
        let mut settings = known.and_then(Value::as_object).cloned().unwrap_or_default();
        if is_other(&node) {
            settings.insert("start".into(), json!(time(begins(node))));
            clock(plan, script, node, &mut settings);
        }
        map.insert(name, settings.into());
    }
    Some(map.into())
}

/// A clock that began to count later shows less. One that drifts is set by an event.
fn clock(plan: &Plan, script: &Script, node: ProcessId, settings: &mut Map<String, Value>) {
    let behind = i128::from(script.behind[node.index()]);
    let (offset, drift) =
        plan.setup.nodes.get(&node).map_or((0, 0), |setup| (setup.clock_offset, setup.clock_drift));
    if behind == 0 || drift != 0 {
        return;
    }
    let offset = i128::from(offset) - behind;
    let size = u64::try_from(offset.unsigned_abs()).unwrap_or(u64::MAX);
    let sign = if offset < 0 { "-" } else { "" };
    let clock = settings.entry("clock").or_insert_with(|| json!({}));
    if let Some(clock) = clock.as_object_mut() {
        clock.insert("offset".into(), json!(format!("{sign}{}", time(size))));
    }
}
