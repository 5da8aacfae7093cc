//! Which steps may change places without anybody noticing, and which may not.

use crate::{
    explore::strategy::{Fate, Offer},
    process::ProcessId,
    simulate::Occasion,
    world::{Action, Setup, Targets},
};
use std::collections::BTreeSet;

/// What of a step matters to others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Footprint {
    pub(super) scope: Scope,
    /// Whether the scenario planned it: what is planned happens in its own order.
    pub(super) planned: bool,
    /// Whether it may move time forward.
    pub(super) moves_time: bool,
    /// Whether applications or bystanders see it: a request, an output, a boot, a crash, ...
    pub(super) visible: bool,
    /// Whether it may set a timer.
    pub(super) sets_timer: bool,
    /// The link that it came over, where that keeps order.
    pub(super) link: Option<(u32, u32)>,
}

/// Whom a step touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scope {
    /// Nobody: a lost message.
    Nobody,
    /// One process.
    Node(u32),
    /// Perhaps everybody.
    Everybody,
    /// Everybody, and it can only happen when nothing else can.
    Barrier,
}

/// Steps of one kind: where they happen, and the kind of message.
pub(super) type Sort = (u32, &'static str);

/// Which steps depend on each other in one scenario.
///
/// Whether two steps do must not change with what happened before them, or the reduction is wrong: a step that says
/// something in one order and nothing in another would hide the race that leads from the second order to the first.
/// So what some step of a sort was seen to do, all steps of this sort are taken to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Dependence {
    /// Steps that applications see keep their order: some property looks at it.
    pub(super) visible_order: bool,
    /// The sorts of step in which an application is told something.
    pub(super) speakers: BTreeSet<Sort>,
    /// The sorts of step in which a timer is set.
    pub(super) setters: BTreeSet<Sort>,
    /// Timers run out only when no message is under way.
    pub(super) patient: bool,
    /// Timers of different processes run out at the same time: who set them first matters.
    pub(super) ties: bool,
    /// What moves time concerns everybody: timers are compared with each other or with what is planned.
    pub(super) time_is_shared: bool,
    /// What moves time concerns whoever sets a timer.
    pub(super) time_sets_timers: bool,
    /// Every step depends on every other.
    pub(super) all: bool,
}

impl Dependence {
    /// Whether two steps, the earlier one first, may not change places.
    pub(super) fn holds(&self, one: &Footprint, other: &Footprint) -> bool {
        use Scope::{Barrier, Everybody, Nobody, Node};
        let scopes = match (one.scope, other.scope) {
            (Barrier, _) | (_, Barrier) => true,
            (Nobody, _) | (_, Nobody) => return self.all,
            (Everybody, _) | (_, Everybody) => true,
            (Node(one), Node(other)) => one == other,
        };
        scopes
            || self.all
            || (one.planned && other.planned)
            || (self.visible_order && one.visible && other.visible)
            || (self.ties && one.sets_timer && other.sets_timer)
            || (self.time_sets_timers && one.moves_time && other.sets_timer)
            || (self.time_sets_timers && other.moves_time && one.sets_timer)
    }

    /// Of which sort a step is.
    pub(super) fn sort(offer: &Offer) -> Sort {
        match offer.entry.occasion() {
            Occasion::Delivery(_) | Occasion::Hop(_) => (offer.entry.to, offer.kind),
            Occasion::Timer(_) => (offer.entry.to, " timer"),
            Occasion::Planned(_) | Occasion::Ending(_) | Occasion::Boot | Occasion::Ask(_) => (0, " planned"),
        }
    }

    /// What a step may do.
    pub(super) fn footprint(&self, offer: &Offer, fate: Fate, setup: &Setup) -> Footprint {
        let node = offer.entry.to;
        let sort = Self::sort(offer);
        let mut footprint = Footprint {
            scope: Scope::Node(node),
            planned: false,
            moves_time: false,
            visible: self.visible_order && self.speakers.contains(&sort),
            sets_timer: self.setters.contains(&sort),
            link: None,
        };
        match offer.entry.occasion() {
            Occasion::Delivery(_) | Occasion::Hop(_) => {
                footprint.link = offer.fifo.then_some((offer.from.0, node));
                if fate == Fate::Lost || offer.entry.is_lost() {
                    footprint.scope = Scope::Nobody;
                }
                return footprint;
            }
            Occasion::Timer(_) if self.patient => footprint.scope = Scope::Barrier,
            Occasion::Timer(_) => {}
            Occasion::Boot | Occasion::Ask(_) => (footprint.planned, footprint.visible) = (true, true),
            Occasion::Planned(number) => {
                footprint.scope = match &setup.agenda[number as usize].action {
                    Action::Request { targets: Targets::Node(node), .. } => Scope::Node(node.0),
                    _ => Scope::Everybody,
                };
                (footprint.planned, footprint.visible) = (true, true);
            }
            Occasion::Ending(_) => {
                footprint.scope = Scope::Everybody;
                (footprint.planned, footprint.visible) = (true, true);
            }
        }
        footprint.moves_time = true;
        if self.time_is_shared && footprint.scope != Scope::Barrier {
            footprint.scope = Scope::Everybody;
        }
        footprint
    }

    /// Whether what the scenario plans makes every step depend on every other: messages counted over several senders,
    /// crashes in the middle of a step.
    pub(super) fn is_total(setup: &Setup) -> bool {
        setup.agenda.iter().any(|planned| match &planned.action {
            Action::Crash { after_sends, .. } => after_sends.is_some(),
            Action::Drop { links, .. } => {
                let ids: Vec<ProcessId> = setup.names.ids().collect();
                let watched =
                    |from: &&ProcessId| ids.iter().any(|to| from != &to && links.matches(**from, *to));
                ids.iter().filter(watched).count() > 1
            }
            _ => false,
        })
    }

    /// Whether links of the scenario drop what is too much at a time.
    pub(super) fn has_limits(setup: &Setup) -> bool {
        let planned = setup.agenda.iter().filter_map(|planned| match &planned.action {
            Action::Link(_, patch) => Some(patch),
            _ => None,
        });
        let mut patches = setup.links.iter().map(|(_, patch)| patch).chain(planned);
        setup.network.limit.is_some() || patches.any(|patch| patch.limit.is_some())
    }
}
