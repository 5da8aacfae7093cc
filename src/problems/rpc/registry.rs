//! The registry is a table: its executions, one after the other, are those of a table that nobody else touches.
//!
//! Linearizability (Herlihy, Wing 1990) with the point of each operation given: its execution, which lies between
//! request and answer because `matching` and `at-least-once` say so.

use super::{Answer, Reference, Request, Rpc, digest::Digest};
use crate::process::{History, ProcessId, Verdict};
use std::collections::BTreeMap;

/// What a registry is known to hold: nothing is known of a name that is not in it once the registry has crashed, for
/// it may have saved its table and may not.
#[derive(Default)]
struct Table {
    known: BTreeMap<String, Option<Bound>>,
    crashed: bool,
}

/// Who bound the name last, in its life and with which request, and to what if a lookup has told.
#[derive(Clone, Copy)]
struct Bound {
    owner: ProcessId,
    reference: Option<Reference>,
    event: u64,
}

impl Table {
    /// What a name is bound to; nothing when that is not known.
    fn get(&self, name: &str) -> Option<Option<Bound>> {
        self.known.get(name).copied().or((!self.crashed).then_some(None))
    }
}

pub(super) fn registry(history: &History<'_, Rpc>) -> Verdict {
    let digest = Digest::of(history);
    let mut tables: BTreeMap<ProcessId, Table> = BTreeMap::new();
    let (mut crashes, mut examined) = (digest.crashes.iter().peekable(), 0);
    for execution in &digest.executions {
        while let Some((_, node)) = crashes.next_if(|(event, _)| *event < execution.event) {
            tables.insert(*node, Table { known: BTreeMap::new(), crashed: true });
        }
        let Some(asked) = digest.request(execution.call) else { continue };
        let (client, event) = (execution.call.0, execution.event);
        let (Request::Bind { name, .. }
        | Request::Rebind { name, .. }
        | Request::Unbind { name }
        | Request::Lookup { name }) = asked.request
        else {
            continue;
        };
        let table = tables.entry(execution.server).or_default();
        let before = table.get(name);
        if let Some(before) = before
            && !fits(asked.request, client, before, execution.answer)
        {
            let because = format!(
                "{} answers {:?} to call {} of {client}, which is not what is bound to {name:?}",
                execution.server, execution.answer, execution.call.1
            );
            let earlier = before.map(|bound| bound.event);
            return Verdict::violated(earlier.into_iter().chain([event]).collect::<Vec<_>>(), because);
        }
        examined += u64::from(before.is_some());
        let now = match execution.answer {
            Answer::Bound => Some(Bound { owner: client, reference: None, event }),
            Answer::Found(reference) => {
                Some(Bound { owner: reference.server, reference: Some(*reference), event })
            }
            Answer::Unbound | Answer::NotBound => None,
            Answer::AlreadyBound | Answer::NotOwner | Answer::Returned(_) | Answer::Raised(_) => continue,
        };
        table.known.insert(name.clone(), now);
    }
    Verdict::of(examined)
}

/// Whether a table that holds this for the name answers so.
fn fits(request: &Request, client: ProcessId, bound: Option<Bound>, answer: &Answer) -> bool {
    let own = bound.is_none_or(|bound| bound.owner == client);
    match (request, answer) {
        (Request::Bind { .. }, Answer::Bound) => bound.is_none(),
        (Request::Bind { .. }, Answer::AlreadyBound) => bound.is_some(),
        (Request::Rebind { .. }, Answer::Bound) => own,
        (Request::Rebind { .. } | Request::Unbind { .. }, Answer::NotOwner) => !own,
        (Request::Unbind { .. }, Answer::Unbound) => bound.is_some() && own,
        (Request::Unbind { .. } | Request::Lookup { .. }, Answer::NotBound) => bound.is_none(),
        (Request::Lookup { .. }, Answer::Found(found)) => bound.is_some_and(|bound| {
            bound.owner == found.server && bound.reference.is_none_or(|known| known == *found)
        }),
        (
            Request::Bind { .. }
            | Request::Rebind { .. }
            | Request::Unbind { .. }
            | Request::Lookup { .. }
            | Request::Call { .. },
            _,
        ) => false,
    }
}
