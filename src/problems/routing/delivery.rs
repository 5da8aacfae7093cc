//! What becomes of messages that are sent along routes.

use super::{Output, Request, Routing, Why, graph::Told};
use crate::process::{History, ProcessId, Verdict, What};
use std::collections::{BTreeMap, BTreeSet};

/// A message that somebody was asked to send.
struct Sent<'a> {
    event: u64,
    request: &'a Request,
}

/// All of them, by origin and number.
fn sent<'a>(history: &History<'a, Routing>) -> BTreeMap<(ProcessId, u64), Sent<'a>> {
    let mut counts = vec![0; history.nodes as usize];
    let mut sent = BTreeMap::new();
    for step in &history.steps {
        let What::Request(request) = step.what else { continue };
        let id = &mut counts[step.node.index()];
        *id += 1;
        sent.insert((step.node, *id), Sent { event: step.event, request });
    }
    sent
}

pub(super) fn delivery(history: &History<'_, Routing>) -> Verdict {
    let mut told = Told::nothing(history.nodes);
    // Where a message was received, and whether somebody dropped it for its time to live.
    let mut received: BTreeSet<(ProcessId, u64, ProcessId)> = BTreeSet::new();
    let mut expired: BTreeSet<(ProcessId, u64)> = BTreeSet::new();
    for step in &history.steps {
        told.note(step);
        match step.what {
            What::Output(Output::Receive { from, id, .. }) => {
                received.insert((*from, *id, step.node));
            }
            What::Output(Output::Dropped { from, id, why: Why::Ttl }) => {
                expired.insert((*from, *id));
            }
            _ => {}
        }
    }
    let mut examined = 0;
    for ((from, id), Sent { event, request }) in sent(history) {
        let Request::Send { to, ttl, .. } = request else { continue };
        if received.contains(&(from, id, *to)) {
            examined += 1;
            continue;
        }
        let settled = told.last.is_none_or(|last| last < event);
        let reachable = told.takes_part(from) && told.takes_part(*to);
        let known = from == *to || told.way(from, *to).is_some();
        let too_short = ttl.is_some() && expired.contains(&(from, id));
        if settled && reachable && known && !too_short {
            let because = format!("{from} has a route to {to}, but {to} never receives message {id}");
            return Verdict::unmet(history.end, [event], because);
        }
    }
    Verdict::of(examined)
}

pub(super) fn integrity(history: &History<'_, Routing>) -> Verdict {
    let sent = sent(history);
    let mut first: BTreeMap<(ProcessId, u64, ProcessId), u64> = BTreeMap::new();
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Receive { from, id, body, .. }) = step.what else { continue };
        let (event, node) = (step.event, step.node);
        let Some(sent) = sent.get(&(*from, *id)).filter(|sent| sent.event < event) else {
            let because = format!("{node} receives message {id} of {from}, who never sent it");
            return Verdict::violated([event], because);
        };
        let (said, meant) = match sent.request {
            Request::Send { to, body, .. } => (body, *to == node),
            Request::Limited(body) => (body, *from != node),
            Request::Directed { body, .. } => (body, true),
        };
        if !meant {
            let because = format!("{node} receives message {id} of {from}, which is for somebody else");
            return Verdict::violated([sent.event, event], because);
        }
        if said != body {
            let because = format!("{node} receives {body:?} as message {id} of {from}, who said {said:?}");
            return Verdict::violated([sent.event, event], because);
        }
        if let Some(first) = first.insert((*from, *id, node), event) {
            let because = format!("{node} receives message {id} of {from} twice");
            return Verdict::violated([first, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

pub(super) fn scope(history: &History<'_, Routing>) -> Verdict {
    let sent = sent(history);
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(Output::Receive { from, id, hops, .. }) = step.what else { continue };
        let allowed = match sent.get(&(*from, *id)).map(|sent| sent.request) {
            Some(Request::Send { ttl: Some(ttl), .. }) => *ttl,
            Some(Request::Limited(_)) => 1,
            Some(Request::Send { ttl: None, .. } | Request::Directed { .. }) | None => continue,
        };
        if *hops > allowed {
            let because = format!(
                "message {id} of {from} comes to {} over {hops} links, which is more than {allowed}",
                step.node
            );
            return Verdict::violated([step.event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}
