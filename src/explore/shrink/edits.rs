//! Smaller scenarios: fewer nodes, events and settings, shorter times, simpler values.

use super::Shrinker;
use crate::{
    explore::Failure,
    process::{Names, ProcessId},
    scenario::{Move, Schedule, ScheduleStep},
};
use serde_json::{Value, json};

impl Shrinker<'_> {
    /// Leaves out whatever the failure does not need of its scenario.
    pub(super) fn shrink_scenario(&mut self, smallest: &mut Failure) {
        self.leave_out_events(smallest);
        self.leave_out_nodes(smallest);
        self.leave_out_settings(smallest);
        self.bring_forward(smallest);
    }

    /// Events in chunks of ever smaller size, then repetitions.
    pub(super) fn leave_out_events(&mut self, smallest: &mut Failure) {
        let count = |failure: &Failure| events(&failure.scenario).len();
        let mut size = count(smallest).div_ceil(2).max(1);
        loop {
            let mut end = count(smallest);
            while end > 0 && self.left > 0 {
                let start = end.saturating_sub(size);
                let mut scenario = smallest.scenario.clone();
                if let Some(list) = list(&mut scenario, "events") {
                    list.drain(start..end);
                }
                let schedule = smallest.schedule.clone();
                self.take(smallest, &scenario, &schedule);
                end = start.min(count(smallest));
            }
            if size == 1 {
                break;
            }
            size /= 2;
        }
        for place in 0..count(smallest) {
            for key in ["times", "for", "may-miss", "note"] {
                self.leave_out(smallest, &["events"], Some(place), key);
            }
            let times = smallest.scenario["events"][place]["times"].as_u64().unwrap_or(1);
            if times > 2 {
                for fewer in [2, times / 2, times - 1] {
                    let mut scenario = smallest.scenario.clone();
                    event(&mut scenario, place).into_iter().for_each(|event| event["times"] = json!(fewer));
                    let schedule = smallest.schedule.clone();
                    if self.take(smallest, &scenario, &schedule) {
                        break;
                    }
                }
            }
        }
    }

    /// Nodes, from the last to the first.
    fn leave_out_nodes(&mut self, smallest: &mut Failure) {
        let Some(names) = self.stage(&smallest.scenario).map(|stage| stage.runner.setup().names.clone())
        else {
            return;
        };
        for gone in names.ids().collect::<Vec<_>>().into_iter().rev() {
            let name = names.name(gone).into_owned();
            let Some(scenario) = without_node(&smallest.scenario, &name) else { continue };
            // The places of the nodes after it move up by one.
            let Some(stage) = self.stage(&scenario) else { continue };
            let renamed = |id: ProcessId| stage.runner.setup().names.find(&current(&names, smallest, id)?);
            let schedule = without(&smallest.schedule, &renamed);
            self.take(smallest, &scenario, &schedule);
        }
    }

    /// What the network and the rest of the scenario say, key by key.
    fn leave_out_settings(&mut self, smallest: &mut Failure) {
        const NETWORK: [&str; 8] =
            ["loss", "duplicate", "reorder", "corrupt", "rate", "limit", "jitter", "distribution"];
        for key in NETWORK {
            self.leave_out(smallest, &["network"], None, key);
        }
        let links = smallest.scenario["links"].as_array().map_or(0, Vec::len);
        for place in (0..links).rev() {
            let mut scenario = smallest.scenario.clone();
            if let Some(list) = list(&mut scenario, "links") {
                list.remove(place);
            }
            let schedule = smallest.schedule.clone();
            self.take(smallest, &scenario, &schedule);
        }
        for key in ["routing", "topology", "channel", "until"] {
            self.leave_out(smallest, &[], None, key);
        }
        let mut scenario = smallest.scenario.clone();
        scenario["seed"] = json!(0);
        let schedule = smallest.schedule.clone();
        self.take(smallest, &scenario, &schedule);
    }

    /// Events at the beginning, where the order alone matters.
    fn bring_forward(&mut self, smallest: &mut Failure) {
        let count = events(&smallest.scenario).len();
        let mut all = smallest.scenario.clone();
        list(&mut all, "events").into_iter().flatten().for_each(|event| event["at"] = json!("0s"));
        let schedule = smallest.schedule.clone();
        if self.take(smallest, &all, &schedule) {
            return;
        }
        for place in 0..count {
            if smallest.scenario["events"][place]["at"] != json!("0s") {
                let mut scenario = smallest.scenario.clone();
                event(&mut scenario, place).into_iter().for_each(|event| event["at"] = json!("0s"));
                self.take(smallest, &scenario, &schedule);
            }
        }
    }

    /// Simpler values in requests.
    pub(super) fn shrink_values(&mut self, smallest: &mut Failure) {
        for place in 0..events(&smallest.scenario).len() {
            let request = smallest.scenario["events"][place]["request"].clone();
            for simpler in simpler(&request) {
                let mut scenario = smallest.scenario.clone();
                if let Some(event) = event(&mut scenario, place) {
                    event["request"] = simpler;
                }
                let schedule = smallest.schedule.clone();
                self.take(smallest, &scenario, &schedule);
            }
        }
    }

    /// One key less, if the failure remains.
    fn leave_out(&mut self, smallest: &mut Failure, path: &[&str], place: Option<usize>, key: &str) {
        let mut scenario = smallest.scenario.clone();
        let mut map = Some(&mut scenario);
        for step in path {
            map = map.and_then(|map| map.get_mut(*step));
        }
        if let Some(place) = place {
            map = map.and_then(|map| map.get_mut(place));
        }
        if map.and_then(Value::as_object_mut).and_then(|map| map.shift_remove(key)).is_some() {
            let schedule = smallest.schedule.clone();
            self.take(smallest, &scenario, &schedule);
        }
    }
}

/// One of a scenario's events.
fn event(scenario: &mut Value, place: usize) -> Option<&mut Value> {
    list(scenario, "events")?.get_mut(place)
}

fn events(scenario: &Value) -> &[Value] {
    scenario["events"].as_array().map_or(&[], Vec::as_slice)
}

/// The name of a node in the smallest failure so far, whose nodes are a part of the first one's.
fn current(names: &Names, smallest: &Failure, id: ProcessId) -> Option<String> {
    match &smallest.scenario["nodes"] {
        Value::Array(list) => list.get(id.index())?.as_str().map(str::to_owned),
        Value::Object(map) => map.keys().nth(id.index()).cloned(),
        _ => (id.index() < names.len()).then(|| names.name(id).into_owned()),
    }
}

/// The steps that concern only nodes which are still there.
fn without(schedule: &Schedule, renamed: &dyn Fn(ProcessId) -> Option<ProcessId>) -> Schedule {
    let step = |step: &ScheduleStep| {
        let mut step = step.clone();
        match &mut step.what {
            Move::Event { node, .. } | Move::End { node, .. } => {
                if let Some(id) = *node {
                    *node = Some(renamed(id)?);
                }
            }
            Move::Timer(node) => *node = renamed(*node)?,
            Move::Deliver(parcel) | Move::Lose(parcel) | Move::Duplicate(parcel) => {
                parcel.from = renamed(parcel.from)?;
                parcel.to = renamed(parcel.to)?;
            }
        }
        Some(step)
    };
    Schedule { steps: schedule.steps.iter().filter_map(step).collect(), then: schedule.then }
}

/// The scenario without a node and without what is said of it; nothing when it cannot do without.
fn without_node(scenario: &Value, name: &str) -> Option<Value> {
    let mut scenario = scenario.clone();
    match scenario.get_mut("nodes")? {
        Value::Array(list) if list.len() > 1 => list.retain(|node| node != name),
        Value::Object(map) if map.len() > 1 => drop(map.shift_remove(name)),
        Value::Number(number) => {
            let fewer = number.as_u64()?.checked_sub(1).filter(|fewer| *fewer > 0)?;
            if name != format!("n{}", fewer + 1) {
                return None;
            }
            scenario["nodes"] = json!(fewer);
        }
        _ => return None,
    }
    for key in ["events", "links"] {
        if let Some(list) = list(&mut scenario, key) {
            list.iter_mut().for_each(|entry| leave_groups(entry, name));
            list.retain(|entry| !mentions(entry, name));
        }
    }
    if let Some(list) = scenario.get_mut("topology").and_then(|topology| list(topology, "edges")) {
        list.retain(|edge| !mentions(edge, name));
    }
    Some(scenario)
}

/// Takes a node out of the groups of a partition.
fn leave_groups(entry: &mut Value, name: &str) {
    let Some(groups) = list(entry, "partition") else { return };
    for group in groups.iter_mut().filter_map(Value::as_array_mut) {
        group.retain(|node| node != name);
    }
    groups.retain(|group| group.as_array().is_none_or(|group| !group.is_empty()));
}

/// The list at a key, if there is one.
fn list<'a>(map: &'a mut Value, key: &str) -> Option<&'a mut Vec<Value>> {
    map.get_mut(key)?.as_array_mut()
}

fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Array(list) => list.iter().any(|value| mentions(value, name)),
        Value::Object(map) => map.iter().any(|(key, value)| key == name || mentions(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Values that say the same with less: one scalar at a time.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) if number.as_u64().is_some_and(|number| number > 1) => vec![json!(0), json!(1)],
        Value::String(text) if text.chars().count() > 1 => {
            let is_length = text.starts_with(|c: char| c.is_ascii_digit());
            if is_length {
                vec![json!("0s"), json!("1ms")]
            } else {
                text.chars().next().map(|first| json!(first.to_string())).into_iter().collect()
            }
        }
        Value::Array(list) => {
            let inside = list.iter().enumerate().flat_map(|(place, inner)| {
                simpler(inner).into_iter().map(move |inner| {
                    let mut list = list.clone();
                    list[place] = inner;
                    Value::Array(list)
                })
            });
            inside.collect()
        }
        Value::Object(map) => {
            let inside = map.iter().flat_map(|(key, inner)| {
                simpler(inner).into_iter().map(move |inner| {
                    let mut map = map.clone();
                    map.insert(key.clone(), inner);
                    Value::Object(map)
                })
            });
            inside.collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
