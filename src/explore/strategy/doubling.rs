//! Another strategy, under which the network makes copies.

use super::{Dice, Fate, Looks, Misstep, Offer, Pick, Strategy};
use crate::world::Answers;

/// What another strategy picks; some messages are made twice before they arrive.
pub struct Doubling {
    strategy: Box<dyn Strategy>,
    seed: u64,
    dice: Dice,
    copies: u32,
    copies_max: u32,
}

impl Doubling {
    /// Up to `copies` messages are made twice, drawn from `seed`.
    pub fn new(strategy: Box<dyn Strategy>, seed: u64, copies: u32) -> Self {
        Self { strategy, seed, dice: Dice::new(seed, b"doubling"), copies, copies_max: copies }
    }
}

impl Strategy for Doubling {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"doubling");
        self.copies = self.copies_max;
        self.strategy.begin();
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], now: u64) -> Option<Pick> {
        let mut pick = self.strategy.pick(pending, enabled, now)?;
        let offer = &pending[pick.place as usize];
        let can = self.copies > 0 && pick.fate == Fate::Happens && offer.is_message();
        if can && !offer.entry.is_lost() && self.dice.below(8) == 0 {
            self.copies -= 1;
            pick.fate = Fate::Twice;
        }
        Some(pick)
    }

    fn looks(&self) -> Looks {
        // It must be asked, even about a strategy that need not be.
        match self.strategy.looks() {
            Looks::Nothing => Looks::Everything,
            looks => looks,
        }
    }

    fn names_kinds(&self) -> bool {
        self.strategy.names_kinds()
    }

    fn answers(&self) -> Answers<'_> {
        self.strategy.answers()
    }

    fn note_choice(&mut self, options: u32, chosen: u32) {
        self.strategy.note_choice(options, chosen);
    }

    fn stopped(&self) -> bool {
        self.strategy.stopped()
    }

    fn misstep(&self) -> Option<&Misstep> {
        self.strategy.misstep()
    }

    fn fitting(&self) -> Option<&[usize]> {
        self.strategy.fitting()
    }
}
