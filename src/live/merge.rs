//! The journals of a live run's nodes become one trace, ordered by happens-before.
//!
//! Every journal is in the order of its node. A message is sent before it is received: until its sending has been taken
//! over, a receipt waits, and with it everything later at that node. Among what may come next the earliest comes first,
//! by the nodes' own reading of true time and then by their Lamport clocks.

use crate::{
    process::{ProcessId, Time},
    trace::{Event, EventKind, Header, Live, Trace},
    world::Reason,
};
use std::collections::BTreeMap;

/// Why journals cannot be merged.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is nothing to merge")]
    Nothing,
    /// A file is not a journal of a live run.
    #[error("number {0} is no journal of a live run: its header has no `live`")]
    NotLive(usize),
    /// Two files are from different runs.
    #[error("number {place} is of another run: its {what} differs")]
    OtherRun {
        /// Which file, counted from 1.
        place: usize,
        /// What differs.
        what: &'static str,
    },
    /// Two files are journals of the same node.
    #[error("two journals are of {0}; a restarted node goes on with its first")]
    Twice(String),
    /// A message was received before it was sent: the journals contradict each other.
    #[error("event {event} of {node} was received before it was sent; the journals contradict each other")]
    Contradiction {
        /// Whose journal.
        node: String,
        /// Which line, counted from 0.
        event: u64,
    },
}

/// Whether a trace was recorded live.
pub fn is_live(trace: &Trace) -> bool {
    trace.header.live.is_some()
}

/// One journal, or what happened to the network.
struct Stream {
    name: String,
    events: Vec<Event>,
    /// How many were taken over.
    next: usize,
    /// The number of each in the whole trace, by its number in the journal.
    places: BTreeMap<u64, u64>,
}

/// Merges journals. A journal without a node is that of the conductor: crashes, pauses and the network's changes. The
/// trace has no last line yet.
///
/// # Errors
/// When the journals are not those of one run.
pub fn merge(journals: Vec<Trace>) -> Result<Trace, MergeError> {
    let (header, names) = common_header(&journals)?;
    let mut streams: Vec<Stream> = Vec::new();
    let mut outside: Vec<Event> = Vec::new();
    for journal in journals {
        let node = journal.header.live.and_then(|live| live.node);
        match node {
            Some(name) if streams.iter().any(|stream| stream.name == name) => {
                return Err(MergeError::Twice(name));
            }
            Some(name) => {
                streams.push(Stream { name, events: journal.events, next: 0, places: BTreeMap::new() });
            }
            None => outside.extend(journal.events),
        }
    }
    outside.sort_by_key(|event| event.time);
    let network = outside.extract_if(.., |event| event.node.is_none()).collect();
    for stream in &mut streams {
        let node = names.find(&stream.name);
        let own: Vec<Event> = outside.extract_if(.., |event| event.node == node).collect();
        add_outside(&mut stream.events, own, node);
    }
    streams.push(Stream { name: String::new(), events: network, next: 0, places: BTreeMap::new() });
    let events = interleave(streams)?;
    Ok(Trace { header, names, events, footer: None })
}

fn common_header(journals: &[Trace]) -> Result<(Header, crate::process::Names), MergeError> {
    let first = journals.first().ok_or(MergeError::Nothing)?;
    let own = |trace: &Trace| trace.header.live.as_ref().map(|live| live.epoch.clone());
    for (place, journal) in journals.iter().enumerate() {
        let place = place + 1;
        let differs = |what| Err(MergeError::OtherRun { place, what });
        match () {
            () if journal.header.live.is_none() => return Err(MergeError::NotLive(place)),
            () if journal.header.algorithm != first.header.algorithm => return differs("algorithm"),
            () if journal.header.nodes != first.header.nodes => return differs("group"),
            () if journal.header.scenario != first.header.scenario => return differs("scenario"),
            () if journal.header.seed != first.header.seed => return differs("seed"),
            () => {}
        }
    }
    let epoch = journals.iter().filter_map(own).min().unwrap_or_default();
    let header = Header { live: Some(Live { node: None, epoch }), ..first.header.clone() };
    Ok((header, first.names.clone()))
}

/// Puts what happened to a node from outside among what its process wrote: each crash at the end of a life.
fn add_outside(events: &mut Vec<Event>, outside: Vec<Event>, node: Option<ProcessId>) {
    let mut crashes: Vec<Event> = Vec::new();
    for event in outside {
        if event.kind == EventKind::Crash {
            crashes.push(event);
            continue;
        }
        let place = events.partition_point(|own| own.time < event.time);
        events.insert(place, event);
    }
    let mut crashes = crashes.into_iter();
    let mut place = 0;
    while place < events.len() {
        if events[place].kind == EventKind::Restart {
            let time = events[place].time;
            // What found the node down came after the crash.
            let unheard = events[..place].iter().rev().take_while(|event| is_unheard(event)).count();
            let crash = crashes.next().map(|crash| Event { time: crash.time.min(time), ..crash });
            let crash = crash.unwrap_or_else(|| bare(node, EventKind::Crash, Time(time)));
            events.insert(place - unheard, crash);
            place += 1;
        }
        place += 1;
    }
    events.extend(crashes);
}

/// Whether an event tells of something that found its node down: the node's next life writes that.
pub(super) fn is_unheard(event: &Event) -> bool {
    let down = event.why.as_deref() == Some(Reason::Down.name());
    down && matches!(event.kind, EventKind::Drop | EventKind::Request)
}

/// An event of which only this is known. Its number says that it stands in no journal.
fn bare(node: Option<ProcessId>, kind: EventKind, time: Time) -> Event {
    Event {
        index: u64::MAX,
        time: time.0,
        node,
        kind,
        message: None,
        to: None,
        from: None,
        message_kind: None,
        body: None,
        why: None,
        cause: None,
        lamport: None,
        state: None,
    }
}

/// Where a message was sent: its stream and the sending's number there.
type Sendings = BTreeMap<u64, (usize, u64)>;

fn interleave(mut streams: Vec<Stream>) -> Result<Vec<Event>, MergeError> {
    let mut sendings = Sendings::new();
    for (place, stream) in streams.iter().enumerate() {
        let sent = stream.events.iter().filter(|event| event.kind == EventKind::Send);
        sendings.extend(sent.filter_map(|event| Some((event.message?, (place, event.index)))));
    }
    let mut events: Vec<Event> = Vec::new();
    loop {
        let ready = |place: &usize| {
            let stream = &streams[*place];
            stream
                .events
                .get(stream.next)
                .is_some_and(|event| sending(event, *place, &sendings, &streams).is_ok())
        };
        // At one time what has come less far in logical time comes first: everybody boots before anybody is asked.
        let time = |place: &usize| {
            let event = &streams[*place].events[streams[*place].next];
            (event.time, event.lamport.unwrap_or(0), *place)
        };
        let Some(place) = (0..streams.len()).filter(ready).min_by_key(time) else {
            return match streams.iter().find(|stream| stream.next < stream.events.len()) {
                None => Ok(events),
                Some(stream) => Err(MergeError::Contradiction {
                    node: stream.name.clone(),
                    event: stream.events[stream.next].index,
                }),
            };
        };
        let mut event = streams[place].events[streams[place].next].clone();
        let sent = sending(&event, place, &sendings, &streams).unwrap_or_default();
        let number = events.len() as u64;
        let stream = &mut streams[place];
        stream.next += 1;
        if event.index != u64::MAX {
            stream.places.insert(event.index, number);
        }
        event.index = number;
        event.cause = sent.or_else(|| event.cause.and_then(|cause| stream.places.get(&cause).copied()));
        // What was received stands where it was sent.
        if event.kind == EventKind::Receive && event.cause.is_some() {
            event.body = None;
        }
        events.push(event);
    }
}

/// The number of the sending that an event waits for, if there is one. An error when it was not taken over yet.
fn sending(event: &Event, place: usize, sendings: &Sendings, streams: &[Stream]) -> Result<Option<u64>, ()> {
    if !matches!(event.kind, EventKind::Receive | EventKind::Drop | EventKind::Note) {
        return Ok(None);
    }
    let Some((sender, number)) = event.message.and_then(|message| sendings.get(&message)) else {
        return Ok(None);
    };
    match streams[*sender].places.get(number) {
        // A note tells what a node did with somebody else's message; its cause is its own.
        Some(_) if event.kind == EventKind::Note => Ok(None),
        Some(sent) => Ok(Some(*sent)),
        None if *sender == place && event.kind != EventKind::Receive => Ok(None),
        None => Err(()),
    }
}
