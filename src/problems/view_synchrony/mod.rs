//! View synchrony: who goes from one view to the next together has delivered the same messages.
//!
//! Birman, Joseph, "Exploiting virtual synchrony in distributed systems" (1987); the properties after Chockler, Keidar,
//! Vitenberg, "Group communication specifications: a comprehensive study" (2001), and Cachin, Guerraoui, Rodrigues,
//! "Introduction to reliable and secure distributed programming" (2011), section 6.8. Who restarts after a crash is
//! another process as far as views go.

mod digest;
mod messages;
mod views;

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, What,
};
use messages::{delivery, integrity, sending_view_delivery, virtual_synchrony};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use views::{primary, progress, same_view_same_members, self_inclusion, view_order};

/// The view synchrony problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewSynchrony {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Say this to the view that is there when it leaves.
    Broadcast(String),
    /// Let me be in the next view.
    Join,
    /// Let me out of the next view.
    Leave,
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// From now on these are in, and you are one of them.
    View {
        /// The view's number.
        id: u64,
        /// Who is in.
        members: BTreeSet<ProcessId>,
    },
    /// Somebody said this.
    Deliver {
        /// The number of the view in which it was said.
        view: u64,
        /// Who.
        from: ProcessId,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What.
        body: String,
    },
    /// What you say from now on waits for the next view.
    Blocked,
    /// You are out: there is a view of this number without you, because you wanted so.
    Left {
        /// The view's number.
        view: u64,
    },
    /// You are in no view: there is nobody to say it to, nothing to leave, or no way back after a crash.
    Refused,
}

impl Problem for ViewSynchrony {
    const NAME: &'static str = "view-synchrony";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{broadcast: hello}"#,
            about: "Say this to the view that is there when it leaves.",
        },
        Example { node: "carol", request: r#"leave"#, about: "Let me out of the next view." },
        Example { node: "carol", request: r#"join"#, about: "Let me be in the next view." },
        Example {
            node: "bob",
            request: r#"{broadcast: "hello, alice"}"#,
            about: "Say this to the view that is there when it leaves.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        from_view_to_view().into_iter().chain(reaching()).collect()
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "delivery",
            about: "From a broadcast to each of its deliveries elsewhere.",
            unit: Unit::Time,
            take: delays,
        }]
    }
}

/// What those have in common who go from one view to the next.
fn from_view_to_view() -> Vec<Property<ViewSynchrony>> {
    use PropertyKind::Safety;
    use Sees::{Nodes, Order};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "same-view-same-members",
            "Two views with the same number have the same members.",
            Safety,
            Nodes,
            same_view_same_members,
        ),
        property("self-inclusion", "Who is told of a view is a member of it.", Safety, Nodes, self_inclusion),
        property(
            "virtual-synchrony",
            "Two who go from one view to the same next one have delivered the same messages in it.",
            Safety,
            Nodes,
            virtual_synchrony,
        ),
        property(
            "sending-view-delivery",
            "A message is delivered in the view in which it was sent, by all who deliver it.",
            Safety,
            Nodes,
            sending_view_delivery,
        ),
        property(
            "view-order",
            "The views that a process is told of have rising numbers.",
            Safety,
            Nodes,
            view_order,
        ),
        property(
            "primary",
            "Of those in a view who do not want to leave, more than half are in the next one: views form one sequence.",
            Safety,
            Order,
            primary,
        ),
    ]
}

/// What reaches whom, and who stays in the end.
fn reaching() -> Vec<Property<ViewSynchrony>> {
    use PropertyKind::{Liveness, Safety};
    use Sees::{Nodes, Order};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "integrity",
            "Every message is delivered at most once by each, and only if it was broadcast before.",
            Safety,
            Order,
            integrity,
        ),
        property(
            "delivery",
            "What a correct process broadcasts it delivers, and so does every correct process that shares its last \
             view.",
            Liveness,
            Nodes,
            delivery,
        ),
        property(
            "progress",
            "In the end all correct processes that are in have one view, of all who want to be in and have not \
             crashed.",
            Liveness,
            Nodes,
            progress,
        ),
    ]
}

/// How long each message takes to each other member; nanoseconds.
fn delays(history: &History<'_, ViewSynchrony>) -> Vec<u64> {
    let mut said = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(Request::Broadcast(_)) => {
            let number = &mut said[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Deliver { from, id, .. }) if *from != step.node => (None, Some((*from, *id))),
        _ => (None, None),
    })
}
