//! Host groups: whoever has joined a group gets what anybody sends to it.
//!
//! Deering, Cheriton, "Multicast routing in datagram internetworks and extended LANs" (1990); Deering, "Host
//! extensions for IP multicasting", RFC 1112 (1989). Groups are open: a sender need not be a member. A message is known
//! by its sender and its number among all that the sender was asked to send. A process that restarts is in no group.

use crate::process::{
    Example, History, Measure, Problem, ProcessId, Property, PropertyKind, Sees, Unit, Verdict, What,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The host-groups problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostGroups {}

/// What the application asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Become a member of this group.
    Join(String),
    /// Be a member of it no longer.
    Leave(String),
    /// Bring this to all members of a group.
    Multicast {
        /// The group.
        group: String,
        /// What is said.
        body: String,
        /// Over how many links it may go; as many as the algorithm's configuration says when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<u32>,
    },
}

/// What the application is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// It is a member of this group from now on.
    Joined(String),
    /// It is no longer.
    Left(String),
    /// Somebody sent something to a group.
    Receive {
        /// The group.
        group: String,
        /// Who sent it.
        from: ProcessId,
        /// Which of the sender's messages it is, counted from 1.
        id: u64,
        /// What is said.
        body: String,
        /// Over how many links it came; 0 for the sender's own copy.
        hops: u32,
    },
}

impl Problem for HostGroups {
    const NAME: &'static str = "host-groups";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] = &[
        Example { node: "bob", request: r#"{join: news}"#, about: "Become a member of this group." },
        Example {
            node: "alice",
            request: r#"{multicast: {group: news, body: hello}}"#,
            about: "Bring this to all members of a group.",
        },
        Example { node: "bob", request: r#"{leave: news}"#, about: "Be a member of it no longer." },
    ];

    fn properties() -> Vec<Property<Self>> {
        use PropertyKind::{Liveness, Safety};
        use Sees::{Causality, Nodes, Order};
        let property = |name, about, kind, sees, check| Property { name, about, kind, sees, check };
        vec![
            property(
                "members-only",
                "Nobody receives what is sent to a group that he is not in.",
                Safety,
                Nodes,
                members_only,
            ),
            property(
                "integrity",
                "What is received was sent to that group before.",
                Safety,
                Causality,
                integrity,
            ),
            property("at-most-once", "Nobody receives a message twice.", Safety, Nodes, at_most_once),
            property(
                "scope",
                "No message goes over more links than its sender allows.",
                Safety,
                Nodes,
                scope,
            ),
            property(
                "delivery",
                "Who is a member when a correct process sends something, and from then on, receives it.",
                Liveness,
                Order,
                delivery,
            ),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        vec![
            Measure {
                name: "delivery",
                about: "From a multicast to each of its deliveries.",
                unit: Unit::Time,
                take: delays,
            },
            Measure {
                name: "hops",
                about: "Over how many links a message came.",
                unit: Unit::Count,
                take: hops,
            },
        ]
    }
}

/// A message: its sender and its number.
type Name = (ProcessId, u64);

/// What was sent.
struct Sent<'a> {
    event: u64,
    group: &'a str,
    body: &'a str,
    ttl: Option<u32>,
}

fn sent<'a>(history: &History<'a, HostGroups>) -> BTreeMap<Name, Sent<'a>> {
    let mut counts = vec![0; history.nodes as usize];
    let mut sent = BTreeMap::new();
    for step in &history.steps {
        let What::Request(Request::Multicast { group, body, ttl }) = step.what else { continue };
        let id = &mut counts[step.node.index()];
        *id += 1;
        sent.insert((step.node, *id), Sent { event: step.event, group, body, ttl: *ttl });
    }
    sent
}

/// Who is in which group since when.
#[derive(Default)]
struct Members<'a>(BTreeMap<&'a str, BTreeMap<ProcessId, u64>>);

impl<'a> Members<'a> {
    fn note(&mut self, event: u64, node: ProcessId, what: &What<'a, HostGroups>) {
        match what {
            What::Output(Output::Joined(group)) => {
                self.0.entry(group).or_default().insert(node, event);
            }
            What::Output(Output::Left(group)) => {
                self.0.entry(group).or_default().remove(&node);
            }
            What::Boot | What::Crash => {
                for members in self.0.values_mut() {
                    members.remove(&node);
                }
            }
            _ => {}
        }
    }

    fn of(&self, group: &str) -> impl Iterator<Item = (ProcessId, u64)> + '_ {
        self.0.get(group).into_iter().flatten().map(|(member, since)| (*member, *since))
    }
}

fn members_only(history: &History<'_, HostGroups>) -> Verdict {
    let mut members = Members::default();
    let mut examined = 0;
    for step in &history.steps {
        members.note(step.event, step.node, &step.what);
        let What::Output(Output::Receive { group, from, id, .. }) = step.what else { continue };
        if !members.of(group).any(|(member, _)| member == step.node) {
            let because =
                format!("{} receives message {id} of {from} to {group:?} and is no member", step.node);
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn integrity(history: &History<'_, HostGroups>) -> Verdict {
    let sent = sent(history);
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Receive { group, from, id, body, .. }) = step.what else { continue };
        let (event, node) = (step.event, step.node);
        let Some(sent) = sent.get(&(*from, *id)).filter(|sent| sent.event < event) else {
            let because = format!("{node} receives message {id} of {from}, who never sent it");
            return Verdict::violated([event], because);
        };
        if sent.group != group || sent.body != body {
            let because = format!(
                "{node} receives {body:?} to {group:?} as message {id} of {from}, who said {:?} to {:?}",
                sent.body, sent.group
            );
            return Verdict::violated([sent.event, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn at_most_once(history: &History<'_, HostGroups>) -> Verdict {
    let mut first: BTreeMap<(ProcessId, Name), u64> = BTreeMap::new();
    for step in &history.steps {
        let What::Output(Output::Receive { from, id, .. }) = step.what else { continue };
        if let Some(first) = first.insert((step.node, (*from, *id)), step.event) {
            let because = format!("{} receives message {id} of {from} twice", step.node);
            return Verdict::violated([first, step.event], because);
        }
    }
    Verdict::of(first.len() as u64)
}

fn scope(history: &History<'_, HostGroups>) -> Verdict {
    let sent = sent(history);
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Receive { from, id, hops, .. }) = step.what else { continue };
        let Some(Sent { ttl: Some(ttl), event, .. }) = sent.get(&(*from, *id)) else { continue };
        if hops > ttl {
            let because = format!(
                "message {id} of {from} comes to {} over {hops} links, which is more than {ttl}",
                step.node
            );
            return Verdict::violated([*event, step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

fn delivery(history: &History<'_, HostGroups>) -> Verdict {
    let (sent, correct) = (sent(history), history.correct());
    let mut counts = vec![0; history.nodes as usize];
    let mut members = Members::default();
    // Who was a member when each message was sent, and since when; and who received what.
    let mut then: BTreeMap<Name, Vec<(ProcessId, u64)>> = BTreeMap::new();
    let mut received: BTreeSet<(Name, ProcessId)> = BTreeSet::new();
    for step in &history.steps {
        members.note(step.event, step.node, &step.what);
        match step.what {
            What::Request(Request::Multicast { group, .. }) => {
                let id = &mut counts[step.node.index()];
                *id += 1;
                then.insert((step.node, *id), members.of(group).collect());
            }
            What::Output(Output::Receive { from, id, .. }) => {
                received.insert(((*from, *id), step.node));
            }
            _ => {}
        }
    }
    let mut examined = 0;
    for (name, Sent { event, group, .. }) in sent {
        let (from, id) = name;
        for (member, since) in then.remove(&name).into_iter().flatten().filter(|(member, _)| *member != from)
        {
            if received.contains(&(name, member)) {
                examined += 1;
                continue;
            }
            let stays = members.of(group).any(|entry| entry == (member, since));
            if stays && correct[from.index()] && correct[member.index()] {
                let because = format!("{member} is in {group:?} and never receives message {id} of {from}");
                return Verdict::unmet(history.end, [since, event], because);
            }
        }
    }
    Verdict::of(examined)
}

/// How long each message takes to each member; nanoseconds.
fn delays(history: &History<'_, HostGroups>) -> Vec<u64> {
    let mut sent = vec![0_u64; history.nodes as usize];
    history.delays(|step| match step.what {
        What::Request(Request::Multicast { .. }) => {
            let number = &mut sent[step.node.index()];
            *number += 1;
            (Some((step.node, *number)), None)
        }
        What::Output(Output::Receive { from, id, .. }) if *from != step.node => (None, Some((*from, *id))),
        _ => (None, None),
    })
}

fn hops(history: &History<'_, HostGroups>) -> Vec<u64> {
    let hops = history.steps.iter().filter_map(|step| match step.what {
        What::Output(Output::Receive { hops, .. }) => Some(u64::from(*hops)),
        _ => None,
    });
    hops.filter(|hops| *hops > 0).collect()
}
