//! How a node is to run: what the command line and the scenario say, put together.

use super::{Live, args::resolve, transport};
use crate::{
    cli::exit::Failure,
    live::{
        MulticastGroup, Paths, Service, Voice,
        guests::{Alias, Style},
        node::{Settings, Visit},
        seal::GroupKey,
    },
    process::{ProcessId, Time, parse_duration},
    registry::Registry,
    scenario::{self, Door, GroupAddress, GuestAlias, GuestStyle, LiveFiles, LiveGuests, Plan},
};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::PathBuf,
};

/// Reads everything that a node has to know before it starts.
pub(super) fn settings(
    registry: &Registry,
    wanted: &Live,
    name: &str,
    plan: &Plan,
) -> Result<Settings, Failure> {
    let node = find(plan, name, "node")?;
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
        peers.insert(find(plan, &peer, "peer")?, address);
    }
    let live = plan.live.clone().unwrap_or_default();
    let group = live.group.unwrap_or_else(|| plan.name.clone());
    let key = match &wanted.group_key {
        Some(path) => {
            let key = GroupKey::from_file(path, &group);
            Some(key.map_err(|error| Failure::Usage(format!("--group-key: {error}")))?)
        }
        None => None,
    };
    if key.is_some() && live.json_rpc.is_some() {
        let sentence = "--group-key: `live.json-rpc` would let everybody call; leave one of them out";
        return Err(Failure::Usage(sentence.into()));
    }
    let voice = voice(registry, plan, live.guests.as_ref());
    let until = wanted.until.as_deref().map(parse_duration).transpose().map_err(usage("--until"))?;
    Ok(Settings {
        node,
        seed: wanted.sources.changes.seed.unwrap_or(plan.seed),
        group,
        listen,
        peers,
        transport: transport(wanted, plan)?,
        folder: wanted.dir.clone().unwrap_or_else(|| default_folder(plan)),
        speed: wanted.speed.get(),
        multicast: multicast(live.multicast.as_ref()),
        discover: wanted.discover,
        directed: wanted.directed,
        until: until.map(|until| Time::ZERO.after(until)),
        key,
        voice: voice.clone(),
        // Where all nodes are on one computer, one port is not enough for all.
        visit: if wanted.directed { Visit::default() } else { visit(live.guests.as_ref(), listen)? },
        json_rpc: match open(live.json_rpc.as_ref().filter(|_| !wanted.directed), listen, "json-rpc")? {
            Some(address) => Some((address, service(registry, plan)?)),
            None => None,
        },
        files: files(live.files.as_ref().and_then(|files| files.get(name)), &voice)?,
    })
}

fn find(plan: &Plan, name: &str, flag: &str) -> Result<ProcessId, Failure> {
    let names = &plan.setup.names;
    names.find(name).ok_or_else(|| {
        let known = first_names(plan);
        let hint = scenario::nearest(name, known.iter().map(String::as_str)).map_or_else(
            || format!("; it has {}", nodes_of(plan)),
            |near| format!("; did you mean `{near}`?"),
        );
        Failure::Usage(format!("--{flag} {name}: the scenario has no such node{hint}"))
    })
}

/// How many names are listed where somebody has to choose one.
const LISTED: usize = 20;

fn first_names(plan: &Plan) -> Vec<String> {
    let names = &plan.setup.names;
    names.ids().take(LISTED).map(|id| names.name(id).into_owned()).collect()
}

/// The nodes of a scenario, by name, the first of them where there are many.
pub(super) fn nodes_of(plan: &Plan) -> String {
    let listed = first_names(plan).join(", ");
    match plan.setup.names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

fn multicast(written: Option<&scenario::Multicast>) -> MulticastGroup {
    let usual = MulticastGroup::default();
    let Some(written) = written else { return usual };
    MulticastGroup {
        address: written.group.map_or(usual.address, group_address),
        ttl: written.ttl.map_or(usual.ttl, u32::from),
        interface: written.interface.map(|interface| Ipv4Addr::from(interface.0)),
    }
}

fn group_address(group: GroupAddress) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from(group.address), group.port)
}

/// How texts become requests.
fn voice(registry: &Registry, plan: &Plan, guests: Option<&LiveGuests>) -> Voice {
    if let Some(word) = guests.and_then(|guests| guests.request.clone()) {
        return Voice::Word(word);
    }
    let described = registry.describe(&plan.algorithm);
    Voice::of(described.into_iter().flat_map(|described| described.requests).map(|example| example.request))
}

/// What JSON-RPC clients can call.
fn service(registry: &Registry, plan: &Plan) -> Result<Service, Failure> {
    let described = registry.describe(&plan.algorithm);
    let problem = described.map_or("", |described| described.problem);
    let examples =
        described.into_iter().flat_map(|described| described.requests).map(|example| example.request);
    Service::of(problem, examples, &plan.requests).ok_or_else(|| {
        let sentence = format!(
            "live.json-rpc: nodes of a {problem} scenario answer no calls; those of rpc, naming and lookup do"
        );
        Failure::Usage(sentence)
    })
}

/// A node's files.
fn files(files: Option<&Option<LiveFiles>>, voice: &Voice) -> Result<Paths, Failure> {
    let Some(Some(LiveFiles { tail, append })) = files else { return Ok(Paths::default()) };
    if tail.is_some() && *voice == Voice::None {
        let sentence =
            "live.files: no request of this problem says a text, so lines of a file are of no use to it";
        return Err(Failure::Usage(sentence.into()));
    }
    Ok(Paths { tail: tail.as_ref().map(PathBuf::from), append: append.as_ref().map(PathBuf::from) })
}

/// The address of a door.
fn open(door: Option<&Door>, listen: SocketAddr, key: &str) -> Result<Option<SocketAddr>, Failure> {
    match door {
        None => Ok(None),
        Some(Door { host: None, port }) => Ok(Some(SocketAddr::new(listen.ip(), *port))),
        Some(Door { host: Some(host), port }) => resolve(&format!("{host}:{port}"))
            .map(Some)
            .map_err(|because| Failure::Usage(format!("live.{key}: {because}"))),
    }
}

/// Who may join with plain text.
fn visit(guests: Option<&LiveGuests>, listen: SocketAddr) -> Result<Visit, Failure> {
    let Some(guests) = guests else { return Ok(Visit::default()) };
    Ok(Visit {
        expected: true,
        tcp: open(guests.tcp.as_ref(), listen, "guests.tcp")?,
        udp: open(guests.udp.as_ref(), listen, "guests.udp")?,
        multicast: guests.multicast.iter().flatten().flatten().copied().map(group_address).collect(),
        alias: match guests.alias {
            Some(GuestAlias::Ask) => Alias::Ask,
            Some(GuestAlias::None) | None => Alias::None,
        },
        style: match guests.style {
            Some(GuestStyle::Absolute) => Style::Absolute,
            Some(GuestStyle::Causal) => Style::Causal,
            Some(GuestStyle::Hello) => Style::Hello,
            Some(GuestStyle::Consistent) | None => Style::Consistent,
        },
    })
}

/// Where a node's files are unless somebody says otherwise.
fn default_folder(plan: &Plan) -> PathBuf {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    PathBuf::from(format!("live-{}", plan.name.chars().map(plain).collect::<String>()))
}
