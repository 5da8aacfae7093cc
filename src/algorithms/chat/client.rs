//! The client: what its user wants goes to the server, what the server tells is shown to the user.

use super::{Chat, Config, Message, Timer};
use crate::{
    algorithms::parts::heartbeat::{Alive, Heartbeat, Pulse},
    problems::chat::{Output, Why},
    process::{Context, ProcessId},
};

/// Who takes part in the conversation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Client {
    config: Config,
    pub(super) server: ProcessId,
    standing: Standing,
    /// How many connections it has opened in all its lives.
    connections: u64,
    heartbeat: Option<Heartbeat>,
}

/// Where a client stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Standing {
    /// It has no connection.
    Out,
    /// It wants one and will take this name.
    Connecting(String),
    /// It has told the server this name.
    Introduced(String),
    /// It is in.
    In,
}

impl Client {
    pub(super) fn new(server: ProcessId, config: Config, connections: u64) -> Self {
        Self { config, server, standing: Standing::Out, connections, heartbeat: None }
    }

    /// The user wants in: open a connection. With heartbeats the server's silence is noticed from now on.
    pub(super) fn on_connect(&mut self, ctx: &mut Context<'_, Chat>, alias: String) {
        if self.standing != Standing::Out {
            return ctx.produce(Output::Refused(Why::Already));
        }
        self.standing = Standing::Connecting(alias);
        self.connections += 1;
        ctx.save(self.connections);
        ctx.send(self.server, Message::Connect(self.connections));
        let server = self.server;
        self.heartbeat = self.config.heartbeat.map(|heartbeat| Heartbeat::start(ctx, heartbeat, [server]));
    }

    pub(super) fn on_say(&mut self, ctx: &mut Context<'_, Chat>, body: String) {
        if self.standing != Standing::In {
            return ctx.produce(Output::Refused(Why::Outside));
        }
        ctx.send(self.server, Message::Say(body));
    }

    pub(super) fn on_quit(&mut self, ctx: &mut Context<'_, Chat>) {
        if self.standing == Standing::Out {
            return ctx.produce(Output::Refused(Why::Outside));
        }
        self.close(ctx);
        ctx.send(self.server, Message::Bye);
    }

    /// Until the server asks for the name on this connection, everything it says is about an earlier connection.
    pub(super) fn on_message(&mut self, ctx: &mut Context<'_, Chat>, message: Message) {
        if let (Message::Alive(Alive), Some(heartbeat)) = (&message, &mut self.heartbeat) {
            heartbeat.on_alive(ctx, self.server);
        }
        match (message, &self.standing) {
            (Message::AskAlias(number), Standing::Connecting(alias)) if number == self.connections => {
                let alias = alias.clone();
                ctx.send(self.server, Message::Alias(alias.clone()));
                self.standing = Standing::Introduced(alias);
            }
            (Message::Welcome { members }, Standing::Introduced(alias)) => {
                ctx.produce(Output::Welcome { alias: alias.clone(), members });
                self.standing = Standing::In;
            }
            (Message::AliasTaken, Standing::Introduced(_)) => self.refuse(ctx, Why::Taken),
            (Message::Closed, Standing::Introduced(_) | Standing::In) => self.refuse(ctx, Why::Timeout),
            (Message::Joined(alias), Standing::In) => ctx.produce(Output::Joined(alias)),
            (Message::Said(line), Standing::In) => ctx.produce(Output::Said(line)),
            (Message::Left(alias), Standing::In) => ctx.produce(Output::Left(alias)),
            (Message::AskAlias(_) | Message::Welcome { .. } | Message::AliasTaken | Message::Closed, _) => {}
            (Message::Joined(_) | Message::Said(_) | Message::Left(_) | Message::Alive(Alive), _) => {}
            (Message::Connect(_) | Message::Alias(_) | Message::Say(_) | Message::Bye, _) => {}
        }
    }

    /// The server was silent for too long.
    pub(super) fn on_pulse(&mut self, ctx: &mut Context<'_, Chat>, pulse: Pulse) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if heartbeat.on_pulse(ctx, pulse).is_some() {
            self.refuse(ctx, Why::Timeout);
        }
    }

    fn refuse(&mut self, ctx: &mut Context<'_, Chat>, why: Why) {
        self.close(ctx);
        ctx.produce(Output::Refused(why));
    }

    fn close(&mut self, ctx: &mut Context<'_, Chat>) {
        self.standing = Standing::Out;
        if let Some(mut heartbeat) = self.heartbeat.take() {
            heartbeat.forget(ctx, self.server);
            ctx.cancel_timer(Timer::Pulse(Pulse::Beat));
        }
    }
}
