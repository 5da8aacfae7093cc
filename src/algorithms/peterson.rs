//! Election in a ring in one direction with O(n log n) messages: in each phase at least half of the active give up.
//!
//! Peterson, "An O(n log n) unidirectional algorithm for the circular extrema problem" (1982); Dolev, Klawe, Rodeh, "An
//! O(n log n) unidirectional distributed algorithm for extrema finding in a circle" (1982).
//!
//! An active process learns the value of the active one before it, and of the one before that. When the middle of the
//! three is the highest it goes on with that value, else it only passes messages on. So a process does not stand for its
//! own id: who ends the election may be another than who has the highest id.

use crate::{
    algorithms::parts::ring::{Order, Ring},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Peterson {
    ring: Ring,
    /// The latest election that it knows of, counted from 1.
    term: u64,
    role: Role,
}

/// What a process is in an election.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Role {
    /// None is under way.
    Idle,
    /// It stands for `value`; `before` is what the active process before it stands for, once that is known.
    Active { value: ProcessId, before: Option<ProcessId> },
    /// It passes messages on.
    Relay,
    /// It has found out who leads, and takes the news off the ring when they come back.
    Finder,
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What an active process stands for.
    First {
        /// In which term.
        term: u64,
        /// Its value.
        value: ProcessId,
    },
    /// What the active process before the sender stands for.
    Second {
        /// In which term.
        term: u64,
        /// Its value.
        value: ProcessId,
    },
    /// The leader.
    Leader {
        /// In which term.
        term: u64,
        /// Who.
        id: ProcessId,
    },
}

impl Process for Peterson {
    type Problem = Election;
    type Config = Order;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "peterson",
        summary: "In a ring in one direction, phase by phase at least half of the active processes give up; n log n messages at most.",
        assumes: &[
            "a ring in one direction over FIFO links: nothing is lost, duplicated or overtaken",
            "nobody crashes; ids are unique, which those of synod's nodes always are",
        ],
        promises: &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"],
        messages: &[
            ("first", "what an active process stands for"),
            ("second", "what the active process before the sender stands for"),
            ("leader", "the id of the leader"),
        ],
        cost: "2nr+n messages in r phases, r at most log2(n), and n for the announcement",
        breaks: &[
            "messages overtake each other: a phase mixes with another (termination, highest-id)",
            "a crash, or a lost message: a phase never ends (termination)",
        ],
        source: "Peterson, An O(n log n) unidirectional algorithm for the circular extrema problem (1982); Dolev, Klawe, Rodeh, \
                 An O(n log n) unidirectional distributed algorithm for extrema finding in a circle (1982)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("3N", "2N*log2(N)+N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Order, (): ()) -> Self {
        Self { ring: Ring::of(ctx.me(), ctx.group_size(), &config.order), term: 0, role: Role::Idle }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start => self.start(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let (Message::First { term, .. } | Message::Second { term, .. } | Message::Leader { term, .. }) =
            message;
        if term < self.term {
            return;
        }
        if term > self.term {
            self.wake(ctx, term);
        }
        match message {
            Message::First { value, .. } => self.on_first(ctx, value),
            Message::Second { value, .. } => self.on_second(ctx, value),
            Message::Leader { id, .. } => self.on_leader(ctx, id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Peterson {
    fn pass(&self, ctx: &mut Context<'_, Self>, message: Message) {
        ctx.send(self.ring.successor(), message);
    }

    /// Upon suspicion: who knows a leader may ask for another election.
    fn start(&mut self, ctx: &mut Context<'_, Self>) {
        match self.role {
            Role::Idle | Role::Finder => self.wake(ctx, self.term.saturating_add(1)),
            Role::Active { .. } | Role::Relay => {}
        }
    }

    /// Upon suspicion, or the first message of an election: begin, active, with the own id.
    fn wake(&mut self, ctx: &mut Context<'_, Self>, term: u64) {
        self.term = term;
        self.stand_for(ctx, ctx.me());
    }

    /// The beginning of a phase.
    fn stand_for(&mut self, ctx: &mut Context<'_, Self>, value: ProcessId) {
        self.role = Role::Active { value, before: None };
        self.pass(ctx, Message::First { term: self.term, value });
    }

    /// Upon 1{nt}: the value of the active process before this one; the own one when no other is left.
    fn on_first(&mut self, ctx: &mut Context<'_, Self>, heard: ProcessId) {
        let term = self.term;
        match self.role {
            Role::Active { value, .. } if heard == value => {
                self.role = Role::Finder;
                ctx.produce(Output::Leader { leader: heard, term: Some(term) });
                self.pass(ctx, Message::Leader { term, id: heard });
            }
            Role::Active { value, .. } => {
                self.role = Role::Active { value, before: Some(heard) };
                self.pass(ctx, Message::Second { term, value: heard });
            }
            Role::Relay => self.pass(ctx, Message::First { term, value: heard }),
            Role::Idle | Role::Finder => {}
        }
    }

    /// Upon 2{nnt}: go on for the one before when it is the highest of the three, else give up.
    fn on_second(&mut self, ctx: &mut Context<'_, Self>, second: ProcessId) {
        match self.role {
            Role::Active { value, before: Some(before) } if before > value.max(second) => {
                self.stand_for(ctx, before);
            }
            Role::Active { before: Some(_), .. } => self.role = Role::Relay,
            Role::Relay => self.pass(ctx, Message::Second { term: self.term, value: second }),
            // Over FIFO links the first value comes before the second.
            Role::Active { before: None, .. } | Role::Idle | Role::Finder => {}
        }
    }

    /// Upon L{id}: that is the leader; the news end where they began.
    fn on_leader(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId) {
        let term = self.term;
        match std::mem::replace(&mut self.role, Role::Idle) {
            // Who found out has said so.
            Role::Idle | Role::Finder => {}
            Role::Active { .. } | Role::Relay => {
                ctx.produce(Output::Leader { leader: id, term: Some(term) });
                self.pass(ctx, Message::Leader { term, id });
            }
        }
    }
}
