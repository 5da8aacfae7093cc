//! A path from the first state becomes a schedule, and the faults that it adds become planned actions.

use super::{
    draft::{Done, Draft},
    environment::Coming,
    interner::Interner,
    space::{Kind, Move, Space},
    view::View,
};
use crate::{
    explore::name::of_action,
    process::{ProcessId, Time},
    scenario::{Move as Named, Parcel, ScheduleStep},
    world::{Action, Heal, Planned, Setup, Targets},
};
use std::sync::Arc;

/// A path as others can follow it.
pub(super) struct Written {
    /// What happens.
    pub(super) steps: Vec<ScheduleStep>,
    /// The world, with the faults that were added among what is planned; nothing when none was.
    pub(super) setup: Option<Arc<Setup>>,
    /// The state at its end.
    pub(super) words: Vec<u32>,
}

/// Writes down what happens on a path.
pub(super) fn write(space: &Space, view: &mut View<'_>, actions: &[u32]) -> Written {
    let first = space.first(view);
    let mut scribe = Scribe {
        now: 0,
        agenda: space.setup.agenda.clone(),
        enacted: 0,
        added: 0,
        under_way: Vec::new(),
        steps: Vec::new(),
    };
    scribe.note(first);
    let mut words = Vec::new();
    first.put(space, view, &mut words);
    for bits in actions {
        let what = Move::unpacked(*bits);
        let before = Draft::of(space, view, &words);
        let after = space.outcome(view, &words, what);
        scribe.step(space, view, &before, &after, what);
        scribe.note(&after);
        let mut next = Vec::new();
        space.build(view, &words, *bits, &mut next);
        words = next;
    }
    let setup = Setup { agenda: scribe.agenda, event_limit: u64::MAX, ..(*space.setup).clone() };
    Written { steps: scribe.steps, setup: (scribe.added > 0).then(|| Arc::new(setup)), words }
}

struct Scribe {
    now: u64,
    agenda: Vec<Planned>,
    /// How many actions of the agenda have taken place.
    enacted: usize,
    /// How many of them were added.
    added: u32,
    /// Messages under way, the oldest first, and whether each was dropped already, which has not shown yet.
    under_way: Vec<(u32, bool)>,
    steps: Vec<ScheduleStep>,
}

impl Scribe {
    /// Keeps account of what was sent.
    fn note(&mut self, after: &Draft) {
        for done in &after.log {
            match done {
                Done::Sent(message) => self.under_way.push((*message, false)),
                Done::Dropped(message) => self.under_way.push((*message, true)),
                Done::Step(_) | Done::Passed(_) | Done::Crashed(..) => {}
            }
        }
    }

    /// Writes down one step.
    fn step(&mut self, space: &Space, view: &View<'_>, before: &Draft, after: &Draft, what: Move) {
        let interner = view.interner();
        for done in &after.log {
            if let Done::Passed(time) = done {
                self.now += *time as u64;
            }
        }
        let who = ProcessId(what.place);
        if matches!(what.kind, Kind::DeliverCut | Kind::TimerCut | Kind::EnvironmentCut) {
            self.cut(after);
        }
        let mut message = |named| {
            let message = before.messages[what.place as usize];
            self.message(&interner, message, named);
        };
        match what.kind {
            Kind::Deliver | Kind::DeliverCut => message(Named::Deliver),
            Kind::Lose => message(Named::Lose),
            Kind::Duplicate => message(Named::Duplicate),
            Kind::Timer | Kind::TimerCut => self.push(Named::Timer(who)),
            Kind::Environment | Kind::EnvironmentCut => {
                let Some((_, coming)) = before.environment.next() else { return };
                self.push(name_of(&space.setup, coming));
                self.enacted += usize::from(matches!(coming, Coming::Planned(_)));
            }
            Kind::Crash => self.add(Action::Crash { targets: Targets::Node(who), after_sends: None }),
            Kind::Restart => self.add(Action::Restart(Targets::Node(who))),
            Kind::Partition => self.add(Action::Partition(vec![space.side(what.place)])),
            Kind::Heal => self.add(Action::Heal(Heal::Partitions)),
        }
        let chosen = after.log.iter().filter_map(|done| match done {
            Done::Step(number) => Some(&interner.answers[*number as usize]),
            Done::Sent(_) | Done::Dropped(_) | Done::Passed(_) | Done::Crashed(..) => None,
        });
        let chosen: Vec<u32> = chosen.flatten().copied().collect();
        self.steps.iter_mut().last().into_iter().for_each(|step| step.choose.clone_from(&chosen));
    }

    fn push(&mut self, what: Named) {
        self.steps.push(ScheduleStep { at: Some(Time(self.now)), ..ScheduleStep::of(what) });
    }

    /// A node is to crash in the middle of sending.
    fn cut(&mut self, after: &Draft) {
        for done in &after.log {
            if let Done::Crashed(node, remaining) = done {
                self.add(Action::Crash { targets: Targets::Node(*node), after_sends: Some(*remaining) });
            }
        }
    }

    /// Adds a fault to what is planned, here and now.
    fn add(&mut self, action: Action) {
        let last = self.agenda.iter().map(|planned| planned.entry + 1).max().unwrap_or(0);
        let earliest = self.enacted.checked_sub(1).map_or(0, |place| self.agenda[place].at.0);
        let latest = self.agenda.get(self.enacted).map_or(u64::MAX, |planned| planned.at.0);
        let at = Time(self.now.max(earliest).min(latest));
        let planned = Planned { at, action, lasts: None, may_miss: true, entry: last };
        let (action, node) = of_action(&planned.action);
        self.push(Named::Event { action: action.into(), node });
        self.agenda.insert(self.enacted, planned);
        self.enacted += 1;
        self.added += 1;
    }

    /// Something becomes of a message; of twins it is the oldest.
    fn message(&mut self, interner: &Interner, message: u32, named: fn(Parcel) -> Named) {
        let mine = &interner.messages[message as usize];
        let place = |scribe: &Self| {
            let place = scribe.under_way.iter().position(|(other, dropped)| *other == message && !dropped);
            place.unwrap_or_else(|| unreachable!("a message in a state is under way"))
        };
        let on_link = |(other, _): &(u32, bool)| {
            let other = &interner.messages[*other as usize];
            mine.fifo && (other.from, other.to) == (mine.from, mine.to)
        };
        // On a link that keeps order one that was dropped keeps its place until that has shown.
        while let Some(ghost) = self.under_way[..place(self)].iter().position(on_link) {
            self.happens(interner, ghost, Named::Deliver);
        }
        self.happens(interner, place(self), named);
    }

    fn happens(&mut self, interner: &Interner, place: usize, named: fn(Parcel) -> Named) {
        let (message, dropped) = self.under_way[place];
        let mine = &interner.messages[message as usize];
        let alike = self.under_way[..place].iter().filter(|(other, _)| {
            let other = &interner.messages[*other as usize];
            (other.kind, other.from, other.to) == (mine.kind, mine.from, mine.to)
        });
        let nth = alike.count() as u32 + 1;
        let what = named(Parcel { kind: mine.kind.into(), from: mine.from, to: mine.to, nth });
        if matches!(what, Named::Duplicate(_)) {
            self.under_way.push((message, dropped));
        } else {
            self.under_way.remove(place);
        }
        self.push(what);
    }
}

/// What comes, as a schedule says it.
fn name_of(setup: &Setup, coming: Coming) -> Named {
    let event = |(action, node): (&str, _)| Named::Event { action: action.into(), node };
    let end = |(action, node): (&str, _)| Named::End { action: action.into(), node };
    match coming {
        Coming::Start(node) => event(("start", Some(node))),
        Coming::Restart { node, .. } => end(("crash", Some(node))),
        Coming::Resume { node, .. } => end(("pause", Some(node))),
        Coming::Restore(number) => end(of_action(&setup.agenda[number as usize].action)),
        Coming::Planned(number) => event(of_action(&setup.agenda[number as usize].action)),
    }
}
