//! Seeded timed runs: the earliest event first, as in `synod run`; the network may make copies.

use super::{Dice, Fate, Looks, Offer, Pick, Strategy};

/// The earliest event first.
#[derive(Clone, Debug)]
pub struct Timed {
    seed: u64,
    dice: Dice,
    /// How many more copies the network may make.
    copies: u32,
    copies_max: u32,
}

impl Timed {
    /// Up to `copies` messages are made twice, drawn from `seed`.
    pub fn new(seed: u64, copies: u32) -> Self {
        Self { seed, dice: Dice::new(seed, b"copies: "), copies, copies_max: copies }
    }
}

impl Strategy for Timed {
    fn begin(&mut self) {
        self.dice = Dice::new(self.seed, b"copies: ");
        self.copies = self.copies_max;
    }

    fn renew(&mut self, seed: u64, copies: u32) -> bool {
        (self.seed, self.copies_max) = (seed, copies);
        true
    }

    fn pick(&mut self, pending: &[Offer], _enabled: &[u32], _now: u64) -> Option<Pick> {
        let place = (0..pending.len()).min_by_key(|place| pending[*place].rank())?;
        let mut pick = Pick::happens(place as u32);
        let offer = &pending[place];
        // A copy comes after what its link has under way already; where order is kept, that must not be earlier in time.
        let overtakes = || offer.fifo && pending[place + 1..].iter().any(|other| offer.is_before(other));
        let copied = self.copies > 0 && offer.is_message() && !offer.entry.is_lost() && !overtakes();
        if copied && self.dice.below(8) == 0 {
            self.copies -= 1;
            pick.fate = Fate::Twice;
        }
        Some(pick)
    }

    fn looks(&self) -> Looks {
        if self.copies_max == 0 { Looks::Nothing } else { Looks::Everything }
    }
}
