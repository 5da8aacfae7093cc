//! Election in a ring in both directions with O(n log n) messages: probes go twice as far in each phase.
//!
//! Hirschberg, Sinclair, "Decentralized extrema-finding in circular configurations of processors" (1980); Lynch,
//! "Distributed Algorithms" (1996), section 3.4. The first message of an election wakes those who were not asked; that
//! elections can follow one another, though messages overtake each other, each has a number, its term.
//!
//! ```text
//! phase 0:        <-probe 1-- p --probe 1->            a higher process on the way swallows a probe; at its
//! phase 1:  <-----probe 2---- p --probe 2------>       end it turns back as a reply; with both replies the next
//! phase 2:  ...                                        phase begins; a probe that has gone all the way round wins
//! ```

use crate::{
    algorithms::parts::ring::{Order, Ring},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HirschbergSinclair {
    ring: Ring,
    /// The latest election that it knows of, counted from 1.
    term: u64,
    /// Whether that one is still under way.
    open: bool,
    /// How often its probes have come back from both sides in this term.
    phase: u32,
    /// The side from which a reply has come in this phase.
    replied: Option<Direction>,
}

/// Which way a message travels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the successor.
    Forward,
    /// To the predecessor.
    Backward,
}

impl Direction {
    const BOTH: [Self; 2] = [Self::Forward, Self::Backward];

    fn turned(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A candidate looks for higher ones, 2^phase links far.
    Probe {
        /// In which term.
        term: u64,
        /// Who.
        id: ProcessId,
        /// In which of the candidate's phases, counted from 0.
        phase: u32,
        /// How many links it has come, this one included.
        hop: u64,
        /// Which way it goes.
        direction: Direction,
    },
    /// There is nobody higher as far as the probe went.
    Reply {
        /// In which term.
        term: u64,
        /// The candidate.
        id: ProcessId,
        /// In which of its phases.
        phase: u32,
        /// Which way the reply goes.
        direction: Direction,
    },
    /// The leader.
    Leader {
        /// In which term.
        term: u64,
        /// Who.
        id: ProcessId,
    },
}

impl Process for HirschbergSinclair {
    type Problem = Election;
    type Config = Order;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "hirschberg-sinclair",
        summary: "In a ring in both directions candidates probe 1, 2, 4, ... links far and go on while nobody is higher.",
        assumes: &[
            "a ring in both directions of perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes; ids are unique, which those of synod's nodes always are",
        ],
        promises: &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"],
        messages: &[
            ("probe", "a candidate looks for higher ones"),
            ("reply", "there is nobody higher as far as the probe went"),
            ("leader", "the id of the leader"),
        ],
        cost: "at most 8n(1+log2(n)) messages, the logarithm rounded up, and n for the announcement",
        breaks: &[
            "a crash, or a lost message: a phase never ends (termination)",
            "two processes with the highest id: both are elected; nodes of synod cannot have one id",
        ],
        source: "Hirschberg, Sinclair, Decentralized extrema-finding in circular configurations of processors (1980); Lynch, \
                 Distributed Algorithms (1996), section 3.4",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("N", "8N(1+log2(N))+N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Order, (): ()) -> Self {
        let ring = Ring::of(ctx.me(), ctx.group_size(), &config.order);
        Self { ring, term: 0, open: false, phase: 0, replied: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start if !self.open => self.stand(ctx, self.term.saturating_add(1)),
            Request::Start => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let (Message::Probe { term, .. } | Message::Reply { term, .. } | Message::Leader { term, .. }) =
            message;
        if term < self.term {
            return;
        }
        if term > self.term {
            self.stand(ctx, term);
        }
        match message {
            Message::Probe { id, phase, hop, direction, .. } => self.on_probe(ctx, id, phase, hop, direction),
            Message::Reply { id, phase, direction, .. } => self.on_reply(ctx, id, phase, direction),
            Message::Leader { id, .. } => self.on_leader(ctx, id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl HirschbergSinclair {
    fn send(&self, ctx: &mut Context<'_, Self>, direction: Direction, message: Message) {
        let to = match direction {
            Direction::Forward => self.ring.successor(),
            Direction::Backward => self.ring.predecessor(),
        };
        ctx.send(to, message);
    }

    /// Upon suspicion, or the first message of an election: begin with phase 0.
    fn stand(&mut self, ctx: &mut Context<'_, Self>, term: u64) {
        (self.term, self.open) = (term, true);
        self.begin_phase(ctx, 0);
    }

    /// Probes leave in both directions.
    fn begin_phase(&mut self, ctx: &mut Context<'_, Self>, phase: u32) {
        (self.phase, self.replied) = (phase, None);
        for direction in Direction::BOTH {
            let probe = Message::Probe { term: self.term, id: ctx.me(), phase, hop: 1, direction };
            self.send(ctx, direction, probe);
        }
    }

    /// Upon a probe: swallow that of a lower process; pass on that of a higher one, or turn it back where it ends; the
    /// own one has been all the way round, and so will the other one be.
    fn on_probe(
        &mut self,
        ctx: &mut Context<'_, Self>,
        id: ProcessId,
        phase: u32,
        hop: u64,
        direction: Direction,
    ) {
        let (me, term) = (ctx.me(), self.term);
        if id < me {
            return;
        }
        if id == me {
            return self.win(ctx);
        }
        if hop < 1_u64 << phase.min(63) {
            let probe = Message::Probe { term, id, phase, hop: hop.saturating_add(1), direction };
            return self.send(ctx, direction, probe);
        }
        let direction = direction.turned();
        self.send(ctx, direction, Message::Reply { term, id, phase, direction });
    }

    /// Upon a reply: pass it on; with the second of the own ones the next phase begins.
    fn on_reply(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId, phase: u32, direction: Direction) {
        if id != ctx.me() {
            return self.send(ctx, direction, Message::Reply { term: self.term, id, phase, direction });
        }
        if phase != self.phase || !self.open {
            return;
        }
        match self.replied {
            None => self.replied = Some(direction),
            Some(side) if side == direction => {}
            Some(_) => self.begin_phase(ctx, phase.saturating_add(1)),
        }
    }

    /// The own probe has met nobody higher in the whole ring.
    fn win(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.open {
            return;
        }
        self.open = false;
        let (term, me) = (self.term, ctx.me());
        ctx.produce(Output::Leader { leader: me, term: Some(term) });
        self.send(ctx, Direction::Forward, Message::Leader { term, id: me });
    }

    /// Upon L{id}: that is the leader; the leader itself knows already.
    fn on_leader(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId) {
        if !self.open || id == ctx.me() {
            return;
        }
        self.open = false;
        ctx.produce(Output::Leader { leader: id, term: Some(self.term) });
        self.send(ctx, Direction::Forward, Message::Leader { term: self.term, id });
    }
}
