//! Total order by agreed priorities, with a mistake to choose.
//!
//! Birman, Joseph, "Reliable communication in the presence of failures" (1987), section 4; Coulouris, Dollimore,
//! Kindberg, "Distributed Systems", section 15.4.3: everybody proposes a place, the sender decides for the highest, and
//! only the head of the queue is delivered, once it is final.

use super::{Config, deliver};
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// What is final is delivered, whatever stands before it.
    NotHead,
    /// Equal numbers are not told apart by their proposers: what came first is first.
    NoTieBreak,
    /// A proposal is above the own ones only, not above what was agreed on.
    IgnoresAgreed,
    /// The sender decides without waiting for the last proposal.
    OneProposalShort,
}

/// A place in the order, and who proposed it.
type Priority = (u64, ProcessId);
/// A message's name: its sender, and which of the sender's messages it is.
type Name = (ProcessId, u64);

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To everybody: a message without its place.
    Data {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To the sender: the place that this member proposes.
    Propose {
        /// Which of the receiver's messages it is for.
        id: u64,
        /// The place, and who proposes it.
        priority: Priority,
    },
    /// From the sender to everybody: the place that was agreed on.
    Decide {
        /// Which of the sender's messages it is for.
        id: u64,
        /// The place, and who proposed it.
        priority: Priority,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Entry {
    name: Name,
    priority: Priority,
    is_final: bool,
    body: String,
}

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AbcastFlawed {
    mistake: Mistake,
    /// P: the highest place that this process has proposed.
    proposed: u64,
    /// A: the highest that was agreed on.
    agreed: u64,
    sent: u64,
    /// In order of arrival.
    queue: Vec<Entry>,
    proposals: BTreeMap<u64, Vec<Priority>>,
}

impl Process for AbcastFlawed {
    type Problem = Broadcast;
    type Config = Config<Mistake>;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "abcast-flawed",
        summary: "Total order by agreed priorities with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "a closed group: everybody gets every message, and nobody crashes",
        ],
        promises: &["validity", "self-delivery", "agreement", "integrity", "total-order"],
        messages: &[
            ("data", "to everybody: what was said"),
            ("propose", "to the sender: the place that this member proposes"),
            ("decide", "to everybody: the highest of the proposed places"),
        ],
        cost: "3(N-1) messages and 3 message delays for each broadcast",
        breaks: &[
            "mistake: not-head: what is decided passes what is still to be decided for an earlier place (total-order)",
            "mistake: no-tie-break: two messages share a place (total-order)",
            "mistake: ignores-agreed: a place before one that was delivered from is proposed (total-order)",
            "mistake: one-proposal-short: the decision may overtake the message (validity)",
        ],
        source: "Birman, Joseph, Reliable communication in the presence of failures (1987), section 4",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Self::Config, (): ()) -> Self {
        let (queue, proposals) = (Vec::new(), BTreeMap::new());
        Self { mistake: config.mistake, proposed: 0, agreed: 0, sent: 0, queue, proposals }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        ctx.broadcast(Message::Data { id, body: body.clone() });
        let own = self.propose(me, (me, id), body);
        self.proposals.insert(id, Vec::new());
        self.on_propose(ctx, id, own);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, body } => {
                let priority = self.propose(ctx.me(), (from, id), body);
                ctx.send(from, Message::Propose { id, priority });
            }
            Message::Propose { id, priority } => self.on_propose(ctx, id, priority),
            Message::Decide { id, priority } => self.on_decide(ctx, (from, id), priority),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl AbcastFlawed {
    fn propose(&mut self, me: ProcessId, name: Name, body: String) -> Priority {
        let ignores = self.mistake == Mistake::IgnoresAgreed;
        let known = if ignores { self.proposed } else { self.proposed.max(self.agreed) };
        self.proposed = known.saturating_add(1);
        let by = if self.mistake == Mistake::NoTieBreak { ProcessId(0) } else { me };
        let priority = (self.proposed, by);
        self.queue.push(Entry { name, priority, is_final: false, body });
        priority
    }

    /// The sender decides for the highest proposal when it has all.
    fn on_propose(&mut self, ctx: &mut Context<'_, Self>, id: u64, priority: Priority) {
        let Some(proposals) = self.proposals.get_mut(&id) else { return };
        proposals.push(priority);
        let needed = ctx.group_size() - usize::from(self.mistake == Mistake::OneProposalShort);
        if proposals.len() < needed {
            return;
        }
        let highest = proposals.iter().copied().max().unwrap_or(priority);
        self.proposals.remove(&id);
        ctx.broadcast(Message::Decide { id, priority: highest });
        self.on_decide(ctx, (ctx.me(), id), highest);
    }

    /// The message moves to its final place.
    fn on_decide(&mut self, ctx: &mut Context<'_, Self>, name: Name, priority: Priority) {
        let Some(entry) = self.queue.iter_mut().find(|entry| entry.name == name) else { return };
        (entry.priority, entry.is_final) = (priority, true);
        self.agreed = self.agreed.max(priority.0);
        while let Some(place) = self.next() {
            let Entry { name: (from, id), body, .. } = self.queue.remove(place);
            deliver(ctx, from, id, body);
        }
    }

    /// The head of the queue, if it is final; of those with one priority the one that came first.
    fn next(&self) -> Option<usize> {
        let all = self.queue.iter().enumerate();
        let first = if self.mistake == Mistake::NotHead {
            all.filter(|(_, entry)| entry.is_final).min_by_key(|(_, entry)| entry.priority)
        } else {
            all.min_by_key(|(_, entry)| entry.priority).filter(|(_, entry)| entry.is_final)
        };
        first.map(|(place, _)| place)
    }
}
