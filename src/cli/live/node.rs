//! One node in this process.

use super::{
    super::{
        args::Format,
        exit::{Exit, Failure},
        output::Output,
    },
    Live, block_on,
    prompt::{self, Screen},
    settings::settings,
    signals,
};
use crate::{
    live::{
        TransportKind,
        control::{Command, Report},
        node::{self, NodeError, Settings},
    },
    registry::Registry,
    scenario::Plan,
};
use std::io::{self, BufRead, Write};
use tokio::sync::mpsc;

/// How many commands may wait.
const COMMANDS: usize = 1024;

/// Runs one node, by its name, until it is told to stop.
pub(super) fn run(
    registry: &Registry,
    wanted: &Live,
    node: &str,
    plan: &Plan,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let settings = settings(registry, wanted, node, plan)?;
    let header = registry.header(plan, settings.seed);
    let actors = registry.actors(plan).map_err(|error| Failure::Internal(error.to_string()))?;
    output.flush()?;
    if settings.key.as_ref().is_some_and(crate::live::seal::GroupKey::is_exposed) {
        output.warn("--group-key: other users of this computer may read this file");
    }
    let machine = wanted.directed || !matches!(wanted.reporting.format(), Format::Human);
    let banner = banner(plan, &settings);
    let work = async {
        let (command_sender, commands) = mpsc::channel(COMMANDS);
        let (report_sender, reports) = mpsc::unbounded_channel();
        let told = if wanted.directed {
            // A thread of its own: the end of the process need not wait for what is never typed.
            std::thread::spawn(move || listen(&command_sender));
            tokio::spawn(tell(reports))
        } else {
            signals::watch(command_sender.clone(), prompt::restore);
            let name = plan.setup.names.name(settings.node);
            let screen = prompt::start(&name, command_sender, machine);
            if machine { tokio::spawn(tell(reports)) } else { tokio::spawn(show(reports, screen, banner)) }
        };
        let ended = node::run(plan, header, actors, settings, commands, report_sender).await;
        // What it said last is worth waiting for.
        let _told = told.await;
        ended
    };
    let ended = block_on(work);
    prompt::restore();
    ended?.map_err(|error| failure(&error))?;
    Ok(Exit::Held)
}

fn failure(error: &NodeError) -> Failure {
    Failure::Usage(error.to_string())
}

/// What is said when the node listens; `ADDRESS` stands for where.
fn banner(plan: &Plan, settings: &Settings) -> String {
    let name = plan.setup.names.name(settings.node);
    let transport = match settings.transport {
        TransportKind::Tcp => "tcp",
        TransportKind::Udp => "udp",
        TransportKind::Multicast => "multicast",
    };
    let group = match &settings.key {
        Some(_) => "closed: encrypted, members only",
        None if settings.listen.ip().is_loopback() => "open, not encrypted, this computer only",
        None => {
            "open and not encrypted: whoever reaches this address can take part and listen (--group-key closes it)"
        }
    };
    format!("{name} on ADDRESS ({transport}), group {}: {group}", settings.group)
}

/// Passes commands on, lines of JSON from standard input. At its end the node stops.
fn listen(commands: &mpsc::Sender<Command>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let Ok(command) = serde_json::from_str(&line) else { continue };
        if commands.blocking_send(command).is_err() {
            return;
        }
    }
    let _stopped = commands.blocking_send(Command::Quit);
}

/// Writes reports to standard output, lines of JSON.
async fn tell(mut reports: mpsc::UnboundedReceiver<Report>) {
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, COMMANDS).await > 0 {
        let mut out = io::stdout().lock();
        for report in batch.drain(..) {
            let written = serde_json::to_writer(&mut out, &report).map_err(io::Error::from);
            if written.and_then(|()| out.write_all(b"\n")).is_err() {
                return;
            }
        }
        if out.flush().is_err() {
            return;
        }
    }
}

/// Shows reports to people.
async fn show(mut reports: mpsc::UnboundedReceiver<Report>, mut screen: Screen, banner: String) {
    while let Some(report) = reports.recv().await {
        if !screen.show(&report, &banner) {
            return;
        }
    }
}
