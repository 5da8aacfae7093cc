//! The message queue, its mutants, and consumers that crash.

use super::{crash, restart, traffic};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use synod::{
    algorithms::message_queue::{Config, MessageQueue},
    problems::queue::{Output, Queue, Request},
    process::{Context, Description, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// One item more than there is room for.
    OffByOne,
    /// The last one in is the first one out.
    Stack,
    /// A consumer that waits is not told of an item.
    LostWakeUp,
    /// A producer that waits is not told of room.
    NotAdmitted,
    /// An item stays where it is when it is given away.
    NotTaken,
    /// A producer that has to wait is told that its item is in.
    Dropped,
}

/// A producer, the number of its item, and what it says.
type Item = (u32, u64, String);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    produced: u64,
    held: VecDeque<Item>,
    parked: VecDeque<Item>,
    waiting: VecDeque<u32>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Put(Item),
    PutOk(u64),
    Get,
    Item(Item),
}

const CAPACITY: usize = 2;

impl Process for Mutant {
    type Problem = Queue;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("queue-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        if ctx.me() == ProcessId(0) {
            ctx.produce(Output::Capacity(CAPACITY as u32));
        }
        let (held, parked, waiting) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { bug: *bug, produced: 0, held, parked, waiting }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Produce(body) => {
                self.produced += 1;
                ctx.send(ProcessId(0), Message::Put((ctx.me().0, self.produced, body)));
            }
            Request::Consume => ctx.send(ProcessId(0), Message::Get),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Put(item) => self.on_put(ctx, item),
            Message::Get => self.on_get(ctx, from.0),
            Message::PutOk(item) => ctx.produce(Output::Accepted { item }),
            Message::Item((producer, item, body)) => {
                ctx.produce(Output::Consumed { producer: ProcessId(producer), item, body });
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, (): ()) {}
}

impl Mutant {
    fn on_put(&mut self, ctx: &mut Context<'_, Self>, item: Item) {
        if self.bug != Bug::LostWakeUp
            && let Some(consumer) = self.waiting.pop_front()
        {
            ctx.send(ProcessId(item.0), Message::PutOk(item.1));
            return give(ctx, consumer, item);
        }
        let room = CAPACITY + usize::from(self.bug == Bug::OffByOne);
        if self.held.len() < room {
            return self.store(ctx, item);
        }
        if self.bug == Bug::Dropped {
            return ctx.send(ProcessId(item.0), Message::PutOk(item.1));
        }
        self.parked.push_back(item);
    }

    fn store(&mut self, ctx: &mut Context<'_, Self>, item: Item) {
        ctx.produce(Output::Stored { producer: ProcessId(item.0), item: item.1 });
        ctx.send(ProcessId(item.0), Message::PutOk(item.1));
        self.held.push_back(item);
    }

    fn on_get(&mut self, ctx: &mut Context<'_, Self>, consumer: u32) {
        let next = match self.bug {
            Bug::Stack => self.held.pop_back(),
            Bug::NotTaken => self.held.front().cloned(),
            _ => self.held.pop_front(),
        };
        let Some(item) = next else { return self.waiting.push_back(consumer) };
        give(ctx, consumer, item);
        if self.bug != Bug::NotAdmitted
            && let Some(parked) = self.parked.pop_front()
        {
            self.store(ctx, parked);
        }
    }
}

fn give(ctx: &mut Context<'_, Mutant>, consumer: u32, item: Item) {
    let (producer, number) = (ProcessId(item.0), item.1);
    ctx.produce(Output::Handed { producer, item: number, consumer: ProcessId(consumer) });
    ctx.send(ProcessId(consumer), Message::Item(item));
}

const PROMISES: &[&str] = &["bounded", "fifo", "integrity", "at-most-once", "delivery", "admission"];

const PRODUCERS: &[(u64, u32)] = &[(0, 1), (1, 1), (2, 2), (3, 2), (4, 1)];
const CONSUMERS: &[(u64, u32)] = &[(30, 3), (31, 2), (60, 3), (60, 3), (61, 1), (90, 3)];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = traffic(4, PRODUCERS, CONSUMERS);
    trial.survives::<Mutant>(&Bug::None, PROMISES);
    for capacity in [0, 1, 2, 100] {
        for acknowledge in [false, true] {
            let config = Config { capacity, acknowledge, ..Config::default() };
            trial.survives::<MessageQueue>(&config, PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let three = traffic(2, &[(0, 1), (1, 1), (2, 1)], &[]);
    three.kills::<Mutant>(&Bug::OffByOne, "bounded", (5, 3));
    let two_and_one = traffic(2, &[(0, 1), (1, 1)], &[(50, 1)]);
    two_and_one.kills::<Mutant>(&Bug::Stack, "fifo", (5, 5));
    traffic(2, &[(20, 1)], &[(0, 1)]).kills::<Mutant>(&Bug::LostWakeUp, "delivery", (3, 3));
    let full = traffic(2, &[(0, 1), (1, 1), (2, 1)], &[(60, 1)]);
    full.kills::<Mutant>(&Bug::NotAdmitted, "admission", (7, 7));
    traffic(2, &[(0, 1)], &[(30, 1), (31, 1)]).kills::<Mutant>(&Bug::NotTaken, "at-most-once", (6, 6));
    let more = traffic(2, &[(0, 1), (1, 1), (2, 1)], &[(60, 1), (61, 1), (62, 1)]);
    more.kills::<Mutant>(&Bug::Dropped, "delivery", (11, 11));
}

#[test]
fn an_item_outlives_its_consumer() {
    let trial = traffic(4, &[(0, 1), (1, 1)], &[(50, 2), (80, 3), (81, 3)]).with(100, crash(2));
    let config = Config { work: Duration::from_millis(100), ..Config::default() };
    trial.kills::<MessageQueue>(&config, "delivery", (9, 9));
    trial.survives::<MessageQueue>(&config, &["bounded", "fifo", "at-most-once", "integrity"]);
    let acknowledged = Config { acknowledge: true, ..config };
    trial.survives::<MessageQueue>(&acknowledged, PROMISES);
    trial.clone().with(120, restart(2)).survives::<MessageQueue>(&acknowledged, PROMISES);
    let late = Config { work: Duration::from_secs(3), ..acknowledged };
    let trial = traffic(4, &[(0, 1), (1, 1)], &[(50, 2), (80, 3), (81, 1)]);
    trial.kills::<MessageQueue>(&late, "at-most-once", (13, 13));
    trial.survives::<MessageQueue>(&late, &["delivery", "bounded", "fifo", "admission"]);
}
