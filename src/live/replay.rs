//! A live run once more: what went into each node goes into the same machine, and what comes out must be the same.

use super::{
    core::{Birth, Core},
    former::Former,
    journal::is_dropped,
    merge::is_unheard,
    wire::Envelope,
};
use crate::{
    process::{Actors, ProcessId, Time},
    scenario::Plan,
    trace::{Difference, Event, EventKind, Trace, first_difference},
    world::Reason,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What came of a replay.
#[derive(Clone, PartialEq, Debug)]
pub struct Replayed {
    /// How many nodes were run again.
    pub nodes: usize,
    /// How many lives they had together.
    pub lives: usize,
    /// How many events they had together.
    pub events: usize,
    /// The first difference, with the node where it is.
    pub difference: Option<(String, Box<Difference>)>,
}

/// Runs each node of a live trace again, or the one whose journal it is. `actors` makes the processes.
///
/// # Errors
/// When the scenario's processes cannot be made, or a node cannot boot from what it saved.
pub fn replay<E: From<serde_json::Error>>(
    trace: &Trace,
    plan: &Plan,
    seed: u64,
    actors: &dyn Fn() -> Result<Box<dyn Actors>, E>,
) -> Result<Replayed, E> {
    let only = trace.header.live.as_ref().and_then(|live| live.node.clone());
    let contents = contents(trace);
    let mut replayed = Replayed { nodes: 0, lives: 0, events: 0, difference: None };
    for node in trace.names.ids() {
        let name = trace.names.name(node);
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let own = own_events(trace, node);
        if own.is_empty() {
            continue;
        }
        replayed.nodes += 1;
        replayed.events += own.len();
        let bounds = bounds(&own);
        for life in bounds.windows(2) {
            replayed.lives += 1;
            let lived = Life {
                plan,
                seed,
                node,
                before: &own[..life[0]],
                events: &own[life[0]..life[1]],
                contents: &contents,
            };
            let again = lived.again(actors()?)?;
            let (recorded, again) = (part(trace, lived.events), part(trace, &again));
            if let Some(difference) = first_difference(&recorded, &again) {
                replayed.difference = Some((name.into_owned(), Box::new(difference)));
                return Ok(replayed);
            }
        }
    }
    Ok(replayed)
}

/// Where each life begins, and where the last one ends. What comes while a node is down is written by its next life.
fn bounds(own: &[Event]) -> Vec<usize> {
    let restarts = own.iter().enumerate().filter(|(_, event)| event.kind == EventKind::Restart);
    let mut bounds: Vec<usize> = vec![0];
    for (place, _) in restarts {
        let before = own[..place].iter().rev().take_while(|event| is_unheard(event)).count();
        bounds.extend(Some(place - before).filter(|begin| *begin > 0));
    }
    bounds.push(own.len());
    bounds
}

/// A trace of some events, numbered anew: differences are told in numbers of the node's life.
fn part(trace: &Trace, events: &[Event]) -> Trace {
    Trace { header: trace.header.clone(), names: trace.names.clone(), events: events.to_vec(), footer: None }
}

/// What messages say beside their kind, by number.
fn contents(trace: &Trace) -> BTreeMap<u64, Value> {
    let sent = trace.events.iter().filter(|event| event.kind == EventKind::Send);
    sent.filter_map(|event| Some((event.message?, event.body.clone()?))).collect()
}

/// What a node itself wrote down, in its own numbers.
fn own_events(trace: &Trace, node: ProcessId) -> Vec<Event> {
    let mut places = BTreeMap::new();
    let mut own = Vec::new();
    for event in trace.events.iter().filter(|event| writer(event, trace) == Some(node)) {
        places.insert(event.index, own.len() as u64);
        let mut event = event.clone();
        event.index = own.len() as u64;
        event.cause = event.cause.and_then(|cause| places.get(&cause).copied());
        own.push(event);
    }
    // What found the node down for good was written by others, or by a life that never began.
    while own.last().is_some_and(is_unheard) {
        own.pop();
    }
    own
}

/// Who wrote an event down; none for what happened to a node or to the network from outside.
fn writer(event: &Event, trace: &Trace) -> Option<ProcessId> {
    match event.kind {
        EventKind::Crash
        | EventKind::Pause
        | EventKind::Resume
        | EventKind::Partition
        | EventKind::Heal
        | EventKind::Cut
        | EventKind::Link => None,
        EventKind::Drop => {
            let at = event.body.as_ref().and_then(|body| body.get("at")).and_then(Value::as_str);
            match at {
                Some(name) => trace.names.find(name),
                None if is_lost_by_sender(event) => event.from,
                None => event.node,
            }
        }
        _ => event.node,
    }
}

fn is_lost_by_sender(event: &Event) -> bool {
    let why = event.why.as_deref();
    [Reason::Loss, Reason::Corrupt, Reason::NoLink, Reason::QueueFull, Reason::Dropped]
        .iter()
        .any(|reason| Some(reason.name()) == why)
}

/// One life of a node.
struct Life<'a> {
    plan: &'a Plan,
    seed: u64,
    node: ProcessId,
    before: &'a [Event],
    events: &'a [Event],
    contents: &'a BTreeMap<u64, Value>,
}

impl Life<'_> {
    /// Lives it again; gives what was written down, as far as the first time.
    fn again(&self, actors: Box<dyn Actors>) -> serde_json::Result<Vec<Event>> {
        let restart = self.events.iter().find(|event| !is_unheard(event));
        let restart = restart.filter(|event| event.kind == EventKind::Restart);
        let is_return = restart.is_some() || !self.before.is_empty();
        let stable = restart.and_then(|event| event.body.as_ref());
        let stable = stable.map(Value::to_string);
        let lives =
            self.before.iter().filter(|event| matches!(event.kind, EventKind::Boot | EventKind::Restart));
        let birth = Birth {
            // It may have been killed before it had written anything.
            life: (lives.count() as u32).max(u32::from(is_return)),
            index: self.before.len() as u64,
            lamport: self.before.iter().filter_map(|event| event.lamport).max().unwrap_or(0),
            dropped: self.before.iter().filter(|event| is_dropped(event)).count() as u32,
            sent: self.before.iter().filter(|event| event.kind == EventKind::Send).count() as u64,
            ..Birth::default()
        };
        let stable = stable.as_deref().map(str::as_bytes);
        let mut core = Core::new(self.plan, self.seed, actors, self.node, birth, stable)?.by_hand();
        core = core.after(Former::of(self.before, &self.plan.setup.names));
        let names = self.plan.setup.names.clone();
        let mut again: Vec<Event> = Vec::new();
        while let Some(next) = self.events.get(again.len()) {
            let known = again.len();
            core.play(Time(next.time));
            if core.lines().is_empty() {
                self.feed(&mut core, next);
            }
            let lines = std::mem::take(core.lines());
            names.scope(|| {
                for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    again.push(serde_json::from_slice(line)?);
                }
                Ok::<(), serde_json::Error>(())
            })?;
            let wrong =
                again[known..].iter().zip(&self.events[known..]).any(|(now, then)| !is_same(now, then));
            if again.len() == known || wrong {
                break;
            }
        }
        // A node that was killed in the middle of a step did not write the rest of it.
        again.truncate(self.events.len());
        for (now, then) in again.iter_mut().zip(self.events) {
            if is_same(now, then) {
                now.clone_from(then);
            }
        }
        Ok(again)
    }

    /// Gives the machine what it got when this event was written.
    fn feed(&self, core: &mut Core, event: &Event) {
        match event.kind {
            EventKind::Request => {
                if !core.ask_held() {
                    let body = event.body.as_ref().unwrap_or(&Value::Null).to_string();
                    // A request that is refused writes nothing: that shows as the difference.
                    let _refused = core.request(body.as_bytes());
                }
            }
            EventKind::Receive | EventKind::Drop => {
                let Some(envelope) = self.envelope(event, event.from, Some(self.node)) else { return };
                let _refused = core.receive(envelope);
            }
            EventKind::Note => {
                let passes = event.body.as_ref().and_then(|body| body.get("passes-on"));
                let named = |key: &str| self.plan.setup.names.find(passes?.get(key)?.as_str()?);
                let Some(mut envelope) = self.envelope(event, named("from"), named("to")) else { return };
                envelope.via = named("via").unwrap_or(envelope.from);
                envelope.lamport = passes.and_then(|note| note.get("lc")?.as_u64()).unwrap_or(0);
                let _refused = core.receive(envelope);
            }
            EventKind::Timer => {
                let set = event.cause.map_or(u64::MAX, |cause| cause);
                core.expire_set_by(set);
            }
            EventKind::Boot
            | EventKind::Output
            | EventKind::Send
            | EventKind::Duplicate
            | EventKind::TimerSet
            | EventKind::Save
            | EventKind::Crash
            | EventKind::Restart
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Choice => {}
        }
    }

    /// Who passed a message on. What was accepted was held up by nothing: it is as if it came from the node itself.
    fn via(&self, event: &Event) -> Option<ProcessId> {
        match event.kind {
            EventKind::Receive => Some(self.node),
            _ => self.plan.setup.names.find(event.body.as_ref()?.get("via")?.as_str()?),
        }
    }

    /// The message that an event speaks of.
    fn envelope(&self, event: &Event, from: Option<ProcessId>, to: Option<ProcessId>) -> Option<Envelope> {
        let content = event.body.as_ref().filter(|_| event.kind == EventKind::Receive);
        let content = content.or_else(|| self.contents.get(&event.message?));
        // Its sender's clock shows in the receiver's: that it is one ahead of the one or the other.
        let lamport = event.lamport.map_or(0, |lamport| lamport.saturating_sub(1));
        Some(Envelope {
            from: from?,
            to,
            via: self.via(event).or(from)?,
            message: event.message,
            lamport,
            delay: None,
            kind: event.message_kind.clone()?,
            content: content.map(|content| content.to_string().into()),
        })
    }
}

/// Whether an event came out as it was. What was received stands at its sending in a trace of all nodes.
fn is_same(now: &Event, then: &Event) -> bool {
    if now.kind == EventKind::Receive && then.body.is_none() {
        return Event { body: None, ..now.clone() } == *then;
    }
    now == then
}
