//! Delay-bounded scheduling (Emmi, Qadeer, Rakamaric 2011): the usual order, but for a few events that are put off.

use super::{Dice, Looks, Offer, Pick, Strategy};

/// The order of time, from which up to a number of drawn events are put off until nothing else is left.
#[derive(Clone, Debug)]
pub struct DelayBounded {
    seed: u64,
    delays: u32,
    /// About how many steps a run has.
    length: u64,
    /// The steps before which the first event is put off, in order; the last one comes first.
    marks: Vec<u64>,
    step: u64,
    /// The serial numbers of what was put off: a handful.
    put_off: Vec<u64>,
}

impl DelayBounded {
    /// Up to `delays` events of about `length` are put off, drawn from `seed`.
    pub fn new(seed: u64, delays: u32, length: u64) -> Self {
        Self { seed, delays, length, marks: Vec::new(), step: 0, put_off: Vec::new() }
    }

    /// The place of the earliest, of what was put off only when there is nothing else.
    #[inline]
    fn first(&self, pending: &[Offer], enabled: &[u32]) -> Option<u32> {
        let earliest = |put_off: bool| {
            let (mut first, mut rank) = (None, (u64::MAX, u64::MAX));
            for place in enabled {
                let offer = &pending[*place as usize];
                let (time, key) = offer.rank();
                let earlier = time < rank.0 || time == rank.0 && key <= rank.1;
                if earlier && self.put_off.contains(&offer.serial) == put_off {
                    (first, rank) = (Some(*place), (time, key));
                }
            }
            first
        };
        earliest(false).or_else(|| earliest(true))
    }
}

impl Strategy for DelayBounded {
    fn begin(&mut self) {
        let mut dice = Dice::new(self.seed, b"delaying");
        self.marks.clear();
        self.marks.extend((0..self.delays).map(|_| dice.below(self.length.max(1))));
        self.marks.sort_unstable_by(|a, b| b.cmp(a));
        self.step = 0;
        self.put_off.clear();
    }

    fn renew(&mut self, seed: u64, delays: u32) -> bool {
        (self.seed, self.delays) = (seed, delays);
        true
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        while self.marks.last().is_some_and(|mark| *mark <= self.step) {
            self.marks.pop();
            let place = self.first(pending, enabled)?;
            self.put_off.push(pending[place as usize].serial);
        }
        self.step += 1;
        self.first(pending, enabled).map(Pick::happens)
    }

    fn looks(&self) -> Looks {
        Looks::Enabled
    }
}
