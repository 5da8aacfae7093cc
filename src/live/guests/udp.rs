//! Guests that send datagrams, to a port of the node or to a multicast group.

use super::{
    desk::{Desk, multicast_line},
    room::GuestEvent,
    text::shown,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::UdpSocket, sync::mpsc, task::JoinHandle, time::sleep};

/// No datagram is longer.
const DATAGRAM_MAX: usize = 64 * 1024;

/// A port where clients ask and the operator answers.
#[derive(Debug)]
pub struct UdpDesk {
    socket: Arc<UdpSocket>,
    desk: Arc<Mutex<Desk>>,
    reading: JoinHandle<()>,
}

impl UdpDesk {
    /// Opens a port; what comes goes to `events` as [`GuestEvent::Heard`].
    pub async fn open(listen: SocketAddr, events: mpsc::Sender<GuestEvent>) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind(listen).await?);
        let desk = Arc::new(Mutex::new(Desk::default()));
        let asked = desk.clone();
        let show = move |from, datagram: &[u8]| {
            asked.lock().unwrap_or_else(PoisonError::into_inner).on_datagram(from, datagram)
        };
        let reading = tokio::spawn(read(socket.clone(), events, show));
        Ok(Self { socket, desk, reading })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Who waits longest for an answer.
    pub fn next(&self) -> Option<String> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).next().map(str::to_owned)
    }

    /// Sends an answer to whoever waits longest, and says to whom; nobody may be waiting.
    pub async fn reply(&self, text: &str) -> io::Result<Option<SocketAddr>> {
        let to = self.desk.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(to) = to else { return Ok(None) };
        self.socket.send_to(shown(text).as_bytes(), to).await?;
        Ok(Some(to))
    }
}

impl Drop for UdpDesk {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// A member of a multicast group that shows what the group gets, and says to it what is typed.
#[derive(Debug)]
pub struct MulticastDesk {
    sending: UdpSocket,
    group: SocketAddrV4,
    reading: JoinHandle<()>,
}

impl MulticastDesk {
    /// Joins a group on an interface (`0.0.0.0` leaves the choice to the system). What the group gets goes to
    /// `events` as [`GuestEvent::Heard`], but for what is said here.
    pub async fn join(
        group: SocketAddrV4,
        interface: Ipv4Addr,
        ttl: u32,
        events: mpsc::Sender<GuestEvent>,
    ) -> io::Result<Self> {
        if !group.ip().is_multicast() {
            let why = format!("{} is no multicast group: those are 224.0.0.0 to 239.255.255.255", group.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let sending = sender(interface, ttl)?;
        let own = sending.local_addr()?.port();
        let receiving = Arc::new(receiver(group, interface)?);
        // The system gives members their own datagrams too; others on this computer have other ports.
        let here = move |from: SocketAddr| from.port() == own && is_here(from);
        let show =
            move |from, datagram: &[u8]| if here(from) { None } else { multicast_line(from, datagram) };
        let reading = tokio::spawn(read(receiving, events, show));
        Ok(Self { sending, group, reading })
    }

    /// Says something to the group.
    pub async fn say(&self, text: &str) -> io::Result<()> {
        self.sending.send_to(text.as_bytes(), self.group).await.map(drop)
    }
}

impl Drop for MulticastDesk {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Whether an address is one of this computer's.
fn is_here(from: SocketAddr) -> bool {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().any(|interface| interface.ip() == from.ip())
}

async fn read(
    socket: Arc<UdpSocket>,
    events: mpsc::Sender<GuestEvent>,
    mut show: impl FnMut(SocketAddr, &[u8]) -> Option<(String, String)>,
) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            // It is about an answer that found nobody, as a rule, and passes.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Some((text, line)) = show(from, &buffer[..length]) else { continue };
        if events.send(GuestEvent::Heard { from, text, line }).await.is_err() {
            return;
        }
    }
}

fn sender(interface: Ipv4Addr, ttl: u32) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_ttl_v4(ttl)?;
    socket.set_multicast_loop_v4(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
    into_tokio(socket)
}

fn receiver(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // Several members on one computer share the group's port.
    socket.set_reuse_address(true)?;
    socket.join_multicast_v4(group.ip(), &interface)?;
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, group.port())).into())?;
    into_tokio(socket)
}

fn into_tokio(socket: Socket) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}
