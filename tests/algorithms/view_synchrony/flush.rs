//! A change of view by flushing, and its mutants. Node 0 crashes early; everybody knows so 100 ms later and no sooner.

use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use synod::{
    problems::view_synchrony::{Output, Request, ViewSynchrony},
    process::{Context, Description, Process, ProcessId},
    world::{Action, LinkPatch, LinkPattern, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Everybody takes the new view as soon as it knows of the crash.
    NoFlush,
    /// What was sent in the old view is delivered in the new one.
    OldDataInTheNewView,
    /// The coordinator does not look at what the others hand in.
    OnlyTheCoordinatorsMessages,
    /// A member goes on sending after it has handed in what it had.
    NotBlocked,
}

type Messages = BTreeMap<(ProcessId, u64), String>;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    view: u64,
    asked: u64,
    log: Messages,
    queue: BTreeMap<u64, String>,
    blocked: bool,
    answers: BTreeSet<ProcessId>,
    fill: Messages,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Data(u64, u64, String),
    Flush,
    FlushOk(Messages),
    View(Messages),
}

impl Process for Mutant {
    type Problem = ViewSynchrony;
    type Config = Bug;
    type Message = Message;
    type Timer = ();
    type Stable = ();
    const DESCRIPTION: Description = Description::named("flush-mutant");

    fn boot(ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        ctx.produce(Output::View { id: 1, members: ctx.group().collect() });
        ctx.set_timer((), Duration::from_millis(100));
        let (log, queue, fill) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { bug: *bug, view: 1, asked: 0, log, queue, blocked: false, answers: BTreeSet::new(), fill }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let Request::Broadcast(body) = request else { return };
        self.asked += 1;
        if self.blocked && self.bug != Bug::NotBlocked {
            self.queue.insert(self.asked, body);
        } else {
            self.send(ctx, self.asked, body);
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Data(view, id, body) => {
                let now = view == self.view && !self.blocked;
                if now || view < self.view && self.bug == Bug::OldDataInTheNewView {
                    self.deliver(ctx, view, from, id, body);
                } else if view > self.view {
                    // The new view is on its way.
                    self.queue.insert(u64::MAX, String::new());
                }
            }
            Message::Flush => {
                self.blocked = true;
                ctx.send(from, Message::FlushOk(self.log.clone()));
            }
            Message::FlushOk(log) => self.on_flush_ok(ctx, from, log),
            Message::View(fill) => self.install(ctx, fill),
        }
    }

    /// Node 0 has crashed.
    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        if self.bug == Bug::NoFlush {
            return self.install(ctx, BTreeMap::new());
        }
        if ctx.me() == ProcessId(1) {
            self.blocked = true;
            let others = ctx.group().skip(2);
            ctx.multicast(others, Message::Flush);
            self.on_flush_ok(ctx, ProcessId(1), self.log.clone());
        }
    }
}

impl Mutant {
    fn send(&mut self, ctx: &mut Context<'_, Self>, id: u64, body: String) {
        ctx.broadcast(Message::Data(self.view, id, body.clone()));
        self.deliver(ctx, self.view, ctx.me(), id, body);
    }

    fn deliver(&mut self, ctx: &mut Context<'_, Self>, view: u64, from: ProcessId, id: u64, body: String) {
        if self.log.insert((from, id), body.clone()).is_none() {
            ctx.produce(Output::Deliver { view, from, id, body });
        }
    }

    fn on_flush_ok(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, log: Messages) {
        self.answers.insert(from);
        if self.bug != Bug::OnlyTheCoordinatorsMessages || from == ctx.me() {
            self.fill.extend(log);
        }
        if self.answers.len() == ctx.group_size() - 1 {
            let fill = std::mem::take(&mut self.fill);
            let others = ctx.group().skip(2);
            ctx.multicast(others, Message::View(fill.clone()));
            self.install(ctx, fill);
        }
    }

    fn install(&mut self, ctx: &mut Context<'_, Self>, fill: Messages) {
        for ((from, id), body) in fill {
            self.deliver(ctx, self.view, from, id, body);
        }
        (self.view, self.blocked) = (2, false);
        self.log.clear();
        ctx.produce(Output::View { id: 2, members: ctx.group().skip(1).collect() });
        for (id, body) in std::mem::take(&mut self.queue) {
            if id < u64::MAX {
                self.send(ctx, id, body);
            }
        }
    }
}

/// Node 0 says something and crashes when so many of its messages have left.
fn crash(nodes: u32, after_sends: u32, then: &[(u64, u32)]) -> Trial<ViewSynchrony> {
    let said = then.iter().map(|(at, node)| (*at, *node, Request::Broadcast(format!("at {at}"))));
    let words = (1, 0, Request::Broadcast("last words".into()));
    let crash = Action::Crash { targets: Targets::Node(ProcessId(0)), after_sends: Some(after_sends) };
    Trial::of(nodes, said.chain([words])).with(0, crash)
}

/// What node 0 says to node 1 takes 400 ms.
fn slow(trial: Trial<ViewSynchrony>) -> Trial<ViewSynchrony> {
    let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: Some(ProcessId(1)) };
    let patch = LinkPatch { delay: Some(Duration::from_millis(400)), ..LinkPatch::default() };
    trial.with(0, Action::Link(links, patch))
}

const SAFE: &[&str] = &[
    "same-view-same-members",
    "self-inclusion",
    "virtual-synchrony",
    "sending-view-delivery",
    "view-order",
    "primary",
    "integrity",
];

#[test]
fn without_a_bug_it_is_safe() {
    for trial in
        [crash(3, 1, &[]), slow(crash(3, 2, &[])), slow(crash(3, 1, &[])), crash(4, 2, &[(10, 2), (20, 3)])]
    {
        trial.survives::<Mutant>(&Bug::None, &SAFE[..3]);
        for property in SAFE {
            assert_eq!(trial.search::<Mutant>(&Bug::None, property), None);
        }
    }
    assert_eq!(crash(3, 1, &[(115, 2)]).search::<Mutant>(&Bug::None, "virtual-synchrony"), None);
}

/// Museum 71: one message was sent and delivered, and one of the two survivors never hears of it.
#[test]
fn without_a_flush_a_sender_that_crashes_leaves_the_others_apart() {
    crash(3, 1, &[]).kills::<Mutant>(&Bug::NoFlush, "virtual-synchrony", (1, 1));
}

#[test]
fn every_bug_breaks_its_promise() {
    slow(crash(3, 1, &[])).kills::<Mutant>(&Bug::OldDataInTheNewView, "sending-view-delivery", (4, 4));
    slow(crash(3, 2, &[])).kills::<Mutant>(&Bug::OnlyTheCoordinatorsMessages, "virtual-synchrony", (5, 4));
    crash(3, 1, &[(115, 2)]).kills::<Mutant>(&Bug::NotBlocked, "virtual-synchrony", (7, 6));
}
