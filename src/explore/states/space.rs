//! The states that a scenario can reach: which there is first, and what leads from one to the next.
//!
//! A state is a list of numbers: the environment, what the order of events looks like where that matters, the nodes,
//! the messages under way. Its hash is the sum of its parts' fingerprints, so a step changes it by the difference.

use super::{
    Faults,
    draft::{Draft, place_for},
    environment::Environment,
    interner::Interner,
    view::{Letter, Mood, View},
};
use crate::{
    process::{Actors, Sees},
    world::Setup,
};
use std::sync::{Arc, Mutex, OnceLock};

/// What does not change during a search.
pub(super) struct Space {
    pub(super) setup: Arc<Setup>,
    pub(super) sees: Option<Sees>,
    pub(super) faults: Faults,
    pub(super) timers_any_time: bool,
    pub(super) interner: Mutex<Interner>,
    first_node: usize,
    first_message: usize,
    first: OnceLock<Draft>,
}

/// A state, as it lies among others.
pub(super) type Words<'a> = &'a [u32];

/// What happens in a state: 4 bits of kind, 14 of place, 14 of way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Move {
    pub(super) kind: Kind,
    /// Which message, counted from the first; which node; which partition.
    pub(super) place: u32,
    /// Which of the ways in which it can go.
    pub(super) way: u32,
}

/// The kinds of things that happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Deliver,
    Timer,
    Environment,
    Lose,
    Duplicate,
    Crash,
    Restart,
    Partition,
    Heal,
    /// A delivery, and the receiver crashes while it sends.
    DeliverCut,
    TimerCut,
    EnvironmentCut,
}

const KINDS: [Kind; 12] = [
    Kind::Deliver,
    Kind::Timer,
    Kind::Environment,
    Kind::Lose,
    Kind::Duplicate,
    Kind::Crash,
    Kind::Restart,
    Kind::Partition,
    Kind::Heal,
    Kind::DeliverCut,
    Kind::TimerCut,
    Kind::EnvironmentCut,
];

/// How many places and ways a [`Move`] can tell apart.
pub(super) const PLACES: u32 = 1 << 14;

impl Move {
    #[inline]
    pub(super) fn packed(self) -> u32 {
        (self.kind as u32) << 28 | self.place << 14 | self.way
    }

    #[inline]
    pub(super) fn unpacked(bits: u32) -> Self {
        let kind = KINDS[(bits >> 28) as usize];
        Self { kind, place: bits >> 14 & (PLACES - 1), way: bits & (PLACES - 1) }
    }
}

impl Space {
    pub(super) fn new(
        setup: Arc<Setup>,
        actors: Box<dyn Actors>,
        sees: Option<Sees>,
        faults: Faults,
        timers_any_time: bool,
        seed: u64,
    ) -> Self {
        let first_node = if sees == Some(Sees::Order) { 5 } else { 1 };
        let first_message = first_node + setup.names.len();
        let interner = Mutex::new(Interner::new(setup.clone(), actors, sees, seed));
        let first = OnceLock::new();
        Self { setup, sees, faults, timers_any_time, interner, first_node, first_message, first }
    }

    /// Whether properties look at the order of events of different nodes.
    pub(super) fn orders(&self) -> bool {
        self.sees == Some(Sees::Order)
    }

    /// Where the nodes begin.
    #[inline]
    pub(super) fn first_node(&self) -> usize {
        self.first_node
    }

    /// Where the messages begin.
    #[inline]
    pub(super) fn first_message(&self) -> usize {
        self.first_message
    }

    /// The state in which everybody who is there from the beginning has booted.
    pub(super) fn first(&self, view: &mut View<'_>) -> &Draft {
        self.first.get_or_init(|| self.booted(view))
    }

    fn booted(&self, view: &mut View<'_>) -> Draft {
        let environment = Environment::first(&self.setup, self.faults.budget);
        let names = &self.setup.names;
        let nodes = names.ids().map(|who| view.interner().absent(who)).collect();
        let mut draft = Draft { environment, order: 0, nodes, messages: Vec::new(), log: Vec::new() };
        for who in names.ids() {
            if self.setup.nodes.get(&who).is_none_or(|particular| particular.start.0 == 0) {
                let step = view.interner().boot(draft.nodes[who.index()]);
                view.refresh();
                draft.take(self, view, who, step);
            }
        }
        draft
    }

    /// Everything that can happen in a state: the hash of the state it leads to, and what it is.
    pub(super) fn expand(
        &self,
        view: &mut View<'_>,
        words: Words<'_>,
        hash: u128,
        found: &mut impl FnMut(u128, u32),
    ) {
        let messages = &words[self.first_message..];
        let nodes = &words[self.first_node..self.first_message];
        let plain = view.environments[words[0] as usize].plain;
        let mut under_way = false;
        for (place, message) in messages.iter().enumerate() {
            let letter = view.letters[*message as usize];
            if is_behind(view, messages, place, &letter) {
                continue;
            }
            let node = nodes[letter.to as usize];
            if view.nodes[node as usize].mood == Mood::Paused {
                continue;
            }
            under_way = true;
            let (kind, place) = (Kind::Deliver, place as u32);
            assert!(place < PLACES, "a state with so many messages under way cannot be told");
            if !plain {
                self.expand_slowly(view, words, kind, place, found);
                continue;
            }
            let (first, count) = view.heard(node, *message);
            for (way, number) in (0..).zip(first..first + count) {
                let step = &view.steps[number as usize];
                if step.plain {
                    found(hash.wrapping_add(step.delta), Move { kind, place, way }.packed());
                } else {
                    self.expand_one(view, words, Move { kind, place, way }, found);
                }
            }
        }
        if view.timed || !view.environments[words[0] as usize].quiet {
            self.expand_rest(view, words, under_way, found);
        }
    }

    /// The state that a move leads to, appended to `into`.
    pub(super) fn build(&self, view: &mut View<'_>, words: Words<'_>, bits: u32, into: &mut Vec<u32>) {
        let what = Move::unpacked(bits);
        let place = self.first_message + what.place as usize;
        if what.kind == Kind::Deliver && view.environments[words[0] as usize].plain {
            let message = words[place];
            let receiver = self.first_node + view.letters[message as usize].to as usize;
            let (first, _) = view.heard(words[receiver], message);
            let step = view.steps[(first + what.way) as usize];
            if step.plain {
                let start = into.len();
                into.extend_from_slice(&words[..place]);
                into.extend_from_slice(&words[place + 1..]);
                into[start + receiver] = step.node;
                for sent in step.sent() {
                    let message = view.sent[sent];
                    let place = place_for(view, &into[start + self.first_message..], message);
                    into.insert(start + self.first_message + place, message);
                }
                return;
            }
        }
        let draft = self.outcome(view, words, what);
        draft.put(self, view, into);
    }

    /// The state after a move, with what was done.
    pub(super) fn outcome(&self, view: &mut View<'_>, words: Words<'_>, what: Move) -> Draft {
        let draft = Draft::of(self, view, words);
        self.outcomes(view, draft, what.kind, what.place).swap_remove(what.way as usize)
    }

    /// All ways in which something can go.
    pub(super) fn expand_slowly(
        &self,
        view: &mut View<'_>,
        words: Words<'_>,
        kind: Kind,
        place: u32,
        found: &mut impl FnMut(u128, u32),
    ) {
        let draft = Draft::of(self, view, words);
        let mut into = Vec::new();
        for (way, draft) in (0..).zip(self.outcomes(view, draft, kind, place)) {
            assert!(way < PLACES, "a step with so many outcomes cannot be told");
            into.clear();
            let hash = draft.put(self, view, &mut into);
            found(hash, Move { kind, place, way }.packed());
        }
    }

    fn expand_one(
        &self,
        view: &mut View<'_>,
        words: Words<'_>,
        what: Move,
        found: &mut impl FnMut(u128, u32),
    ) {
        let draft = self.outcome(view, words, what);
        let hash = draft.put(self, view, &mut Vec::new());
        found(hash, what.packed());
    }
}

/// Whether a message is told by another one: its twin, or one that is before it on a link that keeps order.
#[inline]
pub(super) fn is_behind(view: &View<'_>, messages: &[u32], place: usize, letter: &Letter) -> bool {
    if !letter.fifo {
        return place > 0 && messages[place - 1] == messages[place];
    }
    messages[..place].iter().any(|other| view.letters[*other as usize].link == letter.link)
}
