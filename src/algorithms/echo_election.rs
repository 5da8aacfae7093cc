//! Election in any connected graph: every initiator sends a wave, and the wave of the highest puts out all others.
//!
//! Chang, "Echo algorithms: depth parallel operations on general graphs" (1982); with extinction: Tel, "Introduction to
//! Distributed Algorithms" (2000), section 7.3.
//!
//! ```text
//! initiator i --wave(i)--> all neighbours       the first wave(i) comes from the parent; it goes on to all other
//! each edge carries wave(i) once each way       neighbours; when all of them have sent it, it goes to the parent
//! ```

use crate::{
    problems::election::{Election, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EchoElection {
    /// The latest election that it knows of, counted from 1.
    term: u64,
    /// Whether that one is still under way.
    open: bool,
    /// The highest wave that has come by.
    wave: Option<Wave>,
}

/// A process's part in a wave.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Wave {
    id: ProcessId,
    /// Where it came from; none at its initiator.
    parent: Option<ProcessId>,
    /// How many neighbours it has come from.
    count: usize,
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The wave of an initiator, on its way out or back.
    Wave {
        /// In which term.
        term: u64,
        /// The initiator.
        id: ProcessId,
    },
    /// The leader.
    Leader {
        /// In which term.
        term: u64,
        /// Who.
        id: ProcessId,
    },
}

impl Process for EchoElection {
    type Problem = Election;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "echo-election",
        summary: "In any connected graph each initiator sends a wave through all links; the highest wave puts out all others and wins.",
        assumes: &[
            "a connected graph of perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes; ids are unique, which those of synod's nodes always are",
        ],
        promises: &[
            "one-leader",
            "elected-once",
            "agreement",
            "highest-initiator",
            "termination",
            "stability",
        ],
        messages: &[
            ("wave", "the wave of an initiator, on its way out or back"),
            ("leader", "the id of the leader"),
        ],
        cost: "with m links 2m waves for one initiator, at most 2mk for k; 2m-n+1 for the announcement",
        breaks: &[
            "a crash, or a lost message: the highest wave does not come back (termination)",
            "two processes with one id: both are elected; nodes of synod cannot have one id",
        ],
        source: "Chang, Echo algorithms: depth parallel operations on general graphs (1982); Tel, Introduction to Distributed \
                 Algorithms (2000), section 7.3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("4m-N+1", "2m*N+2m-N+1")];

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self { term: 0, open: false, wave: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            // Who has taken part in somebody's wave must not send its own any more: that one may have won already.
            Request::Start if self.open => {}
            Request::Start => {
                (self.term, self.open) = (self.term.saturating_add(1), true);
                self.take_part(ctx, ctx.me(), None);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (Message::Wave { term, .. } | Message::Leader { term, .. }) = message;
        if term < self.term {
            return;
        }
        if term > self.term {
            *self = Self { term, open: true, wave: None };
        }
        match message {
            Message::Wave { id, .. } => self.on_wave(ctx, from, id),
            Message::Leader { id, .. } => self.on_leader(ctx, Some(from), id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl EchoElection {
    /// A wave goes on to all neighbours but the one it came from.
    fn take_part(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId, parent: Option<ProcessId>) {
        self.wave = Some(Wave { id, parent, count: usize::from(parent.is_some()) });
        let term = self.term;
        ctx.multicast(ctx.neighbours().iter().filter(|to| Some(*to) != parent), Message::Wave { term, id });
        self.finish(ctx);
    }

    /// Upon a wave: a higher one puts out what was here before, a lower one is put out, the same one is counted.
    fn on_wave(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: ProcessId) {
        match &mut self.wave {
            Some(wave) if wave.id > id => {}
            Some(wave) if wave.id == id => {
                wave.count += 1;
                self.finish(ctx);
            }
            Some(_) | None => self.take_part(ctx, id, Some(from)),
        }
    }

    /// When a wave has come from all neighbours it goes to the parent; its initiator has won.
    fn finish(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(wave) = self.wave.filter(|wave| wave.count == ctx.neighbours().len()) else { return };
        match wave.parent {
            Some(parent) => ctx.send(parent, Message::Wave { term: self.term, id: wave.id }),
            None => self.on_leader(ctx, None, wave.id),
        }
    }

    /// Upon L{id}, or having won: tell all neighbours but the one who told.
    fn on_leader(&mut self, ctx: &mut Context<'_, Self>, from: Option<ProcessId>, id: ProcessId) {
        if !self.open {
            return;
        }
        self.open = false;
        let term = self.term;
        ctx.produce(Output::Leader { leader: id, term: Some(term) });
        ctx.multicast(ctx.neighbours().iter().filter(|to| Some(*to) != from), Message::Leader { term, id });
    }
}
