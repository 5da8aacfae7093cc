//! YAML as written (`raw`) to what it means (`plan`): every mistake in a file found at once, each with its place.

mod events;
mod expect;
mod findings;
mod judge;
mod live;
mod mistakes;
mod network;
mod nodes;
mod overrides;
mod path;
mod plan;
mod positions;
mod raw;
mod raw_search;
mod read;
mod resolved;
mod reword;
mod schedule;
mod schema;
mod shorthand;
mod sometimes;
mod suggest;
mod syntax;
mod timeline;
mod values;

pub(crate) use expect::includes;
pub use expect::{Difference, Remark, Results};
pub use live::{GuestAlias, GuestStyle, Live, LiveFiles, LiveGuests, LiveTransport, Multicast};
pub use mistakes::{Mistake, Mistakes};
pub use overrides::Override;
pub use path::Segment;
pub use plan::{Bound, Channel, Expect, Expected, Fuzz, Plan};
pub use raw_search::{Happening, Vary};
pub use schedule::{Move, Parcel, Schedule, ScheduleStep, Then};
pub use schema::schema;
pub use sometimes::{Claim, Moment, Sight};
pub use suggest::nearest;
pub use values::{Door, GroupAddress, Interface};

use crate::{process::Names, world::Setup};
use findings::{Finding, Findings, Place, at};
use path::Path;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the loader must know of the algorithms.
pub trait Catalogue {
    /// Their names.
    fn algorithms(&self) -> Vec<&str>;
    /// What is known of one of them.
    fn facts(&self, algorithm: &str) -> Option<&dyn Facts>;
}

/// What the loader must know of one algorithm. All of it is asked with the scenario's names in force.
pub trait Facts {
    /// Whether it can be configured so.
    ///
    /// # Errors
    /// The first thing that does not fit.
    fn check_config(&self, config: &Value) -> Result<(), Misfit>;
    /// The configuration when a scenario says nothing.
    fn default_config(&self) -> Value;
    /// Whether a node can be asked for this.
    ///
    /// # Errors
    /// The first thing that does not fit.
    fn check_request(&self, request: &Value) -> Result<(), Misfit>;
    /// Every property of the problem it solves.
    fn properties(&self) -> Vec<&str>;
    /// Those it promises: what is checked when a scenario says nothing.
    fn promises(&self) -> Vec<&str>;
    /// Its kinds of message.
    fn message_kinds(&self) -> Vec<&str>;
}

/// Why a value does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// Where inside the value.
    pub path: Vec<Segment>,
    /// What is wrong, as serde says it.
    pub message: String,
}

/// Reads `value` as a `T`: how [`Facts`] checks configurations and requests.
///
/// # Errors
/// Where and why it is not one.
pub fn fit<T: DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path = Path::top();
        for segment in error.path().iter() {
            match segment {
                serde_path_to_error::Segment::Seq { index } => path = path.index(*index),
                serde_path_to_error::Segment::Map { key } => path = path.key(key),
                // The variant of an enum is a key when it stands in a map, and the value itself otherwise.
                serde_path_to_error::Segment::Enum { variant } => {
                    let inner = path.key(variant);
                    path = if path::look(value, &inner).is_some() { inner } else { path };
                }
                serde_path_to_error::Segment::Unknown => break,
            }
        }
        Misfit { path: path.0, message: error.into_inner().to_string() }
    })
}

/// Reads a scenario: `name` is what its file is called in messages, `text` the file's content, `overrides` and
/// `seed` what the command line says instead.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(
    name: &str,
    text: &[u8],
    overrides: &[Override],
    seed: Option<u64>,
    catalogue: &dyn Catalogue,
) -> Result<Plan, Mistakes> {
    let mut findings = Findings::default();
    let text = match std::str::from_utf8(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("this is not UTF-8 text: byte {} cannot be read", error.valid_up_to());
            let finding = findings.add(Finding::new(Place::File, message));
            finding.help("a scenario is plain text in UTF-8; is this the right file?");
            return Err(Mistakes::locate(name, None, overrides, findings));
        }
    };
    let plan = read::read(text, &mut findings).and_then(|mut tree| {
        strip_notes(&mut tree);
        overrides::apply(&mut tree, overrides, &mut findings);
        if let (Some(seed), Some(map)) = (seed, tree.as_object_mut()) {
            map.insert("seed".into(), seed.into());
        }
        plan_of(name, tree, catalogue, &mut findings)
    });
    plan.filter(|_| findings.is_empty())
        .ok_or_else(|| Mistakes::locate(name, Some(text), overrides, findings))
}

/// Reads a scenario that is data already, such as [`Plan::resolved`] in the header of a trace.
///
/// # Errors
/// Everything that is wrong with it, each with its path for a place.
pub fn reload(name: &str, resolved: &Value, catalogue: &dyn Catalogue) -> Result<Plan, Mistakes> {
    let mut findings = Findings::default();
    let plan = plan_of(name, resolved.clone(), catalogue, &mut findings);
    plan.filter(|_| findings.is_empty()).ok_or_else(|| Mistakes::locate(name, None, &[], findings))
}

/// Takes away keys that begin with `x-`, which are free for notes and anchors; not inside values that belong to an
/// algorithm.
fn strip_notes(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-"));
            // What belongs to an algorithm, or names what does.
            let theirs = ["request", "outputs", "output", "after", "schedule"];
            let ours = map.iter_mut().filter(|(key, _)| !theirs.contains(&key.as_str()));
            ours.for_each(|(_, value)| strip_notes(value));
        }
        Value::Array(list) => list.iter_mut().for_each(strip_notes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What the tree means; nothing when it makes no sense to say it, which findings tell.
fn plan_of(name: &str, mut tree: Value, catalogue: &dyn Catalogue, findings: &mut Findings) -> Option<Plan> {
    version(&mut tree, findings)?;
    let raw = raw_of(&mut tree, findings)?;
    if raw.version.is_none() {
        let finding = findings.missing(at("version"), "the key `version` is missing");
        finding.map(|finding| finding.help("a scenario begins with `version: 1`"));
    }
    let algorithm = judge::algorithm(&raw, catalogue, findings);
    let nodes = nodes::nodes(&raw, findings);
    let names = nodes.as_ref().map(|nodes| nodes.names.clone());
    let facts = algorithm.as_ref().and_then(|algorithm| catalogue.facts(algorithm));
    let channel = judge::channel(raw.channel);
    let mut reader = Reader { findings, facts, names, channel, rate: None };
    let configs = reader.configs(&raw);
    let topology = reader.topology(raw.topology.as_ref());
    let (network, links) = reader.network(&raw);
    let timeline = reader.timeline(&raw, nodes.as_ref());
    let checks = reader.checks(raw.check.as_ref());
    let ordinary = if raw.check.is_some() { Expected::Holds } else { Expected::NotViolated };
    let expect = reader.expect(raw.expect, &checks, ordinary);
    let sometimes = reader.sometimes(raw.sometimes, &checks);
    let fuzz = reader.fuzz(raw.fuzz.as_ref());
    let schedule = reader.schedule(raw.schedule.as_ref());
    reader.live(raw.live.as_ref());
    let events_limit = reader.events_limit(raw.events_limit);
    let nodes = nodes.filter(|_| findings.is_empty())?;
    let mut plan = Plan {
        name: raw.name.unwrap_or_else(|| stem(name)),
        about: raw.about.unwrap_or_default(),
        seed: raw.seed.map_or(0, |seed| seed.0),
        algorithm: algorithm?,
        config: configs.all,
        node_configs: configs.own,
        channel,
        setup: Setup {
            nodes: nodes.setups,
            topology: topology?,
            routing: raw.routing == Some(raw::Routing::ShortestPath),
            network,
            links,
            agenda: timeline.agenda,
            until: raw.until.map(|until| crate::process::Time::ZERO.after(until.0)),
            event_limit: events_limit,
            names: nodes.names,
        },
        requests: timeline.requests,
        checks,
        expect,
        sometimes,
        notes: timeline.notes,
        addresses: nodes.addresses,
        fuzz,
        live: raw.live,
        schedule,
        resolved: Value::Null,
    };
    plan.resolved = resolved::resolved(&plan, tree);
    Some(plan)
}

/// The rest of a file is only looked at when it is written for this version.
fn version(tree: &mut Value, findings: &mut Findings) -> Option<()> {
    let Some(written) = tree.get("version").filter(|written| !written.is_null()).cloned() else {
        return Some(());
    };
    match written.as_f64() {
        Some(1.0) => tree["version"] = 1.into(),
        Some(later) if later > 1.0 => {
            let message =
                format!("this synod reads version 1 of scenarios, this file is of version {written}");
            findings.value(at("version"), message).help("a newer synod reads it");
            return None;
        }
        _ => {
            findings.value(at("version"), "the version of a scenario is 1").hint("write 1");
            path::remove(tree, &at("version"));
        }
    }
    Some(())
}

/// Reads the tree; what does not fit is reported and taken out, until the rest fits.
fn raw_of(tree: &mut Value, findings: &mut Findings) -> Option<raw::Scenario> {
    loop {
        let misfit = match fit::<raw::Scenario>(tree) {
            Ok(raw) => break Some(raw),
            Err(misfit) => misfit,
        };
        let finding = reword::reword(&Path::top(), &misfit, tree);
        let removed = match &finding.place {
            Place::Key(key) if path::look(tree, key).is_some() => path::remove(tree, key),
            _ => path::remove(tree, &Path(misfit.path)),
        };
        findings.add(finding);
        if !removed || findings.is_full() {
            break None;
        }
    }
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file).into()
}

/// What the parts of a scenario are read with.
struct Reader<'a> {
    findings: &'a mut Findings,
    /// Nothing when the algorithm is unknown.
    facts: Option<&'a dyn Facts>,
    /// Nothing when the nodes are unknown: no name can be looked up then.
    names: Option<Names>,
    /// The layer under the algorithm.
    channel: Channel,
    /// The rate of some link, if any has one.
    rate: Option<u64>,
}

impl<'a> Reader<'a> {
    /// Asks the algorithm, with the names in force.
    fn ask<T>(&self, question: impl FnOnce(&'a dyn Facts) -> T) -> Option<T> {
        let facts = self.facts?;
        Some(self.names.as_ref()?.scope(|| question(facts)))
    }

    /// Reports why a value inside `root`, which stands at `path`, does not fit.
    fn misfit(&mut self, path: &Path, misfit: &Misfit, root: &Value) {
        // What the names in force say of a name that is none of them.
        let unknown_node =
            misfit.message.strip_prefix("unknown node `").and_then(|rest| rest.strip_suffix('`'));
        match unknown_node {
            Some(name) => self.unknown_node(path.join(misfit.path.iter().cloned()), name),
            None => drop(self.findings.add(reword::reword(path, misfit, root))),
        }
    }
}
