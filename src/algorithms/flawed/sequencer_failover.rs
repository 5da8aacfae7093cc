//! Total order by a sequencer that others take over from, with a mistake to choose.
//!
//! Kaashoek, "Group communication in distributed computer systems" (1992), section 3.3, with majorities. Simpler than
//! `sequencer` with failover: everybody reports its whole store, and a new sequencer sends all of it again. Who takes
//! whom for crashed, and when, is part of the configuration.
//!
//! ```text
//! p  --submit--> s  --tentative(7)--> everybody  --ack--> s, when f have it  --accept(7)--> everybody
//! t, after s is suspected  --new-epoch--> everybody  --state--> t  --start, tentative(1..7)--> everybody
//! ```

use super::{Suspicion, deliver};
use crate::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The counterexample of the literature: what comes with a number is delivered at once, and a new sequencer goes on
    /// from the highest number that it has seen itself.
    ReusedNumbers,
    /// What comes with a number is delivered, though nobody else may have stored it.
    DeliversAtOnce,
    /// A new sequencer asks nobody what was stored.
    OwnMaximumOnly,
    /// Sequencers of earlier epochs are obeyed, too.
    NoFencing,
    /// What is submitted again gets a second number.
    NoDedup,
    /// What was submitted to the sequencer that crashed is not submitted again.
    NoResubmission,
    /// Of what is stored under one number, the earliest counts.
    EarliestCounts,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is done wrong; `none` unless said otherwise.
    pub mistake: Mistake,
    /// Who takes whom for crashed, and when: `[{who: n2, whom: n1, after: 100ms}]`.
    pub suspicions: Vec<Suspicion>,
}

/// A message, its sender and its number among the sender's messages.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Said {
    /// Who said it.
    pub from: ProcessId,
    /// Which of the sender's messages it is, counted from 1.
    pub id: u64,
    /// What was said.
    pub body: String,
}

/// An epoch's number and its sequencer.
type Epoch = (u64, ProcessId);
/// What is stored under each number, and in which epoch it was.
type Store = BTreeMap<u64, (Epoch, Said)>;

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the sequencer: number this.
    Submit {
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// From the sequencer to everybody: store this under this number, and say so.
    Tentative {
        /// The sequencer's epoch.
        epoch: u64,
        /// The place in the one order that the message is to have.
        number: u64,
        /// The message.
        said: Said,
    },
    /// To the sequencer: it is stored.
    Ack {
        /// The sequencer's epoch.
        epoch: u64,
        /// The number.
        number: u64,
    },
    /// From the sequencer to everybody: deliver up to this number.
    Accept {
        /// The sequencer's epoch.
        epoch: u64,
        /// The number.
        number: u64,
    },
    /// From a new sequencer to everybody: what have you stored?
    NewEpoch {
        /// Its epoch.
        epoch: u64,
    },
    /// To a new sequencer: this.
    State {
        /// Its epoch.
        epoch: u64,
        /// What is stored.
        store: Store,
    },
    /// From a new sequencer to everybody: submit again what has no number.
    Start {
        /// Its epoch.
        epoch: u64,
    },
}

/// One participant: a member, and the first of them the sequencer at first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SequencerFailoverFlawed {
    mistake: Mistake,
    epoch: Epoch,
    sequencing: bool,
    suspected: BTreeSet<ProcessId>,
    sent: u64,
    /// Own messages that are not delivered yet.
    pending: BTreeMap<u64, String>,
    store: Store,
    /// What the others have reported to the new sequencer.
    states: BTreeMap<ProcessId, Store>,
    acks: BTreeMap<u64, BTreeSet<ProcessId>>,
    accepted: u64,
    delivered: u64,
}

impl Process for SequencerFailoverFlawed {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = ProcessId;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "sequencer-failover-flawed",
        summary: "Total order by a sequencer that others take over from, with a mistake to choose: for the museum.",
        assumes: &[
            "perfect FIFO links between those who do not crash",
            "fewer than half crash, and do not come back; whoever crashes is suspected, as `suspicions` says",
        ],
        promises: &[
            "validity",
            "self-delivery",
            "agreement",
            "uniform-agreement",
            "integrity",
            "total-order",
        ],
        messages: &[
            ("submit", "to the sequencer: number this"),
            ("tentative", "from the sequencer: store this under this number"),
            ("ack", "to the sequencer: it is stored"),
            ("accept", "from the sequencer: deliver up to this number"),
            ("new-epoch", "from a new sequencer: what have you stored?"),
            ("state", "to a new sequencer: this"),
            ("start", "from a new sequencer: submit again what has no number"),
        ],
        cost: "1+3(N-1) messages for each broadcast; 3(N-2) and what is stored for a change",
        breaks: &[
            "mistake: reused-numbers: a number that somebody has delivered is given away again (total-order)",
            "mistake: delivers-at-once: what the crashed sequencer delivered nobody else has (uniform-agreement)",
            "mistake: own-maximum-only: a number that was accepted without it is given away again (total-order)",
            "mistake: no-fencing: two sequencers number at once (total-order)",
            "mistake: no-dedup: what is submitted again is delivered twice (integrity)",
            "mistake: no-resubmission: what the crashed sequencer took along is lost (self-delivery)",
            "mistake: earliest-counts: an old proposal comes back in place of what was delivered (total-order)",
        ],
        source: "Kaashoek, Group communication in distributed computer systems (1992), section 3.3",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let me = ctx.me();
        for Suspicion { whom, after, .. } in config.suspicions.iter().filter(|it| it.who == me) {
            ctx.set_timer(*whom, *after);
        }
        Self {
            mistake: config.mistake,
            epoch: (0, ProcessId(0)),
            sequencing: me == ProcessId(0),
            suspected: BTreeSet::new(),
            sent: 0,
            pending: BTreeMap::new(),
            store: BTreeMap::new(),
            states: BTreeMap::new(),
            acks: BTreeMap::new(),
            accepted: 0,
            delivered: 0,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request;
        self.sent += 1;
        let (me, id) = (ctx.me(), self.sent);
        self.pending.insert(id, body.clone());
        if self.sequencing {
            self.number(ctx, Said { from: me, id, body });
        } else if self.epoch.1 != me {
            ctx.send(self.epoch.1, Message::Submit { id, body });
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let obeys = |epoch: u64| (epoch, from) == self.epoch || self.mistake == Mistake::NoFencing;
        match message {
            Message::Submit { id, body } if self.sequencing => self.number(ctx, Said { from, id, body }),
            Message::Tentative { epoch, number, said } if obeys(epoch) => {
                self.store.insert(number, ((epoch, from), said));
                ctx.send(from, Message::Ack { epoch, number });
                self.deliver_all(ctx);
            }
            Message::Ack { epoch, number } if self.sequencing && epoch == self.epoch.0 => {
                self.acks.entry(number).or_default().insert(from);
                self.accept_all(ctx);
            }
            Message::Accept { epoch, number } if obeys(epoch) => {
                self.accepted = self.accepted.max(number);
                self.deliver_all(ctx);
            }
            Message::NewEpoch { epoch } if (epoch, from) > self.epoch => {
                self.epoch = (epoch, from);
                self.sequencing &= self.mistake == Mistake::NoFencing;
                ctx.send(from, Message::State { epoch, store: self.store.clone() });
            }
            Message::State { epoch, store } if (epoch, ctx.me()) == self.epoch => {
                self.states.insert(from, store);
                self.start(ctx);
            }
            Message::Start { epoch } if obeys(epoch) && self.mistake != Mistake::NoResubmission => {
                for (id, body) in self.pending.clone() {
                    ctx.send(from, Message::Submit { id, body });
                }
            }
            Message::Submit { .. }
            | Message::Tentative { .. }
            | Message::Ack { .. }
            | Message::Accept { .. }
            | Message::NewEpoch { .. }
            | Message::State { .. }
            | Message::Start { .. } => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, suspect: ProcessId) {
        self.suspected.insert(suspect);
        let first = ctx.group().find(|process| !self.suspected.contains(process));
        if self.suspected.contains(&self.epoch.1) && first == Some(ctx.me()) {
            self.epoch = (self.epoch.0 + 1, ctx.me());
            self.tell(ctx, &Message::NewEpoch { epoch: self.epoch.0 });
            self.start(ctx);
        }
    }
}

impl SequencerFailoverFlawed {
    /// Tells all who are not suspected.
    fn tell(&self, ctx: &mut Context<'_, Self>, message: &Message) {
        let me = ctx.me();
        let others = ctx.group().filter(|process| *process != me && !self.suspected.contains(process));
        ctx.multicast(others, message.clone());
    }

    /// At the sequencer: gives a message the next number.
    fn number(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        let known = |(_, known): &(Epoch, Said)| (known.from, known.id) == (said.from, said.id);
        if self.store.values().any(known) && self.mistake != Mistake::NoDedup {
            return;
        }
        let number = self.store.last_key_value().map_or(0, |(number, _)| *number) + 1;
        self.propose(ctx, number, said);
        self.accept_all(ctx);
    }

    fn propose(&mut self, ctx: &mut Context<'_, Self>, number: u64, said: Said) {
        self.tell(ctx, &Message::Tentative { epoch: self.epoch.0, number, said: said.clone() });
        self.store.insert(number, (self.epoch, said));
    }

    /// At the sequencer: what a majority has stored is accepted.
    fn accept_all(&mut self, ctx: &mut Context<'_, Self>) {
        let (before, others) = (self.accepted, (ctx.group_size() - 1) / 2);
        loop {
            let number = self.accepted + 1;
            let stored = self.acks.get(&number).map_or(0, BTreeSet::len);
            if !self.store.contains_key(&number) || stored < others {
                break;
            }
            self.accepted = number;
        }
        if self.accepted > before {
            self.tell(ctx, &Message::Accept { epoch: self.epoch.0, number: self.accepted });
        }
        self.deliver_all(ctx);
    }

    /// Delivers what is accepted, as far as it is stored in the epoch in which it was accepted.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let at_once = matches!(self.mistake, Mistake::DeliversAtOnce | Mistake::ReusedNumbers);
        while let Some((epoch, said)) = self.store.get(&(self.delivered + 1)) {
            let current = *epoch == self.epoch || self.mistake == Mistake::NoFencing;
            if !at_once && (self.delivered >= self.accepted || !current) {
                return;
            }
            self.delivered += 1;
            if said.from == ctx.me() {
                self.pending.remove(&said.id);
            }
            deliver(ctx, said.from, said.id, said.body.clone());
        }
    }

    /// A new sequencer that has heard from a majority proposes again all that anybody has stored; then it goes on.
    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        let own_only = matches!(self.mistake, Mistake::OwnMaximumOnly | Mistake::ReusedNumbers);
        if self.sequencing || self.states.len() < ctx.group_size() / 2 && !own_only {
            return;
        }
        for (number, (epoch, said)) in self.states.values().filter(|_| !own_only).flatten() {
            let earliest = self.mistake == Mistake::EarliestCounts;
            let known = self.store.get(number).map(|(epoch, _)| *epoch);
            if known.is_none_or(|known| if earliest { *epoch < known } else { *epoch > known }) {
                self.store.insert(*number, (*epoch, said.clone()));
            }
        }
        self.sequencing = true;
        self.acks.clear();
        self.tell(ctx, &Message::Start { epoch: self.epoch.0 });
        let mut known = BTreeSet::new();
        let found: Vec<Said> = std::mem::take(&mut self.store).into_values().map(|(_, said)| said).collect();
        for said in found.into_iter().filter(|said| known.insert((said.from, said.id))) {
            let number = self.store.len() as u64 + 1;
            self.propose(ctx, number, said);
        }
        self.accept_all(ctx);
        for (id, body) in self.pending.clone() {
            self.number(ctx, Said { from: ctx.me(), id, body });
        }
    }
}
