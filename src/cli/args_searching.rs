//! The flags of searches.

use super::args::{Changes, Format, Reporting};
use crate::{explore::TRIES, process::parse_duration, scenario::Vary};
use clap::{Args, ValueEnum, ValueHint};
use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Fuzz {
    /// The scenario, or - for standard input; with a schedule in it, the search goes on from there
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// How many runs [default: the scenario's `fuzz.runs`, or 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) runs: Option<u64>,
    /// Stop after this time, as in --time 10m; with --runs, after whichever comes first
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) time: Option<Duration>,
    /// In what order things happen
    #[arg(long, value_enum, default_value = "auto", value_name = "HOW")]
    pub(super) strategy: Strategy,
    /// What differs between runs, as in --vary order,crash [default: the scenario's `fuzz.vary`]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = vary)]
    pub(super) vary: Vec<Vary>,
    /// How many faults a run has at most [default: the scenario's `fuzz.faults`, or 3]
    #[arg(long, value_name = "N")]
    pub(super) faults: Option<u32>,
    /// Let faults come in the first half of a run only, then make everything whole again
    #[arg(long)]
    pub(super) chaos: bool,
    /// Make every n-th run only, as in --shard 1/4 to --shard 4/4; env takes it from Slurm or Kubernetes
    ///
    /// Run k belongs to share k modulo n, share n being share 0. With env, SLURM_ARRAY_TASK_ID and its companions say it, or
    /// JOB_COMPLETION_INDEX together with SYNOD_SHARDS, which is to be the job's number of completions.
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<String>,
    /// Keep what was done in this folder, and go on from there when the same search is started again
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) corpus: Option<PathBuf>,
    /// Where failure files are written
    #[arg(long, value_name = "DIR", default_value = "failures", value_hint = ValueHint::DirPath)]
    pub(super) out: PathBuf,
    /// Leave failures as they were found
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// Write an HTML page that shows the failure; further ones get a number in their name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

#[derive(Debug, Args)]
pub(super) struct Explore {
    /// The scenario, or - for standard input; --step begins at the end of its schedule, a search leaves it out
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// How to go through the orders
    #[arg(long, value_enum, default_value = "reduced", value_name = "HOW")]
    pub(super) strategy: Search,
    /// Look at every order, also at those that differ only in independent steps
    #[arg(long)]
    pub(super) no_reduction: bool,
    /// How many steps an execution may have; longer ones are cut short
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(super) depth: u64,
    /// How many executions are made at most
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(super) executions: u64,
    /// With --strategy states: how many states are looked at, about
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub(super) states: u64,
    /// How many threads: for states, and for sets of faults; results do not depend on it [default: one for each core]
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Which faults there may be, as in --vary crash,loss [default: the scenario's `fuzz.vary`]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = vary)]
    pub(super) vary: Vec<Vary>,
    /// How many faults an execution has at most [default: the scenario's `fuzz.faults`, or 1]
    #[arg(long, value_name = "N")]
    pub(super) faults: Option<u32>,
    /// Where failure files are written
    #[arg(long, value_name = "DIR", default_value = "failures", value_hint = ValueHint::DirPath)]
    pub(super) out: PathBuf,
    /// Leave failures as they were found
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// Choose what happens next oneself, step by step; commands come from standard input
    #[arg(long, conflicts_with_all = ["strategy", "no_reduction", "json", "format"])]
    pub(super) step: bool,
    /// How results are written
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub(super) format: Format,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
}

impl Explore {
    pub(super) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// How all orders are gone through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Search {
    /// Depth first, one order for all that nobody can tell apart (source-DPOR with sleep sets)
    Reduced,
    /// Depth first, every order
    DepthFirst,
    /// Breadth first, every state once, whatever order led to it
    States,
}

#[derive(Debug, Args)]
pub(super) struct Merge {
    /// Reports that `fuzz --json` wrote
    #[arg(required = true, value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub(super) reports: Vec<PathBuf>,
    /// How the whole is written
    #[arg(long, value_enum, default_value = "json", value_name = "FORMAT")]
    pub(super) format: Format,
    /// Write failure files into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out: Option<PathBuf>,
}

/// How runs of a search go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Strategy {
    /// All of the others in turn
    Auto,
    /// The earliest event first, as `run` does it
    Timed,
    /// Whatever can happen next is equally likely
    Walk,
    /// Random priorities with a few changes (probabilistic concurrency testing), with depths 2 to 4 in turn
    Pct,
    /// The order of time, but for a few events that are put off
    DelayBounded,
}

/// What may differ between runs, as a scenario's `fuzz.vary` names it.
fn vary(text: &str) -> Result<Vary, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

#[derive(Debug, Args)]
pub(super) struct Shrink {
    /// A scenario with a schedule in which a property is violated, or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// Where to write it; standard output otherwise
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// How many runs to make at most
    #[arg(long, value_name = "N", default_value_t = TRIES)]
    pub(super) tries: u64,
}
