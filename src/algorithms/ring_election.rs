//! Ring election with a list: the message collects the ids of all that are up, and goes round again with the highest.
//!
//! Tanenbaum, van Steen, "Distributed Systems", section 6.5; Sinha, "Distributed Operating Systems" (1997), section 6.5.
//! Both say that a process skips a successor that is down; how it can tell is by an acknowledgement that does not come.
//!
//! ```text
//! p1 --election(1)--> p2 --election(1,2)--> p3 --election(1,2,3)--> p4 (down)
//!                                           p3 --election(1,2,3)--> p1 --coordinator(3)--> p2 --> p3 --> p1
//! ```

use crate::{
    algorithms::parts::ring::Ring,
    problems::election::{Election, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RingElection {
    config: Config,
    ring: Ring,
    /// Who has not acknowledged a message, and has not been heard of since.
    down: BTreeSet<ProcessId>,
    /// How many messages this process has passed on.
    passed: u64,
    /// What was passed on, to whom, and is not acknowledged yet.
    pending: BTreeMap<u64, (ProcessId, Content)>,
}

/// The settings.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The nodes in the order of the ring; those that are left out follow in the order of their ids.
    pub order: Vec<ProcessId>,
    /// How long to wait for an acknowledgement before the successor is taken for dead and skipped; with 0s there are no
    /// acknowledgements, and nobody is skipped.
    #[serde(with = "duration")]
    pub patience: Duration,
    /// Whether somebody completes the election of an initiator that has crashed: the first to see a list come round for
    /// the second time. Not in the books.
    pub take_over: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { order: Vec::new(), patience: Duration::from_millis(250), take_over: false }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// An election goes round.
    Election {
        /// Which of the sender's messages it is.
        pass: u64,
        /// Who is up, the initiator first.
        ids: Vec<ProcessId>,
    },
    /// The result goes round.
    Coordinator {
        /// Which of the sender's messages it is.
        pass: u64,
        /// Who leads.
        leader: ProcessId,
        /// Who takes the message off the ring.
        initiator: ProcessId,
        /// How many more processes it may come to.
        hops: u32,
    },
    /// The message has arrived.
    Ack {
        /// Which of the receiver's messages.
        pass: u64,
    },
}

/// What goes round.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Content {
    Election { ids: Vec<ProcessId> },
    Coordinator { leader: ProcessId, initiator: ProcessId, hops: u32 },
}

/// The acknowledgement of this message is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Skip who has not acknowledged it.
    Skip(u64),
}

impl Process for RingElection {
    type Problem = Election;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "ring-election",
        summary: "A list of all that are up goes round the ring, and then its highest id; successors that are down are skipped.",
        assumes: &[
            "perfect links, and acknowledgements that come within `patience`: else a live process is skipped",
            "nobody crashes while an election is under way; who has crashed before is skipped",
        ],
        promises: &["one-leader", "agreement", "highest-id", "termination", "stability"],
        messages: &[
            ("election", "the ids of all that are up, the initiator's first"),
            ("coordinator", "the highest of them"),
            ("ack", "the message has arrived; none with a `patience` of 0s"),
        ],
        cost: "2n messages for each initiator when n are up, as many acknowledgements, and one message for each process that is found down",
        breaks: &[
            "the initiator crashes: its list goes round for ever, unless `take-over` is set (termination)",
            "the highest crashes when it is in the list already: it is elected all the same (stability)",
            "an acknowledgement comes too late: a live process is skipped (termination, highest-id)",
            "two processes come back at once: either list may miss the other, and both are announced (agreement)",
        ],
        source: "Tanenbaum, van Steen, Distributed Systems, section 6.5; Sinha, Distributed Operating Systems (1997), section 6.5",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let ring = Ring::of(ctx.me(), ctx.group_size(), &config.order);
        Self { config: config.clone(), ring, down: BTreeSet::new(), passed: 0, pending: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start => self.pass(ctx, Content::Election { ids: vec![ctx.me()] }),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        self.down.remove(&from);
        match message {
            Message::Election { pass, ids } => {
                self.acknowledge(ctx, from, pass);
                self.on_election(ctx, ids);
            }
            Message::Coordinator { pass, leader, initiator, hops } => {
                self.acknowledge(ctx, from, pass);
                self.on_coordinator(ctx, leader, initiator, hops);
            }
            Message::Ack { pass } => self.on_ack(ctx, from, pass),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Skip(pass) => self.skip(ctx, pass),
        }
    }
}

impl RingElection {
    /// Sends something to the next process that is not known to be down; this one itself when there is none.
    fn pass(&mut self, ctx: &mut Context<'_, Self>, content: Content) {
        let me = ctx.me();
        let to = self.ring.others().iter().copied().find(|id| !self.down.contains(id)).unwrap_or(me);
        let content = match content {
            // What goes round for somebody else would go round here for ever.
            Content::Election { ids } if to == me && ids.first() != Some(&me) => {
                Content::Election { ids: vec![me] }
            }
            Content::Coordinator { initiator, .. } if to == me && initiator != me => return,
            content => content,
        };
        self.passed += 1;
        let pass = self.passed;
        ctx.send(
            to,
            match content.clone() {
                Content::Election { ids } => Message::Election { pass, ids },
                Content::Coordinator { leader, initiator, hops } => {
                    Message::Coordinator { pass, leader, initiator, hops }
                }
            },
        );
        if !self.config.patience.is_zero() && to != me {
            self.pending.insert(pass, (to, content));
            ctx.set_timer(Timer::Skip(pass), self.config.patience);
        }
    }

    fn acknowledge(&self, ctx: &mut Context<'_, Self>, from: ProcessId, pass: u64) {
        if !self.config.patience.is_zero() && from != ctx.me() {
            ctx.send(from, Message::Ack { pass });
        }
    }

    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, pass: u64) {
        if self.pending.get(&pass).is_some_and(|(to, _)| *to == from) {
            self.pending.remove(&pass);
            ctx.cancel_timer(Timer::Skip(pass));
        }
    }

    /// The successor is down: on to the next.
    fn skip(&mut self, ctx: &mut Context<'_, Self>, pass: u64) {
        let Some((to, content)) = self.pending.remove(&pass) else { return };
        self.down.insert(to);
        self.pass(ctx, content);
    }

    /// Upon ELECTION: when the list is the own one it is complete, and its highest leads; else add the own id.
    fn on_election(&mut self, ctx: &mut Context<'_, Self>, mut ids: Vec<ProcessId>) {
        let me = ctx.me();
        let Some(initiator) = ids.first().copied() else { return };
        // Who has joined the list since it last came by is up, whatever was thought of it.
        let before = ids.iter().rposition(|id| *id == me).map_or(0, |place| place + 1);
        self.down.retain(|id| !ids[before..].contains(id));
        if initiator != me && !(self.config.take_over && ids.contains(&me)) {
            ids.push(me);
            return self.pass(ctx, Content::Election { ids });
        }
        let leader = ids.iter().copied().max().unwrap_or(me);
        let hops = ctx.group_size() as u32;
        self.pass(ctx, Content::Coordinator { leader, initiator: me, hops });
    }

    /// Upon COORDINATOR: that is the leader; the message ends where it began.
    fn on_coordinator(
        &mut self,
        ctx: &mut Context<'_, Self>,
        leader: ProcessId,
        initiator: ProcessId,
        hops: u32,
    ) {
        ctx.produce(Output::Leader { leader, term: None });
        if initiator == ctx.me() || (self.config.take_over && hops <= 1) {
            return;
        }
        let hops = hops.saturating_sub(1);
        self.pass(ctx, Content::Coordinator { leader, initiator, hops });
    }
}
