//! The invitation algorithm: every process leads a group, if only of its own, and coordinators invite each other to merge.
//!
//! Garcia-Molina, "Elections in a distributed computing system" (1982), section 5: what the bully algorithm is to a
//! synchronous world this is to an asynchronous one. There may be several groups at a time; timeouts decide only how fast
//! they become one.
//!
//! ```text
//! p --are-you-coordinator--> everybody        p, after a while: --invite(group)--> all who said yes
//! everybody --status(yes or no)--> p          q --accept(group)--> p --ready(group, members)--> q
//! ```

use crate::{
    problems::election::{Election, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Invitation {
    config: Config,
    phase: Phase,
    group: Group,
    /// At a coordinator: who else belongs to its group.
    up: BTreeSet<ProcessId>,
    /// The number of the last group that this process has founded: saved, for no number may be used twice.
    founded: u64,
    /// Which other coordinators have answered.
    others: BTreeSet<ProcessId>,
    /// Whether a member has asked its coordinator and has not been answered.
    asked: bool,
}

/// The name of a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Who leads it.
    pub coordinator: ProcessId,
    /// Which of the coordinator's groups it is.
    pub number: u64,
}

/// What a process is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// It belongs to its group.
    Normal,
    /// A coordinator: it asks who else is one.
    Asking,
    /// A coordinator: it knows of others, and waits in case a higher one invites it first.
    Hesitating,
    /// It has founded a group and waits for those it has invited.
    Election,
    /// It has accepted an invitation and waits for the group to be ready.
    Reorganizing,
}

/// The settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How often a coordinator looks for others, and a member for its coordinator: this long to half as long again. With
    /// 0s only upon request.
    #[serde(with = "duration")]
    pub check: Duration,
    /// How long to wait for answers: two message delays.
    #[serde(with = "duration")]
    pub answer_within: Duration,
    /// How long a coordinator hesitates to invite others, for each process with a higher id: a message delay at least, that
    /// not all invite each other.
    #[serde(with = "duration")]
    pub hesitation: Duration,
    /// How long who has accepted an invitation waits for the group to be ready.
    #[serde(with = "duration")]
    pub ready_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            check: Duration::from_secs(1),
            answer_within: Duration::from_millis(250),
            hesitation: Duration::from_millis(250),
            ready_within: Duration::from_secs(1),
        }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// From a coordinator to everybody: are you one, too?
    AreYouCoordinator,
    /// The answer.
    Status {
        /// Whether it is.
        coordinator: bool,
    },
    /// From a member to its coordinator: are you there, and am I in your group?
    AreYouThere {
        /// Which group it is in.
        group: Group,
    },
    /// The answer.
    Presence {
        /// The group that was asked about.
        group: Group,
        /// Whether it is.
        here: bool,
    },
    /// Come into this group.
    Invite {
        /// Which.
        group: Group,
    },
    /// To the coordinator of the group: I do.
    Accept {
        /// Which.
        group: Group,
    },
    /// From the coordinator: the group is complete.
    Ready {
        /// Which.
        group: Group,
        /// Who belongs to it, the coordinator included.
        members: Vec<ProcessId>,
    },
}

/// What a process waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The time to look around again.
    Check,
    /// The next step of what it is doing.
    Next,
    /// An answer of its coordinator.
    Presence,
}

impl Process for Invitation {
    type Problem = Election;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// The number of the last group that this process has founded.
    type Stable = u64;

    const DESCRIPTION: Description = Description {
        name: "invitation",
        summary: "Each process leads a group, if only of its own; coordinators look for each other and merge their groups.",
        assumes: &[
            "nothing for safety: messages may be late, lost or duplicated, processes crash and come back, the network break apart",
            "for one group in the end: from some time on links are whole and timeouts longer than what they wait for",
        ],
        promises: &["one-leader", "agreement", "stability"],
        messages: &[
            ("are-you-coordinator", "from a coordinator to everybody: are you one, too?"),
            ("status", "the answer"),
            ("are-you-there", "from a member to its coordinator: are you there, and am I in your group?"),
            ("presence", "the answer"),
            ("invite", "come into this group; coordinators pass it on to their members"),
            ("accept", "to the coordinator of the group: I do"),
            ("ready", "from the coordinator: the group is complete, with its members"),
        ],
        cost: "5(n-1) messages for one process to merge n groups of one: n-1 each of are-you-coordinator, status, invite, accept, ready",
        breaks: &[
            "the number of the last group is forgotten: two groups have one name (one-leader)",
            "no hesitation: all coordinators invite each other, and nobody accepts (stability)",
        ],
        source: "Garcia-Molina, Elections in a distributed computing system (1982), section 5",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, founded: u64) -> Self {
        let group = Group { coordinator: ctx.me(), number: founded };
        let (up, others) = (BTreeSet::new(), BTreeSet::new());
        let mut process =
            Self { config: *config, phase: Phase::Normal, group, up, founded, others, asked: false };
        process.recover(ctx);
        process.look_again(ctx);
        process
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Start => self.check(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::AreYouCoordinator => self.on_are_you_coordinator(ctx, from),
            Message::Status { coordinator } => self.on_status(from, coordinator),
            Message::AreYouThere { group } => self.on_are_you_there(ctx, from, group),
            Message::Presence { group, here } => self.on_presence(ctx, group, here),
            Message::Invite { group } => self.on_invite(ctx, group),
            Message::Accept { group } => self.on_accept(from, group),
            Message::Ready { group, members } => self.on_ready(ctx, group, members),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Check => {
                self.check(ctx);
                self.look_again(ctx);
            }
            Timer::Next => self.next(ctx),
            Timer::Presence if self.asked => self.recover(ctx),
            Timer::Presence => {}
        }
    }
}

impl Invitation {
    fn look_again(&self, ctx: &mut Context<'_, Self>) {
        let check = self.config.check;
        if !check.is_zero() {
            ctx.set_timer(Timer::Check, check..=check.saturating_add(check / 2));
        }
    }

    /// Procedure Recovery: a group of its own.
    fn recover(&mut self, ctx: &mut Context<'_, Self>) {
        self.found(ctx);
        self.settle(ctx, vec![ctx.me()]);
    }

    /// A new group, whose number no group of this process has had.
    fn found(&mut self, ctx: &mut Context<'_, Self>) {
        self.founded = self.founded.saturating_add(1);
        ctx.save(self.founded);
        self.group = Group { coordinator: ctx.me(), number: self.founded };
        self.up.clear();
        self.stop_asking(ctx);
    }

    fn stop_asking(&mut self, ctx: &mut Context<'_, Self>) {
        self.asked = false;
        ctx.cancel_timer(Timer::Presence);
    }

    /// This process belongs to its group from now on.
    fn settle(&mut self, ctx: &mut Context<'_, Self>, members: Vec<ProcessId>) {
        self.phase = Phase::Normal;
        ctx.cancel_timer(Timer::Next);
        let Group { coordinator, number } = self.group;
        ctx.produce(Output::Group { coordinator, number, members });
    }

    fn leads(&self, ctx: &Context<'_, Self>) -> bool {
        self.group.coordinator == ctx.me()
    }

    /// Procedures Check and Timeout: a coordinator looks for others, a member for its coordinator.
    fn check(&mut self, ctx: &mut Context<'_, Self>) {
        if self.phase != Phase::Normal {
            return;
        }
        if self.leads(ctx) {
            self.phase = Phase::Asking;
            self.others.clear();
            ctx.broadcast(Message::AreYouCoordinator);
            ctx.set_timer(Timer::Next, self.config.answer_within);
        } else if !self.asked {
            self.asked = true;
            ctx.send(self.group.coordinator, Message::AreYouThere { group: self.group });
            ctx.set_timer(Timer::Presence, self.config.answer_within);
        }
    }

    /// Whatever a coordinator, or who has accepted an invitation, was waiting for has had its time.
    fn next(&mut self, ctx: &mut Context<'_, Self>) {
        match self.phase {
            Phase::Asking if self.others.is_empty() => self.phase = Phase::Normal,
            Phase::Asking => {
                self.phase = Phase::Hesitating;
                let higher = ctx.group_size().saturating_sub(ctx.me().index() + 1) as u32;
                ctx.set_timer(Timer::Next, self.config.hesitation.saturating_mul(higher));
            }
            Phase::Hesitating => self.merge(ctx),
            Phase::Election => self.reorganize(ctx),
            Phase::Reorganizing => self.recover(ctx),
            Phase::Normal => {}
        }
    }

    /// Procedure Merge: found a group, invite the other coordinators and the members of the old group.
    fn merge(&mut self, ctx: &mut Context<'_, Self>) {
        let mut invited = std::mem::take(&mut self.others);
        invited.append(&mut self.up);
        self.found(ctx);
        self.phase = Phase::Election;
        ctx.multicast(invited, Message::Invite { group: self.group });
        ctx.set_timer(Timer::Next, self.config.answer_within);
    }

    /// Who has accepted belongs to the group: tell them.
    fn reorganize(&mut self, ctx: &mut Context<'_, Self>) {
        let mut members: Vec<ProcessId> = self.up.iter().copied().chain([ctx.me()]).collect();
        members.sort_unstable();
        ctx.multicast(
            self.up.iter().copied(),
            Message::Ready { group: self.group, members: members.clone() },
        );
        self.settle(ctx, members);
    }

    fn on_are_you_coordinator(&self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let coordinator = match self.phase {
            Phase::Normal | Phase::Asking | Phase::Hesitating => self.leads(ctx),
            Phase::Election | Phase::Reorganizing => false,
        };
        ctx.send(from, Message::Status { coordinator });
    }

    fn on_status(&mut self, from: ProcessId, coordinator: bool) {
        if self.phase == Phase::Asking && coordinator {
            self.others.insert(from);
        }
    }

    fn on_are_you_there(&self, ctx: &mut Context<'_, Self>, from: ProcessId, group: Group) {
        let here = group == self.group && self.leads(ctx) && self.up.contains(&from);
        ctx.send(from, Message::Presence { group, here });
    }

    /// The coordinator is there; or it is, but leads another group.
    fn on_presence(&mut self, ctx: &mut Context<'_, Self>, group: Group, here: bool) {
        if !self.asked || group != self.group {
            return;
        }
        self.stop_asking(ctx);
        if !here {
            self.recover(ctx);
        }
    }

    /// Procedure Invitation: leave the old group for the new one, and take one's members along.
    fn on_invite(&mut self, ctx: &mut Context<'_, Self>, group: Group) {
        let free = matches!(self.phase, Phase::Normal | Phase::Asking | Phase::Hesitating);
        if !free || group == self.group || group.coordinator == ctx.me() {
            return;
        }
        let members = std::mem::take(&mut self.up);
        if self.leads(ctx) {
            ctx.multicast(members, Message::Invite { group });
        }
        self.group = group;
        self.phase = Phase::Reorganizing;
        self.stop_asking(ctx);
        ctx.send(group.coordinator, Message::Accept { group });
        ctx.set_timer(Timer::Next, self.config.ready_within);
    }

    fn on_accept(&mut self, from: ProcessId, group: Group) {
        if self.phase == Phase::Election && group == self.group {
            self.up.insert(from);
        }
    }

    /// Procedure Ready: only for the group whose invitation was accepted last.
    fn on_ready(&mut self, ctx: &mut Context<'_, Self>, group: Group, members: Vec<ProcessId>) {
        if self.phase == Phase::Reorganizing && group == self.group {
            self.settle(ctx, members);
        }
    }
}
