//! CSV (RFC 4180): one row per event, exact data.

use crate::trace::Trace;
use std::{borrow::Cow, io};

const HEAD: &str = "index,time,node,kind,message,to,from,type,body,why,cause,lamport,state";

/// Writes the events as a table; time is in nanoseconds, bodies are JSON. Nothing is changed for the sake of a
/// spreadsheet: a cell that begins with `=` does so in the trace too, and should be imported as text.
pub(super) fn csv(trace: &Trace, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "{HEAD}")?;
    let name = |id: Option<_>| id.map(|id| trace.names.name(id).into_owned());
    for event in &trace.events {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let cells = [
            number(Some(event.index)),
            number(Some(event.time)),
            name(event.node),
            Some(event.kind.name().into()),
            number(event.message),
            name(event.to),
            name(event.from),
            event.message_kind.clone(),
            event.body.as_ref().map(ToString::to_string),
            event.why.clone(),
            number(event.cause),
            number(event.lamport),
            event.state.clone(),
        ];
        let row: Vec<String> =
            cells.iter().map(|cell| quoted(cell.as_deref().unwrap_or("")).into_owned()).collect();
        writeln!(out, "{}", row.join(","))?;
    }
    Ok(())
}

/// A cell, in quotes where it needs them.
pub(super) fn quoted(cell: &str) -> Cow<'_, str> {
    let ends_blank = cell.starts_with([' ', '\t']) || cell.ends_with([' ', '\t']);
    if ends_blank || cell.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}
