//! Two nodes that play ball, run as `synod live` runs them.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use synod::{
    live::{
        MulticastGroup, Paths, TransportKind, Voice,
        control::{Command, Report},
        node::{self, Settings, Visit},
        wall_clock,
    },
    process::{Context, Description, Example, Measure, Never, Problem, Process, ProcessId, Property},
    registry::Registry,
    scenario,
};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};

const SCENARIO: &str = "{version: 1, name: ball, algorithm: ball, nodes: [ann, bob], network: {delay: 0s}}";

/// Playing ball is all that there is to it.
#[derive(Debug)]
pub(crate) enum Game {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Play until so many balls came back.
    Play {
        /// How many balls are to come back.
        balls: u64,
        /// How many are under way at once.
        window: u64,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Output {
    /// All balls came back.
    Done(u64),
}

impl Problem for Game {
    const NAME: &'static str = "game";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// One player: throws, or throws back.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Player {
    balls: u64,
    thrown: u64,
    back: u64,
}

/// What players throw.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Message {
    /// Throw it back.
    Ball(u64),
    /// There it is.
    Back(u64),
}

impl Process for Player {
    type Problem = Game;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "ball",
        summary: "What is thrown is thrown back.",
        assumes: &[],
        promises: &[],
        messages: &[("ball", "throw it back"), ("back", "there it is")],
        cost: "2 messages for each ball",
        breaks: &[],
        source: "the school yard",
    };

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self::default()
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Play { balls, window } = request;
        *self = Self { balls, thrown: window, back: 0 };
        for ball in 0..window {
            ctx.send(ProcessId(1), Message::Ball(ball));
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ball(ball) => ctx.send(from, Message::Back(ball)),
            Message::Back(_) => {
                self.back += 1;
                if self.thrown < self.balls {
                    self.thrown += 1;
                    ctx.send(from, Message::Ball(self.thrown));
                } else if self.back == self.balls {
                    ctx.produce(Output::Done(self.back));
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// Two nodes that run.
pub(crate) struct Pair {
    commands: Vec<Sender<Command>>,
    reports: Vec<UnboundedReceiver<Report>>,
    threads: Vec<JoinHandle<()>>,
    folder: PathBuf,
}

impl Pair {
    /// Starts both; they know each other when this returns.
    pub(crate) fn start(kind: TransportKind) -> Self {
        let folder =
            std::env::temp_dir().join(format!("synod-bench-{}-{}", std::process::id(), wall_clock()));
        let mut pair = Self { commands: Vec::new(), reports: Vec::new(), threads: Vec::new(), folder };
        for node in 0..2 {
            let (command_sender, commands) = channel(16);
            let (report_sender, reports) = unbounded_channel();
            let settings = pair.settings(ProcessId(node), kind);
            pair.commands.push(command_sender);
            pair.reports.push(reports);
            pair.threads.push(thread::spawn(move || run(settings, commands, report_sender)));
        }
        let mut peers = BTreeMap::new();
        for (reports, name) in pair.reports.iter_mut().zip(["ann", "bob"]) {
            while let Some(report) = reports.blocking_recv() {
                if let Report::Ready(address) = report {
                    peers.insert(name.to_owned(), address);
                    break;
                }
            }
        }
        for commands in &pair.commands {
            let begin =
                Command::Begin { epoch: wall_clock().to_string(), peers: peers.clone(), again: false };
            commands.blocking_send(begin).expect("the node lives");
        }
        pair
    }

    fn settings(&self, node: ProcessId, kind: TransportKind) -> Settings {
        Settings {
            node,
            seed: 1,
            group: "bench".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            peers: BTreeMap::new(),
            transport: kind,
            folder: self.folder.clone(),
            speed: 1,
            multicast: MulticastGroup::default(),
            discover: false,
            directed: true,
            until: None,
            key: None,
            voice: Voice::None,
            visit: Visit::default(),
            json_rpc: None,
            files: Paths::default(),
        }
    }

    /// How long it takes until so many balls came back.
    pub(crate) fn play(&mut self, balls: u64, window: u64) -> Duration {
        let begun = Instant::now();
        let request = serde_json::json!({"play": {"balls": balls, "window": window}});
        self.commands[0].blocking_send(Command::Ask(request)).expect("the node lives");
        while let Some(report) = self.reports[0].blocking_recv() {
            if let Report::Output(_) = report {
                break;
            }
        }
        begun.elapsed()
    }

    /// Both say goodbye, and their journals go.
    pub(crate) fn stop(self) {
        for commands in &self.commands {
            commands.blocking_send(Command::Quit).expect("the node lives");
        }
        for thread in self.threads {
            thread.join().expect("the node ends well");
        }
        std::fs::remove_dir_all(&self.folder).expect("the journals can be removed");
    }
}

fn run(settings: Settings, commands: Receiver<Command>, reports: UnboundedSender<Report>) {
    let registry = Registry::empty().with::<Player>();
    let plan = scenario::load("ball", SCENARIO.as_bytes(), &[], None, &registry).expect("it can be read");
    let header = registry.header(&plan, 1);
    let actors = registry.actors(&plan).expect("there are players");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let running = node::run(&plan, header, actors, settings, commands, reports);
    runtime.expect("a runtime can be made").block_on(running).expect("the node runs");
}
