//! Link-state routing (Perlman 1983; RFC 2328, section 13) and its mutants.

use super::quiet;
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::link_state::{self, LinkState, Sequence},
    problems::routing::{Output, Request, Routing, Way},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, LinkPattern, Shape, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Whatever comes last counts, however old it is.
    OldIsNew,
    /// What is heard is not passed on.
    KeepsItToItself,
    /// A link counts when one end names it.
    OneWay,
    /// A new neighbour is not told what is known already.
    NewcomersKnowNothing,
    /// Only the first of an origin's advertisements counts.
    FirstCounts,
}

type Advertisement = (ProcessId, u64, BTreeSet<ProcessId>);

/// Says hello once; links cost 1 and never fail.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    known: BTreeMap<ProcessId, (u64, BTreeSet<ProcessId>)>,
    table: BTreeMap<ProcessId, Way>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Hello,
    Lsa(Advertisement),
}

impl Process for Mutant {
    type Problem = Routing;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("link-state-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.multicast(ctx.neighbours().iter(), Message::Hello);
        let known = BTreeMap::from([(ctx.me(), (0, BTreeSet::new()))]);
        Self { bug: *bug, known, table: BTreeMap::new() }
    }

    fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request) {}

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Hello => self.on_hello(ctx, from),
            Message::Lsa(advertisement) => self.on_lsa(ctx, from, advertisement),
        }
        self.recompute(ctx);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn on_hello(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let me = ctx.me();
        let (sequence, links) = self.known.get_mut(&me).expect("it knows itself");
        if !links.insert(from) {
            return;
        }
        *sequence += 1;
        let own = Message::Lsa((me, *sequence, links.clone()));
        ctx.produce(Output::Link { to: from, cost: Some(1) });
        ctx.send(from, Message::Hello);
        ctx.multicast(ctx.neighbours().iter(), own);
        let others = self.known.iter().filter(|(origin, _)| **origin != me);
        for (origin, (sequence, links)) in others.filter(|_| self.bug != Bug::NewcomersKnowNothing) {
            ctx.send(from, Message::Lsa((*origin, *sequence, links.clone())));
        }
    }

    fn on_lsa(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        (origin, sequence, links): Advertisement,
    ) {
        let known = self.known.get(&origin).map(|(known, _)| *known);
        let newer = match self.bug {
            Bug::OldIsNew => known != Some(sequence),
            Bug::FirstCounts => known.is_none(),
            _ => known.is_none_or(|known| known < sequence),
        };
        if origin == ctx.me() || !newer {
            return;
        }
        self.known.insert(origin, (sequence, links.clone()));
        if self.bug != Bug::KeepsItToItself && known.is_none_or(|known| known < sequence) {
            let others = ctx.neighbours().iter().filter(|neighbour| *neighbour != from);
            ctx.multicast(others, Message::Lsa((origin, sequence, links)));
        }
    }

    /// Breadth first, for all links cost the same.
    fn recompute(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let names = |one: ProcessId, other: ProcessId| {
            self.known.get(&one).is_some_and(|(_, links)| links.contains(&other))
        };
        let linked = |one, other| match self.bug {
            Bug::OneWay => names(one, other) || names(other, one),
            _ => names(one, other) && names(other, one),
        };
        let mut table: BTreeMap<ProcessId, Way> = BTreeMap::new();
        let mut front: Vec<(ProcessId, ProcessId)> = vec![(me, me)];
        for cost in 1.. {
            let mut further = Vec::new();
            for (at, next) in std::mem::take(&mut front) {
                for to in ctx.group().filter(|to| *to != me && linked(at, *to)) {
                    let next = if at == me { to } else { next };
                    table.entry(to).or_insert_with(|| {
                        further.push((to, next));
                        Way { next, cost }
                    });
                }
            }
            if further.is_empty() {
                break;
            }
            front = further;
        }
        for to in ctx.group() {
            if self.table.get(&to) != table.get(&to) {
                ctx.produce(Output::Route { to, way: table.get(&to).copied() });
            }
        }
        self.table = table;
    }
}

const PROMISES: &[&str] = &["shortest-paths", "loop-free"];
const ANY: (u64, u64) = (u64::MAX, u64::MAX);

/// Links that take anything up to 20 ms: advertisements overtake each other.
fn jittery(nodes: u32, topology: Shape) -> Trial<Routing> {
    let mut trial = quiet(nodes, topology);
    trial.setup.network.jitter = Duration::from_millis(10);
    trial
}

fn cut(from: u32, to: u32) -> Action {
    Action::Cut(LinkPattern::Directed { from: Some(ProcessId(from)), to: Some(ProcessId(to)) })
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [
        jittery(4, Shape::Ring),
        jittery(5, Shape::Star),
        jittery(3, Shape::Line),
        jittery(2, Shape::Complete),
    ] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.duplicating().survives::<Mutant>(&Bug::None, PROMISES);
    }
    let late = jittery(3, Shape::Line);
    late.with(0, cut(0, 1)).survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    jittery(4, Shape::Ring).kills::<Mutant>(&Bug::OldIsNew, "shortest-paths", ANY);
    jittery(4, Shape::Line).kills::<Mutant>(&Bug::KeepsItToItself, "shortest-paths", ANY);
    jittery(4, Shape::Ring).kills::<Mutant>(&Bug::FirstCounts, "shortest-paths", ANY);
    jittery(3, Shape::Line).with(0, cut(0, 1)).kills::<Mutant>(&Bug::OneWay, "shortest-paths", ANY);
    // Whoever starts late has missed what was told before.
    let mut late = jittery(3, Shape::Line);
    let start = synod::process::Time(100_000_000);
    late.setup.nodes.insert(ProcessId(2), synod::world::NodeSetup { start, ..Default::default() });
    late.kills::<Mutant>(&Bug::NewcomersKnowNothing, "shortest-paths", ANY);
    late.survives::<Mutant>(&Bug::None, PROMISES);
}

/// Who begins to count again is taken for old news, unless it learns how far it had been, or has saved it.
#[test]
fn a_restarted_process_that_forgets_its_numbers_is_not_believed() {
    let apart = Action::Cut(LinkPattern::Between(vec![ProcessId(1), ProcessId(2)]));
    let mut trial = quiet(4, Shape::Ring).until(900);
    for (at, action, lasts) in [
        (105, apart, 220),
        (305, Action::Crash { targets: Targets::Node(ProcessId(2)), after_sends: None }, 45),
    ] {
        trial = trial.with(at, action);
        let planned = trial.setup.agenda.iter_mut().find(|planned| planned.at.0 == at * 1_000_000);
        planned.expect("it was just planned").lasts = Some(Duration::from_millis(lasts));
    }
    let config = |sequence| link_state::Config {
        dead: Duration::from_millis(150),
        sequence,
        ..link_state::Config::default()
    };
    trial.kills::<LinkState>(&config(Sequence::Forgotten), "shortest-paths", ANY);
    trial.survives::<LinkState>(&config(Sequence::Learned), PROMISES);
    trial.survives::<LinkState>(&config(Sequence::Saved), PROMISES);
}

/// A link that one end believes up, with and without the two-way check.
#[test]
fn half_a_link_is_used_without_the_two_way_check() {
    let trial = quiet(3, Shape::Ring).with(105, cut(0, 1)).until(900);
    let config = |two_way| link_state::Config {
        dead: Duration::from_millis(150),
        two_way,
        ..link_state::Config::default()
    };
    trial.kills::<LinkState>(&config(false), "shortest-paths", ANY);
    trial.survives::<LinkState>(&config(true), PROMISES);
}
