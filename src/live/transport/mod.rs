//! How lines get from node to node: UDP, TCP and IP multicast.

mod tcp;
mod udp;

use super::wire::{Hello, Refusal};
use crate::process::ProcessId;
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};
use tokio::sync::mpsc;

/// How nodes talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A connection from each node to each node it talks to: reliable and in order while it lasts.
    #[default]
    Tcp,
    /// A datagram for each message.
    Udp,
}

/// Where a line came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// A connection whose hello named this node.
    Node(ProcessId),
    /// A datagram from this address.
    Address(SocketAddr),
}

/// What comes in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A line, without its end, or a datagram.
    Line(Source, Vec<u8>),
    /// Something that was refused already.
    Refused(SocketAddr, Refusal),
}

/// How many lines may wait to be handled; then those who send are slowed down.
const INCOMING_LIMIT: usize = 4096;

/// What everybody needs to know of this node.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) hello: Arc<Hello>,
    pub(super) names: crate::process::Names,
}

impl Identity {
    /// Whether a hello is one of this group's, and whose.
    pub(super) fn check(&self, line: &[u8]) -> Result<ProcessId, Refusal> {
        let text = super::wire::checked(line)?;
        let hello: Hello = serde_json::from_str(text).map_err(super::wire::malformed)?;
        if hello.hello != 1 {
            return Err(Refusal::Malformed(format!("version {} of the wire is not known here", hello.hello)));
        }
        if hello.group != self.hello.group {
            return Err(Refusal::OtherGroup(hello.group));
        }
        if hello.algorithm != self.hello.algorithm {
            return Err(Refusal::OtherAlgorithm(hello.algorithm));
        }
        self.names.find(&hello.node).ok_or(Refusal::UnknownSender(hello.node))
    }
}

/// The sockets of a node.
pub(super) struct Transport {
    address: SocketAddr,
    peers: BTreeMap<ProcessId, SocketAddr>,
    inner: Inner,
}

enum Inner {
    Tcp(tcp::Connections),
    Udp(udp::Socket),
}

impl Transport {
    /// Opens the sockets. What comes in goes to the receiver that is given back. A patient node waits for others that
    /// are not there yet; otherwise who is not there is down.
    pub(super) async fn open(
        kind: Kind,
        listen: SocketAddr,
        identity: Identity,
        patient: bool,
    ) -> io::Result<(Self, mpsc::Receiver<Incoming>)> {
        let (sender, receiver) = mpsc::channel(INCOMING_LIMIT);
        let (address, inner) = match kind {
            Kind::Tcp => {
                let (address, connections) = tcp::Connections::open(listen, identity, sender, patient)?;
                (address, Inner::Tcp(connections))
            }
            Kind::Udp => {
                let (address, socket) = udp::Socket::open(listen, sender).await?;
                (address, Inner::Udp(socket))
            }
        };
        Ok((Self { address, peers: BTreeMap::new(), inner }, receiver))
    }

    /// Where this node listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where a node is.
    pub(super) fn introduce(&mut self, node: ProcessId, address: SocketAddr) {
        if self.peers.insert(node, address) == Some(address) {
            return;
        }
        if let Inner::Tcp(connections) = &mut self.inner {
            connections.introduce(node, address);
        }
    }

    /// Where a node is.
    pub(super) fn peer(&self, node: ProcessId) -> Option<SocketAddr> {
        self.peers.get(&node).copied()
    }

    /// Sends a line; false when there is no way to its receiver, or too much waits for it already.
    pub(super) fn send(&mut self, to: ProcessId, line: Vec<u8>) -> bool {
        let Some(address) = self.peers.get(&to) else { return false };
        match &mut self.inner {
            Inner::Tcp(connections) => connections.send(to, line),
            Inner::Udp(socket) => socket.send(*address, &line),
        }
    }

    /// How many lines wait to be written.
    pub(super) fn backlog(&self) -> usize {
        match &self.inner {
            Inner::Tcp(connections) => connections.backlog(),
            Inner::Udp(_) => 0,
        }
    }
}
