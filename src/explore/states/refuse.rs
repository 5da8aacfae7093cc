//! What a search by states cannot express, told before it begins.

use crate::{
    check::Jury,
    process::Sees,
    scenario::{Misfit, Plan, Vary},
    world::{Action, LinkPatch, LinkSettings, Probability, Setup, Shape},
};

/// Why a scenario cannot be searched by its states.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The scenario uses something that states do not have.
    #[error("{feature} {why}; {instead}")]
    Feature {
        /// What it uses.
        feature: &'static str,
        /// Why that does not go.
        why: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A property looks at when things happen.
    #[error(
        "the property `{0}` looks at times, and states know only what happens in which order; leave it out of `check`, or search with the strategy `timed` or `walk`"
    )]
    Times(String),
    /// A process looked at its clock.
    #[error(
        "a process looks at its clock, so its state depends on the time and not only on what happened; search with the strategy `timed` or `walk`"
    )]
    ClockRead,
    /// A process chose among too many alternatives.
    #[error(
        "a process has thousands of alternatives in one step, too many to try all; search with the strategy `walk`"
    )]
    Alternatives,
    /// The plan does not fit its algorithm.
    #[error("the plan does not fit its algorithm: {0}")]
    Misfit(String),
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.message)
    }
}

const CHANCE: Refusal = Refusal::Feature {
    feature: "a link that loses, duplicates, damages or reorders messages by chance",
    why: "would need a state for every number of messages it has carried",
    instead: "set the probability to 0 and let the search lose and duplicate (`fuzz: {vary: [loss, duplicate], faults: 1}`), or search with the strategy `timed` or `walk`",
};
const RATE: Refusal = Refusal::Feature {
    feature: "`rate`",
    why: "makes messages wait by their sizes and times, which states do not have",
    instead: "leave it out, or search with the strategy `timed` or `walk`",
};
const ROUTING: Refusal = Refusal::Feature {
    feature: "routing over several links",
    why: "is not followed link by link here",
    instead: "use `topology: complete`, or search with the strategy `walk`",
};
const CLOCK: Refusal = Refusal::Feature {
    feature: "a clock that drifts, stands still or is set",
    why: "makes timers run out by a time that states do not have",
    instead: "leave it out, or search with the strategy `timed` or `walk`",
};
const CROWD: Refusal = Refusal::Feature {
    feature: "`fuzz: {vary: [partition]}` among more than 31 nodes",
    why: "has too many partitions",
    instead: "take fewer nodes, or search with the strategy `walk`",
};
const SCHEDULE: Refusal = Refusal::Feature {
    feature: "`schedule`",
    why: "leaves no order to choose",
    instead: "leave it out to search all orders, or follow it with `synod run`",
};

/// Refuses what cannot be searched by its states.
pub(super) fn refuse(plan: &Plan, jury: &dyn Jury) -> Result<(), Refusal> {
    if plan.schedule.is_some() {
        return Err(SCHEDULE);
    }
    let timed = jury.sees().iter().position(|sees| *sees == Sees::Times);
    if let Some(place) = timed {
        return Err(Refusal::Times(jury.properties()[place].to_owned()));
    }
    let vary = plan.fuzz.as_ref().and_then(|fuzz| fuzz.vary.as_ref());
    if plan.setup.names.len() > 31 && vary.is_some_and(|vary| vary.contains(&Vary::Partition)) {
        return Err(CROWD);
    }
    refuse_world(&plan.setup)
}

fn refuse_world(setup: &Setup) -> Result<(), Refusal> {
    if setup.routing && setup.topology != Shape::Complete {
        return Err(ROUTING);
    }
    if setup.has_rates() {
        return Err(RATE);
    }
    let planned = setup.agenda.iter().filter_map(|planned| match &planned.action {
        Action::Link(_, patch) => Some(patch),
        _ => None,
    });
    let patches = setup.links.iter().map(|(_, patch)| patch);
    if is_chancy(&setup.network) || patches.chain(planned).any(has_chances) {
        return Err(CHANCE);
    }
    let drifts = setup.nodes.values().any(|node| node.clock_drift != 0);
    let changes = setup.agenda.iter().any(|planned| matches!(planned.action, Action::Clock(..)));
    if drifts || changes { Err(CLOCK) } else { Ok(()) }
}

fn is_chancy(settings: &LinkSettings) -> bool {
    let LinkSettings { loss, duplicate, reorder, corrupt, .. } = settings;
    [loss, duplicate, reorder, corrupt].into_iter().any(|chance| *chance != Probability::ZERO)
}

fn has_chances(patch: &LinkPatch) -> bool {
    let mut settings = LinkSettings::default();
    patch.apply(&mut settings);
    is_chancy(&settings)
}
