//! A recorded run as what made it happen: what was asked, what arrived, ran out and was lost, in order.

use super::{Liberties, Refused, clocks};
use crate::{
    process::{ProcessId, format_duration},
    scenario::{Move, Plan},
    trace::{Event, EventKind, Trace},
    world::{Action, Planned, Quantity, Reason, Targets, World},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A recorded run as what made it happen.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// What happens, one after the other.
    pub(super) acts: Vec<Act>,
    /// What each step sent, by the event that it began with: message, receiver, kind.
    pub(super) sendings: BTreeMap<u64, Vec<Sending>>,
    /// The event with which each node's first life began.
    pub(super) births: BTreeMap<ProcessId, u64>,
    /// When each node boots that is not there from the beginning, in nanoseconds.
    pub(super) starts: BTreeMap<ProcessId, u64>,
    /// How far each node's clock is behind the run's, in nanoseconds.
    pub(super) behind: Vec<u64>,
    /// Nodes of which nothing is known.
    pub(super) absent: Vec<ProcessId>,
    /// When the last event happened, in nanoseconds.
    pub(super) end: u64,
}

/// A message that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sending {
    pub(super) message: u64,
    pub(super) to: ProcessId,
    pub(super) kind: String,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// When, in nanoseconds.
    pub(super) at: u64,
    pub(super) what: Doing,
    /// The event of the trace that tells of it, where there is one.
    pub(super) index: Option<u64>,
    /// The node whose step it is.
    pub(super) node: Option<ProcessId>,
    /// What the process chose.
    pub(super) choose: Vec<u32>,
    /// How long the timers ran that it set, where that is to be said.
    pub(super) runs: Vec<Duration>,
    /// What the scenario's `events` say of it.
    pub(super) entry: Option<Value>,
    /// Its rank among what happens at one time.
    rank: (u8, u64),
}

/// What happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    /// Something that a schedule names as it is.
    Named(Move),
    /// A message comes to its receiver.
    Arrive { message: u64, at: ProcessId },
    /// A message comes to a node that passes it on.
    Pass { message: u64, at: ProcessId },
    /// A message is lost on the link from a node.
    Lose { message: u64, from: ProcessId },
    /// A message is under way a second time.
    Double { message: u64 },
}

const CLOCK: u8 = 0;
const START: u8 = 1;
const ENDING: u8 = 2;
const PLANNED: u8 = 3;
const RECORDED: u8 = 4;

impl Script {
    /// What made a recorded run of this scenario happen. `whole` says whether it came to its end.
    ///
    /// # Errors
    /// What no scenario can say.
    pub(super) fn of(
        trace: &Trace,
        plan: &Plan,
        whole: bool,
        liberties: &Liberties,
    ) -> Result<Self, Refused> {
        let script = Self { behind: clocks::behind(trace), ..Self::default() };
        let lives = vec![0; trace.names.len()];
        let mut writer = Writer { trace, plan, liberties, parts: BTreeMap::new(), lives, script };
        writer.births();
        writer.parts()?;
        let mut times = clocks::Times::new(trace, &writer.script.behind);
        for event in &trace.events {
            let at = times.of(event);
            writer.script.end = writer.script.end.max(at);
            writer.event(event, at)?;
        }
        writer.timeline(whole);
        writer.set_drifting_clocks();
        writer.doom();
        let mut script = writer.script;
        script.acts.sort_by_key(|act| (act.at, act.rank));
        script.complete_copies();
        Ok(script)
    }

    /// When the last event happened, or the last of the timeline, in nanoseconds.
    pub(super) fn last(&self) -> u64 {
        self.acts.iter().map(|act| act.at).max().unwrap_or(0).max(self.end)
    }

    /// What came more often than it was sent and doubled was doubled on its way: right before it came first.
    fn complete_copies(&mut self) {
        let mut more: BTreeMap<u64, i64> = BTreeMap::new();
        for act in &self.acts {
            let (message, by) = match &act.what {
                Doing::Arrive { message, .. } | Doing::Lose { message, .. } => (*message, 1),
                Doing::Double { message } => (*message, -1),
                Doing::Pass { .. } | Doing::Named(_) => continue,
            };
            *more.entry(message).or_insert(-1) += by;
        }
        for act in std::mem::take(&mut self.acts) {
            if let Doing::Arrive { message, .. } | Doing::Lose { message, .. } = act.what {
                let copies = more.insert(message, 0).unwrap_or(0);
                let double = || Act::new(act.at, Doing::Double { message }, act.rank);
                self.acts.extend((0..copies).map(|_| double()));
            }
            self.acts.push(act);
        }
    }
}

impl Act {
    fn new(at: u64, what: Doing, rank: (u8, u64)) -> Self {
        Self { at, what, index: None, node: None, choose: Vec::new(), runs: Vec::new(), entry: None, rank }
    }
}

struct Writer<'a> {
    trace: &'a Trace,
    plan: &'a Plan,
    liberties: &'a Liberties,
    /// What steps chose and how long the timers ran that they set, by the event that they began with.
    parts: BTreeMap<u64, (Vec<u32>, Vec<Duration>)>,
    /// How many lives of each node began so far.
    lives: Vec<u32>,
    script: Script,
}

impl Writer<'_> {
    fn name(&self, node: ProcessId) -> String {
        self.trace.names.name(node).into_owned()
    }

    /// With what each node's first life began.
    fn births(&mut self) {
        for event in &self.trace.events {
            if let (EventKind::Boot | EventKind::Restart, Some(node)) = (event.kind, event.node) {
                self.script.births.entry(node).or_insert(event.index);
            }
        }
        let births = &self.script.births;
        self.script.absent = self.trace.names.ids().filter(|node| !births.contains_key(node)).collect();
    }

    /// What each step sent, chose and set.
    fn parts(&mut self) -> Result<(), Refused> {
        for event in &self.trace.events {
            let number = |key: &str| event.body.as_ref().and_then(|body| body.get(key)?.as_u64());
            match (event.kind, event.cause) {
                (EventKind::Send, cause) => {
                    let (Some(cause), Some(message), Some(to)) = (cause, event.message, event.to) else {
                        return Err(Refused::Incomplete { event: event.index });
                    };
                    let kind = event.message_kind.clone().unwrap_or_default();
                    let sending = Sending { message, to, kind };
                    self.script.sendings.entry(cause).or_default().push(sending);
                }
                (EventKind::Choice, Some(cause)) => {
                    let chosen = number("chosen").map(|chosen| chosen as u32);
                    self.parts.entry(cause).or_default().0.extend(chosen);
                }
                (EventKind::TimerSet, Some(cause)) => {
                    let runs = number("runs").map(Duration::from_nanos);
                    self.parts.entry(cause).or_default().1.extend(runs);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What an event says of what made it happen.
    fn event(&mut self, event: &Event, at: u64) -> Result<(), Refused> {
        let act = |what| Act { index: Some(event.index), ..Act::new(at, what, (RECORDED, event.index)) };
        let named = |action: &str| Doing::Named(Move::Event { action: action.into(), node: event.node });
        let act = match event.kind {
            EventKind::Boot | EventKind::Restart => return self.birth(event, at),
            EventKind::Request => {
                if event.why.as_deref() == Some(Reason::NotStarted.name()) {
                    return Ok(());
                }
                let mut entry = Map::new();
                entry.insert("at".into(), json!(time(at)));
                entry.insert("node".into(), json!(event.node.map(|node| self.name(node))));
                entry.insert("request".into(), event.body.clone().unwrap_or_default());
                let act = Act { entry: Some(entry.into()), ..act(named("request")) };
                if event.why.is_some() { act } else { self.step(act, event) }
            }
            EventKind::Receive => {
                let (Some(message), Some(node)) = (event.message, event.node) else {
                    return Err(Refused::Incomplete { event: event.index });
                };
                if event.cause.is_none() {
                    return Err(self.unsent(event));
                }
                self.step(act(Doing::Arrive { message, at: node }), event)
            }
            EventKind::Timer => {
                let Some(node) = event.node else { return Err(Refused::Incomplete { event: event.index }) };
                self.step(act(Doing::Named(Move::Timer(node))), event)
            }
            EventKind::Drop => match self.drop_act(event) {
                Some(what) => act(what),
                None => return Ok(()),
            },
            EventKind::Duplicate => match event.message {
                Some(message) => act(Doing::Double { message }),
                None => return Ok(()),
            },
            EventKind::Note => match (clocks::passed_on(event), event.message, event.node) {
                (true, Some(message), Some(at)) => act(Doing::Pass { message, at }),
                _ => return Ok(()),
            },
            EventKind::Crash | EventKind::Pause | EventKind::Resume => {
                let entry = event.node.map(|node| self.fault(at, event.kind.name(), node));
                Act { entry, ..act(named(event.kind.name())) }
            }
            EventKind::Output
            | EventKind::Send
            | EventKind::TimerSet
            | EventKind::Save
            | EventKind::Choice
            // These come from the scenario: see `timeline`.
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock => return Ok(()),
        };
        self.script.acts.push(act);
        Ok(())
    }

    /// A fault of a node as an entry of `events`. What really happened may have touched nothing.
    fn fault(&self, at: u64, action: &str, node: ProcessId) -> Value {
        json!({ "at": time(at), action: self.name(node), "may-miss": true })
    }

    /// Somebody took part who wrote nothing down.
    fn unsent(&self, event: &Event) -> Refused {
        let name = |node: Option<ProcessId>| node.map_or_else(String::new, |node| self.name(node));
        Refused::Unsent {
            event: event.index,
            node: name(event.node),
            kind: event.message_kind.clone().unwrap_or_default(),
            from: name(event.from),
        }
    }

    /// A life begins.
    fn birth(&mut self, event: &Event, at: u64) -> Result<(), Refused> {
        let Some(node) = event.node else { return Err(Refused::Incomplete { event: event.index }) };
        self.lives[node.index()] += 1;
        let is_first = self.lives[node.index()] == 1;
        if is_first && at == 0 {
            return Ok(());
        }
        let action = if is_first { "start" } else { "restart" };
        let rank = if is_first { (START, u64::from(node.0)) } else { (RECORDED, event.index) };
        let what = Doing::Named(Move::Event { action: action.into(), node: Some(node) });
        let mut act = Act { index: Some(event.index), ..Act::new(at, what, rank) };
        if is_first {
            self.script.starts.insert(node, at);
        } else {
            act.entry = Some(self.fault(at, action, node));
        }
        let act = self.step(act, event);
        self.script.acts.push(act);
        Ok(())
    }

    /// A step with what the process chose in it, and how long its timers ran where the seed does not say.
    fn step(&mut self, act: Act, event: &Event) -> Act {
        let (choose, runs) = self.parts.remove(&event.index).unwrap_or_default();
        // The seed says how long timers run in a first life.
        let says = |node: ProcessId| self.liberties.lengths.contains(&node) && self.lives[node.index()] > 1;
        let runs = if event.node.is_some_and(says) { runs } else { Vec::new() };
        Act { node: event.node, choose, runs, ..act }
    }

    /// What a loss was: on a link, or on arrival.
    fn drop_act(&self, event: &Event) -> Option<Doing> {
        let (message, at) = (event.message?, event.node?);
        let is = |reason: Reason| event.why.as_deref() == Some(reason.name());
        let arrives = is(Reason::Down) || is(Reason::NotStarted) || is(Reason::NoLink);
        let separated = is(Reason::Partition) || is(Reason::Cut);
        if arrives || separated && !self.liberties.walls {
            return Some(Doing::Arrive { message, at });
        }
        let name = |key: &str| self.trace.names.find(event.body.as_ref()?.get(key)?.as_str()?);
        let from = if separated { name("via") } else { name("at") };
        Some(Doing::Lose { message, from: from.or(event.from)? })
    }

    /// What the scenario's own timeline does to the network and to clocks.
    fn timeline(&mut self, whole: bool) {
        let agenda = self.plan.setup.agenda.clone();
        let mut world = World::new(Arc::new(self.plan.setup.clone()));
        world.reset(self.plan.seed);
        for (number, planned) in agenda.iter().enumerate() {
            let nodes = match &planned.action {
                Action::Clock(Targets::Node(node), _) => vec![Some(*node)],
                Action::Clock(Targets::Any(quantity), _) => {
                    let drawn = self.drawn(&mut world, number as u32, *quantity);
                    drawn.into_iter().map(Some).collect()
                }
                Action::Partition(_) | Action::Cut(_) | Action::Heal(_) if self.liberties.walls => continue,
                Action::Partition(_) | Action::Cut(_) | Action::Heal(_) | Action::Link(..) => vec![None],
                // A targeted loss stands in the schedule, and the others where they were recorded.
                Action::Drop { .. }
                | Action::Request { .. }
                | Action::Crash { .. }
                | Action::Restart(_)
                | Action::Pause(_)
                | Action::Resume(_) => continue,
            };
            for node in nodes {
                self.planned(planned, number as u64, node, whole);
            }
        }
    }

    fn drawn(&self, world: &mut World, number: u32, quantity: Quantity) -> Vec<ProcessId> {
        world.draw_nodes(quantity, number, self.trace.names.ids().collect())
    }

    fn planned(&mut self, planned: &Planned, number: u64, node: Option<ProcessId>, whole: bool) {
        let behind = node.map_or(0, |node| self.script.behind[node.index()]);
        let at = planned.at.0.saturating_add(behind);
        let until = self.plan.setup.until.map_or(u64::MAX, |until| until.0);
        let last = if whole { until } else { self.script.end };
        let Some(entry) = self.entry(planned, at, node).filter(|_| at <= last) else { return };
        let action: String = planned.action.name().into();
        let what = Doing::Named(Move::Event { action: action.clone(), node });
        let begins = Act::new(at, what, (PLANNED, number));
        self.script.acts.push(Act { entry: Some(entry), ..begins });
        let ends = planned.lasts.map(|lasts| at.saturating_add(lasts.as_nanos() as u64));
        if let Some(ends) = ends.filter(|ends| *ends <= last) {
            let what = Doing::Named(Move::End { action, node });
            self.script.acts.push(Act::new(ends, what, (ENDING, number)));
        }
    }

    /// An entry of the scenario's `events` at its own time, without what stands in the schedule; nothing when nothing is
    /// left of it.
    fn entry(&self, planned: &Planned, at: u64, node: Option<ProcessId>) -> Option<Value> {
        let written = self.plan.resolved.get("events")?.get(planned.entry as usize)?;
        let mut entry = written.as_object()?.clone();
        for key in ["every", "times"] {
            entry.shift_remove(key);
        }
        entry.insert("at".into(), json!(time(at)));
        entry.insert("may-miss".into(), json!(true));
        if let (Some(node), Some(clock)) = (node, entry.get_mut("clock").and_then(Value::as_object_mut)) {
            clock.insert("node".into(), json!(self.name(node)));
        }
        if let Some(link) = entry.get_mut("link").and_then(Value::as_object_mut) {
            super::stage::without_chances(link);
            if link.keys().all(|key| ["between", "from", "to"].contains(&key.as_str())) {
                return None;
            }
        }
        Some(entry.into())
    }

    /// A clock that drifts and began to count later is set back when it begins: from there on it shows what it did, to the
    /// nanosecond.
    fn set_drifting_clocks(&mut self) {
        for (node, setup) in &self.plan.setup.nodes {
            let behind = self.script.behind[node.index()];
            if behind == 0 || setup.clock_drift == 0 {
                continue;
            }
            let gained = (i128::from(behind) * i128::from(setup.clock_drift)).div_euclid(1_000_000_000);
            let step = i64::try_from(-i128::from(behind) - gained).unwrap_or(i64::MIN);
            let (sign, size) = (if step < 0 { "-" } else { "" }, time(step.unsigned_abs()));
            let clock = json!({ "node": self.name(*node), "step": format!("{sign}{size}") });
            let entry = json!({ "at": time(behind), "clock": clock, "may-miss": true });
            let what = Doing::Named(Move::Event { action: "clock".into(), node: Some(*node) });
            let act = Act::new(behind, what, (CLOCK, u64::from(node.0)));
            self.script.acts.push(Act { entry: Some(entry), ..act });
        }
    }

    /// Those that were killed in the middle of a step crash there, after so many messages.
    fn doom(&mut self) {
        for step in &self.liberties.doomed {
            let sends = self.script.sendings.get(step).map_or(0, Vec::len);
            let Some(place) = self.script.acts.iter().position(|act| act.index == Some(*step)) else {
                continue;
            };
            let (at, rank, node) = {
                let act = &self.script.acts[place];
                (act.at, act.rank, act.node)
            };
            let Some(node) = node else { continue };
            let is_crash = |act: &Act| {
                let crash = Doing::Named(Move::Event { action: "crash".into(), node: Some(node) });
                act.what == crash && act.index > Some(*step)
            };
            if let Some(crash) = self.script.acts.iter().position(is_crash) {
                self.script.acts.remove(crash);
            }
            let mut entry = self.fault(at, "crash", node);
            entry["after-sends"] = json!(sends);
            let what = Doing::Named(Move::Event { action: "crash".into(), node: Some(node) });
            let place = place.min(self.script.acts.len());
            self.script.acts.insert(place, Act { entry: Some(entry), ..Act::new(at, what, rank) });
        }
    }
}

/// Whether an event is the beginning of a step of a process.
pub(super) fn is_beginning(kind: EventKind) -> bool {
    use EventKind::{Boot, Receive, Request, Restart, Timer};
    matches!(kind, Boot | Restart | Request | Receive | Timer)
}

/// A time as a scenario says it.
pub(super) fn time(nanoseconds: u64) -> String {
    format_duration(Duration::from_nanos(nanoseconds))
}
