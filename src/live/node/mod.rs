//! One node as a process: feeds its [`Core`] from sockets, clock and commands, keeps its journal and its storage.

mod commands;
mod copies;
mod faults;
mod outside;
mod settings;
mod visitors;

pub use settings::{NodeError, Settings, Visit};

use super::{
    Birth, Clock, Core, Journal, Parcel,
    control::{Command, Report, Summary},
    files::{EVERY, Files},
    guests::GuestEvent,
    json_rpc::{Call, Calls},
    seal::Seal,
    storage::{Owner, Storage},
    transport::{Identity, Incoming, Lock, Opening, Source, Transport},
    voice::Voice,
    wall_clock,
    wire::{Envelope, Hello, Refusal},
};
use crate::{
    process::{Actors, ProcessId, Time},
    scenario::Plan,
    trace::{Header, Live},
};
use copies::Copies;
use faults::{Faults, Passage};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use visitors::Visitors;

/// How long a connection says nothing before it is a guest's, where guests are expected: a node speaks at once.
const SILENCE: Duration = Duration::from_secs(1);

/// The scenario crashes this node: the process ends at once, as if it had been killed.
fn crash() -> ! {
    #[cfg(unix)]
    {
        let _killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    std::process::abort()
}

/// The name of a node's journal.
pub fn journal_name(node: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    format!("{}.jsonl", node.chars().map(plain).collect::<String>())
}

/// Runs a node until it is told to stop. `header` is that of the scenario's traces.
///
/// # Errors
/// When sockets or files cannot be used.
pub async fn run(
    plan: &Plan,
    header: Header,
    actors: Box<dyn Actors>,
    settings: Settings,
    mut commands: mpsc::Receiver<Command>,
    reports: mpsc::UnboundedSender<Report>,
) -> Result<Summary, NodeError> {
    let name = plan.setup.names.name(settings.node).into_owned();
    let (mut transport, incoming) = open(plan, &settings, &name).await?;
    let (visitors, guests) = Visitors::open(&settings, &name, transport.address()).await?;
    // Whoever listens to reports may have gone; the node does its work all the same.
    let _gone = reports.send(Report::Ready(transport.address()));
    for door in visitors.doors() {
        let _gone = reports.send(Report::Shown(format!("guests: {door}")));
    }
    let (calls, callers) = match settings.json_rpc.clone() {
        None => (None, mpsc::channel(1).1),
        Some((address, service)) => {
            let opened = Calls::open(address, service).await;
            let (calls, callers) = opened.map_err(|error| NodeError::JsonRpc { address, error })?;
            let _gone = reports.send(Report::Shown(format!("json-rpc: tcp {}", calls.address())));
            (Some(calls), callers)
        }
    };
    for (peer, address) in &settings.peers {
        transport.introduce(*peer, *address);
    }
    let mut beginning = (wall_clock(), false);
    if settings.directed {
        match wait_for_director(plan, &mut commands, &mut transport).await {
            Some(begins) => beginning = begins,
            None => return Ok(Summary { node: name, ..Summary::default() }),
        }
    }
    let parts = (transport, visitors, calls, reports);
    let mut node = Node::begin(plan, header, actors, &settings, beginning, parts)?;
    tokio::time::sleep(Duration::from_nanos(beginning.0.saturating_sub(wall_clock()))).await;
    // Somebody at a prompt is not done when the scenario's own events are.
    let end = plan.setup.until.filter(|_| settings.directed).or(settings.until).unwrap_or(Time::NEVER);
    node.clock = Clock::new(node.epoch, settings.speed, end);
    node.run(incoming, commands, guests, callers).await
}

/// Waits until the director says when the run begins, and whether this node was there before; nothing when it is to end.
async fn wait_for_director(
    plan: &Plan,
    commands: &mut mpsc::Receiver<Command>,
    transport: &mut Transport,
) -> Option<(u64, bool)> {
    loop {
        match commands.recv().await? {
            Command::Begin { epoch, peers, again } => {
                for (peer, address) in peers {
                    plan.setup.names.find(&peer).into_iter().for_each(|id| transport.introduce(id, address));
                }
                return Some((epoch.parse().unwrap_or_else(|_| wall_clock()), again));
            }
            Command::Quit => return None,
            _ => {}
        }
    }
}

/// Opens a node's sockets.
async fn open(
    plan: &Plan,
    settings: &Settings,
    name: &str,
) -> Result<(Transport, mpsc::Receiver<Incoming>), NodeError> {
    let seal = match &settings.key {
        Some(key) => Some(Seal::new(key, &settings.group, name, wall_clock())?),
        None => None,
    };
    let identity = Identity {
        hello: Arc::new(Hello {
            hello: 1,
            node: name.to_owned(),
            group: settings.group.clone(),
            algorithm: plan.algorithm.clone(),
            address: None,
        }),
        names: plan.setup.names.clone(),
        lock: Lock::new(seal),
        silence: settings.visit.expected.then_some(SILENCE),
    };
    let opening = Opening {
        kind: settings.transport,
        listen: settings.listen,
        patient: !settings.directed,
        group: settings.multicast,
        discover: settings.discover,
    };
    let listen = |error| NodeError::Listen { address: settings.listen, error };
    Transport::open(opening, identity).await.map_err(listen)
}

struct Node {
    names: crate::process::Names,
    me: ProcessId,
    core: Core,
    clock: Clock,
    epoch: u64,
    transport: Transport,
    journal: Journal,
    storage: Storage,
    /// Whether all nodes count time from the same moment.
    directed: bool,
    /// Whether messages are passed on to nodes that their sender has no link to.
    routes: bool,
    until: Option<Time>,
    voice: Voice,
    visitors: Visitors,
    /// Clients that call over JSON-RPC, if they may.
    calls: Option<Calls>,
    /// The number of the last request, as the process counts them; where clients call.
    asked: u64,
    files: Files,
    faults: Faults,
    copies: Copies,
    /// Commands that came while nothing was to happen.
    held: VecDeque<Command>,
    /// Up to where the lines that are not written yet were searched for requests.
    counted: usize,
    journal_path: PathBuf,
    reports: mpsc::UnboundedSender<Report>,
    summary: Summary,
}

/// Who a node speaks with.
type Parts = (Transport, Visitors, Option<Calls>, mpsc::UnboundedSender<Report>);

/// How many lines may wait to be written before no more requests are taken.
const BACKLOG: usize = 10_000;
/// How many lines are handled at once before what they led to leaves the node.
const BATCH: usize = 256;

impl Node {
    fn begin(
        plan: &Plan,
        header: Header,
        actors: Box<dyn Actors>,
        settings: &Settings,
        (epoch, returns): (u64, bool),
        (transport, visitors, calls, reports): Parts,
    ) -> Result<Self, NodeError> {
        let name = &*plan.setup.names.name(settings.node);
        let folder = settings.folder.clone();
        std::fs::create_dir_all(&folder).map_err(|error| NodeError::Folder { folder, error })?;
        let owner =
            Owner { node: name.to_owned(), group: settings.group.clone(), algorithm: plan.algorithm.clone() };
        let storage = Storage::open(&settings.folder, owner)?;
        let live = Live { node: Some(name.to_owned()), epoch: epoch.to_string() };
        let header = Header { live: Some(live), ..header };
        let path = settings.folder.join(journal_name(name));
        let (journal, past) = Journal::open(&path, &header)?;
        let mut birth = past.birth;
        let asked = calls.as_ref().map_or(0, |calls| commands::requests_in(&path, calls.service()));
        let files = Files::open(&settings.files, &path);
        // It may have been killed before it had written anything.
        birth.life = birth.life.max(u32::from(returns));
        // The journal is written first: who was killed in between finds there what it saved last.
        let stored = if birth.life > 0 { storage.load_numbered()? } else { None };
        let stored_then = stored.as_ref().map_or(0, |(_, number)| *number);
        let saved = match past.saved.filter(|_| birth.saves > stored_then) {
            Some(journalled) => Some(journalled.into_bytes()),
            None => stored.map(|(saved, _)| saved),
        };
        birth.saves = birth.saves.max(stored_then);
        let stable = |error| NodeError::Stable { path: storage.path().to_owned(), error };
        let core = Core::new(plan, settings.seed, actors, settings.node, birth, saved.as_deref());
        let epoch = past.epoch.and_then(|old| old.parse().ok()).unwrap_or(epoch);
        let Birth { life, .. } = birth;
        Ok(Self {
            names: plan.setup.names.clone(),
            me: settings.node,
            core: core.map_err(stable)?.after(past.former),
            clock: Clock::new(epoch, settings.speed, Time::NEVER),
            epoch,
            transport,
            journal,
            storage,
            directed: settings.directed,
            routes: plan.setup.routing,
            until: settings.until.filter(|_| !settings.directed),
            voice: settings.voice.clone(),
            visitors,
            calls,
            asked,
            files: files.map_err(|(path, error)| NodeError::File { path, error })?,
            faults: Faults::default(),
            copies: Copies::new(plan, settings.directed, life > 0),
            held: VecDeque::new(),
            counted: 0,
            journal_path: path,
            reports,
            summary: Summary { node: name.to_owned(), lives: life + 1, ..Summary::default() },
        })
    }

    async fn run(
        mut self,
        mut incoming: mpsc::Receiver<Incoming>,
        mut commands: mpsc::Receiver<Command>,
        mut guests: mpsc::Receiver<GuestEvent>,
        mut callers: mpsc::Receiver<Call>,
    ) -> Result<Summary, NodeError> {
        let mut batch = Vec::with_capacity(BATCH);
        self.note_files();
        self.copies.begin(self.clock.now());
        loop {
            // What has come already is heard before anything that is due later.
            tokio::task::yield_now().await;
            let now = self.clock.now();
            let moment = Instant::now();
            let acts = !self.faults.is_paused(moment);
            if acts {
                self.act(now, &mut incoming)?;
            }
            if self.core.is_dead() {
                self.linger().await;
                crash();
            }
            if self.until.is_some_and(|until| now >= until) {
                break;
            }
            self.let_out(moment).await;
            let due = self.core.next_due().filter(|_| acts).into_iter().chain(self.until).min();
            let due = due.map(|due| self.clock.until(now, due));
            let fault = self.faults.next().map(|at| at.saturating_duration_since(moment));
            let look = self.files.tail.is_some().then_some(EVERY);
            let sleep = [due, fault, look].into_iter().flatten().min();
            let room = self.transport.backlog() < BACKLOG;
            tokio::select! {
                biased;
                count = incoming.recv_many(&mut batch, BATCH), if acts => {
                    if count == 0 {
                        break;
                    }
                    let now = self.clock.now();
                    batch.drain(..).for_each(|line| self.take(now, line));
                }
                command = commands.recv(), if room => match command {
                    Some(Command::Quit) | None => break,
                    // What is said about a pause is heard while it lasts.
                    Some(command @ (Command::Ask(_) | Command::Say(_) | Command::Send { .. })) if !acts => {
                        self.held.push_back(command);
                    }
                    Some(command) => self.obey(command),
                },
                event = guests.recv(), if room && acts => {
                    event.into_iter().for_each(|event| self.attend(event));
                }
                Some(call) = callers.recv(), if room && acts && self.core.runs() => {
                    if let Some(calls) = &mut self.calls {
                        calls.on_call(call);
                    }
                    self.serve_calls();
                }
                () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
            }
        }
        self.say_goodbye().await
    }

    /// Everything is written and handed over, and guests are let go: within two seconds.
    async fn say_goodbye(mut self) -> Result<Summary, NodeError> {
        let now = self.clock.now();
        self.flush()?;
        self.linger().await;
        self.summary.time = now.0;
        self.report(Report::Bye(self.summary.clone()));
        self.visitors.close().await;
        Ok(self.summary)
    }

    /// What was held up leaves now, and what was typed for guests.
    async fn let_out(&mut self, now: Instant) {
        for (to, line) in self.faults.due(now) {
            self.hand_over(to, line);
        }
        for sentence in self.visitors.flush().await {
            self.report(Report::Refused(sentence));
        }
    }

    /// Hears what has come, and does what is due.
    fn act(&mut self, now: Time, incoming: &mut mpsc::Receiver<Incoming>) -> Result<(), NodeError> {
        while let Ok(line) = incoming.try_recv() {
            self.take(now, line);
        }
        self.advance(now);
        while let Some(command) = self.held.pop_front() {
            self.obey(command);
        }
        self.follow();
        self.flush()
    }

    /// What was handed over is written before the node goes, if that does not take long.
    async fn linger(&self) {
        for _ in 0..100 {
            if self.transport.backlog() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes down what happened, then lets out what follows from it: the journal, the storage, the messages.
    fn flush(&mut self) -> Result<(), NodeError> {
        self.count_requests();
        let lines = self.core.lines();
        if !lines.is_empty() {
            self.journal.append(lines)?;
            lines.clear();
            self.counted = 0;
        }
        if let Some((saved, number)) = self.core.take_saved() {
            self.storage.save(&saved, number).map_err(NodeError::Save)?;
        }
        for parcel in self.core.take_parcels() {
            self.copy(&parcel);
            let Parcel { to, line, .. } = parcel;
            match self.faults.pass(Instant::now(), to, line) {
                Passage::Open(line) => self.hand_over(to, line),
                Passage::Later => {}
                Passage::Cut => self.summary.unsent += 1,
            }
        }
        self.tell_outside()?;
        // What was looked up is called now.
        if self.serve_calls() { self.flush() } else { Ok(()) }
    }

    fn hand_over(&mut self, to: ProcessId, line: Vec<u8>) {
        match self.transport.send(to, line) {
            true => self.summary.sent += 1,
            false => self.summary.unsent += 1,
        }
    }

    /// What is due happens.
    fn advance(&mut self, now: Time) {
        for (via, refusal) in self.core.advance(now) {
            self.refuse(Source::Node(via), &refusal);
        }
    }

    /// Handles what came in, or counts why not.
    fn take(&mut self, now: Time, incoming: Incoming) {
        let (origin, outcome) = match incoming {
            Incoming::Line(source, line) => (source, self.hear(now, source, &line)),
            Incoming::Refused(address, refusal) => (Source::Address(address), Err(refusal)),
            Incoming::Found(node, address) => return self.find_node(node, address),
            Incoming::Guest(stream, address, read) => return self.visitors.admit(stream, address, read),
            Incoming::Text(address, text) => {
                let line = self.visitors.on_datagram(address, &text);
                return line.into_iter().for_each(|line| self.show(line));
            }
        };
        match outcome {
            Ok(true) => self.summary.received += 1,
            Ok(false) => {}
            Err(refusal) => self.refuse(origin, &refusal),
        }
    }

    /// A node said that it is there.
    fn find_node(&mut self, node: ProcessId, address: std::net::SocketAddr) {
        // The director knows better: other runs of the scenario may use the same group.
        if self.directed || self.transport.peer(node) == Some(address) {
            return;
        }
        self.transport.introduce(node, address);
        self.show(format!("{} is at {address}", self.names.name(node)));
    }

    /// Handles a message; false when it is none of this node's business.
    fn hear(&mut self, now: Time, source: Source, line: &[u8]) -> Result<bool, Refusal> {
        let envelope = Envelope::read(line, &self.names)?;
        let shared = self.transport.is_shared();
        let for_others = envelope.to.is_some_and(|to| to != self.me);
        if shared && (envelope.via == self.me || for_others) {
            return Ok(false);
        }
        // Whoever passes a message on speaks for its sender, but nobody speaks as somebody else.
        let is = match source {
            Source::Node(node) => (node != envelope.via).then(|| self.names.name(node).into_owned()),
            // Of whom nothing was heard yet in a shared group, the first one is believed.
            Source::Address(address) => match self.transport.peer(envelope.via) {
                None if shared => None,
                known => (known != Some(address)).then(|| address.to_string()),
            },
        };
        if let Some(is) = is {
            return Err(Refusal::Forged { claims: self.names.name(envelope.via).into_owned(), is });
        }
        if envelope.from == self.me {
            return Err(Refusal::Forged {
                claims: self.names.name(self.me).into_owned(),
                is: "another node".into(),
            });
        }
        if let Some(to) = envelope.to.filter(|_| for_others && !self.routes) {
            return Err(Refusal::NotForUs(self.names.name(to).into_owned()));
        }
        if self.faults.is_cut(envelope.via) {
            return Ok(false);
        }
        let Some((sent, arrives)) = envelope.delay else {
            self.advance(now);
            self.core.arrive_at(now);
            return self.core.receive(envelope).map(|()| true);
        };
        if self.copies.is_known(now, &envelope) {
            return Ok(false);
        }
        // Without a common beginning only the length of the delay means something.
        let at = if self.directed { arrives } else { now.after(arrives.since(sent)) };
        self.core.hold(at, envelope);
        Ok(true)
    }

    fn refuse(&mut self, source: Source, refusal: &Refusal) {
        *self.summary.refused.entry(refusal.name().into()).or_default() += 1;
        let from = match source {
            Source::Node(node) => self.names.name(node).into_owned(),
            Source::Address(address) => address.to_string(),
        };
        self.report(Report::Refused(format!("from {from}: refused: {refusal}")));
    }
}
