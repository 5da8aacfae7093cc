//! Membership of groups: who belongs to a group at a time, and whose messages its members get.
//!
//! Sinha, "Distributed Operating Systems" (1997), section 3.10: in a closed group only members may send, in an open
//! one everybody may; a group server keeps the lists. Coulouris, Dollimore, Kindberg, "Distributed Systems", section
//! 18.2. A list with its number is a *view*; what is delivered says by which view it was judged.

mod access;
mod answers;
mod digest;
mod views;

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, What,
};
use access::{closed_group, integrity, members_only};
use answers::{answered, delivery};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use views::{epochs_monotone, one_view};

/// The membership problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {}

/// Who may send to a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Its members only.
    #[default]
    Closed,
    /// Everybody. Receivers are members only, all the same.
    Open,
}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Make a group; who asks is its first member and owns it.
    Create {
        /// Its name.
        group: String,
        /// Who may send to it.
        #[serde(default)]
        mode: Mode,
        /// Who may join it: everybody, when this is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allowed: Option<BTreeSet<ProcessId>>,
    },
    /// Let me be a member.
    Join(String),
    /// Let me be a member no more.
    Leave(String),
    /// Let somebody be a member no more: its owner may ask so.
    Expel {
        /// Of this group.
        group: String,
        /// Who.
        member: ProcessId,
    },
    /// Say this to all members.
    Send {
        /// Of this group.
        group: String,
        /// What.
        body: String,
    },
    /// Let there be no such group any more: its owner may ask so.
    Delete(String),
}

/// What the application is told; the group server tells its own of every view and refusal, too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// A group's members from now on.
    View(View),
    /// You are a member no more since the view of this number.
    Left {
        /// Of this group.
        group: String,
        /// The number of the first view without you.
        epoch: u64,
    },
    /// Somebody sent this to a group.
    Deliver {
        /// Which.
        group: String,
        /// The number of the view by which it was judged.
        epoch: u64,
        /// Who sent it.
        from: ProcessId,
        /// Which of all that its sender asked to be sent it is, counted from 1.
        id: u64,
        /// What.
        body: String,
    },
    /// Something that was asked for is not done: told where it is refused, and to whom it is refused.
    Rejected(Refusal),
}

/// A group's members at a time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The group.
    pub group: String,
    /// The view's number, counted from 1 for each name of a group, deleted groups included.
    pub epoch: u64,
    /// Who may send.
    pub mode: Mode,
    /// The members; nobody when the group is deleted.
    pub members: BTreeSet<ProcessId>,
}

/// What is refused to whom, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The group.
    pub group: String,
    /// Who asked.
    pub who: ProcessId,
    /// Which of all that it ever asked for, counted from 1.
    pub request: u64,
    /// Why.
    pub why: Why,
}

/// Why something is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// There is no such group.
    Unknown,
    /// There is such a group already.
    Exists,
    /// The group does not let this process in.
    NotAllowed,
    /// It is a member already.
    Member,
    /// It is no member, and the group is closed, or only a member can do it; or the one to be expelled is none.
    NotMember,
    /// Only the group's owner may.
    NotOwner,
}

impl Problem for Membership {
    const NAME: &'static str = "membership";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "bob",
            request: r#"{create: {group: news}}"#,
            about: "Make a group; who asks is its first member and owns it.",
        },
        Example { node: "carol", request: r#"{join: news}"#, about: "Let me be a member." },
        Example {
            node: "bob",
            request: r#"{send: {group: news, body: hello}}"#,
            about: "Say this to all members.",
        },
        Example {
            node: "alice",
            request: r#"{send: {group: news, body: hello}}"#,
            about: "Say this to all members, from outside: refused unless the group is open.",
        },
        Example { node: "carol", request: r#"{leave: news}"#, about: "Let me be a member no more." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "closed-group",
                "What a closed group delivers is from a member, who had not been put out before it sent it.",
                Safety,
                Order,
                closed_group,
            ),
            property(
                "members-only",
                "Only members deliver, and nothing before they are told that they joined or after they are told that \
                 they left.",
                Safety,
                Order,
                members_only,
            ),
            property(
                "integrity",
                "Every message is delivered at most once by each, and only if it was sent to that group before.",
                Safety,
                Order,
                integrity,
            ),
            property(
                "epochs-monotone",
                "The views that a process is told of a group have rising numbers.",
                Safety,
                Nodes,
                epochs_monotone,
            ),
            property(
                "one-view",
                "Two views of one group with the same number have the same members.",
                Safety,
                Nodes,
                one_view,
            ),
            property(
                "answered",
                "Whose request is refused is told so, and whoever wants to join or leave is answered.",
                Liveness,
                Order,
                answered,
            ),
            property(
                "delivery",
                "What a member sends while membership is stable, every member delivers once.",
                Liveness,
                Order,
                delivery,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "delivery",
            about: "From a message's request to each of its deliveries.",
            unit: Unit::Time,
            take: delays,
        }]
    }
}

/// How long each message takes to each member; nanoseconds.
fn delays(history: &History<'_, Membership>) -> Vec<u64> {
    let mut sent = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(Request::Send { .. }) => {
            let number = &mut sent[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Deliver { from, id, .. }) => (None, Some((*from, *id))),
        _ => (None, None),
    })
}
