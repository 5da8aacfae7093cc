//! A whole scenario on one machine: a process for each node, the scenario's timeline against the real clock.
//!
//! The nodes play requests, clocks and the network's behaviour themselves, each for its own part. What needs somebody from
//! outside is done here: a crash is SIGKILL, a restart a new process, a pause SIGSTOP.

mod actors;
mod copies;
mod notes;

use super::{
    Clock, JournalError,
    agenda::Agenda,
    control::{Command, Report, Status, Summary},
    lines::{Entry, Lines},
    node::journal_name,
    wall_clock,
};
use crate::{
    process::{End, ProcessId, Time},
    scenario::Plan,
    trace::{EventKind, Header},
    world::{Action, Consequence, Reason, World},
};
use copies::Copies;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, ChildStdin},
    sync::mpsc,
};

/// The name of the journal of what happened to nodes and network from outside.
pub const JOURNAL: &str = "director.journal";
/// How many nodes a live scenario may have: each is a process.
pub const NODES_MAX: usize = 128;
/// How long nodes may take to start.
const START: Duration = Duration::from_secs(20);
/// How long a node has to crash by itself before it is killed.
const LATE: Duration = Duration::from_millis(250);
/// How long everybody has to hear that the run begins, and for each node a little more, in nanoseconds.
const PREPARATION: (u64, u64) = (60_000_000, 5_000_000);
/// How long nodes may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often nodes are asked how things stand.
const POLL: Duration = Duration::from_millis(20);
/// How long nothing may happen before a run counts as over although messages are missing: they were lost.
const QUIET: Duration = Duration::from_millis(400);

/// How a scenario is to be played.
pub struct Directing<'a> {
    /// The scenario.
    pub plan: &'a Plan,
    /// Where randomness comes from.
    pub seed: u64,
    /// Where journals and storage are.
    pub folder: PathBuf,
    /// How many of the run's seconds pass in a real one.
    pub speed: u32,
    /// The command that starts a node: its name, and where it is to listen.
    pub spawn: &'a dyn Fn(&str, SocketAddr) -> tokio::process::Command,
    /// Told what nodes say, as it comes: the node's name and its report.
    pub heard: &'a mut dyn FnMut(&str, &Report),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Directed {
    /// Why the run was over.
    pub end: End,
    /// The journals of all nodes, and that of what happened to them from outside.
    pub journals: Vec<PathBuf>,
    /// What the nodes said when they stopped; none from those that were killed.
    pub summaries: BTreeMap<String, Summary>,
}

/// Why a scenario could not be played.
#[derive(Debug, thiserror::Error)]
pub enum DirectorError {
    /// Too many processes.
    #[error(
        "{0} nodes would be {0} processes; `live --all` runs up to {NODES_MAX}, the simulator any number"
    )]
    TooMany(usize),
    /// A node cannot be started.
    #[error("node {node} cannot be started: {error}")]
    Spawn {
        /// Which.
        node: String,
        /// Why.
        error: io::Error,
    },
    /// A node did not start.
    #[error("node {0} did not start; what it says stands above")]
    Start(String),
    /// A node ended though nobody asked it to.
    #[error("node {0} ended by itself; what it says stands above")]
    Ended(String),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A node's process.
struct Actor {
    child: Child,
    commands: ChildStdin,
    /// Which of the node's processes this is.
    life: u32,
    paused: bool,
    /// The last question that it was asked.
    asked: u64,
    status: Option<Status>,
}

/// What a process says; nothing more when it has ended.
type Said = (ProcessId, u32, Option<Report>);

struct Director<'a, 'b> {
    wanted: &'b mut Directing<'a>,
    actors: BTreeMap<ProcessId, Actor>,
    addresses: BTreeMap<ProcessId, SocketAddr>,
    sender: mpsc::UnboundedSender<Said>,
    receiver: mpsc::UnboundedReceiver<Said>,
    world: World,
    agenda: Agenda,
    lines: Lines,
    epoch: u64,
    clock: Clock,
    /// Those that a scenario's `after-sends` may crash, with how long they stay down.
    restarts: BTreeMap<Time, ProcessId>,
    summaries: BTreeMap<String, Summary>,
    /// What nodes hold until its time has come.
    copies: Copies,
    /// How often nodes were asked how things stand.
    round: u64,
}

/// Plays a scenario until nothing is left to do, or until its time is over.
///
/// # Errors
/// When nodes cannot be started or end by themselves, or files cannot be written.
pub async fn direct(mut wanted: Directing<'_>, header: Header) -> Result<Directed, DirectorError> {
    let plan = wanted.plan;
    let names = plan.setup.names.clone();
    if names.len() > NODES_MAX {
        return Err(DirectorError::TooMany(names.len()));
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut world = World::new(Arc::new(plan.setup.clone()));
    world.reset(wanted.seed);
    let mut director = Director {
        actors: BTreeMap::new(),
        addresses: BTreeMap::new(),
        sender,
        receiver,
        agenda: Agenda::new(&world),
        world,
        lines: Lines::new(names.clone(), 0, 0),
        epoch: 0,
        clock: Clock::new(0, 1, Time::NEVER),
        restarts: BTreeMap::new(),
        summaries: BTreeMap::new(),
        copies: Copies::default(),
        round: 0,
        wanted: &mut wanted,
    };
    let played = director.play().await;
    director.stop().await;
    let end = played?;
    let folder = director.wanted.folder.clone();
    let mut journals: Vec<PathBuf> =
        names.ids().map(|node| folder.join(journal_name(&names.name(node)))).collect();
    journals.push(director.write_down(&folder, header)?);
    Ok(Directed { end, journals, summaries: director.summaries })
}

impl Director<'_, '_> {
    async fn play(&mut self) -> Result<End, DirectorError> {
        let names = self.world.names().clone();
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        for node in names.ids() {
            self.spawn(node, anywhere, 0)?;
        }
        for node in names.ids() {
            self.await_ready(node).await?;
        }
        // Everybody has the time to hear of it before it begins.
        self.epoch = wall_clock() + PREPARATION.0 + PREPARATION.1 * names.len() as u64;
        let begin = self.begin(false);
        for node in names.ids() {
            self.tell(node, &begin).await;
        }
        tokio::time::sleep(Duration::from_nanos(self.epoch.saturating_sub(wall_clock()))).await;
        let until = self.world.setup().until.unwrap_or(Time::NEVER);
        self.clock = Clock::new(self.epoch, self.wanted.speed, until);
        self.watch().await
    }

    /// Plays the timeline and watches the nodes, until nothing happens any more or time is over.
    async fn watch(&mut self) -> Result<End, DirectorError> {
        let until = self.world.setup().until.unwrap_or(Time::NEVER);
        let mut before = None;
        let mut quiet_since = Instant::now();
        let mut poll = tokio::time::interval(POLL);
        loop {
            let now = self.clock.now();
            self.advance(now).await?;
            self.pass_on_late_copies().await;
            let due = [self.agenda.due(&self.world), self.restarts.keys().next().copied()];
            let due = due.into_iter().flatten().min();
            let sleep = due.map(|due| self.clock.until(now, due));
            tokio::select! {
                said = self.receiver.recv() => {
                    if let Some(said) = said {
                        self.listen(said)?;
                    }
                }
                () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
                _ = poll.tick() => {
                    if !self.all_have_answered() {
                        continue;
                    }
                    // At its end time stands still: what is under way may arrive, and nothing else happens.
                    let idle = self.is_idle();
                    let standing = (idle || now >= until).then(|| self.traffic());
                    if standing.is_none() || standing != before {
                        quiet_since = Instant::now();
                    }
                    let complete = standing.is_some_and(|(sent, received)| sent == received);
                    let settled = quiet_since.elapsed();
                    if settled > QUIET || (complete && settled > POLL * 3) {
                        return Ok(if idle { End::Quiescent } else { End::Deadline });
                    }
                    before = standing;
                    self.ask_all().await;
                }
            }
        }
    }

    /// Whether every node is idle and nothing is planned any more.
    fn is_idle(&self) -> bool {
        let over = self.agenda.is_over(&self.world) && self.restarts.is_empty();
        let idle =
            |actor: &Actor| actor.paused || actor.asked > 0 && actor.status.is_some_and(|status| status.idle);
        over && self.actors.values().all(idle)
    }

    /// How many messages went out and came in.
    fn traffic(&self) -> (u64, u64) {
        let known = self.actors.values().filter_map(|actor| actor.status);
        known.fold((0, 0), |(sent, received), status| (sent + status.sent, received + status.received))
    }

    /// Whether everybody has answered the last question.
    fn all_have_answered(&self) -> bool {
        let answered =
            |actor: &Actor| actor.paused || actor.status.map_or(0, |status| status.round) == actor.asked;
        self.actors.values().all(answered)
    }

    async fn ask_all(&mut self) {
        self.round += 1;
        for node in self.world.names().ids() {
            if let Some(actor) = self.actors.get_mut(&node).filter(|actor| !actor.paused) {
                actor.asked = self.round;
            }
            self.tell(node, &Command::Status(self.round)).await;
        }
    }

    /// Plays what is due of the timeline.
    async fn advance(&mut self, now: Time) -> Result<(), DirectorError> {
        let mut consequences = Vec::new();
        while let Some(at) = self.agenda.due(&self.world).filter(|at| *at <= now) {
            self.agenda.play(&mut self.world, now, &|_| true, &mut consequences);
            for consequence in std::mem::take(&mut consequences) {
                self.carry_out(at, consequence).await?;
            }
        }
        while let Some((at, node)) = self.restarts.pop_first() {
            if at > now {
                self.restarts.insert(at, node);
                break;
            }
            self.restart(node).await?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, now: Time, consequence: Consequence) -> Result<(), DirectorError> {
        match consequence {
            Consequence::Crashed(node) => {
                self.note(now, node, EventKind::Crash);
                self.copies.on_crash(node, now);
                if let Some(mut actor) = self.actors.remove(&node) {
                    // It knows the timeline too, and ends itself after what came before; a moment is left for that, unless it
                    // stands still.
                    let grace = if actor.paused { Duration::ZERO } else { LATE };
                    let ended = tokio::time::timeout(grace, actor.child.wait()).await;
                    if ended.is_err() {
                        let _gone = actor.child.kill().await;
                    }
                }
                // The next life gets ready at once: it knows the timeline, and boots when that says so.
                if self.agenda.brings_back(&self.world, node) {
                    self.restart(node).await?;
                }
            }
            Consequence::Paused(node) => {
                self.note(now, node, EventKind::Pause);
                self.signal(node, true);
            }
            Consequence::Resumed(node) => {
                self.note(now, node, EventKind::Resume);
                self.signal(node, false);
            }
            Consequence::NetworkChanged(planned) => self.note_network(now, planned, false),
            Consequence::NetworkRestored(planned) => self.note_network(now, planned, true),
            Consequence::Asked { node, request } if !self.actors.contains_key(&node) => {
                let body = self.wanted.plan.requests[request as usize].to_string();
                let why = Some(Reason::Down.name());
                let entry = Entry { body: Some(body.as_bytes()), why, ..Entry::at(node, EventKind::Request) };
                self.lines.aside(now, entry);
            }
            // The node does that itself.
            Consequence::Restarted(_)
            | Consequence::Asked { .. }
            | Consequence::ClockChanged(_)
            | Consequence::Later { .. } => {}
        }
        Ok(())
    }

    async fn restart(&mut self, node: ProcessId) -> Result<(), DirectorError> {
        let life = self.life_of(node) + 1;
        let address = self.addresses.remove(&node).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        self.spawn(node, address, life)?;
        self.await_ready(node).await?;
        let begin = self.begin(true);
        self.tell(node, &begin).await;
        self.pass_on_copies(node).await;
        let (name, address) = (self.name(node), self.addresses[&node]);
        for other in self.world.names().ids().filter(|other| *other != node) {
            self.tell(other, &Command::Peer { node: name.clone(), address }).await;
        }
        Ok(())
    }

    /// Which process of a node ran last. Numbers only need to differ.
    fn life_of(&self, node: ProcessId) -> u32 {
        self.actors.get(&node).map_or(self.lines.index() as u32, |actor| actor.life)
    }

    fn name(&self, node: ProcessId) -> String {
        self.world.names().name(node).into_owned()
    }

    fn begin(&self, again: bool) -> Command {
        let peers = self.addresses.iter().map(|(node, address)| (self.name(*node), *address)).collect();
        Command::Begin { epoch: self.epoch.to_string(), peers, again }
    }

    fn listen(&mut self, (node, life, report): Said) -> Result<(), DirectorError> {
        let name = self.name(node);
        let current = self.actors.get(&node).is_some_and(|actor| actor.life == life);
        if let Some(report) = &report {
            (self.wanted.heard)(&name, report);
        }
        match report {
            Some(Report::Ready(address)) => {
                self.addresses.insert(node, address);
            }
            Some(Report::Status(status)) if current => {
                // An answer from before a pause is not news.
                if let Some(actor) = self.actors.get_mut(&node).filter(|actor| actor.asked == status.round) {
                    actor.status = Some(status);
                }
            }
            Some(Report::Held { to, sent, arrives, line }) => {
                let to = self.world.names().find(&to);
                to.into_iter().for_each(|to| self.copies.keep(to, Time(sent), Time(arrives), line.clone()));
            }
            Some(Report::Bye(summary)) => {
                self.summaries.insert(name, summary);
            }
            Some(Report::Status(_) | Report::Output(_) | Report::Refused(_) | Report::Shown(_)) => {}
            // Crashed from here: it was no longer counted.
            None if !current => {}
            None => return self.lost(node),
        }
        Ok(())
    }

    /// A process ended. The scenario may have meant it to, in the middle of sending.
    fn lost(&mut self, node: ProcessId) -> Result<(), DirectorError> {
        let now = self.clock.now();
        let name = self.name(node);
        self.actors.remove(&node);
        let agenda = &self.world.setup().agenda;
        let mut planned =
            agenda[..self.agenda.next() as usize].iter().filter_map(|planned| match planned.action {
                Action::Crash { after_sends: Some(_), .. } => Some(planned.lasts),
                _ => None,
            });
        let Some(lasts) = planned.next_back() else {
            // A plain crash of the timeline that the node knew of first.
            let due = self.agenda.due(&self.world).is_some_and(|at| at.0 <= now.0 + 50_000_000);
            return if due { Ok(()) } else { Err(DirectorError::Ended(name)) };
        };
        self.note(now, node, EventKind::Crash);
        self.copies.on_crash(node, now);
        if let Some(lasts) = lasts {
            self.restarts.insert(now.after(lasts), node);
        }
        Ok(())
    }

    /// Everybody says goodbye; who does not is killed.
    async fn stop(&mut self) {
        let nodes: Vec<ProcessId> = self.actors.keys().copied().collect();
        for node in &nodes {
            if self.actors.get(node).is_some_and(|actor| actor.paused) {
                self.signal(*node, false);
            }
            self.tell(*node, &Command::Quit).await;
        }
        let goodbye = tokio::time::sleep(GOODBYE);
        tokio::pin!(goodbye);
        while !self.actors.is_empty() {
            tokio::select! {
                said = self.receiver.recv() => match said {
                    Some((node, life, None)) => {
                        if self.actors.get(&node).is_some_and(|actor| actor.life == life)
                            && let Some(mut actor) = self.actors.remove(&node)
                        {
                            let _reaped = actor.child.wait().await;
                        }
                    }
                    Some(said) => drop(self.listen(said)),
                    None => return,
                },
                () = &mut goodbye => break,
            }
        }
        for (_, mut actor) in std::mem::take(&mut self.actors) {
            let _gone = actor.child.kill().await;
        }
    }
}
