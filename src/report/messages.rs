//! Which message an arrival belongs to: sender, receiver, kind and body, looked up by the message's number.

use super::flow;
use crate::process::ProcessId;
use crate::trace::{Event, EventKind, Trace};
use std::collections::BTreeMap;

/// The messages of a trace, by number.
#[derive(Debug)]
pub struct Messages<'a> {
    sent: BTreeMap<u64, Sent<'a>>,
}

/// A message as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The event that sent it.
    pub event: &'a Event,
    /// How often it was received.
    pub received: u64,
    /// How often it, or a copy of it, was dropped.
    pub dropped: u64,
}

impl<'a> Messages<'a> {
    /// Those of `trace`.
    pub fn of(trace: &'a Trace) -> Self {
        let mut sent = BTreeMap::new();
        for event in trace.events.iter().filter(|event| event.kind == EventKind::Send) {
            if let Some(message) = event.message {
                sent.entry(message).or_insert(Sent { event, received: 0, dropped: 0 });
            }
        }
        for event in &trace.events {
            let Some(message) = event.message.and_then(|message| sent.get_mut(&message)) else { continue };
            match event.kind {
                EventKind::Receive => message.received += 1,
                EventKind::Drop => message.dropped += 1,
                _ => {}
            }
        }
        Self { sent }
    }

    /// The message that `event` is about, where the trace has its sending.
    pub fn sent(&self, event: &Event) -> Option<&Sent<'a>> {
        self.sent.get(&event.message?)
    }

    /// All of them, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Sent<'a>)> {
        self.sent.iter().map(|(number, sent)| (*number, sent))
    }

    /// Who sent the message that `event` is about.
    pub fn sender(&self, event: &Event) -> Option<ProcessId> {
        let own = if event.kind == EventKind::Send { event.node } else { None };
        own.or(event.from).or_else(|| self.sent(event)?.event.node)
    }

    /// For whom the message is that `event` is about.
    pub fn receiver(&self, event: &Event) -> Option<ProcessId> {
        let own = if event.kind == EventKind::Receive { event.node } else { None };
        own.or(event.to).or_else(|| self.sent(event)?.event.to)
    }

    /// The kind of the message that `event` is about.
    pub fn kind<'b>(&self, event: &'b Event) -> Option<&'b str>
    where
        'a: 'b,
    {
        event.message_kind.as_deref().or_else(|| self.sent(event)?.event.message_kind.as_deref())
    }

    /// What the message that `event` is about says, besides its kind.
    pub fn content(&self, event: &Event) -> Option<String> {
        let body = event.body.as_ref().or_else(|| self.sent(event)?.event.body.as_ref())?;
        flow::content(self.kind(event), body)
    }
}
