//! A file that gets what comes out of the process.

use super::{heard, noted};
use crate::trace::EventKind;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// What comes out, for a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// A line, with its line feed.
    Line(Vec<u8>),
    /// The process holds a file itself: these bytes stand there now.
    Stored { at: usize, bytes: Vec<u8> },
    /// That file was emptied.
    Truncated,
}

impl Piece {
    /// The part of an output that is for a file, if it has one.
    pub(super) fn of(output: &Value) -> Option<Self> {
        if output == "truncated" {
            return Some(Self::Truncated);
        }
        if let Some(stored) = output.get("stored").filter(|stored| stored.get("bytes").is_some()) {
            let at = stored["at"].as_u64().and_then(|at| usize::try_from(at).ok())?;
            return Some(Self::Stored { at, bytes: bytes(&stored["bytes"])? });
        }
        let text = match heard(output) {
            Some(heard) => heard.body.as_bytes().to_vec(),
            None => bytes(output.get("line").or_else(|| output.get("consumed")?.get("body"))?)?,
        };
        // A text is one line.
        let mut line = Vec::with_capacity(text.len() + 1);
        for byte in text {
            match byte {
                b'\n' => line.extend(b"\\n"),
                byte => line.push(byte),
            }
        }
        line.push(b'\n');
        Some(Self::Line(line))
    }

    /// Whether it stands behind everything that came out before.
    fn is_behind(&self, length: usize) -> bool {
        match self {
            Self::Line(_) => true,
            Self::Stored { at, .. } => *at == length,
            Self::Truncated => false,
        }
    }

    /// Puts it where it belongs in what has come out so far.
    fn put(&self, image: &mut Vec<u8>) {
        match self {
            Self::Line(line) => image.extend(line),
            Self::Truncated => image.clear(),
            Self::Stored { at, bytes } => {
                let end = at + bytes.len();
                if image.len() < end {
                    image.resize(end, 0);
                }
                image[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

/// Bytes are text, or a list of numbers where they are not.
fn bytes(written: &Value) -> Option<Vec<u8>> {
    match written {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Array(list) => list.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
        _ => None,
    }
}

/// A file that gets what comes out.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) path: PathBuf,
    file: File,
    /// How long it was before.
    base: u64,
    /// How much of what has come out stands in it.
    length: u64,
}

impl Append {
    pub(super) fn open(
        path: &Path,
        past: &[Value],
        notes: &mut Vec<Value>,
        remarks: &mut Vec<String>,
    ) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let path = path.to_owned();
        let mut append = Self { path, file, base: 0, length: 0 };
        let content = std::fs::read(&append.path)?;
        let (base, pieces) = came_out(&append.path, past);
        match base.and_then(|base| Some((base, content.get(usize::try_from(base).ok()?..)?))) {
            Some((base, there)) => {
                append.base = base;
                let (mut image, mut appended) = (Vec::new(), true);
                for piece in &pieces {
                    appended &= piece.is_behind(image.len());
                    piece.put(&mut image);
                }
                append.mend(there, &image, appended, remarks)?;
            }
            None => {
                // The last line is somebody else's, and has no end.
                if content.last().is_some_and(|last| *last != b'\n') {
                    append.file.write_all(b"\n")?;
                }
                append.base = append.file.metadata()?.len();
                notes.push(
                    json!({"file": {"append": append.path.display().to_string(), "from": append.base}}),
                );
            }
        }
        Ok(append)
    }

    /// An earlier life may have been killed before it wrote down all that had come out.
    /// What was only appended to, others may have appended to as well.
    fn mend(
        &mut self,
        there: &[u8],
        image: &[u8],
        appended: bool,
        remarks: &mut Vec<String>,
    ) -> io::Result<()> {
        self.length = image.len() as u64;
        if let Some(missing) = image.strip_prefix(there) {
            return self.file.write_all(missing);
        }
        if !appended {
            self.resize(self.base)?;
            return self.file.write_all(image);
        }
        if !there.starts_with(image) {
            let path = self.path.display();
            remarks.push(format!("{path}: others wrote there, too; what came out last may be missing"));
        }
        Ok(())
    }

    pub(super) fn write(&mut self, piece: &Piece) -> io::Result<()> {
        match piece {
            Piece::Line(line) => {
                self.length += line.len() as u64;
                self.file.write_all(line)
            }
            Piece::Stored { at, bytes } if *at as u64 == self.length => {
                self.length += bytes.len() as u64;
                self.file.write_all(bytes)
            }
            Piece::Stored { at, bytes } => {
                self.length = self.length.max((at + bytes.len()) as u64);
                let mut file = OpenOptions::new().write(true).open(&self.path)?;
                file.seek(SeekFrom::Start(self.base + *at as u64))?;
                file.write_all(bytes)
            }
            Piece::Truncated => {
                self.length = 0;
                self.resize(self.base)
            }
        }
    }

    fn resize(&self, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.path)?.set_len(length)
    }
}

/// How long a file was before the first thing came out, and what has come out since, if it was opened before.
fn came_out(path: &Path, past: &[Value]) -> (Option<u64>, Vec<Piece>) {
    let opened = past.iter().rposition(|event| noted(event, "append", path, "from").is_some());
    let Some(opened) = opened else { return (None, Vec::new()) };
    let outputs = past[opened..].iter().filter(|event| event["e"] == EventKind::Output.name());
    (
        noted(&past[opened], "append", path, "from"),
        outputs.filter_map(|event| Piece::of(&event["body"])).collect(),
    )
}
