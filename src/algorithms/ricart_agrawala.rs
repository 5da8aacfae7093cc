//! Mutual exclusion by permission of all others: who wants to enter later, or not at all, permits it at once.
//!
//! Ricart, Agrawala, "An optimal algorithm for mutual exclusion in computer networks" (1981), section 2. Replies name
//! the request they answer, so that one that arrives twice does no harm.
//!
//! ```text
//! p --request(1)--> q, r     q --reply--> p     r, inside, defers its reply and sends it when it leaves
//! ```

use super::parts::{
    process_set::ProcessSet,
    section::{Alarm, Section, Wish},
    sorted::Sorted,
};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RicartAgrawala {
    section: Section,
    /// `Our_Sequence_Number`: of this process's open or last request.
    stamp: u64,
    /// `Highest_Sequence_Number` that was seen in a request.
    highest: u64,
    /// Who has permitted the open request.
    replies: ProcessSet,
    /// `Reply_Deferred`: who waits for this process's permission, and for which request.
    deferred: Sorted<ProcessId, u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// I want to enter.
    Request {
        /// The request's sequence number.
        stamp: u64,
    },
    /// Enter, as far as I am concerned.
    Reply {
        /// The sequence number of the request that it answers.
        stamp: u64,
    },
}

/// No configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Process for RicartAgrawala {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "ricart-agrawala",
        summary: "Who wants to enter asks everybody; who is inside or has asked before replies only after leaving.",
        assumes: &[
            "reliable links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want to enter, with a sequence number"),
            ("reply", "to who asked: enter, as far as I am concerned"),
        ],
        cost: "2(N-1) messages for each entry; 1 delay from one to the next",
        breaks: &[
            "one lost message, or one process that crashes: nobody enters any more (deadlock-freedom)",
            "a process that crashes inside and restarts has forgotten whom it keeps waiting (deadlock-freedom)",
            "expecting more: replies carry no clock, so a request may overtake one that it could know of (happened-before-fairness)",
        ],
        source: "Ricart, Agrawala, An optimal algorithm for mutual exclusion in computer networks (1981), section 2",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("2(N-1)")];

    fn boot(_ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        Self {
            section: Section::default(),
            stamp: 0,
            highest: 0,
            replies: ProcessSet::new(),
            deferred: Sorted::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, from, stamp),
            Message::Reply { stamp } => self.on_reply(ctx, from, stamp),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl RicartAgrawala {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// The process that invokes mutual exclusion: choose a sequence number, ask everybody, wait for all replies.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.stamp = self.stamp.max(self.highest).saturating_add(1);
        self.replies.clear();
        ctx.broadcast(Message::Request { stamp: self.stamp });
        self.enter_if_permitted(ctx);
    }

    /// The process that receives requests: defer the reply if this process is inside or its own request goes first.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        self.highest = self.highest.max(stamp);
        let mine = (self.stamp, ctx.me());
        if self.section.is_inside() || self.section.is_waiting() && mine < (stamp, from) {
            let deferred = self.deferred.get_or_insert_with(from, || stamp);
            *deferred = stamp.max(*deferred);
        } else {
            ctx.send(from, Message::Reply { stamp });
        }
    }

    /// The process that receives replies: enter with the last one.
    fn on_reply(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        if self.section.is_waiting() && stamp == self.stamp {
            self.replies.insert(from);
            self.enter_if_permitted(ctx);
        }
    }

    fn enter_if_permitted(&mut self, ctx: &mut Context<'_, Self>) {
        if self.replies.len() + 1 == ctx.group_size() {
            self.section.enter(ctx);
        }
    }

    /// Leaves, and sends the replies that were deferred.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        for (process, stamp) in self.deferred.drain() {
            ctx.send(process, Message::Reply { stamp });
        }
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }
}
