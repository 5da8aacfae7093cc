//! Reports from templates: our own formats that are text, and whatever a user writes.

use super::{Messages, ReportError, VectorClocks, csv, flow, plain, text};
use crate::process::{Names, ProcessId, Time};
use crate::trace::{Event, Footer, Header, Trace};
use indexmap::IndexMap;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context, syntax::SyntaxConfig,
};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, io};

/// Writes `trace` through the Jinja template `source`, which messages call `name`.
///
/// What a template sees:
///
/// - `header`: the trace's first line: `tool`, `seed`, `algorithm`, `nodes`, `scenario`.
/// - `footer`: the last line: `events`, `t`, `ended`, `messages`, `verdicts`, `digest`; none when the trace breaks off.
/// - `nodes`: a list; each has `name`, `place` (from 0), `active` (whether something happens there or is sent there) and
///   `events` (the places in `events` of those that happen at it).
/// - `events`: a list; each has `index`, `time` (nanoseconds), `at` (the same for people), `node`, `kind`, `message`
///   (its number), `to`, `from`, `type`, `body`, `why`, `cause`, `lamport`, `state` as in the trace, none where absent.
///   Worked out from the rest of the trace: `sender`, `receiver`, `sent` (the index of the event that sent the message),
///   `copy` (1 for a message's first arrival, 2 for the next), `content` (what the message says, on one line), `text`
///   (the event's particulars as the text view has them) and `clock` (the vector clock: counts by node, none for
///   events of the network).
///
/// Filters besides Jinja's: `json`, `flow` (YAML on one line), `plain` (control characters escaped), `csv`, `dot` and
/// `mermaid` (escaped for inside such a file), `host` (a name without blanks, different for every node), `place` (a
/// name's place among the nodes), `short(n)` (at most n characters). Nothing is escaped unasked. A line that holds only
/// a `{% block %}` leaves no blank line. To print what is not there is an error.
///
/// # Errors
/// What is wrong with the template, with its line; and those of `out`.
pub fn template(
    trace: &Trace,
    name: &str,
    source: &str,
    out: &mut impl io::Write,
) -> Result<(), ReportError> {
    let rendered = render(trace, name, source).map_err(|error| explain(name, source, &error))?;
    out.write_all(rendered.as_bytes())?;
    Ok(())
}

fn render(trace: &Trace, name: &str, source: &str) -> Result<String, Error> {
    let mut environment = Environment::new();
    let syntax =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("json", json);
    environment.add_filter("flow", |value: Serde<serde_json::Value>| flow(&value.0));
    environment.add_filter("plain", |text: Cow<'_, str>| plain(&text));
    environment.add_filter("csv", |text: Cow<'_, str>| csv::quoted(&text).into_owned());
    environment.add_filter("dot", |text: Cow<'_, str>| dot(&text));
    environment.add_filter("mermaid", |text: Cow<'_, str>| mermaid(&text));
    environment.add_filter("short", |text: Cow<'_, str>, most: usize| text::cut(&text, Some(most)));
    let view = View::of(trace);
    let hosts = hosts(&view.nodes);
    environment.add_filter("host", move |name: Cow<'_, str>| {
        hosts.get(&*name).cloned().ok_or_else(|| stranger(&name))
    });
    let names = trace.names.clone();
    environment.add_filter("place", move |name: Cow<'_, str>| {
        names.find(&name).map(ProcessId::index).ok_or_else(|| stranger(&name))
    });
    let view = context! {
        header => Serde(view.header),
        nodes => Serde(&view.nodes),
        events => Serde(&view.events),
        footer => Serde(view.footer),
    };
    environment.template_from_named_str(name, source)?.render(view)
}

/// The trace as a template sees it.
struct View<'a> {
    header: &'a Header,
    footer: Option<&'a Footer>,
    nodes: Vec<Node<'a>>,
    events: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    name: Cow<'a, str>,
    place: usize,
    active: bool,
    events: Vec<usize>,
}

#[derive(Serialize)]
struct Row<'a> {
    index: u64,
    time: u64,
    at: String,
    node: Option<Cow<'a, str>>,
    kind: &'static str,
    message: Option<u64>,
    to: Option<Cow<'a, str>>,
    from: Option<Cow<'a, str>>,
    r#type: Option<&'a str>,
    body: Option<&'a serde_json::Value>,
    why: Option<&'a str>,
    cause: Option<u64>,
    lamport: Option<u64>,
    state: Option<&'a str>,
    sender: Option<Cow<'a, str>>,
    receiver: Option<Cow<'a, str>>,
    sent: Option<u64>,
    copy: Option<u64>,
    content: Option<String>,
    text: String,
    clock: Option<IndexMap<Cow<'a, str>, u64>>,
}

impl<'a> View<'a> {
    fn of(trace: &'a Trace) -> Self {
        let names = &trace.names;
        let messages = Messages::of(trace);
        let mut clocks = VectorClocks::new(trace);
        let mut copies: BTreeMap<u64, u64> = BTreeMap::new();
        let mut nodes: Vec<Node<'a>> = names
            .ids()
            .map(|id| Node { name: names.name(id), place: id.index(), active: false, events: Vec::new() })
            .collect();
        let mut events = Vec::with_capacity(trace.events.len());
        for (place, event) in trace.events.iter().enumerate() {
            let involved = [event.node, messages.sender(event), messages.receiver(event)];
            for id in involved.into_iter().flatten() {
                if let Some(node) = nodes.get_mut(id.index()) {
                    node.active = true;
                }
            }
            let clock =
                clocks.advance(event).map(|clock| clock.iter().map(|(id, n)| (names.name(id), n)).collect());
            let at = event.node.filter(|_| clock.is_some()).and_then(|id| nodes.get_mut(id.index()));
            if let Some(node) = at {
                node.events.push(place);
            }
            let copy =
                event.message.filter(|_| event.kind == crate::trace::EventKind::Receive).map(|message| {
                    let copies = copies.entry(message).or_insert(0);
                    *copies += 1;
                    *copies
                });
            events.push(Row { clock, copy, ..Row::of(event, &messages, names) });
        }
        Self { header: &trace.header, footer: trace.footer.as_ref(), nodes, events }
    }
}

impl<'a> Row<'a> {
    fn of(event: &'a Event, messages: &Messages<'a>, names: &'a Names) -> Self {
        let name = |id: Option<ProcessId>| id.map(|id| names.name(id));
        let about_message = event.message.is_some();
        Self {
            index: event.index,
            time: event.time,
            at: Time(event.time).to_string(),
            node: name(event.node),
            kind: event.kind.name(),
            message: event.message,
            to: name(event.to),
            from: name(event.from),
            r#type: messages.kind(event),
            body: event.body.as_ref(),
            why: event.why.as_deref(),
            cause: event.cause,
            lamport: event.lamport,
            state: event.state.as_deref(),
            sender: name(messages.sender(event).filter(|_| about_message)),
            receiver: name(messages.receiver(event).filter(|_| about_message)),
            sent: messages.sent(event).map(|sent| sent.event.index),
            copy: None,
            content: messages.content(event).filter(|_| about_message),
            text: text::details(event, messages, names),
            clock: None,
        }
    }
}

/// Names as ShiViz and other line-based tools take them: no blanks, nothing that does not show, all different.
fn hosts(nodes: &[Node<'_>]) -> BTreeMap<String, String> {
    let mut taken = BTreeMap::new();
    let mut hosts = BTreeMap::new();
    for node in nodes {
        let harmless = |c: char| {
            if c.is_whitespace() || plain(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8() { '_' } else { c }
        };
        let wanted: String = node.name.chars().map(harmless).collect();
        let mut host = if wanted.is_empty() { "_".to_owned() } else { wanted };
        while taken.insert(host.clone(), ()).is_some() {
            write!(host, "_{}", node.place).expect("memory takes it");
        }
        hosts.insert(node.name.clone().into_owned(), host);
    }
    hosts
}

fn json(value: Serde<serde_json::Value>) -> String {
    value.0.to_string()
}

/// For inside the double quotes of DOT, where `&` begins an entity and a backslash an escape.
fn dot(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// For a label of Mermaid: whatever could mean something there is written as its number.
fn mermaid(text: &str) -> String {
    let text = plain(text);
    let mut out = String::new();
    for c in text.chars() {
        let harmless =
            c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '_' | '-' | '(' | ')' | '\'' | '!' | '?');
        if harmless { out.push(c) } else { write!(out, "#{};", u32::from(c)).expect("memory takes it") }
    }
    // A bare `end` closes a block.
    if out.trim().eq_ignore_ascii_case("end") {
        format!("#{};{}", u32::from(out.as_bytes()[0]), &out[1..])
    } else {
        out
    }
}

fn stranger(name: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{name:?} is no node"))
}

fn explain(name: &str, source: &str, error: &Error) -> ReportError {
    let because = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let at =
        error.range().and_then(|range| source.get(range)).filter(|at| !at.is_empty() && !at.contains('\n'));
    let because = at.map_or_else(|| because.clone(), |at| format!("{because}, at `{at}`"));
    ReportError::Template { name: name.to_owned(), line: error.line().unwrap_or(1), because: plain(&because) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_meaning_in_mermaid_and_dot() {
        assert_eq!(mermaid("a;b#c\n"), "a#59;b#35;c#92;n");
        assert_eq!(mermaid("end"), "#101;nd");
        assert_eq!(dot("\"\\&<\n"), "\\\"\\\\&amp;<\\\\n");
    }

    #[test]
    fn hosts_have_no_blanks_and_stay_different() {
        let node = |place, name| Node { name: Cow::Borrowed(name), place, active: true, events: Vec::new() };
        let hosts = hosts(&[node(0, "a b"), node(1, "a_b"), node(2, ""), node(3, "a\u{a0}b")]);
        assert_eq!(
            hosts.values().collect::<Vec<_>>(),
            ["_", "a_b", "a_b_1", "a_b_3"].iter().collect::<Vec<_>>()
        );
    }

    #[test]
    fn values_are_values() {
        assert_eq!(json(Serde(serde_json::json!({"b": 1, "a": "\""}))), r#"{"b":1,"a":"\""}"#);
    }
}
