//! `replay` and `trace ...`: what can be done with a trace.

use super::{
    args::{Convert, Replay, Sheet, Trace as Command, View},
    args_looking::{Part, Shape},
    exit::{Exit, Failure},
    files,
    numbers::Numbers,
    output::{Output, Tone, counted, paint, versioned},
    page, program, retold,
    run::{load, quoted},
};
use crate::{
    live,
    process::Names,
    registry::{Options, Registry},
    report::{self, DiagramOptions, Format, Heading, Selection, TextOptions, UnknownFormat},
    scenario,
    trace::{self, EventKind, Level, Trace, TraceError, first_difference},
};
use std::{fs, path::Path};

/// Runs a trace's scenario again and compares event by event.
pub(super) fn replay(registry: &Registry, wanted: &Replay, output: &mut Output) -> Result<Exit, Failure> {
    page::must_be_a_file(wanted.report.as_deref())?;
    if let Some(target) = &wanted.as_scenario {
        return retold::as_scenario(registry, &wanted.trace, target, output);
    }
    if is_scenario(&wanted.trace) {
        return replay_schedule(registry, wanted, output);
    }
    let trace = read(&wanted.trace, output)?;
    let name = files::name(&wanted.trace);
    if live::is_live(&trace) {
        return super::live::replay(registry, &name, &trace, output);
    }
    let header = &trace.header;
    let seed = header.seed.parse().map_err(|_| Failure::Usage(format!("{name}: its seed is no number")))?;
    let plan = scenario::reload(&name, &header.scenario, registry).map_err(|mistakes| {
        Failure::Usage(format!("the trace's scenario cannot be run here:\n{mistakes}"))
    })?;
    let states = trace.events.iter().any(|event| event.state.is_some());
    let level = if states { Level::States } else { Level::Full };
    let outcome = registry.run(&plan, &Options { seed: Some(seed), level });
    let outcome = outcome.map_err(|error| Failure::Internal(error.to_string()))?;
    let again = outcome.trace().map_err(|error| Failure::Internal(error.to_string()))?;
    if wanted.view {
        report::text(&again, output.writer(), &TextOptions::default())
            .map_err(Failure::io("standard output"))?;
    }
    if let Some(path) = &wanted.report {
        let shown = page::with_states(registry, &plan, Some(seed), &outcome)?;
        page::write(&shown, &heading(&wanted.trace), path)?;
    }
    match first_difference(&trace, &again) {
        None => {
            let (events, digest) = (again.events.len(), &outcome.footer.digest);
            output.line(format!("{}  {events} events, digest {digest}", paint(Tone::Good, "identical")))?;
            Ok(Exit::Held)
        }
        Some(difference) => {
            output.line(format!("{}  {difference}", paint(Tone::Bad, "diverged")))?;
            output.line(format!("  the first is {name}, the second its replay"))?;
            let tool = concat!("synod ", env!("CARGO_PKG_VERSION"));
            if header.tool != tool {
                output.line(format!("  the trace was written by {}, this is {tool}", header.tool))?;
            }
            Ok(Exit::Diverged)
        }
    }
}

/// Follows the schedule of a failure file.
fn replay_schedule(registry: &Registry, wanted: &Replay, output: &mut Output) -> Result<Exit, Failure> {
    let name = files::name(&wanted.trace);
    let plan = load(registry, &wanted.trace, &[], None)?;
    let Some(schedule) = &plan.schedule else {
        let sentence = format!("{name} has no `schedule`: `run {name}` runs it, `fuzz {name}` searches it");
        return Err(Failure::Usage(sentence));
    };
    let outcome = registry.run(&plan, &Options::default());
    let outcome = outcome.map_err(|error| Failure::Internal(error.to_string()))?;
    if wanted.view {
        let trace = outcome.trace().map_err(|error| Failure::Internal(error.to_string()))?;
        report::text(&trace, output.writer(), &TextOptions::default())
            .map_err(Failure::io("standard output"))?;
    }
    if let Some(path) = &wanted.report {
        let remarks = outcome.misstep.iter().map(ToString::to_string).collect();
        let shown = page::with_states(registry, &plan, None, &outcome)?;
        page::write(&shown, &Heading { remarks, ..heading(&wanted.trace) }, path)?;
    }
    if let Some(misstep) = &outcome.misstep {
        output.line(format!("{}  {misstep}", paint(Tone::Bad, "diverged")))?;
        return Ok(Exit::Diverged);
    }
    let steps = counted(schedule.steps.len() as u64, "step");
    let verdicts = outcome.footer.verdicts.iter();
    let told: Vec<String> =
        verdicts.map(|(property, verdict)| format!("{property} {}", verdict.name())).collect();
    output.line(format!("{}  {steps}: {}", paint(Tone::Good, "repeated"), told.join(", ")))?;
    Ok(if outcome.difference.unmet.is_empty() { Exit::Held } else { Exit::Violated })
}

/// What stands above the page of a trace: how to repeat it, where it is a file that can be named.
fn heading(trace: &Path) -> Heading {
    let named = trace.as_os_str() != files::STDIN;
    let command = named.then(|| format!("{} replay {}", program(), quoted(&trace.display().to_string())));
    Heading { command, ..Heading::default() }
}

/// How many events `--around` shows on either side.
const AROUND: u64 = 10;

/// Looks at traces.
pub(super) fn trace(registry: &Registry, command: &Command, output: &mut Output) -> Result<Exit, Failure> {
    match command {
        Command::View(wanted) => view(wanted, output)?,
        Command::Stats { trace, json } => {
            let trace = read(trace, output)?;
            let numbers = Numbers::of(registry, &trace);
            if *json {
                let value = numbers.value().map_err(|error| Failure::Internal(error.to_string()))?;
                output.line(versioned(&value)?)?;
            } else {
                output.bytes(numbers.to_string().as_bytes())?;
            }
        }
        Command::Diff { first, second, to: None, .. } => return diff(first, second, output),
        Command::Diff { first, second, to: Some(Sheet::Html), output: file } => {
            return diff_page(first, second, file.as_deref(), output);
        }
        Command::Convert(wanted) => convert(wanted, output)?,
        Command::Merge(wanted) => return super::live::merge(registry, wanted, output),
    }
    Ok(Exit::Held)
}

fn view(wanted: &View, output: &mut Output) -> Result<(), Failure> {
    let trace = read(&wanted.trace, output)?;
    let selection = Selection { kinds: kinds(&wanted.kinds)?, ..selection(&wanted.part, &trace)? };
    let written = match wanted.shape {
        Shape::Diagram => {
            let (width, ascii) = (wanted.drawing.width(), wanted.drawing.ascii);
            // The stream takes the colour out where it does not belong.
            let options = DiagramOptions { selection, width, ascii, color: true };
            report::diagram(&trace, output.writer(), &options)
        }
        Shape::Lines => {
            let options = TextOptions { selection, ..TextOptions::default() };
            report::text(&trace, output.writer(), &options)
        }
    };
    written.map_err(Failure::io("standard output"))
}

/// The events of a part of a trace.
fn selection(part: &Part, trace: &Trace) -> Result<Selection, Failure> {
    Ok(Selection {
        nodes: nodes(&trace.names, &part.nodes)?,
        around: part.around.map(|event| (event, AROUND)),
        last: part.last,
        ..Selection::default()
    })
}

fn nodes(names: &Names, wanted: &[String]) -> Result<Vec<crate::process::ProcessId>, Failure> {
    let find = |name: &String| {
        let all =
            || names.ids().take(20).map(|id| names.name(id).into_owned()).collect::<Vec<_>>().join(", ");
        names
            .find(name)
            .ok_or_else(|| Failure::Usage(format!("unknown node `{name}`; the trace has {}", all())))
    };
    wanted.iter().map(find).collect()
}

fn kinds(wanted: &[String]) -> Result<Vec<EventKind>, Failure> {
    let find = |name: &String| {
        EventKind::parse(name).ok_or_else(|| {
            let hint = scenario::nearest(name, EventKind::ALL.iter().map(|kind| kind.name()))
                .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            Failure::Usage(format!("unknown kind of event `{name}`{hint}"))
        })
    };
    wanted.iter().map(find).collect()
}

fn diff(first: &Path, second: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let (first, second) = (read(first, output)?, read(second, output)?);
    for note in trace::notes(&first, &second) {
        output.line(format!("{}  {note}", paint(Tone::Doubtful, "note")))?;
    }
    match first_difference(&first, &second) {
        None => {
            output.line(format!("{}  {} events", paint(Tone::Good, "identical"), first.events.len()))?;
            Ok(Exit::Held)
        }
        Some(difference) => {
            output.line(format!("{}  {difference}", paint(Tone::Bad, "different")))?;
            Ok(Exit::Diverged)
        }
    }
}

/// A format that does not exist; a page is one that is made here.
fn unknown(format: &str, error: &UnknownFormat) -> Failure {
    let meant = scenario::nearest(format, ["html"]);
    let text = error.to_string();
    Failure::Usage(match meant {
        Some(_) => format!("unknown format {format:?}; did you mean html?"),
        None if text.contains("formats are") => format!("{text}, html"),
        None => text,
    })
}

/// Both traces side by side, on one page.
fn diff_page(first: &Path, second: &Path, file: Option<&Path>, output: &mut Output) -> Result<Exit, Failure> {
    let (one, other) = (read(first, output)?, read(second, output)?);
    let mut page = Vec::new();
    report::html_of_two((&files::name(first), &one), (&files::name(second), &other), &mut page)
        .map_err(|error| Failure::Internal(error.to_string()))?;
    put(&page, file, output)?;
    let same = first_difference(&one, &other).is_none();
    Ok(if same { Exit::Held } else { Exit::Diverged })
}

/// Into a file, or to standard output.
fn put(bytes: &[u8], file: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
    match file {
        None => output.bytes(bytes),
        Some(path) => fs::write(path, bytes).map_err(Failure::io(path.display().to_string())),
    }
}

fn convert(wanted: &Convert, output: &mut Output) -> Result<(), Failure> {
    let trace = read(&wanted.trace, output)?;
    let mut bytes = Vec::new();
    let picture = wanted.to.as_deref().filter(|format| matches!(*format, "svg" | "png"));
    if wanted.part.is_part() && picture.is_none() {
        let sentence =
            "--nodes, --around and --last are for pictures (svg, png); other formats take all of a trace";
        return Err(Failure::Usage(sentence.into()));
    }
    match (wanted.to.as_deref(), &wanted.template) {
        (Some("html"), _) => {
            report::html(&trace, &heading(&wanted.trace), &mut bytes)
                .map_err(|error| Failure::Internal(error.to_string()))?;
        }
        (Some(format), _) if picture.is_some() => {
            report::svg(&trace, &selection(&wanted.part, &trace)?, &mut bytes)
                .map_err(|error| Failure::Internal(error.to_string()))?;
            if format == "png" {
                if wanted.output.is_none() {
                    return Err(Failure::Usage(
                        "a png is no text for a terminal; say where with -o FILE".into(),
                    ));
                }
                bytes = png(&bytes)?;
            }
        }
        (Some(format), _) => {
            let format: Format = format.parse().map_err(|error| unknown(format, &error))?;
            report::convert(&trace, format, &mut bytes).map_err(|error| Failure::Usage(error.to_string()))?;
        }
        (None, Some(template)) => {
            let text = files::read(template)?;
            let place = files::name(template);
            let text = String::from_utf8(text)
                .map_err(|_| Failure::Usage(format!("{place}: a template is UTF-8 text")))?;
            report::template(&trace, &place, &text, &mut bytes)
                .map_err(|error| Failure::Usage(error.to_string()))?;
        }
        (None, None) => return Err(Failure::Usage("say --to FORMAT or --template FILE".into())),
    }
    put(&bytes, wanted.output.as_deref(), output)
}

/// The same picture in pixels.
#[cfg(feature = "png")]
fn png(svg: &[u8]) -> Result<Vec<u8>, Failure> {
    let svg = String::from_utf8_lossy(svg);
    report::png(&svg).map_err(|error| Failure::Usage(error.to_string()))
}

#[cfg(not(feature = "png"))]
fn png(_svg: &[u8]) -> Result<Vec<u8>, Failure> {
    let sentence = "this synod was built without png; --to svg writes a picture, too, and \
                    `cargo install --features png` builds one with it";
    Err(Failure::Usage(sentence.into()))
}

/// Reads a trace. One that was edited or breaks off is still worth a look, but the user is told.
pub(super) fn read(path: &Path, output: &Output) -> Result<Trace, Failure> {
    let (name, bytes) = (files::name(path), files::read(path)?);
    let refused = |error: TraceError| match error {
        TraceError::NotATrace { .. } if is_scenario(path) => {
            Failure::Usage(format!("{name} is a scenario, not a trace; `run {name} --trace FILE` makes one"))
        }
        error => Failure::Usage(format!("{name}: {error}")),
    };
    let trace = match trace::read(bytes.as_slice()) {
        Err(TraceError::DigestMismatch { .. } | TraceError::EventCount { .. }) => {
            output.warn(&format!("{name} was changed after it was written: its digest is another one"));
            trace::read_unverified(bytes.as_slice())
        }
        read => read,
    };
    let trace = trace.map_err(refused)?;
    if trace.footer.is_none() {
        output.warn(&format!(
            "{name} breaks off after {} events: its last line is missing",
            trace.events.len()
        ));
    }
    Ok(trace)
}

pub(super) fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
