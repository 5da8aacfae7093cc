//! A token on a ring (Le Lann 1977) and its mutants.

use super::{
    needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched, Timer},
    wants,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::{
        parts::section::Section,
        token_ring::{self, TokenRing},
    },
    process::ProcessId,
    world::{Action, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Passes the token on while inside.
    PassesInside,
    /// Enters again and again as long as it wants to.
    KeepsTheToken,
    /// Makes a new token that cannot be told from the old one.
    NoGeneration,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Ring {
    bug: Bug,
    token: bool,
    generation: u64,
}

/// How long the first process waits before it makes a new token.
const PATIENCE: Duration = Duration::from_millis(400);

impl Ring {
    fn pass(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.token = false;
        let next = ProcessId((ctx.me().0 + 1) % ctx.group_size() as u32);
        ctx.send(next, self.generation);
    }

    fn watch(&self, ctx: &mut Ctx<'_, Self>) {
        if ctx.me() == ProcessId(0) {
            ctx.set_timer(Timer::Patience, PATIENCE);
        }
    }
}

impl Sketch for Ring {
    type Bug = Bug;
    type Message = u64;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: Bug) -> Self {
        let mut ring = Self { bug, token: false, generation: 1 };
        ring.watch(ctx);
        if ctx.me() == ProcessId(0) {
            ring.pass(ctx);
        }
        ring
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if self.token {
            section.enter(ctx);
        }
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, _from: ProcessId, generation: u64) {
        if generation < self.generation {
            return;
        }
        self.generation = generation;
        self.watch(ctx);
        if self.token {
            return;
        }
        self.token = true;
        if section.is_waiting() {
            section.enter(ctx);
        }
        if !section.is_inside() || self.bug == Bug::PassesInside {
            self.pass(ctx);
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self.bug {
            Bug::PassesInside => {}
            // It passes the token on only when it has nothing more to do, which it finds out by itself.
            Bug::KeepsTheToken => ctx.send(ctx.me(), self.generation),
            Bug::None | Bug::NoGeneration => self.pass(ctx),
        }
    }

    fn lose_patience(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.watch(ctx);
        if self.token {
            return;
        }
        self.generation += u64::from(self.bug != Bug::NoGeneration);
        self.hear(ctx, section, ctx.me(), self.generation);
    }
}

type Mutant = Sketched<Ring>;

fn dropped(from: u32, nth: u64) -> Action {
    Action::Drop { links: LinkPattern::Directed { from: Some(ProcessId(from)), to: None }, kind: None, nth }
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = wants(3, 10, &[(0, 0), (1, 1), (2, 2), (3, 1), (50, 0), (51, 2)]).until(1_000);
    trial.survives::<Mutant>(&Bug::None, PROMISES);
    trial.clone().with(20, dropped(1, 1)).survives::<Mutant>(&Bug::None, PROMISES);
    let config = token_ring::Config { timeout: PATIENCE, ..Default::default() };
    trial.survives::<TokenRing>(&config, PROMISES);
    trial.with(20, dropped(1, 1)).survives::<TokenRing>(&config, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let two = wants(2, 100, &[(0, 0), (0, 1)]).until(300);
    two.kills::<Mutant>(&Bug::PassesInside, "mutual-exclusion", (2, 2));
    // The third of n2's stays goes before n3's first, though n3 has asked before: it is never through before the end.
    let greedy: Vec<(u64, u32)> = (0..40).map(|place| (place, 1)).chain([(0, 2)]).collect();
    let greedy = wants(3, 20, &greedy).until(600);
    assert!(greedy.search::<Mutant>(&Bug::KeepsTheToken, "starvation-freedom").is_some());
    let found = |bug| {
        let mut served = 0;
        greedy.each_run::<Mutant>(&bug, &[], |_, history, _| {
            let enters = |step: &synod::process::Step<'_, _>| {
                step.node == ProcessId(2) && matches!(step.what, synod::process::What::Output(_))
            };
            served += u64::from(history.steps.iter().any(enters));
        });
        served
    };
    assert_eq!((found(Bug::KeepsTheToken), found(Bug::None)), (0, crate::trial::SEEDS), "n3 enters");
    // One stay that is longer than the patience makes two tokens, which only numbers make one again.
    let mut wishes: Vec<(u64, u32)> = (0..10).map(|place| (900 + 20 * place, 0)).collect();
    wishes.extend((0..10).map(|place| (900 + 20 * place, 1)));
    let late =
        wants(2, 15, &wishes).until(2_000).with(5, Action::Pause(synod::world::Targets::Node(ProcessId(1))));
    let late = late.with(600, Action::Resume(synod::world::Targets::Node(ProcessId(1))));
    late.survives::<Mutant>(&Bug::None, &["mutual-exclusion"]);
    assert!(late.search::<Mutant>(&Bug::NoGeneration, "mutual-exclusion").is_some());
}

/// Museum 20: one lost message, and nobody enters any more; one late message, and two do.
#[test]
fn a_lost_token_blocks_everybody_and_a_late_one_lets_two_in() {
    let lost = wants(2, 20, &[(0, 1)]).with(0, dropped(0, 1)).until(1_000);
    needs::<TokenRing>(&[lost], &Default::default(), "deadlock-freedom", (1, 0));
    let config = token_ring::Config { timeout: Duration::from_millis(100), ..Default::default() };
    let late = wants(2, 300, &[(0, 1), (50, 0)]).until(1_000);
    let found = late.search::<TokenRing>(&config, "mutual-exclusion").expect("two tokens");
    assert!(found.sent <= 2, "{found:?}");
}
