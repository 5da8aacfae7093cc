//! A ring without fingers (Stoica et al. 2003, section IV.E) and its mutants: who is next, who is before, who comes between.

use crate::trial::{Trial, planned};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::chord::{Chord, Config, Placement},
    problems::lookup::{Lookup, Output, Request},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Intervals do not go around the end of the circle.
    NoWrapAround,
    /// An interval has its beginning, not its end.
    WrongEnd,
    /// The successor is not told who is before it.
    NoNotify,
    /// A successor that does not answer is trusted.
    NeverSuspects,
}

/// A member at ten times its number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    member: bool,
    before: Option<ProcessId>,
    next: Vec<ProcessId>,
    waits: bool,
    silence: u32,
    lookups: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Find(ProcessId, Option<u64>, u64, u32),
    Found(Option<u64>, u64, ProcessId, u32),
    Stabilize,
    Neighbours(Option<ProcessId>, Vec<ProcessId>),
    Notify,
}

const PERIOD: Duration = Duration::from_millis(200);

fn position(id: ProcessId) -> u64 {
    u64::from(id.0) * 10
}

impl Mutant {
    fn within(&self, after: u64, up_to: u64, key: u64) -> bool {
        let (after, up_to) = if self.bug == Bug::WrongEnd {
            (after.wrapping_sub(1), up_to.wrapping_sub(1))
        } else {
            (after, up_to)
        };
        match after < up_to {
            _ if after == up_to => true,
            true => key > after && key <= up_to,
            false => self.bug != Bug::NoWrapAround && (key > after || key <= up_to),
        }
    }

    fn become_member(&mut self, ctx: &mut Context<'_, Self>, next: ProcessId) {
        (self.member, self.next) = (true, vec![next]);
        ctx.produce(Output::Joined { position: position(ctx.me()), settles: Duration::from_secs(3) });
        ctx.set_timer((), PERIOD);
    }

    fn find(&self, ctx: &mut Context<'_, Self>, origin: ProcessId, id: Option<u64>, key: u64, hops: u32) {
        let (me, next) = (ctx.me(), self.next[0]);
        let mine = self.before.is_some_and(|before| self.within(position(before), position(me), key));
        if mine || next == me || self.within(position(me), position(next), key) {
            let owner = if mine { me } else { next };
            return ctx.send(origin, Message::Found(id, key, owner, hops));
        }
        // Where there is nobody to pass it on to any more, it goes around for ever.
        if hops < 20 {
            ctx.send(next, Message::Find(origin, id, key, hops + 1));
        }
    }
}

impl Process for Mutant {
    type Problem = Lookup;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("ring-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self {
            bug: *bug,
            member: false,
            before: None,
            next: Vec::new(),
            waits: false,
            silence: 0,
            lookups: 0,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Join { via: Some(via) } => {
                let key = position(ctx.me()) + 1;
                ctx.send(via, Message::Find(ctx.me(), None, key, 1));
            }
            Request::Join { via: None } => self.become_member(ctx, ctx.me()),
            Request::Leave => {}
            Request::Lookup(key) => {
                self.lookups += 1;
                if !self.member {
                    return ctx.produce(Output::Failed { id: self.lookups, key });
                }
                self.find(ctx, ctx.me(), Some(self.lookups), key, 0);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let me = ctx.me();
        match message {
            Message::Found(None, _, owner, _) if !self.member => self.become_member(ctx, owner),
            Message::Found(Some(id), key, owner, hops) => ctx.produce(Output::Found { id, key, owner, hops }),
            _ if !self.member => {}
            Message::Found(None, ..) => {}
            Message::Find(origin, id, key, hops) => self.find(ctx, origin, id, key, hops),
            Message::Stabilize => {
                ctx.send(from, Message::Neighbours(self.before, self.next.clone()));
                if self.before == Some(from) {
                    self.silence = 0;
                }
            }
            Message::Neighbours(before, after) if self.next[0] == from => {
                self.waits = false;
                let between =
                    |id: &ProcessId| *id != from && self.within(position(me), position(from), position(*id));
                let list = before.filter(between).into_iter().chain([from]).chain(after);

                let list: Vec<ProcessId> = list.take_while(|id| *id != me).take(4).collect();
                self.next = if list.is_empty() { vec![me] } else { list };
                if self.bug != Bug::NoNotify {
                    ctx.send(self.next[0], Message::Notify);
                }
            }
            Message::Neighbours(..) => {}
            Message::Notify => {
                let closer = |before: ProcessId| {
                    from != before && self.within(position(before), position(me), position(from))
                };
                if self.before.is_none_or(closer) {
                    self.before = Some(from);
                }
                if self.before == Some(from) {
                    self.silence = 0;
                }
                if self.next[0] == me {
                    self.next = vec![from];
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        ctx.set_timer((), PERIOD);
        self.silence += 1;
        if self.silence > 3 {
            self.before = None;
        }
        if self.waits && self.bug != Bug::NeverSuspects {
            self.next.remove(0);
            if self.next.is_empty() {
                self.next.push(ctx.me());
            }
        }
        self.waits = self.next[0] != ctx.me();
        if self.waits {
            ctx.send(self.next[0], Message::Stabilize);
        }
    }
}

/// Four join one after the other; then perhaps somebody crashes; then each looks for keys of all.
fn ring(crash: bool) -> Trial<Lookup> {
    let join = |via: u32| Request::Join { via: (via < 4).then_some(ProcessId(via)) };
    let joins = [(0, 0, join(4)), (100, 2, join(0)), (900, 1, join(0)), (1_000, 3, join(0))];
    let keys =
        [0, 5, 10, 11, 25, 29, 31].map(|key| (7_000 + key, (key % 2) as u32 * 3, Request::Lookup(key)));
    let trial = Trial::of(4, joins.into_iter().chain(keys)).until(7_500);
    if !crash {
        return trial;
    }
    trial.with(2_500, Action::Crash { targets: Targets::Node(ProcessId(1)), after_sends: None })
}

#[test]
fn without_a_bug_every_owner_is_found() {
    for trial in [ring(false), ring(true)] {
        trial.survives::<Mutant>(&Bug::None, &["ownership", "answered", "joined"]);
    }
}

#[test]
fn every_bug_breaks_its_promise() {
    let plenty = (1_000, 1_000);
    ring(false).kills::<Mutant>(&Bug::NoWrapAround, "answered", plenty);
    ring(false).kills::<Mutant>(&Bug::WrongEnd, "ownership", plenty);
    ring(false).kills::<Mutant>(&Bug::NoNotify, "ownership", plenty);
    ring(true).kills::<Mutant>(&Bug::NeverSuspects, "ownership", plenty);
}

/// Nothing is promised by a real one either, when nobody looks after it.
#[test]
fn a_ring_that_nobody_looks_after_does_not_notice_a_crash() {
    let config = Config { bits: 6, placement: Placement::Even, ..Config::default() };
    let lookups = (0..8).map(|key| (100 + key, 0, Request::Lookup(key * 8)));
    let mut trial: Trial<Lookup> = Trial::of(8, lookups);
    trial
        .setup
        .agenda
        .push(planned(50, Action::Crash { targets: Targets::Node(ProcessId(4)), after_sends: None }));
    trial.setup.agenda.sort_by_key(|planned| planned.at);
    trial.kills::<Chord>(&config, "ownership", (40, 40));
    trial.kills::<Chord>(&config, "available", (80, 80));
}
