//! Along a schedule as far as it goes, then at random: what lies near a failure that is known.

use super::{Follow, Misstep, Offer, Pick, Strategy, Walk};
use crate::world::Answers;

/// A schedule, then a random walk.
#[derive(Clone, Debug)]
pub struct Onward {
    follow: Follow,
    walk: Walk,
    walking: bool,
}

impl Onward {
    /// `follow` ends with its schedule ([`crate::scenario::Then::Stop`]); `walk` goes on.
    pub fn new(follow: Follow, walk: Walk) -> Self {
        Self { follow, walk, walking: false }
    }
}

impl Strategy for Onward {
    fn begin(&mut self) {
        self.follow.begin();
        self.walk.begin();
        self.walking = false;
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], now: u64) -> Option<Pick> {
        if !self.walking {
            let pick = self.follow.pick(pending, enabled, now);
            if pick.is_some() {
                return pick;
            }
            self.walking = true;
        }
        self.walk.pick(pending, enabled, now)
    }

    fn names_kinds(&self) -> bool {
        true
    }

    fn answers(&self) -> Answers<'_> {
        if self.walking { Answers::default() } else { self.follow.answers() }
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
