//! TCP: one connection from each node to each node it sends to, lines of JSON after a hello.

use super::{Identity, Incoming, Lock, Source};
use crate::{
    live::{
        seal,
        wire::{LINE_LIMIT, Refusal},
    },
    process::ProcessId,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::{
    bytes::BytesMut,
    codec::{AnyDelimiterCodec, AnyDelimiterCodecError, Decoder},
};

/// How much may wait for a peer that does not read, in bytes; what comes then is lost.
const OUTGOING_LIMIT: usize = 16 << 20;
/// How long one waits before trying to connect again.
const RETRY: Duration = Duration::from_millis(20);
/// How often a peer that is not there is tried before it counts as down: a quarter of a second, in which a process that is
/// started again comes back.
const TRIES: u32 = 13;
/// How often a peer that was never there is tried before what waits for it is given up: half a minute.
const FIRST_TRIES: u32 = 1500;

/// All connections of a node.
pub(super) struct Connections {
    hello: Vec<u8>,
    lock: Lock,
    /// How often a peer that was never there is tried.
    tries: u32,
    writers: BTreeMap<ProcessId, Writer>,
    waiting: Arc<AtomicUsize>,
}

struct Writer {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

impl Connections {
    /// Listens at an address.
    pub(super) fn open(
        listen: SocketAddr,
        identity: Identity,
        incoming: mpsc::Sender<Incoming>,
        patient: bool,
    ) -> io::Result<(SocketAddr, Self)> {
        let socket = Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
        // A node that restarts takes its old port again at once.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&listen.into())?;
        socket.listen(1024)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        let hello = serde_json::to_vec(&*identity.hello)?;
        let lock = identity.lock.clone();
        tokio::spawn(accept(listener, identity, incoming));
        let tries = if patient { FIRST_TRIES } else { TRIES };
        Ok((address, Self { hello, lock, tries, writers: BTreeMap::new(), waiting: Arc::default() }))
    }

    /// A node is at this address from now on: an older connection is given up.
    pub(super) fn introduce(&mut self, node: ProcessId, address: SocketAddr) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::<AtomicUsize>::default();
        let writer = Outgoing {
            address,
            hello: self.hello.clone(),
            lock: self.lock.clone(),
            tries: self.tries,
            lines: receiver,
            waiting: waiting.clone(),
            total: self.waiting.clone(),
        };
        tokio::spawn(writer.write());
        self.writers.insert(node, Writer { lines: sender, waiting });
    }

    /// Puts a line behind those that wait for a node.
    pub(super) fn send(&mut self, to: ProcessId, line: Vec<u8>) -> bool {
        let Some(writer) = self.writers.get(&to) else { return false };
        if writer.waiting.load(Ordering::Relaxed) + line.len() > OUTGOING_LIMIT {
            return false;
        }
        writer.waiting.fetch_add(line.len(), Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        writer.lines.send(line).is_ok()
    }

    /// How many lines wait.
    pub(super) fn backlog(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// The way to one peer.
struct Outgoing {
    address: SocketAddr,
    hello: Vec<u8>,
    lock: Lock,
    tries: u32,
    lines: mpsc::UnboundedReceiver<Vec<u8>>,
    /// How many bytes wait.
    waiting: Arc<AtomicUsize>,
    /// How many lines wait, for all peers together.
    total: Arc<AtomicUsize>,
}

impl Outgoing {
    /// Writes lines as they come, connecting where there is no connection. What a peer that was there before does not
    /// take is lost, as it is for a node that is down.
    async fn write(mut self) {
        let mut stream: Option<TcpStream> = None;
        let mut met = false;
        let mut lines = Vec::new();
        let mut bytes = Vec::new();
        while self.lines.recv_many(&mut lines, 1024).await > 0 {
            let count = lines.len();
            let size: usize = lines.iter().map(Vec::len).sum();
            if stream.as_ref().is_some_and(is_closed) {
                stream = None;
            }
            if stream.is_none() {
                stream = self.connect(if met { TRIES } else { self.tries }).await;
            }
            bytes.clear();
            // Sealed only now: what waited long would be too late for its receiver to tell it from a replay.
            for line in lines.drain(..).filter_map(|line| self.lock.line(line)) {
                bytes.extend_from_slice(&line);
                bytes.push(b'\n');
            }
            if let Some(open) = &mut stream {
                met = true;
                if open.write_all(&bytes).await.is_err() {
                    stream = None;
                }
            }
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            self.total.fetch_sub(count, Ordering::Relaxed);
        }
    }

    async fn connect(&self, tries: u32) -> Option<TcpStream> {
        for left in (0..tries).rev() {
            if let Ok(mut stream) = TcpStream::connect(self.address).await {
                let mut hello = self.lock.line(self.hello.clone())?;
                hello.push(b'\n');
                let greeted = stream.set_nodelay(true).is_ok() && stream.write_all(&hello).await.is_ok();
                return greeted.then_some(stream);
            }
            if self.lines.is_closed() {
                return None;
            }
            if left > 0 {
                tokio::time::sleep(RETRY).await;
            }
        }
        None
    }
}

/// Whether the other side has hung up: nothing is ever said on this connection, so whatever can be read is its end.
fn is_closed(stream: &TcpStream) -> bool {
    !matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

async fn accept(listener: TcpListener, identity: Identity, incoming: mpsc::Sender<Incoming>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let reader =
                    Reader { stream, address, identity: identity.clone(), incoming: incoming.clone() };
                tokio::spawn(reader.read());
            }
            // Too many open files, say: it may be better soon.
            Err(_) => tokio::time::sleep(RETRY).await,
        }
        if incoming.is_closed() {
            return;
        }
    }
}

/// A connection that somebody made to this node.
struct Reader {
    stream: TcpStream,
    address: SocketAddr,
    identity: Identity,
    incoming: mpsc::Sender<Incoming>,
}

impl Reader {
    async fn read(mut self) {
        let limit = if self.identity.lock.is_closed() { seal::LINE_MAX } else { LINE_LIMIT };
        let mut codec = AnyDelimiterCodec::new_with_max_length(b"\n".to_vec(), Vec::new(), limit);
        let mut buffer = BytesMut::with_capacity(64 << 10);
        if !self.is_node(&mut buffer).await {
            let guest = Incoming::Guest(self.stream, self.address, buffer.to_vec());
            // Nobody is at home any more.
            let _gone = self.incoming.send(guest).await;
            return;
        }
        let mut node: Option<ProcessId> = None;
        loop {
            loop {
                let line = match codec.decode(&mut buffer) {
                    Ok(None) => break,
                    Ok(Some(line)) => self.understand(&mut node, without_return(&line)),
                    Err(AnyDelimiterCodecError::MaxChunkLengthExceeded) => {
                        Some(Incoming::Refused(self.address, Refusal::TooLong))
                    }
                    Err(AnyDelimiterCodecError::Io(_)) => return,
                };
                let Some(line) = line else { continue };
                if self.incoming.send(line).await.is_err() {
                    return;
                }
                // A stranger gets no second chance on this connection.
                if node.is_none() {
                    return;
                }
            }
            match self.stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Whether a node speaks, as its first character tells: everybody else is a guest, and so is who says nothing where
    /// guests are expected.
    async fn is_node(&mut self, buffer: &mut BytesMut) -> bool {
        let first = self.stream.read_buf(buffer);
        let read = match self.identity.silence {
            None => first.await,
            Some(silence) => match tokio::time::timeout(silence, first).await {
                Ok(read) => read,
                Err(_) => return false,
            },
        };
        !matches!(read, Ok(length) if length > 0) || buffer.first() == Some(&b'{')
    }

    /// What a line means; nothing when it is a hello, or empty.
    fn understand(&self, node: &mut Option<ProcessId>, line: &[u8]) -> Option<Incoming> {
        if line.is_empty() && node.is_some() {
            return None;
        }
        let refused = |refusal| Some(Incoming::Refused(self.address, refusal));
        let (sender, text) = match self.identity.lock.open(line) {
            Ok(opened) => opened.map(|opened| (opened.sender, opened.text))?,
            Err(refusal) => return refused(refusal),
        };
        let Some(known) = *node else {
            return match self.identity.check(&text) {
                Ok((named, _)) if self.is_sender(named, sender.as_deref()) => {
                    *node = Some(named);
                    None
                }
                Ok((named, _)) => refused(self.forged(named, sender)),
                Err(refusal) => refused(refusal),
            };
        };
        if !self.is_sender(known, sender.as_deref()) {
            return refused(self.forged(known, sender));
        }
        Some(Incoming::Line(Source::Node(known), text))
    }

    /// Whether `sender`, who sealed a line, is the one that it is from. In an open group nobody knows better.
    fn is_sender(&self, node: ProcessId, sender: Option<&str>) -> bool {
        sender.is_none_or(|sender| sender == self.identity.names.name(node))
    }

    fn forged(&self, node: ProcessId, sender: Option<String>) -> Refusal {
        let claims = self.identity.names.name(node).into_owned();
        Refusal::Forged { claims, is: sender.unwrap_or_default() }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
