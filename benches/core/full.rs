//! The same workloads as processes in a simulation, through the whole network model, recording off.

use super::bare::{DEGREE, MESSAGES, PINGS, RUNS, SPEAKERS, speaks};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use synod::{
    process::{Context, Description, Names, Never, Problem, Process, ProcessId, Property, Time},
    simulate::{Cast, Simulation},
    trace::Level,
    world::{Action, Planned, Setup, Shape, Targets},
};

/// Nothing in particular.
#[derive(Debug)]
pub(crate) enum Work {}

impl Problem for Work {
    const NAME: &'static str = "work";
    type Request = ();
    type Output = Never;
    const REQUESTS: &'static [synod::process::Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    fn measures() -> Vec<synod::process::Measure<Self>> {
        Vec::new()
    }
}

const DESCRIPTION: Description = Description::named("work");

/// The message of all workloads: a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    Number(u32),
}

macro_rules! process {
    ($name:ident { $($field:ident: $type:ty = $value:expr),* }, $request:item, $message:item) => {
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub(crate) struct $name { $($field: $type),* }

        impl Process for $name {
            type Problem = Work;
            type Config = ();
            type Message = Message;
            type Timer = Never;
            type Stable = ();
            const DESCRIPTION: Description = DESCRIPTION;

            fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
                Self { $($field: $value),* }
            }

            $request
            $message

            fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
                match timer {}
            }
        }
    };
}

process!(
    PingPong { heard: u64 = 0 },
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        ctx.send(ProcessId(1), Message::Number(1));
    },
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Number(count) = message;
        self.heard += 1;
        if count < PINGS {
            ctx.send(from, Message::Number(count + 1));
        }
    }
);

process!(
    Speaker { heard: u64 = 0 },
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        for message in 0..MESSAGES {
            ctx.broadcast(Message::Number(message));
        }
    },
    fn on_message(&mut self, _ctx: &mut Context<'_, Self>, _from: ProcessId, _message: Message) {
        self.heard += 1;
    }
);

process!(
    Flooder { seen: bool = false },
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        self.seen = true;
        let neighbours = ctx.neighbours();
        ctx.multicast(neighbours.iter(), Message::Number(0));
    },
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        if !self.seen {
            self.seen = true;
            let neighbours = ctx.neighbours();
            ctx.multicast(neighbours.iter().filter(|to| *to != from), message);
        }
    }
);

process!(
    Small { heard: u32 = 0 },
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        ctx.broadcast(Message::Number(0));
    },
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let Message::Number(number) = message;
        self.heard += 1;
        if speaks(self.heard) {
            ctx.broadcast(Message::Number(number + 1));
        }
    }
);

/// A network of 1 to 10 ms, in which these nodes are asked to begin.
fn setup(nodes: u32, shape: Shape, asked: impl Iterator<Item = u32>) -> Setup {
    let mut setup = Setup::of(Names::Numbered(nodes));
    setup.topology = shape;
    setup.network.delay = Duration::from_micros(5_500);
    setup.network.jitter = Duration::from_micros(4_500);
    for (entry, node) in asked.enumerate() {
        let action = Action::Request { targets: Targets::Node(ProcessId(node)), request: 0 };
        setup.agenda.push(Planned {
            at: Time::ZERO,
            action,
            lasts: None,
            may_miss: false,
            entry: entry as u32,
        });
    }
    setup
}

pub(crate) fn simulation<P>(setup: Setup) -> Simulation<P>
where
    P: Process<Problem = Work, Config = ()>,
{
    Simulation::new(Arc::new(setup), Cast { requests: vec![()], ..Cast::default() })
}

fn level(counting: bool) -> Level {
    if counting { Level::Counts } else { Level::Nothing }
}

pub(crate) fn ping_pong(counting: bool) -> super::Work {
    let mut run = simulation::<PingPong>(setup(2, Shape::Complete, 0..1));
    Box::new(move || {
        let steps = run.run(1, level(counting)).steps;
        assert_eq!(steps, u64::from(PINGS) + 1);
        u64::from(PINGS)
    })
}

pub(crate) fn broadcast(counting: bool) -> super::Work {
    let mut run = simulation::<Speaker>(setup(SPEAKERS, Shape::Complete, 0..SPEAKERS));
    Box::new(move || run.run(1, level(counting)).steps - u64::from(SPEAKERS))
}

pub(crate) fn flood(nodes: u32, counting: bool) -> super::Work {
    let mut built: Option<Simulation<Flooder>> = None;
    Box::new(move || {
        let run = built.get_or_insert_with(|| flooder(nodes));
        run.run(1, level(counting)).steps - 1
    })
}

pub(crate) fn flooder(nodes: u32) -> Simulation<Flooder> {
    let mut run = simulation::<Flooder>(setup(nodes, Shape::RandomRegular { degree: DEGREE }, 0..1));
    // The graph is built by the first run and kept while the seed stays.
    run.run(1, Level::Nothing);
    run
}

pub(crate) fn small(counting: bool) -> super::Work {
    let mut run = simulation::<Small>(setup(3, Shape::Complete, 0..3));
    Box::new(move || {
        let mut steps = 0;
        for seed in 0..RUNS {
            steps += run.run(seed, level(counting)).steps;
        }
        assert_eq!(steps, RUNS * 33);
        RUNS
    })
}

/// The peak memory of a flood over a million nodes, where the system tells it.
pub(crate) fn flood_memory() {
    let mut run = simulation::<Flooder>(setup(1_000_000, Shape::RandomRegular { degree: DEGREE }, 0..1));
    let steps = run.run(1, Level::Nothing).steps;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("flood of 1,000,000 nodes, {steps} steps: {peak} (the process's peak) [1.5 GiB]");
}
