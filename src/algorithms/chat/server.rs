//! The server: it knows who is in, and tells the others.

use super::{Chat, Config, Message, Timer};
use crate::{
    algorithms::parts::heartbeat::{Alive, Heartbeat, Pulse},
    problems::chat::{Line, Output},
    process::{Context, ProcessId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Who knows who is in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    config: Config,
    connections: BTreeMap<ProcessId, Phase>,
    /// Who was put out for its silence and does not know it yet.
    evicted: BTreeSet<ProcessId>,
    /// How much was said so far.
    said: u64,
    heartbeat: Option<Heartbeat>,
}

/// How far a connection is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// It was asked for a name.
    AwaitAlias,
    /// It is in under this name.
    In(String),
}

impl Server {
    pub(super) fn new(ctx: &mut Context<'_, Chat>, config: Config) -> Self {
        let heartbeat = config.heartbeat.map(|heartbeat| Heartbeat::start(ctx, heartbeat, []));
        let (connections, evicted) = (BTreeMap::new(), BTreeSet::new());
        Self { config, connections, evicted, said: 0, heartbeat }
    }

    pub(super) fn on_message(&mut self, ctx: &mut Context<'_, Chat>, from: ProcessId, message: Message) {
        match message {
            Message::Connect(number) => self.on_connect(ctx, from, number),
            Message::Alias(alias) => self.on_alias(ctx, from, alias),
            Message::Say(body) => self.on_say(ctx, from, body),
            Message::Bye => self.on_bye(ctx, from),
            Message::Alive(Alive) => self.on_alive(ctx, from),
            Message::AskAlias(_) | Message::AliasTaken | Message::Welcome { .. } | Message::Closed => {}
            Message::Joined(_) | Message::Said(_) | Message::Left(_) => {}
        }
    }

    /// Accept: ask for the name and go on; one who never answers holds up nobody else. Who connects anew has crashed
    /// or lost its connection, and has left.
    fn on_connect(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId, number: u64) {
        self.remove(ctx, client);
        self.evicted.remove(&client);
        self.connections.insert(client, Phase::AwaitAlias);
        ctx.send(client, Message::AskAlias(number));
        ctx.set_timer(Timer::Handshake(client), self.config.handshake);
    }

    /// A name: if it is free, its owner is in, is told who else is, and everybody is told of it, the owner too.
    fn on_alias(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId, alias: String) {
        let Some(Phase::AwaitAlias) = self.connections.get(&client) else { return };
        ctx.cancel_timer(Timer::Handshake(client));
        let members: Vec<String> = self.members().map(|(_, alias)| alias.clone()).collect();
        if members.contains(&alias) {
            self.connections.remove(&client);
            return ctx.send(client, Message::AliasTaken);
        }
        self.connections.insert(client, Phase::In(alias.clone()));
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.watch(ctx, client);
        }
        ctx.send(client, Message::Welcome { members });
        self.tell(ctx, Message::Joined(alias));
    }

    /// A line: it gets its place in the log and goes to everybody in. The author is whom the connection belongs to.
    fn on_say(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId, body: String) {
        let Some(Phase::In(from)) = self.connections.get(&client) else { return self.answer(ctx, client) };
        self.said += 1;
        let line = Line { number: self.said, from: from.clone(), body };
        ctx.produce(Output::Logged(line.clone()));
        self.tell(ctx, Message::Said(line));
    }

    /// A good-bye.
    fn on_bye(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId) {
        self.evicted.remove(&client);
        self.remove(ctx, client);
    }

    /// No name for too long: the connection is closed.
    pub(super) fn on_handshake_timeout(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId) {
        let Some(Phase::AwaitAlias) = self.connections.get(&client) else { return };
        self.remove(ctx, client);
        ctx.send(client, Message::Closed);
    }

    /// A sign of life.
    fn on_alive(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId) {
        self.answer(ctx, client);
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.on_alive(ctx, client);
        }
    }

    /// No sign of life for too long: a crash is a leave.
    pub(super) fn on_pulse(&mut self, ctx: &mut Context<'_, Chat>, pulse: Pulse) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        let Some(client) = heartbeat.on_pulse(ctx, pulse) else { return };
        self.remove(ctx, client);
        self.evicted.insert(client);
    }

    /// Who was put out and is heard of again is told so, once.
    fn answer(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId) {
        if self.evicted.remove(&client) {
            ctx.send(client, Message::Closed);
        }
    }

    /// Closes a connection: first it is gone from the list, then the others are told. Once only, whoever asks.
    fn remove(&mut self, ctx: &mut Context<'_, Chat>, client: ProcessId) {
        let Some(phase) = self.connections.remove(&client) else { return };
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.forget(ctx, client);
        }
        match phase {
            Phase::AwaitAlias => ctx.cancel_timer(Timer::Handshake(client)),
            Phase::In(alias) => self.tell(ctx, Message::Left(alias)),
        }
    }

    /// Those who are in, with their names.
    fn members(&self) -> impl Iterator<Item = (ProcessId, &String)> {
        self.connections.iter().filter_map(|(client, phase)| match phase {
            Phase::AwaitAlias => None,
            Phase::In(alias) => Some((*client, alias)),
        })
    }

    fn tell(&self, ctx: &mut Context<'_, Chat>, message: Message) {
        if self.members().next().is_some() {
            ctx.multicast(self.members().map(|(client, _)| client), message);
        }
    }
}
