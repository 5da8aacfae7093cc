//! The formats a trace is exported to, by name.

use super::{Selection, TextOptions, csv, perfetto, svg, template, text};
use crate::trace::Trace;
use std::{fmt, io, str::FromStr};
use thiserror::Error;

/// A format that a trace can be written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// One event per line, for people.
    Text,
    /// JSON Lines: the trace itself.
    Jsonl,
    /// A table, one row per event.
    Csv,
    /// The log of the ShiViz viewer. It draws arrows from vector clocks and so leaves out those of overtaken
    /// messages and duplicates; what the network does (drops, partitions) has no place in it.
    Shiviz,
    /// A sequence diagram that GitHub, GitLab and many editors draw inside Markdown. A message is drawn where it
    /// arrives.
    Mermaid,
    /// The happened-before graph, for Graphviz.
    Dot,
    /// Chrome's trace event JSON, for ui.perfetto.dev.
    Perfetto,
    /// A picture for documents.
    Svg,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Jsonl,
        Self::Csv,
        Self::Shiviz,
        Self::Mermaid,
        Self::Dot,
        Self::Perfetto,
        Self::Svg,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Shiviz => "shiviz",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Perfetto => "perfetto",
            Self::Svg => "svg",
        }
    }

    /// What a file in this format is usually called at the end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Shiviz => "log",
            Self::Mermaid => "mmd",
            Self::Dot => "dot",
            Self::Perfetto => "json",
            Self::Svg => "svg",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A format that does not exist.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("unknown format {name:?}; {remedy}")]
pub struct UnknownFormat {
    name: String,
    remedy: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        if let Some(format) = Self::ALL.into_iter().find(|format| format.name() == name) {
            return Ok(format);
        }
        let distance = |format: &Self| strsim::damerau_levenshtein(name, format.name());
        let remedy = match Self::ALL.into_iter().min_by_key(distance).filter(|format| distance(format) <= 2) {
            Some(format) => format!("did you mean {format}?"),
            None => format!("formats are {}", Self::ALL.map(Self::name).join(", ")),
        };
        Err(UnknownFormat { name: name.to_owned(), remedy })
    }
}

/// Why a report was not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The output failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The template is wrong.
    #[error("{name}:{line}: {because}")]
    Template {
        /// The template's name.
        name: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        because: String,
    },
}

/// Writes `trace` in `format`. For a part of it, take [`super::Selection::excerpt`] first.
///
/// # Errors
/// Those of `out`.
pub fn convert(trace: &Trace, format: Format, out: &mut impl io::Write) -> Result<(), ReportError> {
    match format {
        Format::Text => text(trace, out, &TextOptions::default())?,
        Format::Jsonl => trace.write(out)?,
        Format::Csv => csv::csv(trace, out)?,
        Format::Shiviz => template(trace, "shiviz.j2", include_str!("templates/shiviz.j2"), out)?,
        Format::Mermaid => template(trace, "mermaid.j2", include_str!("templates/mermaid.j2"), out)?,
        Format::Dot => template(trace, "dot.j2", include_str!("templates/dot.j2"), out)?,
        Format::Perfetto => perfetto::perfetto(trace, out)?,
        Format::Svg => svg(trace, &Selection::default(), out)?,
    }
    Ok(())
}
