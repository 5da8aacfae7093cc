//! The command line: arguments in, results on stdout, everything else on stderr, an exit code that says what came of it.

mod args;
mod args_looking;
mod args_searching;
mod batch;
mod campaign;
mod check;
mod doctor;
mod exit;
mod explore;
mod explored;
mod files;
mod found;
mod fuzz;
mod interrupt;
mod listing;
mod live;
mod merge;
mod numbers;
mod outcome;
mod output;
mod page;
mod retold;
mod run;
mod shrink;
mod states;
mod step;
mod study;
mod traces;
mod why;

use crate::{registry::Registry, scenario};
use args::{Arguments, Command};
use clap::{
    CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use exit::{Exit, Failure};
use output::Output;
use std::{env, ffi::OsString, io::Write, panic, path::Path, process, process::ExitCode};

/// Runs the command line of a program with these algorithms; gives the code to exit with.
///
/// A program of one's own is this in its `main`, with `Registry::standard().with::<MyAlgorithm>()`.
pub fn main(registry: &Registry) -> ExitCode {
    main_with(registry, env::args_os())
}

/// The same with arguments from elsewhere; the first is the program's name.
pub fn main_with(registry: &Registry, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    report_panics();
    let arguments = Arguments::try_parse_from(arguments).unwrap_or_else(|error| suggest(error).exit());
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

/// A panic is a mistake in this program or in an algorithm, not the user's: it says so and exits with 70.
fn report_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
            usual(panic);
        }
        let payload = panic.payload();
        let said = payload.downcast_ref::<&str>().copied();
        let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic");
        let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
        // Nothing can be said where stderr is closed.
        let _written = writeln!(
            anstream::stderr(),
            "error: internal error: {said}{place}\n\
             This is a mistake in synod or in an algorithm, not in your scenario. Please report it, with the command \
             and the scenario."
        );
        process::exit(Exit::Internal as i32);
    }));
}

/// Adds to an unknown command what may have been meant.
fn suggest(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::InvalidSubcommand || error.get(ContextKind::SuggestedSubcommand).is_some() {
        return error;
    }
    let Some(ContextValue::String(written)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    if Path::new(written).exists() {
        let tip = format!("to run a scenario: {} run {written}", program());
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    } else if let Some(meant) = scenario::nearest(written, names) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::String(meant.to_owned()));
    }
    error
}

/// What the user typed to get here, without folders.
fn program() -> String {
    let name = env::args_os().next();
    let stem = name.as_deref().and_then(|name| Path::new(name).file_stem());
    stem.map_or_else(|| "synod".into(), |stem| stem.to_string_lossy().into_owned())
}

fn dispatch(registry: &Registry, arguments: &Arguments, output: &mut Output) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Run(wanted) => run::run(registry, wanted, output),
        Command::Check(wanted) => check::check(registry, wanted, output),
        Command::Replay(wanted) => traces::replay(registry, wanted, output),
        Command::Fuzz(wanted) => fuzz::fuzz(registry, wanted, output),
        Command::Explore(wanted) => explore::explore(registry, wanted, output),
        Command::Merge(wanted) => merge::merge(registry, wanted, output),
        Command::Shrink(wanted) => shrink::shrink(registry, wanted, output),
        Command::Live(wanted) => live::live(registry, wanted, output),
        Command::Trace { command } => traces::trace(registry, command, output),
        Command::Why(wanted) => why::why(registry, wanted, output),
        Command::List(wanted) => listing::list(registry, wanted, output),
        Command::Describe(wanted) => listing::describe(registry, wanted, output),
        Command::Schema => listing::schema(output),
        Command::New(wanted) => listing::new(registry, wanted, output),
        Command::Doctor(wanted) => doctor::doctor(wanted, output),
        Command::Completions { shell } => listing::completions(*shell, output),
        Command::Man { folder } => listing::man(folder.as_deref(), output),
    }
}
