//! What makes a run the one with its number: its seed, its strategy, its faults.

use super::{Campaign, Choice, Settings, split_mix};
use crate::{
    explore::strategy::{DelayBounded, Dice, Doubling, Follow, Onward, Pct, Strategy, Timed, Walk},
    scenario::{Schedule, Then, Vary},
    world::{Action, Planned, Setup},
};
use std::sync::Arc;

/// A strategy with its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tactic {
    /// The earliest event first.
    Timed,
    /// A uniform random walk.
    Walk,
    /// Random priorities for bugs of this depth.
    Pct(u32),
    /// A few events are put off.
    DelayBounded,
    /// Along a part of the schedule that the scenario has, then a random walk.
    Onward,
}

impl Tactic {
    /// All of them, of each the first.
    pub(super) const NAMES: [&'static str; 5] = ["timed", "walk", "pct", "delay-bounded", "onward"];

    /// Its place in [`Tactic::NAMES`].
    pub(super) fn place(self) -> usize {
        match self {
            Self::Timed => 0,
            Self::Walk => 1,
            Self::Pct(_) => 2,
            Self::DelayBounded => 3,
            Self::Onward => 4,
        }
    }

    /// As a report says it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self.place()]
    }
}

/// The strategies that runs have in turn.
pub(super) fn tactics(settings: &Settings, has_schedule: bool) -> Vec<Tactic> {
    if !settings.vary.contains(&Vary::Order) {
        return vec![Tactic::Timed];
    }
    let mut tactics = match settings.strategy {
        Choice::Auto => vec![
            Tactic::Timed,
            Tactic::Walk,
            Tactic::Pct(2),
            Tactic::Pct(3),
            Tactic::Pct(4),
            Tactic::DelayBounded,
        ],
        Choice::Timed => return vec![Tactic::Timed],
        Choice::Walk => vec![Tactic::Walk],
        Choice::Pct => vec![Tactic::Pct(2), Tactic::Pct(3), Tactic::Pct(4)],
        Choice::DelayBounded => vec![Tactic::DelayBounded],
    };
    if has_schedule {
        // As many runs go on from it as not.
        tactics.extend(vec![Tactic::Onward; tactics.len()]);
    }
    tactics
}

/// A run of a campaign.
#[derive(Clone, Debug)]
pub struct Course {
    /// Answers what happens next.
    pub seed: u64,
    /// Answers delays, losses and the like.
    pub world: u64,
    /// Its strategy.
    pub tactic: Tactic,
    /// How many messages may arrive twice.
    pub copies: u32,
    /// The faults that it has beyond the scenario's.
    pub faults: Vec<Planned>,
}

/// Whether a fault waits for messages from the beginning on.
pub(super) fn is_armed(fault: &Planned) -> bool {
    match fault.action {
        Action::Crash { after_sends, .. } => after_sends.is_some(),
        Action::Drop { .. } => true,
        _ => false,
    }
}

impl Campaign {
    /// The run with this number.
    pub fn course(&self, run: u64) -> Course {
        let seed = split_mix(self.seed, run);
        let tactic = self.tactics[(run % self.tactics.len() as u64) as usize];
        let drawn = [Vary::Delay, Vary::Loss, Vary::Duplicate];
        let world = if drawn.iter().any(|vary| self.settings.vary.contains(vary)) { seed } else { self.seed };
        let mut course = Course { seed, world, tactic, copies: 0, faults: Vec::new() };
        if !self.kinds.is_empty() {
            self.draw_faults(&mut course);
        }
        course
    }

    /// The world of a run, where it is not that of the campaign: it has other faults.
    pub(super) fn setup_of(&self, course: &Course) -> Option<Arc<Setup>> {
        if course.faults.is_empty() {
            return None;
        }
        let mut setup = (*self.setup).clone();
        // As in a scenario whose events begin with those that are armed before anything happens.
        let (armed, other): (Vec<_>, Vec<_>) = course.faults.iter().cloned().partition(is_armed);
        setup.agenda.splice(..0, armed);
        setup.agenda.extend(other);
        setup.agenda.sort_by_key(|planned| planned.at);
        Some(Arc::new(setup))
    }

    /// The strategy of a run; `kept` is one of an earlier run with the same tactic, whose memory may serve again.
    pub(super) fn strategy_of(
        &self,
        course: &Course,
        setup: &Arc<Setup>,
        kept: Option<Box<dyn Strategy>>,
    ) -> Box<dyn Strategy> {
        let (seed, copies, length) = (course.seed, course.copies, self.usual.steps);
        let delays = 1 + (seed >> 32) as u32 % 5;
        let bound = match course.tactic {
            Tactic::Timed | Tactic::Walk => Some(copies),
            Tactic::Pct(depth) if copies == 0 => Some(depth),
            Tactic::DelayBounded if copies == 0 => Some(delays),
            Tactic::Pct(_) | Tactic::DelayBounded | Tactic::Onward => None,
        };
        if let (Some(mut kept), Some(bound)) = (kept, bound)
            && kept.renew(seed, bound)
        {
            return kept;
        }
        let doubling = |strategy: Box<dyn Strategy>| -> Box<dyn Strategy> {
            if copies == 0 { strategy } else { Box::new(Doubling::new(strategy, seed, copies)) }
        };
        match course.tactic {
            Tactic::Timed => Box::new(Timed::new(seed, copies)),
            Tactic::Walk => Box::new(Walk::new(seed, copies)),
            Tactic::Pct(depth) => doubling(Box::new(Pct::new(seed, depth, length))),
            Tactic::DelayBounded => doubling(Box::new(DelayBounded::new(seed, delays, length))),
            Tactic::Onward => {
                let steps = self.schedule.as_ref().map_or(&[][..], |schedule| &schedule.steps);
                let kept = Dice::new(seed, b"onwards.").below(steps.len() as u64 + 1) as usize;
                let schedule = Schedule { steps: steps[..kept].to_vec(), then: Then::Stop };
                let follow = Follow::new(Arc::new(schedule), setup.clone(), true);
                Box::new(Onward::new(follow, Walk::new(seed, copies)))
            }
        }
    }
}
