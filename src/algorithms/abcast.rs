//! Total order by agreed priorities: everybody proposes a place for a message, the sender takes the highest.
//!
//! Skeen (1985, unpublished); Birman, Joseph, "Reliable communication in the presence of failures" (1987), section 4,
//! ABCAST without the recovery of a failed sender's messages; Coulouris, Dollimore, Kindberg, "Distributed Systems",
//! section 15.4.3.
//!
//! ```text
//! p  --data(m)--> everybody; each puts m in its queue with a priority of its own, not yet final
//! q  --propose(m, 4.q)--> p
//! r  --propose(m, 7.r)--> p
//! p  --decide(m, 7.r)--> everybody; m moves to its final place, and is delivered when it is the first in the queue
//! ```

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Abcast {
    /// P: the highest priority that this process has proposed.
    proposed: u64,
    /// A: the highest priority that was agreed on, as far as this process knows.
    agreed: u64,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Messages that are not delivered yet, lowest priority first.
    queue: BTreeMap<(Priority, Name), Waiting>,
    /// Where in the queue each message stands.
    places: BTreeMap<Name, Priority>,
    /// The proposals that have come for own messages, by the messages' ids.
    ballots: BTreeMap<u64, Ballot>,
}

/// A message's name: its sender, and which of the sender's messages it is.
type Name = (ProcessId, u64);

/// A place in the order. No two proposals are equal, for each carries its proposer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// The place.
    pub number: u64,
    /// Who proposed it.
    pub by: ProcessId,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Waiting {
    body: String,
    /// Whether the priority was decided; until then it is this process's own proposal.
    is_final: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Ballot {
    highest: Priority,
    voted: BTreeSet<ProcessId>,
}

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
        /// The place.
        priority: Priority,
    },
    /// From the sender to everybody: the place that was agreed on.
    Decide {
        /// Which of the sender's messages it is for.
        id: u64,
        /// The place.
        priority: Priority,
    },
}

/// No configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Process for Abcast {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "abcast",
        summary: "Delivers all messages in one order everywhere: everybody proposes a place, the sender decides for the highest.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
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
            "a sender crashes before it decides: its message stays first in everybody's queue (validity)",
            "anybody crashes: what is said later never gets all proposals (validity)",
            "two messages of one sender overtake each other (fifo-order); over `channel: fifo` the order is causal, too",
        ],
        source: "Birman, Joseph, Reliable communication in the presence of failures (1987), section 4; Coulouris, Dollimore, Kindberg, Distributed Systems, section 15.4.3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::exact("3(N-1)")];

    fn boot(_ctx: &mut Context<'_, Self>, _config: &Config, (): ()) -> Self {
        let (queue, places, ballots) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { proposed: 0, agreed: 0, sent: 0, queue, places, ballots }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, body } => self.on_data(ctx, (from, id), body),
            Message::Propose { id, priority } => self.on_propose(ctx, from, id, priority),
            Message::Decide { id, priority } => self.on_decide(ctx, (from, id), priority),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Abcast {
    /// Step 1: the sender sends the message to everybody; its own proposal is the first.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        ctx.broadcast(Message::Data { id, body: body.clone() });
        let priority = self.propose(me, (me, id), body);
        self.ballots.insert(id, Ballot { highest: priority, voted: BTreeSet::new() });
        self.on_propose(ctx, me, id, priority);
    }

    /// Step 2: a member queues the message with a priority above all it knows of, and proposes that to the sender.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, name: Name, body: String) {
        if self.places.contains_key(&name) {
            return;
        }
        let priority = self.propose(ctx.me(), name, body);
        ctx.send(name.0, Message::Propose { id: name.1, priority });
    }

    /// Step 3: when everybody has proposed, the sender decides for the highest proposal.
    fn on_propose(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, priority: Priority) {
        let Some(ballot) = self.ballots.get_mut(&id) else { return };
        ballot.highest = ballot.highest.max(priority);
        ballot.voted.insert(from);
        if ballot.voted.len() < ctx.group_size() {
            return;
        }
        let priority = ballot.highest;
        self.ballots.remove(&id);
        ctx.broadcast(Message::Decide { id, priority });
        self.on_decide(ctx, (ctx.me(), id), priority);
    }

    /// Step 4: the message moves to its final place; what is first in the queue and final has its turn.
    fn on_decide(&mut self, ctx: &mut Context<'_, Self>, name: Name, priority: Priority) {
        let Some(proposed) = self.places.get(&name).copied() else { return };
        let Some(waiting) = self.queue.remove(&(proposed, name)) else { return };
        self.agreed = self.agreed.max(priority.number);
        self.places.insert(name, priority);
        self.queue.insert((priority, name), Waiting { is_final: true, ..waiting });
        self.deliver_all(ctx);
    }

    /// Queues a message at a place above all that were proposed here or agreed on.
    fn propose(&mut self, me: ProcessId, name: Name, body: String) -> Priority {
        self.proposed = self.proposed.max(self.agreed) + 1;
        let priority = Priority { number: self.proposed, by: me };
        self.places.insert(name, priority);
        self.queue.insert((priority, name), Waiting { body, is_final: false });
        priority
    }

    /// Delivers from the head of the queue. What is not final stays and blocks: it can only move back, and nobody
    /// knows yet behind whom.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some(first) = self.queue.first_entry().filter(|first| first.get().is_final) {
            let (_, (from, id)) = *first.key();
            let Waiting { body, .. } = first.remove();
            ctx.produce(Output::Deliver(Delivery { number: None, from, id, body }));
        }
    }
}
