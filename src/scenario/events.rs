//! What happens when: each event's one action, and its repetitions.

use super::{
    Reader,
    findings::{Place, at},
    nodes::Group,
    path::Path,
    raw::{AnyOf, ClockEvent, Event, HealName, QuantityName, Scenario},
    shorthand::{List, Short},
    suggest::enumerate,
    timeline,
};
use crate::{
    process::{ProcessId, Time, format_duration},
    world::{Action, ClockChange, Heal, Planned, Quantity, Targets},
};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// The most events that repetitions may add up to.
const MOST: u64 = 10_000_000;

/// Every action, as an event names it.
const ACTIONS: [&str; 11] =
    ["request", "crash", "restart", "pause", "resume", "partition", "heal", "cut", "link", "clock", "drop"];

/// The actions that can last.
const LASTING: [&str; 6] = ["crash", "pause", "partition", "cut", "link", "clock"];

/// What happens when.
#[derive(Default)]
pub(super) struct Timeline {
    pub(super) agenda: Vec<Planned>,
    pub(super) requests: Vec<Value>,
    pub(super) notes: BTreeMap<u32, String>,
    /// Where each request stands, by its text.
    known: BTreeMap<String, u32>,
}

impl Event {
    /// The actions that are written, in the order of [`ACTIONS`].
    fn actions(&self) -> Vec<&'static str> {
        let written = [
            self.request.is_some(),
            self.crash.is_some(),
            self.restart.is_some(),
            self.pause.is_some(),
            self.resume.is_some(),
            self.partition.is_some(),
            self.heal.is_some(),
            self.cut.is_some(),
            self.link.is_some(),
            self.clock.is_some(),
            self.drop.is_some(),
        ];
        ACTIONS.into_iter().zip(written).filter(|(_, written)| *written).map(|(name, _)| name).collect()
    }
}

impl Reader<'_> {
    /// What happens when.
    pub(super) fn timeline(&mut self, raw: &Scenario, nodes: Option<&Group>) -> Timeline {
        let mut timeline = Timeline::default();
        let until = raw.until.map(|until| Time::ZERO.after(until.0));
        if until == Some(Time::ZERO) {
            self.findings.value(at("until"), "the run ends before it begins").hint("write 10s, say");
        }
        let events = raw.events.iter().flat_map(|events| events.0.iter().enumerate());
        for (entry, event) in events {
            let path = at("events").index(entry);
            let Some(event) = event else {
                self.findings.missing(path, "this entry is empty");
                continue;
            };
            if let Some(note) = &event.note {
                timeline.notes.insert(entry as u32, note.clone());
            }
            let action = self.action(event, &path, &mut timeline);
            let times = self.times(event, until, &path, timeline.agenda.len() as u64);
            let (Some(action), Some((first, every, times))) = (action, times) else { continue };
            self.check_start(&action, first, nodes, &path);
            let lasts = event.lasts.map(|lasts| lasts.0);
            let may_miss = event.may_miss.unwrap_or(false);
            timeline.agenda.extend((0..times).map(|number| Planned {
                at: Time(first.0 + every * number),
                action: action.clone(),
                lasts,
                may_miss,
                entry: entry as u32,
            }));
        }
        timeline.agenda.sort_by_key(|planned| planned.at);
        if let Some(nodes) = nodes {
            timeline::check(&timeline.agenda, nodes, self.findings);
        }
        timeline
    }

    /// The one action of an event.
    fn action(&mut self, event: &Event, path: &Path, timeline: &mut Timeline) -> Option<Action> {
        let name = match event.actions().as_slice() {
            [name] => *name,
            [] => {
                self.no_action(event, path);
                return None;
            }
            [first, second, ..] => {
                let message = format!("an event has one action, and here are `{first}` and `{second}`");
                let finding = self.findings.key(path.key(*second), message);
                finding
                    .hint("put this into an event of its own")
                    .other(Place::Key(path.key(*first)), "the first");
                return None;
            }
        };
        self.check_companions(event, name, path);
        let path = path.key(name);
        match name {
            "request" => self.request(event, &path, timeline),
            "crash" => {
                let targets = self.targets(event.crash.as_ref()?, &path)?;
                Some(Action::Crash { targets, after_sends: event.after_sends })
            }
            "restart" => self.targets(event.restart.as_ref()?, &path).map(Action::Restart),
            "pause" => self.targets(event.pause.as_ref()?, &path).map(Action::Pause),
            "resume" => self.targets(event.resume.as_ref()?, &path).map(Action::Resume),
            "partition" => self.partition(event.partition.as_ref()?, &path),
            "heal" => event.heal.map(|heal| Action::Heal(healed(heal))),
            "cut" => {
                let cut = event.cut.as_ref()?;
                let all = Some("name links with `between: [a, b]`, or `from` and `to`");
                let links =
                    self.pattern(cut.from.as_deref(), cut.to.as_deref(), cut.between.as_ref(), &path, all)?;
                Some(Action::Cut(links))
            }
            "link" => {
                let (links, patch) = self.link(event.link.as_ref()?, &path, self.rate)?;
                Some(Action::Link(links, patch))
            }
            "clock" => self.clock(event.clock.as_ref()?, event.lasts.is_some(), &path),
            _ => self.dropped(event.drop.as_ref()?, &path),
        }
    }

    /// An event says nothing that could happen.
    fn no_action(&mut self, event: &Event, path: &Path) {
        // Only keys that are not the event's own framework can have been meant as its action.
        if self.findings.blamed_inside(path) {
            return;
        }
        if event.node.is_some() {
            let finding =
                self.findings.key(path.key("node"), "this event names a node and asks nothing of it");
            finding.hint("add `request: ...`");
            return;
        }
        let finding = self.findings.value(path.clone(), "nothing happens in this event");
        finding.hint("add an action").help(format!("the actions are {}", enumerate(ACTIONS)));
    }

    /// Keys that go with some actions only.
    fn check_companions(&mut self, event: &Event, name: &str, path: &Path) {
        if let (Some(lasts), true) = (event.lasts, LASTING.contains(&name)) {
            if lasts.0.is_zero() {
                self.findings.value(path.key("for"), format!("a `{name}` that lasts no time does nothing"));
            }
        } else if event.lasts.is_some() {
            let finding =
                self.findings.key(path.key("for"), format!("`{name}` does not last, so `for` means nothing"));
            finding.hint("remove it").help(format!("`for` goes with {}", enumerate(LASTING)));
        }
        if event.after_sends.is_some() && name != "crash" {
            let finding = self.findings.key(path.key("after-sends"), "`after-sends` goes with `crash` only");
            finding.hint("remove it");
        }
        if event.node.is_some() && name != "request" {
            let message = format!("`node` goes with `request`, not with `{name}`");
            self.findings.key(path.key("node"), message).hint("remove it");
        }
        if name == "request" && event.node.is_none() {
            let finding = self.findings.missing(path.key("node"), "nobody is asked in this event");
            finding.map(|finding| finding.hint("add `node: NAME`"));
        }
    }

    fn request(&mut self, event: &Event, path: &Path, timeline: &mut Timeline) -> Option<Action> {
        let request = event.request.as_ref()?;
        if let Some(Err(misfit)) = self.ask(|facts| facts.check_request(request)) {
            self.misfit(path, &misfit, request);
        }
        let events = Path(path.0[..path.0.len() - 1].to_vec());
        let targets = self.targets(event.node.as_ref()?, &events.key("node"))?;
        let next = timeline.requests.len() as u32;
        let place = *timeline.known.entry(request.to_string()).or_insert(next);
        if place == next {
            timeline.requests.push(request.clone());
        }
        Some(Action::Request { targets, request: place })
    }

    /// One node, or some.
    fn targets(&mut self, who: &Short<AnyOf>, path: &Path) -> Option<Targets> {
        match who {
            Short::Name(name) => self.node(name, path.clone()).map(Targets::Node),
            Short::Map(AnyOf { any: Some(quantity) }) => Some(Targets::Any(match quantity {
                QuantityName::One => Quantity::One,
                QuantityName::Minority => Quantity::Minority,
                QuantityName::Majority => Quantity::Majority,
                QuantityName::All => Quantity::All,
            })),
            Short::Map(AnyOf { any: None }) => {
                let finding = self.findings.missing(path.clone(), "no node is named here")?;
                finding.hint("write a node's name, or {any: one}");
                None
            }
        }
    }

    fn partition(&mut self, groups: &List<List<String>>, path: &Path) -> Option<Action> {
        let mut seen: BTreeMap<ProcessId, usize> = BTreeMap::new();
        let mut separated = Vec::new();
        for (place, group) in groups.0.iter().enumerate() {
            let here = path.index(place);
            let Some(group) = group else {
                self.findings.missing(here, "a group of nodes is missing here");
                continue;
            };
            let nodes = self.group(&group.0, &here);
            if group.0.is_empty() {
                self.findings.value(here.clone(), "this group is empty").hint("remove it, or name its nodes");
            }
            for (member, name) in group.0.iter().enumerate() {
                let id = name.as_ref().and_then(|name| self.names.as_ref()?.find(name));
                let Some(id) = id else { continue };
                match seen.get(&id) {
                    Some(first) if *first != place => {
                        let name = name.as_deref().unwrap_or_default();
                        let message = format!("the node `{name}` is in two groups of this partition");
                        let other = Place::Value(path.index(*first));
                        self.findings
                            .value(here.index(member), message)
                            .hint("remove one")
                            .other(other, "here too");
                    }
                    _ => drop(seen.insert(id, place)),
                }
            }
            separated.push(nodes);
        }
        let all = self.names.as_ref().map_or(usize::MAX, |names| names.len());
        let one_group = separated.len() == 1 && seen.len() >= all || separated.is_empty();
        if one_group && !self.findings.blamed(path) {
            let finding = self.findings.value(path.clone(), "this partition separates nobody");
            finding.hint("write two groups, such as [[a, b], [c]]");
        }
        Some(Action::Partition(separated))
    }

    fn clock(&mut self, clock: &ClockEvent, lasts: bool, path: &Path) -> Option<Action> {
        let changes: Vec<(&str, ClockChange)> = [
            clock.step.map(|step| ("step", ClockChange::Step(step.0))),
            clock.drift.map(|drift| ("drift", ClockChange::Drift(drift.0))),
            clock.freeze.map(|_| ("freeze", ClockChange::Freeze)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if clock.freeze == Some(false) {
            self.findings
                .value(path.key("freeze"), "a clock is frozen or nothing is said")
                .hint("write true");
        }
        let change = match changes.as_slice() {
            [(_, change)] => Some(*change),
            [] if self.findings.blamed_inside(path) => None,
            [] => {
                let finding = self.findings.value(path.clone(), "nothing happens to this clock");
                finding.hint("add `step: 250ms`, `drift: 100ppm` or `freeze: true`");
                None
            }
            [(first, _), (second, _), ..] => {
                let message = format!("one change at a time, and here are `{first}` and `{second}`");
                self.findings.key(path.key(*second), message).hint("put this into an event of its own");
                None
            }
        };
        if let (Some(ClockChange::Step(_)), true) = (change, lasts) {
            let event = Path(path.0[..path.0.len() - 1].to_vec());
            let finding =
                self.findings.key(event.key("for"), "a step happens at once, so `for` means nothing");
            finding
                .hint("remove it")
                .help("to set the clock back later, step it back with an event of its own");
        }
        let Some(who) = &clock.node else {
            let finding = self.findings.missing(path.key("node"), "it is not said whose clock this is")?;
            finding.hint("add `node: NAME`");
            return None;
        };
        let targets = self.targets(who, &path.key("node"))?;
        change.map(|change| Action::Clock(targets, change))
    }

    fn dropped(&mut self, raw: &super::raw::Drop, path: &Path) -> Option<Action> {
        if let Some(kind) = &raw.kind {
            self.message_kind(kind, Place::Value(path.key("kind")));
        }
        if raw.nth == Some(0) {
            self.findings.value(path.key("nth"), "messages are counted from 1").hint("write 1 for the first");
        }
        let links = self.pattern(raw.from.as_deref(), raw.to.as_deref(), raw.between.as_ref(), path, None)?;
        Some(Action::Drop { links, kind: raw.kind.clone(), nth: raw.nth.unwrap_or(1) })
    }

    /// When it happens first, how many nanoseconds are between two times, and how many times.
    fn times(
        &mut self,
        event: &Event,
        until: Option<Time>,
        path: &Path,
        so_far: u64,
    ) -> Option<(Time, u64, u64)> {
        let Some(first) = event.at else {
            if let Some(finding) = self.findings.missing(path.key("at"), "it is not said when this happens") {
                finding.hint("add `at: 1s`, say");
            }
            return None;
        };
        let first = Time::ZERO.after(first.0);
        if let Some(until) = until.filter(|until| first > *until) {
            let message = format!("this is after the end of the run, which is at {until}");
            self.findings.value(path.key("at"), message).hint("make `until` later, or this earlier");
            return None;
        }
        let every = event.every.map(|every| every.0);
        let times = match (every, event.times) {
            (None, None) => return Some((first, 0, 1)),
            (None, Some(_)) => {
                if !self.findings.excused(&path.key("every")) {
                    let finding = self.findings.key(path.key("times"), "`times` needs `every`");
                    finding.hint("add `every: 10ms`, say");
                }
                return None;
            }
            (Some(Duration::ZERO), _) => {
                let finding =
                    self.findings.value(path.key("every"), "repetitions need some time between them");
                finding.hint("write 1ms, say");
                return None;
            }
            (_, Some(0)) => {
                let finding = self.findings.value(path.key("times"), "this never happens");
                finding.hint("write 1 or more, or remove the event");
                return None;
            }
            (Some(_), Some(times)) => times,
            (Some(every), None) => self.until_the_end(first, every, until, path)?,
        };
        self.count(first, every?, times, until, path, so_far)
    }

    /// How many times something happens that is repeated until the run ends.
    fn until_the_end(
        &mut self,
        first: Time,
        every: Duration,
        until: Option<Time>,
        path: &Path,
    ) -> Option<u64> {
        let Some(until) = until else {
            if !self.findings.excused(&path.key("times")) && !self.findings.excused(&at("until")) {
                let finding = self.findings.key(path.key("every"), "this is repeated without end");
                finding.hint("add `times: 10`, say, or an `until` to the scenario");
            }
            return None;
        };
        Some((until.since(first).as_nanos() / every.as_nanos()) as u64 + 1)
    }

    fn count(
        &mut self,
        first: Time,
        every: Duration,
        times: u64,
        until: Option<Time>,
        path: &Path,
        so_far: u64,
    ) -> Option<(Time, u64, u64)> {
        if times.saturating_add(so_far) > MOST {
            let message = format!("this makes {} events; {MOST} are the limit", times.saturating_add(so_far));
            self.findings.key(path.key("every"), message).hint("repeat it less often");
            return None;
        }
        // A duration is a day at most and repetitions are limited, so that this fits into 128 bits.
        let last = u128::from(first.0) + every.as_nanos() * u128::from(times - 1);
        let end = until.map_or(u128::from(u64::MAX), |until| u128::from(until.0));
        if last > end {
            let last = format_duration(Duration::from_nanos(u64::try_from(last).unwrap_or(u64::MAX)));
            let message = format!("the last of {times} times would be at {last}, after the end of the run");
            self.findings
                .value(path.key("times"), message)
                .hint("make `until` later, or repeat it less often");
            return None;
        }
        Some((first, every.as_nanos() as u64, times))
    }

    /// Nobody can be asked before it has started.
    fn check_start(&mut self, action: &Action, first: Time, nodes: Option<&Group>, path: &Path) {
        let Action::Request { targets: Targets::Node(id), .. } = action else { return };
        let Some(nodes) = nodes else { return };
        let start = nodes.setups.get(id).map_or(Time::ZERO, |setup| setup.start);
        if first < start {
            let message = format!("the node `{}` only starts at {start}", nodes.names.name(*id));
            self.findings.value(path.key("at"), message).hint("ask it later");
        }
    }
}

fn healed(heal: HealName) -> Heal {
    match heal {
        HealName::All => Heal::All,
        HealName::Partitions => Heal::Partitions,
        HealName::Cuts => Heal::Cuts,
        HealName::Links => Heal::Links,
    }
}
