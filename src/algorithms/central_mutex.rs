//! Mutual exclusion by a coordinator: ask it, enter when it grants, tell it when you leave.
//!
//! Sinha, "Distributed operating systems" (1997), section 6.4.1; Tanenbaum, van Steen, "Distributed systems", section
//! 6.3.2.
//!
//! ```text
//! p --request--> coordinator --grant--> p, inside, --release--> coordinator --grant--> the next
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// One participant, and one of them the coordinator too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CentralMutex {
    coordinator: ProcessId,
    section: Section,
    /// How often this process has asked.
    asked: u64,
    /// At the coordinator: whose turn it is.
    busy: Option<Turn>,
    /// At the coordinator: who is next, in order of arrival.
    queue: VecDeque<Turn>,
    /// At the coordinator: how often each process has asked, so that a duplicate is known for one.
    heard: BTreeMap<ProcessId, u64>,
}

/// A process, and which of its requests.
type Turn = (ProcessId, u64);

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who decides; the first node unless said otherwise.
    pub coordinator: Option<ProcessId>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the coordinator: I want to enter.
    Request {
        /// Which of the sender's requests it is, counted from 1.
        id: u64,
    },
    /// From the coordinator: enter.
    Grant {
        /// Which of the receiver's requests it answers.
        id: u64,
    },
    /// To the coordinator: I have left.
    Release {
        /// Which of the sender's requests it ends.
        id: u64,
    },
}

impl Process for CentralMutex {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "central-mutex",
        summary: "A coordinator lets one process after the other into the critical section.",
        assumes: &[
            "reliable links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes, the coordinator least of all",
        ],
        // Everybody hears of others from the coordinator only, who has their requests in its queue by then.
        promises: &[
            "mutual-exclusion",
            "well-formedness",
            "deadlock-freedom",
            "starvation-freedom",
            "happened-before-fairness",
        ],
        messages: &[
            ("request", "to the coordinator: I want to enter"),
            ("grant", "from the coordinator: enter"),
            ("release", "to the coordinator: I have left"),
        ],
        cost: "3 messages for each entry, none when the coordinator itself enters; 2 delays from one to the next",
        breaks: &[
            "the coordinator crashes: nobody enters any more (deadlock-freedom)",
            "the coordinator crashes and restarts: it has forgotten who is inside (mutual-exclusion)",
            "a process crashes inside: nobody else enters (deadlock-freedom)",
        ],
        source: "Sinha, Distributed operating systems (1997), section 6.4.1; Tanenbaum, van Steen, Distributed systems, section 6.3.2",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("0", "3")];

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            coordinator: config.coordinator.unwrap_or(ProcessId(0)),
            section: Section::default(),
            asked: 0,
            busy: None,
            queue: VecDeque::new(),
            heard: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { id } => self.on_ask(ctx, (from, id)),
            Message::Grant { id } => self.on_grant(ctx, id),
            Message::Release { id } => self.on_release(ctx, (from, id)),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl CentralMutex {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// Asks the coordinator, which may be this process itself.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.asked += 1;
        let (me, id) = (ctx.me(), self.asked);
        if me == self.coordinator {
            self.on_ask(ctx, (me, id));
        } else {
            ctx.send(self.coordinator, Message::Request { id });
        }
    }

    /// Upon a request at the coordinator: grant it when nobody is inside, else put it at the end of the queue.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, turn: Turn) {
        let (from, id) = turn;
        let heard = self.heard.entry(from).or_default();
        if id <= *heard {
            return;
        }
        *heard = id;
        self.queue.push_back(turn);
        if self.busy.is_none() {
            self.grant(ctx);
        }
    }

    /// The coordinator lets the first of the queue enter.
    fn grant(&mut self, ctx: &mut Context<'_, Self>) {
        self.busy = self.queue.pop_front();
        match self.busy {
            Some((process, id)) if process == ctx.me() => self.on_grant(ctx, id),
            Some((process, id)) => ctx.send(process, Message::Grant { id }),
            None => {}
        }
    }

    /// Upon the coordinator's grant: enter.
    fn on_grant(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        if self.section.is_waiting() && id == self.asked {
            self.section.enter(ctx);
        }
    }

    /// Leaves and tells the coordinator.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        let (me, id) = (ctx.me(), self.asked);
        if me == self.coordinator {
            self.on_release(ctx, (me, id));
        } else {
            ctx.send(self.coordinator, Message::Release { id });
        }
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }

    /// Upon a release at the coordinator: the next one enters.
    fn on_release(&mut self, ctx: &mut Context<'_, Self>, turn: Turn) {
        if self.busy == Some(turn) {
            self.grant(ctx);
        }
    }
}
