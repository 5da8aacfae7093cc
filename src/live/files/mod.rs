//! Real files at a node: what others append to one becomes requests, what comes out of the process becomes lines of another.
//!
//! Nothing goes in or comes out twice, whenever the node is killed: the journal says how far a file was read, with the
//! request that its line became, and every output is in the journal before it is in a file. A new life reads the journal,
//! goes on behind the last line that became a request, and writes what is missing. A line goes in when it has its line
//! feed; until then somebody is still writing it.

mod append;
#[cfg(test)]
mod tests;

use super::heard;
use crate::trace::EventKind;
use append::{Append, Piece};
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

/// How often a file is looked at for something new.
pub(super) const EVERY: Duration = Duration::from_millis(50);
/// The longest line that goes in, in bytes: it has to fit into the line of a message.
const LINE_MAX: usize = 32 << 10;

/// The files of a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Paths {
    /// Each line that is appended to this one becomes a request.
    pub tail: Option<PathBuf>,
    /// Each text that comes out becomes a line of this one.
    pub append: Option<PathBuf>,
}

/// The files of a node, open.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) tail: Option<Tail>,
    append: Option<Append>,
    /// What the journal has to say of them before anything else happens.
    notes: Vec<Value>,
    /// What people should know of them.
    remarks: Vec<String>,
}

impl Files {
    /// Opens them, made when they are missing, as the journal of earlier lives left them.
    ///
    /// # Errors
    /// When one cannot be read or written: its path, and why.
    pub(super) fn open(paths: &Paths, journal: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let mut files = Self::default();
        if *paths == Paths::default() {
            return Ok(files);
        }
        let past = past(journal).map_err(|error| (journal.to_owned(), error))?;
        if let Some(path) = &paths.tail {
            let made = OpenOptions::new().create(true).append(true).open(path);
            made.map_err(|error| (path.clone(), error))?;
            files.tail =
                Some(Tail { path: path.clone(), offset: read_before(path, &past), ..Tail::default() });
        }
        if let Some(path) = &paths.append {
            let opened = Append::open(path, &past, &mut files.notes, &mut files.remarks);
            files.append = Some(opened.map_err(|error| (path.clone(), error))?);
        }
        Ok(files)
    }

    /// What the journal has to say before anything else happens, once.
    pub(super) fn take_notes(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.notes)
    }

    /// What people should know, once.
    pub(super) fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// The process told its application something, and the journal has it.
    pub(super) fn write(&mut self, output: &Value) -> Result<(), (PathBuf, io::Error)> {
        let (Some(append), Some(piece)) = (&mut self.append, Piece::of(output)) else { return Ok(()) };
        append.write(&piece).map_err(|error| (append.path.clone(), error))
    }
}

/// A file whose lines go in.
#[derive(Debug, Default)]
pub(super) struct Tail {
    path: PathBuf,
    /// Up to where its lines went in.
    offset: u64,
    /// Whether what follows belongs to a line that is too long.
    skips: bool,
    /// Whether it could not be read the last time.
    fails: bool,
}

/// A line of a file.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// What it says, or why it cannot go in.
    pub(super) text: Result<String, &'static str>,
    /// Where the next one begins.
    pub(super) end: u64,
}

impl Tail {
    /// The next lines that are complete, and what people should know. Nothing goes on before [`Tail::pass`].
    pub(super) fn read(&mut self) -> (Vec<Line>, Option<String>) {
        match self.look() {
            Ok(read) => {
                self.fails = false;
                read
            }
            Err(error) => {
                let first = !std::mem::replace(&mut self.fails, true);
                (Vec::new(), first.then(|| format!("{}: {error}", self.path.display())))
            }
        }
    }

    fn look(&mut self) -> io::Result<(Vec<Line>, Option<String>)> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let mut remark = None;
        if length < self.offset {
            remark = Some(format!("{} was emptied; it is read from its beginning", self.path.display()));
            (self.offset, self.skips) = (0, false);
        }
        if length == self.offset {
            return Ok((Vec::new(), remark));
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(LINE_MAX as u64 + 1).read_to_end(&mut bytes)?;
        let mut lines = Vec::new();
        let mut end = self.offset;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            end += piece.len() as u64;
            let Some(line) = piece.strip_suffix(b"\n") else { continue };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let text = match String::from_utf8(line.to_vec()) {
                _ if std::mem::take(&mut self.skips) => Err("a line is longer than 32 KiB"),
                Ok(text) => Ok(text),
                Err(_) => Err("a line is no UTF-8"),
            };
            lines.push(Line { text, end });
        }
        if lines.is_empty() && bytes.len() > LINE_MAX {
            self.skips = true;
            self.offset = end;
        }
        Ok((lines, remark))
    }

    /// A line went in, or never will.
    pub(super) fn pass(&mut self, line: &Line) {
        self.offset = line.end;
    }

    /// What the journal says right before the request that a line becomes.
    pub(super) fn note(&self, line: &Line) -> Value {
        json!({"file": {"tail": self.path.display().to_string(), "to": line.end}})
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The events of a journal, as they are written.
fn past(journal: &Path) -> io::Result<Vec<Value>> {
    let lines = std::fs::read(journal)?;
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"i\":"));
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// What a note says of this file, under `key`, in its use as `kind`.
fn noted(event: &Value, kind: &str, path: &Path, key: &str) -> Option<u64> {
    if event["e"] != EventKind::Note.name() {
        return None;
    }
    let file = event.get("body")?.get("file")?;
    (file.get(kind)? == path.display().to_string().as_str()).then(|| file.get(key)?.as_u64()).flatten()
}

/// How far earlier lives read a file: up to the last line whose request is in the journal, right behind the note.
fn read_before(path: &Path, past: &[Value]) -> u64 {
    let went_in = |pair: &[Value]| {
        noted(&pair[0], "tail", path, "to").filter(|_| pair[1]["e"] == EventKind::Request.name())
    };
    past.windows(2).rev().find_map(went_in).unwrap_or(0)
}
