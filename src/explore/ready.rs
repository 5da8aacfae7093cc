//! What could happen next, kept up to date from step to step where that is simple: no link keeps order, no node has two
//! timers, nothing is planned for after the end. The order is that in which a look at everything would find it.

use super::{pool::Rules, strategy::Offer};
use crate::simulate::Occasion;

/// Places of what is pending. What has happened keeps its place until [`Ready::compact`].
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    /// Messages, and timers where they run out at any time, in order; then, while a strategy picks, what else could
    /// happen.
    enabled: Vec<u32>,
    /// How many are something else.
    others: usize,
    /// All timers.
    timers: Vec<u32>,
    /// What is planned.
    planned: Vec<u32>,
}

/// So many may be gone before the others move up.
const GONE: usize = 64;

impl Ready {
    pub(super) fn clear(&mut self) {
        self.enabled.clear();
        self.others = 0;
        self.timers.clear();
        self.planned.clear();
    }

    /// Notes the last of what is pending; gives whether it is still simple.
    #[inline]
    pub(super) fn add(&mut self, waiting: &[Offer], rules: Rules, until: u64) -> bool {
        let place = waiting.len() as u32 - 1;
        let offer = &waiting[place as usize];
        let mut simple = !offer.fifo && offer.entry.time <= until;
        match offer.entry.occasion() {
            Occasion::Delivery(_) | Occasion::Hop(_) => self.enabled.push(place),
            Occasion::Timer(_) => {
                let same = |other: &u32| waiting[*other as usize].entry.to == offer.entry.to;
                simple &= !self.timers.iter().any(same);
                self.timers.push(place);
                if rules.timers_any_time {
                    self.enabled.push(place);
                }
            }
            Occasion::Planned(_) | Occasion::Ending(_) | Occasion::Boot | Occasion::Ask(_) => {
                self.planned.push(place);
            }
        }
        simple
    }

    /// What could happen next, until [`Ready::end`].
    #[inline]
    pub(super) fn begin(&mut self, waiting: &[Offer]) -> &[u32] {
        let rank = |place: &u32| waiting[*place as usize].rank();
        let planned = self.planned.iter().copied().min_by_key(rank);
        let timer = if self.enabled.is_empty() { self.timers.iter().copied().min_by_key(rank) } else { None };
        // Timers that are patient have their turn when nothing else is under way, and not after what is planned before.
        let first = match (planned, timer) {
            (Some(planned), Some(timer)) if rank(&timer) < rank(&planned) => Some(timer),
            (Some(planned), _) => Some(planned),
            (None, timer) => timer,
        };
        self.others = usize::from(first.is_some());
        self.enabled.extend(first);
        &self.enabled
    }

    /// The strategy has picked.
    #[inline]
    pub(super) fn end(&mut self) {
        self.enabled.truncate(self.enabled.len() - self.others);
        self.others = 0;
    }

    /// What is at this place is pending no longer: `offer`.
    #[inline(always)]
    pub(super) fn remove(&mut self, offer: &Offer, place: u32) {
        let list = match offer.entry.occasion() {
            Occasion::Delivery(_) | Occasion::Hop(_) => None,
            Occasion::Timer(_) => Some(&mut self.timers),
            Occasion::Planned(_) | Occasion::Ending(_) | Occasion::Boot | Occasion::Ask(_) => {
                Some(&mut self.planned)
            }
        };
        if let Some(list) = list
            && let Some(at) = list.iter().position(|other| *other == place)
        {
            list.swap_remove(at);
        }
        if let Ok(at) = self.enabled.binary_search(&place) {
            self.enabled.remove(at);
        }
    }

    /// The place of a timer, if it is pending.
    #[inline]
    pub(super) fn timer(&self, waiting: &[Offer], slot: u32) -> Option<u32> {
        let is_it = |place: &u32| waiting[*place as usize].entry.occasion() == Occasion::Timer(slot);
        self.timers.iter().copied().find(is_it)
    }

    /// How many are pending.
    #[inline]
    pub(super) fn len(&self, rules: Rules) -> usize {
        let timers = if rules.timers_any_time { 0 } else { self.timers.len() };
        self.enabled.len() + self.planned.len() + timers
    }

    /// Whether what has happened takes so much room that the others should move up.
    #[inline]
    pub(super) fn is_sparse(&self, waiting: &[Offer], rules: Rules) -> bool {
        waiting.len() > GONE && waiting.len() > 2 * self.len(rules)
    }

    /// What is pending moves up to the places of what is not.
    pub(super) fn compact(&mut self, waiting: &mut Vec<Offer>) {
        let mut places: Vec<u32> = [&self.enabled[..], &self.timers, &self.planned].concat();
        places.sort_unstable();
        places.dedup();
        for (to, from) in places.iter().enumerate() {
            waiting[to] = waiting[*from as usize];
        }
        waiting.truncate(places.len());
        for place in [&mut self.enabled, &mut self.timers, &mut self.planned].into_iter().flatten() {
            let moved = places.binary_search(place);
            *place = moved.unwrap_or_else(|_| unreachable!("it is one of them")) as u32;
        }
    }
}
