//! What a node's earlier lives drew from the run's randomness, found in what they wrote down: the next life draws what comes after.

use crate::{
    process::{Names, ProcessId, Time},
    trace::{Event, EventKind},
    world::World,
};
use serde_json::Value;
use std::collections::VecDeque;

/// What a node's earlier lives drew.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Former {
    /// What they sent or passed on, in order, and nobody has taken into account yet.
    carried: VecDeque<Carried>,
    /// How many lengths of timers they drew.
    lengths: u32,
    /// How many choices they made.
    choices: u32,
}

/// A message that an earlier life gave to the network.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Carried {
    at: Time,
    /// Who sent it first, where it was only passed on.
    origin: Option<ProcessId>,
    to: ProcessId,
    kind: String,
    /// In bytes, as JSON.
    size: u32,
}

impl Former {
    /// Reads it from what a node wrote down.
    pub(super) fn of(events: &[Event], names: &Names) -> Self {
        let mut former = Self::default();
        for event in events {
            let body = |key: &str| event.body.as_ref().and_then(|body| body.get(key));
            match event.kind {
                EventKind::Send => former.carry(event, None, event.to),
                EventKind::Note => {
                    let named = |key| names.find(body("passes-on")?.get(key)?.as_str()?);
                    former.carry(event, named("from"), named("to"));
                }
                EventKind::TimerSet => former.lengths += u32::from(body("drawn") == Some(&Value::Bool(true))),
                EventKind::Choice => former.choices += 1,
                _ => {}
            }
        }
        former
    }

    fn carry(&mut self, event: &Event, origin: Option<ProcessId>, to: Option<ProcessId>) {
        let Some(to) = to else { return };
        let kind = event.message_kind.clone().unwrap_or_default();
        let content = event.body.as_ref().filter(|_| event.kind == EventKind::Send);
        // As the message is written: its kind, and what it says if it says anything.
        let size =
            content.map_or(kind.len() + 2, |content| content.to_string().len() + kind.len() + 5) as u32;
        self.carried.push_back(Carried { at: Time(event.time), origin, to, kind, size });
    }

    /// Gives the network what it was given before `to`, once more: it has numbered it, and knows what is ahead of what comes
    /// next.
    pub(super) fn relive(&mut self, world: &mut World, me: ProcessId, to: Time) {
        while self.carried.front().is_some_and(|carried| carried.at < to) {
            let Some(Carried { at, origin, to, kind, size }) = self.carried.pop_front() else { return };
            let _course = match origin {
                None => world.send(at, me, to, size, &kind),
                Some(origin) => world.pass_on(at, origin, me, to, size),
            };
        }
    }

    /// Goes on with the draws of timers and choices where the earlier lives stopped.
    pub(super) fn go_on(&self, world: &mut World, me: ProcessId) {
        world.count_lengths(me, self.lengths);
        world.count_choices(me, self.choices);
    }
}
