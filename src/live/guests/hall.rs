//! A room on TCP: a task for each guest, and a bounded queue between it and what it is told.
//!
//! Nothing here waits for a guest but the guest's own task, so one that does not read holds up nobody: when
//! its queue is full it is dropped, the room hears that it left, and the node is told why. It cannot be told
//! itself: it does not read. A guest that talks faster than the node listens is made to wait by its own
//! connection.

use super::{
    room::{Alias, Departure, GuestEvent, GuestId, Reply, Room, Style},
    text::{READ, Splitter, TooLong},
};
use std::{
    collections::BTreeMap,
    future::pending,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long a guest that is let go may take to read its last lines.
const LINGER: Duration = Duration::from_secs(1);
/// How long nothing is told to a guest without newlines after a text, so that its `recv` gives one text at a
/// time.
const PAUSE: Duration = Duration::from_millis(2);
/// With more texts waiting than these there is no pause: order and completeness come before borders.
const PAUSE_WAITING: usize = 8;

/// What a room on TCP is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// What guests hear of what is said.
    pub style: Style,
    /// Whether they have to say who they are.
    pub alias: Alias,
    /// Why nobody is let in: the group is closed.
    pub refuse: Option<String>,
    /// How many guests there may be.
    pub guests_max: usize,
    /// How long a guest may take to say who it is.
    pub naming_max: Duration,
    /// How many texts may wait for a guest to read them.
    pub waiting_max: usize,
    /// How many bytes of text may wait.
    pub waiting_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            style: Style::default(),
            alias: Alias::default(),
            refuse: None,
            guests_max: 1024,
            naming_max: Duration::from_secs(120),
            waiting_max: 4096,
            waiting_bytes_max: 1024 * 1024,
        }
    }
}

/// A room on TCP. When this is dropped, nobody new is let in and those inside are let go.
#[derive(Debug)]
pub struct Hall {
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    accepting: Option<JoinHandle<()>>,
    /// Says when the last task has gone: each has one end.
    gone: mpsc::Receiver<()>,
    here: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    events: mpsc::Sender<GuestEvent>,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    room: Room,
    lines: BTreeMap<GuestId, Line>,
    closed: bool,
}

/// What leads to a guest's task.
#[derive(Debug)]
struct Line {
    queue: mpsc::Sender<Arc<str>>,
    waiting_bytes: Arc<AtomicUsize>,
    drop: oneshot::Sender<Departure>,
}

/// What a guest's task has of it.
struct Ear {
    queue: mpsc::Receiver<Arc<str>>,
    waiting_bytes: Arc<AtomicUsize>,
    dropped: oneshot::Receiver<Departure>,
}

impl Hall {
    /// Opens a room at an address; what happens goes to `events`.
    pub async fn open(
        listen: SocketAddr,
        settings: Settings,
        events: mpsc::Sender<GuestEvent>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let mut hall = Self::without_door(settings, events);
        hall.address = Some(listener.local_addr()?);
        hall.accepting = Some(tokio::spawn(accept(listener, hall.shared.clone(), hall.here.clone())));
        Ok(hall)
    }

    /// A room without an address of its own: guests come through [`Hall::admit`].
    pub fn without_door(settings: Settings, events: mpsc::Sender<GuestEvent>) -> Self {
        let room = Room::new(settings.style, settings.alias);
        let inside = Mutex::new(Inside { room, lines: BTreeMap::new(), closed: false });
        let (here, gone) = mpsc::channel(1);
        let shared = Arc::new(Shared { settings, events, inside });
        Self { shared, address: None, accepting: None, gone, here }
    }

    /// Lets a connection in that came to another port, with what was read of it already.
    pub fn admit(&self, stream: TcpStream, address: SocketAddr, read: Vec<u8>) {
        admit(&self.shared, &self.here, stream, address, read);
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// How many guests there are.
    pub fn guests(&self) -> usize {
        self.shared.inside().room.len()
    }

    /// The names of those who are in.
    pub fn names(&self) -> Vec<String> {
        self.shared.inside().room.names().map(str::to_owned).collect()
    }

    /// Tells those who are in what the node delivers; never waits. See [`Room::deliver`].
    pub fn deliver(&self, text: &str, number: Option<u64>, mine: bool) {
        let mut inside = self.shared.inside();
        for reply in inside.room.deliver(text, number, mine) {
            inside.tell(&self.shared.settings, reply);
        }
    }

    /// Tells those who are in who else came or went; never waits. See [`Room::announce`].
    pub fn announce(&self, notice: &str) {
        let mut inside = self.shared.inside();
        for reply in inside.room.announce(notice) {
            inside.tell(&self.shared.settings, reply);
        }
    }

    /// Lets everybody go, after a last text if there is one, and waits for a second at most until they have
    /// read it.
    pub async fn close(mut self, farewell: Option<&str>) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        self.shared.close(farewell);
        drop(std::mem::replace(&mut self.here, mpsc::channel(1).0));
        let _late = timeout(LINGER, self.gone.recv()).await;
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        self.shared.close(None);
    }
}

impl Shared {
    /// A panic elsewhere leaves nothing half done here: each change is one call.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without its line, a guest's task says what is left and ends.
    fn close(&self, farewell: Option<&str>) {
        let mut inside = self.inside();
        inside.closed = true;
        let lines = std::mem::take(&mut inside.lines);
        let Some(farewell) = farewell else { return };
        for line in lines.values() {
            // Who has a full queue hears no farewell.
            let _told = line.queue.try_send(farewell.into());
        }
    }

    async fn emit(&self, event: Option<GuestEvent>) {
        let Some(event) = event else { return };
        // The node has stopped listening when it ends; its guests are about to be let go.
        let _heard = self.events.send(event).await;
    }

    fn connect(&self, address: SocketAddr) -> Result<(GuestId, Ear, Option<GuestEvent>), String> {
        if let Some(reason) = &self.settings.refuse {
            return Err(reason.clone());
        }
        let mut inside = self.inside();
        if inside.closed {
            return Err("this node is going".into());
        }
        if inside.room.len() >= self.settings.guests_max {
            return Err(format!("there are {} guests already; come back later", self.settings.guests_max));
        }
        let (queue, waiting) = mpsc::channel(self.settings.waiting_max);
        let (drop, dropped) = oneshot::channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let (guest, reply, event) = inside.room.on_connect(&address.to_string());
        inside.lines.insert(guest, Line { queue, waiting_bytes: waiting_bytes.clone(), drop });
        if let Some(reply) = reply {
            inside.tell(&self.settings, reply);
        }
        Ok((guest, Ear { queue: waiting, waiting_bytes, dropped }, event))
    }

    fn tell(&self, guest: GuestId, text: &str) {
        let reply = Reply { guest, text: text.into(), last: true };
        self.inside().tell(&self.settings, reply);
    }

    fn on_text(&self, guest: GuestId, text: String) -> Option<GuestEvent> {
        let mut inside = self.inside();
        let (reply, event) = inside.room.on_text(guest, text);
        if let Some(reply) = reply {
            inside.tell(&self.settings, reply);
        }
        event
    }

    fn on_leave(&self, guest: GuestId, why: Departure) -> Option<GuestEvent> {
        let mut inside = self.inside();
        inside.lines.remove(&guest);
        let event = inside.room.on_leave(guest, why);
        if inside.closed { None } else { event }
    }
}

impl Inside {
    /// Puts a text into a guest's queue, or drops the guest when there is no room in it.
    fn tell(&mut self, settings: &Settings, reply: Reply) {
        let Some(line) = self.lines.get(&reply.guest) else { return };
        let bytes = reply.text.len();
        let waiting = line.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = waiting == 0 || waiting + bytes <= settings.waiting_bytes_max;
        let told = fits && line.queue.try_send(reply.text).is_ok();
        if told && !reply.last {
            return;
        }
        let line = self.lines.remove(&reply.guest).expect("it was there above");
        if !told {
            // Its task may have ended in this moment, and then it has gone anyway.
            let _ended = line.drop.send(Departure::TooSlow);
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, here: mpsc::Sender<()>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => admit(&shared, &here, stream, address, Vec::new()),
            // Too many open files, as a rule: some will be closed.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

fn admit(
    shared: &Arc<Shared>,
    here: &mpsc::Sender<()>,
    stream: TcpStream,
    address: SocketAddr,
    read: Vec<u8>,
) {
    // Short texts are the rule, and each is to arrive by itself.
    let _nodelay = stream.set_nodelay(true);
    let (shared, here) = (shared.clone(), here.clone());
    let admitted = shared.connect(address);
    tokio::spawn(async move {
        match admitted {
            Ok((guest, ear, event)) => {
                shared.emit(event).await;
                serve(&shared, guest, stream, read, ear).await;
            }
            Err(reason) => refuse(stream, &reason).await,
        }
        drop(here);
    });
}

/// Says why, in a line, and closes.
async fn refuse(stream: TcpStream, reason: &str) {
    let (mut read, mut write) = stream.into_split();
    let refusal = async {
        write.write_all(format!("{reason}\n").as_bytes()).await?;
        write.shutdown().await?;
        drain(&mut read).await
    };
    let _said = timeout(LINGER, refusal).await;
}

/// A connection that is closed with unread bytes in it is reset, and what was said last is lost with it.
async fn drain(read: &mut OwnedReadHalf) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while read.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// One guest, from its first byte to its last.
async fn serve(shared: &Arc<Shared>, guest: GuestId, stream: TcpStream, first: Vec<u8>, ear: Ear) {
    let (mut read, mut write) = stream.into_split();
    let Ear { queue, waiting_bytes, dropped } = ear;
    let lines = AtomicBool::new(false);
    let mut speaking = pin!(speak(&mut write, queue, &waiting_bytes, &lines));
    let (why, flush) = tokio::select! {
        why = listen(shared, guest, &mut read, first, &lines) => (why, true),
        why = &mut speaking => (why, false),
        why = stay_unnamed(shared, guest) => (why, true),
        Ok(why) = dropped => (why, false),
    };
    let drained = why == Departure::Closed;
    let event = shared.on_leave(guest, why);
    if flush {
        // Who has said its last may still be reading: `echo hi | nc`.
        let _flushed = timeout(LINGER, speaking).await;
    } else if drained {
        let _drained = timeout(LINGER, drain(&mut read)).await;
    }
    shared.emit(event).await;
}

/// Reads texts until the guest has gone.
async fn listen(
    shared: &Shared,
    guest: GuestId,
    read: &mut OwnedReadHalf,
    first: Vec<u8>,
    lines: &AtomicBool,
) -> Departure {
    let mut splitter = Splitter::default();
    let mut buffer = vec![0; READ];
    let mut texts = Vec::new();
    let mut fed = splitter.feed(&first, &mut texts);
    loop {
        lines.store(splitter.is_lines(), Ordering::Relaxed);
        for text in texts.drain(..) {
            let event = shared.on_text(guest, text);
            shared.emit(event).await;
        }
        if fed == Err(TooLong) {
            shared.tell(guest, "a text may have 64 KiB at most");
            return Departure::TooLong;
        }
        let reading = read.read(&mut buffer);
        let length = match splitter.patience() {
            Some(patience) => timeout(patience, reading).await,
            None => Ok(reading.await),
        };
        match length {
            Err(_) => texts.extend(splitter.on_quiet()),
            Ok(Ok(0)) => {
                if let Some(text) = splitter.finish() {
                    let event = shared.on_text(guest, text);
                    shared.emit(event).await;
                }
                return Departure::Closed;
            }
            Ok(Ok(length)) => fed = splitter.feed(&buffer[..length], &mut texts),
            Ok(Err(error)) => return Departure::Lost(error.to_string()),
        }
    }
}

/// Ends if the guest does not say who it is: its place is for others.
async fn stay_unnamed(shared: &Shared, guest: GuestId) -> Departure {
    sleep(shared.settings.naming_max).await;
    if !shared.inside().room.is_unnamed(guest) {
        return pending().await;
    }
    shared.tell(guest, "no alias came; connect again");
    Departure::Unnamed
}

/// Writes what the guest is told until nothing more will be.
async fn speak(
    write: &mut OwnedWriteHalf,
    mut queue: mpsc::Receiver<Arc<str>>,
    waiting_bytes: &AtomicUsize,
    lines: &AtomicBool,
) -> Departure {
    while let Some(text) = queue.recv().await {
        let lines = lines.load(Ordering::Relaxed);
        let written = match lines {
            true => write.write_all(format!("{text}\n").as_bytes()).await,
            false => write.write_all(text.as_bytes()).await,
        };
        waiting_bytes.fetch_sub(text.len(), Ordering::Relaxed);
        match written {
            Err(error) => return Departure::Lost(error.to_string()),
            Ok(()) if !lines && queue.len() < PAUSE_WAITING => sleep(PAUSE).await,
            Ok(()) => {}
        }
    }
    let _shut = write.shutdown().await;
    Departure::Closed
}
