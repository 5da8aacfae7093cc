//! Mutual exclusion by a token that runs round a ring: who has it may enter, and passes it on.
//!
//! Le Lann, "Distributed systems: towards a formal approach" (1977), sections 4 and 5; Tanenbaum, van Steen,
//! "Distributed systems", section 6.3.4. A token that is lost can be made anew: its first holder watches for it, and
//! numbers the tokens, so that an old one that turns up after all is thrown away by everybody who knows of a new one.
//!
//! ```text
//! n1 --token(1)--> n2, inside, --token(1)--> n3 --token(1)--> n1 ...
//! n1 has not seen it for too long: n1 --token(2)--> n2 ...
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TokenRing {
    config: Config,
    section: Section,
    /// Whether the token is here.
    token: bool,
    /// The highest number of a token that was seen here.
    generation: u64,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who has the token at first, and watches for it; the first node unless said otherwise.
    pub holder: Option<ProcessId>,
    /// How long a process that does not want to enter keeps the token before it passes it on.
    #[serde(with = "duration")]
    pub pause: Duration,
    /// How long the first holder waits for the token to come round before it makes a new one: longer than any round
    /// takes, every stay included. With 0s a lost token is lost for ever.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { holder: None, pause: Duration::from_millis(10), timeout: Duration::ZERO }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the next process on the ring: you may enter.
    Token {
        /// How many tokens were made, this one included.
        generation: u64,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// It is time to leave the critical section.
    Leave,
    /// Nobody wants the token here: pass it on.
    Pass,
    /// The token has not come round.
    Lost,
}

impl From<Alarm> for Timer {
    fn from(alarm: Alarm) -> Self {
        match alarm {
            Alarm::Leave => Self::Leave,
        }
    }
}

impl Process for TokenRing {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "token-ring",
        summary: "A token runs round the ring of all processes, in the order of the nodes; who has it may enter.",
        assumes: &[
            "perfect links from each process to the next: nothing is lost, duplicated or made up",
            "nobody crashes",
            "with a timeout: it is longer than a round takes, and then the token may be lost",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[("token", "to the next on the ring: you may enter")],
        cost: "1 message for each entry when all always want to enter; else one for each hop, for ever",
        breaks: &[
            "the token is lost, or somebody crashes: nobody enters any more (deadlock-freedom)",
            "a token that was only late is made anew: there are two (mutual-exclusion)",
        ],
        source: "Le Lann, Distributed systems: towards a formal approach (1977), sections 4 and 5",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, generation: u64) -> Self {
        let mut process =
            Self { config: config.clone(), section: Section::default(), token: false, generation };
        if process.watches(ctx) {
            if generation == 0 {
                process.make_token(ctx);
            } else {
                process.watch(ctx);
            }
        }
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match self.section.on_request(request) {
            Wish::Enter if self.token => {
                ctx.cancel_timer(Timer::Pass);
                self.section.enter(ctx);
            }
            Wish::Exit => self.exit(ctx),
            Wish::Enter | Wish::Nothing => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        match message {
            Message::Token { generation } => self.on_token(ctx, generation),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Leave => self.exit(ctx),
            Timer::Pass => self.pass(ctx),
            Timer::Lost => self.on_lost(ctx),
        }
    }
}

impl TokenRing {
    /// Upon the token: enter, or pass it on after a pause. An old token is thrown away.
    fn on_token(&mut self, ctx: &mut Context<'_, Self>, generation: u64) {
        if generation < self.generation {
            return;
        }
        self.generation = generation;
        self.watch(ctx);
        if self.token {
            return;
        }
        self.token = true;
        if self.section.is_waiting() {
            self.section.enter(ctx);
        } else {
            ctx.set_timer(Timer::Pass, self.config.pause);
        }
    }

    /// Gives the token to the next process on the ring, if there is another one.
    fn pass(&mut self, ctx: &mut Context<'_, Self>) {
        let next = ProcessId((ctx.me().0 + 1) % ctx.group_size() as u32);
        if next == ctx.me() {
            return;
        }
        self.token = false;
        ctx.send(next, Message::Token { generation: self.generation });
    }

    /// Leaves and passes the token on, for others may be waiting, too.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        self.pass(ctx);
        if self.section.open_next() == Wish::Enter && self.token {
            self.section.enter(ctx);
        }
    }

    /// Whether this process watches for the token.
    fn watches(&self, ctx: &Context<'_, Self>) -> bool {
        self.config.holder.unwrap_or(ProcessId(0)) == ctx.me()
    }

    fn watch(&self, ctx: &mut Context<'_, Self>) {
        if self.watches(ctx) && self.config.timeout > Duration::ZERO {
            ctx.set_timer(Timer::Lost, self.config.timeout);
        }
    }

    /// Upon timeout: the token must have been lost, unless it is here.
    fn on_lost(&mut self, ctx: &mut Context<'_, Self>) {
        if self.token {
            self.watch(ctx);
        } else {
            self.make_token(ctx);
        }
    }

    fn make_token(&mut self, ctx: &mut Context<'_, Self>) {
        self.generation = self.generation.saturating_add(1);
        ctx.save(self.generation);
        self.on_token(ctx, self.generation);
    }
}
