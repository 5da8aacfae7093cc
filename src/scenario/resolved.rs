//! A scenario with every default written out: what a trace carries, so that it can be replayed without its file.

use super::plan::Plan;
use serde_json::{Map, Value, json};

/// The tree that was read, completed from the plan it became.
pub(super) fn resolved(plan: &Plan, mut tree: Value) -> Value {
    let mut take = |key: &str| match tree.get_mut(key).map(Value::take) {
        Some(Value::Null) | None => None,
        value => value,
    };
    let mut whole = Map::new();
    let mut put = |key: &str, value: Value| drop(whole.insert(key.into(), value));
    put("version", json!(1));
    put("name", json!(plan.name));
    if !plan.about.is_empty() {
        put("about", json!(plan.about));
    }
    put("seed", seed(plan.seed));
    put(
        "algorithm",
        match &plan.config {
            Value::Null => json!({ "name": plan.algorithm }),
            config => json!({ "name": plan.algorithm, "config": config }),
        },
    );
    put("channel", json!(plan.channel.name()));
    put("nodes", take("nodes").unwrap_or_default());
    put(
        "topology",
        match take("topology") {
            None => json!("complete"),
            Some(Value::String(name)) if name == "tree" => json!({"tree": {"children": 2}}),
            Some(topology) => topology,
        },
    );
    put("routing", json!(if plan.setup.routing { "shortest-path" } else { "none" }));
    put("network", network(take("network")));
    put("links", take("links").unwrap_or_else(|| json!([])));
    put("events", take("events").unwrap_or_else(|| json!([])));
    if let Some(until) = take("until") {
        put("until", until);
    }
    put("events-limit", json!(plan.setup.event_limit));
    put("check", json!(plan.checks));
    put("expect", expect(plan, take("expect")));
    for key in ["sometimes", "fuzz", "live", "schedule"] {
        if let Some(value) = take(key) {
            put(key, value);
        }
    }
    Value::Object(whole)
}

/// A number where every reader of JSON keeps it whole, text above.
fn seed(seed: u64) -> Value {
    if seed <= 1 << 53 { json!(seed) } else { json!(seed.to_string()) }
}

fn network(written: Option<Value>) -> Value {
    let mut network = json!({
        "delay": "0s", "jitter": "0s", "distribution": "uniform", "loss": "0%", "duplicate": "0%", "reorder": "0%",
        "corrupt": "0%", "order": "any",
    });
    if let (Some(Value::Object(written)), Some(network)) = (written, network.as_object_mut()) {
        network.extend(written.into_iter().filter(|(_, value)| !value.is_null()));
    }
    network
}

fn expect(plan: &Plan, written: Option<Value>) -> Value {
    let mut expect = Map::new();
    for (property, verdict) in &plan.expect.verdicts {
        expect.insert(property.clone(), json!(verdict.name()));
    }
    let mut written = written.unwrap_or_default();
    for key in ["messages", "outputs"] {
        if let Some(value) = written.get_mut(key).map(Value::take).filter(|value| !value.is_null()) {
            expect.insert(key.into(), value);
        }
    }
    Value::Object(expect)
}
