//! Mutual exclusion by permissions that stay until somebody asks for them, with a mistake to choose.
//!
//! Carvalho, Roucairol, "On mutual exclusion in computer networks" (1983): of each pair of processes one has the pair's
//! permission. Who gives it away while it waits itself must ask for it back.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One participant.
pub type CarvalhoRoucairolFlawed = Sketch<CarvalhoRoucairol>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// Keeps a permission that it has given away.
    KeepsPermission,
    /// Does not ask for a permission back that it gives away while it waits.
    DoesNotAskAgain,
    /// At first both of a pair have its permission.
    BothBegin,
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
    /// The permission of the two of us is yours.
    Reply,
}

/// Carvalho's and Roucairol's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CarvalhoRoucairol {
    mistake: Mistake,
    stamp: u64,
    highest: u64,
    /// With whom this process has the permission.
    permitted: BTreeSet<ProcessId>,
    deferred: BTreeSet<ProcessId>,
}

impl Rules for CarvalhoRoucairol {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "carvalho-roucairol-flawed",
        summary: "Carvalho's and Roucairol's permissions for mutual exclusion with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "I want to enter, with a sequence number"),
            ("reply", "the permission of the two of us is yours"),
        ],
        cost: "0 to 2(N-1) messages for each entry",
        breaks: &[
            "mistake: keeps-permission: both of a pair believe that they have it (mutual-exclusion)",
            "mistake: does-not-ask-again: what is given away never comes back (deadlock-freedom)",
            "mistake: both-begin: two enter without a message (mutual-exclusion)",
        ],
        source: "Carvalho, Roucairol, On mutual exclusion in computer networks (1983)",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        let (me, mistake) = (ctx.me(), *mistake);
        let begins = |other: &ProcessId| *other > me || mistake == Mistake::BothBegin && *other != me;
        let permitted = ctx.group().filter(begins).collect();
        Self { mistake, stamp: 0, highest: 0, permitted, deferred: BTreeSet::new() }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.stamp = self.stamp.max(self.highest).saturating_add(1);
        let me = ctx.me();
        let missing = ctx.group().filter(|other| *other != me && !self.permitted.contains(other));
        ctx.multicast(missing, Message::Request { stamp: self.stamp });
        self.enter_if_permitted(ctx, section);
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, section, from, stamp),
            Message::Reply => {
                self.permitted.insert(from);
                self.enter_if_permitted(ctx, section);
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        for process in std::mem::take(&mut self.deferred) {
            self.give(ctx, process);
        }
    }
}

impl CarvalhoRoucairol {
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &Section, from: ProcessId, stamp: u64) {
        self.highest = self.highest.max(stamp);
        let first = section.is_waiting() && (self.stamp, ctx.me()) < (stamp, from);
        if section.is_inside() || first {
            self.deferred.insert(from);
            return;
        }
        let had = self.permitted.contains(&from);
        self.give(ctx, from);
        if section.is_waiting() && had && self.mistake != Mistake::DoesNotAskAgain {
            ctx.send(from, Message::Request { stamp: self.stamp });
        }
    }

    fn give(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId) {
        if self.mistake != Mistake::KeepsPermission {
            self.permitted.remove(&to);
        }
        ctx.send(to, Message::Reply);
    }

    fn enter_if_permitted(&self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if section.is_waiting() && self.permitted.len() + 1 == ctx.group_size() {
            section.enter(ctx);
        }
    }
}
