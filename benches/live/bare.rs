//! The bare echo: two ends of a tokio socket, each on a thread of its own, and nothing but bytes between them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use synod::live::TransportKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::{Builder, Runtime},
};

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An echo that is ready.
pub(crate) struct Echo {
    orders: mpsc::Sender<u64>,
    times: mpsc::Receiver<Duration>,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

impl Echo {
    /// Starts both ends; messages have `size` bytes.
    pub(crate) fn start(kind: TransportKind, size: usize) -> Self {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || runtime().block_on(answer(kind, size, &tell)));
        let address = told.recv().expect("the echo listens");
        let (orders, ordered) = mpsc::channel();
        let (done, times) = mpsc::channel();
        thread::spawn(move || runtime().block_on(ask(kind, size, address, &ordered, &done)));
        Self { orders, times }
    }

    /// How long so many round trips take.
    pub(crate) fn trips(&self, count: u64) -> Duration {
        self.orders.send(count).expect("the echo lives");
        self.times.recv().expect("the echo lives")
    }
}

async fn answer(kind: TransportKind, size: usize, tell: &mpsc::Sender<SocketAddr>) {
    let mut bytes = vec![0; size];
    if kind == TransportKind::Udp {
        let socket = UdpSocket::bind(ANYWHERE).await.expect("a socket can be bound");
        tell.send(socket.local_addr().expect("it has an address")).expect("somebody waits");
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            socket.send_to(&bytes[..length], from).await.expect("it is sent");
        }
    } else {
        let listener = TcpListener::bind(ANYWHERE).await.expect("a socket can be bound");
        tell.send(listener.local_addr().expect("it has an address")).expect("somebody waits");
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        stream.set_nodelay(true).expect("it can be set");
        while stream.read_exact(&mut bytes).await.is_ok() {
            stream.write_all(&bytes).await.expect("it is written");
        }
    }
}

async fn ask(
    kind: TransportKind,
    size: usize,
    address: SocketAddr,
    orders: &mpsc::Receiver<u64>,
    done: &mpsc::Sender<Duration>,
) {
    let mut bytes = vec![b'x'; size];
    if kind == TransportKind::Udp {
        let socket = UdpSocket::bind(ANYWHERE).await.expect("a socket can be bound");
        while let Ok(count) = orders.recv() {
            let begun = Instant::now();
            for _ in 0..count {
                socket.send_to(&bytes, address).await.expect("it is sent");
                socket.recv_from(&mut bytes).await.expect("it comes back");
            }
            done.send(begun.elapsed()).expect("somebody waits");
        }
    } else {
        let mut stream = TcpStream::connect(address).await.expect("the echo is there");
        stream.set_nodelay(true).expect("it can be set");
        while let Ok(count) = orders.recv() {
            let begun = Instant::now();
            for _ in 0..count {
                stream.write_all(&bytes).await.expect("it is sent");
                stream.read_exact(&mut bytes).await.expect("it comes back");
            }
            done.send(begun.elapsed()).expect("somebody waits");
        }
    }
}
