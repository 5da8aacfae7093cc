//! UDP: one datagram for each message.

use super::{Incoming, Source};
use crate::live::wire::LINE_LIMIT;
use socket2::{Domain, Protocol, Type};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{net::UdpSocket, sync::mpsc};

/// How much the system keeps for this node while it is busy, in bytes.
const BUFFER: usize = 4 << 20;
/// The longest datagram that IP carries.
const DATAGRAM_LIMIT: usize = 65_507;

/// The socket of a node.
pub(super) struct Socket {
    socket: Arc<UdpSocket>,
}

impl Socket {
    /// Listens at an address.
    pub(super) async fn open(
        listen: SocketAddr,
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
        tokio::spawn(receive(socket.clone(), incoming));
        Ok((address, Self { socket }))
    }

    /// Sends a datagram; false when the system does not take it.
    pub(super) fn send(&self, to: SocketAddr, line: &[u8]) -> bool {
        line.len() <= DATAGRAM_LIMIT && self.socket.try_send_to(line, to).is_ok()
    }
}

async fn receive(socket: Arc<UdpSocket>, incoming: mpsc::Sender<Incoming>) {
    let mut buffer = vec![0; LINE_LIMIT + 1];
    loop {
        // An error is news of a datagram that did not arrive elsewhere; the socket is as good as before.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let datagram = buffer[..length].strip_suffix(b"\n").unwrap_or(&buffer[..length]);
        let line = Incoming::Line(Source::Address(from), datagram.to_vec());
        if incoming.send(line).await.is_err() {
            return;
        }
    }
}
