//! Causal order between two ends with a matrix of who has sent how much to whom: Raynal, Schiper and Toueg.
//!
//! Raynal, Schiper, Toueg, "The causal ordering abstraction and a simple way to implement it", Information Processing
//! Letters 39(6) (1991), section 4.
//!
//! ```text
//! p  --m1--> r, slowly                p's matrix: p has sent r 1
//! p  --m2, matrix--> q                q knows it too
//! q  --m3, matrix--> r                r has 0 of p, m3 needs 1: it waits for m1
//! ```

use crate::{
    problems::messaging::{Messaging, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};

/// Who has sent how many messages to whom: a row for each sender.
type Matrix = Vec<Vec<u64>>;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CausalRst {
    /// SENT: how many messages each process has sent to each, as far as is known here.
    sent: Matrix,
    /// DELIV: how many messages of each process were delivered here.
    delivered: Vec<u64>,
    /// Messages that came before one they build on, in order of arrival.
    held_back: Vec<(ProcessId, Message)>,
    /// How many messages this process has sent to itself: they never travel, and no matrix counts them.
    own: u64,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// One message.
    Data {
        /// ST: the sender's matrix, this message not included.
        sent: Vec<Vec<u64>>,
        /// What it says.
        body: String,
    },
}

impl Process for CausalRst {
    type Problem = Messaging;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "causal-rst",
        summary: "Causal order for messages from one to one: a message says who has sent how much to whom.",
        assumes: &[
            "perfect links: nothing is lost or made up; order and duplicates do not matter",
            "a group of fixed size, and nobody crashes",
        ],
        promises: &["reliable-delivery", "integrity", "fifo-order", "causal-order"],
        messages: &[("data", "what was said, with a matrix of who had sent how much to whom")],
        cost: "1 message for each send, with N*N numbers",
        breaks: &[
            "one lost message: what builds on it is held back for ever (reliable-delivery)",
            "as published, a message to oneself: it is counted twice, and the next waits for ever; here it does not travel",
        ],
        source: "Raynal, Schiper, Toueg, The causal ordering abstraction and a simple way to implement it, Information \
                 Processing Letters 39(6) (1991)",
    };

    fn boot(ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        let size = ctx.group_size();
        Self { sent: vec![vec![0; size]; size], delivered: vec![0; size], held_back: Vec::new(), own: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let to: Vec<ProcessId> = request.receivers(ctx.group_size()).collect();
        let Request::Send { body, .. } = request;
        for to in to {
            self.on_send(ctx, to, body.clone());
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (Message::Data { sent, .. }, size) = (&message, self.delivered.len());
        if sent.len() != size || sent.iter().any(|row| row.len() != size) {
            return;
        }
        self.held_back.push((from, message));
        self.deliver_all(ctx);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl CausalRst {
    /// Sending to j: attach the matrix; only then count this message. What a process tells itself need not travel.
    fn on_send(&mut self, ctx: &mut Context<'_, Self>, to: ProcessId, body: String) {
        let me = ctx.me();
        if to == me {
            self.own += 1;
            ctx.produce(Output::Receive { from: me, id: self.own, body });
            return;
        }
        ctx.send(to, Message::Data { sent: self.sent.clone(), body });
        self.count(me, to);
    }

    /// Receiving: deliver what waits for nothing; each delivery may be what another waits for.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        while let Some(place) =
            self.held_back.iter().position(|(from, message)| self.has_turn(me, *from, message))
        {
            let (from, message) = self.held_back.remove(place);
            self.deliver(ctx, from, message);
        }
        // What is left of those that came twice.
        let delivered = &self.delivered;
        self.held_back.retain(|(from, Message::Data { sent, .. })| {
            sent[from.index()][me.index()] >= delivered[from.index()]
        });
    }

    /// Everything that was sent here as far as the sender knew was delivered: DELIV[k] >= ST[k][i] for all k; and it is
    /// the sender's next message, no duplicate of one before.
    fn has_turn(&self, me: ProcessId, from: ProcessId, message: &Message) -> bool {
        let Message::Data { sent, .. } = message;
        let is_next = sent[from.index()][me.index()] == self.delivered[from.index()];
        is_next && sent.iter().zip(&self.delivered).all(|(row, delivered)| row[me.index()] <= *delivered)
    }

    /// Delivery: count it; take over what the sender knew, and that it has sent this message.
    fn deliver(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (Message::Data { sent, body }, me) = (message, ctx.me());
        self.delivered[from.index()] += 1;
        for (known, told) in self.sent.iter_mut().flatten().zip(sent.iter().flatten()) {
            *known = (*known).max(*told);
        }
        self.count(from, me);
        ctx.produce(Output::Receive { from, id: self.delivered[from.index()], body });
    }
    /// One more was sent. A count may come from a message that makes no sense, and be as large as can be.
    fn count(&mut self, from: ProcessId, to: ProcessId) {
        let count = &mut self.sent[from.index()][to.index()];
        *count = count.saturating_add(1);
    }
}
