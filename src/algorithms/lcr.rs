//! Election in a ring by Le Lann, Chang and Roberts: everybody sends its id round, and swallows what is lower.
//!
//! Le Lann, "Distributed systems - towards a formal approach" (1977); Lynch, "Distributed Algorithms" (1996), sections 3.3
//! and 15.1.1. There all processes start; here the first message of an election wakes those who were not asked. That
//! elections can follow one another, though messages overtake each other, each has a number, its term.

use crate::{
    algorithms::parts::ring::{Order, Ring},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lcr {
    ring: Ring,
    /// The latest election that it knows of, counted from 1.
    term: u64,
    /// Whether that one is still under way.
    open: bool,
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A candidate.
    Election {
        /// In which term.
        term: u64,
        /// Who.
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

impl Process for Lcr {
    type Problem = Election;
    type Config = Order;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "lcr",
        summary: "Everybody sends its id round a ring and swallows lower ones; whose id comes back leads.",
        assumes: &[
            "a ring in one direction of perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes; ids are unique, which those of synod's nodes always are",
        ],
        promises: &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"],
        messages: &[("election", "the id of a candidate"), ("leader", "the id of the leader")],
        cost: "in every schedule the sum, over all processes, of the distance to the next higher one, n for the highest, and n more: 3n-1 to n(n+1)/2+n, n*H(n)+n on average",
        breaks: &[
            "a crash, or a lost message: the highest id does not come round (termination)",
            "two processes with one id: both are elected; nodes of synod cannot have one id",
        ],
        source: "Le Lann, Distributed systems - towards a formal approach (1977); Lynch, Distributed Algorithms (1996), sections 3.3 and 15.1.1",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("3N-1", "N(N+1)/2+N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Order, (): ()) -> Self {
        Self { ring: Ring::of(ctx.me(), ctx.group_size(), &config.order), term: 0, open: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start if !self.open => self.stand(ctx, self.term.saturating_add(1)),
            Request::Start => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        match message {
            Message::Election { term, id } => self.on_election(ctx, term, id),
            Message::Leader { term, id } => self.on_leader(ctx, term, id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Lcr {
    /// Upon suspicion, or the first message of an election: send the own id round.
    fn stand(&mut self, ctx: &mut Context<'_, Self>, term: u64) {
        (self.term, self.open) = (term, true);
        ctx.send(self.ring.successor(), Message::Election { term, id: ctx.me() });
    }

    /// Upon E{id}: a higher id passes, a lower one is swallowed, the own one has won.
    fn on_election(&mut self, ctx: &mut Context<'_, Self>, term: u64, id: ProcessId) {
        if term > self.term {
            self.stand(ctx, term);
        }
        let me = ctx.me();
        if term < self.term || id < me {
            return;
        }
        if id > me {
            return ctx.send(self.ring.successor(), Message::Election { term, id });
        }
        if !self.open {
            return;
        }
        self.open = false;
        ctx.produce(Output::Leader { leader: me, term: Some(term) });
        ctx.send(self.ring.successor(), Message::Leader { term, id });
    }

    /// Upon L{id}: that is the leader; the leader itself knows already.
    fn on_leader(&mut self, ctx: &mut Context<'_, Self>, term: u64, id: ProcessId) {
        let known = term == self.term && !self.open;
        if term < self.term || known || id == ctx.me() {
            return;
        }
        (self.term, self.open) = (term, false);
        ctx.produce(Output::Leader { leader: id, term: Some(term) });
        ctx.send(self.ring.successor(), Message::Leader { term, id });
    }
}
