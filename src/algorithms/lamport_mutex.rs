//! Mutual exclusion by Lamport's queue: everybody keeps all requests in order of their timestamps; the oldest enters.
//!
//! Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978), rules 1 to 5.
//!
//! ```text
//! p --request(1)--> q, r     q --reply(2)--> p    r --reply(2)--> p, inside, --release--> q, r
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LamportMutex {
    section: Section,
    /// This process's logical clock.
    clock: u64,
    /// The timestamp of this process's open request.
    stamp: u64,
    /// All open requests, oldest first: by timestamp, then by process.
    queue: BTreeSet<(u64, ProcessId)>,
    /// The timestamp of the last thing heard from each process.
    last: Vec<u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// I want to enter.
    Request {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
    /// I have seen your request: all that I send from now on is younger.
    Reply {
        /// When, by the sender's logical clock.
        stamp: u64,
    },
    /// I have left.
    Release {
        /// When, by the sender's logical clock.
        stamp: u64,
        /// The timestamp of the request that is over.
        request: u64,
    },
}

/// No configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Process for LamportMutex {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "lamport-mutex",
        summary: "Everybody queues all requests by logical timestamp; the oldest enters once all others have answered, so that it is fair (happened-before-fairness), too.",
        assumes: &["perfect FIFO links (`channel: fifo`, or `order: fifo` in the network)", "nobody crashes"],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want to enter, with the sender's logical time"),
            ("reply", "to who asked: I have seen it, with the sender's logical time"),
            ("release", "to everybody: I have left"),
        ],
        cost: "3(N-1) messages for each entry; 1 delay from one to the next",
        breaks: &[
            "links that are not FIFO: a reply overtakes an older request (mutual-exclusion)",
            "one silent process: nobody enters any more (deadlock-freedom)",
        ],
        source: "Lamport, Time, clocks, and the ordering of events in a distributed system (1978)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("3(N-1)")];

    fn boot(ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        Self {
            section: Section::default(),
            clock: 0,
            stamp: 0,
            queue: BTreeSet::new(),
            last: vec![0; ctx.group_size()],
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, from, stamp),
            Message::Reply { stamp } => self.hear(from, stamp),
            Message::Release { stamp, request } => self.on_release(from, stamp, request),
        }
        self.enter_if_oldest(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl LamportMutex {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// Rule 1: send the request to everybody and put it into the own queue.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.clock = self.clock.saturating_add(1);
        self.stamp = self.clock;
        self.queue.insert((self.stamp, ctx.me()));
        ctx.broadcast(Message::Request { stamp: self.stamp });
        self.enter_if_oldest(ctx);
    }

    /// Rule 2: put the request into the queue and acknowledge it.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        self.hear(from, stamp);
        self.queue.insert((stamp, from));
        ctx.send(from, Message::Reply { stamp: self.clock });
    }

    /// Rule 3: take the own request out of the queue and tell everybody.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        self.queue.remove(&(self.stamp, ctx.me()));
        self.clock = self.clock.saturating_add(1);
        ctx.broadcast(Message::Release { stamp: self.clock, request: self.stamp });
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }

    /// Rule 4: take the sender's request out of the queue.
    fn on_release(&mut self, from: ProcessId, stamp: u64, request: u64) {
        self.hear(from, stamp);
        self.queue.remove(&(request, from));
    }

    /// Rule 5: enter when the own request is the oldest and everybody has been heard of since it was made.
    fn enter_if_oldest(&mut self, ctx: &mut Context<'_, Self>) {
        let (me, mine) = (ctx.me(), (self.stamp, ctx.me()));
        if !self.section.is_waiting() || self.queue.first() != Some(&mine) {
            return;
        }
        let last = &self.last;
        let mut others = ctx.group().filter(|process| *process != me);
        if others.all(|process| (last[process.index()], process) > mine) {
            self.section.enter(ctx);
        }
    }

    /// Rule IR2: the clock is past everything it has heard of.
    fn hear(&mut self, from: ProcessId, stamp: u64) {
        self.clock = self.clock.max(stamp).saturating_add(1);
        self.last[from.index()] = stamp;
    }
}
