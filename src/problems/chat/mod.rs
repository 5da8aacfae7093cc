//! Chat: who is in the room hears what is said there, and who comes and goes.
//!
//! The properties of a chat room as its users see them: a user is *in* from the welcome until it quits, crashes or is
//! put out. With a server there is a log, too, of which everybody sees a piece without gaps; without one there is none
//! (section 3.10 of Sinha, "Distributed Operating Systems", 1997, has both kinds of group).

mod digest;
mod presence;
mod speech;

use crate::process::{Example, History, Measure, Problem, Property, PropertyKind, Sees, Step, Unit, What};
use presence::{admission, aliases_settle, departure, distinct_aliases, insiders_only, joined_then_left};
use serde::{Deserialize, Serialize};
use speech::{causal_order, contiguous_log, delivery, honest_author};

/// The chat problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chat {}

/// What a user asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Let me in under this name.
    Connect(String),
    /// Say this to everybody in the room.
    Say(String),
    /// Let me out.
    Quit,
}

/// What a user is told, and what the server writes down.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// You are in.
    Welcome {
        /// Under this name.
        alias: String,
        /// These were in before you.
        members: Vec<String>,
    },
    /// Somebody came in; you, too, are told so of yourself.
    Joined(String),
    /// Somebody said something.
    Said(Line),
    /// Somebody is not in any more.
    Left(String),
    /// What you asked for is not done, or you are not in any more.
    Refused(Why),
    /// At the server: this was said.
    Logged(Line),
}

/// Something said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its place: in the server's log, or among all that its author told the others.
    pub number: u64,
    /// Who said it.
    pub from: String,
    /// What.
    pub body: String,
}

/// Why something is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Somebody else has this name: you are not in.
    Taken,
    /// The other side was silent for too long: you are not in.
    Timeout,
    /// You are not in, so you can neither say anything nor quit.
    Outside,
    /// You are in already, or about to be.
    Already,
    /// This is the server, which is no user.
    Server,
}

impl Problem for Chat {
    const NAME: &'static str = "chat";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "bob", request: r#"{connect: bobby}"#, about: "Let me in under this name." },
        Example { node: "carol", request: r#"{connect: caz}"#, about: "Let me in under this name." },
        Example { node: "bob", request: r#"{say: hello}"#, about: "Say this to everybody in the room." },
        Example {
            node: "carol",
            request: r#"{say: "hello, bobby"}"#,
            about: "Say this to everybody in the room.",
        },
        Example { node: "carol", request: r#"quit"#, about: "Let me out." },
    ];

    fn properties() -> Vec<Property<Self>> {
        presence_of_users().into_iter().chain(conversation()).collect()
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "hearing",
                about: "From saying something to being shown it, for each who is shown it.",
                unit: Unit::Time,
                take: speech::delays,
            },
            Measure {
                name: "admission",
                about: "From wanting to be in to being in.",
                unit: Unit::Time,
                take: admissions,
            },
        ]
    }
}

/// Who is in under which name, and what of it users are shown.
fn presence_of_users() -> Vec<Property<Chat>> {
    use PropertyKind::{Liveness, Safety};
    use Sees::{Nodes, Order};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "distinct-aliases",
            "No two who are in at the same time have the same name.",
            Safety,
            Order,
            distinct_aliases,
        ),
        property(
            "aliases-settle",
            "In the end no two who are in have the same name.",
            Liveness,
            Nodes,
            aliases_settle,
        ),
        property(
            "contiguous-log",
            "What a user is shown from its welcome on is a piece of the server's log without gaps.",
            Safety,
            Order,
            contiguous_log,
        ),
        property(
            "joined-then-left",
            "Everybody is announced once, then says things, then leaves once, and says no more.",
            Safety,
            Nodes,
            joined_then_left,
        ),
        property(
            "insiders-only",
            "Who is not in is shown nothing of what happens in the room.",
            Safety,
            Nodes,
            insiders_only,
        ),
    ]
}

/// What is said, and what those who are in may count on.
fn conversation() -> Vec<Property<Chat>> {
    use PropertyKind::{Liveness, Safety};
    use Sees::{Nodes, Order};
    let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
    vec![
        property(
            "honest-author",
            "What is shown as said by a name was said, that often, by a user who was in under this name.",
            Safety,
            Order,
            honest_author,
        ),
        property(
            "causal-order",
            "Nobody is shown an answer before the question.",
            Safety,
            Order,
            causal_order,
        ),
        property(
            "admission",
            "Who asks to be let in is welcomed or refused in the end.",
            Liveness,
            Nodes,
            admission,
        ),
        property(
            "delivery",
            "What somebody in the room says is shown to all who are in and stay.",
            Liveness,
            Order,
            delivery,
        ),
        property(
            "departure",
            "In the end nobody who stays takes anybody for present who quit, crashed or was put out.",
            Liveness,
            Order,
            departure,
        ),
    ]
}

/// How long it takes to be let in; nanoseconds.
fn admissions(history: &History<'_, Chat>) -> Vec<u64> {
    let mut attempts = vec![0_u64; history.nodes as usize];
    let key = |step: &Step<'_, Chat>| {
        let attempt = &mut attempts[step.node.index()];
        match step.what {
            What::Request(Request::Connect(_)) => {
                *attempt += 1;
                (Some((step.node, *attempt)), None)
            }
            What::Output(Output::Welcome { .. }) => (None, Some((step.node, *attempt))),
            _ => (None, None),
        }
    };
    history.delays(key)
}
