//! The flags of `live`.

use super::super::args::{Reporting, Sources};
use crate::live::TransportKind;
use clap::{Args, ValueEnum, ValueHint};
use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

/// What `live` is to do.
#[derive(Debug, Args)]
pub(in crate::cli) struct Live {
    #[command(flatten)]
    pub(super) sources: Sources,
    /// Run every node of the scenario, each as a process of its own on this machine, and judge what happens
    #[arg(long, conflicts_with_all = ["node", "listen", "peers"])]
    pub(super) all: bool,
    /// Run this node of the scenario in this process
    #[arg(long, value_name = "NAME")]
    pub(super) node: Option<String>,
    /// Where this node listens; anything but loopback lets others in [default: the scenario's `address`, or any free port of 127.0.0.1]
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) listen: Option<String>,
    /// Where another node is, as in --peer bob=10.3.4.5:7000 [default: the scenario's `address`]
    #[arg(long = "peer", value_name = "NAME=HOST:PORT")]
    pub(super) peers: Vec<String>,
    /// What carries the messages [default: the scenario's `live.transport`, or tcp]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) transport: Option<Transport>,
    /// Find the other nodes by multicast on the LAN
    #[arg(long, conflicts_with = "all")]
    pub(super) discover: bool,
    /// Close the group: this file holds its key, a passphrase or 32 random bytes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "all")]
    pub(super) group_key: Option<PathBuf>,
    /// Where journals and what nodes save are kept [default: a folder named after the scenario; with --all one that is removed]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) dir: Option<PathBuf>,
    /// Stop at this time of the run, as in --until 20s
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// With --all: how many seconds of the scenario pass in a real one
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) speed: NonZeroU32,
    /// With --all: write the merged trace here (JSON Lines)
    #[arg(long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    pub(super) trace: Option<PathBuf>,
    /// With --all: write what happened as a scenario with its schedule here, for `run`, `fuzz` and `shrink`
    #[arg(long, value_name = "OUT", value_hint = ValueHint::FilePath, conflicts_with = "node")]
    pub(super) as_scenario: Option<PathBuf>,
    /// With --all: print every event
    #[arg(long)]
    pub(super) view: bool,
    /// Commands and reports are lines of JSON: for a director
    #[arg(long, hide = true)]
    pub(super) directed: bool,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

/// What carries the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Transport {
    /// A connection between each two nodes that talk
    Tcp,
    /// A datagram for each message
    Udp,
    /// A datagram to an IP multicast group that all nodes are in
    Multicast,
}

impl Transport {
    pub(super) fn kind(self) -> TransportKind {
        match self {
            Self::Tcp => TransportKind::Tcp,
            Self::Udp => TransportKind::Udp,
            Self::Multicast => TransportKind::Multicast,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Multicast => "multicast",
        }
    }
}

impl Live {
    /// Reads `--peer`.
    pub(super) fn peers(&self) -> Result<Vec<(String, SocketAddr)>, String> {
        self.peers.iter().map(|text| peer(text)).collect()
    }
}

fn peer(text: &str) -> Result<(String, SocketAddr), String> {
    let wrong = || format!("--peer {text}: write NAME=HOST:PORT, as in --peer bob=10.3.4.5:7000");
    let (name, address) = text.split_once('=').ok_or_else(wrong)?;
    Ok((name.to_owned(), resolve(address).map_err(|because| format!("--peer {text}: {because}"))?))
}

/// Looks an address up.
pub(super) fn resolve(text: &str) -> Result<SocketAddr, String> {
    use std::net::ToSocketAddrs;
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("`{text}` is no address: {error}; write HOST:PORT"))?;
    // Where a name has several addresses, the older protocol is more often the one that gets through.
    let mut found: Vec<SocketAddr> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.into_iter().next().ok_or_else(|| format!("`{text}` has no address"))
}

/// What `trace merge` is to do.
#[derive(Debug, Args)]
pub(in crate::cli) struct MergeJournals {
    /// The journals that `live` wrote, one for each node
    #[arg(required = true, value_name = "JOURNAL", value_hint = ValueHint::FilePath)]
    pub(super) journals: Vec<PathBuf>,
    /// Where to write the trace; standard output otherwise
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}
