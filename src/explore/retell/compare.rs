//! What each node did in a recorded run, held against what it does in the simulator.

use super::script::{Script, is_beginning};
use crate::{
    process::{Names, ProcessId},
    trace::{Event, EventKind},
};
use serde_json::Value;

/// How two runs compare.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    /// The first difference of each node that has one.
    pub(super) differs: Vec<Differs>,
    /// How many events happen at another time, and how much later at most, in nanoseconds.
    pub(super) shifted: (u64, u64),
    /// How many have another Lamport number.
    pub(super) renumbered: u64,
}

/// Where a node does something else than was recorded.
#[derive(Clone, Debug)]
pub(super) struct Differs {
    pub(super) node: ProcessId,
    /// The recorded event with which the step began.
    pub(super) step: Option<u64>,
    /// Whether the recorded life is over here, in the middle of the step perhaps.
    pub(super) is_over: bool,
    pub(super) recorded: Option<Event>,
    pub(super) simulated: Option<Event>,
    /// What of the event differs.
    pub(super) field: &'static str,
}

impl Differs {
    /// In a sentence.
    pub(super) fn told(&self, names: &Names) -> String {
        let name = names.name(self.node);
        let event = |event: &Option<Event>| match event {
            None => "nothing more".to_owned(),
            Some(event) => {
                let kind = event.message_kind.as_deref().map_or_else(String::new, |kind| format!(" {kind}"));
                format!("{}{kind} at {}", event.kind.name(), crate::process::Time(event.time))
            }
        };
        let number =
            self.recorded.as_ref().map_or_else(String::new, |event| format!("event {}: ", event.index));
        let (recorded, simulated) = (event(&self.recorded), event(&self.simulated));
        format!("{number}{name} did {recorded}, simulated it does {simulated} ({} differs)", self.field)
    }

    /// Whether the simulated step goes on where the recorded life is over: the node was killed in the middle of it.
    pub(super) fn goes_on(&self) -> bool {
        self.is_over && self.simulated.as_ref().is_some_and(|event| !is_beginning(event.kind))
    }

    /// Whether only the length of a timer differs.
    pub(super) fn is_length(&self) -> bool {
        let (Some(recorded), Some(simulated)) = (&self.recorded, &self.simulated) else { return false };
        let timer = |event: &Event| event.body.as_ref().and_then(|body| body.get("timer").cloned());
        recorded.kind == EventKind::TimerSet
            && simulated.kind == EventKind::TimerSet
            && timer(recorded) == timer(simulated)
    }
}

/// Compares what each node was asked, got, sent, said, saved, chose and set.
pub(super) fn compare(recorded: &[Event], simulated: &[Event], script: &Script, names: &Names) -> Compared {
    let mut compared = Compared::default();
    for node in names.ids() {
        let own = |event: &&Event| event.node == Some(node) && is_own(event);
        let one: Vec<&Event> = recorded.iter().filter(own).collect();
        let other: Vec<&Event> = simulated.iter().filter(own).collect();
        let mut step = None;
        for place in 0..one.len().max(other.len()) {
            let (first, second) = (one.get(place).copied(), other.get(place).copied());
            let field = match (first, second) {
                (Some(first), Some(second)) => field(first, second, recorded, simulated, place == 0),
                _ => Some("event"),
            };
            if let Some(field) = field {
                let is_over = first.is_none_or(|event| event.kind == EventKind::Restart);
                let (recorded, simulated) = (first.cloned(), second.cloned());
                compared.differs.push(Differs { node, step, is_over, recorded, simulated, field });
                break;
            }
            let (Some(first), Some(second)) = (first, second) else { break };
            if is_beginning(first.kind) {
                step = Some(first.index);
            }
            let at = first.time.saturating_add(script.behind[node.index()]);
            if second.time != at {
                compared.shifted.0 += 1;
                compared.shifted.1 = compared.shifted.1.max(second.time.abs_diff(at));
            }
            compared.renumbered += u64::from(first.lamport != second.lamport);
        }
    }
    compared
}

/// Whether an event is something that a process notices or does.
fn is_own(event: &Event) -> bool {
    use EventKind::{Choice, Output, Save, Send, TimerSet};
    let does = matches!(event.kind, Output | Send | TimerSet | Save | Choice);
    (does || is_beginning(event.kind)) && event.why.is_none()
}

/// What differs between two events.
fn field(
    recorded: &Event,
    simulated: &Event,
    all: &[Event],
    others: &[Event],
    begins: bool,
) -> Option<&'static str> {
    let is_birth = |event: &Event| matches!(event.kind, EventKind::Boot | EventKind::Restart);
    if recorded.kind != simulated.kind {
        // It may have been killed before it had written anything: what is left begins with its second life.
        return (!(begins && is_birth(recorded) && is_birth(simulated))).then_some("event");
    }
    match () {
        () if recorded.message_kind != simulated.message_kind => Some("type"),
        () if recorded.to != simulated.to => Some("to"),
        () if recorded.from != simulated.from => Some("from"),
        () if is_birth(recorded) => None,
        () if recorded.kind == EventKind::Receive => {
            (content(recorded, all) != content(simulated, others)).then_some("content")
        }
        // A live node says more of it: whether the length was drawn.
        () if recorded.kind == EventKind::TimerSet => {
            let part = |event: &Event, key: &str| event.body.as_ref()?.get(key).cloned();
            let differs = |key| part(recorded, key) != part(simulated, key);
            ["timer", "runs"].into_iter().any(differs).then_some("body")
        }
        () => (recorded.body != simulated.body).then_some("body"),
    }
}

/// What a received message says: that stands where it was sent.
fn content<'a>(event: &Event, all: &'a [Event]) -> Option<&'a Value> {
    all.get(event.cause? as usize)?.body.as_ref()
}
