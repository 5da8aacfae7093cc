//! Events as lines: one hand-formatted line of JSON each, the same bytes for the same event.

use super::{Event, EventKind, Trace};
use crate::process::Names;
use std::{borrow::Cow, io};

/// One event as it is written, borrowed from whoever has its parts. Names are the nodes' own, not yet escaped.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its place in the trace, counted from 0.
    pub index: u64,
    /// When, in nanoseconds since the run began.
    pub time: u64,
    /// Where.
    pub node: Option<&'a str>,
    /// What.
    pub kind: EventKind,
    /// The message's number.
    pub message: Option<u64>,
    /// For whom a sent message is.
    pub to: Option<&'a str>,
    /// Who sent a message that arrives or is dropped.
    pub from: Option<&'a str>,
    /// The message's kind.
    pub message_kind: Option<&'a str>,
    /// What was sent, requested, produced, saved, set: JSON already, on one line.
    pub body: Option<&'a [u8]>,
    /// Why a message was dropped.
    pub why: Option<&'a str>,
    /// The event that led to this one.
    pub cause: Option<u64>,
    /// The Lamport clock.
    pub lamport: Option<u64>,
    /// The node's state after the event.
    pub state: Option<&'a str>,
}

impl Line<'_> {
    /// Appends the line with its newline. Keys stand in the order of the format; absent ones are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"i\":");
        number(self.index, out);
        keyed_number(b",\"t\":", Some(self.time), out);
        keyed_text(b",\"n\":", self.node, out);
        out.extend_from_slice(b",\"e\":\"");
        out.extend_from_slice(self.kind.name().as_bytes());
        out.push(b'"');
        keyed_number(b",\"m\":", self.message, out);
        keyed_text(b",\"to\":", self.to, out);
        keyed_text(b",\"from\":", self.from, out);
        keyed_text(b",\"type\":", self.message_kind, out);
        if let Some(body) = self.body {
            out.extend_from_slice(b",\"body\":");
            out.extend_from_slice(body);
        }
        keyed_text(b",\"why\":", self.why, out);
        keyed_number(b",\"cause\":", self.cause, out);
        keyed_number(b",\"lc\":", self.lamport, out);
        keyed_text(b",\"state\":", self.state, out);
        out.extend_from_slice(b"}\n");
    }
}

#[inline]
fn keyed_number(key: &[u8], value: Option<u64>, out: &mut Vec<u8>) {
    let Some(value) = value else { return };
    out.extend_from_slice(key);
    number(value, out);
}

#[inline]
fn keyed_text(key: &[u8], value: Option<&str>, out: &mut Vec<u8>) {
    let Some(value) = value else { return };
    out.extend_from_slice(key);
    text(value, out);
}

#[inline]
fn number(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A string of JSON, escaped as `serde_json` does it.
#[inline]
fn text(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if value.bytes().any(needs_escape) {
        escaped(value, out)
    } else {
        out.extend_from_slice(value.as_bytes())
    }
    out.push(b'"');
}

#[inline]
fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escaped(value: &str, out: &mut Vec<u8>) {
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x00..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
            _ => out.push(byte),
        }
    }
}

impl Event {
    /// Appends the event's line; `body` is a buffer to use again for every event.
    pub fn write(&self, names: &Names, body: &mut Vec<u8>, out: &mut Vec<u8>) {
        let [node, to, from] = [self.node, self.to, self.from].map(|id| id.map(|id| names.name(id)));
        body.clear();
        if let Some(value) = &self.body {
            serde_json::to_writer(&mut *body, value).expect("a JSON value can be written to memory");
        }
        let line = Line {
            index: self.index,
            time: self.time,
            node: borrowed(&node),
            kind: self.kind,
            message: self.message,
            to: borrowed(&to),
            from: borrowed(&from),
            message_kind: self.message_kind.as_deref(),
            body: self.body.is_some().then_some(body),
            why: self.why.as_deref(),
            cause: self.cause,
            lamport: self.lamport,
            state: self.state.as_deref(),
        };
        line.write(out);
    }
}

fn borrowed<'a>(name: &'a Option<Cow<'_, str>>) -> Option<&'a str> {
    name.as_deref()
}

impl Trace {
    /// Writes the whole trace: what was read comes out as it went in.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.header)?;
        out.write_all(b"\n")?;
        self.each_line(|line| out.write_all(line))?;
        let Some(footer) = &self.footer else { return Ok(()) };
        serde_json::to_writer(&mut *out, footer)?;
        out.write_all(b"\n")
    }

    /// The lines of all events, each with its newline.
    pub fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        let gathered = self.each_line(|line| {
            lines.extend_from_slice(line);
            Ok(())
        });
        gathered.expect("a vector takes whatever is written to it");
        lines
    }

    /// BLAKE3 over the lines of all events, each with its newline, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let hashed = self.each_line(|line| {
            hasher.update(line);
            Ok(())
        });
        hashed.expect("hashing does not fail");
        hasher.finalize().to_hex().to_string()
    }

    fn each_line(&self, mut body: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let (mut scratch, mut line) = (Vec::new(), Vec::new());
        for event in &self.events {
            line.clear();
            event.write(&self.names, &mut scratch, &mut line);
            body(&line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::ProcessId;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_what_serde_json_writes() {
        let names = Names::listed(vec!["al\"ice\n".into(), "b\\o\u{1}b".into()]);
        let event = Event {
            index: 3,
            time: 0,
            node: Some(ProcessId(0)),
            kind: EventKind::TimerSet,
            message: Some(u64::MAX),
            to: Some(ProcessId(1)),
            from: None,
            message_kind: Some("\u{8}\u{c}\r\t\u{7f}é\u{2028}".into()),
            body: Some(serde_json::json!({"z": [1, -2, null], "a": "x\u{1f}"})),
            why: None,
            cause: Some(2),
            lamport: Some(1),
            state: Some(String::new()),
        };
        let mut line = Vec::new();
        event.write(&names, &mut Vec::new(), &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            names.scope(|| serde_json::to_string(&event).unwrap()) + "\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_escaped_as_serde_json_does_it(value in "\\PC*|[\\x00-\\x7f]*") {
            let mut out = Vec::new();
            text(&value, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }
}
