//! Where results go: a buffered stdout whose reader may go away, and stderr for everything else.

use super::exit::Failure;
use crate::scenario::Mistakes;
use anstream::AutoStream;
use clap::builder::styling::{AnsiColor, Style};
use miette::{GraphicalReportHandler, GraphicalTheme, ThemeCharacters, ThemeStyles};
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// Standard output.
pub(super) struct Output {
    out: BufWriter<Box<dyn Write>>,
}

/// How words are coloured; nothing is where colour is off.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Doubtful,
    Quiet,
    Strong,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(Box::new(AutoStream::auto(io::stdout().lock()))) }
    }

    /// Standard error instead, for a command whose standard output is for something else.
    pub(super) fn on_stderr() -> Self {
        // Not locked: other threads may have to complain.
        Self { out: BufWriter::new(Box::new(AutoStream::auto(io::stderr()))) }
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.out, "{}", text.as_ref()).map_err(Failure::io("standard output"))
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(Failure::io("standard output"))
    }

    /// Where a writer of its own writes.
    pub(super) fn writer(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Says on stderr why a command could not do its work.
    pub(super) fn complain(&self, failure: &Failure) {
        let mut stderr = anstream::stderr();
        // Nothing can be said where stderr is closed.
        let _written = match failure {
            Failure::Mistakes(mistakes) => writeln!(stderr, "{}", excerpts(mistakes)),
            other => writeln!(stderr, "{} {other}", paint(Tone::Bad, "error:")),
        };
    }

    /// Says on stderr what the user should know though the command goes on.
    pub(super) fn warn(&self, text: &str) {
        let _written = writeln!(anstream::stderr(), "{} {text}", paint(Tone::Doubtful, "warning:"));
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::io("standard output"))
    }

    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush()
    }
}

/// A word in a tone; the stream takes the colour out where it does not belong.
pub(super) fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Doubtful => AnsiColor::Yellow.on_default().bold(),
        Tone::Quiet => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}

/// Mistakes with excerpts, and how many there are; the stream takes the colour out where it does not belong.
fn excerpts(mistakes: &Mistakes) -> String {
    let styles = ThemeStyles::ansi();
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    for mistake in mistakes.iter() {
        if handler.render_report(&mut text, mistake).is_err() {
            return mistakes.to_string();
        }
    }
    let (name, word) = (mistakes.name(), paint(Tone::Bad, "error:"));
    let text = text.trim_end();
    match mistakes.iter().len() {
        1 => format!("{text}\n{word} there is a mistake in {name}"),
        many => format!("{text}\n{word} there are {many} mistakes in {name}"),
    }
}

/// A number of things, in words.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// A value as one line of JSON, with the version of its shape.
pub(super) fn versioned(value: &impl Serialize) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        v: u32,
        #[serde(flatten)]
        value: &'a T,
    }
    serde_json::to_string(&Versioned { v: 1, value }).map_err(|error| Failure::Internal(error.to_string()))
}
