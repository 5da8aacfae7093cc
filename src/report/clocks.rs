//! Vector clocks, derived from message numbers (Fidge 1988, Mattern 1989).

use crate::process::ProcessId;
use crate::trace::{Event, EventKind, Trace};
use std::{collections::BTreeMap, rc::Rc};

/// How many events of each node an event knows of, itself included. Nodes it knows nothing of are left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clock(BTreeMap<ProcessId, u64>);

impl Clock {
    /// How many events of `node` are known.
    pub fn of(&self, node: ProcessId) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    /// The nodes of which something is known, in order, with how much.
    pub fn iter(&self) -> impl Iterator<Item = (ProcessId, u64)> {
        self.0.iter().map(|(node, count)| (*node, *count))
    }

    /// Whether an event with this clock happened before one with `other`; of two events neither of which did, each
    /// is concurrent with the other.
    pub fn precedes(&self, other: &Self) -> bool {
        self != other && self.iter().all(|(node, count)| count <= other.of(node))
    }

    fn learn(&mut self, other: &Self) {
        for (node, count) in other.iter() {
            let known = self.0.entry(node).or_insert(0);
            *known = count.max(*known);
        }
    }
}

/// Goes through a trace and knows the clock of every event at a node. A clock goes on over a crash: it belongs to
/// the observer. A duplicate's arrival is paired with the one sending. Memory follows what is under way.
#[derive(Debug)]
pub struct VectorClocks {
    nodes: BTreeMap<ProcessId, Clock>,
    under_way: BTreeMap<u64, Rc<Clock>>,
    arrivals: BTreeMap<u64, u64>,
}

impl VectorClocks {
    /// Before the first event of `trace`.
    pub fn new(trace: &Trace) -> Self {
        let mut arrivals = BTreeMap::new();
        for event in trace.events.iter().filter(|event| event.kind == EventKind::Receive) {
            if let Some(message) = event.message {
                *arrivals.entry(message).or_insert(0) += 1;
            }
        }
        Self { nodes: BTreeMap::new(), under_way: BTreeMap::new(), arrivals }
    }

    /// The clock of the next event; none when it is the network's: what happens to messages and links is seen by
    /// no node.
    pub fn advance(&mut self, event: &Event) -> Option<&Clock> {
        let node = event.node.filter(|_| is_at_node(event.kind))?;
        let learned = match (event.kind, event.message) {
            (EventKind::Receive, Some(message)) => self.arrive(message),
            _ => None,
        };
        let clock = self.nodes.entry(node).or_default();
        if let Some(learned) = learned {
            clock.learn(&learned);
        }
        *clock.0.entry(node).or_insert(0) += 1;
        let leaving = event.message.filter(|_| event.kind == EventKind::Send);
        if let Some(message) = leaving.filter(|message| self.arrivals.contains_key(message)) {
            self.under_way.entry(message).or_insert_with(|| Rc::new(clock.clone()));
        }
        Some(clock)
    }

    fn arrive(&mut self, message: u64) -> Option<Rc<Clock>> {
        let left = self.arrivals.get_mut(&message)?;
        *left -= 1;
        if *left == 0 {
            self.arrivals.remove(&message);
            return self.under_way.remove(&message);
        }
        self.under_way.get(&message).cloned()
    }
}

/// Whether events of this kind happen at a node, not to a message or a link.
fn is_at_node(kind: EventKind) -> bool {
    match kind {
        EventKind::Boot
        | EventKind::Request
        | EventKind::Output
        | EventKind::Send
        | EventKind::Receive
        | EventKind::TimerSet
        | EventKind::Timer
        | EventKind::Save
        | EventKind::Crash
        | EventKind::Restart
        | EventKind::Pause
        | EventKind::Resume
        | EventKind::Clock
        | EventKind::Choice
        | EventKind::Note => true,
        EventKind::Drop
        | EventKind::Duplicate
        | EventKind::Partition
        | EventKind::Heal
        | EventKind::Cut
        | EventKind::Link => false,
    }
}
