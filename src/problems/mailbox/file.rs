//! A history of a file, sorted out: what lines it held when, and who read what of them.

use super::{Mailbox, Output, Request};
use crate::process::{History, ProcessId, What};

/// A line of the file, complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    /// When its line feed came.
    pub(super) event: u64,
}

/// The file in one generation.
#[derive(Clone, Default, Debug)]
pub(super) struct Generation {
    bytes: Vec<u8>,
    /// Where the first byte behind the last complete line is.
    rest: usize,
    pub(super) lines: Vec<Line>,
}

impl Generation {
    /// Lines are complete once and for all: what is overwritten later is not read any more by who has read it.
    fn store(&mut self, at: usize, bytes: &[u8], event: u64) {
        let end = at.saturating_add(bytes.len()).min(LONGEST);
        let at = at.min(end);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[at..end].copy_from_slice(&bytes[..end - at]);
        while let Some(length) = self.bytes[self.rest..].iter().position(|byte| *byte == b'\n') {
            let text = self.bytes[self.rest..self.rest + length].to_vec();
            self.lines.push(Line { text, event });
            self.rest += length + 1;
        }
    }
}

/// A file in a history is no longer than this.
const LONGEST: usize = 1 << 24;

/// What a reader does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act<'a> {
    /// It starts.
    Boot,
    Poll,
    Rotate(u64),
    Read(&'a [u8]),
}

pub(super) struct Digest<'a> {
    /// The file's generations. A file is lost when its holder crashes: then it is empty, and begins a new one.
    pub(super) generations: Vec<Generation>,
    /// When the generations after the first began.
    pub(super) emptied: Vec<u64>,
    pub(super) acts: Vec<(u64, ProcessId, Act<'a>)>,
    /// What was to be written, in order.
    pub(super) asked: Vec<(u64, ProcessId, &'a str)>,
    /// What is confirmed.
    pub(super) written: Vec<(u64, ProcessId, u64)>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Mailbox>) -> Self {
        let generations = vec![Generation::default()];
        let (emptied, acts, asked, written) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut digest = Self { generations, emptied, acts, asked, written };
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match step.what {
                What::Request(Request::Write(text)) => digest.asked.push((event, node, text)),
                What::Request(Request::Poll) => digest.acts.push((event, node, Act::Poll)),
                What::Output(Output::Written { line }) => digest.written.push((event, node, *line)),
                What::Output(Output::Line(bytes)) => digest.acts.push((event, node, Act::Read(&bytes.0))),
                What::Output(Output::Rotated { generation }) => {
                    digest.acts.push((event, node, Act::Rotate(*generation)));
                }
                What::Output(Output::Stored { at, bytes }) => {
                    let at = usize::try_from(*at).unwrap_or(usize::MAX);
                    if let Some(last) = digest.generations.last_mut() {
                        last.store(at, &bytes.0, event);
                    }
                }
                What::Output(Output::Truncated) => {
                    digest.generations.push(Generation::default());
                    digest.emptied.push(event);
                }
                What::Boot => digest.acts.push((event, node, Act::Boot)),
                What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Crash
                | What::Pause
                | What::Resume => {}
            }
        }
        digest
    }

    /// The lines of a generation; none of one that there is not.
    pub(super) fn lines(&self, generation: u64) -> &[Line] {
        let place = usize::try_from(generation).unwrap_or(usize::MAX);
        self.generations.get(place).map_or(&[], |generation| &generation.lines)
    }
}
