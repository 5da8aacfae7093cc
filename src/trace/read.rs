//! Reads a trace from JSON Lines, and says what is wrong with one that is none.

use super::{Event, EventKind, Footer, Header, Nodes, Trace, TraceError, VERSION};
use crate::process::Names;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, error::Category};
use std::io::{BufRead, Read};

/// The longest line that is read.
const LINE_LIMIT: u64 = 64 << 20;

/// The most nodes a trace may speak of; a header that claims more is damaged.
const NODE_LIMIT: usize = 1 << 24;

/// Reads a trace. One whose last line is cut off is read up to there and has no footer.
///
/// # Errors
/// The first thing that is wrong, with its line; also when the digest in the footer is not that of the lines.
pub fn read(input: impl BufRead) -> Result<Trace, TraceError> {
    Lines::new(input).trace(true)
}

/// Reads a trace without asking whether it is as it was written: neither the footer's digest nor its number of
/// events is compared.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read_unverified(input: impl BufRead) -> Result<Trace, TraceError> {
    Lines::new(input).trace(false)
}

/// The input, line by line.
struct Lines<R> {
    input: R,
    /// The current line, without its end.
    line: Vec<u8>,
    /// Its number, counted from 1.
    number: u64,
    /// Whether it had an end; the last one of a trace that breaks off has none.
    ended: bool,
}

/// What a line turns out to be.
enum Content {
    Event(Event),
    Footer(Footer),
    /// The remains of a line that was being written when the writer stopped.
    Truncated,
}

/// The parts that tell the kinds of line apart.
#[derive(Deserialize)]
struct Probe {
    v: Option<Value>,
    kind: Option<Value>,
    i: Option<Value>,
    e: Option<Value>,
}

impl<R: BufRead> Lines<R> {
    fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0, ended: true }
    }

    fn trace(mut self, verify: bool) -> Result<Trace, TraceError> {
        let header = self.header()?;
        let names = Names::from(&header.nodes);
        let mut trace = Trace { header, names: names.clone(), events: Vec::new(), footer: None };
        names.scope(|| self.events(&mut trace, verify))?;
        Ok(trace)
    }

    fn header(&mut self) -> Result<Header, TraceError> {
        if !self.next()? {
            return Err(TraceError::Empty);
        }
        if self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3);
        }
        let (line, bytes) = (self.number, self.line.as_slice());
        let probe: Probe = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Eof if !self.ended && bytes.starts_with(b"{") => TraceError::HeaderTruncated { line },
            _ => TraceError::NotATrace { line, because: because(&error) },
        })?;
        if probe.kind.as_ref().and_then(Value::as_str) != Some("header") {
            if probe.i.is_some() && probe.e.is_some() {
                return Err(TraceError::HeaderMissing { line });
            }
            return Err(TraceError::NotATrace {
                line,
                because: "its first line has no \"kind\":\"header\"".into(),
            });
        }
        if let Some(version) = probe.v.as_ref().and_then(Value::as_u64).filter(|v| *v > u64::from(VERSION)) {
            return Err(TraceError::Newer { line, version });
        }
        let header: Header = serde_json::from_slice(bytes)
            .map_err(|error| TraceError::Header { line, because: because(&error) })?;
        check_nodes(&header.nodes).map_err(|because| TraceError::Header { line, because })?;
        Ok(header)
    }

    /// Everything after the header.
    fn events(&mut self, trace: &mut Trace, verify: bool) -> Result<(), TraceError> {
        let mut hasher = blake3::Hasher::new();
        while self.next()? {
            if trace.footer.is_some() {
                return Err(TraceError::AfterEnd { line: self.number });
            }
            match self.content(&trace.names)? {
                Content::Event(event) => {
                    let (expected, found) = (trace.events.len() as u64, event.index);
                    if found != expected {
                        return Err(TraceError::OutOfOrder { line: self.number, expected, found });
                    }
                    if verify {
                        hasher.update(&self.line);
                        hasher.update(b"\n");
                    }
                    trace.events.push(event);
                }
                Content::Footer(footer) => {
                    if verify {
                        self.verify(&footer, trace.events.len() as u64, &hasher)?;
                    }
                    trace.footer = Some(footer);
                }
                Content::Truncated => break,
            }
        }
        Ok(())
    }

    fn content(&self, names: &Names) -> Result<Content, TraceError> {
        let line = self.number;
        if let Err(error) = std::str::from_utf8(&self.line) {
            let cut = error.error_len().is_none() && !self.ended;
            let column = error.valid_up_to() + 1;
            return if cut { Ok(Content::Truncated) } else { Err(TraceError::NotUtf8 { line, column }) };
        }
        // Nearly all lines are events; only what is none is looked at twice.
        let error = match serde_json::from_slice::<Event>(&self.line) {
            Ok(event) => return Ok(Content::Event(event)),
            Err(error) => error,
        };
        let cut = |line| serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof());
        if !self.ended && (error.is_eof() || cut(&self.line)) {
            return Ok(Content::Truncated);
        }
        let probe = serde_json::from_slice::<Probe>(&self.line).ok();
        match probe.as_ref().and_then(|probe| probe.kind.as_ref()).and_then(Value::as_str) {
            Some("header") => Err(TraceError::HeaderTwice { line }),
            Some("end") => serde_json::from_slice(&self.line).map(Content::Footer).map_err(|error| {
                TraceError::Footer { line, column: error.column(), because: because(&error) }
            }),
            _ => Err(self.not_an_event(&error, names)),
        }
    }

    fn not_an_event(&self, error: &serde_json::Error, names: &Names) -> TraceError {
        let (line, column, because) = (self.number, error.column(), because(error));
        match serde_json::from_slice::<Value>(&self.line) {
            Err(error) => {
                TraceError::NotJson { line, column: error.column(), because: self::because(&error) }
            }
            Ok(Value::Object(event)) => {
                let unknown = ["n", "to", "from"].into_iter().filter_map(|key| event.get(key)?.as_str());
                match unknown.into_iter().find(|name| names.find(name).is_none()) {
                    Some(name) => {
                        TraceError::UnknownNode { line, name: name.into(), remedy: remedy(name, names) }
                    }
                    None => TraceError::NotAnEvent { line, column, because },
                }
            }
            Ok(_) => TraceError::NotAnEvent { line, column, because },
        }
    }

    fn verify(&self, footer: &Footer, found: u64, hasher: &blake3::Hasher) -> Result<(), TraceError> {
        let line = self.number;
        if footer.events != found {
            return Err(TraceError::EventCount { line, footer: footer.events, found });
        }
        let found = hasher.finalize().to_hex();
        if footer.digest != found.as_str() {
            return Err(TraceError::DigestMismatch {
                line,
                footer: footer.digest.clone(),
                found: found.to_string(),
            });
        }
        Ok(())
    }

    /// Goes to the next line that is not blank; false when there is none.
    fn next(&mut self) -> Result<bool, TraceError> {
        loop {
            self.line.clear();
            self.number += 1;
            let line = self.number;
            let mut limited = (&mut self.input).take(LINE_LIMIT + 1);
            let length = limited
                .read_until(b'\n', &mut self.line)
                .map_err(|source| TraceError::Io { line, source })?;
            if length == 0 {
                return Ok(false);
            }
            if length as u64 > LINE_LIMIT {
                return Err(TraceError::TooLong { line, limit: LINE_LIMIT });
            }
            self.ended = self.line.pop_if(|byte| *byte == b'\n').is_some();
            if self.ended {
                self.line.pop_if(|byte| *byte == b'\r');
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

fn check_nodes(nodes: &Nodes) -> Result<(), String> {
    let names = Names::from(nodes);
    if names.len() > NODE_LIMIT {
        return Err(format!("{} nodes, and {NODE_LIMIT} is the most", names.len()));
    }
    let Nodes::Names(list) = nodes else { return Ok(()) };
    match list.iter().enumerate().find(|(place, name)| names.find(name).is_none_or(|id| id.index() != *place))
    {
        Some((_, name)) => Err(format!("two nodes are called {name:?}")),
        None => Ok(()),
    }
}

/// What the parser says, without its own idea of the line, and harmless on a terminal.
fn because(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let mut plain = String::new();
    for character in text.chars() {
        if character.is_control() { plain.extend(character.escape_default()) } else { plain.push(character) }
    }
    plain
}

/// The names there are: the most similar one, or the first few.
fn remedy(name: &str, names: &Names) -> String {
    const LOOKED_AT: usize = 1000;
    let known = || names.ids().take(LOOKED_AT).map(|id| names.name(id));
    let similar = known().map(|known| (strsim::damerau_levenshtein(name, &known), known));
    match similar.min_by_key(|(distance, _)| *distance) {
        None => "the header lists none".into(),
        Some((distance, known)) if distance <= 2 && distance < name.chars().count() => {
            format!("did you mean {known:?}?")
        }
        Some(_) => {
            let first: Vec<String> = known().take(5).map(|name| format!("{name:?}")).collect();
            let more = if names.len() > first.len() { ", ..." } else { "" };
            format!("the header lists {}{more}", first.join(", "))
        }
    }
}

impl EventKind {
    /// The kind that is called `name` in a trace.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(Value::from(name)).ok()
    }
}
