//! A history of items, sorted out: what happened to each, and who still waits.

use super::{Output, Queue, Request};
use crate::process::{History, ProcessId, What};
use std::collections::BTreeMap;

/// A producer, and the number of its item.
pub(super) type Id = (ProcessId, u64);

/// What happened to an item.
#[derive(Clone, Debug, Default)]
pub(super) struct Item<'a> {
    pub(super) produced: Option<(u64, &'a str)>,
    pub(super) accepted: Option<u64>,
    /// To whom it was given.
    pub(super) handed: Vec<(u64, ProcessId)>,
    /// By whom it was consumed.
    pub(super) consumed: Vec<(u64, ProcessId, &'a str)>,
}

/// What happens at the broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Store(Id),
    Hand(Id),
    Crash,
}

#[derive(Default)]
pub(super) struct Digest<'a> {
    pub(super) items: BTreeMap<Id, Item<'a>>,
    pub(super) acts: Vec<(u64, ProcessId, Act)>,
    /// How many items the broker has said it can hold.
    pub(super) capacity: Option<u32>,
    /// Of each process's requests to consume, in its present life, those that are open.
    pub(super) open: BTreeMap<ProcessId, Vec<u64>>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(history: &History<'a, Queue>) -> Self {
        let mut digest = Self::default();
        let mut produced = vec![0; history.nodes as usize];
        for step in &history.steps {
            let (event, node) = (step.event, step.node);
            match step.what {
                What::Request(Request::Produce(body)) => {
                    produced[node.index()] += 1;
                    digest.item((node, produced[node.index()])).produced = Some((event, body));
                }
                What::Request(Request::Consume) => digest.open.entry(node).or_default().push(event),
                What::Output(output) => digest.hear(event, node, output),
                What::Crash => {
                    digest.open.remove(&node);
                    digest.acts.push((event, node, Act::Crash));
                }
                What::Boot
                | What::Send { .. }
                | What::Receive { .. }
                | What::Timer
                | What::Pause
                | What::Resume => {}
            }
        }
        digest
    }

    fn hear(&mut self, event: u64, node: ProcessId, output: &'a Output) {
        match output {
            Output::Accepted { item } => {
                self.item((node, *item)).accepted.get_or_insert(event);
            }
            Output::Consumed { producer, item, body } => {
                let open = self.open.entry(node).or_default();
                if !open.is_empty() {
                    open.remove(0);
                }
                self.item((*producer, *item)).consumed.push((event, node, body));
            }
            Output::Capacity(capacity) => self.capacity = Some(*capacity),
            Output::Stored { producer, item } => {
                self.acts.push((event, node, Act::Store((*producer, *item))));
            }
            Output::Handed { producer, item, consumer } => {
                self.item((*producer, *item)).handed.push((event, *consumer));
                self.acts.push((event, node, Act::Hand((*producer, *item))));
            }
        }
    }

    fn item(&mut self, id: Id) -> &mut Item<'a> {
        self.items.entry(id).or_default()
    }

    /// Whether this event is the first time that the item is given to anybody.
    pub(super) fn is_first(&self, id: Id, event: u64) -> bool {
        self.items.get(&id).and_then(|item| item.handed.first()).is_some_and(|(first, _)| *first == event)
    }
}
