//! A coordinator (Sinha 1997, section 6.4.1) and its mutants.

use super::{
    needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, collections::VecDeque};
use synod::{
    algorithms::{central_mutex::CentralMutex, parts::section::Section},
    process::ProcessId,
    world::{Action, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// A request that comes twice is put into the queue twice.
    QueuesDuplicates,
    /// Whoever says that he has left is believed.
    BelievesAnyRelease,
    /// Who came last is next.
    LastFirst,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Request(u64),
    Grant(u64),
    Release(u64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Central {
    bug: Bug,
    asked: u64,
    busy: Option<(ProcessId, u64)>,
    queue: VecDeque<(ProcessId, u64)>,
    heard: BTreeMap<ProcessId, u64>,
}

const COORDINATOR: ProcessId = ProcessId(0);

impl Sketch for Central {
    type Bug = Bug;
    type Message = Message;

    fn begin(_ctx: &mut Ctx<'_, Self>, bug: Bug) -> Self {
        Self { bug, asked: 0, busy: None, queue: VecDeque::new(), heard: BTreeMap::new() }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, _section: &mut Section) {
        self.asked += 1;
        ctx.send(COORDINATOR, Message::Request(self.asked));
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request(id) => {
                let known = self.heard.insert(from, id) == Some(id);
                if known && self.bug != Bug::QueuesDuplicates {
                    return;
                }
                self.queue.push_back((from, id));
                if self.busy.is_none() {
                    self.grant(ctx);
                }
            }
            Message::Grant(id) if section.is_waiting() && id == self.asked => section.enter(ctx),
            Message::Grant(_) => {}
            Message::Release(id) => {
                if self.busy == Some((from, id)) || self.bug == Bug::BelievesAnyRelease {
                    self.grant(ctx);
                }
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.send(COORDINATOR, Message::Release(self.asked));
    }
}

impl Central {
    fn grant(&mut self, ctx: &mut Ctx<'_, Self>) {
        let next = if self.bug == Bug::LastFirst { self.queue.pop_back() } else { self.queue.pop_front() };
        self.busy = next;
        if let Some((process, id)) = next {
            ctx.send(process, Message::Grant(id));
        }
    }
}

type Mutant = Sketched<Central>;

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let trial = wants(4, 15, &[(0, 1), (3, 2), (5, 3), (6, 1), (30, 2), (31, 3)]).fifo();
    trial.survives::<Mutant>(&Bug::None, PROMISES);
    wants(3, 15, &[(0, 1), (3, 2)]).duplicating().survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let twice = wants(3, 30, &[(0, 1), (1, 2)]).duplicating();
    twice.kills::<Mutant>(&Bug::QueuesDuplicates, "deadlock-freedom", (12, 12));
    let three = wants(4, 60, &[(0, 1), (60, 2), (60, 3)]).duplicating();
    three.kills::<Mutant>(&Bug::BelievesAnyRelease, "mutual-exclusion", (12, 12));
    let again = [(0, 1), (5, 2), (6, 3), (7, 1), (8, 2), (9, 3)];
    wants(4, 30, &again).fifo().kills::<Mutant>(&Bug::LastFirst, "happened-before-fairness", (15, 15));
}

/// Museum 19: a coordinator that restarts with an empty memory lets a second one in.
#[test]
fn a_coordinator_that_forgets_lets_two_in() {
    let coordinator = Targets::Node(COORDINATOR);
    let trial = wants(3, 200, &[(0, 1), (60, 2)])
        .with(45, Action::Crash { targets: coordinator, after_sends: None })
        .with(50, Action::Restart(coordinator));
    needs::<CentralMutex>(&[trial], &Default::default(), "mutual-exclusion", (4, 4));
}
