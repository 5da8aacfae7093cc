//! A space-time diagram as a picture for documents (SVG): light, without scripts, every message a straight arrow.

mod marks;
#[cfg(feature = "png")]
mod raster;

#[cfg(feature = "png")]
pub use raster::{PngError, png};

use super::{
    Messages, Selection,
    diagram::{Flight, Flights, Row, Standing, rows},
    flow::variant,
    plain,
};
use crate::process::{ProcessId, Time, Verdict};
use crate::trace::{Event, EventKind, Trace};
use marks::{Ink, band, caption, cross, head, line, loop_back, marker};
use std::{collections::BTreeMap, io};
use svg::{
    Document,
    node::element::{Description, Group, Rectangle, Text, Title},
};

/// Where the first row is, how far rows are apart, and where the first column is; in pixels.
const TOP: f64 = 96.0;
const ROW: f64 = 22.0;
const LEFT: f64 = 92.0;
/// The room to the right of the last column, for its words.
const RIGHT: f64 = 250.0;
/// About how wide a character is.
const CHARACTER: f64 = 5.7;
const LEGEND: f64 = 46.0;

/// Writes the picture of the selected events; without kinds, of all but those that set timers, save and make choices.
///
/// # Errors
/// Those of `out`.
pub fn svg(trace: &Trace, selection: &Selection, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "{}", document(trace, selection))
}

fn document(trace: &Trace, selection: &Selection) -> Document {
    let mut selection = selection.clone();
    if selection.kinds.is_empty() {
        let quiet =
            |kind: &EventKind| matches!(kind, EventKind::TimerSet | EventKind::Choice | EventKind::Save);
        selection.kinds = EventKind::ALL.into_iter().filter(|kind| !quiet(kind)).collect();
    }
    let events = selection.events(trace);
    let messages = Messages::of(trace);
    let rows = rows(&events, &messages, trace);
    let flights = Flights::of(&rows, &messages);
    let paper = Paper::new(trace, &rows, &selection.nodes, &messages);
    paper.draw(&flights)
}

/// What is drawn, and where.
struct Paper<'a> {
    trace: &'a Trace,
    rows: &'a [Row<'a>],
    messages: &'a Messages<'a>,
    columns: BTreeMap<ProcessId, f64>,
    column: f64,
    width: f64,
    height: f64,
}

impl<'a> Paper<'a> {
    fn new(trace: &'a Trace, rows: &'a [Row<'a>], wanted: &[ProcessId], messages: &'a Messages<'a>) -> Self {
        let shown: Vec<ProcessId> =
            trace.names.ids().filter(|id| wanted.is_empty() || wanted.contains(id)).collect();
        let column = match shown.len() {
            0..=3 => 190.0,
            4 | 5 => 150.0,
            6..=8 => 120.0,
            _ => 90.0,
        };
        let columns: BTreeMap<_, _> =
            shown.iter().enumerate().map(|(place, id)| (*id, LEFT + place as f64 * column)).collect();
        let width = LEFT + column * shown.len().saturating_sub(1) as f64 + RIGHT;
        let height = TOP + ROW * (rows.len() as f64 + 1.0) + LEGEND;
        Self { trace, rows, messages, columns, column, width, height }
    }

    fn y(&self, row: usize) -> f64 {
        TOP + ROW * row as f64
    }

    fn bottom(&self) -> f64 {
        self.y(self.rows.len())
    }

    fn draw(&self, flights: &Flights) -> Document {
        let mut document = Document::new()
            .set("viewBox", (0, 0, self.width as u32, self.height as u32))
            .set("width", self.width as u32)
            .set("height", self.height as u32)
            .set("font-family", "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif")
            .set("font-size", 10)
            .add(Title::new(plain(&self.name())))
            .add(Description::new().add(svg::node::Text::new(self.about())))
            .add(Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#ffffff"));
        document = document.add(self.title()).add(self.divisions()).add(self.lines());
        let mut arrows = Group::new();
        for flight in &flights.all {
            for part in self.arrow(flight) {
                arrows = arrows.add(part);
            }
        }
        document.add(arrows).add(self.events(flights)).add(self.legend())
    }

    fn name(&self) -> String {
        let name = self.trace.header.scenario.get("name").and_then(serde_json::Value::as_str);
        name.unwrap_or(&self.trace.header.algorithm).to_owned()
    }

    fn about(&self) -> String {
        let header = &self.trace.header;
        let events = self.trace.events.len();
        format!("{}, seed {}, {events} events", plain(&header.algorithm), plain(&header.seed))
    }

    /// The name of the run, what it is a run of, what came of it, and the nodes' names.
    fn title(&self) -> Group {
        let verdicts = self.trace.footer.iter().flat_map(|footer| &footer.verdicts);
        let (mut words, mut violated) = (Vec::new(), false);
        for (property, verdict) in verdicts {
            words.push(format!("{} {}", plain(property), verdict.name()));
            violated |= matches!(verdict, Verdict::Violated { .. });
        }
        let room = (self.width / CHARACTER) as usize;
        let fit = |text: &str| super::text::cut(text, Some(room));
        let ink = if violated { Ink::Lost } else { Ink::Quiet };
        let mut group = Group::new()
            .add(caption(12.0, 22.0, &fit(&plain(&self.name())), Ink::Black).set("font-size", 14))
            .add(caption(12.0, 38.0, &fit(&self.about()), Ink::Quiet))
            .add(caption(12.0, 53.0, &fit(&words.join(", ")), ink));
        let characters = (self.column / 7.0) as usize;
        for (id, x) in &self.columns {
            let name = super::text::cut(&plain(&self.trace.names.name(*id)), Some(characters));
            let text: Text = caption(*x, TOP - 20.0, &name, Ink::Black);
            group =
                group.add(text.set("text-anchor", "middle").set("font-weight", "bold").set("font-size", 11));
        }
        group
    }

    /// Bands behind everything, while links are cut.
    fn divisions(&self) -> Group {
        let mut group = Group::new();
        let mut since = None;
        for (place, row) in self.rows.iter().enumerate() {
            if row.divided == since.is_some() {
                continue;
            }
            match since.take() {
                None => since = Some(place),
                Some(start) => group = group.add(band(self.width, self.y(start), self.y(place))),
            }
        }
        match since {
            Some(start) => group.add(band(self.width, self.y(start), self.bottom())),
            None => group,
        }
    }

    /// Each node's line: whole, thick inside the critical section, broken while paused, dotted while down.
    fn lines(&self) -> Group {
        let mut group = Group::new();
        for (id, x) in &self.columns {
            let mut since =
                (TOP - 12.0, self.rows.first().map_or(Standing::Up, |row| stands(&row.before, *id)));
            for (place, row) in self.rows.iter().enumerate() {
                let standing = stands(&row.standing, *id);
                if standing != since.1 {
                    group = group.add(line((*x, since.0), (*x, self.y(place)), Ink::of(since.1)));
                    since = (self.y(place), standing);
                }
            }
            group = group.add(line((*x, since.0), (*x, self.bottom()), Ink::of(since.1)));
        }
        group
    }

    /// A message from where it is sent to where it arrives or is lost. Nothing when neither end is in the picture.
    fn arrow(&self, flight: &Flight) -> Vec<Group> {
        let ends = (self.columns.get(&flight.from), self.columns.get(&flight.to));
        let (Some(from), Some(to)) = (ends.0, ends.1) else { return Vec::new() };
        let start = (*from, self.y(flight.begins));
        let down = flight.ends.map_or(self.bottom(), |row| self.y(row));
        let name = format!("{} #{}", plain(&flight.kind), flight.message);
        let mut group = Group::new()
            .set("data-message", flight.message)
            .set("data-begin", flight.event)
            .set("data-end", flight.end_event.map_or_else(|| "none".into(), |event| event.to_string()));
        group = group.add(Title::new(name.clone()));
        if flight.from == flight.to {
            return vec![group.add(loop_back(start, down))];
        }
        // What is lost, or still under way, does not reach its receiver.
        let reach = if flight.lost || flight.ends.is_none() { 0.78 } else { 1.0 };
        let end = (start.0 + (to - start.0) * reach, down);
        let ink = match (flight.lost, flight.ends) {
            (true, _) => Ink::Lost,
            (false, None) => Ink::Quiet,
            (false, Some(_)) => Ink::Message,
        };
        let ink = if flight.copy_of { Ink::Copy } else { ink };
        group = group.add(line(start, end, ink));
        group = if flight.lost { group.add(cross(end)) } else { group.add(head(start, end, ink)) };
        let at = 0.72;
        let (x, y) = (start.0 + (end.0 - start.0) * at, start.1 + (end.1 - start.1) * at);
        let text = caption(x, y - 3.0, &name, ink).set("font-size", 8).set("text-anchor", "middle");
        group = group.add(text);
        if let Some(lost) = flight.end_event.filter(|_| flight.lost).and_then(|event| self.event(event)) {
            // Behind the cross, on the side where the line is not.
            let right = end.0 >= start.0;
            let (x, anchor) = if right { (end.0 + 7.0, "start") } else { (end.0 - 7.0, "end") };
            let why = caption(x, end.1 + 3.5, &reason(lost), Ink::Lost).set("font-size", 8);
            group = group.add(why.set("text-anchor", anchor));
        }
        vec![group]
    }

    fn event(&self, index: u64) -> Option<&Event> {
        let place = self.trace.events.binary_search_by_key(&index, |event| event.index).ok()?;
        self.trace.events.get(place)
    }

    /// Signs on the nodes' lines, times to the left, words to the right.
    fn events(&self, flights: &Flights) -> Group {
        let mut group = Group::new();
        let mut last = None;
        for (place, row) in self.rows.iter().enumerate() {
            let y = self.y(place);
            let time = row.first().time;
            if last != Some(time) {
                let text = caption(LEFT - 26.0, y + 3.5, &Time(time).to_string(), Ink::Quiet);
                group = group.add(text.set("text-anchor", "end").set("font-size", 9));
                last = Some(time);
            }
            for event in row.events.iter().filter(|event| event.kind != EventKind::Drop) {
                let Some(x) = event.node.and_then(|node| self.columns.get(&node)) else { continue };
                group = group.add(marker((*x, y), event));
            }
            let (first, node) = (row.first(), row.first().node);
            // Why a message is lost stands at the end of its arrow.
            let told = first.kind == EventKind::Drop && flights.ending.contains_key(&place);
            if let Some(words) = self.words(first).filter(|_| !told) {
                let x = node.and_then(|node| self.columns.get(&node)).copied();
                let (x, room) = match x {
                    Some(x) if x + self.column < self.width - RIGHT + 1.0 => (x, self.column - 16.0),
                    Some(x) => (x, self.width - x - 16.0),
                    None if node.is_some() => continue,
                    None => (LEFT, self.width - LEFT - 16.0),
                };
                let words = super::text::cut(&words, Some((room / CHARACTER) as usize));
                let text = caption(x + 9.0, y + 3.5, &words, Ink::of_event(first.kind));
                group = group.add(text);
            }
        }
        group
    }

    /// What is said beside an event; nothing beside messages, whose arrows have names.
    fn words(&self, event: &Event) -> Option<String> {
        let body = event.body.as_ref().map(variant);
        let kind = event.kind.name();
        match event.kind {
            EventKind::Request | EventKind::Output | EventKind::Timer | EventKind::Clock => body,
            EventKind::Note => body,
            EventKind::Crash | EventKind::Pause | EventKind::Resume | EventKind::Restart => Some(kind.into()),
            EventKind::Partition | EventKind::Heal | EventKind::Cut | EventKind::Link => {
                Some(format!("{kind} {}", body.unwrap_or_default()).trim_end().to_owned())
            }
            EventKind::Drop => {
                let message = self.messages.kind(event).map_or_else(|| "message".into(), plain);
                Some(format!("{message} {}", reason(event)))
            }
            EventKind::Boot
            | EventKind::Send
            | EventKind::Receive
            | EventKind::TimerSet
            | EventKind::Save
            | EventKind::Choice => None,
            EventKind::Duplicate => Some("copied".into()),
        }
    }

    fn legend(&self) -> Group {
        let y = self.bottom() + 28.0;
        let mut group = Group::new().add(line((12.0, y - 14.0), (self.width - 12.0, y - 14.0), Ink::Faint));
        let mut x = 12.0;
        for (name, sign) in marks::legend() {
            let room = 34.0 + name.chars().count() as f64 * CHARACTER;
            if x + room > self.width {
                break;
            }
            let moved = format!("translate({x} {y})");
            group = group.add(sign.set("transform", moved));
            group = group.add(caption(x + 24.0, y + 3.5, name, Ink::Quiet));
            x += room + 8.0;
        }
        group
    }
}

/// Why a message did not arrive.
fn reason(event: &Event) -> String {
    let why = event.why.as_deref().unwrap_or("dropped");
    if why == "loss" { "lost".into() } else { plain(why) }
}

fn stands(standing: &[Standing], id: ProcessId) -> Standing {
    standing.get(id.index()).copied().unwrap_or(Standing::Down)
}
