//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010) for messages: PCTCP (Ozkan,
//! Majumdar, Niksic, Befrouei, Weissenbacher 2018) without the decomposition into chains.
//!
//! Every event gets a random priority when it becomes pending, and the highest enabled one happens; at d - 1 drawn
//! steps, the event that would happen gets a priority below all others. With n chains of events and k steps, a bug that
//! needs d ordered events is hit with probability at least 1/(n k^(d-1)).

use super::{Dice, Looks, Offer, Pick, Strategy};
use std::cmp::Reverse;

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
    /// The priority of each message that is a chain by itself, by its serial number; 0 when it has none yet.
    alone: Vec<u64>,
    /// The other chains' priorities.
    chains: Vec<(Chain, u64)>,
    lowest: u64,
}

/// What happens one after the other anyway: the messages of a link that keeps order, a node's timers, what is planned.
/// Every other message is a chain by itself.
type Chain = (u8, u32, u32);

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
            alone: Vec::new(),
            chains: Vec::new(),
            lowest: 0,
        }
    }

    /// The priority of an offer's chain, to be read or changed; the higher one goes first. 0 when it has none yet.
    fn priority(&mut self, offer: &Offer) -> &mut u64 {
        let chain = match () {
            () if offer.is_message() && offer.fifo => (0, offer.from.0, offer.entry.to),
            () if offer.is_message() => {
                let place = offer.serial as usize;
                if self.alone.len() <= place {
                    self.alone.resize(place + 1, 0);
                }
                return &mut self.alone[place];
            }
            () if offer.is_timer() => (1, offer.entry.to, 0),
            () => (2, 0, 0),
        };
        let place = self.chains.iter().position(|(other, _)| *other == chain).unwrap_or_else(|| {
            self.chains.push((chain, 0));
            self.chains.len() - 1
        });
        &mut self.chains[place].1
    }

    /// The place of the highest; of equal ones that which has been pending longest.
    fn highest(&mut self, pending: &[Offer], enabled: &[u32]) -> Option<u32> {
        let rank = |place: &&u32| {
            let offer = &pending[**place as usize];
            (*self.priority(offer), Reverse(offer.serial))
        };
        enabled.iter().max_by_key(rank).copied()
    }
}

impl Strategy for Pct {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"priority");
        let marks = self.depth.saturating_sub(1);
        self.marks = (0..marks).map(|_| self.dice.below(self.length.max(1))).collect();
        self.marks.sort_unstable_by(|a, b| b.cmp(a));
        self.step = 0;
        self.alone.clear();
        self.chains.clear();
        self.lowest = u64::from(self.depth);
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        let mut highest = (0, Reverse(0), None);
        for place in enabled {
            let offer = &pending[*place as usize];
            let mut priority = *self.priority(offer);
            if priority == 0 {
                // Above what the changes give.
                priority = u64::from(self.depth) + 1 + self.dice.below(u64::MAX >> 1);
                *self.priority(offer) = priority;
            }
            highest = highest.max((priority, Reverse(offer.serial), Some(*place)));
        }
        let mut place = highest.2?;
        while self.marks.last().is_some_and(|mark| *mark <= self.step) {
            self.marks.pop();
            self.lowest = self.lowest.saturating_sub(1);
            *self.priority(&pending[place as usize]) = self.lowest;
            place = self.highest(pending, enabled)?;
        }
        self.step += 1;
        Some(Pick::happens(place))
    }

    fn looks(&self) -> Looks {
        Looks::Enabled
    }
}
