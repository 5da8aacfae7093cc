//! View synchrony by flushing: before the view changes, everybody hands in what it has, and gets what it lacks.
//!
//! Birman, Joseph, "Exploiting virtual synchrony in distributed systems" (1987); as a protocol of three phases in
//! Cachin, Guerraoui, Rodrigues, "Introduction to reliable and secure distributed programming" (2011), section 6.8. The
//! coordinator is the lowest member that is not suspected and does not want to leave. Everything that was delivered in the present view counts as
//! unstable: nothing is acknowledged, and what is kept is bounded by the view.
//!
//! ```text
//! s  crashes while its message is on the way: p has delivered it, q has not
//! p  --flush(2)--> q              stop sending
//! q  --flush-ok(2, what q has)--> p
//! p  --view(2, {p, q}, what anybody has)--> q     q delivers what it lacks, in view 1; then both are in view 2
//! ```

mod change;

use super::parts::heartbeat::{self, Alive, Heartbeat, Pulse};
use crate::{
    problems::view_synchrony::{self, Output, Request},
    process::{Context, Description, Process, ProcessId},
};
use change::{Answer, Flush, Proposal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Messages by sender and number.
type Messages = BTreeMap<(ProcessId, u64), String>;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ViewSynchrony {
    quorum: Quorum,
    /// Whether this is the process's first life; a second one stays out.
    first_life: bool,
    /// The number of the present view, or of the last one; 0 before there is one.
    view: u64,
    /// The members of the present view; nobody while this process is in none.
    members: BTreeSet<ProcessId>,
    /// Whether its application wants it to be in.
    wanted: bool,
    /// How many messages its application has asked it to broadcast.
    asked: u64,
    /// What was delivered in the present view.
    log: Messages,
    /// What came in the present view after its flush was answered: it is delivered if the new view brings it.
    unsure: Messages,
    /// What came from a view that this process is not in yet.
    early: BTreeMap<u64, Messages>,
    /// Own messages that wait for the next view.
    queue: Messages,
    /// Whether its application was told that messages wait.
    blocked: bool,
    /// The flush that this process answered last.
    promised: Proposal,
    /// At the coordinator: the flush that is under way.
    flush: Option<Flush>,
    /// Who said that it wants to be in, and out: that is why a change is due. What counts is what they say in its flush.
    joining: BTreeSet<ProcessId>,
    leaving: BTreeSet<ProcessId>,
    heartbeat: Option<Heartbeat>,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who is in the first view; everybody unless said otherwise.
    pub members: Option<BTreeSet<ProcessId>>,
    /// How many of a view must be there to make the next one.
    pub quorum: Quorum,
    /// How crashes are noticed: everybody sends everybody signs of life. Without, nobody notices.
    pub heartbeat: Option<heartbeat::Config>,
}

/// How many of a view must be there to make the next one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quorum {
    /// More than half: there is one sequence of views, and a minority waits.
    #[default]
    Majority,
    /// Any number: who is cut off goes on alone.
    None,
}

/// Something that was said in a view.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Said {
    from: ProcessId,
    id: u64,
    body: String,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the view: somebody's message.
    Data {
        /// The view in which it is sent.
        view: u64,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: I want to be in.
    Join,
    /// To everybody: I want to be out.
    Leave,
    /// From the coordinator: stop sending, and hand in what you have, for the view of this number.
    Flush {
        /// The number of the new view.
        view: u64,
    },
    /// To the coordinator: this is what I have.
    FlushOk {
        /// The number of the new view.
        view: u64,
        /// The number of my present view.
        present: u64,
        /// Whether I want to be in the new one.
        wanted: bool,
        /// What I got in the present one.
        unstable: Vec<Said>,
    },
    /// To a coordinator: I have answered a flush for a higher number already.
    Outdated {
        /// Which.
        view: u64,
    },
    /// From the coordinator: the new view.
    View {
        /// Its number.
        view: u64,
        /// Who is in.
        members: BTreeSet<ProcessId>,
        /// For each view that somebody comes from, what is to be delivered in it first.
        fill: BTreeMap<u64, Vec<Said>>,
    },
    /// A sign of life.
    Alive(Alive),
}

impl From<Alive> for Message {
    fn from(alive: Alive) -> Self {
        Self::Alive(alive)
    }
}

impl Process for ViewSynchrony {
    type Problem = view_synchrony::ViewSynchrony;
    type Config = Config;
    type Message = Message;
    type Timer = Pulse;
    type Stable = bool;

    const DESCRIPTION: Description = Description {
        name: "view-synchrony",
        summary: "Members see the same views, and whoever goes from one view to the next together has delivered the same messages.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up; order does not matter",
            "processes may crash if `heartbeat` is set, with a timeout above its period and the longest delay (a perfect failure detector), and the scenario ends by `until`; who restarts stays out",
            "with `quorum: majority`, more than half of each view lives to see the next",
        ],
        promises: &[
            "same-view-same-members",
            "self-inclusion",
            "virtual-synchrony",
            "sending-view-delivery",
            "view-order",
            "primary",
            "integrity",
            "delivery",
            "progress",
        ],
        messages: &[
            ("data", "to the view: somebody's message, with the view's number"),
            ("join", "to everybody: I want to be in"),
            ("leave", "to everybody: I want to be out"),
            ("flush", "from the coordinator: stop sending, and hand in what you have"),
            ("flush-ok", "to the coordinator: all that I got in my present view"),
            ("outdated", "to a coordinator: I have answered a flush for a higher number"),
            ("view", "from the coordinator: the new view, and what is to be delivered before it"),
            ("alive", "a sign of life, only with `heartbeat`"),
        ],
        cost: "n-1 messages for each broadcast; 3(n'-1) and 3 delays for each change of view, with n' taking part: survivors, joiners and leavers; N-1 more to ask to join or leave; signs of life apart",
        breaks: &[
            "a partition with `quorum: none`: each side goes on as if it were alone (primary, same-view-same-members)",
            "a delay above the heartbeat's timeout: somebody alive is put out, and does not know (progress)",
            "half of a view crashes at once with `quorum: majority`: there is no next view (progress)",
        ],
        source: "Birman, Joseph, Exploiting virtual synchrony in distributed systems (1987); Cachin, Guerraoui, Rodrigues, Introduction to reliable and secure distributed programming (2011), section 6.8",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, lived: bool) -> Self {
        let mut members = config.members.clone().unwrap_or_else(|| ctx.group().collect());
        members.retain(|member| member.index() < ctx.group_size());
        let is_in = members.contains(&ctx.me()) && !lived;
        if is_in {
            ctx.produce(Output::View { id: 1, members: members.clone() });
        } else {
            members.clear();
        }
        if !lived {
            ctx.save(true);
        }
        let all = ctx.group();
        let heartbeat = config.heartbeat.filter(|_| !lived).map(|pulse| Heartbeat::start(ctx, pulse, all));
        Self {
            quorum: config.quorum,
            first_life: !lived,
            view: u64::from(is_in),
            members,
            wanted: is_in,
            asked: 0,
            log: BTreeMap::new(),
            unsure: BTreeMap::new(),
            early: BTreeMap::new(),
            queue: BTreeMap::new(),
            blocked: false,
            promised: Proposal { view: 0, coordinator: ProcessId(0) },
            flush: None,
            joining: BTreeSet::new(),
            leaving: BTreeSet::new(),
            heartbeat,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
            Request::Join => self.on_join_request(ctx),
            Request::Leave => self.on_leave_request(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        if !self.first_life {
            return;
        }
        match message {
            Message::Data { view, id, body } => self.on_data(ctx, from, view, id, body),
            Message::Join => self.on_join(ctx, from),
            Message::Leave => self.on_leave(ctx, from),
            Message::Flush { view } => self.on_flush(ctx, from, view),
            Message::FlushOk { view, present, wanted, unstable } => {
                self.on_flush_ok(ctx, from, view, Answer { present, wanted, unstable });
            }
            Message::Outdated { view } => self.on_outdated(ctx, view),
            Message::View { view, members, fill } => self.on_view(ctx, from, view, members, fill),
            Message::Alive(Alive) => self.on_alive(ctx, from),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, pulse: Pulse) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if heartbeat.on_pulse(ctx, pulse).is_some() {
            self.on_suspect(ctx);
        }
    }
}

impl ViewSynchrony {
    /// Upon event ⟨broadcast⟩: to the present view, or to the next one.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.asked += 1;
        if !self.wanted {
            return ctx.produce(Output::Refused);
        }
        if self.is_in() && !self.blocked {
            self.send(ctx, self.asked, body);
        } else {
            self.queue.insert((ctx.me(), self.asked), body);
        }
    }

    /// To all members; the own copy takes no link.
    fn send(&mut self, ctx: &mut Context<'_, Self>, id: u64, body: String) {
        let (me, view) = (ctx.me(), self.view);
        let others = self.members.iter().copied().filter(|member| *member != me);
        ctx.multicast(others, Message::Data { view, id, body: body.clone() });
        self.deliver(ctx, me, id, body);
    }

    /// Data of the present view is delivered as long as its flush is not answered; what is of a later one waits.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, view: u64, id: u64, body: String) {
        if view > self.view {
            self.early.entry(view).or_default().insert((from, id), body);
            return;
        }
        if view < self.view || !self.is_in() {
            return;
        }
        if self.is_flushing() {
            self.unsure.insert((from, id), body);
        } else {
            self.deliver(ctx, from, id, body);
        }
    }

    fn deliver(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        if self.log.insert((from, id), body.clone()).is_none() {
            ctx.produce(Output::Deliver { view: self.view, from, id, body });
        }
    }

    /// Upon event ⟨join⟩: everybody is told, for who will be coordinator is not known here.
    fn on_join_request(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.first_life {
            return ctx.produce(Output::Refused);
        }
        self.wanted = true;
        self.leaving.remove(&ctx.me());
        ctx.broadcast(Message::Join);
    }

    /// Upon event ⟨leave⟩.
    fn on_leave_request(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.wanted {
            return ctx.produce(Output::Refused);
        }
        self.wanted = false;
        self.leave(ctx);
    }

    /// Everybody is told, and the leaver itself remembers, for it may be the coordinator.
    fn leave(&mut self, ctx: &mut Context<'_, Self>) {
        self.leaving.insert(ctx.me());
        ctx.broadcast(Message::Leave);
        self.consider(ctx);
    }

    fn on_join(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        self.joining.insert(from);
        self.consider(ctx);
    }

    fn on_leave(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        self.leaving.insert(from);
        self.consider(ctx);
    }

    /// Upon event ⟨suspect⟩. A leaver says once more that it is one: those who got a view that did not reach it, because
    /// its coordinator crashed, take it for a member, and would wait for it to coordinate.
    fn on_suspect(&mut self, ctx: &mut Context<'_, Self>) {
        if self.is_in() && !self.wanted {
            return self.leave(ctx);
        }
        self.consider(ctx);
    }

    /// A sign of life; one who was suspected for nothing counts again.
    fn on_alive(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if heartbeat.on_alive(ctx, from) {
            self.consider(ctx);
        }
    }

    fn is_in(&self) -> bool {
        !self.members.is_empty()
    }

    /// Whether a flush was answered and the view it is for has not come.
    fn is_flushing(&self) -> bool {
        self.promised.view > self.view
    }

    fn suspects(&self, process: ProcessId) -> bool {
        self.heartbeat.as_ref().is_some_and(|heartbeat| heartbeat.suspects(process))
    }
}
