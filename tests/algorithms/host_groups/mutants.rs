//! Multicast along a pruned tree (Deering, Cheriton 1990) and its mutants.

use super::{asked, join, leave, multicast};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synod::{
    algorithms::group_multicast::{Config, GroupMulticast},
    problems::host_groups::{HostGroups, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
    world::Shape,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The time to live is looked at after a message has been passed on, not before.
    TtlTooLate,
    /// A message is passed on once less than it may.
    TtlTooEarly,
    /// Who leaves prunes the link, though there are other members behind it.
    LeavePrunes,
    /// What comes is delivered whether the host has joined or not.
    DeliversToAll,
    /// Whoever left still gets everything.
    LeavesInNameOnly,
    /// A message goes back to where it came from, as long as it may go on.
    SendsBack,
}

/// One group. A host tells its neighbours whether there are members on its side of the link.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    joined: bool,
    sent: u64,
    behind: BTreeMap<ProcessId, bool>,
    told: BTreeMap<ProcessId, bool>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Members(bool),
    Data { from: ProcessId, id: u64, ttl: u32, hops: u32 },
}

impl Process for Mutant {
    type Problem = HostGroups;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("group-multicast-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        Self { bug: *bug, joined: false, sent: 0, behind: BTreeMap::new(), told: BTreeMap::new() }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Join(group) => {
                self.joined = true;
                ctx.produce(Output::Joined(group));
                self.tell(ctx);
            }
            Request::Leave(group) => {
                self.joined = self.bug == Bug::LeavesInNameOnly;
                ctx.produce(Output::Left(group));
                self.tell(ctx);
            }
            Request::Multicast { ttl, .. } => {
                self.sent += 1;
                let (from, id) = (ctx.me(), self.sent);
                self.pass_on(ctx, from, Message::Data { from, id, ttl: ttl.unwrap_or(9), hops: 0 });
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, neighbour: ProcessId, message: Message) {
        match message {
            Message::Members(there) => {
                self.behind.insert(neighbour, there);
                self.tell(ctx);
            }
            Message::Data { from, id, hops, .. } => {
                if self.joined || self.bug == Bug::DeliversToAll {
                    let (group, body) = ("g".to_owned(), "m".to_owned());
                    ctx.produce(Output::Receive { group, from, id, body, hops });
                }
                self.pass_on(ctx, neighbour, message);
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn tell(&mut self, ctx: &mut Context<'_, Self>) {
        for neighbour in ctx.neighbours().iter() {
            let mut others = self.behind.iter().filter(|(other, _)| **other != neighbour);
            let there = match self.bug {
                Bug::LeavePrunes => {
                    self.joined || others.clone().count() > 0 && others.all(|(_, there)| *there)
                }
                _ => self.joined || others.any(|(_, there)| *there),
            };
            if self.told.insert(neighbour, there).unwrap_or_default() != there {
                ctx.send(neighbour, Message::Members(there));
            }
        }
    }

    fn pass_on(&self, ctx: &mut Context<'_, Self>, except: ProcessId, message: Message) {
        let Message::Data { from, id, ttl, hops } = message else { return };
        let left = match self.bug {
            Bug::TtlTooLate => ttl + 1,
            Bug::TtlTooEarly => ttl.saturating_sub(1),
            _ => ttl,
        };
        if left == 0 {
            return;
        }
        let (ttl, hops) = (ttl.saturating_sub(1), hops + 1);
        for (neighbour, there) in &self.behind {
            let back = self.bug == Bug::SendsBack && hops > 1;
            if *there && (*neighbour != except || back) && hops < 9 {
                ctx.send(*neighbour, Message::Data { from, id, ttl, hops });
            }
        }
    }
}

const PROMISES: &[&str] = &["members-only", "integrity", "at-most-once", "scope", "delivery"];
const ANY: (u64, u64) = (u64::MAX, u64::MAX);

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let line = [
        (0, 1, join()),
        (1, 2, join()),
        (200, 0, multicast(Some(2))),
        (300, 1, leave()),
        (500, 0, multicast(None)),
    ];
    asked(3, Shape::Line, line).fifo().survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let line = |ttl| asked(3, Shape::Line, [(0, 1, join()), (0, 2, join()), (200, 0, multicast(ttl))]).fifo();
    line(Some(1)).kills::<Mutant>(&Bug::TtlTooLate, "scope", ANY);
    assert_eq!(line(Some(1)).search::<Mutant>(&Bug::None, "scope"), None);
    line(Some(2)).kills::<Mutant>(&Bug::TtlTooEarly, "delivery", ANY);
    line(Some(2)).survives::<Mutant>(&Bug::None, PROMISES);
    let star = [(0, 1, join()), (0, 2, join()), (100, 1, leave()), (200, 3, multicast(None))];
    let star = asked(4, Shape::Star, star).fifo();
    star.kills::<Mutant>(&Bug::LeavePrunes, "delivery", ANY);
    star.kills::<Mutant>(&Bug::LeavesInNameOnly, "members-only", ANY);
    asked(3, Shape::Line, [(0, 2, join()), (200, 0, multicast(None))]).kills::<Mutant>(
        &Bug::DeliversToAll,
        "members-only",
        (4, 3),
    );
    let both = asked(3, Shape::Line, [(0, 0, join()), (0, 2, join()), (200, 0, multicast(None))]);
    both.fifo().kills::<Mutant>(&Bug::SendsBack, "at-most-once", ANY);
}

/// Three processes, one message: some members get it and some do not.
#[test]
fn who_joins_while_a_message_is_sent_may_miss_it() {
    let trial = asked(3, Shape::Complete, [(0, 1, join()), (40, 2, join()), (45, 0, multicast(None))]);
    trial.kills::<GroupMulticast>(&Config::default(), "delivery", (5, 5));
    let later = asked(3, Shape::Complete, [(0, 1, join()), (40, 2, join()), (65, 0, multicast(None))]);
    later.survives::<GroupMulticast>(&Config::default(), &["members-only", "delivery", "at-most-once"]);
}
