//! Many producers, one consumer with little room: load is shed, refused, or held back by credits.
//!
//! Credits: Kung, Blackwell, Chapman, "Credit-based flow control for ATM networks" (1994), with static
//! shares; Sinha, "Distributed operating systems" (1997), section 3.6, on what to do with a full buffer.
//!
//! ```text
//! p --data 1, 2--> sink        p has two credits and spends both
//! p has 3, and no credit: it waits
//! sink consumes 1  --credit(1)--> p  --data 3--> sink
//! ```

use crate::{
    problems::flow::{Flow, Item, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// One participant: a producer, or the sink.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BoundedSink {
    sink: ProcessId,
    policy: Policy,
    /// How many items this process has offered.
    offered: u64,
    role: Role,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Role {
    Producer {
        /// How many items the sink has room for, of this process's.
        credit: u64,
        /// Items that wait for a credit.
        backlog: VecDeque<(u64, String)>,
        /// Items that are on their way to a sink that may refuse them.
        sent: BTreeMap<u64, String>,
    },
    Sink {
        capacity: u64,
        service: Duration,
        batch: u64,
        queue: VecDeque<Item>,
        /// How many items of each producer were consumed and not credited yet.
        consumed: BTreeMap<ProcessId, u64>,
    },
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Who consumes; the first node unless said otherwise.
    pub sink: Option<ProcessId>,
    /// How many items may wait at the sink, the one it is busy with included; at least 1. With credits at least one
    /// for each producer.
    pub capacity: u64,
    /// How long the sink is busy with an item.
    #[serde(with = "duration")]
    pub service: Duration,
    /// What happens when there is no room.
    pub policy: Policy,
    /// With credits: how many consumed items of a producer are credited at once; no more than its share of the room.
    pub batch: u64,
}

impl Default for Config {
    fn default() -> Self {
        let service = Duration::from_millis(10);
        Self { sink: None, capacity: 8, service, policy: Policy::default(), batch: 1 }
    }
}

/// What happens when there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// What comes is thrown away.
    DropNewest,
    /// What has waited longest is thrown away.
    DropOldest,
    /// The producer is told that its item was not taken.
    Reject,
    /// It does not happen: a producer sends only as much as it was given credit for, and keeps the rest.
    #[default]
    Credits,
    /// Everything is taken, whether there is room or not.
    Unbounded,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the sink: an item.
    Data {
        /// Which of the sender's items it is, counted from 1.
        id: u64,
        /// What it is.
        body: String,
    },
    /// To a producer: room for so many more.
    Credit(u64),
    /// To a producer: there was no room for this item.
    Reject {
        /// Which of the receiver's items it is.
        id: u64,
    },
}

/// The timer: the sink is done with an item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The item at the head of the queue is done with.
    Served,
}

impl Process for BoundedSink {
    type Problem = Flow;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "bounded-sink",
        summary: "Many producers send to one slow consumer with little room: items are shed, refused, or held back by credits.",
        assumes: &["perfect FIFO links: nothing is lost, duplicated or overtaken", "nobody crashes"],
        promises: &["bounded", "no-silent-loss", "at-most-once", "fifo"],
        messages: &[
            ("data", "to the sink: an item"),
            ("credit", "to a producer: room for so many more (credits)"),
            ("reject", "to a producer: there was no room for this item (reject)"),
        ],
        cost: "1 message for each item; with credits 1/batch more, with reject 1 more for each item refused",
        breaks: &[
            "one lost item: nobody ever hears of it (no-silent-loss)",
            "one lost credit: a producer with no other waits for ever (no-silent-loss)",
            "no policy: the queue grows as long as items come faster than they are consumed (bounded)",
        ],
        source: "Kung, Blackwell, Chapman, Credit-based flow control for ATM networks (1994); Sinha, Distributed operating systems (1997), section 3.6",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let (me, sink) = (ctx.me(), config.sink.unwrap_or(ProcessId(0)));
        let shares = Shares::of(config, ctx.group_size());
        let role = if me == sink {
            ctx.produce(Output::Capacity(shares.capacity));
            Role::Sink {
                capacity: shares.capacity,
                service: config.service,
                batch: config.batch.max(1),
                queue: VecDeque::new(),
                consumed: BTreeMap::new(),
            }
        } else {
            Role::Producer {
                credit: shares.of_producer(me, sink),
                backlog: VecDeque::new(),
                sent: BTreeMap::new(),
            }
        };
        Self { sink, policy: config.policy, offered: 0, role }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Offer(body) => self.on_offer(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data { id, body } => self.on_data(ctx, Item { from, id, body }),
            Message::Credit(more) => self.on_credit(ctx, more),
            Message::Reject { id } => self.on_reject(ctx, id),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Served => self.on_served(ctx),
        }
    }
}

impl BoundedSink {
    /// A producer sends an item at once, or keeps it until it has a credit. The sink produces nothing.
    fn on_offer(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.offered += 1;
        let (id, policy) = (self.offered, self.policy);
        let Role::Producer { credit, backlog, sent } = &mut self.role else {
            return ctx.produce(Output::Refused(Item { from: ctx.me(), id, body }));
        };
        match policy {
            Policy::Credits if *credit == 0 => return backlog.push_back((id, body)),
            Policy::Credits => *credit -= 1,
            Policy::Reject => drop(sent.insert(id, body.clone())),
            Policy::DropNewest | Policy::DropOldest | Policy::Unbounded => {}
        }
        ctx.send(self.sink, Message::Data { id, body });
    }

    /// The sink takes an item, or does what its policy says when there is no room.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, item: Item) {
        let Role::Sink { capacity, service, queue, .. } = &mut self.role else { return };
        if queue.len() as u64 >= *capacity {
            match self.policy {
                Policy::DropNewest => return ctx.produce(Output::Shed(item)),
                Policy::Reject => return ctx.send(item.from, Message::Reject { id: item.id }),
                // The one it is busy with stays; when there is no other, the newest is the oldest that can go.
                Policy::DropOldest => match queue.remove(1) {
                    Some(oldest) => ctx.produce(Output::Shed(oldest)),
                    None => return ctx.produce(Output::Shed(item)),
                },
                // With credits nobody sends what there is no room for.
                Policy::Credits | Policy::Unbounded => {}
            }
        }
        if queue.is_empty() {
            ctx.set_timer(Timer::Served, *service);
        }
        ctx.produce(Output::Accepted(item.clone()));
        queue.push_back(item);
    }

    /// The sink is done with an item: its producer may send another.
    fn on_served(&mut self, ctx: &mut Context<'_, Self>) {
        let shares_credit = self.policy == Policy::Credits;
        let Role::Sink { capacity, service, batch, queue, consumed } = &mut self.role else { return };
        let Some(item) = queue.pop_front() else { return };
        let from = item.from;
        ctx.produce(Output::Consumed(item));
        if !queue.is_empty() {
            ctx.set_timer(Timer::Served, *service);
        }
        if shares_credit {
            let shares = Shares { capacity: *capacity, producers: ctx.group_size() as u64 - 1 };
            let owed = consumed.entry(from).or_default();
            *owed += 1;
            if *owed >= (*batch).min(shares.of_producer(from, self.sink)) {
                ctx.send(from, Message::Credit(std::mem::take(owed)));
            }
        }
    }

    /// A producer may send so many more.
    fn on_credit(&mut self, ctx: &mut Context<'_, Self>, more: u64) {
        let Role::Producer { credit, backlog, .. } = &mut self.role else { return };
        *credit = credit.saturating_add(more);
        while *credit > 0
            && let Some((id, body)) = backlog.pop_front()
        {
            *credit -= 1;
            ctx.send(self.sink, Message::Data { id, body });
        }
    }

    /// A producer hears that its item was not taken.
    fn on_reject(&mut self, ctx: &mut Context<'_, Self>, id: u64) {
        let Role::Producer { sent, .. } = &mut self.role else { return };
        let Some(body) = sent.remove(&id) else { return };
        ctx.produce(Output::Refused(Item { from: ctx.me(), id, body }));
    }
}

/// How the sink's room is shared out among the producers.
struct Shares {
    capacity: u64,
    producers: u64,
}

impl Shares {
    fn of(config: &Config, group_size: usize) -> Self {
        let producers = group_size as u64 - 1;
        let least = if config.policy == Policy::Credits { producers.max(1) } else { 1 };
        Self { capacity: config.capacity.max(least), producers }
    }

    /// What is left over when all shares are equal goes to the first ones.
    fn of_producer(&self, producer: ProcessId, sink: ProcessId) -> u64 {
        let place = u64::from(producer.0) - u64::from(producer > sink);
        let Some(share) = self.capacity.checked_div(self.producers) else { return 0 };
        share + u64::from(place < self.capacity % self.producers)
    }
}
