//! The bully algorithm: who hears no higher process is the leader and tells all lower ones so.
//!
//! Garcia-Molina, "Elections in a distributed computing system" (1982), section 4; the messages are those of Coulouris,
//! Dollimore, Kindberg, "Distributed Systems", section 15.3, and Sinha (1997), section 6.5.
//!
//! ```text
//! p --election--> q, r (higher)         r, the highest, hears nothing: r --coordinator--> p, q
//! q, r --ok--> p, and hold elections    p, q hear of no coordinator in time: they start again
//! ```

use crate::{
    problems::election::{Election, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bully {
    config: Config,
    phase: Phase,
}

/// What a process is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// Nothing: it has a leader, or has not asked for one.
    Idle,
    /// It has sent election messages; nobody has answered yet.
    Electing,
    /// Somebody higher is up, and will be or name the coordinator.
    Waiting,
}

/// The settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How long to wait for an answer of a higher process: two message delays, and what processing takes.
    #[serde(with = "duration")]
    pub answer_within: Duration,
    /// How long to wait for a coordinator once somebody higher has answered, before starting again: at least as long as
    /// that one may wait for answers, and two message delays.
    #[serde(with = "duration")]
    pub coordinator_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { answer_within: Duration::from_millis(250), coordinator_within: Duration::from_millis(500) }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To all higher processes: is anybody of you up?
    Election,
    /// To a lower process: I am; I take over.
    Ok,
    /// To all lower processes: I am the leader.
    Coordinator,
}

/// What a process waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// An answer.
    Answer,
    /// A coordinator.
    Coordinator,
}

impl Process for Bully {
    type Problem = Election;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// Whether it has run before: who comes back holds an election.
    type Stable = bool;

    const DESCRIPTION: Description = Description {
        name: "bully",
        summary: "Ask all higher processes; who hears none of them is the leader and tells all lower ones.",
        assumes: &[
            "synchrony: a message and its answer take no longer than `answer-within`, or a live process is taken for dead",
            "perfect links: nothing is lost, duplicated or made up",
            "processes may crash, and come back; everybody knows all ids, and is linked to all",
        ],
        promises: &["one-leader", "agreement", "highest-id", "termination", "stability"],
        messages: &[
            ("election", "to all higher processes: is anybody of you up?"),
            ("ok", "to a lower process: I am; I take over"),
            ("coordinator", "to all lower processes: I am the leader"),
        ],
        cost: "the highest of N is dead and one process notices that has m higher than itself: m*m+N-2 messages; N-1 at best, N*N-N-1 at worst",
        breaks: &[
            "asynchrony: an answer comes too late and there are two leaders (one-leader)",
            "asynchrony: an old coordinator message comes after a newer one and stays (stability)",
            "the highest comes back just when a lower one announces itself, which has not heard of it yet (stability)",
            "a partition: each part elects a leader of its own (one-leader)",
        ],
        source: "Garcia-Molina, Elections in a distributed computing system (1982), section 4",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, ran_before: bool) -> Self {
        let mut bully = Self { config: *config, phase: Phase::Idle };
        if ran_before {
            bully.start(ctx);
        } else {
            ctx.save(true);
        }
        bully
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start => self.start(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Election => self.on_election(ctx, from),
            Message::Ok => self.on_ok(ctx, from),
            Message::Coordinator => self.on_coordinator(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Answer => self.announce(ctx),
            Timer::Coordinator => self.on_no_coordinator(ctx),
        }
    }
}

impl Bully {
    /// Upon suspicion, or recovery: ask all that are higher. The highest of all need not ask.
    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        if self.phase != Phase::Idle {
            return;
        }
        let me = ctx.me();
        if me.index() + 1 >= ctx.group_size() {
            return self.announce(ctx);
        }
        ctx.multicast(ctx.group().skip(me.index() + 1), Message::Election);
        self.phase = Phase::Electing;
        ctx.set_timer(Timer::Answer, self.config.answer_within);
    }

    /// Nobody higher is up: this process is the leader, and all lower ones must know.
    fn announce(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        self.phase = Phase::Idle;
        ctx.produce(Output::Leader { leader: me, term: None });
        ctx.multicast(ctx.group().take(me.index()), Message::Coordinator);
    }

    /// Upon ELECTION of a lower process: it need not go on, for this one does.
    fn on_election(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if from >= ctx.me() {
            return;
        }
        ctx.send(from, Message::Ok);
        self.start(ctx);
    }

    /// Upon OK: somebody higher takes over; wait for what comes of that.
    fn on_ok(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if self.phase != Phase::Electing || from <= ctx.me() {
            return;
        }
        self.phase = Phase::Waiting;
        ctx.cancel_timer(Timer::Answer);
        ctx.set_timer(Timer::Coordinator, self.config.coordinator_within);
    }

    /// Upon COORDINATOR: that is the leader.
    fn on_coordinator(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        if from <= ctx.me() {
            return;
        }
        self.phase = Phase::Idle;
        ctx.cancel_timer(Timer::Answer);
        ctx.cancel_timer(Timer::Coordinator);
        ctx.produce(Output::Leader { leader: from, term: None });
    }

    /// Who took over has crashed since: start again.
    fn on_no_coordinator(&mut self, ctx: &mut Context<'_, Self>) {
        self.phase = Phase::Idle;
        self.start(ctx);
    }
}
