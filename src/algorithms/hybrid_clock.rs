//! Hybrid logical clocks: stamps that respect causes like Lamport's and stay near physical time.
//!
//! Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical physical clocks" (2014), figure 5. Stamps are pairs (l, c): l is
//! the latest physical time known, c counts what happens while no clock known here has gone past l. Refusing messages
//! from too far ahead is the paper's section 5, as CockroachDB does it.
//!
//! ```text
//! p, whose clock shows 10  (10,0) --l=10,c=0--> q, whose clock shows 3   (10,1)
//!                                               q's clock shows 4        (10,2)
//!                                               q's clock shows 11       (11,0)
//! ```

use super::parts::letters::Letters;
use crate::{
    problems::{
        logical_clock::{Event, LogicalClock, Output, Request, Stamp},
        nanoseconds::Nanoseconds,
    },
    process::{Context, Description, Never, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HybridClock {
    config: Config,
    kept: Kept,
}

/// What a process knows; saved at every event when the clock is to survive a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// l, the latest physical time known: before every reading at first.
    wall: Nanoseconds,
    /// c, how many events of this wall time go before.
    count: u64,
    letters: Letters,
}

impl Default for Kept {
    fn default() -> Self {
        Self { wall: Nanoseconds(i64::MIN), count: 0, letters: Letters::default() }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A message of the application.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// l.m, the wall time of its sending.
        wall: Nanoseconds,
        /// c.m, its count.
        count: u64,
        /// What it says.
        body: String,
    },
}

/// How far clocks may differ, and what is done when they differ by more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// By how much any two clocks are believed to differ.
    #[serde(with = "duration")]
    pub drift_max: Duration,
    /// Whether a message is thrown away when its wall time is further ahead than that.
    pub refuse: bool,
    /// Whether the clock is saved at every event, so that it survives a crash.
    pub durable: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { drift_max: Duration::from_millis(500), refuse: false, durable: false }
    }
}

impl Process for HybridClock {
    type Problem = LogicalClock;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = Kept;

    const DESCRIPTION: Description = Description {
        name: "hybrid-clock",
        summary: "Stamps every event with a time near that of the physical clocks, and larger than those of its causes.",
        assumes: &[
            "clocks that differ by at most `drift-max` and are not set back (NTP, say)",
            "nothing of the network",
            "who restarts after a crash has saved its clock (`durable: true`)",
        ],
        promises: &["clock-condition", "hybrid-bounds", "precision"],
        messages: &[("data", "a message of the application, with the stamp of its sending")],
        cost: "no message of its own; two numbers in every message",
        breaks: &[
            "one clock far ahead: everybody who hears of it follows (precision), unless `refuse` is set",
            "expecting more: a smaller stamp does not mean that one event may have caused the other (converse)",
        ],
        source: "Kulkarni, Demirbas, Madappa, Avva, Leone, Logical physical clocks (2014), figure 5",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Kept) -> Self {
        ctx.produce(Output::Precision(config.drift_max));
        Self { config: *config, kept: stable }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Internal(note) => self.on_internal(ctx, note),
            Request::Send { to, body } => self.on_send(ctx, to, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, wall, count, body } => {
                if self.accepts(ctx, from, id, wall) {
                    self.on_data(ctx, (wall, count), Event::Receive { from, id, body });
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl HybridClock {
    fn on_internal(&mut self, ctx: &mut Context<'_, Self>, note: String) {
        self.advance(ctx);
        self.stamp(ctx, Event::Internal(note));
    }

    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let id = self.kept.letters.number();
        self.advance(ctx);
        self.stamp(ctx, Event::Send { to, id });
        ctx.send(to, Message::Data { id, wall: self.kept.wall, count: self.kept.count, body });
    }

    /// Send or local event: time goes on with the physical clock, and where that has not passed l, with c.
    fn advance(&mut self, ctx: &Context<'_, Self>) {
        let before = self.kept.wall;
        self.kept.wall = before.max(ctx.now().into());
        self.kept.count = if self.kept.wall == before { self.kept.count.saturating_add(1) } else { 0 };
    }

    /// Receive event of message m: the latest of what was known here, what m knows, and the physical clock.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, (wall, count): (Nanoseconds, u64), event: Event) {
        let (before, counted) = (self.kept.wall, self.kept.count);
        self.kept.wall = before.max(wall).max(ctx.now().into());
        self.kept.count = match (self.kept.wall == before, self.kept.wall == wall) {
            (true, true) => counted.max(count).saturating_add(1),
            (true, false) => counted.saturating_add(1),
            (false, true) => count.saturating_add(1),
            (false, false) => 0,
        };
        self.stamp(ctx, event);
    }

    /// Whether a message is new, and not from too far ahead.
    fn accepts(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, wall: Nanoseconds) -> bool {
        let ahead = Nanoseconds::of(wall.wide() - Nanoseconds::from(ctx.now()).wide());
        if self.config.refuse && ahead > Nanoseconds::from(self.config.drift_max) {
            ctx.produce(Output::Refused { from, id, ahead });
            return false;
        }
        self.kept.letters.is_new(from, id)
    }

    fn stamp(&self, ctx: &mut Context<'_, Self>, event: Event) {
        if self.config.durable {
            ctx.save(self.kept.clone());
        }
        let Kept { wall, count, .. } = self.kept;
        ctx.produce(Output::Stamped { event, stamp: Stamp::Hybrid { wall, count, clock: ctx.now().into() } });
    }
}
