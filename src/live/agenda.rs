//! The scenario's timeline, played against a clock: what is planned, what ends, who starts late.

use crate::{
    process::{ProcessId, Time},
    world::{Action, Consequence, Ending, World},
};
use std::collections::BTreeMap;

/// How far the timeline of a scenario has been played.
#[derive(Debug)]
pub(super) struct Agenda {
    /// Those who still have to start, in order.
    starts: Vec<(Time, ProcessId)>,
    /// The planned action that comes next.
    next: u32,
    endings: BTreeMap<(Time, u64), Ending>,
    sequence: u64,
}

impl Agenda {
    /// Nothing was played yet.
    pub(super) fn new(world: &World) -> Self {
        let setup = world.setup();
        let start = |node: ProcessId| setup.nodes.get(&node).map_or(Time::ZERO, |own| own.start);
        let mut starts: Vec<_> = setup.names.ids().map(|node| (start(node), node)).collect();
        starts.sort();
        starts.reverse();
        Self { starts, next: 0, endings: BTreeMap::new(), sequence: 0 }
    }

    /// When something happens next.
    pub(super) fn due(&self, world: &World) -> Option<Time> {
        let planned = world.setup().agenda.get(self.next as usize).map(|planned| planned.at);
        let ending = self.endings.keys().next().map(|(at, _)| *at);
        let start = self.starts.last().map(|(at, _)| *at);
        [start, ending, planned].into_iter().flatten().min()
    }

    /// Lets the next thing happen that is due by `now`, at its own time; false when there is none. At one time those
    /// who start come first, then what ends, then what is planned. A node that starts counts as restarted.
    pub(super) fn play(
        &mut self,
        world: &mut World,
        now: Time,
        timers: &dyn Fn(ProcessId) -> bool,
        consequences: &mut Vec<Consequence>,
    ) -> bool {
        let Some(at) = self.due(world).filter(|at| *at <= now) else { return false };
        if let Some((_, node)) = self.starts.pop_if(|(start, _)| *start == at) {
            world.boot(node);
            consequences.push(Consequence::Restarted(node));
            return true;
        }
        let first = consequences.len();
        match self.endings.first_entry().filter(|entry| entry.key().0 == at) {
            Some(entry) => world.end(at, entry.remove(), consequences),
            None => {
                self.next += 1;
                world.enact(at, self.next - 1, timers, consequences);
            }
        }
        self.remember(first, consequences);
        true
    }

    /// Keeps what ends later, of the consequences from `first` on.
    pub(super) fn remember(&mut self, first: usize, consequences: &mut Vec<Consequence>) {
        let later =
            consequences.extract_if(first.., |consequence| matches!(consequence, Consequence::Later { .. }));
        for consequence in later {
            if let Consequence::Later { at, ending } = consequence {
                self.endings.insert((at, self.sequence), ending);
                self.sequence += 1;
            }
        }
    }

    /// Passes over what is planned next.
    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// The number of what is planned next.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Whether a crashed node comes back, or may.
    pub(super) fn brings_back(&self, world: &World, node: ProcessId) -> bool {
        let ends = |ending: &Ending| matches!(ending, Ending::Restart { node: who, .. } if *who == node);
        let rest = &world.setup().agenda[self.next as usize..];
        self.endings.values().any(ends)
            || rest.iter().any(|planned| matches!(planned.action, Action::Restart(_)))
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self, world: &World) -> bool {
        self.due(world).is_none()
    }
}
