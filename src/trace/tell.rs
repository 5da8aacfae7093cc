//! A recording becomes lines for files, and a history for properties.

use super::{EventKind, Line, NO_VALUE, NOBODY, NONE, Record, Recording};
use crate::process::{End, History, Names, Problem, Process, ProcessId, Step, What, kind_of};
use serde::Serialize;
use serde_json::json;
use std::io;

/// How many bytes are gathered before they are written.
const CHUNK: usize = 1 << 16;

impl<P: Process> Recording<P> {
    /// Writes one line for each event; gives the digest over all of them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, names: &Names, out: &mut impl io::Write) -> io::Result<blake3::Hash> {
        let mut digest = blake3::Hasher::new();
        let mut buffer = Vec::with_capacity(CHUNK + (CHUNK >> 2));
        let mut teller = Teller { recording: self, names, body: Vec::new(), of: None, next_state: 0 };
        names.scope(|| {
            for (index, record) in self.records.iter().enumerate() {
                teller.tell(index as u64, record, &mut buffer);
                if buffer.len() >= CHUNK {
                    digest.update(&buffer);
                    out.write_all(&buffer)?;
                    buffer.clear();
                }
            }
            Ok::<(), io::Error>(())
        })?;
        digest.update(&buffer);
        out.write_all(&buffer)?;
        Ok(digest.finalize())
    }

    /// The outputs, in order, each with the node that produced it.
    pub fn outputs(&self) -> impl Iterator<Item = (ProcessId, &<P::Problem as Problem>::Output)> {
        let outputs = self.records.iter().filter(|record| record.kind == EventKind::Output);
        outputs.map(|record| (record.node, &self.outputs[record.value as usize]))
    }

    /// The run as properties see it.
    pub fn history(&self, nodes: usize, end: End) -> History<'_, P::Problem> {
        let steps = self.records.iter().enumerate().filter_map(|(event, record)| {
            let what = self.what(record)?;
            Some(Step { event: event as u64, time: record.time, node: record.node, what })
        });
        History { nodes: nodes as u32, steps: steps.collect(), end }
    }

    fn what(&self, record: &Record) -> Option<What<'_, P::Problem>> {
        Some(match record.kind {
            EventKind::Boot | EventKind::Restart => What::Boot,
            EventKind::Request if record.why.is_none() => {
                What::Request(&self.requests[record.value as usize])
            }
            EventKind::Output => What::Output(&self.outputs[record.value as usize]),
            EventKind::Send => What::Send { message: record.message, to: record.peer },
            EventKind::Receive => What::Receive { message: record.message, from: record.peer },
            EventKind::Timer => What::Timer,
            EventKind::Crash => What::Crash,
            EventKind::Pause => What::Pause,
            EventKind::Resume => What::Resume,
            EventKind::Request
            | EventKind::Drop
            | EventKind::Duplicate
            | EventKind::TimerSet
            | EventKind::Save
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Choice
            | EventKind::Note => return None,
        })
    }
}

/// Turns records into lines.
struct Teller<'a, P: Process> {
    recording: &'a Recording<P>,
    names: &'a Names,
    /// The JSON of the value told last: the receivers of a broadcast share it.
    body: Vec<u8>,
    /// Which message that is.
    of: Option<u32>,
    next_state: usize,
}

impl<P: Process> Teller<'_, P> {
    fn tell(&mut self, index: u64, record: &Record, out: &mut Vec<u8>) {
        let has_message = record.message != NONE;
        let message = has_message.then(|| &self.recording.messages[record.value as usize]);
        let message_kind = message.map(kind_of);
        let has_body = match record.kind {
            EventKind::Send => self.put_message(record.value),
            EventKind::Receive | EventKind::Drop | EventKind::Duplicate => false,
            _ => self.put_value(record),
        };
        let name = |id: ProcessId| (id != NOBODY).then(|| self.names.name(id));
        let (node, peer) = (name(record.node), name(record.peer));
        let outgoing = matches!(record.kind, EventKind::Send | EventKind::Duplicate);
        let state = self.recording.states.get(self.next_state).filter(|(event, _)| *event == index);
        self.next_state += usize::from(state.is_some());
        let line = Line {
            index,
            time: record.time.0,
            node: node.as_deref(),
            kind: record.kind,
            message: has_message.then_some(record.message),
            to: peer.as_deref().filter(|_| outgoing),
            from: peer.as_deref().filter(|_| !outgoing),
            message_kind,
            body: has_body.then(|| inside(&self.body, message_kind)),
            why: record.why,
            cause: (record.cause != NONE).then_some(record.cause),
            lamport: (record.lamport != 0).then_some(record.lamport),
            state: state.map(|(_, state)| state.as_str()),
        };
        line.write(out);
    }

    /// Puts the JSON of a sent message into `body`; false when its kind says all.
    fn put_message(&mut self, value: u32) -> bool {
        let message = &self.recording.messages[value as usize];
        if self.of != Some(value) {
            put(&mut self.body, message);
            self.of = Some(value);
        }
        !inside(&self.body, Some(kind_of(message))).is_empty()
    }

    /// Puts the JSON of what else a record speaks of into `body`; false when there is nothing.
    fn put_value(&mut self, record: &Record) -> bool {
        if record.value == NO_VALUE {
            return false;
        }
        self.of = None;
        let (recording, place, body) = (self.recording, record.value as usize, &mut self.body);
        match record.kind {
            EventKind::Request => put(body, &recording.requests[place]),
            EventKind::Output => put(body, &recording.outputs[place]),
            EventKind::Save => put(body, &recording.saved[place]),
            EventKind::Timer => put(body, &recording.timers[place].0),
            EventKind::TimerSet => {
                let (timer, runs) = &recording.timers[place];
                put(body, &json!({ "timer": timer, "runs": runs.as_nanos() as u64 }));
            }
            EventKind::Choice => {
                let (options, chosen) = recording.choices[place];
                put(body, &json!({ "options": options, "chosen": chosen }));
            }
            EventKind::Partition | EventKind::Heal | EventKind::Cut | EventKind::Link | EventKind::Clock => {
                put(body, &recording.details[place]);
            }
            EventKind::Boot
            | EventKind::Send
            | EventKind::Receive
            | EventKind::Drop
            | EventKind::Duplicate
            | EventKind::Crash
            | EventKind::Restart
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Note => return false,
        }
        true
    }
}

fn put(body: &mut Vec<u8>, value: &impl Serialize) {
    body.clear();
    if let Err(error) = serde_json::to_writer(&mut *body, value) {
        body.clear();
        put(body, &format!("not expressible as JSON: {error}"));
    }
}

/// What a message's JSON says beyond its kind: the inside of `{"kind":...}`, nothing of `"kind"`, all of the rest.
fn inside<'a>(json: &'a [u8], kind: Option<&str>) -> &'a [u8] {
    let Some(kind) = kind.map(str::as_bytes) else { return json };
    let strip = |json: &'a [u8], before: &[u8], after: &[u8]| -> Option<&'a [u8]> {
        json.strip_prefix(before)?.strip_prefix(kind)?.strip_prefix(after)
    };
    if strip(json, b"\"", b"\"").is_some_and(<[u8]>::is_empty) {
        return b"";
    }
    strip(json, b"{\"", b"\":").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(json)
}

/// Everything a run told: its lines, for those who want to look at them again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// One line for each event.
    pub lines: Vec<u8>,
    /// BLAKE3 over the lines, in hexadecimal.
    pub digest: String,
}

impl<P: Process> Recording<P> {
    /// All lines at once.
    pub fn told(&self, names: &Names) -> Told {
        let mut lines = Vec::new();
        // A vector takes whatever is written to it.
        let digest =
            self.write(names, &mut lines).map_or_else(|_| String::new(), |hash| hash.to_hex().to_string());
        Told { lines, digest }
    }
}
