//! Homes and pointers (catalogue N3 and N4) and their mutants.

use super::{moved, send, sent};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::{
        forwarding_naming::{self, ForwardingNaming},
        home_naming::{self, HomeNaming},
    },
    problems::location::{Location, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The home believes whatever comes last.
    SequenceIgnored,
    /// What comes to a place that the object has left is not sent back.
    NothingReturns,
    /// A place that the object has left still answers for it.
    OldPlaceAnswers,
    /// A pointer is not cleared when the object comes back.
    PointerStays,
    /// A shortcut is taken also when it is older than what is known.
    OldShortcut,
}

/// An object `o` that begins at node 0. By homes or by pointers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant<const HOME: bool> {
    bug: Bug,
    sent: u64,
    /// How often it has moved, where it is here.
    here: Option<u64>,
    /// Where it is, after so many moves.
    known: (u64, ProcessId),
    waiting: Vec<(Parcel, u64)>,
    was_here: BTreeMap<u64, ()>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Parcel {
    from: ProcessId,
    id: u64,
    body: String,
    hops: u32,
    path: Vec<ProcessId>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Object(u64),
    Register(u64),
    /// Where it was after so many moves.
    Parcel(Parcel, u64),
    Return(Parcel, u64),
    Locate(u64),
}

const HOME_NODE: ProcessId = ProcessId(0);

impl<const HOME: bool> Mutant<HOME> {
    fn learn(&mut self, ctx: &mut Context<'_, Self>, moves: u64, place: ProcessId) {
        let wrong = matches!(self.bug, Bug::SequenceIgnored | Bug::OldShortcut);
        if moves > self.known.0 || wrong {
            self.known = (moves, place);
            for (parcel, expected) in std::mem::take(&mut self.waiting) {
                self.parcel(ctx, parcel, expected);
            }
        }
    }

    fn parcel(&mut self, ctx: &mut Context<'_, Self>, mut parcel: Parcel, expected: u64) {
        let (me, (moves, place)) = (ctx.me(), self.known);
        let pointed = self.bug == Bug::PointerStays && self.known.1 != me && self.known.0 > 0;
        let answers = self.bug == Bug::OldPlaceAnswers && !self.was_here.is_empty();
        if (self.here.is_some() && !pointed) || answers {
            let Parcel { from, id, body, hops, path } = parcel;
            ctx.produce(Output::Delivered { object: "o".into(), from, id, body, hops });
            if let (false, Some(moves)) = (HOME, self.here) {
                ctx.multicast(path.into_iter().filter(|id| *id != me), Message::Locate(moves));
            }
            return;
        }
        if HOME && me != HOME_NODE {
            let to_home = parcel.from == me && parcel.hops == 0;
            parcel.hops += 1;
            return match (to_home, self.bug) {
                (true, _) => ctx.send(HOME_NODE, Message::Parcel(parcel, 0)),
                (false, Bug::NothingReturns) => {}
                (false, _) => ctx.send(HOME_NODE, Message::Return(parcel, expected)),
            };
        }
        let early = if HOME { place == me } else { moves < expected };
        if early && !pointed {
            return self.waiting.push((parcel, expected));
        }
        parcel.path.push(me);
        parcel.hops += 1;
        ctx.send(place, Message::Parcel(parcel, moves));
    }
}

impl<const HOME: bool> Process for Mutant<HOME> {
    type Problem = Location;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("location-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let here = (ctx.me() == HOME_NODE).then_some(0);
        let (known, waiting) = ((0, HOME_NODE), Vec::new());
        Self { bug: *bug, sent: 0, here, known, waiting, was_here: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Move { object, to } if to != ctx.me() => {
                let Some(moves) = self.here.take() else { return };
                self.was_here.insert(moves, ());
                if !HOME {
                    self.known = (moves + 1, to);
                }
                ctx.produce(Output::Left { object, to });
                ctx.send(to, Message::Object(moves + 1));
            }
            Request::Move { .. } => {}
            Request::Send { body, .. } => {
                self.sent += 1;
                let parcel = Parcel { from: ctx.me(), id: self.sent, body, hops: 0, path: Vec::new() };
                self.parcel(ctx, parcel, 0);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Object(moves) => {
                self.here = Some(moves);
                ctx.produce(Output::Arrived { object: "o".into(), moves });
                if !HOME {
                    if self.bug != Bug::PointerStays {
                        self.known = (moves, ctx.me());
                    }
                    for (parcel, expected) in std::mem::take(&mut self.waiting) {
                        self.parcel(ctx, parcel, expected);
                    }
                } else if ctx.me() == HOME_NODE {
                    self.learn(ctx, moves, HOME_NODE);
                } else {
                    ctx.send(HOME_NODE, Message::Register(moves));
                }
            }
            Message::Register(moves) | Message::Locate(moves) => self.learn(ctx, moves, from),
            Message::Parcel(parcel, expected) => self.parcel(ctx, parcel, expected),
            Message::Return(parcel, expected) if expected >= self.known.0 => {
                self.waiting.push((parcel, expected))
            }
            Message::Return(parcel, _) => self.parcel(ctx, parcel, 0),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

/// The object goes to 1 and to 2, quickly; the last node sends to it before, meanwhile and after.
fn wandering() -> Trial<Location> {
    let asked = [
        (0, 0, moved("o", 1)),
        (5, 3, send("o", "early")),
        (22, 1, moved("o", 2)),
        (25, 3, send("o", "meanwhile")),
        (200, 3, send("o", "late")),
    ];
    sent(4, asked)
}

/// To 1 and back.
fn returning(nodes: u32) -> Trial<Location> {
    sent(nodes, [(0, 0, moved("o", 1)), (50, 1, moved("o", 0)), (100, nodes - 1, send("o", "hello"))])
}

#[test]
fn without_a_bug_everything_reaches_the_object() {
    for trial in [wandering(), returning(2), returning(4)] {
        let home = ["reached", "at-most-once", "one-place"];
        trial.survives::<Mutant<true>>(&Bug::None, &home);
        trial.survives::<HomeNaming>(&home_naming::Config::default(), &home);
        let pointers = ["reached", "at-most-once", "one-place", "no-detour"];
        trial.survives::<Mutant<false>>(&Bug::None, &pointers);
        trial.survives::<ForwardingNaming>(&forwarding_naming::Config::default(), &pointers);
    }
}

#[test]
fn every_bug_of_a_home_breaks_its_promise() {
    wandering().kills::<Mutant<true>>(&Bug::SequenceIgnored, "reached", (20, 20));
    wandering().kills::<Mutant<true>>(&Bug::NothingReturns, "reached", (20, 20));
    wandering().kills::<Mutant<true>>(&Bug::OldPlaceAnswers, "one-place", (20, 20));
}

/// Museum 86: two processes, the object moves away and back, and one message goes around for ever.
#[test]
fn a_pointer_that_stays_when_the_object_comes_back_closes_a_circle() {
    let trial = returning(2).until(1_000);
    trial.survives::<Mutant<false>>(&Bug::None, &["reached"]);
    trial.kills::<Mutant<false>>(&Bug::PointerStays, "reached", (200, 200));
}

/// A shortcut that comes late leads back to where the object was before; the way gets longer, or a circle.
#[test]
fn a_shortcut_that_is_older_than_a_pointer_leads_astray() {
    let asked = [
        (0, 0, moved("o", 1)),
        (30, 2, send("o", "one")),
        (45, 1, moved("o", 0)),
        (58, 0, moved("o", 2)),
        (200, 0, send("o", "two")),
        (200, 1, send("o", "three")),
    ];
    let trial = sent(3, asked).until(1_000);
    trial.survives::<Mutant<false>>(&Bug::None, &["reached", "no-detour"]);
    trial.kills::<Mutant<false>>(&Bug::OldShortcut, "reached", (400, 400));
}
