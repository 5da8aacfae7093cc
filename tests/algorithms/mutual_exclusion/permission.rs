//! Permission of all others, by Lamport (1978), Ricart and Agrawala (1981), Carvalho and Roucairol (1983), and their mutants.

use super::{
    needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use synod::{
    algorithms::parts::section::Section, problems::mutual_exclusion::MutualExclusion, process::ProcessId,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum LamportBug {
    #[default]
    None,
    /// Enters without being the head of the queue.
    NotTheHead,
    /// Enters without having heard from the others.
    NoAcknowledgements,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum LamportMessage {
    Request(u64),
    Reply(u64),
    Release(u64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Lamport {
    bug: LamportBug,
    clock: u64,
    own: (u64, ProcessId),
    queue: BTreeSet<(u64, ProcessId)>,
    last: Vec<u64>,
}

impl Sketch for Lamport {
    type Bug = LamportBug;
    type Message = LamportMessage;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: LamportBug) -> Self {
        let last = vec![0; ctx.group_size()];
        Self { bug, clock: 0, own: (0, ctx.me()), queue: BTreeSet::new(), last }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.clock += 1;
        self.own.0 = self.clock;
        self.queue.insert(self.own);
        ctx.broadcast(LamportMessage::Request(self.clock));
        self.try_to_enter(ctx, section);
    }

    fn hear(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        from: ProcessId,
        message: LamportMessage,
    ) {
        let (LamportMessage::Request(stamp) | LamportMessage::Reply(stamp) | LamportMessage::Release(stamp)) =
            message;
        self.clock = self.clock.max(stamp) + 1;
        self.last[from.index()] = stamp;
        match message {
            LamportMessage::Request(_) => {
                self.queue.insert((stamp, from));
                ctx.send(from, LamportMessage::Reply(self.clock));
            }
            LamportMessage::Reply(_) => {}
            LamportMessage::Release(_) => self.queue.retain(|(_, process)| *process != from),
        }
        self.try_to_enter(ctx, section);
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.queue.remove(&self.own);
        self.clock += 1;
        ctx.broadcast(LamportMessage::Release(self.clock));
    }
}

impl Lamport {
    fn try_to_enter(&self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        let me = ctx.me();
        let head = self.bug == LamportBug::NotTheHead || self.queue.first() == Some(&self.own);
        let mut others = ctx.group().filter(|process| *process != me);
        let heard = self.bug == LamportBug::NoAcknowledgements
            || others.all(|process| (self.last[process.index()], process) > self.own);
        if section.is_waiting() && head && heard {
            section.enter(ctx);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum RicartBug {
    #[default]
    None,
    /// Of two requests with one timestamp neither goes first.
    NoTieBreak,
    /// Of two requests with one timestamp both go first.
    BothDefer,
    /// The younger request goes first.
    Reversed,
    /// Replies at once while inside.
    RepliesInside,
    /// Takes no notice of others' timestamps.
    IgnoresHighest,
    /// Forgets whom it keeps waiting.
    ForgetsDeferred,
    /// Enters when all but one have replied.
    OneLess,
    /// The lab's listing: reversed and without tie-break; a request that is not older than the own one is dropped; the
    /// first reply will do when nobody is kept waiting; clocks are not advanced.
    LabListing,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Permission {
    Request(u64),
    Reply,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Ricart {
    bug: RicartBug,
    stamp: u64,
    highest: u64,
    replies: usize,
    deferred: BTreeSet<ProcessId>,
}

impl Ricart {
    /// Whether the own request goes before another one.
    fn goes_first(&self, me: ProcessId, (stamp, from): (u64, ProcessId)) -> bool {
        match self.bug {
            RicartBug::NoTieBreak => self.stamp < stamp,
            RicartBug::BothDefer => self.stamp <= stamp,
            RicartBug::Reversed => (self.stamp, me) > (stamp, from),
            RicartBug::LabListing => self.stamp > stamp,
            _ => (self.stamp, me) < (stamp, from),
        }
    }
}

impl Sketch for Ricart {
    type Bug = RicartBug;
    type Message = Permission;

    fn begin(_ctx: &mut Ctx<'_, Self>, bug: RicartBug) -> Self {
        Self { bug, stamp: 0, highest: 0, replies: 0, deferred: BTreeSet::new() }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, _section: &mut Section) {
        self.stamp = self.stamp.max(self.highest) + 1;
        self.replies = 0;
        ctx.broadcast(Permission::Request(self.stamp));
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Permission) {
        match message {
            Permission::Request(stamp) => {
                if !matches!(self.bug, RicartBug::IgnoresHighest | RicartBug::LabListing) {
                    self.highest = self.highest.max(stamp);
                }
                let inside = section.is_inside() && self.bug != RicartBug::RepliesInside;
                let first = section.is_waiting() && self.goes_first(ctx.me(), (stamp, from));
                if inside || first {
                    self.deferred.insert(from);
                } else if !section.is_waiting() || self.bug != RicartBug::LabListing {
                    ctx.send(from, Permission::Reply);
                }
            }
            Permission::Reply => {
                self.replies += 1;
                let wanted = ctx.group_size() - 1 - usize::from(self.bug == RicartBug::OneLess);
                let enough =
                    self.replies == wanted || self.bug == RicartBug::LabListing && self.deferred.is_empty();
                if enough && section.is_waiting() {
                    section.enter(ctx);
                }
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let deferred = std::mem::take(&mut self.deferred);
        if self.bug != RicartBug::ForgetsDeferred {
            ctx.multicast(deferred, Permission::Reply);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum CarvalhoBug {
    #[default]
    None,
    /// Keeps a permission that it has given away.
    KeepsPermission,
    /// Does not ask for a permission back that it gives away while it waits.
    DoesNotAskAgain,
    /// At first both of a pair have its permission.
    BothBegin,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Carvalho {
    bug: CarvalhoBug,
    stamp: u64,
    highest: u64,
    permitted: BTreeSet<ProcessId>,
    deferred: BTreeSet<ProcessId>,
}

impl Carvalho {
    fn give(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId) {
        if self.bug != CarvalhoBug::KeepsPermission {
            self.permitted.remove(&to);
        }
        ctx.send(to, Permission::Reply);
    }

    fn try_to_enter(&self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if section.is_waiting() && self.permitted.len() + 1 == ctx.group_size() {
            section.enter(ctx);
        }
    }
}

impl Sketch for Carvalho {
    type Bug = CarvalhoBug;
    type Message = Permission;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: CarvalhoBug) -> Self {
        let me = ctx.me();
        let begins = |other: &ProcessId| *other > me || bug == CarvalhoBug::BothBegin && *other != me;
        let permitted = ctx.group().filter(begins).collect();
        Self { bug, stamp: 0, highest: 0, permitted, deferred: BTreeSet::new() }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.stamp = self.stamp.max(self.highest) + 1;
        let me = ctx.me();
        let missing: Vec<ProcessId> =
            ctx.group().filter(|other| *other != me && !self.permitted.contains(other)).collect();
        ctx.multicast(missing, Permission::Request(self.stamp));
        self.try_to_enter(ctx, section);
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Permission) {
        match message {
            Permission::Request(stamp) => {
                self.highest = self.highest.max(stamp);
                let first = section.is_waiting() && (self.stamp, ctx.me()) < (stamp, from);
                if section.is_inside() || first {
                    self.deferred.insert(from);
                    return;
                }
                let had = self.permitted.contains(&from);
                self.give(ctx, from);
                if section.is_waiting() && had && self.bug != CarvalhoBug::DoesNotAskAgain {
                    ctx.send(from, Permission::Request(self.stamp));
                }
            }
            Permission::Reply => {
                self.permitted.insert(from);
                self.try_to_enter(ctx, section);
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        for process in std::mem::take(&mut self.deferred) {
            self.give(ctx, process);
        }
    }
}

/// Two processes that want to enter at about the same time, and stay.
fn two() -> Vec<Trial<MutualExclusion>> {
    [0, 4, 8, 15, 25, 45].map(|later| wants(2, 60, &[(0, 0), (later, 1)])).into()
}

fn busy() -> Trial<MutualExclusion> {
    wants(3, 7, &[(0, 0), (3, 1), (5, 2), (12, 0), (13, 1), (40, 2), (41, 0), (42, 0)])
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    let fair = [PROMISES, &["happened-before-fairness"]].concat();
    busy().fifo().survives::<Sketched<Lamport>>(&LamportBug::None, &fair);
    for trial in [busy(), busy().fifo(), wants(4, 5, &[(0, 3), (1, 2), (2, 1), (3, 0), (9, 3)])] {
        trial.survives::<Sketched<Ricart>>(&RicartBug::None, PROMISES);
        trial.survives::<Sketched<Carvalho>>(&CarvalhoBug::None, PROMISES);
    }
    for trial in two() {
        trial.survives::<Sketched<Ricart>>(&RicartBug::None, PROMISES);
        trial.survives::<Sketched<Carvalho>>(&CarvalhoBug::None, PROMISES);
        trial.fifo().survives::<Sketched<Lamport>>(&LamportBug::None, PROMISES);
    }
}

/// Museum 1: a reply overtakes the request before it.
#[test]
fn lamports_queue_needs_fifo_links() {
    needs::<Sketched<Lamport>>(&two(), &LamportBug::None, "mutual-exclusion", (3, 2));
    needs::<synod::algorithms::lamport_mutex::LamportMutex>(
        &two(),
        &Default::default(),
        "mutual-exclusion",
        (3, 2),
    );
}

/// Museum 3 and 4.
#[test]
fn lamports_bugs_let_two_in() {
    let two: Vec<_> = two().into_iter().map(Trial::fifo).collect();
    needs::<Sketched<Lamport>>(&two, &LamportBug::NotTheHead, "mutual-exclusion", (4, 3));
    needs::<Sketched<Lamport>>(&two, &LamportBug::NoAcknowledgements, "mutual-exclusion", (2, 0));
}

/// Museum 5, 7 and 8, and two more.
#[test]
fn ricart_and_agrawalas_bugs_let_two_in() {
    for bug in
        [RicartBug::NoTieBreak, RicartBug::Reversed, RicartBug::RepliesInside, RicartBug::IgnoresHighest]
    {
        let long: Vec<_> = [(0, 60), (4, 60), (45, 200)]
            .into_iter()
            .flat_map(|(later, stay)| {
                [wants(2, stay, &[(0, 0), (later, 1)]), wants(2, stay, &[(0, 1), (later, 0)])]
            })
            .chain([wants(2, 9, &[(0, 1), (15, 0), (30, 1), (31, 0), (40, 1)])])
            .collect();
        let wanted = if bug == RicartBug::IgnoresHighest { None } else { Some((4, 4)) };
        let found = super::least::<Sketched<Ricart>>(&long, &bug, "mutual-exclusion");
        let found = found.map(|found| (found.sent, found.received));
        assert!(found.is_some_and(|found| wanted.is_none_or(|wanted| found == wanted)), "{bug:?}: {found:?}");
    }
    let three = [wants(3, 60, &[(0, 0), (1, 1)]), wants(3, 60, &[(0, 0), (30, 1)])];
    needs::<Sketched<Ricart>>(&three, &RicartBug::OneLess, "mutual-exclusion", (6, 4));
}

/// Museum 10, and two that wait for each other.
#[test]
fn ricart_and_agrawalas_bugs_block_everybody() {
    needs::<Sketched<Ricart>>(&two(), &RicartBug::ForgetsDeferred, "deadlock-freedom", (3, 3));
    needs::<Sketched<Ricart>>(&two(), &RicartBug::BothDefer, "deadlock-freedom", (2, 2));
}

/// Museum 12: the listing of the lab sheet, unchanged.
#[test]
fn the_lab_listing_blocks_two_and_lets_two_of_three_in() {
    needs::<Sketched<Ricart>>(&two(), &RicartBug::LabListing, "deadlock-freedom", (2, 2));
    let three = [wants(3, 60, &[(0, 0), (0, 1)]), wants(3, 60, &[(0, 0), (5, 1)])];
    needs::<Sketched<Ricart>>(&three, &RicartBug::LabListing, "mutual-exclusion", (6, 4));
}

/// Museum 13: replies that are counted and not kept as a set. The algorithm itself keeps them, and which request they
/// answer: nothing happens to it.
#[test]
fn a_reply_that_is_counted_twice_lets_two_in() {
    let trials = [
        wants(3, 100, &[(0, 0), (0, 1)]).duplicating(),
        wants(3, 100, &[(0, 1), (10, 0)]).duplicating(),
        wants(3, 100, &[(0, 1), (40, 0)]).duplicating(),
    ];
    let found = super::least::<Sketched<Ricart>>(&trials, &RicartBug::None, "mutual-exclusion");
    assert!(found.is_some_and(|found| found.sent <= 8), "{found:?}");
    for trial in trials {
        trial.survives::<synod::algorithms::ricart_agrawala::RicartAgrawala>(&Default::default(), PROMISES);
    }
}

/// Museum 14, and a pair that has two permissions from the beginning.
#[test]
fn a_permission_on_both_sides_lets_two_in() {
    let two = [wants(2, 100, &[(0, 1), (45, 0)]), wants(2, 100, &[(0, 1), (30, 0)])];
    needs::<Sketched<Carvalho>>(&two, &CarvalhoBug::KeepsPermission, "mutual-exclusion", (2, 2));
    needs::<Sketched<Carvalho>>(&two, &CarvalhoBug::BothBegin, "mutual-exclusion", (0, 0));
}

/// It takes three processes: the one that gives way must be waiting for somebody else.
#[test]
fn a_permission_that_is_not_asked_back_is_never_returned() {
    let mut trials = Vec::new();
    for (first, second, third) in [(1, 2, 0), (2, 1, 0), (2, 0, 1), (1, 0, 2), (0, 1, 2), (0, 2, 1)] {
        for gap in [2, 15, 60] {
            trials.push(wants(3, 5, &[(0, first), (gap, second), (gap + 3, third)]));
            trials.push(wants(3, 5, &[(0, first), (50, second), (50 + gap, third), (53 + gap, first)]));
        }
    }
    needs::<Sketched<Carvalho>>(&trials, &CarvalhoBug::DoesNotAskAgain, "deadlock-freedom", (8, 8));
    let two = [wants(2, 5, &[(0, 0), (3, 1), (20, 0), (22, 1)])];
    assert_eq!(
        super::least::<Sketched<Carvalho>>(&two, &CarvalhoBug::DoesNotAskAgain, "deadlock-freedom"),
        None
    );
}
