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
}

impl Strategy for DelayBounded {
    fn begin(&mut self) {
        let mut dice = Dice::new(self.seed, b"delaying");
        self.marks = (0..self.delays).map(|_| dice.below(self.length.max(1))).collect();
        self.marks.sort_unstable_by(|a, b| b.cmp(a));
        self.step = 0;
        self.put_off.clear();
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        let first = |put_off: &[u64]| {
            let place = |place: &&u32| &pending[**place as usize];
            enabled.iter().min_by_key(|at| (put_off.contains(&place(at).serial), place(at).rank())).copied()
        };
        while self.marks.last().is_some_and(|mark| *mark <= self.step) {
            self.marks.pop();
            let place = first(&self.put_off)?;
            self.put_off.push(pending[place as usize].serial);
        }
        self.step += 1;
        first(&self.put_off).map(Pick::happens)
    }

    fn looks(&self) -> Looks {
        Looks::Enabled
    }
}
