//! What can be wrong with a trace, each with its line and a remedy.

use super::VERSION;
use std::io;
use thiserror::Error;

/// Why a trace could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The input failed.
    #[error("line {line}: {source}")]
    Io {
        /// Where, counted from 1.
        line: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is not a single line.
    #[error(
        "line 1: there is nothing here; a trace begins with a header line: was the run stopped before it began?"
    )]
    Empty,
    /// The first line is something else altogether.
    #[error(
        "line {line}: this is not a trace: {because}; a trace is JSON Lines and begins with {{\"v\":{VERSION},\"kind\":\"header\", ...}}"
    )]
    NotATrace {
        /// Where.
        line: u64,
        /// What is there instead.
        because: String,
    },
    /// The first line is an event.
    #[error(
        "line {line}: the header is missing; a trace cut from the middle of another needs that one's first line"
    )]
    HeaderMissing {
        /// Where.
        line: u64,
    },
    /// The first line breaks off.
    #[error("line {line}: the trace breaks off within its header; run it again")]
    HeaderTruncated {
        /// Where.
        line: u64,
    },
    /// The first line is a header, but not a right one.
    #[error("line {line}: the header is wrong: {because}; take the header of an unedited trace as the model")]
    Header {
        /// Where.
        line: u64,
        /// What is wrong.
        because: String,
    },
    /// A header where an event should be.
    #[error(
        "line {line}: a second header: these are two traces in one file; split the file before this line"
    )]
    HeaderTwice {
        /// Where.
        line: u64,
    },
    /// The trace was written by a newer synod.
    #[error(
        "line {line}: this trace has version {version}, and this synod reads up to {VERSION}; install a newer synod"
    )]
    Newer {
        /// Where.
        line: u64,
        /// The trace's version.
        version: u64,
    },
    /// A line longer than any that synod writes.
    #[error("line {line}: longer than {limit} bytes; an event is one line: is a line end missing?")]
    TooLong {
        /// Where.
        line: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Bytes that are no text.
    #[error(
        "line {line}, byte {column}: not UTF-8; a trace that went through another encoding must be converted back"
    )]
    NotUtf8 {
        /// Where.
        line: u64,
        /// Where in the line, counted from 1.
        column: usize,
    },
    /// Text that is no JSON.
    #[error(
        "line {line}, column {column}: not JSON: {because}; delete the line's remains or take the trace anew"
    )]
    NotJson {
        /// Where.
        line: u64,
        /// Where in the line, counted from 1.
        column: usize,
        /// What the JSON parser says.
        because: String,
    },
    /// JSON that is no event.
    #[error("line {line}, column {column}: not an event: {because}; an event has at least i, t and e")]
    NotAnEvent {
        /// Where.
        line: u64,
        /// Where in the line, counted from 1.
        column: usize,
        /// What is wrong.
        because: String,
    },
    /// A footer that lacks something.
    #[error(
        "line {line}, column {column}: the last line is wrong: {because}; without it the trace can be read, without verdicts"
    )]
    Footer {
        /// Where.
        line: u64,
        /// Where in the line, counted from 1.
        column: usize,
        /// What is wrong.
        because: String,
    },
    /// A name that the header does not list.
    #[error("line {line}: unknown node {name:?}; {remedy}")]
    UnknownNode {
        /// Where.
        line: u64,
        /// The name.
        name: String,
        /// Which names there are.
        remedy: String,
    },
    /// An event at another place than its index says.
    #[error(
        "line {line}: event {found} where event {expected} should be; lines are lost, doubled or out of order"
    )]
    OutOfOrder {
        /// Where.
        line: u64,
        /// The index that should be here.
        expected: u64,
        /// The index that is.
        found: u64,
    },
    /// Another number of events than the footer says.
    #[error(
        "line {line}: the last line speaks of {footer} events, and there are {found}; lines are lost or doubled"
    )]
    EventCount {
        /// Where.
        line: u64,
        /// What the footer says.
        footer: u64,
        /// How many there are.
        found: u64,
    },
    /// Something after the last line.
    #[error(
        "line {line}: the trace has ended before this line; if these are two traces in one file, split it"
    )]
    AfterEnd {
        /// Where.
        line: u64,
    },
    /// The events are not those that were written.
    #[error(
        "line {line}: the events were changed after they were written: their digest is {found}, and the last line says {footer:?}; take the trace anew, or read it unverified"
    )]
    DigestMismatch {
        /// Where.
        line: u64,
        /// What the footer says.
        footer: String,
        /// What the lines have.
        found: String,
    },
}
