//! Mutual exclusion by a coordinator that may crash and come back, with a mistake to choose.
//!
//! Sinha, "Distributed operating systems" (1997), section 6.4.1. What makes it survive its own crash is the oldest rule
//! of recovery (Gray, "Notes on data base operating systems" (1978), section 5.8: write ahead): what others are told is
//! written down first. The first process is the coordinator and the only one that may crash.

use super::{
    super::parts::section::Section,
    sketch::{Ctx, Rules, Sketch},
};
use crate::process::{Description, ProcessId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// One participant, and one of them the coordinator too.
pub type CentralMutexFlawed = Sketch<Central>;

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The coordinator saves nothing.
    Amnesia,
    /// The coordinator saves after a release only, when what is granted to whom seems to have changed.
    SavesReleasesOnly,
    /// The coordinator sends the grant and saves then.
    SavesAfterSending,
    /// A request that comes twice is put into the queue twice.
    QueuesDuplicates,
    /// Whoever says that he has left is believed.
    BelievesAnyRelease,
    /// Who came last is next.
    LastFirst,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the coordinator: I want to enter.
    Request {
        /// Which of the sender's requests it is, counted from 1.
        id: u64,
    },
    /// From the coordinator: enter.
    Grant {
        /// Which of the receiver's requests it answers.
        id: u64,
    },
    /// To the coordinator: I have left.
    Release {
        /// Which of the sender's requests it ends.
        id: u64,
    },
}

/// A process, and which of its requests.
type Turn = (ProcessId, u64);

/// What the coordinator knows, and must not forget.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    /// Whose turn it is.
    pub busy: Option<Turn>,
    /// Who is next, in order of arrival.
    pub queue: VecDeque<Turn>,
    /// How often each process has asked.
    pub heard: BTreeMap<ProcessId, u64>,
}

/// The rules of the coordinator and of those who ask it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Central {
    mistake: Mistake,
    /// How often this process has asked.
    asked: u64,
    book: Book,
}

const COORDINATOR: ProcessId = ProcessId(0);

impl Rules for Central {
    type Mistake = Mistake;
    type Message = Message;
    type Stable = Book;

    const DESCRIPTION: Description = Description {
        name: "central-mutex-flawed",
        summary: "A coordinator for mutual exclusion that survives its crashes, with a mistake to choose: for the museum.",
        assumes: &[
            "reliable links: nothing is lost or made up; order and duplicates do not matter",
            "nobody crashes but the coordinator, the first process, which wants nothing itself and comes back",
        ],
        promises: &[
            "mutual-exclusion",
            "well-formedness",
            "deadlock-freedom",
            "starvation-freedom",
            "happened-before-fairness",
        ],
        messages: &[
            ("request", "to the coordinator: I want to enter"),
            ("grant", "from the coordinator: enter"),
            ("release", "to the coordinator: I have left"),
        ],
        cost: "3 messages for each entry; after a restart of the coordinator one more",
        breaks: &[
            "mistake: amnesia: a coordinator that restarts has forgotten who is inside (mutual-exclusion)",
            "mistake: saves-releases-only: the same, unless somebody has left since (mutual-exclusion)",
            "mistake: saves-after-sending: a crash between the two (mutual-exclusion)",
            "mistake: queues-duplicates: waits for somebody to leave who has left (deadlock-freedom)",
            "mistake: believes-any-release: an old release that comes twice (mutual-exclusion)",
            "mistake: last-first: who asks often enough passes all others (happened-before-fairness)",
            "a message that comes while the coordinator is down (deadlock-freedom)",
        ],
        source: "Sinha, Distributed operating systems (1997), section 6.4.1; Gray, Notes on data base operating systems (1978), section 5.8",
    };

    fn begin(ctx: &mut Ctx<'_, Self>, mistake: &Mistake, stable: Book) -> Self {
        let central = Self { mistake: *mistake, asked: 0, book: stable };
        // The crash may have come between the save and the grant; to who is inside already it says nothing new.
        central.tell(ctx);
        central
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, _section: &mut Section) {
        self.asked += 1;
        ctx.send(COORDINATOR, Message::Request { id: self.asked });
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request { id } => self.on_ask(ctx, (from, id)),
            Message::Grant { id } if section.is_waiting() && id == self.asked => section.enter(ctx),
            Message::Grant { .. } => {}
            Message::Release { id } => self.on_release(ctx, (from, id)),
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.send(COORDINATOR, Message::Release { id: self.asked });
    }
}

impl Central {
    /// Upon a request at the coordinator: grant it when nobody is inside, else put it at the end of the queue.
    fn on_ask(&mut self, ctx: &mut Ctx<'_, Self>, turn: Turn) {
        let heard = self.book.heard.entry(turn.0).or_default();
        let known = turn.1 <= *heard;
        *heard = turn.1.max(*heard);
        if known && self.mistake != Mistake::QueuesDuplicates {
            return;
        }
        self.book.queue.push_back(turn);
        let free = self.book.busy.is_none();
        if free {
            self.choose();
        }
        self.answer(ctx, free, false);
    }

    /// Upon a release at the coordinator: the next one enters.
    fn on_release(&mut self, ctx: &mut Ctx<'_, Self>, turn: Turn) {
        if self.book.busy == Some(turn) || self.mistake == Mistake::BelievesAnyRelease {
            self.choose();
            self.answer(ctx, true, true);
        }
    }

    fn choose(&mut self) {
        let queue = &mut self.book.queue;
        let last_first = self.mistake == Mistake::LastFirst;
        self.book.busy = if last_first { queue.pop_back() } else { queue.pop_front() };
    }

    /// Writes down what has changed, then tells whose turn it is. The mistakes do less, or the other way round.
    fn answer(&self, ctx: &mut Ctx<'_, Self>, chosen: bool, released: bool) {
        let after = self.mistake == Mistake::SavesAfterSending;
        let never =
            self.mistake == Mistake::Amnesia || self.mistake == Mistake::SavesReleasesOnly && !released;
        if !after && !never {
            ctx.save(self.book.clone());
        }
        if chosen {
            self.tell(ctx);
        }
        if after {
            ctx.save(self.book.clone());
        }
    }

    /// Tells who may enter.
    fn tell(&self, ctx: &mut Ctx<'_, Self>) {
        if let Some((process, id)) = self.book.busy {
            ctx.send(process, Message::Grant { id });
        }
    }
}
