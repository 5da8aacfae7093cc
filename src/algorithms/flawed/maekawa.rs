//! Mutual exclusion by quorums, with a mistake to choose.
//!
//! Maekawa, "A √N algorithm for mutual exclusion in decentralized systems" (1985), section 4: an older request that
//! finds its grant given away makes the grant be asked back (INQUIRE), and who cannot enter anyway gives it back
//! (YIELD; RELINQUISH in the paper). Who cannot enter knows so by FAILED; that FAILED must go to everybody whose request
//! is not the best, the paper overlooks: Sanders, "The information structure of distributed mutual exclusion
//! algorithms" (1987).

use super::{
    super::parts::{quorums::Quorums, section::Section},
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// One participant.
pub type MaekawaFlawed = Sketch<Maekawa>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// Nobody is asked to give a grant back, so that nobody does: neither INQUIRE nor YIELD.
    NoInquire,
    /// Nobody hears that it has to wait, so that nobody gives a grant back.
    NoFailed,
    /// Who is inside gives its grant back, too.
    YieldsInside,
    /// Who gives a grant back still counts it.
    CountsWhatItYields,
    /// A release or a yield is believed, whatever request it is about: of use when it arrives twice.
    Untagged,
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

/// A request: its timestamp and who made it. The smaller one goes first.
type Claim = (u64, ProcessId);

/// Maekawa's rules.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Maekawa {
    mistake: Mistake,
    quorum: BTreeSet<ProcessId>,
    clock: u64,
    stamp: u64,
    grants: BTreeSet<ProcessId>,
    failed: BTreeSet<ProcessId>,
    inquired: BTreeSet<ProcessId>,
    /// Which request this process has granted.
    locked: Option<Claim>,
    /// Which requests wait for its grant.
    waiting: BTreeSet<Claim>,
    /// Whether it has asked its grant back.
    asked_back: bool,
    /// Messages of this process to itself, to be handled before the step is over.
    own: VecDeque<Message>,
}

impl Rules for Maekawa {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "maekawa-flawed",
        summary: "Maekawa's quorums for mutual exclusion with a mistake to choose: for the museum.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
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
        cost: "with quorums of K processes 3(K-1) to 5(K-1) messages for each entry",
        breaks: &[
            "mistake: no-inquire: quorums wait in a circle (deadlock-freedom)",
            "mistake: no-failed: quorums wait in a circle, and nobody knows that it cannot enter (deadlock-freedom)",
            "mistake: yields-inside: a grant is given to the next one too early (mutual-exclusion)",
            "mistake: counts-what-it-yields: enters with a grant that somebody else has (mutual-exclusion)",
            "mistake: untagged: a release that arrives twice frees what somebody else was granted (mutual-exclusion)",
        ],
        source: "Maekawa, A √N algorithm for mutual exclusion in decentralized systems (1985), section 4; Sanders, The information structure of distributed mutual exclusion algorithms (1987)",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, (): ()) -> Self {
        Self {
            mistake: *mistake,
            quorum: Quorums::Plane.of(ctx.me(), ctx.group_size() as u32),
            clock: 0,
            stamp: 0,
            grants: BTreeSet::new(),
            failed: BTreeSet::new(),
            inquired: BTreeSet::new(),
            locked: None,
            waiting: BTreeSet::new(),
            asked_back: false,
            own: VecDeque::new(),
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.clock = self.clock.saturating_add(1);
        self.stamp = self.clock;
        for heard in [&mut self.grants, &mut self.failed, &mut self.inquired] {
            heard.clear();
        }
        self.tell_quorum(ctx, Message::Request { stamp: self.stamp });
        self.hear_own(ctx, section);
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        self.heed(ctx, section, from, message);
        self.hear_own(ctx, section);
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.tell_quorum(ctx, Message::Release { stamp: self.stamp });
        // Nothing here lets this process in: it is not waiting.
        self.hear_own(ctx, &mut Section::default());
    }
}

impl Maekawa {
    fn tell(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId, message: Message) {
        if to == ctx.me() {
            self.own.push_back(message);
        } else {
            ctx.send(to, message);
        }
    }

    fn tell_quorum(&mut self, ctx: &mut Ctx<'_, Self>, message: Message) {
        for process in self.quorum.clone() {
            self.tell(ctx, process, message);
        }
    }

    fn hear_own(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        while let Some(message) = self.own.pop_front() {
            self.heed(ctx, section, ctx.me(), message);
        }
    }

    fn heed(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        let mine = |stamp: u64| section.is_waiting() && stamp == self.stamp;
        match message {
            Message::Request { stamp } => self.on_ask(ctx, (stamp, from)),
            Message::Grant { stamp } if mine(stamp) => {
                self.grants.insert(from);
                self.failed.remove(&from);
            }
            Message::Failed { stamp } if mine(stamp) && !self.grants.contains(&from) => {
                self.failed.insert(from);
            }
            Message::Inquire { stamp } if section.is_inside() && self.mistake == Mistake::YieldsInside => {
                self.tell(ctx, from, Message::Yield { stamp });
            }
            Message::Inquire { stamp } if mine(stamp) => {
                self.inquired.insert(from);
            }
            Message::Grant { .. } | Message::Failed { .. } | Message::Inquire { .. } => {}
            Message::Yield { stamp } => self.on_return(ctx, (stamp, from), true),
            Message::Release { stamp } => self.on_return(ctx, (stamp, from), false),
        }
        if section.is_waiting() {
            self.give_back(ctx);
            if self.grants == self.quorum {
                section.enter(ctx);
            }
        }
    }

    /// Who cannot enter now gives back what it is asked for.
    fn give_back(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.failed.is_empty() {
            return;
        }
        let wanted: Vec<ProcessId> = self.inquired.intersection(&self.grants).copied().collect();
        for process in wanted {
            self.inquired.remove(&process);
            if self.mistake != Mistake::CountsWhatItYields {
                self.grants.remove(&process);
            }
            self.failed.insert(process);
            self.tell(ctx, process, Message::Yield { stamp: self.stamp });
        }
    }

    /// A member of the quorum grants one request at a time, and asks for its grant back when an older one comes.
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, claim: Claim) {
        self.clock = self.clock.max(claim.0);
        let Some(locked) = self.locked else {
            self.locked = Some(claim);
            return self.tell(ctx, claim.1, Message::Grant { stamp: claim.0 });
        };
        let first = self.waiting.first().copied();
        self.waiting.insert(claim);
        let best = claim < locked && first.is_none_or(|first| claim < first);
        let fails = if best { first.filter(|first| *first < locked) } else { Some(claim) };
        // Without inquiries nobody would make anything of it.
        let silent = matches!(self.mistake, Mistake::NoFailed | Mistake::NoInquire);
        if let Some((stamp, process)) = fails.filter(|_| !silent) {
            self.tell(ctx, process, Message::Failed { stamp });
        }
        if best && !self.asked_back && self.mistake != Mistake::NoInquire {
            self.asked_back = true;
            self.tell(ctx, locked.1, Message::Inquire { stamp: locked.0 });
        }
    }

    /// The grant comes back: the oldest request that waits gets it.
    fn on_return(&mut self, ctx: &mut Ctx<'_, Self>, claim: Claim, still_wanted: bool) {
        if self.locked != Some(claim) && self.mistake != Mistake::Untagged {
            return;
        }
        if still_wanted {
            self.waiting.insert(claim);
        }
        self.asked_back = false;
        self.locked = self.waiting.pop_first();
        if let Some((stamp, process)) = self.locked {
            self.tell(ctx, process, Message::Grant { stamp });
        }
    }
}
