//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010) for messages: PCTCP (Ozkan,
//! Majumdar, Niksic, Befrouei, Weissenbacher 2018) without the decomposition into chains.
//!
//! Every event gets a random priority when it becomes pending, and the highest enabled one happens; at d - 1 drawn
//! steps, the event that would happen gets a priority below all others. With n chains of events and k steps, a bug that
//! needs d ordered events is hit with probability at least 1/(n k^(d-1)).

use super::{Dice, Misstep, Offer, Pick, Strategy};
use std::collections::BTreeMap;

/// Random priorities, with `depth - 1` changes.
#[derive(Clone, Debug)]
pub struct Pct {
    seed: u64,
    depth: u32,
    length: u64,
    dice: Dice,
    /// The steps at which the priority changes, in order; the last one comes first.
    marks: Vec<u64>,
    step: u64,
    /// Each chain's priority; the higher one goes first.
    priorities: BTreeMap<Chain, u64>,
    lowest: u64,
}

/// What happens one after the other anyway: the messages of a link that keeps order, a node's timers, what is planned.
/// Every other message is a chain by itself.
type Chain = (u8, u64, u64);

impl Pct {
    /// For bugs of `depth` ordered events in runs of about `length` steps.
    pub fn new(seed: u64, depth: u32, length: u64) -> Self {
        Self {
            seed,
            depth,
            length,
            dice: Dice::new(seed, b"priority"),
            marks: Vec::new(),
            step: 0,
            priorities: BTreeMap::new(),
            lowest: 0,
        }
    }

    fn chain(offer: &Offer) -> Chain {
        match () {
            () if offer.is_message() && offer.fifo => (0, u64::from(offer.from.0), u64::from(offer.entry.to)),
            () if offer.is_message() => (1, offer.serial, 0),
            () if offer.is_timer() => (2, u64::from(offer.entry.to), 0),
            () => (3, 0, 0),
        }
    }
}

impl Strategy for Pct {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"priority");
        let marks = self.depth.saturating_sub(1);
        self.marks = (0..marks).map(|_| self.dice.below(self.length.max(1))).collect();
        self.marks.sort_unstable_by(|a, b| b.cmp(a));
        self.step = 0;
        self.priorities.clear();
        self.lowest = u64::from(self.depth);
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        for place in enabled {
            let chain = Self::chain(&pending[*place as usize]);
            if !self.priorities.contains_key(&chain) {
                // Above what the changes give.
                let priority = u64::from(self.depth) + 1 + self.dice.below(u64::MAX >> 1);
                self.priorities.insert(chain, priority);
            }
        }
        let highest = |priorities: &BTreeMap<Chain, u64>| {
            let rank = |place: &&u32| {
                let offer = &pending[**place as usize];
                (priorities.get(&Self::chain(offer)).copied(), std::cmp::Reverse(offer.serial))
            };
            enabled.iter().max_by_key(rank).copied()
        };
        while self.marks.last().is_some_and(|mark| *mark <= self.step) {
            self.marks.pop();
            self.lowest = self.lowest.saturating_sub(1);
            let place = highest(&self.priorities)?;
            self.priorities.insert(Self::chain(&pending[place as usize]), self.lowest);
        }
        self.step += 1;
        highest(&self.priorities).map(Pick::happens)
    }

    fn names_kinds(&self) -> bool {
        false
    }

    fn answers(&self) -> &[u32] {
        &[]
    }

    fn note_choice(&mut self, _options: u32, _chosen: u32) {}

    fn stopped(&self) -> bool {
        false
    }

    fn misstep(&self) -> Option<&Misstep> {
        None
    }

    fn fitting(&self) -> Option<&[usize]> {
        None
    }
}
