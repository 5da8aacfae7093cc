//! The faults of a run: which kinds it has at all (swarm testing: Groce, Zhang, Eide, Chen, Regehr 2012), then which
//! ones, when and where.

use super::{Campaign, Course, Settings, Usual};
use crate::{
    explore::strategy::Dice,
    process::{Names, ProcessId, Time, format_duration},
    scenario::Vary,
    world::{Action, ClockChange, Heal, LinkPattern, Planned, Quantity, Targets},
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The kinds of faults that runs can have.
pub(super) fn kinds(settings: &Settings, nodes: usize, usual: &Usual) -> Vec<Vary> {
    let possible = |vary: &Vary| match vary {
        Vary::Crash | Vary::Pause | Vary::Clock => true,
        Vary::Partition => nodes > 1,
        Vary::Loss | Vary::Duplicate => !usual.messages.is_empty(),
        Vary::Order | Vary::Delay | Vary::Timer => false,
    };
    let kinds = settings.vary.iter().copied().filter(possible);
    if settings.faults == 0 { Vec::new() } else { kinds.collect() }
}

impl Campaign {
    pub(super) fn draw_faults(&self, course: &mut Course) {
        let mut dice = Dice::new(course.seed, b"swarming");
        let mut kinds = self.kinds.clone();
        kinds.retain(|_| dice.below(2) == 0);
        if kinds.is_empty() {
            return;
        }
        for _ in 0..=dice.below(u64::from(self.settings.faults)) {
            let kind = kinds[dice.below(kinds.len() as u64) as usize];
            if kind == Vary::Duplicate {
                course.copies += 1;
                continue;
            }
            let (at, action, lasts) = self.draw_fault(kind, &mut dice);
            // The second half is for getting well again.
            let at = if self.settings.chaos { at / 2 } else { at };
            self.add(course, at, action, lasts);
        }
        if self.settings.chaos && !course.faults.is_empty() {
            let everybody = Targets::Any(Quantity::All);
            let half = self.span() / 2;
            for action in [Action::Heal(Heal::All), Action::Restart(everybody), Action::Resume(everybody)] {
                self.add(course, half, action, None);
            }
        }
    }

    fn add(&self, course: &mut Course, at: u64, action: Action, lasts: Option<u64>) {
        let entry = self.entries + course.faults.len() as u32;
        let lasts = lasts.map(Duration::from_nanos);
        course.faults.push(Planned { at: Time(at), action, lasts, may_miss: true, entry });
    }

    /// How long a run usually takes, in nanoseconds; never nothing.
    fn span(&self) -> u64 {
        self.usual.end.max(1_000_000)
    }

    fn draw_fault(&self, kind: Vary, dice: &mut Dice) -> (u64, Action, Option<u64>) {
        let nodes = self.setup.names.len() as u64;
        let at = self.draw_time(dice);
        let lasts = self.round(dice.below(self.span() / 2)).max(1);
        let node = Targets::Node(ProcessId(dice.below(nodes) as u32));
        match kind {
            Vary::Pause => (at, Action::Pause(node), Some(lasts)),
            Vary::Partition => {
                let away = (0..nodes as u32).filter(|_| dice.below(2) == 0).map(ProcessId);
                let mut away: Vec<ProcessId> = away.collect();
                if away.is_empty() || away.len() as u64 == nodes {
                    away = vec![ProcessId(dice.below(nodes) as u32)];
                }
                (at, Action::Partition(vec![away]), Some(lasts))
            }
            Vary::Clock => {
                let step = lasts as i64;
                let step = if dice.below(2) == 0 { step } else { -step };
                (at, Action::Clock(node, ClockChange::Step(step)), None)
            }
            Vary::Loss => {
                // As likely as it has messages, from the beginning on.
                let link = self.usual.messages[dice.below(self.usual.messages.len() as u64) as usize];
                let like = self.usual.messages.iter().filter(|other| **other == link).count() as u64;
                let links = LinkPattern::Directed { from: Some(link.0), to: Some(link.1) };
                (0, Action::Drop { links, kind: None, nth: 1 + dice.below(like) }, None)
            }
            Vary::Crash | Vary::Order | Vary::Delay | Vary::Duplicate | Vary::Timer => {
                let comes_back = (dice.below(2) == 0).then_some(lasts);
                let after_sends = (dice.below(4) == 0).then(|| 1 + dice.below(2 * nodes) as u32);
                // In the middle of sending: armed from the beginning on.
                let at = if after_sends.is_some() { 0 } else { at };
                (at, Action::Crash { targets: node, after_sends }, comes_back)
            }
        }
    }

    /// A time at which something usually happens, or any.
    fn draw_time(&self, dice: &mut Dice) -> u64 {
        let moments = &self.usual.moments;
        if moments.is_empty() || dice.below(4) == 0 {
            self.round(dice.below(self.span()))
        } else {
            moments[dice.below(moments.len() as u64) as usize]
        }
    }

    /// Times of a few digits are read more easily.
    fn round(&self, time: u64) -> u64 {
        let grain = 10_u64.pow((self.span() / 1000).checked_ilog10().unwrap_or(0));
        time - time % grain
    }
}

/// A fault as an entry of a scenario's `events`.
pub(in crate::explore) fn event(fault: &Planned, names: &Names) -> Value {
    let Planned { at, action, lasts, .. } = fault;
    let name = |node: ProcessId| json!(names.name(node));
    let whom = |targets: &Targets| match targets {
        Targets::Node(node) => name(*node),
        Targets::Any(Quantity::One) => json!({ "any": "one" }),
        Targets::Any(Quantity::Minority) => json!({ "any": "minority" }),
        Targets::Any(Quantity::Majority) => json!({ "any": "majority" }),
        Targets::Any(Quantity::All) => json!({ "any": "all" }),
    };
    let mut event = Map::new();
    let mut put = |key: &str, value: Value| drop(event.insert(key.into(), value));
    put("at", json!(at.to_string()));
    let particulars = match action {
        Action::Crash { targets, .. }
        | Action::Restart(targets)
        | Action::Pause(targets)
        | Action::Resume(targets) => whom(targets),
        Action::Partition(groups) => {
            let group = |group: &Vec<ProcessId>| group.iter().map(|node| name(*node)).collect();
            groups.iter().map(group).collect::<Vec<Value>>().into()
        }
        Action::Clock(targets, ClockChange::Step(step)) => {
            let size = format_duration(Duration::from_nanos(step.unsigned_abs()));
            let sign = if *step < 0 { "-" } else { "" };
            json!({ "node": whom(targets), "step": format!("{sign}{size}") })
        }
        Action::Drop { links: LinkPattern::Directed { from: Some(from), to: Some(to) }, nth, .. } => {
            json!({ "from": name(*from), "to": name(*to), "nth": nth })
        }
        Action::Heal(_) => json!("all"),
        Action::Request { .. }
        | Action::Cut(_)
        | Action::Link(..)
        | Action::Clock(..)
        | Action::Drop { .. } => unreachable!("campaigns have no such faults"),
    };
    put(action.name(), particulars);
    if let Action::Crash { after_sends: Some(sends), .. } = action {
        put("after-sends", json!(sends));
    }
    if let Some(lasts) = lasts {
        put("for", json!(format_duration(*lasts)));
    }
    put("may-miss", json!(true));
    event.into()
}
