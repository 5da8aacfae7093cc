//! The prompt of a node: what is typed becomes commands, what happens becomes lines.

use crate::{
    live::{
        control::{Command, Fault, Matter, Report, Summary},
        guests::shown,
        heard,
    },
    process::parse_duration,
};
use rustyline::{DefaultEditor, ExternalPrinter, error::ReadlineError};
use serde_json::Value;
use std::{
    io::{self, BufRead, IsTerminal, Write},
    thread,
};
use tokio::sync::mpsc;

const HELP: &str = "\
What you type is said to the others, as this problem's own request. The rest begins with a slash:
  /request {broadcast: hi}   ask the process for anything (YAML or JSON)
  /send bob hi               say something to one node
  /who  /clock  /stats       who is there; what the clocks say; what was sent and received
  /trace                     where the journal is
  /pause 5s                  do nothing for a while
  /delay bob 200ms           what goes to bob takes longer
  /drop bob                  nothing goes to bob, nothing comes from bob
  /partition bob,carol       bob and carol on one side, the others on another
  /heal                      everything works again
  /crash                     end at once, as if killed
  /quit                      say goodbye (Ctrl-D)";

/// What somebody typed.
#[derive(PartialEq, Debug)]
enum Typed {
    Command(Command),
    Help,
    Nothing,
}

/// What a line means.
fn understand(line: &str) -> Result<Typed, String> {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else {
        let nothing = line.is_empty();
        return Ok(if nothing { Typed::Nothing } else { Typed::Command(Command::Say(line.to_owned())) });
    };
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let needs = |example: &str| {
        if rest.is_empty() { Err(format!("/{word} needs to know more, as in {example}")) } else { Ok(()) }
    };
    let command = match word {
        "help" | "?" => return Ok(Typed::Help),
        "quit" | "exit" => Command::Quit,
        "who" => Command::Show(Matter::Who),
        "clock" => Command::Show(Matter::Clock),
        "stats" => Command::Show(Matter::Stats),
        "trace" => Command::Show(Matter::Trace),
        "crash" => Command::Fault(Fault::Crash),
        "heal" => Command::Fault(Fault::Heal),
        "request" => {
            needs("/request {broadcast: hi}")?;
            let request: Value =
                serde_yaml::from_str(rest).map_err(|error| format!("this is no YAML: {error}"))?;
            Command::Ask(request)
        }
        "send" => {
            let (to, text) = two(rest).ok_or("/send needs a node and a text, as in /send bob hi")?;
            Command::Send { to: to.to_owned(), text: text.to_owned() }
        }
        "pause" => {
            needs("/pause 5s")?;
            Command::Fault(Fault::Pause(milliseconds(rest)?))
        }
        "delay" => {
            let (to, delay) = two(rest).ok_or("/delay needs a node and a time, as in /delay bob 200ms")?;
            Command::Fault(Fault::Delay { to: to.to_owned(), milliseconds: milliseconds(delay)? })
        }
        "drop" => {
            needs("/drop bob")?;
            Command::Fault(Fault::Drop(rest.to_owned()))
        }
        "partition" => {
            needs("/partition bob,carol")?;
            let names = rest.split([',', ' ']).filter(|name| !name.is_empty());
            Command::Fault(Fault::Partition(names.map(str::to_owned).collect()))
        }
        _ => return Err(format!("there is no command /{word}; /help lists them")),
    };
    Ok(Typed::Command(command))
}

fn two(text: &str) -> Option<(&str, &str)> {
    let (first, second) = text.split_once(char::is_whitespace)?;
    Some((first, second.trim())).filter(|(_, second)| !second.is_empty())
}

fn milliseconds(text: &str) -> Result<u64, String> {
    Ok(parse_duration(text)?.as_millis() as u64)
}

/// Where lines are shown.
pub(super) enum Screen {
    /// A terminal where somebody may be typing.
    Prompt(Box<dyn ExternalPrinter + Send>),
    /// Plain lines.
    Plain,
}

impl Screen {
    /// Shows what a node reports; false when nobody reads any more.
    pub(super) fn show(&mut self, report: &Report, banner: &str) -> bool {
        let Some(line) = line(report, banner) else { return true };
        match self {
            Self::Prompt(_) if matches!(report, Report::Bye(_)) => {
                // Nobody is asked any more, so nobody would print it.
                restore();
                writeln!(io::stderr(), "\r{line}").is_ok()
            }
            Self::Prompt(printer) => printer.print(format!("{line}\n")).is_ok(),
            Self::Plain if matches!(report, Report::Refused(_)) => {
                // Nobody may read complaints.
                let _unread = writeln!(io::stderr(), "{line}");
                true
            }
            Self::Plain => {
                let mut out = io::stdout().lock();
                writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
            }
        }
    }
}

/// A report as a line for people.
fn line(report: &Report, banner: &str) -> Option<String> {
    Some(match report {
        Report::Ready(address) => banner.replace("ADDRESS", &address.to_string()),
        Report::Output(output) => told(output),
        Report::Shown(line) => shown(line).into_owned(),
        Report::Refused(sentence) => format!("! {}", shown(sentence)),
        Report::Bye(summary) => goodbye(summary),
        Report::Status(_) | Report::Held { .. } => return None,
    })
}

/// What the process tells its application.
fn told(output: &Value) -> String {
    if let Some(heard) = heard(output) {
        let number = heard.number.map(|number| format!("{number}: ")).unwrap_or_default();
        return format!("[{}] {number}{}", shown(heard.from), shown(heard.body));
    }
    match output {
        Value::String(word) => word.clone(),
        Value::Object(map) if map.len() == 1 => {
            let words = map.iter().map(|(kind, value)| format!("{kind} {value}"));
            shown(&words.collect::<String>()).into_owned()
        }
        other => shown(&other.to_string()).into_owned(),
    }
}

fn goodbye(summary: &Summary) -> String {
    let Summary { node, sent, received, unsent, refused, .. } = summary;
    let mut sentence = format!("{node} goes: {sent} messages sent, {received} received");
    if *unsent > 0 {
        sentence += &format!(", {unsent} not sent");
    }
    if !refused.is_empty() {
        let refused: Vec<String> =
            refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        sentence += &format!("; refused: {}", refused.join(", "));
    }
    sentence
}

/// Reads what is typed, on a thread of its own: the end of the process need not wait for what is never typed.
pub(super) fn start(node: &str, commands: mpsc::Sender<Command>, machine: bool) -> Screen {
    if machine || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        thread::spawn(move || read_lines(&commands));
        return Screen::Plain;
    }
    terminal::keep();
    let editor = DefaultEditor::new().and_then(|mut editor| {
        let printer = editor.create_external_printer()?;
        Ok((editor, printer))
    });
    let Ok((editor, printer)) = editor else {
        thread::spawn(move || read_lines(&commands));
        return Screen::Plain;
    };
    let prompt = format!("{node}> ");
    thread::spawn(move || read_prompt(editor, &prompt, &commands));
    Screen::Prompt(Box::new(printer))
}

fn read_prompt(mut editor: DefaultEditor, prompt: &str, commands: &mpsc::Sender<Command>) {
    loop {
        let line = match editor.readline(prompt) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => break,
            Err(_) => break,
        };
        // History that cannot be kept is no reason to stop.
        let _kept = editor.add_history_entry(&line);
        if !obey(&line, commands) {
            return;
        }
    }
    let _stopped = commands.blocking_send(Command::Quit);
}

/// Reads plain lines. Their end is not the node's: a node in the background has nobody who types.
fn read_lines(commands: &mpsc::Sender<Command>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if !obey(&line, commands) {
            return;
        }
    }
    // Whoever reads commands would take the end of the last sender for the end.
    while !commands.is_closed() {
        thread::park_timeout(std::time::Duration::from_secs(60));
    }
}

/// Passes on what a line means; false when the node has gone or is told to go.
fn obey(line: &str, commands: &mpsc::Sender<Command>) -> bool {
    match understand(line) {
        Ok(Typed::Nothing) => true,
        Ok(Typed::Help) => {
            // Not on standard output: that is the other thread's.
            let _unread = writeln!(io::stderr(), "{HELP}");
            true
        }
        Ok(Typed::Command(command)) => {
            let last = command == Command::Quit;
            commands.blocking_send(command).is_ok() && !last
        }
        Err(sentence) => {
            let _unread = writeln!(io::stderr(), "! {sentence}");
            true
        }
    }
}

pub(super) use terminal::restore;

/// A terminal is left as it was found, also when somebody is still being asked.
#[cfg(unix)]
mod terminal {
    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use std::{io, sync::OnceLock};

    static BEFORE: OnceLock<Termios> = OnceLock::new();

    pub(super) fn keep() {
        let Ok(before) = tcgetattr(io::stdin()) else { return };
        let _first = BEFORE.set(before);
    }

    /// Puts the terminal back.
    pub(in crate::cli::live) fn restore() {
        let Some(before) = BEFORE.get() else { return };
        // There is nobody left to be told.
        let _restored = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}

#[cfg(not(unix))]
mod terminal {
    pub(super) fn keep() {}

    /// Nothing is to be put back here.
    pub(in crate::cli::live) fn restore() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn command(line: &str) -> Command {
        match understand(line) {
            Ok(Typed::Command(command)) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_is_typed_is_said_or_done() {
        assert_eq!(command("  hello there "), Command::Say("hello there".into()));
        assert_eq!(command("/request {broadcast: hi}"), Command::Ask(json!({"broadcast": "hi"})));
        assert_eq!(command("/request \"start\""), Command::Ask(json!("start")));
        let send = Command::Send { to: "bob".into(), text: "hi there".into() };
        assert_eq!(command("/send bob  hi there"), send);
        assert_eq!(command("/pause 5s"), Command::Fault(Fault::Pause(5000)));
        let delay = Fault::Delay { to: "bob".into(), milliseconds: 200 };
        assert_eq!(command("/delay bob 200ms"), Command::Fault(delay));
        let sides = Fault::Partition(vec!["bob".into(), "carol".into()]);
        assert_eq!(command("/partition bob, carol"), Command::Fault(sides));
        assert_eq!(command("/quit"), Command::Quit);
        assert_eq!(understand("   "), Ok(Typed::Nothing));
    }

    #[test]
    fn what_is_not_understood_is_explained() {
        for (line, said) in [
            ("/quti", "/help lists them"),
            ("/pause", "as in /pause 5s"),
            ("/pause long", "unknown unit"),
            ("/send bob", "as in /send bob hi"),
            ("/delay bob", "as in /delay bob 200ms"),
            ("/request {", "no YAML"),
        ] {
            let sentence = understand(line).expect_err(line);
            assert!(sentence.contains(said), "{line}: {sentence}");
        }
    }

    #[test]
    fn outputs_are_lines_without_control_characters() {
        let deliver = json!({"deliver": {"number": 2, "from": "bob", "id": 1, "body": "a\u{1b}[2Jb\nc"}});
        assert_eq!(told(&deliver), "[bob] 2: a\\u{1b}[2Jb\\nc");
        assert_eq!(told(&json!("entered")), "entered");
        assert_eq!(told(&json!({"acknowledged": 3})), "acknowledged 3");
    }
}
