//! A chat room with a server: it knows who is in under which name, and passes on what they say.
//!
//! Laboratory sheet 002 ("chat room", TCP port 59000), with its mistakes mended; every message has a type of its own,
//! so that no text that somebody types can be taken for a command.
//!
//! ```text
//! client  --connect-->  server            the connection opens: transport, counted apart
//! client <--ask-alias-- server
//! client  --alias---->  server            if the name is free: it is in from here on
//! client <--welcome---- server  --joined--> everybody in, the client too
//! client  --say------>  server  --said----> everybody in, the client too
//! client  --bye------>  server  --left----> everybody who is still in
//! ```

mod client;
mod server;

use super::parts::heartbeat::{self, Alive, Pulse};
use crate::{
    problems::chat::{self, Line, Output, Request, Why},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use client::Client;
pub use server::Server;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Chat {
    /// The server.
    Server(Server),
    /// Everybody else.
    Client(Client),
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who is the server; the first node unless said otherwise.
    pub server: Option<ProcessId>,
    /// How long a client may take to tell its name.
    #[serde(with = "duration")]
    pub handshake: Duration,
    /// How crashes are noticed: server and clients send each other signs of life. Without, nobody notices.
    pub heartbeat: Option<heartbeat::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self { server: None, handshake: Duration::from_secs(1), heartbeat: None }
    }
}

/// What server and clients send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the server: here is a connection, this many of mine there were.
    Connect(u64),
    /// To a client: who are you on this connection? What comes before is about an earlier one.
    AskAlias(u64),
    /// To the server: this is my name.
    Alias(String),
    /// To a client: somebody else has this name. The connection is closed.
    AliasTaken,
    /// To a client: you are in.
    Welcome {
        /// Who was in before.
        members: Vec<String>,
    },
    /// To everybody in: somebody joined.
    Joined(String),
    /// To the server: this is what I say.
    Say(String),
    /// To everybody in: somebody said something.
    Said(Line),
    /// To the server: I leave.
    Bye,
    /// To everybody in: somebody left.
    Left(String),
    /// To a client: you were silent for too long. The connection is closed.
    Closed,
    /// A sign of life.
    Alive(Alive),
}

impl From<Alive> for Message {
    fn from(alive: Alive) -> Self {
        Self::Alive(alive)
    }
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// At the server: this client took too long to tell its name.
    Handshake(ProcessId),
    /// Signs of life, given and missed.
    Pulse(Pulse),
}

impl From<Pulse> for Timer {
    fn from(pulse: Pulse) -> Self {
        Self::Pulse(pulse)
    }
}

impl Process for Chat {
    type Problem = chat::Chat;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "chat",
        summary: "A server keeps the list of who is in under which name, and passes on what they say.",
        assumes: &[
            "perfect FIFO links (`channel: reliable-fifo`, or `order: fifo` in the network)",
            "the server does not crash",
            "clients may crash if `heartbeat` is set, with a timeout above its period and the longest delay, and the scenario ends by `until`",
        ],
        promises: &[
            "distinct-aliases",
            "aliases-settle",
            "contiguous-log",
            "joined-then-left",
            "insiders-only",
            "honest-author",
            "causal-order",
            "admission",
            "delivery",
            "departure",
        ],
        messages: &[
            ("connect", "to the server: here is a connection (in TCP, the transport's business)"),
            ("ask-alias", "to a client: who are you?"),
            ("alias", "to the server: my name"),
            ("alias-taken", "to a client: somebody else has this name"),
            ("welcome", "to a client: you are in, and who was before"),
            ("joined", "to everybody in: somebody joined"),
            ("say", "to the server: what I say"),
            ("said", "to everybody in: what somebody said, with its place in the log"),
            ("bye", "to the server: I leave"),
            ("left", "to everybody in: somebody left"),
            ("closed", "to a client: you were silent for too long"),
            ("alive", "a sign of life, only with `heartbeat`"),
        ],
        cost: "besides `connect`, the k-th to join costs k+3 messages; with n in, a line costs n+1 and leaving n; a crash n-1 and the signs of life",
        breaks: &[
            "crashes without `heartbeat`: nobody is told that somebody has gone (departure)",
            "links that are not FIFO: a line overtakes another, or the welcome (contiguous-log, joined-then-left)",
            "a heartbeat's timeout that delays exceed: who is put out for nothing still thinks it is in (distinct-aliases)",
        ],
        source: "Laboratory sheet 002, chat room over TCP; Sinha, Distributed Operating Systems (1997), section 3.10",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, connections: u64) -> Self {
        let server = config.server.unwrap_or(ProcessId(0));
        if ctx.me() == server {
            Self::Server(Server::new(ctx, *config))
        } else {
            Self::Client(Client::new(server, *config, connections))
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match (self, request) {
            (Self::Server(_), _) => ctx.produce(Output::Refused(Why::Server)),
            (Self::Client(client), Request::Connect(alias)) => client.on_connect(ctx, alias),
            (Self::Client(client), Request::Say(body)) => client.on_say(ctx, body),
            (Self::Client(client), Request::Quit) => client.on_quit(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match self {
            Self::Server(server) => server.on_message(ctx, from, message),
            Self::Client(client) if from == client.server => client.on_message(ctx, message),
            Self::Client(_) => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match (self, timer) {
            (Self::Server(server), Timer::Handshake(client)) => server.on_handshake_timeout(ctx, client),
            (Self::Server(server), Timer::Pulse(pulse)) => server.on_pulse(ctx, pulse),
            (Self::Client(client), Timer::Pulse(pulse)) => client.on_pulse(ctx, pulse),
            (Self::Client(_), Timer::Handshake(_)) => {}
        }
    }
}
