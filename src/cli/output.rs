//! Where results go: a locked, buffered stdout whose reader may go away, and stderr for everything else.

use super::exit::Failure;
use anstream::AutoStream;
use clap::builder::styling::{AnsiColor, Style};
use std::io::{self, BufWriter, Write};

/// Standard output.
pub(super) struct Output {
    out: BufWriter<AutoStream<io::StdoutLock<'static>>>,
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
        Self { out: BufWriter::new(AutoStream::auto(io::stdout().lock())) }
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
        let mut stderr = anstream::stderr().lock();
        // Nothing can be said where stderr is closed.
        let _written = match failure {
            Failure::Report(report) => writeln!(stderr, "{}", report.trim_end()),
            other => writeln!(stderr, "{} {other}", paint(Tone::Bad, "error:")),
        };
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
