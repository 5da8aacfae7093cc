//! Where everything stands: the nodes' columns, the lanes between them, numbers and times to the left, words to the right.

use super::{
    canvas::{Canvas, EAST, NORTH, SOUTH, Style, WEST},
    flights::{Flight, Flights},
    rows::{Row, Standing},
};
use crate::process::{ProcessId, Time};
use crate::report::{plain, text::cut};
use crate::trace::{Event, EventKind, Trace};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

/// The least room for words.
const WORDS: usize = 30;
/// The least and the most between two nodes' lines that have no lanes between them.
const GAP: usize = 3;
const GAP_MAX: usize = 13;

pub(super) struct Layout<'a> {
    trace: &'a Trace,
    /// The nodes that have a column, in order.
    shown: Vec<ProcessId>,
    /// Where each of them stands.
    columns: BTreeMap<ProcessId, usize>,
    flights: Flights,
    /// How many nodes something happens at.
    taking_part: usize,
    /// The widths of numbers and times.
    number: usize,
    time: usize,
    /// How wide the picture is.
    width: usize,
    divided: bool,
}

impl<'a> Layout<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        rows: &[Row<'_>],
        mut flights: Flights,
        wanted: &[ProcessId],
        width: usize,
    ) -> Self {
        let number = rows.iter().map(|row| numbers(row).chars().count()).max().unwrap_or(0);
        let time = rows.iter().map(|row| time_of(row).chars().count()).max().unwrap_or(0);
        let divided = rows.iter().any(|row| row.divided);
        let margin = number + 2 + time + 2 + usize::from(divided) * 2;
        let room = width.saturating_sub(margin + 2 + WORDS).max(1);
        let busy = activity(trace, rows, &flights);
        let mut shown: Vec<ProcessId> = if wanted.is_empty() {
            trace.names.ids().filter(|id| trace.names.len() <= 12 || busy.contains_key(id)).collect()
        } else {
            trace.names.ids().filter(|id| wanted.contains(id)).collect()
        };
        let taking_part = shown.len();
        let fitting = (room + GAP) / (GAP + 1);
        if shown.len() > fitting.max(1) {
            shown.sort_by_key(|id| std::cmp::Reverse(busy.get(id).copied().unwrap_or(0)));
            shown.truncate(fitting.max(1));
            shown.sort();
        }
        let (columns, width) = place(trace, &shown, &mut flights, room);
        Self { trace, shown, columns, flights, taking_part, number, time, width, divided }
    }

    /// What is said when there was no room for everybody: on one line where that is wide enough.
    pub(super) fn left_out(&self, width: usize) -> Option<String> {
        let (shown, all) = (self.shown.len(), self.taking_part);
        (shown < all).then(|| {
            let (what, remedy) =
                (format!("{shown} of {all} nodes have room"), "--nodes and --width show others");
            let line = format!("{what}, the busiest; {remedy}");
            if line.chars().count() <= width { line } else { format!("{what}\n{remedy}") }
        })
    }

    /// Whether a message is still under way where the picture ends.
    pub(super) fn goes_on(&self) -> bool {
        self.flights.all.iter().any(|flight| flight.ends.is_none() && flight.lane.is_some())
    }

    /// The nodes' names over their lines, on as many lines as they need.
    pub(super) fn draw_names(
        &self,
        row: &Row<'_>,
        canvas: &mut Canvas,
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        let longest = (self.width / 2).max(12);
        let mut lines: Vec<Vec<(ProcessId, usize, String)>> = Vec::new();
        for id in self.shown.iter().rev() {
            let (x, name) = (self.columns[id], cut(&plain(&self.trace.names.name(*id)), Some(longest)));
            let fits = |line: &Vec<(ProcessId, usize, String)>| {
                line.last().is_none_or(|(_, next, _)| x + name.chars().count() < *next)
            };
            // Left of what stands in a line already; where it would touch, a line further up.
            match lines.iter().position(fits) {
                Some(line) => lines[line].push((*id, x, name)),
                None => lines.push(vec![(*id, x, name)]),
            }
        }
        let wide = lines.iter().flatten().map(|(_, x, name)| x + name.chars().count()).max();
        for (place, line) in lines.iter().enumerate().rev() {
            canvas.begin(self.width.max(wide.unwrap_or(0)));
            for (_, x, _) in lines.iter().skip(place + 1).flatten() {
                canvas.stroke(*x, NORTH | SOUTH);
            }
            for (id, x, name) in line {
                let down = row.before.get(id.index()) == Some(&Standing::Down);
                canvas.word(*x, name, if down { Style::Quiet } else { Style::Bold });
            }
            canvas.write(&self.margin("", "", false, canvas), "", Style::None, out)?;
        }
        Ok(())
    }

    /// Draws a row. Rows are drawn in order; `active` is what is under way, and nothing before the first.
    pub(super) fn draw(
        &self,
        (place, row): (usize, &Row<'_>),
        active: &mut BTreeSet<usize>,
        canvas: &mut Canvas,
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        let first = row.first();
        canvas.begin(self.width);
        for (id, x) in &self.columns {
            canvas.node(*x, row.before.get(id.index()).copied().unwrap_or(Standing::Down));
        }
        self.flights.advance(active, place);
        for flight in active.iter() {
            canvas.stroke(self.lane(&self.flights.all[*flight]), NORTH | SOUTH);
        }
        for flight in self.flights.beginning.get(&place).into_iter().flatten() {
            self.draw_beginning(&self.flights.all[*flight], canvas);
        }
        self.draw_ending(place, row, canvas);
        if matches!(first.kind, EventKind::Partition | EventKind::Heal | EventKind::Cut | EventKind::Link) {
            canvas.rule();
        }
        let style = Style::of(first.kind);
        let at_node = |event: &&&Event| !matches!(event.kind, EventKind::Drop | EventKind::Duplicate);
        for event in row.events.iter().filter(at_node) {
            let column = event.node.and_then(|node| self.columns.get(&node));
            if let Some(x) = column {
                canvas.sign(*x, canvas.glyphs.marker(event.kind), style);
            }
        }
        let before = self.margin(&numbers(row), &time_of(row), row.divided, canvas);
        let room = canvas.width.saturating_sub(before.chars().count() + self.width + 2).max(1);
        let words = cut(&row.text, Some(room));
        canvas.write(&before, &words, style, out)
    }

    /// The last line: what is still under way.
    pub(super) fn draw_end(
        &self,
        rows: usize,
        active: &mut BTreeSet<usize>,
        canvas: &mut Canvas,
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        if !self.goes_on() {
            return Ok(());
        }
        canvas.begin(self.width);
        self.flights.advance(active, rows);
        for flight in active.iter() {
            canvas.sign(self.lane(&self.flights.all[*flight]), canvas.glyphs.goes_on, Style::None);
        }
        canvas.write(&self.margin("", "", false, canvas), "", Style::None, out)
    }

    fn draw_beginning(&self, flight: &Flight, canvas: &mut Canvas) {
        let original = flight.copied_from.map(|original| &self.flights.all[original]);
        // A copy leaves where its original goes down.
        let start = match original {
            Some(original) if original.lane.is_none() => return,
            Some(original) => Some(self.lane(original)),
            None => self.columns.get(&flight.from).copied(),
        };
        let Some(start) = start else { return };
        if flight.lane.is_none() {
            // The message has no room, or its receiver no column: a stub, and its number in the words.
            let right = flight.from <= flight.to;
            let beside = if right { Some(start + 1) } else { start.checked_sub(1) };
            if let Some(beside) = beside.filter(|x| *x < self.width && original.is_none()) {
                canvas.stroke(beside, if right { WEST } else { EAST });
            }
            return;
        }
        let lane = self.lane(flight);
        canvas.across(start, lane);
        canvas.stroke(lane, SOUTH | if start < lane { WEST } else { EAST });
        if original.is_some() {
            canvas.stroke(start, NORTH | SOUTH | if start < lane { EAST } else { WEST });
        }
    }

    fn draw_ending(&self, place: usize, row: &Row<'_>, canvas: &mut Canvas) {
        let ending = self.flights.ending.get(&place).map(|flight| &self.flights.all[*flight]);
        let event = row.first();
        let lane = ending.filter(|flight| flight.lane.is_some()).map(|flight| self.lane(flight));
        if let (Some(lane), true) = (lane, event.kind == EventKind::Drop) {
            return canvas.sign(lane, 'x', Style::Bad);
        }
        let to = match (ending, event.kind) {
            (Some(flight), _) => Some(flight.to),
            (None, EventKind::Receive | EventKind::Drop) => event.node,
            (None, _) => None,
        };
        let Some(x) = to.and_then(|to| self.columns.get(&to)).copied() else { return };
        let left = ending.map_or_else(|| event.from < to, Flight::is_left);
        let beside = if left { x.checked_sub(1) } else { Some(x + 1) };
        if let Some(lane) = lane {
            canvas.across(lane, x);
            canvas.stroke(lane, NORTH | if left { EAST } else { WEST });
        }
        if let Some(beside) = beside.filter(|x| *x < self.width) {
            let lost = event.kind == EventKind::Drop;
            let sign = if lost { 'x' } else { canvas.glyphs.head(left) };
            canvas.sign(beside, sign, if lost { Style::Bad } else { Style::None });
        }
    }

    /// Where a flight goes down.
    fn lane(&self, flight: &Flight) -> usize {
        let (x, lane) = (self.columns[&flight.to], flight.lane.unwrap_or(0));
        if flight.is_left() { x - 2 - lane } else { x + 2 + lane }
    }

    fn margin(&self, number: &str, time: &str, divided: bool, canvas: &Canvas) -> String {
        let divided = match (self.divided, divided) {
            (true, true) => format!("{} ", canvas.glyphs.divided),
            (true, false) => "  ".into(),
            (false, _) => String::new(),
        };
        format!("{number:>0$}  {time:>1$}  {divided}", self.number, self.time)
    }
}

/// How much happens at each node.
fn activity(trace: &Trace, rows: &[Row<'_>], flights: &Flights) -> BTreeMap<ProcessId, u64> {
    let mut busy = BTreeMap::new();
    let events = rows.iter().flat_map(|row| &row.events).filter(|event| event.kind != EventKind::Boot);
    let ends = flights.all.iter().flat_map(|flight| [flight.from, flight.to]);
    let nodes = events.filter_map(|event| event.node).chain(ends);
    for node in nodes.filter(|node| node.index() < trace.names.len()) {
        *busy.entry(node).or_insert(0) += 1;
    }
    busy
}

/// Gives every node its column, with room for as many lanes as there is room for.
fn place(
    trace: &Trace,
    shown: &[ProcessId],
    flights: &mut Flights,
    room: usize,
) -> (BTreeMap<ProcessId, usize>, usize) {
    let mut cap = flights.assign(shown, room).values().copied().max().unwrap_or(0);
    let gaps = loop {
        let lanes = flights.assign(shown, cap);
        let gaps = gaps(shown, &lanes);
        if gaps.iter().sum::<usize>() <= room || cap == 0 {
            break gaps;
        }
        cap -= 1;
    };
    // What is left over sets the nodes apart, as far as their names need it.
    let inner = gaps.len().saturating_sub(1).max(1);
    let mut spare = room.saturating_sub(gaps.iter().sum::<usize>());
    let mut columns = BTreeMap::new();
    let mut x = 0;
    for (place, id) in shown.iter().enumerate() {
        columns.insert(*id, x);
        let name = plain(&trace.names.name(*id)).chars().count();
        let last = place + 1 == shown.len();
        let wish = if last { 0 } else { (name + 2).clamp(8, GAP_MAX).saturating_sub(gaps[place]) };
        let more = wish.min(spare / (inner - place.min(inner - 1)));
        spare -= more;
        x += gaps[place] + more;
    }
    (columns, x.max(1))
}

/// From each node's line to the next one's, the lanes between them included; behind the last, its own lanes.
fn gaps(shown: &[ProcessId], lanes: &BTreeMap<(ProcessId, bool), usize>) -> Vec<usize> {
    let lanes_of = |id: ProcessId, left: bool| lanes.get(&(id, left)).map_or(0, |lanes| lanes + 1);
    let gap = |(place, id): (usize, &ProcessId)| match shown.get(place + 1) {
        Some(next) => (lanes_of(*id, false) + lanes_of(*next, true) + 1).max(GAP + 1),
        None => lanes_of(*id, false) + 1,
    };
    shown.iter().enumerate().map(gap).collect()
}

/// `7`, or `0-2` for a row of several events.
fn numbers(row: &Row<'_>) -> String {
    let (first, last) = (row.first().index, row.events[row.events.len() - 1].index);
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn time_of(row: &Row<'_>) -> String {
    Time(row.first().time).to_string()
}
