//! A recording becomes lines for files, and a history for properties.

use super::{Counts, EventKind, Line, NO_VALUE, NOBODY, NONE, Record, Recording, brief::Note};
use crate::process::{
    End, Exchange, History, Memory, Names, Output, Problem, Process, ProcessId, Step, Table, Troupe, Values,
    What,
};
use serde_json::json;
use std::io;

/// How many bytes are gathered before they are written.
const CHUNK: usize = 1 << 16;

impl Recording {
    /// Writes one line for each event; gives the digest over all of them. `values` are those of the same run.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(
        &self,
        values: &dyn Values,
        names: &Names,
        out: &mut dyn io::Write,
    ) -> io::Result<blake3::Hash> {
        let mut digest = blake3::Hasher::new();
        let mut buffer = Vec::with_capacity(CHUNK + (CHUNK >> 2));
        let mut teller = Teller { recording: self, values, names, body: Vec::new(), of: None, next_state: 0 };
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

    /// All lines at once. `values` are those of the same run.
    pub fn told(&self, values: &dyn Values, names: &Names) -> Told {
        let mut lines = Vec::new();
        // A vector takes whatever is written to it.
        let digest = self
            .write(values, names, &mut lines)
            .map_or_else(|_| String::new(), |hash| hash.to_hex().to_string());
        Told { lines, digest }
    }

    /// Who produced each output, in order.
    pub fn producers(&self) -> impl Iterator<Item = (ProcessId, u32)> {
        let outputs = self.records.iter().filter(|record| record.kind == EventKind::Output);
        outputs.map(|record| (record.node, record.value))
    }

    /// The run as properties see it. `exchange` is that of the same run.
    pub fn history<'a, Pr: Problem>(
        &self,
        exchange: &'a Exchange<Pr>,
        nodes: usize,
        end: End,
    ) -> History<'a, Pr> {
        self.history_in(Memory::default(), exchange, nodes, end, true)
    }

    /// The same in the memory of another one, without what only those look at who look at messages, unless that is
    /// wanted.
    pub(crate) fn history_in<'a, Pr: Problem>(
        &self,
        memory: Memory<Pr>,
        exchange: &'a Exchange<Pr>,
        nodes: usize,
        end: End,
        messages: bool,
    ) -> History<'a, Pr> {
        let mut history = History::in_memory(memory, nodes as u32, end);
        if self.is_brief() {
            for Note { time, event, node, value, kind } in &self.brief.notes {
                let step = |what| Step { event: *event, time: *time, node: *node, what };
                history.steps.extend(visible(*kind, *value, exchange).map(step));
            }
            return history;
        }
        for (event, record) in (0..).zip(&self.records) {
            let what = visible_in(record, exchange).or_else(|| if messages { private(record) } else { None });
            let step = |what| Step { event, time: record.time, node: record.node, what };
            history.steps.extend(what.map(step));
        }
        history
    }
}

/// What a record says to properties, messages and timers apart.
fn visible_in<'a, Pr: Problem>(record: &Record, exchange: &'a Exchange<Pr>) -> Option<What<'a, Pr>> {
    if record.why.is_some() {
        return None;
    }
    visible(record.kind, record.value, exchange)
}

fn visible<Pr: Problem>(kind: EventKind, value: u32, exchange: &Exchange<Pr>) -> Option<What<'_, Pr>> {
    Some(match kind {
        EventKind::Boot | EventKind::Restart => What::Boot,
        EventKind::Request => What::Request(&exchange.requests[value as usize]),
        EventKind::Output => What::Output(&exchange.outputs[value as usize]),
        EventKind::Crash => What::Crash,
        EventKind::Pause => What::Pause,
        EventKind::Resume => What::Resume,
        EventKind::Send
        | EventKind::Receive
        | EventKind::Timer
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

/// What a record says of messages and timers.
fn private<'a, Pr: Problem>(record: &Record) -> Option<What<'a, Pr>> {
    match record.kind {
        EventKind::Send => Some(What::Send { message: record.message, to: record.peer }),
        EventKind::Receive => Some(What::Receive { message: record.message, from: record.peer }),
        EventKind::Timer => Some(What::Timer),
        _ => None,
    }
}

/// Turns records into lines.
struct Teller<'a> {
    recording: &'a Recording,
    values: &'a dyn Values,
    names: &'a Names,
    /// The JSON of the value told last: the receivers of a broadcast share it.
    body: Vec<u8>,
    /// Which message that is.
    of: Option<u32>,
    next_state: usize,
}

impl Teller<'_> {
    fn tell(&mut self, index: u64, record: &Record, out: &mut Vec<u8>) {
        let has_message = record.message != NONE;
        let message_kind = has_message.then(|| self.values.kind_of_kept(record.value));
        let has_body = match record.kind {
            EventKind::Send => self.put_message(record.value, message_kind),
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
    fn put_message(&mut self, value: u32, kind: Option<&str>) -> bool {
        if self.of != Some(value) {
            self.put(Table::Messages, value);
            self.of = Some(value);
        }
        !inside(&self.body, kind).is_empty()
    }

    /// Puts the JSON of what else a record speaks of into `body`; false when there is nothing.
    fn put_value(&mut self, record: &Record) -> bool {
        if record.value == NO_VALUE {
            return false;
        }
        self.of = None;
        let (recording, place) = (self.recording, record.value as usize);
        match record.kind {
            EventKind::Request => self.put(Table::Requests, record.value),
            EventKind::Output => self.put(Table::Outputs, record.value),
            EventKind::Save => self.put(Table::Saved, record.value),
            EventKind::Timer => self.put(Table::Timers, record.value),
            EventKind::TimerSet => {
                self.put(Table::Timers, record.value);
                let runs = recording.lengths[place].as_nanos() as u64;
                self.body.splice(..0, *b"{\"timer\":");
                self.body.extend_from_slice(format!(",\"runs\":{runs}}}").as_bytes());
            }
            EventKind::Choice => {
                let (options, chosen) = recording.choices[place];
                put(&mut self.body, &json!({ "options": options, "chosen": chosen }));
            }
            EventKind::Partition | EventKind::Heal | EventKind::Cut | EventKind::Link | EventKind::Clock => {
                put(&mut self.body, &recording.details[place]);
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

    /// Puts the JSON of one of the algorithm's values into `body`.
    fn put(&mut self, table: Table, place: u32) {
        self.body.clear();
        if let Err(error) = self.values.put(table, place, &mut self.body) {
            put(&mut self.body, &json!(format!("not expressible as JSON: {error}")));
        }
    }
}

fn put(body: &mut Vec<u8>, value: &serde_json::Value) {
    body.clear();
    serde_json::to_writer(body, value).expect("a JSON value can be written to memory");
}

/// What a message's JSON says beyond its kind: the inside of `{"kind":...}`, nothing of `"kind"`, all of the rest.
pub(crate) fn inside<'a>(json: &'a [u8], kind: Option<&str>) -> &'a [u8] {
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

/// The record of one run of a `P`, with its values.
pub struct Recorded<'a, P: Process> {
    recording: &'a Recording,
    troupe: &'a Troupe<P>,
}

impl<P: Process> Clone for Recorded<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Process> Copy for Recorded<'_, P> {}

impl<'a, P: Process> Recorded<'a, P> {
    /// The two belong to the same run.
    pub fn new(recording: &'a Recording, troupe: &'a Troupe<P>) -> Self {
        Self { recording, troupe }
    }

    /// How many messages of which kind were sent.
    pub fn counts(self) -> &'a Counts {
        self.recording.counts()
    }

    /// How many events there are.
    pub fn len(self) -> usize {
        self.recording.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.recording.is_empty()
    }

    /// Writes one line for each event; gives the digest over all of them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(self, names: &Names, out: &mut dyn io::Write) -> io::Result<blake3::Hash> {
        self.recording.write(self.troupe, names, out)
    }

    /// All lines at once.
    pub fn told(self, names: &Names) -> Told {
        self.recording.told(self.troupe, names)
    }

    /// The outputs, in order, each with the node that produced it.
    pub fn outputs(self) -> impl Iterator<Item = (ProcessId, &'a Output<P>)> {
        let outputs = &self.troupe.kept().exchange().outputs;
        self.recording.producers().map(|(node, place)| (node, &outputs[place as usize]))
    }

    /// The run as properties see it.
    pub fn history(self, nodes: usize, end: End) -> History<'a, P::Problem> {
        self.recording.history(self.troupe.kept().exchange(), nodes, end)
    }
}
