//! Crash and recovery: what a process must not forget is in stable storage before anybody hears of it.
//!
//! What an acceptor keeps in Lamport's "The part-time parliament" (1998), section 2.3: the latest epoch that it has joined, and
//! what it has stored and since when. So one who crashed and came back is like one who was slow, but that the answers it
//! had not sent yet are lost: it says that it is back, and whoever is the sequencer asks it for its state once more. One that was
//! the sequencer itself begins a new epoch. What everybody has delivered is forgotten.
//!
//! Links must be FIFO here: that the messages of one sender are numbered in the order in which they were said is how a
//! sequencer knows, without a list of all that ever had a number, what is new. So they are delivered in that order, too.
//!
//! ```text
//! p comes back --back--> all others
//! s --new-epoch--> p --state--> s --start, tentative(what p lacks)--> p
//! ```

use super::{
    super::{Config, Entry, Message, Said, Sequencer},
    Epoch, Failover, Numbering, Role,
};
use crate::process::{Context, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The latest epoch that was joined,
    pub epoch: u64,
    /// and whose it is.
    pub sequencer: ProcessId,
    /// How many messages the process has broadcast.
    pub sent: u64,
    /// Those of them that it has not delivered yet.
    pub pending: BTreeMap<u64, String>,
    /// What it has stored, but for what all have delivered.
    pub stored: Vec<Entry>,
    /// Up to which number it has delivered everything.
    pub delivered: u64,
    /// Which message of each sender it delivered last.
    pub last: BTreeMap<ProcessId, u64>,
}

impl Failover {
    /// Goes on where the former self stopped.
    pub(in crate::algorithms::sequencer) fn come_back(
        ctx: &mut Context<'_, Sequencer>,
        config: &Config,
        kept: Kept,
    ) -> Self {
        let Kept { epoch, sequencer, sent, pending, stored, delivered, last } = kept;
        let entry = |entry: Entry| {
            let since = Epoch { number: entry.epoch, sequencer: entry.sequencer };
            (entry.number, (since, Said { from: entry.origin, id: entry.id, body: entry.body }))
        };
        let mut this = Self {
            epoch: Epoch { number: epoch, sequencer },
            role: Role::Member { started: false },
            sent,
            pending,
            stored: stored.into_iter().map(entry).collect(),
            accepted: delivered,
            delivered,
            last,
            ..Self::boot(ctx, config)
        };
        if sequencer == ctx.me() {
            this.take_over(ctx);
        } else {
            ctx.broadcast(Message::Back);
        }
        this
    }

    /// Writes down what must not be forgotten.
    pub(super) fn keep(&self, ctx: &mut Context<'_, Sequencer>) {
        if !self.recovers {
            return;
        }
        let entry = |(number, (since, said)): (&u64, &(Epoch, Said))| Entry {
            number: *number,
            epoch: since.number,
            sequencer: since.sequencer,
            origin: said.from,
            id: said.id,
            body: said.body.clone(),
        };
        ctx.save(Some(Kept {
            epoch: self.epoch.number,
            sequencer: self.epoch.sequencer,
            sent: self.sent,
            pending: self.pending.clone(),
            stored: self.stored.iter().map(entry).collect(),
            delivered: self.delivered,
            last: self.last.clone(),
        }));
    }

    /// Forgets what everybody has delivered.
    pub(super) fn forget(&mut self, number: u64) {
        let number = number.min(self.delivered);
        if self.stored.first_key_value().is_some_and(|(first, _)| *first <= number) {
            self.stored = self.stored.split_off(&(number + 1));
        }
    }

    /// Somebody came back and may have forgotten what it was about to say to a sequencer.
    pub(super) fn on_back(&self, ctx: &mut Context<'_, Sequencer>, from: ProcessId) {
        match self.role {
            Role::Member { .. } => {}
            Role::Candidate(_) | Role::Sequencer(_) => {
                ctx.send(from, Message::NewEpoch { epoch: self.epoch.number, delivered: self.delivered });
            }
        }
    }
}

impl Numbering {
    /// Whether a message has no number yet; from now on it has. With recovery the one before it must have one.
    pub(super) fn is_new(&mut self, recovers: bool, said: &Said) -> bool {
        if !recovers {
            return self.names.insert((said.from, said.id));
        }
        let last = self.last.entry(said.from).or_default();
        let is_next = said.id == *last + 1;
        *last += u64::from(is_next);
        is_next
    }

    /// A process has delivered everything up to a number.
    pub(super) fn note_progress(&mut self, process: ProcessId, delivered: u64) {
        let known = self.progress.entry(process).or_default();
        *known = delivered.max(*known);
    }

    /// Up to which number everybody has delivered, as far as is known; this process up to `own`.
    pub(super) fn delivered_by_all(&self, ctx: &Context<'_, Sequencer>, own: u64) -> u64 {
        let me = ctx.me();
        let by = |process| self.progress.get(&process).copied().unwrap_or_default();
        let others = ctx.group().filter(|process| *process != me).map(by).min();
        others.map_or(own, |others| others.min(own))
    }
}
