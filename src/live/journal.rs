//! A node's journal as a file: appended to, flushed before anything leaves the node, read again by its next life.

use super::{core::Birth, former::Former};
use crate::{
    trace::{self, Event, EventKind, Header, TraceError},
    world::Reason,
};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What stands in the file is no journal.
    #[error("{}: {error}; move it away to begin a new one", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: TraceError,
    },
    /// It is the journal of something else.
    #[error("{}: it is the journal of another {what}; move it away to begin a new one", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}

/// What an existing journal says about its node's earlier lives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Past {
    /// What the next life begins with.
    pub birth: Birth,
    /// The wall clock's time when the run began.
    pub epoch: Option<String>,
    /// What was saved last, as JSON.
    pub saved: Option<String>,
    /// What they drew from the run's randomness.
    pub former: Former,
}

/// The journal of a node, open for its next lines.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal at `path`, a new one with this header when there is none. A last line that is not complete is
    /// cut off. Gives also what stands there of earlier lives.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not this node's journal of this run.
    pub fn open(path: &Path, header: &Header) -> Result<(Self, Past), JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        let old = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let complete = old.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        file.set_len(complete as u64).map_err(failed)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(failed)?;
        let mut journal = Self { path: path.to_owned(), file };
        if complete == 0 {
            let mut line = serde_json::to_vec(header).map_err(|error| failed(error.into()))?;
            line.push(b'\n');
            journal.append(&line)?;
            return Ok((journal, Past::default()));
        }
        Ok((journal, past(path, &old[..complete], header)?))
    }

    /// Appends lines; they are with the system when this returns, and survive the end of this process.
    ///
    /// # Errors
    /// Those of the file.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        self.file.write_all(lines).map_err(|error| JournalError::Io { path: self.path.clone(), error })
    }
}

/// Whether a `drop` of the scenario took a message that this node sent.
pub(super) fn is_dropped(event: &Event) -> bool {
    event.kind == EventKind::Drop && event.why.as_deref() == Some(Reason::Dropped.name())
}

fn past(path: &Path, bytes: &[u8], header: &Header) -> Result<Past, JournalError> {
    let foreign = |what| JournalError::Foreign { path: path.to_owned(), what };
    let read = trace::read_unverified(bytes);
    let old = read.map_err(|error| JournalError::Unreadable { path: path.to_owned(), error })?;
    let node = |header: &Header| header.live.as_ref().and_then(|live| live.node.clone());
    match () {
        () if node(&old.header) != node(header) => return Err(foreign("node")),
        () if old.header.algorithm != header.algorithm => return Err(foreign("algorithm")),
        () if old.header.nodes != header.nodes => return Err(foreign("group")),
        () if old.header.scenario != header.scenario => return Err(foreign("scenario or seed")),
        () => {}
    }
    let mut saved = None;
    let mut birth = Birth { index: old.events.len() as u64, ..Birth::default() };
    for event in &old.events {
        birth.lamport = birth.lamport.max(event.lamport.unwrap_or(0));
        match event.kind {
            EventKind::Boot | EventKind::Restart => birth.life += 1,
            EventKind::Send => birth.sent += 1,
            EventKind::Save => {
                birth.saves += 1;
                saved = event.body.as_ref();
            }
            EventKind::Drop if is_dropped(event) => birth.dropped += 1,
            _ => {}
        }
    }
    let saved = saved.map(ToString::to_string);
    let former = Former::of(&old.events, &old.names);
    Ok(Past { birth, epoch: old.header.live.map(|live| live.epoch), saved, former })
}
