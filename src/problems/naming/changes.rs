//! What a name may have belonged to at each moment of a history.
//!
//! A change takes effect at some moment between its request and its confirmation, and holds until another one, that was
//! asked for after its confirmation, has surely taken effect.

use super::{Naming, Output, Request};
use crate::process::{History, ProcessId, Time, What};
use std::collections::BTreeMap;

/// One change of a name.
#[derive(Clone, Copy)]
struct Change<'a> {
    by: ProcessId,
    /// The address, or that there is none any more.
    value: Option<&'a str>,
    /// When it was asked for: it does not hold before.
    asked: Time,
    /// When it was confirmed: it holds then.
    done: Time,
    /// Whether it surely puts an end to what held before; a crash may do so or not.
    certain: bool,
    /// When something else surely holds: set when all changes are known.
    over: Time,
    /// By which event.
    ended_by: u64,
    event: u64,
}

/// All changes of all names.
pub(super) struct Changes<'a> {
    of: BTreeMap<&'a str, Vec<Change<'a>>>,
}

impl<'a> Changes<'a> {
    pub(super) fn of(history: &History<'a, Naming>) -> Self {
        let mut changes = Self { of: BTreeMap::new() };
        let mut counts: BTreeMap<ProcessId, u64> = BTreeMap::new();
        let mut open: BTreeMap<(ProcessId, u64), (&str, usize)> = BTreeMap::new();
        for step in &history.steps {
            let by = step.node;
            let fresh = Change {
                by,
                value: None,
                asked: step.time,
                done: Time::NEVER,
                certain: true,
                over: Time::NEVER,
                ended_by: step.event,
                event: step.event,
            };
            match step.what {
                What::Request(request) => {
                    let count = counts.entry(by).or_default();
                    *count += 1;
                    let (name, value) = match request {
                        Request::Register { name, address } => (name, Some(address.as_str())),
                        Request::Unregister(name) => (name, None),
                        Request::Resolve(_) => continue,
                    };
                    open.insert((by, *count), (name, changes.add(name, Change { value, ..fresh })));
                }
                What::Output(Output::Serves { name, address }) => {
                    changes.add(name, Change { value: Some(address), done: step.time, ..fresh });
                }
                What::Output(Output::Registered { id, .. } | Output::Unregistered { id, .. }) => {
                    if let Some((name, place)) = open.remove(&(by, *id))
                        && let Some(change) = changes.of.get_mut(name).and_then(|list| list.get_mut(place))
                    {
                        (change.done, change.event) = (step.time, step.event);
                    }
                }
                What::Crash => changes.crash(by, Change { done: step.time, certain: false, ..fresh }),
                _ => {}
            }
        }
        changes.of.values_mut().for_each(|list| end(list));
        changes
    }

    fn add(&mut self, name: &'a str, change: Change<'a>) -> usize {
        let list = self.of.entry(name).or_default();
        list.push(change);
        list.len() - 1
    }

    /// What a process that crashes has registered may be forgotten.
    fn crash(&mut self, by: ProcessId, forgotten: Change<'a>) {
        for list in self.of.values_mut() {
            if list.iter().any(|change| change.by == by && change.value.is_some()) {
                list.push(forgotten);
            }
        }
    }

    /// Whether a name may have belonged to this address, or to none, at some moment from `start` to `end`; if not, the
    /// event that put an end to it, where it ever did belong to it.
    pub(super) fn allow(
        &self,
        name: &str,
        value: Option<&str>,
        start: Time,
        end: Time,
    ) -> Result<(), Option<u64>> {
        let list = self.of.get(name).map_or(&[][..], Vec::as_slice);
        // In the beginning no name belongs to an address.
        let mut ended_by = None;
        if value.is_none() {
            let first = list.iter().filter(|change| change.certain).min_by_key(|change| change.done);
            match first {
                Some(first) if first.done < start => ended_by = Some(first.event),
                Some(_) | None => return Ok(()),
            }
        }
        for change in list.iter().filter(|change| change.value == value && change.asked <= end) {
            if change.over >= start.max(change.asked) {
                return Ok(());
            }
            ended_by = ended_by.max(Some(change.ended_by));
        }
        Err(ended_by)
    }
}

/// Finds out when each change is surely over: when one that was asked for after its confirmation is confirmed.
fn end(list: &mut [Change<'_>]) {
    let mut ends: Vec<(Time, Time, u64)> =
        list.iter().filter(|end| end.certain).map(|end| (end.asked, end.done, end.event)).collect();
    ends.sort_unstable();
    // From each place on, the one that is confirmed first.
    for place in (1..ends.len()).rev() {
        let (_, done, event) = ends[place];
        let before = &mut ends[place - 1];
        if done < before.1 {
            (before.1, before.2) = (done, event);
        }
    }
    for change in list {
        let next = ends.partition_point(|(asked, _, _)| *asked <= change.done);
        if let Some((_, done, event)) = ends.get(next) {
            (change.over, change.ended_by) = (*done, *event);
        }
    }
}
