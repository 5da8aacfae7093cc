//! Exit codes, and the failures that lead to them.

use crate::scenario::Mistakes;
use std::{io, process::ExitCode};

/// What came of a command, as its exit code says it. The codes are stable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Exit {
    /// Everything held.
    Held = 0,
    /// A property was violated or an expectation not met.
    Violated = 1,
    /// Bad usage or a bad file.
    Usage = 2,
    /// A property could not be decided.
    Undecided = 3,
    /// A replay diverged, or two traces differ.
    Diverged = 4,
    /// There was nothing to run.
    Nothing = 5,
    /// An error in synod itself.
    Internal = 70,
    /// Input or output failed.
    Io = 74,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The one of two that matters more: a batch ends with the worst of its runs. The numbers say nothing of that.
    pub(super) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Held => 0,
            Self::Nothing => 1,
            Self::Undecided => 2,
            Self::Violated => 3,
            Self::Diverged => 4,
            Self::Usage => 5,
            Self::Io => 6,
            Self::Internal => 7,
            Self::Interrupted => 8,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Whoever read our output has gone: no failure at all.
    #[error("the reader has gone")]
    ClosedPipe,
    /// A sentence for the user.
    #[error("{0}")]
    Usage(String),
    /// What is wrong with a scenario.
    #[error("{0}")]
    Mistakes(Box<Mistakes>),
    /// Nothing to run.
    #[error("{0}")]
    Nothing(String),
    /// A file could not be read or written.
    #[error("{place}: {}", plain(error))]
    Io {
        /// Which file.
        place: String,
        /// Why.
        error: io::Error,
    },
    /// An error in synod itself.
    #[error("internal error: {0}; this is a mistake in synod: please report it")]
    Internal(String),
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::ClosedPipe => Exit::Held,
            Self::Usage(_) | Self::Mistakes(_) => Exit::Usage,
            Self::Nothing(_) => Exit::Nothing,
            Self::Io { .. } => Exit::Io,
            Self::Internal(_) => Exit::Internal,
        }
    }

    pub(super) fn io(place: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let place = place.into();
        move |error| match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Io { place, error },
        }
    }
}

/// What the operating system says, without its number for it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((sentence, _)) => sentence.to_lowercase(),
        None => text,
    }
}
