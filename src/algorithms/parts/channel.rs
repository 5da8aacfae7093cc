//! Layers under an algorithm: FIFO order, and reliable delivery by acknowledgement and retransmission.
//!
//! Stubborn and perfect links: Cachin, Guerraoui, Rodrigues (2011), Algorithms 2.1 and 2.2; FIFO order by sequence
//! numbers: Algorithm 3.12 for links. A layer is a process like any other: it wraps the algorithm's process, sends
//! its messages in numbered frames, and hands up what arrives in turn.
//!
//! A process counts its lives in stable storage, so that frames of an earlier life are told from those of the
//! present one; every frame says from which number on its sender still waits for an acknowledgement, so that a
//! receiver that lost its state knows where to begin. An acknowledgement says that a frame was handed up: one that is
//! held back when its receiver crashes comes again.

use super::sorted::Sorted;
use crate::process::{Context, Description, Effect, Effects, Output, Process, ProcessId, Request, Value};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};

/// Which layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Messages are handed up in the order they were sent. Assumes that nothing is lost.
    Fifo,
    /// What is sent arrives once, in any order, over links that lose, duplicate and reorder.
    Reliable,
    /// What is sent arrives once and in order.
    #[default]
    ReliableFifo,
}

impl Layer {
    fn orders(self) -> bool {
        matches!(self, Self::Fifo | Self::ReliableFifo)
    }

    fn repeats(self) -> bool {
        matches!(self, Self::Reliable | Self::ReliableFifo)
    }
}

/// How long the layer waits for an acknowledgement before it sends again; doubled each time.
const PATIENCE_MIN: Duration = Duration::from_millis(200);
/// The longest it waits.
const PATIENCE_MAX: Duration = Duration::from_secs(5);

/// A process on top of a channel layer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Channel<P: Process> {
    layer: Layer,
    life: u64,
    process: P,
    outgoing: Sorted<ProcessId, Outgoing<P::Message>>,
    incoming: Sorted<ProcessId, Incoming<P::Message>>,
    scratch: Scratch<P>,
}

/// What one process has sent to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Outgoing<M> {
    /// The number of the last frame.
    last: u64,
    unacknowledged: Sorted<u64, M>,
    patience: Duration,
}

/// What one process has received from another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Incoming<M> {
    /// The sender's life that these numbers belong to.
    life: u64,
    /// The lowest number that has not been handed up.
    next: u64,
    /// Frames past a gap: held back when the layer orders, handed up already when it does not.
    early: Sorted<u64, Option<M>>,
}

/// The configuration: which layer, and the process's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Config<C> {
    /// Which layer.
    pub layer: Layer,
    /// The process's own configuration.
    pub process: C,
}

/// What goes over the wire.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename = "synod::Envelope", rename_all = "kebab-case")]
pub enum Frame<M> {
    /// A message of the process above.
    Data {
        /// Which life of the sender.
        life: u64,
        /// Its number among the frames from this sender to this receiver, counted from 1.
        sequence: u64,
        /// The lowest number that the sender has no acknowledgement for.
        lowest: u64,
        /// The message.
        body: M,
    },
    /// A frame was received.
    Ack {
        /// Which life of its sender.
        life: u64,
        /// Its number.
        sequence: u64,
    },
}

/// The layer's timers beside the process's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer<T> {
    /// The process's own.
    Process(T),
    /// Patience with this receiver is over.
    Resend(ProcessId),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable<S> {
    /// How many lives there were.
    pub life: u64,
    /// The process's own.
    pub process: S,
}

/// A buffer for the effects of the process above. It is empty between steps and no part of the state.
#[derive(Clone)]
struct Scratch<P: Process>(Effects<P>);

impl<P: Process> fmt::Debug for Scratch<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl<P: Process> PartialEq for Scratch<P> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<P: Process> Eq for Scratch<P> {}

impl<P: Process> Hash for Scratch<P> {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

impl<P: Process> Process for Channel<P>
where
    P::Message: Value,
{
    type Problem = P::Problem;
    type Config = Config<P::Config>;
    type Message = Frame<P::Message>;
    type Timer = Timer<P::Timer>;
    type Stable = Stable<P::Stable>;

    const DESCRIPTION: Description = P::DESCRIPTION;

    fn boot(ctx: &mut Context<'_, Self>, config: &Self::Config, stable: Self::Stable) -> Self {
        let life = stable.life + 1;
        let mut saved = Stable { life, process: stable.process };
        ctx.save(saved.clone());
        let mut effects = Effects::new();
        let process =
            P::boot(&mut ctx.nested(&mut effects), &config.process, std::mem::take(&mut saved.process));
        let (outgoing, incoming) = (Sorted::new(), Sorted::new());
        let mut channel =
            Self { layer: config.layer, life, process, outgoing, incoming, scratch: Scratch(effects) };
        channel.pass_down(ctx);
        channel
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request<P>) {
        self.process.on_request(&mut ctx.nested(&mut self.scratch.0), request);
        self.pass_down(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Self::Message) {
        match message {
            Frame::Data { life, sequence, lowest, body } => {
                self.on_data(ctx, from, life, sequence, lowest, body)
            }
            Frame::Ack { life, sequence } => self.on_ack(ctx, from, life, sequence),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {
            Timer::Process(timer) => {
                self.process.on_timer(&mut ctx.nested(&mut self.scratch.0), timer);
                self.pass_down(ctx);
            }
            Timer::Resend(to) => self.on_impatience(ctx, to),
        }
    }
}

impl<P: Process> Channel<P> {
    /// Translates what the process above asked for.
    fn pass_down(&mut self, ctx: &mut Context<'_, Self>) {
        let mut effects = std::mem::take(&mut self.scratch.0);
        for effect in effects.list.drain(..) {
            match effect {
                Effect::Send { to, message } => self.send(ctx, to, message),
                Effect::Multicast { targets, message } => {
                    for to in &effects.targets[targets.start as usize..targets.end as usize] {
                        self.send(ctx, *to, message.clone());
                    }
                }
                Effect::Broadcast { message } => {
                    let me = ctx.me();
                    for to in ctx.group().filter(|to| *to != me) {
                        self.send(ctx, to, message.clone());
                    }
                }
                Effect::SetTimer { timer, range } => ctx.set_timer(Timer::Process(timer), range),
                Effect::CancelTimer { timer } => ctx.cancel_timer(Timer::Process(timer)),
                Effect::Save { stable } => ctx.save(Stable { life: self.life, process: stable }),
                Effect::Produce { output } => Self::produce(ctx, output),
                Effect::Chose { options, chosen } => ctx.note_choice(options, chosen),
            }
        }
        effects.clear();
        self.scratch.0 = effects;
    }

    fn produce(ctx: &mut Context<'_, Self>, output: Output<P>) {
        ctx.produce(output);
    }

    /// Numbers a message, keeps it until it is acknowledged, sends it.
    fn send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, message: P::Message) {
        let fresh = || Outgoing { last: 0, unacknowledged: Sorted::new(), patience: PATIENCE_MIN };
        let outgoing = self.outgoing.get_or_insert_with(to, fresh);
        outgoing.last += 1;
        let sequence = outgoing.last;
        let mut lowest = 1;
        if self.layer.repeats() {
            if outgoing.unacknowledged.is_empty() {
                ctx.set_timer(Timer::Resend(to), outgoing.patience);
            }
            outgoing.unacknowledged.insert(sequence, message.clone());
            lowest = outgoing.unacknowledged.first().unwrap_or(sequence);
        }
        ctx.send(to, Frame::Data { life: self.life, sequence, lowest, body: message });
    }

    /// Upon timeout: send again what has not been acknowledged, and be more patient.
    fn on_impatience(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId) {
        let Some(outgoing) = self.outgoing.get_mut(to) else { return };
        let Some(lowest) = outgoing.unacknowledged.first() else { return };
        for (sequence, message) in outgoing.unacknowledged.iter() {
            let frame = Frame::Data { life: self.life, sequence: *sequence, lowest, body: message.clone() };
            ctx.send(to, frame);
        }
        outgoing.patience = (outgoing.patience * 2).min(PATIENCE_MAX);
        ctx.set_timer(Timer::Resend(to), outgoing.patience);
    }

    /// Upon an acknowledgement: forget the message; with nothing left, stop waiting. The timer runs for the oldest
    /// message: when that one is acknowledged, the next has not waited yet.
    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, life: u64, sequence: u64) {
        let Some(outgoing) = self.outgoing.get_mut(from) else { return };
        let oldest = outgoing.unacknowledged.first();
        if life != self.life || outgoing.unacknowledged.remove(sequence).is_none() {
            return;
        }
        outgoing.patience = PATIENCE_MIN;
        if outgoing.unacknowledged.is_empty() {
            ctx.cancel_timer(Timer::Resend(from));
        } else if oldest == Some(sequence) {
            ctx.set_timer(Timer::Resend(from), outgoing.patience);
        }
    }

    /// Upon a frame: hand up what is new and has its turn, and acknowledge what has been handed up. A frame that
    /// is held back is acknowledged when its turn comes, lest a receiver that crashes takes it along.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        life: u64,
        sequence: u64,
        lowest: u64,
        body: P::Message,
    ) {
        // Without acknowledgements a receiver in its second life cannot know what it missed: it begins where it is.
        let begin = if !self.layer.repeats() && self.life > 1 { sequence } else { lowest };
        let fresh = || Incoming { life, next: begin, early: Sorted::new() };
        let incoming = self.incoming.get_or_insert_with(from, fresh);
        if life < incoming.life {
            return;
        }
        if life > incoming.life {
            *incoming = fresh();
        }
        // The sender knows that everything below was handed up, if not by this receiver then by its former self.
        if lowest > incoming.next {
            incoming.next = lowest;
            incoming.early.forget_below(lowest);
        }
        if sequence < incoming.next {
            self.acknowledge(ctx, from, life, sequence);
        } else if self.layer.orders() {
            incoming.early.get_or_insert_with(sequence, || Some(body));
        } else {
            let is_new = incoming.early.insert(sequence, None);
            self.acknowledge(ctx, from, life, sequence);
            if is_new {
                self.hand_up(ctx, from, body);
            }
        }
        self.advance(ctx, from);
    }

    /// Closes the gap as far as it is closed, handing up what was held back.
    fn advance(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        while let Some(incoming) = self.incoming.get_mut(from) {
            let Some(held_back) = incoming.early.remove(incoming.next) else { return };
            let (life, sequence) = (incoming.life, incoming.next);
            incoming.next += 1;
            if let Some(body) = held_back {
                self.acknowledge(ctx, from, life, sequence);
                self.hand_up(ctx, from, body);
            }
        }
    }

    fn acknowledge(&self, ctx: &mut Context<'_, Self>, to: ProcessId, life: u64, sequence: u64) {
        if self.layer.repeats() {
            ctx.send(to, Frame::Ack { life, sequence });
        }
    }

    fn hand_up(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: P::Message) {
        self.process.on_message(&mut ctx.nested(&mut self.scratch.0), from, message);
        self.pass_down(ctx);
    }
}
