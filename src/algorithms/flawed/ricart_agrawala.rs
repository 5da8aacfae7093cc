//! Mutual exclusion by permission of all others, with a mistake to choose.
//!
//! Ricart, Agrawala, "An optimal algorithm for mutual exclusion in computer networks" (1981), section 2: a reply is
//! deferred when this process is inside, or waits with a request that goes first: by sequence number, then by process.
//! As in the paper replies are counted, so that one which arrives twice does harm.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One participant.
pub type RicartAgrawalaFlawed = Sketch<RicartAgrawala>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// Of two requests with one sequence number neither goes first: both are granted.
    NoTieBreak,
    /// Of two requests with one sequence number both go first: both wait.
    BothDefer,
    /// The younger request goes first.
    ReversedPriority,
    /// Who is inside replies at once.
    RepliesInside,
    /// Who is inside or goes first keeps others waiting, and forgets them.
    ForgetsDeferred,
    /// `Highest_Sequence_Number` is not kept: a number may be smaller than one that was granted long ago.
    IgnoresHighest,
    /// Enters when all but one have replied.
    OneReplyShort,
    /// The rules of a lab sheet's listing, unchanged: the comparison is reversed and has no tie-break; a request that
    /// is not older than the own one is neither answered nor deferred; the first reply is enough when nobody is kept
    /// waiting; numbers do not advance with what is received.
    LabSheet,
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
    Reply,
}

/// Ricart's and Agrawala's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RicartAgrawala {
    mistake: Mistake,
    /// `Our_Sequence_Number`.
    stamp: u64,
    /// `Highest_Sequence_Number`.
    highest: u64,
    /// How many have replied (the paper counts down: `Outstanding_Reply_Count`).
    replies: usize,
    /// `Reply_Deferred`.
    deferred: BTreeSet<ProcessId>,
}

impl Rules for RicartAgrawala {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "ricart-agrawala-flawed",
        summary: "Ricart's and Agrawala's permissions for mutual exclusion with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to everybody: I want to enter, with a sequence number"),
            ("reply", "to who asked: enter, as far as I am concerned"),
        ],
        cost: "2(N-1) messages for each entry",
        breaks: &[
            "mistake: no-tie-break: two requests with one number are both granted (mutual-exclusion)",
            "mistake: both-defer: two requests with one number wait for each other (deadlock-freedom)",
            "mistake: reversed-priority: the older request was granted and the younger one goes first (mutual-exclusion)",
            "mistake: replies-inside: who is inside lets another one in (mutual-exclusion)",
            "mistake: forgets-deferred: who is kept waiting waits for ever (deadlock-freedom)",
            "mistake: ignores-highest: a later request looks older (mutual-exclusion)",
            "mistake: one-reply-short: the one that was not waited for is inside (mutual-exclusion)",
            "mistake: lab-sheet: two wait for ever, or two of three are inside (deadlock-freedom, mutual-exclusion)",
            "a reply that arrives twice counts for two (mutual-exclusion)",
        ],
        source: "Ricart, Agrawala, An optimal algorithm for mutual exclusion in computer networks (1981), section 2",
    };

    fn begin(_ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        Self { mistake: *mistake, stamp: 0, highest: 0, replies: 0, deferred: BTreeSet::new() }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.stamp = self.stamp.max(self.highest).saturating_add(1);
        self.replies = 0;
        ctx.broadcast(Message::Request { stamp: self.stamp });
        if ctx.group_size() == 1 {
            section.enter(ctx);
        }
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, section, from, stamp),
            Message::Reply => self.on_reply(ctx, section),
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let deferred = std::mem::take(&mut self.deferred);
        if self.mistake != Mistake::ForgetsDeferred {
            ctx.multicast(deferred, Message::Reply);
        }
    }
}

impl RicartAgrawala {
    /// The process that receives requests.
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &Section, from: ProcessId, stamp: u64) {
        if !matches!(self.mistake, Mistake::IgnoresHighest | Mistake::LabSheet) {
            self.highest = self.highest.max(stamp);
        }
        let inside = section.is_inside() && self.mistake != Mistake::RepliesInside;
        let first = section.is_waiting() && self.goes_first(ctx.me(), (stamp, from));
        if inside || first {
            self.deferred.insert(from);
        } else if !section.is_waiting() || self.mistake != Mistake::LabSheet {
            ctx.send(from, Message::Reply);
        }
    }

    /// Whether the own request goes before another one.
    fn goes_first(&self, me: ProcessId, (stamp, from): (u64, ProcessId)) -> bool {
        match self.mistake {
            Mistake::NoTieBreak => self.stamp < stamp,
            Mistake::BothDefer => self.stamp <= stamp,
            Mistake::ReversedPriority => (self.stamp, me) > (stamp, from),
            Mistake::LabSheet => self.stamp > stamp,
            Mistake::None
            | Mistake::RepliesInside
            | Mistake::ForgetsDeferred
            | Mistake::IgnoresHighest
            | Mistake::OneReplyShort => (self.stamp, me) < (stamp, from),
        }
    }

    /// The process that receives replies: enter with the last one.
    fn on_reply(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.replies += 1;
        let all = ctx.group_size() - 1;
        let enough = match self.mistake {
            Mistake::OneReplyShort => self.replies + 1 >= all,
            Mistake::LabSheet => self.replies == all || self.deferred.is_empty(),
            _ => self.replies == all,
        };
        if enough && section.is_waiting() {
            section.enter(ctx);
        }
    }
}
