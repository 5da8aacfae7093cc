//! What the nodes run and how the run is judged: algorithm, configuration, properties, expectations.

use super::{
    Catalogue, Reader,
    findings::{Finding, Findings, Place, at},
    path::{self, Path},
    plan::{Channel, Expect, Expected, Fuzz},
    raw::{self, ChannelName, Scenario},
    reword::{choose, unknown_key_of},
    shorthand::{self, List, Nodes, Short},
};
use crate::{process::ProcessId, world::EVENT_LIMIT};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the algorithm, if it is known.
pub(super) fn algorithm(
    raw: &Scenario,
    catalogue: &dyn Catalogue,
    findings: &mut Findings,
) -> Option<String> {
    let (name, path) = match &raw.algorithm {
        Some(Short::Name(name)) => (Some(name), at("algorithm")),
        Some(Short::Map(map)) => (map.name.as_ref(), at("algorithm").key("name")),
        None => (None, at("algorithm")),
    };
    let Some(name) = name else {
        let key = if raw.algorithm.is_some() { "name" } else { "algorithm" };
        let finding = findings.missing(path, format!("the key `{key}` is missing"))?;
        finding.help("write `algorithm: NAME` with a name from `synod list`");
        return None;
    };
    if catalogue.facts(name).is_some() {
        return Some(name.clone());
    }
    let mut finding = Finding::new(Place::Value(path), format!("unknown algorithm `{name}`"));
    choose(&mut finding, name, &catalogue.algorithms(), "the algorithms are");
    findings.add(finding);
    None
}

/// The layer under the algorithm.
pub(super) fn channel(raw: Option<ChannelName>) -> Channel {
    match raw {
        None | Some(ChannelName::Raw) => Channel::Raw,
        Some(ChannelName::Fifo) => Channel::Fifo,
        Some(ChannelName::Reliable) => Channel::Reliable,
        Some(ChannelName::ReliableFifo) => Channel::ReliableFifo,
    }
}

/// The configurations of an algorithm.
#[derive(Default)]
pub(super) struct Configs {
    pub(super) all: Value,
    pub(super) own: BTreeMap<ProcessId, Value>,
}

/// One configuration over another: keys of maps one by one, anything else as a whole.
fn over(base: &Value, own: &Value) -> Value {
    match (base, own) {
        (Value::Object(base), Value::Object(own)) => {
            let mut merged = base.clone();
            merged.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
            Value::Object(merged)
        }
        _ => own.clone(),
    }
}

impl Reader<'_> {
    /// The algorithm's configuration, and those of nodes that have one of their own.
    pub(super) fn configs(&mut self, raw: &Scenario) -> Configs {
        let Some(default) = self.ask(|facts| facts.default_config()) else { return Configs::default() };
        let mut all = default;
        if let Some(Short::Map(raw::AlgorithmMap { config: Some(config), .. })) = &raw.algorithm {
            all = self.config(&all, config, &at("algorithm").key("config"));
        }
        let mut own = BTreeMap::new();
        if let Some(Nodes::Map(map)) = &raw.nodes {
            for (place, (name, node)) in map.iter().enumerate() {
                if let Some(config) = node.as_ref().and_then(|node| node.config.as_ref()) {
                    let path = at("nodes").key(name).key("config");
                    own.insert(ProcessId(place as u32), self.config(&all, config, &path));
                }
            }
        }
        Configs { all, own }
    }

    /// `written` over `base`. What does not fit is reported and left out.
    fn config(&mut self, base: &Value, written: &Value, path: &Path) -> Value {
        let mut written = written.clone();
        if base.is_null() {
            if written.as_object().is_none_or(|map| !map.is_empty()) {
                self.findings.key(path.clone(), "this algorithm has no settings").hint("remove it");
            }
            return Value::Null;
        }
        loop {
            let merged = over(base, &written);
            let Some(Err(misfit)) = self.ask(|facts| facts.check_config(&merged)) else { return merged };
            let inside = Path(misfit.path.clone());
            let shown = merged;
            let key = unknown_key_of(&misfit.message).map(|key| inside.key(key));
            let removed = path::remove(&mut written, &inside)
                || key.is_some_and(|key| path::remove(&mut written, &key));
            // What is missing after something was taken out is no mistake of its own.
            if misfit.message.starts_with("missing field") && self.findings.blamed_inside(path) {
                return base.clone();
            }
            self.misfit(path, &misfit, &shown);
            if !removed || self.findings.is_full() {
                return base.clone();
            }
        }
    }

    /// The properties that are judged.
    pub(super) fn checks(&mut self, raw: Option<&List<String>>) -> Vec<String> {
        let Some(facts) = self.facts else { return Vec::new() };
        let Some(raw) = raw else { return facts.promises().into_iter().map(str::to_owned).collect() };
        let mut checks = Vec::new();
        for (place, name) in raw.0.iter().enumerate() {
            let path = at("check").index(place);
            let Some(name) = name else {
                self.findings.missing(path, "the name of a property is missing here");
                continue;
            };
            if checks.contains(name) {
                self.findings
                    .value(path, format!("the property `{name}` stands twice in this list"))
                    .hint("remove one");
            } else if facts.properties().contains(&name.as_str()) {
                checks.push(name.clone());
            } else {
                let mut finding = Finding::new(Place::Value(path), format!("unknown property `{name}`"));
                choose(
                    &mut finding,
                    name,
                    &facts.properties(),
                    "the properties of this algorithm's problem are",
                );
                self.findings.add(finding);
            }
        }
        checks
    }

    /// What should come of the run: `ordinary` of the properties of which nothing is said.
    pub(super) fn expect(
        &mut self,
        raw: Option<shorthand::Expect>,
        checks: &[String],
        ordinary: Expected,
    ) -> Expect {
        let mut expect = Expect::default();
        expect.verdicts.extend(checks.iter().map(|name| (name.clone(), ordinary)));
        let Some(raw) = raw else { return expect };
        for (name, verdict) in raw.verdicts {
            let known =
                self.expected_property(at("expect").key(&name), &name, checks, &["messages", "outputs"]);
            if let (true, Some(verdict)) = (known, verdict) {
                expect.verdicts.insert(name, verdict);
            }
        }
        for (kind, bound) in raw.messages.unwrap_or_default() {
            let path = at("expect").key("messages").key(&kind);
            if kind != "total" {
                self.message_kind(&kind, Place::Key(path));
            }
            expect.messages.extend(bound.map(|bound| (kind, bound)));
        }
        for (name, outputs) in raw.outputs.unwrap_or_default() {
            let id = self.names.as_ref().and_then(|names| names.find(&name));
            match (id, outputs) {
                (Some(id), Some(outputs)) => drop(expect.outputs.insert(id, outputs)),
                (Some(_), None) => {}
                (None, _) => self.unknown_node(at("expect").key("outputs").key(&name), &name),
            }
        }
        expect
    }

    /// Whether something can be expected of the property `name`, which stands at `path` where `others` might, too.
    pub(super) fn expected_property(
        &mut self,
        path: Path,
        name: &str,
        checks: &[String],
        others: &[&'static str],
    ) -> bool {
        let Some(facts) = self.facts else { return false };
        if checks.iter().any(|check| check == name) {
            return true;
        }
        let place = Place::Key(path);
        if facts.properties().contains(&name) {
            if !self.findings.blamed(&at("check")) {
                let mut finding = Finding::new(place, format!("the property `{name}` is not checked"));
                finding.hint("add it to `check`, or remove it here");
                self.findings.add(finding);
            }
            return false;
        }
        let mut finding = Finding::new(place, format!("unknown property `{name}`"));
        let mut names = facts.properties();
        names.extend(others);
        choose(&mut finding, name, &names, "something can be expected of");
        self.findings.add(finding);
        false
    }

    /// Whether messages of this kind are under way.
    pub(super) fn message_kind(&mut self, kind: &str, place: Place) {
        let Some(facts) = self.facts else { return };
        let mut kinds = facts.message_kinds();
        let reliable = matches!(self.channel, Channel::Reliable | Channel::ReliableFifo);
        if reliable && !kinds.contains(&"ack") {
            // The layer's own; its frames are told by what they carry.
            kinds.push("ack");
        }
        if !kinds.contains(&kind) {
            let mut finding = Finding::new(place, format!("unknown kind of message `{kind}`"));
            choose(&mut finding, kind, &kinds, "the kinds of this algorithm's messages are");
            self.findings.add(finding);
        }
    }

    /// What `synod fuzz` varies.
    pub(super) fn fuzz(&mut self, raw: Option<&raw::Fuzz>) -> Option<Fuzz> {
        let raw = raw?;
        if raw.runs == Some(0) {
            self.findings
                .value(at("fuzz").key("runs"), "no run at all finds nothing")
                .hint("write 1 or more");
        }
        let path = at("fuzz").key("vary");
        let mut seen = BTreeSet::new();
        for (place, vary) in raw.vary.iter().flat_map(|list| list.0.iter().enumerate()) {
            match vary {
                Some(vary) if !seen.insert(*vary) => {
                    self.findings
                        .value(path.index(place), "this stands twice in the list")
                        .hint("remove one");
                }
                Some(_) => {}
                None => drop(self.findings.missing(path.index(place), "this entry is empty")),
            }
        }
        let vary = raw.vary.as_ref().map(|list| list.0.iter().flatten().copied().collect());
        Some(Fuzz { runs: raw.runs, vary, faults: raw.faults })
    }

    /// How many events the run may have.
    pub(super) fn events_limit(&mut self, raw: Option<u64>) -> u64 {
        if raw == Some(0) {
            self.findings
                .value(at("events-limit"), "a run needs an event at least")
                .hint("write 1000000, say");
        }
        raw.unwrap_or(EVENT_LIMIT)
    }
}
