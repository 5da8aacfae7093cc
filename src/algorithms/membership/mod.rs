//! Closed and open groups: a group server keeps the lists; the server or every receiver is the gate.
//!
//! Sinha, "Distributed Operating Systems" (1997), section 3.10 (group server; open and closed groups). Who asks is who
//! the link says it is; what a message says of its own origin counts for nothing, unless the server says it.
//!
//! ```text
//! gate: server                             gate: direct
//! p --send--> server                       p --data--> all other members of its own view
//! server --deliver(view 3)--> k members    each checks p against its own view, which may be old
//! ```

mod member;
mod server;

use crate::{
    problems::membership::{self, Mode, Refusal, Request, View},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant; one of them is the group server, too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Membership {
    gate: Gate,
    server: ProcessId,
    /// How many things its application has asked for.
    asked: u64,
    /// At the server: all groups that there ever were, for the numbers of their views go on.
    groups: BTreeMap<String, Group>,
    /// What this process knows of the groups in which it is or was.
    known: BTreeMap<String, Known>,
    /// Own messages that wait for the view to send them to (direct).
    waiting: BTreeMap<u64, String>,
}

/// A group, as the server has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Group {
    /// Nobody, when it is deleted.
    owner: Option<ProcessId>,
    allowed: Option<BTreeSet<ProcessId>>,
    view: View,
}

/// A group, as a member has it.
#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
struct Known {
    /// The newest view it was told of, if any.
    view: Option<View>,
    /// The number of the view with which its present membership began, as far as it knows.
    since: Option<u64>,
    /// Messages that came before the view by which they are to be judged.
    early: Vec<(ProcessId, Data)>,
}

/// A message to a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Data {
    /// The group.
    group: String,
    /// The number of its view, as far as the sender knew.
    epoch: u64,
    /// Which of its origin's requests it is.
    id: u64,
    /// What was said.
    body: String,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The group server; the first node unless said otherwise.
    pub server: Option<ProcessId>,
    /// Who checks whether a sender may send.
    pub gate: Gate,
}

/// Who checks whether a sender may send.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The group server, through which all messages go.
    #[default]
    Server,
    /// Every receiver, with the view that it has.
    Direct,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the server: make this group.
    Create {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
        /// Who may send.
        mode: Mode,
        /// Who may join, if not everybody.
        allowed: Option<BTreeSet<ProcessId>>,
    },
    /// To the server: let me in.
    Join {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
    },
    /// To the server: let me out.
    Leave {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
    },
    /// To the server: put this member out.
    Expel {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
        /// Who.
        member: ProcessId,
    },
    /// To the server: remove this group.
    Delete {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
    },
    /// To the server: send this to its members.
    Send {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
        /// What.
        body: String,
    },
    /// From the server: who is a member now.
    View(View),
    /// From the server to a member: what this process sent.
    Deliver {
        /// Who sent it.
        origin: ProcessId,
        /// What.
        data: Data,
    },
    /// To the server: to whom do I send this? (direct)
    Lookup {
        /// Which of the sender's requests it is.
        request: u64,
        /// The group.
        group: String,
    },
    /// From the server: to these. (direct)
    Found {
        /// Which of the receiver's requests this is for.
        request: u64,
        /// The members.
        view: View,
    },
    /// To a member: what I send. (direct)
    Data(Data),
    /// To who asked for it: this is not done.
    Reject(Refusal),
}

impl Process for Membership {
    type Problem = membership::Membership;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "membership",
        summary: "A group server keeps lists of members; closed groups take messages from members only, open ones from everybody.",
        assumes: &[
            "perfect links: nothing is lost, duplicated or made up, and a link's other end is who it says; order does not matter",
            "nobody crashes, the server least of all",
        ],
        promises: &[
            "closed-group",
            "members-only",
            "integrity",
            "epochs-monotone",
            "one-view",
            "answered",
            "delivery",
        ],
        messages: &[
            ("create", "to the server: make this group"),
            ("join", "to the server: let me in"),
            ("leave", "to the server: let me out"),
            ("expel", "to the server: put this member out"),
            ("delete", "to the server: remove this group"),
            ("send", "to the server: send this to its members (gate: server)"),
            ("view", "from the server: the members now, also to one who is a member no more"),
            ("deliver", "from the server: what somebody sent, with the view it was judged by (gate: server)"),
            ("lookup", "to the server, from who is no member: to whom do I send this? (gate: direct)"),
            ("found", "from the server: to these (gate: direct)"),
            ("data", "to a member: what I send (gate: direct)"),
            ("reject", "to who asked for it: this is not done, and why"),
        ],
        cost: "1+k messages and 2 delays to send to k members (gate: server); k to k others and 1 delay (gate: direct), 2 more from outside; a change costs 1 and a view to everybody who is in the old list or the new one",
        breaks: &[
            "gate: direct: a receiver that does not know yet that somebody was put out delivers what it sends (closed-group)",
            "the server crashes: nothing is answered any more (answered)",
        ],
        source: "Sinha, Distributed Operating Systems (1997), section 3.10; Coulouris, Dollimore, Kindberg, Distributed Systems, section 18.2",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            gate: config.gate,
            server: config.server.unwrap_or(ProcessId(0)),
            asked: 0,
            groups: BTreeMap::new(),
            known: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        let request_id = self.asked;
        let message = match request {
            Request::Create { group, mode, allowed } => {
                Message::Create { request: request_id, group, mode, allowed }
            }
            Request::Join(group) => Message::Join { request: request_id, group },
            Request::Leave(group) => Message::Leave { request: request_id, group },
            Request::Expel { group, member } => Message::Expel { request: request_id, group, member },
            Request::Delete(group) => Message::Delete { request: request_id, group },
            Request::Send { group, body } if self.gate == Gate::Server => {
                Message::Send { request: request_id, group, body }
            }
            Request::Send { group, body } => return self.send_direct(ctx, request_id, group, body),
        };
        ctx.send(self.server, message);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (me, from_server) = (ctx.me(), from == self.server);
        match message {
            Message::View(view) if from_server => self.on_view(ctx, view),
            Message::Deliver { origin, data } if from_server => self.on_data(ctx, origin, data),
            Message::Found { request, view } if from_server => self.on_found(ctx, request, view),
            Message::Data(data) if self.gate == Gate::Direct => self.on_data(ctx, from, data),
            Message::Reject(refusal) => self.on_reject(ctx, refusal),
            Message::View(_) | Message::Deliver { .. } | Message::Found { .. } | Message::Data(_) => {}
            Message::Create { .. }
            | Message::Join { .. }
            | Message::Leave { .. }
            | Message::Expel { .. }
            | Message::Delete { .. }
            | Message::Send { .. }
            | Message::Lookup { .. } => {
                if me == self.server {
                    self.on_asked(ctx, from, message);
                }
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// Closed groups require that the sender is a member.
fn may_send(view: &View, sender: ProcessId) -> bool {
    match view.mode {
        Mode::Closed => view.members.contains(&sender),
        Mode::Open => true,
    }
}
