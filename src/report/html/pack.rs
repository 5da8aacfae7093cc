//! A trace as the page holds it: a column of small numbers for each field, texts in tables, all of it compressed.
//!
//! `page/source/data.js` is the other side. In a column that may be absent 0 says so: names and texts count from 1, a
//! cause is how far back it is, and the rest is the distance from what was to be expected, 0 and more moved up by one.

use crate::process::ProcessId;
use crate::trace::{Event, EventKind, Footer, Trace};
use base64ct::{Base64, Encoding};
use flate2::{Compression, write::ZlibEncoder};
use indexmap::IndexSet;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// States that differ are kept up to so many bytes together: more of them would make a page that nobody can mail.
const STATES_MOST: usize = 24 << 20;

/// One run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Packed<'a> {
    label: &'a str,
    tool: &'a str,
    seed: &'a str,
    algorithm: &'a str,
    nodes: Vec<String>,
    scenario: &'a Value,
    footer: Option<&'a Footer>,
    kinds: Vec<&'static str>,
    /// Kinds of messages, and reasons why some were lost.
    words: IndexSet<&'a str>,
    /// What was said, as JSON.
    bodies: IndexSet<String>,
    states: IndexSet<&'a str>,
    /// Why there are no states though the trace has some.
    states_left_out: Option<String>,
    columns: Columns,
}

/// The fields of all events.
#[derive(Serialize, Default)]
struct Columns {
    /// How much later than the one before.
    time: Vec<i64>,
    kind: Vec<u8>,
    node: Vec<u32>,
    to: Vec<u32>,
    from: Vec<u32>,
    /// From the number after the greatest so far.
    message: Vec<i64>,
    r#type: Vec<usize>,
    body: Vec<usize>,
    why: Vec<usize>,
    cause: Vec<i64>,
    /// From the clock that the node had.
    lamport: Vec<i64>,
    state: Vec<usize>,
}

impl<'a> Packed<'a> {
    pub(super) fn of(trace: &'a Trace, label: &'a str) -> Self {
        let mut packed = Self {
            label,
            tool: &trace.header.tool,
            seed: &trace.header.seed,
            algorithm: &trace.header.algorithm,
            nodes: trace.names.ids().map(|id| trace.names.name(id).into_owned()).collect(),
            scenario: &trace.header.scenario,
            footer: trace.footer.as_ref(),
            kinds: EventKind::ALL.map(EventKind::name).to_vec(),
            words: IndexSet::new(),
            bodies: IndexSet::new(),
            states: IndexSet::new(),
            states_left_out: None,
            columns: Columns::default(),
        };
        packed.texts(&trace.events);
        packed.states(&trace.events);
        packed.columns.numbers(&trace.events, trace.names.len());
        packed
    }

    fn texts(&mut self, events: &'a [Event]) {
        for event in events {
            let mut word = |word: Option<&'a str>| word.map_or(0, |word| self.words.insert_full(word).0 + 1);
            self.columns.r#type.push(word(event.message_kind.as_deref()));
            self.columns.why.push(word(event.why.as_deref()));
            let body = event.body.as_ref().map(Value::to_string);
            self.columns.body.push(body.map_or(0, |body| self.bodies.insert_full(body).0 + 1));
        }
    }

    fn states(&mut self, events: &'a [Event]) {
        let mut bytes = 0;
        for event in events {
            let Some(state) = event.state.as_deref() else {
                self.columns.state.push(0);
                continue;
            };
            let (place, new) = self.states.insert_full(state);
            bytes += if new { state.len() } else { 0 };
            self.columns.state.push(place + 1);
        }
        if bytes > STATES_MOST {
            self.states.clear();
            self.columns.state.fill(0);
            let (has, most) = (bytes >> 20, STATES_MOST >> 20);
            self.states_left_out =
                Some(format!("The states of this run are not in this page: {has} MB are more than {most}."));
        }
    }
}

impl Columns {
    fn numbers(&mut self, events: &[Event], nodes: usize) {
        let (mut time, mut next) = (0, 0);
        let mut clocks = vec![0; nodes];
        for event in events {
            self.time.push(distance(event.time, time));
            time = event.time;
            self.kind.push(EventKind::ALL.iter().position(|kind| *kind == event.kind).unwrap_or(0) as u8);
            let id = |id: Option<ProcessId>| id.map_or(0, |id| id.0 + 1);
            self.node.push(id(event.node));
            self.to.push(id(event.to));
            self.from.push(id(event.from));
            self.message.push(event.message.map_or(0, |message| apart(message, next)));
            next = next.max(event.message.map_or(0, |message| message.saturating_add(1)));
            self.cause.push(event.cause.map_or(0, |cause| distance(event.index, cause)));
            let clock = event.node.and_then(|node| clocks.get_mut(node.index()));
            self.lamport.push(match (event.lamport, clock) {
                (Some(lamport), Some(clock)) => apart(lamport, std::mem::replace(clock, lamport)),
                _ => 0,
            });
        }
    }
}

/// How far `value` is from what was expected; never 0, which says that there is none.
fn apart(value: u64, expected: u64) -> i64 {
    let distance = distance(value, expected);
    if distance < 0 { distance } else { distance.saturating_add(1) }
}

fn distance(value: u64, from: u64) -> i64 {
    let distance = i128::from(value) - i128::from(from);
    distance.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Anything as text that can stand anywhere in a page: JSON, compressed (zlib), in base64.
pub(super) fn text(value: &impl Serialize) -> io::Result<String> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    serde_json::to_writer(&mut packer, value)?;
    packer.flush()?;
    Ok(Base64::encode_string(&packer.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_absent() {
        assert_eq!([apart(5, 5), apart(6, 5), apart(4, 5), apart(0, u64::MAX)], [1, 2, -1, i64::MIN]);
        assert_eq!(apart(u64::MAX, 0), i64::MAX);
    }

    #[test]
    fn packed_text_has_nothing_that_means_something_in_html() {
        let text = text(&"</script><!--\u{0}&".repeat(100)).expect("memory takes it");
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)), "{text}");
    }
}
