//! Best-effort broadcast (Cachin, Guerraoui, Rodrigues 2011, Algorithm 3.1) and its mutants.

use super::{deliver, said};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use synod::{
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The own copy is delivered before anything is sent.
    DeliversBeforeItSends,
    /// Nobody tells the last member.
    ForgetsTheLast,
    /// Everything is sent twice, and nobody looks whether it is new.
    SendsTwice,
    /// The sender is left out.
    NoOwnCopy,
    /// The message gets its number after it has left.
    NumbersTooLate,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    sent: u64,
}

impl Process for Mutant {
    type Problem = Broadcast;
    type Config = Bug;
    type Message = (u64, String);
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("best-effort-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, sent: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        let (me, n) = (ctx.me(), ctx.group_size() as u32);
        let id = if self.bug == Bug::NumbersTooLate { self.sent } else { self.sent + 1 };
        self.sent += 1;
        if self.bug == Bug::DeliversBeforeItSends {
            deliver(ctx, me, self.sent, body.clone());
        }
        let reached = if self.bug == Bug::ForgetsTheLast { n - 1 } else { n };
        let copies = if self.bug == Bug::SendsTwice { 2 } else { 1 };
        for _ in 0..copies {
            ctx.multicast((0..reached).map(ProcessId).filter(|to| *to != me), (id, body.clone()));
        }
        if !matches!(self.bug, Bug::NoOwnCopy | Bug::DeliversBeforeItSends) {
            deliver(ctx, me, self.sent, body);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (id, body): (u64, String)) {
        deliver(ctx, from, id, body);
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] = &["validity", "self-delivery", "agreement", "integrity"];

fn two_senders() -> Trial<Broadcast> {
    said(3, &[(0, 0), (5, 1), (10, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    two_senders().survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let one = said(2, &[(0, 0)]);
    one.kills::<Mutant>(&Bug::ForgetsTheLast, "validity", (0, 0));
    one.kills::<Mutant>(&Bug::SendsTwice, "integrity", (2, 2));
    one.kills::<Mutant>(&Bug::NoOwnCopy, "self-delivery", (1, 1));
    one.kills::<Mutant>(&Bug::NumbersTooLate, "integrity", (1, 1));
    said(3, &[(0, 0)]).kills::<Mutant>(&Bug::ForgetsTheLast, "agreement", (1, 1));
}

/// Museum 41: the sender crashes after its first message, and of two receivers one hears it.
#[test]
fn a_sender_that_crashes_in_the_middle_breaks_agreement() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: Some(1) };
    let trial = said(3, &[(1, 0)]).with(0, crash);
    trial.kills::<Mutant>(&Bug::None, "agreement", (1, 1));
    trial.survives::<Mutant>(&Bug::None, &["integrity"]);
}

/// Nobody hears the crashed sender: that is allowed, unless it has delivered its message itself.
#[test]
fn an_own_copy_before_sending_breaks_uniform_agreement() {
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: Some(1) };
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: None };
    let trial = said(2, &[(1, 0)]).with(0, crash).with(0, Action::Drop { links, kind: None, nth: 1 });
    assert_eq!(trial.search::<Mutant>(&Bug::None, "uniform-agreement"), None);
    trial.kills::<Mutant>(&Bug::DeliversBeforeItSends, "uniform-agreement", (1, 0));
    assert_eq!(trial.search::<Mutant>(&Bug::DeliversBeforeItSends, "agreement"), None);
}
