//! UDP: one datagram for each message.

use super::{Identity, Incoming, Source, lock::Opened};
use crate::live::wire::{LINE_LIMIT, Refusal};
use socket2::{Domain, Protocol, Type};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::UdpSocket, sync::mpsc};

/// How much the system keeps for this node while it is busy, in bytes.
const BUFFER: usize = 4 << 20;
/// The longest datagram that IP carries.
pub(super) const DATAGRAM_LIMIT: usize = 65_507;
/// How often strangers are told that the group is closed: whoever forges addresses gets no echo out of this node.
const TELL: Duration = Duration::from_secs(1);

/// The socket of a node.
pub(super) struct Socket {
    socket: Arc<UdpSocket>,
    identity: Identity,
}

impl Socket {
    /// Listens at an address.
    pub(super) async fn open(
        listen: SocketAddr,
        identity: Identity,
        incoming: mpsc::Sender<Incoming>,
    ) -> io::Result<(SocketAddr, Self)> {
        let socket = socket2::Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        // As much as the system allows.
        let _smaller = socket.set_recv_buffer_size(BUFFER);
        let _smaller = socket.set_send_buffer_size(BUFFER);
        socket.bind(&listen.into())?;
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        let address = socket.local_addr()?;
        // Until the system has said so once, nothing is tried.
        socket.writable().await?;
        tokio::spawn(receive(socket.clone(), identity.clone(), incoming));
        Ok((address, Self { socket, identity }))
    }

    /// Sends a datagram; false when the system does not take it.
    pub(super) fn send(&self, to: SocketAddr, line: Vec<u8>) -> bool {
        let Some(datagram) = self.identity.lock.datagram(line) else { return false };
        datagram.len() <= DATAGRAM_LIMIT && self.socket.try_send_to(&datagram, to).is_ok()
    }

    /// Answers a guest; false when the system does not take it.
    pub(super) fn answer(&self, to: SocketAddr, text: &str) -> bool {
        self.socket.try_send_to(text.as_bytes(), to).is_ok()
    }
}

async fn receive(socket: Arc<UdpSocket>, identity: Identity, incoming: mpsc::Sender<Incoming>) {
    let mut buffer = vec![0; LINE_LIMIT + 1024];
    let mut told: Option<Instant> = None;
    loop {
        // An error is news of a datagram that did not arrive elsewhere; the socket is as good as before.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let came = match understand(&buffer[..length], from, &identity) {
            Ok(Some(came)) => came,
            Ok(None) => continue,
            Err(refusal) => {
                let is_text = buffer.first().is_some_and(|first| *first >= b' ');
                let waited = told.is_none_or(|told| told.elapsed() >= TELL);
                if refusal == Refusal::Closed && is_text && waited {
                    told = Some(Instant::now());
                    let _unsent = socket.try_send_to(format!("{refusal}\n").as_bytes(), from);
                }
                Incoming::Refused(from, refusal)
            }
        };
        if incoming.send(came).await.is_err() {
            return;
        }
    }
}

/// What a datagram means; nothing when it is this node's own.
fn understand(datagram: &[u8], from: SocketAddr, identity: &Identity) -> Result<Option<Incoming>, Refusal> {
    let Some(Opened { sender, mut text }) = identity.lock.open(datagram)? else { return Ok(None) };
    let Some(sender) = sender else {
        if text.first() != Some(&b'{') {
            return Ok(Some(Incoming::Text(from, text)));
        }
        if text.last() == Some(&b'\n') {
            text.pop();
        }
        return Ok(Some(Incoming::Line(Source::Address(from), text)));
    };
    match identity.names.find(&sender) {
        Some(node) => Ok(Some(Incoming::Line(Source::Node(node), text))),
        None => Err(Refusal::UnknownSender(sender)),
    }
}
