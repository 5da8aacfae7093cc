//! Live runs once more, and the journals of their nodes as one trace.

use super::super::{
    args::MergeJournals,
    exit::{Exit, Failure},
    files,
    output::{Output, Tone, counted, paint},
};
use crate::{
    live::{self, director},
    registry::{Registry, RunError},
    scenario,
    trace::{self, Trace},
};
use std::{fs, io::Write, path::Path};

/// Why a live run cannot be run again.
#[derive(Debug, thiserror::Error)]
enum Impossible {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("a node cannot boot from what it saved: {0}")]
    Saved(#[from] serde_json::Error),
}

/// Runs each node of a live trace again, from what went into it.
pub(in crate::cli) fn replay(
    registry: &Registry,
    name: &str,
    trace: &Trace,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let header = &trace.header;
    let seed = header.seed.parse().map_err(|_| Failure::Usage(format!("{name}: its seed is no number")))?;
    let plan = scenario::reload(name, &header.scenario, registry).map_err(|mistakes| {
        Failure::Usage(format!("the trace's scenario cannot be run here:\n{mistakes}"))
    })?;
    let actors = || registry.actors(&plan).map_err(Impossible::from);
    let replayed = live::replay(trace, &plan, seed, &actors);
    let replayed = replayed.map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    if let Some((node, difference)) = replayed.difference {
        output.line(format!("{}  node {node}: {difference}", paint(Tone::Bad, "diverged")))?;
        output.line(format!(
            "  the first is {name}, the second its replay; events are numbered within the node's life"
        ))?;
        return Ok(Exit::Diverged);
    }
    let (nodes, lives) = (counted(replayed.nodes as u64, "node"), replayed.lives);
    let lives = if lives == 1 { "1 life".into() } else { format!("{lives} lives") };
    let events = counted(replayed.events as u64, "event");
    output.line(format!("{}  {nodes}, {lives}, {events}", paint(Tone::Good, "identical")))?;
    Ok(Exit::Held)
}

/// Puts the journals of a live run's nodes together.
pub(in crate::cli) fn merge(
    registry: &Registry,
    wanted: &MergeJournals,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let journals: Result<Vec<Trace>, Failure> = wanted.journals.iter().map(|path| journal(path)).collect();
    let merged = live::merge(journals?).map_err(|error| Failure::Usage(error.to_string()))?;
    let (events, nodes) = (merged.events.len() as u64, wanted.journals.len() as u64);
    let plan = scenario::reload("the journals", &merged.header.scenario, registry);
    let plan =
        plan.map_err(|mistakes| Failure::Usage(format!("the scenario cannot be judged here:\n{mistakes}")))?;
    // Nobody says that the nodes had nothing left to do: what is still open stays undecided.
    let outcome = registry.conclude(&plan, merged, crate::process::End::CutShort, &[]);
    let outcome = outcome.map_err(|error| Failure::Usage(error.to_string()))?;
    let mut bytes = Vec::new();
    outcome.write_trace(&mut bytes).map_err(Failure::io("memory"))?;
    match &wanted.output {
        None => output.bytes(&bytes)?,
        Some(path) => {
            let written = fs::File::create(path).and_then(|mut file| file.write_all(&bytes));
            written.map_err(Failure::io(path.display().to_string()))?;
            output.line(format!(
                "{}  {} of {}",
                path.display(),
                counted(events, "event"),
                counted(nodes, "journal")
            ))?;
        }
    }
    Ok(Exit::Held)
}

/// The journals in a folder as one trace.
pub(in crate::cli) fn merged(folder: &Path) -> Result<Trace, Failure> {
    let place = folder.display().to_string();
    let entries = fs::read_dir(folder).map_err(Failure::io(&place))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut journals = Vec::new();
    for path in paths {
        let is_director = path.file_name().is_some_and(|name| name == director::JOURNAL);
        if is_director {
            journals.push(journal(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            let read = journal(&path)?;
            // What was merged from them may lie there, too.
            let is_node = read.header.live.as_ref().is_some_and(|live| live.node.is_some());
            journals.extend(Some(read).filter(|_| is_node));
        }
    }
    if journals.is_empty() {
        return Err(Failure::Usage(format!("{place}: there is no journal of a live node in this folder")));
    }
    live::merge(journals).map_err(|error| Failure::Usage(format!("{place}: {error}")))
}

/// Reads a journal; the remains of a line at its end are left out.
pub(super) fn journal(path: &Path) -> Result<Trace, Failure> {
    let (name, bytes) = (files::name(path), files::read(path)?);
    trace::read_unverified(bytes.as_slice()).map_err(|error| Failure::Usage(format!("{name}: {error}")))
}
