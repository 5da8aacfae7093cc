//! Quorums (Maekawa 1985, Sanders 1987) and their mutants.

use super::{
    needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use synod::{
    algorithms::{
        maekawa::{self, Maekawa},
        parts::{quorums::Quorums, section::Section},
    },
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Nobody is asked to give a grant back.
    NoInquire,
    /// Nobody hears that it has to wait.
    NoFailed,
    /// Who is inside gives its grant back, too.
    YieldsInside,
    /// Who gives a grant back still counts it.
    CountsWhatItYields,
    /// A release or a yield is believed, whatever request it is about.
    Untagged,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Word {
    Request,
    Grant,
    Failed,
    Inquire,
    Yield,
    Release,
}

type Claim = (u64, ProcessId);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Rules {
    bug: Bug,
    quorum: BTreeSet<ProcessId>,
    clock: u64,
    stamp: u64,
    grants: BTreeSet<ProcessId>,
    failed: BTreeSet<ProcessId>,
    inquired: BTreeSet<ProcessId>,
    locked: Option<Claim>,
    waiting: BTreeSet<Claim>,
    asked_back: bool,
    own: VecDeque<(Word, u64)>,
}

impl Sketch for Rules {
    type Bug = Bug;
    type Message = (Word, u64);

    fn begin(ctx: &mut Ctx<'_, Self>, bug: Bug) -> Self {
        Self {
            bug,
            quorum: Quorums::Plane.of(ctx.me(), ctx.group_size() as u32),
            clock: 0,
            stamp: 0,
            grants: BTreeSet::new(),
            failed: BTreeSet::new(),
            inquired: BTreeSet::new(),
            locked: None,
            waiting: BTreeSet::new(),
            asked_back: false,
            own: VecDeque::new(),
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.clock += 1;
        self.stamp = self.clock;
        for heard in [&mut self.grants, &mut self.failed, &mut self.inquired] {
            heard.clear();
        }
        self.tell_quorum(ctx, Word::Request);
        self.hear_own(ctx, section);
    }

    fn hear(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        from: ProcessId,
        (word, stamp): (Word, u64),
    ) {
        self.heed(ctx, section, from, word, stamp);
        self.hear_own(ctx, section);
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.tell_quorum(ctx, Word::Release);
        // Nothing here lets this process in: it is not waiting.
        self.hear_own(ctx, &mut Section::default());
    }
}

impl Rules {
    fn tell(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId, word: Word, stamp: u64) {
        if to == ctx.me() {
            self.own.push_back((word, stamp));
        } else {
            ctx.send(to, (word, stamp));
        }
    }

    fn tell_quorum(&mut self, ctx: &mut Ctx<'_, Self>, word: Word) {
        for process in self.quorum.clone() {
            self.tell(ctx, process, word, self.stamp);
        }
    }

    fn hear_own(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        while let Some((word, stamp)) = self.own.pop_front() {
            self.heed(ctx, section, ctx.me(), word, stamp);
        }
    }

    fn heed(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        from: ProcessId,
        word: Word,
        stamp: u64,
    ) {
        let mine = section.is_waiting() && stamp == self.stamp;
        match word {
            Word::Request => self.on_request(ctx, (stamp, from)),
            Word::Grant if mine => {
                self.grants.insert(from);
                self.failed.remove(&from);
            }
            Word::Failed if mine && !self.grants.contains(&from) => drop(self.failed.insert(from)),
            Word::Inquire if section.is_inside() && self.bug == Bug::YieldsInside => {
                self.tell(ctx, from, Word::Yield, stamp);
            }
            Word::Inquire if mine => drop(self.inquired.insert(from)),
            Word::Grant | Word::Failed | Word::Inquire => {}
            Word::Yield | Word::Release => self.on_return(ctx, word, (stamp, from)),
        }
        if !section.is_waiting() {
            return;
        }
        if !self.failed.is_empty() {
            self.give_back(ctx);
        }
        if self.grants == self.quorum {
            section.enter(ctx);
        }
    }

    fn give_back(&mut self, ctx: &mut Ctx<'_, Self>) {
        let wanted: Vec<ProcessId> = self.inquired.intersection(&self.grants).copied().collect();
        for process in wanted {
            self.inquired.remove(&process);
            if self.bug != Bug::CountsWhatItYields {
                self.grants.remove(&process);
            }
            self.failed.insert(process);
            self.tell(ctx, process, Word::Yield, self.stamp);
        }
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_, Self>, claim: Claim) {
        self.clock = self.clock.max(claim.0);
        let Some(locked) = self.locked else {
            self.locked = Some(claim);
            return self.tell(ctx, claim.1, Word::Grant, claim.0);
        };
        let first = self.waiting.first().copied();
        self.waiting.insert(claim);
        let best = claim < locked && first.is_none_or(|first| claim < first);
        let fails = if best { first.filter(|first| *first < locked) } else { Some(claim) };
        // Without inquiries nobody would make anything of it.
        let silent = matches!(self.bug, Bug::NoFailed | Bug::NoInquire);
        if let Some((stamp, process)) = fails.filter(|_| !silent) {
            self.tell(ctx, process, Word::Failed, stamp);
        }
        if best && !self.asked_back && self.bug != Bug::NoInquire {
            self.asked_back = true;
            self.tell(ctx, locked.1, Word::Inquire, locked.0);
        }
    }

    fn on_return(&mut self, ctx: &mut Ctx<'_, Self>, word: Word, claim: Claim) {
        if self.locked != Some(claim) && self.bug != Bug::Untagged {
            return;
        }
        if word == Word::Yield {
            self.waiting.insert(claim);
        }
        self.asked_back = false;
        self.locked = self.waiting.pop_first();
        if let Some((stamp, process)) = self.locked {
            self.tell(ctx, process, Word::Grant, stamp);
        }
    }
}

type Mutant = Sketched<Rules>;

fn all_at_once(nodes: u32, stay: u64) -> Trial<MutualExclusion> {
    let wishes: Vec<(u64, u32)> = (0..nodes).map(|node| (0, node)).collect();
    wants(nodes, stay, &wishes)
}

fn busy() -> Trial<MutualExclusion> {
    wants(7, 9, &[(0, 6), (1, 5), (2, 4), (3, 3), (9, 2), (10, 1), (11, 0), (30, 6), (31, 5), (32, 0)])
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [all_at_once(3, 5), all_at_once(5, 5), all_at_once(7, 5), busy(), busy().fifo()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<Maekawa>(&Default::default(), PROMISES);
    }
}

/// Museum 16 and 17: three quorums that wait in a circle.
#[test]
fn without_inquire_or_failed_three_wait_in_a_circle() {
    needs::<Mutant>(&[all_at_once(3, 5)], &Bug::NoInquire, "deadlock-freedom", (3, 3));
    needs::<Mutant>(&[all_at_once(3, 5)], &Bug::NoFailed, "deadlock-freedom", (3, 3));
}

/// Museum 18.
#[test]
fn quorums_that_do_not_meet_let_two_in() {
    let alone = |node| vec![ProcessId(node)];
    let config = maekawa::Config { quorums: Quorums::Listed(vec![alone(0), alone(1)]) };
    needs::<Maekawa>(&[wants(2, 20, &[(0, 0), (1, 1)])], &config, "mutual-exclusion", (0, 0));
}

#[test]
fn every_bug_breaks_its_promise() {
    let long = |nodes| {
        let wishes: Vec<(u64, u32)> = (0..nodes).map(|node| (u64::from(nodes - node) * 4, node)).collect();
        wants(nodes, 40, &wishes)
    };
    for trial in [long(5), long(7), busy()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
    }
    long(7).kills::<Mutant>(&Bug::YieldsInside, "mutual-exclusion", (45, 45));
    busy().kills::<Mutant>(&Bug::CountsWhatItYields, "mutual-exclusion", (45, 45));
    // Without tags a release that comes twice frees what somebody else was granted.
    let trial = long(7).duplicating();
    trial.kills::<Mutant>(&Bug::Untagged, "mutual-exclusion", (60, 60));
}

/// Any two meet, everybody is in its own, and all are as large as they should be.
#[test]
fn any_two_quorums_meet() {
    for nodes in 1..120 {
        for quorums in [Quorums::Plane, Quorums::Grid] {
            let all: Vec<BTreeSet<ProcessId>> =
                (0..nodes).map(|node| quorums.of(ProcessId(node), nodes)).collect();
            for (node, quorum) in (0..).zip(&all) {
                assert!(quorum.contains(&ProcessId(node)));
                assert!(all.iter().all(|other| !other.is_disjoint(quorum)), "{quorums:?}, n={nodes}");
                let width = nodes.isqrt() + 1;
                assert!(quorum.len() as u32 <= 2 * width, "{quorums:?}, n={nodes}: {quorum:?}");
            }
        }
    }
    for (nodes, size) in [(3, 2), (7, 3), (13, 4), (31, 6), (57, 8)] {
        assert_eq!(size * (size - 1) + 1, nodes);
        for node in 0..nodes {
            assert_eq!(Quorums::Plane.of(ProcessId(node), nodes).len() as u32, size);
        }
    }
}
