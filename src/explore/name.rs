//! What is pending, as a schedule names it, and back.

use super::strategy::{Fate, Offer};
use crate::{
    process::ProcessId,
    scenario::{Move, Parcel},
    simulate::Occasion,
    world::{Action, Ending, Setup, Targets},
};

/// What happens when the offer at this place is picked, as a schedule says it.
pub(super) fn name(pending: &[Offer], place: usize, fate: Fate, setup: &Setup) -> Move {
    let offer = &pending[place];
    let node = ProcessId(offer.entry.to);
    match offer.entry.occasion() {
        Occasion::Delivery(_) | Occasion::Hop(_) => {
            let same = |other: &&Offer| other.is_message() && other.is_like(offer);
            let nth = pending[..place].iter().filter(same).count() as u32 + 1;
            let parcel = Parcel { kind: offer.kind.into(), from: offer.from, to: node, nth };
            match fate {
                Fate::Happens => Move::Deliver(parcel),
                Fate::Lost => Move::Lose(parcel),
                Fate::Twice => Move::Duplicate(parcel),
            }
        }
        Occasion::Timer(_) => Move::Timer(node),
        Occasion::Planned(_) | Occasion::Boot | Occasion::Ask(_) => {
            let (action, node) = event(offer, setup);
            Move::Event { action: action.into(), node }
        }
        Occasion::Ending(_) => {
            let (action, node) = end(offer, setup);
            Move::End { action: action.into(), node }
        }
    }
}

/// The offer that a schedule means, and what becomes of it; nothing when it is not there.
pub(super) fn find(what: &Move, pending: &[Offer], setup: &Setup) -> Option<(usize, Fate)> {
    let (parcel, fate) = match what {
        Move::Deliver(parcel) => (parcel, Fate::Happens),
        Move::Lose(parcel) => (parcel, Fate::Lost),
        Move::Duplicate(parcel) => (parcel, Fate::Twice),
        Move::Timer(node) => {
            let timers = pending.iter().enumerate().filter(|(_, offer)| offer.is_timer_of(node.0));
            let first = timers.min_by_key(|(_, offer)| offer.rank());
            return first.map(|(place, _)| (place, Fate::Happens));
        }
        Move::Event { action, node } => return planned(pending, setup, (action, *node), event),
        Move::End { action, node } => return planned(pending, setup, (action, *node), end),
    };
    let meant = |offer: &Offer| {
        offer.is_message()
            && offer.kind == parcel.kind
            && offer.from == parcel.from
            && offer.entry.to == parcel.to.0
    };
    let mut places = (0..pending.len()).filter(|place| meant(&pending[*place]));
    let place = places.nth(parcel.nth.saturating_sub(1) as usize)?;
    let offer = &pending[place];
    // A link that keeps order has only its oldest message to deliver.
    let early = offer.fifo && pending[..place].iter().any(|other| other.is_before(offer));
    (!early || fate == Fate::Twice).then_some((place, fate))
}

type Named = (&'static str, Option<ProcessId>);

/// The first of what is planned, by time, that has this name.
fn planned(
    pending: &[Offer],
    setup: &Setup,
    wanted: (&str, Option<ProcessId>),
    named: fn(&Offer, &Setup) -> Named,
) -> Option<(usize, Fate)> {
    let meant = |offer: &Offer| {
        !offer.is_message() && !offer.is_timer() && {
            let (action, node) = named(offer, setup);
            action == wanted.0 && (node == wanted.1 || wanted.1.is_none())
        }
    };
    let places = (0..pending.len()).filter(|place| meant(&pending[*place]));
    Some((places.min_by_key(|place| pending[*place].rank())?, Fate::Happens))
}

/// The action of what is planned, and the one node it concerns.
fn event(offer: &Offer, setup: &Setup) -> Named {
    let node = Some(ProcessId(offer.entry.to));
    match offer.entry.occasion() {
        Occasion::Planned(number) => of_action(&setup.agenda[number as usize].action),
        Occasion::Boot => ("start", node),
        Occasion::Ask(_) => ("request", node),
        Occasion::Delivery(_) | Occasion::Hop(_) | Occasion::Timer(_) | Occasion::Ending(_) => ("", None),
    }
}

/// The action of what ends, and the one node it concerns.
fn end(offer: &Offer, setup: &Setup) -> Named {
    match offer.ending {
        Some(Ending::Restart { node, .. }) => ("crash", Some(node)),
        Some(Ending::Resume { node, .. }) => ("pause", Some(node)),
        Some(Ending::Clock { node, .. }) => ("clock", Some(node)),
        Some(Ending::Network { planned, .. }) => of_action(&setup.agenda[planned as usize].action),
        None => ("", None),
    }
}

pub(super) fn of_action(action: &Action) -> Named {
    let targets = match action {
        Action::Request { targets, .. }
        | Action::Crash { targets, .. }
        | Action::Restart(targets)
        | Action::Pause(targets)
        | Action::Resume(targets)
        | Action::Clock(targets, _) => Some(*targets),
        Action::Partition(_) | Action::Heal(_) | Action::Cut(_) | Action::Link(..) | Action::Drop { .. } => {
            None
        }
    };
    let node = match targets {
        Some(Targets::Node(node)) => Some(node),
        Some(Targets::Any(_)) | None => None,
    };
    (action.name(), node)
}
