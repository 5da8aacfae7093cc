//! Absolute order: messages are delivered in the order in which they were sent, by synchronized clocks and a window.
//!
//! Sinha, "Distributed Operating Systems" (1997), section 3.10.3 (absolute ordering: global timestamps and a sliding
//! window); the same idea: Lamport, "Using time instead of timeout for fault-tolerant distributed systems" (1984);
//! Cristian, Aghili, Strong, Dolev, "Atomic broadcast: from simple message diffusion to Byzantine agreement" (1985).
//!
//! ```text
//!            window k                      longest delay      precision
//! |------------------------------------|-------------------|-----------|
//! kW   m, with the time it was sent  (k+1)W                            all of window k, in order
//! ```

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, LocalTime, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AbsoluteOrder {
    config: Config,
    /// The timestamp of this process's last message.
    last: Option<LocalTime>,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Messages whose window is still open, by timestamp, then sender, then the sender's count.
    queue: BTreeMap<(LocalTime, ProcessId, u64), String>,
    /// k: windows below this one are closed.
    open: i128,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// W: the messages of so much time are put in order together.
    #[serde(with = "duration")]
    pub window: Duration,
    /// The longest time that a message may be under way.
    #[serde(with = "duration")]
    pub delay_max: Duration,
    /// By how much any two clocks differ at most.
    #[serde(with = "duration")]
    pub precision: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let (window, delay_max) = (Duration::from_millis(20), Duration::from_millis(150));
        Self { window, delay_max, precision: Duration::from_millis(5) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Somebody's message.
    Data {
        /// When it was sent, by the sender's clock.
        stamp: LocalTime,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The first window that holds a message closes.
    Close,
}

impl Process for AbsoluteOrder {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "absolute-order",
        summary: "Delivers all messages in the order in which they were sent, as far as the clocks can tell: a window at a time.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up, and nothing is under way for longer than `delay-max`",
            "clocks that never go back and differ by no more than `precision`, and processes that react at once",
            "nobody crashes in the middle of a broadcast",
        ],
        promises: &[
            "validity",
            "self-delivery",
            "agreement",
            "integrity",
            "fifo-order",
            "total-order",
            "absolute-order",
        ],
        messages: &[("data", "what was said, with the time by the sender's clock")],
        cost: "N-1 messages for each broadcast, nothing else; W + delay_max + 2 precision at most from broadcast to delivery",
        breaks: &[
            "a message that takes longer than `delay-max`: its window may be closed, then it is late (validity)",
            "a clock that is off by more than `precision`: one order for all, but not that of sending (absolute-order)",
            "a clock that is set back or ahead: what its process says or hears is late (validity)",
        ],
        source: "Sinha, Distributed Operating Systems (1997), section 3.10.3; Cristian, Aghili, Strong, Dolev, Atomic broadcast (1985)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("N-1")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        ctx.produce(Output::Precision(config.precision));
        Self { config: *config, last: None, sent: 0, queue: BTreeMap::new(), open: i128::MIN }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { stamp, id, body } => self.on_data(ctx, stamp, from, id, body),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Close => self.on_close(ctx),
        }
    }
}

impl AbsoluteOrder {
    /// Upon event ⟨broadcast⟩: put the time on it, later than any before, and send it to everybody.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let after_last = self.last.map_or(LocalTime(i64::MIN), |last| LocalTime(last.0.saturating_add(1)));
        let (stamp, id) = (ctx.now().max(after_last), self.sent);
        self.last = Some(stamp);
        ctx.broadcast(Message::Data { stamp, id, body: body.clone() });
        self.on_data(ctx, stamp, ctx.me(), id, body);
    }

    /// Upon receipt: queue it. When its window is closed already, others may have been delivered that were sent after
    /// it: it is late, and the application is told so.
    fn on_data(
        &mut self,
        ctx: &mut Context<'_, Self>,
        stamp: LocalTime,
        from: ProcessId,
        id: u64,
        body: String,
    ) {
        self.open = self.open.max(self.config.open_at(ctx.now()));
        if self.config.window_of(stamp) < self.open {
            return ctx.produce(Output::Late(Delivery { number: None, from, id, body }));
        }
        self.queue.insert((stamp, from, id), body);
        if self.queue.keys().next() == Some(&(stamp, from, id)) {
            self.wait(ctx);
        }
    }

    /// When the clock shows (k+1)W + delay_max + precision: window k is closed, and all in it have their turn.
    fn on_close(&mut self, ctx: &mut Context<'_, Self>) {
        self.open = self.open.max(self.config.open_at(ctx.now()));
        while let Some(first) = self.queue.first_entry() {
            let (stamp, from, id) = *first.key();
            if self.config.window_of(stamp) >= self.open {
                break;
            }
            let body = first.remove();
            ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
        }
        self.wait(ctx);
    }

    /// Waits until the first window that holds a message closes, however long that is by this process's clock.
    fn wait(&self, ctx: &mut Context<'_, Self>) {
        let Some((stamp, ..)) = self.queue.keys().next() else { return };
        let remaining = self.config.closes(self.config.window_of(*stamp)) - i128::from(ctx.now().0);
        let remaining = u64::try_from(remaining.max(0)).unwrap_or(u64::MAX);
        ctx.set_timer(Timer::Close, Duration::from_nanos(remaining));
    }
}

impl Config {
    /// Which window a timestamp falls into.
    fn window_of(&self, stamp: LocalTime) -> i128 {
        i128::from(stamp.0).div_euclid(self.width())
    }

    /// When a window closes: everything sent in it has arrived by then.
    fn closes(&self, window: i128) -> i128 {
        (window + 1).saturating_mul(self.width()).saturating_add(self.margin())
    }

    /// The first window that is not closed at this time.
    fn open_at(&self, now: LocalTime) -> i128 {
        (i128::from(now.0) - self.margin()).div_euclid(self.width())
    }

    /// The window's width. A window of no width would hold nothing, so it has a nanosecond at least.
    fn width(&self) -> i128 {
        nanoseconds(self.window).max(1)
    }

    /// How long after a window's end its last message may still come.
    fn margin(&self) -> i128 {
        nanoseconds(self.delay_max) + nanoseconds(self.precision)
    }
}

fn nanoseconds(duration: Duration) -> i128 {
    i128::from(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}
