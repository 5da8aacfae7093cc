//! Mutual exclusion by quorums: everybody grants one request at a time, and any two quorums have a member in common.
//!
//! Maekawa, "A √N algorithm for mutual exclusion in decentralized systems" (1985), section 4; with the rule that every
//! request which cannot be granted hears so at once, Sanders, "The information structure of distributed mutual
//! exclusion algorithms" (1987). All messages name the request that they are about, by its timestamp.
//!
//! ```text
//! q has granted r, then comes an older request of p: may r give it back?
//! p --request(1)--> q --inquire--> r --yield--> q --grant--> p     r has heard `failed` from somebody
//! p --request(1)--> q --inquire--> r, inside, --release--> q --grant--> p
//! ```

use super::parts::{
    quorums::Quorums,
    section::{Alarm, Section, Wish},
};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// One participant: it asks for grants, and grants.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Maekawa {
    section: Section,
    /// Whom this process asks.
    quorum: BTreeSet<ProcessId>,
    /// The highest timestamp seen.
    clock: u64,
    /// The timestamp of this process's open or last request.
    stamp: u64,
    /// Who has granted it.
    grants: BTreeSet<ProcessId>,
    /// Who has said that it must wait, or has taken its grant back.
    failed: BTreeSet<ProcessId>,
    /// Who wants its grant back.
    inquired: BTreeSet<ProcessId>,
    arbiter: Arbiter,
    /// Messages of this process to itself, to be handled before the step is over.
    own: VecDeque<Message>,
}

/// A request: its timestamp and who made it. The smaller one goes first.
type Claim = (u64, ProcessId);

/// The half of a process that grants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Arbiter {
    /// Which request is granted.
    locked: Option<Claim>,
    /// Which requests wait.
    waiting: BTreeSet<Claim>,
    /// Whether the grant was asked back.
    inquired: bool,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who asks whom: `plane`, `grid`, or `listed: [[n1, n2], [n2, n3], ...]`.
    pub quorums: Quorums,
}

/// What participants send each other; each is about the request with this timestamp.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the quorum: I want to enter.
    Request {
        /// The sender's request.
        stamp: u64,
    },
    /// Enter, as far as I am concerned.
    Grant {
        /// The receiver's request.
        stamp: u64,
    },
    /// You have to wait: somebody else goes first.
    Failed {
        /// The receiver's request.
        stamp: u64,
    },
    /// May I have the grant back? An older request has come.
    Inquire {
        /// The receiver's request.
        stamp: u64,
    },
    /// You may: I cannot enter now anyway.
    Yield {
        /// The sender's request.
        stamp: u64,
    },
    /// I have left.
    Release {
        /// The sender's request.
        stamp: u64,
    },
}

impl Process for Maekawa {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "maekawa",
        summary: "Who wants to enter asks a quorum of about √N processes, each of which grants one request at a time.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
            "any two quorums have a process in common",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to the quorum: I want to enter"),
            ("grant", "enter, as far as I am concerned"),
            ("failed", "you have to wait"),
            ("inquire", "may I have the grant back?"),
            ("yield", "you may: I cannot enter now anyway"),
            ("release", "to the quorum: I have left"),
        ],
        cost: "with quorums of K processes 3(K-1) messages for each entry when nobody else wants to enter, else up to 5(K-1); 2 delays from one to the next",
        breaks: &[
            "quorums that do not meet (mutual-exclusion)",
            "one lost message, or a member of a quorum that crashes: its quorums never enter (deadlock-freedom)",
        ],
        source: "Maekawa, A √N algorithm for mutual exclusion in decentralized systems (1985); Sanders, The information structure of distributed mutual exclusion algorithms (1987)",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            section: Section::default(),
            quorum: config.quorums.of(ctx.me(), ctx.group_size() as u32),
            clock: 0,
            stamp: 0,
            grants: BTreeSet::new(),
            failed: BTreeSet::new(),
            inquired: BTreeSet::new(),
            arbiter: Arbiter::default(),
            own: VecDeque::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
        self.handle_own(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        self.handle(ctx, from, message);
        self.handle_own(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
        self.handle_own(ctx);
    }
}

/// The half that asks.
impl Maekawa {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => self.ask(ctx),
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    fn handle(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request { stamp } => self.on_ask(ctx, (stamp, from)),
            Message::Grant { stamp } => self.on_grant(ctx, from, stamp),
            Message::Failed { stamp } => self.on_failed(ctx, from, stamp),
            Message::Inquire { stamp } => self.on_inquire(ctx, from, stamp),
            Message::Yield { stamp } => self.on_yield(ctx, (stamp, from)),
            Message::Release { stamp } => self.on_release(ctx, (stamp, from)),
        }
    }

    /// What this process tells itself costs no message and is heard when the rest of the step is done.
    fn tell(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, message: Message) {
        if to == ctx.me() {
            self.own.push_back(message);
        } else {
            ctx.send(to, message);
        }
    }

    fn handle_own(&mut self, ctx: &mut Context<'_, Self>) {
        while let Some(message) = self.own.pop_front() {
            self.handle(ctx, ctx.me(), message);
        }
    }

    fn tell_quorum(&mut self, ctx: &mut Context<'_, Self>, message: Message) {
        let me = ctx.me();
        ctx.multicast(self.quorum.iter().copied().filter(|process| *process != me), message);
        if self.quorum.contains(&me) {
            self.own.push_back(message);
        }
    }

    /// Asks everybody in the quorum.
    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.clock = self.clock.saturating_add(1);
        self.stamp = self.clock;
        self.grants.clear();
        self.failed.clear();
        self.inquired.clear();
        self.tell_quorum(ctx, Message::Request { stamp: self.stamp });
        self.enter_if_granted(ctx);
    }

    /// Whether a message is about the open request.
    fn concerns(&self, stamp: u64) -> bool {
        self.section.is_waiting() && stamp == self.stamp
    }

    /// Upon a grant: enter when all have granted, unless one wants its grant back.
    fn on_grant(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        if !self.concerns(stamp) || !self.quorum.contains(&from) {
            return;
        }
        self.grants.insert(from);
        self.failed.remove(&from);
        self.yield_if_hopeless(ctx);
        self.enter_if_granted(ctx);
    }

    fn enter_if_granted(&mut self, ctx: &mut Context<'_, Self>) {
        if self.section.is_waiting() && self.grants == self.quorum {
            self.section.enter(ctx);
        }
    }

    /// Upon a failure: grants that were asked back will not be needed soon.
    fn on_failed(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        if self.concerns(stamp) && !self.grants.contains(&from) {
            self.failed.insert(from);
            self.yield_if_hopeless(ctx);
        }
    }

    /// Upon an inquiry: give the grant back if this process cannot enter; who is inside answers by leaving.
    fn on_inquire(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, stamp: u64) {
        if self.concerns(stamp) {
            self.inquired.insert(from);
            self.yield_if_hopeless(ctx);
        }
    }

    /// Who has to wait for somebody gives back what he is asked for. An inquiry may overtake its grant; then it waits.
    fn yield_if_hopeless(&mut self, ctx: &mut Context<'_, Self>) {
        if self.failed.is_empty() {
            return;
        }
        let asked_back: Vec<ProcessId> = self.inquired.intersection(&self.grants).copied().collect();
        for process in asked_back {
            self.inquired.remove(&process);
            self.grants.remove(&process);
            self.failed.insert(process);
            self.tell(ctx, process, Message::Yield { stamp: self.stamp });
        }
    }

    /// Leaves and tells the quorum.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        self.tell_quorum(ctx, Message::Release { stamp: self.stamp });
        let wish = self.section.open_next();
        self.act(ctx, wish);
    }
}

/// The half that grants.
impl Maekawa {
    /// Upon a request: grant it, or ask the grant back if it is older than all others, or say that it must wait.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, claim: Claim) {
        let (stamp, from) = claim;
        self.clock = self.clock.max(stamp);
        let Some((locked, holder)) = self.arbiter.locked else {
            self.arbiter.locked = Some(claim);
            return self.tell(ctx, from, Message::Grant { stamp });
        };
        let first = self.arbiter.waiting.first().copied();
        self.arbiter.waiting.insert(claim);
        if claim > (locked, holder) || first.is_some_and(|first| first < claim) {
            return self.tell(ctx, from, Message::Failed { stamp });
        }
        // One that was first until now and older than the granted one has not heard that it must wait.
        if let Some((stamp, process)) = first.filter(|first| *first < (locked, holder)) {
            self.tell(ctx, process, Message::Failed { stamp });
        }
        if !self.arbiter.inquired {
            self.arbiter.inquired = true;
            self.tell(ctx, holder, Message::Inquire { stamp: locked });
        }
    }

    /// Upon a yield: its request waits again, the oldest one is granted.
    fn on_yield(&mut self, ctx: &mut Context<'_, Self>, claim: Claim) {
        if self.arbiter.locked == Some(claim) {
            self.arbiter.waiting.insert(claim);
            self.grant_oldest(ctx);
        }
    }

    /// Upon a release: the oldest request is granted.
    fn on_release(&mut self, ctx: &mut Context<'_, Self>, claim: Claim) {
        if self.arbiter.locked == Some(claim) {
            self.grant_oldest(ctx);
        }
    }

    fn grant_oldest(&mut self, ctx: &mut Context<'_, Self>) {
        self.arbiter.inquired = false;
        self.arbiter.locked = self.arbiter.waiting.pop_first();
        if let Some((stamp, process)) = self.arbiter.locked {
            self.tell(ctx, process, Message::Grant { stamp });
        }
    }
}
