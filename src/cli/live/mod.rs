//! `live`: a scenario's nodes as processes on real sockets.

mod all;
mod args;
mod node;
mod prompt;
mod replay;
mod settings;
mod signals;

pub(super) use args::{Live, MergeJournals};
pub(super) use replay::{merge, merged, replay};

use super::{
    exit::{Exit, Failure},
    files,
    output::Output,
    run::{load, overrides, parse_override},
};
use crate::{
    live::TransportKind,
    process::parse_duration,
    registry::Registry,
    scenario::{LiveTransport, Override, Plan},
};
use std::path::Path;

/// Runs one node, or all of them.
pub(super) fn live(registry: &Registry, wanted: &Live, output: &mut Output) -> Result<Exit, Failure> {
    let files = files::scenarios(&wanted.sources.files)?;
    let mut overrides = overrides(&wanted.sources.changes)?;
    if let Some(until) = &wanted.until {
        parse_duration(until).map_err(|error| Failure::Usage(format!("--until: {error}")))?;
        overrides.push(parse_override(&format!("until={until}"))?);
    }
    if wanted.all {
        return all::run(registry, wanted, &files, &overrides, output);
    }
    let [file] = files.as_slice() else {
        return Err(Failure::Usage("--node takes one scenario; --all takes several".into()));
    };
    let plan = plan(registry, wanted, file, &overrides)?;
    let Some(node) = &wanted.node else {
        let nodes = settings::nodes_of(&plan);
        let sentence =
            format!("--node NAME runs one of {nodes} in this process, --all runs all of them: take one");
        return Err(Failure::Usage(sentence));
    };
    node::run(registry, wanted, node, &plan, output)
}

/// Reads a scenario that can be run live.
fn plan(registry: &Registry, wanted: &Live, file: &Path, overrides: &[Override]) -> Result<Plan, Failure> {
    let plan = load(registry, file, overrides, wanted.sources.changes.seed)?;
    let name = files::name(file);
    if plan.schedule.is_some() {
        let sentence = format!(
            "{name}: a `schedule` says exactly what happens when; only `run` and `replay` can do that"
        );
        return Err(Failure::Usage(sentence));
    }
    Ok(plan)
}

/// What carries the messages: what the command line says, what the scenario says, or TCP.
fn transport(wanted: &Live, plan: &Plan) -> Result<TransportKind, Failure> {
    let live = plan.live.as_ref().and_then(|live| live.transport);
    let kind = match (wanted.transport, live) {
        (Some(transport), _) => transport.kind(),
        (None, Some(LiveTransport::Udp)) => TransportKind::Udp,
        (None, Some(LiveTransport::Multicast)) => TransportKind::Multicast,
        (None, Some(LiveTransport::Tcp) | None) => TransportKind::Tcp,
    };
    if kind == TransportKind::Multicast && plan.setup.routing {
        let sentence = "with `routing: shortest-path` messages go from neighbour to neighbour, but a multicast reaches \
                        everybody at once; take --transport udp";
        return Err(Failure::Usage(sentence.into()));
    }
    Ok(kind)
}

/// Runs what is asynchronous.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::io("the system's events"))?.block_on(work))
}
