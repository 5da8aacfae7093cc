//! The worlds that are searched: the scenario's own, and those with faults in it, one set of faults after the other.
//!
//! When a fault happens within what the scenario plans is part of the world; when it happens within everything else is
//! part of the order, and left to the search.

use crate::{
    explore::{Subject, campaign::event},
    process::{ProcessId, Time},
    scenario::{Plan, Vary, reload},
    world::{Action, Heal, Planned, Targets},
};

/// Up to so many nodes, every partition in two is tried; with more, one node is cut off.
const SMALL: usize = 4;

/// All worlds of a scenario, those with fewer faults first.
pub(super) struct Worlds {
    /// How many faults there are at most.
    most: usize,
    slots: Vec<Slot>,
    /// What a fault can be: what happens at which slots.
    faults: Vec<Vec<(usize, Action)>>,
    /// Which faults the next world has, in order.
    next: Option<Vec<usize>>,
}

/// Faults that a world has.
pub(super) struct FaultSet {
    /// What happens where in what the scenario plans, in order.
    happenings: Vec<(Slot, Action)>,
    faults: u32,
}

/// A world to search.
pub(super) struct World {
    pub(super) plan: Plan,
    /// How many of the faults it has used up.
    pub(super) faults: u32,
}

/// A place in what the scenario plans.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    at: Time,
    /// How many of the scenario's `events` stand before it.
    entries: u32,
}

impl Worlds {
    /// With up to `most` faults of the kinds in `vary`.
    pub(super) fn new(plan: &Plan, vary: &[Vary], most: u32) -> Self {
        let slots = slots(plan);
        let faults = faults(plan.setup.names.len(), slots.len(), vary);
        Self { most: most as usize, slots, faults, next: Some(Vec::new()) }
    }

    /// The next set of faults; it may make no sense.
    pub(super) fn next(&mut self) -> Option<FaultSet> {
        let set = self.next.take()?;
        self.next = self.after(&set);
        let happenings = set.iter().flat_map(|fault| self.faults[*fault].iter().cloned());
        let mut happenings: Vec<(Slot, Action)> =
            happenings.map(|(slot, action)| (self.slots[slot], action)).collect();
        happenings.sort_by_key(|(slot, _)| *slot);
        Some(FaultSet { happenings, faults: set.len() as u32 })
    }

    /// The set of faults after this one.
    fn after(&self, set: &[usize]) -> Option<Vec<usize>> {
        let (size, count) = (set.len(), self.faults.len());
        // The last one that can still move on, and all behind it.
        let movable = (0..size).rev().find(|place| set[*place] + size - place < count);
        if let Some(place) = movable {
            let first = set[place] + 1;
            return Some(set[..place].iter().copied().chain(first..first + size - place).collect());
        }
        (size < self.most && size < count).then(|| (0..=size).collect())
    }
}

impl FaultSet {
    /// The scenario of `subject` with these faults; nothing when it makes no sense.
    pub(super) fn world(self, subject: &Subject<'_>) -> Option<World> {
        let plan = subject.plan;
        let mut scenario = plan.resolved.clone();
        let events = scenario["events"].as_array_mut()?;
        for (Slot { at, entries }, action) in self.happenings.into_iter().rev() {
            let fault = Planned { at, action, lasts: None, may_miss: true, entry: 0 };
            events.insert(entries as usize, event(&fault, &plan.setup.names));
        }
        if let Some(map) = scenario.as_object_mut() {
            map.shift_remove("schedule");
        }
        let plan = reload(&plan.name, &scenario, subject.catalogue).ok()?;
        Some(World { plan, faults: self.faults })
    }
}

/// Before all that is planned, after each of it, and after each late start.
fn slots(plan: &Plan) -> Vec<Slot> {
    let agenda = &plan.setup.agenda;
    let mut slots = vec![Slot { at: Time::ZERO, entries: 0 }];
    slots.extend(agenda.iter().map(|planned| Slot { at: planned.at, entries: planned.entry + 1 }));
    for node in plan.setup.nodes.values().filter(|node| node.start > Time::ZERO) {
        let before = agenda.iter().rfind(|planned| planned.at < node.start);
        slots.push(Slot { at: node.start, entries: before.map_or(0, |planned| planned.entry + 1) });
    }
    slots.retain(|slot| plan.setup.until.is_none_or(|until| slot.at < until));
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Every fault of these kinds: what does not end, and what ends at some later slot.
fn faults(nodes: usize, slots: usize, vary: &[Vary]) -> Vec<Vec<(usize, Action)>> {
    let mut pairs: Vec<(Action, Action)> = Vec::new();
    let node = |node: u32| Targets::Node(ProcessId(node));
    let all = 0..nodes as u32;
    if vary.contains(&Vary::Crash) {
        let crash = |id| Action::Crash { targets: node(id), after_sends: None };
        pairs.extend(all.clone().map(|id| (crash(id), Action::Restart(node(id)))));
    }
    if vary.contains(&Vary::Pause) {
        pairs.extend(all.clone().map(|id| (Action::Pause(node(id)), Action::Resume(node(id)))));
    }
    if vary.contains(&Vary::Partition) && nodes > 1 {
        let groups: Vec<Vec<ProcessId>> = if nodes <= SMALL {
            // The last node is never among them, so that no two are the same.
            let member = |set: u32| (0..nodes as u32 - 1).filter(move |id| set >> id & 1 == 1);
            (1..1_u32 << (nodes - 1)).map(|set| member(set).map(ProcessId).collect()).collect()
        } else {
            all.map(|id| vec![ProcessId(id)]).collect()
        };
        pairs.extend(
            groups.into_iter().map(|group| (Action::Partition(vec![group]), Action::Heal(Heal::Partitions))),
        );
    }
    let mut faults = Vec::new();
    for begin in 0..slots {
        for (action, undo) in &pairs {
            faults.push(vec![(begin, action.clone())]);
            faults.extend((begin..slots).map(|end| vec![(begin, action.clone()), (end, undo.clone())]));
        }
    }
    faults
}
