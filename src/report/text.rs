//! The default view: one event per line, aligned, for people.

use super::{Messages, Selection, flow, plain};
use crate::process::{Names, ProcessId, Time, Verdict};
use crate::trace::{Event, EventKind, Footer, Trace};
use serde_json::Value;
use std::io;

/// What the listing shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextOptions {
    /// Which events.
    pub selection: Selection,
    /// The most characters in a line; longer lines end in `…`. No limit when absent.
    pub width: Option<usize>,
}

/// Writes the listing, then how the run ended and the verdicts.
///
/// # Errors
/// Those of `out`.
pub fn text(trace: &Trace, out: &mut impl io::Write, options: &TextOptions) -> io::Result<()> {
    let shown = listing(trace, out, options)?;
    if shown > 0 {
        writeln!(out)?;
    }
    if shown < trace.events.len() {
        writeln!(out, "{shown} of {} events shown", trace.events.len())?;
    }
    ending(trace, out, options.width)
}

/// How the run ended, and the verdicts.
pub(super) fn ending(trace: &Trace, out: &mut impl io::Write, width: Option<usize>) -> io::Result<()> {
    match &trace.footer {
        Some(footer) => write_footer(footer, out, width),
        None => writeln!(out, "the trace breaks off here"),
    }
}

/// Writes one line per event: number, time, node, kind, particulars. Gives how many there are.
///
/// # Errors
/// Those of `out`.
pub fn listing(trace: &Trace, out: &mut impl io::Write, options: &TextOptions) -> io::Result<usize> {
    let events = options.selection.events(trace);
    let columns = Columns::of(&events, &trace.names);
    let messages = Messages::of(trace);
    for event in &events {
        let line = columns.line(event, &details(event, &messages, &trace.names), &trace.names);
        writeln!(out, "{}", cut(&line, options.width))?;
    }
    Ok(events.len())
}

/// How wide the columns are.
struct Columns {
    index: usize,
    time: usize,
    node: usize,
}

impl Columns {
    fn of(events: &[&Event], names: &Names) -> Self {
        let width = |text: String| text.chars().count();
        let node = |event: &&Event| event.node.map(|node| width(plain(&names.name(node))));
        Self {
            index: events.last().map_or(0, |event| width(event.index.to_string())),
            time: events.iter().map(|event| width(Time(event.time).to_string())).max().unwrap_or(0),
            node: events.iter().filter_map(node).max().unwrap_or(0),
        }
    }

    fn line(&self, event: &Event, details: &str, names: &Names) -> String {
        let (index, time) = (event.index, Time(event.time).to_string());
        let node = event.node.map(|node| plain(&names.name(node))).unwrap_or_default();
        let kind = event.kind.name();
        let line = format!(
            "{index:>0$}  {time:>1$}  {node:<2$}  {kind:<9} {details}",
            self.index, self.time, self.node
        );
        line.trim_end().to_owned()
    }
}

/// What there is to say of an event besides when, where and what.
pub(super) fn details(event: &Event, messages: &Messages<'_>, names: &Names) -> String {
    let mut parts = match event.kind {
        EventKind::Send | EventKind::Receive | EventKind::Drop | EventKind::Duplicate => {
            vec![message(event, messages, names)]
        }
        EventKind::Partition => event.body.iter().map(groups).collect(),
        EventKind::Note => {
            event.body.iter().map(|body| body.as_str().map_or_else(|| flow(body), plain)).collect()
        }
        _ => event.body.iter().map(flow::variant).collect(),
    };
    let is_message =
        matches!(event.kind, EventKind::Send | EventKind::Receive | EventKind::Drop | EventKind::Duplicate);
    if let (true, Some(body)) = (is_message, &event.body) {
        parts.extend(flow::content(event.message_kind.as_deref(), body));
    }
    let mut line = parts.join("  ");
    if let Some(why) = &event.why {
        line = format!("{line}   {}", reason(why));
    }
    if let Some(state) = &event.state {
        line = format!("{line}   state {}", plain(state));
    }
    line.trim_start().to_owned()
}

/// `publish #0 -> rushi`, as the node of the event sees it.
fn message(event: &Event, messages: &Messages<'_>, names: &Names) -> String {
    let name = |id: Option<ProcessId>| id.map_or_else(|| "?".into(), |id| plain(&names.name(id)));
    let (sender, receiver) = (messages.sender(event), messages.receiver(event));
    let route = match event.node {
        Some(_) if event.kind == EventKind::Send => format!("-> {}", name(receiver)),
        Some(node) if event.kind == EventKind::Receive || receiver == Some(node) => {
            format!("<- {}", name(sender))
        }
        Some(node) if sender == Some(node) => format!("-> {}", name(receiver)),
        _ => format!("{} -> {}", name(sender), name(receiver)),
    };
    let kind = messages.kind(event).map_or_else(|| "message".into(), plain);
    match event.message {
        Some(number) => format!("{kind} #{number} {route}"),
        None => format!("{kind} {route}"),
    }
}

/// A message's fate as the past participle that people expect.
fn reason(why: &str) -> String {
    if why == "loss" { "lost".into() } else { plain(why) }
}

/// `[pravin rushi] [sonu]`; a body that is no list of groups as it is.
fn groups(body: &Value) -> String {
    let group = |group: &Value| -> Option<String> {
        let names = group.as_array()?.iter().map(|name| name.as_str().map(|_| flow(name)));
        Some(format!("[{}]", names.collect::<Option<Vec<String>>>()?.join(" ")))
    };
    let groups = body.as_array().map(|groups| groups.iter().map(group).collect::<Option<Vec<String>>>());
    groups.flatten().map_or_else(|| flow::variant(body), |groups| groups.join(" "))
}

fn write_footer(footer: &Footer, out: &mut impl io::Write, width: Option<usize>) -> io::Result<()> {
    let ended = serde_json::to_value(footer.ended)?;
    let ended = ended.as_str().unwrap_or_default().replace('-', " ");
    writeln!(out, "{} events, {ended} at {}", footer.events, Time(footer.t))?;
    let name_width = footer.verdicts.keys().map(|name| plain(name).chars().count()).max().unwrap_or(0);
    for (name, verdict) in &footer.verdicts {
        let line = format!("{:<9}  {:<name_width$}  {}", verdict.name(), plain(name), grounds(verdict));
        writeln!(out, "{}", cut(line.trim_end(), width))?;
    }
    Ok(())
}

fn grounds(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Holds { examined } => format!("{examined} examined"),
        Verdict::Vacuous => String::new(),
        Verdict::Violated { events, because } => {
            let list: Vec<String> = events.iter().map(u64::to_string).collect();
            let noun = if list.len() == 1 { "event" } else { "events" };
            if list.is_empty() {
                plain(because)
            } else {
                format!("{noun} {}: {}", list.join(" "), plain(because))
            }
        }
        Verdict::Undecided { because } => plain(because),
    }
}

/// At most `width` characters of `line`.
pub(super) fn cut(line: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| line.chars().nth(*width).is_some()) else {
        return line.to_owned();
    };
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
