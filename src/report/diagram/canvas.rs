//! One line of a picture: strokes that join where they meet, signs over them, colour where it is wanted.

use super::rows::Standing;
use crate::trace::EventKind;
use std::io;

/// The characters of a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyphs {
    ascii: bool,
    pub(super) paused: char,
    pub(super) inside: char,
    pub(super) divided: char,
    pub(super) goes_on: char,
}

impl Glyphs {
    pub(super) fn new(ascii: bool) -> Self {
        if ascii {
            Self { ascii, paused: '!', inside: '#', divided: '%', goes_on: 'v' }
        } else {
            Self { ascii, paused: '┇', inside: '█', divided: '░', goes_on: '↓' }
        }
    }

    /// The sign of an event on its node's line.
    pub(super) fn marker(&self, kind: EventKind) -> char {
        let (fine, plain) = match kind {
            EventKind::Boot | EventKind::Restart | EventKind::Resume => ('┳', '+'),
            EventKind::Request => ('◆', '?'),
            EventKind::Output => ('■', '@'),
            EventKind::Send | EventKind::Receive => ('●', 'o'),
            EventKind::Timer | EventKind::TimerSet => ('○', 't'),
            EventKind::Crash => ('X', 'X'),
            EventKind::Pause => ('┻', '='),
            EventKind::Save => ('▪', 's'),
            EventKind::Clock => ('◷', 'c'),
            EventKind::Drop => ('x', 'x'),
            EventKind::Choice | EventKind::Note => ('*', '*'),
            EventKind::Duplicate
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link => ('-', '-'),
        };
        if self.ascii { plain } else { fine }
    }

    pub(super) fn head(&self, to_the_right: bool) -> char {
        match (self.ascii, to_the_right) {
            (false, true) => '►',
            (false, false) => '◄',
            (true, true) => '>',
            (true, false) => '<',
        }
    }

    pub(super) fn rule(&self) -> char {
        if self.ascii { '~' } else { '╌' }
    }

    fn line(&self, standing: Standing) -> char {
        match standing {
            Standing::Down => ' ',
            Standing::Up if self.ascii => '|',
            Standing::Up => '┃',
            Standing::Paused => self.paused,
            Standing::Inside => self.inside,
        }
    }

    /// What strokes to these sides look like.
    fn stroke(&self, sides: u8) -> char {
        const FINE: [char; 16] =
            [' ', '╵', '╷', '│', '╶', '╰', '╭', '├', '╴', '╯', '╮', '┤', '─', '┴', '┬', '┼'];
        const PLAIN: [char; 16] =
            [' ', '\'', '.', ':', '-', '\'', '.', ':', '-', '\'', '.', ':', '-', '\'', '.', '+'];
        if self.ascii { PLAIN[usize::from(sides)] } else { FINE[usize::from(sides)] }
    }

    /// A node's line that a message crosses.
    fn crossed(&self, standing: Standing, sides: u8) -> char {
        match (standing, sides & (EAST | WEST)) {
            (Standing::Down, _) => self.stroke(sides),
            (_, 0) => self.line(standing),
            (Standing::Up, _) if self.ascii => '+',
            (Standing::Up, EAST) => '┠',
            (Standing::Up, WEST) => '┨',
            (Standing::Up, _) => '╂',
            (Standing::Paused | Standing::Inside, _) => self.line(standing),
        }
    }
}

pub(super) const NORTH: u8 = 1;
pub(super) const SOUTH: u8 = 2;
pub(super) const EAST: u8 = 4;
pub(super) const WEST: u8 = 8;

/// What a part of a line is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Style {
    #[default]
    None,
    Quiet,
    Bold,
    Good,
    Bad,
    Doubtful,
    Asked,
}

impl Style {
    /// That of events of this kind.
    pub(super) fn of(kind: EventKind) -> Self {
        match kind {
            EventKind::Request => Self::Asked,
            EventKind::Output => Self::Good,
            EventKind::Drop | EventKind::Crash => Self::Bad,
            EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Restart
            | EventKind::Duplicate => Self::Doubtful,
            EventKind::Boot
            | EventKind::Send
            | EventKind::Receive
            | EventKind::TimerSet
            | EventKind::Timer
            | EventKind::Save
            | EventKind::Choice
            | EventKind::Note => Self::None,
        }
    }

    fn escape(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Quiet => "\x1b[2m",
            Self::Bold => "\x1b[1m",
            Self::Good => "\x1b[32m",
            Self::Bad => "\x1b[31m",
            Self::Doubtful => "\x1b[33m",
            Self::Asked => "\x1b[36m",
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Cell {
    sides: u8,
    standing: Option<Standing>,
    sign: Option<char>,
    style: Style,
}

/// A line that is being drawn.
pub(super) struct Canvas {
    pub(super) glyphs: Glyphs,
    pub(super) width: usize,
    color: bool,
    cells: Vec<Cell>,
}

impl Canvas {
    pub(super) fn new(glyphs: Glyphs, color: bool, width: usize) -> Self {
        Self { glyphs, width, color, cells: Vec::new() }
    }

    /// Begins a line of so many columns.
    pub(super) fn begin(&mut self, columns: usize) {
        self.cells.clear();
        self.cells.resize(columns, Cell::default());
    }

    /// A node's line.
    pub(super) fn node(&mut self, x: usize, standing: Standing) {
        self.cells[x].standing = Some(standing);
    }

    /// Strokes to some sides, in addition to those that are there.
    pub(super) fn stroke(&mut self, x: usize, sides: u8) {
        self.cells[x].sides |= sides;
    }

    /// A stroke between two places, without them.
    pub(super) fn across(&mut self, one: usize, other: usize) {
        for x in one.min(other) + 1..one.max(other) {
            self.stroke(x, EAST | WEST);
        }
    }

    /// A sign, over whatever is there.
    pub(super) fn sign(&mut self, x: usize, sign: char, style: Style) {
        self.cells[x].sign = Some(sign);
        self.cells[x].style = style;
    }

    /// A broken line across everything that is empty.
    pub(super) fn rule(&mut self) {
        let rule = self.glyphs.rule();
        for cell in &mut self.cells {
            let empty = cell.sides == 0 && cell.standing.is_none_or(|standing| standing == Standing::Down);
            if empty && cell.sign.is_none() {
                cell.sign = Some(rule);
                cell.style = Style::Doubtful;
            }
        }
    }

    /// A word from `x` on.
    pub(super) fn word(&mut self, x: usize, word: &str, style: Style) {
        for (cell, sign) in self.cells.iter_mut().skip(x).zip(word.chars()) {
            cell.sign = Some(if self.glyphs.ascii && sign == '…' { '~' } else { sign });
            cell.style = style;
        }
    }

    /// Writes the line between what stands before and behind it.
    pub(super) fn write(
        &self,
        before: &str,
        behind: &str,
        style: Style,
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        let mut line = self.painted(before, Style::Quiet);
        let mut last = Style::None;
        let filled = if behind.is_empty() { self.filled() } else { self.cells.len() };
        for cell in &self.cells[..filled] {
            let (sign, style) = self.look(cell);
            if self.color && style != last && sign != ' ' {
                line.push_str(if last == Style::None { "" } else { "\x1b[0m" });
                line.push_str(style.escape());
                last = style;
            }
            line.push(sign);
        }
        line.push_str(if last == Style::None { "" } else { "\x1b[0m" });
        if !behind.is_empty() {
            let behind = if self.glyphs.ascii { behind.replace('…', "~") } else { behind.to_owned() };
            line.push_str("  ");
            line.push_str(&self.painted(&behind, style));
        }
        writeln!(out, "{}", line.trim_end())
    }

    /// How many cells there are up to the last that shows.
    fn filled(&self) -> usize {
        let shows = |cell: &Cell| self.look(cell).0 != ' ';
        self.cells.iter().rposition(shows).map_or(0, |last| last + 1)
    }

    fn look(&self, cell: &Cell) -> (char, Style) {
        let sign = match (cell.sign, cell.standing) {
            (Some(sign), _) => return (sign, cell.style),
            (None, Some(standing)) => self.glyphs.crossed(standing, cell.sides),
            (None, None) => self.glyphs.stroke(cell.sides),
        };
        let style = match cell.standing {
            Some(Standing::Inside) => Style::Good,
            Some(Standing::Paused) => Style::Doubtful,
            Some(Standing::Up | Standing::Down) | None => Style::None,
        };
        (sign, style)
    }

    /// Text in a style, where there is colour.
    pub(super) fn painted(&self, text: &str, style: Style) -> String {
        if !self.color || style == Style::None || text.trim().is_empty() {
            return text.to_owned();
        }
        format!("{}{text}\x1b[0m", style.escape())
    }
}
