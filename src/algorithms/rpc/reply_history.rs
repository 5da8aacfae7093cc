//! What a server remembers of its clients' calls: which it has answered, and which life of the client they are of.
//!
//! The duplicate filter of Birrell and Nelson (1984), section 3.3; extermination of orphans after Nelson, "Remote
//! procedure call" (1981), by the client's lives: a call of a life that is over is not executed any more.

use crate::process::{ProcessId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is remembered of all clients.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(bound = "R: Value")]
pub struct ReplyHistory<R> {
    clients: Vec<(ProcessId, Client<R>)>,
}

impl<R> Default for ReplyHistory<R> {
    fn default() -> Self {
        Self { clients: Vec::new() }
    }
}

/// What is remembered of one client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(bound = "R: Value")]
struct Client<R> {
    life: u64,
    /// The client waits for no call with a lower number.
    lowest: u64,
    /// By call; nothing while it is executed.
    replies: BTreeMap<u64, Option<R>>,
}

/// How a call arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Its client's present life makes it, as far as is known.
    Present,
    /// It is the first to be heard of a new life of its client: whatever is under way for earlier ones is an orphan.
    NewLife,
    /// Its client has crashed since, or waits for it no longer.
    Outdated,
}

/// What is known of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known<R> {
    /// Nothing.
    New,
    /// It is being executed.
    InProgress,
    /// This was the reply.
    Replied(R),
}

impl<R: Value> ReplyHistory<R> {
    /// Notes that a client is in this life and waits for no call below `lowest`; forgets replies that it has.
    pub fn hear(&mut self, client: ProcessId, life: u64, lowest: u64) -> Arrival {
        let Some(place) = self.clients.iter().position(|(known, _)| *known == client) else {
            self.clients.push((client, Client { life, lowest, replies: BTreeMap::new() }));
            return Arrival::Present;
        };
        let known = &mut self.clients[place].1;
        if life < known.life {
            return Arrival::Outdated;
        }
        if life > known.life {
            *known = Client { life, lowest, replies: BTreeMap::new() };
            return Arrival::NewLife;
        }
        known.lowest = known.lowest.max(lowest);
        known.replies = known.replies.split_off(&known.lowest);
        Arrival::Present
    }

    /// Whether the client waits for this call no longer.
    pub fn is_over(&self, client: ProcessId, call: u64) -> bool {
        self.of(client).is_some_and(|known| call < known.lowest)
    }

    /// What is known of a call.
    pub fn known(&self, client: ProcessId, call: u64) -> Known<R> {
        match self.of(client).and_then(|known| known.replies.get(&call)) {
            None => Known::New,
            Some(None) => Known::InProgress,
            Some(Some(reply)) => Known::Replied(reply.clone()),
        }
    }

    /// Notes that a call is being executed, or with a reply that it was; no more than `window` replies of one client
    /// are kept, unless that is 0.
    pub fn keep(&mut self, client: ProcessId, call: u64, reply: Option<R>, window: u32) {
        let Some((_, known)) = self.clients.iter_mut().find(|(known, _)| *known == client) else { return };
        known.replies.insert(call, reply);
        while window > 0 && known.replies.len() > window as usize {
            known.replies.pop_first();
        }
    }

    /// Forgets the calls whose execution a crash has cut short: they may come again.
    pub fn forget_unfinished(&mut self) {
        for (_, known) in &mut self.clients {
            known.replies.retain(|_, reply| reply.is_some());
        }
    }

    fn of(&self, client: ProcessId) -> Option<&Client<R>> {
        self.clients.iter().find_map(|(known, remembered)| (*known == client).then_some(remembered))
    }
}
