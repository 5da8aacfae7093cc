//! Who may send, who may receive, and what.

use super::{
    Membership, Output, Request,
    digest::{Digest, is_closed},
};
use crate::process::{History, ProcessId, Verdict};
use std::collections::BTreeMap;

/// One delivery.
struct Delivery<'a> {
    event: u64,
    at: ProcessId,
    group: &'a str,
    epoch: u64,
    from: ProcessId,
    id: u64,
    body: &'a str,
}

fn deliveries<'d, 'a>(digest: &'d Digest<'a>) -> impl Iterator<Item = Delivery<'a>> + use<'d, 'a> {
    digest.told.iter().filter_map(|(event, at, output)| match *output {
        Output::Deliver { group, epoch, from, id, body } => {
            let (epoch, from, id) = (*epoch, *from, *id);
            Some(Delivery { event: *event, at: *at, group, epoch, from, id, body })
        }
        Output::View(_) | Output::Left { .. } | Output::Rejected(_) => None,
    })
}

/// Closed: delivered implies that the sender is a member in the epoch by which it was judged; and that epoch was not
/// over for the sender before it sent.
pub(super) fn closed_group(history: &History<'_, Membership>) -> Verdict {
    let digest = Digest::of(history);
    let mut examined = 0;
    for Delivery { event, at, group, epoch, from, id, .. } in deliveries(&digest) {
        let Some(told) = digest.view(group, epoch) else {
            let because = format!("{at} delivers in view {epoch} of {group:?}, of which nobody was told");
            return Verdict::violated([event], because);
        };
        if !is_closed(told.view) {
            continue;
        }
        if !told.view.members.contains(&from) {
            let because = format!(
                "{at} delivers message {id} of {from}, who is no member of {group:?} in view {epoch}"
            );
            return Verdict::violated([told.event, event], because);
        }
        let sent = digest.asked.get(&(from, id)).map_or(event, |asked| asked.event);
        // What it says to itself is its own affair.
        let out = digest.without(group, epoch, from).filter(|out| out.event < sent && at != from);
        if let Some(out) = out {
            let (number, out) = (out.view.epoch, out.event);
            let because = format!(
                "{at} delivers message {id} of {from} in view {epoch} of {group:?}, but {from} sent it after view \
                 {number} had put it out"
            );
            return Verdict::violated([out, sent, event], because);
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Receivers are members in the epoch by which a message was judged, and have been told so and not been told that they
/// are out.
pub(super) fn members_only(history: &History<'_, Membership>) -> Verdict {
    let digest = Digest::of(history);
    let mut inside: BTreeMap<(ProcessId, &str), (u64, bool)> = BTreeMap::new();
    let mut examined = 0;
    for (event, at, output) in &digest.told {
        match output {
            Output::View(view) => {
                inside.insert((*at, &view.group), (*event, view.members.contains(at)));
            }
            Output::Left { group, .. } => drop(inside.insert((*at, group), (*event, false))),
            Output::Rejected(_) => {}
            Output::Deliver { group, epoch, .. } => {
                let (since, is_in) = inside.get(&(*at, group.as_str())).copied().unwrap_or((*event, false));
                let listed = digest.view(group, *epoch).is_some_and(|told| told.view.members.contains(at));
                if !is_in || !listed {
                    let because = format!("{at} delivers in view {epoch} of {group:?}, but is no member");
                    let shows = if since < *event { vec![since, *event] } else { vec![*event] };
                    return Verdict::violated(shows, because);
                }
                examined += 1;
            }
        }
    }
    Verdict::of(examined)
}

/// No message is made up, turned into another or delivered twice.
pub(super) fn integrity(history: &History<'_, Membership>) -> Verdict {
    let digest = Digest::of(history);
    let mut firsts: BTreeMap<(ProcessId, ProcessId, u64, &str), u64> = BTreeMap::new();
    let mut examined = 0;
    for Delivery { event, at, group, from, id, body, .. } in deliveries(&digest) {
        let said = digest.asked.get(&(from, id)).filter(|asked| asked.event < event);
        let honest = said.is_some_and(|asked| match asked.request {
            Request::Send { group: to, body: said } => to == group && said == body,
            Request::Create { .. } | Request::Join(_) | Request::Leave(_) => false,
            Request::Expel { .. } | Request::Delete(_) => false,
        });
        if !honest {
            let because =
                format!("{at} delivers {body:?} as request {id} of {from}, who did not send it to {group:?}");
            return Verdict::violated([event], because);
        }
        if let Some(first) = firsts.insert((at, from, id, body), event) {
            return Verdict::violated([first, event], format!("{at} delivers message {id} of {from} twice"));
        }
        examined += 1;
    }
    Verdict::of(examined)
}
