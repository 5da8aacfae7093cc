//! One node in this process.

use super::{
    super::{
        exit::{Exit, Failure},
        output::Output,
    },
    Live,
    args::resolve,
    block_on, transport,
};
use crate::{
    live::{
        control::{Command, Report},
        node::{self, NodeError, Settings},
    },
    process::ProcessId,
    registry::Registry,
    scenario::{self, Plan},
};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
    net::SocketAddr,
    path::PathBuf,
};
use tokio::sync::mpsc;

/// How many commands may wait.
const COMMANDS: usize = 1024;

/// Runs one node until it is told to stop.
pub(super) fn run(
    registry: &Registry,
    wanted: &Live,
    plan: &Plan,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let settings = settings(wanted, plan)?;
    let header = registry.header(plan, settings.seed);
    let actors = registry.actors(plan).map_err(|error| Failure::Internal(error.to_string()))?;
    output.flush()?;
    let work = async {
        let (command_sender, commands) = mpsc::channel(COMMANDS);
        let (report_sender, reports) = mpsc::unbounded_channel();
        let told = tokio::spawn(tell(reports));
        // A thread of its own: the end of the process need not wait for what is never typed.
        std::thread::spawn(move || listen(&command_sender));
        let ended = node::run(plan, header, actors, settings, commands, report_sender).await;
        // What it said last is worth waiting for.
        let _told = told.await;
        ended
    };
    block_on(work)?.map_err(|error| failure(&error))?;
    Ok(Exit::Held)
}

fn failure(error: &NodeError) -> Failure {
    Failure::Usage(error.to_string())
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

fn settings(wanted: &Live, plan: &Plan) -> Result<Settings, Failure> {
    let names = &plan.setup.names;
    let name = wanted.node.as_deref().unwrap_or_default();
    let find = |name: &str, flag: &str| {
        names.find(name).ok_or_else(|| {
            let known: Vec<String> = names.ids().take(20).map(|id| names.name(id).into_owned()).collect();
            let hint = scenario::nearest(name, known.iter().map(String::as_str)).map_or_else(
                || format!("; it has {}", known.join(", ")),
                |near| format!("; did you mean `{near}`?"),
            );
            Failure::Usage(format!("--{flag} {name}: the scenario has no such node{hint}"))
        })
    };
    let node = find(name, "node")?;
    let usage = |flag: &'static str| move |because: String| Failure::Usage(format!("{flag}: {because}"));
    let address = |id: &ProcessId| plan.addresses.get(id).map(String::as_str);
    let listen = match wanted.listen.as_deref().or_else(|| address(&node)) {
        Some(text) => resolve(text).map_err(usage("--listen"))?,
        None => SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let mut peers = BTreeMap::new();
    for (id, text) in plan.addresses.iter().filter(|(id, _)| **id != node) {
        peers.insert(*id, resolve(text).map_err(usage("address"))?);
    }
    for (peer, address) in wanted.peers().map_err(Failure::Usage)? {
        peers.insert(find(&peer, "peer")?, address);
    }
    Ok(Settings {
        node,
        seed: wanted.sources.seed.unwrap_or(plan.seed),
        group: plan.name.clone(),
        listen,
        peers,
        transport: transport(wanted, plan),
        folder: wanted.dir.clone().unwrap_or_else(|| default_folder(plan)),
        speed: wanted.speed.get(),
        directed: wanted.directed,
    })
}

/// Where a node's files are unless somebody says otherwise.
fn default_folder(plan: &Plan) -> PathBuf {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    PathBuf::from(format!("live-{}", plan.name.chars().map(plain).collect::<String>()))
}
