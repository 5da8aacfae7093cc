//! The commands and their flags.

use super::args_looking::{Drawing, Part, Shape, Why};
pub(super) use super::args_searching::{Explore, Fuzz, Merge, Search, Shrink, Strategy};
pub(super) use super::live::MergeJournals;
use super::{doctor::Doctor, live::Live};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::{num::NonZeroUsize, path::PathBuf};

/// A workbench for distributed algorithms: a scenario is simulated, traced, judged and replayed
#[derive(Debug, Parser)]
#[command(name = "synod", version, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// When to use colour
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN", display_order = 900)]
    pub(super) color: Color,
    #[command(subcommand)]
    pub(super) command: Command,
}

const AFTER_HELP: &str = "\
Start with:
  synod new first.yaml           a commented scenario
  synod run first.yaml --view    what happens in it, event by event

Exit codes:
   0  everything held                       5  nothing to run
   1  a property violated, or an            70  internal error: please report it
      expectation unmet                    74  input or output failed
   2  bad usage or bad file               130  interrupted
   3  undecided: the run ended too early
   4  a replay diverged, or traces differ";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios and judge what happens
    Run(Run),
    /// Read scenarios and report every mistake, without running them
    #[command(alias = "validate")]
    Check(Check),
    /// Run a trace's scenario again and compare event by event, or repeat a failure file
    Replay(Replay),
    /// Search for what breaks a scenario: many runs, each with another order of events and other faults
    Fuzz(Fuzz),
    /// Go through all orders of a scenario's events, or step through one
    Explore(Explore),
    /// Put the reports of all shares of a search together
    Merge(Merge),
    /// Make a failure file smaller
    Shrink(Shrink),
    /// Run a scenario's nodes as real processes, over real UDP and TCP sockets
    Live(Live),
    /// Look at traces, convert and compare them
    Trace {
        #[command(subcommand)]
        command: Trace,
    },
    /// Say why something happened: the chain of events that led to it
    Why(Why),
    /// List the algorithms
    List(List),
    /// Say what an algorithm is for, what it assumes, promises and costs
    Describe(Describe),
    /// Print the JSON Schema of scenario files, for completion in an editor
    Schema,
    /// Write a commented scenario to start from
    New(New),
    /// Try out what this computer and its network can do for live nodes
    Doctor(Doctor),
    /// Print shell completions
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page, or write one for every command into a folder
    Man {
        /// Where to write them
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Sources {
    /// Scenario files, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
}

/// What of a scenario is to be otherwise.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Override a key of the scenario, as in --set network.loss=5%
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) overrides: Vec<String>,
    /// Use this seed instead of the scenario's
    #[arg(long, env = "SYNOD_SEED", value_name = "N")]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) sources: Sources,
    /// Stop at this virtual time, as in --until 20s
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// Write the trace here (JSON Lines): to a file, into a folder, or to standard output (-)
    ///
    /// With - the report goes to standard error. Several scenarios need a folder; it is made when it is not there.
    #[arg(long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    pub(super) trace: Option<PathBuf>,
    /// Write an HTML page here that shows the run: into a file, or, of several scenarios, into a folder
    ///
    /// The page needs no network and nothing beside it. It shows the nodes' states for runs of up to 20,000 events, for longer
    /// ones with --state.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) report: Option<PathBuf>,
    /// Print every event
    #[arg(long)]
    pub(super) view: bool,
    /// Keep each node's state after each step in the trace
    #[arg(long)]
    pub(super) state: bool,
    /// How much of the run is kept; properties are judged on full only
    #[arg(long, value_enum, default_value = "full", value_name = "WHAT", conflicts_with_all = ["view", "state", "trace", "report"])]
    pub(super) record: Keep,
    /// Run twice and name the first difference
    #[arg(long)]
    pub(super) verify_determinism: bool,
    /// Print a table of what each scenario cost and how long it took, instead of its events
    ///
    /// Messages and bytes, each as a total and for each request or message, and the means of what the problem measures
    /// (`synod describe` names it): for the same scenario with different algorithms.
    #[arg(long, conflicts_with_all = ["view", "record"])]
    pub(super) compare: bool,
    /// Print what each run cost: messages by kind and node, for each operation, delays, and when
    #[arg(long, conflicts_with_all = ["record", "compare"])]
    pub(super) stats: bool,
    /// Run each scenario under so many seeds, from its own on, and print means with 95 % confidence intervals
    ///
    /// With --set KEY=VALUE,VALUE,... one line for each value, or for each combination where several keys have a list;
    /// beside the cost stands the published formula, where the algorithm has one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(super) runs: Option<u64>,
    /// Write the table of --runs, or of --set with several values, for plots (- for standard output)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) sources: Sources,
    /// Print the scenario with every default filled in and every --set applied
    #[arg(long)]
    pub(super) resolved: bool,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

#[derive(Debug, Args)]
pub(super) struct Reporting {
    /// How results are written
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub(super) format: Format,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// How many scenarios are worked on at once; results do not depend on it [default: one for each core]
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// When to show progress, on standard error
    #[arg(long, default_value = "auto", value_name = "WHEN")]
    pub(super) progress: Progress,
}

impl Reporting {
    pub(super) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// A trace that `run --trace` or `live` wrote, a scenario with a schedule, or - for standard input
    ///
    /// With --as-scenario also the folder in which live nodes kept their journals.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) trace: PathBuf,
    /// Write the recorded run as a scenario with its schedule, for `run`, `fuzz` and `shrink`, instead (- for standard output)
    ///
    /// It has the same requests and faults, and every message, timer, loss and choice in the order and at the time in which it
    /// happened. What comes out is run and held against the recording, node by node; its first lines say what differs.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["view", "report"])]
    pub(super) as_scenario: Option<PathBuf>,
    /// Print every event of the replay
    #[arg(long)]
    pub(super) view: bool,
    /// Write an HTML page that shows the replay
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) report: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Trace {
    /// Draw a trace as a space-time diagram, or list its events
    View(View),
    /// Count messages, delays and outputs
    Stats {
        /// The trace, or - for standard input
        #[arg(value_hint = ValueHint::FilePath)]
        trace: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Name the first difference of two traces
    Diff {
        /// One trace
        #[arg(value_hint = ValueHint::FilePath)]
        first: PathBuf,
        /// The other
        #[arg(value_hint = ValueHint::FilePath)]
        second: PathBuf,
        /// Show both side by side: html
        #[arg(long, value_name = "FORMAT")]
        to: Option<Sheet>,
        /// Where to write that; standard output otherwise
        #[arg(short, long, value_name = "FILE", requires = "to", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Convert a trace for another tool
    Convert(Convert),
    /// Put the journals of a live run's nodes together, ordered by happens-before
    Merge(MergeJournals),
}

/// What two traces can be shown in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Sheet {
    /// A page
    Html,
}

#[derive(Debug, Args)]
pub(super) struct View {
    /// The trace, or - for standard input
    pub(super) trace: PathBuf,
    #[command(flatten)]
    pub(super) part: Part,
    /// Only events of these kinds, as in --kinds receive,output
    #[arg(long, value_delimiter = ',')]
    pub(super) kinds: Vec<String>,
    /// What is shown of them
    #[arg(long = "as", value_enum, default_value = "diagram", value_name = "HOW")]
    pub(super) shape: Shape,
    #[command(flatten)]
    pub(super) drawing: Drawing,
}

#[derive(Debug, Args)]
pub(super) struct Convert {
    /// The trace, or - for standard input
    pub(super) trace: PathBuf,
    /// What to convert it to: text, jsonl, csv, shiviz, mermaid, dot, perfetto, html, svg, png
    #[arg(long, value_name = "FORMAT", required_unless_present = "template")]
    pub(super) to: Option<String>,
    /// A template of one's own (minijinja) instead
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub(super) template: Option<PathBuf>,
    #[command(flatten)]
    pub(super) part: Part,
    /// Where to write it; standard output otherwise
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only the algorithms for this problem
    #[arg(value_name = "PROBLEM")]
    pub(super) problem: Option<String>,
    /// The problems, each with its algorithms
    #[arg(long, conflicts_with = "problem")]
    pub(super) problems: bool,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Describe {
    /// The algorithm's name
    pub(super) name: String,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// The file to write, or - for standard output
    pub(super) file: PathBuf,
    /// The algorithm to start with
    #[arg(long, default_value = "causal-broadcast")]
    pub(super) algorithm: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// One JSON document for all scenarios
    Json,
    /// One JSON document, on one line, for each scenario
    Jsonl,
    /// JUnit XML, for CI and graders
    Junit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Keep {
    /// Nothing
    Off,
    /// How many messages of which kind were sent
    Counts,
    /// Every event
    Full,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Progress {
    /// For several scenarios, on a terminal
    Auto,
    /// Always; a line now and then where there is no terminal
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    pub(super) fn write_global(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
