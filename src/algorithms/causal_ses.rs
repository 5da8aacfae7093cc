//! Causal order between two ends with what is known to be under way: Schiper, Eggli and Sandoz.
//!
//! Schiper, Eggli, Sandoz, "A new algorithm to implement causal ordering", WDAG 1989; Singhal, Shivaratri, "Advanced
//! Concepts in Operating Systems" (1994), section 5.5.2.
//!
//! ```text
//! p  --m1--> r, slowly                p knows: r was sent m1 at [1,0,0]
//! p  --m2, r: [1,0,0]--> q            q knows it too
//! q  --m3, r: [1,0,0]--> r            r has seen [0,0,0]: m3 waits for m1
//! ```

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CausalSes {
    /// C: this process's vector time.
    time: Vec<u64>,
    /// V_P: for each process that something was sent to, the vector time by which it is to have received it.
    sent_to: BTreeMap<ProcessId, Vec<u64>>,
    /// Messages that came before one they build on, in order of arrival.
    held_back: Vec<(ProcessId, Message)>,
    /// How many messages this process has sent to each.
    sent: BTreeMap<ProcessId, u64>,
    /// Of each sender, how many messages were delivered.
    delivered: BTreeMap<ProcessId, u64>,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// One message.
    Data {
        /// Which of the sender's messages to this receiver it is, counted from 1.
        id: u64,
        /// t_m: the vector time at which it was sent.
        time: Vec<u64>,
        /// V_M: for each process that something was sent to before, by when it is to have received it.
        sent_to: Vec<(ProcessId, Vec<u64>)>,
        /// What it says.
        body: String,
    },
}

impl Process for CausalSes {
    type Problem = Messaging;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "causal-ses",
        summary: "Causal order for messages from one to one: a message says what is still under way to whom.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes",
        ],
        promises: &["reliable-delivery", "integrity", "fifo-order", "causal-order"],
        messages: &[(
            "data",
            "what was said, with its number, its vector time, and one for each process that was sent something",
        )],
        cost: "1 message for each send, with at most N vectors of N numbers: only for processes that something was sent to",
        breaks: &["one lost message: what builds on it is held back for ever (reliable-delivery)"],
        source: "Schiper, Eggli, Sandoz, A new algorithm to implement causal ordering, WDAG 1989",
    };

    fn boot(ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        Self {
            time: vec![0; ctx.group_size()],
            sent_to: BTreeMap::new(),
            held_back: Vec::new(),
            sent: BTreeMap::new(),
            delivered: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let to: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in to {
            self.on_send(ctx, to, body.clone());
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Data { time, sent_to, .. } = &message;
        let fits = |vector: &Vec<u64>| vector.len() == self.time.len();
        if !fits(time) || !sent_to.iter().all(|(to, vector)| to.index() < self.time.len() && fits(vector)) {
            return;
        }
        self.held_back.push((from, message));
        self.deliver_all(ctx);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl CausalSes {
    /// Sending: tick, attach the time and what is known to be under way; only then note that this message is, too.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let me = ctx.me();
        let sent = self.sent.entry(to).or_default();
        *sent += 1;
        let id = *sent;
        if to == me {
            return self.deliver(ctx, me, id, body);
        }
        self.tick(me);
        let sent_to = self.sent_to.iter().map(|(to, time)| (*to, time.clone())).collect();
        ctx.send(to, Message::Data { id, time: self.time.clone(), sent_to, body });
        self.sent_to.insert(to, self.time.clone());
    }

    /// Receiving: deliver what waits for nothing; each delivery may be what another waits for.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        while let Some(place) = self
            .held_back
            .iter()
            .position(|(from, message)| self.is_old(*from, message) || self.has_turn(me, message))
        {
            let (from, message) = self.held_back.remove(place);
            if !self.is_old(from, &message) {
                self.take(ctx, from, message);
            }
        }
    }

    /// A duplicate: the messages of one sender are delivered in order.
    fn is_old(&self, from: ProcessId, message: &Message) -> bool {
        let Message::Data { id, .. } = message;
        self.delivered.get(&from).is_some_and(|delivered| id <= delivered)
    }

    /// Nothing is under way to here that the sender knew of: V_M has no entry for me, or it is not after C.
    fn has_turn(&self, me: ProcessId, message: &Message) -> bool {
        let Message::Data { sent_to, .. } = message;
        let mine = sent_to.iter().find(|(to, _)| *to == me);
        mine.is_none_or(|(_, needed)| needed.iter().zip(&self.time).all(|(needed, here)| needed <= here))
    }

    /// Delivery: take over what the sender knew to be under way to others, and its time; tick.
    fn take(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Data { id, time, sent_to, body } = message;
        let me = ctx.me();
        for (to, vector) in sent_to.into_iter().filter(|(to, _)| *to != me) {
            let known = self.sent_to.entry(to).or_insert_with(|| vec![0; vector.len()]);
            supremum(known, &vector);
        }
        supremum(&mut self.time, &time);
        self.tick(me);
        self.deliver(ctx, from, id, body);
    }

    /// An event of this process. Its entry may come from a message that makes no sense, and be as large as can be.
    fn tick(&mut self, me: ProcessId) {
        let own = &mut self.time[me.index()];
        *own = own.saturating_add(1);
    }

    fn deliver(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, body: String) {
        self.delivered.insert(from, id);
        ctx.produce(Output::Receive { from, id, body });
    }
}

/// The least vector that is not before either.
fn supremum(vector: &mut [u64], other: &[u64]) {
    for (entry, other) in vector.iter_mut().zip(other) {
        *entry = (*entry).max(*other);
    }
}
