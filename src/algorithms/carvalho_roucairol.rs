//! Mutual exclusion by permissions that stay where they are: who was permitted once need not ask again.
//!
//! Carvalho, Roucairol, "On mutual exclusion in computer networks" (1983). For every pair of processes there is one
//! permission; it is with one of the two or on its way. Who has those of all its pairs may enter.
//!
//! ```text
//! p --request(1)--> q --reply--> p, inside, outside, inside again without a message
//! q --request(5)--> p --reply--> q: now q has the permission of the pair
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
pub struct CarvalhoRoucairol {
    section: Section,
    /// The timestamp of this process's open or last request.
    stamp: u64,
    /// The highest timestamp that was seen in a request.
    highest: u64,
    /// With whom this process has the permission of the pair; at first with those of higher id.
    permitted: BTreeSet<ProcessId>,
    /// Who waits for the permission.
    deferred: BTreeSet<ProcessId>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// I want to enter.
    Request {
        /// The request's timestamp.
        stamp: u64,
    },
    /// The permission of our pair is yours.
    Reply,
}

/// No configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Process for CarvalhoRoucairol {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "carvalho-roucairol",
        summary: "Like Ricart and Agrawala's, but a permission is kept until somebody asks for it.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to those who have the permission of the pair: I want to enter"),
            ("reply", "to who asked: the permission of our pair is yours"),
        ],
        cost: "2 messages for each permission that changes sides: 0 to 2(N-1) for each entry, 0 for who enters again; 1 delay from one to the next",
        breaks: &[
            "one lost message, or one process that crashes: who needs its permission never enters (deadlock-freedom)",
            "a reply that arrives twice: a permission is on both sides (mutual-exclusion)",
            "expecting more: who has all permissions enters without asking, whoever asked before (happened-before-fairness)",
        ],
        source: "Carvalho, Roucairol, On mutual exclusion in computer networks (1983)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("0", "2(N-1)")];

    fn boot(ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        let me = ctx.me();
        Self {
            section: Section::default(),
            stamp: 0,
            highest: 0,
            permitted: ctx.group().filter(|process| *process > me).collect(),
            deferred: BTreeSet::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, from, stamp),
            Message::Reply => self.on_reply(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl CarvalhoRoucairol {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// Asks those who have the permission of the pair, and nobody else.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.stamp = self.stamp.max(self.highest).saturating_add(1);
        let (me, permitted) = (ctx.me(), &self.permitted);
        let missing = ctx.group().filter(|process| *process != me && !permitted.contains(process));
        ctx.multicast(missing, Message::Request { stamp: self.stamp });
        self.enter_if_permitted(ctx);
    }

    /// Upon a request: give the permission away, unless this process is inside or its own request goes first. Who is
    /// waiting itself needs it back, and asks for it in the same breath.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        self.highest = self.highest.max(stamp);
        let mine = (self.stamp, ctx.me());
        if self.section.is_inside() || self.section.is_waiting() && mine < (stamp, from) {
            self.deferred.insert(from);
            return;
        }
        // Nobody can give what he does not have: that would be a second permission for one pair.
        if !self.permitted.remove(&from) {
            return;
        }
        ctx.send(from, Message::Reply);
        if self.section.is_waiting() {
            ctx.send(from, Message::Request { stamp: self.stamp });
        }
    }

    /// Upon a reply: the permission of the pair is here.
    fn on_reply(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        self.permitted.insert(from);
        self.enter_if_permitted(ctx);
    }

    fn enter_if_permitted(&mut self, ctx: &mut Context<'_, Self>) {
        if self.section.is_waiting() && self.permitted.len() + 1 == ctx.group_size() {
            self.section.enter(ctx);
        }
    }

    /// Leaves, and gives their permissions to those who wait for them.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        for process in std::mem::take(&mut self.deferred) {
            self.permitted.remove(&process);
            ctx.send(process, Message::Reply);
        }
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }
}
