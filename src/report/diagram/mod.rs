//! A space-time diagram in text: a column for each node, time downwards, every message an arrow.
//!
//! A message leaves its sender sideways, goes down a lane beside its receiver for as long as it is under way, and turns in
//! where it arrives. So messages that overtake each other cross, and a message that is lost ends in an `x`.

mod canvas;
mod flights;
mod layout;
mod rows;

use super::{Messages, Selection, text};
use crate::trace::{EventKind, Trace};
use canvas::{Canvas, Glyphs, Style};
use layout::Layout;

// The picture for documents draws the same rows and messages.
pub(super) use flights::{Flight, Flights};
pub(super) use rows::{Row, Standing, rows};

use std::{collections::BTreeSet, io};

/// What a diagram shows, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiagramOptions {
    /// Which events. Without kinds, all but those that set timers and make choices.
    pub selection: Selection,
    /// The most characters in a line.
    pub width: usize,
    /// Only characters that every terminal has.
    pub ascii: bool,
    /// Colours as ANSI escapes.
    pub color: bool,
}

impl Default for DiagramOptions {
    fn default() -> Self {
        Self { selection: Selection::default(), width: 80, ascii: false, color: false }
    }
}

/// The names stand over the columns again after so many rows.
const ROWS_BETWEEN_NAMES: usize = 50;

/// Writes the diagram, what its signs mean, how the run ended and the verdicts.
///
/// # Errors
/// Those of `out`.
pub fn diagram(trace: &Trace, out: &mut impl io::Write, options: &DiagramOptions) -> io::Result<()> {
    let mut selection = options.selection.clone();
    if selection.kinds.is_empty() {
        let quiet = |kind: &EventKind| matches!(kind, EventKind::TimerSet | EventKind::Choice);
        selection.kinds = EventKind::ALL.into_iter().filter(|kind| !quiet(kind)).collect();
    }
    let events = selection.events(trace);
    let messages = Messages::of(trace);
    let rows = rows(&events, &messages, trace);
    let flights = Flights::of(&rows, &messages);
    let layout = Layout::new(trace, &rows, flights, &selection.nodes, options.width);
    let mut canvas = Canvas::new(Glyphs::new(options.ascii), options.color, options.width);
    let mut active = BTreeSet::new();
    for (place, row) in rows.iter().enumerate() {
        if place % ROWS_BETWEEN_NAMES == 0 {
            layout.draw_names(row, &mut canvas, out)?;
        }
        layout.draw((place, row), &mut active, &mut canvas, out)?;
    }
    if !rows.is_empty() {
        layout.draw_end(rows.len(), &mut active, &mut canvas, out)?;
        writeln!(out)?;
        write_legend(&rows, &layout, &canvas, out)?;
    }
    if let Some(sentence) = layout.left_out(options.width) {
        writeln!(out, "{sentence}")?;
    }
    if options.selection != Selection::default() && events.len() < trace.events.len() {
        writeln!(out, "{} of {} events shown", events.len(), trace.events.len())?;
    }
    text::ending(trace, out, Some(options.width))
}

/// What the signs mean that are in the picture.
fn write_legend(
    rows: &[Row<'_>],
    layout: &Layout<'_>,
    canvas: &Canvas,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let has = |kinds: &[EventKind]| rows.iter().any(|row| kinds.contains(&row.first().kind));
    let glyphs = &canvas.glyphs;
    use EventKind::{Crash, Cut, Drop, Output, Partition, Pause, Receive, Request, Send, Timer};
    let mut signs: Vec<(char, &str)> = Vec::new();
    let mut add = |shown: bool, sign: char, meaning: &'static str| {
        if shown {
            signs.push((sign, meaning));
        }
    };
    add(has(&[Request]), glyphs.marker(Request), "request");
    add(has(&[Output]), glyphs.marker(Output), "output");
    add(has(&[Send, Receive]), glyphs.marker(Send), "send, receive");
    add(has(&[Timer]), glyphs.marker(Timer), "timer");
    add(has(&[Drop]), 'x', "lost");
    add(has(&[Crash]), glyphs.marker(Crash), "crash");
    add(has(&[Pause]), glyphs.paused, "paused");
    add(rows.iter().any(Row::has_inside), glyphs.inside, "inside");
    add(has(&[Partition, Cut]), glyphs.divided, "links are cut");
    add(layout.goes_on(), glyphs.goes_on, "under way where the picture ends");
    let legend: Vec<String> = signs.iter().map(|(sign, meaning)| format!("{sign} {meaning}")).collect();
    let mut line = String::new();
    for part in legend {
        if !line.is_empty() && line.chars().count() + 3 + part.chars().count() > canvas.width {
            writeln!(out, "{}", canvas.painted(&line, Style::Quiet))?;
            line.clear();
        }
        line.push_str(if line.is_empty() { "" } else { "   " });
        line.push_str(&part);
    }
    writeln!(out, "{}", canvas.painted(&line, Style::Quiet))
}
