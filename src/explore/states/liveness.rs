//! Runs without end: where a finite number of states goes round in circles, and whether a run could do so for ever.
//!
//! A run is *fair* when nothing that could happen all the time never does: messages arrive, timers run out, what is
//! planned takes place. Of runs that are not fair nothing is expected.

use super::{
    search::Rounds,
    space::{Kind, Move},
    table::Steady,
    view::View,
};
use indexmap::{IndexMap, IndexSet};
use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};
use std::collections::BTreeSet;

/// More states are not looked at again.
const STATES: usize = 1 << 20;

/// A run that goes round in circles for ever.
pub(super) struct Lasso {
    /// A state that it comes back to.
    pub(super) state: u32,
    /// What properties have seen then, and ever will.
    pub(super) history: u128,
    /// What happens on the way back to it.
    pub(super) circle: Vec<u32>,
}

/// What must happen some time if it could all the time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    /// The one with this fingerprint.
    Message(u128),
    Timer(u32),
    Environment,
}

/// A state that can be come back to, perhaps.
struct Place {
    state: u32,
    words: Vec<u32>,
    hash: u128,
    due: BTreeSet<Due>,
    /// Nodes that have a timer running.
    running: BTreeSet<u32>,
}

/// The part of the states that holds every circle.
#[derive(Default)]
struct Part {
    places: Vec<Place>,
    known: IndexMap<u32, usize, Steady>,
    /// Each with what happens, and what that settles.
    graph: DiGraph<(), (u32, Option<Due>)>,
}

/// The fair runs without end, one for each part of the states that they can stay in; and why there may be others.
pub(super) fn lassos(rounds: &Rounds, view: &mut View<'_>) -> (Vec<Lasso>, Option<&'static str>) {
    let returns = rounds.returns();
    let mut part = Part::default();
    for state in returns {
        let (words, hash) = rounds.words(view, state);
        part.add(state, words, hash);
    }
    let mut next = 0;
    while next < part.places.len() {
        if part.places.len() > STATES {
            return (Vec::new(), Some("runs that go on for ever lead through too many states"));
        }
        part.expand(rounds, view, next);
        next += 1;
    }
    let rings = kosaraju_scc(&part.graph);
    let mut open = None;
    let lassos = rings.into_iter().filter_map(|ring| {
        let circle = part.circle(&ring)?;
        if !rounds.space.timers_any_time && part.is_timeless(&ring) {
            // Timers wait for messages here; in a real network they would not.
            open = Some("messages go on for ever, and timers wait for them; let them run out (`fuzz: {vary: [timer]}`)");
            return None;
        }
        let place = &part.places[ring[0].index()];
        let history = rounds.history(view, &place.words);
        Some(Lasso { state: place.state, history, circle })
    });
    let mut lassos: Vec<Lasso> = lassos.collect();
    lassos.sort_by_key(|lasso| lasso.state);
    (lassos, open)
}

impl Part {
    fn add(&mut self, state: u32, words: Vec<u32>, hash: u128) -> NodeIndex {
        if let Some(place) = self.known.get(&state) {
            return NodeIndex::new(*place);
        }
        self.known.insert(state, self.places.len());
        self.places.push(Place { state, words, hash, due: BTreeSet::new(), running: BTreeSet::new() });
        self.graph.add_node(())
    }

    fn expand(&mut self, rounds: &Rounds, view: &mut View<'_>, place: usize) {
        let space = &rounds.space;
        let words = std::mem::take(&mut self.places[place].words);
        let mut found = Vec::new();
        space.expand(view, &words, self.places[place].hash, &mut |hash, action| found.push((hash, action)));
        for (hash, action) in found {
            let what = Move::unpacked(action);
            let due = match what.kind {
                Kind::Deliver => {
                    let message = words[space.first_message() + what.place as usize];
                    Some(Due::Message(view.letters[message as usize].print))
                }
                Kind::Timer => Some(Due::Timer(what.place)),
                Kind::Environment => Some(Due::Environment),
                // Faults need not happen.
                Kind::Lose
                | Kind::Duplicate
                | Kind::Crash
                | Kind::Restart
                | Kind::Partition
                | Kind::Heal
                | Kind::DeliverCut
                | Kind::TimerCut
                | Kind::EnvironmentCut => None,
            };
            self.places[place].due.extend(due);
            let Some(state) = rounds.find(hash) else { continue };
            let mut next = Vec::new();
            if !self.known.contains_key(&state) {
                space.build(view, &words, action, &mut next);
            }
            let target = self.add(state, next, hash);
            self.graph.add_edge(NodeIndex::new(place), target, (action, due));
        }
        let nodes = &words[space.first_node()..space.first_message()];
        let timed = (0..).zip(nodes).filter(|(_, node)| view.nodes[**node as usize].timer.is_some());
        self.places[place].running = timed.map(|(who, _)| who).collect();
        self.places[place].words = words;
    }

    /// Whether a timer runs all the way round and never runs out, because messages leave no time to pass.
    fn is_timeless(&self, ring: &[NodeIndex]) -> bool {
        let mut running = self.places[ring[0].index()].running.clone();
        running.retain(|who| {
            let runs = |node: &NodeIndex| self.places[node.index()].running.contains(who);
            let ends = |node: &NodeIndex| self.places[node.index()].due.contains(&Due::Timer(*who));
            ring.iter().all(runs) && !ring.iter().any(ends)
        });
        !running.is_empty()
    }

    /// A way round in which everything happens that must, from the first state of the ring; nothing when there is none.
    fn circle(&self, ring: &[NodeIndex]) -> Option<Vec<u32>> {
        let inside: IndexSet<NodeIndex, Steady> = ring.iter().copied().collect();
        let due = |node: &NodeIndex| &self.places[node.index()].due;
        let mut always: BTreeSet<Due> = due(&ring[0]).clone();
        always.retain(|what| ring.iter().all(|node| due(node).contains(what)));
        let edges = |node: NodeIndex| {
            self.graph.edges(node).filter_map(|edge| {
                use petgraph::visit::EdgeRef;
                inside.contains(&edge.target()).then_some((edge.target(), *edge.weight()))
            })
        };
        // A state by itself is a ring only if it leads to itself.
        edges(ring[0]).next()?;
        let mut at = ring[0];
        let mut circle = Vec::new();
        for wanted in always {
            let last = |(_, (_, due)): &(NodeIndex, (u32, Option<Due>))| *due == Some(wanted);
            circle.extend(way(at, edges, |_, edge| last(edge)).map(|(steps, end)| {
                at = end;
                steps
            })?);
        }
        let home = |node: NodeIndex, _: &(NodeIndex, (u32, Option<Due>))| node == ring[0];
        if at != ring[0] || circle.is_empty() {
            circle.extend(way(at, edges, |_, edge| home(edge.0, edge))?.0);
        }
        Some(circle)
    }
}

type Edge = (NodeIndex, (u32, Option<Due>));

/// The shortest way along `edges` whose last step is one that `is_last` accepts; where it ends.
fn way<I: Iterator<Item = Edge>>(
    from: NodeIndex,
    edges: impl Fn(NodeIndex) -> I,
    is_last: impl Fn(NodeIndex, &Edge) -> bool,
) -> Option<(Vec<u32>, NodeIndex)> {
    let mut come: IndexMap<NodeIndex, (NodeIndex, u32), Steady> = IndexMap::default();
    come.insert(from, (from, 0));
    let mut next = 0;
    while let Some((node, _)) = come.get_index(next) {
        let node = *node;
        for edge in edges(node) {
            let (target, (action, _)) = edge;
            if is_last(node, &edge) {
                let mut steps = vec![action];
                let mut at = node;
                while at != from {
                    let (before, action) = come[&at];
                    steps.push(action);
                    at = before;
                }
                steps.reverse();
                return Some((steps, target));
            }
            come.entry(target).or_insert((node, action));
        }
        next += 1;
    }
    None
}
