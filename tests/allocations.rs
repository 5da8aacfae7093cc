//! A run allocates nothing for its messages: what it needs it keeps from the run before.

use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use synod::{
    process::{Context, Description, Names, Never, Problem, Process, ProcessId, Property, Time},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Setup, Targets},
};

#[derive(Debug)]
enum Talk {}

impl Problem for Talk {
    const NAME: &'static str = "talk";
    type Request = u32;
    type Output = Never;
    const REQUESTS: &'static [synod::process::Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<synod::process::Measure<Self>> {
        Vec::new()
    }
}

/// Answers what it hears until a countdown is over; every tenth time it broadcasts, and it sets a timer each time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Talker;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Left(u32),
}

impl Process for Talker {
    type Problem = Talk;
    type Config = ();
    type Message = Message;
    type Timer = ();
    type Stable = u32;

    const DESCRIPTION: Description = Description::named("talker");

    fn boot(_ctx: &mut Context<'_, Self>, (): &(), _stable: u32) -> Self {
        Self
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, count: u32) {
        ctx.broadcast(Message::Left(count));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Left(count) = message;
        if count == 0 {
            return;
        }
        ctx.set_timer((), Duration::from_millis(1)..=Duration::from_millis(3));
        if count.is_multiple_of(1_000) {
            ctx.save(count);
            ctx.multicast(ctx.neighbours().iter(), Message::Left(count - 1));
        } else {
            ctx.send(from, Message::Left(count - 1));
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, (): ()) {}
}

fn simulation(messages: u32) -> Simulation<Talker> {
    let mut setup = Setup::of(Names::Numbered(4));
    setup.network.delay = Duration::from_millis(5);
    setup.network.jitter = Duration::from_millis(4);
    let action = Action::Request { targets: Targets::Node(ProcessId(0)), request: 0 };
    setup.agenda.push(Planned { at: Time::ZERO, action, lasts: None, may_miss: false, entry: 0 });
    Simulation::new(Arc::new(setup), Cast { requests: vec![messages], ..Cast::default() })
}

/// How many allocations a later run makes, and how many messages it sends.
fn allocations(messages: u32, level: Level) -> (u64, u64) {
    let mut simulation = simulation(messages);
    for seed in 0..3 {
        simulation.run(seed, Level::Counts);
        simulation.run(seed, level);
    }
    let counted = allocation_counter::measure(|| {
        simulation.run(2, level);
    });
    simulation.run(2, Level::Counts);
    (counted.count_total, simulation.recording().counts().total())
}

#[test]
fn a_run_after_the_first_allocates_nothing() {
    for level in [Level::Nothing, Level::Counts] {
        for messages in [30, 3_000] {
            let (allocated, sent) = allocations(messages, level);
            assert!(sent >= u64::from(messages), "{sent} messages were sent");
            assert_eq!(allocated, 0, "{level:?}, {sent} messages");
        }
    }
}

#[test]
fn a_first_run_does_not_allocate_for_each_message() {
    let first = |messages: u32| {
        let mut simulation = simulation(messages);
        allocation_counter::measure(|| {
            simulation.run(1, Level::Nothing);
        })
        .count_total
    };
    // Ten times the messages in the same few places at a time: the same memory.
    assert!(first(900) <= 60, "{}", first(900));
    assert!(first(900).abs_diff(first(90)) <= 10, "{} and {}", first(90), first(900));
}
