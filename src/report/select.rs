//! Which events of a trace are shown.

use crate::process::{ProcessId, Time};
use crate::trace::{Event, EventKind, Trace};

/// Picks events. The default picks all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Events at these nodes, and those of the network as a whole; empty for all nodes.
    pub nodes: Vec<ProcessId>,
    /// Events of these kinds; empty for all kinds.
    pub kinds: Vec<EventKind>,
    /// An event's index, and how many indexes before and behind it.
    pub around: Option<(u64, u64)>,
    /// Not before this time.
    pub from: Option<Time>,
    /// Not after this time.
    pub until: Option<Time>,
    /// Only so many of those that are left: the last ones.
    pub last: Option<usize>,
}

impl Selection {
    /// The selected events, in order.
    pub fn events<'a>(&self, trace: &'a Trace) -> Vec<&'a Event> {
        let mut events: Vec<&Event> = trace.events.iter().filter(|event| self.takes(event)).collect();
        if let Some(last) = self.last {
            events.drain(..events.len().saturating_sub(last));
        }
        events
    }

    /// A trace of the selected events alone, to hand to an exporter. They keep their indexes, so that it cannot be
    /// read back: it is an excerpt and no trace of a run.
    pub fn excerpt(&self, trace: &Trace) -> Trace {
        Trace {
            header: trace.header.clone(),
            names: trace.names.clone(),
            events: self.events(trace).into_iter().cloned().collect(),
            footer: trace.footer.clone(),
        }
    }

    fn takes(&self, event: &Event) -> bool {
        let near = |(middle, distance): (u64, u64)| event.index.abs_diff(middle) <= distance;
        (self.nodes.is_empty() || event.node.is_none_or(|node| self.nodes.contains(&node)))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.around.is_none_or(near)
            && self.from.is_none_or(|from| from.0 <= event.time)
            && self.until.is_none_or(|until| event.time <= until.0)
    }
}
