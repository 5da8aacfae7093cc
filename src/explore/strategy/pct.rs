//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010) for messages: PCTCP (Ozkan,
//! Majumdar, Niksic, Befrouei, Weissenbacher 2018) without the decomposition into chains.
//!
//! Every event gets a random priority when it becomes pending, and the highest enabled one happens; at d - 1 drawn
//! steps, the event that would happen gets a priority below all others. With n chains of events and k steps, a bug that
//! needs d ordered events is hit with probability at least 1/(n k^(d-1)).

use super::{Dice, Looks, Offer, Pick, Strategy};

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
    /// The priorities of the chains that there are.
    priorities: Vec<u64>,
    /// The chain of each event that was enabled, by its serial number.
    chain_of: Vec<u32>,
    /// The chains that have more than one event.
    shared: Vec<(Chain, u32)>,
    lowest: u64,
}

/// What happens one after the other anyway: the messages of a link that keeps order, a node's timers, what is planned.
/// Every other message is a chain by itself.
type Chain = (u8, u32, u32);

/// No chain yet.
const NONE: u32 = u32::MAX;

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
            priorities: Vec::new(),
            chain_of: Vec::new(),
            shared: Vec::new(),
            lowest: 0,
        }
    }

    /// The number of an offer's chain, which gets a priority when it is seen first.
    #[inline]
    fn chain(&mut self, offer: &Offer) -> usize {
        match self.chain_of.get(offer.serial as usize) {
            Some(chain) if *chain != NONE => *chain as usize,
            _ => self.first_seen(offer),
        }
    }

    fn first_seen(&mut self, offer: &Offer) -> usize {
        let shared = match () {
            () if offer.is_message() && offer.fifo => Some((0, offer.from.0, offer.entry.to)),
            () if offer.is_message() => None,
            () if offer.is_timer() => Some((1, offer.entry.to, 0)),
            () => Some((2, 0, 0)),
        };
        let known = shared.and_then(|chain| self.shared.iter().find(|(other, _)| *other == chain));
        let number = known.map(|(_, number)| *number).unwrap_or_else(|| {
            // Above what the changes give.
            self.priorities.push(u64::from(self.depth) + 1 + self.dice.below(u64::MAX >> 1));
            let number = self.priorities.len() as u32 - 1;
            self.shared.extend(shared.map(|chain| (chain, number)));
            number
        });
        let place = offer.serial as usize;
        if self.chain_of.len() <= place {
            self.chain_of.resize(place + 1, NONE);
        }
        self.chain_of[place] = number;
        number as usize
    }

    /// The place and the chain of the highest; of equal ones that which has been pending longest.
    fn highest(&mut self, pending: &[Offer], enabled: &[u32]) -> Option<(u32, usize)> {
        let mut highest = None;
        let (mut best, mut oldest) = (0, 0);
        for place in enabled {
            let offer = &pending[*place as usize];
            let chain = self.chain(offer);
            let priority = self.priorities[chain];
            if priority > best || priority == best && offer.serial < oldest {
                (best, oldest, highest) = (priority, offer.serial, Some((*place, chain)));
            }
        }
        highest
    }
}

impl Strategy for Pct {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"priority");
        let marks = self.depth.saturating_sub(1);
        self.marks.clear();
        self.marks.extend((0..marks).map(|_| self.dice.below(self.length.max(1))));
        self.marks.sort_unstable_by(|a, b| b.cmp(a));
        self.step = 0;
        self.priorities.clear();
        self.chain_of.clear();
        self.shared.clear();
        self.lowest = u64::from(self.depth);
    }

    fn renew(&mut self, seed: u64, depth: u32) -> bool {
        (self.seed, self.depth) = (seed, depth);
        true
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        let (mut place, mut chain) = self.highest(pending, enabled)?;
        while self.marks.last().is_some_and(|mark| *mark <= self.step) {
            self.marks.pop();
            self.lowest = self.lowest.saturating_sub(1);
            self.priorities[chain] = self.lowest;
            (place, chain) = self.highest(pending, enabled)?;
        }
        self.step += 1;
        Some(Pick::happens(place))
    }

    fn looks(&self) -> Looks {
        Looks::Enabled
    }
}
