//! The sequencer that is who it is: whoever numbers messages when the run begins does so to its end.

use super::{Config, Message, Said, Sequencer, Variant, deliver};
use crate::process::{Context, ProcessId};
use std::collections::BTreeMap;

/// One participant, when the sequencer is who it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fixed {
    config: Config,
    /// Who numbers messages.
    sequencer: ProcessId,
    /// At the sequencer: the number given last.
    given: u64,
    /// How many messages this process has broadcast.
    sent: u64,
    /// The number to be delivered next.
    next: u64,
    /// Messages whose number is known, until it is their turn.
    ordered: BTreeMap<u64, Said>,
    /// Messages whose number is not known yet: those that came by `data`, and own ones that wait for a grant.
    unordered: BTreeMap<(ProcessId, u64), String>,
    /// Numbers whose message has not come yet.
    numbers: BTreeMap<(ProcessId, u64), u64>,
}

impl Fixed {
    /// Nothing was said, nothing numbered.
    pub(super) fn boot(config: &Config) -> Self {
        Self {
            config: config.clone(),
            sequencer: config.sequencer.unwrap_or(ProcessId(0)),
            given: 0,
            sent: 0,
            next: 1,
            ordered: BTreeMap::new(),
            unordered: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Messages of the failover have no meaning here.
    pub(super) fn on_message(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId, message: Message) {
        match message {
            Message::Submit { id, body } => self.send_ordered(ctx, Said { from, id, body }),
            Message::Ordered { number, origin, id, body } => {
                self.on_ordered(ctx, number, Said { from: origin, id, body })
            }
            Message::Data { id, body } => self.on_data(ctx, Said { from, id, body }),
            Message::Order { number, origin, id } => self.on_order(ctx, number, origin, id),
            Message::Ask { id } => self.on_ask(ctx, from, id),
            Message::Grant { number, id } => self.on_grant(ctx, number, id),
            Message::Tentative { .. }
            | Message::Stored { .. }
            | Message::Accept { .. }
            | Message::NewEpoch { .. }
            | Message::State { .. }
            | Message::Start { .. }
            | Message::Alive
            | Message::Back => {}
        }
    }

    /// Upon event ⟨to-broadcast⟩: the sequencer numbers its own messages at once, the others go their way.
    pub(super) fn on_broadcast(&mut self, ctx: &mut Context<'_, Sequencer>, body: String) {
        self.sent += 1;
        let (from, id) = (ctx.me(), self.sent);
        if from == self.sequencer {
            return self.send_ordered(ctx, Said { from, id, body });
        }
        match self.config.variant {
            Variant::UnicastBroadcast => ctx.send(self.sequencer, Message::Submit { id, body }),
            Variant::BroadcastBroadcast => {
                ctx.broadcast(Message::Data { id, body: body.clone() });
                self.on_data(ctx, Said { from, id, body });
            }
            Variant::UnicastUnicastBroadcast => {
                self.unordered.insert((from, id), body);
                ctx.send(self.sequencer, Message::Ask { id });
            }
        }
    }

    /// The sequencer numbers a message and sends it to everybody.
    fn send_ordered(&mut self, ctx: &mut Context<'_, Sequencer>, said: Said) {
        self.given += 1;
        let number = self.given;
        let Said { from: origin, id, body } = said.clone();
        ctx.broadcast(Message::Ordered { number, origin, id, body });
        self.on_ordered(ctx, number, said);
    }

    /// A message with its number: deliver from the next number on, as far as there is no gap.
    fn on_ordered(&mut self, ctx: &mut Context<'_, Sequencer>, number: u64, said: Said) {
        if number < self.next {
            return;
        }
        self.ordered.insert(number, said);
        while let Some(said) = self.ordered.remove(&self.next) {
            deliver(ctx, self.config.numbered.then_some(self.next), said);
            self.next += 1;
        }
    }

    /// A message without its number: the sequencer gives it one, the others wait for it.
    fn on_data(&mut self, ctx: &mut Context<'_, Sequencer>, said: Said) {
        let name = (said.from, said.id);
        if ctx.me() == self.sequencer {
            self.given += 1;
            let (origin, id) = name;
            ctx.broadcast(Message::Order { number: self.given, origin, id });
            self.on_ordered(ctx, self.given, said);
        } else if let Some(number) = self.numbers.remove(&name) {
            self.on_ordered(ctx, number, said);
        } else {
            self.unordered.insert(name, said.body);
        }
    }

    /// The number of a message, which may come before the message.
    fn on_order(&mut self, ctx: &mut Context<'_, Sequencer>, number: u64, from: ProcessId, id: u64) {
        match self.unordered.remove(&(from, id)) {
            Some(body) => self.on_ordered(ctx, number, Said { from, id, body }),
            None => drop(self.numbers.insert((from, id), number)),
        }
    }

    /// Somebody wants a number.
    fn on_ask(&mut self, ctx: &mut Context<'_, Sequencer>, from: ProcessId, id: u64) {
        self.given += 1;
        ctx.send(from, Message::Grant { number: self.given, id });
    }

    /// The number for an own message: send it to everybody.
    fn on_grant(&mut self, ctx: &mut Context<'_, Sequencer>, number: u64, id: u64) {
        let origin = ctx.me();
        let Some(body) = self.unordered.remove(&(origin, id)) else { return };
        ctx.broadcast(Message::Ordered { number, origin, id, body: body.clone() });
        self.on_ordered(ctx, number, Said { from: origin, id, body });
    }
}
