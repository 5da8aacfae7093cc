//! What happened before what in an execution, and which steps might have come first instead.

use super::{
    depend::Scope,
    tree::{Fork, Tree},
};

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
        let mut kept: Vec<usize> = Vec::new();
        let mut initials = Vec::new();
        let follows = |place: usize, other: usize| has(&self.path[place].before, other);
        for place in (earlier + 1..later).filter(|place| !follows(*place, earlier)).chain([later]) {
            if !kept.iter().any(|other| follows(place, *other)) {
                initials.push(self.path[place].serial);
            }
            kept.push(place);
        }
        let fork = &mut self.path[earlier];
        initials.retain(|serial| fork.possible.iter().any(|offer| offer.serial == *serial));
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
