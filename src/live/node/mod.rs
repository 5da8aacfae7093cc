//! One node as a process: feeds its [`Core`] from sockets, clock and commands, keeps its journal and its storage.

use super::{
    Birth, Clock, Core, Journal, JournalError, Parcel,
    control::{Command, Report, Status, Summary},
    storage::{Owner, Storage, StorageError},
    transport::{Identity, Incoming, Kind, Source, Transport},
    wall_clock,
    wire::{Envelope, Hello, Refusal},
};
use crate::{
    process::{Actors, ProcessId, Time},
    scenario::Plan,
    trace::{Header, Live},
};
use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How one node of a scenario is to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which node.
    pub node: ProcessId,
    /// Where randomness comes from.
    pub seed: u64,
    /// The group's name: nodes of other groups are not listened to.
    pub group: String,
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// Where the others are, as far as that is known.
    pub peers: BTreeMap<ProcessId, SocketAddr>,
    /// How the nodes talk.
    pub transport: Kind,
    /// Where its journal and its storage are.
    pub folder: PathBuf,
    /// How many of the run's seconds pass in a real one.
    pub speed: u32,
    /// Whether somebody else says when the run begins.
    pub directed: bool,
}

/// Why a node cannot run.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its sockets cannot be opened.
    #[error("{address}: {error}; --listen takes another address")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it cannot.
        error: io::Error,
    },
    /// Its journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its storage cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What it saved cannot be written.
    #[error("what the node saves cannot be written: {0}")]
    Save(io::Error),
    /// What it saved is nothing that the algorithm saves.
    #[error("{path}: what was saved cannot be read by this algorithm: {error}; move it away to begin anew")]
    Stable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The folder for journal and storage cannot be made.
    #[error("{folder}: {error}; --dir takes another folder")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
}

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
    let identity = Identity {
        hello: Arc::new(Hello {
            hello: 1,
            node: name.clone(),
            group: settings.group.clone(),
            algorithm: plan.algorithm.clone(),
            address: None,
        }),
        names: plan.setup.names.clone(),
    };
    let listen = |error| NodeError::Listen { address: settings.listen, error };
    let opened = Transport::open(settings.transport, settings.listen, identity, !settings.directed).await;
    let (mut transport, incoming) = opened.map_err(listen)?;
    // Whoever listens to reports may have gone; the node does its work all the same.
    let _gone = reports.send(Report::Ready(transport.address()));
    for (peer, address) in &settings.peers {
        transport.introduce(*peer, *address);
    }
    let (mut epoch, mut returns) = (wall_clock(), false);
    if settings.directed {
        loop {
            match commands.recv().await {
                Some(Command::Begin { epoch: begins, peers, again }) => {
                    returns = again;
                    epoch = begins.parse().unwrap_or(epoch);
                    for (peer, address) in peers {
                        plan.setup
                            .names
                            .find(&peer)
                            .into_iter()
                            .for_each(|id| transport.introduce(id, address));
                    }
                    break;
                }
                Some(Command::Quit) | None => return Ok(Summary { node: name, ..Summary::default() }),
                Some(Command::Peer { .. } | Command::Ask(_) | Command::Status(_)) => {}
            }
        }
    }
    let mut node = Node::begin(plan, header, actors, &settings, (epoch, returns), transport, reports)?;
    tokio::time::sleep(Duration::from_nanos(epoch.saturating_sub(wall_clock()))).await;
    let end = plan.setup.until.unwrap_or(Time::NEVER);
    node.clock = Clock::new(node.epoch, settings.speed, end);
    node.run(incoming, commands).await
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
    reports: mpsc::UnboundedSender<Report>,
    summary: Summary,
}

/// How many lines may wait to be written before no more requests are taken.
const BACKLOG: usize = 10_000;
/// How many lines are handled at once before what they led to leaves the node.
const BATCH: usize = 256;

impl Node {
    #[expect(
        clippy::too_many_arguments,
        reason = "a node has this many parts, and they come together only here"
    )]
    fn begin(
        plan: &Plan,
        header: Header,
        actors: Box<dyn Actors>,
        settings: &Settings,
        (epoch, returns): (u64, bool),
        transport: Transport,
        reports: mpsc::UnboundedSender<Report>,
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
        let (journal, mut birth, old_epoch) = Journal::open(&path, &header)?;
        // It may have been killed before it had written anything.
        birth.life = birth.life.max(u32::from(returns));
        let saved = if birth.life > 0 { storage.load()? } else { None };
        let stable = |error| NodeError::Stable { path: storage.path().to_owned(), error };
        let core = Core::new(plan, settings.seed, actors, settings.node, birth, saved.as_deref());
        let epoch = old_epoch.and_then(|old| old.parse().ok()).unwrap_or(epoch);
        let Birth { life, .. } = birth;
        Ok(Self {
            names: plan.setup.names.clone(),
            me: settings.node,
            core: core.map_err(stable)?,
            clock: Clock::new(epoch, settings.speed, Time::NEVER),
            epoch,
            transport,
            journal,
            storage,
            directed: settings.directed,
            reports,
            summary: Summary { node: name.to_owned(), lives: life + 1, ..Summary::default() },
        })
    }

    async fn run(
        mut self,
        mut incoming: mpsc::Receiver<Incoming>,
        mut commands: mpsc::Receiver<Command>,
    ) -> Result<Summary, NodeError> {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // What has come already is heard before anything that is due later.
            tokio::task::yield_now().await;
            let now = self.clock.now();
            while let Ok(line) = incoming.try_recv() {
                self.take(now, line);
            }
            self.advance(now);
            self.flush()?;
            if self.core.is_dead() {
                self.linger().await;
                crash();
            }
            let due = self.core.next_due();
            let sleep = due.map(|due| self.clock.until(now, due));
            tokio::select! {
                biased;
                count = incoming.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    let now = self.clock.now();
                    batch.drain(..).for_each(|line| self.take(now, line));
                }
                command = commands.recv(), if self.transport.backlog() < BACKLOG => match command {
                    Some(Command::Quit) | None => break,
                    Some(command) => self.obey(command),
                },
                () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
            }
        }
        let now = self.clock.now();
        self.flush()?;
        self.linger().await;
        self.summary.time = now.0;
        let _gone = self.reports.send(Report::Bye(self.summary.clone()));
        Ok(self.summary)
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
        let lines = self.core.lines();
        if !lines.is_empty() {
            self.journal.append(lines)?;
            lines.clear();
        }
        if let Some(saved) = self.core.take_saved() {
            self.storage.save(&saved).map_err(NodeError::Save)?;
        }
        for Parcel { to, line } in self.core.take_parcels() {
            match self.transport.send(to, line) {
                true => self.summary.sent += 1,
                false => self.summary.unsent += 1,
            }
        }
        for output in self.core.take_outputs() {
            let output = serde_json::from_slice(&output).unwrap_or_default();
            let _gone = self.reports.send(Report::Output(output));
        }
        Ok(())
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
        };
        match outcome {
            Ok(()) => self.summary.received += 1,
            Err(refusal) => self.refuse(origin, &refusal),
        }
    }

    fn hear(&mut self, now: Time, source: Source, line: &[u8]) -> Result<(), Refusal> {
        let envelope = Envelope::read(line, &self.names)?;
        // Whoever passes a message on speaks for its sender, but nobody speaks as somebody else.
        let is = match source {
            Source::Node(node) => (node != envelope.via).then(|| self.names.name(node).into_owned()),
            Source::Address(address) => {
                (self.transport.peer(envelope.via) != Some(address)).then(|| address.to_string())
            }
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
        let Some((sent, arrives)) = envelope.delay else {
            self.advance(now);
            self.core.arrive_at(now);
            return self.core.receive(envelope);
        };
        // Without a common beginning only the length of the delay means something.
        let at = if self.directed { arrives } else { now.after(arrives.since(sent)) };
        self.core.hold(at, envelope);
        Ok(())
    }

    fn refuse(&mut self, source: Source, refusal: &Refusal) {
        *self.summary.refused.entry(refusal.name().into()).or_default() += 1;
        let from = match source {
            Source::Node(node) => self.names.name(node).into_owned(),
            Source::Address(address) => address.to_string(),
        };
        let _gone = self.reports.send(Report::Refused(format!("from {from}: refused: {refusal}")));
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Peer { node, address } => match self.names.find(&node) {
                Some(id) => self.transport.introduce(id, address),
                None => {
                    let _gone =
                        self.reports.send(Report::Refused(format!("`{node}` is nobody of this group")));
                }
            },
            Command::Ask(request) => {
                let now = self.clock.now();
                self.advance(now);
                self.core.arrive_at(now);
                if let Err(error) = self.core.request(request.to_string().as_bytes()) {
                    let _gone = self.reports.send(Report::Refused(format!("no such request: {error}")));
                }
            }
            Command::Status(round) => {
                let status = Status {
                    round,
                    idle: self.core.is_idle() && self.transport.backlog() == 0,
                    sent: self.summary.sent,
                    received: self.summary.received,
                };
                let _gone = self.reports.send(Report::Status(status));
            }
            Command::Begin { .. } | Command::Quit => {}
        }
    }
}
