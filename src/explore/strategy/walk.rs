//! The uniform random walk: each time, everything that could happen next is equally likely.

use super::{Dice, Fate, Looks, Offer, Pick, Strategy};

/// A uniform random walk over what is enabled.
#[derive(Clone, Debug)]
pub struct Walk {
    seed: u64,
    dice: Dice,
    copies: u32,
    copies_max: u32,
}

impl Walk {
    /// Drawn from `seed`; up to `copies` messages are made twice.
    pub fn new(seed: u64, copies: u32) -> Self {
        Self { seed, dice: Dice::new(seed, b"walking."), copies, copies_max: copies }
    }
}

impl Strategy for Walk {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"walking.");
        self.copies = self.copies_max;
    }

    fn renew(&mut self, seed: u64, copies: u32) -> bool {
        (self.seed, self.copies_max) = (seed, copies);
        true
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        let place = enabled[self.dice.below(enabled.len() as u64) as usize];
        let mut pick = Pick::happens(place);
        let offer = &pending[place as usize];
        if self.copies > 0 && offer.is_message() && !offer.entry.is_lost() && self.dice.below(8) == 0 {
            self.copies -= 1;
            pick.fate = Fate::Twice;
        }
        Some(pick)
    }

    fn looks(&self) -> Looks {
        Looks::Enabled
    }
}
