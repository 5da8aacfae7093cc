//! How lines get from node to node: UDP, TCP and IP multicast.

mod lock;
mod multicast;
mod tcp;
mod udp;

pub(super) use lock::Lock;
pub use multicast::Group;

use super::wire::{Hello, Refusal};
use crate::process::ProcessId;
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::mpsc};

/// How nodes talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A connection from each node to each node it talks to: reliable and in order while it lasts.
    #[default]
    Tcp,
    /// A datagram for each message.
    Udp,
    /// A datagram to a group that all nodes are in.
    Multicast,
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
    /// A node said that it is there.
    Found(ProcessId, SocketAddr),
    /// A connection of somebody who is no node, with what was read of it already.
    Guest(TcpStream, SocketAddr, Vec<u8>),
    /// A datagram of somebody who is no node.
    Text(SocketAddr, Vec<u8>),
}

/// How many lines may wait to be handled; then those who send are slowed down.
const INCOMING_LIMIT: usize = 4096;

/// What everybody needs to know of this node.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) hello: Arc<Hello>,
    pub(super) names: crate::process::Names,
    /// What closes the group.
    pub(super) lock: Lock,
    /// After how long a connection that says nothing is a guest's, who waits to be asked; never when guests are not
    /// expected.
    pub(super) silence: Option<Duration>,
}

impl Identity {
    /// Whether a hello is one of this group's, whose, and where its sender says that it is.
    pub(super) fn check(&self, line: &[u8]) -> Result<(ProcessId, Option<String>), Refusal> {
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
        let node = self.names.find(&hello.node).ok_or(Refusal::UnknownSender(hello.node))?;
        Ok((node, hello.address))
    }
}

/// How the sockets of a node are opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) kind: Kind,
    pub(super) listen: SocketAddr,
    /// Whether it waits for others that are not there yet; otherwise who is not there is down.
    pub(super) patient: bool,
    pub(super) group: Group,
    /// Whether nodes find each other by multicast.
    pub(super) discover: bool,
}

/// The sockets of a node.
pub(super) struct Transport {
    address: SocketAddr,
    peers: BTreeMap<ProcessId, SocketAddr>,
    inner: Inner,
    /// By which other nodes find this one.
    _announced: Option<multicast::Member>,
}

enum Inner {
    Tcp(tcp::Connections),
    Udp(udp::Socket),
    Multicast(multicast::Member),
}

impl Transport {
    /// Opens the sockets. What comes in goes to the receiver that is given back.
    pub(super) async fn open(
        opening: Opening,
        identity: Identity,
    ) -> io::Result<(Self, mpsc::Receiver<Incoming>)> {
        let Opening { kind, listen, patient, group, discover } = opening;
        let (sender, receiver) = mpsc::channel(INCOMING_LIMIT);
        let (address, inner) = match kind {
            Kind::Tcp => {
                let (identity, sender) = (identity.clone(), sender.clone());
                let (address, connections) = tcp::Connections::open(listen, identity, sender, patient)?;
                (address, Inner::Tcp(connections))
            }
            Kind::Udp => {
                let (address, socket) = udp::Socket::open(listen, identity.clone(), sender.clone()).await?;
                (address, Inner::Udp(socket))
            }
            Kind::Multicast => {
                let (identity, sender) = (identity.clone(), sender.clone());
                let (address, member) =
                    multicast::Member::join(group, listen, identity, sender, true).await?;
                member.announce(address);
                (address, Inner::Multicast(member))
            }
        };
        let mut announced = None;
        if discover && kind != Kind::Multicast {
            let (_, member) = multicast::Member::join(group, listen, identity, sender, false).await?;
            member.announce(address);
            announced = Some(member);
        }
        Ok((Self { address, peers: BTreeMap::new(), inner, _announced: announced }, receiver))
    }

    /// Where this node listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether everybody gets everything: what is for others is to be passed over.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.inner, Inner::Multicast(_))
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
        if let Inner::Multicast(member) = &self.inner {
            return member.send(line);
        }
        let Some(address) = self.peers.get(&to) else { return false };
        match &mut self.inner {
            Inner::Tcp(connections) => connections.send(to, line),
            Inner::Udp(socket) => socket.send(*address, line),
            Inner::Multicast(_) => false,
        }
    }

    /// Answers somebody who is no node and sent a datagram; false when that cannot be.
    pub(super) fn answer(&self, to: SocketAddr, text: &str) -> bool {
        match &self.inner {
            Inner::Udp(socket) => socket.answer(to, text),
            Inner::Tcp(_) | Inner::Multicast(_) => false,
        }
    }

    /// How many lines wait to be written.
    pub(super) fn backlog(&self) -> usize {
        match &self.inner {
            Inner::Tcp(connections) => connections.backlog(),
            Inner::Udp(_) | Inner::Multicast(_) => 0,
        }
    }
}
