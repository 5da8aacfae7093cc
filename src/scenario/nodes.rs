//! Who takes part, and what is particular about each.

use super::{
    Reader,
    findings::{Findings, Place, at},
    path::Path,
    raw::{Node, Scenario},
    shorthand::Nodes,
    suggest::{enumerate, nearest},
    values::{Door, Written},
};
use crate::{
    process::{Names, ProcessId, Time},
    world::NodeSetup,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most nodes a scenario may have.
const MOST: u64 = 16_000_000;

/// The nodes of a scenario.
pub(super) struct Group {
    pub(super) names: Names,
    pub(super) setups: BTreeMap<ProcessId, NodeSetup>,
    pub(super) addresses: BTreeMap<ProcessId, String>,
}

/// The nodes, unless nobody can tell who they are.
pub(super) fn nodes(raw: &Scenario, findings: &mut Findings) -> Option<Group> {
    let path = at("nodes");
    let Some(nodes) = &raw.nodes else {
        if let Some(finding) = findings.missing(path, "the key `nodes` is missing") {
            finding.help("write `nodes: 3` for n1 to n3, or their names: `nodes: [alice, bob]`");
        }
        return None;
    };
    let names = names(nodes, &path, findings)?;
    let mut group = Group { names, setups: BTreeMap::new(), addresses: BTreeMap::new() };
    if let Nodes::Map(map) = nodes {
        for (place, (name, node)) in map.iter().enumerate() {
            if let Some(node) = node {
                particulars(&mut group, ProcessId(place as u32), node, &path.key(name), findings);
            }
        }
    }
    Some(group)
}

fn names(nodes: &Nodes, path: &Path, findings: &mut Findings) -> Option<Names> {
    let known = findings.list.len();
    let names = match nodes {
        Nodes::Count(count) => return counted(*count, path, findings),
        Nodes::List(list) => {
            let mut seen = BTreeMap::new();
            for (place, name) in list.iter().enumerate() {
                let here = || path.index(place);
                match name {
                    Some(name) if seen.contains_key(name) => {
                        let other = Place::Value(path.index(seen[name]));
                        let finding =
                            findings.value(here(), format!("the node `{name}` stands twice in this list"));
                        finding.hint("remove one").other(other, "first here");
                    }
                    Some(name) => {
                        seen.insert(name, place);
                        check_name(name, here, true, findings);
                    }
                    None => drop(findings.missing(here(), "the name of a node is missing here")),
                }
            }
            if findings.list.len() > known || list.iter().any(Option::is_none) {
                return None;
            }
            list.iter().flatten().cloned().collect::<Vec<_>>()
        }
        Nodes::Map(map) => {
            map.keys().for_each(|name| check_name(name, || path.key(name), false, findings));
            map.keys().cloned().collect()
        }
    };
    if names.is_empty() {
        findings.missing(path.clone(), "there are no nodes")?.hint("name at least one");
        return None;
    }
    if names.len() as u64 > MOST {
        findings.value(path.clone(), format!("more than {MOST} nodes are too many"));
        return None;
    }
    (findings.list.len() == known).then(|| Names::listed(names))
}

fn counted(count: u64, path: &Path, findings: &mut Findings) -> Option<Names> {
    match u32::try_from(count) {
        Ok(0) => findings.value(path.clone(), "there are no nodes").hint("write 1 or more"),
        Ok(count) if u64::from(count) <= MOST => return Some(Names::Numbered(count)),
        _ => findings.value(path.clone(), format!("{count} nodes are too many")).hint("16000000 at most"),
    };
    None
}

/// Whether a node can be called so.
fn check_name(name: &str, path: impl Fn() -> Path, listed: bool, findings: &mut Findings) {
    let awkward = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '\\');
    let wrong = if name.is_empty() {
        "the name of a node is empty".into()
    } else if name.chars().count() > 64 {
        "the name of a node is longer than 64 characters".into()
    } else if let Some(c) = name.chars().find(|c| awkward(*c)) {
        let what = if c.is_whitespace() { "a blank".into() } else { format!("`{c}`") };
        format!("the name of a node cannot contain {what}")
    } else if name.starts_with("x-") {
        "the name of a node cannot begin with `x-`: such keys are free for notes".into()
    } else if name == "<<" {
        "a node cannot be called `<<`: YAML has another use for it".into()
    } else {
        return;
    };
    let finding = if listed { findings.value(path(), wrong) } else { findings.key(path(), wrong) };
    finding.hint("choose another name, such as n1");
}

fn particulars(group: &mut Group, id: ProcessId, node: &Node, path: &Path, findings: &mut Findings) {
    let clock = node.clock.as_ref();
    let setup = NodeSetup {
        clock_offset: clock.and_then(|clock| clock.offset).map_or(0, |offset| offset.0),
        clock_drift: clock.and_then(|clock| clock.drift).map_or(0, |drift| drift.0),
        start: node.start.map_or(Time::ZERO, |start| Time::ZERO.after(start.0)),
    };
    if setup != NodeSetup::default() {
        group.setups.insert(id, setup);
    }
    let Some(address) = &node.address else { return };
    if Door::read(address).map_or(true, |door| door.host.is_none() || door.port == 0) {
        let finding = findings.value(path.key("address"), format!("`{address}` is not an address"));
        finding.hint("write host:port, such as 127.0.0.1:7002");
    }
    group.addresses.insert(id, address.clone());
}

impl Reader<'_> {
    /// Who is called `name`; nobody when that cannot be told, which is a mistake only if the nodes are known.
    pub(super) fn node(&mut self, name: &str, path: Path) -> Option<ProcessId> {
        let id = self.names.as_ref()?.find(name);
        if id.is_none() {
            self.unknown_node(path, name);
        }
        id
    }

    /// Nobody is called `name`.
    pub(super) fn unknown_node(&mut self, path: Path, name: &str) {
        let Some(names) = self.names.clone() else { return };
        let finding = self.findings.value(path, format!("unknown node `{name}`"));
        if let Names::Numbered(count) = names {
            match count {
                1 => finding.hint("the only node is n1"),
                count => finding.hint(format!("the nodes are n1 to n{count}")),
            };
            return;
        }
        let known: Vec<_> = names.ids().take(10_000).map(|id| names.name(id)).collect();
        match nearest(name, known.iter().map(|name| &**name)) {
            Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
            None => finding.help(format!("the nodes are {}", enumerate(known.iter().map(|name| &**name)))),
        };
    }

    /// The ids of a list of names, in its order; a name that stands twice is a mistake.
    pub(super) fn group(&mut self, names: &[Option<String>], path: &Path) -> Vec<ProcessId> {
        let mut ids = Vec::new();
        let mut seen = BTreeSet::new();
        for (place, name) in names.iter().enumerate() {
            let Some(name) = name else {
                self.findings.missing(path.index(place), "the name of a node is missing here");
                continue;
            };
            let Some(id) = self.node(name, path.index(place)) else { continue };
            if seen.insert(id) {
                ids.push(id);
            } else {
                self.findings
                    .value(path.index(place), format!("the node `{name}` stands twice here"))
                    .hint("remove one");
            }
        }
        ids
    }
}
