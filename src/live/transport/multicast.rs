//! IP multicast: datagrams that go to a group that all nodes are in, and how nodes find each other by it.

use super::{Identity, Incoming, Source, lock::Opened, udp::DATAGRAM_LIMIT};
use crate::live::wire::LINE_LIMIT;
use socket2::{Domain, Protocol, Type};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};
use tokio::{net::UdpSocket, sync::mpsc};

/// How often a node says that it is there: often in the beginning, then seldom.
const ANNOUNCE: (Duration, u32, Duration) = (Duration::from_millis(250), 20, Duration::from_secs(2));

/// A multicast group and how to reach it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its address and port.
    pub address: SocketAddrV4,
    /// How many routers a datagram may pass.
    pub ttl: u32,
    /// The interface to use, by its address; that on which the node listens when absent.
    pub interface: Option<Ipv4Addr>,
}

impl Default for Group {
    /// A group for use within a site that nobody else is known to use, on this LAN alone.
    fn default() -> Self {
        Self { address: SocketAddrV4::new(Ipv4Addr::new(239, 255, 83, 89), 7383), ttl: 1, interface: None }
    }
}

impl Group {
    /// The interface for a node that listens at this address.
    fn interface(&self, listen: SocketAddr) -> Ipv4Addr {
        match (self.interface, listen.ip()) {
            (Some(interface), _) => interface,
            (None, IpAddr::V4(address)) => address,
            (None, IpAddr::V6(_)) => Ipv4Addr::UNSPECIFIED,
        }
    }
}

/// A member of a group.
pub(super) struct Member {
    sending: Arc<UdpSocket>,
    group: SocketAddrV4,
    identity: Identity,
}

impl Member {
    /// Joins a group. What it gets goes to `incoming`; without `lines`, hellos alone are listened to.
    pub(super) async fn join(
        group: Group,
        listen: SocketAddr,
        identity: Identity,
        incoming: mpsc::Sender<Incoming>,
        lines: bool,
    ) -> io::Result<(SocketAddr, Self)> {
        let interface = group.interface(listen);
        let sending = Arc::new(sender(&group, interface, if lines { listen.port() } else { 0 })?);
        let address = sending.local_addr()?;
        sending.writable().await?;
        let receiving = receiver(group.address, interface)?;
        tokio::spawn(receive(receiving, address, identity.clone(), incoming, lines));
        Ok((address, Self { sending, group: group.address, identity }))
    }

    /// Says again and again that this node is there, and listens at `address`.
    pub(super) fn announce(&self, address: SocketAddr) {
        let mut hello = (*self.identity.hello).clone();
        hello.address = Some(address.to_string());
        let (sending, group, lock) = (self.sending.clone(), self.group, self.identity.lock.clone());
        tokio::spawn(async move {
            let (soon, times, later) = ANNOUNCE;
            for time in 0_u32.. {
                let Ok(hello) = serde_json::to_vec(&hello) else { return };
                let Some(hello) = lock.datagram(hello) else { return };
                // The network may be down for a while.
                let _unsent = sending.send_to(&hello, SocketAddr::V4(group)).await;
                tokio::time::sleep(if time < times { soon } else { later }).await;
            }
        });
    }

    /// Sends a datagram to everybody; false when the system does not take it.
    pub(super) fn send(&self, line: Vec<u8>) -> bool {
        let Some(datagram) = self.identity.lock.datagram(line) else { return false };
        datagram.len() <= DATAGRAM_LIMIT
            && self.sending.try_send_to(&datagram, SocketAddr::V4(self.group)).is_ok()
    }
}

fn sender(group: &Group, interface: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_ttl_v4(group.ttl)?;
    // Other nodes on this machine are members too.
    socket.set_multicast_loop_v4(true)?;
    socket.bind(&SocketAddr::from((interface, port)).into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

fn receiver(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // Several nodes on one machine share the group's port.
    socket.set_reuse_address(true)?;
    let _smaller = socket.set_recv_buffer_size(4 << 20);
    socket.join_multicast_v4(group.ip(), &interface)?;
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, group.port())).into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

async fn receive(
    socket: UdpSocket,
    own: SocketAddr,
    identity: Identity,
    incoming: mpsc::Sender<Incoming>,
    lines: bool,
) {
    let mut buffer = vec![0; LINE_LIMIT + 1024];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        // A member gets its own datagrams too.
        if from == own {
            continue;
        }
        let Some(came) = understand(&buffer[..length], from, &identity, lines) else { continue };
        if incoming.send(came).await.is_err() {
            return;
        }
    }
}

/// What a datagram means; nothing when it is none of this node's business.
fn understand(datagram: &[u8], from: SocketAddr, identity: &Identity, lines: bool) -> Option<Incoming> {
    let Opened { sender, text } = match identity.lock.open(datagram) {
        Ok(opened) => opened?,
        Err(refusal) => return Some(Incoming::Refused(from, refusal)),
    };
    if text.starts_with(b"{\"hello\":") {
        // The group's address may be shared with other groups of nodes: their hellos mean nothing here.
        let (node, address) = identity.check(&text).ok()?;
        let own = *identity.names.name(node) == *identity.hello.node;
        let forged = sender.is_some_and(|sender| sender != *identity.names.name(node));
        if own || forged {
            return None;
        }
        return Some(Incoming::Found(node, reachable(address, from)));
    }
    if !lines {
        return None;
    }
    let source = match sender {
        None => Source::Address(from),
        Some(sender) => match identity.names.find(&sender) {
            Some(node) => Source::Node(node),
            None => return Some(Incoming::Refused(from, crate::live::Refusal::UnknownSender(sender))),
        },
    };
    Some(Incoming::Line(source, text))
}

/// Where a node is that says that it listens there: a node that listens everywhere does not know its own address.
fn reachable(said: Option<String>, from: SocketAddr) -> SocketAddr {
    let said: Option<SocketAddr> = said.and_then(|said| said.parse().ok());
    match said {
        Some(said) if said.ip().is_unspecified() => SocketAddr::new(from.ip(), said.port()),
        Some(said) => said,
        None => from,
    }
}
