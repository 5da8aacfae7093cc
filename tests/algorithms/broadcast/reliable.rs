//! Reliable broadcast (Cachin, Guerraoui, Rodrigues 2011, Algorithms 3.2 and 3.3) and its mutants.

use super::{deliver, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    algorithms::reliable_broadcast::{self, ReliableBroadcast},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Nothing is passed on: best-effort broadcast.
    PassesNothingOn,
    /// What is passed on is delivered again by those who have it.
    DeliversEveryCopy,
    /// Two messages of the same number count as one, whoever sent them.
    ForgetsWhoSaidIt,
    /// What is passed on is said to come from the one who passes it on.
    SignsWhatItPassesOn,
    /// Lazy: only what comes after the suspicion is passed on.
    SuspectsAtReceiptOnly,
    /// Lazy: only what came before the suspicion is passed on.
    SuspectsBeforeReceiptOnly,
}

/// With a detector that suspects the first process after so many milliseconds it is lazy, without one eager.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Config {
    bug: Bug,
    suspects_after: Option<u64>,
}

/// Sender, number among the sender's messages, what was said.
type Said = (ProcessId, u64, String);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    lazy: bool,
    suspected: bool,
    sent: u64,
    delivered: BTreeSet<(ProcessId, u64)>,
    from: BTreeMap<ProcessId, Vec<Said>>,
}

const FIRST: ProcessId = ProcessId(0);

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Said;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("reliable-mutant");

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        if let Some(after) = config.suspects_after.filter(|_| ctx.me() != FIRST) {
            ctx.set_timer((), Duration::from_millis(after));
        }
        Self {
            bug: config.bug,
            lazy: config.suspects_after.is_some(),
            suspected: false,
            sent: 0,
            delivered: BTreeSet::new(),
            from: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.sent += 1;
        let said = (ctx.me(), self.sent, body);
        self.take(ctx, &said);
        ctx.broadcast(said);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, said: Said) {
        let is_new = self.take(ctx, &said);
        let (origin, id, body) = said;
        let must_be_passed_on =
            !self.lazy || origin == FIRST && self.suspected && self.bug != Bug::SuspectsBeforeReceiptOnly;
        if is_new && must_be_passed_on && self.bug != Bug::PassesNothingOn {
            let origin = if self.bug == Bug::SignsWhatItPassesOn { ctx.me() } else { origin };
            ctx.broadcast((origin, id, body));
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        self.suspected = true;
        if self.bug == Bug::SuspectsAtReceiptOnly {
            return;
        }
        for said in self.from.get(&FIRST).into_iter().flatten() {
            ctx.broadcast(said.clone());
        }
    }
}

impl Mutant {
    /// Delivers what is new, and says whether it was.
    fn take(&mut self, ctx: &mut Context<'_, Self>, (origin, id, body): &Said) -> bool {
        let known_as = if self.bug == Bug::ForgetsWhoSaidIt { FIRST } else { *origin };
        let is_new = self.delivered.insert((known_as, *id));
        if is_new || self.bug == Bug::DeliversEveryCopy {
            self.from.entry(*origin).or_default().push((*origin, *id, body.clone()));
            deliver(ctx, *origin, *id, body);
        }
        is_new
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity"];

fn eager(bug: Bug) -> Config {
    Config { bug, suspects_after: None }
}

fn lazy(bug: Bug) -> Config {
    Config { bug, suspects_after: Some(30) }
}

/// The first process crashes once this many of its messages have left.
fn crash_after(sends: u32) -> Action {
    Action::Crash { targets: Targets::Node(FIRST), after_sends: Some(sends) }
}

fn two_senders() -> Trial<Broadcast> {
    said(3, &[(0, 0), (5, 1), (10, 0), (40, 2)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for config in [eager(Bug::None), lazy(Bug::None)] {
        two_senders().survives::<Mutant>(&config, PROMISES);
        two_senders().duplicating().survives::<Mutant>(&config, PROMISES);
        for sends in 1..6 {
            let trial = two_senders().with(0, crash_after(sends));
            trial.survives::<Mutant>(&config, &["agreement", "integrity", "validity"]);
        }
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let half = said(3, &[(1, 0)]).with(0, crash_after(1));
    half.kills::<Mutant>(&eager(Bug::PassesNothingOn), "agreement", (1, 1));
    said(2, &[(0, 0)]).kills::<Mutant>(&eager(Bug::DeliversEveryCopy), "integrity", (2, 2));
    said(2, &[(0, 0)]).kills::<Mutant>(&eager(Bug::SignsWhatItPassesOn), "integrity", (2, 2));
    let both = said(2, &[(0, 0), (0, 1)]);
    both.kills::<Mutant>(&eager(Bug::ForgetsWhoSaidIt), "validity", (2, 2));
}

/// Museum 43: what was received before the suspicion is forgotten.
#[test]
fn passing_on_only_what_comes_after_the_suspicion_breaks_agreement() {
    let trial = said(3, &[(1, 0)]).with(0, crash_after(1));
    trial.kills::<Mutant>(&lazy(Bug::SuspectsAtReceiptOnly), "agreement", (1, 1));
}

/// And the other way round: a message that is slower than the suspicion.
#[test]
fn passing_on_only_what_came_before_the_suspicion_breaks_agreement() {
    let trial = said(3, &[(15, 0)]).with(0, crash_after(1));
    trial.kills::<Mutant>(&lazy(Bug::SuspectsBeforeReceiptOnly), "agreement", (1, 1));
    trial.survives::<Mutant>(&lazy(Bug::None), &["agreement", "integrity"]);
}

/// A detector that overlooks the crash: nothing is passed on.
#[test]
fn without_a_suspicion_lazy_broadcast_breaks_agreement() {
    let config = Config { bug: Bug::None, suspects_after: Some(1_000) };
    let trial = said(3, &[(1, 0)]).with(0, crash_after(1)).until(900);
    trial.kills::<Mutant>(&config, "agreement", (1, 1));
}

/// Museum 42: the sender delivers, its only message is lost, it crashes. Nobody correct has delivered anything.
#[test]
fn reliable_broadcast_is_not_uniform() {
    let links = LinkPattern::Directed { from: Some(FIRST), to: None };
    let lost = Action::Drop { links, kind: None, nth: 1 };
    let trial = said(2, &[(1, 0)]).with(0, crash_after(1)).with(0, lost);
    trial.kills::<Mutant>(&eager(Bug::None), "uniform-agreement", (1, 0));
    let config = reliable_broadcast::Config::default();
    trial.kills::<ReliableBroadcast>(&config, "uniform-agreement", (1, 0));
    assert_eq!(trial.search::<ReliableBroadcast>(&config, "agreement"), None);
}
