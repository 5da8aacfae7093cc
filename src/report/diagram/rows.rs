//! Events become rows: what one step sends to several is one row, and so is what starts at the same time.

use crate::process::ProcessId;
use crate::report::{Messages, plain, text::details};
use crate::trace::{Event, EventKind, Trace};
use std::{collections::BTreeSet, rc::Rc};

/// One line of the picture.
pub(in crate::report) struct Row<'a> {
    /// What happens in it; one event, but for starts and for what is sent to several.
    pub(in crate::report) events: Vec<&'a Event>,
    /// The same in words.
    pub(in crate::report) text: String,
    /// How each node stands once it has happened; shared by many rows.
    pub(in crate::report) standing: Rc<Vec<Standing>>,
    /// How each node stood before.
    pub(in crate::report) before: Rc<Vec<Standing>>,
    /// Whether some links are cut.
    pub(in crate::report) divided: bool,
}

/// How a node's line is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::report) enum Standing {
    /// Not started, or crashed.
    Down,
    Up,
    Paused,
    /// In the critical section.
    Inside,
}

impl Row<'_> {
    pub(in crate::report) fn first(&self) -> &Event {
        self.events[0]
    }

    pub(in crate::report) fn has_inside(&self) -> bool {
        self.standing.contains(&Standing::Inside)
    }
}

/// The rows of `events`. All events of the trace count for how nodes stand.
pub(in crate::report) fn rows<'a>(
    events: &[&'a Event],
    messages: &Messages<'_>,
    trace: &'a Trace,
) -> Vec<Row<'a>> {
    let shown: BTreeSet<u64> = events.iter().map(|event| event.index).collect();
    let mut world =
        World { standing: Rc::new(vec![Standing::Down; trace.names.len()]), divisions: BTreeSet::new() };
    let mut rows: Vec<Row<'a>> = Vec::new();
    for event in &trace.events {
        let before = shown.contains(&event.index).then(|| world.standing.clone());
        world.see(event);
        let Some(before) = before else { continue };
        match rows.last_mut().filter(|row| belongs(row.events[row.events.len() - 1], event)) {
            Some(row) => {
                row.events.push(event);
                row.standing = world.standing.clone();
            }
            None => rows.push(Row {
                events: vec![event],
                text: String::new(),
                standing: world.standing.clone(),
                before,
                divided: !world.divisions.is_empty(),
            }),
        }
    }
    for row in &mut rows {
        row.text = words(row, messages, trace);
    }
    rows
}

/// Whether an event stands in the same row as the one before it.
fn belongs(last: &Event, event: &Event) -> bool {
    let alike = last.kind == event.kind && last.time == event.time && last.index + 1 == event.index;
    match event.kind {
        EventKind::Boot => alike && last.cause.is_none() && event.cause.is_none(),
        EventKind::Send => {
            alike
                && last.node == event.node
                && last.cause == event.cause
                && last.message_kind == event.message_kind
                && last.body == event.body
        }
        _ => false,
    }
}

/// What changes how nodes and links stand.
struct World {
    standing: Rc<Vec<Standing>>,
    /// The partitions and cuts in force, by event.
    divisions: BTreeSet<u64>,
}

impl World {
    fn see(&mut self, event: &Event) {
        match event.kind {
            EventKind::Boot | EventKind::Restart | EventKind::Resume => self.stands(event, Standing::Up),
            EventKind::Crash => self.stands(event, Standing::Down),
            EventKind::Pause => self.stands(event, Standing::Paused),
            EventKind::Output if said(event) == Some("enter") => self.stands(event, Standing::Inside),
            EventKind::Output if said(event) == Some("exit") => self.stands(event, Standing::Up),
            EventKind::Partition | EventKind::Cut => {
                self.divisions.insert(event.index);
            }
            EventKind::Heal => match event.cause {
                Some(cause) => {
                    self.divisions.remove(&cause);
                }
                None => self.divisions.clear(),
            },
            // A trace that begins in the middle, or breaks a rule, has nodes that act without having started.
            EventKind::Send | EventKind::Request | EventKind::Timer
                if event.why.is_none() && self.is_down(event) =>
            {
                self.stands(event, Standing::Up);
            }
            _ => {}
        }
    }

    fn is_down(&self, event: &Event) -> bool {
        event.node.and_then(|node| self.standing.get(node.index())) == Some(&Standing::Down)
    }

    fn stands(&mut self, event: &Event, standing: Standing) {
        let Some(node) = event.node.filter(|node| node.index() < self.standing.len()) else { return };
        if self.standing[node.index()] != standing {
            Rc::make_mut(&mut self.standing)[node.index()] = standing;
        }
    }
}

/// The name of the variant that an output is.
fn said(event: &Event) -> Option<&str> {
    let body = event.body.as_ref()?;
    body.as_str().or_else(|| body.as_object()?.keys().next().map(String::as_str))
}

fn words(row: &Row<'_>, messages: &Messages<'_>, trace: &Trace) -> String {
    let name = |id: ProcessId| plain(&trace.names.name(id));
    let first = row.first();
    let kind = first.kind.name();
    let at = first.node.map_or_else(String::new, |node| format!("{} ", name(node)));
    if row.events.len() == 1 {
        let said = details(first, messages, &trace.names);
        return format!("{at}{kind} {said}").trim_end().to_owned();
    }
    if first.kind == EventKind::Boot {
        let all = row.events.len() == trace.names.len();
        let who: Vec<String> = row.events.iter().filter_map(|event| event.node).map(name).collect();
        return if all { kind.to_owned() } else { format!("{kind} {}", who.join(", ")) };
    }
    let to = row.events.iter().map(|event| {
        let number = event.message.map_or_else(String::new, |number| format!("#{number} "));
        format!("{number}-> {}", event.to.map_or_else(|| "?".into(), name))
    });
    let to = to.collect::<Vec<_>>().join(", ");
    let message = messages.kind(first).map_or_else(|| "message".into(), plain);
    let content = messages.content(first).map_or_else(String::new, |content| format!("  {content}"));
    format!("{at}{kind} {message} {to}{content}")
}
