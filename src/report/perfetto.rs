//! Chrome's trace event format, as ui.perfetto.dev reads it: a track per node, an arrow per delivery.

use super::{Messages, text};
use crate::process::{Names, ProcessId};
use crate::trace::{Event, EventKind, Trace};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, io};

/// How long an event's slice is, in nanoseconds: arrows bind to slices, and only to those with a length.
const SLICE: u64 = 1_000;

/// The track of what happens to messages and links.
const NETWORK: u64 = 0;

/// The thread of a node's events, and that of the time it is down or paused.
const EVENTS: u64 = 1;
const FAULTS: u64 = 2;

#[derive(Serialize)]
struct Record<'a> {
    ph: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    pid: u64,
    tid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Value>,
}

/// Writes one JSON object. Events of one moment at one node follow each other by a microsecond, so that slices
/// neither nest nor cover each other; the exact time is among a slice's arguments.
pub(super) fn perfetto(trace: &Trace, out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    let mut tracks = Tracks {
        out,
        first: true,
        free: BTreeMap::new(),
        slices: BTreeMap::new(),
        down: BTreeMap::new(),
        flow: 0,
    };
    tracks.name(NETWORK, "network")?;
    for id in trace.names.ids() {
        tracks.name(track(id), &trace.names.name(id))?;
    }
    let messages = Messages::of(trace);
    for event in &trace.events {
        tracks.event(event, &messages, &trace.names)?;
    }
    let end = trace.events.last().map_or(0, |event| event.time);
    tracks.close(end)?;
    out.write_all(b"\n]}\n")
}

fn track(id: ProcessId) -> u64 {
    u64::from(id.0) + 1
}

struct Tracks<'a, W> {
    out: &'a mut W,
    first: bool,
    /// From when on a track is free.
    free: BTreeMap<u64, u64>,
    /// Where the slice of a message's sending is: track and beginning.
    slices: BTreeMap<u64, (u64, u64)>,
    /// Since when a node is down or paused.
    down: BTreeMap<u64, (&'static str, u64)>,
    /// The last arrow's number. Each delivery has its own: of a number used twice Perfetto takes the first use.
    flow: u64,
}

impl<W: io::Write> Tracks<'_, W> {
    fn name(&mut self, pid: u64, name: &str) -> io::Result<()> {
        let args = Some(json!({ "name": name }));
        self.write(&Record { args, ..record("M", "process_name", pid, EVENTS) })?;
        let args = Some(json!({ "sort_index": pid }));
        self.write(&Record { args, ..record("M", "process_sort_index", pid, EVENTS) })
    }

    fn event(&mut self, event: &Event, messages: &Messages<'_>, names: &Names) -> io::Result<()> {
        let of_network = matches!(event.kind, EventKind::Drop | EventKind::Duplicate);
        let pid = event.node.filter(|_| !of_network).map_or(NETWORK, track);
        let sending = event.message.and_then(|message| self.slices.get(&message)).copied();
        let arrow = sending.filter(|_| matches!(event.kind, EventKind::Receive | EventKind::Drop));
        // An effect is drawn behind its cause, also where no time passes between them.
        let earliest = arrow
            .map_or(0, |(_, start)| start.saturating_add(SLICE))
            .max(self.free.get(&pid).copied().unwrap_or(0));
        let start = event.time.max(earliest);
        self.free.insert(pid, start.saturating_add(SLICE));
        let kind = messages.kind(event);
        let name =
            kind.map_or_else(|| event.kind.name().to_owned(), |kind| format!("{} {kind}", event.kind.name()));
        let slice = Record {
            cat: Some(if event.message.is_some() { "message" } else { "event" }),
            ts: Some(microseconds(start)),
            dur: Some(microseconds(SLICE)),
            args: Some(arguments(event, messages, names)),
            ..record("X", &name, pid, EVENTS)
        };
        self.write(&slice)?;
        if let (EventKind::Send, Some(message)) = (event.kind, event.message) {
            self.slices.entry(message).or_insert((pid, start));
        }
        if let Some(from) = arrow {
            self.arrow(kind.unwrap_or("message"), from, (pid, start))?;
        }
        self.fault(event, pid)
    }

    fn arrow(&mut self, name: &str, from: (u64, u64), to: (u64, u64)) -> io::Result<()> {
        self.flow += 1;
        let (cat, id) = (Some("message"), Some(self.flow));
        let begin = Record { cat, id, ts: Some(microseconds(from.1)), ..record("s", name, from.0, EVENTS) };
        self.write(&begin)?;
        let bp = Some("e");
        let end = Record { cat, id, bp, ts: Some(microseconds(to.1)), ..record("f", name, to.0, EVENTS) };
        self.write(&end)
    }

    /// A band while a node is down or paused.
    fn fault(&mut self, event: &Event, pid: u64) -> io::Result<()> {
        match event.kind {
            EventKind::Crash | EventKind::Pause => {
                self.end_fault(pid, event.time)?;
                let name = if event.kind == EventKind::Crash { "down" } else { "paused" };
                self.down.insert(pid, (name, event.time));
                Ok(())
            }
            EventKind::Restart | EventKind::Resume => self.end_fault(pid, event.time),
            _ => Ok(()),
        }
    }

    fn end_fault(&mut self, pid: u64, end: u64) -> io::Result<()> {
        let Some((name, start)) = self.down.remove(&pid) else { return Ok(()) };
        let dur = Some(microseconds(end.saturating_sub(start).max(SLICE)));
        let band = Record {
            cat: Some("fault"),
            ts: Some(microseconds(start)),
            dur,
            ..record("X", name, pid, FAULTS)
        };
        self.write(&band)
    }

    fn close(&mut self, end: u64) -> io::Result<()> {
        while let Some(pid) = self.down.keys().next().copied() {
            self.end_fault(pid, end)?;
        }
        Ok(())
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        Ok(serde_json::to_writer(&mut *self.out, record)?)
    }
}

fn record<'a>(ph: &'static str, name: &'a str, pid: u64, tid: u64) -> Record<'a> {
    Record { ph, name, cat: None, pid, tid, ts: None, dur: None, id: None, bp: None, args: None }
}

fn arguments(event: &Event, messages: &Messages<'_>, names: &Names) -> Value {
    let mut arguments =
        json!({ "event": event.index, "t": event.time, "text": text::details(event, messages, names) });
    if let Some(body) = &event.body {
        arguments["body"] = body.clone();
    }
    arguments
}

#[expect(clippy::cast_precision_loss, reason = "exact for 104 days; the exact time is among the arguments")]
fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1_000.0
}
