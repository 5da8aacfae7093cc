//! Chang, Roberts (1979) and Le Lann, Chang, Roberts after Lynch (1996), section 3.3, and their mutants.

use super::{all_start, elect, next, started};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use synod::{
    algorithms::{chang_roberts::ChangRoberts, lcr::Lcr, parts::ring::Order},
    problems::election::{Election, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Chang and Roberts: who takes part does so for ever.
    NeverResets,
    /// The news are passed on by the leader, too.
    NewsNeverEnd,
    /// Lower ids pass.
    LetsAllPass,
    /// The own id does not pass, either.
    SwallowsItself,
    /// Everybody has the same id.
    SameIds,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    /// A candidate.
    Election(u32),
    /// The leader, by id and by name.
    Elected(u32, ProcessId),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Marked {
    bug: Bug,
    participant: bool,
}

impl Marked {
    fn stand(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.participant {
            self.participant = true;
            ctx.send(next(ctx), Message::Election(ctx.me().0));
        }
    }
}

impl Process for Marked {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("chang-roberts-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, participant: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        self.stand(ctx);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let me = ctx.me();
        match message {
            Message::Election(id) if id > me.0 || (id < me.0 && self.bug == Bug::LetsAllPass) => {
                self.participant = true;
                ctx.send(next(ctx), Message::Election(id));
            }
            Message::Election(id) if id < me.0 => self.stand(ctx),
            Message::Election(id) => {
                self.participant = self.bug == Bug::NeverResets;
                elect(ctx, me);
                ctx.send(next(ctx), Message::Elected(id, me));
            }
            Message::Elected(_, leader) if leader == me && self.bug != Bug::NewsNeverEnd => {}
            Message::Elected(id, leader) => {
                self.participant = self.bug == Bug::NeverResets;
                elect(ctx, leader);
                ctx.send(next(ctx), Message::Elected(id, leader));
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// As in the book: all start, once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Unmarked {
    bug: Bug,
    id: u32,
}

impl Process for Unmarked {
    type Problem = Election;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("lcr-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, id: if *bug == Bug::SameIds { 7 } else { ctx.me().0 } }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Start: Request) {
        ctx.send(next(ctx), Message::Election(self.id));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _from: ProcessId, message: Message) {
        let me = ctx.me();
        match message {
            Message::Election(id) if id == self.id => {
                if self.bug != Bug::SwallowsItself {
                    elect(ctx, me);
                    ctx.send(next(ctx), Message::Elected(id, me));
                }
            }
            Message::Election(id) => {
                if id > self.id || self.bug == Bug::LetsAllPass {
                    ctx.send(next(ctx), Message::Election(id));
                }
            }
            Message::Elected(_, leader) if leader == me && self.bug != Bug::NewsNeverEnd => {}
            Message::Elected(id, leader) => {
                elect(ctx, leader);
                ctx.send(next(ctx), Message::Elected(id, leader));
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

const PROMISES: &[&str] =
    &["one-leader", "elected-once", "agreement", "highest-id", "termination", "stability"];

fn by_id() -> Order {
    Order::default()
}

fn worlds() -> [Trial<Election>; 3] {
    [all_start(2), all_start(3), all_start(5)]
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    for trial in worlds() {
        trial.survives::<Unmarked>(&Bug::None, PROMISES);
        trial.survives::<Lcr>(&by_id(), PROMISES);
        trial.clone().fifo().survives::<Marked>(&Bug::None, PROMISES);
        trial.fifo().survives::<ChangRoberts>(&by_id(), PROMISES);
    }
    let again = started(3, &[(0, 0), (5, 1), (500, 0)]).fifo();
    again.survives::<Marked>(&Bug::None, PROMISES);
    again.survives::<ChangRoberts>(&by_id(), PROMISES);
    again.survives::<Lcr>(&by_id(), PROMISES);
}

#[test]
fn every_bug_of_chang_roberts_breaks_its_promise() {
    let again = started(2, &[(0, 0), (500, 0)]).fifo();
    again.kills::<Marked>(&Bug::NeverResets, "termination", (6, 6));
    let first = started(2, &[(0, 0)]).fifo();
    first.clone().until(200).kills::<Marked>(&Bug::NewsNeverEnd, "elected-once", (6, 5));
    all_start(2).fifo().kills::<Marked>(&Bug::LetsAllPass, "one-leader", (5, 4));
    all_start(2).fifo().kills::<Marked>(&Bug::LetsAllPass, "highest-id", (5, 4));
}

#[test]
fn every_bug_of_lcr_breaks_its_promise() {
    all_start(2).kills::<Unmarked>(&Bug::LetsAllPass, "one-leader", (5, 4));
    all_start(2).kills::<Unmarked>(&Bug::SwallowsItself, "termination", (3, 3));
    all_start(2).until(200).kills::<Unmarked>(&Bug::NewsNeverEnd, "elected-once", (7, 6));
}

/// Museum 31: an old id is overtaken by the highest, which has been all the way round, and is taken for a new election.
#[test]
fn museum_31_elected_twice_over_links_that_do_not_keep_order() {
    for asked in [&[(0, 1), (0, 2)][..], &[(0, 0), (0, 1), (0, 2)]] {
        let mut trial = started(3, asked);
        trial.setup.network.jitter = std::time::Duration::from_millis(10);
        trial.setup.network.distribution = synod::world::Distribution::Exponential;
        trial.setup.network.delay = std::time::Duration::ZERO;
        if asked.len() == 2 {
            trial.kills::<ChangRoberts>(&by_id(), "elected-once", (9, 7));
            trial.kills::<Marked>(&Bug::None, "elected-once", (9, 7));
        }
        trial.clone().fifo().survives::<ChangRoberts>(&by_id(), PROMISES);
        // LCR tells elections apart, and needs no order.
        trial.survives::<Lcr>(&by_id(), PROMISES);
    }
}

/// Museum 32: with one id for two, each takes the other's for its own. Nodes of synod cannot have one id.
#[test]
fn museum_32_two_leaders_with_one_id() {
    all_start(2).kills::<Unmarked>(&Bug::SameIds, "one-leader", (4, 2));
    all_start(2).survives::<Lcr>(&by_id(), PROMISES);
}

/// A second request is a second term.
#[test]
fn a_second_election_of_lcr_is_a_second_term() {
    let (_, outputs) = started(3, &[(0, 0), (500, 1)]).run::<Lcr>(by_id(), 1);
    let terms: Vec<Option<u64>> = outputs
        .iter()
        .map(|(_, output)| match output {
            Output::Leader { leader: ProcessId(2), term } => *term,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(terms, [1, 1, 1, 2, 2, 2].map(Some));
}
