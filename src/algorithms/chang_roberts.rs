//! Election in a ring by Chang and Roberts: ids go round, each process lets only higher ones pass.
//!
//! Chang, Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations of processes"
//! (1979); with the marks of participants as in Coulouris, Dollimore, Kindberg, "Distributed Systems", section 15.3.

use crate::{
    algorithms::parts::ring::{Order, Ring},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Formula, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChangRoberts {
    ring: Ring,
    /// Whether it takes part in an election.
    participant: bool,
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// This process stands for election.
    Election {
        /// Who.
        id: ProcessId,
    },
    /// This process is elected.
    Elected {
        /// Who.
        id: ProcessId,
    },
}

impl Process for ChangRoberts {
    type Problem = Election;
    type Config = Order;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "chang-roberts",
        summary: "Ids go round a ring; a process lets higher ones pass and puts its own in the place of the first lower one.",
        assumes: &[
            "a ring in one direction over FIFO links: nothing is lost, duplicated or overtaken",
            "nobody crashes; ids are unique, which those of synod's nodes always are",
        ],
        promises: &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"],
        messages: &[("election", "the id of a candidate"), ("elected", "the id of the leader")],
        cost: "one process notices, d steps before the highest: d+2n messages, 2n to 3n-1",
        breaks: &[
            "messages overtake each other: an old id starts a second election (elected-once)",
            "a crash, or a lost message: nothing comes round any more (termination)",
        ],
        source: "Chang, Roberts, An improved algorithm for decentralized extrema-finding in circular configurations of processes (1979)",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("2N", "N(N+1)/2+N")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Order, (): ()) -> Self {
        Self { ring: Ring::of(ctx.me(), ctx.group_size(), &config.order), participant: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start => self.stand(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        match message {
            Message::Election { id } => self.on_election(ctx, id),
            Message::Elected { id } => self.on_elected(ctx, id),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl ChangRoberts {
    /// Upon suspicion, or a lower id: stand for election, unless it takes part already.
    fn stand(&mut self, ctx: &mut Context<'_, Self>) {
        if self.participant {
            return;
        }
        self.participant = true;
        ctx.send(self.ring.successor(), Message::Election { id: ctx.me() });
    }

    /// Upon E{id}: a higher id passes, a lower one does not, the own one has been all the way round.
    fn on_election(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId) {
        let me = ctx.me();
        if id < me {
            return self.stand(ctx);
        }
        self.participant = id > me;
        if id > me {
            return ctx.send(self.ring.successor(), Message::Election { id });
        }
        ctx.produce(Output::Leader { leader: me, term: None });
        ctx.send(self.ring.successor(), Message::Elected { id });
    }

    /// Upon L{id}: the election is over; the leader itself knows already, and may take part in another one by now.
    fn on_elected(&mut self, ctx: &mut Context<'_, Self>, id: ProcessId) {
        if id == ctx.me() {
            return;
        }
        self.participant = false;
        ctx.produce(Output::Leader { leader: id, term: None });
        ctx.send(self.ring.successor(), Message::Elected { id });
    }
}
