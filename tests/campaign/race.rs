//! Probabilistic concurrency testing keeps its promise: with n chains and k steps, a bug of depth d is hit with
//! probability 1/(n k^(d-1)) at least.

use super::plan;
use serde::{Deserialize, Serialize};
use synod::{
    explore::{Rules, Runner, strategy::Pct},
    process::{
        Context, Description, Example, History, Measure, Never, Problem, Process, ProcessId, Property,
        PropertyKind, Request, Sees, Verdict, What,
    },
    registry::Registry,
    trace::Level,
};

/// Messages of two senders race to one receiver.
#[derive(Debug)]
enum Race {}

impl Problem for Race {
    const NAME: &'static str = "race";
    type Request = ();
    type Output = (ProcessId, u32);
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        let property = |name, check| Property {
            name,
            about: "An order does not come about.",
            kind: PropertyKind::Safety,
            sees: Sees::Nodes,
            check,
        };
        vec![property("depth-2", depth_2), property("depth-3", depth_3)]
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// When each message came: (sender, number) by its place.
fn place(history: &History<'_, Race>, sender: u32, number: u32) -> usize {
    let outputs = history.steps.iter().filter_map(|step| match step.what {
        What::Output(output) => Some(*output),
        _ => None,
    });
    outputs.into_iter().position(|output| output == (ProcessId(sender), number)).expect("everything arrives")
}

fn hit(hit: bool) -> Verdict {
    if hit { Verdict::violated([], "it came about") } else { Verdict::of(1) }
}

/// Two constraints: the first of the second sender comes right between two of the first.
fn depth_2(history: &History<'_, Race>) -> Verdict {
    let at = |sender, number| place(history, sender, number);
    hit(at(1, 2) < at(2, 0) && at(2, 0) < at(1, 3))
}

/// A third one: and its second does not follow at once.
fn depth_3(history: &History<'_, Race>) -> Verdict {
    let at = |sender, number| place(history, sender, number);
    hit(at(1, 2) < at(2, 0) && at(2, 0) < at(1, 3) && at(1, 3) < at(2, 1))
}

/// Sends all it has, or tells what comes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Racer;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Message {
    Number(u32),
}

impl Process for Racer {
    type Problem = Race;
    type Config = ();
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description {
        promises: &["depth-2", "depth-3"],
        messages: &[("number", "")],
        ..Description::named("race")
    };

    fn boot(ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        let messages = [0, 5, 3][ctx.me().index()];
        for number in 0..messages {
            ctx.send(ProcessId(0), Message::Number(number));
        }
        Self
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, (): Request<Self>) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let Message::Number(number) = message;
        ctx.produce((from, number));
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const RUNS: u64 = 10_000;

/// How many of the runs with this depth hit the bug of that property.
fn hits(depth: u32, property: usize) -> u64 {
    let registry = Registry::empty().with::<Racer>();
    let text = "{version: 1, algorithm: race, nodes: 3, network: {delay: 1ms, order: fifo}}";
    let plan = plan(&registry, text);
    let subject = registry.subject(&plan).expect("the algorithm is known");
    let mut runner = Runner::new(&subject, Rules::default()).expect("it fits");
    let mut hits = 0;
    for seed in 0..RUNS {
        let ended = runner.run(0, Box::new(Pct::new(seed, depth, 8)), Level::Full);
        assert_eq!(ended.summary.steps, 8);
        let verdicts = runner.verdicts(ended.summary.end);
        hits += u64::from(matches!(verdicts[property], Verdict::Violated { .. }));
    }
    hits
}

#[test]
fn a_bug_of_depth_two_is_hit_as_often_as_promised() {
    let bound = RUNS / (2 * 8);
    let hits = hits(2, 0);
    assert!(hits >= bound, "{hits} of {RUNS} runs; {bound} were promised");
}

#[test]
fn a_bug_of_depth_three_is_hit_as_often_as_promised() {
    let bound = RUNS / (2 * 8 * 8);
    let hits = hits(3, 1);
    assert!(hits >= bound, "{hits} of {RUNS} runs; {bound} were promised");
}

#[test]
fn a_bug_of_depth_three_is_not_hit_with_one_change_of_priority() {
    assert_eq!(hits(2, 1), 0);
}
