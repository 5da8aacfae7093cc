//! A whole scenario: a process for each node, then one trace and its verdicts.

use super::{
    super::{
        exit::{Exit, Failure},
        files,
        outcome::{Ran, Results},
        output::Output,
        program, retold,
        run::quoted,
    },
    Live, block_on, plan,
    replay::journal,
};
use crate::{
    live::{
        self,
        control::Report,
        director::{self, Directing},
        node::journal_name,
    },
    registry::{Outcome, Registry},
    scenario::{Override, Plan},
    trace::Trace,
};
use std::{
    env, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Plays scenarios, one after the other.
pub(super) fn run(
    registry: &Registry,
    wanted: &Live,
    files: &[PathBuf],
    overrides: &[Override],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let single = [("--trace", &wanted.trace), ("--as-scenario", &wanted.as_scenario)];
    if let Some((flag, _)) = single.iter().find(|(_, path)| files.len() > 1 && path.is_some()) {
        return Err(Failure::Usage(format!("{flag} takes one scenario")));
    }
    let mut results = Results::new(wanted.reporting.format(), files, false);
    for file in files {
        let folder = wanted.dir.clone().unwrap_or_else(temporary);
        let played = play(registry, wanted, file, &folder, overrides, output);
        if wanted.dir.is_none() {
            // It is in the temporary folder: the system cleans up after us where we cannot.
            let _left = fs::remove_dir_all(&folder);
        }
        match played {
            Ok(ran) => results.add(&ran, wanted.view, output)?,
            Err(failure) => results.add_broken(&files::name(file), &failure, output)?,
        }
        output.flush()?;
    }
    results.finish(output)
}

fn play(
    registry: &Registry,
    wanted: &Live,
    file: &Path,
    folder: &Path,
    overrides: &[Override],
    output: &mut Output,
) -> Result<Ran, Failure> {
    let plan = plan(registry, wanted, file, overrides)?;
    let seed = wanted.sources.changes.seed.unwrap_or(plan.seed);
    fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
    clear(folder, &plan).map_err(Failure::io(folder.display().to_string()))?;
    let this = env::current_exe().map_err(Failure::io("this program"))?;
    let name = files::name(file);
    let spawn = |node: &str, listen: SocketAddr| {
        let mut command = tokio::process::Command::new(&this);
        command.arg("live").arg(file).args(["--node", node, "--directed", "--listen", &listen.to_string()]);
        command.args(["--seed", &seed.to_string()]).args(settings(wanted)).arg("--dir").arg(folder);
        command
    };
    let mut heard = |node: &str, report: &Report| {
        if let Report::Refused(sentence) = report {
            output.warn(&format!("{node}: {sentence}"));
        }
    };
    let directing = Directing {
        plan: &plan,
        seed,
        folder: folder.to_owned(),
        speed: wanted.speed.get(),
        spawn: &spawn,
        heard: &mut heard,
    };
    let directed = block_on(director::direct(directing, registry.header(&plan, seed)))?;
    let directed = directed.map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let journals: Result<Vec<Trace>, Failure> =
        directed.journals.iter().filter(|path| path.exists()).map(|path| journal(path)).collect();
    let merged = live::merge(journals?).map_err(|error| Failure::Internal(format!("{name}: {error}")))?;
    let faults = live::account(&plan, &merged);
    let outcome = registry.conclude(&plan, merged, directed.end, &faults);
    let outcome = outcome.map_err(|error| Failure::Internal(format!("{name}: {error}")))?;
    write_trace(wanted, &outcome)?;
    if let Some(target) = &wanted.as_scenario {
        let trace = outcome.trace().map_err(|error| Failure::Internal(format!("{name}: {error}")))?;
        let (retold, _) = retold::write(registry, &format!("a live run of {name}"), &trace, target, output)?;
        for difference in &retold.differences {
            output.warn(&format!("{}: {difference}", target.display()));
        }
    }
    Ok(Ran {
        file: name,
        plan,
        outcome,
        diverged: None,
        verified: false,
        compared: None,
        trace: wanted.trace.as_ref().map(|path| path.display().to_string()),
        report: None,
        numbers: None,
        again: again(wanted, file),
    })
}

/// The flags that say how a scenario is played, the seed apart.
fn settings(wanted: &Live) -> Vec<String> {
    let mut settings = Vec::new();
    let mut add = |flag: &str, value: String| settings.extend([flag.to_owned(), value]);
    for text in &wanted.sources.changes.overrides {
        add("--set", text.clone());
    }
    if let Some(until) = &wanted.until {
        add("--until", until.clone());
    }
    if let Some(transport) = wanted.transport {
        add("--transport", transport.name().into());
    }
    if wanted.speed.get() > 1 {
        add("--speed", wanted.speed.to_string());
    }
    settings
}

/// The command that plays a scenario again.
fn again(wanted: &Live, file: &Path) -> String {
    let mut command = format!("{} live {} --all", program(), quoted(&file.display().to_string()));
    for word in settings(wanted) {
        command.push(' ');
        command.push_str(&quoted(&word));
    }
    command
}

fn write_trace(wanted: &Live, outcome: &Outcome) -> Result<(), Failure> {
    let Some(path) = &wanted.trace else { return Ok(()) };
    let created = fs::File::create(path).and_then(|file| outcome.write_trace(&mut io::BufWriter::new(file)));
    created.map_err(Failure::io(path.display().to_string()))
}

/// A run begins with nothing saved: what an earlier one of this scenario left there is not this one's.
fn clear(folder: &Path, plan: &Plan) -> io::Result<()> {
    let names = &plan.setup.names;
    for id in names.ids() {
        let journal = folder.join(journal_name(&names.name(id)));
        for extension in ["jsonl", "stable", "lock"] {
            match fs::remove_file(journal.with_extension(extension)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

/// A folder of this run's own.
fn temporary() -> PathBuf {
    env::temp_dir().join(format!("synod-live-{}-{}", std::process::id(), live::wall_clock()))
}
