//! The command line: arguments in, results on stdout, everything else on stderr, an exit code that says what came of it.

mod args;
mod batch;
mod exit;
mod files;
mod listing;
mod outcome;
mod output;
mod run;
mod traces;

pub use exit::Exit;

use crate::registry::Registry;
use args::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use exit::Failure;
use output::Output;
use std::process::ExitCode;

/// Runs the command line of a program with these algorithms; gives the code to exit with.
///
/// A program of one's own is this in its `main`, with `Registry::standard().with::<MyAlgorithm>()`.
pub fn main(registry: &Registry) -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    arguments.color.write_global();
    let mut output = Output::new();
    let exit = match dispatch(registry, &arguments, &mut output) {
        Ok(exit) => exit,
        Err(Failure::ClosedPipe) => Exit::Held,
        Err(failure) => {
            output.complain(&failure);
            failure.exit()
        }
    };
    match output.finish() {
        Ok(()) | Err(Failure::ClosedPipe) => exit.into(),
        Err(failure) => failure.exit().into(),
    }
}

fn dispatch(registry: &Registry, arguments: &Arguments, output: &mut Output) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Run(wanted) => run::run(registry, wanted, output),
        Command::Check(wanted) => run::check(registry, wanted, output),
        Command::Replay(wanted) => traces::replay(registry, wanted, output),
        Command::Trace { command } => traces::trace(command, output),
        Command::List(wanted) => listing::list(registry, wanted, output),
        Command::Describe(wanted) => listing::describe(registry, wanted, output),
        Command::Schema => listing::schema(output),
        Command::New(wanted) => listing::new(registry, wanted, output),
        Command::Completions { shell } => listing::completions(*shell, output),
        Command::Man { folder } => listing::man(folder.as_deref(), output),
    }
}
