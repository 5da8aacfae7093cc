//! Distance-vector routing (RFC 1058, section 2) and its mutants.

use super::{edges, quiet};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::distance_vector::{self, DistanceVector, Horizon, Updates},
    problems::routing::{Output, Request, Routing, Way},
    process::{Context, Description, Process, ProcessId},
    world::{Action, LinkPattern, Shape, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A way that was short once is never given up for a longer one.
    KeepsTheBest,
    /// Costs climb for ever.
    NoInfinity,
    /// Poison goes to everybody but the neighbour it is for.
    PoisonsTheWrongNeighbour,
    /// A neighbour's distance is taken for the own one.
    ForgetsTheLink,
    /// What was heard of who falls silent is used all the same.
    NeverGivesUp,
}

const INFINITY: u32 = 6;

/// With a horizon: poison reverse.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    horizon: bool,
    heard: BTreeMap<ProcessId, (BTreeMap<ProcessId, u32>, bool)>,
    table: BTreeMap<ProcessId, Way>,
}

impl Process for Mutant {
    type Problem = Routing;
    type Config = (Bug, bool);
    type Message = Vec<(ProcessId, u32)>;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("distance-vector-mutant");

    fn boot(ctx: &mut Context<'_, Self>, (bug, horizon): &(Bug, bool), (): ()) -> Self {
        let mut mutant =
            Self { bug: *bug, horizon: *horizon, heard: BTreeMap::new(), table: BTreeMap::new() };
        mutant.on_timer(ctx, ());
        mutant
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, vector: Vec<(ProcessId, u32)>) {
        if self.heard.insert(from, (vector.into_iter().collect(), true)).is_none() {
            ctx.produce(Output::Link { to: from, cost: Some(1) });
        }
        self.recompute(ctx);
    }

    /// A round: whoever was not heard of in the last one is gone, and all are told.
    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        for neighbour in ctx.neighbours().iter() {
            match self.heard.get_mut(&neighbour) {
                Some((_, fresh @ true)) => *fresh = false,
                Some((_, false)) => {
                    if self.bug != Bug::NeverGivesUp {
                        self.heard.remove(&neighbour);
                    }
                    ctx.produce(Output::Link { to: neighbour, cost: None });
                }
                _ => {}
            }
        }
        self.recompute(ctx);
        for neighbour in ctx.neighbours().iter() {
            let wrong = self.bug == Bug::PoisonsTheWrongNeighbour;
            let poisoned = |way: &Way| self.horizon && (way.next == neighbour) != wrong;
            let cost = |way: &Way| if poisoned(way) { INFINITY } else { way.cost };
            let ways = self.table.iter().map(|(to, way)| (*to, cost(way)));
            let vector = std::iter::once((ctx.me(), 0)).chain(ways).collect();
            ctx.send(neighbour, vector);
        }
        ctx.set_timer((), Duration::from_millis(100));
    }
}

impl Mutant {
    fn recompute(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        for to in ctx.group().filter(|to| *to != me) {
            let link = u32::from(self.bug != Bug::ForgetsTheLink);
            let ways = self.heard.iter().filter_map(|(next, (vector, _))| {
                let cost = vector.get(&to)?.saturating_add(link);
                let finite = cost < INFINITY || self.bug == Bug::NoInfinity;
                finite.then_some(Way { next: *next, cost })
            });
            let present = self.table.get(&to).copied();
            let keeps = |way: &Way| (way.cost, Some(way.next) != present.map(|present| present.next));
            let mut best = ways.min_by_key(keeps);
            if self.bug == Bug::KeepsTheBest {
                best = [present, best].into_iter().flatten().min_by_key(keeps);
            }
            if best != present {
                ctx.produce(Output::Route { to, way: best });
                match best {
                    Some(way) => drop(self.table.insert(to, way)),
                    None => drop(self.table.remove(&to)),
                }
            }
        }
    }
}

const PROMISES: &[&str] = &["shortest-paths", "loop-free"];
const ANY: (u64, u64) = (u64::MAX, u64::MAX);

fn cut(one: u32, other: u32) -> Action {
    Action::Cut(LinkPattern::Between(vec![ProcessId(one), ProcessId(other)]))
}

/// A line of three whose first link fails when all routes are known.
fn line_that_breaks() -> Trial<Routing> {
    quiet(3, Shape::Line).with(215, cut(0, 1)).until(1_150)
}

/// A ring of four with a link that fails: there is another way.
fn ring_that_breaks() -> Trial<Routing> {
    quiet(4, Shape::Ring).with(315, cut(0, 1)).until(1_150)
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(2)), after_sends: None };
    for trial in [line_that_breaks(), ring_that_breaks(), quiet(5, Shape::Ring).with(215, crash).until(1_150)]
    {
        for horizon in [false, true] {
            trial.survives::<Mutant>(&(Bug::None, horizon), PROMISES);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    ring_that_breaks().kills::<Mutant>(&(Bug::KeepsTheBest, true), "shortest-paths", ANY);
    line_that_breaks().kills::<Mutant>(&(Bug::NoInfinity, false), "shortest-paths", ANY);
    line_that_breaks().kills::<Mutant>(&(Bug::NoInfinity, false), "loop-free", ANY);
    quiet(3, Shape::Line).until(350).kills::<Mutant>(&(Bug::ForgetsTheLink, false), "shortest-paths", ANY);
    line_that_breaks().kills::<Mutant>(&(Bug::NeverGivesUp, true), "shortest-paths", ANY);
    let poisoned = (Bug::PoisonsTheWrongNeighbour, true);
    quiet(3, Shape::Line).until(350).kills::<Mutant>(&poisoned, "shortest-paths", ANY);
    quiet(3, Shape::Line).until(350).survives::<Mutant>(&(Bug::None, true), PROMISES);
}

/// Museum 73: two processes believe each other; a horizon between two prevents it, and does not among three.
#[test]
fn routes_go_round_in_a_circle_when_a_link_fails() {
    let line = line_that_breaks();
    line.kills::<Mutant>(&(Bug::None, false), "never-loops", ANY);
    line.survives::<Mutant>(&(Bug::None, true), &["never-loops"]);
    let triangle_and_stub =
        quiet(4, edges(&[(0, 1), (1, 2), (2, 0), (2, 3)])).with(215, cut(2, 3)).until(1_150);
    triangle_and_stub.kills::<Mutant>(&(Bug::None, true), "never-loops", ANY);
    for (horizon, loops_on_a_line) in
        [(Horizon::None, true), (Horizon::SplitHorizon, false), (Horizon::PoisonReverse, false)]
    {
        let config = distance_vector::Config {
            updates: Updates::Periodic,
            horizon,
            timeout: Duration::from_millis(150),
            infinity: INFINITY,
            ..distance_vector::Config::default()
        };
        assert_eq!(line.search::<DistanceVector>(&config, "never-loops").is_some(), loops_on_a_line);
        triangle_and_stub.kills::<DistanceVector>(&config, "never-loops", ANY);
    }
}

/// Vectors that are sent when something changes only: it comes to rest, over links that keep order.
#[test]
fn triggered_updates_come_to_rest() {
    let config =
        distance_vector::Config { updates: Updates::Triggered, ..distance_vector::Config::default() };
    for shape in [Shape::Complete, Shape::Line, Shape::Ring, Shape::Star, Shape::Grid] {
        let mut trial = quiet(6, shape).fifo();
        trial.setup.network.jitter = Duration::from_millis(10);
        trial.survives::<DistanceVector>(&config, &["shortest-paths", "loop-free", "never-loops"]);
    }
}
