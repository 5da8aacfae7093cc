//! A broker between producers and consumers: a bounded buffer that parks who has to wait.
//!
//! Dijkstra, "Cooperating sequential processes" (1965), section 4.3; as a process that guards its buffer: Hoare,
//! "Communicating sequential processes" (1978), section 5.1. With acknowledgements the broker remembers what it has given
//! away until its consumer says that it is through with it, and gives it to somebody else otherwise.
//!
//! ```text
//! producer  --put-->           <--put-ok--      (later, if there is no place)
//! broker             a place?               an item?
//! consumer  --get-->                        <--item--      (later, if there is none)   --ack-->
//! ```

use crate::{
    problems::queue::{Output, Queue, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// One participant: the broker, a producer or a consumer; anybody may be all of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MessageQueue {
    config: Config,
    counted: Counted,
    /// The broker's: what it holds.
    held: VecDeque<Item>,
    /// The broker's: what was given away for nothing, and goes first; it had its place once and needs no other.
    returned: VecDeque<Item>,
    /// The broker's: what it has no place for.
    parked: VecDeque<Item>,
    /// The broker's: who waits for an item, with the number of the question.
    waiting: VecDeque<(ProcessId, u64)>,
    /// The broker's: what was given to whom and is not acknowledged.
    given: BTreeMap<(ProcessId, u64), Item>,
    /// The consumer's: its open questions, in order, with the item once it is there.
    asked: BTreeMap<u64, Option<Item>>,
}

/// How many items and questions a process has numbered, in all lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    produced: u64,
    asked: u64,
}

/// An item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Who made it.
    pub producer: ProcessId,
    /// Which of the producer's items.
    pub id: u64,
    /// What it says.
    pub body: String,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A producer has an item.
    Put(Item),
    /// It is in.
    PutOk {
        /// Which of the producer's items.
        id: u64,
    },
    /// A consumer wants an item.
    Get {
        /// Which of the consumer's questions.
        question: u64,
    },
    /// Here it is.
    Item {
        /// To which question.
        question: u64,
        /// The item.
        item: Item,
    },
    /// The consumer is through with it.
    Ack {
        /// The answer to which question.
        question: u64,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The consumer is through with the item that it has for this question.
    Worked(u64),
    /// This consumer should have acknowledged the answer to its question by now.
    Overdue(ProcessId, u64),
}

/// Who is the broker, how much it holds, and whether items are acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The broker; the first node unless said otherwise.
    pub broker: Option<ProcessId>,
    /// How many items it holds; what was given to a consumer does not count.
    pub capacity: u32,
    /// Whether a consumer acknowledges an item, and the broker gives it to somebody else if it does not.
    pub acknowledge: bool,
    /// How long the broker waits for an acknowledgement.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How long a consumer takes from having an item to having consumed it.
    #[serde(with = "duration")]
    pub work: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let timeout = Duration::from_secs(1);
        Self { broker: None, capacity: 4, acknowledge: false, timeout, work: Duration::ZERO }
    }
}

impl Process for MessageQueue {
    type Problem = Queue;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// No number is used twice.
    type Stable = Counted;

    const DESCRIPTION: Description = Description {
        name: "message-queue",
        summary: "A broker that takes items from producers and gives them to consumers, in order, and parks who must wait.",
        assumes: &[
            "perfect links: nothing is lost, doubled or made up; order does not matter",
            "a broker that stays up; and consumers, or `acknowledge` (delivery)",
            "consumers that stay up, and with `acknowledge` are through within `timeout` (at-most-once)",
        ],
        promises: &["bounded", "fifo", "integrity", "at-most-once", "delivery", "admission"],
        messages: &[
            ("put", "a producer has an item"),
            ("put-ok", "it is in"),
            ("get", "a consumer wants an item"),
            ("item", "here it is"),
            ("ack", "the consumer is through with it, with `acknowledge`"),
        ],
        cost: "4 messages for each item, 5 with `acknowledge`",
        breaks: &[
            "a consumer that crashes with an item, without `acknowledge`: it is lost (delivery)",
            "a consumer that crashes before its acknowledgement has left, or is too slow: somebody else gets the item, too \
             (at-most-once)",
            "a broker that crashes: what it holds is lost (delivery)",
        ],
        source: "Dijkstra, Cooperating sequential processes (1965), section 4.3",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, counted: Counted) -> Self {
        let queue = Self {
            config: Config { capacity: config.capacity.max(1), ..*config },
            counted,
            held: VecDeque::new(),
            returned: VecDeque::new(),
            parked: VecDeque::new(),
            waiting: VecDeque::new(),
            given: BTreeMap::new(),
            asked: BTreeMap::new(),
        };
        if ctx.me() == queue.broker() {
            ctx.produce(Output::Capacity(queue.config.capacity));
        }
        queue
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Produce(body) => {
                self.counted.produced += 1;
                ctx.save(self.counted);
                let item = Item { producer: ctx.me(), id: self.counted.produced, body };
                ctx.send(self.broker(), Message::Put(item));
            }
            Request::Consume => {
                self.counted.asked += 1;
                ctx.save(self.counted);
                self.asked.insert(self.counted.asked, None);
                ctx.send(self.broker(), Message::Get { question: self.counted.asked });
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Put(item) => self.on_put(ctx, item),
            Message::PutOk { id } => ctx.produce(Output::Accepted { item: id }),
            Message::Get { question } => self.on_get(ctx, from, question),
            Message::Item { question, item } => self.on_item(ctx, question, item),
            Message::Ack { question } => self.on_ack(ctx, from, question),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Worked(question) => self.consume(ctx, question),
            Timer::Overdue(consumer, question) => self.on_overdue(ctx, consumer, question),
        }
    }
}

impl MessageQueue {
    fn broker(&self) -> ProcessId {
        self.config.broker.unwrap_or(ProcessId(0))
    }

    /// The broker: somebody waits for it, or there is a place for it, or its producer waits.
    fn on_put(&mut self, ctx: &mut Context<'_, Self>, item: Item) {
        if ctx.me() != self.broker() {
            return;
        }
        if let Some((consumer, question)) = self.waiting.pop_front() {
            ctx.send(item.producer, Message::PutOk { id: item.id });
            return self.give(ctx, consumer, question, item);
        }
        self.parked.push_back(item);
        self.admit(ctx);
    }

    /// The broker: there is something, or the consumer waits.
    fn on_get(&mut self, ctx: &mut Context<'_, Self>, consumer: ProcessId, question: u64) {
        if ctx.me() != self.broker() {
            return;
        }
        let first = self.returned.pop_front().or_else(|| self.held.pop_front());
        let Some(item) = first else { return self.waiting.push_back((consumer, question)) };
        self.give(ctx, consumer, question, item);
        self.admit(ctx);
    }

    /// The broker: as long as there is a place and a producer that waits for one.
    fn admit(&mut self, ctx: &mut Context<'_, Self>) {
        while self.held.len() < self.config.capacity as usize
            && let Some(item) = self.parked.pop_front()
        {
            ctx.produce(Output::Stored { producer: item.producer, item: item.id });
            ctx.send(item.producer, Message::PutOk { id: item.id });
            self.held.push_back(item);
        }
    }

    fn give(&mut self, ctx: &mut Context<'_, Self>, consumer: ProcessId, question: u64, item: Item) {
        ctx.produce(Output::Handed { producer: item.producer, item: item.id, consumer });
        ctx.send(consumer, Message::Item { question, item: item.clone() });
        if self.config.acknowledge {
            ctx.set_timer(Timer::Overdue(consumer, question), self.config.timeout);
            self.given.insert((consumer, question), item);
        }
    }

    fn on_ack(&mut self, ctx: &mut Context<'_, Self>, consumer: ProcessId, question: u64) {
        if self.given.remove(&(consumer, question)).is_some() {
            ctx.cancel_timer(Timer::Overdue(consumer, question));
        }
    }

    /// The broker: the consumer is taken for dead, and the item goes to the next.
    fn on_overdue(&mut self, ctx: &mut Context<'_, Self>, consumer: ProcessId, question: u64) {
        let Some(item) = self.given.remove(&(consumer, question)) else { return };
        match self.waiting.pop_front() {
            Some((next, question)) => self.give(ctx, next, question, item),
            None => self.returned.push_back(item),
        }
    }

    /// The consumer: works on it, unless a former life has asked for it.
    fn on_item(&mut self, ctx: &mut Context<'_, Self>, question: u64, item: Item) {
        let Some(place) = self.asked.get_mut(&question).filter(|place| place.is_none()) else { return };
        *place = Some(item);
        if self.config.work.is_zero() {
            return self.consume(ctx, question);
        }
        ctx.set_timer(Timer::Worked(question), self.config.work);
    }

    fn consume(&mut self, ctx: &mut Context<'_, Self>, question: u64) {
        let Some(Item { producer, id, body }) = self.asked.remove(&question).flatten() else { return };
        ctx.produce(Output::Consumed { producer, item: id, body });
        if self.config.acknowledge {
            ctx.send(self.broker(), Message::Ack { question });
        }
    }
}
