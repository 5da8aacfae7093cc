//! How many orders a flood has, how many of them can be told apart, and that the reduced search makes each of those once.
//!
//! What a node learns is who told it, one after the other. In an order that can be told apart from others every node but
//! the first hears it first from somebody who knew it: these are the trees over the n nodes, n^(n-2) of them (Cayley 1889).
//! What else a node hears comes in any order: (n-2)! for each of the n-1 others, (n-1)! for the first, who knew.

use crate::models::{Flood, Word};
use std::time::{Duration, Instant};
use synod::{
    explore::exhaustive::{Explored, Finish, Reduction, Settings, explore},
    process::{
        Context, Description, Example, History, Measure, Never, Problem, Process, ProcessId, Property,
        PropertyKind, Sees, Step, Verdict, What,
    },
    registry::Registry,
    scenario::load,
};

/// A flood whose nodes say who told them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Rumour(Flood);

/// Who told whom.
#[derive(Debug)]
pub(crate) enum Telling {}

impl Problem for Telling {
    const NAME: &'static str = "telling";
    type Request = Never;
    type Output = ProcessId;
    const REQUESTS: &'static [Example] = &[];

    fn properties() -> Vec<Property<Self>> {
        let property = |name, about, check| Property {
            name,
            about,
            kind: PropertyKind::Safety,
            sees: Sees::Nodes,
            check,
        };
        vec![
            property(
                "everybody-tells",
                "In the end everybody was told by all others, once.",
                everybody_tells,
            ),
            property("first-hand", "The last node hears it from the first one first.", first_hand),
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// Who told a node, in order.
fn tellers(history: &History<'_, Telling>, node: ProcessId) -> Vec<ProcessId> {
    let here = history.steps.iter().filter(|step| step.node == node);
    let teller = |step: &Step<'_, Telling>| match step.what {
        What::Output(teller) => Some(*teller),
        _ => None,
    };
    here.filter_map(teller).collect()
}

fn everybody_tells(history: &History<'_, Telling>) -> Verdict {
    for node in (0..history.nodes).map(ProcessId) {
        let mut told = tellers(history, node);
        told.sort_unstable();
        let others: Vec<ProcessId> =
            (0..history.nodes).map(ProcessId).filter(|other| *other != node).collect();
        if told != others {
            return Verdict::violated([], format!("{node} was told by {told:?}"));
        }
    }
    Verdict::of(history.nodes.into())
}

fn first_hand(history: &History<'_, Telling>) -> Verdict {
    match tellers(history, ProcessId(history.nodes - 1)).first() {
        Some(ProcessId(0)) => Verdict::of(1),
        other => Verdict::violated([], format!("the last node heard it from {other:?} first")),
    }
}

impl Process for Rumour {
    type Problem = Telling;
    type Config = ();
    type Message = Word;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description::named("rumour");

    fn boot(ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
        if ctx.me() == ProcessId(0) {
            ctx.broadcast(Word::News);
        }
        Self(Flood::deaf())
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Word) {
        match message {
            Word::News => {
                if self.0.hears_first() && ctx.me() != ProcessId(0) {
                    ctx.broadcast(Word::News);
                }
                ctx.produce(from);
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// In how many orders the messages of a flood among so many nodes can arrive.
///
/// Messages to whoever knows it already may arrive in any order; those to a node that does not are one from each who
/// knows. So a state comes to how many know it beyond the first, and how many messages are under way to those who do.
pub(crate) fn orders(nodes: u128) -> u128 {
    fn from(nodes: u128, know: u128, idle: u128) -> u128 {
        let ignorant = nodes - 1 - know;
        if ignorant == 0 {
            return (1..=idle).product();
        }
        let heard_again = if idle == 0 { 0 } else { idle * from(nodes, know, idle - 1) };
        // Whoever hears it tells all who know it, and is told once more by each of those but one.
        heard_again + ignorant * (know + 1) * from(nodes, know + 1, idle + 2 * know + 1)
    }
    from(nodes, 0, 0)
}

/// How many of them can be told apart.
pub(crate) fn classes(nodes: u64) -> u64 {
    let factorial = |number: u64| (1..=number).product::<u64>();
    nodes.pow(nodes as u32 - 2) * factorial(nodes - 2).pow(nodes as u32 - 1) * factorial(nodes - 1)
}

/// The reduced search of a flood, held against all that is known of it beforehand; gives how long it took, too.
pub(crate) fn search(nodes: u64) -> (Explored, Duration) {
    let registry = Registry::empty().with::<Rumour>();
    let text =
        format!("version: 1\nalgorithm: rumour\nnodes: {nodes}\ncheck: [everybody-tells, first-hand]\n");
    let plan = load("flood.yaml", text.as_bytes(), &[], None, &registry).expect("the scenario is right");
    let subject = registry.subject(&plan).expect("the algorithm is registered");
    let begun = Instant::now();
    let explored = explore(&subject, &Settings::new(Reduction::Sources), &mut |_| false);
    let explored = explored.expect("the reduction preserves both");
    let took = begun.elapsed();
    assert_eq!((explored.executions, explored.finish), (classes(nodes), Finish::All));
    assert_eq!(explored.given_up, 0, "no execution was begun in vain");
    let [everybody, first] = &explored.tallies[..] else { panic!("two properties") };
    assert_eq!((everybody.violated, everybody.holds), (0, classes(nodes)));
    // Of the trees over n nodes, 2/n have an edge between two given ones.
    assert_eq!(first.violated * nodes, classes(nodes) * (nodes - 2));
    (explored, took)
}
