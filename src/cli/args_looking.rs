//! The flags of what is drawn and told of a trace.

use super::args::Changes;
use clap::{Args, ValueEnum, ValueHint};
use std::{env, io, path::PathBuf};

/// Which part of a trace is shown.
#[derive(Debug, Args)]
pub(super) struct Part {
    /// Only what happens at these nodes, as in --nodes alice,bob
    #[arg(long, value_delimiter = ',')]
    pub(super) nodes: Vec<String>,
    /// Only this event and ten on either side
    #[arg(long, value_name = "EVENT")]
    pub(super) around: Option<u64>,
    /// Only the last N events
    #[arg(long, value_name = "N")]
    pub(super) last: Option<usize>,
}

impl Part {
    /// Whether it is a part and not the whole.
    pub(super) fn is_part(&self) -> bool {
        !self.nodes.is_empty() || self.around.is_some() || self.last.is_some()
    }
}

/// How a trace is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Shape {
    /// A column for each node, time downwards, every message an arrow
    Diagram,
    /// One line for each event
    Lines,
}

#[derive(Debug, Args)]
pub(super) struct Drawing {
    /// The most characters in a line of a drawing [default: COLUMNS, the terminal's width, or 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..))]
    pub(super) width: Option<u16>,
    /// Draw with characters that every terminal has
    #[arg(long)]
    pub(super) ascii: bool,
}

impl Drawing {
    /// How wide a drawing may be.
    pub(super) fn width(&self) -> usize {
        let columns = || env::var("COLUMNS").ok()?.parse().ok();
        let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let width = self.width.or_else(columns).or_else(terminal).unwrap_or(80);
        usize::from(width.max(40))
    }
}

#[derive(Debug, Args)]
#[command(after_help = WHY_HELP)]
pub(super) struct Why {
    /// A trace that `run --trace` wrote, or a scenario, which is run first; - for a trace on standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// Which event: its number, `violation`, or KIND[:NAME][@NODE][#N]
    pub(super) event: String,
    /// Tell everything that happened before it, also what it does not follow from
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// How it is written
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub(super) format: AccountFormat,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
}

const WHY_HELP: &str = "\
Events:
  16                   the event with this number, as `trace view` shows it
  violation            the events that show the first violation of a property
  violation:agreement  the same of this property
  output:enter@bob     the first `enter` that bob tells its application
  drop:token#2         the second token that is lost
  crash@bob            bob's first crash";

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum AccountFormat {
    /// For people
    Human,
    /// One JSON document
    Json,
}
