//! What happened before what in an execution, and which steps might have come first instead.

use super::tree::{Fork, Tree};
use crate::explore::{exhaustive::depend::Scope, strategy::Fate};

impl Tree {
    /// Works out what happened before each step that is new in this execution. With `reverse`, whatever begins the
    /// reversal of a race becomes wanted.
    pub(super) fn look_for_races(&mut self, reverse: bool) {
        for place in self.fresh..self.path.len() {
            let races = self.order(place);
            if reverse && self.path[place].footprint.scope != Scope::Barrier {
                for earlier in races {
                    self.reverse(earlier, place);
                }
            }
        }
        if reverse {
            self.bring_back();
        }
    }

    /// What a step made impossible might have come first. It is taken as if it came last of all and did nothing: then it
    /// is in a race with that step like anything else.
    fn bring_back(&mut self) {
        for place in 0..self.path.len() {
            for gone in std::mem::take(&mut self.path[place].gone) {
                let footprint = self.dependence.footprint(&gone, Fate::Happens, &self.setup);
                let (kept, mut initials) = self.without(place, self.path.len());
                if kept.iter().all(|step| !self.dependence.holds(&self.path[*step].footprint, &footprint)) {
                    initials.push(gone.serial);
                }
                self.want(place, &initials);
                self.path[place].gone.push(gone);
            }
        }
    }

    /// Works out what happened before a step; gives the steps that it is in a race with.
    fn order(&mut self, place: usize) -> Vec<usize> {
        let mut before = vec![0_u64; place / 64 + 1];
        let mut races = Vec::new();
        let cause = self.cause(place);
        let step = &self.path[place];
        let mut hash = mix(step.fate as u128 + 1, 0);
        for (options, chosen) in &step.choices {
            hash = mix(hash, u128::from(*options) << 32 | u128::from(*chosen));
        }
        let name = match cause {
            Some(cause) => {
                let place = self.path[cause].born.iter().position(|serial| *serial == step.serial);
                mix(self.path[cause].hash, place.map_or(0, |place| place as u128 + 1))
            }
            None => u128::from(step.serial),
        };
        let mut sum = 0_u128;
        for earlier in (0..place).rev() {
            if has(&before, earlier) {
                sum = sum.wrapping_add(self.path[earlier].hash);
                continue;
            }
            let enables = cause == Some(earlier) || enables(&self.path[earlier], step);
            if enables || self.dependence.holds(&self.path[earlier].footprint, &step.footprint) {
                if !enables {
                    races.push(earlier);
                }
                before[earlier / 64] |= 1 << (earlier % 64);
                for (word, theirs) in before.iter_mut().zip(&self.path[earlier].before) {
                    *word |= theirs;
                }
                sum = sum.wrapping_add(self.path[earlier].hash);
            }
        }
        let hash = mix(mix(hash, name), sum);
        let step = &mut self.path[place];
        (step.before, step.hash) = (before, hash);
        races
    }

    /// The step that made this one pending; none for what was pending from the beginning.
    fn cause(&self, place: usize) -> Option<usize> {
        let serial = self.path[place].serial;
        self.path[..place].partition_point(|fork| fork.known < serial).checked_sub(1)
    }

    /// Makes sure that the step at `later` is also tried before the one at `earlier`, with what it needs and nothing
    /// that needs `earlier`.
    fn reverse(&mut self, earlier: usize, later: usize) {
        let (kept, mut initials) = self.without(earlier, later);
        if !kept.iter().any(|other| self.follows(later, *other)) {
            initials.push(self.path[later].serial);
        }
        self.want(earlier, &initials);
    }

    /// The steps between two that do not need the first, and the serial numbers of those that may begin them.
    fn without(&self, earlier: usize, later: usize) -> (Vec<usize>, Vec<u64>) {
        let mut kept: Vec<usize> = Vec::new();
        let mut initials = Vec::new();
        for place in (earlier + 1..later).filter(|place| !self.follows(*place, earlier)) {
            if !kept.iter().any(|other| self.follows(place, *other)) {
                initials.push(self.path[place].serial);
            }
            kept.push(place);
        }
        (kept, initials)
    }

    fn follows(&self, place: usize, other: usize) -> bool {
        has(&self.path[place].before, other)
    }

    /// One of these must be tried at a fork, if it can be and none is yet.
    fn want(&mut self, place: usize, initials: &[u64]) {
        let fork = &mut self.path[place];
        let possible = |serial: &&u64| fork.possible.iter().any(|offer| offer.serial == **serial);
        let initials: Vec<u64> = initials.iter().filter(possible).copied().collect();
        if fork.wants_any(&initials) {
            return;
        }
        if let Some(serial) = initials.last() {
            fork.want(*serial);
        }
    }

    /// A name for this execution that is the same for all orders that nobody can tell apart.
    pub(super) fn class(&self) -> u128 {
        self.path.iter().fold(0, |sum, fork| sum.wrapping_add(fork.hash))
    }
}

/// Whether a step is what another one, later on, had to wait for.
fn enables(earlier: &Fork, later: &Fork) -> bool {
    (earlier.footprint.link.is_some() && earlier.footprint.link == later.footprint.link)
        || (earlier.footprint.planned && later.footprint.planned)
}

fn has(bits: &[u64], place: usize) -> bool {
    bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
}

/// Two numbers as one: equal pairs give equal numbers, others hardly ever do.
fn mix(one: u128, other: u128) -> u128 {
    let mut bits = one.wrapping_mul(0x2d35_8dcc_aa6c_78a5_8bb8_4b93_962e_acc9) ^ other.rotate_left(41);
    for _ in 0..2 {
        bits = (bits ^ bits >> 67).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    }
    bits ^ bits >> 61
}
