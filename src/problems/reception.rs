//! Reception: many send to one, which says from whom it wants to hear next.
//!
//! Many-to-one communication after Sinha, "Distributed operating systems" (1997), section 3.10: a *selective* receiver
//! names one sender, a *nonselective* one a set of senders or anybody; which it is may change from one receive to the
//! next. What nobody asks for yet waits. A message is known by its sender and its number among all that this process
//! sent, a receive by its number among those of its process.

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, Verdict, What,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The reception problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reception {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Bring this to a process.
    Send {
        /// To whom.
        to: ProcessId,
        /// What is said.
        body: String,
    },
    /// One message, please, from one of these; from anybody when the list is empty.
    Receive(Vec<ProcessId>),
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Here is a message.
    Received {
        /// Which of this process's receives it answers, counted from 1.
        receive: u64,
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What is said.
        body: String,
    },
}

impl Problem for Reception {
    const NAME: &'static str = "reception";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example {
            node: "alice",
            request: r#"{send: {to: bob, body: hello}}"#,
            about: "Bring this to a process.",
        },
        Example {
            node: "bob",
            request: r#"{receive: [alice]}"#,
            about: "One message, please, from one of these.",
        },
        Example { node: "bob", request: r#"{receive: []}"#, about: "One message, please, from anybody." },
        Example {
            node: "carol",
            request: r#"{send: {to: bob, body: me too}}"#,
            about: "Bring this to a process.",
        },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "guarded",
                "Every message answers a receive that asked for its sender, one each.",
                Safety,
                Nodes,
                guarded,
            ),
            property(
                "integrity",
                "What is received was sent to the receiver, and is received once.",
                Safety,
                Causality,
                integrity,
            ),
            property(
                "fifo",
                "The messages of one sender are received in the order in which it sent them.",
                Safety,
                Nodes,
                fifo,
            ),
            property(
                "progress",
                "No correct process waits in the end for somebody who is correct and has sent it something.",
                Liveness,
                Nodes,
                progress,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![Measure {
            name: "waiting",
            about: "From asking for a message to getting it.",
            unit: Unit::Time,
            take: waiting,
        }]
    }
}

/// Whether a receive asks for a sender.
pub fn admits(senders: &[ProcessId], from: ProcessId) -> bool {
    senders.is_empty() || senders.contains(&from)
}

/// What was asked for, by process and number.
#[derive(Default)]
struct Asked<'a> {
    /// Messages: the event, for whom, what.
    sent: BTreeMap<(ProcessId, u64), (u64, ProcessId, &'a str)>,
    /// Receives: the event, from whom.
    receives: BTreeMap<(ProcessId, u64), (u64, &'a [ProcessId])>,
}

fn asked<'a>(history: &History<'a, Reception>) -> Asked<'a> {
    let mut counts = vec![(0, 0); history.nodes as usize];
    let mut asked = Asked::default();
    for step in &history.steps {
        let (sends, receives) = &mut counts[step.node.index()];
        match step.what {
            What::Request(Request::Send { to, body }) => {
                *sends += 1;
                asked.sent.insert((step.node, *sends), (step.event, *to, body));
            }
            What::Request(Request::Receive(senders)) => {
                *receives += 1;
                asked.receives.insert((step.node, *receives), (step.event, senders));
            }
            _ => {}
        }
    }
    asked
}

fn guarded(history: &History<'_, Reception>) -> Verdict {
    let asked = asked(history);
    let mut answered: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Received { receive, from, id, .. }) = step.what else { continue };
        let (event, node) = (step.event, step.node);
        let Some((at, senders)) = asked.receives.get(&(node, *receive)).filter(|(at, _)| *at < event) else {
            let because = format!("{node} receives message {id} of {from} and has not asked for any");
            return Verdict::violated([event], because);
        };
        if !admits(senders, *from) {
            let because = format!("{node} receives message {id} of {from}, for whom it has not asked");
            return Verdict::violated([*at, event], because);
        }
        if let Some(first) = answered.insert((node, *receive), event) {
            return Verdict::violated(
                [first, event],
                format!("receive {receive} of {node} is answered twice"),
            );
        }
    }
    Verdict::of(answered.len() as u64)
}

fn integrity(history: &History<'_, Reception>) -> Verdict {
    let asked = asked(history);
    let mut received: BTreeMap<(ProcessId, u64), u64> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Received { from, id, body, .. }) = step.what else { continue };
        let (event, node) = (step.event, step.node);
        let sent = asked.sent.get(&(*from, *id));
        let sent = sent.filter(|(at, to, said)| *at < event && *to == node && said == body);
        if sent.is_none() {
            let because =
                format!("{node} receives {body:?} as message {id} of {from}, who never sent it that");
            return Verdict::violated([event], because);
        }
        if let Some(first) = received.insert((*from, *id), event) {
            let because = format!("{node} receives message {id} of {from} twice");
            return Verdict::violated([first, event], because);
        }
    }
    Verdict::of(received.len() as u64)
}

fn fifo(history: &History<'_, Reception>) -> Verdict {
    let mut last: BTreeMap<(ProcessId, ProcessId), (u64, u64)> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Received { from, id, .. }) = step.what else { continue };
        let Some((before, earlier)) = last.insert((step.node, *from), (*id, step.event)) else { continue };
        if *id < before {
            let because = format!("{} receives message {before} of {from} before message {id}", step.node);
            return Verdict::violated([earlier, step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn progress(history: &History<'_, Reception>) -> Verdict {
    let (asked, correct) = (asked(history), history.correct());
    let mut received: BTreeSet<(ProcessId, u64)> = BTreeSet::new();
    let mut answered: BTreeSet<(ProcessId, u64)> = BTreeSet::new();
    for step in &history.steps {
        let What::Output(Output::Received { receive, from, id, .. }) = step.what else { continue };
        received.insert((*from, *id));
        answered.insert((step.node, *receive));
    }
    // The oldest message from each correct sender to each receiver that is still waiting.
    let mut waiting: BTreeMap<ProcessId, BTreeMap<ProcessId, (u64, u64)>> = BTreeMap::new();
    for ((from, id), (event, to, _)) in &asked.sent {
        if correct[from.index()] && !received.contains(&(*from, *id)) {
            waiting.entry(*to).or_default().entry(*from).or_insert((*event, *id));
        }
    }
    let mut examined = 0;
    for ((node, receive), (event, senders)) in &asked.receives {
        if answered.contains(&(*node, *receive)) {
            examined += 1;
            continue;
        }
        let mut here = waiting.get(node).into_iter().flatten();
        let Some((from, (sent, id))) = here.find(|(from, _)| admits(senders, **from)) else { continue };
        if correct[node.index()] {
            let because = format!("{node} waits for ever, though message {id} of {from} is what it asks for");
            return Verdict::unmet(history.end, [*event, *sent], because);
        }
    }
    Verdict::of(examined)
}

/// How long each receive waits; nanoseconds.
fn waiting(history: &History<'_, Reception>) -> Vec<u64> {
    let mut receives = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(Request::Receive(_)) => {
            let number = &mut receives[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Received { receive, .. }) => (None, Some((step.node, *receive))),
        _ => (None, None),
    })
}
