//! `explore --step`: somebody says what happens next, step by step, on plain lines.

use super::{
    exit::{Exit, Failure},
    output::{Output, Tone, counted, paint},
};
use crate::{
    explore::{Possible, Session, Subject},
    process::{ProcessId, Verdict},
    registry::{Options, Registry},
    report::{self, TextOptions},
    scenario::{Misfit, Move, Parcel, Then, nearest, reload},
};
use std::{
    fs,
    io::{self, BufRead, IsTerminal},
};

/// How much of a node's state is shown.
const STATE: usize = 96;

const HELP: &str = "\
  NUMBER         it happens
  lose NUMBER    the message is lost
  copy NUMBER    the network makes a second copy of the message
  crash NODE     the node crashes now; restart NODE brings it back
  undo           takes the last step back
  run            the rest happens in order of time
  state NODE     all of a node's state
  trace          what happened so far
  save FILE      writes a scenario with this schedule; synod run repeats it
  help, quit";

/// What a line asks for.
enum Command<'a> {
    Take(usize),
    Lose(usize),
    Copy(usize),
    Crash(&'a str),
    Restart(&'a str),
    Undo,
    Run,
    State(&'a str),
    Trace,
    Save(&'a str),
    Help,
    Quit,
    Nothing,
}

/// Steps through a scenario, until there is no more line or somebody has had enough.
pub(super) fn step(
    registry: &Registry,
    subject: &Subject<'_>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut session = Session::new(subject).map_err(internal)?;
    let prompt = io::stdin().is_terminal();
    show(&session, output)?;
    let mut lines = io::stdin().lock().lines();
    loop {
        if prompt {
            output.bytes(b"> ")?;
        }
        output.flush()?;
        let Some(line) = lines.next() else { break };
        let line = line.map_err(Failure::io("standard input"))?;
        match parse(&line) {
            Ok(Command::Quit) => break,
            Ok(command) => obey(registry, &mut session, &command, output)?,
            Err(hint) => output.line(hint)?,
        }
    }
    Ok(Exit::Held)
}

fn internal(misfit: Misfit) -> Failure {
    Failure::Internal(misfit.message)
}

/// The command on a line, or a hint.
fn parse(line: &str) -> Result<Command<'_>, String> {
    let mut words = line.split_whitespace();
    let Some(word) = words.next() else { return Ok(Command::Nothing) };
    let argument = words.next();
    if let Ok(number) = word.parse() {
        return Ok(Command::Take(number));
    }
    let number = |what: &str| {
        let number = argument.and_then(|argument| argument.parse().ok());
        number.ok_or_else(|| format!("which message? `{what} 1` for the first in the list"))
    };
    let named = |what: &str| argument.ok_or_else(|| format!("`{what}` needs a name after it"));
    match word {
        "lose" => number(word).map(Command::Lose),
        "copy" => number(word).map(Command::Copy),
        "crash" => named(word).map(Command::Crash),
        "restart" => named(word).map(Command::Restart),
        "undo" => Ok(Command::Undo),
        "run" => Ok(Command::Run),
        "state" => named(word).map(Command::State),
        "trace" => Ok(Command::Trace),
        "save" => named(word).map(Command::Save),
        "help" | "?" => Ok(Command::Help),
        "quit" | "exit" => Ok(Command::Quit),
        _ => {
            let known =
                ["lose", "copy", "crash", "restart", "undo", "run", "state", "trace", "save", "help", "quit"];
            let meant = nearest(word, known);
            let meant = meant.map_or_else(|| ".".into(), |meant| format!("; did you mean `{meant}`?"));
            Err(format!("`{word}` is no command{meant} Type a number from the list, or `help`."))
        }
    }
}

fn obey(
    registry: &Registry,
    session: &mut Session<'_>,
    command: &Command<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let changed = match command {
        Command::Take(number) => match chosen(session, *number) {
            Ok(possible) => session.take(possible.what).map_err(|misfit| misfit.message),
            Err(hint) => Err(hint),
        },
        Command::Lose(number) => with_message(session, *number, Move::Lose),
        Command::Copy(number) => with_message(session, *number, Move::Duplicate),
        Command::Crash(name) => {
            find(session, name).and_then(|node| session.crash(node).map_err(|misfit| misfit.message))
        }
        Command::Restart(name) => {
            find(session, name).and_then(|node| session.restart(node).map_err(|misfit| misfit.message))
        }
        Command::Undo => match session.undo() {
            Ok(true) => Ok(()),
            Ok(false) => Err("this is the beginning".into()),
            Err(misfit) => Err(misfit.message),
        },
        Command::Run => session.finish().map_err(|misfit| misfit.message),
        Command::State(name) => {
            let state = find(session, name).map(|node| session.state(node));
            let told = state.map(|state| state.unwrap_or_else(|| "it is down".into()));
            return output.line(told.unwrap_or_else(|hint| hint));
        }
        Command::Trace => return trace(registry, session, output),
        Command::Save(file) => {
            fs::write(file, session.text()).map_err(Failure::io(*file))?;
            return output.line(format!("wrote {file}"));
        }
        Command::Help => return output.line(HELP),
        Command::Nothing | Command::Quit => return Ok(()),
    };
    match changed {
        Ok(()) => show(session, output),
        Err(hint) => output.line(hint),
    }
}

/// What has this number in the list.
fn chosen(session: &Session<'_>, number: usize) -> Result<Possible, String> {
    let count = session.next().len();
    let possible = number.checked_sub(1).and_then(|place| session.next().get(place));
    possible.cloned().ok_or_else(|| match count {
        0 => "nothing is left to happen; `undo` goes back".into(),
        _ => format!("there is no {number} in the list; it goes from 1 to {count}"),
    })
}

/// Something else becomes of a message than that it arrives.
fn with_message(session: &mut Session<'_>, number: usize, fate: fn(Parcel) -> Move) -> Result<(), String> {
    match chosen(session, number)?.what {
        Move::Deliver(parcel) => session.take(fate(parcel)).map_err(|misfit| misfit.message),
        Move::Event { .. } | Move::End { .. } | Move::Timer(_) | Move::Lose(_) | Move::Duplicate(_) => {
            Err(format!("{number} is no message"))
        }
    }
}

fn find(session: &Session<'_>, name: &str) -> Result<ProcessId, String> {
    let names = &session.plan().setup.names;
    names.find(name).ok_or_else(|| {
        let all: Vec<String> = names.ids().map(|id| names.name(id).into_owned()).collect();
        match nearest(name, all.iter().map(String::as_str)) {
            Some(meant) => format!("there is no node `{name}`; did you mean `{meant}`?"),
            None => format!("there is no node `{name}`; the nodes are {}", all.join(", ")),
        }
    })
}

/// Where things stand: the nodes' states, what is violated, what can happen next.
fn show(session: &Session<'_>, output: &mut Output) -> Result<(), Failure> {
    let names = &session.plan().setup.names;
    let title = format!("after {}, {}", counted(session.steps() as u64, "step"), session.time());
    output.line(paint(Tone::Strong, &title))?;
    for node in names.ids() {
        let state = names.scope(|| session.state(node));
        let state = state.unwrap_or_else(|| "(down)".into());
        let mut short: String = state.chars().take(STATE).collect();
        if short.len() < state.len() {
            short.push_str(" ...");
        }
        output.line(format!("  {}: {short}", names.name(node)))?;
    }
    let over = session.next().is_empty();
    for (property, verdict) in session.verdicts() {
        match verdict {
            Verdict::Violated { because, .. } => {
                output.line(format!("{} {property}: {because}", paint(Tone::Bad, "violated")))?;
            }
            Verdict::Holds { .. } | Verdict::Vacuous | Verdict::Undecided { .. } if over => {
                output.line(format!("{} {property}", verdict.name()))?;
            }
            Verdict::Holds { .. } | Verdict::Vacuous | Verdict::Undecided { .. } => {}
        }
    }
    if over {
        return output.line("nothing is left to happen");
    }
    output.line("what can happen next:")?;
    for (number, possible) in (1..).zip(session.next()) {
        output.line(format!("  {number}  {} ({})", possible.what.told(names), possible.at))?;
    }
    Ok(())
}

/// What happened so far, event by event.
fn trace(registry: &Registry, session: &Session<'_>, output: &mut Output) -> Result<(), Failure> {
    let unread = |message: String| Failure::Internal(format!("the run cannot be repeated: {message}"));
    let scenario = session.scenario(Then::Stop);
    let plan = reload("steps", &scenario, registry).map_err(|mistakes| unread(mistakes.to_string()))?;
    let outcome =
        registry.run(&plan, &Options::default()).map_err(|error| unread(error.to_string()))?;
    let trace = outcome.trace().map_err(|error| unread(error.to_string()))?;
    report::listing(&trace, output.writer(), &TextOptions::default()).map_err(Failure::io("standard output"))?;
    Ok(())
}
