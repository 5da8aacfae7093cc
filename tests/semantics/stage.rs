//! A small world in a few words, and what its trace says.

use super::probe::{Ask, Probe, Told};
use std::{sync::Arc, time::Duration};
use synod::{
    process::{Names, ProcessId, Time},
    simulate::{Cast, Simulation, Summary},
    trace::{Event, EventKind, Level},
    world::{Action, Fault, LinkPatch, LinkPattern, LinkSettings, NodeSetup, Planned, Setup, Shape, Targets},
};

pub(crate) const A: ProcessId = ProcessId(0);
pub(crate) const B: ProcessId = ProcessId(1);
pub(crate) const C: ProcessId = ProcessId(2);
pub(crate) const D: ProcessId = ProcessId(3);

/// Milliseconds.
pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The links from one node to another.
pub(crate) fn link(from: ProcessId, to: ProcessId) -> LinkPattern {
    LinkPattern::Directed { from: Some(from), to: Some(to) }
}

/// A change of the delay alone.
pub(crate) fn delay(milliseconds: u64) -> LinkPatch {
    LinkPatch { delay: Some(ms(milliseconds)), ..LinkPatch::default() }
}

pub(crate) fn crash(node: ProcessId) -> Action {
    Action::Crash { targets: Targets::Node(node), after_sends: None }
}

pub(crate) fn pause(node: ProcessId) -> Action {
    Action::Pause(Targets::Node(node))
}

/// A world of probes in the making.
pub(crate) struct Stage {
    pub(crate) setup: Setup,
    requests: Vec<Ask>,
}

impl Stage {
    /// So many nodes, links that take 10 ms.
    pub(crate) fn of(nodes: u32) -> Self {
        Self::named(Names::Numbered(nodes))
    }

    pub(crate) fn named(names: Names) -> Self {
        let mut setup = Setup::of(names);
        setup.network.delay = ms(10);
        Self { setup, requests: Vec::new() }
    }

    pub(crate) fn network(mut self, change: impl FnOnce(&mut LinkSettings)) -> Self {
        change(&mut self.setup.network);
        self
    }

    pub(crate) fn link(mut self, from: ProcessId, to: ProcessId, patch: LinkPatch) -> Self {
        self.setup.links.push((link(from, to), patch));
        self
    }

    pub(crate) fn shape(mut self, shape: Shape, routing: bool) -> Self {
        self.setup.topology = shape;
        self.setup.routing = routing;
        self
    }

    pub(crate) fn node(mut self, node: ProcessId, change: impl FnOnce(&mut NodeSetup)) -> Self {
        change(self.setup.nodes.entry(node).or_default());
        self
    }

    /// Something happens at a time in milliseconds and stays.
    pub(crate) fn at(self, at: u64, action: Action) -> Self {
        self.plan(at, action, None)
    }

    /// Something happens and lasts so many milliseconds.
    pub(crate) fn during(self, at: u64, lasts: u64, action: Action) -> Self {
        self.plan(at, action, Some(ms(lasts)))
    }

    /// A node is asked for something.
    pub(crate) fn ask(self, at: u64, node: ProcessId, ask: Ask) -> Self {
        self.ask_some(at, Targets::Node(node), ask)
    }

    pub(crate) fn ask_some(mut self, at: u64, targets: Targets, ask: Ask) -> Self {
        self.requests.push(ask);
        let request = self.requests.len() as u32 - 1;
        self.plan(at, Action::Request { targets, request }, None)
    }

    fn plan(mut self, at: u64, action: Action, lasts: Option<Duration>) -> Self {
        let entry = self.setup.agenda.len() as u32;
        let at = Time::ZERO.after(ms(at));
        self.setup.agenda.push(Planned { at, action, lasts, may_miss: false, entry });
        self
    }

    pub(crate) fn run(self) -> Run {
        self.run_with(1)
    }

    pub(crate) fn run_with(mut self, seed: u64) -> Run {
        self.setup.agenda.sort_by_key(|planned| planned.at);
        let names = self.setup.names.clone();
        let cast = Cast::<Probe> { requests: self.requests, ..Cast::default() };
        let mut simulation = Simulation::new(Arc::new(self.setup), cast);
        let summary = simulation.run(seed, Level::Full);
        let told = simulation.recording().told(&names);
        let lines = told.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let read = |line| serde_json::from_slice(line).expect("a line of a trace can be read");
        let events = names.scope(|| lines.map(read).collect());
        let outputs = simulation.recording().outputs().map(|(node, output)| (node, output.clone())).collect();
        Run { summary, events, outputs, faults: simulation.faults().to_vec() }
    }
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) summary: Summary,
    pub(crate) events: Vec<Event>,
    outputs: Vec<(ProcessId, Told)>,
    pub(crate) faults: Vec<Fault>,
}

impl Run {
    /// The events of one kind.
    pub(crate) fn events(&self, kind: EventKind) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// When events of one kind happened at a node, in nanoseconds.
    pub(crate) fn times(&self, kind: EventKind, node: ProcessId) -> Vec<u64> {
        self.events(kind).filter(|event| event.node == Some(node)).map(|event| event.time).collect()
    }

    /// As [`Run::times`], in whole milliseconds, which they must be.
    pub(crate) fn milliseconds(&self, kind: EventKind, node: ProcessId) -> Vec<u64> {
        let whole = |time: u64| {
            assert_eq!(time % 1_000_000, 0, "{time} ns are no whole milliseconds");
            time / 1_000_000
        };
        self.times(kind, node).into_iter().map(whole).collect()
    }

    /// What a node told.
    pub(crate) fn told(&self, node: ProcessId) -> Vec<Told> {
        let own = self.outputs.iter().filter(|(who, _)| *who == node);
        own.map(|(_, told)| told.clone()).collect()
    }

    /// The letters that a node heard: from whom, and which.
    pub(crate) fn heard(&self, node: ProcessId) -> Vec<(ProcessId, u64)> {
        let heard = self.told(node).into_iter().filter_map(|told| match told {
            Told::Heard(from, number) => Some((from, number)),
            Told::Booted(_) | Told::RanOut(..) | Told::Chose(_) => None,
        });
        heard.collect()
    }

    /// What was dropped: the message, at what time in milliseconds, at which node, why.
    pub(crate) fn drops(&self) -> Vec<(u64, u64, ProcessId, &str)> {
        let drops = self.events(EventKind::Drop).filter_map(|event| {
            let why = event.why.as_deref().unwrap_or_default();
            Some((event.message?, event.time / 1_000_000, event.node?, why))
        });
        drops.collect()
    }

    /// How many things each fault touched.
    pub(crate) fn touched(&self) -> Vec<(&'static str, u64)> {
        self.faults.iter().map(|fault| (fault.kind, fault.touched)).collect()
    }
}
